"""Operations on the grid, without a database: what each costs, and whether the cells still tile after all of them.

`./run bench operations [--households N] [--quick]`. The cells are those of the generated county (1,000,000 households
are some 2,500 cells of 94 nodes), and, where ../shared/data is there, the census tracts of New York: real borders,
mended by an import's arrangement.

- reshape: 800 random reshapes of 120 cells in the middle of the county, each on the grid that the last one left
- county: all kinds of operations in turn on the whole county, and on the tracts (nyc)
- refused: those that could not be done, with the proposals, each of which is tried

Milliseconds are the processor's, so that a busy machine is no slow one. After every operation: do cells and outline
have the same area? After all: is each cell valid and the coverage too, is the outline their union, and does replaying
the stored operations from the start give the same grid to the last bit?
"""

from __future__ import annotations

import itertools
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from bench._ground import finish, options, say
from gis.cells.editing.edit import apply, changed
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import (
    NAMES,
    Create,
    Merge,
    MoveNode,
    Operation,
    Renumber,
    Reshape,
    Retire,
    Split,
    as_json,
)
from gis.cells.editing.parse import parse_operation
from gis.cells.editing.replay import digest, replay
from gis.cells.topology import arrange, as_multipolygon, united
from gis.demo.county import generate

RESHAPES, CELLS, MIXED = 800, 120, 600
TRACTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "nyc_tracts_2010.geojson"
TRACTS_SLIVER_M = 5.0  # they were simplified one by one, to some 2 m


def grid_of(cells: Sequence[Cell]) -> Grid:
    return Grid(cells, as_multipolygon(united([cell.polygon for cell in cells])))


def generated(households: int) -> Grid:
    frame = generate(households=households, visits_per_household=0.0).cells
    rows = zip(frame["code"], frame["village"], frame["name"], frame.geometry, strict=True)
    return grid_of([Cell(code, village, name, "general", polygon) for code, village, name, polygon in rows])


