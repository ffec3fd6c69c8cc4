"""Routes that are about equally long, at a bounded loss of points. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from gis.patrol.planner.board import Board, Order, Orders
from gis.patrol.planner.insertion import NEVER, Routes
from gis.patrol.planner.timing import fits, run, spread_of

Again = Callable[[Board, Orders, float], Orders]
Over = Callable[[], bool]
# Where between the mean of the working times (0) and the longest (1) shifts are capped, one solve each.
CAPS: Final = (0.75, 0.5, 0.25, 0.0)
MOVES: Final = 60


class Hours:
    """Working times of routes in seconds: each is reckoned once, for most moves leave most routes as they are."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._known: dict[tuple[int, Order], int] = {}

    def of(self, orders: Orders) -> list[int]:
        return [self._of(team, order) for team, order in enumerate(orders)]

    def _of(self, team: int, order: Order) -> int:
        if (team, order) not in self._known:
            timed = run(self._board, team, order)
            self._known[team, order] = timed.end - timed.begin
        return self._known[team, order]

    def spread(self, orders: Orders) -> float:
        return spread_of(self._board, self.of(orders))

    def unrest(self, orders: Orders) -> tuple[float, float]:
        """How unequal routes are: the variance of their hours, and of equal ones the spread."""
        hours = self.of(orders)
        return sum(hour * hour for hour in hours) - sum(hours) ** 2 / len(hours), spread_of(self._board, hours)


def balanced(board: Board, orders: Orders, again: Again, over: Over = lambda: False) -> Orders:
    """Orders with the wanted spread, or as near to it as the loss of points permits; of those the best.

    Shifts are capped lower and lower and solved again; of each plan, stops move from long routes to short ones, until
    `over` says that the time is.
    """
    hours = Hours(board)
    found = [level(board, orders, orders, hours, over, shed=False)]
    if hours.spread(found[0]) > board.request.spread:
        found.append(level(board, found[0], orders, hours, over))
    for step, cap in enumerate(CAPS):
        if hours.spread(found[-1]) <= board.request.spread or over():
            break
        worked = hours.of(orders)
        mean = sum(worked) / max(1, len([h for team, h in enumerate(worked) if board.allowed[team].any()]))
        capped = _capped(board, round(mean + cap * (max(worked) - mean)))
        solved = again(
            capped, tuple(_cut(capped, team, order) for team, order in enumerate(orders)), 0.9 + step * 0.015
        )
        if _affordable(board, orders, solved):
            found.append(level(board, solved, orders, hours, over))
    good = [each for each in found if hours.spread(each) <= board.request.spread]
    return max(good, key=board.key) if good else min(found, key=hours.spread)


def level(board: Board, orders: Orders, base: Orders, hours: Hours, over: Over, *, shed: bool = True) -> Orders:
    """Move stops out of the longest route into others, while that helps; with `shed` leave some out, too, where the
    loss permits."""
    best = orders
    for _ in range(MOVES):
        if hours.spread(best) <= board.request.spread or over():
            break
        moves = [*_moved(board, best, hours.of(best)), *(_shed(board, best, base, hours.of(best)) if shed else ())]
        better = min(moves, key=hours.unrest, default=best)
        if hours.unrest(better) >= hours.unrest(best):
            break
        best = better
    return best


def _moved(board: Board, orders: Orders, hours: list[int]) -> Iterator[Orders]:
    """Each stop of the longest route in each other one, where it costs least there."""
    longest = hours.index(max(hours))
    routes = Routes(board, orders)
    for stop, rest in _without_one(board, orders[longest], longest):
        for team in range(len(orders)):
            if team != longest and routes.cost[team, stop] < NEVER:
                at = int(routes.place[team, stop])
                yield _with(orders, {longest: rest, team: (*orders[team][:at], stop, *orders[team][at:])})


def _shed(board: Board, orders: Orders, base: Orders, hours: list[int]) -> Iterator[Orders]:
    """The longest route without one of its stops, where so many points less can be borne."""
    longest = hours.index(max(hours))
    for stop, rest in _without_one(board, orders[longest], longest):
        shed = _with(orders, {longest: rest})
        if stop not in board.must and _affordable(board, base, shed):
            yield shed


def _without_one(board: Board, order: Order, team: int) -> Iterator[tuple[int, Order]]:
    for stop in order:
        rest = tuple(each for each in order if each != stop)
        if fits(board, team, rest):
            yield stop, rest


def _with(orders: Orders, changed: dict[int, Order]) -> Orders:
    return tuple(changed.get(team, order) for team, order in enumerate(orders))


def _affordable(board: Board, base: Orders, orders: Orders) -> bool:
    """Whether no tier but the lowest that is planned loses points, and that no more than the request permits."""
    before, after = board.key(base)[:-1], board.key(orders)[:-1]
    planned = [number for number, points in enumerate(before) if points]
    if not planned or after >= before:
        return True
    lowest = planned[-1]
    if lowest == 0:
        return False
    return after[:lowest] >= before[:lowest] and before[lowest] - after[lowest] <= board.request.loss * before[lowest]


def _capped(board: Board, seconds: int) -> Board:
    """The board with no shift longer than so many seconds; a pinned stop may need longer, and then is not kept here."""
    teams = tuple(
        replace(team, shift=(team.shift[0], min(team.shift[1], team.shift[0] + seconds))) for team in board.teams
    )
    return replace(board, request=replace(board.request, teams=teams))


def _cut(board: Board, team: int, order: Order) -> Order:
    """As much of a route as fits: stops of the lowest tier with the fewest points go first."""
    kept = list(order)
    while kept and not fits(board, team, kept):
        kept.remove(min(kept, key=lambda i: (i in board.must, -board.stops[i].tier, board.stops[i].points)))
    return tuple(kept)
