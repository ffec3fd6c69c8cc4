"""Routes into which stops are put one by one, where they cost least: arrays, for many tries. Pure.

A break is made right after a stop, before the team goes on (`timing` may do better, never worse), so that each place of
a route has a time at which it can be left, and one by which the next has to be reached.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gis.patrol.network import Floats, Ints, Mode
from gis.patrol.planner.board import Board, Order, Orders
from gis.patrol.planner.timing import breaks_of, earliest, in_window

NEVER: Final = np.inf


class Routes:
    """Orders of all teams, with the cheapest place for every stop in each.

    `cost[team, stop]`: seconds more on the way if the stop is put there, inf where it does not fit; `place`: before
    which number of the order.
    """

    def __init__(self, board: Board, orders: Orders | None = None) -> None:
        self.board = board
        self._size = len(board.stops)
        self.service = np.array([stop.service_s for stop in board.stops], np.int64)
        self.rank = ranks(board)
        self._load = np.array([stop.load for stop in board.stops], np.int64)
        self._windows = _windows(board)
        # Lists beside the arrays: single numbers of lists are read three times as fast.
        self._services: list[int] = self.service.tolist()
        self._opens = [stop.windows for stop in board.stops]
        self._ways: dict[Mode, list[list[int]]] = {mode: seconds.tolist() for mode, seconds in board.seconds.items()}
        self._breaks = [breaks_of(board, team) for team in range(len(board.teams))]
        self._back = {mode: np.ascontiguousarray(seconds.T) for mode, seconds in board.seconds.items()}
        self.orders: list[list[int]] = [[] for _ in board.teams]
        self.cost: Floats = np.full((len(board.teams), self._size), NEVER)
        self.place: Ints = np.zeros((len(board.teams), self._size), np.int64)
        for team, order in enumerate(orders or ((),) * len(board.teams)):
            self.set(team, order)

    def copy_of(self) -> Orders:
        return tuple(tuple(order) for order in self.orders)

    def set(self, team: int, order: Order | list[int]) -> bool:
        """Give a team an order. False (nothing can be put into it) where it does not fit with breaks after stops."""
        self.orders[team] = list(order)
        spans = self._spans(team)
        if spans is None:
            self.cost[team] = NEVER
            return False
        self._table(team, *spans)
        return True

    def put(self, team: int, stop: int) -> None:
        """Put a stop where it is cheapest in a team's route."""
        order = self.orders[team]
        order.insert(int(self.place[team, stop]), stop)
        self.set(team, order)

    def _spans(self, team: int) -> tuple[Ints, Ints] | None:
        """When each place can be left, and by when the next has to be reached. None: the order does not fit."""
        board, order = self.board, self.orders[team]
        first, last = board.teams[team].shift
        breaks = self._breaks[team]
        taken: tuple[int, ...] = (0,) * (len(order) + 2)
        if breaks:
            best = earliest(board, team, order, first)
            if best is None:
                return None
            taken = best[1]
            for pause in breaks[taken[-1] :]:
                last = min(last, pause.window[1])
        ways = self._ways[board.teams[team].mode]
        leave: list[int] = []
        time, here = first, board.start(team)
        for number, stop in enumerate([*order, board.end(team)]):
            for pause in breaks[taken[number] : taken[number + 1]]:
                time = max(time, pause.window[0])
                if time > pause.window[1]:
                    return None
                time += pause.seconds
            leave.append(time)
            time += ways[here][stop]
            if number < len(order):
                begun = in_window(time, self._opens[stop])
                if begun is None:
                    return None
                time, here = begun + self._services[stop], stop
        if time > last:
            return None
        return np.array(leave, np.int64), self._until(team, taken, last)

    def _until(self, team: int, taken: tuple[int, ...], last: int) -> Ints:
        """By when the place after each leg has to be reached, so that all that follows is in time."""
        board, order = self.board, self.orders[team]
        ways, breaks = self._ways[board.teams[team].mode], self._breaks[team]
        until = [last]
        there = board.end(team)
        for number in range(len(order), 0, -1):
            stop = order[number - 1]
            left = until[-1] - ways[stop][there]
            for pause in reversed(breaks[taken[number] : taken[number + 1]]):
                left = min(left - pause.seconds, pause.window[1])
            begun = left - self._services[stop]
            windows = self._opens[stop]
            until.append(max(min(begun, end) for start, end in windows if start <= begun) if windows else begun)
            there = stop
        return np.array(until[::-1], np.int64)

    def _table(self, team: int, leave: Ints, until: Ints) -> None:
        board, order, size = self.board, self.orders[team], self._size
        seconds, back = board.seconds[board.teams[team].mode], self._back[board.teams[team].mode]
        before = np.array([board.start(team), *order])
        after = np.array([*order, board.end(team)])
        there = seconds[before, :size]
        onward = back[after, :size]
        begun = self._begun(leave[:, None] + there)
        more = there + onward - seconds[before, after][:, None]
        cost = np.where(begun + self.service + onward <= until[:, None], more, NEVER)
        best = np.argmin(cost, axis=0)
        self.place[team] = best
        least = cost[best, np.arange(size)]
        capacity = board.teams[team].capacity
        if capacity is not None:
            least = np.where(self._load + self._load[order].sum() <= capacity, least, NEVER)
        self.cost[team] = np.where(board.allowed[team], least, NEVER)

    def _begun(self, reached: Ints) -> Floats:
        """When service begins, at the earliest: inf after the last window."""
        begun = np.full(reached.shape, NEVER)
        for first, last in self._windows:
            begun = np.minimum(begun, np.where(reached <= last, np.maximum(reached, first), NEVER))
        return begun


def ranks(board: Board) -> Ints:
    """What comes before what, for each stop. 0: pinned; then the tiers."""
    place = {tier: number + 1 for number, tier in enumerate(board.tiers)}
    return np.array([0 if i in board.must else place[stop.tier] for i, stop in enumerate(board.stops)], np.int64)


def _windows(board: Board) -> list[tuple[Ints, Ints]]:
    """Windows of all stops: as many pairs of arrays as a stop has at most."""
    always = (0, np.iinfo(np.int64).max // 4)
    most = max((len(stop.windows) for stop in board.stops), default=0)
    found = []
    for number in range(max(1, most)):
        own = [(stop.windows[min(number, len(stop.windows) - 1)] if stop.windows else always) for stop in board.stops]
        found.append((np.array([w[0] for w in own], np.int64), np.array([w[1] for w in own], np.int64)))
    return found
