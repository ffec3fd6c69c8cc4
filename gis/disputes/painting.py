"""Surfaces as map tiles: surfaces on metric rasters, painted in classes onto Web Mercator. Arrays in, PNG out."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import map_coordinates

from gis.disputes.heat import Floats, Raster

TILE: Final = 256
Colour = tuple[int, int, int]
# OrRd of the pages on light ground: the strongest colour is the most.
RAMP: Final = ("#fee3bf", "#fdc38d", "#fca66f", "#ec5f41", "#bb1a12")


def colours_of(bounds: Sequence[float]) -> list[str]:
    """The colours of the classes between bounds (k + 1,), but for the first one, which is clear: (k - 1,), at most
    five."""
    number = len(bounds) - 2
    return [
        RAMP[round(len(RAMP) - 1 - (number - 1 - at) * (len(RAMP) - 1) / max(number - 1, 1))] for at in range(number)
    ]


def rgb(colour: str) -> Colour:
    """A colour written #rrggbb."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


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


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A surface (rows, columns), NaN where there is nothing, and how degrees (lon, lat) become metres of its raster."""

    surface: Floats
    raster: Raster
    to_metric: Callable[[Floats, Floats], tuple[Floats, Floats]]


def tile(
    sheets: Sequence[Sheet], zxy: tuple[int, int, int], bounds: Sequence[float], colours: Sequence[Colour]
) -> bytes:
    """The PNG of a WebMercatorQuad tile (z, row, column); where two sheets have a value the first one's is drawn."""
    lon, lat = tile_lonlat(*zxy)
    values = np.full(lon.shape, np.nan)
    for sheet in sheets:
        found = sampled(sheet.surface, sheet.raster, *sheet.to_metric(lon, lat))
        values = np.where(np.isnan(values), found, values)
    return painted(values, bounds, colours)
