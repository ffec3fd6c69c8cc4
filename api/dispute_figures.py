"""Published counts of cases over HTTP: which periods there are, the numbers of areas, and the ledger.

A number that is null (`<5*` in files) is withheld. Nothing here is counted when it is asked for: see
`gis.disputes.publication`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api import html
from api.case_tables import COUNTS, counts_document, counts_row
from api.deps import Reading, ServiceFor, Serving
from api.params import PAGED, Area, F, Format, format_of
from api.spreadsheets import XLSX, ledger_csv, ledger_xlsx
from api.tables import csv_pieces
from gis.access.audit import Action
from gis.access.scope import Right
from gis.codes import Level
from gis.disputes.categories import FAMILY, Category
from gis.disputes.disclosure import LEVELS, check_asked
from gis.disputes.figures import Figures, figures, periods
from gis.disputes.ledger import Lang, ledger, ledger_level
from gis.disputes.periods import Period, period_of
from gis.disputes.releases import layout_of
from gis.errors import BadInput

router = APIRouter()
_CSV: Final = "text/csv; charset=utf-8"

PeriodText = Annotated[
    str, Query(alias="period", description="A year (2026), a quarter (2026Q3) or a month (2026-10).")
]


@router.get(
    "/disputes/periods",
    summary="The periods of which counts of cases are published",
    description="`layout` tells by what each level is counted; a longer period is the sum of what was published.",
    dependencies=PAGED,
)
def list_periods(request: Request, serving: Serving, conn: Reading, f: F = None) -> Response:
    found = periods(conn, _counties(serving, Right.figures))
    layout = layout_of(serving.settings)
    listed = {
        (one.period, one.level): {
            "period": str(one.period),
            "level": one.level.value,
            "grid_on": str(one.grid_on),
            "published_at": one.published_at.isoformat(),
        }
        for one in found
        if not one.family
    }
    document = {
        "today": str(serving.today),
        "layout": {level.value: layout.spans[level].name for level in LEVELS},
        "periods": [listed[key] for key in sorted(listed, key=lambda key: (key[0], LEVELS.index(key[1])))],
    }
    return html.document(request, f, "案件统计时段 · Periods", document)


@router.get(
    "/disputes/counts",
    summary="Published counts of cases of each area in a period",
    description="Of cases registered, by category; family disputes are a table of their own and not in `total`. null"
    " (in CSV `<5*`) is withheld: 1 to 4, or kept back so that no 1 to 4 can be worked out.",
    dependencies=PAGED,
)
def counts(
    request: Request,
    serving: Serving,
    conn: Reading,
    period: PeriodText,
    area: Area = None,
    level: Annotated[Level, Query(description="What the rows are.")] = Level.village,
    category: Annotated[str | None, Query(description=f"Only one of {', '.join(Category)}.")] = None,
    f: F = None,
) -> Response:
    form = _form(request, f)
    asked, one = period_of(period), None if category is None else _category(category)
    if one is FAMILY:
        check_asked(level, asked, one, layout_of(serving.settings), today=serving.today)
    here = serving.inside(Right.figures, area)
    found = _figures(conn, serving, Right.figures, here, level, asked)
    if form is Format.csv:
        _note(serving, "dispute_counts", form, asked, here)
        columns = [name for name in COUNTS if level is not Level.cell or name not in ("family", "all")]
        rows = ({name: counts_row(area)[name] for name in columns} for area in found.areas)
        return _file(b"".join(csv_pieces(columns, rows)), _CSV, f"cases-{asked}.csv")
    document = counts_document(found, one, as_of=serving.today)
    if form is Format.html:
        body = html.page("案件统计 · Counts of cases", document, request.scope)
        return Response(body.content, headers=dict(body.headers), media_type=body.media_type)
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, headers={"Cache-Control": "no-store"}, media_type="application/json")


@router.get(
    "/disputes/ledger",
    summary="The ledger of a period: cases by area and category, as a file",
    description="Rows are villages, or what is counted by so short a period. Withheld numbers are `<5*`.",
)
def ledger_file(
    serving: Serving,
    conn: Reading,
    period: PeriodText,
    area: Area = None,
    lang: Annotated[str, Query(description="`zh` or `en`.")] = "zh",
    f: F = None,
) -> Response:
    form = format_of(f, Format.csv, Format.xlsx) or Format.csv
    asked, here = period_of(period), serving.inside(Right.cases, area)
    level = ledger_level(here, asked, layout_of(serving.settings))
    table = ledger(_figures(conn, serving, Right.cases, here, level, asked), _lang(lang))
    content = ledger_xlsx(table) if form is Format.xlsx else ledger_csv(table)
    _note(serving, "dispute_ledger", form, asked, here)
    return _file(content, XLSX if form is Format.xlsx else _CSV, f"ledger-{asked}.{form}")


# ---- parts of the above


def _counties(serving: ServiceFor, right: Right) -> list[int]:
    return serving.counties(serving.touch(right))


def _figures(
    conn: Connection, serving: ServiceFor, right: Right, area: str | None, level: Level, period: Period
) -> Figures:
    counties = _counties(serving, right)
    return figures(conn, counties, area, level, period, settings=serving.settings, today=serving.today)


def _form(request: Request, f: str | None) -> Format:
    form = format_of(f, Format.json, Format.csv, Format.html)
    return form or (Format.html if html.asks_html(request, None) else Format.json)


def _category(word: str) -> Category:
    if word not in list(Category):
        raise BadInput("{field}: must be one of {words}", words=", ".join(Category), field="category")
    return Category(word)


def _lang(word: str) -> Lang:
    if word not in ("zh", "en"):
        raise BadInput("{field}: {lang!r} is none of zh, en", lang=word, field="lang")
    return "zh" if word == "zh" else "en"


def _note(serving: ServiceFor, kind: str, form: Format, period: Period, area: str | None) -> None:
    """An export is in the audit before it goes out."""
    detail: dict[str, Any] = {"kind": kind, "form": form.value, "period": str(period)}
    serving.service.audits.note(serving.request.scope, Action.export, detail, area=area or "")


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, headers=headers, media_type=media_type)
