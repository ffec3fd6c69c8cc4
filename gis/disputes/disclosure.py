"""The one way by which counts of cases leave the database: tables published once, and what may be asked of them.

**What there is.** For each county and closed calendar period a table for each level (county, town, village, cell), with
the total of each area and its categories; family disputes in a table of their own, down to village level. Each level
has one length of period (`Layout`), the same or longer the further down: months for the county, quarters for towns,
years for villages and cells if nothing else is said. A longer period of an area is the sum of what was published for
its parts, or is withheld.

**What is shown.** A count is shown where it is 0 or at least K = 5 and where showing it tells nothing of one that is
not; an area with fewer than 10 households shows nothing but 0. Withheld counts have one mark, `MARK`, whether they are
small themselves or kept back for others: two marks would tell which is which.

**When.** A table is made once, after its period is over, from the cases that are counted in it (a case is never counted
in a month whose figures are out), on the grid that was published then, and never again: corrections, other grids and
later settings change no published number. The running period has no figures. So there are no two
numbers of the same cases to be held against each other, whether today's and yesterday's, or old grid's and new grid's.

Beside the counts of registered cases there is one of cases past their date, at the end of each month
(`gis.disputes.overdue`): merged in the same way, and kept back where it would tell of these (`kept_back`).

The tables of a level are made from what was published above (`publish_top`, `publish_below`), never anew: a later table
cannot take back what an earlier one withheld. Every reader sees the same numbers, cut to the own area.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.codes import Level, level_of
from gis.disputes.categories import FAMILY, Category
from gis.disputes.merging import Flags, Ints, K, is_small, merge, merge_top
from gis.disputes.periods import Period, Span
from gis.errors import BadInput, NotFound
from gis.words import word

WITHHELD: Final = -1  # in arrays; NULL in the database, null in JSON
MARK: Final = "<5*"  # in tables for people; the asterisk: "1 to 4, or kept back so that no 1 to 4 can be worked out"
Floats = NDArray[np.float64]
LEVELS: Final = (Level.county, Level.town, Level.village, Level.cell)


@dataclass(frozen=True, slots=True)
class Table:
    """What was published of the areas of one level in one period, in the order in which they were given.

    `totals` (n,) and `parts` (n, k) are counts, WITHHELD where they are withheld. It holds nothing that is not shown.
    """

    totals: Ints
    parts: Ints


@dataclass(frozen=True, slots=True)
class Layout:
    """The length of period of each level: the same or longer the further down. Raises BadInput for any other."""

    spans: Mapping[Level, Span] = field(
        default_factory=lambda: MappingProxyType(
            {Level.county: Span.month, Level.town: Span.quarter, Level.village: Span.year, Level.cell: Span.year}
        )
    )

    def __post_init__(self) -> None:
        spans = [self.spans.get(level) for level in LEVELS]
        if None in spans or spans != sorted(spans, key=lambda span: span or 0):
            raise BadInput("each level needs a length of period, none shorter than that of the level above")

    def ending_with(self, month: Period) -> tuple[tuple[Level, Period], ...]:
        """What is to be published when a month is over, in the order in which it has to be."""
        found = []
        for level in LEVELS:
            span = self.spans[level]
            first = date(month.first.year, (month.first.month - 1) // span * span + 1, 1)
            period = Period(first, span)
            if period.last == month.last:
                found.append((level, period))
        return tuple(found)


def publish_top(counts: Ints, households: int) -> Table:
    """The table of a county, from its counts by category (k,)."""
    total, parts = merge_top(counts, households)
    return _table(counts[None, :], total[None], parts[None, :])


def publish_below(counts: Ints, households: Ints, parent: Ints, above: Sequence[Table]) -> Table:
    """The table of the areas of a level in a period, from what was published of the level above in its parts.

    `counts` (n, k) by category, `households` (n,), `parent` (n,): the row of each area's parent in the tables `above`,
    one for each period of the level above that lies in this one, in the same order of areas. Cases without a cell are
    a row with no households. No areas: an empty table. Raises ValueError where shapes do not fit.
    """
    if not above or len(households) != len(counts) or len(parent) != len(counts):
        raise ValueError("a table needs households, a parent and what was published above for each area")
    totals_known = np.logical_and.reduce([table.totals != WITHHELD for table in above])
    parts_known = np.logical_and.reduce([table.parts != WITHHELD for table in above])
    totals, parts = np.zeros(len(counts), bool), np.zeros(counts.shape, bool)
    order = np.argsort(parent, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(parent[order])) + 1) if len(order) else ():
        at = parent[rows[0]]
        totals[rows], parts[rows] = merge(
            counts[rows],
            households[rows],
            total_known=bool(totals_known[at]),
            known=parts_known[at],
            one_period=len(above) == 1,
        )
    return _table(counts, totals, parts)


def _table(counts: Ints, totals: Flags, parts: Flags) -> Table:
    return Table(np.where(totals, counts.sum(axis=1), WITHHELD), np.where(parts, counts, WITHHELD))


@dataclass(frozen=True, slots=True)
class Registered:
    """What is published of the cases that were registered in an area: the sum of the numbers that are shown, and
    whether these are all of them (`complete`: none is withheld, and none is still to come)."""

    shown: int
    complete: bool


def kept_back(overdue: Ints, registered: Sequence[Registered]) -> Flags:
    """Where a number of cases past their date (n,) would tell something of registered ones: it is greater than what is
    shown of these, or leaves 1 to 4 of them."""
    shown = np.array([one.shown for one in registered], np.int64)
    complete = np.array([one.complete for one in registered], bool)
    flags: Flags = (overdue > 0) & ((overdue > shown) | (complete & is_small(shown - overdue)))
    return flags


def added_up(tables: Sequence[Table]) -> Table:
    """A longer period of the same areas: the sum of what was published, withheld where any of it is."""
    return Table(
        _sum([table.totals for table in tables]),
        _sum([table.parts for table in tables]),
    )


def _sum(figures: Sequence[Ints]) -> Ints:
    stacked = np.stack(figures)
    return np.where((stacked == WITHHELD).any(axis=0), WITHHELD, stacked.sum(axis=0))


def with_family(others: Ints, family: Ints) -> Ints:
    """Totals with family disputes: the sum of two published numbers, withheld where one of them is."""
    return _sum([others, family])


def expected(table: Table, households: Ints, parent: Ints | None = None, above: Floats | None = None) -> Floats:
    """What a reader of the tables expects each area's total to be (n,): the published count, and for the withheld ones
    what is left of the area above, by households.

    `above` holds what was expected of the areas above in the same period (a sum of `expected` over its parts); without
    it the table is the county's, and a withheld total is the middle of 1 to 4. From published numbers only, so that
    whatever is drawn of it tells no more than they do.
    """
    if parent is None or above is None:
        return np.where(table.totals == WITHHELD, K / 2, table.totals.astype(np.float64))
    # One household at least: somebody may live where nobody is known to, and cases happened somewhere.
    return spread(table.totals, np.maximum(households, 1).astype(np.float64), parent, above)


def spread(counts: Ints, weights: Floats, parent: Ints, above: Floats) -> Floats:
    """Counts (n,) of areas, and for the withheld ones what is left of the area above, by `weights` (n,), of which none
    is 0. `parent` (n,) is each one's row in `above`."""
    shown = counts != WITHHELD
    rest = np.maximum(above - np.bincount(parent[shown], counts[shown], minlength=len(above)), 0.0)
    held = np.where(shown, 0.0, weights)
    in_parent = np.bincount(parent, held, minlength=len(above))[parent]
    share = np.divide(held, in_parent, out=np.zeros_like(held), where=in_parent > 0)
    return np.where(shown, counts, rest[parent] * share)


