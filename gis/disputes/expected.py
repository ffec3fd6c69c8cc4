"""What a reader of the published tables expects of each cell: the numbers that heat and hot spots are drawn from.

Below a year villages and cells have no figures (`Layout`), so a cell's number in a month is the county's of the month,
times the town's share of its quarter, times the village's share and the cell's share of their years; what is withheld
is spread as `gis.disputes.disclosure.spread` says. All of it comes from published numbers and the grid as it is now,
and tells no more than they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

import numpy as np
from sqlalchemy import Connection

from gis.codes import DIGITS, Level
from gis.disputes.categories import FAMILY, TABLED, Category
from gis.disputes.disclosure import LEVELS, WITHHELD, Floats, Table, expected, spread
from gis.disputes.merging import Flags, Ints
from gis.disputes.periods import Period
from gis.disputes.releases import Release, aligned, numbers, of_kind, releases, tiling
from gis.errors import BadInput, NotFound
from gis.storage.queries import query

_ABOVE: Final = dict(zip(LEVELS[1:], LEVELS, strict=False))
# Where nothing is expected of any area, households decide, and here by how little they do otherwise.
_LITTLE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of the live cells of some counties in a period: `number` (n,), and `shown` (n,) where that is
    the cell's own published number. `base` is the period from whose table the shares inside villages come: the period
    itself where cells are counted by it; None where none is published yet and households give them."""

    codes: tuple[str, ...]
    households: Ints
    number: Floats
    shown: Flags
    period: Period
    base: Period | None


def expected_cells(conn: Connection, counties: Sequence[int], period: Period, category: Category | None) -> Expected:
    """What is expected of every live cell of the counties of which the period is published, in the order of codes;
    without a category all cases but family disputes.

    `conn` has to see all of these counties (`widened`), for every reader is shown the same; whoever calls this cuts it
    to the caller's areas. Raises NotFound where figures of the period are published of none, BadInput for family
    disputes, RuntimeError where `conn` does not see a county's own figures.
    """
    if category is FAMILY:
        raise BadInput("category: family disputes are not counted below village level", field="category")
    found = releases(conn, counties)
    parts = [
        _County(conn, county, found, category).cells(period)
        for county in dict.fromkeys(one.county for one in found)
        if _published(of_kind(found, county, Level.county, family=False), period)
    ]
    if not parts:
        raise NotFound("period: no figures of {period} are published", period=period, field="period")
    bases = [part.base for part in parts if part.base is not None]
    return Expected(
        tuple(code for part in parts for code in part.codes),
        np.concatenate([part.households for part in parts]),
        np.concatenate([part.number for part in parts]),
        np.concatenate([part.shown for part in parts]),
        period,
        max(bases) if bases else None,
    )


def expected_in(conn: Connection, county: int, periods: Sequence[Period], category: Category | None) -> list[Expected]:
    """The same of one county in several periods, in their order, all of which are published: every table is read
    once."""
    here = _County(conn, county, releases(conn, [county]), category)
    return [here.cells(period) for period in periods]


def _published(found: Sequence[Release], period: Period) -> list[Release]:
    """The tables of one level that tell of a period: those of which it consists, or the longer one that it lies in."""
    return tiling(found, period) or [one for one in found if one.period.first <= period.first < _after(one.period)]


def _after(period: Period) -> date:
    return period.following.first


def _sum(numbers: Sequence[Floats]) -> Floats:
    total: Floats = np.sum(numbers, axis=0)
    return total


