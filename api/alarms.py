"""Alarms: what somebody has to do something about. Read by whoever may see figures; acknowledged and shelved by whoever
may record visits, in their areas. Aggregates only. The shape stands in `api.alarm_documents`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api import html
from api.alarm_documents import alarms_document
from api.answers import by_content
from api.audits import source_of
from api.deps import ServiceFor, Serving
from api.params import Area, F, Format, format_of
from gis.access.audit import Action, Detail, note
from gis.access.scope import Right, Role
from gis.alarms import store
from gis.alarms.kinds import Kind
from gis.alarms.lines import line_of
from gis.errors import BadInput, NotFound

router = APIRouter()
_MAY: Final = Right.visits


@router.get("/alarms", summary="What somebody has to do something about: many of a kind are one line")
def alarms(request: Request, serving: Serving, area: Area = None, f: F = None) -> Response:
    form = format_of(f, Format.json, Format.html)
    here = serving.inside(Right.figures, area)
    with serving.read() as conn:
        document = _document(conn, serving, here)
    if form is Format.html or (form is None and html.asks_html(request, None)):
        body = html.page("告警 · Alarms", document, request.scope)
        return Response(body.content, headers=dict(body.headers), media_type=body.media_type)
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return by_content(request, content, "application/json")


@router.post("/alarms/{alarm}/acknowledge", summary="Say that somebody has seen an alarm; again is harmless")
def acknowledge(serving: Serving, alarm: str) -> Response:
    def work(conn: Connection, kind: Kind, area: str, role: Role, now: datetime) -> None:
        number = store.acknowledge(conn, kind, area, role, now)
        _note(conn, serving, Action.alarm_acknowledge, area, {"kind": kind.value, "alarms": number})

    return _changed(serving, alarm, work)


@router.post(
    "/alarms/{alarm}/shelve",
    summary="Put an alarm aside for some minutes",
    description="5 to 1,440 minutes; it is out of the list until then. 0 takes it back.",
)
def shelve(serving: Serving, alarm: str, body: Annotated[Any, Body(examples=[{"minutes": 60}])] = None) -> Response:
    minutes = _minutes(body)

    def work(conn: Connection, kind: Kind, area: str, role: Role, now: datetime) -> None:
        number = store.shelve(conn, kind, area, minutes, role, now)
        detail: Detail = {"kind": kind.value, "alarms": number, "minutes": minutes}
        _note(conn, serving, Action.alarm_shelve, area, detail)

    return _changed(serving, alarm, work)


Work = Callable[[Connection, Kind, str, Role, datetime], None]


def _changed(serving: ServiceFor, alarm: str, work: Work) -> Response:
    """Do something to a line's alarms; the answer is the list of its area as it is then."""
    kind, area = line_of(alarm)
    role = _role(serving, area)
    if role is None:
        raise NotFound("alarm: there is none of {kind} in {area}", kind=kind, area=area, field="alarm")
    now = datetime.now(UTC)
    serving.service.store.retrying(lambda conn: work(conn, kind, area, role, now), serving.told)
    with serving.read() as conn:
        document = _document(conn, serving, None)
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})


def _role(serving: ServiceFor, area: str) -> Role | None:
    """As which role the caller deals with alarms of an area, or of parts of it."""
    parts = [area, *(one for one in serving.caller.scope.where(_MAY) if one.startswith(area))]
    roles = (serving.caller.role(_MAY, part) for part in parts)
    return next((role for role in roles if role is not None), None)


def _document(conn: Connection, serving: ServiceFor, area: str | None) -> dict[str, Any]:
    counties = serving.counties(serving.touch(Right.figures, area=area))
    found, names = store.alarms(conn, counties, area)
    scope = serving.caller.scope
    return alarms_document(
        found,
        names,
        looked_at=store.looked_at(conn, counties),
        now=datetime.now(UTC),
        may=lambda code: scope.allows(_MAY, code),
    )


def _note(conn: Connection, serving: ServiceFor, action: Action, area: str, detail: Detail) -> None:
    source = source_of(serving.request.scope)
    note(conn, who=serving.caller.who, source=source, action=action, area=area, detail=detail)


def _minutes(body: Any) -> int:
    minutes = body.get("minutes") if isinstance(body, dict) else None
    if not isinstance(minutes, int) or isinstance(minutes, bool):
        raise BadInput('minutes: must be a whole number, as {"minutes": 60}', field="minutes")
    if unknown := sorted(set(body) - {"minutes"}):
        raise BadInput("{field}: is no member; there are {words}", words="minutes", field=unknown[0])
    return minutes
