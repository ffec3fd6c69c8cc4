"""A network of lines that were drawn, not mapped: streets meet where they share a vertex. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from gis.patrol.network import Network
from gis.patrol.profiles import PROFILES
from gis.patrol.ways import Way, build

# What a street of each class (gis.streets) would be tagged.
_HIGHWAY: Final = {1: "primary", 2: "tertiary", 3: "residential", 4: "path"}


def network_of_lines(
    lines: npt.NDArray[np.object_], ids: Sequence[int], names: Sequence[str | None], classes: Sequence[int]
) -> Network:
    """The network of n lines (degrees) of streets with their ids, names and classes; all may be gone both ways."""
    xy, index = shapely.get_coordinates(lines, return_index=True)
    points, number = np.unique(xy, axis=0, return_inverse=True)
    nodes = np.split(number.ravel() + 1, np.searchsorted(index, np.arange(1, len(lines))))
    places = {key: (float(x), float(y)) for key, (x, y) in enumerate(points, start=1)}
    passages = {
        kind: {mode: profile({"highway": highway}) for mode, profile in PROFILES.items()}
        for kind, highway in _HIGHWAY.items()
    }
    rows = zip(ids, nodes, names, classes, strict=True)
    ways = [
        Way(int(street), part.tolist(), name or "", int(kind), passages[int(kind)]) for street, part, name, kind in rows
    ]
    return build(ways, places, {}, ()).network
