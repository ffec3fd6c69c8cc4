"""The token of an answer changes with what it touches, and with nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.storage.revisions import CountyState, Touch, token

SIDE = 5
NOW = datetime(2026, 11, 20, 10, 1)


def county(revisions: list[int] | None = None, whole: bytes = b"w", number: int = 990101) -> CountyState:
    """5 × 5 square cells of one degree, numbered row by row."""
    codes = np.array([number * 10**9 + 1_000_000 + n for n in range(SIDE * SIDE)], np.int64)
    corners = np.array([(n % SIDE, n // SIDE) for n in range(SIDE * SIDE)], np.float64)
    bounds = np.hstack([corners, corners + 1])
    filled = np.array(revisions or [1] * SIDE * SIDE, np.int64)
    return CountyState(number, (tuple(filled), whole), whole, (), codes, filled, np.ones(SIDE * SIDE, np.int64), bounds)


def raised(cell: int) -> CountyState:
    revisions = [1] * SIDE * SIDE
    revisions[cell] = 2
    return county(revisions)


coordinate = st.floats(-1, 6, allow_nan=False)


@given(
    cell=st.integers(0, SIDE * SIDE - 1),
    corner=st.tuples(coordinate, coordinate),
    size=st.tuples(st.floats(0, 3), st.floats(0, 3)),
)
def test_a_box_is_touched_by_the_cells_that_meet_it(
    cell: int, corner: tuple[float, float], size: tuple[float, float]
) -> None:
    box = (corner[0], corner[1], corner[0] + size[0], corner[1] + size[1])
    touch = Touch((box,))
    x, y = cell % SIDE, cell // SIDE
    meets = box[0] <= x + 1 and box[2] >= x and box[1] <= y + 1 and box[3] >= y
    assert (token([county()], touch, NOW) != token([raised(cell)], touch, NOW)) == meets


@pytest.mark.parametrize(
    ("area", "touched"),
    [(None, True), ("990101", True), ("990101001", True), ("990101001000003", True), ("990101001000004", False)],
)
def test_an_area_is_touched_by_its_cells(area: str | None, touched: bool) -> None:
    touch = Touch(area=area)
    assert (token([county()], touch, NOW) != token([raised(3)], touch, NOW)) == touched


def test_other_counties_do_not_count() -> None:
    touch = Touch(area="990101")
    other = county(number=990102)
    assert token([county()], touch, NOW) == token([county(), other], touch, NOW)
    assert token([county(), other], Touch(), NOW) != token([county()], Touch(), NOW)


def test_the_day_and_the_county_count_only_where_they_matter() -> None:
    later, tomorrow = NOW + timedelta(minutes=15), NOW + timedelta(days=1)
    assert token([county()], Touch(), NOW) == token([county()], Touch(), tomorrow)
    assert token([county()], Touch(today=True), NOW) == token([county()], Touch(today=True), later)
    assert token([county()], Touch(today=True), NOW) != token([county()], Touch(today=True), tomorrow)
    assert token([county()], Touch(quarter=True), NOW) == token([county()], Touch(quarter=True), NOW)
    assert token([county()], Touch(quarter=True), NOW) != token([county()], Touch(quarter=True), later)
    renamed = county(whole=b"other")
    assert token([county()], Touch(), NOW) == token([renamed], Touch(), NOW)
    assert token([county()], Touch(county=True), NOW) != token([renamed], Touch(county=True), NOW)
    streets = Touch(cells=False, county=True)
    assert token([county()], streets, NOW) == token([raised(1)], streets, NOW)


def test_two_boxes() -> None:
    touch = Touch(((0.2, 0.2, 0.4, 0.4), (4.2, 4.2, 4.4, 4.4)))
    assert token([county()], touch, NOW) != token([raised(0)], touch, NOW)
    assert token([county()], touch, NOW) != token([raised(24)], touch, NOW)
    assert token([county()], touch, NOW) == token([raised(12)], touch, NOW)


def test_the_search_tree_is_kept_while_shapes_are() -> None:
    state = county()
    tree = state.tree
    later = state.with_revisions(("x",), b"w", (), state.revisions + 1, ())
    assert later.tree is tree
    assert later.revisions[0] == 2
    assert state.same_shapes(state.codes, state.versions)
    assert not state.same_shapes(state.codes, state.versions + 1)


def test_a_county_without_cells() -> None:
    empty = np.zeros(0, np.int64)
    state = CountyState(1, (), b"", (), empty, empty, empty, np.zeros((0, 4)))
    assert state.extent is None
    assert not state.meets(Touch(((0, 0, 1, 1),)))
    assert state.meets(Touch())
