"""Cells that other programs have written: beside the grid of 1e-8°, with cracks, with nodes that one side lacks."""

from __future__ import annotations

import pytest
import shapely
from shapely import LineString, Polygon, box

from gis.cells.editing.edit import apply, changed
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.operations import Merge, MoveNode, Operation, Reshape, Split
from gis.cells.topology import AREA_TOLERANCE
from gis.errors import BrokenCoverage
from tests.gis.cells.editing.grids import (
    WEST_VILLAGE,
    Codes,
    area,
    assert_untouched,
    code_at,
    grid_of,
    place,
    shape,
    tilted,
)


def shifted(grid: Grid, by: float = 0.31e-8) -> Grid:
    """The same cells with every node beside the grid."""
    cells = [
        Cell(cell.code, cell.village, cell.name, cell.kind, shapely.transform(cell.polygon, lambda xy: xy + by))
        for cell in grid.cells.values()
    ]
    return grid_of(cells)


@pytest.mark.parametrize(
    "op",
    [
        Split(code_at(0, 1), LineString([place(-0.1, 1.37), place(1.1, 1.61)])),
        Reshape(code_at(1, 1), shape((0.7, 1), (1.9, 1), (1.9, 2), (0.7, 2))),
        MoveNode(place(1, 1), place(1.2, 1.3)),
        Merge((code_at(0, 0), code_at(0, 1)), code_at(0, 0)),
    ],
    ids=["split", "reshape", "move_node", "merge"],
)
def test_nodes_beside_the_grid_stay_where_they_are(op: Operation) -> None:
    grid = shifted(tilted())
    change = apply(grid, op, Codes(grid))
    after = changed(grid, change)
    assert_untouched(grid, after, change)
    shapes = [cell.polygon for cell in after.cells.values()]
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert abs(area(after) - area(grid)) < 1e-15
    assert abs(shapely.area(after.outline) - area(after)) < 1e-15
    lost = nodes_of(grid) - nodes_of(after)
    assert len(lost) == isinstance(op, MoveNode)  # every other node is where it was, to the last bit


def nodes_of(grid: Grid) -> set[tuple[float, float]]:
    shapes = [cell.polygon for cell in grid.cells.values()]
    return {(lon, lat) for lon, lat in shapely.get_coordinates(shapes).tolist()}


def pair(left: Polygon, right: Polygon) -> Grid:
    cells = [
        Cell(f"{WEST_VILLAGE}{number:03}", WEST_VILLAGE, f"{number}", "general", polygon)
        for number, polygon in enumerate((left, right), start=1)
    ]
    return Grid(cells, shapely.MultiPolygon([box(104, 34.5, 104.02, 34.51)]))


@pytest.mark.parametrize("crack", [3e-9, 4e-8, -3e-9, -4e-8], ids=str)
def test_t_junction_mismatch_with_a_crack_or_a_seam_is_mended(crack: float) -> None:
    """A neighbour has a node on our edge that we do not have, and it is some nanodegrees off."""
    node = (104.01 + crack, 34.505)
    left = box(104, 34.5, 104.01, 34.51)
    right = Polygon([(104.01, 34.5), (104.02, 34.5), (104.02, 34.51), (104.01, 34.51), node])
    grid = pair(left, right)
    assert not shapely.coverage_is_valid([left, right], gap_width=1e-7)
    assert abs(area(grid) - shapely.area(grid.outline)) < 1e-9
    first, second = grid.codes
    after = changed(grid, apply(grid, Split(first, LineString([(103.99, 34.502), (104.011, 34.502)])), Codes(grid)))
    shapes = [cell.polygon for cell in after.cells.values()]
    assert shapely.coverage_is_valid(shapes)
    assert abs(area(after) - shapely.area(after.outline)) < AREA_TOLERANCE / 100
    if crack == -4e-8:  # what both had is the first one's
        assert shapely.difference(left, shapely.union_all([shapes[0], shapes[-1]])).area < 1e-13
    assert shapely.intersection(shapes[0], after.cells[second].polygon).length > 0


def test_an_outline_with_fewer_nodes_than_its_cells_gets_what_an_edit_needs() -> None:
    grid = tilted()
    corners = [place(x, y) for x, y in ((0, 0), (4, 0), (4, 3), (0, 3))]
    poorer = Grid(grid.cells.values(), shapely.MultiPolygon([Polygon(corners)]))
    change = apply(poorer, Split(code_at(1, 0), LineString([place(1.37, -0.1), place(1.61, 1.1)])), Codes(grid))
    after = changed(poorer, change)
    assert change.outline is not None
    halves = shapely.union_all([after.cells[code].polygon for code in (code_at(1, 0), max(change.written))])
    border = shapely.intersection(shapely.boundary(halves), shapely.boundary(after.outline))
    assert shapely.length(border) == pytest.approx(0.004, rel=1e-5)


def test_an_outline_that_is_another_place_is_named() -> None:
    grid = tilted()
    elsewhere = Grid(grid.cells.values(), shapely.MultiPolygon([shape((-1, -1), (6, -1), (6, 6), (-1, 6))]))
    with pytest.raises(BrokenCoverage, match="no part of the outline"):
        apply(elsewhere, Split(code_at(1, 0), LineString([place(1.37, -0.1), place(1.61, 1.1)])), Codes(grid))
