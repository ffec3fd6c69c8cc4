"""Dispute cases of the fictional county since last year began: where they come up, and how far each has come. Pure.

Most are settled in their time; some wait, some are past their date, a few went up a level or to another authority. One
neighbourhood has several times as many as the others, so that pages have a pattern to show. One year of them is over,
so that figures of villages and cells can be published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from gis.codes import Level
from gis.demo.field import Floats
from gis.disputes.categories import Category, Channel, Closing, Extension, NotAccepted, Referral
from gis.disputes.workflow import State

HOUSEHOLDS_A_CASE: Final = 50  # in a year
_HOT_RADIUS: Final = 0.006  # degrees, some 600 m
_HOT_TIMES: Final = 6.0
_CATEGORY_SHARE: Final = {
    Category.neighbours: 0.24,
    Category.housing: 0.11,
    Category.land: 0.13,
    Category.debt: 0.09,
    Category.labour: 0.05,
    Category.damages: 0.07,
    Category.property_management: 0.08,
    Category.traffic: 0.03,
    Category.consumer: 0.04,
    Category.relocation: 0.02,
    Category.environment: 0.03,
    Category.village_affairs: 0.03,
    Category.other: 0.02,
    Category.family: 0.06,
}
_WAITING: Final = 0.07  # of the cases are settled long after their date
_CHANNEL_SHARE: Final = {Channel.patrol: 0.3, Channel.reported: 0.55, Channel.referred: 0.15}


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to a case at an instant: a state (with its code), a level or more time; one of the three."""

    at: datetime
    state: State | None = None
    level: Level | None = None
    extension: Extension | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class DemoCase:
    """A case: the row of the dwelling near which it came up, and what happened to it, in order."""

    id: bytes
    dwelling: int
    category: Category
    channel: Channel
    reported_at: datetime
    steps: tuple[Step, ...]


def disputes(lon: Floats, lat: Floats, today: date, zone: ZoneInfo, seed: int) -> list[DemoCase]:
    """The cases from the beginning of last year to yesterday, by when they were reported. `lon`, `lat` (n,) are of the
    dwellings, in degrees."""
    rng = np.random.default_rng(seed)
    days = (today - date(today.year - 1, 1, 1)).days
    number = max(12, len(lon) * days // (HOUSEHOLDS_A_CASE * 365))
    weight = _weights(rng, lon, lat)
    where = rng.choice(len(lon), number, p=weight / weight.sum())
    ago = np.sort(rng.integers(1, days, number))[::-1]
    categories, channels = list(_CATEGORY_SHARE), list(_CHANNEL_SHARE)
    kinds = rng.choice(len(categories), number, p=list(_CATEGORY_SHARE.values()))
    ways = rng.choice(len(channels), number, p=list(_CHANNEL_SHARE.values()))
    end = datetime.combine(today, time(8), zone)
    cases = []
    for n in range(number):
        reported = end - timedelta(days=int(ago[n]), minutes=int(rng.integers(0, 600)))
        steps = tuple(step for step in _life(rng, reported) if step.at < end)
        cases.append(DemoCase(rng.bytes(16), int(where[n]), categories[kinds[n]], channels[ways[n]], reported, steps))
    return cases


def _weights(rng: np.random.Generator, lon: Floats, lat: Floats) -> Floats:
    """How likely a case comes up at each dwelling: alike, but for one neighbourhood."""
    hot = int(rng.integers(len(lon)))
    near = np.hypot((lon - lon[hot]) * 0.82, lat - lat[hot]) < _HOT_RADIUS
    weights: Floats = np.where(near, _HOT_TIMES, 1.0)
    return weights


def _life(rng: np.random.Generator, reported: datetime) -> Iterator[Step]:
    """What happens to a case, however long it takes."""
    at = reported + timedelta(hours=float(rng.uniform(2, 60)))
    if rng.random() < 0.06:
        yield Step(at, State.not_accepted, code=_any(rng, list(NotAccepted)))
        return
    yield Step(at, State.accepted)
    at += timedelta(days=float(rng.uniform(0.5, 4)))
    yield Step(at, State.in_mediation)
    if rng.random() < 0.12:
        at += timedelta(days=float(rng.uniform(2, 8)))
        yield Step(at, level=Level.village)
    if rng.random() < 0.12:
        at += timedelta(days=float(rng.uniform(2, 10)))
        yield Step(at, extension=Extension(_any(rng, list(Extension))))
    waits = rng.random() < _WAITING
    at += timedelta(days=float(rng.uniform(30, 110) if waits else rng.uniform(1, 24)))
    if rng.random() < 0.16:
        yield from _referred(rng, at)
    else:
        yield from _settled(rng, at)


def _settled(rng: np.random.Generator, at: datetime) -> Iterator[Step]:
    yield Step(at, State.agreed_oral if rng.random() < 0.45 else State.agreed_written)
    at += timedelta(days=float(rng.uniform(1, 20)))
    yield Step(at, State.performed)
    yield Step(at + timedelta(hours=3), State.closed, code=Closing.performed)
    if rng.random() < 0.04:
        at += timedelta(days=float(rng.uniform(8, 40)))
        yield Step(at, State.reopened)
        at += timedelta(days=1)
        yield Step(at, State.in_mediation)
        yield from _settled(rng, at + timedelta(days=float(rng.uniform(5, 60))))


def _referred(rng: np.random.Generator, at: datetime) -> Iterator[Step]:
    yield Step(at, State.not_agreed)
    at += timedelta(days=float(rng.uniform(0.5, 4)))
    yield Step(at, State.referred, code=_any(rng, list(Referral)))
    at += timedelta(days=float(rng.uniform(10, 60)))
    yield Step(at, State.closed, code=Closing.taken_over)


def _any(rng: np.random.Generator, listed: list[str]) -> str:
    return str(listed[int(rng.integers(len(listed)))])
