"""What borders may follow: streets and, where there are none, lines half way between doors. Pure.

A line that passes a door too closely is led around it. Lines between doors divide what no street divides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from gis.cells.cutting.partition import Floats, Ints
from gis.cells.measure import Measure
from gis.cells.topology import united

Bools = NDArray[np.bool_]
Shapes = NDArray[Any]

# A border keeps this far from every door. A line nearer than that is led around the door in an octagon of this radius.
CLEARANCE_M: Final = 1.0


@dataclass(frozen=True, slots=True)
class Lines:
    """What borders may follow: n LineStrings (EPSG:4490), and what a metre along each costs (a street 1)."""

    shapes: Shapes
    costs: Floats

    @staticmethod
    def of(shapes: Sequence[shapely.Geometry], costs: Sequence[float] | Floats | None = None) -> Lines:
        """Lines that all cost 1 where no costs are given."""
        listed = np.array(shapes, dtype=object).reshape(-1)
        return Lines(listed, np.ones(len(listed)) if costs is None else np.asarray(costs, np.float64))

    def __add__(self, other: Lines) -> Lines:
        return Lines(np.concatenate([self.shapes, other.shapes]), np.concatenate([self.costs, other.costs]))


@dataclass(frozen=True, slots=True)
class Doors:
    """Doorplates: `lonlat` (n, 2) in degrees, EPSG:4490, and the `households` (n,) behind each."""

    lonlat: Floats
    households: Ints

    def __len__(self) -> int:
        return len(self.households)

    def some(self, chosen: Bools) -> Doors:
        """Those that are chosen."""
        return Doors(self.lonlat[chosen], self.households[chosen])


def clipped(lines: Lines, area: shapely.Geometry) -> Lines:
    """The pieces of the lines that run in the area."""
    shapely.prepare(area)
    near = np.flatnonzero(shapely.intersects(area, lines.shapes))
    cut = shapely.intersection(lines.shapes[near], area)
    pieces, index = shapely.get_parts(cut, return_index=True)
    pieces, second = shapely.get_parts(pieces, return_index=True)  # a collection where a line only touches the outline
    index = index[second]
    real = shapely.get_dimensions(pieces) == 1
    return Lines(pieces[real], lines.costs[near][index[real]])


def around_doors(shapes: Shapes, doors: Doors, measure: Measure) -> Shapes:
    """The lines (EPSG:4490), led around every door that they pass too closely."""
    if not len(shapes) or not len(doors):
        return shapes
    places = measure.metres(doors.lonlat)
    tree = shapely.STRtree(measure.flat(shapes))
    close = np.unique(tree.query(shapely.points(places), predicate="dwithin", distance=CLEARANCE_M)[0])
    if not len(close):
        return shapes
    octagons = measure.unflat(
        shapely.union_all(shapely.buffer(shapely.points(places[close]), CLEARANCE_M, quad_segs=2))
    )
    touched = shapely.intersects(shapes, octagons)
    rest = shapely.difference(shapes[touched], octagons)
    rings = shapely.boundary(shapely.get_parts(octagons))
    return np.concatenate([shapes[~touched], rest, rings])


def group_doors(xy: Floats, households: Ints, most: int) -> Ints:
    """Doors (n, 2) in metres as groups of neighbours with at most `most` households, numbered from 0.

    Halved across the longer side again and again; doors at one place stay together, however many households it has.
    """
    group = np.zeros(len(xy), np.int64)
    waiting = [np.arange(len(xy))]
    number = 0
    while waiting:
        members = waiting.pop()
        halves = _halves(xy[members], households[members], most)
        if halves is None:
            group[members] = number
            number += 1
        else:
            waiting += [members[halves], members[~halves]]
    return group


def _halves(xy: Floats, households: Ints, most: int) -> Bools | None:
    """Which doors belong to the first half; None where they need not or cannot be divided.

    They are divided at the widest gap between doors that leaves each half at least a third, so that a line rather runs
    between two houses than between two doors of one.
    """
    total = int(households.sum())
    spread = np.ptp(xy, axis=0)
    if total <= most or not spread.max() > 0:
        return None
    along = xy[:, int(np.argmax(spread))]
    order = np.argsort(along, kind="stable")
    share = (np.cumsum(households[order]) / total)[:-1]
    gap = np.diff(along[order])
    fair = np.abs(share - 0.5) <= 1 / 6
    if not (gap[fair] > 0).any():  # a block of flats outweighs the others: the fairest place there is
        fair = np.abs(share - 0.5) == np.abs(share - 0.5)[gap > 0].min()
    best = int(np.argmax(np.where(fair, gap, -1.0)))
    return np.asarray(along <= along[order][best], np.bool_)


def borders_between(xy: Floats, group: Ints, face: Polygon, measure: Measure) -> Shapes:
    """The lines in a face (EPSG:4490) that are as near to a door of one group as to one of another; doors in metres.

    They are cut to the face in degrees: what is straight there is not in metres, and a line that ends a hair's breadth
    before the outline divides nothing.
    """
    place, first = np.unique(xy, axis=0, return_index=True)
    around = shapely.box(*shapely.bounds(measure.flat(face)))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(place), extend_to=around, ordered=True))
    owner = group[first]
    groups = [united(cells[owner == number]) for number in np.unique(owner)]
    borders = measure.unflat(shapely.boundary(np.array(groups, dtype=object)))
    parts = shapely.get_parts(shapely.get_parts(shapely.intersection(borders, face)))
    inside: Shapes = parts[shapely.get_dimensions(parts) == 1]
    return inside
