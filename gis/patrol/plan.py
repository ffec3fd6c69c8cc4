"""What a plan is: routes of teams, and why stops are left out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WhyNot(StrEnum):
    """Why a stop is in no route."""

    too_far = "too_far"  # its place is farther from a street than is taken (metres)
    no_way = "no_way"  # no team gets there
    skills = "skills"  # no team has what it needs
    window = "window"  # no team can be there in time, even if it did nothing else
    shift = "shift"  # even alone it would take so much longer than any shift (seconds)
    full = "full"  # put into the best route, it would take so much longer than the shift (seconds)
    displaced = "displaced"  # stops of a higher tier, or with more points, take the time (seconds)
    capacity = "capacity"  # every team that could take it has too much to carry
    balance = "balance"  # given up so that teams work equally long
    removed = "removed"  # by the leader


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A stop that is in no route. `seconds` it would take more than there is, `metres` it is too far, where told."""

    key: str
    why: WhyNot
    seconds: int | None = None
    metres: float | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A stop in a route: it is arrived at, waited until, begun and left. Seconds since midnight of the plan's day."""

    key: str
    arrive_at: int
    begin_at: int
    leave_at: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A break in a route, after so many stops."""

    after: int
    begin_at: int
    end_at: int


@dataclass(frozen=True, slots=True)
class Route:
    """What a team does, in order. `begin_at` it leaves its station, `end_at` it is back (or has done its last stop).

    A team without a stop has an empty route: it stays. Seconds; `metres` on the way.
    """

    team: str
    visits: tuple[Visit, ...]
    pauses: tuple[Pause, ...]
    begin_at: int
    end_at: int
    travel_s: int
    service_s: int
    waiting_s: int
    metres: float


class Amiss(StrEnum):
    """What does not fit in a route that somebody has put together."""

    shift = "shift"  # it ends so many seconds after the shift
    window = "window"  # a stop is reached so many seconds after its last window
    pause = "pause"  # a break begins so many seconds after its window
    skills = "skills"  # a stop needs what the team has not
    team = "team"  # a stop is kept for another team
    capacity = "capacity"  # the stops load so much more than the team carries
    no_way = "no_way"  # a stop is not reached by the team: it is left out of the route


@dataclass(frozen=True, slots=True)
class Warning:
    """Something amiss in a team's route, at a stop where it is about one; `amount` seconds (or load) too many."""

    team: str
    why: Amiss
    stop: str | None = None
    amount: int | None = None


@dataclass(frozen=True)
class Plan:
    """Routes and what is left out. `solver` names what found it, with its version; `points` by tier, of routes.

    `spread` is (longest - shortest) / mean of the working hours of teams that could do something. `warnings` are empty
    but in a plan of `timed`: what `solve` gives has passed the checker.
    """

    routes: tuple[Route, ...]
    left_out: tuple[LeftOut, ...]
    points: dict[int, int]
    spread: float
    solver: str
    seed: int
    cpu_s: float
    warnings: tuple[Warning, ...] = ()
