"""Coordinates as numbers: places on a grid, of 1e-8°, that can be compared, counted and mirrored exactly. Pure."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.cells.topology import GRID

Numbers = NDArray[np.int64]
Coordinates = NDArray[np.float64]
_PER_DEGREE: Final = round(1 / GRID)
_SHIFT: Final = 32
_LOW: Final = (1 << _SHIFT) - 1


def on_grid(xy: Coordinates) -> Coordinates:
    """The coordinates on the grid, as GEOS writes them: the same doubles."""
    return np.rint(xy * _PER_DEGREE) / _PER_DEGREE


def rounded(geometry: Any) -> Any:
    """A geometry (or an array of them) with every coordinate on the grid; nodes are not removed."""
    return shapely.transform(geometry, on_grid)


class Places:
    """The different places among some coordinates, numbered from 0; two coordinates on one grid point are one place.

    `steps` are the places in grid steps (integers, exact), `coordinates` in degrees, both of shape (n, 2). `per_degree`
    is how many steps of the grid a degree has.
    """

    def __init__(self, xy: Coordinates, per_degree: int = _PER_DEGREE) -> None:
        self._per_degree = per_degree
        steps = self._rounded(xy)
        self._origin = steps.min(axis=0) if len(steps) else np.zeros(2, np.int64)
        self._packed = np.unique(self._pack(steps))
        self.steps: Numbers = np.column_stack([self._packed >> _SHIFT, self._packed & _LOW]) + self._origin
        self.coordinates: Coordinates = self.steps / per_degree

    def __len__(self) -> int:
        return len(self._packed)

    def of(self, xy: Coordinates) -> Numbers:
        """The places of coordinates (n, 2), all of which are among those given at the beginning."""
        found: Numbers = np.searchsorted(self._packed, self._pack(self._rounded(xy)))
        return found

    def keep_exact(self, xy: Coordinates) -> None:
        """Have these come back as they are, also where another program has put them beside the grid."""
        self.coordinates[self.of(xy)] = xy

    def _rounded(self, xy: Coordinates) -> Numbers:
        steps: Numbers = np.rint(xy * self._per_degree).astype(np.int64)
        return steps

    def _pack(self, steps: Numbers) -> Numbers:
        """East in the upper 32 bits, north in the lower: good for a neighbourhood 40° wide."""
        east, north = (steps - self._origin).T
        found: Numbers = (east << _SHIFT) | north
        return found
