"""A village as it is stored, or as a draft would make it, ready to be cut or balanced."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import shapely
from sqlalchemy import Connection, text

from gis.cells.cutting.lines import Doors, Lines
from gis.cells.cutting.village import Village
from gis.cells.editing.grid import Grid
from gis.cells.topology import united
from gis.codes import Level, county_of, level_of
from gis.errors import BadInput, NotFound
from gis.storage.queries import query

# What a metre of border along a street of each class costs: a border on a path is harder to tell to people.
_COSTS: Final = {1: 1.0, 2: 1.0, 3: 1.0, 4: 1.3}


def villages_in(conn: Connection, area: str) -> dict[str, int]:
    """The villages with general cells in an area (a county, town or village), and how many doors each has.

    Raises NotFound where there is none, BadInput where the area is no code of such a level.
    """
    level = level_of(area, field="--village")
    found = conn.execute(query("cells/villages"), {"county": county_of(area), "area": area})
    villages = {row.village: int(row.num_doors) for row in found}
    if level is Level.cell or not villages:
        raise NotFound("{field}: there is no village {code} with general cells", code=area, field="--village")
    return villages


def village_in(conn: Connection, code: str, live: Grid, grid: Grid | None = None) -> Village:
    """The village with this code on the live grid of its county, or on another `grid` that a draft makes of it.

    Raises BadInput where the code is no village's, NotFound where the village has no general cell.
    """
    grid = live if grid is None else grid
    if level_of(code, field="village") is not Level.village:
        raise BadInput("village: {code} is no code of a village: it has 12 digits", code=code, field="village")
    county = county_of(code, field="village")
    own = [cell for cell in grid.cells.values() if cell.village == code]
    cells = {cell.code: cell.polygon for cell in own if cell.kind == "general"}
    if not cells:
        raise NotFound("{field}: there is no village {code} with general cells", code=code, field="village")
    name = conn.execute(text("SELECT name FROM everycell.division WHERE code = :code"), {"code": code}).scalar()
    used = conn.execute(query("cells/codes_used"), {"county": county, "village": code}).scalars()
    return Village(
        code=code,
        name=name or code,
        cells=cells,
        names={cell.code: cell.name for cell in own},
        doors=_doors(conn, county, live.near(united(cells.values())), grid, cells.keys()),
        streets=_streets(conn, county, code),
        used=frozenset(used),
    )


def _doors(conn: Connection, county: int, near: list[str], grid: Grid, cells: Iterable[str]) -> Doors:
    """Those that the grid has in some cells; stored they are in cells nearby."""
    rows = conn.execute(query("cells/village_doors"), {"county": county, "cells": near}).all()
    lonlat = np.array([(row.lon, row.lat) for row in rows], dtype=np.float64).reshape(-1, 2)
    households = np.array([row.households for row in rows], dtype=np.int64)
    inside = np.isin(grid.cells_at(*lonlat.T).astype(str), list(cells))
    return Doors(lonlat, households).some(inside)


def _streets(conn: Connection, county: int, village: str) -> Lines:
    rows = conn.execute(query("cells/village_streets"), {"county": county, "village": village}).all()
    shapes = shapely.from_wkb(np.array([bytes(row.wkb) for row in rows], dtype=object))
    return Lines.of(shapes.tolist(), [_COSTS[row[0]] for row in rows])
