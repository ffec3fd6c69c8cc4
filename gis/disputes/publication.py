"""Counts of cases are published: once for each period, when it is over, and never again.

A run goes through the counties and, in order, the months that are over; each month is one transaction, with all tables
that end with it (a quarter with its third month), the widest level first. A run may be interrupted at any moment and
repeated; several at once do the same work once, for whoever counts the cases of a county holds them: until the
transaction ends none is registered and none moves to another cell.

**Which periods.** From the longest period on in which the first case was counted; what was published is never made
anew. Where the settings have changed: no table is made of a time that one of its level, or of a level below, covers
already. None is made of a time of which cases may have been removed by now (`Settings.dispute_months`).

**By which grid.** That of the day. What was published above was by the grid of its own day; where a number of an area
is not the sum over the areas in it as they are now (cells and villages have changed meanwhile), it counts as not known,
so that the difference of two grids tells nothing. So do areas that the table above does not have, areas that have fewer
households by now than figures are shown for, and all where the tables above are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

import numpy as np
from sqlalchemy import Connection, text

from gis.access.audit import Action, Detail, note
from gis.access.scope import ALL
from gis.codes import DIGITS, Level
from gis.disputes.disclosure import LEVELS, WITHHELD, Layout, Table, publish_below, publish_top
from gis.disputes.merging import MIN_HOUSEHOLDS, Flags, Ints
from gis.disputes.periods import Period, Span
from gis.disputes.releases import (
    Release,
    aligned,
    as_stored,
    columns_of,
    layout_of,
    numbers,
    of_kind,
    overlap,
    releases,
    tiling,
)
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.bulk import array
from gis.storage.engine import Store
from gis.storage.queries import query

_HOLD: Final = text("SELECT everycell.hold_cases(:county)")


@dataclass(frozen=True, slots=True)
class _Due:
    """A table that is to be made."""

    level: Level
    period: Period
    family: bool


def publish_due(
    store: Store,
    today: date,
    *,
    who: str = "service",
    source: str = "service",
    on_step: Callable[[Sentence], None] = lambda _: None,
) -> list[Release]:
    """Publish what is due on `today`, the day where the counties are, as the owner or as the service's role; noted in
    the audit as done by `who`. What was published, in order.

    `on_step` is told in words what is next, before every transaction; what it raises ends the run, and the next one
    goes on.
    """
    done: list[Release] = []
    for county, month in due_months(store, today):
        on_step(Sentence("figures of cases of {month} in {county:06}", month=month, county=county))
        work = partial(_publish_month, county=county, month=month, today=today, settings=store.settings)
        made = store.retrying(partial(_noted, work=work, county=county, month=month, by=(who, source)), ALL.settings())
        done += made
    return done


def due_months(store: Store, today: date) -> list[tuple[int, Period]]:
    """The months with which a table ends that is to be published by now, county by county, in order."""
    found = []
    with store.read(ALL.settings()) as conn:
        for county, first in conn.execute(query("disputes/first_counted")).all():
            out = releases(conn, [county])
            for month in _months(first, layout_of(store.settings), today):
                made = list(_due(out, month, store.settings, today))
                found += [(county, month)] * bool(made)
    return found


def _months(first: date, layout: Layout, today: date) -> Iterator[Period]:
    """The months that are over, from the beginning of the longest period that has the month `first` in it."""
    longest = layout.spans[Level.cell]
    month = Period(date(first.year, (first.month - 1) // longest * longest + 1, 1), Span.month)
    while month.closed(today):
        yield month
        month = month.following


def _due(found: Sequence[Release], month: Period, settings: Settings, today: date) -> Iterator[_Due]:
    """The tables that end with a month and are neither out nor barred, the widest level first."""
    kept_from = settings.disputes_kept_from(today)
    for level, period in layout_of(settings).ending_with(month):
        for family in (False, True) if level is not Level.cell else (False,):
            barred = any(
                one.family == family and LEVELS.index(one.level) >= LEVELS.index(level) and overlap(one.period, period)
                for one in found
            )
            if period.first >= kept_from and not barred:
                yield _Due(level, period, family)


def _noted(
    conn: Connection,
    work: Callable[[Connection], list[Release]],
    county: int,
    month: Period,
    by: tuple[str, str],
) -> list[Release]:
    made = work(conn)
    if made:
        detail: Detail = {"month": str(month), "tables": len(made)}
        note(conn, who=by[0], source=by[1], action=Action.dispute_publish, area=f"{county:06}", detail=detail)
    return made


def _publish_month(conn: Connection, county: int, month: Period, today: date, settings: Settings) -> list[Release]:
    conn.execute(_HOLD, {"county": county})
    out = releases(conn, [county])  # as they are now that nobody else publishes
    due = list(_due(out, month, settings, today))
    at = datetime.now(UTC)
    made: list[Release] = []
    for one in due:
        _publish(conn, county, one, _Block(conn, county, one, [*out, *made]), today, at)
        made.append(Release(county, one.level, one.period, one.family, today, at))
    return made


def _publish(conn: Connection, county: int, due: _Due, block: _Block, today: date, at: datetime) -> None:
    rows = as_stored(block.table(), block.areas, block.households, family=due.family)
    areas, categories, shown, households = zip(*rows, strict=True)
    values = {
        "county": county,
        "level": due.level.value,
        "first": due.period.first,
        "span": int(due.period.span),
        "family": due.family,
        "grid_on": today,
        "at": at,
        "areas": array(areas),
        "categories": array(categories),
        "numbers": "{" + ",".join("NULL" if number == WITHHELD else str(number) for number in shown) + "}",
        "households": "{" + ",".join(map(str, households)) + "}",
    }
    conn.execute(query("disputes/publish"), values)


class _Block:
    """What a table is made of: the areas of its level and of the level above by today's grid, their cases and
    households, and what is published above."""

    def __init__(self, conn: Connection, county: int, due: _Due, found: Sequence[Release]) -> None:
        self._conn, self._county, self._due, self._found = conn, county, due, found
        columns = columns_of(family=due.family)
        homes = {row.code: row.households for row in conn.execute(query("disputes/households_of_cells"), _of(county))}
        values = {"county": county, "first": due.period.first, "after": due.period.following.first}
        rows = [row for row in conn.execute(query("disputes/counted"), values) if row.category in columns]
        # A case may lie in a cell that has ended, where nothing around stands for enough dwellings: an area without
        # households, of which nothing is shown.
        self._cells = sorted({*homes, *(row.cell for row in rows)})
        self._homes = np.array([homes.get(cell, 0) for cell in self._cells], np.int64)
        self._cases = np.zeros((len(self._cells), len(columns)), np.int64)
        at = {cell: n for n, cell in enumerate(self._cells)}
        for row in rows:
            self._cases[at[row.cell], columns.index(row.category)] = row.cases
        self.areas, self._inside = self._grouped(due.level)
        self.households = self._summed(self._homes, self._inside, len(self.areas))

    def table(self) -> Table:
        """The table, as it is published."""
        counts = self._summed(self._cases, self._inside, len(self.areas))
        if self._due.level is Level.county:
            return publish_top(counts[0], int(self.households[0]))
        parents, inside = self._grouped(LEVELS[LEVELS.index(self._due.level) - 1])
        first_cell = np.searchsorted(self._inside, np.arange(len(self.areas)))
        return publish_below(counts, self.households, inside[first_cell], self._above(parents, inside))

    def _above(self, parents: Sequence[str], inside: Ints) -> list[Table]:
        """What is known of the areas above in the period, in the order of `parents`."""
        level, period, family = LEVELS[LEVELS.index(self._due.level) - 1], self._due.period, self._due.family
        parts = tiling(of_kind(self._found, self._county, level, family=family), period)
        if not parts:
            return [aligned({}, parents, family=family)]
        stored = numbers(self._conn, self._county, level, period, family=family)
        tables = [aligned(stored[part.period], parents, family=family) for part in parts]
        cases = self._summed(self._cases, inside, len(parents))
        few = self._summed(self._homes, inside, len(parents)) < MIN_HOUSEHOLDS
        totals = _unlike(np.stack([table.totals for table in tables]), cases.sum(axis=1)) | few
        columns = _unlike(np.stack([table.parts for table in tables]), cases) | few[:, None]
        tables[0] = Table(
            np.where(totals, WITHHELD, tables[0].totals),
            np.where(columns, WITHHELD, tables[0].parts),
        )
        return tables

    def _grouped(self, level: Level) -> tuple[list[str], Ints]:
        """The areas of a level, sorted, and in which of them each cell lies."""
        areas, inside = np.unique([cell[: DIGITS[level]] for cell in self._cells], return_inverse=True)
        return areas.tolist(), inside.astype(np.int64)

    @staticmethod
    def _summed(values: Ints, inside: Ints, num_areas: int) -> Ints:
        found = np.zeros((num_areas, *values.shape[1:]), np.int64)
        np.add.at(found, inside, values)
        return found


def _of(county: int) -> dict[str, list[int]]:
    return {"counties": [county]}


def _unlike(published: Ints, now: Ints) -> Flags:
    """Where the sum of what was published (tables first) is not what is counted now, or is not known."""
    unlike: Flags = (published.sum(axis=0) != now) | (published == WITHHELD).any(axis=0)
    return unlike
