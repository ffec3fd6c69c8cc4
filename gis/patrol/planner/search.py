"""From a request to a plan. Pure.

VROOM begins; where not all stops fit, they are polished, tier by tier, so that none of a lower tier takes the place of
one of a higher tier; where all fit, routes are shortened. The checker has the last word.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from gis.errors import BadInput, EverycellError
from gis.patrol.network import Mode
from gis.patrol.plan import Plan, WhyNot
from gis.patrol.planner import by_pyvrp, by_vroom
from gis.patrol.planner.balance import balanced
from gis.patrol.planner.board import Board, Orders, board_of
from gis.patrol.planner.check import faults
from gis.patrol.planner.explain import Words, left_out, why_alone
from gis.patrol.planner.polish import polish
from gis.patrol.planner.timing import fits, route_of, run, spread_of
from gis.patrol.planner.validate import validate
from gis.patrol.request import Aim, Request
from gis.patrol.travel import Travel
from gis.sentence import Sentence, joined
from gis.words import word

OnProgress = Callable[[float, str], None]

# Rounds for each second of the limit, with up to 120 stops; a round is about 2 ms, of shortening 1 ms.
POLISH_RATE: Final = 200
SHORTEN_RATE: Final = 500
FULL_SIZE: Final = 120
# VROOM's thoroughness (0 to 5) up to so many stops, with so many seconds at least. A higher one pays where there is
# time to search from there; else the search does better with the time.
LEVELS: Final = ((30, 0.0, 5), (150, 8.0, 4), (150, 0.0, 1))


class BrokenPlan(EverycellError):
    """A plan did not pass the checker: a mistake of the planner. It is not shown."""

    code = "broken-plan"


@dataclass
class Clock:
    """Processor time of this process, against the limit; and who wants to know how far it is."""

    limit_s: float
    told: OnProgress | None = None
    begun: float = field(default_factory=time.process_time)

    @property
    def used_s(self) -> float:
        return time.process_time() - self.begun

    @property
    def left_s(self) -> float:
        return max(0.0, self.limit_s - self.used_s)

    def tell(self, share: float, step: str = "routes") -> None:
        if self.told is not None:
            self.told(min(1.0, share), step)

    def over(self, begin: float, end: float, until: float = 1.0) -> Callable[[float], bool]:
        """For a search: tells how far it is between two shares of the whole, and whether its time is over."""
        last = -1.0

        def is_over(share: float) -> bool:
            nonlocal last
            if share - last >= 0.02:
                last = share
                self.tell(begin + share * (end - begin))
            return self.used_s >= self.limit_s * until

        return is_over


def solve(request: Request, travel: Mapping[Mode, Travel], on_progress: OnProgress | None = None) -> Plan:
    """The best plan found. No stop: empty routes.

    Raises BadInput for what cannot be planned, with the field; also where a pinned stop has no place. `on_progress` is
    told the share that is done (0 to 1) and the step: `routes`, then `check`.
    """
    clock = Clock(request.limit_s, on_progress)
    clock.tell(0.0)
    validate(request, travel)
    board = _possible(board_of(request, travel))
    orders = _best(board, clock)
    _pinned_are_in(board, orders)
    given_up: Orders | None = None
    if request.aim is Aim.equal:
        fair = balanced(
            board, orders, lambda each, start, share: _again(each, start, share, clock), lambda: not clock.left_s
        )
        orders, given_up = fair, orders
    clock.tell(0.97, "check")
    plan = plan_of(board, orders, clock.used_s, Words(given_up, WhyNot.balance))
    wrong = faults(request, travel, plan)
    if wrong:
        raise BrokenPlan("a plan was found that is not right, and is not shown: {fault}", fault=wrong[0])
    clock.tell(1.0, "check")
    return replace(plan, cpu_s=round(clock.used_s, 3))


def plan_of(board: Board, orders: Orders, cpu_s: float, words: Words | None = None) -> Plan:
    """A plan of orders that fit."""
    runs = [run(board, team, order) for team, order in enumerate(orders)]
    points = dict.fromkeys(board.tiers, 0)
    for order in orders:
        for stop in order:
            points[board.stops[stop].tier] += board.stops[stop].points
    return Plan(
        routes=tuple(route_of(board, team, orders[team], runs[team]) for team in range(len(orders))),
        left_out=left_out(board, orders, words or Words()),
        points=points,
        spread=spread_of(board, [each.end - each.begin for each in runs]),
        solver=f"{by_vroom.name()}, {by_pyvrp.name()}",
        seed=board.request.seed,
        cpu_s=cpu_s,
    )


def _possible(board: Board) -> Board:
    """The board without what a team cannot do even if it does nothing else. A pinned stop has to be possible."""
    allowed = board.allowed.copy()
    for team in range(len(board.teams)):
        for stop in np.flatnonzero(allowed[team]).tolist():
            allowed[team, stop] = fits(board, team, (stop,))
    for stop in sorted(board.must):
        if not allowed[:, stop].any():
            name = board.stops[stop].key
            why = why_alone(board, stop)
            told = word(why.why)
            if why.seconds:
                told = Sentence("{why}, {seconds} s too much", why=told, seconds=why.seconds)
            raise BadInput(
                "stop {name} is pinned, and no team that may take it can do so, even alone: {why}",
                name=name,
                why=told,
                field=f"stops.{name}.pinned",
            )
    return replace(board, allowed=allowed)


def _pinned_are_in(board: Board, orders: Orders) -> None:
    missing = sorted(board.must - {stop for order in orders for stop in order})
    if missing:
        why = {left.key: left for left in left_out(board, orders, Words())}
        names = [board.stops[stop].key for stop in missing]
        told = joined(
            Sentence(
                "{name} ({why}, {seconds} s too much)",
                name=name,
                why=word(why[name].why),
                seconds=why[name].seconds or 0,
            )
            for name in names
        )
        raise BadInput(
            "not all {number} pinned stops fit together; left over: {told}",
            number=len(board.must),
            told=told,
            field=f"stops.{names[0]}.pinned",
        )


def _level(size: int, limit_s: float) -> int:
    return next((level for most, least_s, level in LEVELS if size <= most and limit_s >= least_s), 0)


def _rounds(board: Board, rate: int, share: float = 1.0) -> int:
    if board.request.options.get("effort") == "time":
        return 10_000_000
    size = max(FULL_SIZE, int(board.allowed.any(axis=0).sum()))
    return max(20, round(rate * board.request.limit_s * share * FULL_SIZE / size))


def _best(board: Board, clock: Clock) -> Orders:
    """The best orders found: VROOM's, polished or shortened."""
    open_stops = np.flatnonzero(board.allowed.any(axis=0)).tolist()
    if not open_stops:
        return tuple(() for _ in board.teams)
    orders = _sound(board, _start(board, open_stops, clock))
    clock.tell(0.2)
    if sum(map(len, orders)) < len(open_stops):
        orders = _by_tiers(board, orders, clock)
    if sum(map(len, orders)) == len(open_stops):
        orders = _shorter(board, orders, clock)
    return _squeezed(board, orders)


