"""Cutting villages into cells of 300 to 500 households, on the ground and beside other methods.

`./run bench cut [PART ...] [--households N] [--osm FILE]`. Without a database; nothing is written. The parts:

- city: some 9,000 doors of the generated county (the middle of its first town and what lies around) as one village
- rebalance: the cells that the county has there, brought into the range: how many households move, and how many more
  than the bound that no change can do without
- county: every village of that county (1,000,000 households are 250 villages), one after the other, with a bar
- osm: the real villages of an extract (default: Liechtenstein's of ../shared/data, where it is there), doors at its
  buildings; also with 150 to 250 households, for most of its villages are too small to be cut into cells of 300 to 500
- peers: the blocks of the city put together by others: grown from the west block by block (greedy), METIS (pymetis) and
  PySAL's MaxPHeuristic (spopt) where they are installed

Of each: the share of cells in the range; of those that are not, whether the reason is one that no cut could mend
(the part of the village has too few households, no number of cells fits, one door alone has more); whether every cell
is one piece and all tile; which share of the inner borders runs along streets (measured anew, within 1.5 m); doors
within 0.9 m of a border and, of an extract, buildings that a border passes through, away from streets or (a gateway, an
arcade) along one; the processor's seconds.
"""

from __future__ import annotations

import argparse
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench._ground import finish, say
from gis.cells.cutting.blocks import Blocks, make_blocks
from gis.cells.cutting.lines import Doors, Lines
from gis.cells.cutting.partition import Graph, Ints, Range, partition
from gis.cells.cutting.proposals import Ask, Proposal, propose
from gis.cells.cutting.village import Village
from gis.cells.editing.grid import codes_at
from gis.cells.measure import Measure
from gis.cells.topology import united
from gis.demo.county import DemoCounty, generate
from gis.exchange.osm import read_osm

WANTED = Range(300, 500)
SMALLER = Range(150, 250)
CITY_DOORS = 9_000
PEER_S = 60
ALONG_M, CLEAR_M = 1.5, 0.9
PARTS = ("city", "rebalance", "peers", "county", "osm")
EXTRACT = Path(__file__).resolve().parents[2] / "shared" / "data" / "liechtenstein.osm.pbf"
COSTS = {1: 1.0, 2: 1.0, 3: 1.0, 4: 1.3}
NO_CUT_HELPS = {"FEW", "NUMBER", "DOOR"}


# ---- villages


def villages_of(cells: gpd.GeoDataFrame, doors: pd.DataFrame, streets: gpd.GeoDataFrame) -> Iterator[Village]:
    """Villages of frames: cells with `code` and `village`; doors with `lon`, `lat`, `households`; streets."""
    places = shapely.points(doors[["lon", "lat"]].to_numpy(float))
    lines = shapely.STRtree(streets.geometry.to_numpy())
    tree = shapely.STRtree(places)
    for code, own in cells.groupby("village"):
        shapes = own.geometry.to_numpy()
        whole = united(shapes)
        inside = np.sort(tree.query(whole, predicate="covers"))
        near = np.sort(lines.query(whole, predicate="intersects"))
        yield Village(
            code=str(code),
            name=str(code),
            cells=dict(zip(own["code"], shapes, strict=True)),
            names={},
            doors=Doors(doors[["lon", "lat"]].to_numpy(float)[inside], doors["households"].to_numpy()[inside]),
            streets=Lines.of(
                streets.geometry.to_numpy()[near].tolist(), streets["class"].map(COSTS).to_numpy(float)[near]
            ),
            used=frozenset(own["code"]),
        )


def generated_doors(county: DemoCounty) -> pd.DataFrame:
    active = county.dwellings[county.dwellings["status"] == "active"]
    return active.groupby(["lon", "lat"], as_index=False, sort=False).size().rename(columns={"size": "households"})


def city_of(county: DemoCounty, doors: pd.DataFrame) -> Village:
    """The cells nearest to the middle of the first town, as many as hold 9,000 doors, as one village."""
    cells = county.cells
    town = cells[cells["code"].str.startswith(cells["code"].iloc[0][:9])]
    areas = shapely.area(town.geometry.to_numpy())
    middle = shapely.centroid(town.geometry.to_numpy()[int(np.argmin(areas))])
    near = cells.iloc[np.argsort(shapely.distance(cells.geometry.to_numpy(), middle), kind="stable")]
    points = shapely.STRtree(shapely.points(doors[["lon", "lat"]].to_numpy(float)))
    held = np.cumsum([len(points.query(shape, predicate="covers")) for shape in near.geometry])
    chosen = near.iloc[: int(np.searchsorted(held, CITY_DOORS)) + 1].assign(village="990101001001")
    return next(villages_of(chosen, doors, county.streets))


