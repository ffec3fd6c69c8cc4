"""What change sets come to, and whether two touch: on a small grid, without a database."""

from __future__ import annotations

import pytest
from shapely import LineString, MultiPolygon, Polygon, box

from gis.cells.drafting import (
    carried_over,
    net,
    net_lineage,
    part_of,
    play,
    real_changes,
    same_land,
    touched_by_both,
)
from gis.cells.editing.edit import NextCode
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.operations import Merge, MoveNode, Operation, SetAttributes, Split
from gis.cells.nodes import boxes_of, nodes_in
from gis.cells.reversal import effect_between, taken_back, undone_by_others
from gis.cells.topology import united

WEST, SOUTH, STEP = 104.0, 34.5, 0.01
OWN, OTHER = "990101100201", "990101100202"


def square(column: int, row: int) -> Polygon:
    x, y = WEST + column * STEP, SOUTH + row * STEP
    return box(round(x, 8), round(y, 8), round(x + STEP, 8), round(y + STEP, 8))


@pytest.fixture
def grid() -> Grid:
    """Two villages of two by two cells, side by side; codes 001 to 004 from the south-west, row by row."""
    cells = [
        Cell(f"{village}{1 + column + 2 * row:03}", village, "x", "general", square(column + 2 * offset, row))
        for offset, village in enumerate((OWN, OTHER))
        for row in range(2)
        for column in range(2)
    ]
    return Grid(cells, united(cell.polygon for cell in cells))


def codes() -> NextCode:
    """Codes from 100 on, none twice."""
    used = iter(range(100, 1000))
    return lambda village: f"{village}{next(used):03}"


def own(number: int) -> str:
    return f"{OWN}{number:03}"


def cut(column: int, row: int, code: str, share: float = 0.5) -> Split:
    x, y = WEST + (column + share) * STEP, SOUTH + row * STEP
    return Split(code, LineString([(x, y - 0.001), (x, y + STEP + 0.001)]))


def after(grid: Grid, *ops: Operation, area: str = "990101") -> Grid:
    return play(grid, area, ops, codes()).grid


def test_nothing_comes_to_nothing(grid: Grid) -> None:
    found = net(grid, after(grid))
    assert (found.written, found.retired, found.outline) == ({}, (), None)
    assert real_changes(grid, grid) == set()


def test_a_node_is_no_real_change(grid: Grid) -> None:
    """A cut that ends on a neighbour's border writes the neighbour, and does not change it."""
    cut_in_two = after(grid, cut(0, 0, own(1)))
    assert own(3) in net(grid, cut_in_two).written
    assert real_changes(grid, cut_in_two) == {own(1), own(100)}


def test_attributes_are_a_real_change(grid: Grid) -> None:
    assert real_changes(grid, after(grid, SetAttributes(own(2), "y"))) == {own(2)}


@pytest.mark.parametrize(("north", "same"), [(0.0, True), (4e-9, True), (1e-7, False), (1e-6, False)])
def test_same_land_is_that_but_for_a_rounded_node(north: float, same: bool) -> None:
    nodded = Polygon([(104, 34.5), (104.005, 34.5 + 2 * north), (104.01, 34.5), (104.01, 34.51), (104, 34.51)])
    assert same_land(square(0, 0), nodded) is same


def test_two_that_touch_the_same_and_two_that_do_not(grid: Grid) -> None:
    mine, beside, same = (
        after(grid, cut(0, 0, own(1))),
        after(grid, cut(1, 0, own(2))),
        after(grid, cut(0, 0, own(1), 0.3)),
    )
    assert touched_by_both(grid, mine, beside) == {own(100)}, "the same new code: it is not given twice"
    assert own(1) in touched_by_both(grid, mine, same)


def test_what_moves_a_node_is_not_carried_over_a_cut_that_shares_it(grid: Grid) -> None:
    corner = (104.01, 34.51)
    move = MoveNode(corner, (104.011, 34.511))
    mine = after(grid, move)
    theirs = after(grid, Split(own(1), LineString([corner, (104.0, 34.5)])))
    both = touched_by_both(grid, mine, theirs) or carried_over(grid, mine, theirs, after(theirs, move))
    assert both
    elsewhere = after(grid, SetAttributes(f"{OTHER}004", "y"))
    assert not touched_by_both(grid, mine, elsewhere)
    assert not carried_over(grid, mine, elsewhere, after(elsewhere, move))


def test_cells_that_come_and_go_leave_no_lineage(grid: Grid) -> None:
    ops = [cut(0, 0, own(1)), Merge((own(100), own(3)), own(3)), cut(1, 1, own(4))]
    played = play(grid, "990101", ops, codes())
    assert net_lineage(played.changes, grid, played.grid) == [(own(1), own(3)), (own(4), own(101))]


def test_a_village_is_a_world_of_its_own(grid: Grid) -> None:
    inner = part_of(grid, OWN)
    assert list(inner.cells) == [own(n) for n in range(1, 5)]
    assert inner.outline.equals(box(104, 34.5, 104.02, 34.52))
    assert part_of(grid, "990101") is grid


def test_nodes_on_its_border_are_put_into_the_neighbour(grid: Grid) -> None:
    slanting = Split(own(2), LineString([(104.005, 34.5021), (104.025, 34.5077)]))
    split = after(grid, slanting, area=OWN)
    neighbour = split.cells[f"{OTHER}001"].polygon
    assert set(neighbour.exterior.coords) > set(grid.cells[f"{OTHER}001"].polygon.exterior.coords)
    assert real_changes(grid, split) == {own(2), own(100)}
    assert split.outline.equals(grid.outline)


def test_taking_back_is_exact_and_spares_later_nodes(grid: Grid) -> None:
    made = after(grid, cut(0, 0, own(1)))
    effect = effect_between(grid, made)
    assert net(grid, taken_back(made, effect)).written == {}
    later = after(made, Split(own(2), LineString([(104.005, 34.506), (104.025, 34.506)]), own(300)))
    assert undone_by_others(later, effect) == set()
    back = taken_back(later, effect)
    assert real_changes(grid, back) == {own(2), own(300)}
    assert (104.01, 34.506) in set(back.cells[own(1)].polygon.exterior.coords)
    assert undone_by_others(after(made, SetAttributes(own(1), "y")), effect) == {own(1)}


def test_nodes_with_the_cells_that_share_them(grid: Grid) -> None:
    cells = {code: cell.polygon for code, cell in grid.cells.items()}
    assert nodes_in(cells, (104.009, 34.499, 104.011, 34.511)) == [
        (104.01, 34.5, [own(1), own(2)]),
        (104.01, 34.51, [own(1), own(2), own(3), own(4)]),
    ]
    assert nodes_in({}, (0, 0, 1, 1)) == []
    assert list(boxes_of(cells, (103, 34, 104.001, 34.501))) == [own(1)]
    assert boxes_of({}, (0, 0, 1, 1)) == {}


def test_a_grid_without_cells() -> None:
    empty = Grid([], MultiPolygon())
    assert real_changes(empty, empty) == set()
    assert net(empty, empty).written == {}
