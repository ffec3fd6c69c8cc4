"""A feature as a client sends it, parsed without trust: who names a property that there is not is told so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request

from api.bodies import DRAWN_BYTES, parse_json, read_body
from api.features.collections import Collection
from api.features.fields import FIXED, WRITTEN, reckoned
from api.features.items import CRS84
from api.problems import Trouble
from gis.errors import BadInput, PersonalData
from gis.exchange.headers import Kind
from gis.exchange.personal_headings import personal_heading
from gis.sentence import OR, joined

MEDIA_TYPES: Final = ("application/geo+json", "application/json")
PATCH_TYPES: Final = ("application/merge-patch+json", *MEDIA_TYPES)
# Members of a feature that say nothing to be stored.
_PASSED_OVER: Final = frozenset({"links", "bbox", "issues"})
_KEPT: Final = frozenset({"type", "id", "geometry", "properties"})
_CRS84: Final = frozenset({CRS84, CRS84.replace("/1.3/", "/0/"), "urn:ogc:def:crs:OGC:1.3:CRS84"})


@dataclass(frozen=True, slots=True)
class Sent:
    """A feature that was sent: GeoJSON geometry (None: not given), the properties that can be written and those that
    name it, each parsed, and the version that the client has read (None: not told)."""

    geometry: Mapping[str, Any] | None
    written: Mapping[str, Any]
    fixed: Mapping[str, Any]
    version: Any


async def feature_body(request: Request) -> Mapping[str, Any]:
    """The body of a request that writes a feature, as a JSON object. Raises Trouble for another media type, BadInput
    for another coordinate system or what is no object."""
    kinds = PATCH_TYPES if request.method == "PATCH" else MEDIA_TYPES
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind and kind not in kinds:
        raise Trouble(
            "unsupported-media-type",
            "Content-Type: {kind!r} is not understood; send {kinds}",
            kind=kind[:100],
            kinds=joined(kinds, OR),
            field="Content-Type",
        )
    crs = request.headers.get("content-crs", f"<{CRS84}>").strip()
    if crs.removeprefix("<").removesuffix(">") not in _CRS84:
        raise BadInput("Content-Crs: is not known here; send coordinates in {crs}", crs=CRS84, field="Content-Crs")
    body = parse_json(await read_body(request, DRAWN_BYTES))
    if not isinstance(body, dict):
        raise BadInput("body: must be a GeoJSON Feature", field="body")
    return body


def sent_whole(collection: Collection, body: Mapping[str, Any], id: str | None) -> Sent:
    """A whole feature, for a new item (`id` None) or in place of the item `id`.

    Properties that follow from others are passed over. Raises BadInput naming the member or property that is missing,
    unknown or of the wrong type, PersonalData for a property that is called after a person.
    """
    if body.get("type") != "Feature":
        raise BadInput("type: must be Feature; send one feature at a time", field="type")
    sent = _parsed(collection, body, id)
    if sent.geometry is None:
        raise BadInput("{field}: is missing", field="geometry")
    if id is None:
        return sent
    fields = WRITTEN[collection.id]
    missing = [name for name, field in fields.items() if name not in sent.written and not field.null]
    if missing:
        raise BadInput("{field}: is missing; PUT replaces all of the item, PATCH a part of it", field=missing[0])
    empty = {name: None for name, field in fields.items() if name not in sent.written and not field.borrowed}
    return Sent(sent.geometry, {**sent.written, **empty}, sent.fixed, sent.version)


def sent_part(collection: Collection, body: Mapping[str, Any], id: str) -> Sent:
    """A part of a feature (RFC 7396): what is not in it stays as it is. Raises as `sent_whole` does, and BadInput for a
    property that follows from others."""
    if body.get("type", "Feature") != "Feature":
        raise BadInput("type: must be Feature", field="type")
    if "geometry" in body and body["geometry"] is None:
        raise BadInput("geometry: must not be null: every item has a place", field="geometry")
    sent = _parsed(collection, body, id)
    follows = sorted(reckoned(collection.id) & (body.get("properties") or {}).keys())
    if follows:
        raise BadInput("{field}: follows from something else, and is not written", field=follows[0])
    return sent


def _parsed(collection: Collection, body: Mapping[str, Any], id: str | None) -> Sent:
    for member in body:
        if member not in _KEPT | _PASSED_OVER:
            raise BadInput("{field}: a feature has no such member", field=member[:100])
    if id is not None and body.get("id") is not None and str(body["id"]) != id:
        raise BadInput("id: is not that of the address, {id}", id=id, field="id")
    given = body.get("properties")
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise BadInput("{field}: must be a JSON object", field="properties")
    if id is None:  # a new item: what is null is not given
        given = {name: value for name, value in given.items() if value is not None}
    geometry = body.get("geometry")
    if geometry is not None and not isinstance(geometry, dict):
        raise BadInput("geometry: must be a GeoJSON geometry", field="geometry")
    _refuse_unknown(collection, given)
    written = {
        name: _value(WRITTEN[collection.id][name], given, name) for name in WRITTEN[collection.id].keys() & given
    }
    fixed = {
        name: field.parse(given[name], name)
        for name, field in FIXED[collection.id].items()
        if given.get(name) is not None
    }
    return Sent(geometry, written, fixed, given.get("version"))


def _value(field: Any, given: Mapping[str, Any], name: str) -> Any:
    value = given[name]
    if field.null and (value is None or value == ""):
        return None
    if value is None:
        raise BadInput("{field}: must not be null", field=name)
    return field.parse(value, name)


def _refuse_unknown(collection: Collection, given: Mapping[str, Any]) -> None:
    known = {*WRITTEN[collection.id], *FIXED[collection.id], *reckoned(collection.id), "version"}
    for name in given:
        if name in known:
            continue
        field = name[:100]
        kind = Kind.cells if collection.id == "cells" else Kind.households
        if personal_heading(field, kind) is not None:
            raise PersonalData(
                "{field}: looks personal: everycell keeps places, not people; nothing was stored",
                field=field,
            )
        raise BadInput(
            "{field}: {collection} have no such property; they have {known}",
            collection=collection.id,
            known=", ".join(sorted(known)),
            field=field,
        )


def point_of(geometry: Mapping[str, Any]) -> tuple[float, float]:
    """The position (lon, lat) of a GeoJSON Point, to 1e-8 degrees; a height is dropped. Raises BadInput."""
    place = geometry.get("coordinates")
    if geometry.get("type") != "Point" or not isinstance(place, list) or len(place) < 2:
        raise BadInput("geometry: a GeoJSON Point is wanted", field="geometry")
    lon, lat = place[:2]
    for number, most in ((lon, 180), (lat, 90)):
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= most:
            raise BadInput("geometry: must be a position in degrees, [lon, lat]", field="geometry")
    return round(float(lon), 8), round(float(lat), 8)
