"""Sweeps over HTTP: the shortest walk that passes every street of an area, split by shift."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.bodies import json_body
from api.deps import Serving
from api.features.items import MEDIA_TYPE as GEOJSON
from api.params import F, Format, format_of
from api.patrol import counties
from api.patrol_documents import answer
from api.sweep_documents import sweep_document, sweep_geojson, sweep_gpx
from gis.access.scope import Right
from gis.patrol.sweeping.asked import parse_sweep
from gis.patrol.sweeps import find_sweep, read_streets

router = APIRouter()


@router.post(
    "/patrol/sweeps",
    summary="The shortest walk that passes every street of an area or a polygon; with a shift, one for each team",
    description="`area` (a code) or `polygon` (GeoJSON); `mode` foot or car; `start` {lon, lat}: where walks begin"
    " and ends; `shift_minutes`: none is longer; `speed_kmh`: how fast a street is passed that is swept. Nothing is"
    " kept. `left_out` tells the metres of street that are in no walk, and why; `bound_m` what no single walk can be"
    " shorter than. One-way streets are respected, forbidden turns are not looked at.",
)
def make_sweep(serving: Serving, body: Annotated[object, Depends(json_body)], f: F = None) -> Response:
    form = format_of(f, Format.json, Format.geojson, Format.gpx) or Format.json
    asked = parse_sweep(body)
    if asked.area is not None:
        serving.inside(Right.patrols, asked.area)
    with serving.read() as conn:
        streets = read_streets(conn, asked, counties(serving))
    found = find_sweep(asked, streets)
    if form is Format.json:
        return answer(sweep_document(found))
    content, kind = (sweep_gpx(found), "application/gpx+xml") if form is Format.gpx else (sweep_geojson(found), GEOJSON)
    name = f"sweep-{asked.area or 'polygon'}.{form.value}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, headers=headers, media_type=kind)
