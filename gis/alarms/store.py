"""Alarms as they are kept: read, written when something is measured, acknowledged and shelved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from gis.access.scope import Role
from gis.alarms.kinds import Kind
from gis.alarms.lifecycle import Change, Key, Watched
from gis.alarms.lines import Alarm, taken
from gis.codes import county_of
from gis.errors import BadInput, NotFound
from gis.storage.queries import query

LEAST_MINUTES, MOST_MINUTES = 5, 24 * 60
_WHEN: Final = ("over_since", "under_since", "raised_at", "cleared_at", "patrol_on")


def watched(conn: Connection, county: int) -> dict[Key, Watched]:
    """What is known of a county."""
    rows = conn.execute(query("alarms/watched"), {"county": county})
    return {
        (Kind(r.kind), r.area): Watched(
            Kind(r.kind), r.area, r.number, r.over_since, r.under_since, r.raised_at, r.cleared_at, r.times, r.patrol_on
        )
        for r in rows
    }


def begin_look(conn: Connection, county: int, before: datetime) -> bool:
    """Whether it is this transaction's turn to look at a county; not where somebody has since `before`."""
    return bool(conn.execute(query("alarms/begin_look"), {"county": county, "before": before}).scalar_one())


def put(conn: Connection, county: int, changed: Iterable[tuple[Watched, Change | None]], now: datetime) -> None:
    """Write down what a look has found."""
    rows = [_row(one, change) for one, change in changed]
    conn.execute(query("alarms/put"), {"county": county, "at": now, "rows": json.dumps(rows)})


def _row(one: Watched, change: Change | None) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": one.kind, "area": one.area, "number": one.number, "times": one.times}
    row |= {name: at.isoformat() for name in _WHEN if (at := getattr(one, name)) is not None}
    return row | ({"change": change.value} if change else {})


def alarms(conn: Connection, counties: Sequence[int], area: str | None) -> tuple[list[Alarm], dict[str, str]]:
    """The alarms that are up in an area (None: all that the caller may see), and the names of their areas and of what
    these lie in."""
    found = _up(conn, counties, area or "")
    around = sorted({one.area[:digits] for one in found for digits in (6, 9, 12)})
    names = {r.code: r.name for r in conn.execute(query("alarms/names"), {"codes": around})}
    return found, names


def _up(conn: Connection, counties: Sequence[int], area: str) -> list[Alarm]:
    values = {"counties": list(counties), "area": area}
    return [
        Alarm(
            Kind(r.kind),
            r.area,
            r.number,
            r.raised_at,
            r.times,
            r.acknowledged_at,
            r.acknowledged_by and Role(r.acknowledged_by),
            r.shelved_until,
            r.shelved_by and Role(r.shelved_by),
            r.aside,
        )
        for r in conn.execute(query("alarms/up"), values)
    ]


def looked_at(conn: Connection, counties: Sequence[int]) -> datetime | None:
    """When the conditions of these counties were last looked at, of several the longest ago; None: of one never."""
    found = conn.execute(query("alarms/looked_at"), {"counties": list(counties)}).one()
    at: datetime | None = found.looked_at if found.number == len(counties) else None
    return at


def acknowledge(conn: Connection, kind: Kind, area: str, role: Role, as_of: datetime | None = None) -> int:
    """Acknowledge the alarms of a line (`gis.alarms.lines.taken`), but those raised after `as_of`. Again is harmless.
    How many there are; NotFound where there is none that the caller may acknowledge."""
    county = county_of(area, field="alarm")
    found = taken(_up(conn, [county], area), kind, area, as_of=as_of)
    values = {**_values(county, kind, found), "role": role.value}
    return _some(conn.execute(query("alarms/acknowledge"), values).scalar_one(), kind, area)


def shelve(conn: Connection, kind: Kind, area: str, minutes: int, role: Role, as_of: datetime | None = None) -> int:
    """Put the alarms of a line aside for some minutes, but those raised after `as_of`; 0: take them back, all of them.
    Again is harmless. How many there are.

    Raises BadInput naming `minutes`, NotFound where there is none that the caller may shelve.
    """
    if minutes and not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise BadInput(
            "{field}: {minutes} is not between {least} and {most}; 0 takes an alarm back",
            minutes=minutes,
            least=LEAST_MINUTES,
            most=MOST_MINUTES,
            field="minutes",
        )
    county = county_of(area, field="alarm")
    up, as_of = _up(conn, [county], area), as_of if minutes else None
    found = taken(up, kind, area, as_of=as_of, aside=not minutes)
    found = found or taken(up, kind, area, as_of=as_of, aside=bool(minutes))  # it was done already
    values = {**_values(county, kind, found), "minutes": minutes, "role": role.value}
    return _some(conn.execute(query("alarms/shelve"), values).scalar_one(), kind, area)


def _values(county: int, kind: Kind, alarms: Sequence[Alarm]) -> dict[str, Any]:
    """Alarms as statements are told them: each by its area and when it was raised, so that one that is raised anew
    meanwhile is not taken for it."""
    areas, raised = [one.area for one in alarms], [one.raised_at for one in alarms]
    return {"county": county, "kind": kind.value, "areas": areas, "raised": raised}


def _some(number: int, kind: Kind, area: str) -> int:
    if not number:
        raise NotFound("alarm: there is none of {kind} in {area}", kind=kind, area=area, field="alarm")
    return number
