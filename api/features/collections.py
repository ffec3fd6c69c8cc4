"""The collections: what they are called, which statement reads them, which parameters they take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from api.params import whole, word
from gis.access.scope import Right
from gis.errors import BadInput, NotFound

_Key = Callable[[str, str], int | str]


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of features. `statement` is a named SQL, `past` the one that reads it as of a day (None: it has no
    past), `key` parses an item's id, `right` is what seeing it needs, `edited` what editing it needs (None: it is not
    edited here). It is `shared` where its statement knows no county, `counted` where it shows published counts;
    answers that are `kept` hold until a cell changes, others are read anew each time.

    Pages follow `after`, the key of the last item: its id, or where items are sorted `by_door` the id of its doorplate,
    a point, and its own.
    """

    id: str
    title: str
    description: str
    statement: str
    key: _Key
    filters: tuple[str, ...] = ("bbox", "area")
    shared: bool = False
    counted: bool = False
    tiles: bool = False
    right: Right = Right.figures
    by_door: bool = False
    geometry: str = "Point"
    past: str | None = None
    kept: bool = True
    edited: Right | None = None


def _code(text: str, field: str) -> str:
    return word(text, field)


def _serial(text: str, field: str) -> int:
    return whole(text, field)


def after_of(collection: Collection, text: str) -> tuple[int | None, int | str]:
    """Where a page goes on: the doorplate (where items are sorted by it) and the key. Raises BadInput."""
    if not collection.by_door:
        return None, collection.key(text, "after")
    door, point, code = text.partition(".")
    if not point:
        raise BadInput("after: is no key of a page: follow the `next` links", field="after")
    return whole(door, "after"), collection.key(code, "after")


_ROWS: Final = (
    Collection(
        "divisions",
        "区划 · Divisions",
        "Counties, towns and villages; each is the union of its cells.",
        "cells/divisions",
        _code,
        filters=("bbox", "area", "level"),
        shared=True,
        geometry="MultiPolygon",
    ),
    Collection(
        "cells",
        "网格 · Cells",
        "The cells that tile every village.",
        "cells/items",
        _code,
        tiles=True,
        geometry="Polygon",
        filters=("bbox", "area", "datetime"),
        past="cells/items_at",
        edited=Right.grid,
    ),
    Collection(
        "doorplates",
        "门牌 · Doorplates",
        "Addresses with a point, each with the figures of the households behind it.",
        "households/doorplates",
        _serial,
        tiles=True,
        right=Right.doors,
        edited=Right.places,
    ),
    Collection(
        "households",
        "户 · Households",
        "Dwellings, at the point of their doorplate, with the last dates they were reached and contacted.",
        "households/items",
        _code,
        filters=("bbox", "area", "doorplate"),
        by_door=True,
        right=Right.doors,
        edited=Right.places,
    ),
    Collection(
        "sites",
        "重点场所 · Key sites",
        "Facilities with their last check.",
        "sites/items",
        _code,
        right=Right.doors,
        edited=Right.places,
    ),
    Collection(
        "routes",
        "巡逻路线 · Routes",
        "The planned routes of teams on patrol today.",
        "patrol/items",
        _code,
        right=Right.patrols,
        geometry="LineString",
        kept=False,
    ),
    Collection(
        "disputes",
        "矛盾纠纷 · Disputes",
        "Cells with the published counts of dispute cases of the last period that is out, by category. For everybody"
        " alike; never cases. A number that is null is withheld where `withheld` names it.",
        "disputes/cells",
        _code,
        counted=True,
        geometry="Polygon",
    ),
)
STREETS: Final = Collection(
    "streets", "道路 · Streets", "The quiet background of the map: tiles only.", "", _code, filters=(), tiles=True
)

COLLECTIONS: Final = MappingProxyType({row.id: row for row in _ROWS})
TILED: Final = MappingProxyType({row.id: row for row in (*_ROWS, STREETS) if row.tiles})


def collection_of(name: str) -> Collection:
    """A collection by its id. Raises NotFound."""
    found = COLLECTIONS.get(name)
    if found is None:
        raise NotFound(
            "{field}: there is no {word!r}; there are {words}",
            word=name,
            words=", ".join(COLLECTIONS),
            field="collection",
        )
    return found


def tiled_of(name: str) -> Collection:
    """A collection that has tiles, by its id. Raises NotFound."""
    found = TILED.get(name)
    if found is None:
        raise NotFound(
            "collection: {name!r} has no tiles; {others} have", name=name, others=", ".join(TILED), field="collection"
        )
    return found
