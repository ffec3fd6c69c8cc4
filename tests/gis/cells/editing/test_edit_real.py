"""Editing real borders: the census tracts of New York, simplified one by one, mended by an arrangement."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Polygon

from gis.cells.editing.edit import apply, changed
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import Reshape
from gis.cells.topology import arrange
from tests.conftest import SHARED_DATA
from tests.gis.cells.editing.grids import WEST_VILLAGE, area, assert_sound, assert_untouched, grid_of, no_code

TRACTS = SHARED_DATA / "nyc_tracts_2010.geojson"

pytestmark = [
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(not TRACTS.exists(), reason="needs ../shared/data"),
]


@pytest.fixture(scope="module")
def tracts() -> Grid:
    """Those that hang together after the arrangement, all in one village (their codes are longer than ours)."""
    parts = shapely.get_parts(gpd.read_file(TRACTS).geometry.to_numpy())
    tiled = arrange({f"{WEST_VILLAGE}{i:04}": part for i, part in enumerate(parts)}, sliver_m=5, enclaves=True)
    return grid_of([Cell(code, WEST_VILLAGE, "", "general", polygon) for code, polygon in tiled.cells.items()])


def test_a_real_county_is_sound(tracts: Grid) -> None:
    assert len(tracts.cells) > 2_200
    assert_sound(tracts)


def test_real_borders_sent_back_with_six_decimals_stay_where_they_are(tracts: Grid) -> None:
    for code in tracts.codes[::25]:
        again = shapely.transform(tracts.cells[code].polygon, lambda xy: xy.round(6))
        if again.is_valid:
            change = apply(tracts, Reshape(code, again), no_code)
            assert (change.written, change.outline) == ({}, None), code


def test_real_borders_are_moved_and_still_tile(tracts: Grid) -> None:
    rng, grid, done = np.random.default_rng(5), tracts, 0
    for code in rng.choice(tracts.codes, 80):
        cell = grid.cells[str(code)].polygon
        node = shapely.get_coordinates(cell)[rng.integers(shapely.get_num_coordinates(cell))]
        blob = shapely.buffer(shapely.Point(node), 0.3 * np.sqrt(cell.area), quad_segs=3)
        drawn = shapely.intersection(shapely.union(cell, blob), grid.outline)
        parts = [part for part in shapely.get_parts(drawn) if isinstance(part, Polygon)]
        try:
            change = apply(grid, Reshape(str(code), max(parts, key=shapely.area)), no_code)
        except Refused:
            continue
        after = changed(grid, change)
        assert_untouched(grid, after, change)
        grid, done = after, done + 1
    assert done > 40
    assert_sound(grid)
    assert abs(area(grid) - area(tracts)) < 1e-14
