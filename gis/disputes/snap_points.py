"""Snap points in the database: found for a place, made anew where doors and grid have changed enough.

The database keeps that each stands for eight dwellings at least, for every client; here new ones are made, where a cell
has none yet or a quarter more or fewer dwellings than when its own were made. A place that is looked up is forgotten:
it is neither stored nor part of any message.

See `gis.disputes.cases` for who may call this, and with which transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import Connection, text

from gis.access.scope import ALL
from gis.crs import to_metric
from gis.disputes.snapping import Doors, snap_points
from gis.errors import NotAllowed, NotFound
from gis.sentence import Sentence
from gis.storage.bulk import array
from gis.storage.engine import Store
from gis.storage.queries import query

_CELLS: Final = 50  # whoever registers a case in the county waits for a transaction with so many


@dataclass(frozen=True, slots=True)
class SnapPoint:
    """A place that stands for `dwellings` (eight or more); degrees."""

    county: int
    id: UUID
    cell: str
    lon: float
    lat: float
    dwellings: int


def snap_place(conn: Connection, counties: Sequence[int], lon: float, lat: float, at: datetime) -> SnapPoint:
    """The snap point that stands for a place in degrees: the nearest of its cell, or where too few live there, of its
    village, town, county. Snap points of the cell are made first where they are due.

    Raises NotAllowed where the place lies in no cell of the caller's areas, NotFound where nothing there stands for
    eight dwellings.
    """
    values = {"counties": list(counties), "lon": lon, "lat": lat}
    cell = conn.execute(query("disputes/cell_of_place"), values).one_or_none()
    if cell is None:
        raise NotAllowed("the place does not lie in your area", field="lon")
    refresh(conn, cell.county, [cell.code], at)
    values = {"county": cell.county, "cell": cell.code, "lon": lon, "lat": lat}
    row = conn.execute(query("disputes/snap_of_place"), values).one_or_none()
    if row is None:
        raise NotFound("no place in your area stands for eight dwellings, so no case can lie there")
    return SnapPoint(*row)


def snaps_of_cell(conn: Connection, county: int, cell: str) -> list[SnapPoint]:
    """The snap points of a cell, the one that stands for most dwellings first; empty where too few live there."""
    rows = conn.execute(query("disputes/snaps_of_cell"), {"county": county, "cell": cell})
    return [SnapPoint(*row) for row in rows]


def refresh(conn: Connection, county: int, cells: Sequence[str] | None, at: datetime) -> int:
    """Make the snap points of some cells (None: all of the county) anew where that is due; of how many cells."""
    values = {"county": county, "cells": None if cells is None else list(cells)}
    due = list(conn.execute(query("disputes/cells_to_snap"), values).scalars())
    for cell in due:
        _make(conn, county, cell, at)
    return len(due)


def refresh_everywhere(store: Store, at: datetime, on_step: Callable[[Sentence], None] = lambda _: None) -> int:
    """The same for every county, some cells a transaction; of how many cells. `on_step` is told in words what is next,
    before every transaction; what it raises ends the work."""
    everywhere = ALL.settings()
    with store.read(everywhere) as conn:
        counties = list(conn.scalars(text("SELECT everycell.retention_counties()")))
    done = 0
    for county in counties:
        with store.read(everywhere) as conn:
            due = list(conn.execute(query("disputes/cells_to_snap"), {"county": county, "cells": None}).scalars())
        for start in range(0, len(due), _CELLS):
            part = due[start : start + _CELLS]
            on_step(Sentence("places of cases in {county:06}", county=county))
            done += store.retrying(partial(refresh, county=county, cells=part, at=at), everywhere)
    return done


def _make(conn: Connection, county: int, cell: str, at: datetime) -> None:
    values = {"county": county, "cell": cell}
    shape = shapely.from_wkb(bytes(conn.execute(query("disputes/shape_of_cell"), values).scalar_one()))
    rows = conn.execute(query("disputes/doors_of_cell"), values).all()
    metric = to_metric(float(shape.centroid.x))
    lon, lat, households = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    x, y = metric.transform(lon, lat)
    polygon = shapely.transform(shape, lambda xy: np.column_stack(metric.transform(xy[:, 0], xy[:, 1])))
    found = snap_points(Doors([cell] * len(rows), x, y, households.astype(np.int64)), {cell: polygon}).points[cell]
    degrees = [metric.transform(point.x, point.y, direction="INVERSE") for point in found]
    conn.execute(
        query("disputes/make_snap_points"),
        values
        | {
            "lons": array(repr(float(lon)) for lon, _ in degrees),
            "lats": array(repr(float(lat)) for _, lat in degrees),
            "at": at,
        },
    )
