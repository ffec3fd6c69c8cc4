"""Heat: how many cases were recorded per square kilometre, or per 100 households, as a smooth surface. Pure.

Points with weights become a surface on a raster in the metric CRS: each point is spread linearly over the four nearest
pixel centres (linear binning; Wand, Fast computation of multivariate kernel estimators, 1994), and the grid is
convolved with a Gaussian whose bandwidth is 200 m or more. At the edge of the area each point's kernel is divided by
its mass inside (Diggle, 1985), so that the surface holds as many cases as there are points, all of them inside.

What the points stand for is the caller's question: see `gis.disputes.disclosure.expected` for points that tell no more
than what is published. A surface describes what was recorded; it predicts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import contourpy
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gis.errors import BadInput

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ring = list[list[float]]

MIN_BANDWIDTH_M: Final = 200.0
MIN_HOUSEHOLDS: Final = 30.0  # below so many under the kernel there is neither heat nor rate
_TRUNCATE: Final = 4.0  # bandwidths at which the kernel ends: 3e-4 of its peak
M2_PER_KM2: Final = 1e6
_LOWER, _UPPER = slice(None, -1), slice(1, None)


@dataclass(frozen=True, slots=True)
class Raster:
    """Square pixels in the metric CRS: `west`, `south` are the outer edges (m), rows run from south to north."""

    west: float
    south: float
    pixel_m: float
    rows: int
    columns: int

    @property
    def x(self) -> Floats:
        """The x of pixel centres (columns,)."""
        return self.west + (np.arange(self.columns, dtype=np.float64) + 0.5) * self.pixel_m

    @property
    def y(self) -> Floats:
        """The y of pixel centres (rows,)."""
        return self.south + (np.arange(self.rows, dtype=np.float64) + 0.5) * self.pixel_m


def raster_over(bounds: tuple[float, float, float, float], pixels: int) -> Raster:
    """A raster over (west, south, east, north) in metres, `pixels` along the longer side, one pixel of margin around.

    Raises BadInput for bounds without extent.
    """
    west, south, east, north = bounds
    longer = max(east - west, north - south)
    if not (np.isfinite(longer) and longer > 0) or pixels < 3:
        raise BadInput("an area without extent has no raster")
    pixel_m = longer / (pixels - 2)
    columns, rows = (int(np.ceil(side / pixel_m)) + 2 for side in (east - west, north - south))
    return Raster(west - pixel_m, south - pixel_m, pixel_m, rows, columns)


def recency(age_days: Floats, half_life_days: float) -> Floats:
    """Weights by age: 1 today, 1/2 after a half-life. Raises BadInput for a half-life that is not positive."""
    if not half_life_days > 0:
        raise BadInput("half_life_days has to be positive", field="half_life_days")
    weights: Floats = np.exp2(-age_days / half_life_days)
    return weights


def binned(x: Floats, y: Floats, weights: Floats | None, raster: Raster) -> Floats:
    """Weights (n,) of points (n,) spread linearly over the four nearest pixel centres: (rows, columns), same sum.

    No points: zeros. Raises BadInput for a point outside the outermost pixel centres: nothing is dropped silently.
    """
    across, up = _in_pixels(x, raster.west, raster), _in_pixels(y, raster.south, raster)
    if len(x) and not (
        across.min() >= 0 and up.min() >= 0 and across.max() <= raster.columns - 1 and up.max() <= raster.rows - 1
    ):
        raise BadInput("there are points outside the raster")
    column, corner = across.astype(np.int64), up.astype(np.int64)
    np.minimum(column, raster.columns - 2, out=column)
    np.minimum(corner, raster.rows - 2, out=corner)
    across -= column
    up -= corner
    corner *= raster.columns
    corner += column
    # The four shares of a point are (1 - a)(1 - u), a (1 - u), (1 - a) u and a u: sums of 1, a, u and a u by corner.
    grid, east, north, both = (
        np.bincount(corner, _times(part, weights), raster.rows * raster.columns).astype(np.float64, copy=False)
        for part in (None, across, up, across * up)
    )
    east -= both
    north -= both
    for share in (east, north, both):
        grid -= share
    grid[1:] += east[:-1]
    grid[raster.columns :] += north[: -raster.columns]
    grid[raster.columns + 1 :] += both[: -raster.columns - 1]
    return np.maximum(grid, 0.0, out=grid).reshape(raster.rows, raster.columns)


def _in_pixels(metres: Floats, edge: float, raster: Raster) -> Floats:
    """Coordinates counted in pixels from the first pixel's centre."""
    found = metres - edge
    found /= raster.pixel_m
    found -= 0.5
    return found


