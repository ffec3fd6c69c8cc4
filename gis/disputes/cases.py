"""Cases: one way in for files and HTTP alike, one way to change them, and how they are read.

A case has a category, a way in, a state, a level and dates, all from closed lists; a cell and a snap point that stands
for eight dwellings at least. Where it was reported is never stored: whoever registers it names a snap point
(`gis.disputes.snap_points`). Its id is the client's; sending it again is harmless, with other content it is refused.
The same holds for a change.

Whoever calls these functions has told the transaction a scope (`Store.begin(scope.settings())`, also as the owner): the
database lets nobody register or change a case beyond the areas of the rights `cases` and `mediation`. The caller owns
the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from gis.access.scope import Right, Role
from gis.batches import BatchResult, Refusal, known_only, member_of, past_instant_of, text_of, uuid_of
from gis.codes import DIGITS, Level
from gis.disputes.categories import FAMILY, Category, Channel, Closing
from gis.disputes.workflow import (
    DUE,
    LADDER,
    OPEN,
    Deadlines,
    State,
    check_change,
    check_level,
    due_at,
    extended,
    is_overdue,
    revisits_on,
)
from gis.errors import BadInput, Conflict, NotFound
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.bulk import array
from gis.storage.queries import query
from gis.words import word

# As which role somebody uses a right in an area; None where the right does not hold there.
RoleOf = Callable[[Right, str], Role | None]

FIELDS: Final = ("id", "snap", "category", "channel", "level", "reported_at")
CHANGE_FIELDS: Final = ("id", "version", "state", "level", "extension", "code")
BATCH: Final = 2_000
_CODE_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz_")


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be registered. `reported_at` is an aware instant in UTC, `snap` the id of a snap point."""

    id: UUID
    snap: UUID
    category: Category
    channel: Channel
    level: Level
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a case that has `version`: to a state (with the code that it asks for), to a level, or more time for
    a reason; exactly one of the three."""

    id: UUID
    version: int
    state: State | None = None
    level: Level | None = None
    extension: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it is told. `area` is its cell, of a family dispute its village; `lon`, `lat` (degrees) are of its snap
    point, None where no place is told."""

    county: int
    id: UUID
    area: str
    category: Category
    channel: Channel
    state: State
    level: Level
    version: int
    reported_at: datetime
    registered_at: datetime
    due_at: datetime | None
    extensions: int
    ended_at: datetime | None
    lon: float | None
    lat: float | None

    def overdue(self, now: datetime) -> bool:
        """Whether its date has passed while it runs."""
        return is_overdue(self.state, self.due_at, now)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a case: when, as which role, what changed, and what it came to."""

    seq: int
    at: datetime
    role: Role
    change: str
    state: State
    level: Level
    due_at: datetime | None
    code: str | None


@dataclass(frozen=True, slots=True)
class After:
    """Where a page of the list goes on: after the case with these keys of the order."""

    rank: int
    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases of a list: of an area and all in it, in some states, of a category, at a level, overdue ones only."""

    area: str | None = None
    states: Collection[State] | None = None
    category: Category | None = None
    level: Level | None = None
    overdue: bool = False


# ---- coming in


def parse_case(item: object, settings: Settings, now: datetime) -> NewCase:
    """One case from JSON. Raises BadInput whose `field` names what is wrong. `now` is an aware instant."""
    given = known_only(item, FIELDS, what=Sentence("a case"), field="case")
    return NewCase(
        id=uuid_of(given, "id"),
        snap=uuid_of(given, "snap"),
        category=member_of(Category, given, "category"),
        channel=member_of(Channel, given, "channel"),
        level=member_of(Level, given, "level") if given.get("level") is not None else Level.cell,
        reported_at=check_reported(past_instant_of(given, "reported_at", now), settings, now),
    )


def check_reported(reported_at: datetime, settings: Settings, now: datetime) -> datetime:
    """The instant; BadInput where it lies before what is kept: a case that was removed shall not come back."""
    zone = settings.zone
    oldest = settings.disputes_kept_from(now.astimezone(zone).date())
    if reported_at.astimezone(zone).date() < oldest:
        raise BadInput(
            "reported_at: lies before {oldest}: cases are kept {months} months",
            oldest=oldest,
            months=settings.dispute_months,
            field="reported_at",
        )
    return reported_at


