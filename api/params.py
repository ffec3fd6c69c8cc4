"""Parameters that several routes take, each parsed to its type; a wrong one is refused in a sentence that names it."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from pydantic import BeforeValidator

from gis.codes import level_of
from gis.errors import BadInput
from gis.storage.revisions import Box
from maps.text import Lang

MAX_LIMIT: Final = 10_000
DEFAULT_LIMIT: Final = 100
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_WHOLE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


def day(text: str, field: str) -> date:
    """A day written 2026-11-22."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadInput("{field}: {text!r} is no day such as 2026-11-22", text=text, field=field)


def interval(text: str, zone: ZoneInfo) -> tuple[date | None, date | None]:
    """An OGC `datetime` as first and last day (None: open): an instant or a day, or two with a slash between; `..` or
    nothing stands for an open end. An instant counts as its day in `zone`."""
    parts = text.split("/")
    if len(parts) > 2 or (len(parts) == 1 and parts[0] in ("", "..")):
        raise BadInput("datetime: must be a day, an instant, or two of them with a slash between", field="datetime")
    first, last = (None if part in ("", "..") else _day_of(part, zone) for part in (parts[0], parts[-1]))
    if first is not None and last is not None and last < first:
        raise BadInput("datetime: {last} lies before {first}", last=last, first=first, field="datetime")
    return first, last


def _day_of(text: str, zone: ZoneInfo) -> date:
    if _DAY.fullmatch(text):
        return day(text, "datetime")
    try:
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(zone).date()
    except (ValueError, OverflowError):
        pass
    raise BadInput(
        "datetime: {text!r} is neither a day nor an instant such as 2026-11-22T08:30:00Z", text=text, field="datetime"
    )


def whole(text: str, field: str, *, low: int = 0, high: int = 10**18) -> int:
    """A whole number from `low` to `high`."""
    if not _WHOLE.fullmatch(text):
        raise BadInput("{field}: {text!r} is no whole number", text=text, field=field)
    number = int(text)
    if not low <= number <= high:
        raise BadInput(
            "{field}: {number} is not between {low} and {high}", number=number, low=low, high=high, field=field
        )
    return number


def word(text: str, field: str, *, longest: int = 100) -> str:
    """A code or another short text: printable, not empty."""
    if not text or len(text) > longest or not text.isprintable():
        raise BadInput("{field}: must be a text of 1 to {most} printable characters", most=longest, field=field)
    return text


def boxes(text: str) -> tuple[Box, ...]:
    """`west,south,east,north` in degrees (or six numbers, with heights that are passed over) as one box, or as two
    where west is greater than east: the box then crosses the antimeridian."""
    parts = text.split(",")
    if len(parts) not in (4, 6) or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        raise BadInput("bbox: must be 4 or 6 numbers: west,south,east,north in degrees", field="bbox")
    numbers = [float(part) for part in parts]
    west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    if not all(math.isfinite(n) for n in numbers) or not (-180 <= west <= 180 and -180 <= east <= 180):
        raise BadInput("bbox: west and east must be between -180 and 180 degrees", field="bbox")
    if not -90 <= south <= north <= 90:
        raise BadInput("bbox: south and north must be between -90 and 90 degrees, south first", field="bbox")
    if west <= east:
        return ((west, south, east, north),)
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def _area(text: object) -> object:
    if isinstance(text, str):
        level_of(text)
    return text


def _limit(text: object) -> object:
    return whole(text, "limit", low=1, high=MAX_LIMIT) if isinstance(text, str) else text


Area = Annotated[
    str | None,
    BeforeValidator(_area),
    Query(description="Only what lies in this area: 6 digits (county), 9 (town), 12 (village) or 15 (cell)."),
]
Limit = Annotated[
    int,
    BeforeValidator(_limit),
    Query(ge=1, le=MAX_LIMIT, description=f"How many items a page has at most, up to {MAX_LIMIT}."),
]
Since = Annotated[
    date | None,
    BeforeValidator(lambda text: day(text, "since") if isinstance(text, str) else text),
    Query(description="The cut-off day, as 2026-11-22; without it the open round's first day, else 90 days back."),
]
Bbox = Annotated[
    str | None,
    Query(description="west,south,east,north in degrees (CRS84); six numbers are read as with heights."),
]


class Format(StrEnum):
    """Representations that `f` may ask for."""

    json = "json"
    html = "html"
    geojson = "geojson"
    csv = "csv"
    gpx = "gpx"
    mvt = "mvt"
    tilejson = "tilejson"
    pdf = "pdf"
    xlsx = "xlsx"


def format_of(text: str | None, *offered: Format) -> Format | None:
    """The representation `f` names, None where it is not given. Raises BadInput for one that is not offered."""
    if text is None:
        return None
    if text not in offered:
        raise BadInput(
            "f: {text!r} is not offered here; give one of {offered}", text=text, offered=", ".join(offered), field="f"
        )
    return Format(text)


F = Annotated[str | None, Query(description="The representation, instead of an Accept header.")]


def lang_of(text: str | None) -> Lang:
    """The language that a page or form names. Raises BadInput for one that the pages do not speak."""
    if text not in (None, "", "zh", "en"):
        raise BadInput("{field}: {lang!r} is none of zh, en", lang=text[:20], field="lang")
    return "en" if text == "en" else "zh"


def _page_language(
    lang: Annotated[str | None, Query(description="The language of a page for a browser: zh or en.")] = None,
) -> None:
    lang_of(lang)


# For routes that have a page of what they say: it speaks both languages.
PAGED: Final = [Depends(_page_language)]
