"""Cases past their date: how many there were when a month ended, published once, and how that is read.

The table of a month has the county, its towns and its villages, all as of the end of the month, by the grid of the day
on which it is made; family disputes are in it. It is made after the counts of registered cases of the month, merged as
they are, and tells nothing of these that they do not tell themselves (`gis.disputes.overdue_tables`). There is no
number of today: what is overdue now is seen by those who deal with cases, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, text

from gis.access.audit import Action, Detail, note
from gis.access.scope import ALL
from gis.codes import DIGITS, Level, level_of
from gis.disputes.disclosure import WITHHELD, Registered
from gis.disputes.merging import Ints
from gis.disputes.overdue_tables import Areas, overdue_tables
from gis.disputes.periods import Period, Span
from gis.disputes.stages import Late, publish_standing
from gis.disputes.workflow import DUE, OPEN, State
from gis.settings import Settings
from gis.storage.bulk import array
from gis.storage.engine import Store
from gis.storage.queries import query

LEVELS: Final = (Level.county, Level.town, Level.village)
_HOLD: Final = text("SELECT everycell.hold_cases(:county)")


@dataclass(frozen=True, slots=True)
class OverdueArea:
    """How many cases of an area were past their date; None is withheld."""

    code: str
    name: str
    level: Level
    number: int | None


@dataclass(frozen=True, slots=True)
class OverdueCases:
    """What is published of the end of a month, of an area and all in it."""

    month: Period
    published_at: datetime
    areas: tuple[OverdueArea, ...]


def publish_overdue(
    store: Store,
    today: date,
    *,
    who: str = "service",
    source: str = "service",
    on_step: Callable[[str], None] = lambda _: None,
) -> list[tuple[int, Period]]:
    """Publish the numbers of the last month that is over, where they are not out yet; months before it are not made up
    for. Counties and month of what was published.

    `today` is the day where the counties are. After `publication.publish_due`, as the owner or the service's role.
    `on_step` is told in words what is next, before every transaction; what it raises ends the run.
    """
    month = _month_before(today)
    done = []
    with store.read(ALL.settings()) as conn:
        first_counted = {row.county: row.month for row in conn.execute(query("disputes/first_counted"))}
        out = _last_months(conn, list(first_counted))
    for county, first in first_counted.items():
        if first > month.first or (county in out and out[county][0] >= month.first):
            continue
        on_step(f"cases of {county:06} past their date at the end of {month}")
        work = partial(_publish, county=county, month=month, first=first, today=today, settings=store.settings)
        store.retrying(partial(_noted, work=work, county=county, month=month, by=(who, source)), ALL.settings())
        done.append((county, month))
    return done


def overdue_cases(
    conn: Connection, counties: Sequence[int], area: str | None, *, until: Period | None = None
) -> OverdueCases | None:
    """What is published of the last month, `until` one where it is given, of an area and all in it (None: of all that
    the caller may see); None where nothing is. Of several counties those are told whose last month is the latest."""
    out = _last_months(conn, counties, until)
    if not out:
        return None
    latest = max(month for month, _ in out.values())
    listed = {county: at for county, (month, at) in out.items() if month == latest}
    areas = [
        OverdueArea(row.area, row.name or "", level_of(row.area), row.number)
        for county in listed
        for row in conn.execute(
            query("disputes/overdue_published"), {"county": county, "month": latest, "prefix": area or ""}
        )
    ]
    return OverdueCases(Period(latest, Span.month), min(listed.values()), tuple(areas))


def _last_months(
    conn: Connection, counties: Sequence[int], until: Period | None = None
) -> dict[int, tuple[date, datetime]]:
    asked = {"counties": list(counties), "until": date.max if until is None else until.first}
    rows = conn.execute(query("disputes/overdue_out"), asked)
    return {row.county: (row.month, row.published_at) for row in rows}


def _month_before(today: date) -> Period:
    last = today.replace(day=1) - timedelta(days=1)
    return Period(last.replace(day=1), Span.month)


def _noted(
    conn: Connection, work: Callable[[Connection], None], county: int, month: Period, by: tuple[str, str]
) -> None:
    work(conn)
    detail: Detail = {"month": str(month), "kind": "overdue"}
    note(conn, who=by[0], source=by[1], action=Action.dispute_publish, area=f"{county:06}", detail=detail)


def _publish(conn: Connection, county: int, month: Period, first: date, today: date, settings: Settings) -> None:
    conn.execute(_HOLD, {"county": county})
    cells, homes, overdue, fresh, spare = _counted(conn, county, month, settings.zone)
    known = [_registered(conn, county, after, first) for after in (month.first, month.following.first)]
    levels = [_areas(cells, homes, DIGITS[level], known) for level in LEVELS]
    tables = overdue_tables(overdue, spare, [areas for _, areas in levels], below=[np.arange(len(cells))])
    numbers = np.concatenate(tables).tolist()
    values = {
        "county": county,
        "month": month.first,
        "grid_on": today,
        "at": datetime.now(UTC),
        "areas": array([code for codes, _ in levels for code in codes]),
        "numbers": "{" + ",".join("NULL" if number == WITHHELD else str(number) for number in numbers) + "}",
        "households": "{" + ",".join(str(n) for _, areas in levels for n in areas.households.tolist()) + "}",
    }
    conn.execute(query("disputes/publish_overdue"), values)
    late = Late(int(overdue.sum()), int(np.maximum(fresh - spare, 0).sum()))
    publish_standing(conn, county, month, _end(month, settings.zone), int(homes.sum()), late)


def _end(month: Period, zone: ZoneInfo) -> datetime:
    return datetime.combine(month.following.first, time(), zone)


def _counted(conn: Connection, county: int, month: Period, zone: ZoneInfo) -> tuple[list[str], Ints, Ints, Ints, Ints]:
    """Cells, sorted, with their households, their cases past their date, those of the month among these, and those of
    earlier months that are neither past it nor have ended; a case may lie in a cell that has ended."""
    values = {"county": county, "first": month.first, "after": month.following.first, "at": _end(month, zone)}
    states = {"states": array(sorted(DUE)), "ended": array(sorted(set(State) - OPEN))}
    rows = conn.execute(query("disputes/overdue_at"), values | states)
    cases = {row.cell: (row.cases, row.fresh, row.spare) for row in rows}
    rows = conn.execute(query("disputes/households_of_cells"), {"counties": [county]})
    homes = {row.code: row.households for row in rows}
    cells = sorted({*homes, *cases})
    numbers = [(homes.get(cell, 0), *cases.get(cell, (0, 0, 0))) for cell in cells]
    households, overdue, fresh, spare = np.array(numbers, np.int64).reshape(-1, 4).T
    return cells, households, overdue, fresh, spare


def _areas(
    cells: Sequence[str], homes: Ints, digits: int, known: Sequence[Mapping[str, Registered]]
) -> tuple[list[str], Areas]:
    """The areas of a level, sorted, with their codes."""
    codes, of_cell = np.unique([cell[:digits] for cell in cells], return_inverse=True)
    households = np.bincount(of_cell, homes, minlength=len(codes)).astype(np.int64)
    before, until = ([one.get(code, Registered(0, complete=False)) for code in codes.tolist()] for one in known)
    return codes.tolist(), Areas(of_cell.astype(np.int64), households, before, until)


def _registered(conn: Connection, county: int, after: date, first: date) -> dict[str, Registered]:
    """What is published of cases that were registered before a day, by area."""
    months = (after.year - first.year) * 12 + after.month - first.month
    rows = conn.execute(query("disputes/known_registered"), {"county": county, "after": after})
    return {
        row.area: Registered(row.number, not row.withheld and min(row.months, row.family_months) >= months)
        for row in rows
    }
