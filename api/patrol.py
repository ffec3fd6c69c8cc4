"""Patrols over HTTP: teams, the stops that wait, plans."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from datetime import date
from itertools import islice
from typing import Annotated, Final, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import by_content
from api.audits import DoorRead, source_of, villages_of
from api.bodies import json_body
from api.deps import Reading, ServiceFor, Serving
from api.features.items import MEDIA_TYPE as GEOJSON
from api.params import Area, day
from api.patrol_documents import (
    answer,
    listed_document,
    plan_document,
    stop_feature,
    totals_document,
    written_out,
)
from api.streams import streamed
from gis.access.audit import Action, Detail, note
from gis.access.scope import Right
from gis.codes import county_of
from gis.errors import BadInput
from gis.patrol import plans, teams
from gis.patrol.asking import parse_asked
from gis.patrol.request import Kind
from gis.patrol.stops import Ask, Proposal
from gis.patrol.stored import StoredPlan
from gis.patrol.tiers import TIERS, Wanted

router = APIRouter()
T = TypeVar("T")
_FEATURES_A_PIECE: Final = 200  # each piece goes to another thread and back

Id = Annotated[UUID, Path(alias="planId", description="The id of a plan.")]
TeamCode = Annotated[str, Path(alias="code", description="The code of a team.")]
JsonBody = Annotated[object, Depends(json_body)]
On = Annotated[str | None, Query(description="A day, as 2026-11-30; without it today.")]
_STATUSES = ("planning", "planned", "failed", "cancelled")


# ---- teams


@router.get("/patrol/teams", summary="The teams of an area")
def list_teams(serving: Serving, conn: Reading, area: Area = None) -> Response:
    found = teams.teams(conn, _areas(serving, area), counties(serving))
    return answer({"teams": [teams.as_json(team) for team in found]})


@router.put("/patrol/teams/{code}", summary="Write a team: how it gets about, from where, when")
def put_team(serving: Serving, code: TeamCode, body: JsonBody) -> Response:
    given = body if isinstance(body, dict) else {}
    team = teams.parse_team(body, area=given.get("area") or serving.inside(Right.patrols, None), code=code)
    if team.code != teams.team_code(code):
        raise BadInput("code: the body says {said}, the address {code}", said=team.code, code=code, field="code")
    serving.inside(Right.patrols, team.area)

    def work(conn: Connection) -> bool:
        made = teams.put(conn, team)
        noted(conn, serving, Action.patrol_team, team.area, {"team": team.code})
        return made

    return answer(teams.as_json(team), 201 if written(serving, work) else 200)


@router.delete("/patrol/teams/{code}", summary="Remove a team; plans that it is in keep it")
def drop_team(serving: Serving, code: TeamCode, area: Area = None) -> Response:
    here = one_area(serving, area)

    def work(conn: Connection) -> None:
        teams.drop(conn, here, teams.team_code(code))
        noted(conn, serving, Action.patrol_team, here, {"team": code, "removed": 1})

    written(serving, work)
    return Response(status_code=204)


# ---- stops


@router.get(
    "/patrol/stops",
    summary="What waits in an area: doors, key sites, revisits; the longest wait first, no cap",
    description="Revisits need the right `cases`; they stand at the snap point of their case.",
)
def list_stops(
    request: Request,
    serving: Serving,
    area: Area = None,
    on: On = None,
    kinds: Annotated[str | None, Query(description=f"Only these, with commas between: {', '.join(Kind)}.")] = None,
    tiers: Annotated[str | None, Query(description="Only these tiers, with commas between: 1 to 4.")] = None,
    in_other_plans: Annotated[
        bool, Query(description="Also stops that stand in another plan of the day; else `totals` tells their number.")
    ] = False,
) -> Response:
    here = one_area(serving, area)
    wanted = Wanted(_kinds(kinds), _tiers(tiers), in_other_plans=in_other_plans)
    ask = Ask(here, _day(serving, on), wanted, cases=serving.caller.scope.allows(Right.cases, here))
    serving.service.audits.note(request.scope, Action.export, {"kind": "stops", "form": "geojson"}, area=here)
    return streamed(_stop_pieces(serving, ask), GEOJSON, {"Cache-Control": "no-store"})


def _stop_pieces(serving: ServiceFor, ask: Ask) -> Generator[bytes]:
    with serving.service.streams.one(), serving.read() as conn:
        proposal = Proposal(conn, ask)
        head = {"type": "FeatureCollection", "on": str(ask.on), "totals": totals_document(proposal.totals)}
        yield json.dumps(head)[:-1].encode() + b',"features":['
        features = map(stop_feature, proposal.stops())
        separator = ""
        while piece := list(islice(features, _FEATURES_A_PIECE)):
            yield (separator + ",\n".join(piece)).encode()
            separator = ",\n"
        yield b"]}"
    serving.service.planning.warm(county_of(ask.area))  # who looks at what waits will want a plan


# ---- plans


@router.post("/patrol/plans", summary="Ask for a plan; its routes are found in the background", status_code=202)
def ask_plan(serving: Serving, body: JsonBody) -> Response:
    asked = parse_asked(body)
    serving.inside(Right.patrols, asked.area)
    cases = serving.caller.scope.allows(Right.cases, asked.area)

    def work(conn: Connection) -> StoredPlan:
        plan, repeated = plans.create(conn, asked, body, by=serving.caller.name, cases=cases)
        if not repeated:
            noted(conn, serving, Action.patrol_plan, plan.area, {"on": str(plan.on), "stops": len(plan.stops)})
        return plan

    plan = written(serving, work)
    serving.service.planning.wake()
    note_read(serving, plan)
    return answer(plan_document(plan), 202)


@router.get("/patrol/plans", summary="Plans, the latest day first")
def list_plans(
    serving: Serving,
    conn: Reading,
    area: Area = None,
    on: Annotated[str | None, Query(description="Only of this day, as 2026-11-30.")] = None,
    status: Annotated[str | None, Query(description=f"Only these: {', '.join(_STATUSES)}.")] = None,
) -> Response:
    if status is not None and status not in _STATUSES:
        raise BadInput("{field}: must be one of {words}", words=", ".join(_STATUSES), field="status")
    when = None if on is None else day(on, "on")
    found = plans.listed(conn, counties(serving), _areas(serving, area), on=when, status=status)
    return answer({"plans": [listed_document(one) for one in found]})


@router.get("/patrol/plans/{planId:uuid}", summary="A plan: its routes, its stops, and what was done")
def one_plan(serving: Serving, conn: Reading, id: Id) -> Response:
    plan = plans.get(conn, counties(serving), id)
    note_read(serving, plan)
    return by_content(serving.request, written_out(plan_document(plan)), "application/json")


@router.delete("/patrol/plans/{planId:uuid}", summary="End the search of a plan, or give the plan up")
def cancel_plan(serving: Serving, id: Id) -> Response:
    def work(conn: Connection) -> StoredPlan:
        plan = plans.get(conn, counties(serving), id)
        status = plans.cancel(conn, plan)
        noted(conn, serving, Action.patrol_cancel, plan.area, {"on": str(plan.on), "status": status})
        return plan

    written(serving, work)
    with serving.read() as conn:
        return answer(plan_document(plans.get(conn, counties(serving), id)))


# ---- parts that the other modules of patrols share


def written(serving: ServiceFor, work: Callable[[Connection], T]) -> T:
    """What a transaction gives that writes; it is committed when this returns."""
    return serving.service.store.retrying(work, serving.told)


def counties(serving: ServiceFor) -> list[int]:
    """The counties in which the caller may have plans."""
    return serving.counties(serving.touch(Right.patrols))


def one_area(serving: ServiceFor, area: str | None) -> str:
    """The area that is asked about. Raises BadInput where none is said and the caller has several."""
    here = serving.inside(Right.patrols, area)
    if here is None:
        raise BadInput("area: say of which area; you have several", field="area")
    return here


def noted(conn: Connection, serving: ServiceFor, action: Action, area: str, detail: Detail) -> None:
    """Into the audit, as the last statement of the transaction."""
    note(conn, who=serving.caller.who, source=source_of(serving.request.scope), action=action, area=area, detail=detail)


def note_read(serving: ServiceFor, plan: StoredPlan) -> None:
    """A plan shows doors: the audit has who read those of which village before the answer goes."""
    cells = [stop.stop.cell for stop in plan.stops if stop.stop.cell is not None]
    serving.service.audits.note_read(serving.request.scope, DoorRead("plans", villages_of(cells)))


def _areas(serving: ServiceFor, area: str | None) -> list[str]:
    """The area that is asked about, all that the caller has for None; empty: everywhere."""
    here = serving.inside(Right.patrols, area)
    return [here] if here else [one for one in serving.caller.scope.where(Right.patrols) if one]


def _day(serving: ServiceFor, on: str | None) -> date:
    return serving.today if on is None else day(on, "on")


def _kinds(words: str | None) -> frozenset[Kind]:
    if words is None:
        return frozenset(Kind)
    listed = words.split(",")
    if not all(word in list(Kind) for word in listed):
        raise BadInput("{field}: must be of {words}, with commas between", words=", ".join(Kind), field="kinds")
    return frozenset(Kind(word) for word in listed)


def _tiers(words: str | None) -> frozenset[int]:
    if words is None:
        return frozenset(TIERS)
    listed = words.split(",")
    if not all(word in map(str, TIERS) for word in listed):
        raise BadInput(
            "{field}: must be of {words}, with commas between", words=", ".join(map(str, TIERS)), field="tiers"
        )
    return frozenset(int(word) for word in listed)
