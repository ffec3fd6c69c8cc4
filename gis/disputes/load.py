"""Cases from a file: their places go to snap points, and only those are stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pandas as pd
from sqlalchemy import Connection

from gis.access.scope import ALL, Right, Role
from gis.codes import Level
from gis.disputes.cases import BATCH, NewCase, register
from gis.disputes.categories import Category, Channel
from gis.disputes.snap_points import refresh
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.bulk import array
from gis.storage.engine import widened
from gis.storage.queries import query
from gis.storage.report import LoadReport, Reject

_COLUMN_OF: Final = {"conflict": "id", "unknown-snap": "cell"}


def load_disputes(
    conn: Connection,
    county: int,
    frame: pd.DataFrame,
    settings: Settings,
    *,
    at: datetime,
    on_progress: Callable[[int], None] | None = None,
) -> LoadReport:
    """Register the cases of a frame (docs/architecture.md, "disputes"), as the owner; snap points are made first where
    that is due. `at` is now.

    Of a case that was registered before, the place is not compared: it was not kept. `on_progress` is told the number
    of rows done since the last call. The report counts repeated cases as unchanged.
    """
    report = LoadReport("dispute", 0, 0, 0, [])
    with widened(conn, ALL.settings(), {}):
        refresh(conn, county, None, at)
        for start in range(0, len(frame), BATCH):
            part = frame.iloc[start : start + BATCH]
            report = report.plus(_load(conn, county, part, settings, at))
            if on_progress is not None:
                on_progress(len(part))
    return report


def _load(conn: Connection, county: int, frame: pd.DataFrame, settings: Settings, at: datetime) -> LoadReport:
    rows = frame["row"].tolist()
    rejects: list[Reject] = []
    cases: list[NewCase] = []
    of_row: list[int] = []
    placed = frame["lon"].notna().tolist()
    for row, (cell, snap), case, at_point in zip(
        rows, snapped(conn, county, frame), frame.itertuples(), placed, strict=True
    ):
        if cell is None and not at_point:
            rejects.append(Reject(row, "cell", Sentence("is no cell of the county")))
        elif cell is None:
            rejects.append(Reject(row, None, Sentence("lies in no cell of the county")))
        elif snap is None:
            rejects.append(Reject(row, None, Sentence("lies where nothing around stands for eight dwellings")))
        else:
            cases.append(_case(case, snap))
            of_row.append(row)
    done = register(conn, cases, counties=[county], role_of=_administrator, settings=settings, at=at, placed=False)
    rejects += [Reject(of_row[r.index], _COLUMN_OF.get(r.code), r.detail) for r in done.refused]
    return LoadReport("dispute", done.accepted, 0, done.repeated, rejects)


def _administrator(_right: Right, _area: str) -> Role:
    return Role.admin  # files are imported on the machine itself


def snapped(conn: Connection, county: int, frame: pd.DataFrame) -> list[tuple[str | None, UUID | None]]:
    """Cell and snap point of each row of a frame with lon, lat (degrees, NaN) and cell (null), None where there is
    none."""
    values = {
        "county": county,
        "lons": _numbers(frame["lon"].tolist()),
        "lats": _numbers(frame["lat"].tolist()),
        "cells": array("" if pd.isna(cell) else str(cell) for cell in frame["cell"]),
    }
    return [(row.cell, row.snap) for row in conn.execute(query("disputes/snaps_of_places"), values)]


def _numbers(values: Sequence[float]) -> str:
    return "{" + ",".join("NULL" if math.isnan(value) else repr(float(value)) for value in values) + "}"


def _case(row: Any, snap: UUID) -> NewCase:
    return NewCase(
        id=UUID(str(row.id)),
        snap=snap,
        category=Category(row.category),
        channel=Channel(row.channel),
        level=Level(row.level),
        reported_at=pd.Timestamp(row.reported_at).to_pydatetime().astimezone(UTC),
    )
