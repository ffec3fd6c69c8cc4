"""Visits: one way in, for CSV files and for HTTP alike.

A visit is a household, an instant, an outcome, a team and a purpose from closed lists: no name, no free text. Its id is
the client's; sending it again is harmless, sending it again with other content is refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

import pandas as pd
from sqlalchemy import Connection

from gis.codes import county_of
from gis.errors import BadInput
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


E = TypeVar("E", bound=StrEnum)

FIELDS: Final = ("id", "household", "visited_at", "outcome", "team", "purpose")
BATCH: Final = 5_000
_TEAM: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}", re.ASCII)
_CLOCK_SKEW: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Visit:
    """One knock on one door. `visited_at` is an aware instant."""

    id: UUID
    household: str
    visited_at: datetime
    outcome: Outcome
    team: str
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Refusal:
    """A visit that was not recorded: its index in the batch, its id, a stable word and the reason in one sentence."""

    index: int
    id: str | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class VisitsResult:
    """What became of a batch: every visit is accepted, repeated or refused."""

    accepted: int
    repeated: int
    refused: list[Refusal]


def parse_visit(item: object, settings: Settings, now: datetime) -> Visit:
    """One visit from JSON. Raises BadInput whose `field` names what is wrong. `now` is an aware instant."""
    if not isinstance(item, Mapping):
        raise BadInput("a visit is an object with the fields " + ", ".join(FIELDS), field="visit")
    extra = sorted(set(map(str, item)) - set(FIELDS))
    if extra:
        raise BadInput(f"{extra[0]}: a visit has no such field; it has {', '.join(FIELDS)}", field=extra[0])
    values = {name: _text(item, name) for name in FIELDS}
    county_of(values["household"], field="household")
    if not _TEAM.fullmatch(values["team"]):
        raise BadInput("team: capital letters, digits and '-' only, at most 20 (a team's code, no name)", field="team")
    return Visit(
        id=_uuid(values["id"]),
        household=values["household"],
        visited_at=_instant(values["visited_at"], settings, now),
        outcome=_member(Outcome, values["outcome"], "outcome"),
        team=values["team"],
        purpose=_member(Purpose, values["purpose"], "purpose"),
    )


def _text(item: Mapping[Any, Any], field: str) -> str:
    value = item.get(field)
    if value is None:
        raise BadInput(f"{field}: missing", field=field)
    if not isinstance(value, str) or not value or len(value) > 100 or "\x00" in value:
        raise BadInput(f"{field}: must be a text of 1 to 100 characters", field=field)
    return value


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise BadInput("id: is no UUID", field="id") from None


def _member(kind: type[E], value: str, field: str) -> E:
    try:
        return kind(value)
    except ValueError:
        raise BadInput(f"{field}: must be one of {', '.join(kind)}", field=field) from None


def _instant(value: str, settings: Settings, now: datetime) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise BadInput("visited_at: must be an instant such as 2026-11-22T09:30:00+08:00", field="visited_at") from None
    if instant.tzinfo is None:
        raise BadInput("visited_at: needs its offset from UTC, such as +08:00", field="visited_at")
    try:
        return check_instant(instant, settings, now)
    except OverflowError:
        raise BadInput("visited_at: lies outside the calendar", field="visited_at") from None


def check_instant(instant: datetime, settings: Settings, now: datetime) -> datetime:
    """The instant in UTC; BadInput where it lies in the future or is older than visits are kept."""
    if instant > now + _CLOCK_SKEW:
        raise BadInput("visited_at: lies in the future", field="visited_at")
    if instant < now - timedelta(days=settings.visit_max_age_days):
        raise BadInput(
            f"visited_at: is more than {settings.visit_max_age_days} days ago; import the date as the household's "
            "reached_before instead",
            field="visited_at",
        )
    return instant.astimezone(UTC)


def record_visits(conn: Connection, visits: Sequence[Visit], settings: Settings) -> VisitsResult:
    """Record a batch; the figures of coverage follow in the same transaction, which the caller owns.

    Every visit stands for itself: what cannot be recorded is refused with its index, the others are recorded. An empty
    batch does nothing. Deadlocks surface as DBAPIError 40P01: run it in `Store.retrying`.
    """
    by_county: dict[int, list[int]] = defaultdict(list)
    for index, visit in enumerate(visits):
        by_county[county_of(visit.household, field="household")].append(index)
    counts = {"accepted": 0, "repeated": 0}
    refused: list[Refusal] = []
    for county in sorted(by_county):
        for index, status in _record(conn, county, visits, by_county[county], settings):
            if status in counts:
                counts[status] += 1
            else:
                refused.append(_refusal(index, visits[index], status))
    return VisitsResult(counts["accepted"], counts["repeated"], sorted(refused, key=lambda r: r.index))


def _record(
    conn: Connection, county: int, visits: Sequence[Visit], indexes: Sequence[int], settings: Settings
) -> Iterator[tuple[int, str]]:
    """Index and status of each visit of one county."""
    for start in range(0, len(indexes), BATCH):
        part = indexes[start : start + BATCH]
        batch = [visits[index] for index in part]
        found = conn.execute(
            query("households/record_visits"),
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
        return Refusal(index, str(visit.id), "conflict", "a visit with this id and other content is already recorded")
    return Refusal(index, str(visit.id), "unknown-household", f"there is no household {visit.household}")


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


_COLUMN_OF: Final = {"conflict": "id", "unknown-household": "household"}


def _visits_of(frame: pd.DataFrame) -> list[Visit]:
    columns = (frame[name].tolist() for name in FIELDS)
    return [
        Visit(UUID(str(i)), str(h), pd.Timestamp(at).to_pydatetime(), Outcome(o), str(team), Purpose(p))
        for i, h, at, o, team, p in zip(*columns, strict=True)
    ]
