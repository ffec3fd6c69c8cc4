"""Why stops are left out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from gis.patrol.plan import LeftOut, WhyNot
from gis.patrol.planner.board import FAR, Board, Orders
from gis.patrol.planner.timing import Run, earliest, run
from gis.patrol.travel import Astray

# How many places of a route are looked at closely, the cheapest first.
LOOKED_AT: Final = 4


@dataclass(frozen=True)
class Words:
    """What is known beside the orders: those that a fairer plan was made of, and why a stop is out that would fit."""

    before_balance: Orders | None = None
    spare: WhyNot = WhyNot.removed


def left_out(board: Board, orders: Orders, words: Words) -> tuple[LeftOut, ...]:
    """Each stop that is in no route, and why: in the order of the request."""
    taken = {stop for order in orders for stop in order}
    before = {stop for order in words.before_balance or () for stop in order}
    return tuple(
        LeftOut(board.stops[stop].key, WhyNot.balance) if stop in before else _why(board, orders, stop, words.spare)
        for stop in range(len(board.stops))
        if stop not in taken
    )


def why_alone(board: Board, stop: int) -> LeftOut:
    """Why no team can do a stop even if it does nothing else. Where one can: `full`, without seconds."""
    key, wanted = board.stops[stop].key, board.stops[stop]
    modes = {team.mode for team in board.teams}
    astray = [board.travel[mode].astray[stop] for mode in sorted(modes)]
    if all(why is Astray.too_far for why in astray):
        metres = min(float(board.travel[mode].off_m[stop]) for mode in modes)
        return LeftOut(key, WhyNot.too_far, metres=metres if np.isfinite(metres) else None)
    able = [
        team
        for team, each in enumerate(board.teams)
        if each.skills >= wanted.skills and wanted.team in (None, each.code)
    ]
    if not able:
        return LeftOut(key, WhyNot.skills)
    able = [team for team in able if board.way(team, (stop,)) < FAR]
    if not able:
        return LeftOut(key, WhyNot.no_way)
    able = [team for team in able if _carries(board, team, (stop,))]
    if not able:
        return LeftOut(key, WhyNot.capacity)
    runs = [run(board, team, (stop,)) for team in able]
    in_time = [each for each in runs if not each.late_stops]
    if not in_time:
        return LeftOut(key, WhyNot.window, seconds=min(each.late_stops[0][1] for each in runs))
    late = min(each.late for each in in_time)
    return LeftOut(key, WhyNot.shift, seconds=late) if late else LeftOut(key, WhyNot.full)


def _why(board: Board, orders: Orders, stop: int, spare: WhyNot) -> LeftOut:
    alone = why_alone(board, stop)
    if alone.why is not WhyNot.full:
        return alone
    tries = [found for team in range(len(orders)) if (found := _best_place(board, orders, team, stop)) is not None]
    if not tries:
        return LeftOut(alone.key, WhyNot.capacity)
    seconds, team = min(tries)
    if not seconds:
        return LeftOut(alone.key, spare)
    weaker = [each for each in orders[team] if _rank(board, each) >= _rank(board, stop)]
    return LeftOut(alone.key, WhyNot.full if weaker else WhyNot.displaced, seconds=seconds)


def _rank(board: Board, stop: int) -> tuple[bool, int, int]:
    """Lower comes first."""
    return stop not in board.must, board.stops[stop].tier, -board.stops[stop].points


def _carries(board: Board, team: int, order: tuple[int, ...]) -> bool:
    capacity = board.teams[team].capacity
    return capacity is None or sum(board.stops[stop].load for stop in order) <= capacity


def _best_place(board: Board, orders: Orders, team: int, stop: int) -> tuple[int, int] | None:
    """By how many seconds a route gets too late with this stop in its best place. None: the team cannot take it."""
    order = orders[team]
    if not board.allowed[team, stop] or not _carries(board, team, (*order, stop)):
        return None
    seconds = board.seconds[board.teams[team].mode]
    before, after = np.array([board.start(team), *order]), np.array([*order, board.end(team)])
    more = seconds[before, stop] + seconds[stop, after] - seconds[before, after]
    lateness = [
        too_late(board, team, (*order[:at], stop, *order[at:]))
        for at in np.argsort(more, kind="stable")[:LOOKED_AT].tolist()
    ]
    return min(lateness), team


def too_late(board: Board, team: int, order: tuple[int, ...]) -> int:
    """How many seconds an order is too long: 0 where it fits."""
    first = board.teams[team].shift[0]
    if earliest(board, team, order, first) is not None:
        return 0
    found: Run = run(board, team, order)
    return found.late