# ---- what came out


@dataclass
class Tally:
    """Sums over villages."""

    cells: int = 0
    inside: int = 0
    reasons: Counter[str] | None = None
    broken: int = 0
    border_m: float = 0.0
    along_m: float = 0.0
    close: int = 0
    buildings: int = 0
    over_streets: int = 0
    doors: int = 0
    seconds: float = 0.0

    def figures(self, name: str) -> dict[str, float]:
        reasons = self.reasons or Counter()
        possible = self.cells - sum(reasons[reason] for reason in NO_CUT_HELPS)
        found: dict[str, float] = {
            f"{name}_doors": self.doors,
            f"{name}_cells": self.cells,
            f"{name}_in_range": self.inside / max(1, self.cells),
            f"{name}_in_range_of_possible": self.inside / max(1, possible),
            **{f"{name}_out_{reason.lower()}": number for reason, number in sorted(reasons.items())},
            f"{name}_broken": self.broken,
            f"{name}_doors_cut": self.close,
            f"{name}_seconds": self.seconds,
        }
        if self.border_m:
            found[f"{name}_along_streets"] = self.along_m / self.border_m
        return found


def tally(
    villages: Iterable[Village],
    wanted: Range,
    buildings: Any = None,
    told: Callable[[int], None] | None = None,
) -> Tally:
    """Cut villages. The time is that of the cutting alone."""
    sums = Tally(reasons=Counter())
    for village in villages:
        begun = time.process_time()
        found = propose(village, Ask("cut", wanted), told)
        sums.seconds += time.process_time() - begun
        _add(sums, village, found, buildings)
    return sums


def _add(sums: Tally, village: Village, found: Proposal, buildings: Any) -> None:
    shapes = np.array([cell.polygon for cell in found.cells], dtype=object)
    sums.doors += len(village.doors)
    sums.cells += len(shapes)
    sums.inside += sum(not found.wanted.off(cell.households) for cell in found.cells)
    sums.reasons.update(cell.why.reason for cell in found.cells if cell.why is not None)  # type: ignore[union-attr]
    whole = united(village.cells.values())
    tiles = shapely.coverage_is_valid(shapes) and shapely.area(united(shapes) ^ whole) < 1e-8 * whole.length
    pieces = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    sums.broken += int(not tiles) + int((~pieces).sum())
    measure = Measure.around(whole)
    flat = measure.flat(shapes)
    rim = shapely.boundary(united(flat))
    inner = shapely.difference(shapely.union_all(shapely.boundary(flat)), shapely.buffer(rim, 0.05))
    if inner.is_empty:
        return
    streets = shapely.union_all(shapely.buffer(measure.flat(village.streets.shapes), ALONG_M))
    sums.border_m += shapely.length(inner)
    sums.along_m += shapely.length(shapely.intersection(inner, streets))
    shapely.prepare(inner)
    points = shapely.points(measure.metres(village.doors.lonlat))
    sums.close += int(shapely.dwithin(points, inner, CLEAR_M).sum())
    if buildings is not None:
        near = buildings[shapely.STRtree(buildings).query(whole, predicate="intersects")]
        within = shapely.buffer(measure.flat(near), -0.5)
        sums.over_streets += int(shapely.intersects(within, inner).sum())
        sums.buildings += int(shapely.intersects(within, shapely.difference(inner, streets)).sum())


# ---- other methods


def greedy(graph: Graph, number: int) -> Ints:
    """Cells grown one after the other to the mean, each from the first block that is free, by the longest border."""
    beside: list[dict[int, float]] = [{} for _ in range(len(graph))]
    for (one, other), cost in zip(graph.ends.tolist(), graph.cost.tolist(), strict=True):
        beside[one][other] = beside[other][one] = cost
    wanted, label = graph.households.sum() / number, np.full(len(graph), -1, np.int64)
    for cell in range(len(graph)):
        free = np.flatnonzero(label < 0)
        if not len(free):
            break
        members, weight = [int(free[0])], int(graph.households[free[0]])
        while weight < wanted:
            shared: Counter[int] = Counter()
            for member in members:
                shared.update({o: c for o, c in beside[member].items() if label[o] < 0 and o not in members})
            if not shared:
                break
            members.append(shared.most_common(1)[0][0])
            weight += int(graph.households[members[-1]])
        label[members] = cell
    return label


