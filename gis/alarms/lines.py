"""The list that people read: many alarms of a kind become one line with a count. Pure.

A line stands for the alarms of a kind in an area: of one village, or, where more than `FEW` villages of a town have the
same, of the town; and where that still makes more than `MOST` lines, of the county. Its id is the kind and the area:
`behind-990101100`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gis.access.scope import Role
from gis.alarms.kinds import ADDED, PRIORITIES, Kind, Priority
from gis.codes import DIGITS, Level, level_of
from gis.errors import BadInput

FEW: Final = 3  # so many villages of a town have a line each
MOST: Final = 5  # a county has no more lines of a kind
NAMED: Final = 5  # so many areas of a line are named, the largest numbers first


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that is up; `aside`: it is shelved now. Who has acknowledged or shelved it is told by role."""

    kind: Kind
    area: str
    number: int
    raised_at: datetime
    times: int
    acknowledged_at: datetime | None
    acknowledged_by: Role | None
    shelved_until: datetime | None
    shelved_by: Role | None
    aside: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Alarms of a kind in an area, the largest number first."""

    kind: Kind
    area: str
    alarms: tuple[Alarm, ...]

    @property
    def id(self) -> str:
        """By which it is acknowledged and shelved."""
        return f"{self.kind}-{self.area}"

    @property
    def priority(self) -> Priority:
        return PRIORITIES[self.kind]

    @property
    def number(self) -> int:
        """The sum over its areas, or, of what cannot be added (points, days), the most."""
        numbers = [one.number for one in self.alarms]
        return sum(numbers) if self.kind in ADDED else max(numbers)

    @property
    def since(self) -> datetime:
        """When the last of them was raised."""
        return max(one.raised_at for one in self.alarms)

    @property
    def unacknowledged(self) -> int:
        """How many of them nobody has acknowledged."""
        return sum(one.acknowledged_at is None for one in self.alarms)

    @property
    def named(self) -> tuple[Alarm, ...]:
        """Those that are named."""
        return self.alarms[:NAMED]


def lines(alarms: Iterable[Alarm]) -> list[Line]:
    """Some alarms as lines: what nobody has acknowledged first, then by kind, then what came last."""
    by_kind: dict[Kind, list[Alarm]] = {}
    for one in alarms:
        by_kind.setdefault(one.kind, []).append(one)
    found = [line for kind, listed in by_kind.items() for line in _of_kind(kind, listed)]
    order = list(Kind)
    return sorted(found, key=lambda line: (not line.unacknowledged, order.index(line.kind), -line.since.timestamp()))


def taken(
    alarms: Sequence[Alarm], kind: Kind, area: str, *, as_of: datetime | None = None, aside: bool = False
) -> tuple[Alarm, ...]:
    """Those alarms that whoever deals with the line of a kind and an area means.

    What was raised after `as_of` (None: nothing) was not in what they had read. Where the line stands for a single
    alarm of its own area, those inside that have lines of their own are not meant. What is put aside is listed apart:
    `aside` tells in which list the line stands; where it holds nothing of the area, in the other one.
    """
    inside = [one for one in alarms if one.kind is kind and one.area.startswith(area)]
    inside = [one for one in inside if as_of is None or _as_told(one.raised_at) <= as_of]
    here, there = ([one for one in inside if one.aside is where] for where in (aside, not aside))
    return _drawn(here, area) or tuple(here) or _drawn(there, area)


def _drawn(alarms: Iterable[Alarm], area: str) -> tuple[Alarm, ...]:
    """The alarms of the line of an area; none where these make no such line."""
    return next((line.alarms for line in lines(alarms) if line.area == area), ())


def _as_told(at: datetime) -> datetime:
    """As it stands in the list: whoever read it knows no more than milliseconds."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _of_kind(kind: Kind, alarms: Sequence[Alarm]) -> list[Line]:
    found = []
    for county, listed in _by(alarms, Level.county).items():
        parts = _by_town(listed)
        parts = parts if len(parts) <= MOST else {county: listed}
        found += [Line(kind, area, _largest_first(part)) for area, part in parts.items()]
    return found


def _by_town(alarms: Sequence[Alarm]) -> dict[str, list[Alarm]]:
    found: dict[str, list[Alarm]] = {}
    for town, listed in _by(alarms, Level.town).items():
        for one in listed:
            found.setdefault(town if len(listed) > FEW else one.area, []).append(one)
    return found


def _by(alarms: Iterable[Alarm], level: Level) -> dict[str, list[Alarm]]:
    found: dict[str, list[Alarm]] = {}
    for one in alarms:
        found.setdefault(one.area[: DIGITS[level]], []).append(one)
    return found


def _largest_first(alarms: Iterable[Alarm]) -> tuple[Alarm, ...]:
    return tuple(sorted(alarms, key=lambda one: (-one.number, one.area)))


def line_of(id: str) -> tuple[Kind, str]:
    """The kind and the area that the id of a line names. Raises BadInput."""
    kind, _, area = id.partition("-")
    if kind not in list(Kind):
        raise BadInput(
            "{field}: {id!r} names no kind of alarm; there are {words}", id=id, words=", ".join(Kind), field="alarm"
        )
    level_of(area, field="alarm")
    return Kind(kind), area
