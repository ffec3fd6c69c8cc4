"""Routes that are about equally long, at a bounded loss of points. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gis.patrol.planner.board import Board, Order, Orders
from gis.patrol.planner.insertion import NEVER, Routes
from gis.patrol.planner.timing import fits, run, spread_of

Again = Callable[[Board, Orders, float], Orders]
# Where between the mean of the working times (0) and the longest (1) shifts are capped, one solve each.
CAPS: Final = (0.75, 0.5, 0.25, 0.0)
MOVES: Final = 60


def balanced(board: Board, orders: Orders, again: Again) -> Orders:
    """Orders with the wanted spread, or as near to it as the loss of points permits; of those the best.

    Shifts are capped lower and lower and solved again; of each plan, stops move from long routes to short ones.
    """
    found = [level(board, orders, orders)]
    for step, cap in enumerate(CAPS):
        if _spread(board, found[-1]) <= board.request.spread:
            break
        hours = _hours(board, orders)
        mean = sum(hours) / max(1, len([h for team, h in enumerate(hours) if board.allowed[team].any()]))
        capped = _capped(board, round(mean + cap * (max(hours) - mean)))
        solved = again(
            capped, tuple(_cut(capped, team, order) for team, order in enumerate(orders)), 0.9 + step * 0.015
        )
        if _affordable(board, orders, solved):
            found.append(level(board, solved, orders))
    good = [each for each in found if _spread(board, each) <= board.request.spread]
    return max(good, key=board.key) if good else min(found, key=lambda each: _spread(board, each))


def level(board: Board, orders: Orders, base: Orders) -> Orders:
    """Move stops out of the longest route into others, or leave them out where the loss permits, while that helps."""
    best = orders
    for _ in range(MOVES):
        if _spread(board, best) <= board.request.spread:
            break
        better = min(_moves(board, best, base), key=lambda each: _unrest(board, each), default=best)
        if _unrest(board, better) >= _unrest(board, best):
            break
        best = better
    return best


def _moves(board: Board, orders: Orders, base: Orders) -> list[Orders]:
    hours = _hours(board, orders)
    longest = hours.index(max(hours))
    routes = Routes(board, orders)
    found = []
    for stop in orders[longest]:
        rest = tuple(each for each in orders[longest] if each != stop)
        if not fits(board, longest, rest):
            continue
        for team in range(len(orders)):
            if team != longest and routes.cost[team, stop] < NEVER:
                at = int(routes.place[team, stop])
                found.append(_with(orders, {longest: rest, team: (*orders[team][:at], stop, *orders[team][at:])}))
        shed = _with(orders, {longest: rest})
        if stop not in board.must and _affordable(board, base, shed):
            found.append(shed)
    return found


def _with(orders: Orders, changed: dict[int, Order]) -> Orders:
    return tuple(changed.get(team, order) for team, order in enumerate(orders))


def _hours(board: Board, orders: Orders) -> list[int]:
    runs = [run(board, team, order) for team, order in enumerate(orders)]
    return [each.end - each.begin for each in runs]


def _spread(board: Board, orders: Orders) -> float:
    return spread_of(board, _hours(board, orders))


def _unrest(board: Board, orders: Orders) -> tuple[float, float]:
    """How unequal routes are: their spread, and of equal ones the sum of squares."""
    hours = _hours(board, orders)
    return sum(hour * hour for hour in hours) - sum(hours) ** 2 / len(hours), spread_of(board, hours)


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
