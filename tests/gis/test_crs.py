"""CRS and datums: round trips to the micrometre, known points, and refusals where PROJ would be silently wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from gis.crs import STORED, Datum, from_wgs84, in_gcj_area, metric_crs, parse_crs, to_metric, to_stored, to_wgs84
from gis.errors import WrongPlace

SCRAMBLED = (Datum.gcj02, Datum.bd09)
MILLIMETRE_DEG = 1e-3 / 111_320


@pytest.mark.parametrize("datum", SCRAMBLED)
@given(lon=st.floats(72.02, 137.8), lat=st.floats(0.85, 55.8))
def test_inverse_undoes_the_distortion_to_below_a_millimetre(datum: Datum, lon: float, lat: float) -> None:
    back_lon, back_lat = to_wgs84(datum, *from_wgs84(datum, [lon], [lat]))
    assert abs(back_lon[0] - lon) < MILLIMETRE_DEG / 100
    assert abs(back_lat[0] - lat) < MILLIMETRE_DEG / 100


@pytest.mark.parametrize("datum", SCRAMBLED)
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_outside_the_rectangle_nothing_moves(datum: Datum, lon: float, lat: float) -> None:
    if in_gcj_area(lon, lat):
        return
    assert from_wgs84(datum, [lon], [lat]) == ([lon], [lat])


@pytest.mark.parametrize("datum", list(Datum))
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_every_place_of_the_world_gives_a_finite_place(datum: Datum, lon: float, lat: float) -> None:
    x, y = to_wgs84(datum, [lon], [lat])
    assert np.isfinite([x[0], y[0]]).all()
    assert abs(x[0] - lon) < 0.02
    assert abs(y[0] - lat) < 0.02


def test_known_points() -> None:
    """Tiananmen, as the published formulas (eviltransform) have it."""
    lon, lat = from_wgs84(Datum.gcj02, [116.404], [39.915])
    assert (lon[0], lat[0]) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-12)
    lon, lat = from_wgs84(Datum.bd09, [116.404], [39.915])
    assert (lon[0], lat[0]) == pytest.approx((116.41662724378733, 39.922699552216216), abs=1e-9)


def test_cgcs2000_is_wgs84() -> None:
    assert to_wgs84(Datum.cgcs2000, [104.0], [34.5]) == ([104.0], [34.5])
    assert to_stored(STORED) is None
    assert to_stored(CRS.from_epsg(4326)) is None


def test_nan_and_empty_stay_what_they_are() -> None:
    lon, _ = to_wgs84(Datum.gcj02, [np.nan, 104.0], [34.0, 34.0])
    assert np.isnan(lon[0])
    assert np.isfinite(lon[1])
    assert to_wgs84(Datum.bd09, [], [])[0].size == 0


@pytest.mark.parametrize(
    ("lon", "epsg"), [(73.6, 4534), (104.02, 4544), (104.6, 4544), (103.4, 4543), (135.0, 4554), (136.4, 4554)]
)
def test_metric_crs_in_china_is_the_zone_without_prefix(lon: float, epsg: int) -> None:
    assert metric_crs(lon).to_epsg() == epsg


@pytest.mark.parametrize("lon", [9.52, -73.9, 179.9, -180.0, 0.0, 72.0])
def test_metric_crs_elsewhere_measures_as_well(lon: float) -> None:
    transform = to_metric(lon)
    west, east = transform.transform(lon, 47.0), transform.transform(lon, 47.0 + 1 / 3600)
    assert np.hypot(east[0] - west[0], east[1] - west[1]) == pytest.approx(30.88, rel=1e-3)


def test_metric_crs_refuses_what_is_no_longitude() -> None:
    with pytest.raises(WrongPlace, match="no longitude"):
        metric_crs(500.0)


@pytest.mark.parametrize(
    "code", ["EPSG:4610", "EPSG:2334", "EPSG:2390", "EPSG:4214", "EPSG:2412", "EPSG:21418", "EPSG:4555"]
)
def test_secret_datums_are_refused(code: str) -> None:
    with pytest.raises(WrongPlace, match="seven parameters"):
        to_stored(parse_crs(code))


def test_secret_datums_with_parameters_are_used() -> None:
    crs = parse_crs("+proj=longlat +a=6378140 +rf=298.257 +towgs84=-100,50,0,0,0,0,0 +type=crs")
    transform = to_stored(crs)
    assert transform is not None
    lon, lat = transform.transform(104.0, 34.5)
    assert 50 < np.hypot((lon - 104.0) * 91_700, (lat - 34.5) * 111_000) < 200


@pytest.mark.parametrize("code", ["EPSG:4544", "EPSG:4523", "EPSG:32648", "EPSG:3857", "EPSG:2056", "EPSG:2263"])
def test_projected_systems_come_back_where_they_were(code: str) -> None:
    crs = parse_crs(code)
    area = crs.area_of_use
    assert area is not None
    lon, lat = (area.west + area.east) / 2, (area.south + area.north) / 2
    transform = to_stored(crs)
    assert transform is not None
    there = transform.transform(*transform.transform(lon, lat, direction="INVERSE"))
    assert there == pytest.approx((lon, lat), abs=1e-7)


def test_local_systems_and_nonsense_are_refused() -> None:
    with pytest.raises(WrongPlace, match="local system"):
        to_stored(parse_crs('LOCAL_CS["site grid",UNIT["metre",1]]'))
    with pytest.raises(WrongPlace, match="no coordinate reference system"):
        parse_crs("EPSG:99999999")
