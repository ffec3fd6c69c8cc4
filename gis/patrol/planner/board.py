"""A request as numbers: what the engines, the timing and the explanation work on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from gis.patrol.network import Ints, Mode
from gis.patrol.request import Request, Stop, Team
from gis.patrol.travel import Travel

Order = tuple[int, ...]  # stops of a team, by index
Orders = tuple[Order, ...]  # of every team

# Seconds of a way that there is not: more than any shift, and so little that 32 bits hold one for each of 1,000 stops
# and both ends of 100 teams, which VROOM adds up before it begins.
FAR: Final = 2_000_000


@dataclass(frozen=True)
class Board:
    """`seconds` by mode, rounded up to whole ones: shape (n + 1, n + 1) for n places.

    The last place is *nowhere*, at no distance from anything: where a route ends that ends at its last stop.
    `allowed[team, stop]`: skills, pins and ways permit it (not yet time).
    """

    request: Request
    travel: Mapping[Mode, Travel]
    seconds: Mapping[Mode, Ints]
    allowed: np.ndarray[tuple[int, int], np.dtype[np.bool_]]

    @property
    def stops(self) -> tuple[Stop, ...]:
        return self.request.stops

    @property
    def teams(self) -> tuple[Team, ...]:
        return self.request.teams

    @property
    def nowhere(self) -> int:
        return len(self.request.stops) + len(self.request.stations)

    def start(self, team: int) -> int:
        """The place where a team begins."""
        return len(self.request.stops) + self.teams[team].start

    def end(self, team: int) -> int:
        """The place where a team ends, nowhere if that is its last stop."""
        end = self.teams[team].end
        return self.nowhere if end is None else len(self.request.stops) + end

    @cached_property
    def must(self) -> frozenset[int]:
        """Stops that are pinned."""
        return frozenset(i for i, stop in enumerate(self.stops) if stop.pinned or stop.team is not None)

    @cached_property
    def tiers(self) -> tuple[int, ...]:
        """The tiers that occur, the first before all others."""
        return tuple(sorted({stop.tier for stop in self.stops}))

    def way(self, team: int, order: Sequence[int]) -> int:
        """Seconds on the way of a route."""
        if not order:
            return 0
        seconds = self.seconds[self.teams[team].mode]
        places = np.array([self.start(team), *order, self.end(team)])
        return int(seconds[places[:-1], places[1:]].sum())

    def key(self, orders: Orders) -> tuple[int, ...]:
        """What a plan is worth, the more the better: pinned stops, points of each tier, little time on the way."""
        taken = [i for order in orders for i in order]
        points = dict.fromkeys(self.tiers, 0)
        for i in taken:
            points[self.stops[i].tier] += self.stops[i].points
        way = sum(self.way(team, order) for team, order in enumerate(orders))
        return (sum(i in self.must for i in taken), *points.values(), -way)


def board_of(request: Request, travel: Mapping[Mode, Travel]) -> Board:
    """The board of a request that has been validated."""
    seconds = {mode: _whole(travel[mode]) for mode in {team.mode for team in request.teams}}
    size = len(request.stops)
    allowed = np.zeros((len(request.teams), size), bool)
    board = Board(request, travel, seconds, allowed)
    for number, team in enumerate(request.teams):
        way = seconds[team.mode]
        reached = (way[board.start(number), :size] < FAR) & (way[:size, board.end(number)] < FAR)
        fits = [team.skills >= stop.skills and stop.team in (None, team.code) for stop in request.stops]
        allowed[number] = reached & np.array(fits, bool)
    return board


def _whole(travel: Travel) -> Ints:
    finite = np.isfinite(travel.seconds)
    # A thousandth of a second is the noise of sums: it makes no second more.
    whole = np.where(finite, np.ceil(np.where(finite, travel.seconds, 0) - 1e-3), FAR).astype(np.int64)
    np.fill_diagonal(whole, 0)
    return np.pad(np.minimum(whole, FAR), (0, 1))
