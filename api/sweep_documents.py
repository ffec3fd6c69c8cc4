"""Sweeps as JSON, GeoJSON and GPX 1.1; shared by HTTP and the command line."""

from __future__ import annotations

import json
from typing import Any, Final
from xml.etree import ElementTree as ET  # nosec B405 - written, never read

from gis.patrol.sweeping.lines import line_of
from gis.patrol.sweeping.request import Walk
from gis.patrol.sweeps import FoundSweep

_GPX: Final = "http://www.topografix.com/GPX/1/1"
_DIGITS: Final = 7


def sweep_document(found: FoundSweep) -> dict[str, Any]:
    """The answer of `POST /patrol/sweeps`."""
    return {
        **figures(found),
        "routes": [
            {**walk_figures(found, walk), "line": {"type": "LineString", "coordinates": _line(found, walk)}}
            for walk in found.sweep.walks
        ],
    }


def figures(found: FoundSweep) -> dict[str, Any]:
    """What a sweep comes to. `bound_m`: no single walk is shorter; `left_out`: metres of street in no route, and why;
    `beyond_m`: metres outside that are passed with the streets inside."""
    made = found.sweep
    return {
        "mode": found.asked.mode.value,
        "network": found.version,
        "streets": len(found.ground.required),
        "street_m": round(made.street_m, 1),
        "walk_m": round(made.walk_m, 1),
        "bound_m": round(made.bound_m, 1),
        "ratio": None if found.ratio is None else round(found.ratio, 4),
        "left_out": [{"why": gap.why.value, "metres": round(gap.metres, 1)} for gap in found.left_out],
        "beyond_m": round(found.ground.beyond_m, 1),
    }


def walk_figures(found: FoundSweep, walk: Walk) -> dict[str, Any]:
    network = found.ground.network
    swept_m = float(network.length_m[network.edge[walk.arcs[walk.fresh]]].sum())
    return {"metres": round(walk.metres, 1), "seconds": round(walk.seconds), "street_m": round(swept_m, 1)}


def _line(found: FoundSweep, walk: Walk) -> list[list[float]]:
    return [[round(lon, _DIGITS), round(lat, _DIGITS)] for lon, lat in line_of(found.ground.network, walk).tolist()]


def sweep_geojson(found: FoundSweep) -> bytes:
    """A FeatureCollection with a line for each route, in the direction in which it is walked."""
    features = [
        {
            "type": "Feature",
            "id": number,
            "geometry": {"type": "LineString", "coordinates": _line(found, walk)},
            "properties": {"route": number, **walk_figures(found, walk)},
        }
        for number, walk in enumerate(found.sweep.walks, 1)
    ]
    return json.dumps({"type": "FeatureCollection", **figures(found), "features": features}).encode()


def sweep_gpx(found: FoundSweep) -> bytes:
    """GPX 1.1 with a track for each route."""
    ET.register_namespace("", _GPX)
    root = ET.Element(f"{{{_GPX}}}gpx", {"version": "1.1", "creator": "everycell"})
    for number, walk in enumerate(found.sweep.walks, 1):
        track = ET.SubElement(root, f"{{{_GPX}}}trk")
        ET.SubElement(track, f"{{{_GPX}}}name").text = f"{number}/{len(found.sweep.walks)}"
        ET.SubElement(track, f"{{{_GPX}}}desc").text = f"{walk.metres / 1000:.1f} km, {walk.seconds / 60:.0f} min"
        part = ET.SubElement(track, f"{{{_GPX}}}trkseg")
        for lon, lat in _line(found, walk):
            ET.SubElement(part, f"{{{_GPX}}}trkpt", {"lat": f"{lat:.7f}", "lon": f"{lon:.7f}"})
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body
