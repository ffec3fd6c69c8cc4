"""New cells: holes in general ones, land beside the county, and what is refused."""

from __future__ import annotations

import pytest
import shapely
from shapely import Polygon

from gis.cells.editing.edit import Change
from gis.cells.editing.grid import Cell
from gis.cells.editing.operations import Create, Reshape
from tests.gis.cells.editing.grids import (
    EAST_VILLAGE,
    WEST_VILLAGE,
    assert_told,
    code_at,
    done,
    labels,
    place,
    refused,
    shape,
    tilted,
)


def code_of(change: Change) -> str:
    assert isinstance(change.operation, Create)
    assert change.operation.code is not None
    return change.operation.code


def test_hole_a_dedicated_cell_inside_a_general_one() -> None:
    factory = shape((1.4, 1.4), (1.6, 1.4), (1.6, 1.6), (1.4, 1.6))
    after, change = done(tilted(), Create(factory, WEST_VILLAGE, name="工厂", kind="dedicated"))
    code = code_of(change)
    assert change.lineage == ((code_at(1, 1), code),)
    assert after.cells[code] == Cell(code, WEST_VILLAGE, "工厂", "dedicated", after.cells[code].polygon)
    assert len(after.cells[code_at(1, 1)].polygon.interiors) == 1
    assert change.outline is None
    # The general cell drawn without its hole would swallow it; to leave it out would change nothing.
    issue = refused(after, Reshape(code_at(1, 1), shape((1, 1), (2, 1), (2, 2), (1, 2))))
    assert (issue.code, issue.cells, labels(issue)) == ("OVERLAP", (code,), ["merge"])


def test_overlap_of_two_dedicated_cells_is_refused() -> None:
    factory = shape((1.4, 1.4), (1.6, 1.4), (1.6, 1.6), (1.4, 1.6))
    grid, change = done(tilted(), Create(factory, WEST_VILLAGE, kind="dedicated"))
    market = shape((1.5, 1.5), (1.9, 1.5), (1.9, 1.9), (1.5, 1.9))
    issue = refused(grid, Create(market, WEST_VILLAGE, kind="dedicated"))
    assert (issue.code, issue.reason, issue.cells) == ("OVERLAP", "covers", (code_of(change),))
    both = shape((1.5, 1.5), (1.6, 1.5), (1.6, 1.6), (1.5, 1.6))
    assert shapely.area(shapely.symmetric_difference(issue.piece, both)) < 1e-11
    assert labels(issue) == ["leave-out"]


def test_a_dedicated_cell_may_take_from_several_general_ones() -> None:
    market = shape((0.8, 0.8), (1.2, 0.8), (1.2, 1.2), (0.8, 1.2))
    _, change = done(tilted(), Create(market, WEST_VILLAGE, kind="dedicated"))
    assert {parent for parent, _ in change.lineage} == {code_at(x, y) for x in (0, 1) for y in (0, 1)}


def test_a_dedicated_cell_over_a_whole_general_one_is_refused() -> None:
    over = shape((1, 1), (2, 1), (2, 2), (1, 2), (0.8, 1.5))
    issue = refused(tilted(), Create(over, WEST_VILLAGE, kind="dedicated"))
    assert (issue.code, issue.reason, issue.cells) == ("OVERLAP", "vanishes-new", (code_at(1, 1),))


def test_multipart_a_dedicated_cell_across_a_general_one_is_refused() -> None:
    across = shape((1, 1.4), (2, 1.4), (2, 1.7), (1, 1.7))
    issue = refused(tilted(), Create(across, WEST_VILLAGE, kind="dedicated"))
    assert (issue.code, issue.cells, labels(issue)) == ("MULTIPART", (code_at(1, 1),), ["take-rest"])


def test_overlap_a_general_cell_over_others_is_refused() -> None:
    out = shape((3.5, 1), (4.5, 1), (4.5, 2), (3.5, 2))
    issue = refused(tilted(), Create(out, EAST_VILLAGE))
    assert (issue.code, issue.reason, issue.cells) == ("OVERLAP", "covers", (code_at(3, 1),))
    assert labels(issue) == ["only-outside"]
    inside = refused(tilted(), Create(shape((3.2, 1.2), (3.8, 1.2), (3.8, 1.8)), EAST_VILLAGE))
    assert labels(inside) == ["cut-out"]


def test_crossing_the_county_border_with_a_dedicated_cell_is_refused() -> None:
    out = shape((3.5, 1.2), (4.5, 1.2), (4.5, 1.8), (3.5, 1.8))
    issue = refused(tilted(), Create(out, EAST_VILLAGE, kind="dedicated"))
    assert (issue.code, labels(issue)) == ("OUTSIDE_COUNTY", ["cut-at-county"])


def test_a_cell_beside_the_county_lets_the_outline_grow() -> None:
    grid = tilted()
    land = shape((4, 0.4), (5, 0.4), (5, 1.7), (4, 1.7))
    after, change = done(grid, Create(land, EAST_VILLAGE))
    assert (change.lineage, change.warnings) == ((), ())
    assert shapely.area(after.outline) - shapely.area(grid.outline) == pytest.approx(land.area, rel=1e-6)
    assert change.written.keys() == {code_of(change), code_at(3, 0), code_at(3, 1)}
    assert after.cells[code_of(change)].name == code_of(change)


def test_a_cell_drawn_5_cm_beside_the_county_lies_at_it() -> None:
    near = 4 + 0.05 / 400
    after, _ = done(tilted(), Create(shape((near, 0), (5, 0), (5, 2), (near, 2)), EAST_VILLAGE))
    assert shapely.get_num_geometries(after.outline) == 1


def test_gap_an_open_gap_beside_the_county_is_refused_and_closed() -> None:
    near = 4 + 0.5 / 400
    land = shape((near, 0.4), (5, 0.4), (5, 1.7), (near, 1.7))
    assert shapely.coverage_is_valid([*(cell.polygon for cell in tilted().cells.values()), land])  # without a gap width
    issue = refused(tilted(), Create(land, EAST_VILLAGE))
    assert (issue.code, labels(issue)) == ("GAP", ["close-gap"])
    assert issue.area_m2 == pytest.approx(0.5 * 1.3 * 400, rel=0.2)


def test_gap_a_closed_gap_beside_the_county_is_refused_and_closed() -> None:
    bridge = Polygon([place(4, 0), place(5, 0), place(5, 2), place(4, 2), place(4, 1.8), place(4.4, 1), place(4, 0.2)])
    issue = refused(tilted(), Create(bridge, EAST_VILLAGE))
    assert (issue.code, labels(issue)) == ("GAP", ["close-gap"])


def test_sliver_a_new_cell_thinner_than_0_1_m_is_refused() -> None:
    thin = shape((4, 0.4), (4.00015, 0.4), (4.00015, 1.7), (4, 1.7))
    issue = refused(tilted(), Create(thin, EAST_VILLAGE))
    assert (issue.code, issue.reason) == ("SLIVER", "new-too-thin")


def test_a_cell_far_from_the_county_is_an_exclave_with_a_warning() -> None:
    after, change = done(tilted(), Create(shape((8, 0), (9, 0), (9, 1)), EAST_VILLAGE))
    (warning,) = change.warnings
    assert (warning.code, warning.reason) == ("NOT_ADJACENT", "far-from-county")
    assert_told(warning)
    assert shapely.get_num_geometries(after.outline) == 2
