"""Where the numbers of cells lie: each cell's number is spread over the places at which its dwellings are known. Pure.

A place is a snap point, which stands for eight dwellings or more, and bears as much of its cell's number as it stands
for of its cell's dwellings. A cell that has none is spread over its whole area. So a surface of numbers by cell has the
shape of the settlements and holds nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.disputes.heat import Extent, Floats, Raster, density, extent_of, raster_over
from gis.disputes.pixels import Ints, polygon_at
from gis.errors import BadInput

_A_BANDWIDTH: Final = 4  # pixels that a bandwidth has where the area is not too large for it
_LONGER_SIDE: Final = 1_200  # pixels, where that leaves two to a bandwidth
_MOST_PIXELS: Final = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where dwellings are known: metric `x`, `y` (n,) and how many each place stands for."""

    x: Floats
    y: Floats
    dwellings: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A raster over some cells, its pixels that lie in them, and weighted points (m,): `share` of the number of `cell`
    lies at `x`, `y` (metres); the shares of a cell sum to 1."""

    raster: Raster
    bandwidth_m: float
    extent: Extent
    x: Floats
    y: Floats
    cell: Ints
    share: Floats

    def density(self, numbers: Floats) -> Floats:
        """Numbers of the cells (n,) as a surface per km² (rows, columns); its sum is theirs, and all of it is
        inside."""
        weights = numbers[self.cell] * self.share
        return density(self.x, self.y, self.raster, self.bandwidth_m, weights=weights, extent=self.extent)


def ground_of(polygons: NDArray[Any], places: Places, bandwidth_m: float) -> Ground:
    """The ground of cells (metric polygons (n,), one at least). Places outside of all of them are left out.

    Raises BadInput naming `bandwidth` where the area is too wide for it.
    """
    raster = _raster(shapely.total_bounds(polygons), bandwidth_m)
    at = polygon_at(polygons, raster)
    standing: NDArray[Any] = np.array(shapely.points(places.x, places.y), dtype=object, ndmin=1)
    cell, point = shapely.STRtree(standing).query(polygons, predicate="intersects")
    order = np.lexsort((cell, point))  # a place on a border lies in the first cell
    point, cell = point[order], cell[order]
    first = np.r_[True, point[1:] != point[:-1]] if len(point) else np.zeros(0, bool)
    point, cell = point[first], cell[first]
    without = np.setdiff1d(np.arange(len(polygons)), cell)
    x, y, spread = _over_area(polygons, without, at, raster)
    cell = np.r_[cell, spread]
    weights = np.r_[places.dwellings[point], np.ones(len(spread))]
    share = weights / np.bincount(cell, weights, minlength=len(polygons))[cell]
    extent = extent_of(at >= 0, raster, bandwidth_m)
    return Ground(raster, bandwidth_m, extent, np.r_[places.x[point], x], np.r_[places.y[point], y], cell, share)


def _raster(bounds: Floats, bandwidth_m: float) -> Raster:
    west, south, east, north = bounds.tolist()
    longer = max(east - west, north - south)
    wanted = min(longer * _A_BANDWIDTH / bandwidth_m, _LONGER_SIDE)
    pixels = int(np.ceil(max(wanted, longer * 2 / bandwidth_m, 3))) + 2
    raster = raster_over((west, south, east, north), pixels)
    if raster.rows * raster.columns > _MOST_PIXELS:
        raise BadInput(
            "bandwidth: {bandwidth_m:.0f} m is too fine for an area {wide_km:.0f} km wide; give a"
            " greater one, or a smaller area",
            bandwidth_m=bandwidth_m,
            wide_km=longer / 1000,
            field="bandwidth",
        )
    return raster


def _over_area(polygons: NDArray[Any], cells: Ints, at: Ints, raster: Raster) -> tuple[Floats, Floats, Ints]:
    """The pixel centres inside some cells, and which cell each lies in; for one that has none, a point inside it."""
    row, column = np.nonzero(np.isin(at, cells))
    held = at[row, column]
    missing = np.setdiff1d(cells, held)
    points = shapely.get_coordinates(shapely.point_on_surface(polygons[missing])).reshape(-1, 2)
    return np.r_[raster.x[column], points[:, 0]], np.r_[raster.y[row], points[:, 1]], np.r_[held, missing]
