"""The cases of the generated county into the database, with all that happened to them, in the caller's transaction.

Registering and changing them one by one, as the service does, would take a minute. What each change comes to is worked
out by the same rules (`gis.disputes.cases.next_of`) in memory, and written by COPY.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from gis.access.scope import ALL, Role
from gis.codes import Level
from gis.demo.county import DemoCounty
from gis.demo.disputing import DemoCase, disputes
from gis.disputes.cases import Case, Change, Next, next_of
from gis.disputes.load import snapped
from gis.disputes.snap_points import refresh
from gis.disputes.workflow import State
from gis.settings import Settings
from gis.storage.bulk import stage
from gis.storage.engine import widened
from gis.storage.report import LoadReport

_LEFT_OPEN: Final = 0.2  # of the revisits whose day has come of late
_OF_LATE: Final = timedelta(days=40)
_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "dispute": {
        "id": "uuid", "snap": "uuid", "category": "text", "channel": "text", "state": "text", "level": "text",
        "version": "integer", "reported_at": "timestamptz", "registered_at": "timestamptz", "due_at": "timestamptz",
        "extensions": "smallint", "ended_at": "timestamptz", "counted_on": "date",
    },
    "dispute_event": {
        "dispute": "uuid", "seq": "integer", "id": "uuid", "at": "timestamptz", "role": "text", "change": "text",
        "state": "text", "level": "text", "due_at": "timestamptz", "code": "text",
    },
    "revisit": {
        "dispute": "uuid", "seq": "integer", "due_on": "date", "done_at": "timestamptz", "outcome": "text",
        "role": "text",
    },
}  # fmt: skip
# A case is in the cell of its snap point, and all that happened to it where it is told to lie.
_ADD: Final = {
    "dispute": "INSERT INTO everycell.dispute (county, cell, {columns}) SELECT :county, p.cell, {staged}"
    " FROM staged_dispute s JOIN everycell.snap_point p ON p.county = :county AND p.id = s.snap",
    "dispute_event": "INSERT INTO everycell.dispute_event (county, area, {columns}) SELECT :county, d.area, {staged}"
    " FROM staged_dispute_event s JOIN everycell.dispute d ON d.county = :county AND d.id = s.dispute",
    "revisit": "INSERT INTO everycell.revisit (county, area, {columns}) SELECT :county, d.area, {staged}"
    " FROM staged_revisit s JOIN everycell.dispute d ON d.county = :county AND d.id = s.dispute",
}
_EMIT: Final = text("SELECT everycell.emit(:county, 'disputes', jsonb_build_object('disputes', '[]'::jsonb))")
Row = dict[str, Any]


def load_first_cases(
    conn: Connection, number: int, county: DemoCounty, settings: Settings, *, today: date
) -> LoadReport:
    """Write the cases since last year began, each registered when it was reported, with what happened to it, in a
    county of which no figures are published."""
    homes = county.dwellings
    lon, lat = homes["lon"].to_numpy(dtype=np.float64), homes["lat"].to_numpy(dtype=np.float64)
    planned = disputes(lon, lat, today, settings.zone, county.habits.seed)
    where = homes[["lon", "lat"]].iloc[[case.dwelling for case in planned]].assign(cell=None)
    with widened(conn, ALL.settings(), {}):
        refresh(conn, number, None, datetime.combine(today, time(), settings.zone))
        snaps = [snap for _, snap in snapped(conn, number, where)]
    rng = np.random.default_rng(county.habits.seed)
    rows: dict[str, list[Row]] = {table: [] for table in _TABLES}
    for case, snap in zip(planned, snaps, strict=True):
        if snap is not None:
            history = _History(case, snap, settings)
            rows["dispute"].append(history.case_row(settings))
            rows["dispute_event"] += history.events
            rows["revisit"] += history.revisit_rows(today, settings, rng)
    for table in _TABLES:
        _write(conn, number, table, rows[table])
    conn.execute(_EMIT, {"county": number})
    return LoadReport("dispute", len(rows["dispute"]))


class _History:
    """A case, registered and changed step by step."""

    def __init__(self, planned: DemoCase, snap: UUID, settings: Settings) -> None:
        self._snap = snap
        at = planned.reported_at
        self.case = Case(
            0,
            _id(planned, 0),
            "",
            planned.category,
            planned.channel,
            State.registered,
            Level.cell,
            1,
            at,
            at,
            None,
            0,
            None,
            None,
            None,
        )
        self.events = [self._event(self.case.id, at, Role.patrol_leader, "registered", None)]
        self._revisits: list[Row] = []
        for version, step in enumerate(planned.steps, start=1):
            wanted = Change(_id(planned, version), version, step.state, step.level, step.extension, step.code)
            self._change(wanted, next_of(self.case, wanted, settings, step.at), step.at)

    def case_row(self, settings: Settings) -> Row:
        names = ("id", "category", "channel", "state", "level", "version", "reported_at", "registered_at", "due_at")
        row = {name: getattr(self.case, name) for name in (*names, "extensions", "ended_at")}
        return row | {"snap": self._snap, "counted_on": _day(self.case.reported_at, settings).replace(day=1)}

    def revisit_rows(self, today: date, settings: Settings, rng: np.random.Generator) -> list[Row]:
        """Most of those whose day has come were done on it; none has waited for long."""
        rows = []
        for row in self._revisits:
            done_at = datetime.combine(row["due_on"], time(10), settings.zone)
            left_open = rng.random() < _LEFT_OPEN and row["due_on"] >= today - _OF_LATE
            if row["due_on"] < today and not left_open:
                outcome = "holds" if rng.random() < 0.9 else "broken"
                row = row | {"done_at": done_at, "outcome": outcome, "role": Role.patrol_leader.value}
            rows.append(row)
        return rows

    def _change(self, wanted: Change, after: Next, at: datetime) -> None:
        self.case = replace(
            self.case,
            state=State(after.state),
            level=Level(after.level),
            version=self.case.version + 1,
            due_at=after.due_at,
            extensions=after.extensions,
            ended_at=after.ended_at,
        )
        self.events.append(self._event(wanted.id, at, Role.operator, after.change, after.code))
        if after.state == State.reopened:
            self._revisits = [row for row in self._revisits if row["due_on"] <= at.date()]
        last = max((row["seq"] for row in self._revisits), default=0)
        self._revisits += [
            {
                "dispute": self.case.id,
                "seq": last + n,
                "due_on": due_on,
                "done_at": None,
                "outcome": None,
                "role": None,
            }
            for n, due_on in enumerate(after.revisits, start=1)
        ]

    def _event(self, id: UUID, at: datetime, role: Role, change: str, code: str | None) -> Row:
        case = self.case
        state = {"state": case.state, "level": case.level, "due_at": case.due_at}
        return {"dispute": case.id, "seq": case.version, "id": id, "at": at, "role": role.value} | {
            "change": change,
            "code": code,
            **state,
        }


def _id(planned: DemoCase, version: int) -> UUID:
    return UUID(bytes=planned.id[:15] + bytes([version]), version=4)


def _day(at: datetime, settings: Settings) -> date:
    return at.astimezone(settings.zone).date()


def _write(conn: Connection, county: int, table: str, rows: Sequence[Row]) -> None:
    columns = _TABLES[table]
    frame = pd.DataFrame(rows, columns=list(columns))
    for name, kind in columns.items():
        if kind == "timestamptz":
            frame[name] = pd.to_datetime(frame[name], utc=True)
        elif kind in ("uuid", "text"):
            frame[name] = frame[name].map(str, na_action="ignore")
    stage(conn, f"staged_{table}", columns, frame)
    listed = {"columns": ", ".join(columns), "staged": ", ".join(f"s.{name}" for name in columns)}
    conn.execute(text(_ADD[table].format(**listed)), {"county": county})
    conn.execute(text(f"DROP TABLE staged_{table}"))