def tracts() -> Grid:
    """The tracts that hang together after one arrangement, sixty to a village."""
    parts = shapely.get_parts(gpd.read_file(TRACTS).geometry.to_numpy())
    tiled = arrange({f"{i:05}": part for i, part in enumerate(parts)}, sliver_m=TRACTS_SLIVER_M, enclaves=True).cells
    cells = []
    for index, polygon in enumerate(tiled.values()):
        village = str(990101100201 + index // 60)
        cells.append(Cell(f"{village}{index % 60 + 1:03}", village, "", "general", polygon))
    return grid_of(cells)


def middle(grid: Grid, number: int) -> Grid:
    """The cells nearest to the middle of the county."""
    centre = shapely.centroid(grid.outline)
    near = sorted(grid.cells.values(), key=lambda cell: shapely.distance(cell.polygon, centre))
    return grid_of(near[:number])


class Hand:
    """Draws operations at random."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def cell(self, grid: Grid) -> Cell:
        return grid.cells[grid.codes[self.rng.integers(len(grid.codes))]]

    def node(self, shape: shapely.Geometry) -> np.ndarray:
        nodes = shapely.get_coordinates(shape)
        return nodes[self.rng.integers(len(nodes))]

    def beside(self, grid: Grid, cell: Cell) -> str:
        around = [code for code in grid.near(cell.polygon) if code != cell.code]
        return around[self.rng.integers(len(around))] if around else cell.code

    def reshape(self, grid: Grid) -> Operation:
        """A bite or a bulge at a node, inside the county."""
        cell = self.cell(grid)
        size = np.sqrt(cell.polygon.area) * self.rng.uniform(0.1, 0.5)
        blob = Point(self.node(cell.polygon)).buffer(size, quad_segs=3)
        drawn = cell.polygon.union(blob) if self.rng.random() < 0.5 else cell.polygon.difference(blob)
        return Reshape(cell.code, largest(shapely.intersection(drawn, grid.outline)))

    def split(self, grid: Grid) -> Operation:
        cell = self.cell(grid)
        start, end = self.node(cell.polygon), self.node(cell.polygon)
        way = (end - start) * 0.2
        return Split(cell.code, LineString([start - way, (start + end) / 2 + way[::-1] * 0.3, end + way]))

    def merge(self, grid: Grid) -> Operation:
        cell = self.cell(grid)
        other = self.beside(grid, cell)
        return self.reshape(grid) if other == cell.code else Merge((cell.code, other), cell.code)

    def move_node(self, grid: Grid) -> Operation:
        cell = self.cell(grid)
        at = self.node(cell.polygon)
        to = at + self.rng.normal(0, 0.1, 2) * np.sqrt(cell.polygon.area)
        return MoveNode((float(at[0]), float(at[1])), (float(to[0]), float(to[1])))

    def create(self, grid: Grid) -> Operation:
        cell = self.cell(grid)
        at = cell.polygon.point_on_surface()
        return Create(at.buffer(np.sqrt(cell.polygon.area) * 0.1, quad_segs=2), cell.village, kind="dedicated")

    def retire(self, grid: Grid) -> Operation:
        cell = self.cell(grid)
        other = self.beside(grid, cell)
        return Retire(cell.code, None if other == cell.code else other)

    def renumber(self, grid: Grid) -> Operation:
        return Renumber(self.cell(grid).code)


def largest(geometry: shapely.Geometry) -> Polygon:
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon)]
    return max(parts, key=shapely.area)


def codes_of(grid: Grid) -> Callable[[str], str]:
    """The next code of a village that was never used."""
    used = {village: max(map(int, codes)) for village, codes in itertools.groupby(grid.codes, lambda code: code[:12])}

    def next_code(village: str) -> str:
        used[village] = used.get(village, int(village) * 1000) + 1
        return str(used[village])

    return next_code


def run(name: str, grid: Grid, draw: Sequence[Callable[[Grid], Operation]], number: int) -> dict[str, float]:
    """Draw and apply `number` operations in turn; their milliseconds and what is wrong afterwards (nothing)."""
    say(f"{name}: {number} operations on {len(grid.cells):,} cells")
    begun, next_code = grid, codes_of(grid)
    spent: dict[str, list[float]] = defaultdict(list)
    history: list[Operation] = []
    drift = 0.0
    for turn in range(number):
        op = draw[turn % len(draw)](grid)
        since = time.process_time()
        try:
            change = apply(grid, op, next_code)
        except Refused:
            spent["refused"].append(time.process_time() - since)
            continue
        spent[NAMES[type(op)]].append(time.process_time() - since)
        history.append(change.operation)
        grid = changed(grid, change)
        drift = max(drift, abs(sum(c.polygon.area for c in grid.cells.values()) - shapely.area(grid.outline)))
    figures = {f"{name}_{kind}_ms": statistics.median(times) * 1e3 for kind, times in spent.items()}
    figures |= {f"{name}_{kind}_n": float(len(times)) for kind, times in spent.items()}
    everything = sorted(itertools.chain(*spent.values()))
    figures[f"{name}_p95_ms"] = everything[len(everything) * 95 // 100] * 1e3
    return figures | {f"{name}_drift_m2": drift * 1e10, f"{name}_wrong": wrong(begun, grid, history)}


def wrong(begun: Grid, grid: Grid, history: Sequence[Operation]) -> float:
    """How many of the four things that must be true at the end are not."""
    shapes = np.array([cell.polygon for cell in grid.cells.values()], dtype=object)
    union = as_multipolygon(shapely.coverage_union_all(shapes))
    stored = json.loads(json.dumps([as_json(op) for op in history]))
    again = replay(begun, map(parse_operation, stored), codes_of(begun))
    checks = {
        "a cell is not valid": shapely.is_valid(shapes).all(),
        "the coverage is not valid": shapely.coverage_is_valid(shapes),
        "the outline is not the union of the cells": shapely.equals_exact(
            shapely.normalize(union), shapely.normalize(grid.outline)
        ),
        "the history does not replay": digest(again) == digest(grid),
    }
    for what, good in checks.items():
        if not good:
            say(f"  WRONG: {what}")
    return float(sum(not good for good in checks.values()))


def main() -> None:
    chosen = options(__doc__ or "", households=1_000_000, quick=60_000)
    say(f"making a county of {chosen.households:,} households")
    county, hand = generated(chosen.households), Hand(1)
    mixed = [hand.reshape, hand.split, hand.merge, hand.move_node, hand.create, hand.retire, hand.renumber]
    times = 1 if not chosen.quick else 0.25
    figures = run("reshape", middle(county, CELLS), [hand.reshape], int(RESHAPES * times))
    figures |= run("county", county, mixed, int(MIXED * times))
    if TRACTS.exists():
        figures |= run("nyc", tracts(), mixed, int(MIXED * times))
    finish("operations", figures)


if __name__ == "__main__":
    main()
