"""Street blocks: the pieces into which streets, rivers and railways divide an area, and what borders on what. Pure.

All lines go into one snap-rounded arrangement with the outline of the area; its faces are the blocks. A block with more
households than one may have is divided further, half way between its doors. Cells are made of whole blocks, so nothing
that a block holds is ever cut: a line that passes a door too closely steps around it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely import Polygon

from gis.cells.cutting.lines import (
    CLEARANCE_M,
    Doors,
    Lines,
    Shapes,
    around_doors,
    borders_between,
    clipped,
    group_doors,
)
from gis.cells.cutting.partition import Floats, Graph, Ints
from gis.cells.edges import edges_of
from gis.cells.measure import Measure
from gis.cells.places import Places
from gis.cells.topology import GRID, united

# A border that runs within this distance of a line follows it (the octagons do).
ALONG_M: Final = 1.2
# Blocks without a door that are narrower than this (the strip between two carriageways, or between a street and the
# border of the village beside it) or smaller than that (a roundabout) are no block of their own.
NARROW_M: Final = 12.0
SMALL_M2: Final = 400.0
# What a metre of border costs where it follows no line, and where it is a border already; along a line it costs what
# the line says.
OPEN_COST: Final = 5.0
KEPT_COST: Final = 0.5
# Octagons around doors, and halves of them: narrower than any strip in which a house stands.
_OCTAGON_M: Final = 1.5 * CLEARANCE_M


@dataclass(frozen=True, slots=True)
class Blocks:
    """An area in blocks.

    `faces` are polygons (EPSG:4490, 1e-8°) that tile the area and share their nodes; `block` tells the block of each, 0
    to n - 1, and `door_block` that of each door. `households` (n,) are those of a block, `part` (n,) is the part it
    lies in. Blocks that have a border in common are the pairs `ends` (m, 2); `cost` (m,) is what that border costs,
    `length_m` (m,) how long it is, and `along_m` (m,) how much of it follows a line.
    """

    faces: Shapes
    block: Ints
    door_block: Ints
    households: Ints
    part: Ints
    ends: Ints
    cost: Floats
    length_m: Floats
    along_m: Floats

    def __len__(self) -> int:
        return len(self.households)

    def graph(self) -> Graph:
        """What there is to partition."""
        return Graph(self.households, self.ends, self.cost)

    def border_m(self, label: Ints) -> tuple[float, float]:
        """How long the borders between labels of blocks are, and how much of that follows lines."""
        between = label[self.ends[:, 0]] != label[self.ends[:, 1]]
        return float(self.length_m[between].sum()), float(self.along_m[between].sum())


def make_blocks(parts: Sequence[Polygon], lines: Lines, doors: Doors, *, most: int) -> Blocks:
    """Divide polygons that tile a contiguous area (EPSG:4490) into blocks with at most `most` households each.

    Each block lies in one of the `parts`; a doorplate with more households is not divided. `doors` are those of the
    area; one on its outline belongs to a block beside it, one between two parts to the first. No lines and few doors
    give one block for each part.
    """
    area = united(parts)
    measure = Measure.around(area)
    inside = clipped(lines, area)
    streets = around_doors(inside.shapes, doors, measure)
    faces = _arranged(parts, np.array(parts, dtype=object), streets)
    heavy = _between_doors(faces, nearest_face(faces, doors), doors, most, measure)
    if heavy:
        faces = _arranged(parts, faces, around_doors(np.array(heavy, dtype=object), doors, measure))
    door_face = nearest_face(faces, doors)
    weight = np.bincount(door_face, doors.households, len(faces)).astype(np.int64)
    sides = _sides(faces, inside, parts, measure)
    return _merged(faces, door_face, weight, sides, _part_of(faces, parts), measure)


def _arranged(parts: Sequence[Polygon], faces: Shapes, lines: Shapes) -> Shapes:
    """Faces that tile the parts, divided by lines: part by part and from west to east; on the grid."""
    noded = shapely.union_all([*shapely.boundary(faces), *lines], grid_size=GRID)
    pieces = shapely.get_parts(shapely.polygonize([noded]))
    inner = shapely.point_on_surface(pieces)
    pieces = pieces[np.unique(shapely.STRtree(parts).query(inner, predicate="intersects")[0])]
    ordered: Shapes = pieces[np.lexsort([*shapely.bounds(pieces).T[::-1], _part_of(pieces, parts)])]
    return ordered


def nearest_face(faces: Shapes, doors: Doors) -> Ints:
    """The face that holds each door, the first of several; the nearest one for a door beside the area by rounding."""
    if not len(doors):
        return np.empty(0, np.int64)
    points = np.array(shapely.points(doors.lonlat), dtype=object)
    tree = shapely.STRtree(faces)
    door, face = tree.query(points, predicate="intersects")
    found = np.full(len(doors), len(faces), np.int64)
    np.minimum.at(found, door, face)
    lost = np.flatnonzero(found == len(faces))
    found[lost] = tree.nearest(points[lost]) if len(lost) else 0
    return found


def _between_doors(faces: Shapes, door_face: Ints, doors: Doors, most: int, measure: Measure) -> list[shapely.Geometry]:
    """Lines that divide the faces with more than `most` households: half way between groups of doors.

    Streets that end in such a face help to divide it: they are in the arrangement anyway, and a line between doors that
    meets one closes it.
    """
    weight = np.bincount(door_face, doors.households, len(faces))
    order = np.argsort(door_face, kind="stable")
    starts = np.searchsorted(door_face[order], np.arange(len(faces) + 1))
    found: list[shapely.Geometry] = []
    for face in np.flatnonzero(weight > most):
        members = order[starts[face] : starts[face + 1]]
        xy = measure.metres(doors.lonlat[members])
        group = group_doors(xy, doors.households[members], most)
        if group.max() > 0:
            found += borders_between(xy, group, faces[face], measure).tolist()
    return found


@dataclass(frozen=True, slots=True)
class Segments:
    """The straight pieces of border between two faces: from and to `lonlat` (m, 2, 2), and the `faces` (m, 2)."""

    lonlat: Floats
    faces: Ints


def shared_segments(faces: Shapes) -> Segments:
    """The segments that two of the faces have in common; the faces share their nodes."""
    places = Places(shapely.get_coordinates(faces))
    edges = edges_of(places, faces)
    order = np.argsort(edges.edge, kind="stable")
    twice = np.flatnonzero(edges.edge[order][1:] == edges.edge[order][:-1])
    one, other = order[twice], order[twice + 1]
    ends = np.column_stack([edges.tail[one], edges.head[one]])
    return Segments(places.coordinates[ends], np.sort(edges.polygon[np.column_stack([one, other])], axis=1))


@dataclass(frozen=True, slots=True)
class _Sides:
    """Common borders of faces: pairs `ends` (m, 2); `cost`, `length_m` and `along_m` (m,)."""

    ends: Ints
    cost: Floats
    length_m: Floats
    along_m: Floats

    def summed(self, ends: Ints) -> _Sides:
        """One row for each pair of different numbers that now stand for the faces."""
        ends = np.sort(ends, axis=1)
        apart = ends[:, 0] != ends[:, 1]
        pairs, row = np.unique(ends[apart], axis=0, return_inverse=True)
        row = row.reshape(-1)
        sums = (
            np.bincount(row, figures[apart], len(pairs)).astype(np.float64)
            for figures in (self.cost, self.length_m, self.along_m)
        )
        return _Sides(pairs.astype(np.int64).reshape(-1, 2), *sums)


def _sides(faces: Shapes, lines: Lines, parts: Sequence[Polygon], measure: Measure) -> _Sides:
    """Which faces share borders, summed over the segments they have in common."""
    segments = shared_segments(faces)
    xy = measure.metres(segments.lonlat.reshape(-1, 2)).reshape(-1, 2, 2)
    length = np.hypot(*(xy[:, 1] - xy[:, 0]).T)
    cost = _cost_along(xy, lines, measure)
    along = length * (cost < OPEN_COST)
    part = _part_of(faces, parts)[segments.faces]
    cost[part[:, 0] != part[:, 1]] = KEPT_COST
    return _Sides(segments.faces, length * cost, length, along).summed(segments.faces)


def _cost_along(xy: Floats, lines: Lines, measure: Measure) -> Floats:
    """What a metre of each segment (n, 2, 2; metres) costs: that of the cheapest line that its middle lies on."""
    cost = np.full(len(xy), OPEN_COST)
    if len(lines.shapes) and len(xy):
        tree = shapely.STRtree(measure.flat(lines.shapes))
        middle, line = tree.query(shapely.points(xy.mean(axis=1)), predicate="dwithin", distance=ALONG_M)
        np.minimum.at(cost, middle, lines.costs[line])
    return cost


def _part_of(faces: Shapes, parts: Sequence[Polygon]) -> Ints:
    """The part in which each face lies; 0 where there are none."""
    found = np.zeros(len(faces), np.int64)
    if len(parts) > 1:
        face, part = shapely.STRtree(parts).query(shapely.point_on_surface(faces), predicate="intersects")
        found[face] = part
    return found


def _merged(faces: Shapes, door_face: Ints, weight: Ints, sides: _Sides, part: Ints, measure: Measure) -> Blocks:
    """Faces as blocks: what is too narrow or too small to be one is joined to a neighbour in the same part."""
    block = _joined(_no_block(measure.flat(faces), weight), sides, part)
    merged = sides.summed(block[sides.ends])
    first = np.unique(block, return_index=True)[1]
    return Blocks(
        faces=faces,
        block=block,
        door_block=block[door_face],
        households=np.bincount(block, weight).astype(np.int64),
        part=part[first],
        ends=merged.ends,
        cost=merged.cost,
        length_m=merged.length_m,
        along_m=merged.along_m,
    )


def _no_block(flat: Shapes, weight: Ints) -> Ints:
    """The faces that are no block of their own, the smallest first."""
    size = shapely.area(flat)
    width = 2 * size / shapely.length(flat)
    odd = (width < _OCTAGON_M) | ((weight == 0) & ((width < NARROW_M) | (size < SMALL_M2)))
    return np.flatnonzero(odd)[np.argsort(size[odd], kind="stable")]


def _joined(odd: Ints, sides: _Sides, part: Ints) -> Ints:
    """The number of the block of each face, where each `odd` face joins the block it has the longest border with."""
    head = np.arange(len(part))
    beside: list[dict[int, float]] = [{} for _ in part]
    for (one, other), length in zip(sides.ends.tolist(), sides.length_m.tolist(), strict=True):
        if part[one] == part[other]:
            beside[one][other] = beside[other][one] = length
    for face in odd.tolist():
        if not beside[face]:
            continue
        to = max(beside[face], key=lambda other: (beside[face][other], -other))
        head[face] = to
        for other, length in beside[face].items():
            del beside[other][face]
            if other != to:
                beside[other][to] = beside[to][other] = beside[to].get(other, 0.0) + length
        beside[face] = {}
    while not np.array_equal(head, head[head]):
        head = head[head]
    return np.unique(head, return_inverse=True)[1].reshape(-1)
