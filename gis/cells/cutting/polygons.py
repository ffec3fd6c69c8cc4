"""From labelled blocks to the polygons of cells, with no node that nobody needs. Pure.

Blocks carry a node wherever a side street meets a border. A cell keeps the nodes of the area's outline as they were,
those of the lines its border follows, and one where borders meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from shapely import LinearRing, LineString, Polygon

from gis.cells.cutting.blocks import Blocks, shared_segments
from gis.cells.cutting.lines import Shapes
from gis.cells.cutting.partition import Floats, Ints
from gis.cells.topology import GRID, united
from gis.errors import BrokenCoverage

# Nodes that lie on the straight line between their neighbours to about this many degrees (2 mm) are left out.
_STRAIGHT: Final = 2 * GRID


def draw_cells(blocks: Blocks, label: Ints, within: Sequence[Polygon]) -> dict[int, Polygon]:
    """The polygon of each label of the blocks that lie in `within` (EPSG:4490, 1e-8°), which its labels fill.

    Every label must be contiguous. Raises BrokenCoverage where the polygons do not tile, which does not happen.
    """
    inside = _inside(blocks.faces, within)
    faces, whole = blocks.faces[inside], label[blocks.block[inside]]
    segments = shared_segments(faces)
    between = whole[segments.faces[:, 0]] != whole[segments.faces[:, 1]]
    borders = _straightened(segments.lonlat[between])
    ends = [line.coords[at] for line in borders for at in (0, -1)]
    outline = _with_nodes(united(faces), [*shapely.get_coordinates(within), *ends])
    pieces = shapely.get_parts(shapely.polygonize([shapely.union_all([*outline, *borders], grid_size=GRID)]))
    piece, face = shapely.STRtree(faces).query(shapely.point_on_surface(pieces), predicate="intersects")
    piece, first = np.unique(piece, return_index=True)  # its inner point may lie between two faces of one label
    return _one_each(pieces[piece], whole[face[first]])


def _with_nodes(area: shapely.Geometry, nodes: Sequence[Any]) -> list[shapely.Geometry]:
    """The rings of an area with only those of its nodes that are given.

    Snap rounding may have put a node on the next grid point: it is the given one all the same, and goes back to it.
    """
    kept = np.unique(np.array(nodes), axis=0)
    tree = shapely.STRtree(np.array(shapely.points(kept), dtype=object))
    found: list[shapely.Geometry] = []
    for ring in shapely.get_rings(shapely.get_parts(area)):
        lonlat = shapely.get_coordinates(ring)[:-1]
        node, given = tree.query_nearest(shapely.points(lonlat), max_distance=1.5 * GRID, all_matches=False)
        found.append(LinearRing(kept[given[np.argsort(node, kind="stable")]]))
    return found


def _inside(faces: Shapes, within: Sequence[Polygon]) -> Ints:
    tree = shapely.STRtree(within)
    return np.unique(tree.query(shapely.point_on_surface(faces), predicate="intersects")[0]).astype(np.int64)


def _straightened(segments: Floats) -> list[LineString]:
    """Segments (m, 2, 2) as lines from junction to junction."""
    if not len(segments):
        return []
    merged = shapely.line_merge(shapely.multilinestrings([LineString(segment) for segment in segments]))
    lines: list[LineString] = shapely.get_parts(shapely.simplify(merged, _STRAIGHT)).tolist()
    return lines


def _one_each(pieces: Shapes, whole: Ints) -> dict[int, Polygon]:
    """The pieces of each label as one polygon. Raises BrokenCoverage where they are not."""
    cells: dict[int, Polygon] = {}
    for number in np.unique(whole).tolist():
        cell = shapely.coverage_union_all(pieces[whole == number])
        parts = [part for part in shapely.get_parts(cell) if not part.is_empty]
        if len(parts) != 1 or not isinstance(parts[0], Polygon):
            raise BrokenCoverage(
                "part {number} of the area was drawn in {pieces_drawn} pieces", number=number, pieces_drawn=len(parts)
            )
        cells[number] = parts[0]
    if not shapely.coverage_is_valid(list(cells.values())):
        raise BrokenCoverage("the parts of the area were drawn with gaps or overlaps")
    return cells
