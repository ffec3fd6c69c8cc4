"""The place of a closed case is visited again after 7, 30 and 90 days ("回头看").

See `gis.disputes.cases` for who may call this, and with which transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from gis.access.scope import Right
from gis.batches import known_only, member_of, past_instant_of
from gis.disputes.cases import RoleOf, get
from gis.disputes.categories import Category
from gis.errors import NotFound
from gis.sentence import Sentence
from gis.storage.queries import query

FIELDS: Final = ("outcome", "done_at")
_ALL: Final = 1_000  # of one case: it would have to be closed hundreds of times


class RevisitOutcome(StrEnum):
    """What a revisit came to. It is about the agreement, never about anybody."""

    holds = "holds"
    broken = "broken"
    no_answer = "no_answer"


@dataclass(frozen=True, slots=True)
class Revisit:
    """A revisit of the place of a case: due on a day, done or not. `area`, `lon` and `lat` as of `Case`."""

    county: int
    dispute: UUID
    seq: int
    area: str
    category: Category
    due_on: date
    done_at: datetime | None
    outcome: RevisitOutcome | None
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """That a revisit was done. `done_at` is an aware instant in UTC."""

    outcome: RevisitOutcome
    done_at: datetime


@dataclass(frozen=True, slots=True)
class After:
    """Where a page of the list goes on: after the revisit with these keys of the order."""

    on: date
    id: UUID
    seq: int


def parse_done(item: object, now: datetime) -> Done:
    """A done revisit from JSON. Raises BadInput whose `field` names what is wrong."""
    given = known_only(item, FIELDS, what=Sentence("a done revisit"), field="revisit")
    return Done(member_of(RevisitOutcome, given, "outcome"), past_instant_of(given, "done_at", now))


def due(
    conn: Connection,
    counties: Sequence[int],
    *,
    until: date,
    area: str | None = None,
    limit: int,
    after: After | None = None,
) -> tuple[list[Revisit], After | None]:
    """A page of the revisits that wait and are due up to a day, the longest overdue first, and where it goes on."""
    rows = _rows(conn, counties, until=until, area=area, limit=limit + 1, after=after)
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return [_revisit(row) for row in shown], After(last.due_on, last.dispute, last.seq) if last else None


def of_case(conn: Connection, county: int, dispute: UUID) -> list[Revisit]:
    """The revisits of a case, done or not, by their day."""
    return [_revisit(row) for row in _rows(conn, [county], dispute=dispute, limit=_ALL)]


def record(
    conn: Connection, counties: Sequence[int], dispute: UUID, seq: int, done: Done, *, role_of: RoleOf
) -> tuple[Revisit, bool]:
    """Write down that a revisit was done; the revisit, and whether the same was written down before.

    Raises NotFound where there is none in the caller's areas, Conflict (by the database) where it was done otherwise.
    """
    case = get(conn, counties, dispute)
    role = role_of(Right.cases, case.area)
    if role is None:
        raise NotFound("there is no case {dispute}", dispute=dispute)
    values = {
        "county": case.county,
        "dispute": str(dispute),
        "seq": seq,
        "outcome": done.outcome,
        "done_at": done.done_at,
        "role": role,
    }
    statement = "SELECT everycell.record_revisit(:county, CAST(:dispute AS uuid), :seq, :outcome, :done_at, :role)"
    made = conn.execute(text(statement), values).scalar_one()
    found = {each.seq: each for each in of_case(conn, case.county, dispute)}
    return found[seq], not made


def _rows(
    conn: Connection,
    counties: Sequence[int],
    *,
    limit: int,
    dispute: UUID | None = None,
    until: date | None = None,
    area: str | None = None,
    after: After | None = None,
) -> Sequence[Any]:
    values = {
        "counties": list(counties),
        "dispute": dispute and str(dispute),
        "until": until,
        "area": area,
        "after_on": after and after.on,
        "after_id": after and str(after.id),
        "after_seq": after and after.seq,
        "limit": limit,
    }
    return conn.execute(query("disputes/revisits"), values).all()


def _revisit(row: Any) -> Revisit:
    return Revisit(
        county=row.county,
        dispute=row.dispute,
        seq=row.seq,
        area=row.area,
        category=Category(row.category),
        due_on=row.due_on,
        done_at=row.done_at,
        outcome=None if row.outcome is None else RevisitOutcome(row.outcome),
        lon=row.lon,
        lat=row.lat,
    )
