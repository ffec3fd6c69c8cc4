"""A small county for tests: a grid of square cells, with doorplates and households where a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Polygon, box, union_all
from sqlalchemy import Connection

from gis.cells.load import load_cells, load_divisions
from gis.households.load import load_dwellings
from gis.households.rounds import close_round, open_round
from gis.households.visits import Outcome, Purpose, Visit, record_visits
from gis.patrol.drawn import network_of_lines
from gis.patrol.network import Network
from gis.patrol.roads import store_network
from gis.patrol.ways import assemble
from gis.settings import Settings
from gis.sites.load import load_sites
from gis.streets.load import load_streets

COUNTY = 990101
VILLAGE = "990101100201"
TODAY = date(2026, 11, 20)
ZONE = ZoneInfo("Asia/Shanghai")
SETTINGS = Settings(home=".everycell-test")
WEST, SOUTH, STEP = 104.0, 34.5, 0.01


def cell_code(number: int, village: str = VILLAGE) -> str:
    return f"{village}{number:03}"


def grid(columns: int = 3, rows: int = 2, village: str = VILLAGE) -> gpd.GeoDataFrame:
    """Square cells numbered from 1, row by row, from the south-west."""
    cells = []
    for number in range(columns * rows):
        x, y = WEST + number % columns * STEP, SOUTH + number // columns * STEP
        shape = box(round(x, 8), round(y, 8), round(x + STEP, 8), round(y + STEP, 8))
        cells.append((number + 1, cell_code(number + 1, village), village, f"网格{number + 1}", "general", shape))
    return gpd.GeoDataFrame(cells, columns=["row", "code", "village", "name", "kind", "geometry"], crs=4490)


def divisions() -> gpd.GeoDataFrame:
    whole = box(WEST, SOUTH, round(WEST + 3 * STEP, 8), round(SOUTH + 2 * STEP, 8))
    rows = [
        (1, "990101", "示范县", "county", whole),
        (2, "990101100", "城关镇", "town", whole),
        (3, VILLAGE, "柳林村", "village", whole),
    ]
    return gpd.GeoDataFrame(rows, columns=["row", "code", "name", "level", "geometry"], crs=4490)


def dwellings(per_cell: dict[int, int], units: int = 1, columns: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Frames of doorplates and households: `per_cell` doorplates in each cell, `units` households behind each."""
    doors, homes = [], []
    for number, count in per_cell.items():
        x, y = WEST + (number - 1) % columns * STEP, SOUTH + (number - 1) // columns * STEP
        for k in range(count):
            code = f"990101-D{number:03}-{k:04}"
            lon, lat = x + STEP * (0.1 + 0.8 * (k % 97) / 97), y + STEP * (0.1 + 0.8 * (k % 89) / 89)
            doors.append((len(doors) + 1, code, f"柳林村{number}组{k + 1}号", lon, lat))
            for u in range(units):
                homes.append((len(homes) + 1, f"{code}-{u:02}", code, f"{u + 1}室"))
    return (
        pd.DataFrame(doors, columns=["row", "code", "address", "lon", "lat"]),
        pd.DataFrame(homes, columns=["row", "code", "doorplate_code", "unit"]),
    )


def build(conn: Connection, per_cell: dict[int, int] | None = None, units: int = 1, columns: int = 3) -> None:
    """Divisions, six cells and dwellings, registered 200 days before TODAY."""
    load_divisions(conn, COUNTY, divisions(), today=TODAY, cut=False)
    load_cells(conn, COUNTY, grid(columns), today=TODAY)
    if per_cell:
        doors, homes = dwellings(per_cell, units, columns)
        homes = homes.assign(registered_on=TODAY - timedelta(days=200))
        load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=TODAY)


def visit(
    household: str,
    days_ago: int = 0,
    outcome: str = "reached",
    *,
    hour: int = 10,
    id: UUID | None = None,
    today: date = TODAY,
) -> Visit:
    at = datetime(today.year, today.month, today.day, hour, tzinfo=ZONE) - timedelta(days=days_ago)
    return Visit(id or uuid4(), household, at, Outcome(outcome), "T01", Purpose.routine)


# ---- a region: what is one's own, beside it, above it, below it, and elsewhere


@dataclass(frozen=True, slots=True)
class Village:
    """A village of the region. `sign` is in every name and code of it, and in nothing else."""

    code: str
    sign: str
    mark: str
    column: int  # its two cells lie side by side from here on

    @property
    def county(self) -> int:
        return int(self.code[:6])

    @property
    def town(self) -> str:
        return self.code[:9]

    @property
    def cells(self) -> tuple[str, str]:
        return cell_code(1, self.code), cell_code(2, self.code)

    @property
    def centre(self) -> tuple[float, float]:
        """A point well inside its first cell, at which one of its doors stands."""
        return round(WEST + (self.column + 0.5) * STEP, 8), round(SOUTH + 0.5 * STEP, 8)

    def door(self, cell: int = 1, number: int = 0) -> str:
        return f"{self.code[:6]}-{self.mark}{cell}-{number:02}"

    def household(self, cell: int = 1, number: int = 0, unit: int = 0) -> str:
        return f"{self.door(cell, number)}-{unit}"

    @property
    def site(self) -> str:
        return f"{self.code[:6]}-{self.mark}-S1"

    def shape(self, cells: slice = slice(0, 2)) -> Polygon:
        first, last, _ = cells.indices(2)
        west, east = WEST + (self.column + first) * STEP, WEST + (self.column + last) * STEP
        return box(round(west, 8), SOUTH, round(east, 8), round(SOUTH + STEP, 8))


