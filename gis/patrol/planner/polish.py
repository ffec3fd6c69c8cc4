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

from gis.patrol.network import Floats, Ints
from gis.patrol.planner.board import Board, Orders
from gis.patrol.planner.insertion import NEVER, Routes, ranks

# How much a point of a tier weighs beside one of the next lower tier, where a plan is only looked at on the way.
STEP: Final = 12.0
MOST_OUT: Final = 14
# How much worse the plan that is worked on may be than the best one, at first: a share of what is still open in it, the
# points from the first tier down of which not all is planned.
SLACK: Final = 0.05
GIVE_UP: Final = 600  # rounds without a better plan, before the best one is taken up again


def fill(routes: Routes, worth: Floats, rng: np.random.Generator | None = None, stubborn: float = 1.0) -> None:
    """Put in whatever fits: the highest tier first, of it the most points for the least time.

    With `rng`, with some noise; `stubborn`: how much time counts beside points.
    """
    out = np.ones(len(worth), bool)
    for order in routes.orders:
        out[order] = False
    rank, service = routes.rank, routes.service
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
    points = np.array([stop.points for stop in board.stops], float)
    return points * STEP ** (len(board.tiers) - ranks(board).astype(float))


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
    slack = SLACK * _open(routes, worth)
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
        if reached >= value or reached > record - slack * (1 - number / rounds) ** 2 * rng.random():
            current, value = found, reached
        elif since > GIVE_UP:
            current, value, since = best, _value(board, worth, best), 0
        _back(routes, current)
    return best


def _open(routes: Routes, worth: Floats) -> float:
    """What the planned stops weigh from the first tier down of which not all is planned. Where all is: an hour's way."""
    planned = np.zeros(len(worth), bool)
    for order in routes.orders:
        planned[order] = True
    missing = routes.rank[~planned & routes.board.allowed.any(axis=0)]
    return float(worth[planned & (routes.rank >= missing.min())].sum()) if len(missing) else 1.0


def _back(routes: Routes, orders: Orders) -> None:
    for team, order in enumerate(orders):
        if tuple(routes.orders[team]) != order:
            routes.set(team, order)


def _value(board: Board, worth: Floats, orders: Orders) -> float:
    way = sum(board.way(team, order) for team, order in enumerate(orders))
    return sum(float(worth[list(order)].sum()) for order in orders) - way / 3600


def _near(board: Board) -> Ints:
    """For each stop the others, the nearest first (by the mode that most teams have)."""
    modes = [team.mode for team in board.teams]
    seconds = board.seconds[max(sorted(set(modes)), key=modes.count)]
    size = len(board.stops)
    return np.argsort(seconds[:size, :size], axis=1, kind="stable")


def _ruin(routes: Routes, near: Ints, rng: np.random.Generator) -> None:
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
