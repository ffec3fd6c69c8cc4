"""One box to find everything by: codes, names and addresses of areas, doorplates, households and key sites."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BeforeValidator
from sqlalchemy import Connection
from starlette.responses import Response

from api.audits import DoorRead, villages_of
from api.deps import Reading, Serving
from api.features.items import MEDIA_TYPE
from api.params import whole
from gis.access.scope import Right
from gis.errors import BadInput
from gis.storage.queries import query

router = APIRouter()
_LONGEST: Final = 100
_MOST: Final = 100
_LAST: Final = "\U0010ffff"

SearchLimit = Annotated[
    int,
    BeforeValidator(lambda text: whole(text, "limit", low=1, high=_MOST) if isinstance(text, str) else text),
    Query(ge=1, le=_MOST, description=f"How many to find at most, up to {_MOST}."),
]


@router.get("/search", summary="Find areas, doorplates, households and key sites by code, name or address")
def search(
    request: Request,
    conn: Reading,
    serving: Serving,
    q: Annotated[str, Query(description="What to look for; words in any order, full-width digits too.")],
    limit: SearchLimit = 20,
) -> Response:
    touch = serving.touch(Right.doors)
    if serving.caller.scope.allows(Right.doors):
        doors = villages_of(chain.from_iterable(serving.touched(touch).values()))
        serving.service.audits.note_read(request.scope, DoorRead("search", doors))
    features = found(conn, _text(q), serving.counties(serving.touch(Right.figures)), limit)
    document = {"type": "FeatureCollection", "numberReturned": len(features), "features": features}
    content = json.dumps(document, ensure_ascii=False).encode()
    return Response(content, headers={"Cache-Control": "no-store"}, media_type=MEDIA_TYPE)


def _text(q: str) -> str:
    """What was typed, with full-width signs as plain ones and single spaces."""
    text = " ".join(unicodedata.normalize("NFKC", q).split())
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise BadInput("{field}: must be a text of 1 to {most} printable characters", most=_LONGEST, field="q")
    return text


def found(conn: Connection, text: str, counties: Sequence[int], limit: int) -> list[dict[str, Any]]:
    """GeoJSON features, at most `limit`: areas first, then key sites, then what has such a code, then addresses."""
    features: dict[tuple[str, str], dict[str, Any]] = {}
    for feature in _in_order(conn, text, counties, limit):
        features.setdefault((feature["properties"]["kind"], feature["properties"]["code"]), feature)
        if len(features) >= limit:
            break
    return list(features.values())


def _in_order(conn: Connection, text: str, counties: Sequence[int], limit: int) -> Iterator[dict[str, Any]]:
    values = {
        "counties": list(counties),
        "text": text,
        "patterns": [f"%{_literal(term)}%" for term in text.split()],
        "fold": text.upper() != text.lower(),
        "limit": limit,
    }
    for row in conn.execute(query("cells/search"), values):
        yield _box_feature(row._mapping)
    for row in conn.execute(query("sites/search"), values):
        yield _point_feature(row._mapping)
    if " " not in text:
        # One range of codes a county, and one with the county's digits put in front.
        pairs = [(county, begin) for county in counties for begin in (text, f"{county:06}-{text}")]
        ranges = {
            "counties": [county for county, _ in pairs],
            "first": [begin for _, begin in pairs],
            "last": [begin + _LAST for _, begin in pairs],
        }
        coded = conn.execute(query("households/search_codes"), {**values, **ranges}).all()
        yield from (_point_feature(row._mapping) for row in coded)
        if coded and text.isascii():
            return  # a code was meant: addresses, which are read one by one, have nothing to add
    for row in conn.execute(query("households/search_addresses"), values):
        yield _point_feature(row._mapping)


def _literal(term: str) -> str:
    """A term with what LIKE reads as wildcards taken literally."""
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _point_feature(row: Any) -> dict[str, Any]:
    properties = {name: value for name, value in row.items() if name not in ("lon", "lat") and value is not None}
    properties.setdefault("name", properties.get("address", properties["code"]))
    return _feature({"type": "Point", "coordinates": [row["lon"], row["lat"]]}, properties)


def _box_feature(row: Any) -> dict[str, Any]:
    west, south, east, north = row["west"], row["south"], row["east"], row["north"]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    feature = _feature({"type": "Polygon", "coordinates": [ring]}, {k: row[k] for k in ("kind", "code", "name")})
    return feature | {"bbox": [west, south, east, north]}


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": properties.get("id", properties["code"]),
        "geometry": geometry,
        "properties": properties,
    }
