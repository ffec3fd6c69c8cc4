"""Better plans out of a plan: stops that lie together are taken out and put back in another order. Pure.

Ruin and recreate (Schrimpf et al. 2000, doi:10.1006/jcph.1999.6413), with strings taken out of neighbouring routes as
in Christiaens and Vanden Berghe 2020 (doi:10.1287/trsc.2019.0914), and record-to-record acceptance (Dueck 1993,
doi:10.1006/jcph.1993.1010). What is better is told by `Board.key`: no stop of a lower tier ever makes up for one of a
higher tier.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from gis.patrol.network import Floats
from gis.patrol.planner.board import Board, Orders
from gis.patrol.planner.insertion import NEVER, Routes

# How much a point of a tier weighs beside one of the next lower tier, where a plan is only looked at on the way.
STEP: Final = 12.0
MOST_OUT: Final = 14
# Of the points of a plan: how much worse the plan that is worked on may be than the best one, at first.
SLACK: Final = 0.03
GIVE_UP: Final = 600  # rounds without a better plan, before the best one is taken up again


def fill(routes: Routes, worth: Floats, rng: np.random.Generator | None = None, stubborn: float = 1.0) -> None:
    """Put in whatever fits: the highest tier first, of it the most points for the least time.

    With `rng`, with some noise; `stubborn`: how much time counts beside points.
    """
    board = routes.board
    out = np.ones(len(board.stops), bool)
    for order in routes.orders:
        out[order] = False
    service = np.array([stop.service_s for stop in board.stops])
    rank = _ranks(board)
    weight = worth if rng is None else worth * np.exp(rng.normal(0.0, 0.25, len(worth)))
    while True:
        team = np.argmin(routes.cost, axis=0)
        cost = routes.cost[team, np.arange(len(out))]
        fitting = np.flatnonzero(out & (cost < NEVER))
        if not len(fitting):
            return
        first = fitting[rank[fitting] == rank[fitting].min()]
        value = weight[first] / np.maximum(1.0, cost[first] + service[first]) ** stubborn
        stop = int(first[np.argmax(value)])
        routes.put(int(team[stop]), stop)
        out[stop] = False


def worth_of(board: Board) -> Floats:
    """What each stop weighs on the way to better plans."""
    ranks = _ranks(board)
    points = np.array([stop.points for stop in board.stops], float)
    return points * STEP ** (len(board.tiers) - ranks.astype(float))


def polish(
    board: Board,
    start: Orders,
    seed: int,
    rounds: int,
    over: Callable[[float], bool] = lambda share: False,
) -> Orders:
    """The best plan found in so many rounds, or until `over` says so (it is told how far the search is)."""
    rng = np.random.default_rng(seed)
    worth = worth_of(board)
    near = _near(board)
    routes = Routes(board, start)
    fill(routes, worth)
    best = current = routes.copy_of()
    best_key = board.key(best)
    record = value = _value(board, worth, current)
    since = 0
    for number in range(rounds):
        if over(number / rounds):
            break
        _ruin(routes, near, rng)
        fill(routes, worth, rng, float(rng.choice([0.0, 0.5, 1.0, 1.0])))
        found = routes.copy_of()
        reached = _value(board, worth, found)
        since += 1
        if (key := board.key(found)) > best_key:
            best, best_key, record, since = found, key, max(record, reached), 0
        slack = SLACK * (1 - number / rounds) ** 2 * max(1.0, record)
        if reached >= value or reached > record - slack * rng.random():
            current, value = found, reached
        elif since > GIVE_UP:
            current, value, since = best, _value(board, worth, best), 0
        _back(routes, current)
    return best


def _back(routes: Routes, orders: Orders) -> None:
    for team, order in enumerate(orders):
        if tuple(routes.orders[team]) != order:
            routes.set(team, order)


def _ranks(board: Board) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """0: pinned; then the tiers."""
    place = {tier: number + 1 for number, tier in enumerate(board.tiers)}
    return np.array([0 if i in board.must else place[stop.tier] for i, stop in enumerate(board.stops)], np.int64)


def _value(board: Board, worth: Floats, orders: Orders) -> float:
    way = sum(board.way(team, order) for team, order in enumerate(orders))
    return sum(float(worth[list(order)].sum()) for order in orders) - way / 3600


def _near(board: Board) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """For each stop the others, the nearest first (by the mode that most teams have)."""
    modes = [team.mode for team in board.teams]
    seconds = board.seconds[max(sorted(set(modes)), key=modes.count)]
    size = len(board.stops)
    return np.argsort(seconds[:size, :size], axis=1, kind="stable")


def _ruin(routes: Routes, near: np.ndarray[tuple[int, int], np.dtype[np.int64]], rng: np.random.Generator) -> None:
    """Take strings of stops around a place out of the routes."""
    team_of = {stop: team for team, order in enumerate(routes.orders) for stop in order}
    if not team_of:
        return
    wanted = int(rng.integers(1, min(MOST_OUT, len(team_of)) + 1))
    touched: set[int] = set()
    for stop in near[int(rng.integers(len(near)))].tolist():
        if wanted <= 0:
            break
        team = team_of.get(stop)
        if team is None or (team in touched and rng.random() < 0.5):
            continue
        order = routes.orders[team]
        if stop not in order:
            continue
        length = min(int(rng.integers(1, wanted + 1)), len(order))
        at = order.index(stop)
        begin = int(rng.integers(max(0, at - length + 1), min(at, len(order) - length) + 1))
        del order[begin : begin + length]
        wanted -= length
        touched.add(team)
    for team in sorted(touched):
        routes.set(team, routes.orders[team])
