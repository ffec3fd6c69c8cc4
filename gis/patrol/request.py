"""What a plan is asked for: stops, teams and options. Pure.

Times are whole seconds since midnight of the plan's day in the county; a shift over midnight ends after 86,400. Places
are numbered: the stops first (0 … n-1), then the stations (n …): the matrices of `gis.patrol.travel` are in this order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gis.patrol.network import Mode

Window = tuple[int, int]  # from, to: seconds since midnight of the plan's day


class Kind(StrEnum):
    """What is done at a stop."""

    doorplate = "doorplate"  # households behind a doorplate are visited
    site = "site"  # a key site is checked
    revisit = "revisit"  # the place of a closed case is visited again
    place = "place"  # a place that the leader has chosen


class Because(StrEnum):
    """Why a stop is proposed."""

    picked = "picked"  # by the leader
    missed = "missed"  # in an earlier plan
    never_reached = "never_reached"
    overdue = "overdue"
    check_due = "check_due"
    revisit_due = "revisit_due"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a stop is proposed: `days` past its date (0: today; None: has no date), `households` that wait there."""

    because: Because
    days: int | None = None
    households: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where something is to be done.

    `key` is unique in a plan. `tier` 1 comes before all of tier 2, and so on to 4; `points` (1 to 100) weigh stops of
    one tier. `windows` empty: at any time; service begins inside one of them. `skills`: what a team must have. `team`:
    the only team that may take it (pinned: it is in before anything else), `pinned` also without a team. `load`: what
    the stop adds to what its team carries (leaflets, parcels), in any unit.
    """

    key: str
    kind: Kind
    lon: float
    lat: float
    reason: Reason
    tier: int
    points: int
    service_s: int
    windows: tuple[Window, ...] = ()
    skills: frozenset[str] = frozenset()
    team: str | None = None
    pinned: bool = False
    load: int = 0


@dataclass(frozen=True, slots=True)
class Station:
    """A place where teams begin or end."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Break:
    """A pause of so many seconds that begins inside a window, between two stops or on the way.

    Who is done before the window ends may do without.
    """

    window: Window
    seconds: int


@dataclass(frozen=True, slots=True)
class Team:
    """A team on its shift. `start` and `end` are indices of stations (`end` None: it ends at its last stop).

    `capacity`: how much load it carries (None: any).
    """

    code: str
    mode: Mode
    start: int
    end: int | None
    shift: Window
    breaks: tuple[Break, ...] = ()
    skills: frozenset[str] = frozenset()
    capacity: int | None = None


class Aim(StrEnum):
    """What routes are made for, after the stops of each tier."""

    shortest = "shortest"  # the least time on the way
    equal = "equal"  # teams work about equally long


@dataclass(frozen=True)
class Request:
    """All that a plan depends on, but for the travel times. The same request, travel and seed give the same plan, as
    long as the time limit is not what ends the search.

    `limit_s` is processor time. `spread` is the greatest wanted (longest - shortest) / mean of working hours where the
    aim is equal, `loss` the share of points of the lowest tier that may be given up for it. `options`: `effort` is
    `steady` (the default: a number of rounds that depends on the size, so that a plan can be made again) or `time` (as
    many rounds as the time allows).
    """

    stops: tuple[Stop, ...]
    teams: tuple[Team, ...]
    stations: tuple[Station, ...]
    aim: Aim = Aim.shortest
    seed: int = 1
    limit_s: float = 5.0
    spread: float = 0.10
    loss: float = 0.05
    options: dict[str, str] = field(default_factory=dict)
