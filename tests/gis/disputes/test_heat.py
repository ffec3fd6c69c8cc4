"""Heat is a kernel density: it equals the direct sum, holds all cases, and says nothing where too few live."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from shapely.geometry import shape

from gis.crs import to_metric
from gis.disputes.heat import (
    Raster,
    above_floor,
    binned,
    density,
    extent_of,
    greatest,
    households_under,
    isobands,
    per_hundred,
    raster_over,
    recency,
    smoothed,
    steps,
)
from gis.disputes.painting import Sheet, painted, sampled, tile, tile_lonlat
from gis.errors import BadInput
from tests.examples import examples

Floats = NDArray[np.float64]
SQUARE = (0.0, 0.0, 6000.0, 6000.0)


def points(seed: int, count: int) -> tuple[Floats, Floats]:
    """Points in the middle of the square, some of them in one place."""
    rng = np.random.default_rng(seed)
    at = np.r_[rng.uniform(1500, 4500, (count, 2)), np.tile(rng.uniform(2000, 4000, (1, 2)), (count // 4, 1))]
    return at[:, 0].copy(), at[:, 1].copy()


def direct(x: Floats, y: Floats, raster: Raster, bandwidth_m: float, weights: Floats) -> Floats:
    """The density per km² as the sum of all kernels."""
    column, row = raster.x[None, :, None] - x, raster.y[:, None, None] - y
    kernels = np.exp(-0.5 * (column**2 + row**2) / bandwidth_m**2) / (2 * np.pi * bandwidth_m**2)
    return (kernels * weights).sum(axis=2) * 1e6


@pytest.mark.parametrize("bandwidth_m", [200.0, 350.0])
def test_it_equals_the_direct_sum(bandwidth_m: float) -> None:
    raster = raster_over(SQUARE, 242)
    x, y = points(1, 300)
    weights = np.random.default_rng(2).uniform(0.1, 1.0, len(x))
    wanted = direct(x, y, raster, bandwidth_m, weights)
    found = density(x, y, raster, bandwidth_m, weights=weights)
    assert np.abs(found - wanted).max() < 1e-3 * wanted.max()


def test_one_point_wherever_it_lies_between_pixels() -> None:
    raster = raster_over(SQUARE, 242)
    one = np.ones(1)
    for shift in (0.0, 0.25, 0.5):
        x = np.array([3000.0 + shift * raster.pixel_m])
        wanted = direct(x, x, raster, 400.0, one)
        assert np.abs(density(x, x, raster, 400.0) - wanted).max() < 1e-3 * wanted.max()


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 60), bandwidth_m=st.sampled_from((200.0, 500.0)))
@settings(max_examples=examples(25))
def test_it_holds_as_many_cases_as_there_are_all_inside_the_area(seed: int, count: int, bandwidth_m: float) -> None:
    rng = np.random.default_rng(seed)
    area = shapely.Point(3000, 3000).buffer(2500).difference(shapely.box(2500, 2500, 3500, 6000))
    at = rng.uniform(500, 5500, (40 * count, 2))
    at = at[shapely.contains_xy(area, at)][:count]
    raster = raster_over(area.bounds, 120)
    inside = shapely.contains_xy(area, *np.meshgrid(raster.x, raster.y))
    found = density(at[:, 0], at[:, 1], raster, bandwidth_m, extent=extent_of(inside, raster, bandwidth_m))
    assert found.sum() * raster.pixel_m**2 / 1e6 == pytest.approx(len(at), rel=1e-9)
    assert (found[~inside] == 0).all()
    assert (found >= 0).all()


def test_without_an_area_it_holds_them_too() -> None:
    raster = raster_over(SQUARE, 122)
    x, y = points(4, 100)
    found = density(x, y, raster, 250.0)
    assert found.sum() * raster.pixel_m**2 / 1e6 == pytest.approx(len(x), rel=1e-4)


def test_binning_keeps_sum_and_centre() -> None:
    raster = raster_over(SQUARE, 62)
    x, y = points(5, 200)
    weights = np.random.default_rng(1).uniform(0, 2, len(x))
    grid = binned(x, y, weights, raster)
    assert grid.sum() == pytest.approx(weights.sum())
    assert (grid.sum(axis=0) * raster.x).sum() == pytest.approx((x * weights).sum())
    assert (grid.sum(axis=1) * raster.y).sum() == pytest.approx((y * weights).sum())
    assert binned(np.array([]), np.array([]), None, raster).sum() == 0


def test_what_cannot_be_drawn_is_refused() -> None:
    raster = raster_over(SQUARE, 62)
    with pytest.raises(BadInput, match="outside the raster"):
        binned(np.array([9000.0]), np.array([100.0]), None, raster)
    with pytest.raises(BadInput, match="200 m or more"):
        smoothed(np.zeros((62, 62)), raster, 199.0)
    with pytest.raises(BadInput, match="pixels of 300 m"):
        smoothed(np.zeros((22, 22)), raster_over(SQUARE, 22), 400.0)
    with pytest.raises(BadInput, match="extent"):
        raster_over((1.0, 1.0, 1.0, 1.0), 64)
    with pytest.raises(BadInput, match="half_life"):
        recency(np.array([1.0]), 0.0)
    inside = np.zeros((62, 62), bool)
    inside[:5, :5] = True
    with pytest.raises(BadInput, match="far outside the area"):
        density(np.array([5000.0]), np.array([5000.0]), raster, 200.0, extent=extent_of(inside, raster, 200.0))


def test_older_cases_weigh_less() -> None:
    assert recency(np.array([0.0, 90.0, 180.0]), 90.0).tolist() == [1.0, 0.5, 0.25]


def test_a_rate_is_the_same_where_the_rate_is_the_same_and_nothing_where_nobody_lives() -> None:
    raster = raster_over(SQUARE, 122)
    x, y = points(6, 400)
    homes = np.random.default_rng(1).integers(1, 60, len(x)).astype(float)
    households = density(x, y, raster, 300.0, weights=homes)
    cases = density(x, y, raster, 300.0, weights=homes * 0.02)
    rate = per_hundred(cases, households, 300.0)
    lived_in = households_under(households, 300.0) >= 30
    assert np.allclose(rate[lived_in], 2.0)
    assert np.isnan(rate[~lived_in]).all()
    assert 0 < lived_in.sum() < lived_in.size
    assert np.array_equal(np.isnan(above_floor(cases, households, 300.0)), ~lived_in)


def test_so_many_households_lie_under_the_kernel() -> None:
    """Evenly spread households: their number in the kernel's area, and the floor cuts there."""
    per_km2 = np.full((4, 4), 40.0)
    assert households_under(per_km2, 250.0) == pytest.approx(40 * 4 * np.pi * 0.25**2)
    assert np.isnan(per_hundred(per_km2, per_km2, 200.0, least=30.0)).all()


