"""Visits: one way in, for CSV files and for HTTP alike.

A visit is a household, an instant, an outcome, a team and a purpose from closed lists: no name, no free text. Its id is
the client's; sending it again is harmless, sending it again with other content is refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import pandas as pd
from sqlalchemy import Connection, TextClause, text

from gis.batches import CLOCK_SKEW, BatchResult, Refusal, instant_of, known_only, member_of, text_of, uuid_of
from gis.codes import county_of
from gis.errors import BadInput
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.bulk import array
from gis.storage.queries import query
from gis.storage.report import LoadReport, Reject


class Outcome(StrEnum):
    """What a knock on the door came to."""

    reached = "reached"
    no_answer = "no_answer"


class Purpose(StrEnum):
    """What a visit was for. A closed list, about the visit and never about who lives there."""

    routine = "routine"
    safety = "safety"
    publicity = "publicity"
    address_check = "address_check"


FIELDS: Final = ("id", "household", "visited_at", "outcome", "team", "purpose")
BATCH: Final = 5_000
_TEAM: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Visit:
    """One knock on one door. `visited_at` is an aware instant."""

    id: UUID
    household: str
    visited_at: datetime
    outcome: Outcome
    team: str
    purpose: Purpose


def parse_visit(item: object, settings: Settings, now: datetime) -> Visit:
    """One visit from JSON. Raises BadInput whose `field` names what is wrong. `now` is an aware instant."""
    given = known_only(item, FIELDS, what=Sentence("a visit"), field="visit")
    household, team = text_of(given, "household"), text_of(given, "team")
    county_of(household, field="household")
    if not _TEAM.fullmatch(team):
        raise BadInput(
            "{field}: capital letters, digits and '-' only, at most 20 (a team's code, no name)", field="team"
        )
    return Visit(
        id=uuid_of(given, "id"),
        household=household,
        visited_at=_instant(given, settings, now),
        outcome=member_of(Outcome, given, "outcome"),
        team=team,
        purpose=member_of(Purpose, given, "purpose"),
    )


def _instant(given: Mapping[Any, Any], settings: Settings, now: datetime) -> datetime:
    try:
        return check_instant(instant_of(given, "visited_at"), settings, now)
    except OverflowError:
        raise BadInput("{field}: lies outside the calendar", field="visited_at") from None


def check_instant(instant: datetime, settings: Settings, now: datetime) -> datetime:
    """The instant in UTC; BadInput where it lies in the future or is older than visits are kept."""
    if instant > now + CLOCK_SKEW:
        raise BadInput("{field}: lies in the future", field="visited_at")
    oldest = settings.visits_taken_from(now.astimezone(settings.zone).date())
    if instant.astimezone(settings.zone).date() < oldest:
        raise BadInput(
            "{field}: lies before {oldest}: visits are kept {months} months; import the date as"
            " the household's reached_before instead",
            oldest=oldest,
            months=settings.visit_months,
            field="visited_at",
        )
    return instant.astimezone(UTC)


def record_visits(
    conn: Connection, visits: Sequence[Visit], settings: Settings, *, within: bool = False
) -> BatchResult:
    """Record a batch; the figures of coverage follow in the same transaction, which the caller owns.

    Every visit stands for itself: what cannot be recorded is refused with its index, the others are recorded. An empty
    batch does nothing. `within` is for the service's role: only households in the areas that the transaction was told
    are known then. Deadlocks surface as DBAPIError 40P01: run it in `Store.retrying`.
    """
    by_county: dict[int, list[int]] = defaultdict(list)
    gone_before: date | None = conn.scalar(text("SELECT everycell.visits_gone_before()"))
    repeated = 0
    refused: list[Refusal] = []
    for index, visit in enumerate(visits):
        if gone_before is not None and visit.visited_at.astimezone(settings.zone).date() < gone_before:
            refused.append(_refusal(index, visit, "gone"))
        else:
            by_county[county_of(visit.household, field="household")].append(index)
    for county in sorted(by_county):
        statement = query("households/record_visits_within" if within else "households/record_visits")
        for index, status in _record(conn, statement, county, visits, by_county[county], settings):
            if status == "repeated":
                repeated += 1
            else:
                refused.append(_refusal(index, visits[index], status))
    accepted = len(visits) - repeated - len(refused)
    return BatchResult(accepted, repeated, sorted(refused, key=lambda r: r.index))


def _record(
    conn: Connection,
    statement: TextClause,
    county: int,
    visits: Sequence[Visit],
    indexes: Sequence[int],
    settings: Settings,
) -> Iterator[tuple[int, str]]:
    """Index and status of each visit of one county that is not accepted."""
    for start in range(0, len(indexes), BATCH):
        part = indexes[start : start + BATCH]
        batch = [visits[index] for index in part]
        found = conn.execute(
            statement,
            {
                "county": county,
                "ids": array(str(v.id) for v in batch),
                "households": array(v.household for v in batch),
                "days": array(v.visited_at.astimezone(settings.zone).date().isoformat() for v in batch),
                "times": array(v.visited_at.isoformat() for v in batch),
                "outcomes": array(v.outcome.value for v in batch),
                "teams": array(v.team for v in batch),
                "purposes": array(v.purpose.value for v in batch),
            },
        )
        for position, status in found:
            yield part[position - 1], status


def _refusal(index: int, visit: Visit, status: str) -> Refusal:
    if status == "conflict":
        return Refusal(
            index, str(visit.id), "conflict", Sentence("a visit with this id and other content is already recorded")
        )
    if status == "gone":
        return Refusal(
            index,
            str(visit.id),
            "gone",
            Sentence("visits of that day have been removed; a repeated one would count twice"),
        )
    return Refusal(
        index,
        str(visit.id),
        "unknown-household",
        Sentence("there is no household {household}", household=visit.household),
    )


def load_visits(
    conn: Connection, frame: pd.DataFrame, settings: Settings, on_progress: Callable[[int], None] | None = None
) -> LoadReport:
    """Record the visits of a frame (docs/architecture.md, "visits"; clean values, aware `visited_at`).

    `on_progress` is told the number of rows done since the last call. The report counts repeated visits as unchanged.
    """
    report = LoadReport("visit", 0, 0, 0, [])
    for start in range(0, len(frame), BATCH):
        part = frame.iloc[start : start + BATCH]
        numbers = part["row"].tolist()
        result = record_visits(conn, _visits_of(part), settings)
        rejects = [Reject(numbers[r.index], _COLUMN_OF.get(r.code), r.detail) for r in result.refused]
        report = report.plus(LoadReport("visit", result.accepted, 0, result.repeated, rejects))
        if on_progress is not None:
            on_progress(len(part))
    return report


_COLUMN_OF: Final = {"conflict": "id", "unknown-household": "household", "gone": "visited_at"}


def _visits_of(frame: pd.DataFrame) -> list[Visit]:
    columns = (frame[name].tolist() for name in FIELDS)
    return [
        Visit(UUID(str(i)), str(h), pd.Timestamp(at).to_pydatetime(), Outcome(o), str(team), Purpose(p))
        for i, h, at, o, team, p in zip(*columns, strict=True)
    ]