def register(
    conn: Connection,
    cases: Sequence[NewCase],
    *,
    counties: Sequence[int],
    role_of: RoleOf,
    settings: Settings,
    at: datetime,
    placed: bool = True,
) -> BatchResult:
    """Register a batch; every case stands for itself. An empty batch does nothing.

    `counties` are those in which the caller may have snap points, `at` is now. A case is counted in the month in which
    it was reported, or, where figures of that month are out, in the present one (`gis.disputes.publication`). A case
    that was registered before with the same content is repeated; with `placed` its place belongs to the content, as far
    as its snap point is still there. Deadlocks surface as DBAPIError 40P01: run it in `Store.retrying`.
    """
    found = _snaps(conn, counties, [case.snap for case in cases])
    by_county: dict[int, list[tuple[int, Role]]] = defaultdict(list)
    statuses: dict[int, str] = {}
    for index, case in enumerate(cases):
        county, cell = found.get(case.snap, (0, ""))
        role = role_of(Right.cases, told_area(cell, case.category)) if cell else None
        if role is None:
            statuses[index] = "unknown"
        else:
            by_county[county].append((index, role))
    for county, items in sorted(by_county.items()):
        for start in range(0, len(items), BATCH):
            part = items[start : start + BATCH]
            values = {"county": county, "at": at, "placed": placed, "timezone": settings.timezone}
            values |= _columns([(cases[i], role) for i, role in part])
            for position, status in conn.execute(query("disputes/register"), values):
                statuses[part[position - 1][0]] = status
    repeated = sum(status == "repeated" for status in statuses.values())
    refused = [_refusal(i, cases[i], status) for i, status in sorted(statuses.items()) if status != "repeated"]
    return BatchResult(len(cases) - repeated - len(refused), repeated, refused)


def told_area(cell: str, category: Category) -> str:
    """What is told of where a case lies: its cell, of a family dispute its village."""
    return cell[: DIGITS[Level.village]] if category is FAMILY else cell


def _snaps(conn: Connection, counties: Sequence[int], ids: Sequence[UUID]) -> dict[UUID, tuple[int, str]]:
    values = {"counties": list(counties), "ids": array(str(each) for each in dict.fromkeys(ids))}
    return {row.id: (row.county, row.cell) for row in conn.execute(query("disputes/snaps"), values)}


def _columns(items: Sequence[tuple[NewCase, Role]]) -> dict[str, str]:
    return {
        "ids": array(str(case.id) for case, _ in items),
        "snaps": array(str(case.snap) for case, _ in items),
        "categories": array(case.category.value for case, _ in items),
        "channels": array(case.channel.value for case, _ in items),
        "levels": array(case.level.value for case, _ in items),
        "reported": array(case.reported_at.isoformat() for case, _ in items),
        "roles": array(role.value for _, role in items),
    }


def _refusal(index: int, case: NewCase, status: str) -> Refusal:
    if status == "conflict":
        return Refusal(
            index, str(case.id), "conflict", Sentence("a case with this id and other content is already registered")
        )
    return Refusal(
        index, str(case.id), "unknown-snap", Sentence("snap: there is no such place in your area: ask for one anew")
    )


# ---- changing


def parse_change(item: object) -> Change:
    """A change from JSON. Raises BadInput whose `field` names what is wrong."""
    given = known_only(item, CHANGE_FIELDS, what=Sentence("a change"), field="change")
    version = given.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or not 0 < version < 2**31 - 1:
        raise BadInput("version: must be the version of the case that you have read, a whole number", field="version")
    said = [name for name in ("state", "level", "extension") if given.get(name) is not None]
    if len(said) != 1:
        raise BadInput("state: give exactly one of state, level and extension", field="state")
    if said != ["state"] and given.get("code") is not None:
        raise BadInput("code: is said with a state only", field="code")
    return Change(
        id=uuid_of(given, "id"),
        version=version,
        state=member_of(State, given, "state") if said == ["state"] else None,
        level=member_of(Level, given, "level") if said == ["level"] else None,
        extension=_word(given, "extension"),
        code=_word(given, "code"),
    )


def _word(given: Mapping[Any, Any], field: str) -> str | None:
    """A word as the lists of codes have them; what is none is not repeated in a message."""
    if given.get(field) is None:
        return None
    word = text_of(given, field)
    if not set(word) <= _CODE_LETTERS:
        raise BadInput("{field}: is no code: small letters and '_' only", field=field)
    return word


def change(
    conn: Connection,
    counties: Sequence[int],
    dispute: UUID,
    wanted: Change,
    *,
    role_of: RoleOf,
    settings: Settings,
    at: datetime,
) -> tuple[Case, bool]:
    """Change a case; the case as it then is, and whether this very change had been made before (nothing happens then).

    `at` is now. Raises NotFound where there is no such case in the caller's areas, Conflict where it has changed since
    `wanted.version` or the change does not follow from how it is, BadInput where a code is missing or not in its list.
    """
    case = get(conn, counties, dispute)
    role = role_of(Right.mediation, case.area)
    if role is None:
        raise NotFound("there is no case {dispute}", dispute=dispute)
    if _made_before(conn, case, wanted):
        return case, True
    if case.version != wanted.version:
        raise Conflict(
            "version: the case has changed since: it has version {version}, not {read}; read it again",
            version=case.version,
            read=wanted.version,
            field="version",
        )
    values = {
        "county": case.county,
        "dispute": str(dispute),
        "version": wanted.version,
        "id": str(wanted.id),
        "at": at,
        "role": role.value,
        **asdict(next_of(case, wanted, settings, at)),
    }
    values["revisits"] = array(day.isoformat() for day in values["revisits"])
    made = conn.execute(query("disputes/change"), values).scalar_one()
    return get(conn, counties, dispute), not made


