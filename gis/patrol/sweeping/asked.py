"""What a sweep is asked for, out of JSON. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely.errors import GEOSException
from shapely.geometry import shape

from gis.codes import level_of
from gis.errors import BadInput
from gis.patrol.network import Mode

FEWEST_MINUTES, MOST_MINUTES = 10, 24 * 60
SLOWEST_KMH, FASTEST_KMH = 0.5, 60.0
_MOST_CORNERS: Final = 5_000
_MEMBERS: Final = ("area", "polygon", "mode", "start", "shift_minutes", "speed_kmh")


@dataclass(frozen=True)
class AskedSweep:
    """A sweep of an `area` (a code) or of a `polygon` (degrees): one of the two. `start` (lon, lat): where walks begin
    and end. `speed_mps`: how fast a street is passed that is swept."""

    area: str | None
    polygon: shapely.Polygon | shapely.MultiPolygon | None
    mode: Mode
    start: tuple[float, float] | None
    shift_s: float | None
    speed_mps: float | None


def parse_sweep(body: object) -> AskedSweep:
    """A request. Raises BadInput naming the member that cannot be used."""
    if not isinstance(body, dict):
        raise BadInput("{field}: must be a JSON object", field="body")
    for name in body:
        if name not in _MEMBERS:
            raise BadInput("{field}: is no member; there are {words}", words=", ".join(_MEMBERS), field=str(name)[:40])
    area, polygon = body.get("area"), body.get("polygon")
    if (area is None) == (polygon is None):
        raise BadInput("area: give either an area or a polygon", field="area")
    if area is not None:
        level_of(str(area))
    mode = body.get("mode", Mode.foot)
    if mode not in list(Mode):
        raise BadInput("{field}: must be one of {words}", words=", ".join(Mode), field="mode")
    shift = _number(body.get("shift_minutes"), "shift_minutes", FEWEST_MINUTES, MOST_MINUTES)
    speed = _number(body.get("speed_kmh"), "speed_kmh", SLOWEST_KMH, FASTEST_KMH)
    return AskedSweep(
        area=None if area is None else str(area),
        polygon=None if polygon is None else polygon_of(polygon),
        mode=Mode(mode),
        start=_place(body.get("start")),
        shift_s=None if shift is None else shift * 60,
        speed_mps=None if speed is None else speed / 3.6,
    )


def polygon_of(found: object, field: str = "polygon") -> shapely.Polygon | shapely.MultiPolygon:
    """A GeoJSON Polygon or MultiPolygon (or a Feature, or a collection of one, that has it) in degrees."""
    while isinstance(found, dict) and found.get("type") in ("Feature", "FeatureCollection"):
        features = found.get("features")
        if found["type"] == "Feature":
            found = found.get("geometry")
        elif isinstance(features, list) and len(features) == 1:
            found = features[0]
        else:
            raise BadInput("{field}: must hold exactly one polygon", field=field)
    if not isinstance(found, dict) or found.get("type") not in ("Polygon", "MultiPolygon"):
        raise BadInput("{field}: must be a GeoJSON Polygon or MultiPolygon", field=field)
    try:
        made = shape(found)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, GEOSException):
        raise BadInput("{field}: its coordinates are no rings of longitudes and latitudes", field=field) from None
    return _usable(made, field)


def _usable(made: Any, field: str) -> shapely.Polygon | shapely.MultiPolygon:
    if not isinstance(made, shapely.Polygon | shapely.MultiPolygon) or made.is_empty:
        raise BadInput("{field}: is empty", field=field)
    if shapely.get_num_coordinates(made) > _MOST_CORNERS:
        raise BadInput("{field}: has more than {most:,} corners", most=_MOST_CORNERS, field=field)
    west, south, east, north = made.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadInput("{field}: does not lie within longitudes and latitudes in degrees", field=field)
    if not made.is_valid:
        raise BadInput("{field}: crosses itself; draw it without crossing lines", field=field)
    return shapely.force_2d(made)


def _place(found: object) -> tuple[float, float] | None:
    if found is None:
        return None
    if not isinstance(found, dict):
        raise BadInput('start: must be {"lon": …, "lat": …}', field="start")
    lon = _number(found.get("lon"), "start.lon", -180, 180)
    lat = _number(found.get("lat"), "start.lat", -90, 90)
    if lon is None or lat is None:
        raise BadInput('start: must be {"lon": …, "lat": …}', field="start")
    return lon, lat


def _number(found: object, field: str, low: float, high: float) -> float | None:
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise BadInput("{field}: must be a number", field=field)
    if not low <= found <= high:
        raise BadInput(
            "{field}: {number:g} is not between {low:g} and {high:g}", number=found, low=low, high=high, field=field
        )
    return float(found)
