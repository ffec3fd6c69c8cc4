"""Operations out of JSON, by type; what cannot be meant is refused with the name of the member."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import shapely
from shapely import LineString, MultiPoint, MultiPolygon, Polygon

from gis.cells.editing.grid import KINDS, Kind
from gis.cells.editing.issues import Fix, Issue, Refused
from gis.cells.editing.operations import (
    Create,
    LonLat,
    Merge,
    MoveNode,
    MoveToVillage,
    Operation,
    Piece,
    Recut,
    Renumber,
    Reshape,
    Retire,
    SetAttributes,
    Split,
)
from gis.cells.measure import Measure
from gis.codes import Level, level_of
from gis.errors import BadInput
from gis.sentence import NOR, OR, joined
from gis.words import word

_LONGEST_NAME: Final = 100


def parse_operation(data: Mapping[str, Any]) -> Operation:
    """The operation of `{"op": "split", "cell": …, "line": GeoJSON}`.

    Raises BadInput naming the member that is missing, unknown or of the wrong type, and Refused, with a proposal, where
    the rings of a polygon are not closed or there are several parts: that is what hands and programs do.
    """
    name = data.get("op")
    if not isinstance(name, str) or name not in _PARSERS:
        raise BadInput("op: {word!r} is no operation; one of {words}", word=name, words=", ".join(_PARSERS), field="op")
    known, parse = _PARSERS[name]
    for member in data:
        if member != "op" and member not in known:
            raise BadInput(
                "{field}: {operation} has no such member, only {known}",
                operation=name,
                known=", ".join(known),
                field=str(member),
            )
    return parse(data)


def _cell(data: Mapping[str, Any], member: str = "cell") -> str:
    return _code(data.get(member), member, Level.cell)


def _code(value: object, member: str, level: Level) -> str:
    if not isinstance(value, str) or level_of(value, field=member) is not level:
        raise BadInput("{field}: {value!r} is no code of a {level}", value=value, level=word(level), field=member)
    return value


def _new_code(data: Mapping[str, Any]) -> str | None:
    return None if data.get("code") is None else _cell(data, "code")


def _name(data: Mapping[str, Any]) -> str | None:
    value = data.get("name")
    if value is None:
        return None
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value.strip()) <= _LONGEST_NAME:
        raise BadInput("{field}: must be a text of 1 to {most} printable characters", most=_LONGEST_NAME, field="name")
    return value.strip()


def _kind(data: Mapping[str, Any]) -> Kind | None:
    value = data.get("kind")
    if value is not None and value not in KINDS:
        raise BadInput("{field}: {word!r} is neither {words}", word=value, words=joined(KINDS, NOR), field="kind")
    return cast("Kind | None", value)


def _lonlat(value: object, member: str) -> LonLat:
    """A position; a height behind it is dropped."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) < 2:
        raise BadInput("{field}: {value!r} is no position [lon, lat]", value=value, field=member)
    lon, lat = value[0], value[1]
    for number, limit in ((lon, 180), (lat, 90)):
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= limit:
            raise BadInput("{field}: {value!r} is no position in degrees [lon, lat]", value=value, field=member)
    return float(lon), float(lat)


def _coordinates(data: Mapping[str, Any], member: str, *types: str) -> tuple[str, list[Any]]:
    value = data.get(member)
    if not isinstance(value, Mapping) or value.get("type") not in types:
        raise BadInput("{field}: a GeoJSON {types} is wanted", types=joined(types, OR), field=member)
    found = value.get("coordinates")
    if not isinstance(found, list) or not found:
        raise BadInput("{field}: the {type} has no coordinates", type=value["type"], field=member)
    return str(value["type"]), found


def _line(data: Mapping[str, Any]) -> LineString:
    _, found = _coordinates(data, "line", "LineString")
    if len(found) < 2:
        raise BadInput("line: a line has two positions or more", field="line")
    return LineString([_lonlat(position, "line") for position in found])


