"""GET /board: the figures beside the map on the wall. Aggregates only: whoever may see figures may see it.

Its shape stands in `api.board_documents`.
"""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api import html
from api.answers import Body
from api.board_documents import board_document
from api.deps import Serving
from api.households import RoundCode
from api.params import Area, F, Format, format_of, word
from api.requests import base_url
from gis.access.scope import Right
from gis.board.gather import Question, gather
from gis.codes import county_of

router = APIRouter()


@router.get(
    "/board",
    summary="Coverage, the round, visits of today, key sites, patrols: the figures of the wall",
    description="Sums over an area (left out: all that the caller may see), each block with its own `as_of`. Shares are"
    " between 0 and 1. `cases_overdue` is published by month; a number that is null is withheld.",
)
def board(request: Request, serving: Serving, area: Area = None, round: RoundCode = None, f: F = None) -> Response:
    form = format_of(f, Format.json, Format.html)
    as_page = form is Format.html or (form is None and html.asks_html(request, None))
    if round is not None:
        county_of(word(round, "round"), field="round")
    here = serving.inside(Right.figures, area)
    touch = serving.touch(
        Right.figures, area=here or (round and round[:6]), county=True, today=True, patrols=True, quarter=True
    )

    def make(conn: Connection) -> Body:
        within, counties = serving.caller.scope.where(Right.figures), serving.counties(touch)
        ask = Question(here, round, within, counties, serving.now)
        document = board_document(
            gather(
                conn,
                ask,
                lambda since: serving.cell_figures(conn, counties, since, by_day=True),
                lambda figures: serving.visits_today(conn, figures),
                serving.settings,
            )
        )
        if as_page:
            return html.page("大屏数据 · Board", document, base=base_url(request.scope))
        return Body(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), "application/json")

    return serving.answer(touch, make)
