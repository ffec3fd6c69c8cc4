"""Grids for the tests of editing, and what must be true of a grid after any change."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import Polygon

from gis.cells.editing.edit import Change, apply, changed
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Issue, Refused
from gis.cells.editing.operations import Operation
from gis.cells.editing.replay import replay
from gis.cells.places import on_grid
from gis.cells.topology import arrange, as_multipolygon, united

WEST_VILLAGE, EAST_VILLAGE = "990101100201", "990101100202"
STEP = 0.004  # degrees, some 400 m
ORIGIN = np.array([104.0, 34.5])


class Codes:
    """Gives codes as the database does: never one that was ever used."""

    def __init__(self, grid: Grid) -> None:
        self.used = {code[:12]: max(int(c) for c in grid.codes if c.startswith(code[:12])) for code in grid.codes}

    def __call__(self, village: str) -> str:
        self.used[village] = self.used.get(village, int(village) * 1000) + 1
        return str(self.used[village])


def no_code(village: str) -> str:
    raise AssertionError(f"nobody should have asked for a code of {village}")


def place(x: float, y: float, turn: float = 0.3) -> tuple[float, float]:
    """A place of the tilted grid: x columns and y rows from its origin."""
    cos, sin = np.cos(turn), np.sin(turn)
    lon, lat = on_grid(ORIGIN + STEP * np.array([x * cos - y * sin, x * sin + y * cos])).tolist()
    return lon, lat


def shape(*corners: tuple[float, float]) -> Polygon:
    """A polygon of the tilted grid."""
    return Polygon([place(x, y) for x, y in corners])


def code_at(column: int, row: int) -> str:
    """The code of a cell of the tilted grid: its first two columns are the western village."""
    village = WEST_VILLAGE if column < 2 else EAST_VILLAGE
    return f"{village}{row * 2 + column % 2 + 1:03}"


def tilted(columns: int = 4, rows: int = 3) -> Grid:
    """Square cells, turned so that no border is parallel to an axis: rounding shows."""
    cells = [
        Cell(
            code_at(x, y),
            code_at(x, y)[:12],
            f"网格{x}{y}",
            "general",
            shape((x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)),
        )
        for y in range(rows)
        for x in range(columns)
    ]
    return grid_of(cells)


def voronoi(seed: int = 0, number: int = 40, villages: int = 3) -> Grid:
    """Irregular cells with an outline of slanting edges: Voronoi cells in a decagon, in villages from west to east."""
    rng = np.random.default_rng(seed)
    frame = shapely.buffer(shapely.Point(104.02, 34.52), 0.02, quad_segs=3)
    points = rng.uniform((104.0, 34.5), (104.04, 34.54), (number, 2))
    parts = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=frame))
    cut = [part for part in shapely.intersection(parts, frame) if isinstance(part, Polygon) and part.area > 1e-7]
    cut.sort(key=lambda part: part.centroid.x)
    shapes = {}
    for index, part in enumerate(cut):
        village = int(WEST_VILLAGE) + index * villages // len(cut)
        shapes[f"{village}{index + 1:03}"] = part
    tiled = arrange(shapes).cells
    return grid_of([Cell(code, code[:12], code[12:], "general", polygon) for code, polygon in tiled.items()])


def grid_of(cells: list[Cell]) -> Grid:
    return Grid(cells, as_multipolygon(united([cell.polygon for cell in cells])))


def area(grid: Grid) -> float:
    return sum(cell.polygon.area for cell in grid.cells.values())


def exact_area(*shapes: shapely.Geometry) -> int:
    """Twice the area in square steps of the grid of 1e-8°, without any rounding. Shells counter-clockwise or not."""
    rings = shapely.get_rings(shapely.get_parts(list(shapes)))
    total = 0
    for ring, sign in zip(rings, _signs(shapes), strict=True):
        x, y = np.rint(shapely.get_coordinates(ring) * 1e8).astype(np.int64).astype(object).T
        total += sign * abs(sum(int(v) for v in x[:-1] * y[1:] - x[1:] * y[:-1]))
    return total


def _signs(shapes: tuple[shapely.Geometry, ...]) -> list[int]:
    parts = shapely.get_parts(list(shapes))
    return [sign for part in parts for sign in (1, *[-1] * shapely.get_num_interior_rings(part))]


def assert_sound(grid: Grid) -> None:
    """Cells are valid, share their nodes on the grid of 1e-8°, and tile the outline, which is their union."""
    shapes = np.array([cell.polygon for cell in grid.cells.values()], dtype=object)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    xy = shapely.get_coordinates(shapes)
    assert (on_grid(xy) == xy).all()
    assert exact_area(*shapes) == exact_area(grid.outline)
    union = as_multipolygon(shapely.coverage_union_all(shapes))
    assert shapely.equals_exact(shapely.normalize(union), shapely.normalize(grid.outline))


def assert_untouched(before: Grid, after: Grid, change: Change) -> None:
    """Cells that a change does not name are the same to the last bit."""
    for code, cell in before.cells.items():
        if code not in change.written and code not in change.retired:
            assert shapely.to_wkb(after.cells[code].polygon) == shapely.to_wkb(cell.polygon)
            assert after.cells[code] is cell


def done(grid: Grid, op: Operation) -> tuple[Grid, Change]:
    """The grid after an operation that must go through, and its change; all that must be true is checked."""
    change = apply(grid, op, Codes(grid))
    after = changed(grid, change)
    assert_sound(after)
    assert_untouched(grid, after, change)
    assert all(change.written[code] != grid.cells.get(code) for code in change.written)
    return after, change


def refusals(grid: Grid, op: Operation) -> tuple[Issue, ...]:
    """The issues of an operation that must be refused; every proposal must go through and leave the grid sound."""
    with pytest.raises(Refused) as caught:
        apply(grid, op, no_code)
    for issue in caught.value.issues:
        assert issue.severity == "error"
        assert_told(issue)
        for fix in issue.fixes:
            assert_sound(replay(grid, fix.operations, Codes(grid)))
    return caught.value.issues


def refused(grid: Grid, op: Operation) -> Issue:
    """As `refusals`, where there must be one issue."""
    (issue,) = refusals(grid, op)
    return issue


def labels(issue: Issue) -> list[str]:
    """The proposals, in short."""
    return [fix.label for fix in issue.fixes]


def assert_told(issue: Issue) -> None:
    """An issue has a place and is told in both languages without a hole in the sentence."""
    feature = issue.geojson()
    told = feature["properties"]["sentence"]
    assert told["en"].startswith(f"{issue.code}: ")
    assert told["zh"].startswith(f"{issue.code}: ")
    assert told["en"] != told["zh"]
    assert "{" not in told["en"] + told["zh"]
    assert feature["geometry"] is not None
