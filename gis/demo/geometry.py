"""Arrays of geometries from arrays of coordinates. Pure."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.demo.field import Floats

Geometries = NDArray[np.object_]


def points(xy: Floats) -> Geometries:
    """One Point for each row of `xy` (n, 2); empty for none."""
    found: Geometries = np.asarray(shapely.points(xy), dtype=object)
    return found


def polylines(lines: list[Floats]) -> Geometries:
    """One LineString for each array (n, 2) of at least two rows."""
    indices = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    found: Geometries = np.asarray(shapely.linestrings(np.concatenate(lines), indices=indices), dtype=object)
    return found