def _squeezed(board: Board, orders: Orders) -> Orders:
    """What fits only with a break on the way, which the search does not try, is put in at last."""
    found = list(orders)
    left = set(np.flatnonzero(board.allowed.any(axis=0)).tolist()) - {stop for order in orders for stop in order}
    teams = [team for team, each in enumerate(board.teams) if each.breaks]
    for stop in sorted(left, key=lambda i: (i not in board.must, board.stops[i].tier, -board.stops[i].points, i)):
        tries = (
            (team, (*found[team][:at], stop, *found[team][at:]))
            for team in teams
            if board.allowed[team, stop]
            for at in range(len(found[team]) + 1)
        )
        for team, order in tries:
            if fits(board, team, order):
                found[team] = order
                break
    return tuple(found)


def _start(board: Board, chosen: list[int], clock: Clock) -> Orders:
    # The limit of VROOM is one of the clock on the wall, on which others may have the processor: it only guards.
    level = _level(len(chosen), clock.limit_s)
    return by_vroom.search(board, chosen, board.request.seed, level, 4 * clock.left_s)


def _sound(board: Board, orders: Orders) -> Orders:
    """VROOM reckons as we do; should it ever not, the last stops of that route are planned anew."""
    kept = []
    for team, order in enumerate(orders):
        while not fits(board, team, order):
            order = order[:-1]
        kept.append(order)
    return tuple(kept)


def _shorter(board: Board, orders: Orders, clock: Clock) -> Orders:
    if by_pyvrp.suits(board, orders):
        return by_pyvrp.shorten(
            board, orders, board.request.seed, _rounds(board, SHORTEN_RATE), clock.over(0.2, 0.9, 0.95)
        )
    return polish(board, orders, board.request.seed, _rounds(board, POLISH_RATE, 0.5), clock.over(0.2, 0.9, 0.95))


def _by_tiers(board: Board, orders: Orders, clock: Clock) -> Orders:
    """Polish until the first tier of which not all fits is as good as it gets, then with all that is lower."""
    seed = board.request.seed
    starts = [orders]
    possible = frozenset(np.flatnonzero(board.allowed.any(axis=0)).tolist())
    ranks = [board.must, *(frozenset(i for i, stop in enumerate(board.stops) if stop.tier == t) for t in board.tiers)]
    for number in range(1, len(ranks) + 1):
        wanted = frozenset().union(*ranks[:number]) & possible
        if any(wanted <= {stop for order in each for stop in order} for each in starts):
            continue
        alone = _only(board, wanted)
        # Where that is all there is, VROOM has been asked already.
        found = orders if wanted == possible else _sound(alone, _start(alone, sorted(wanted), clock))
        cut = tuple(tuple(stop for stop in order if stop in wanted) for order in max(starts, key=board.key))
        first = max(found, _sound(alone, cut), key=alone.key)
        # Two beginnings, for a search seldom leaves the region where it began; the other one begins with nothing.
        nothing: Orders = tuple(() for _ in board.teams)
        share = _rounds(board, POLISH_RATE, 0.2)
        best = polish(alone, first, seed, share, clock.over(0.2, 0.32, 0.35))
        best = max(best, polish(alone, nothing, seed, share, clock.over(0.32, 0.45, 0.5)), key=alone.key)
        starts.append(best)
        if not wanted <= {stop for order in best for stop in order}:
            break
    best = max((polish(board, each, seed, 1) for each in starts), key=board.key)
    return polish(board, best, seed + 1, _rounds(board, POLISH_RATE, 0.6), clock.over(0.45, 0.9, 0.85))


def _only(board: Board, stops: frozenset[int]) -> Board:
    """The board as if there were only some of the stops."""
    allowed = board.allowed.copy()
    allowed[:, [i for i in range(len(board.stops)) if i not in stops]] = False
    return replace(board, allowed=allowed)


def _again(board: Board, start: Orders, share: float, clock: Clock) -> Orders:
    """The same search on a board with shorter shifts, from orders that fit it."""
    return polish(
        board, start, board.request.seed, _rounds(board, POLISH_RATE, 0.1), clock.over(share, share + 0.02, 0.98)
    )
