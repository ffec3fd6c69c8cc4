"""Metres and square metres of pieces given in degrees, in the metric zone of their county. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from gis.crs import to_metric

# Pieces thinner than this are the rounding of a file's coordinates (six decimals are 0.1 m), not a drawing.
SLIVER_M: Final = 0.1


@lru_cache(maxsize=16)
def _zone(number: int) -> Transformer:
    """The transformation of a 3° zone: making one costs more than many pieces."""
    return to_metric(number * 3.0)


class Measure:
    """Measures geometries (EPSG:4490) in the metric zone around the longitude `lon`; NaN, that of nothing, is 0°."""

    def __init__(self, lon: float) -> None:
        self._transformer = _zone(round(np.nan_to_num(lon) / 3))

    @classmethod
    def around(cls, geometries: Any) -> Measure:
        """For the middle of the box of a geometry or an array of them."""
        west, _, east, _ = shapely.total_bounds(geometries)
        return cls((west + east) / 2)

    def metres(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates in metres (x east, y north) of an array of degrees, both of shape (n, 2)."""
        found: NDArray[np.float64] = np.column_stack(self._transformer.transform(*lonlat.T))
        return found

    def degrees(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """The way back from metres, both of shape (n, 2)."""
        back = self._transformer.transform(xy[:, 0], xy[:, 1], direction="INVERSE")
        found: NDArray[np.float64] = np.column_stack(back)
        return found

    def flat(self, piece: Any) -> Any:
        """The geometry, or array of geometries, in metres."""
        return shapely.transform(piece, self.metres)

    def unflat(self, piece: Any) -> Any:
        """The geometry, or array of geometries, in degrees again."""
        return shapely.transform(piece, self.degrees)

    def area_m2(self, piece: shapely.Geometry) -> float:
        """Square metres; 0 for what is empty or a line."""
        return float(shapely.area(self.flat(piece)))

    def thin(self, piece: shapely.Geometry, sliver_m: float = SLIVER_M) -> bool:
        """Whether the piece is, as a strip, thinner than `sliver_m` metres: rounding, not a drawing."""
        flat = self.flat(piece)
        return bool(2 * shapely.area(flat) < sliver_m * shapely.length(flat))