def _polygon(data: Mapping[str, Any], redo: Callable[[Polygon], Operation]) -> Operation:
    """The operation `redo` makes of the polygon. Raises Refused where it is none, or in several parts."""
    kind, found = _coordinates(data, "polygon", "Polygon", "MultiPolygon")
    parts = [_rings(part) for part in ([found] if kind == "Polygon" else found)]
    short = [ring for rings in parts for ring in rings if len(ring) < 4]
    if short:
        count = {"positions": str(len(short[0]))}
        raise Refused([Issue("INVALID_RING", "ring-short", (), MultiPoint(short[0]), values=count)])
    polygons = sorted((Polygon(shell, holes) for shell, *holes in parts), key=lambda p: p.area, reverse=True)
    for ring in (ring for rings in parts for ring in rings if ring[0] != ring[-1]):
        gap = LineString([ring[-1], ring[0]])
        metres = {"gap": f"{shapely.length(Measure(ring[0][0]).flat(gap)):,.1f}"}
        fixes = (Fix("close-ring", (redo(polygons[0]),)),)
        raise Refused([Issue("INVALID_RING", "ring-open", (), gap, values=metres, fixes=fixes)])
    if len(polygons) > 1:
        rest, number = MultiPolygon(polygons[1:]), {"parts": str(len(polygons))}
        fixes = (Fix("largest-part", (redo(polygons[0]),)),)
        measure = Measure(polygons[0].bounds[0])
        raise Refused([Issue.measured(measure, "MULTIPART", "drawn-in-parts", (), rest, values=number, fixes=fixes)])
    return redo(polygons[0])


def _rings(part: object) -> list[list[LonLat]]:
    if not isinstance(part, list) or not part or not all(isinstance(ring, list) and ring for ring in part):
        raise BadInput("{field}: each ring is a list of positions", field="polygon")
    return [[_lonlat(position, "polygon") for position in ring] for ring in part]


def _reshape(data: Mapping[str, Any]) -> Operation:
    cell = _cell(data)
    return _polygon(data, lambda polygon: Reshape(cell, polygon))


def _merge(data: Mapping[str, Any]) -> Merge:
    codes = data.get("cells")
    if not isinstance(codes, list):
        raise BadInput("cells: a list of codes is wanted", field="cells")
    return Merge(tuple(_code(code, "cells", Level.cell) for code in codes), _cell(data, "keep"))


def _retire(data: Mapping[str, Any]) -> Retire:
    if "to" not in data:
        raise BadInput("to: the neighbour that gets the land, or null where the land leaves the county", field="to")
    return Retire(_cell(data), None if data["to"] is None else _cell(data, "to"))


def _create(data: Mapping[str, Any]) -> Operation:
    village = _code(data.get("village"), "village", Level.village)
    code, name, kind = _new_code(data), _name(data) or "", _kind(data) or "general"
    return _polygon(data, lambda polygon: Create(polygon, village, code, name, kind))


def _recut(data: Mapping[str, Any]) -> Recut:
    codes, pieces = data.get("cells"), data.get("pieces")
    if not isinstance(codes, list):
        raise BadInput("cells: a list of codes is wanted", field="cells")
    if not isinstance(pieces, list) or not all(isinstance(piece, Mapping) for piece in pieces):
        raise BadInput("pieces: a list of objects with a polygon is wanted", field="pieces")
    return Recut(tuple(_code(code, "cells", Level.cell) for code in codes), tuple(map(_piece, pieces)))


def _piece(data: Mapping[str, Any]) -> Piece:
    for member in data:
        if member not in _PIECE:
            raise BadInput(
                "pieces: a piece has no {member}, only {known}", member=member, known=", ".join(_PIECE), field="pieces"
            )
    code, name = _new_code(data), _name(data) or ""
    try:
        op = _polygon(data, lambda polygon: Create(polygon, "", code, name))
    except Refused as refused:  # what would mend one piece is no operation
        raise Refused([replace(issue, fixes=()) for issue in refused.issues]) from None
    return Piece(cast(Create, op).polygon, code, name)


_PIECE: Final = ("polygon", "code", "name")
_Parser = tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Operation]]
_PARSERS: Final[dict[str, _Parser]] = {
    "split": (("cell", "line", "code"), lambda d: Split(_cell(d), _line(d), _new_code(d))),
    "merge": (("cells", "keep"), _merge),
    "reshape": (("cell", "polygon"), _reshape),
    "move_node": (("from", "to"), lambda d: MoveNode(_lonlat(d.get("from"), "from"), _lonlat(d.get("to"), "to"))),
    "create": (("polygon", "village", "code", "name", "kind"), _create),
    "retire": (("cell", "to"), _retire),
    "move_to_village": (
        ("cell", "village", "code"),
        lambda d: MoveToVillage(_cell(d), _code(d.get("village"), "village", Level.village), _new_code(d)),
    ),
    "set": (("cell", "name", "kind"), lambda d: SetAttributes(_cell(d), _name(d), _kind(d))),
    "renumber": (("cell", "code"), lambda d: Renumber(_cell(d), _new_code(d))),
    "recut": (("cells", "pieces"), _recut),
}
