"""Plans that change: stops moved by the leader, another search, undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies import members
from api.deps import ServiceFor, Serving
from api.patrol import Id, JsonBody, counties, noted, written
from api.patrol_documents import answer, plan_document
from api.problems import Trouble
from gis.access.audit import Action
from gis.access.scope import ALL
from gis.errors import Conflict
from gis.patrol import edits, plans
from gis.patrol.asking import parse_again, version_of
from gis.patrol.changing import parse_changes
from gis.patrol.clock import seconds_into
from gis.patrol.finding import network_of
from gis.patrol.stored import StoredPlan
from gis.patrol.working import problem_of
from gis.words import word

router = APIRouter()


@router.post(
    "/patrol/plans/{planId:uuid}/changes",
    summary="Move, pin, remove, restore and add stops; all others keep their team and order",
    description="`version` is what you have read. Routes are timed anew at once; `warnings` tell which no longer fit.",
)
def change_plan(serving: Serving, id: Id, body: JsonBody) -> Response:
    from gis.patrol.planner import timed  # its libraries take a second to load

    version, changes = parse_changes(body)
    with serving.service.store.read(ALL.settings()) as conn:
        streets = network_of(conn, _plan(serving, id, version).county)
    warnings: list[Any] = []

    def work(conn: Connection) -> None:
        plan = _read(conn, serving, id, version)
        zone = serving.settings.zone
        warnings[:] = edits.change(conn, plan, version, changes, zone=zone, between=streets.between, timed=timed)
        noted(conn, serving, Action.patrol_change, plan.area, {"on": str(plan.on), "changes": len(changes)})

    return _changed(serving, id, work, warnings)


@router.post(
    "/patrol/plans/{planId:uuid}/replan",
    summary="Search again: pinned and done stops stay; from now on, or the whole day",
    status_code=202,
)
def plan_again(serving: Serving, id: Id, body: JsonBody) -> Response:
    wanted = parse_again(body)

    def work(conn: Connection) -> None:
        plan = _read(conn, serving, id, wanted.version)
        from_s = _now(serving, plan) if wanted.now else None
        problem_of(plan, serving.settings.zone, from_s)  # refuses where no team has time left
        plans.again(conn, plan, wanted, from_s)
        noted(conn, serving, Action.patrol_plan, plan.area, {"on": str(plan.on), "stops": len(plan.stops)})

    answered = _changed(serving, id, work, [], 202)
    serving.service.planning.wake()
    return answered


@router.post("/patrol/plans/{planId:uuid}/undo", summary="As it was before the last change")
def undo_change(serving: Serving, id: Id, body: JsonBody) -> Response:
    version = version_of(members(body, "version"))

    def work(conn: Connection) -> None:
        plan = _read(conn, serving, id, version)
        plans.undo(conn, plan, version)
        noted(conn, serving, Action.patrol_change, plan.area, {"on": str(plan.on), "undone": 1})

    return _changed(serving, id, work, [])


def _now(serving: ServiceFor, plan: StoredPlan) -> int:
    """Now, as a time of the plan's day; its beginning, where the day is still to come. Raises Conflict where it is
    over."""
    now = seconds_into(plan.on, datetime.now(UTC), serving.settings.zone)
    if now > max(route.team.shift[1] for route in plan.routes):
        raise Conflict("from: every team's shift is over", field="from")
    return max(0, now)


def _plan(serving: ServiceFor, id: Id, version: int) -> StoredPlan:
    with serving.read() as conn:
        return _read(conn, serving, id, version)


def _read(conn: Connection, serving: ServiceFor, id: Id, version: int) -> StoredPlan:
    plan = plans.get(conn, counties(serving), id)
    if plan.version != version:
        raise Trouble(
            "precondition-failed",
            "version: the plan has version {version}, not {read}: somebody has changed it; read it again",
            version=plan.version,
            read=version,
            field="version",
        )
    if plan.status != "planned":
        raise Conflict("status: the plan is {status}", status=word(plan.status), field="status")
    return plan


def _changed(
    serving: ServiceFor, id: Id, work: Callable[[Connection], None], warnings: list[Any], status: int = 200
) -> Response:
    written(serving, work)
    with serving.read() as conn:
        document = plan_document(plans.get(conn, counties(serving), id))
    return answer(document | {"warnings": [_warning(one) for one in warnings]}, status)


def _warning(one: Any) -> dict[str, Any]:
    minutes = None if one.amount is None else -(-one.amount // 60)
    return {"team": one.team, "why": one.why.value, "stop": one.stop, "minutes": minutes}