def metis(graph: Graph, number: int) -> Ints | None:
    """METIS, asked for contiguous parts of equal weight and cheap borders."""
    pymetis = _installed("pymetis")
    if pymetis is None:
        return None
    ends = np.concatenate([graph.ends, graph.ends[:, ::-1]])
    cost = np.maximum(1, np.rint(np.concatenate([graph.cost, graph.cost]))).astype(int)
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    starts = np.searchsorted(ends[order, 0], np.arange(len(graph) + 1))
    found = pymetis.part_graph(
        number,
        adjacency=pymetis.CSRAdjacency(starts, ends[order, 1]),
        vweights=graph.households,
        eweights=cost[order],
        options=pymetis.Options(contig=True, seed=0),
    )
    return np.asarray(found[1], np.int64)


def max_p(graph: Graph, blocks: Sequence[Any]) -> Ints | None:
    """PySAL's MaxPHeuristic (Duque, Anselin and Rey 2012): as many regions as have 300 households.

    With three constructions and one annealing: its defaults, 99 and 10, take many minutes. Sometimes these do, too:
    then it is given up after a minute.
    """
    spopt, libpysal = _installed("spopt.region"), _installed("libpysal.weights")
    if spopt is None or libpysal is None:
        return None
    neighbours: dict[int, list[int]] = {block: [] for block in range(len(graph))}
    for one, other in graph.ends.tolist():
        neighbours[one].append(other)
        neighbours[other].append(one)
    middle = measure_middles(blocks)
    frame = gpd.GeoDataFrame({"x": middle[:, 0], "y": middle[:, 1], "n": graph.households}, geometry=list(blocks))
    model = spopt.MaxPHeuristic(
        frame, libpysal.W(neighbours, silence_warnings=True), ["x", "y"], "n", WANTED.least, 2, verbose=False
    )
    np.random.seed(0)
    signal.signal(signal.SIGVTALRM, _time_is_over)
    signal.setitimer(signal.ITIMER_VIRTUAL, PEER_S)
    try:
        model.solve()
    except TimeoutError:
        say(f"max_p: no answer after {PEER_S} s")
        return None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return np.asarray(model.labels_, np.int64) - 1


def _time_is_over(*_: Any) -> NoReturn:
    raise TimeoutError


def measure_middles(blocks: Sequence[Any]) -> np.ndarray:
    return shapely.get_coordinates(shapely.centroid(Measure.around(list(blocks)).flat(np.array(blocks, dtype=object))))


def _installed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