def _times(part: Floats | None, weights: Floats | None) -> Floats | None:
    if part is None or weights is None:
        return weights if part is None else part
    return part * weights


def smoothed(grid: Floats, raster: Raster, bandwidth_m: float) -> Floats:
    """A grid convolved with the Gaussian kernel: mass per pixel, zero beyond the raster.

    Linear binning widens each point by a sixth of a squared pixel on average, which the kernel is narrowed by; from 14
    pixels to a bandwidth on the result is within 1e-3 of the peak wherever the points lie. Raises BadInput for a
    bandwidth below 200 m or below two pixels (then the raster is too coarse).
    """
    if bandwidth_m < MIN_BANDWIDTH_M:
        raise BadInput("bandwidth: give {least_m:.0f} m or more", least_m=MIN_BANDWIDTH_M, field="bandwidth")
    if bandwidth_m < 2 * raster.pixel_m:
        raise BadInput(
            "bandwidth: with pixels of {pixel_m:.0f} m give {least_m:.0f} m or more",
            pixel_m=raster.pixel_m,
            least_m=2 * raster.pixel_m,
            field="bandwidth",
        )
    sigma = np.sqrt((bandwidth_m / raster.pixel_m) ** 2 - 1 / 6)
    found: Floats = gaussian_filter(grid, sigma, mode="constant", truncate=_TRUNCATE)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """An area on a raster (rows, columns): which pixels lie `inside`, and the `mass` of a kernel at each pixel that
    falls inside (0 to 1)."""

    inside: Flags
    mass: Floats


def extent_of(inside: Flags, raster: Raster, bandwidth_m: float) -> Extent:
    """The area of some pixels (rows, columns), none allowed, for kernels of one bandwidth. Errors: `smoothed`."""
    return Extent(inside, smoothed(inside.astype(np.float64), raster, bandwidth_m))


def density(
    x: Floats,
    y: Floats,
    raster: Raster,
    bandwidth_m: float,
    *,
    weights: Floats | None = None,
    extent: Extent | None = None,
) -> Floats:
    """Points (n,), weighted, as a density per km² (rows, columns), zero outside the area.

    With `extent`, of the same bandwidth, the edge is corrected and the sum over the area times a pixel's km² is the sum
    of weights; without it the surface runs on past the points. Errors: `binned`, `smoothed`; BadInput for a point that
    is farther from the area than the kernel reaches.
    """
    grid = binned(x, y, weights, raster)
    per_pixel = M2_PER_KM2 / raster.pixel_m**2
    if extent is None:
        surface = smoothed(grid, raster, bandwidth_m)
        surface *= per_pixel
        return surface
    if (grid[extent.mass <= 0] > 0).any():
        raise BadInput("there are points far outside the area")
    corrected = np.divide(grid, extent.mass, out=np.zeros_like(grid), where=extent.mass > 0)
    return np.where(extent.inside, smoothed(corrected, raster, bandwidth_m) * per_pixel, 0.0)


def households_under(households_per_km2: Floats, bandwidth_m: float) -> Floats:
    """About how many households lie under the kernel at each pixel: their density times 4πh², the area over which a
    Gaussian kernel averages (the inverse of the integral of its square)."""
    return households_per_km2 * (4 * np.pi * bandwidth_m**2 / M2_PER_KM2)


