"""Plans as files: GPX 1.1 for devices, GeoJSON for maps, rows for spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET  # nosec B405 - written, never read

from api.patrol_documents import stop_document
from gis.patrol.afterwards import Line, Report
from gis.patrol.clock import written
from gis.patrol.stored import PlanStop, StoredPlan

_GPX: Final = "http://www.topografix.com/GPX/1/1"
COLUMNS: Final = (
    "team", "position", "arrive_at", "leave_at", "key", "kind", "ref", "address", "name", "category", "cell", "lon",
    "lat", "tier", "points", "minutes", "households", "because", "days", "pinned", "removed", "why_not", "outcome",
    "ticked_at",
)  # fmt: skip
REPORT: Final = (
    "what", "code", "planned", "done", "no_answer", "skipped", "never_ticked", "open", "households", "reached", "known",
    "gained", "team", "address", "kind", "because",
)  # fmt: skip


def chosen(plan: StoredPlan, team: str | None) -> list[str]:
    """The teams that an export shows."""
    return [route.team.code for route in plan.routes if team in (None, route.team.code)]


def label(stop: PlanStop) -> str:
    """What a stop is called where there is room for one line."""
    return stop.stop.name or stop.stop.address or stop.stop.kind.value


def gpx(plan: StoredPlan, team: str | None = None) -> bytes:
    """GPX 1.1: the stops of each team as waypoints, and in their order as a route."""
    ET.register_namespace("", _GPX)
    root = ET.Element(f"{{{_GPX}}}gpx", {"version": "1.1", "creator": "everycell"})
    metadata = ET.SubElement(root, f"{{{_GPX}}}metadata")
    _child(metadata, "name", f"{plan.on} {plan.area}")
    _child(metadata, "time", plan.changed_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    codes = chosen(plan, team)
    for code in codes:
        for stop in plan.route_of(code):
            _point(root, "wpt", stop, f"{code} {stop.seq}")
    for code in codes:
        route = ET.SubElement(root, f"{{{_GPX}}}rte")
        _child(route, "name", f"{code} {plan.on}")
        for stop in plan.route_of(code):
            _point(route, "rtept", stop, f"{stop.seq}")
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _point(parent: ET.Element, tag: str, stop: PlanStop, name: str) -> None:
    point = ET.SubElement(parent, f"{{{_GPX}}}{tag}", {"lat": f"{stop.stop.lat:.8f}", "lon": f"{stop.stop.lon:.8f}"})
    _child(point, "name", f"{name} {label(stop)}")
    _child(point, "desc", f"{written(stop.arrive_s or 0)}–{written(stop.leave_s or 0)}")
    _child(point, "type", stop.stop.kind.value)


def _child(parent: ET.Element, tag: str, text: str) -> None:
    # Signs that XML has no way to write would make the whole file unreadable.
    ET.SubElement(parent, f"{{{_GPX}}}{tag}").text = "".join(c for c in text if c.isprintable())


def geojson(plan: StoredPlan, team: str | None = None) -> bytes:
    """A FeatureCollection: a line for each route, a point for each stop (left out ones too, where no team is given)."""
    codes = chosen(plan, team)
    features = [_route(plan, code) for code in codes]
    features += [_stop(plan, stop) for stop in plan.stops if stop.team in codes or team is None]
    document = {"type": "FeatureCollection", "id": str(plan.id), "on": str(plan.on), "features": features}
    return json.dumps(document, ensure_ascii=False, default=str).encode()


def _route(plan: StoredPlan, code: str) -> dict[str, Any]:
    [route] = [one for one in plan.routes if one.team.code == code]
    line = () if route.times is None else route.times.line
    properties: dict[str, Any] = {"team": code, "mode": route.team.mode.value, "stops": len(plan.route_of(code))}
    if route.times is not None:
        properties |= {
            "begin_at": written(route.times.begin_s),
            "end_at": written(route.times.end_s),
            "metres": round(route.times.metres),
        }
    geometry = {"type": "LineString", "coordinates": line} if len(line) > 1 else None
    return {"type": "Feature", "id": f"route-{code}", "geometry": geometry, "properties": properties}


def _stop(plan: StoredPlan, stop: PlanStop) -> dict[str, Any]:
    properties = stop_document(stop, plan.done.get(stop.key))
    place = {"type": "Point", "coordinates": [properties.pop("lon"), properties.pop("lat")]}
    return {"type": "Feature", "id": stop.key, "geometry": place, "properties": properties}


def rows(plan: StoredPlan, team: str | None = None) -> Iterator[dict[str, Any]]:
    """The stops as rows of COLUMNS: route by route, then what is left out (where no team is given)."""
    codes = chosen(plan, team)
    for stop in plan.stops:
        if stop.team in codes or team is None:
            shown = stop_document(stop, plan.done.get(stop.key))
            shown |= shown.pop("reason") | {"households": stop.num_households}
            done, out = shown.pop("done"), shown.pop("why_not")
            shown |= {"why_not": out and out["why"], "outcome": done and done["outcome"]}
            shown["ticked_at"] = done and done["ticked_at"].isoformat()
            yield {name: shown[name] for name in COLUMNS}


def report_document(plan: StoredPlan, found: Report) -> dict[str, Any]:
    """The shape of `GET /patrol/plans/{id}/report`."""
    return {
        "id": plan.id,
        "area": plan.area,
        "on": plan.on,
        "over": found.over,
        "total": _numbers(found.total),
        "teams": [_numbers(line) for line in found.teams],
        "cells": [_numbers(line) | {"known": line.known, "gained": _share(line)} for line in found.cells],
        "stops": [
            stop_document(stop, done) | {"came": came.value} for stop, came, done in found.stops if stop.seq is not None
        ],
        "missed": [{"key": stop.key, "team": stop.team, "why": came.value} for stop, came, _ in found.missed],
        "left_out": [
            {"key": s.key, "why": s.left_out and s.left_out.why.value} for s, _, _ in found.stops if s.seq is None
        ],
    }


def report_rows(found: Report) -> Iterator[dict[str, Any]]:
    """The report as rows of REPORT: all, teams, cells, and the stops of routes."""
    nothing = dict.fromkeys(REPORT)
    lines: Sequence[tuple[str, Line]] = [
        ("all", found.total),
        *(("team", line) for line in found.teams),
        *(("cell", line) for line in found.cells),
    ]
    for what, line in lines:
        yield nothing | {"what": what} | _numbers(line) | {"known": line.known, "gained": _share(line)}
    for stop, came, done in found.stops:
        if stop.seq is not None:
            yield nothing | {
                "what": "stop",
                "code": stop.key,
                "planned": 1,
                came.value: 1,
                "households": stop.num_households,
                "reached": 0 if done is None else done.num_reached,
                "team": stop.team,
                "address": label(stop),
                "kind": stop.stop.kind.value,
                "because": stop.stop.because.value,
            }


def _numbers(line: Line) -> dict[str, Any]:
    names = ("code", "planned", "done", "no_answer", "skipped", "never_ticked", "households", "reached")
    return {name: getattr(line, name) for name in names} | {"open": line.still_open}


def _share(line: Line) -> float | None:
    return None if line.gained is None else round(line.gained, 6)
