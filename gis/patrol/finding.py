"""The routes of a plan, found and checked: streets, times, routes, check. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gis.patrol.network import Floats, Mode, Network
from gis.patrol.network_info import network_info
from gis.patrol.plan import Plan
from gis.patrol.request import Aim, Request
from gis.patrol.routing import travel_between
from gis.patrol.stored import PlanRoute, PlanStop, StoredPlan
from gis.patrol.travel import Travel
from gis.patrol.working import TravelOf, laid_out, problem_of

Step = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class NetworkTold:
    """Which streets a plan was made on."""

    version: str
    source: str | None
    data_on: date | None


@dataclass(frozen=True)
class Found:
    """What a search has found, to be written into the plan."""

    routes: tuple[PlanRoute, ...]
    stops: tuple[PlanStop, ...]
    solver: str
    cpu_s: float
    straight: bool
    network: NetworkTold | None


@dataclass(frozen=True)
class Streets:
    """Streets of a county, and which they are; both None where there are none yet."""

    network: Network | None = None
    told: NetworkTold | None = None

    @property
    def between(self) -> TravelOf:
        def travel(mode: Mode, lon: Floats, lat: Floats) -> Travel:
            return travel_between(self.network, mode, lon, lat)

        return travel


def network_of(conn: Connection, county: int) -> Streets:
    """The streets of a county as they are now, kept in this process."""
    from gis.patrol.roads import live_network  # its libraries take a second to load

    network, info = live_network(conn, county), network_info(conn, county)
    if network is None or info is None:
        return Streets()
    return Streets(network, NetworkTold(info.version, info.source, info.data_on))


def find(plan: StoredPlan, streets: Streets, zone: ZoneInfo, on_step: Step = lambda *_: None) -> Found:
    """The routes of a plan. Raises BadInput, Conflict where it cannot be planned, BrokenPlan where what was found is
    not right: a bug, never shown as a plan."""
    return Search(plan, streets, zone, on_step).found()


class Search:
    """The search of one plan: its routes, and afterwards the figures of the plan with the other aim beside them."""

    def __init__(self, plan: StoredPlan, streets: Streets, zone: ZoneInfo, on_step: Step = lambda *_: None) -> None:
        self._plan, self._streets, self._zone, self._on_step = plan, streets, zone, on_step
        self._problem = problem_of(plan, zone, plan.from_s)
        on_step("times", 0.05)
        self._travel = self._problem.travel(streets.between)
        self._solved: Plan | None = None

    def found(self) -> Found:
        """The routes."""
        self._on_step("routes", 0.15)
        solved = self._solve(self._problem.request, lambda share, step: self._on_step(step, 0.15 + 0.85 * share))
        self._solved = solved
        routes, stops = laid_out(self._plan, self._problem, self._travel, solved, self._zone)
        straight = any(one.straight for one in self._travel.values())
        return Found(tuple(routes), tuple(stops), solved.solver, solved.cpu_s, straight, self._streets.told)

    def compared(self, told: Callable[[float, str], None] | None = None) -> dict[str, dict[str, Any]]:
        """Figures of the plan by aim: as it was asked for, and the other one. `told` is told of the search, and ends it
        by raising."""
        assert self._solved is not None  # noqa: S101 - `found` comes first
        request = self._problem.request
        other = Aim.equal if request.aim is Aim.shortest else Aim.shortest
        beside = self._solve(replace(request, aim=other), told)
        return {request.aim.value: figures_of(self._solved), other.value: figures_of(beside)}

    def _solve(self, request: Request, told: Callable[[float, str], None] | None) -> Plan:
        from gis.patrol.planner import solve  # its libraries take a second to load, in the process that finds routes

        return solve(request, self._travel, told)


def figures_of(found: Plan) -> dict[str, Any]:
    """A plan in numbers: metres, hours by team, points, stops, spread of the hours."""
    hours = {route.team: round((route.end_at - route.begin_at) / 3600, 2) for route in found.routes if route.visits}
    return {
        "metres": round(sum(route.metres for route in found.routes)),
        "hours": hours,
        "points": sum(found.points.values()),
        "stops": sum(len(route.visits) for route in found.routes),
        "spread": round(found.spread, 4),
    }
