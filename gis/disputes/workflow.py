"""What may happen to a case: states, levels, dates. Pure functions; who may do it is `gis.access`'s question.

    registered ─► accepted ─► in_mediation ─► agreed_oral | agreed_written ─► performed ─► closed
        │             └─► referred ◄─┐  │ ▲                    │                             │
        ▼                    │       │  ▼ └── in_mediation ◄───┘ (the agreement fell through)│
    not_accepted             │     not_agreed ─► closed                                      │
        └─► reopened ◄───────┼───────────────────────────────────────────────────────────────┘
                             └─► in_mediation (given back) | closed

A case is dealt with at a level, cell to county; escalation takes it one level up, return one level down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gis.codes import Level
from gis.disputes.categories import Closing, Extension, Names, NotAccepted, Referral, entry_of
from gis.errors import BadInput, Conflict
from gis.sentence import COMMA, joined
from gis.words import word


class State(StrEnum):
    """How far a case has come."""

    registered = "registered"
    accepted = "accepted"
    not_accepted = "not_accepted"
    in_mediation = "in_mediation"
    agreed_oral = "agreed_oral"
    agreed_written = "agreed_written"
    not_agreed = "not_agreed"
    referred = "referred"
    performed = "performed"
    closed = "closed"
    reopened = "reopened"


STATE_NAMES: Final = MappingProxyType(
    {
        State.registered: Names("已登记", "Registered"),
        State.accepted: Names("已受理", "Accepted"),
        State.not_accepted: Names("不予受理", "Not accepted"),
        State.in_mediation: Names("调解中", "In mediation"),
        State.agreed_oral: Names("达成口头协议", "Agreed, oral"),
        State.agreed_written: Names("达成书面协议", "Agreed, in writing"),
        State.not_agreed: Names("未达成协议", "Not agreed"),
        State.referred: Names("已转办", "Referred"),
        State.performed: Names("协议已履行", "Performed"),
        State.closed: Names("已办结", "Closed"),
        State.reopened: Names("重新办理", "Re-opened"),
    }
)

_NEXT: Final[Mapping[State, tuple[State, ...]]] = MappingProxyType(
    {
        State.registered: (State.accepted, State.not_accepted),
        State.accepted: (State.in_mediation, State.referred),
        State.not_accepted: (State.reopened,),
        State.in_mediation: (State.agreed_oral, State.agreed_written, State.not_agreed),
        State.agreed_oral: (State.performed, State.in_mediation),
        State.agreed_written: (State.performed, State.in_mediation),
        State.not_agreed: (State.in_mediation, State.referred, State.closed),
        State.referred: (State.in_mediation, State.closed),
        State.performed: (State.closed,),
        State.closed: (State.reopened,),
        State.reopened: (State.in_mediation, State.referred),
    }
)
# What has to be said with a change to a state.
_SAID: Final[Mapping[State, type[StrEnum]]] = MappingProxyType(
    {State.not_accepted: NotAccepted, State.referred: Referral, State.closed: Closing}
)
OPEN: Final = frozenset(State) - {State.not_accepted, State.closed}
# The clock runs from acceptance (or re-opening) until there is an agreement or somebody else has the case.
DUE: Final = frozenset({State.accepted, State.in_mediation, State.not_agreed, State.reopened})
# When a case may change its level: while it is dealt with.
_MOVABLE: Final = DUE

LADDER: Final = (Level.cell, Level.village, Level.town, Level.county)
REVISIT_DAYS: Final = (7, 30, 90)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Days from acceptance to the due date at each level, and days that one extension adds; all positive."""

    days: Mapping[Level, int] = field(default_factory=lambda: dict.fromkeys(LADDER, 30))
    extension_days: int = 30

    def __post_init__(self) -> None:
        missing = [level.value for level in LADDER if self.days.get(level, 0) < 1]
        if missing or self.extension_days < 1:
            raise BadInput("deadlines: {days} has to be a day or more", days=", ".join(missing) or "extension_days")


def next_states(state: State) -> tuple[State, ...]:
    """The states that may follow, in the order in which a page offers them."""
    return _NEXT[state]


def said_with(state: State) -> type[StrEnum] | None:
    """The list from which a code has to be given when a case comes into this state; None where none is given."""
    return _SAID.get(state)


def check_change(state: State, to: State, *, code: str | None = None) -> StrEnum | None:
    """The entry that `code` means, where the change asks for one.

    Raises Conflict where `to` does not follow `state`, BadInput naming `code` where it is missing, not in the list, or
    said with a change that takes none.
    """
    if to not in _NEXT[state]:
        raise Conflict(
            "the case is {state}; it can become {follow}, not {to}",
            state=word(state),
            follow=joined(map(word, _NEXT[state]), COMMA),
            to=word(to),
            field="state",
        )
    kind = _SAID.get(to)
    if kind is None:
        if code is not None:
            raise BadInput("code: nothing is said with the change to {to}", to=word(to), field="code")
        return None
    if code is None:
        raise BadInput(
            "code: the change to {to} has to say one of {kind}",
            to=word(to),
            kind=", ".join(entry.value for entry in kind),
            field="code",
        )
    return entry_of(kind, code, field="code")


def check_level(state: State, level: Level, to: Level) -> None:
    """Raises Conflict where a case in this state cannot go from `level` to `to`: one step up or down, while it is dealt
    with."""
    if state not in _MOVABLE:
        raise Conflict(
            "the case is {state}: it stays at the level {level}", state=word(state), level=word(level), field="level"
        )
    if abs(LADDER.index(to) - LADDER.index(level)) != 1:
        raise Conflict(
            "level: from {level} a case goes one level up or down, not to {to}",
            level=word(level),
            to=word(to),
            field="level",
        )


def due_at(accepted_at: datetime, level: Level, deadlines: Deadlines) -> datetime:
    """When a case accepted at this instant has to be settled. A case that changes its level keeps its date.

    `accepted_at` is an instant with a time zone; days are 24 hours.
    """
    return accepted_at + timedelta(days=deadlines.days[level])


def extended(
    due: datetime, state: State, *, now: datetime, extensions: int, code: str, deadlines: Deadlines
) -> datetime:
    """The due date after its one extension, for a reason of the list `Extension`.

    Raises Conflict where there was one already, where the date has passed, or where no date runs; BadInput naming
    `code`.
    """
    entry_of(Extension, code, field="code")
    if extensions:
        raise Conflict("a case gets more time once, and this one had it", field="due_at")
    if state not in DUE:
        raise Conflict("the case is {state}: no date runs", state=word(state), field="due_at")
    if now >= due:
        raise Conflict("the date has passed: a case gets more time before it is overdue, not after", field="due_at")
    return due + timedelta(days=deadlines.extension_days)


def is_overdue(state: State, due: datetime | None, now: datetime) -> bool:
    """Whether the date of a case that is still dealt with has passed; False where it has none."""
    return due is not None and state in DUE and now >= due


def revisits_on(closed_on: date) -> tuple[date, ...]:
    """The days on which the place is visited again ("回头看"), with whatever a case was closed: that others have taken
    it over does not say that it has come to rest."""
    return tuple(closed_on + timedelta(days=days) for days in REVISIT_DAYS)
