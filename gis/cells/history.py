"""The past of the grid: cells as they were at a revision or on a day, their versions, and which came of which.

A revision of a county's grid is the number of the last change set that was published in it. Every version of a cell is
kept, whoever wrote it (the database sees to it), so any revision can be read again, and replaying the change sets from
the first one on gives the grid that is live.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn
from uuid import UUID

import shapely
from sqlalchemy import Connection, text

from gis.cells.drafting import play
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.parse import parse_operation
from gis.cells.reversal import Effect, effect_between, taken_back, with_cells
from gis.cells.topology import united
from gis.codes import DIGITS, Level
from gis.errors import NotFound
from gis.storage.queries import query


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a cell: the days from which and before which it counts (None: it is live), the change set that made
    it, and its geometry as GeoJSON (CRS84)."""

    version: int
    valid_from: date
    valid_to: date | None
    changeset: UUID
    name: str
    kind: str
    geometry: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a cell comes from and goes to. `successors` are live: the cell itself, or those that its land is in now."""

    code: str
    live: bool
    parents: list[str]
    children: list[str]
    successors: list[str]


def revision_of(conn: Connection, county: int) -> int:
    """The revision of a county's grid; 0 before its first cell."""
    return int(conn.execute(text("SELECT everycell.grid_revision(:county)"), {"county": county}).scalar_one())


def grid_of(conn: Connection, area: str, revision: int | None = None) -> Grid:
    """The cells of an area as they are, or were at a revision; the outline is their union. None give an empty one."""
    values = {"county": int(area[:6]), "revision": revision, **_range(area)}
    found = conn.execute(query("cells/grid"), values).all()
    shapes = shapely.from_wkb([bytes(row.wkb) for row in found])
    cells = [Cell(r.code, r.village, r.name, r.kind, shape) for r, shape in zip(found, shapes, strict=True)]
    return Grid(cells, united(shapes))


def _range(area: str) -> dict[str, str]:
    digits = DIGITS[Level.cell]
    return {"first_cell": area.ljust(digits, "0"), "last_cell": area.ljust(digits, "9")}


def versions(conn: Connection, code: str) -> list[Version]:
    """Every version of a cell, the oldest first. Raises NotFound."""
    found = conn.execute(query("cells/cell_versions"), {"county": int(code[:6]), "code": code}).all()
    if not found:
        raise _unknown(code)
    return [Version(*row) for row in found]


def lineage(conn: Connection, code: str) -> Lineage:
    """The parents, children and living successors of a cell. Raises NotFound."""
    row = conn.execute(query("cells/cell_lineage"), {"county": int(code[:6]), "code": code}).one_or_none()
    if row is None:
        raise _unknown(code)
    return Lineage(*row)


def _unknown(code: str) -> NotFound:
    return NotFound("code: there is no cell {code}", code=code, field="code")


def effect_of(conn: Connection, county: int, revision: int) -> Effect:
    """What the change set of a revision did: for each cell what it was (None: there was none) and what it became (None:
    it was retired)."""
    rows = conn.execute(query("cells/effect"), {"county": county, "revision": revision})
    return {
        row.code: (
            _cell(row.code, row.village, row.name_was, row.kind_was, row.wkb_was),
            _cell(row.code, row.village, row.name, row.kind, row.wkb),
        )
        for row in rows
    }


def _cell(code: str, village: str, name: str | None, kind: Any, wkb: Any) -> Cell | None:
    if name is None:
        return None
    shape = shapely.from_wkb(bytes(wkb))
    assert isinstance(shape, shapely.Polygon)  # noqa: S101 - the column holds nothing else
    return Cell(code, village, name, kind, shape)


def replay(conn: Connection, county: int) -> Iterator[tuple[int, Grid]]:
    """The grid after each published change set in turn, from nothing: revision and grid.

    Operations are applied anew. What has none (imports, direct edits) is taken from the history, which the database has
    written of it; what takes another change set back puts the cells of the replay itself as they were before that.
    """
    grid = Grid([], shapely.MultiPolygon())
    effects: dict[UUID, Effect] = {}
    for row in conn.execute(query("cells/published"), {"county": county}).all():
        before = grid
        if row.undoes is not None:
            grid = taken_back(grid, effects[row.undoes])
        elif row.ops:
            grid = play(grid, row.area, map(parse_operation, row.ops), _no_code).grid
        else:
            effect = effect_of(conn, county, row.revision)
            grid = with_cells(grid, {code: became for code, (_, became) in effect.items()})
        effects[row.id] = effect_between(before, grid)
        yield row.revision, grid


def replayed(conn: Connection, county: int) -> Grid:
    """The grid that comes of all published change sets in turn, from nothing; empty where there is none."""
    grid = Grid([], shapely.MultiPolygon())
    for _, grid in replay(conn, county):  # noqa: B007 - the last one counts
        pass
    return grid


def _no_code(village: str) -> NoReturn:
    raise AssertionError(f"a stored operation carries its codes: {village}")
