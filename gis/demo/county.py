"""The fictional county: everything that the demonstration shows, from one seed. Pure.

示范县 lies around 104.0° E, 34.5° N because that is nowhere in particular; its places, names, addresses and visits are
invented and stand for no real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.demo import names, visiting
from gis.demo.addresses import Named, addresses, name_places
from gis.demo.arcs import make_arcs
from gis.demo.draw import Drawing, cell_polygons, street_lines
from gis.demo.facilities import facilities
from gis.demo.geometry import Geometries, polylines
from gis.demo.houses import Doors, block_use, build
from gis.demo.land import label_faces, lay_roads
from gis.demo.mesh import make_mesh, place_settlements
from gis.demo.plan import COUNTY_CODE, Ints, Plan, make_plan
from gis.demo.visiting import Habits
from gis.errors import BadInput

HOUSEHOLDS = 60_000
LEAST_HOUSEHOLDS = 2_000
SEED = 2026
ROUND_DAYS = 45
ROUND_AGE_DAYS = 21
_CRS = "EPSG:4490"


@dataclass(frozen=True, slots=True)
class DemoRound:
    """The open round of visits."""

    area: str
    name: str
    first_on: date
    last_on: date
    target: int  # percent


@dataclass(frozen=True, slots=True)
class DemoCounty:
    """The frames of a generated county (see docs/architecture.md for their columns), and its visits on request."""

    divisions: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    dwellings: pd.DataFrame
    sites: pd.DataFrame
    streets: gpd.GeoDataFrame
    round: DemoRound
    habits: Habits

    def visits(self, chunk: int = 200_000) -> Iterator[pd.DataFrame]:
        """The visits of a year up to yesterday in frames of about `chunk` rows; the same ones at every call."""
        return visiting.visits(self.habits, self.dwellings["code"].to_numpy(dtype=object), chunk)


def generate(
    seed: int = SEED,
    households: int = HOUSEHOLDS,
    today: date | None = None,
    visits_per_household: float = 2.4,
) -> DemoCounty:
    """A county with exactly `households` households, the same for the same arguments.

    60,000 households give 3 towns, 23 villages and 250 cells; more give more of each. `today` (default: the day of the
    call) is the day up to which visits reach. Coordinates are EPSG:4490; cells tile exactly on the grid of 1e-8°.
    Raises BadInput for fewer than 2,000 households.
    """
    if households < LEAST_HOUSEHOLDS:
        raise BadInput(
            "households: a county has at least {least:,}",
            least=LEAST_HOUSEHOLDS,
            field="households",
        )
    today = today or date.today()
    rng = np.random.default_rng(seed)
    plan, outline = make_plan(rng, households)
    places = place_settlements(rng, plan)
    mesh = make_mesh(rng, plan, places, outline)
    roads = lay_roads(rng, plan, places, mesh)
    labels = label_faces(rng, plan, places, mesh, roads)
    arcs = make_arcs(mesh, labels.cell, roads)
    use = block_use(rng, places, mesh, labels, plan)
    metric = cell_polygons(polylines(arcs.lines), arcs.sides, len(plan.cell_xy))
    doors = build(rng, plan, places, mesh, labels, roads, arcs, metric, use)
    drawing = Drawing()
    lines = drawing.lines(arcs)
    polygons = cell_polygons(lines, arcs.sides, len(plan.cell_xy))
    named = name_places(rng, plan, places, roads)
    codes = _Codes(plan)
    table = addresses(rng, plan, places, named, doors)
    dwellings, cell_of = _dwellings(rng, drawing, doors, table, today)
    return DemoCounty(
        divisions=_divisions(plan, named, codes, polygons),
        cells=_cells(plan, codes, polygons, today),
        dwellings=dwellings,
        sites=facilities(rng, drawing, plan, places, mesh, labels.cell, named, use, doors, today),
        streets=_streets(named, *street_lines(lines, arcs.street, arcs.kind)),
        round=_round(today),
        habits=visiting.habits(rng, plan, cell_of, today, today - timedelta(days=ROUND_AGE_DAYS), visits_per_household),
    )


class _Codes:
    """Codes of towns, villages and cells: 3 digits each behind the parent's."""

    def __init__(self, plan: Plan) -> None:
        self.town = [f"{COUNTY_CODE}{index + 1:03d}" for index in range(plan.sizes.towns)]
        self.village = _numbered(self.town, plan.village_town)
        self.cell = _numbered(self.village, plan.cell_village)


def _numbered(parents: list[str], parent_of: Ints) -> list[str]:
    seen = [0] * len(parents)
    found: list[str] = []
    for parent in parent_of.tolist():
        seen[parent] += 1
        found.append(f"{parents[parent]}{seen[parent]:03d}")
    return found


