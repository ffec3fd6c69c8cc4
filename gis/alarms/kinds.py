"""What there are alarms for, and from which numbers on. Pure.

After ISA-18.2 / IEC 62682: an alarm is there only where somebody can do something about it, in an order that says what
to do first; a number that goes up and down around its limit raises nothing again and again (hysteresis), and what lasts
a moment nothing at all (delays).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    """What an alarm is about, the most urgent first."""

    cases = "cases"  # published: cases past their date
    patrols = "patrols"  # stops that were not ticked when the shift was over
    behind = "behind"  # percentage points by which a village is behind the round's plan
    overdue = "overdue"  # households of a village whose visit is overdue
    sites = "sites"  # key sites of a village not checked in time
    silent = "silent"  # days for which nothing has come in from a village, while a round is open


class Priority(StrEnum):
    """How soon somebody has to act."""

    high = "high"
    medium = "medium"
    low = "low"


PRIORITIES: Final = MappingProxyType(
    {
        Kind.cases: Priority.high,
        Kind.patrols: Priority.high,
        Kind.behind: Priority.medium,
        Kind.overdue: Priority.medium,
        Kind.sites: Priority.medium,
        Kind.silent: Priority.low,
    }
)
ADDED: Final = frozenset({Kind.cases, Kind.patrols, Kind.overdue, Kind.sites})  # of several areas: the sum

ON_DELAY: Final = timedelta(seconds=60)  # a condition holds so long before it is an alarm
OFF_DELAY: Final = timedelta(minutes=5)  # and is gone so long before it is none
REPEAT: Final = timedelta(minutes=30)  # what comes back within it is the same alarm
CLEAR_AT: Final = 0.8  # of the limit: from there on a condition is surely gone


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """What is measured of a kind in an area. `measure` is held against `limit`, both in the same unit; `number` is what
    people are told. `patrol_on` is the day of the patrols it is about; None: of another kind."""

    kind: Kind
    area: str
    number: int
    measure: float
    limit: float
    patrol_on: date | None = None

    @property
    def over(self) -> bool:
        """Whether it is one to raise an alarm for."""
        return self.measure >= self.limit

    @property
    def under(self) -> bool:
        """Whether it surely is none any more; between the two it stays what it was."""
        return self.measure < CLEAR_AT * self.limit
