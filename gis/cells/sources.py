"""Where divisions come from: whom a map of them must name, and the codes of those that come without any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
from sqlalchemy import Connection, text

from gis.codes import parent_of
from gis.errors import BadInput
from gis.storage.frames import rows

# A prefix of `source` -> whom the licence of such data wants named on every map of it.
_CREDITS: Final = {"osm:": "© OpenStreetMap contributors"}


def credits(conn: Connection) -> list[str]:
    """Whom a map of the stored divisions must name; none where all come from the county's own files."""
    found = conn.execute(
        text(
            "SELECT DISTINCT split_part(source, ':', 1) || ':' AS origin FROM everycell.division"
            " WHERE source IS NOT NULL"
        )
    ).scalars()
    return sorted(_CREDITS[origin] for origin in found if origin in _CREDITS)


@dataclass(frozen=True, slots=True)
class Coded:
    """Frames of divisions and cells whose codes are those already stored for the same sources."""

    divisions: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame


def adopt_codes(conn: Connection, county: int, divisions: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> Coded:
    """Give divisions whose `source` is stored the code it has there; new ones get codes that were never used.

    For sources without codes of their own (OSM): a second extract keeps the codes of the first. Divisions are renamed
    from the outside in, and cells follow their village.
    """
    found = conn.execute(
        text("SELECT source, code FROM everycell.division WHERE source IS NOT NULL AND starts_with(code, :county)"),
        {"county": f"{county:06}"},
    )
    stored: dict[str, str] = {row.source: row.code for row in found}
    used = set(conn.execute(text("SELECT code FROM everycell.division")).scalars())
    renamed: dict[str, str] = {}
    for row in rows(divisions.sort_values("code")):
        parent = parent_of(row.code)
        head = renamed.get(parent, parent) if parent else None
        renamed[row.code] = stored.get(row.source) or _free_code(row.code, head, used)
        used.add(renamed[row.code])
    divisions = divisions.assign(code=divisions["code"].map(renamed))
    village = cells["village"].map(renamed)
    return Coded(divisions, cells.assign(code=village + cells["code"].str[12:], village=village))


def _free_code(code: str, parent: str | None, used: set[str]) -> str:
    """The proposed code under its parent, or the next one that was never used."""
    if parent is None:
        return code
    digits = len(code) - len(parent)
    number = int(code[len(parent) :])
    while f"{parent}{number:0{digits}}" in used:
        number += 1
    if number >= 10**digits:
        raise BadInput("code: {parent} has no free code left below it", parent=parent, field="code")
    return f"{parent}{number:0{digits}}"
