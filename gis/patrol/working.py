"""From a stored plan to what a planner is asked, and back from what it found. Pure.

During the day (`from_s`) what is done stays, in the order in which it was ticked; the rest is planned from where each
team last ticked, from that time of the day on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from gis.errors import Conflict
from gis.patrol.clock import seconds_into
from gis.patrol.network import Floats, Mode
from gis.patrol.plan import LeftOut, Plan, Route, WhyNot
from gis.patrol.request import Break, Reason, Request, Station, Stop, Team, Window
from gis.patrol.stored import PlanRoute, PlanStop, RouteLeg, RouteTimes, StoredPlan
from gis.patrol.teams import Place, TeamSpec
from gis.patrol.travel import Travel

TravelOf = Callable[[Mode, Floats, Floats], Travel]
_LEAST_S: Final = 60  # a team with less of its shift left does nothing more


@dataclass(frozen=True)
class Problem:
    """What a planner is asked, and what of the plan is settled: `fixed` stops of each team, in the order in which they
    were done; `over` are stops that wait for a team whose shift is over."""

    request: Request
    fixed: Mapping[str, tuple[PlanStop, ...]]
    over: tuple[PlanStop, ...]
    modes: tuple[Mode, ...]

    @property
    def places(self) -> tuple[Floats, Floats]:
        """Longitudes and latitudes of the stops, then of the stations, as travel is asked for them."""
        all_places = [(s.lon, s.lat) for s in self.request.stops] + [(s.lon, s.lat) for s in self.request.stations]
        found = np.asarray(all_places, dtype=np.float64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def travel(self, between: TravelOf) -> dict[Mode, Travel]:
        """Travel between all places, of each mode that a team has."""
        return {mode: between(mode, *self.places) for mode in self.modes}


class _Stations:
    """Places by their number, each once."""

    def __init__(self) -> None:
        self.listed: list[Place] = []

    def number(self, place: Place) -> int:
        if place not in self.listed:
            self.listed.append(place)
        return self.listed.index(place)


def problem_of(plan: StoredPlan, zone: ZoneInfo, from_s: int | None = None) -> Problem:
    """What is to be planned. Raises Conflict where no team has time left."""
    fixed = _fixed(plan) if from_s is not None else {}
    stations = _Stations()
    teams = [_team(plan, route.team, fixed.get(route.team.code, ()), from_s, stations, zone) for route in plan.routes]
    for one in (stop for stops in fixed.values() for stop in stops):
        stations.number((one.stop.lon, one.stop.lat))
    able = [team for team in teams if team is not None]
    if not able:
        raise Conflict("from: every team's shift is over", field="from")
    codes, settled = {team.code for team in able}, {one.key for stops in fixed.values() for one in stops}
    rest = [one for one in plan.stops if not one.removed and one.key not in settled]
    over = tuple(one for one in rest if one.pinned and one.team is not None and one.team not in codes)
    late = {one.key for one in over}
    request = Request(
        stops=tuple(_stop(one, one.key in plan.done) for one in rest if one.key not in late),
        teams=tuple(able),
        stations=tuple(Station(*place) for place in stations.listed),
        aim=plan.aim,
        seed=plan.seed,
        limit_s=plan.limit_s,
    )
    modes = {team.mode for team in able} | {r.team.mode for r in plan.routes if fixed.get(r.team.code)}
    return Problem(request, fixed, over, tuple(sorted(modes)))


def _fixed(plan: StoredPlan) -> dict[str, tuple[PlanStop, ...]]:
    done = [one for one in plan.stops if one.seq is not None and one.key in plan.done]
    ordered = sorted(done, key=lambda one: (plan.done[one.key].ticked_at, one.seq))
    codes = [route.team.code for route in plan.routes]
    return {code: tuple(one for one in ordered if one.team == code) for code in codes}


def _team(
    plan: StoredPlan,
    team: TeamSpec,
    done: Sequence[PlanStop],
    from_s: int | None,
    stations: _Stations,
    zone: ZoneInfo,
) -> Team | None:
    first, last = team.shift
    start = team.station
    stations.number(start)
    if from_s is not None:
        first = max(first, from_s)
        if done:
            first = max(first, seconds_into(plan.on, plan.done[done[-1].key].ticked_at, zone))
            start = (done[-1].stop.lon, done[-1].stop.lat)
    end = None if team.open_end else stations.number(team.end or team.station)
    if last - first < _LEAST_S:
        return None
    return Team(
        code=team.code,
        mode=team.mode,
        start=stations.number(start),
        end=end,
        shift=(first, last),
        breaks=_breaks(team, (first, last)),
        skills=frozenset(team.skills),
    )


def _breaks(team: TeamSpec, shift: Window) -> tuple[Break, ...]:
    """Those that can still be made; what has begun already is over."""
    first, last = shift
    kept = [(max(a, first), b, s) for a, b, s in team.breaks if b >= first and max(a, first) + s <= last]
    return tuple(Break((a, b), s) for a, b, s in kept)


def _stop(one: PlanStop, done: bool) -> Stop:
    stop, kept = one.stop, one.pinned or (done and one.seq is not None)
    return Stop(
        key=stop.key,
        kind=stop.kind,
        lon=stop.lon,
        lat=stop.lat,
        reason=Reason(stop.because, stop.days, one.num_households),
        tier=stop.tier,
        points=stop.points,
        service_s=stop.service_s,
        windows=stop.windows,
        skills=frozenset(stop.skills),
        team=one.team if kept else None,
        pinned=kept,
    )


def order_of(plan: StoredPlan, problem: Problem) -> dict[str, list[str]]:
    """The present orders of the teams of a problem, without what is fixed."""
    asked = {stop.key for stop in problem.request.stops}
    return {
        team.code: [one.key for one in plan.route_of(team.code) if one.key in asked] for team in problem.request.teams
    }


# ---- back


def laid_out(
    plan: StoredPlan, problem: Problem, travel: Mapping[Mode, Travel], found: Plan, zone: ZoneInfo
) -> tuple[list[PlanRoute], list[PlanStop]]:
    """The routes and stops of the plan as they were found, with the ways between them."""
    routes = {route.team: route for route in found.routes}
    left_out = {one.key: one for one in found.left_out}
    number = {stop.key: n for n, stop in enumerate(problem.request.stops)}
    base = len(number)
    for n, station in enumerate(problem.request.stations):
        for one in (s for stops in problem.fixed.values() for s in stops):
            if (one.stop.lon, one.stop.lat) == (station.lon, station.lat):
                number[one.key] = base + n
    changed = {one.key: _unrouted(one, left_out.get(one.key), problem) for one in plan.stops}
    laid = []
    for old in plan.routes:
        done = problem.fixed.get(old.team.code, ())
        route = routes.get(old.team.code)
        visits = [*_ticked(plan, done, zone), *(_visited(route) if route else ())]
        for seq, (key, arrive, begin, leave) in enumerate(visits, start=1):
            was = changed[key]
            changed[key] = replace(
                was, team=old.team.code, seq=seq, arrive_s=arrive, begin_s=begin, leave_s=leave, left_out=None
            )
        laid.append(_laid(old, route, visits, bool(done), problem, travel, number, plan))
    return laid, list(changed.values())


def _unrouted(one: PlanStop, left: LeftOut | None, problem: Problem) -> PlanStop:
    """A stop before the routes are gone through."""
    if one.removed:
        left = LeftOut(one.key, WhyNot.removed)
    elif left is None and one in problem.over:
        left = LeftOut(one.key, WhyNot.shift)
    team = one.team if one.pinned else None
    return replace(one, team=team, seq=None, arrive_s=None, begin_s=None, leave_s=None, left_out=left)


_Times = tuple[str, int, int, int]


def _visited(route: Route) -> list[_Times]:
    return [(visit.key, visit.arrive_at, visit.begin_at, visit.leave_at) for visit in route.visits]


def _ticked(plan: StoredPlan, done: Sequence[PlanStop], zone: ZoneInfo) -> list[_Times]:
    """What is done, at the times at which it was ticked."""
    found: list[_Times] = []
    for one in done:
        leave = seconds_into(plan.on, plan.done[one.key].ticked_at, zone)
        before = found[-1][3] if found else 0
        leave = max(leave, before)
        begin = max(before, leave - one.stop.service_s)
        found.append((one.key, begin, begin, leave))
    return found


def _laid(
    old: PlanRoute,
    route: Route | None,
    visits: Sequence[_Times],
    done: bool,
    problem: Problem,
    travel: Mapping[Mode, Travel],
    number: Mapping[str, int],
    plan: StoredPlan,
) -> PlanRoute:
    """A team's route with its ways. Without a stop it is empty: the team stays."""
    team = old.team
    begin = route.begin_at if route else team.shift[0]
    if not visits:
        return PlanRoute(team, RouteTimes(begin, begin, 0, 0, 0, 0.0, (), ()))
    places = [_station(problem, team.station), *(number[key] for key, *_ in visits)]
    if not team.open_end and route is not None and route.visits:
        places.append(_station(problem, team.end or team.station))
    legs = tuple(_leg(travel, team.mode, a, b) for a, b in pairwise(places) if a is not None and b is not None)
    service = sum(leave - begun for _, _, begun, leave in visits)
    if done:
        begin = old.times.begin_s if old.times is not None else visits[0][1]
    return PlanRoute(
        team,
        RouteTimes(
            begin_s=begin,
            end_s=max(route.end_at if route and route.visits else 0, visits[-1][3]),
            travel_s=round(sum(leg.seconds for leg in legs)),
            service_s=service,
            waiting_s=route.waiting_s if route else 0,
            metres=sum(leg.metres for leg in legs),
            pauses=tuple(replace(p, after=p.after + len(visits) - len(route.visits)) for p in route.pauses)
            if route
            else (),
            legs=legs,
        ),
    )


def _station(problem: Problem, place: Place) -> int | None:
    for n, station in enumerate(problem.request.stations):
        if (station.lon, station.lat) == place:
            return len(problem.request.stops) + n
    return None


def _leg(travel: Mapping[Mode, Travel], mode: Mode, a: int, b: int) -> RouteLeg:
    found = travel[mode]
    if not np.isfinite(found.seconds[a, b]):
        return RouteLeg((), 0.0, 0.0)  # a done stop that no street leads to: its way is not drawn
    leg = found.leg(a, b)
    return RouteLeg(tuple((float(x), float(y)) for x, y in leg.line.coords), float(leg.seconds), float(leg.metres))