def per_hundred(cases: Floats, households: Floats, bandwidth_m: float, least: float = MIN_HOUSEHOLDS) -> Floats:
    """Cases per 100 households, from two densities of the same bandwidth (Bithell, 1990). NaN where fewer than `least`
    households lie under the kernel: there is no rate, and nothing that could be told of so few."""
    enough = households_under(households, bandwidth_m) >= least
    return np.divide(100.0 * cases, households, out=np.full_like(cases, np.nan), where=enough)


def above_floor(cases: Floats, households: Floats, bandwidth_m: float, least: float = MIN_HOUSEHOLDS) -> Floats:
    """A density of cases, NaN where fewer than `least` households lie under the kernel."""
    return np.where(households_under(households, bandwidth_m) >= least, cases, np.nan)


def greatest(surface: Floats) -> float:
    """The greatest value (NaN: nothing) that is drawn; 0 where nothing is.

    A band needs three pixels at a corner. An island of a single pixel holds all of its cases, edges being corrected,
    and would be the densest place of a county without being seen on its map.
    """
    known = np.isfinite(surface)
    corners = [(rows, columns) for rows in (_LOWER, _UPPER) for columns in (_LOWER, _UPPER)]
    reached = sum(known[corner].astype(np.int8) for corner in corners) >= 3
    drawn = np.zeros(surface.shape, bool)
    for corner in corners:
        drawn[corner] |= reached
    return float(surface[drawn & known].max(initial=0.0))


def steps(peak: float, count: int = 5) -> tuple[float, ...]:
    """Bounds of `count` + 1 classes: 0, then round numbers (1, 2, 5 × 10ⁿ) one after the other, the last of them the
    first above the peak; (0, 1) for no peak.

    Each class is about twice the one below: surfaces are steep, and equal steps would leave all but the peaks
    unpainted.
    """
    if not (np.isfinite(peak) and peak > 0):
        return (0.0, 1.0)
    power = int(np.floor(np.log10(peak)))
    ladder = [float(f"{digit}e{at}") for at in range(power - count, power + 2) for digit in (1, 2, 5)]
    above = next(at for at, bound in enumerate(ladder) if bound > peak)
    return (0.0, *ladder[above - count : above + 1])


@dataclass(frozen=True, slots=True)
class Band:
    """What lies between two values: polygons, each an outer ring and its holes, as GeoJSON has them."""

    low: float
    high: float
    polygons: list[list[Ring]]

    @property
    def geometry(self) -> dict[str, Any]:
        """As a GeoJSON geometry."""
        return {"type": "MultiPolygon", "coordinates": self.polygons}


def isobands(
    surface: Floats,
    raster: Raster,
    bounds: Sequence[float],
    to_lonlat: Callable[[Floats, Floats], tuple[Floats, Floats]],
    decimals: int = 6,
) -> list[Band]:
    """The bands of a surface (NaN: nothing) between consecutive bounds, without the one from 0 and without empty ones.

    `to_lonlat` turns metric x, y into degrees, which are rounded; outer rings run anticlockwise (RFC 7946).
    """
    lines: Any = contourpy.contour_generator(
        raster.x, raster.y, np.ma.masked_invalid(surface), fill_type=contourpy.FillType.OuterOffset
    )
    found = []
    for low, high in pairwise(bounds):
        if low <= 0:
            continue
        points, offsets = lines.filled(low, high)
        polygons = [
            [_ring(outline[start:stop], to_lonlat, decimals) for start, stop in pairwise(at)]
            for outline, at in zip(points, offsets, strict=True)
        ]
        if polygons:
            found.append(Band(float(low), float(high), polygons))
    return found


def _ring(outline: Floats, to_lonlat: Callable[[Floats, Floats], tuple[Floats, Floats]], decimals: int) -> Ring:
    lon, lat = to_lonlat(outline[:, 0], outline[:, 1])
    rounded: Ring = np.round(np.column_stack([lon, lat]), decimals).tolist()
    return rounded
