"""The nodes of borders, for drawing tools that snap to them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import shapely
from shapely import Polygon

Box = tuple[float, float, float, float]
Node = tuple[float, float, list[str]]


def nodes_in(cells: Mapping[str, Polygon], box: Box) -> list[Node]:
    """The nodes (lon, lat in degrees) inside a box (west, south, east, north; its edges belong to it), each with the
    codes of the cells that share it, ascending; by lon, then lat. No cells have no nodes."""
    codes = sorted(cells)
    xy, which = shapely.get_coordinates([cells[code] for code in codes], return_index=True)
    west, south, east, north = box
    inside = (xy[:, 0] >= west) & (xy[:, 0] <= east) & (xy[:, 1] >= south) & (xy[:, 1] <= north)
    shared: dict[tuple[float, float], dict[str, None]] = defaultdict(dict)
    for (lon, lat), cell in zip(xy[inside].tolist(), which[inside].tolist(), strict=True):
        shared[lon, lat][codes[cell]] = None
    return [(lon, lat, list(found)) for (lon, lat), found in sorted(shared.items())]


def boxes_of(cells: Mapping[str, Polygon], box: Box) -> dict[str, Polygon]:
    """The cells whose bounding box meets a box."""
    codes = list(cells)
    bounds = shapely.bounds([cells[code] for code in codes]).reshape(-1, 4)
    west, south, east, north = box
    meets = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    return {codes[at]: cells[codes[at]] for at in np.flatnonzero(meets).tolist()}
