"""What somebody has drawn, before it is laid over the grid: is it valid, and does it meet the borders it means? Pure.

A hand or a file with six decimals does not hit a border exactly. Nodes within some 0.1 m of a node or border are meant
to lie on it, as in an import.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final, TypeVar, cast

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon

from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Fix, Issue, Refused
from gis.cells.editing.operations import Operation
from gis.cells.places import Coordinates, rounded
from gis.cells.topology import GRID

# Degrees, 0.1 m or a little less.
SNAP: Final = 1e-6
_ON_IT: Final = 1e-11
_PLACE: Final = re.compile(r"\[(?P<lon>[-+.0-9e]+) (?P<lat>[-+.0-9e]+)\]")

Drawn = TypeVar("Drawn", LineString, Polygon)


def parts_of(geometry: shapely.Geometry) -> list[Polygon]:
    """The polygons of a geometry, the largest first."""
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon) and not part.is_empty]
    return sorted(parts, key=lambda part: part.area, reverse=True)


def check_polygon(polygon: Polygon, redo: Callable[[Polygon], Operation]) -> None:
    """Raises Refused where the polygon is not valid or empty; `redo` makes the same operation of another polygon."""
    reason = shapely.is_valid_reason(polygon)
    if reason == "Valid Geometry" and polygon.area > 0:
        return
    whole = np.isfinite(shapely.get_coordinates(polygon)).all()
    parts = parts_of(shapely.make_valid(polygon)) if whole else []
    fixes = (Fix("untangle", (redo(parts[0]),)),) if parts else ()
    place = _PLACE.search(reason)
    piece = Point(float(place["lon"]), float(place["lat"])) if place and whole else cast(Any, Point())
    if "Self-intersection" in reason:
        raise Refused([Issue("SELF_INTERSECTION", "crosses-itself", (), piece, fixes=fixes)])
    told = "ring-empty" if whole and not polygon.area else "ring-invalid"
    detail = {"detail": reason.partition("[")[0]}
    raise Refused([Issue("INVALID_RING", told, (), piece, values=detail, fixes=fixes)])


def check_line(line: LineString, cell: str, redo: Callable[[LineString], Operation]) -> None:
    """Raises Refused where the line crosses itself; a closed line is none that does. `redo` as for polygons."""
    if line.is_simple:
        return
    parts = shapely.get_parts(shapely.union_all([line]))
    ends = [point for part in parts for point in (part.coords[0], part.coords[-1])]
    crossings = MultiPoint(sorted({point for point in ends if ends.count(point) > 2}))
    straight = _without_loops(line, shapely.get_coordinates(parts))
    fixes = (Fix("without-loops", (redo(LineString(straight)),)),) if len(straight) > 1 else ()
    piece = line if crossings.is_empty else crossings  # a line that runs back on itself has no crossing
    raise Refused([Issue("SELF_INTERSECTION", "line-crosses-itself", (cell,), piece, fixes=fixes)])


def _without_loops(line: LineString, nodes: Coordinates) -> list[tuple[float, float]]:
    """The way from the line's start to its end that leaves out what leads back to where it was."""
    way: list[tuple[float, float]] = []
    for start, end in pairwise(line.coords):
        segment = LineString([start, end])
        on_it = nodes[shapely.dwithin(segment, shapely.points(nodes), _ON_IT)]
        for node in sorted(map(tuple, on_it.tolist()), key=lambda node: math.dist(node, start)):
            if node in way:
                del way[way.index(node) :]
            way.append(node)
    return way


def snapped(grid: Grid, drawn: Drawn) -> Drawn:
    """What was drawn on the grid of 1e-8°, its nodes on those nodes and borders of cells that are within 0.1 m.

    Where a border's node lies within 0.1 m of an edge that was drawn, the edge gets that node. A polygon that would not
    be valid afterwards is only rounded.
    """
    shapes = np.array([grid.cells[code].polygon for code in grid.near(drawn, SNAP)], dtype=object)
    if len(shapes) == 0:
        return cast(Drawn, rounded(drawn))
    nodes: Any = shapely.points(np.unique(shapely.get_coordinates(shapes), axis=0))
    nodes = nodes[shapely.dwithin(nodes, shapely.boundary(drawn) if isinstance(drawn, Polygon) else drawn, SNAP)]
    borders = shapely.get_rings(shapes)
    result = shapely.transform(drawn, lambda xy: _to_borders(_to_nodes(xy, nodes), borders))
    result = rounded(shapely.snap(result, shapely.multipoints(nodes), SNAP) if len(nodes) else result)
    if isinstance(drawn, Polygon) and not shapely.make_valid(result).area:
        return _tiny(drawn)
    if _hole_is_gone(result):
        result = rounded(drawn)
    if _hole_is_gone(result):
        return shapely.set_precision(drawn, GRID)
    result = shapely.remove_repeated_points(result)
    if isinstance(drawn, Polygon) and not result.is_valid:
        result = rounded(drawn)
    return cast(Drawn, result if result.is_valid else shapely.set_precision(drawn, GRID))


def _hole_is_gone(drawn: Drawn) -> bool:
    """Whether a hole of it has shrunk to a node or two."""
    return isinstance(drawn, Polygon) and not all(Polygon(ring).area for ring in drawn.interiors)


def _tiny(drawn: Polygon) -> Polygon:
    """A polygon that lies within reach of a node or two as a whole: only rounded. Raises Refused if that is nothing."""
    found = shapely.set_precision(drawn, GRID)
    if not isinstance(found, Polygon) or found.is_empty:
        raise Refused([Issue("INVALID_RING", "ring-empty", (), shapely.point_on_surface(drawn))])
    return found


def _to_nodes(xy: Coordinates, nodes: Any) -> Coordinates:
    """Coordinates moved to the nearest node within reach."""
    found = xy.copy()
    if len(nodes):
        one, node = shapely.STRtree(nodes).query_nearest(shapely.points(xy), max_distance=SNAP, all_matches=False)
        found[one] = shapely.get_coordinates(nodes[node])
    return found


def _to_borders(xy: Coordinates, borders: Any) -> Coordinates:
    """Coordinates moved to the nearest point of a border within reach."""
    found = xy.copy()
    points: Any = shapely.points(xy)
    one, border = shapely.STRtree(borders).query_nearest(points, max_distance=SNAP, all_matches=False)
    way = shapely.line_locate_point(borders[border], points[one])
    there = shapely.line_interpolate_point(borders[border], way)
    # A node that is already there keeps its exact place.
    apart = shapely.distance(there, points[one]) > 1e-12
    found[one[apart]] = shapely.get_coordinates(there[apart])
    return found
