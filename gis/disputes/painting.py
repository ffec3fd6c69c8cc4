"""Surfaces as map tiles: a surface on a metric raster, painted in classes onto Web Mercator. Arrays in, PNG out."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import map_coordinates

from gis.disputes.heat import Floats, Raster

TILE: Final = 256
Colour = tuple[int, int, int]


def tile_lonlat(z: int, row: int, column: int) -> tuple[Floats, Floats]:
    """The degrees of the pixel centres of a WebMercatorQuad tile: lon (256, 256), lat (256, 256), north first."""
    across = (column + (np.arange(TILE) + 0.5) / TILE) / 2**z
    down = (row + (np.arange(TILE) + 0.5) / TILE) / 2**z
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * down))))
    lon, lat = np.meshgrid(across * 360 - 180, lat)
    return lon, lat


def sampled(surface: Floats, raster: Raster, x: Floats, y: Floats) -> Floats:
    """The surface at metric points of any shape, bilinear; NaN outside the raster and beside NaN."""
    at = np.stack([(y - raster.south) / raster.pixel_m - 0.5, (x - raster.west) / raster.pixel_m - 0.5])
    missing = np.isnan(surface)
    values: Floats = map_coordinates(np.where(missing, 0.0, surface), at, order=1, cval=np.nan)
    if missing.any():
        values[map_coordinates(missing.astype(np.float64), at, order=1, cval=1.0) > 0] = np.nan
    return values


def painted(values: Floats, bounds: Sequence[float], colours: Sequence[Colour], opacity: float = 0.7) -> bytes:
    """Values (rows, columns), north first, as a PNG with a palette: NaN and the first class are transparent.

    `bounds` are those of the classes (k + 1,), `colours` those of the classes after the first (k - 1,). Raises
    ValueError where they do not fit.
    """
    if len(colours) != len(bounds) - 2:
        raise ValueError(f"{len(bounds) - 2} classes need as many colours, not {len(colours)}")
    classes: NDArray[np.uint8] = np.digitize(np.nan_to_num(values, nan=-np.inf), bounds[1:-1]).astype(np.uint8)
    image = Image.fromarray(classes, mode=None)
    image.putpalette([0, 0, 0, *(part for colour in colours for part in colour)])
    written = io.BytesIO()
    alpha = bytes([0, *[round(255 * opacity)] * len(colours)])
    image.save(written, "PNG", transparency=alpha, optimize=False)
    return written.getvalue()


def tile(
    surface: Floats,
    raster: Raster,
    zxy: tuple[int, int, int],
    to_metric: Callable[[Floats, Floats], tuple[Floats, Floats]],
    bounds: Sequence[float],
    colours: Sequence[Colour],
) -> bytes:
    """The PNG of a WebMercatorQuad tile (z, row, column)."""
    x, y = to_metric(*tile_lonlat(*zxy))
    return painted(sampled(surface, raster, x, y), bounds, colours)
