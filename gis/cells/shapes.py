"""What maps of the grid are drawn from: all cells and divisions in one document, every border in it once.

A border belongs to two cells, and to two villages, towns and counties where it is theirs too; as GeoJSON, page by page,
it comes up to eight times over. TopoJSON has it once, and the pages and GDAL read it. Places are on a grid of 1e-6°:
0.11 m or less, half a pixel at zoom 19, the closest there is. What edits the grid reads its items, which are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from sqlalchemy import Connection

from gis.cells.arcs import Ring, arcs_of
from gis.storage.queries import query

PER_DEGREE: Final = 1_000_000


class Shape(NamedTuple):
    """A polygon or multipolygon (EPSG:4490) and what is told of it."""

    geometry: shapely.Geometry
    properties: Mapping[str, str]


def read_shapes(conn: Connection, counties: Sequence[int], area: str) -> dict[str, list[Shape]]:
    """The cells and divisions of an area ("": all) that the reader may see, in the order of their codes."""
    cells = conn.execute(query("cells/shapes"), {"counties": list(counties), "area": area}).all()
    divisions = conn.execute(query("cells/division_shapes"), {"area": area}).all()
    return {"cells": _shapes(cells), "divisions": _shapes(divisions)}


def _shapes(rows: Sequence[Any]) -> list[Shape]:
    geometries = shapely.from_wkb([bytes(row.wkb) for row in rows])
    told = [{"code": row.code, "name": row.name} | ({"level": row.level} if row.level else {}) for row in rows]
    return [Shape(geometry, properties) for geometry, properties in zip(geometries, told, strict=True)]


def topology(objects: Mapping[str, Sequence[Shape]]) -> dict[str, Any]:
    """Shapes by the name of their collection as one TopoJSON topology."""
    shapes = [shape for collection in objects.values() for shape in collection]
    parts, of = shapely.get_parts(np.array([shape.geometry for shape in shapes], object), return_index=True)
    arcs = arcs_of(parts, PER_DEGREE)
    found: list[list[list[Ring]]] = [[] for _ in shapes]
    for at, rings in zip(of.tolist(), arcs.rings, strict=True):
        found[at].append(rings)
    drawn = iter(found)
    origin = np.min([line.min(axis=0) for line in arcs.lines], axis=0) if arcs.lines else np.zeros(2, np.int64)
    return {
        "type": "Topology",
        "transform": {"scale": [1 / PER_DEGREE] * 2, "translate": (origin / PER_DEGREE).tolist()},
        "objects": {
            name: {
                "type": "GeometryCollection",
                "geometries": [_geometry(next(drawn), shape) for shape in collection],
            }
            for name, collection in objects.items()
        },
        "arcs": [np.diff(line, axis=0, prepend=origin[None]).tolist() for line in arcs.lines],
    }


def _geometry(polygons: list[list[Ring]], shape: Shape) -> dict[str, Any]:
    told = {"properties": dict(shape.properties)}
    if len(polygons) == 1:
        return {"type": "Polygon", "arcs": polygons[0], **told}
    return {"type": "MultiPolygon", "arcs": polygons, **told}
