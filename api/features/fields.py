"""What of each collection can be written: the properties, how each is read, and how the documents describe it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from api.params import day, whole
from gis.access.disclosed import LAYERS
from gis.cells.editing.grid import KINDS
from gis.cells.naming import LONGEST_TITLE
from gis.errors import BadInput
from gis.households.load import FIRST_DAY, LAST_DAY
from gis.sites.categories import Category

_MOST_DAYS: Final = 3650
_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Field:
    """A property that can be written. `parse` takes its JSON value and its name, and raises BadInput; `null` tells
    whether it may be null, which is also what a replacement without it means, unless it is `borrowed`: another item's
    that is shown here, and stays as it is where nothing is said of it."""

    parse: Callable[[object, str], Any]
    schema: Mapping[str, Any]
    null: bool = False
    borrowed: bool = False


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise BadInput("{field}: must be a text of printable characters", field=name)
    if len(value.strip()) > LONGEST_TITLE:
        raise BadInput("{field}: is longer than {most} characters", most=LONGEST_TITLE, field=name)
    return value.strip()


def _number(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput("{field}: must be a whole number", field=name)
    return whole(str(value)[: _DIGITS + 1], name)


def _days(value: object, name: str) -> int:
    number = _number(value, name)
    if not 1 <= number <= _MOST_DAYS:
        raise BadInput(
            "{field}: {number} is not between {low} and {high}", number=number, low=1, high=_MOST_DAYS, field=name
        )
    return number


def _day(value: object, name: str) -> Any:
    found = day(value if isinstance(value, str) else "", name)
    if not FIRST_DAY <= found <= LAST_DAY:
        raise BadInput("{field}: lies before {first} or after {last}", first=FIRST_DAY, last=LAST_DAY, field=name)
    return found


def _one_of(*words: str) -> Field:
    def parse(value: object, name: str) -> str:
        if value not in words:
            raise BadInput("{field}: must be one of {words}", words=", ".join(words), field=name)
        return str(value)

    return Field(parse, {"type": "string", "enum": list(words)})


_TEXT: Final = Field(_text, {"type": "string", "maxLength": LONGEST_TITLE})
_TEXT_OR_NULL: Final = Field(_text, {**_TEXT.schema, "nullable": True}, null=True)
_INTERVAL: Final = Field(_days, {"type": "integer", "minimum": 1, "maximum": _MOST_DAYS})
_ON: Final = Field(_day, {"type": "string", "format": "date"})
_ON_OR_NULL: Final = Field(_day, {**_ON.schema, "nullable": True}, null=True)
_SERIAL: Final = Field(_number, {"type": "integer"})

WRITTEN: Final[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
    {
        "cells": {"name": _TEXT, "kind": _one_of(*KINDS)},
        "doorplates": {"address": _TEXT_OR_NULL},
        "households": {
            "doorplate": _SERIAL,
            "address": replace(_TEXT_OR_NULL, borrowed=True),
            "unit": _TEXT_OR_NULL,
            "status": _one_of("active", "exempt"),
            "interval_days": _INTERVAL,
            "registered_on": _ON,
        },
        "sites": {
            "name": _TEXT,
            "category": _one_of(*Category),
            "address": _TEXT_OR_NULL,
            "check_interval_days": _INTERVAL,
            "last_checked_on": _ON_OR_NULL,
        },
    }
)
# What names an item: given once, when it is created, and the same ever after.
FIXED: Final[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
    {
        "cells": {"village": _TEXT, "code": _TEXT},
        "doorplates": {"code": _TEXT, "id": _SERIAL},
        "households": {"code": _TEXT},
        "sites": {"code": _TEXT},
    }
)


def reckoned(collection: str) -> frozenset[str]:
    """The properties that follow from something else, and are never written."""
    return frozenset(LAYERS[collection].properties) - {*WRITTEN[collection], *FIXED[collection], "version"}


def schema_of(collection: str) -> dict[str, Any]:
    """The properties that can be sent, as JSON Schema (OpenAPI 3.0)."""
    fields = {**FIXED[collection], **WRITTEN[collection]}
    listed = {name: dict(field.schema) for name, field in fields.items()}
    return {"type": "object", "properties": {**listed, "version": _VERSION}}


_VERSION: Final = {
    "anyOf": [{"type": "integer"}, {"type": "string"}],
    "description": "The version that was read; wanted by PUT and PATCH without If-Match.",
}
