"""Times for orders that somebody has put together, whether they fit or not. Pure."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gis.errors import BadInput
from gis.patrol.network import Mode
from gis.patrol.plan import Amiss, Plan, Warning
from gis.patrol.planner.board import FAR, Board, Orders, board_of
from gis.patrol.planner.explain import Words
from gis.patrol.planner.search import plan_of
from gis.patrol.planner.timing import Run, run
from gis.patrol.planner.validate import validate
from gis.patrol.request import Request
from gis.patrol.travel import Travel


def timed(request: Request, travel: Mapping[Mode, Travel], orders: Mapping[str, Sequence[str]]) -> Plan:
    """A plan with these orders (keys of stops by code of team), each route as early at its end as it can be.

    Teams that are not named stay; stops that are not named are left out. What does not fit is in `warnings`, and the
    times are what would happen: a stop that is reached too late is done at once, a break late, the shift overrun. A
    stop that the team cannot reach is left out, with a warning. Raises BadInput for a team or stop that there is not,
    and for a stop that is named twice.
    """
    begun = time.process_time()
    validate(request, travel)
    board = board_of(request, travel)
    numbers, lost = _numbers(board, _indices(request, orders))
    plan = plan_of(board, numbers, 0.0, Words())
    warnings = [*lost, *(warning for team, order in enumerate(numbers) for warning in _amiss(board, team, order))]
    return replace(plan, warnings=tuple(warnings), solver="by hand", cpu_s=round(time.process_time() - begun, 3))


def _indices(request: Request, orders: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    number = {stop.key: place for place, stop in enumerate(request.stops)}
    codes = {team.code for team in request.teams}
    for code in orders:
        if code not in codes:
            raise BadInput("orders: there is no team {code!r}", code=code, field="orders.team")
    for key, times in Counter(key for order in orders.values() for key in order).items():
        if key not in number:
            raise BadInput("orders: there is no stop {key!r}", key=key, field="orders.stop")
        if times > 1:
            raise BadInput("orders: stop {key!r} is in them {times} times", key=key, times=times, field="orders.stop")
    return {code: [number[key] for key in order] for code, order in orders.items()}


def _numbers(board: Board, orders: Mapping[str, list[int]]) -> tuple[Orders, list[Warning]]:
    """Orders of all teams without stops that they cannot get to, or get away from, and warnings about these."""
    found, lost = [], []
    for number, team in enumerate(board.teams):
        seconds, here = board.seconds[team.mode], board.start(number)
        kept: list[int] = []
        for stop in orders.get(team.code, []):
            if seconds[here, stop] >= FAR or seconds[stop, board.end(number)] >= FAR:
                lost.append(Warning(team.code, Amiss.no_way, board.stops[stop].key))
            else:
                kept.append(stop)
                here = stop
        found.append(tuple(kept))
    return tuple(found), lost


def _amiss(board: Board, number: int, order: tuple[int, ...]) -> list[Warning]:
    team, timed_run = board.teams[number], run(board, number, order)
    found = []
    for stop in (board.stops[place] for place in order):
        if not team.skills >= stop.skills:
            found.append(Warning(team.code, Amiss.skills, stop.key))
        if stop.team not in (None, team.code):
            found.append(Warning(team.code, Amiss.team, stop.key))
    load = sum(board.stops[place].load for place in order)
    if team.capacity is not None and load > team.capacity:
        found.append(Warning(team.code, Amiss.capacity, amount=load - team.capacity))
    return [*found, *_late(board, number, order, timed_run)]


def _late(board: Board, number: int, order: tuple[int, ...], found: Run) -> list[Warning]:
    code = board.teams[number].code
    late = [Warning(code, Amiss.window, board.stops[order[at]].key, seconds) for at, seconds in found.late_stops]
    if found.late_pause:
        late.append(Warning(code, Amiss.pause, amount=found.late_pause))
    if found.late_shift:
        late.append(Warning(code, Amiss.shift, amount=found.late_shift))
    return late
