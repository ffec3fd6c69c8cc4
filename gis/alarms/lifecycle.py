"""How an alarm comes, comes back and goes. Pure: the time is an argument.

── over for ON_DELAY ──► raised ── under for OFF_DELAY ──► cleared
                           ▲                                  │
                           └──── over again within REPEAT ◄───┘   (the same alarm: its acknowledgement holds)

An alarm about the patrols of a day is raised anew, at once and also where it is up, when a later day has something:
what was acknowledged were other stops. What is left of a day before counts no more then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from gis.alarms.kinds import OFF_DELAY, ON_DELAY, REPEAT, Kind, Reading

Key = tuple[Kind, str]


class Change(StrEnum):
    """What happens to an alarm."""

    raised = "raised"
    returned = "returned"
    cleared = "cleared"
    acknowledged = "acknowledged"
    shelved = "shelved"
    unshelved = "unshelved"


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of a kind in an area: since when its condition holds (`over_since`) or surely does not, and the
    alarm that came of it. `times` is how often it has come back, `patrol_on` the day of the patrols that it was last
    raised for (None: it is not about patrols)."""

    kind: Kind
    area: str
    number: int
    over_since: datetime | None = None
    under_since: datetime | None = None
    raised_at: datetime | None = None
    cleared_at: datetime | None = None
    times: int = 0
    patrol_on: date | None = None

    @property
    def up(self) -> bool:
        """Whether it is an alarm now."""
        return self.raised_at is not None and self.cleared_at is None


def step(
    known: Mapping[Key, Watched], readings: Iterable[Reading], now: datetime
) -> list[tuple[Watched, Change | None]]:
    """What there is after some readings, and what changed; those only that are not as they were.

    What is known and not among the readings (the round is over, the village is gone) counts as surely gone.
    """
    read = {(one.kind, one.area): one for one in readings}
    found = []
    for key in sorted({*known, *read}):
        before = known.get(key)
        after, change = _next(before, key, read.get(key), now)
        if after != before and (before is not None or after.over_since is not None):
            found.append((after, change))
    return found


def _next(before: Watched | None, key: Key, reading: Reading | None, now: datetime) -> tuple[Watched, Change | None]:
    was = before or Watched(*key, number=0)
    if reading is None or _later(was.patrol_on, reading.patrol_on):
        return _gone(replace(was, over_since=None), now)
    told = replace(was, number=reading.number)
    if reading.over:
        return _there(replace(told, over_since=was.over_since or now, under_since=None), reading.patrol_on, now)
    if reading.under:
        return _gone(replace(told, over_since=None), now)
    return replace(told, over_since=was.over_since if was.up else None, under_since=None), None


def _there(one: Watched, patrol_on: date | None, now: datetime) -> tuple[Watched, Change | None]:
    anew = replace(one, raised_at=now, cleared_at=None, times=0, patrol_on=patrol_on), Change.raised
    another_day = _later(patrol_on, one.patrol_on)
    if one.up:
        return anew if another_day else (one, None)
    if one.over_since is None or now - one.over_since < ON_DELAY:
        return one, None
    if one.cleared_at is not None and now - one.cleared_at < REPEAT and not another_day:
        return replace(one, cleared_at=None, times=one.times + 1), Change.returned
    return anew


def _later(one: date | None, other: date | None) -> bool:
    """Whether a day comes after another; any comes after none."""
    return one is not None and (other is None or one > other)


def _gone(one: Watched, now: datetime) -> tuple[Watched, Change | None]:
    if not one.up:
        return replace(one, under_since=None), None
    since = one.under_since or now
    if now - since < OFF_DELAY:
        return replace(one, under_since=since), None
    return replace(one, under_since=None, cleared_at=now), Change.cleared