@pytest.mark.parametrize("peak", [0.003, 0.9, 1.0, 7.3, 10.0, 4999.0])
def test_steps_are_round_and_reach_above_the_peak(peak: float) -> None:
    found = steps(peak)
    assert found[0] == 0
    assert found[-2] <= peak < found[-1]
    assert len(found) == 7
    assert all(2 <= high / low <= 2.5 + 1e-9 for low, high in pairwise(found[1:]))
    assert {f"{bound:e}"[0] for bound in found[1:]} == {"1", "2", "5"}


def test_no_peak_no_steps() -> None:
    assert steps(0.0) == steps(float("nan")) == (0.0, 1.0)


def test_isobands_are_the_surface() -> None:
    """Every pixel centre lies in the band of its value, in no other, and in none beside what has no value."""
    raster = raster_over(SQUARE, 82)
    x, y = points(9, 60)
    surface = density(x, y, raster, 250.0)
    surface[30:34, 30:50] = np.nan
    known = np.ones(surface.shape, bool)
    known[29:35, 29:51] = False
    bounds = steps(float(np.nanmax(surface)))
    bands = isobands(surface, raster, bounds, lambda x, y: (x, y), decimals=3)
    assert [(band.low, band.high) for band in bands] == list(pairwise(bounds))[1:]
    columns, rows = np.meshgrid(raster.x, raster.y)
    for band in bands:
        area = shape(band.geometry)
        assert area.is_valid
        assert all(polygon.exterior.is_ccw for polygon in area.geoms)
        held = shapely.contains_xy(area, columns, rows)
        wanted = (surface > band.low) & (surface < band.high)
        assert np.array_equal(held & known, wanted & known)
        assert not held[30:34, 30:50].any()


