"""Which stops come first, and how much each weighs: a rule that can be told at the door. Pure.

What counts is how long work waits, never who lives there. Tier 1 comes before all of tier 2, and so on:

1  what the last plan of the area missed; revisits and site checks a month past their date
2  revisits; site checks; households two months past their date
3  households past their date, or never reached; revisits half a year past their date
4  nothing by itself: the leader's for what can wait

A revisit asks whether an agreement still holds, 7, 30 and 90 days after: half a year late it asks nothing that is
urgent, and old ones left lying must not keep all else out of every plan. A key site gets more urgent the longer nobody
was there.

Within a tier a stop weighs 20, a third of a point more for each day past its date (60 at most), and 4 for each further
household that waits there; 100 at most.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gis.patrol.request import Because, Kind

TIERS: Final = (1, 2, 3, 4)
PICKED_TIER: Final = 2  # of a place that the leader clicks, unless told
_MONTH: Final = 30
_STALE: Final = 6 * _MONTH  # a revisit
_LEAST, _MOST_FOR_DAYS, _MOST = 20, 60, 100


class Skill(StrEnum):
    """What a team can do that a stop may ask for."""

    mediation = "mediation"  # to talk about an agreement
    safety = "safety"  # to check a key site


@dataclass(frozen=True, slots=True)
class Minutes:
    """How long stops take, in minutes: a doorplate, and each household that waits behind it; the others each."""

    doorplate: float = 2.0
    household: float = 3.0
    site: float = 15.0
    revisit: float = 20.0
    place: float = 10.0

    def seconds(self, kind: Kind, households: int | None = None) -> int:
        """Whole seconds of a stop."""
        minutes = float(getattr(self, kind.value))
        if kind is Kind.doorplate:
            minutes += self.household * (households or 0)
        return round(60 * minutes)


def tier_of(kind: Kind, because: Because, days: int | None) -> int:
    """The tier of a stop that is `days` past its date (None: it has none)."""
    if because is Because.missed:
        return 1
    late = days or 0
    if kind is Kind.doorplate:
        return 2 if late >= 2 * _MONTH else 3
    if kind is Kind.place:
        return PICKED_TIER
    if kind is Kind.revisit and late >= _STALE:
        return 3
    return 1 if late >= _MONTH else 2


def points_of(days: int | None, households: int | None = None) -> int:
    """How much a stop weighs among those of its tier: 20 to 100."""
    waited = min(_MOST_FOR_DAYS, max(0, days or 0) / 3)
    return min(_MOST, round(_LEAST + waited + 4 * max(0, (households or 1) - 1)))


@dataclass(frozen=True)
class Wanted:
    """Which stops are asked for: kinds, tiers, at most so many (the first ones; None: all); also those that stand in
    another plan of the day, or not."""

    kinds: frozenset[Kind] = frozenset({Kind.doorplate, Kind.site, Kind.revisit, Kind.place})
    tiers: frozenset[int] = frozenset(TIERS)
    most: int | None = None
    in_other_plans: bool = False


NEEDS: Final[Mapping[Kind, Collection[Skill]]] = MappingProxyType({})


@dataclass(frozen=True)
class Service:
    """How stops are served: minutes by kind, and what a team must have for a kind."""

    minutes: Minutes = Minutes()
    needs: Mapping[Kind, Collection[Skill]] = field(default_factory=lambda: NEEDS)
