"""Ticks, from the desk and from the phones of teams; the links of those, and what they show.

A link needs no account: its secret is the credential. It shows one team's route and nothing else; wrong ones cost time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from api.audits import source_of
from api.bodies import BatchBody, batch_body, batch_items, id_of, members, refusals
from api.deps import Service, Serving, service
from api.patrol import Id, JsonBody, counties, noted, written
from api.patrol_documents import answer, route_document, stop_document
from api.requests import base_url
from gis.access.audit import Action, Detail, note
from gis.access.scope import NOTHING
from gis.access.throttle import Limit, count_failure, key_of_source, refuse_locked
from gis.batches import BatchResult, Refusal
from gis.codes import DIGITS, Level
from gis.errors import BadInput, Conflict, NotFound
from gis.patrol import links, plans
from gis.patrol.links import Link, NewLink
from gis.patrol.stored import StoredPlan
from gis.patrol.teams import as_json, team_code
from gis.patrol.ticks import MOST_TICKS, Tick, parse_tick, record
from gis.sentence import Sentence
from gis.settings import Settings
from gis.words import word
from maps.qr import qr_code

router = APIRouter()
# Wrong links are counted apart from wrong passwords: a phone with an old one locks nobody out.
_WRONG: Final = Limit(free=30, first_s=5, most_s=300)

Key = Annotated[str, Path(alias="key", description="The key of a stop.")]
Secret = Annotated[str, Path(alias="token", description="The secret of a link.")]
Batch = Annotated[BatchBody, Depends(batch_body)]


# ---- at the desk


@router.post("/patrol/plans/{planId:uuid}/phones", summary="New links for the devices of teams; they end the old ones")
def make_links(request: Request, serving: Serving, id: Id, body: JsonBody) -> Response:
    wanted = members(body, "teams").get("teams")
    if wanted is not None and not isinstance(wanted, list):
        raise BadInput("teams: must be a list of codes, or null for all", field="teams")
    codes = None if wanted is None else [team_code(one, "teams") for one in wanted]
    base = base_url(request.scope)

    def work(conn: Connection) -> list[dict[str, Any]]:
        plan = plans.get(conn, counties(serving), id)
        made = links.make(conn, plan, codes, serving.settings.zone)
        noted(conn, serving, Action.patrol_link, plan.area, {"on": str(plan.on), "teams": [one.team for one in made]})
        return [_link_document(one, f"{base}/p/{one.secret}") for one in made]

    return answer({"phones": written(serving, work)})


def _link_document(link: NewLink, url: str) -> dict[str, Any]:
    """A link with its QR code, for whoever shows it to a phone: the secret goes to nobody else to be drawn."""
    return {"team": link.team, "url": url, "expires_at": link.expires_at, "qr": asdict(qr_code(url))}


@router.post(
    "/patrol/plans/{planId:uuid}/stops/{key}/tick",
    summary="Tick a stop: reached, no answer, skipped",
    description="Sending the same again is harmless. At a doorplate it is a visit of each of its `households`.",
)
def tick_stop(serving: Serving, id: Id, key: Key, body: JsonBody) -> Response:
    tick = parse_tick(body, serving.settings, datetime.now(UTC), stop=key)
    if tick.stop != key:
        raise BadInput("stop: the body says another stop than the address", field="stop")

    def work(conn: Connection) -> BatchResult:
        plan = plans.get(conn, counties(serving), id)
        _refuse_unplanned(plan)
        done = record(conn, plan, [tick], serving.settings, role_of=serving.caller.role)
        if done.accepted:
            noted(conn, serving, Action.patrol_tick, plan.area, {"on": str(plan.on), "accepted": done.accepted})
        return done

    done = written(serving, work)
    serving.service.mirror.refresh()
    for refusal in done.refused:
        raise (Conflict if refusal.code == "id" else BadInput)(refusal.detail, field=refusal.code)
    with serving.read() as conn:
        plan = plans.get(conn, counties(serving), id)
    [stop] = [one for one in plan.stops if one.key == key]
    counted = {"accepted": done.accepted, "repeated": done.repeated}
    return answer(counted | {"stop": stop_document(stop, plan.done.get(key))})


# ---- on the phone


@router.get("/p/{token}/route", summary="The route that a link shows: its stops in order, and what is done")
def phone_route(request: Request, token: Secret) -> Response:
    link = link_of(request, token)
    route = links.shown_route(service(request).store, link)
    _note(request, link, Action.read_doors, {"kind": "route", "villages": _villages(route)})
    return answer(route_told(route, link))


@router.post("/p/{token}/ticks", summary="Ticks of a team's device, late ones too; sending the same again is harmless")
def phone_ticks(request: Request, token: Secret, body: Batch) -> Response:
    link = link_of(request, token)
    here: Service = service(request)
    ticks, refused = _parsed(body, here.store.settings)
    plan = links.tickable(here.store, link)
    _refuse_unplanned(plan)
    scope = links.ticking(here.store, link, plan)

    def work(conn: Connection) -> BatchResult:
        found = [tick for _, tick in ticks]
        done = record(
            conn,
            plan,
            found,
            here.store.settings,
            role_of=lambda right, area: links.role_in(scope, right, area),
            team=link.team,
        )
        if done.accepted:
            detail: Detail = {"on": str(plan.on), "accepted": done.accepted}
            who = f"team:{link.team}"
            note(
                conn, who=who, source=source_of(request.scope), action=Action.patrol_tick, area=link.area, detail=detail
            )
        return done

    done = here.store.retrying(work, scope.settings())
    here.mirror.refresh()
    moved = [Refusal(ticks[r.index][0], r.id, r.code, r.detail) for r in done.refused]
    return _told(request, BatchResult(done.accepted, done.repeated, moved), refused)


def link_of(request: Request, token: str) -> Link:
    """Whose route a link shows. Raises NotFound where it is not valid, TooManyTries after many that were not."""
    store = service(request).store
    key = sha256(b"link:" + key_of_source(source_of(request.scope))).digest()
    with store.begin(NOTHING.settings()) as conn:
        refuse_locked(conn, key)
        try:
            return links.link_of(conn, token)
        except NotFound:
            if links.might_be(token):
                count_failure(conn, key, _WRONG)
                conn.commit()
            raise


def route_told(route: StoredPlan, link: Link) -> dict[str, Any]:
    """The shape of `GET /p/{token}/route`."""
    [found] = [one for one in route.routes if one.team.code == link.team]
    told = route_document(found, route.route_of(link.team)) or {}
    return {
        "on": route.on,
        "area": route.area,
        "status": route.status,
        "version": route.version,
        "expires_at": link.expires_at,
        "straight": route.straight,
        **{name: as_json(found.team)[name] for name in ("mode", "station", "end", "open_end", "shift", "breaks")},
        "team": link.team,
        **{name: told.get(name) for name in ("begin_at", "end_at", "metres", "travel_s", "pauses", "line", "legs")},
        "stops": [stop_document(one, route.done.get(one.key)) for one in route.route_of(link.team)],
    }


# ---- parts of the above


def _parsed(body: BatchBody, settings: Settings) -> tuple[list[tuple[int, Tick]], list[Refusal]]:
    now = datetime.now(UTC)
    parsed: list[tuple[int, Tick]] = []
    refused: list[Refusal] = []
    items = batch_items(body, Sentence("ticks"))
    if len(items) > MOST_TICKS:
        raise BadInput(
            "body: {number:,} ticks are more than the {most:,} that are taken at once",
            number=len(items),
            most=MOST_TICKS,
            field="body",
        )
    for index, item in enumerate(items):
        try:
            if isinstance(item, BadInput):
                raise BadInput(item.message, field="tick")
            parsed.append((index, parse_tick(item, settings, now)))
        except BadInput as error:
            refused.append(Refusal(index, id_of(item), error.field or "tick", error.message))
    return parsed, refused


def _told(request: Request, result: BatchResult, unread: Sequence[Refusal]) -> Response:
    """As of all batches; a refusal tells the field in place of the code."""
    told = refusals(request, [*unread, *result.refused])
    for one in told:
        one["field"] = one.pop("code")
    return answer({"accepted": result.accepted, "repeated": result.repeated, "refused": told})


def _refuse_unplanned(plan: StoredPlan) -> None:
    if plan.status not in ("planned", "planning"):
        raise Conflict("status: the plan is {status}", status=word(plan.status), field="status")


def _villages(route: StoredPlan) -> list[str]:
    digits = DIGITS[Level.village]
    return sorted({one.stop.cell[:digits] for one in route.stops if one.stop.cell})


def _note(request: Request, link: Link, action: Action, detail: Detail) -> None:
    with service(request).store.begin() as conn:
        note(
            conn,
            who=f"team:{link.team}",
            source=source_of(request.scope),
            action=action,
            area=link.area,
            detail=detail,
        )