def test_what_sets_the_scale_is_seen() -> None:
    """An island of a pixel, or of two, is no band, and not the greatest value of a map; one of three is both."""
    raster = raster_over(SQUARE, 62)
    surface = density(*points(9, 60), raster, 250.0)
    surface[20:40, :] = np.nan
    surface[30, 30:32] = 1000.0
    surface[35, 30:32] = surface[36, 30] = 500.0
    assert greatest(surface) == 500.0
    assert isobands(surface, raster, (0.0, 999.0, 1001.0), lambda x, y: (x, y)) == []
    assert isobands(surface, raster, (0.0, 499.0, 501.0), lambda x, y: (x, y)) != []
    assert greatest(np.full((9, 9), np.nan)) == greatest(np.full((1, 9), 5.0)) == 0.0


def test_isobands_of_nothing() -> None:
    raster = raster_over(SQUARE, 22)
    assert isobands(np.zeros((22, 22)), raster, (0.0, 1.0, 2.0), lambda x, y: (x, y)) == []
    assert isobands(np.full((22, 22), np.nan), raster, (0.0, 1.0, 2.0), lambda x, y: (x, y)) == []


def test_painted_classes_are_colours_and_the_first_is_clear() -> None:
    values = np.array([[np.nan, 0.5], [1.0, 99.0]])
    image = Image.open(io.BytesIO(painted(values, (0, 1, 2, 3), [(10, 20, 30), (40, 50, 60)], opacity=1.0)))
    seen = np.array(image.convert("RGBA"))
    assert seen[0, :, 3].tolist() == [0, 0]
    assert seen[1].tolist() == [[10, 20, 30, 255], [40, 50, 60, 255]]
    with pytest.raises(ValueError, match="as many colours"):
        painted(values, (0, 1, 2, 3), [(1, 2, 3)])


def test_sampling_is_bilinear_and_knows_no_value_beside_none() -> None:
    raster = Raster(0.0, 0.0, 10.0, 3, 3)
    surface = np.arange(9.0).reshape(3, 3)
    assert sampled(surface, raster, np.array([10.0, 99.0]), np.array([10.0, 5.0]))[0] == 2.0
    assert np.isnan(sampled(surface, raster, np.array([99.0]), np.array([5.0]))).all()
    surface[0, 0] = np.nan
    assert np.isnan(sampled(surface, raster, np.array([9.0, 25.0]), np.array([9.0, 25.0]))).tolist() == [True, False]


def test_a_tile_shows_a_hill_where_it_is() -> None:
    """A hill in the middle of a tile: opaque in the middle, clear at the corners."""
    z, row, column = 14, 6500, 12900
    lon, lat = tile_lonlat(z, row, column)
    assert lon.shape == lat.shape == (256, 256)
    assert lat[0, 0] > lat[-1, 0]
    project = to_metric(float(lon.mean()))
    x, y = project.transform(lon, lat)
    raster = raster_over((x.min(), y.min(), x.max(), y.max()), 102)
    middle = np.array([x.mean()]), np.array([y.mean()])
    surface = density(*middle, raster, 200.0)
    sheets = [
        Sheet(np.full_like(surface, np.nan), raster, project.transform),
        Sheet(surface, raster, project.transform),
    ]
    png = tile(sheets, (z, row, column), (0, 1, 2), [(255, 0, 0)])
    seen = np.array(Image.open(io.BytesIO(png)).convert("RGBA"))
    assert seen.shape == (256, 256, 4)
    assert seen[128, 128, 3] > 0
    assert seen[[0, 0, -1, -1], [0, -1, 0, -1], 3].max() == 0
