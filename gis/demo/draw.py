"""Arcs in metres become cells and streets in degrees. Pure."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import Transformer

from gis.demo.arcs import Arcs
from gis.demo.field import Floats
from gis.demo.geometry import Geometries, polylines
from gis.demo.plan import Ints

ORIGIN_LON, ORIGIN_LAT = 104.0, 34.5  # a neutral spot; any likeness to what lies there is chance


class Drawing:
    """From metres around the county's middle to degrees on the grid of 1e-8 on which cells are stored."""

    def __init__(self) -> None:
        local = f"+proj=tmerc +lat_0={ORIGIN_LAT} +lon_0={ORIGIN_LON} +k=1 +ellps=GRS80 +units=m"
        self._degrees = Transformer.from_crs(local, "+proj=longlat +ellps=GRS80", always_xy=True)

    def degrees(self, xy: Floats) -> Floats:
        """Longitude and latitude of points (n, 2) in metres, rounded to 1e-8."""
        lon, lat = self._degrees.transform(xy[:, 0], xy[:, 1])
        rounded: Floats = np.round(np.column_stack([lon, lat]), 8)
        return rounded

    def lines(self, arcs: Arcs) -> Geometries:
        """One LineString for each arc, EPSG:4490."""
        cuts = np.cumsum([len(line) for line in arcs.lines])[:-1]
        return polylines(np.split(self.degrees(np.concatenate(arcs.lines)), cuts))


def cell_polygons(lines: Geometries, sides: Ints, num_cells: int) -> Geometries:
    """The polygon of every cell from the arcs that have it on one side only."""
    border = sides[:, 0] != sides[:, 1]
    arc = np.tile(np.flatnonzero(border), 2)
    cell = sides[border].T.ravel()
    order = np.argsort(cell, kind="stable")
    arc, cell = arc[order], cell[order]
    arc, cell = arc[cell >= 0], cell[cell >= 0]
    rims = shapely.multilinestrings(lines[arc], indices=cell)
    polygons: Geometries = shapely.orient_polygons(shapely.build_area(rims))
    if len(polygons) != num_cells or (shapely.get_type_id(polygons) != shapely.GeometryType.POLYGON).any():
        raise AssertionError("a cell of the generated county is not one polygon")
    return polygons


def street_lines(lines: Geometries, street: Ints, kind: Ints) -> tuple[Geometries, Ints, Ints]:
    """Arcs of one street and class joined end to end: lines, their street and their class."""
    chosen = np.flatnonzero(street >= 0)
    key = street[chosen] * 8 + kind[chosen]
    order = np.argsort(key, kind="stable")
    _, group = np.unique(key[order], return_inverse=True)
    merged = shapely.line_merge(shapely.multilinestrings(lines[chosen[order]], indices=group))
    parts, owner = shapely.get_parts(merged, return_index=True)
    keys = np.unique(key)[owner]
    return parts, keys // 8, keys % 8
