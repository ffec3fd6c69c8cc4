"""The edges of polygons in a table: whose they are, and where they begin and end. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.cells.places import Numbers, Places


@dataclass(frozen=True, slots=True)
class Edges:
    """One row for each edge of each ring, in their order.

    `tail` and `head` are places; `edge` is the same number for the same edge, whichever way it is walked; `ring` and
    `polygon` count from 0.
    """

    tail: Numbers
    head: Numbers
    edge: Numbers
    ring: Numbers
    polygon: Numbers


def edges_of(places: Places, polygons: NDArray[Any]) -> Edges:
    """The edges of an array of polygons. Those shorter than the grid are left out."""
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    place = places.of(xy)
    real = (ring[1:] == ring[:-1]) & (place[1:] != place[:-1])
    tail, head, ring = place[:-1][real], place[1:][real], ring[:-1][real]
    return Edges(tail, head, edge_number(places, tail, head), ring, polygon[ring])


def edge_number(places: Places, tail: Numbers, head: Numbers) -> Numbers:
    """One number for each edge between two places, the same in both directions."""
    found: Numbers = np.minimum(tail, head) * np.int64(len(places)) + np.maximum(tail, head)
    return found