OWN = Village(VILLAGE, "柳", "LIU", 0)
SIBLING = Village("990101100202", "槐", "HUAI", 2)
COUSIN = Village("990101101201", "桐", "TONG", 4)
AFAR = Village("990102100201", "柏", "BAI", 6)
REGION = (OWN, SIBLING, COUSIN, AFAR)
# Names of what lies above villages; none has a village's sign in it.
_ABOVE = {"990101": "示范县", "990102": "邻县", "990101100": "城关镇", "990101101": "河口镇", "990102100": "北关镇"}
_ABOVE |= {"990103": "新县", "990103100": "新镇"}


def today_of(settings: Settings) -> date:
    """Today where the county is: for worlds that a running service looks at."""
    return datetime.now(settings.zone).date()


def build_region(conn: Connection, villages: Sequence[Village] = REGION, *, today: date = TODAY) -> None:
    """Villages with two cells, five doors of two households, a site, visits, an open round and a closed one each, and
    an open round of each town; a street in each county."""
    for county in dict.fromkeys(v.county for v in villages):
        inside = [v for v in villages if v.county == county]
        load_divisions(conn, county, divisions_of(inside), today=today, cut=False)
        load_cells(conn, county, cells_of(inside), today=today)
        street = _street_of(inside)
        load_streets(conn, county, street)
        store_network(conn, county, _network_of(street), source="test", data_on=today, now=datetime.now(ZONE))
    for village in villages:  # each by itself: serial numbers do not depend on the villages after it
        _fill_village(conn, village, today)
    for town in dict.fromkeys(v.town for v in villages):
        first_on = today - timedelta(days=20)
        open_round(conn, area=town, first_on=first_on, last_on=today, name=f"{_ABOVE[town]}轮")


def divisions_of(villages: Sequence[Village]) -> gpd.GeoDataFrame:
    """The villages, and the towns and counties as far as these villages are them."""
    parts: dict[str, list[Village]] = {}
    for village in villages:
        for digits in (6, 9, 12):
            parts.setdefault(village.code[:digits], []).append(village)
    levels = {6: "county", 9: "town", 12: "village"}
    rows = [
        (n, code, _ABOVE.get(code, f"{inside[0].sign}村"), levels[len(code)], union_all([v.shape() for v in inside]))
        for n, (code, inside) in enumerate(sorted(parts.items()), start=1)
    ]
    return gpd.GeoDataFrame(rows, columns=["row", "code", "name", "level", "geometry"], crs=4490)


def cells_of(villages: Sequence[Village]) -> gpd.GeoDataFrame:
    """Two cells a village."""
    cells = [
        (n, code, v.code, f"{v.sign}格{n}", "general", v.shape(slice(n - 1, n)))
        for v in villages
        for n, code in enumerate(v.cells, start=1)
    ]
    return gpd.GeoDataFrame(cells, columns=["row", "code", "village", "name", "kind", "geometry"], crs=4490)


def _street_of(villages: Sequence[Village]) -> gpd.GeoDataFrame:
    lon, lat = villages[0].centre
    rows = [(1, 1, "大路", LineString([(lon - 0.001, lat), (lon + 0.001, lat)]))]
    return gpd.GeoDataFrame(rows, columns=["id", "class", "name", "geometry"], crs=4490)


def _network_of(streets: gpd.GeoDataFrame) -> Network:
    """The street as a network, with a turn round that is closed to cars, so that no table is empty."""
    lines = streets.geometry.to_numpy()
    drawn = network_of_lines(lines, streets["id"].tolist(), streets["name"].tolist(), streets["class"].tolist())
    return assemble(
        lon=drawn.lon,
        lat=drawn.lat,
        line=drawn.line,
        length_m=drawn.length_m,
        way=drawn.way,
        name=drawn.name,
        street_class=drawn.street_class,
        ends=np.column_stack([drawn.tail[::2], drawn.head[::2]]),
        seconds=drawn.seconds,
        forbidden_turns=[(0, 1)],
    )


def _fill_village(conn: Connection, v: Village, today: date) -> None:
    lon, lat = v.centre
    places = [(1, 0, 0.0), (1, 1, 0.002), (1, 2, -0.002), (2, 0, STEP), (2, 1, STEP + 0.002)]
    doors = [
        (n, v.door(cell, k), f"{v.sign}村{n}号", round(lon + east, 8), lat)
        for n, (cell, k, east) in enumerate(places, start=1)
    ]
    homes = [
        (2 * n + u + 1, v.household(cell, k, u), v.door(cell, k), f"{u + 1}室", today - timedelta(days=200))
        for n, (cell, k, _) in enumerate(places)
        for u in range(2)
    ]
    load_dwellings(
        conn,
        v.county,
        pd.DataFrame(doors, columns=["row", "code", "address", "lon", "lat"]),
        pd.DataFrame(homes, columns=["row", "code", "doorplate_code", "unit", "registered_on"]),
        SETTINGS,
        today=today,
    )
    sites = [(1, v.site, f"{v.sign}小学", "school", f"{v.sign}村1号", lon, lat)]
    load_sites(
        conn, v.county, pd.DataFrame(sites, columns=["row", "code", "name", "category", "address", "lon", "lat"])
    )
    ago = timedelta(days=1)
    closed = open_round(conn, area=v.code, first_on=today - 60 * ago, last_on=today - 31 * ago, name=f"{v.sign}旧轮")
    visits = [visit(v.household(), 40, today=today), visit(v.household(1, 1), 2, "no_answer", today=today)]
    assert record_visits(conn, visits, SETTINGS).accepted == len(visits)
    close_round(conn, closed.code, today=today, now=datetime(today.year, today.month, today.day, tzinfo=ZONE))
    open_round(conn, area=v.code, first_on=today - 30 * ago, last_on=today, name=f"{v.sign}轮", target=70)
