"""Which polygon each pixel of a raster lies in. Pure.

By scan lines: along a row of pixel centres, every edge that is crossed is where a polygon begins or ends. Edges that
two polygons share are crossed at the same place to the last bit, whichever of the two is asked, so polygons that tile
leave no pixel between them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.disputes.heat import Floats, Raster

Ints = NDArray[np.int64]
NONE: Final = -1


def polygon_at(polygons: NDArray[Any], raster: Raster) -> Ints:
    """For each pixel centre (rows, columns) the row of the polygon it lies in, NONE outside all and where polygons
    overlap.

    `polygons` (n,) are in the CRS of the raster; none: NONE everywhere.
    """
    shape = (raster.rows, raster.columns + 1)
    at, sign, polygon = _crossings(polygons, raster)
    begun = np.bincount(at, sign, shape[0] * shape[1]).reshape(shape).cumsum(axis=1)
    held = np.bincount(at, sign * polygon, shape[0] * shape[1]).reshape(shape).cumsum(axis=1)
    return np.where(np.rint(begun) == 1, np.rint(held), NONE).astype(np.int64)[:, :-1]


def _crossings(polygons: NDArray[Any], raster: Raster) -> tuple[Ints, Floats, Ints]:
    """Where scan lines cross edges: the pixel right of it (flat, with a column more than the raster), 1 where the
    polygon begins there and -1 where it ends, and which polygon it is."""
    tail, head, polygon = _edges(polygons)
    tail, head = ((part - (raster.west, raster.south)) / raster.pixel_m - 0.5 for part in (tail, head))
    sign = np.where(tail[:, 1] > head[:, 1], 1.0, -1.0)  # outer rings run anticlockwise: down on the left side
    low = np.where((sign < 0)[:, None], tail, head)
    high = np.where((sign < 0)[:, None], head, tail)
    first = np.clip(np.ceil(low[:, 1]), 0, raster.rows).astype(np.int64)
    number = np.clip(np.ceil(high[:, 1]), 0, raster.rows).astype(np.int64) - first
    edge = np.repeat(np.arange(len(number)), number)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(number) - number, number)
    (x, y), (far_x, far_y) = low[edge].T, high[edge].T
    crossed = x + (row - y) * ((far_x - x) / (far_y - y))
    column = np.clip(np.ceil(crossed), 0, raster.columns).astype(np.int64)
    return row * (raster.columns + 1) + column, sign[edge], polygon[edge]


def _edges(polygons: NDArray[Any]) -> tuple[Floats, Floats, Ints]:
    rings, polygon = shapely.get_rings(shapely.orient_polygons(polygons), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    real = ring[1:] == ring[:-1]
    return xy[:-1][real], xy[1:][real], polygon[ring[:-1][real]]
