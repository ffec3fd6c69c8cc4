"""What a sweep is asked for and what it comes to. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gis.patrol.network import Flags, Ints, Network


class Unswept(StrEnum):
    """Why metres of street in an area are in no walk."""

    mode = "mode"  # nobody may go there in this mode
    border = "border"  # less than 20 m of a street that goes on outside
    no_way = "no_way"  # not connected with the others
    shift = "shift"  # too far, or too long, for any shift


@dataclass(frozen=True, slots=True)
class Gap:
    """Metres of street in the area that are in no walk."""

    why: Unswept
    metres: float


@dataclass(frozen=True)
class Ground:
    """Where is swept: a network (the part around, with streets cut at the border), the edges of it that are to be
    passed, the node where walks begin and end (None: anywhere), what is left out, and how many metres beyond the border
    are passed because a street is not left half done."""

    network: Network
    required: Ints
    start: int | None
    left_out: tuple[Gap, ...]
    beyond_m: float


@dataclass(frozen=True)
class Walk:
    """A closed walk: arcs of the network one after the other, and at which of them a required street is passed for the
    first time. `seconds` and `metres` of all of it."""

    arcs: Ints
    fresh: Flags
    seconds: float
    metres: float


@dataclass(frozen=True)
class Sweep:
    """Walks that together pass every required street but those `too_long` (edges) for the shift.

    `street_m` is the length of the required streets, `bound_m` what no single closed walk over them (from the start)
    can be shorter than.
    """

    walks: tuple[Walk, ...]
    street_m: float
    bound_m: float
    too_long: Ints

    @property
    def walk_m(self) -> float:
        return sum(walk.metres for walk in self.walks)
