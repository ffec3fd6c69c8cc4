"""A snap point stands for eight dwellings and lies at nobody's door."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.disputes.snapping import CLEAR_M, MIN_DWELLINGS, Doors, SnapPoints, snap_points
from gis.errors import BadInput, NotFound

VILLAGE = "110101001001"
SIDE_M = 600.0


def grid(count: int, villages: int = 1) -> dict[str, shapely.Polygon]:
    """Square cells in a row for each village."""
    return {
        f"{VILLAGE[:-1]}{village + 1}{cell + 1:03}": shapely.box(
            cell * SIDE_M, village * SIDE_M, (cell + 1) * SIDE_M, (village + 1) * SIDE_M
        )
        for village in range(villages)
        for cell in range(count)
    }


def made(cells: dict[str, shapely.Polygon], seed: int, counts: list[int], flats: bool) -> Doors:
    """Doors at random places of the cells, some of them on the nodes of the points' grid; blocks where `flats`."""
    rng = np.random.default_rng(seed)
    codes, x, y, dwellings = [], [], [], []
    for (code, cell), count in zip(cells.items(), counts, strict=True):
        west, south, east, north = cell.bounds
        places = rng.uniform((west + 1, south + 1), (east - 1, north - 1), (count, 2))
        on_node = rng.random(count) < 0.3
        places[on_node] = np.clip(np.round(places[on_node] / 50) * 50, (west + 1, south + 1), (east - 1, north - 1))
        codes += [code] * count
        x += places[:, 0].tolist()
        y += places[:, 1].tolist()
        dwellings += rng.choice([1, 1, 1, 2, 24] if flats else [1], count).tolist()
    return Doors(codes, np.array(x), np.array(y), np.array(dwellings, np.int64))


def who_ends_where(doors: Doors, found: SnapPoints) -> dict[tuple[str, float, float], int]:
    """The dwellings whose reports end at each point."""
    ends: dict[tuple[str, float, float], int] = {}
    for code, x, y, number in zip(doors.cells, doors.x, doors.y, doors.dwellings, strict=True):
        point = found.snap(code, x, y)
        key = (point.area, point.x, point.y)
        ends[key] = ends.get(key, 0) + int(number)
    return ends


@given(
    seed=st.integers(0, 2**32 - 1),
    counts=st.lists(st.sampled_from((0, 1, 3, 7, 8, 20, 120)), min_size=6, max_size=6),
    flats=st.booleans(),
)
def test_at_every_point_end_the_reports_of_eight_dwellings(seed: int, counts: list[int], flats: bool) -> None:
    cells = grid(3, villages=2)
    doors = made(cells, seed, counts, flats)
    if doors.dwellings.sum() < MIN_DWELLINGS:
        with pytest.raises(BadInput, match="fewer than 8"):
            snap_points(doors, cells)
        return
    found = snap_points(doors, cells)
    ends = who_ends_where(doors, found)
    assert all(number >= MIN_DWELLINGS for number in ends.values())
    listed = {(p.area, p.x, p.y): p.dwellings for points in found.points.values() for p in points}
    assert {key: number for key, number in listed.items() if number} == ends
    assert set(found.area_of) == set(cells)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(8, 150), flats=st.booleans())
def test_no_point_lies_at_a_door_that_could_be_told_apart(seed: int, count: int, flats: bool) -> None:
    cells = grid(2)
    doors = made(cells, seed, [count, 3], flats)
    single = doors.dwellings < MIN_DWELLINGS
    for points in snap_points(doors, cells).points.values():
        for point in points:
            away = np.hypot(doors.x[single] - point.x, doors.y[single] - point.y)
            assert away.min(initial=np.inf) > CLEAR_M - 1e-6
            assert point.x % 10 == point.y % 10 == 0


@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_doors_does_not_matter(seed: int) -> None:
    cells = grid(2)
    doors = made(cells, seed, [60, 4], True)
    order = np.random.default_rng(seed).permutation(len(doors.x))
    shuffled = Doors([doors.cells[at] for at in order], doors.x[order], doors.y[order], doors.dwellings[order])
    assert snap_points(doors, cells) == snap_points(shuffled, cells)


def test_a_point_lies_in_its_cell_and_there_are_many() -> None:
    cells = grid(1)
    found = snap_points(made(cells, 7, [300], False), cells)
    (code, points), *rest = found.points.items()
    assert not rest
    assert 10 <= len(points) <= 300 / MIN_DWELLINGS
    assert all(shapely.contains_xy(cells[code], point.x, point.y) for point in points)


def test_a_small_cell_is_kept_at_the_village_without_its_cell_and_not_alone() -> None:
    cells = grid(3)
    small, middle, large = cells
    found = snap_points(made(cells, 1, [3, 10, 200], False), cells)
    assert found.area_of == {small: VILLAGE, middle: VILLAGE, large: large}
    (point,) = found.points[VILLAGE]
    assert point.dwellings == 13
    assert found.snap(small, 1.0, 1.0) == found.snap(middle, 700.0, 1.0) == point


def test_an_empty_cell_takes_nobody_with_it() -> None:
    cells = grid(3)
    empty, middle, large = cells
    found = snap_points(made(cells, 1, [0, 10, 200], False), cells)
    assert found.area_of == {empty: VILLAGE, middle: middle, large: large}
    assert found.points[VILLAGE][0].dwellings == 0


def test_a_village_too_small_is_kept_at_the_town() -> None:
    cells = grid(2, villages=2)
    found = snap_points(made(cells, 1, [2, 3, 30, 40], False), cells)
    tiny_one, tiny_other, smaller, larger = cells
    town = VILLAGE[:9]
    assert found.area_of == {tiny_one: town, tiny_other: town, smaller: town, larger: larger}
    assert found.points[town][0].dwellings == 35


def test_a_narrow_cell_still_has_a_point_inside() -> None:
    code = f"{VILLAGE}001"
    lane = shapely.box(3.0, 0.0, 7.0, 400.0)
    y = np.linspace(2, 398, 40)
    found = snap_points(Doors([code] * 40, np.full(40, 5.0), y, np.ones(40, np.int64)), {code: lane})
    assert all(shapely.contains_xy(lane, point.x, point.y) for point in found.points[code])
    assert sum(point.dwellings for point in found.points[code]) == 40


def test_one_block_of_flats_is_one_point() -> None:
    cells = grid(1)
    (code,) = cells
    found = snap_points(Doors([code], np.array([123.0]), np.array([321.0]), np.array([60])), cells)
    (point,) = found.points[code]
    assert (point.x, point.y, point.dwellings) == (100.0, 300.0, 60)


def test_nothing_and_nowhere() -> None:
    nobody = Doors([], np.array([]), np.array([]), np.array([], np.int64))
    assert snap_points(nobody, {}) == SnapPoints({}, {})
    with pytest.raises(BadInput, match="fewer than 8 dwellings"):
        snap_points(nobody, grid(1))
    with pytest.raises(BadInput, match="is not there"):
        snap_points(Doors(["x"], np.array([1.0]), np.array([1.0]), np.array([9])), grid(1))
    with pytest.raises(NotFound):
        snap_points(made(grid(1), 1, [20], False), grid(1)).snap("110101001001999", 1.0, 1.0)
