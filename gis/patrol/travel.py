"""Travel between places in one mode: times, distances, and the way itself. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import shapely

from gis.patrol.network import Floats, Mode


class Astray(StrEnum):
    """Why nobody gets to a place."""

    too_far = "too_far"  # from the nearest street that is connected with the rest
    no_way = "no_way"  # reached by no street of this mode


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from one place to another: a line in degrees (EPSG:4490), seconds and metres."""

    line: shapely.LineString
    seconds: float
    metres: float


@dataclass(frozen=True)
class Travel:
    """Travel between n places in one mode.

    `seconds` and `metres` have shape (n, n): from row to column, inf where there is no way. `off_m`, shape (n,): how
    far each place is from the street it was taken to. `astray`, n entries: why a place is not reached, or None.
    `straight`: there are no streets, times are of straight lines × 1.4. `leg(i, j)` is the way from place i to place j;
    its seconds and metres are the matrix's. It raises BadInput where there is none.
    """

    mode: Mode
    seconds: Floats
    metres: Floats
    off_m: Floats
    astray: tuple[Astray | None, ...]
    straight: bool
    leg: Callable[[int, int], Leg]
