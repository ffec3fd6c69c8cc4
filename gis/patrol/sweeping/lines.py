"""A walk as a line. Pure."""

from __future__ import annotations

import numpy as np
import shapely

from gis.patrol.network import Floats, Network
from gis.patrol.sweeping.request import Walk


def line_of(network: Network, walk: Walk) -> Floats:
    """The way of a walk as it is walked, in degrees, shape (n, 2); places that it passes twice are there twice."""
    found: list[Floats] = []
    for arc in walk.arcs.tolist():
        xy = shapely.get_coordinates(network.line[network.edge[arc]])
        found.append((xy if network.forward[arc] else xy[::-1])[1 if found else 0 :])
    return np.concatenate(found) if found else np.zeros((0, 2))
