"""Cutting a cell in two: what comes out, and what is refused with which piece and proposals."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from gis.cells.editing.edit import apply, changed
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.moves import moves, orphans
from gis.cells.editing.operations import Split
from tests.gis.cells.editing.grids import (
    WEST_VILLAGE,
    Codes,
    area,
    code_at,
    done,
    exact_area,
    grid_of,
    labels,
    place,
    refused,
    shape,
    tilted,
)

M2 = 1e10 * 1.02  # square degrees here -> about square metres


def test_split_of_312_households_leaves_312_and_a_point_on_the_line_goes_to_one() -> None:
    grid = tilted()
    cell = code_at(1, 1)
    rng = np.random.default_rng(1)
    inside = [place(*xy) for xy in rng.uniform((1.02, 1.02), (1.98, 1.98), (311, 2))]
    after, change = done(grid, Split(cell, LineString([place(1.4, 0.5), place(1.4, 2.5)])))
    new = change.operation.code  # type: ignore[union-attr]
    border = shapely.intersection(after.cells[cell].polygon, after.cells[new].polygon)
    nodes = shapely.get_coordinates(border)
    lon, lat = np.array([*inside, tuple(nodes[0])]).T
    found = moves(grid, after, lon, lat)
    counts = found.counts()
    assert counts.keys() == {(cell, cell), (cell, new)}
    assert sum(counts.values()) == 312
    assert found.after[-1] == min(cell, new)
    assert min(counts.values()) > 100
    assert (change.retired, change.lineage) == ((), ((cell, new),))
    assert after.cells[cell].polygon.area > after.cells[new].polygon.area
    assert (after.cells[new].village, after.cells[new].name) == (WEST_VILLAGE, grid.cells[cell].name)
    assert orphans(grid, after, lon, lat) is None


def test_t_junction_the_neighbours_get_the_node_where_a_split_meets_their_border() -> None:
    grid = tilted()
    after, change = done(grid, Split(code_at(1, 1), LineString([place(1.5, 0.9), place(1.45, 2.1)])))
    south, north = code_at(1, 0), code_at(1, 2)
    assert change.written.keys() == {code_at(1, 1), south, north, change.operation.code}  # type: ignore[union-attr]
    for code in (south, north):
        assert shapely.get_num_coordinates(after.cells[code].polygon) == 6  # four corners, the node, the closing one
    assert change.outline is None


def test_t_junction_mismatch_that_another_program_left_is_mended() -> None:
    """A neighbour has a node on our edge that we do not have: the first edit there gives it to us."""
    a = Cell(f"{WEST_VILLAGE}001", WEST_VILLAGE, "a", "general", box(104, 34.5, 104.01, 34.51))
    b = Cell(
        f"{WEST_VILLAGE}002",
        WEST_VILLAGE,
        "b",
        "general",
        Polygon([(104.01, 34.5), (104.02, 34.5), (104.02, 34.51), (104.01, 34.51), (104.01, 34.505)]),
    )
    grid = Grid([a, b], shapely.MultiPolygon([box(104, 34.5, 104.02, 34.51)]))
    assert not shapely.coverage_is_valid([a.polygon, b.polygon])
    change = apply(grid, Split(a.code, LineString([(103.99, 34.502), (104.011, 34.502)])), Codes(grid))
    after = changed(grid, change)
    shapes = [cell.polygon for cell in after.cells.values()]
    assert shapely.coverage_is_valid(shapes)
    assert area(after) == pytest.approx(area(grid), abs=1e-16)
    assert (104.01, 34.505) in after.cells[a.code].polygon.exterior.coords


def test_a_split_that_meets_the_outline_leaves_the_area_to_the_last_bit() -> None:
    grid = tilted()
    after, change = done(grid, Split(code_at(0, 0), LineString([place(0.37, -0.1), place(0.61, 1.1)])))
    assert change.outline is not None
    assert exact_area(after.outline) == exact_area(grid.outline)
    lost = shapely.symmetric_difference(after.outline, grid.outline).area
    assert 0 < lost * M2 < 1  # the node is beside the old edge, and its twin on the other side


def test_the_larger_half_keeps_the_code_and_the_western_of_two_equal_ones() -> None:
    cell = Cell(f"{WEST_VILLAGE}001", WEST_VILLAGE, "a", "general", box(104, 34.5, 104.02, 34.51))
    after, _ = done(grid_of([cell]), Split(cell.code, LineString([(104.01, 34), (104.01, 35)])))
    assert after.cells[cell.code].polygon.bounds[0] == 104
    after, _ = done(grid_of([cell]), Split(cell.code, LineString([(104.004, 34), (104.004, 35)])))
    assert after.cells[cell.code].polygon.bounds[0] == 104.004


def test_a_line_that_ends_within_the_cell_is_refused_and_one_drawn_on_is_proposed() -> None:
    issue = refused(tilted(), Split(code_at(1, 1), LineString([place(1.5, 0.9), place(1.5, 1.6)])))
    assert (issue.code, issue.cells, labels(issue)) == ("NOT_CUT", (code_at(1, 1),), ["extend"])


def test_a_line_that_ends_5_cm_before_the_border_cuts() -> None:
    done(tilted(), Split(code_at(1, 1), LineString([place(1.5, 0.9), place(1.5, 2 - 0.05 / 400)])))


def test_a_line_beside_the_cell_is_refused() -> None:
    issue = refused(tilted(), Split(code_at(1, 1), LineString([place(0.5, 0.5), place(0.5, 2.5)])))
    assert (issue.code, labels(issue)) == ("NOT_CUT", [])


def test_a_line_that_cuts_in_three_is_refused_and_one_cut_is_proposed() -> None:
    line = LineString([place(1.3, 0.9), place(1.3, 2.1), place(1.6, 2.1), place(1.6, 0.9)])
    issue = refused(tilted(), Split(code_at(1, 1), line))
    assert (issue.code, issue.reason, labels(issue)) == ("MULTIPART", "cut-in-many", ["one-cut"])
    assert issue.area_m2 == pytest.approx(
        0.3 * tilted().measure.area_m2(tilted().cells[code_at(1, 1)].polygon), rel=0.01
    )


def test_self_intersection_of_a_line_is_refused_and_the_line_without_its_loop_is_proposed() -> None:
    line = LineString(
        [place(1.5, 0.9), place(1.5, 1.6), place(1.8, 1.6), place(1.8, 1.3), place(1.2, 1.3), place(1.2, 2.2)]
    )
    issue = refused(tilted(), Split(code_at(1, 1), line))
    assert (issue.code, labels(issue)) == ("SELF_INTERSECTION", ["without-loops"])
    assert shapely.distance(issue.piece, Point(place(1.5, 1.3))) < 1e-8


def test_a_closed_line_cuts_an_island_out() -> None:
    ring = shape((1.2, 1.2), (1.6, 1.2), (1.6, 1.6)).exterior
    after, _ = done(tilted(), Split(code_at(1, 1), LineString(ring)))
    assert len(after.cells[code_at(1, 1)].polygon.interiors) == 1


def test_sliver_a_half_thinner_than_0_1_m_is_refused() -> None:
    line = LineString([place(1, 1), place(1 + 0.15 / 400, 2), place(1 + 0.15 / 400, 2.1)])
    issue = refused(tilted(), Split(code_at(1, 1), line))
    assert (issue.code, issue.cells) == ("SLIVER", (code_at(1, 1),))
    assert issue.area_m2 == pytest.approx(0.15 * 400 / 2, rel=0.15)
