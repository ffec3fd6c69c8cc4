"""GET /events: what is committed, as it is committed (server-sent events)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.callers import shown
from api.deps import ServiceFor, Serving
from api.event_streams import EventResponse, EventStream
from api.params import Area, Since, whole, word
from gis.access.scope import Right
from gis.codes import county_of
from gis.errors import BadInput
from gis.events.telling import Cutoff, View
from gis.households.rounds import get_round, inside_round

router = APIRouter()

_HIGHEST = 2**53


@router.get(
    "/events",
    summary="What changes, as it changes: figures of cells, ids and versions",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def events(
    request: Request,
    serving: Serving,
    area: Area = None,
    since: Since = None,
    round: Annotated[
        str | None, Query(description="A round's code: figures since its first day; none come when it is closed.")
    ] = None,
    last_event_id: Annotated[
        str | None, Query(description="Follow on from this event, as the header Last-Event-ID does.")
    ] = None,
) -> Response:
    if since is not None and round is not None:
        raise BadInput("round: since and round exclude each other", field="round")
    here = serving.inside(Right.figures, area)
    if round is not None:
        here = await run_in_threadpool(_area_of_round, serving, here, round)
    view = View.of(serving.caller.scope, here, Cutoff(since, round, here))
    hub = serving.service.events
    stream = EventStream(view, serving.caller, shown(request.scope), _followed(request, last_event_id))
    hub.join(stream)
    return EventResponse(stream, hub.beat, hub.leave)


def _area_of_round(serving: ServiceFor, area: str | None, code: str) -> str:
    county_of(word(code, "round"), field="round")
    with serving.read() as conn:
        return inside_round(area, get_round(conn, code))


def _followed(request: Request, asked: str | None) -> int | None:
    """Up to where the client has followed. A browser sends what it was given: what cannot be of us is answered as a
    position that is not known, for an error would end its tries."""
    told = request.headers.get("last-event-id", "")
    if told:
        return int(told) if told.isdecimal() and len(told) <= 16 else -1
    return None if asked is None else whole(asked, "last_event_id", high=_HIGHEST)
