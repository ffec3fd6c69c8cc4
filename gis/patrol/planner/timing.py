"""When a team is where, if it makes its stops in a given order. Exact, with windows and breaks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gis.patrol.plan import Pause, Route, Visit
from gis.patrol.planner.board import FAR, Board
from gis.patrol.request import Break, Window


@dataclass(frozen=True, slots=True)
class Run:
    """A route as it goes in time. `taken[k]`: how many breaks are over when the team leaves its k-th place (the station
    is the 0th), and at the end. `late`: seconds after the shift; of breaks and of stops, by their number in the order.
    """

    visits: tuple[Visit, ...]
    pauses: tuple[Pause, ...]
    begin: int
    end: int
    late_shift: int = 0
    late_stops: tuple[tuple[int, int], ...] = ()
    late_pause: int = 0

    @property
    def late(self) -> int:
        return self.late_shift + self.late_pause + sum(seconds for _, seconds in self.late_stops)


def in_window(time: int, windows: Sequence[Window]) -> int | None:
    """The first moment from `time` on that lies in a window. None: all are over."""
    if not windows:
        return time
    return min((max(time, first) for first, last in windows if time <= last), default=None)


def breaks_of(board: Board, team: int) -> tuple[Break, ...]:
    return tuple(sorted(board.teams[team].breaks, key=lambda pause: pause.window))


def leg(time: int, way: int, breaks: Sequence[Break]) -> tuple[int, int] | None:
    """Arrival, and when the team is free, after a way with breaks on it. None: a break comes too late.

    The team goes on while it waits for a break, so that one may lie on the way or, after the arrival, at its end.
    """
    arrival = None
    for pause in breaks:
        begin = max(time, pause.window[0])
        if begin > pause.window[1]:
            return None
        if arrival is None and way <= begin - time:
            arrival = time + way
        way -= min(way, begin - time)
        time = begin + pause.seconds
    return (time + way, time + way) if arrival is None else (arrival, time)


def earliest(
    board: Board, team: int, order: Sequence[int], begin: int, *, rested: bool = False
) -> tuple[int, tuple[int, ...]] | None:
    """When a route that begins then ends, and how many breaks are over when each place is left, and at the end.

    None: it does not fit. The sooner a place is left with so many breaks behind, the sooner all that follows: so the
    best for each place and number of breaks is enough. `rested`: no break before the first stop.
    """
    ways = _ways(board, team, order)
    breaks = breaks_of(board, team)
    reached: list[dict[int, tuple[int, int]]] = [{0: (begin, 0)}]  # breaks over: when the place is left, breaks before
    for stop, way in zip([*order, None], ways, strict=True):
        now = breaks[:0] if rested and len(reached) == 1 else breaks
        reached.append(_step(board, stop, way, now, reached[-1]))
    shift = board.teams[team].shift[1]
    ends = [
        (time, over)
        for over, (time, _) in reached[-1].items()
        if time <= shift and all(time <= pause.window[1] for pause in breaks[over:])
    ]
    if not ends:
        return None
    end, over = min(ends)
    taken = [over]
    for states in reversed(reached[1:]):
        taken.append(states[taken[-1]][1])
    return end, tuple(reversed(taken))


def _step(
    board: Board, stop: int | None, way: int, breaks: Sequence[Break], before: dict[int, tuple[int, int]]
) -> dict[int, tuple[int, int]]:
    after: dict[int, tuple[int, int]] = {}
    if way >= FAR:
        return after
    for over, (time, _) in before.items():
        for more in range(over, len(breaks) + 1):
            gone = leg(time, way, breaks[over:more])
            if gone is None:
                break
            left: int | None = gone[1]
            if stop is not None:
                begun = in_window(gone[1], board.stops[stop].windows)
                left = None if begun is None else begun + board.stops[stop].service_s
            if left is not None and (more not in after or left < after[more][0]):
                after[more] = (left, over)
    return after


def _ways(board: Board, team: int, order: Sequence[int]) -> list[int]:
    seconds = board.seconds[board.teams[team].mode]
    return [int(seconds[a, b]) for a, b in pairwise([board.start(team), *order, board.end(team)])]


def fits(board: Board, team: int, order: Sequence[int]) -> bool:
    """Whether a team can make these stops in this order: time, load, and what it is allowed."""
    capacity = board.teams[team].capacity
    if not all(board.allowed[team, stop] for stop in order):
        return False
    if capacity is not None and sum(board.stops[stop].load for stop in order) > capacity:
        return False
    return not order or earliest(board, team, order, board.teams[team].shift[0]) is not None


def run(board: Board, team: int, order: Sequence[int]) -> Run:
    """The route in time: it ends as early as it can, and begins as late as that permits, if possible with a stop.

    A route that does not fit is timed all the same, and tells how late it is. No stop: nothing happens.
    """
    first = board.teams[team].shift[0]
    if not order:
        return Run((), (), first, first)
    best = earliest(board, team, order, first)
    if best is None:
        return _walk(board, team, order, first, None)
    after_work = earliest(board, team, order, first, rested=True) if board.teams[team].breaks else best
    rested = after_work is not None and after_work[0] == best[0]
    # However late it begins, ways and stops take as long; and the end never moves forward when the begin does.
    low, high = first, best[0] - board.way(team, order) - sum(board.stops[stop].service_s for stop in order)
    while low < high:
        middle = (low + high + 1) // 2
        later = earliest(board, team, order, middle, rested=rested)
        if later is not None and later[0] == best[0]:
            low = middle
        else:
            high = middle - 1
    settled = earliest(board, team, order, low, rested=rested)
    return _walk(board, team, order, low, None if settled is None else settled[1])


def _walk(board: Board, team: int, order: Sequence[int], begin: int, taken: tuple[int, ...] | None) -> Run:
    """Walk a route; without `taken`, leniently: a break is made when its time has come, what is late is noted."""
    ways, breaks, shift = _ways(board, team, order), breaks_of(board, team), board.teams[team].shift[1]
    time, over, late_pause = begin, 0, 0
    visits: list[Visit] = []
    pauses: list[Pause] = []
    late: list[tuple[int, int]] = []
    for number, (stop, way) in enumerate(zip([*order, None], ways, strict=True)):
        until = _due(breaks, over, time, way) if taken is None else taken[number + 1]
        arrival, arrived = time + way, False
        for pause in breaks[over:until]:
            begun = max(time, pause.window[0])
            late_pause += max(0, begun - pause.window[1])
            arrived = arrived or way <= begun - time
            way -= min(way, begun - time)
            time = begun + pause.seconds
            pauses.append(Pause(number, begun, time))
            arrival = arrival if arrived else time + way
        time, over = max(time, arrival), until
        if stop is not None:
            begun_at = in_window(time, board.stops[stop].windows)
            if begun_at is None:
                late.append((number, time - max(last for _, last in board.stops[stop].windows)))
                begun_at = time
            time = begun_at + board.stops[stop].service_s
            visits.append(Visit(board.stops[stop].key, arrival, begun_at, time))
    return Run(tuple(visits), tuple(pauses), begin, time, max(0, time - shift), tuple(late), late_pause)


def _due(breaks: Sequence[Break], over: int, time: int, way: int) -> int:
    """How many breaks are over after this way: those that may begin now or must before its end."""
    while over < len(breaks) and (time >= breaks[over].window[0] or time + way > breaks[over].window[1]):
        time = max(time, breaks[over].window[0]) + breaks[over].seconds
        over += 1
    return over


def route_of(board: Board, team: int, order: Sequence[int], timed: Run) -> Route:
    """The route as a plan has it."""
    metres = board.travel[board.teams[team].mode].metres
    end = board.end(team)
    places = [board.start(team), *order, *([] if end == board.nowhere else [end])] if order else []
    travel = board.way(team, order)
    service = sum(board.stops[stop].service_s for stop in order)
    paused = sum(pause.end_at - pause.begin_at for pause in timed.pauses)
    return Route(
        team=board.teams[team].code,
        visits=timed.visits,
        pauses=timed.pauses,
        begin_at=timed.begin,
        end_at=timed.end,
        travel_s=travel,
        service_s=service,
        waiting_s=timed.end - timed.begin - travel - service - paused,
        metres=float(sum(metres[a, b] for a, b in pairwise(places))),
    )


def spread_of(board: Board, hours: Sequence[int]) -> float:
    """(longest - shortest) / mean of the working times of teams that could do something. 0 where nobody works."""
    counted = [hour for team, hour in enumerate(hours) if board.allowed[team].any()]
    return (max(counted) - min(counted)) / (sum(counted) / len(counted)) if sum(counted) else 0.0
