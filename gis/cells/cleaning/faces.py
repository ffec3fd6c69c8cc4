"""The faces of one arrangement of cells, without storage: who claims each, how wide it is, who lies beside it.

Used where a coverage is not clean (`gis/cells/cleaning/clean.py`). Shapes are in degrees (EPSG:4490) on the grid of
`gis/cells/topology.py`; lengths, widths and areas in metres of their metric zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from gis.cells.edges import edges_of
from gis.cells.places import Places
from gis.cells.topology import GRID, owners_of
from gis.crs import to_metric

Shapes = NDArray[np.object_]

# What is nearer touches: buffers are not exact.
_TOUCH_M: Final = 0.02
# In widths of the gap: at a crossing the third cell is a little farther than across.
_LONGEST_CUT: Final = 1.5
_METRES_A_DEGREE: Final = 111_195.0
_STEP: Final = 1e-4  # degrees, some 10 m: over which a scale is measured


def in_metres(shapes: Shapes) -> Shapes:
    """Each shape in metres of its own place, x east and y north: the scale of the metric zone in its middle.

    Unlike the zone's own plane this keeps straight borders straight. In the zone a border of 2 km from west to east is
    bent by centimetres, and the area of a sliver beside it depends on how many nodes it happens to have.
    """
    if not len(shapes):
        return shapes
    middle = shapely.centroid(shapes)
    lon, lat = shapely.get_x(middle), shapely.get_y(middle)
    zone = to_metric(float(lon.mean()))
    ends = [(lon - _STEP, lat), (lon + _STEP, lat), (lon, lat - _STEP), (lon, lat + _STEP)]
    west, east, south, north = (np.array(zone.transform(*end)) for end in ends)
    scale = np.column_stack([np.hypot(*(east - west)), np.hypot(*(north - south))]) / (2 * _STEP)
    xy, of_shape = shapely.get_coordinates(shapes, return_index=True)
    return np.asarray(shapely.set_coordinates(shapes.copy(), xy * scale[of_shape]), dtype=object)


@dataclass(frozen=True)
class Segments:
    """Pieces of border between two faces: their numbers, the end points in degrees (n, 4), the length in metres."""

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    ends: NDArray[np.float64]
    length: NDArray[np.float64]


class Faces:
    """The faces of the arrangement of `shapes` and `lines`.

    `owners[i]` are the indexes of the shapes that claim face i, ascending; `beside[i]` the length (m) of its common
    border with each face beside it.
    """

    def __init__(self, shapes: Shapes, lines: Iterable[shapely.Geometry] = ()) -> None:
        noded = shapely.union_all([*shapely.boundary(shapes), *lines], grid_size=GRID)
        self.shapes: Shapes = shapely.get_parts(shapely.polygonize([noded]))
        self.owners = owners_of(self.shapes, shapes)
        self.in_metres = in_metres(self.shapes)
        self.area: NDArray[np.float64] = shapely.area(self.in_metres)
        self.segments = _segments(self.shapes)
        self.beside = _beside(self.segments)

    def widths(self, faces: Sequence[int]) -> NDArray[np.float64]:
        """How wide each face is at its widest place: the diameter of the largest circle inside, in metres."""
        return widths(self.in_metres[list(faces)])


def widths(polygons: Shapes) -> NDArray[np.float64]:
    """The diameter of the largest circle in each polygon (metres), to 4 cm or a fifth of its mean thickness."""
    if not len(polygons):
        return np.zeros(0)
    thickness = 2 * shapely.area(polygons) / shapely.length(polygons)
    circles = shapely.maximum_inscribed_circle(polygons, tolerance=np.maximum(thickness / 10, 0.02))
    found: NDArray[np.float64] = 2 * shapely.length(circles)
    return found


def _segments(faces: Shapes) -> Segments:
    """Every segment that two faces share. In one arrangement its end points are the same on both sides."""
    places = Places(shapely.get_coordinates(faces))
    edges = edges_of(places, faces)
    order = np.argsort(edges.edge, kind="stable")
    twice = np.flatnonzero(edges.edge[order][1:] == edges.edge[order][:-1])
    first, second = order[twice], order[twice + 1]
    tail, head = places.coordinates[edges.tail[first]], places.coordinates[edges.head[first]]
    length = np.hypot(*((head - tail) * _metres_a_degree(faces)).T)
    return Segments(edges.polygon[first], edges.polygon[second], np.hstack([tail, head]), length)


def _beside(segments: Segments) -> dict[int, dict[int, float]]:
    """For each face the length of the border with each face beside it."""
    beside: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for one, other, length in zip(
        segments.one.tolist(), segments.other.tolist(), segments.length.tolist(), strict=True
    ):
        beside[one][other] += length
        beside[other][one] += length
    return beside


# --- gaps between more than two cells --------------------------------------------------------------------------------

Segment = tuple[float, float, float, float]


def cuts(faces: Faces, widths_m: Mapping[int, float], label: Sequence[int | None]) -> list[shapely.LineString]:
    """Lines (degrees) across gaps that run along several cells, from each point where two of these meet.

    A gap of 1 m along ten cells, given away as one piece, would be a tentacle of one cell between all the others. A cut
    goes from where two labels meet straight to the nearest third one, and is not much longer than the gap is wide
    (`widths_m`, of the gaps to be cut).
    """
    scale = _metres_a_degree(faces.shapes)
    around = _labelled_segments(faces.segments, set(widths_m), label)
    lines: list[shapely.LineString] = []
    for gap, width in widths_m.items():
        if len(set(around[gap].values())) > 2:
            room = shapely.transform(faces.shapes[gap], lambda lonlat: lonlat * scale)
            across = _across(room, _Border.of(around[gap], scale), _LONGEST_CUT * width)
            lines += [shapely.transform(line, lambda xy: xy / scale) for line in across]
    return lines


def _labelled_segments(
    segments: Segments, gaps: set[int], label: Sequence[int | None]
) -> dict[int, dict[Segment, int]]:
    """For each gap the label beyond each segment of its border; segments beyond which there is none are left out."""
    around: dict[int, dict[Segment, int]] = defaultdict(dict)
    for one, other, ends in zip(segments.one.tolist(), segments.other.tolist(), segments.ends.tolist(), strict=True):
        for gap, face in ((one, other), (other, one)):
            owner = label[face]
            if gap in gaps and owner is not None:
                around[gap][tuple(ends)] = owner
    return around


@dataclass(frozen=True)
class _Border:
    """The border of a gap in metres: its segments, the label beyond each, and the labels that meet at each vertex."""

    lines: Shapes
    labels: NDArray[np.int64]
    at: dict[tuple[float, float], set[int]]

    @classmethod
    def of(cls, around: dict[Segment, int], scale: NDArray[np.float64]) -> _Border:
        ends = np.array(list(around)).reshape(-1, 2, 2) * scale
        at: dict[tuple[float, float], set[int]] = defaultdict(set)
        for pair, owner in zip(ends.tolist(), around.values(), strict=True):
            for x, y in pair:
                at[x, y].add(owner)
        return cls(np.array(shapely.linestrings(ends)), np.array(list(around.values())), at)


def _across(gap: Polygon, border: _Border, longest_m: float) -> list[shapely.LineString]:
    """From each vertex where two labels meet the way to the nearest third one, where it is short and inside the gap."""
    room = shapely.buffer(gap, _TOUCH_M / 4)
    lines = []
    for vertex, meeting in border.at.items():
        others = border.lines[~np.isin(border.labels, list(meeting))]
        if len(meeting) < 2 or not len(others):
            continue
        ways = shapely.shortest_line(shapely.Point(vertex), others)
        way = ways[int(np.argmin(shapely.length(ways)))]
        if 0 < way.length <= longest_m and shapely.covers(room, way):
            lines.append(way)
    return lines


# --- gaps that are open at one end -----------------------------------------------------------------------------------


def caps(shapes: Shapes, width_m: float) -> list[shapely.LineString]:
    """Lines (degrees) that close slits narrower than `width_m` between two shapes, open to the outside or to a hole.

    Such a slit is no face of any arrangement, and `coverage_is_valid` does not see it. It is found by closing (growing
    the union by half the width and shrinking it again) and counts where it runs along two shapes for twice its width at
    least: a corner between two cells is none.
    """
    scale = _metres_a_degree(shapes)
    cells = shapely.transform(shapes, lambda lonlat: lonlat * scale)
    union = shapely.union_all(cells)
    half = 0.98 * width_m / 2
    closed = shapely.buffer(shapely.buffer(union, half, join_style="mitre"), -half, join_style="mitre")
    slits: Shapes = shapely.get_parts(shapely.difference(closed, union))
    slits = slits[shapely.area(slits) > _TOUCH_M * width_m]
    tree = shapely.STRtree(cells)
    lines: list[shapely.LineString] = []
    for slit in slits:
        near = cells[tree.query(slit, predicate="dwithin", distance=_TOUCH_M)]
        grown = shapely.buffer(near, _TOUCH_M)
        along = shapely.length(shapely.intersection(shapely.boundary(slit), grown))
        if np.count_nonzero(along >= 2 * width_m) >= 2:
            lines += _mouths(
                slit, shapely.union_all(grown), shapely.MultiLineString(list(shapely.get_parts(shapely.boundary(near))))
            )
    return [shapely.transform(line, lambda xy: xy / scale) for line in lines]


def _metres_a_degree(shapes: Shapes) -> NDArray[np.float64]:
    """Metres a degree of longitude and latitude in the middle of some shapes, to a hundredth within a county.

    One scale for all, so that a point on a border stays on it.
    """
    _, south, _, north = shapely.total_bounds(shapes)
    return _METRES_A_DEGREE * np.array([np.cos(np.radians((south + north) / 2)), 1.0])


def _mouths(slit: Polygon, grown: shapely.Geometry, border: shapely.Geometry) -> list[shapely.LineString]:
    """The straight lines across the openings of a slit, from border to border of the cells around it.

    An end lies on a border up to rounding: snap-rounding bends the border by less than a millimetre to meet it.
    """
    free = shapely.difference(shapely.boundary(slit), grown)
    lines = []
    for arc in () if free.is_empty else shapely.get_parts(shapely.line_merge(free)):
        ends = [shapely.get_point(shapely.shortest_line(shapely.get_point(arc, at), border), 1) for at in (0, -1)]
        if not shapely.equals(*ends):
            lines.append(shapely.LineString(ends))
    return lines
