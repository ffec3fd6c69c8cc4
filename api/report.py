"""The monthly report of an area, as a page, a PDF or a workbook. An export: never answered from memory."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response
from starlette.types import Scope

from api.deps import ServiceFor, Serving
from api.features.items import area_names
from api.html import MEDIA_TYPE as HTML
from api.html import frame_of, render, security_headers
from api.pages import Language
from api.params import Area, F, Format, format_of
from api.problems import Trouble
from api.requests import wants_html
from api.spreadsheets import XLSX
from gis.access.audit import Action
from gis.access.scope import ALL, Right
from gis.disputes.periods import Period
from gis.errors import BadInput
from gis.report.months import month_of
from gis.settings import Settings
from gis.storage.engine import widened
from gis.storage.revisions import EVERYWHERE
from maps import csp
from maps.text import language, translator

if TYPE_CHECKING:
    from gis.report.content import Report

router = APIRouter()
_MEDIA: Final = {
    Format.html: HTML,
    Format.pdf: "application/pdf",
    Format.xlsx: XLSX,
}

Month = Annotated[str | None, Query(description="The month, as 2026-10; without it the last that is over.")]


@router.get("/report", summary="The monthly report of an area: a page, f=pdf or f=xlsx")
def report(
    request: Request, serving: Serving, area: Area = None, month: Month = None, lang: Language = "zh", f: F = None
) -> Response:
    form = format_of(f, Format.html, Format.pdf, Format.xlsx) or Format.html
    if lang not in ("zh", "en"):
        raise BadInput("{field}: {lang!r} is none of zh, en", lang=lang, field="lang")
    about = month_of(month, serving.today)
    here = serving.inside(Right.figures, area) or _only_county(serving)
    if here is None and wants_html(request.scope):
        return _areas(request, serving, lang, month)
    if here is None:
        raise BadInput("area: is missing; give the code of the county, town, village or cell", field="area")
    detail = {"kind": "report", "form": form.value, "month": str(about)}
    serving.service.audits.note(request.scope, Action.export, detail, area=here)
    with serving.service.streams.one():
        found = _gathered(serving, here, about)
        return _answer(form, lang, here, about, found, serving.settings, request.scope)


def _only_county(serving: ServiceFor) -> str | None:
    """The only county of somebody who may see everything; None where there are several, or none."""
    counties = serving.counties(serving.touch(Right.figures))
    everything = serving.caller.scope.where(Right.figures) == EVERYWHERE
    return f"{counties[0]:06}" if everything and len(counties) == 1 else None


def _areas(request: Request, serving: ServiceFor, lang: str, month: str | None) -> Response:
    """The page on which somebody with several areas chooses one."""
    nonce, own, spoken = token_urlsafe(16), serving.caller.scope.where(Right.figures), language(lang)
    with serving.read() as conn:
        listed = area_names(conn, own, serving.counties(serving.touch(Right.figures)))
    asked, _ = {} if month is None else {"month": month}, translator(language(lang))
    html = render(
        "report_areas.html",
        frame_of(request.scope, nonce, spoken, here="report"),
        title=translator(spoken)("Monthly report"),
        areas=[(code, name, urlencode({"area": code, **asked, "lang": lang})) for code, name in listed],
    )
    return Response(html, headers={**security_headers(nonce), "Vary": "Accept"}, media_type=HTML)


def _gathered(serving: ServiceFor, area: str, month: Period) -> Report:
    from gis.report.cases import Reader  # loads NumPy and Shapely, here and below: only who asks for a report pays
    from gis.report.gather import gather

    reader = Reader(
        serving.caller.scope.where(Right.figures),
        lambda conn: widened(conn, ALL.settings(), serving.told),
        serving.service.drawn,
    )
    with serving.read() as conn:
        return gather(conn, area, month, reader, settings=serving.settings, today=serving.today)


def _answer(
    form: Format, lang: str, area: str, month: Period, found: Report, settings: Settings, scope: Scope
) -> Response:
    from maps.report.assemble import document

    made, nonce = document(found, language(lang)), token_urlsafe(18)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
    if form is Format.html:
        from maps.report.page import page

        headers["Content-Security-Policy"] = csp.policy(nonce)
        frame = frame_of(scope, nonce, language(lang), here="report")
        return Response(page(made, frame, _ways(frame.base, area, month, lang)), headers=headers, media_type=HTML)
    headers["Content-Disposition"] = f'attachment; filename="report-{area}-{month}.{form.value}"'
    if form is Format.xlsx:
        from maps.report.workbook import workbook

        return Response(workbook(made), headers=headers, media_type=_MEDIA[form])
    from maps.report.pdf import LIMIT_S, TooLong, pdf

    try:
        return Response(pdf(made, settings.report_fonts, LIMIT_S), headers=headers, media_type=_MEDIA[form])
    except TooLong:
        raise Trouble(
            "busy",
            "the PDF was not set within {limit_s:g} s: ask again, or for a smaller area, or for f=html",
            limit_s=LIMIT_S,
        ) from None


def _ways(base: str, area: str, month: Period, lang: str) -> list[tuple[str, str]]:
    """Where one may go on from the page: the same report in other forms, and the month before."""

    def address(about: Period, **more: str) -> str:
        return f"{base}/report?{urlencode({'area': area, 'month': str(about), 'lang': lang, **more})}"

    _ = translator(language(lang))
    return [
        (_("The month before"), address(month_of(None, month.first))),
        (_("As PDF"), address(month, f="pdf")),
        (_("As workbook"), address(month, f="xlsx")),
    ]
