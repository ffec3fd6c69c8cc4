"""The datum guard: what it sees, and that it stays quiet about honest files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gis.crs import Datum, Pair, from_wgs84
from gis.errors import WrongPlace
from gis.exchange.datum import (
    hinted,
    offset_of_points,
    offset_of_shapes,
    offset_within,
    refuse_arctic,
    refuse_elsewhere,
)

SCRAMBLED = (Datum.gcj02, Datum.bd09)
# A county with a ragged border, some 30 km wide, anywhere in China.
places = st.tuples(st.floats(85, 125), st.floats(22, 45))


def ragged(place: tuple[float, float], seed: int) -> Any:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 200))
    radius = 0.15 * (1 + 0.3 * np.cumsum(rng.normal(0, 0.05, 200)).clip(-1, 1))
    xy = np.column_stack([place[0] + radius * np.cos(angle), place[1] + radius * np.sin(angle)])
    return shapely.make_valid(shapely.Polygon(xy))


def doors(area: Any, number: int, seed: int) -> Pair:
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.bounds(area)
    lon, lat = rng.uniform(west, east, 3 * number), rng.uniform(south, north, 3 * number)
    inside = shapely.contains_xy(area, lon, lat)
    return lon[inside][:number], lat[inside][:number]


def shift_m(points: Pair) -> float:
    """How far GCJ-02 moves these places."""
    lon, lat = from_wgs84(Datum.gcj02, *points)
    return float(np.median(np.hypot((lon - points[0]) * 90_000, (lat - points[1]) * 111_000)))


def within(points: Pair, declared: Datum, area: Any) -> Any:
    return offset_within(points, declared, np.array([area], dtype=object), np.zeros(len(points[0]), dtype=np.int64))


@pytest.mark.parametrize("datum", SCRAMBLED)
@settings(max_examples=25, deadline=None)
@given(place=places, seed=st.integers(0, 99))
def test_a_scrambled_county_is_seen_from_its_border_alone(datum: Datum, place: tuple[float, float], seed: int) -> None:
    area = ragged(place, seed)
    true = doors(area, 4000, seed)
    assume(shift_m(true) > 100)
    found = within(from_wgs84(datum, *true), Datum.wgs84, area)
    assert found is not None
    assert found.datum is datum
    assert within(from_wgs84(datum, *true), datum, area) is None


@settings(max_examples=50, deadline=None)
@given(place=places, seed=st.integers(0, 99), beyond=st.floats(0, 0.05))
def test_honest_doors_are_left_alone(place: tuple[float, float], seed: int, beyond: float) -> None:
    """Also where the file holds doors of the neighbouring counties, all around."""
    area = ragged(place, seed)
    true = doors(area.buffer(beyond), 4000, seed)
    assert within(true, Datum.wgs84, area) is None
    assert within(true, Datum.cgcs2000, area) is None


@settings(max_examples=25, deadline=None)
@given(place=places, seed=st.integers(0, 99))
def test_doors_that_were_undone_twice_are_seen(place: tuple[float, float], seed: int) -> None:
    area = ragged(place, seed)
    true = doors(area, 4000, seed)
    assume(shift_m(true) > 100)
    found = within(true, Datum.gcj02, area)
    assert found is not None
    assert found.datum is Datum.wgs84


@pytest.mark.parametrize("datum", SCRAMBLED)
@settings(max_examples=25, deadline=None)
@given(place=places, seed=st.integers(0, 99), noise_m=st.floats(0, 30))
def test_known_doorplates_show_it_with_three_of_them(
    datum: Datum, place: tuple[float, float], seed: int, noise_m: float
) -> None:
    rng = np.random.default_rng(seed)
    known = doors(ragged(place, seed), 3, seed)
    assume(len(known[0]) == 3)  # a thin outline may hold fewer
    noise = rng.normal(0, noise_m / 111_000 / 3, (2, 3))
    assume(shift_m(known) > 100)
    given_ = from_wgs84(datum, known[0] + noise[0], known[1] + noise[1])
    found = offset_of_points(given_, Datum.wgs84, known)
    assert found is not None
    assert found.datum is datum
    assert offset_of_points(given_, datum, known) is None
    assert offset_of_points((given_[0][:2], given_[1][:2]), Datum.wgs84, (known[0][:2], known[1][:2])) is None


def test_doors_that_were_surveyed_anew_are_left_alone() -> None:
    """300 m off, but in all directions."""
    rng = np.random.default_rng(2)
    known = doors(ragged((104.0, 34.5), 2), 200, 2)
    angle = rng.uniform(0, 2 * np.pi, 200)
    moved = known[0] + 0.003 * np.cos(angle), known[1] + 0.003 * np.sin(angle)
    assert offset_of_points(moved, Datum.wgs84, known) is None


@pytest.mark.parametrize("datum", SCRAMBLED)
def test_a_single_known_shape_is_enough(datum: Datum) -> None:
    county = ragged((104.0, 34.5), 7)
    moved = shapely.transform(county, lambda xy: np.column_stack(from_wgs84(datum, xy[:, 0], xy[:, 1])))
    point = shapely.get_coordinates(moved)[0]
    found = offset_of_shapes({"1": moved}, {"1": (point[0], point[1])}, Datum.wgs84, {"1": county})
    assert found is not None
    assert found.datum is datum


def test_a_border_that_was_moved_is_no_offset() -> None:
    """A cell that gained a strip: its middle moved 400 m, its shape is another."""
    before = shapely.box(104, 34.5, 104.02, 34.52)
    after = shapely.box(104, 34.5, 104.029, 34.52)
    assert offset_of_shapes({"1": after}, {"1": (104.01, 34.51)}, Datum.wgs84, {"1": before}) is None


def test_an_offset_that_no_datum_explains() -> None:
    known = doors(ragged((104.0, 34.5), 3), 50, 3)
    found = offset_of_points((known[0] - 0.001, known[1]), Datum.wgs84, known)
    assert found is not None
    assert found.datum is None
    assert "sits 92 m to the west of its place" in found.sentence("a.csv")
    assert "neither GCJ-02 nor BD-09 explains it" in found.sentence("a.csv")


def test_outside_china_no_datum_is_suspected() -> None:
    area = shapely.box(9.4, 47.0, 9.6, 47.2)
    assert within((np.linspace(9.3, 9.7, 500), np.full(500, 47.1)), Datum.wgs84, area) is None


def test_a_file_of_another_place() -> None:
    area = shapely.box(104, 34, 105, 35)
    x, y = np.full(10, 104.5), np.full(10, 34.5)
    refuse_elsewhere(x, y, area, "a.csv", "621126")
    refuse_elsewhere(np.array([]), np.array([]), area, "a.csv", "621126")
    with pytest.raises(WrongPlace, match="only the other way round"):
        refuse_elsewhere(y, x, area, "a.csv", "621126")
    with pytest.raises(WrongPlace, match="far from county 621126"):
        refuse_elsewhere(x + 5, y, area, "a.csv", "621126")


def test_western_china_with_swapped_axes() -> None:
    """43.8° E, 87.6° N is sea ice; Ürümqi is at 87.6° E, 43.8° N."""
    with pytest.raises(WrongPlace, match="swapped"):
        refuse_arctic(np.array([43.8, np.nan]), np.array([87.6, np.nan]), "a.csv")
    refuse_arctic(np.array([87.6]), np.array([43.8]), "a.csv")


@pytest.mark.parametrize(
    ("heading", "datum"),
    [
        ("经度(GCJ02)", Datum.gcj02),
        ("高德经度", Datum.gcj02),
        ("bd09_lng", Datum.bd09),
        ("百度坐标", Datum.bd09),
        ("经度", None),
    ],
)
def test_headings_that_name_a_datum(heading: str, datum: Datum | None) -> None:
    assert hinted(["lat", heading]) == datum
