"""Moving a node in every cell that shares it, and what is refused."""

from __future__ import annotations

import pytest
import shapely

from gis.cells.editing.operations import Merge, MoveNode, Reshape
from tests.gis.cells.editing.grids import code_at, done, exact_area, labels, place, refusals, refused, shape, tilted


def test_moving_a_node_shared_by_three_cells_moves_it_in_all() -> None:
    merged, _ = done(tilted(), Merge((code_at(0, 0), code_at(1, 0)), code_at(0, 0)))
    after, change = done(merged, MoveNode(place(1, 1), place(1.2, 1.3)))
    assert change.nodes_shared == 3
    assert change.written.keys() == {code_at(0, 0), code_at(0, 1), code_at(1, 1)}
    for code in change.written:
        assert place(1.2, 1.3) in after.cells[code].polygon.exterior.coords


def test_moving_a_node_shared_by_four_cells() -> None:
    _, change = done(tilted(), MoveNode(place(1, 1), place(1.2, 1.3)))
    assert change.nodes_shared == 4
    assert change.written.keys() == {code_at(x, y) for x in (0, 1) for y in (0, 1)}


def test_a_node_is_moved_by_5_cm_and_onto_another_one_within_10_cm() -> None:
    grid = tilted()
    after, _ = done(grid, MoveNode(place(1, 1), place(1 + 0.05 / 400, 1)))
    assert place(1 + 0.05 / 400, 1) in after.cells[code_at(0, 0)].polygon.exterior.coords
    bent, _ = done(grid, Reshape(code_at(1, 1), shape((1, 1), (1.5, 1.1), (2, 1), (2, 2), (1, 2))))
    after, _ = done(bent, MoveNode(place(1.5, 1.1), place(2 - 0.05 / 400, 1)))
    assert shapely.get_num_coordinates(after.cells[code_at(1, 1)].polygon) == 5


def test_a_node_at_the_outline_slides_along_it() -> None:
    grid = tilted()
    after, change = done(grid, MoveNode(place(1, 0), place(1.3, 0)))
    assert change.nodes_shared == 2
    assert change.written.keys() == {code_at(0, 0), code_at(1, 0)}
    assert exact_area(after.outline) == exact_area(grid.outline)


@pytest.mark.parametrize(("way", "code"), [(-0.2, "OUTSIDE_COUNTY"), (0.2, "GAP")])
def test_crossing_the_county_border_with_a_node_is_refused(way: float, code: str) -> None:
    issues = refusals(tilted(), MoveNode(place(1, 0), place(1.3, way)))
    assert [(issue.code, issue.cells, labels(issue)) for issue in issues] == [
        (code, (code_at(0, 0),), ["along-border"]),
        (code, (code_at(1, 0),), ["along-border"]),
    ]


def test_overlap_a_node_moved_over_another_border_is_refused() -> None:
    issues = refusals(tilted(), MoveNode(place(1, 1), place(2.2, 2.4)))
    assert {issue.code for issue in issues} == {"OVERLAP"}
    assert {tuple(labels(issue)) for issue in issues} == {("less-far",)}


def test_self_intersection_by_a_node_is_refused() -> None:
    bent, _ = done(tilted(), Reshape(code_at(1, 1), shape((1, 1), (2, 1), (2, 2), (1, 2), (0.3, 1.5))))
    issue = refused(bent, MoveNode(place(0.3, 1.5), place(0.3, 2.4)))
    assert (issue.code, issue.cells, labels(issue)) == ("SELF_INTERSECTION", (code_at(0, 1),), ["less-far"])


def test_a_node_that_is_none_is_refused_and_the_nearest_is_proposed() -> None:
    issue = refused(tilted(), MoveNode(place(1.1, 1.05), place(1.2, 1.3)))
    assert (issue.code, labels(issue)) == ("UNKNOWN_NODE", ["nearest-node"])
