"""The pages. `maps` draws them; here they get their policy and their place."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.accounts import csrf_of
from api.deps import ServiceFor, Serving
from api.home import waiting
from api.html import MEDIA_TYPE
from api.params import lang_of
from api.permissions import refuse
from gis.access.scope import Right
from gis.cells.sources import credits
from gis.settings import Settings
from maps import csp
from maps.cells import EditPage, edit_page
from maps.disputes import DisputesPage, disputes_page
from maps.heat import HeatPage, heat_page
from maps.home import HomePage, home_page
from maps.households import CoveragePage, coverage_page
from maps.page import BaseMap
from maps.patrol import PatrolPage, patrol_page

router = APIRouter()

Language = Annotated[str, Query(description="zh or en")]


def first_page(request: Request, serving: ServiceFor, lang: str | None) -> Response:
    """The first page: what `GET /` is for browsers. Raises NotSignedIn or NotAllowed."""
    if request.state.caller_unknown is not None:
        raise request.state.caller_unknown
    refuse(serving.caller, Right.figures)
    nonce, now, told = token_urlsafe(18), datetime.now(UTC), _looker(request, serving, lang)
    page = HomePage(nonce=nonce, home=waiting(serving, now), read_at=now.astimezone(serving.settings.zone), **told)
    answer = page_answer(home_page(page), nonce, serving.settings)
    answer.headers["Vary"] = "Accept"
    return answer


@router.get("/maps/coverage", summary="The coverage page")
def coverage_map(
    request: Request,
    serving: Serving,
    lang: Language = "zh",
    since: Annotated[str | None, Query(description="Read by the page: a day, or days back")] = None,
) -> Response:
    nonce, told = token_urlsafe(18), shared(request, serving, lang)
    page = CoveragePage(nonce=nonce, due_soon_days=serving.settings.due_soon_days, **told)
    return page_answer(coverage_page(page), nonce, serving.settings)


@router.get("/maps/edit", summary="The grid editor")
def grid_editor(request: Request, serving: Serving, lang: Language = "zh") -> Response:
    nonce = token_urlsafe(18)
    page = EditPage(nonce=nonce, **shared(request, serving, lang))
    return page_answer(edit_page(page), nonce, serving.settings)


def case_desk(request: Request, serving: ServiceFor, lang: str) -> Response:
    """The case desk: what `GET /disputes` is for browsers."""
    nonce = token_urlsafe(18)
    days = serving.settings.dispute_extension_days
    html = disputes_page(DisputesPage(nonce=nonce, extension_days=days, **shared(request, serving, lang)))
    answer = page_answer(html, nonce, serving.settings)
    answer.headers["Vary"] = "Accept"
    return answer


@router.get("/maps/heat", summary="The page of dispute heat")
def heat_map(request: Request, serving: Serving, lang: Language = "zh") -> Response:
    nonce = token_urlsafe(18)
    page = HeatPage(nonce=nonce, **shared(request, serving, lang))
    return page_answer(heat_page(page), nonce, serving.settings)


@router.get("/maps/patrol", summary="The page of patrols: stops, teams, routes")
def patrol_map(request: Request, serving: Serving, lang: Language = "zh") -> Response:
    nonce = token_urlsafe(18)
    page = PatrolPage(nonce=nonce, **shared(request, serving, lang))
    if not page.barred:
        serving.service.planning.warm()  # while stops are chosen, the process that finds routes begins
    return page_answer(patrol_page(page), nonce, serving.settings)


def shared(request: Request, serving: ServiceFor, lang: str) -> dict[str, Any]:
    """What every page of a map is told. Raises BadInput for a language there is not."""
    told = _looker(request, serving, lang)
    with serving.read() as conn:
        named = credits(conn)
    return {**told, "base_map": _base_map(serving.settings), "credits": named}


def _looker(request: Request, serving: ServiceFor, lang: str | None) -> dict[str, Any]:
    """Who looks at a page, when, in which language. Raises BadInput for one that there is not."""
    return {
        "today": serving.today,
        "zone": serving.settings.zone.key,
        "bounds": serving.extent(),
        "lang": lang_of(lang),
        "base": request.scope.get("root_path", ""),
        "rights": frozenset(right.value for right in Right if serving.caller.scope.allows(right)),
        "areas": {right.value: serving.caller.scope.where(right) for right in Right},
        "who": serving.caller.name,
        "csrf": csrf_of(request, serving.caller) or "",
    }


def page_answer(html: str, nonce: str, settings: Settings, *, workers: bool = False) -> Response:
    """A page with its policy; `workers`: it may have workers of its own."""
    headers = {
        "Content-Security-Policy": csp.policy(nonce, base_map_url=settings.base_map_url, workers=workers),
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(html, headers=headers, media_type=MEDIA_TYPE)


def _base_map(settings: Settings) -> BaseMap | None:
    return BaseMap(settings.base_map_url, settings.base_map_attribution) if settings.base_map_url else None