def text_of(count: int) -> str:
    """A count as tables for people write it."""
    return MARK if count == WITHHELD else str(count)


def check_question(
    area: str, period: Period, category: Category | None, layout: Layout, *, today: date, grid: str, published_grid: str
) -> None:
    """Refuses every question whose answer could be held against a published number.

    Raises NotFound for a period that is not over, BadInput naming the parameter for a period shorter than the level's,
    for family disputes below village level, and for another version of the grid than that of the published table.
    """
    check_asked(level_of(area), period, category, layout, today=today)
    if grid != published_grid:
        raise BadInput(
            "grid: the figures of {period} exist for grid {grid} only",
            period=period,
            grid=published_grid,
            field="grid",
        )


def check_asked(level: Level, period: Period, category: Category | None, layout: Layout, *, today: date) -> None:
    """The same of a level, where no grid is asked for."""
    if not period.closed(today):
        raise NotFound("period: {period} is not over; cases are counted when it is", period=period, field="period")
    if period.span < layout.spans[level]:
        raise BadInput(
            "{field}: cases of a {level} are counted by {span}, not by {asked}",
            level=word(level.value),
            span=word(layout.spans[level].name),
            asked=word(period.span.name),
            field="period",
        )
    if category is FAMILY and level is Level.cell:
        raise BadInput("category: family disputes are not counted below village level", field="category")
