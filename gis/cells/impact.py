"""What a change of the grid would mean, before it happens: doors and households moved, areas, coverage.

Nothing is written. Whoever asks sees the doors of the cells concerned (row policies hold as everywhere).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import shapely
from sqlalchemy import Connection, Row, text

from gis.cells.drafting import net, real_changes
from gis.cells.editing.grid import Cell, Grid
from gis.cells.topology import AREA_TOLERANCE
from gis.codes import Level
from gis.households.coverage import AreaCoverage
from gis.storage.queries import query

# A walk is longer than the straight line by this factor where no street is known, and so many metres a minute long: who
# visits does not hurry.
_DETOUR: Final = 1.4
_METRES_A_MINUTE: Final = 75


@dataclass(frozen=True, slots=True)
class Move:
    """Doors and active households that would come from one cell to another; `to` None: into none."""

    from_: str
    to: str | None
    doorplates: int
    households: int


@dataclass(frozen=True, slots=True)
class AreaChange:
    """A cell before and after; None where it is not there. `compactness` (0-1, a circle is 1: 4π area / perimeter²) and
    `across_min` (minutes to walk between its farthest points) are of the cell as it would be, or was."""

    code: str
    before_m2: float | None
    after_m2: float | None
    households_before: int | None
    households_after: int | None
    compactness: float
    across_min: float


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change does to the cells that it really changes; all empty where there is none."""

    moved: list[Move]
    areas: list[AreaChange]
    coverage_before: list[AreaCoverage]
    coverage_after: list[AreaCoverage]


def impact(conn: Connection, county: int, before: Grid, after: Grid, *, since: date, today: date) -> Impact:
    """What becomes of doors, households and figures where `before` becomes `after`, two grids of a county. `since` is
    the cut-off day, overdue is counted on `today`."""
    codes = sorted(real_changes(before, after))
    old = [code for code in codes if code in before.cells]
    doors = conn.execute(query("cells/doors_of_cells"), _door_values(county, old, before, after)).all()
    moving = _moving(doors, after)
    rows = conn.execute(
        query("cells/figures_of_doors"),
        {
            "county": county,
            "codes": sorted({*old, *(was for _, was, _ in moving)}),
            "doors": [door for door, _, _ in moving],
            "places": [place or "" for _, _, place in moving],
            "since": since,
            "today": today,
        },
    ).all()
    confirmed = _confirmed(conn, county, old)
    was = _tables(before, old, {c: [r for r in rows if r.was == c] for c in old}, confirmed)
    new = [code for code in codes if code in after.cells]
    empty_after = {code for code in new if _made_of(after.cells[code], before, old) <= confirmed}
    then = _tables(after, new, {c: [r for r in rows if r.place == c] for c in new}, empty_after)
    return Impact(_moves(moving, rows), _areas(before, after, codes, was, then), was, then)


def plans_touched(conn: Connection, county: int, cells: Sequence[str], today: date) -> int:
    """How many plans of patrols, of today or later, go to stops in some cells, as far as the caller may edit these."""
    call = text("SELECT everycell.plans_touched(:county, CAST(:cells AS text[]), :today)")
    values = {"county": county, "cells": list(cells), "today": today}
    found: int = conn.execute(call, values).scalar_one()
    return found


def _door_values(county: int, old: Sequence[str], before: Grid, after: Grid) -> dict[str, Any]:
    shapes = [cell.polygon for cell in net(before, after).written.values()]
    west, south, east, north = shapely.bounds(shapes).reshape(-1, 4).T.tolist()
    return {"county": county, "codes": list(old), "west": west, "south": south, "east": east, "north": north}


def _moving(doors: Sequence[Row[Any]], after: Grid) -> list[tuple[int, str, str | None]]:
    """Doors that would stand in another cell: id, cell, and the other one (None: in none)."""
    lon, lat = np.array([(door.lon, door.lat) for door in doors], dtype=float).reshape(-1, 2).T
    places = after.cells_at(lon, lat).tolist()
    return [(door.id, door.cell, place) for door, place in zip(doors, places, strict=True) if place != door.cell]


def _moves(moving: Iterable[tuple[int, str, str | None]], rows: Sequence[Row[Any]]) -> list[Move]:
    doorplates: dict[tuple[str, str], int] = {}
    for _, was, place in moving:
        doorplates[was, place or ""] = doorplates.get((was, place or ""), 0) + 1
    households = {(row.was, row.place): row.known for row in rows}
    return [Move(was, to or None, n, households.get((was, to), 0)) for (was, to), n in sorted(doorplates.items())]


def _confirmed(conn: Connection, county: int, codes: Sequence[str]) -> set[str]:
    found = text(
        "SELECT code FROM everycell.cell"
        " WHERE county = :county AND code = ANY (:codes) AND confirmed_empty_on IS NOT NULL"
    )
    return set(conn.execute(found, {"county": county, "codes": list(codes)}).scalars())


def _made_of(cell: Cell, before: Grid, old: Sequence[str]) -> set[str]:
    """The cells whose land a cell would have; an empty text for land that belonged to none."""
    parts = {code: shapely.intersection(before.cells[code].polygon, cell.polygon) for code in old}
    area = {code: float(shapely.area(part)) for code, part in parts.items()}
    own = {code for code, size in area.items() if size > AREA_TOLERANCE}
    whole = sum(area[code] for code in own) > shapely.area(cell.polygon) - AREA_TOLERANCE
    return own if whole and own else own | {""}


def _tables(
    grid: Grid, codes: Sequence[str], rows: dict[str, list[Row[Any]]], confirmed: set[str]
) -> list[AreaCoverage]:
    return [_coverage(grid.cells[code], rows[code], code in confirmed) for code in codes]


def _coverage(cell: Cell, rows: Sequence[Row[Any]], confirmed: bool) -> AreaCoverage:
    known, reached, tried, never, overdue = (
        sum(getattr(row, name) for row in rows) for name in ("known", "reached", "tried", "never", "overdue")
    )
    oldest = min((row.oldest_on for row in rows if row.oldest_on is not None), default=None)
    empty = None if known else "confirmed" if confirmed else "unchecked"
    return AreaCoverage(
        cell.code,
        cell.name,
        Level.cell,
        known,
        reached,
        tried,
        never,
        overdue,
        oldest,
        empty,  # type: ignore[arg-type]
    )


def _areas(
    before: Grid, after: Grid, codes: Sequence[str], was: Sequence[AreaCoverage], then: Sequence[AreaCoverage]
) -> list[AreaChange]:
    households_before, households_after = ({area.code: area.known for area in areas} for areas in (was, then))
    found = []
    for code in codes:
        size_before, size_after = (
            round(grid.measure.area_m2(grid.cells[code].polygon), 1) if code in grid.cells else None
            for grid in (before, after)
        )
        flat = before.measure.flat((after if code in after.cells else before).cells[code].polygon)
        households = households_before.get(code), households_after.get(code)
        found.append(AreaChange(code, size_before, size_after, *households, compactness(flat), across_min(flat)))
    return found


def compactness(flat: shapely.Geometry) -> float:
    """The compactness of a cell in metres after Polsby and Popper: a circle has 1."""
    return round(float(4 * np.pi * shapely.area(flat) / shapely.length(flat) ** 2), 3)


def across_min(flat: shapely.Geometry) -> float:
    """Minutes to walk between the two points of a cell's border (metres) that are farthest from each other."""
    corners = shapely.get_coordinates(shapely.convex_hull(flat))
    farthest = np.hypot(*(corners[:, None] - corners).T).max()
    return round(float(farthest) * _DETOUR / _METRES_A_MINUTE, 1)
