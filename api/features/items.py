"""Items of a collection as GeoJSON: the database writes the text, pages follow the key, nothing is cut off silently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import Connection, text

from api.answers import Body, tag_of
from api.features.collections import Collection
from gis.codes import DIGITS, Level
from gis.errors import NotFound
from gis.storage.queries import query
from gis.storage.revisions import EVERYWHERE, Box, Touch

MEDIA_TYPE: Final = "application/geo+json"
CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_CRS_HEADER: Final = (("Content-Crs", f"<{CRS84}>"),)


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """What a page of items is asked for."""

    collection: Collection
    boxes: tuple[Box, ...] | None = None
    area: str | None = None
    limit: int = 100
    after: int | str | None = None
    after_door: int | None = None
    level: str | None = None
    doorplate: int | None = None
    item: int | str | None = None
    days: tuple[date | None, date | None] | None = None
    within: tuple[str, ...] = EVERYWHERE
    today: date | None = None

    @property
    def touch(self) -> Touch:
        """What the page depends on."""
        area = self.area
        if area is None and self.doorplate is not None:
            area = _county_of_serial(self.doorplate)
        # What was where once is told by no box of what is there now.
        boxes = self.boxes if self.days is None else None
        counted = self.collection.counted
        return Touch(boxes, area, self.within, county=self.collection.shared or counted, households=not counted)

    @property
    def statement(self) -> str:
        """The name of the statement that reads the page."""
        past = self.collection.past
        return self.collection.statement if self.days is None or past is None else past

    def values(self, counties: Sequence[int]) -> dict[str, Any]:
        """The parameters of the collection's statement."""
        boxes = [_polygon(box) for box in self.boxes or ()]
        area = self.area or ""
        return {
            "counties": list(counties),
            "after": self.after,
            "after_door": self.after_door,
            "item": self.item,
            "box": boxes[0] if boxes else None,
            "box2": boxes[1] if len(boxes) > 1 else None,
            "area": self.area if not self.collection.shared else area,
            "first_cell": (area or self.within[0]).ljust(DIGITS[Level.cell], "0"),
            "last_cell": (area or self.within[-1]).ljust(DIGITS[Level.cell], "9"),
            "level": self.level,
            "doorplate": self.doorplate,
            "limit": self.limit,
            "today": self.today,
            "first_on": self.days and self.days[0],
            "last_on": self.days and self.days[1],
        }


def page(conn: Connection, asked: ItemsQuery, counties: Sequence[int], base: str, parameters: dict[str, str]) -> Body:
    """A page of items with its links. `parameters` are those of the request, for the links."""
    rows = _rows(conn, replace(asked, limit=asked.limit + 1), counties)
    shown, more = rows[: asked.limit], len(rows) > asked.limit
    here = f"{base}/collections/{asked.collection.id}/items"
    links = [
        {"rel": "self", "type": MEDIA_TYPE, "href": _address(here, parameters)},
        {"rel": "alternate", "type": "text/html", "href": _address(here, {**parameters, "f": "html"})},
        {"rel": "collection", "type": "application/json", "href": f"{base}/collections/{asked.collection.id}"},
    ]
    if more:
        following = {**parameters, "after": str(shown[-1].key)}
        links.append({"rel": "next", "type": MEDIA_TYPE, "href": _address(here, following)})
    head = {"type": "FeatureCollection", "numberReturned": len(shown)}
    if asked.after is None and not more:
        head["numberMatched"] = len(shown)
    opening = json.dumps({**head, "links": links}, ensure_ascii=False)[:-1]
    return Body(f'{opening},"features":[{",".join(row.feature for row in shown)}]}}'.encode(), MEDIA_TYPE, _CRS_HEADER)


def item(conn: Connection, asked: ItemsQuery, counties: Sequence[int], base: str) -> Body:
    """One item with its links. Raises NotFound."""
    feature = feature_of(conn, asked, counties)
    there = f"{base}/collections/{asked.collection.id}"
    here = f"{there}/items/{quote(str(asked.item), safe='')}"
    links = [
        {"rel": "self", "type": MEDIA_TYPE, "href": here},
        {"rel": "alternate", "type": "text/html", "href": f"{here}?f=html"},
        {"rel": "collection", "type": "application/json", "href": there},
    ]
    return Body(
        f'{feature[:-1]},"links":{json.dumps(links, ensure_ascii=False)}}}'.encode(),
        MEDIA_TYPE,
        _CRS_HEADER,
        tag_of(feature),
    )


def feature_of(conn: Connection, asked: ItemsQuery, counties: Sequence[int]) -> str:
    """One item as the database writes it, without links. Raises NotFound."""
    rows = _rows(conn, replace(asked, limit=1), counties)
    if not rows:
        raise NotFound(
            "id: there is no {key} in {collection}", key=asked.item, collection=asked.collection.id, field="id"
        )
    text: str = rows[0].feature
    return text


def _rows(conn: Connection, asked: ItemsQuery, counties: Sequence[int]) -> Sequence[Any]:
    statement = query(asked.statement)
    wanted = statement.compile().params
    values = asked.values(counties)
    return conn.execute(statement, {name: values[name] for name in wanted}).all()


def county_of_item(asked: ItemsQuery) -> str | None:
    """The county an item's id tells, None where it tells none: then there is no such item."""
    if isinstance(asked.item, int):
        return _county_of_serial(asked.item)
    head = (asked.item or "")[:6]
    return head if len(head) == 6 and head.isascii() and head.isdigit() else None


def area_names(conn: Connection, areas: Sequence[str], counties: Sequence[int]) -> list[tuple[str, str]]:
    """Code and name of the areas that a caller may see (of all counties, where it is everything); an area without a
    division is called by its code."""
    codes = [f"{county:06}" for county in counties] if "" in areas else list(areas)
    found = conn.execute(text("SELECT code, name FROM everycell.division WHERE code = ANY (:codes)"), {"codes": codes})
    names = {row.code: row.name for row in found}
    return [(code, names.get(code, code)) for code in codes]


def _county_of_serial(serial: int) -> str | None:
    county = serial // 1_000_000_000
    return f"{county:06}" if county < 1_000_000 else "999999"


def _polygon(box: Box) -> str:
    west, south, east, north = (repr(value) for value in box)
    if box[:2] == box[2:]:  # a box without area is a point or a line
        return f"SRID=4490;POINT({west} {south})"
    if box[0] == box[2] or box[1] == box[3]:
        return f"SRID=4490;LINESTRING({west} {south},{east} {north})"
    ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
    return f"SRID=4490;POLYGON(({ring}))"


def _address(path: str, parameters: dict[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
