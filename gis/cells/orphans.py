"""Doors and key sites that would stand in no cell, where the outline of a county shrinks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sqlalchemy import Connection, text

from gis.cells.drafting import net, same_land
from gis.cells.editing import moves
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Issue, Refused

_PLACES = "SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat FROM everycell.{} WHERE county = :county AND cell = ANY (:codes)"


def orphans(conn: Connection, county: int, before: Grid, after: Grid) -> list[Issue]:
    """An issue where doors, and one where key sites would stand in no cell. None while the outline keeps its land."""
    if before.outline is after.outline or same_land(before.outline, after.outline):
        return []
    found = net(before, after)
    codes = [code for code in (*found.written, *found.retired) if code in before.cells]
    doors, sites = (_lost(conn, table, county, codes, before, after) for table in ("doorplate", "site"))
    issues = [doors, None if sites is None else replace(sites, code="ORPHAN_SITE", reason="orphan-sites")]
    return [issue for issue in issues if issue is not None]


def _lost(conn: Connection, table: str, county: int, codes: list[str], before: Grid, after: Grid) -> Issue | None:
    places = conn.execute(text(_PLACES.format(table)), {"county": county, "codes": codes}).all()
    lon, lat = np.array([tuple(place) for place in places], dtype=float).reshape(-1, 2).T
    return moves.orphans(before, after, lon, lat)


def refuse_orphans(conn: Connection, county: int, before: Grid, after: Grid) -> None:
    """Raise Refused where doors or key sites would stand in no cell."""
    if issues := orphans(conn, county, before, after):
        raise Refused(issues)
