"""Whether a plan keeps what was asked for. Written by itself: it uses nothing of what makes plans. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

import numpy as np

from gis.patrol.network import Mode
from gis.patrol.plan import Pause, Plan, Route, Visit, WhyNot
from gis.patrol.request import Request, Stop, Team
from gis.patrol.travel import Travel

# Travel times are sums of floats: this much of a second is their noise, and of a metre.
NOISE: Final = 2e-3
# What may leave a pinned stop out: nobody can get there at all is told before a plan is made.
MAY_DROP_PINNED: Final = {WhyNot.removed}


def faults(request: Request, travel: Mapping[Mode, Travel], plan: Plan) -> list[str]:
    """What is wrong with a plan, a sentence each. Empty: nothing."""
    return [*_books(request, plan), *_totals(request, plan), *_routes(request, travel, plan)]


def _books(request: Request, plan: Plan) -> Iterator[str]:
    """Each stop is in one route or left out, once; each team has one route."""
    seen = Counter(visit.key for route in plan.routes for visit in route.visits)
    seen.update(left.key for left in plan.left_out)
    known = {stop.key: stop for stop in request.stops}
    for key in known:
        if seen[key] != 1:
            yield f"stop {key} is {seen[key]} times in the plan"
    for key in seen.keys() - known.keys():
        yield f"stop {key} was not asked for"
    if Counter(route.team for route in plan.routes) != Counter(team.code for team in request.teams):
        yield "the routes are not one for each team"
    for left in plan.left_out:
        stop = known.get(left.key)
        if stop is not None and (stop.pinned or stop.team is not None) and left.why not in MAY_DROP_PINNED:
            yield f"stop {left.key} is pinned and left out"
        if left.seconds is not None and left.seconds <= 0:
            yield f"stop {left.key} is left out for {left.seconds} seconds"


def _totals(request: Request, plan: Plan) -> Iterator[str]:
    stops = {stop.key: stop for stop in request.stops}
    points = {stop.tier: 0 for stop in request.stops}
    for route in plan.routes:
        for visit in route.visits:
            if visit.key in stops:
                points[stops[visit.key].tier] += stops[visit.key].points
    if dict(plan.points) != points:
        yield f"points by tier are {points}, not {dict(plan.points)}"


def _routes(request: Request, travel: Mapping[Mode, Travel], plan: Plan) -> Iterator[str]:
    teams = {team.code: team for team in request.teams}
    number = {stop.key: place for place, stop in enumerate(request.stops)}
    for route in plan.routes:
        if route.team not in teams or any(visit.key not in number for visit in route.visits):
            continue  # told above
        for fault in _route(request, travel[teams[route.team].mode], teams[route.team], route, number):
            yield f"team {route.team}: {fault}"


def _route(request: Request, travel: Travel, team: Team, route: Route, number: Mapping[str, int]) -> Iterator[str]:
    if not route.visits:
        if route.pauses or route.travel_s or route.service_s or route.waiting_s or route.begin_at != route.end_at:
            yield "it has no stop and is not at rest"
        return
    stops = [request.stops[number[visit.key]] for visit in route.visits]
    if route.begin_at < team.shift[0]:
        yield "it begins before its shift"
    if route.end_at > team.shift[1]:
        yield f"it ends {route.end_at - team.shift[1]} s after its shift"
    if team.capacity is not None and sum(stop.load for stop in stops) > team.capacity:
        yield "it carries more than it can"
    for stop, visit in zip(stops, route.visits, strict=True):
        yield from _visit(team, stop, visit)
    yield from _ways(request, travel, team, route, number)
    yield from _pauses(team, route)
    yield from _sums(stops, route)


def _visit(team: Team, stop: Stop, visit: Visit) -> Iterator[str]:
    if not team.skills >= stop.skills:
        yield f"it has not the skills for {stop.key}"
    if stop.team not in (None, team.code):
        yield f"{stop.key} is kept for {stop.team}"
    if stop.windows and not any(first <= visit.begin_at <= last for first, last in stop.windows):
        yield f"{stop.key} is begun outside its windows"
    if visit.begin_at < visit.arrive_at:
        yield f"{stop.key} is begun before it is reached"
    if visit.leave_at - visit.begin_at != stop.service_s:
        yield f"{stop.key} takes {visit.leave_at - visit.begin_at} s, not {stop.service_s}"


def _ways(request: Request, travel: Travel, team: Team, route: Route, number: Mapping[str, int]) -> Iterator[str]:
    """Between two stops is time for the way, and for the pauses on it."""
    base = len(request.stops)
    places = [base + team.start, *(number[visit.key] for visit in route.visits)]
    left = [route.begin_at, *(visit.leave_at for visit in route.visits)]
    reached = [visit.arrive_at for visit in route.visits]
    begun = [visit.begin_at for visit in route.visits]
    if team.end is not None:
        places.append(base + team.end)
    seconds = metres = 0.0
    for leg, (here, there) in enumerate(pairwise(places)):
        last = leg == len(route.visits)
        pauses = [pause for pause in route.pauses if pause.after == leg]
        way = float(travel.seconds[here, there])
        seconds, metres = seconds + way, metres + float(travel.metres[here, there])
        arrived = route.end_at if last else reached[leg]
        on_way = sum(pause.end_at - pause.begin_at for pause in pauses if last or pause.begin_at < arrived)
        if not np.isfinite(way):
            yield f"there is no way to its stop {leg + 1}"
        elif arrived - left[leg] - on_way < way - NOISE:
            yield f"it has {arrived - left[leg] - on_way} s for a way of {way:.1f} s to its stop {leg + 1}"
        free = sum(pause.end_at - pause.begin_at for pause in pauses)
        if not last and begun[leg] - left[leg] - free < way - NOISE:
            yield f"it pauses and is on its way to stop {leg + 1} at once"
    if not seconds - NOISE <= route.travel_s <= seconds + len(places):
        yield f"it travels {seconds:.1f} s, not {route.travel_s}"
    if abs(metres - route.metres) > NOISE * len(places):
        yield f"it goes {metres:.1f} m, not {route.metres:.1f}"
    paused_at_end = any(pause.after == len(route.visits) for pause in route.pauses)
    if team.end is None and not paused_at_end and route.end_at != route.visits[-1].leave_at:
        yield "it ends elsewhere than at its last stop"


def _pauses(team: Team, route: Route) -> Iterator[str]:
    """Each break is made in its window, or the team is done before it must begin; nothing else happens meanwhile."""
    made = sorted(route.pauses, key=lambda pause: pause.begin_at)
    open_breaks = sorted(team.breaks, key=lambda pause: pause.window)
    for pause in made:
        fitting = [
            each
            for each in open_breaks
            if each.window[0] <= pause.begin_at <= each.window[1] and each.seconds == pause.end_at - pause.begin_at
        ]
        if not fitting:
            yield f"its pause at {pause.begin_at} is none of its breaks"
            continue
        open_breaks.remove(fitting[0])
        yield from _pause(route, pause)
    for one, other in pairwise(made):
        if other.begin_at < one.end_at:
            yield "two of its pauses overlap"
    for missing in open_breaks:
        if route.end_at > missing.window[1]:
            yield f"its break in {missing.window} is missing"


def _pause(route: Route, pause: Pause) -> Iterator[str]:
    for visit in route.visits:
        if pause.begin_at < visit.leave_at and visit.begin_at < pause.end_at:
            yield f"it pauses while it is at {visit.key}"
    before = sum(visit.leave_at <= pause.begin_at for visit in route.visits)
    if pause.after > before or any(visit.begin_at < pause.end_at for visit in route.visits[pause.after :]):
        yield f"its pause at {pause.begin_at} is not after {pause.after} stops"
    if not route.begin_at <= pause.begin_at or pause.end_at > route.end_at:
        yield f"its pause at {pause.begin_at} is outside its route"


def _sums(stops: list[Stop], route: Route) -> Iterator[str]:
    service = sum(stop.service_s for stop in stops)
    paused = sum(pause.end_at - pause.begin_at for pause in route.pauses)
    if route.service_s != service:
        yield f"it is at its stops for {service} s, not {route.service_s}"
    waiting = route.end_at - route.begin_at - route.travel_s - service - paused
    if route.waiting_s != waiting or waiting < 0:
        yield f"it waits {waiting} s, not {route.waiting_s}"
