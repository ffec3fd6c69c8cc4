"""A plan on paper: a sheet for each team. An export: made anew each time, audited before it goes out."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies import members
from api.deps import ServiceFor, Serving
from api.pages import Language
from api.patrol import Id, JsonBody, counties
from api.patrol_documents import plan_document
from api.problems import Trouble
from api.requests import base_url
from gis.access.audit import Action
from gis.errors import BadInput, NotFound
from gis.patrol import links, plans, surroundings
from gis.patrol.stored import StoredPlan
from gis.patrol.teams import team_code
from maps.text import language

if TYPE_CHECKING:
    from maps.patrol_sheet.rows import Streets

router = APIRouter()
_PDF: Final = "application/pdf"

Team = Annotated[str | None, Query(description="Only this team's sheet.")]


@router.get(
    "/patrol/plans/{planId:uuid}/sheet", summary="Sheets to print (PDF, A4): map, stops, tick boxes for each team"
)
def plan_sheet(request: Request, serving: Serving, id: Id, team: Team = None, lang: Language = "zh") -> Response:
    return _sheet(request, serving, id, team, lang, {})


@router.post(
    "/patrol/plans/{planId:uuid}/sheet",
    summary="The same with the links of teams as QR codes",
    description="The body brings what making the links has answered: the service itself does not know them any more.",
)
def plan_sheet_with_links(request: Request, serving: Serving, id: Id, body: JsonBody) -> Response:
    given = members(body, "team", "lang", "phones")
    team = given.get("team")
    phones = _phones(given.get("phones"), base_url(request.scope))
    return _sheet(
        request, serving, id, None if team is None else team_code(team, "team"), given.get("lang") or "zh", phones
    )


def _phones(listed: object, base: str) -> dict[str, str]:
    """Addresses by team. Raises BadInput for what is no link of this service: no printed code leads elsewhere."""
    if not isinstance(listed, list):
        raise BadInput('phones: a list of {"team", "url"} is wanted', field="phones")
    found = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("url"), str):
            raise BadInput('phones: a list of {"team", "url"} is wanted', field="phones")
        if not one["url"].startswith(f"{base}/p/"):
            raise BadInput("phones: an url is no link of this service", field="phones")
        found[team_code(one.get("team"), "phones")] = one["url"]
    return found


def _sheet(
    request: Request, serving: ServiceFor, id: Any, team: str | None, lang: object, phones: dict[str, str]
) -> Response:
    with serving.read() as conn:
        plan = plans.get(conn, counties(serving), id)
        if lang not in ("zh", "en"):
            raise BadInput("{field}: {lang!r} is none of zh, en", lang=str(lang)[:20], field="lang")
        _refuse_others(conn, plan, phones)
        area = surroundings.area_name(conn, plan.area)
        streets = streets_of(conn, plan, team)
    # Refused before it is noted: what is not made is no export.
    made = _pdf(
        serving, plan, team, str(lang), (area, f"{base_url(request.scope)}/maps/patrol#plan={plan.id}", phones), streets
    )
    serving.service.audits.note(request.scope, Action.export, {"kind": "plan", "form": "pdf"}, area=plan.area)
    name = "-".join(["patrol", str(plan.on), *([team] if team else [])])
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return Response(made, headers=headers, media_type=_PDF)


def _refuse_others(conn: Connection, plan: StoredPlan, phones: dict[str, str]) -> None:
    """Raise BadInput where a link is over, or is not the one of that team in this plan."""
    for team, url in phones.items():
        try:
            link = links.link_of(conn, url.rsplit("/p/", 1)[-1])
        except NotFound:
            raise BadInput("phones: the link of {team} is over: make new ones", team=team, field="phones") from None
        if not (hmac.compare_digest(str(link.plan), str(plan.id)) and link.team == team):
            raise BadInput("phones: the link of {team} is of another team or plan", team=team, field="phones")


def streets_of(conn: Connection, plan: StoredPlan, team: str | None) -> Streets:
    """Streets around the routes of a plan, or of one team, as sheets draw them."""
    from maps.patrol_sheet.rows import Streets

    found = surroundings.streets_near(conn, plan.county, lines_of(plan, team))
    return Streets([s.line for s in found], [s.street_class for s in found], [s.name for s in found])


def lines_of(plan: StoredPlan, team: str | None) -> list[tuple[tuple[float, float], ...]]:
    """The ways of routes, and their stations and stops as lines of one place: a way need not be known."""
    routes = [route for route in plan.routes if team in (None, route.team.code)]
    ways = [leg.line for route in routes if route.times is not None for leg in route.times.legs if leg.line]
    places = [(s.stop.lon, s.stop.lat) for s in plan.stops if s.seq is not None and team in (None, s.team)]
    return [*ways, *((place,) for place in [*places, *(route.team.station for route in routes)])]


def _pdf(
    serving: ServiceFor,
    plan: StoredPlan,
    team: str | None,
    lang: str,
    about: tuple[str, str, dict[str, str]],
    streets: Streets,
) -> bytes:
    from maps.patrol_sheet.pdf import sheets_pdf  # loads NumPy and Shapely: only who asks for a sheet pays
    from maps.patrol_sheet.sheet import About
    from maps.report.pdf import LIMIT_S, TooLong

    area, url, phones = about
    told = About(area, datetime.now(serving.settings.zone), url, phones)
    fonts = serving.settings.report_fonts
    with serving.service.streams.one():
        try:
            return sheets_pdf(
                plan_document(plan), told, streets, team=team, lang=language(lang), fonts=fonts, limit_s=LIMIT_S
            )
        except TooLong:
            raise Trouble(
                "busy", "the PDF was not set within {limit_s:g} s: ask again, or for one team", limit_s=LIMIT_S
            ) from None
