"""What QGIS (3.32 and newer) does differently when it edits over OGC API Features, and how it is met without harm.

Read in its source, src/providers/wfs/oapif, and QgsJsonExporter:

- It sends no If-Match, ever. Where `Allow` offers PATCH, a PATCH holds what was changed and no version; else a PUT
  holds all that was read, `properties.version` with it. DELETE never tells a version. So QGIS is offered PUT alone.
- What it PUTs has six decimals: all corners of a cell, and a door whose address alone was changed, would move by up to
  5 cm. What is the rounded image of a corner that the item has, is that corner.
- After a save it keeps the version that it has read, until the layer is read anew (F5).
- It shows the status of a refusal, not its sentence.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final

from starlette.types import Scope

from api.features.sent import Sent
from api.requests import header

_UNITS: Final = 1e6  # a degree in units of the sixth decimal
_TIE: Final = 1e-3  # of such a unit; what is stored has eight decimals
_WITHOUT_VERSION: Final = frozenset({"PATCH", "DELETE"})

Position = Sequence[float]


def is_qgis(scope: Scope) -> bool:
    """Whether a request says that it comes from QGIS (`Mozilla/5.0 QGIS/33400/...`)."""
    return b"QGIS/" in header(scope, b"user-agent")


def offered(methods: Iterable[str], path: str) -> list[str]:
    """Of the methods that a caller may use on a path, those that QGIS can use on items without overwriting anybody."""
    items = path.startswith("/collections/{collectionId}/items/")
    return [method for method in methods if not (items and method in _WITHOUT_VERSION)]


def as_read(sent: Sent, present: Mapping[str, Any]) -> Sent:
    """What QGIS has sent for an item of the geometry `present`, with the corners that it has only rounded."""
    return sent if sent.geometry is None else replace(sent, geometry=unrounded(sent.geometry, present))


def unrounded(sent: Mapping[str, Any], present: Mapping[str, Any]) -> Mapping[str, Any]:
    """A geometry as it was before six decimals were made of it: GeoJSON Point or Polygon, and that which the item has.

    A position that is another than the item's, rounded, stays as it was sent. So does what is no Point or Polygon.
    """
    if sent.get("type") != present.get("type"):
        return sent
    try:
        if sent["type"] == "Point":
            (place,) = _restored([sent["coordinates"]], [present["coordinates"]])
            return {**sent, "coordinates": place}
        if sent["type"] == "Polygon":
            known = [place for ring in present["coordinates"] for place in ring[:-1]]
            if any(ring[0] != ring[-1] for ring in sent["coordinates"]):
                return sent
            rings = [_restored(ring[:-1], known) for ring in sent["coordinates"]]
            return {**sent, "coordinates": [[*ring, ring[0]] for ring in rings]}
    except (KeyError, TypeError, IndexError, ValueError, OverflowError):
        return sent  # what is wrong with it is told where it is read
    return sent


def _restored(places: Iterable[Position], known: Iterable[Position]) -> list[Position]:
    """Each place, or the one of `known` whose rounded image it is; of several with one image each in its turn."""
    images: defaultdict[tuple[int, int] | None, list[Position]] = defaultdict(list)
    for place in known:
        for image in product(_rounded(place[0]), _rounded(place[1])):
            images[image].append(place)
    restored = []
    for place in places:
        found = images.get(_whole(place), [])
        restored.append(place if not found else found.pop(0) if len(found) > 1 else found[0])
    return restored


def _rounded(number: float) -> set[int]:
    """What QGIS may make of a coordinate, in units of the last decimal: two numbers where it ends in just 5."""
    scaled = number * _UNITS
    return {math.floor(scaled + 0.5 - _TIE), math.floor(scaled + 0.5 + _TIE)}


def _whole(place: Position) -> tuple[int, int] | None:
    """A place in such units, None for one with more decimals."""
    x, y = (round(number * _UNITS) for number in place[:2])
    near = abs(place[0] * _UNITS - x) < _TIE and abs(place[1] * _UNITS - y) < _TIE
    return (x, y) if near else None
