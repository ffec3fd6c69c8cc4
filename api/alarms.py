"""Alarms: what somebody has to do something about. Read by whoever may see figures; acknowledged and shelved by whoever
may record visits, in their areas. Aggregates only. The shape stands in `api.alarm_documents`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api import html
from api.alarm_documents import alarms_document
from api.answers import by_content
from api.audits import source_of
from api.bodies import members
from api.deps import ServiceFor, Serving
from api.params import Area, F, Format, format_of
from gis.access.audit import Action, Detail, note
from gis.access.scope import Right, Role
from gis.alarms import store
from gis.alarms.kinds import Kind
from gis.alarms.lines import line_of
from gis.batches import instant_of
from gis.errors import BadInput, NotFound

router = APIRouter()
_MAY: Final = Right.visits
_SEEN: Final = {"as_of": "2026-11-20T09:30:00.000+08:00"}
_AS_OF: Final = (
    "`as_of`, if it is sent: the `since` of the line as it was read, or the `as_of` of its list; alarms that were"
    " raised later are left alone."
)


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


@router.post(
    "/alarms/{alarm}/acknowledge",
    summary="Say that somebody has seen an alarm; again is harmless",
    description=f"What is put aside is left alone. {_AS_OF}",
)
def acknowledge(serving: Serving, alarm: str, body: Annotated[Any, Body(examples=[_SEEN])] = None) -> Response:
    as_of = _as_of(_members(body, "as_of"))

    def work(conn: Connection, kind: Kind, area: str, role: Role) -> None:
        number = store.acknowledge(conn, kind, area, role, as_of)
        _note(conn, serving, Action.alarm_acknowledge, area, {"kind": kind.value, "alarms": number})

    return _changed(serving, alarm, work)


@router.post(
    "/alarms/{alarm}/shelve",
    summary="Put an alarm aside for some minutes",
    description=f"5 to 1,440 minutes; it is out of the list until then. 0 takes it back, whatever `as_of`. {_AS_OF}",
)
def shelve(
    serving: Serving, alarm: str, body: Annotated[Any, Body(examples=[{"minutes": 60, **_SEEN}])] = None
) -> Response:
    given = _members(body, "minutes", "as_of")
    minutes, as_of = _minutes(given), _as_of(given)

    def work(conn: Connection, kind: Kind, area: str, role: Role) -> None:
        number = store.shelve(conn, kind, area, minutes, role, as_of)
        detail: Detail = {"kind": kind.value, "alarms": number, "minutes": minutes}
        _note(conn, serving, Action.alarm_shelve, area, detail)

    return _changed(serving, alarm, work)


Work = Callable[[Connection, Kind, str, Role], None]


def _changed(serving: ServiceFor, alarm: str, work: Work) -> Response:
    """Do something to a line's alarms; the answer is the list of its area as it is then."""
    kind, area = line_of(alarm)
    role = _role(serving, area)
    if role is None:
        raise NotFound("alarm: there is none of {kind} in {area}", kind=kind, area=area, field="alarm")
    serving.service.store.retrying(lambda conn: work(conn, kind, area, role), serving.told)
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
        may=lambda code: scope.allows(_MAY, code),
    )


def _note(conn: Connection, serving: ServiceFor, action: Action, area: str, detail: Detail) -> None:
    source = source_of(serving.request.scope)
    note(conn, who=serving.caller.who, source=source, action=action, area=area, detail=detail)


def _members(body: Any, *known: str) -> Mapping[str, Any]:
    return members({} if body is None else body, *known)


def _minutes(given: Mapping[str, Any]) -> int:
    minutes = given.get("minutes")
    if not isinstance(minutes, int) or isinstance(minutes, bool):
        raise BadInput('minutes: must be a whole number, as {"minutes": 60}', field="minutes")
    return minutes


def _as_of(given: Mapping[str, Any]) -> datetime | None:
    return None if given.get("as_of") is None else instant_of(given, "as_of")
