"""A stored plan changed by its leader: routes are timed again at once. As `gis.patrol.plans`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gis.errors import BadInput
from gis.patrol import plans
from gis.patrol.changing import Change, Do, changed, inserted
from gis.patrol.network import Mode
from gis.patrol.plan import LeftOut, Plan
from gis.patrol.request import Request
from gis.patrol.stored import StoredPlan
from gis.patrol.tiers import Service
from gis.patrol.travel import Travel
from gis.patrol.working import TravelOf, laid_out, problem_of

Timed = Callable[[Request, Mapping[Mode, Travel], Mapping[str, Sequence[str]]], Plan]


def change(
    conn: Connection,
    plan: StoredPlan,
    version: int,
    changes: Sequence[Change],
    *,
    zone: ZoneInfo,
    between: TravelOf,
    timed: Timed,
) -> tuple[Any, ...]:
    """Change a plan; the warnings of routes that no longer fit.

    `between` gives travel between places, `timed` the times of given orders. Raises BadInput, Conflict as
    `gis.patrol.changing`, and Conflict (by the database) where `version` is not the present one.
    """
    picked = [one.place for one in changes if one.do is Do.add and one.place is not None]
    added = plans.places(conn, plan.county, picked, Service())
    for place in added:
        if place.cell is None or not place.cell.startswith(plan.area):
            raise BadInput(
                "{field}: {lon}, {lat} does not lie in {area}",
                lon=place.lon,
                lat=place.lat,
                area=plan.area,
                field="changes",
            )
    made = changed(plan, changes, added)
    after = replace(plan, stops=made.stops)
    problem = problem_of(after, zone, plan.from_s)
    travel = problem.travel(between)
    found = timed(problem.request, travel, inserted(made, problem, travel))
    routes, stops = laid_out(after, problem, travel, replace(found, left_out=_reasons(plan, found)), zone)
    plans.write(conn, plan, routes, stops, version)
    return tuple(found.warnings)


def _reasons(plan: StoredPlan, found: Plan) -> tuple[LeftOut, ...]:
    """Why stops are in no route: as it was found, for those that were in none before."""
    before = {one.key: one.left_out for one in plan.stops if one.left_out is not None and not one.removed}
    return tuple(before.get(one.key) or one for one in found.left_out)
