"""An item as it is at this moment, in a transaction that is about to change it; and whether that is what the client has
read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from api.answers import Body, etag_of_state, names_state, tag_of
from api.deps import ServiceFor
from api.features import items
from api.features.collections import Collection
from api.features.qgis import is_qgis
from api.problems import Trouble
from gis.errors import NotFound
from gis.sentence import Sentence, joined


@dataclass(frozen=True)
class Present:
    """An item as the caller may see it. `text` is the feature as the database writes it."""

    collection: Collection
    key: int | str
    county: int
    text: str

    @cached_property
    def feature(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.text)
        return found

    @property
    def properties(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.feature["properties"]
        return found

    @property
    def cell(self) -> str:
        """The cell it lies in, or is."""
        return str(self.properties["code" if self.collection.id == "cells" else "cell"])

    @property
    def tag(self) -> str:
        """Names this very state."""
        return tag_of(self.text)

    @property
    def version(self) -> int | str:
        """Changes with what can be edited."""
        found: int | str = self.properties["version"]
        return found


def query_of(serving: ServiceFor, collection: Collection, key: int | str) -> tuple[items.ItemsQuery, int]:
    """What reads an item, and its county. Raises NotFound for a key that tells no county."""
    asked = items.ItemsQuery(collection, item=key, within=serving.caller.scope.where(collection.right))
    county = items.county_of_item(asked)
    if county is None or not asked.within:
        raise NotFound("id: there is no {key} in {collection}", key=key, collection=collection.id, field="id")
    return asked, int(county)


def read(conn: Connection, serving: ServiceFor, collection: Collection, key: int | str) -> Present:
    """The item as it is now. Raises NotFound where there is none that the caller may see."""
    asked, county = query_of(serving, collection, key)
    return Present(collection, key, county, items.feature_of(conn, asked, [county]))


def shown(conn: Connection, serving: ServiceFor, collection: Collection, key: int | str, base: str) -> Body:
    """The item with its links, as GET answers it."""
    asked, county = query_of(serving, collection, key)
    return items.item(conn, asked, [county], base)


def check(request: Request, present: Present, version: object) -> None:
    """Hold the item against what the client says it has read: the ETag in If-Match, or the version, or both.

    Raises Trouble: 428 where it says nothing, 412 where it is another one, with the present version.
    """
    condition = ",".join(request.headers.getlist("if-match"))
    told: dict[str, Any] = {
        "more": {"version": present.version},
        "headers": {"ETag": etag_of_state(present.tag).decode()},
    }
    if not condition and version is None:
        sentence = Sentence("If-Match: is missing; send the ETag that was read, or its version as properties.version")
        if request.method == "DELETE":
            sentence = Sentence(
                "If-Match: is missing; send the ETag that was read, or its version as the parameter version"
            )
        if is_qgis(request.scope):
            more = Sentence("QGIS does neither here: use the project for QGIS on the database, or the pages")
            sentence = joined([sentence, more])
        raise Trouble("precondition-required", sentence, field="If-Match", **told)
    if condition and not names_state(condition, present.tag):
        raise Trouble("precondition-failed", "If-Match: it has changed since; read it again", field="If-Match", **told)
    if version is not None and str(version) != str(present.version):
        raise Trouble(
            "precondition-failed",
            "version: it has changed since; its version is {version}",
            version=present.version,
            field="version",
            **told,
        )