class _County:
    """The areas of a county by today's grid, and what is expected of them, from `found`: its published tables."""

    def __init__(
        self,
        conn: Connection,
        county: int,
        found: Sequence[Release],
        category: Category | None,
        of: _County | None = None,
    ) -> None:
        self._conn, self._county, self._category = conn, county, category
        self._found = {level: of_kind(found, county, level, family=False) for level in LEVELS}
        rows = conn.execute(query("disputes/households_of_cells"), {"counties": [county]}).all()
        self._cells, homes = [row.code for row in rows], np.array([row.households for row in rows], np.int64)
        self._areas: dict[Level, list[str]] = {}
        self._households: dict[Level, Ints] = {}
        for level in LEVELS:
            areas, inside = np.unique([cell[: DIGITS[level]] for cell in self._cells], return_inverse=True)
            self._areas[level] = areas.tolist()
            self._households[level] = np.bincount(inside, homes, minlength=len(areas)).astype(np.int64)
        self._tables: dict[tuple[Level, Period], Table] = {} if of is None else of._tables
        self._known: dict[tuple[Level, Period], Floats] = {}
        # Of a category, what is withheld goes where the cases of all categories are.
        self._all = None if category is None else _County(conn, county, found, None, self)

    def cells(self, period: Period) -> Expected:
        """What is expected of the cells in a period of which figures of the county are published."""
        base, exact = self._base(Level.cell, period)
        shown = np.zeros(len(self._cells), bool)
        if exact:
            shown = np.logical_and.reduce([self._counts(Level.cell, one) != WITHHELD for one in base])
        return Expected(
            tuple(self._cells),
            self._households[Level.cell],
            self._number(Level.cell, period),
            shown,
            period,
            period if exact else base[0].period if base else None,
        )

    def _number(self, level: Level, period: Period) -> Floats:
        """What is expected of each area of a level in any period."""
        if (level, period) not in self._known:
            work = self._of_county if level is Level.county else partial(self._below, level)
            self._known[level, period] = work(period)
        return self._known[level, period]

    def _of_county(self, period: Period) -> Floats:
        found = self._found[Level.county]
        tables = tiling(found, period)
        if tables:
            return _sum([self._of_county_in(one) for one in tables])
        for one in _published(found, period):
            return self._of_county_in(one) * (int(period.span) / int(one.period.span))
        return np.zeros(1)

    def _of_county_in(self, one: Release) -> Floats:
        """What is expected of the county in the period of a table: of a withheld category an equal share of what is
        left of all of them."""
        table = self._table(one)
        total = expected(table, self._households[Level.county])
        if self._category is None:
            return total
        parts = table.parts[0]
        number = parts[TABLED.index(self._category)]
        rest = np.maximum(total - parts[parts != WITHHELD].sum(), 0.0)
        return rest / (parts == WITHHELD).sum() if number == WITHHELD else np.array([number], np.float64)

    def _below(self, level: Level, period: Period) -> Floats:
        above = self._number(_ABOVE[level], period)
        parent = self._parent(level)
        base, exact = self._base(level, period)
        here = _sum([self._told(level, one) for one in base]) if base else self._by_households(level)
        if exact:
            return here
        there = np.bincount(parent, here, minlength=len(above))
        homes = self._by_households(level)
        share = np.where(
            there[parent] > 0,
            np.divide(here, there[parent], out=np.zeros_like(here), where=there[parent] > 0),
            homes / np.bincount(parent, homes, minlength=len(above))[parent],
        )
        return above[parent] * share

    def _base(self, level: Level, period: Period) -> tuple[list[Release], bool]:
        """The tables that tell how a period is distributed, and whether they are of that very period."""
        found = self._found[level]
        exact = tiling(found, period)
        return exact or _published(found, period)[:1] or found[-1:], bool(exact)

    def _told(self, level: Level, one: Release) -> Floats:
        """What is expected of each area in the period of a table of its level."""
        above, parent = self._number(_ABOVE[level], one.period), self._parent(level)
        if self._all is None:
            return expected(self._table(one), self._households[level], parent, above)
        others = self._table(one).parts
        rest = self._all._told(level, one) - np.where(others == WITHHELD, 0, others).sum(axis=1)
        weights = np.maximum(rest, 0.0) + _LITTLE * self._by_households(level)
        return spread(self._counts(level, one), weights, parent, above)

    def _counts(self, level: Level, one: Release) -> Ints:
        table = self._table(one)
        return table.totals if self._category is None else table.parts[:, TABLED.index(self._category)]

    def _table(self, one: Release) -> Table:
        key = (one.level, one.period)
        if key not in self._tables:
            stored = numbers(self._conn, self._county, one.level, one.period, family=False).get(one.period, {})
            if one.level is Level.county and not stored:
                raise RuntimeError(f"the figures of county {self._county:06} itself have to be seen: widen the scope")
            self._tables[key] = aligned(stored, self._areas[one.level], family=False)
        return self._tables[key]

    def _parent(self, level: Level) -> Ints:
        codes = [area[: DIGITS[_ABOVE[level]]] for area in self._areas[level]]
        return np.searchsorted(self._areas[_ABOVE[level]], codes).astype(np.int64)

    def _by_households(self, level: Level) -> Floats:
        """Households, one at least: somebody may live where nobody is known to."""
        return np.maximum(self._households[level], 1).astype(np.float64)
