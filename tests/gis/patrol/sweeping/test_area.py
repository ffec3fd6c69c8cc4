"""Which streets of an area are swept: cut at the border, what is left out told in metres."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import shapely

from gis.errors import BadInput
from gis.patrol.network import Mode, Network
from gis.patrol.sweeping.area import ground_of
from gis.patrol.sweeping.asked import parse_sweep
from gis.patrol.sweeping.lines import line_of
from gis.patrol.sweeping.request import Ground, Unswept
from gis.patrol.sweeping.sweep import sweep
from tests.gis.patrol.sweeping.towns import EAST_M, LAT, LON, NORTH_M, lattice, town


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(LON + west / EAST_M, LAT + south / NORTH_M, LON + east / EAST_M, LAT + north / NORTH_M)


def street_m(ground: Ground) -> float:
    return float(ground.network.length_m[ground.required].sum())


def gap_m(ground: Ground, why: Unswept) -> float:
    return sum(gap.metres for gap in ground.left_out if gap.why is why)


def test_a_street_is_cut_where_it_leaves_the_area() -> None:
    """A grid of 100 m; the area ends 50 m beyond the second crossing: there the walk turns round."""
    ground = ground_of(lattice(4, 4), Mode.foot, box(-10, -10, 150, 110))
    # Inside: 2 × 100 m across and 2 × (100 + 50 + 5) m along; 5 m and 50 m north of the second row.
    assert street_m(ground) == pytest.approx(2 * 155 + 2 * 100, abs=1)
    assert gap_m(ground, Unswept.border) == pytest.approx(2 * 15, abs=1)  # the first 10 + 5 m north of the second row
    found = sweep(ground.network, Mode.foot, ground.required)
    xy = line_of(ground.network, found.walks[0])
    assert xy[0] == pytest.approx(xy[-1])
    assert found.walks[0].metres == pytest.approx(2 * 155 + 200 + 110, abs=1)
    whole = ground_of(lattice(4, 4), Mode.car, box(-10, -10, 150, 110))
    assert street_m(whole) == pytest.approx(600, abs=1)
    assert whole.beyond_m == pytest.approx(2 * 45, abs=1)


def test_a_street_along_the_border_is_of_both_sides_and_a_short_end_is_walked() -> None:
    network = lattice(3, 3)
    for area in (box(-10, -10, 210, 100), box(-10, 100, 210, 210)):
        ground = ground_of(network, Mode.foot, area)
        assert street_m(ground) == pytest.approx(2 * 200 + 3 * 100, abs=1)
    ground = ground_of(network, Mode.foot, box(-10, -10, 185, 110))  # 10 m of 100 are outside
    assert ground.beyond_m == pytest.approx(2 * 10, abs=1)


def test_what_is_not_connected_or_not_open_is_told() -> None:
    network = town(
        [(0, 0), (100, 0), (50, 50), (90, 50), (0, 90), (60, 90)],
        [(0, 1, 100.0), (2, 3, 40.0), (4, 5, 60.0), (4, 0, 90.0)],
    )
    seconds = dict(network.seconds)
    seconds[Mode.car] = np.where(network.edge == 3, np.inf, seconds[Mode.car])
    network = dataclasses.replace(network, seconds=seconds)
    on_foot = ground_of(network, Mode.foot, box(-20, -20, 120, 120))
    assert street_m(on_foot) == pytest.approx(250)
    assert gap_m(on_foot, Unswept.no_way) == pytest.approx(40)
    by_car = ground_of(network, Mode.car, box(-20, -20, 120, 120))
    assert street_m(by_car) == pytest.approx(100)
    assert gap_m(by_car, Unswept.mode) == pytest.approx(90)
    assert gap_m(by_car, Unswept.no_way) == pytest.approx(100)


def test_walks_begin_where_the_street_is_nearest_to_the_start() -> None:
    network = lattice(4, 4)
    here = (LON + 350 / EAST_M, LAT + 40 / NORTH_M)
    ground = ground_of(network, Mode.foot, box(-10, -10, 110, 110), here)
    assert ground.start is not None
    place = (ground.network.lon[ground.start], ground.network.lat[ground.start])
    assert place == pytest.approx((LON + 300 / EAST_M, LAT + 40 / NORTH_M), abs=1e-6)
    found = sweep(ground.network, Mode.foot, ground.required, ground.start)
    assert line_of(ground.network, found.walks[0])[0] == pytest.approx(place)
    with pytest.raises(BadInput, match=r"start: is 7.. m from the nearest"):
        ground_of(network, Mode.foot, box(-10, -10, 110, 110), (LON + 1000 / EAST_M, LAT))


def test_an_area_without_streets_gives_nothing() -> None:
    empty: Network = town([], [])
    for network in (lattice(2, 2), empty):
        ground = ground_of(network, Mode.foot, box(500, 500, 600, 600), (LON, LAT))
        assert len(ground.required) == 0
        assert ground.start is None
        assert ground.left_out == ()
    with pytest.raises(BadInput, match="polygon"):
        ground_of(empty, Mode.foot, shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))


RING = [[[0, 0], [1, 0], [1, 1], [0, 0]]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ({}, "area"),
        ({"area": "990101", "polygon": {"type": "Polygon", "coordinates": RING}}, "area"),
        ({"area": "99"}, "area"),
        ({"area": "990101", "mode": "boat"}, "mode"),
        ({"area": "990101", "shift": 5}, "shift"),
        ({"area": "990101", "shift_minutes": 5}, "shift_minutes"),
        ({"area": "990101", "shift_minutes": True}, "shift_minutes"),
        ({"area": "990101", "speed_kmh": 500}, "speed_kmh"),
        ({"area": "990101", "start": [1, 2]}, "start"),
        ({"area": "990101", "start": {"lon": 1, "lat": 95}}, "start.lat"),
        ({"polygon": {"type": "Point", "coordinates": [1, 2]}}, "polygon"),
        ({"polygon": {"type": "Polygon", "coordinates": [[[0, 0]]]}}, "polygon"),
        ({"polygon": {"type": "Polygon", "coordinates": [[["a", 0], [1, 1], [2, 0], ["a", 0]]]}}, "polygon"),
        ({"polygon": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}}, "polygon"),
        ({"polygon": {"type": "Polygon", "coordinates": [[[0, 0], [500, 0], [500, 9], [0, 0]]]}}, "polygon"),
    ],
)
def test_a_request_that_cannot_be_used_names_the_member(body: object, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_sweep(body)
    assert refused.value.field == field


def test_a_request_is_read() -> None:
    asked = parse_sweep({"polygon": {"type": "Polygon", "coordinates": RING}, "shift_minutes": 240, "speed_kmh": 3.6})
    assert asked.mode is Mode.foot
    assert asked.shift_s == 14_400
    assert asked.speed_mps == 1
    assert asked.polygon is not None
