"""Which cell a pixel lies in is what a search for its centre says; a cell's number lies in the cell, all of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.affinity import rotate

from gis.disputes.ground import Places, ground_of
from gis.disputes.heat import raster_over
from gis.disputes.kept import Kept
from gis.disputes.pixels import NONE, polygon_at
from gis.errors import BadInput

NOWHERE = Places(np.zeros(0), np.zeros(0), np.zeros(0))


def cells(seed: int, side: int, turned: float = 0.0) -> NDArray[Any]:
    """A square of uneven rectangles that tile, in metres, one of them with a hole."""
    rng = np.random.default_rng(seed)
    xs, ys = (np.cumsum(np.r_[0.0, rng.uniform(300, 900, side)]) for _ in range(2))
    made = [shapely.box(xs[i], ys[j], xs[i + 1], ys[j + 1]).segmentize(200) for j in range(side) for i in range(side)]
    made[0] = shapely.Polygon(made[0].exterior, [made[0].buffer(-80).exterior])
    return np.array([rotate(one, turned, origin=(0, 0)) for one in made], dtype=object)


@given(st.integers(0, 50), st.integers(1, 6), st.floats(0, 90), st.integers(3, 90))
def test_a_pixel_lies_where_its_centre_does(seed: int, side: int, turned: float, pixels: int) -> None:
    polygons = cells(seed, side, turned)
    raster = raster_over(tuple(shapely.total_bounds(polygons).tolist()), pixels)
    x, y = np.meshgrid(raster.x, raster.y)
    centres = shapely.points(x.ravel(), y.ravel())
    wanted = np.full(x.size, NONE)
    at, polygon = shapely.STRtree(polygons).query(centres, predicate="within")
    wanted[at] = polygon
    found = polygon_at(polygons, raster).ravel()
    on_border = shapely.dwithin(centres, shapely.union_all(shapely.boundary(polygons)), 1e-6)
    assert (found == wanted)[~on_border].all()
    assert found.shape == (raster.rows * raster.columns,)


def test_no_polygons_and_polygons_upon_each_other() -> None:
    raster = raster_over((0.0, 0.0, 100.0, 100.0), 12)
    assert (polygon_at(np.zeros(0, object), raster) == NONE).all()
    twice = np.array([shapely.box(0, 0, 100, 100), shapely.box(0, 0, 50, 100)], dtype=object)
    found = polygon_at(twice, raster)
    assert set(np.unique(found).tolist()) == {NONE, 0}, "where both are, it is not said which"


def test_a_number_lies_in_its_cell_at_its_places() -> None:
    polygons = cells(3, 3)
    inside = [shapely.point_on_surface(polygons[row]) for row in (1, 1, 4)]
    far = shapely.Point(-5000, -5000)
    x, y = (np.array([getattr(point, axis) for point in [*inside, far]]) for axis in "xy")
    x[1] += 30.0
    ground = ground_of(polygons, Places(x, y, np.array([10.0, 30.0, 9.0, 8.0])), 200)
    share = np.bincount(ground.cell, ground.share, minlength=len(polygons))
    assert share == pytest.approx(np.ones(len(polygons))), "a cell without a place is spread over all of it"
    assert ground.share[ground.cell == 1].tolist() == [0.25, 0.75]
    assert (ground.cell == 0).sum() > 4
    lies = shapely.intersects_xy(polygons[ground.cell], ground.x, ground.y)
    assert lies.all()
    numbers = np.zeros(len(polygons))
    numbers[[1, 2]] = 8.0, 3.0
    surface = ground.density(numbers)
    assert surface.sum() * ground.raster.pixel_m**2 / 1e6 == pytest.approx(11.0)
    assert (surface[~ground.extent.inside] == 0).all()


def test_a_cell_smaller_than_a_pixel_has_its_number_too() -> None:
    tiny = np.array([shapely.box(0, 0, 6000, 6000), shapely.box(6000, 0, 6000.5, 1)], dtype=object)
    ground = ground_of(tiny, NOWHERE, 1600)
    assert np.bincount(ground.cell, ground.share).tolist() == pytest.approx([1.0, 1.0])


def test_an_area_that_is_too_wide_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^bandwidth: 200 m is too fine for an area 900 km wide") as caught:
        ground_of(np.array([shapely.box(0, 0, 900_000, 900_000)], dtype=object), NOWHERE, 200)
    assert caught.value.field == "bandwidth"


def test_what_is_kept_is_made_once_and_the_least_used_goes() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    kept = Kept(10)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert kept.get(name, lambda name=name: make(name), lambda _: 4) == name
    assert made == ["a", "b", "c", "b"]
    kept.get("large", lambda: make("large"), lambda _: 11)
    assert (made[-1], len(kept)) == ("large", 2)
    with pytest.raises(ZeroDivisionError):
        kept.get("x", lambda: 1 // 0, lambda _: 1)