def peers(city: Village) -> dict[str, float]:
    """The same blocks put together by each method: cells in the range, what the borders cost, pieces, seconds."""
    blocks = make_blocks(city.parts()[:1], city.streets, city.doors, most=WANTED.least // 4)
    graph = blocks.graph()
    number = round(int(graph.households.sum()) / WANTED.middle)
    shapes = [united(blocks.faces[blocks.block == block]) for block in range(len(blocks))]
    ways: dict[str, Callable[[], Ints | None]] = {
        "everycell": lambda: partition(graph, number, WANTED)[0],
        "greedy": lambda: greedy(graph, number),
        "metis": lambda: metis(graph, number),
        "max_p": lambda: max_p(graph, shapes),
    }
    found: dict[str, float] = {}
    for name, way in ways.items():
        begun = time.process_time()
        label = way()
        seconds = time.process_time() - begun
        if label is None:
            say(f"nothing of {name}, which may not be installed")
            continue
        found |= {f"peer_{name}_{what}": figure for what, figure in judged(blocks, graph, label, seconds).items()}
        if name != "everycell":
            found[f"border_ratio_to_{name}"] = found["peer_everycell_border_km"] / found[f"peer_{name}_border_km"]
    return found


def judged(blocks: Blocks, graph: Graph, label: Ints, seconds: float) -> dict[str, float]:
    households = np.bincount(label, graph.households)
    households = households[np.bincount(label) > 0]
    border_m, along_m = blocks.border_m(label)
    return {
        "in_range": float(np.mean([not WANTED.off(int(number)) for number in households])),
        "spread": float(households.std() / households.mean()),
        "border_km": border_m / 1000,
        "along_streets": along_m / border_m,
        "cut_off": pieces_cut_off(graph, label),
        "seconds": seconds,
    }


def pieces_cut_off(graph: Graph, label: Ints) -> int:
    """Pieces of cells that hang apart from the rest."""
    ends = graph.ends[label[graph.ends[:, 0]] == label[graph.ends[:, 1]]]
    first, before = np.arange(len(graph)), None
    while before is None or (first != before).any():
        before = first.copy()
        np.minimum.at(first, ends.ravel(), before[ends[:, ::-1].ravel()])
    return len(np.unique(first)) - len(np.unique(label))


# ---- all of it


def buildings_of(path: Path) -> np.ndarray:
    frame = gpd.read_file(path, layer="multipolygons", columns=["building"], where="building IS NOT NULL")
    return frame.geometry.to_numpy()


def extract_of(path: Path) -> list[Village]:
    osm = read_osm(path, {"county": 2, "town": 6, "village": 8})
    active = osm.dwellings[osm.dwellings["status"] == "active"] if "status" in osm.dwellings else osm.dwellings
    doors = active.groupby(["lon", "lat"], as_index=False, sort=False).size().rename(columns={"size": "households"})
    return list(villages_of(osm.cells, doors, osm.streets))


def with_bar(name: str, villages: Sequence[Village], wanted: Range) -> Tally:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(f"{name}, doors", total=sum(len(village.doors) for village in villages))
        return tally(villages, wanted, told=lambda number: bar.advance(task, number))


def rebalanced(city: Village) -> dict[str, float]:
    """The city's own cells brought into the range."""
    begun = time.process_time()
    found = propose(city, Ask("rebalance", WANTED))
    seconds = time.process_time() - begun
    before = codes_at(city.cells, *city.doors.lonlat.T)
    held = [int(city.doors.households[before == code].sum()) for code in city.cells]
    moved, bound = found.moved or 0, found.least_moved or 0
    return {
        "rebalance_cells_before": len(held),
        "rebalance_in_range_before": float(np.mean([not WANTED.off(number) for number in held])),
        "rebalance_cells": len(found.cells),
        "rebalance_in_range": float(np.mean([cell.why is None for cell in found.cells])),
        "rebalance_moved_share": moved / int(city.doors.households.sum()),
        "rebalance_moved_to_bound": moved / max(1, bound),
        "rebalance_seconds": seconds,
    }


def extract(path: Path) -> dict[str, float]:
    """The real villages, with both ranges."""
    villages, buildings = extract_of(path), buildings_of(path)
    figures: dict[str, float] = {}
    for name, wanted in (("osm", WANTED), ("osm_smaller", SMALLER)):
        sums = tally(villages, wanted, buildings)
        figures |= sums.figures(name) | {
            f"{name}_buildings_cut": sums.buildings,
            f"{name}_buildings_over_streets": sums.over_streets - sums.buildings,
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default="all", choices=("all", *PARTS))
    parser.add_argument("--households", type=int, default=60_000, help="of the generated county; default 60,000")
    parser.add_argument("--osm", type=Path, default=EXTRACT, help="an extract with admin levels 2, 6 and 8")
    chosen = parser.parse_args()
    parts = PARTS if "all" in chosen.parts else chosen.parts
    say(f"making a county of {chosen.households:,} households")
    county = generate(households=chosen.households, visits_per_household=0.0)
    doors = generated_doors(county)
    city = city_of(county, doors)
    figures: dict[str, float] = {}
    if "city" in parts:
        figures |= with_bar("city", [city], WANTED).figures("city")
    if "rebalance" in parts:
        figures |= rebalanced(city)
    if "peers" in parts:
        figures |= peers(city)
    if "county" in parts:
        begun = time.perf_counter()
        figures |= with_bar("county", list(villages_of(county.cells, doors, county.streets)), WANTED).figures("county")
        figures["county_wall_seconds"] = time.perf_counter() - begun
    if "osm" in parts and chosen.osm.exists():
        figures |= extract(chosen.osm)
    finish("cut", figures)


if __name__ == "__main__":
    main()
