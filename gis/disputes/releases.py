"""The tables of counts of cases that are published: which there are, and their numbers as they are stored.

Each is of a county, a level, a period, and of either all cases but family disputes (by category) or of family disputes
alone. See `gis.disputes.disclosure` for what they show, `gis.disputes.publication` for how they come about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np
from sqlalchemy import Connection

from gis.codes import Level
from gis.disputes.categories import FAMILY, TABLED
from gis.disputes.disclosure import LEVELS, WITHHELD, Layout, Table
from gis.disputes.merging import Ints
from gis.disputes.periods import Period, Span
from gis.settings import Settings
from gis.storage.queries import query

TOTAL: Final = ""  # what stands for the whole of a table where a category would stand


@dataclass(frozen=True, slots=True)
class Release:
    """One published table: of a county, a level and a period; of family disputes or of all others. `grid_on` is the day
    whose grid it counts by."""

    county: int
    level: Level
    period: Period
    family: bool
    grid_on: date
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a table says of one area: its households then, and its numbers by category; None is withheld."""

    households: int
    by_category: Mapping[str, int | None]


def layout_of(settings: Settings) -> Layout:
    """The length of period of each level that the settings give."""
    return Layout(dict(zip(LEVELS, settings.dispute_spans, strict=True)))


def releases(conn: Connection, counties: Sequence[int]) -> list[Release]:
    """The tables that are published of some counties, in the order of time, the widest level first."""
    rows = conn.execute(query("disputes/releases"), {"counties": list(counties)})
    return [
        Release(r.county, Level(r.level), Period(r.first_on, Span(r.span)), r.family, r.grid_on, r.published_at)
        for r in rows
    ]


def of_kind(found: Iterable[Release], county: int, level: Level, *, family: bool) -> list[Release]:
    """Those of a county, a level and a kind, in order."""
    return [one for one in found if (one.county, one.level, one.family) == (county, level, family)]


def overlap(one: Period, other: Period) -> bool:
    """Whether two periods have a day in common."""
    return one.first < other.following.first and other.first < one.following.first


def tiling(found: Iterable[Release], period: Period) -> list[Release]:
    """The tables, of one level and kind, of which a period consists, in order; empty where they do not cover it."""
    parts = sorted((one for one in found if overlap(one.period, period)), key=lambda one: one.period.first)
    first = period.first
    for part in parts:
        if part.period.first != first:
            return []
        first = part.period.following.first
    return parts if first == period.following.first else []


def numbers(
    conn: Connection, county: int, level: Level, period: Period, *, family: bool, prefix: str = ""
) -> dict[Period, dict[str, Numbers]]:
    """What the tables of a level that lie in a period say of the areas in `prefix`, as far as the caller may see it: by
    table and area, in the order of their codes."""
    values = {
        "county": county,
        "level": level.value,
        "family": family,
        "first": period.first,
        "after": period.following.first,
        "prefix": prefix,
    }
    found: dict[Period, dict[str, Numbers]] = {}
    for row in conn.execute(query("disputes/published"), values):
        table = found.setdefault(Period(row.first_on, Span(row.span)), {})
        table[row.area] = Numbers(row.households, row.numbers)
    return found


def columns_of(*, family: bool) -> tuple[str, ...]:
    """The columns of a table of each kind, in order."""
    return (FAMILY.value,) if family else tuple(category.value for category in TABLED)


def aligned(stored: Mapping[str, Numbers], areas: Sequence[str], *, family: bool) -> Table:
    """A stored table in the order of `areas`. An area that it does not have is withheld: nothing is known of it."""
    columns = (TOTAL,) if family else columns_of(family=False)
    totals, parts = np.full(len(areas), WITHHELD, np.int64), np.full((len(areas), len(columns)), WITHHELD, np.int64)
    for row, area in enumerate(areas):
        if area in stored:
            shown = stored[area].by_category
            totals[row] = _stored(shown[TOTAL])
            parts[row] = [_stored(shown[column]) for column in columns]
    return Table(totals, parts)


def _stored(number: int | None) -> int:
    return WITHHELD if number is None else number


def as_stored(table: Table, areas: Sequence[str], households: Ints, *, family: bool) -> list[tuple[str, str, int, int]]:
    """The rows of a table as they are stored: area, category (TOTAL), number (WITHHELD), households."""
    columns = () if family else columns_of(family=False)
    rows = []
    for area, homes, total, parts in zip(
        areas, households.tolist(), table.totals.tolist(), table.parts.tolist(), strict=True
    ):
        rows.append((area, TOTAL, total, homes))
        rows += [(area, column, part, homes) for column, part in zip(columns, parts, strict=False)]
    return rows
