"""Places taken to streets: which edge, and where along it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from numpy.typing import ArrayLike

from gis.crs import to_metric
from gis.patrol.network import Flags, Floats, Ints, Network


@dataclass(frozen=True, slots=True)
class Snapped:
    """Per place, shape (n,): the nearest edge (-1: there is none), the share of its length before that point (0 … 1),
    and how many metres it is off."""

    edge: Ints
    share: Floats
    off_m: Floats


@dataclass
class Streets:
    """The lines of a network in metres of its 3° zone, and an index of those that may be snapped to."""

    lon: float
    usable: Ints
    lines: npt.NDArray[np.object_] = field(repr=False)
    _tree: shapely.STRtree = field(repr=False)

    @classmethod
    def of(cls, network: Network, usable: Flags) -> Streets:
        """`usable` per edge, shape (k,): whether places may be taken to it."""
        lon = float(network.lon.mean()) if len(network.lon) else 0.0
        lines = _projected(network.line, lon)
        chosen = np.flatnonzero(usable)
        return cls(lon, chosen, lines, shapely.STRtree(lines[chosen]))

    def snap(self, lon: ArrayLike, lat: ArrayLike) -> Snapped:
        """The nearest point of a usable edge for each place (degrees); of two edges just as near, the first."""
        x, y = to_metric(self.lon).transform(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
        points = np.asarray(shapely.points(np.atleast_1d(x), np.atleast_1d(y)), dtype=object)
        edge = np.full(len(points), -1, dtype=np.int64)
        share, off = np.zeros(len(points)), np.full(len(points), np.inf)
        if len(self.usable) and len(points):
            (place, found), distance = self._tree.query_nearest(points, return_distance=True)
            order = np.lexsort((self.usable[found], place))
            first = order[np.unique(place[order], return_index=True)[1]]
            edge[place[first]], off[place[first]] = self.usable[found[first]], distance[first]
            share = shapely.line_locate_point(self.lines[edge], points, normalized=True)
            share = np.nan_to_num(share)  # a street without length, where nodes lie on one point
        return Snapped(edge, share, off)

    def part(self, network: Network, edge: int, begin: float, end: float) -> Floats:
        """The piece of an edge between two shares of its length, as degrees, shape (2 or more, 2); backward where
        `begin` is more than `end`."""
        low, high = min(begin, end), max(begin, end)
        degrees = shapely.get_coordinates(network.line[edge])
        if (low, high) == (0.0, 1.0):
            return degrees if begin <= end else degrees[::-1]
        metric = shapely.get_coordinates(self.lines[edge])
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(metric, axis=0).T))])
        total = along[-1] or 1.0
        inside = degrees[(along > low * total) & (along < high * total)]
        ends = [[np.interp(at * total, along, degrees[:, axis]) for axis in (0, 1)] for at in (low, high)]
        found = np.vstack([ends[0], inside, ends[1]])
        return found if begin <= end else found[::-1]


def _projected(lines: npt.NDArray[np.object_], lon: float) -> npt.NDArray[np.object_]:
    if not len(lines):
        return np.empty(0, dtype=object)
    transformer = to_metric(lon)

    def project(xy: Floats) -> Floats:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return np.asarray(shapely.transform(lines, project), dtype=object)
