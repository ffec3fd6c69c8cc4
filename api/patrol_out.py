"""What goes out of a plan: files, and what became of it afterwards."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api import tables
from api.deps import ServiceFor, Serving
from api.features.items import MEDIA_TYPE as GEOJSON
from api.params import F, Format, format_of
from api.patrol import Id, counties, note_read
from api.patrol_documents import answer
from api.patrol_exports import COLUMNS, REPORT, geojson, gpx, report_document, report_rows, rows
from gis.access.audit import Action
from gis.errors import BadInput, Conflict
from gis.patrol import plans
from gis.patrol.afterwards import Report, report
from gis.patrol.stored import StoredPlan
from gis.storage.queries import query
from gis.words import word

router = APIRouter()
_CSV: Final = "text/csv; charset=utf-8"
_GPX: Final = "application/gpx+xml"

Team = Annotated[str | None, Query(description="Only this team's route.")]


@router.get("/patrol/plans/{planId:uuid}/export", summary="A plan as a file: GPX 1.1, GeoJSON or CSV")
def export_plan(request: Request, serving: Serving, id: Id, f: F = None, team: Team = None) -> Response:
    form = format_of(f, Format.gpx, Format.geojson, Format.csv) or Format.gpx
    return _file(request, serving, id, form, team)


@router.get("/patrol/plans/{planId:uuid}.gpx", summary="A plan as GPX 1.1")
def plan_as_gpx(request: Request, serving: Serving, id: Id, team: Team = None) -> Response:
    return _file(request, serving, id, Format.gpx, team)


def _file(request: Request, serving: ServiceFor, id: Id, form: Format, team: str | None) -> Response:
    with serving.read() as conn:
        plan = plans.get(conn, counties(serving), id)
    if team is not None and team not in [route.team.code for route in plan.routes]:
        raise BadInput("{field}: the plan has no team {team!r}", team=team[:20], field="team")
    if plan.status == "planning":
        raise Conflict("status: the plan is still being searched", field="status")
    refuse_unrouted(plan)
    serving.service.audits.note(request.scope, Action.export, {"kind": "plan", "form": form.value}, area=plan.area)
    if form is Format.csv:
        body, kind = b"".join(tables.csv_pieces(COLUMNS, rows(plan, team))), _CSV
    elif form is Format.gpx:
        body, kind = gpx(plan, team), _GPX
    else:
        body, kind = geojson(plan, team), GEOJSON
    name = "-".join(["patrol", str(plan.on), *([team] if team else [])])
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form.value}"', "Cache-Control": "no-store"}
    return Response(body, headers=headers, media_type=kind)


@router.get(
    "/patrol/plans/{planId:uuid}/report",
    summary="What became of a plan: per stop, team and cell; coverage gained; what was missed, and why",
)
def plan_report(request: Request, serving: Serving, id: Id, f: F = None) -> Response:
    form = format_of(f, Format.json, Format.csv) or Format.json
    with serving.read() as conn:
        plan = plans.get(conn, counties(serving), id)
        refuse_unrouted(plan)
        found = report_of(conn, plan, over=plan.on < serving.today)
    if form is Format.json:
        note_read(serving, plan)
        return answer(report_document(plan, found))
    serving.service.audits.note(request.scope, Action.export, {"kind": "report", "form": "csv"}, area=plan.area)
    body = b"".join(tables.csv_pieces(REPORT, report_rows(found)))
    headers = {
        "Content-Disposition": f'attachment; filename="patrol-report-{plan.on}.csv"',
        "Cache-Control": "no-store",
    }
    return Response(body, headers=headers, media_type=_CSV)


def refuse_unrouted(plan: StoredPlan) -> None:
    """Raise Conflict for a plan that has no routes: a file of it would be empty, and a report tell of nothing."""
    if not plan.routed:
        raise Conflict(
            "status: plan {id} is {status}: it has no routes", id=plan.id, status=word(plan.status), field="status"
        )


def report_of(conn: Connection, plan: StoredPlan, *, over: bool) -> Report:
    """What became of a plan, with the households of its cells as they are now."""
    cells = sorted({one.stop.cell for one in plan.stops if one.stop.cell})
    known = {
        row.cell: row.known for row in conn.execute(query("patrol/known"), {"county": plan.county, "cells": cells})
    }
    return report(plan, known, over=over)
