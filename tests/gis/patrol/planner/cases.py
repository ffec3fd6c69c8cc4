"""Small requests for tests of the planner: places on a plane, a second for each unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gis.patrol.network import Mode
from gis.patrol.request import Aim, Because, Break, Kind, Reason, Request, Station, Stop, Team
from gis.patrol.travel import Astray, Leg, Travel

Place = tuple[float, float]


def no_leg(here: int, there: int) -> Leg:
    raise NotImplementedError


def travel_of(places: Sequence[Place], mode: Mode = Mode.foot, speed: float = 1.0) -> Travel:
    """Straight ways; fractions of seconds occur."""
    at = np.array(places, float).reshape(-1, 2)
    metres = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    return Travel(mode, metres / speed, metres, np.zeros(len(at)), (None,) * len(at), True, no_leg)


def without(travel: Travel, place: int, why: Astray, off_m: float = 0.0) -> Travel:
    """The same with a place that nobody gets to."""
    seconds, metres, off = travel.seconds.copy(), travel.metres.copy(), travel.off_m.copy()
    for matrix in (seconds, metres):
        matrix[place, :] = matrix[:, place] = np.inf
    off[place] = off_m
    astray = tuple(why if number == place else each for number, each in enumerate(travel.astray))
    return replace(travel, seconds=seconds, metres=metres, off_m=off, astray=astray)


def stop(key: str, tier: int = 1, points: int = 10, service_s: int = 60, **more: Any) -> Stop:
    return Stop(key, Kind.doorplate, 9.5, 47.1, Reason(Because.overdue, 3), tier, points, service_s, **more)


def team(code: str = "A", shift: tuple[int, int] = (0, 3600), **more: Any) -> Team:
    return Team(code, more.pop("mode", Mode.foot), more.pop("start", 0), more.pop("end", 0), shift, **more)


def request(stops: Sequence[Stop], teams: Sequence[Team], **more: Any) -> Request:
    stations = (Station(9.5, 47.1),) * (1 + max([each.start for each in teams], default=0))
    return Request(tuple(stops), tuple(teams), stations, **more)


def drawn(seed: int, size: int, teams: int = 2, *, breaks: bool = True) -> tuple[Request, dict[Mode, Travel]]:
    """A random request: two modes, windows (some stops have two), skills, breaks, open ends, tiers."""
    rng = np.random.default_rng(seed)
    places = [tuple(place) for place in rng.integers(0, 900, (size + 2, 2))]
    shift = (int(rng.integers(0, 600)), int(rng.integers(1800, 3600)))
    stops = []
    for number in range(size):
        first = int(rng.integers(0, 2000))
        windows = ((), (), ((first, first + 500),), ((first, first + 200), (first + 900, first + 1200)))
        stops.append(
            stop(
                f"s{number}",
                tier=int(rng.integers(1, 4)),
                points=int(rng.integers(1, 20)),
                service_s=int(rng.choice([0, 60, 300])),
                windows=windows[int(rng.integers(4))],
                skills=frozenset({"x"}) if rng.random() < 0.15 else frozenset(),
            )
        )
    crews = [
        team(
            f"T{number}",
            shift,
            mode=Mode.foot if number % 2 else Mode.car,
            start=int(rng.integers(2)),
            end=None if rng.random() < 0.3 else 0,
            breaks=(Break((shift[0] + 400, shift[0] + 900), 200),) if breaks and rng.random() < 0.5 else (),
            skills=frozenset({"x"}) if number == 0 else frozenset(),
        )
        for number in range(teams)
    ]
    asked = Request(
        tuple(stops),
        tuple(crews),
        (Station(9.5, 47.1), Station(9.5, 47.2)),
        aim=Aim.equal if seed % 3 == 0 else Aim.shortest,
        seed=seed,
        limit_s=0.4,
    )
    return asked, {Mode.foot: travel_of(places), Mode.car: travel_of(places, Mode.car, 2.5)}