@dataclass(frozen=True, slots=True)
class Next:
    """What a change comes to: the columns of the case, and of the event."""

    change: str
    state: str
    level: str
    due_at: datetime | None
    extensions: int
    ended_at: datetime | None
    code: str | None
    revisits: tuple[date, ...] = ()


def next_of(case: Case, wanted: Change, settings: Settings, at: datetime) -> Next:
    """What a change at an instant comes to. Raises Conflict where it does not follow from how the case is, BadInput
    where a code is missing or not in its list."""
    due, extensions, ended, state, level = case.due_at, case.extensions, case.ended_at, case.state, case.level
    limits = deadlines_of(settings)
    if wanted.level is not None:
        check_level(state, level, wanted.level)
        return Next("level", state, wanted.level, due, extensions, ended, None)
    if wanted.extension is not None:
        if due is None:
            raise Conflict("the case is {state}: no date runs", state=word(state), field="due_at")
        due = extended(due, state, now=at, extensions=extensions, code=wanted.extension, deadlines=limits)
        return Next("extension", state, level, due, extensions + 1, ended, wanted.extension)
    to = wanted.state or state
    code = check_change(state, to, code=wanted.code)
    if to in (State.accepted, State.reopened):
        due = due_at(at, level, limits)
    ended = at if to in (State.not_accepted, State.closed) else None
    revisits = revisits_on(at.astimezone(settings.zone).date()) if isinstance(code, Closing) else ()
    return Next("state", to, level, due, extensions, ended, None if code is None else code.value, revisits)


def deadlines_of(settings: Settings) -> Deadlines:
    """The days to settle a case that the settings give."""
    days = {level: int(getattr(settings, f"dispute_days_{level}")) for level in LADDER}
    return Deadlines(days, settings.dispute_extension_days)


def _made_before(conn: Connection, case: Case, wanted: Change) -> bool:
    """Whether this very change was made before. Raises Conflict where another one has its id."""
    values = {"county": case.county, "id": str(wanted.id)}
    row = conn.execute(query("disputes/change_made"), values).one_or_none()
    if row is None:
        return False
    kind = "state" if wanted.state else "level" if wanted.level else "extension"
    same = (row.dispute, row.seq, row.change) == (case.id, wanted.version + 1, kind)
    said = {"state": (wanted.state, wanted.code), "level": (wanted.level, None), "extension": (wanted.extension, None)}
    was = {"state": (row.state, row.code), "level": (row.level, None), "extension": (row.code, None)}
    if same and said[kind] == was[kind]:
        return True
    raise Conflict("id: a change with this id and other content was made already", field="id")


# ---- reading


def get(conn: Connection, counties: Sequence[int], dispute: UUID) -> Case:
    """A case. Raises NotFound; one that the caller may not see is as unknown as one that does not exist."""
    values = {"counties": list(counties), "id": str(dispute)}
    row = conn.execute(query("disputes/one"), values).one_or_none()
    if row is None:
        raise NotFound("there is no case {dispute}", dispute=dispute)
    return _case(row)


def listed(
    conn: Connection, counties: Sequence[int], wanted: Wanted, *, now: datetime, limit: int, after: After | None = None
) -> tuple[list[Case], After | None]:
    """A page of cases, and where the next one goes on (None: this is the last).

    First those whose date runs, by their date: what is longest overdue comes first. Then what waits for something else,
    then what has ended, each by when it was reported.
    """
    values = {
        "counties": list(counties),
        "running": sorted(DUE),
        "area": wanted.area,
        "states": None if wanted.states is None else sorted(wanted.states),
        "open": wanted.overdue or (wanted.states is not None and OPEN.issuperset(wanted.states)),
        "category": wanted.category,
        "level": wanted.level,
        "due_before": now if wanted.overdue else None,
        "after_rank": after and after.rank,
        "after_at": after and after.at,
        "after_id": after and str(after.id),
        "limit": limit + 1,
    }
    rows = conn.execute(query("disputes/listed"), values).all()
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return [_case(row) for row in shown], After(last.rank, last.sorted_at, last.id) if last else None


def events(conn: Connection, case: Case) -> list[Event]:
    """What happened to a case, in order."""
    rows = conn.execute(query("disputes/events"), {"county": case.county, "dispute": str(case.id)})
    return [Event(r.seq, r.at, Role(r.role), r.change, State(r.state), Level(r.level), r.due_at, r.code) for r in rows]


def _case(row: Any) -> Case:
    return Case(
        county=row.county,
        id=row.id,
        area=row.area,
        category=Category(row.category),
        channel=Channel(row.channel),
        state=State(row.state),
        level=Level(row.level),
        version=row.version,
        reported_at=row.reported_at,
        registered_at=row.registered_at,
        due_at=row.due_at,
        extensions=row.extensions,
        ended_at=row.ended_at,
        lon=row.lon,
        lat=row.lat,
    )