def _divisions(plan: Plan, named: Named, codes: _Codes, polygons: Geometries) -> gpd.GeoDataFrame:
    def union(member: Ints, number: int) -> Geometries:
        order = np.argsort(member, kind="stable")
        cuts = np.searchsorted(member[order], np.arange(1, number))
        return np.array([shapely.coverage_union_all(polygons[part]) for part in np.split(order, cuts)], dtype=object)

    village = union(plan.cell_village, len(plan.village_xy))
    town = union(plan.cell_town, plan.sizes.towns)
    county = np.array([shapely.coverage_union_all(polygons)], dtype=object)
    frame = pd.DataFrame(
        {
            "code": [COUNTY_CODE, *codes.town, *codes.village],
            "name": [names.COUNTY_NAME, *named.town, *named.village],
            "level": ["county"] + ["town"] * len(town) + ["village"] * len(village),
        }
    )
    frame.insert(0, "row", np.arange(1, len(frame) + 1))
    return gpd.GeoDataFrame(frame, geometry=np.concatenate([county, town, village]), crs=_CRS)


def _cells(plan: Plan, codes: _Codes, polygons: Geometries, today: date) -> gpd.GeoDataFrame:
    """The cells; of the empty ones the first is confirmed as empty, the others are unchecked."""
    confirmed: list[date | None] = [None] * len(polygons)
    empty = np.flatnonzero(plan.cell_households == 0)
    if len(empty):
        confirmed[int(empty[0])] = today - timedelta(days=40)
    frame = pd.DataFrame(
        {
            "row": np.arange(1, len(polygons) + 1),
            "code": codes.cell,
            "village": [code[:12] for code in codes.cell],
            "name": [names.cell_name(int(code[12:])) for code in codes.cell],
            "kind": "general",
            "confirmed_empty_on": pd.Series(confirmed, dtype=object),
        }
    )
    return gpd.GeoDataFrame(frame, geometry=polygons, crs=_CRS)


def _dwellings(
    rng: np.random.Generator, drawing: Drawing, doors: Doors, table: pd.DataFrame, today: date
) -> tuple[pd.DataFrame, Ints]:
    """One row a household, and its cell. Doors are numbered cell by cell, street by street."""
    order = np.lexsort((doors.number, table["number"].to_numpy(), table["place"].to_numpy(dtype=str), doors.cell))
    door = np.repeat(order, doors.households[order])
    serial = np.repeat(np.arange(1, len(order) + 1), doors.households[order])
    degrees = drawing.degrees(doors.xy)
    num = len(door)
    known_days = np.where(rng.random(num) < 0.03, rng.integers(5, 120, num), rng.integers(430, 1500, num))
    # Many were last met before the year of which visits are kept.
    earlier = np.where((known_days > 400) & (rng.random(num) < 0.55), rng.integers(366, 720, num), -1)
    reached_before = pd.Series(np.datetime64(today) - earlier.astype("timedelta64[D]")).astype("datetime64[s]")
    frame = pd.DataFrame(
        {
            "row": np.arange(1, num + 1),
            "lon": degrees[door, 0],
            "lat": degrees[door, 1],
            "doorplate_code": _serials("D", serial),
            "address": table["address"].to_numpy(dtype=object)[door],
            "code": _serials("H", np.arange(1, num + 1)),
            "unit": _units(doors.households[order], doors.block[order]),
            "status": np.where(rng.random(num) < 0.025, "exempt", "active").astype(object),
            "registered_on": (np.datetime64(today) - known_days.astype("timedelta64[D]")).astype("datetime64[s]"),
            "reached_before": reached_before.mask(earlier < 0),
        }
    )
    return frame, doors.cell[door]


def _serials(letter: str, number: Ints) -> pd.Index:
    return pd.Index([f"{COUNTY_CODE}{letter}{value:07d}" for value in number.tolist()], dtype=object)


def _units(households: Ints, block: Ints) -> pd.Index:
    """Unit of every household, door by door: "2单元301" in a block of flats, empty in a house."""
    count = np.repeat(households, households)
    rank = np.arange(len(count)) - np.repeat(np.cumsum(households) - households, households)
    floors = np.where(count > 44, 11, np.where(count > 14, 6, 4))
    stair, rest = np.divmod(rank, 2 * floors)
    floor, flat = np.divmod(rest, 2)
    is_flat = np.repeat(block >= 0, households).tolist()
    rows = zip(is_flat, stair.tolist(), floor.tolist(), flat.tolist(), strict=True)
    return pd.Index([f"{a + 1}单元{b + 1}{c + 1:02d}" if yes else "" for yes, a, b, c in rows], dtype=object)


def _streets(named: Named, lines: Geometries, street: Ints, kind: Ints) -> gpd.GeoDataFrame:
    frame = pd.DataFrame({"id": np.arange(1, len(lines) + 1), "class": kind, "name": named.street[street]})
    frame["name"] = frame["name"].where(frame["name"] != "", None)
    return gpd.GeoDataFrame(frame, geometry=lines, crs=_CRS)


def _round(today: date) -> DemoRound:
    first = today - timedelta(days=ROUND_AGE_DAYS)
    return DemoRound(
        area=COUNTY_CODE,
        name=f"{first.year}年{first.month}月走访轮次",
        first_on=first,
        last_on=first + timedelta(days=ROUND_DAYS - 1),
        target=90,
    )
