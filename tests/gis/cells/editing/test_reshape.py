"""Another polygon for a cell: who gains, who gives, and what is refused with which piece and proposals."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import Polygon

from gis.cells.editing.edit import apply
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import Reshape
from tests.gis.cells.editing.grids import (
    EAST_VILLAGE,
    WEST_VILLAGE,
    assert_told,
    code_at,
    done,
    labels,
    no_code,
    place,
    refused,
    shape,
    tilted,
)


def test_reshape_takes_from_neighbours_and_gives_to_the_longest_common_border() -> None:
    grid = tilted()
    middle, west, east, north = code_at(1, 1), code_at(0, 1), code_at(2, 1), code_at(1, 2)
    after, change = done(grid, Reshape(middle, shape((0.7, 1), (1.9, 1), (1.9, 2), (0.7, 2))))
    # Beside the three cells, those north and south of them got a node.
    assert change.written.keys() == {middle, west, east, *(code_at(x, y) for x in (0, 1) for y in (0, 2))}
    assert after.cells[west].polygon.area == pytest.approx(0.7 * grid.cells[west].polygon.area, rel=1e-4)
    assert after.cells[east].polygon.area == pytest.approx(1.1 * grid.cells[east].polygon.area, rel=1e-4)
    assert after.cells[north].polygon.area == pytest.approx(grid.cells[north].polygon.area, rel=1e-6)
    (warning,) = change.warnings
    assert (warning.code, warning.severity) == ("OTHER_VILLAGE", "warning")
    assert warning.values == {"by": WEST_VILLAGE, "to": EAST_VILLAGE}
    assert_told(warning)


@pytest.mark.parametrize("decimals", [6, 7])
def test_a_border_drawn_again_with_fewer_decimals_stays_where_it_is(decimals: int) -> None:
    grid = tilted()
    again = Polygon(np.round(grid.cells[code_at(1, 1)].polygon.exterior.coords, decimals))
    change = apply(grid, Reshape(code_at(1, 1), again), no_code)
    assert (change.written, change.outline) == ({}, None)


def test_sliver_strips_of_a_border_that_wavers_stay_where_they_were_and_are_told() -> None:
    """Nodes 12 cm off in turn are not snapped; the strips on both sides are thinner than 0.1 m."""
    west_side = [place(1 + (-1) ** k * 0.12 / 400, 2 - k / 10) for k in range(1, 10)]
    wavering = Polygon([place(1, 1), place(2, 1), place(2, 2), place(1, 2), *west_side])
    change = apply(tilted(), Reshape(code_at(1, 1), wavering), no_code)
    assert change.written == {}
    (warning,) = change.warnings
    assert (warning.code, warning.reason, warning.severity) == ("SLIVER", "strips-kept", "warning")
    assert 5 < warning.area_m2 < 40
    assert_told(warning)


def test_sliver_a_neighbour_left_as_a_strip_is_refused() -> None:
    over = shape((0, 1), (1, 1), (2, 1), (2, 2), (1, 2), (0.15 / 400, 2))
    issue = refused(tilted(), Reshape(code_at(1, 1), over))
    assert (issue.code, issue.reason, issue.cells) == ("SLIVER", "too-thin", (code_at(0, 1),))
    assert issue.area_m2 == pytest.approx(0.15 * 400 / 2, rel=0.2)
    assert labels(issue) == ["merge"]  # to leave that cell out would change nothing


def test_sliver_a_strip_that_would_be_cut_off_goes_to_the_longest_border() -> None:
    corner = 2 - 0.15 / 400
    tongue = shape((1, 1), (2, 1), (2, 2), (1, 2), (1, corner), (0.5, 2), (0.5, 1.5), (1, 1.5))
    after, _ = done(tilted(), Reshape(code_at(1, 1), tongue))
    assert after.cells[code_at(0, 1)].polygon.distance(shapely.Point(place(1, corner))) > 1e-4


def test_overlap_a_neighbour_that_would_vanish_is_refused() -> None:
    grid = tilted()
    issue = refused(grid, Reshape(code_at(1, 1), shape((0, 1), (1, 1), (2, 1), (1.8, 2), (1, 2), (0, 2))))
    assert (issue.code, issue.reason, issue.cells) == ("OVERLAP", "vanishes", (code_at(0, 1),))
    assert issue.piece.equals(grid.cells[code_at(0, 1)].polygon)  # type: ignore[attr-defined]
    assert labels(issue) == ["leave-out", "merge"]


def test_multipart_a_neighbour_that_would_be_cut_in_two_is_refused() -> None:
    grid = tilted()
    tongue = shape((1, 1), (2, 1), (2, 2), (1, 2), (1, 1.7), (0, 1.7), (0, 1.4), (1, 1.4))
    issue = refused(grid, Reshape(code_at(1, 1), tongue))
    assert (issue.code, issue.reason, issue.cells) == ("MULTIPART", "falls-apart", (code_at(0, 1),))
    assert issue.area_m2 == pytest.approx(0.3 * grid.measure.area_m2(grid.cells[code_at(0, 0)].polygon), rel=0.01)
    assert labels(issue) == ["take-rest"]


def test_gap_a_hole_that_nobody_would_have_is_refused() -> None:
    ring = shape((1, 1), (2, 1), (2, 2), (1, 2)).exterior
    hole = shape((1.4, 1.4), (1.6, 1.4), (1.6, 1.6), (1.4, 1.6))
    issue = refused(tilted(), Reshape(code_at(1, 1), Polygon(ring, [hole.exterior])))
    assert (issue.code, issue.reason, issue.cells) == ("GAP", "left-over", (code_at(1, 1),))
    assert issue.piece.equals(hole)  # type: ignore[attr-defined]
    assert labels(issue) == ["own-cell"]  # to keep the hole would change nothing


def test_gap_land_at_the_outline_that_no_neighbour_borders_on_is_refused() -> None:
    notched = shape((1, 0), (1.4, 0), (1.4, 0.3), (1.6, 0.3), (1.6, 0), (2, 0), (2, 1), (1.5, 1.2), (1, 1))
    issue = refused(tilted(), Reshape(code_at(1, 0), notched))
    assert (issue.code, labels(issue)) == ("GAP", ["keep-piece", "own-cell"])


def test_crossing_the_county_border_is_refused_and_cut_at_it() -> None:
    grid = tilted()
    issue = refused(grid, Reshape(code_at(1, 0), shape((1, -0.5), (2, -0.5), (2, 1), (1.5, 1.2), (1, 1))))
    assert (issue.code, issue.reason, issue.cells) == ("OUTSIDE_COUNTY", "outside", (code_at(1, 0),))
    beyond = shape((1, -0.5), (2, -0.5), (2, 0), (1, 0))
    assert issue.area_m2 == pytest.approx(grid.measure.area_m2(beyond), rel=0.001)
    assert labels(issue) == ["cut-at-county"]


def test_crossing_the_county_border_by_5_cm_is_rounding() -> None:
    over = -0.05 / 400
    after, change = done(tilted(), Reshape(code_at(1, 0), shape((1, over), (2, over), (2, 1), (1.5, 1.2), (1, 1))))
    assert change.outline is None
    assert after.outline.equals(tilted().outline)  # type: ignore[attr-defined]


def test_a_reshape_that_has_nothing_in_common_with_the_cell_is_refused() -> None:
    issue = refused(tilted(), Reshape(code_at(0, 0), shape((3.2, 1.2), (3.8, 1.2), (3.8, 1.8))))
    assert (issue.code, issue.reason) == ("NOT_ADJACENT", "nothing-kept")


def test_self_intersection_of_a_polygon_is_refused_and_untangled() -> None:
    bow_tie = shape((1, 1), (2, 2), (2, 1), (1, 2.2))
    assert shapely.coverage_is_valid([bow_tie])  # why is_valid is asked for too
    issue = refused(tilted(), Reshape(code_at(1, 1), bow_tie))
    assert (issue.code, labels(issue)) == ("SELF_INTERSECTION", ["untangle"])
    assert shapely.distance(issue.piece, bow_tie.boundary) < 1e-9


@pytest.mark.parametrize(
    "polygon",
    [
        Polygon(),
        Polygon([place(1, 1), place(1.5, 1), place(1.5, 1), place(1, 1)]),
        Polygon([place(1, 1), place(2, 1), (float("inf"), 34.5), place(1, 1)]),
        Polygon([place(1, 1), place(2, 1), place(2, 2)], [[place(3, 1), place(4, 1), place(4, 2)]]),
    ],
    ids=["empty", "without area", "not finite", "hole outside"],
)
def test_invalid_rings_are_refused(polygon: Polygon) -> None:
    with pytest.raises(Refused) as caught:
        apply(tilted(), Reshape(code_at(1, 1), polygon), no_code)
    (issue,) = caught.value.issues
    assert issue.code == "INVALID_RING"
    assert issue.geojson()["properties"]["sentence"]["zh"].startswith("INVALID_RING: 所画多边形")


def test_a_hole_within_reach_of_one_node_is_settled() -> None:
    """All its nodes would go to that node, and nothing would be left of its ring."""
    grid = tilted()
    off = 0.05 / 400  # 5 cm
    hole = [place(1 - off, 1), place(1 + off, 1 - off), place(1 + off, 1 + off)]
    polygon = Polygon([place(0.7, 0.7), place(1.9, 0.7), place(1.9, 2), place(0.7, 2)], [hole])
    after, change = done(grid, Reshape(code_at(1, 1), polygon))
    assert [warning.code for warning in change.warnings if warning.code == "SLIVER"] == ["SLIVER"]
    assert after.cells[code_at(1, 1)].polygon.area == pytest.approx(polygon.area, rel=1e-3)
