"""Visit rounds: a stretch of days in which an area is to be visited; the usual cut-off of coverage.

While a round is open its figures are live. Closing it freezes them, so that last month's result never changes again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from gis.codes import county_of, level_of
from gis.errors import BadInput, Conflict, NotFound
from gis.households.coverage import counties
from gis.storage.queries import query


@dataclass(frozen=True, slots=True)
class Round:
    """A visit round. `target` is the planned coverage in percent, `closed_at` None while it is open."""

    code: str
    area: str
    name: str
    first_on: date
    last_on: date
    target: int | None
    closed_at: datetime | None


def planned_percent(target: int | None, first_on: date, last_on: date, day: date) -> float | None:
    """The coverage (percent) that a round was to have by the end of `day`: the target in even parts over its days."""
    if target is None:
        return None
    days = (last_on - first_on).days + 1
    passed = min(max((day - first_on).days + 1, 0), days)
    return target * passed / days


_COLUMNS = "code, area, name, first_on, last_on, target, closed_at"


def open_round(
    conn: Connection, *, area: str, first_on: date, last_on: date, name: str | None = None, target: int | None = None
) -> Round:
    """Open a round of an area. Its code is the county's six digits, the area and the first day.

    Raises NotFound where the area has no cell, BadInput for days in the wrong order or a target outside 1-100,
    Conflict where a round of the same area is still open.
    """
    level_of(area)
    county = county_of(area, field="area")
    if last_on < first_on:
        raise BadInput(
            "last_on: {last_on} lies before the first day {first_on}",
            last_on=last_on,
            first_on=first_on,
            field="last_on",
        )
    if target is not None and not 1 <= target <= 100:
        raise BadInput("target: {target} is no percentage from 1 to 100", target=target, field="target")
    _refuse_unknown_area(conn, county, area)
    _refuse_second_round(conn, county, area)
    made = Round(
        f"{area[:6]}-R{area[6:]}-{first_on:%Y%m%d}", area, name or f"{first_on:%Y-%m}", first_on, last_on, target, None
    )
    conn.execute(
        text(
            "INSERT INTO everycell.visit_round (county, code, area, name, first_on, last_on, target)"
            " VALUES (:county, :code, :area, :name, :first_on, :last_on, :target)"
        ),
        {
            "county": county,
            "code": made.code,
            "area": area,
            "name": made.name,
            "first_on": first_on,
            "last_on": last_on,
            "target": target,
        },
    )
    _tell(conn, county, made.code)
    return made


def close_round(conn: Connection, code: str, *, today: date, now: datetime) -> Round:
    """Freeze the figures of a round. `now` is an aware instant.

    Raises NotFound for an unknown round, Conflict for one that is closed already.
    """
    county = county_of(code, field="round")
    found = get_round(conn, code, lock=True)
    if found.closed_at is not None:
        raise Conflict(
            "round: {code} was closed at {closed_at:%Y-%m-%d %H:%M} UTC",
            code=code,
            closed_at=found.closed_at,
            field="round",
        )
    conn.execute(
        query("households/freeze_round"),
        {
            "county": county,
            "round": code,
            "counties": [county],
            "prefix": found.area,
            "digits": 15,
            "since": found.first_on,
            "today": today,
        },
    )
    conn.execute(
        text("UPDATE everycell.visit_round SET closed_at = :now WHERE county = :county AND code = :code"),
        {"county": county, "code": code, "now": now},
    )
    _tell(conn, county, code)
    return get_round(conn, code)


def get_round(conn: Connection, code: str, *, lock: bool = False) -> Round:
    """One round. Raises NotFound for an unknown code."""
    statement = f"SELECT {_COLUMNS} FROM everycell.visit_round WHERE county = :county AND code = :code"  # noqa: S608
    values = {"county": county_of(code, field="round"), "code": code}
    row = conn.execute(text(statement + (" FOR UPDATE" if lock else "")), values).one_or_none()
    if row is None:
        raise NotFound("round: there is no round {code}", code=code, field="round")
    return Round(*row)


def inside_round(area: str | None, found: Round) -> str:
    """The part of a round's area that is asked for. Raises BadInput where it lies outside the round."""
    if area is None or found.area.startswith(area):
        return found.area
    if not area.startswith(found.area):
        raise BadInput(
            "area: {area} lies outside round {round}, which is of {whole}",
            area=area,
            round=found.code,
            whole=found.area,
            field="area",
        )
    return area


def list_rounds(conn: Connection, area: str | None = None) -> list[Round]:
    """Rounds that touch an area (None: all), open ones first, then the newest."""
    if area is not None:
        level_of(area)
    rows = conn.execute(
        text(
            f"SELECT {_COLUMNS} FROM everycell.visit_round WHERE county = ANY (:counties)"  # noqa: S608
            " AND (starts_with(:area, area) OR starts_with(area, :area))"
            " ORDER BY closed_at IS NOT NULL, first_on DESC, code"
        ),
        {"counties": counties(conn, area), "area": area or ""},
    )
    return [Round(*row) for row in rows]


def _refuse_unknown_area(conn: Connection, county: int, area: str) -> None:
    found = conn.execute(
        text(
            "SELECT EXISTS (SELECT FROM everycell.cell WHERE county = :county AND retired_on IS NULL"
            " AND starts_with(code, :area))"
        ),
        {"county": county, "area": area},
    ).scalar()
    if not found:
        raise NotFound("area: there is no cell in {area}", area=area, field="area")


def _refuse_second_round(conn: Connection, county: int, area: str) -> None:
    other = conn.execute(
        text("SELECT code FROM everycell.visit_round WHERE county = :county AND closed_at IS NULL AND area = :area"),
        {"county": county, "area": area},
    ).scalar()
    if other is not None:
        raise Conflict(
            "area: round {other} of {area} is still open: close it first", other=other, area=area, field="area"
        )


def _tell(conn: Connection, county: int, code: str) -> None:
    conn.execute(
        text("SELECT everycell.emit(:county, 'round', jsonb_build_object('round', CAST(:code AS text)))"),
        {"county": county, "code": code},
    )
