"""The routes of a plan, found and checked: streets, times, routes, check. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gis.patrol.network import Floats, Mode, Network
from gis.patrol.planner import check, solve
from gis.patrol.routing import travel_between
from gis.patrol.stored import PlanRoute, PlanStop, StoredPlan
from gis.patrol.travel import Travel
from gis.patrol.working import TravelOf, laid_out, problem_of

Step = Callable[[str, float], None]


class NotChecked(Exception):
    """What was found did not pass the check: a bug, never shown as a plan."""


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
    """The streets of a county as they are now."""
    return Streets()


def find(plan: StoredPlan, streets: Streets, zone: ZoneInfo, on_step: Step = lambda *_: None) -> Found:
    """The routes of a plan. Raises BadInput, Conflict where it cannot be planned, NotChecked where the plan is wrong."""
    problem = problem_of(plan, zone, plan.from_s)
    on_step("times", 0.05)
    travel = problem.travel(streets.between)
    on_step("routes", 0.15)

    def on_progress(share: float) -> None:
        on_step("routes", 0.15 + 0.8 * min(1.0, max(0.0, share)))

    found = solve(problem.request, travel, on_progress)
    on_step("check", 0.95)
    wrong = check.faults(problem.request, travel, found)
    if wrong:
        raise NotChecked("; ".join(wrong[:5]))
    routes, stops = laid_out(plan, problem, travel, found, zone)
    straight = any(one.straight for one in travel.values())
    return Found(tuple(routes), tuple(stops), found.solver, found.cpu_s, straight, streets.told)
