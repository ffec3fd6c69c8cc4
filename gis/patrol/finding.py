"""The routes of a plan, found and checked: streets, times, routes, check. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gis.patrol.network import Floats, Mode, Network
from gis.patrol.network_info import network_info
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
    """The routes of a plan. Raises BadInput, Conflict where it cannot be planned, BrokenPlan where what was found
    is not right: a bug, never shown as a plan."""
    from gis.patrol.planner import solve  # its libraries take a second to load, in the process that finds routes

    problem = problem_of(plan, zone, plan.from_s)
    on_step("times", 0.05)
    travel = problem.travel(streets.between)
    on_step("routes", 0.15)

    def on_progress(share: float, step: str) -> None:
        on_step(step, 0.15 + 0.85 * share)

    found = solve(problem.request, travel, on_progress)
    routes, stops = laid_out(plan, problem, travel, found, zone)
    straight = any(one.straight for one in travel.values())
    return Found(tuple(routes), tuple(stops), found.solver, found.cpu_s, straight, streets.told)
