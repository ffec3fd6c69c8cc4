"""Coverage from the memory of a worker: the histogram of each county is kept as a matrix and follows the revisions.

A change costs the next question the rows of the cells that changed; an arbitrary cut-off day costs a millisecond. The
figures are those of `gis.households.coverage.coverage` (a test holds one against the other), all of one snapshot.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from gis.codes import DIGITS, Level, level_of
from gis.errors import NotFound
from gis.households.coverage import AreaCoverage, CoverageTable, Empty, check_level, parts_of, total
from gis.households.matrix import NEVER, CellFigures, DayMatrix, Ints, day_of, number_of
from gis.storage.binary import fetch_integers
from gis.storage.queries import query
from gis.storage.revisions import EVERYWHERE

_COLUMNS: Final = {"cell": "i8", "kind": "i4", "day": "i4", "households": "i4"}
_REREAD: Final = 200  # more changed cells than these are read faster with the whole county


@dataclass(frozen=True, slots=True)
class CountyFigures:
    """The figures of every live cell of a county at one moment, arrays (n,) in the order of `codes`.

    `last_reached` (days, n), where it was asked for: how many households were last reached on each day from the cut-off
    to today; None where the cut-off is older than what is kept.
    """

    codes: list[str]
    names: list[str]
    confirmed_empty: NDArray[np.bool_]
    cells: CellFigures
    division_names: dict[str, str]
    revisions: Mapping[str, int]
    last_reached: Ints | None = None


class _County:
    """What is kept of one county."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stamp: object = None
        self.matrix: DayMatrix | None = None
        self.revisions: dict[str, int] = {}
        self.names: list[str] = []
        self.confirmed_empty: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.division_names: dict[str, str] = {}


class Figures:
    """The matrices of all counties of a worker. Safe for several threads."""

    def __init__(self) -> None:
        self._counties: dict[int, _County] = {}
        self._lock = threading.Lock()

    def county(
        self, conn: Connection, county: int, stamp: object, since: date, today: date, *, by_day: bool = False
    ) -> CountyFigures:
        """The figures of a county. `stamp` changes whenever anything in the county does: the same stamp costs no query.
        `by_day` asks for `last_reached`.

        `conn` must be in a transaction with one snapshot. A cut-off older than what is kept is counted by the database.
        """
        kept = self._kept(county)
        with kept.lock:
            if kept.matrix is None or stamp != kept.stamp or not kept.matrix.covers(today, today):
                _bring_up_to_date(conn, county, kept, today)
            last_reached = None
            if kept.matrix is None or not kept.matrix.covers(since, today):
                cells = _counted_by_database(conn, county, since, today)
            else:
                cells = kept.matrix.figures(since, today)
                last_reached = kept.matrix.last_reached(since, today) if by_day else None
            return CountyFigures(
                list(kept.revisions),
                kept.names,
                kept.confirmed_empty,
                cells,
                kept.division_names,
                kept.revisions,
                last_reached,
            )

    def _kept(self, county: int) -> _County:
        with self._lock:
            return self._counties.setdefault(county, _County())


def _bring_up_to_date(conn: Connection, county: int, kept: _County, today: date) -> None:
    """Read what has changed since the revisions that `kept` knows."""
    rows = conn.execute(query("households/cell_states"), {"county": county}).all()
    revisions = {row.code: row.revision for row in rows}
    changed = [code for code, revision in revisions.items() if kept.revisions.get(code) != revision]
    same_cells = kept.matrix is not None and revisions.keys() == kept.revisions.keys()
    if not (same_cells and len(changed) <= _REREAD and _reread(conn, county, kept, changed, today)):
        codes = np.array([int(code) for code in revisions], np.int64)
        entries = _entries(conn, county, None)
        kept.matrix = DayMatrix(codes, entries[np.isin(entries["cell"], codes)], today)
    kept.revisions = revisions
    kept.names = [row.name for row in rows]
    kept.confirmed_empty = np.array([row.confirmed_empty for row in rows], np.bool_)
    kept.division_names = _division_names(conn, county)
    # The stamp of this snapshot; where it is older than the one asked for, the next question reads again.
    kept.stamp = next((tuple(row) for row in conn.execute(query("cells/county_changes")) if row.county == county), None)


def _reread(conn: Connection, county: int, kept: _County, changed: Sequence[str], today: date) -> bool:
    """Read the changed cells again; False where the matrix must be made anew."""
    if kept.matrix is None or not kept.matrix.covers(today, today):
        return False
    if not changed:
        return True
    entries = _entries(conn, county, changed)
    return kept.matrix.replace(np.array([int(code) for code in changed], np.int64), entries)


def _entries(conn: Connection, county: int, cells: Sequence[str] | None) -> NDArray[np.void]:
    values = {"county": county, "cells": None if cells is None else list(cells)}
    return fetch_integers(conn, query("households/histogram"), values, _COLUMNS)


def _counted_by_database(conn: Connection, county: int, since: date, today: date) -> CellFigures:
    values = {"counties": [county], "prefix": "", "digits": DIGITS[Level.cell], "since": since, "today": today}
    rows = conn.execute(query("households/coverage"), values).all()
    numbers = np.array([(r.known, r.reached, r.tried, r.never, r.overdue) for r in rows], np.int64).reshape(-1, 5)
    oldest = np.array([NEVER if r.oldest_on is None else number_of(r.oldest_on) for r in rows], np.int64)
    known, reached, tried, never, overdue = numbers.T
    return CellFigures(known, reached, tried, never, overdue, oldest)


def _division_names(conn: Connection, county: int) -> dict[str, str]:
    found = conn.execute(
        text("SELECT code, name FROM everycell.division WHERE starts_with(code, :county)"), {"county": f"{county:06}"}
    )
    return {row.code: row.name for row in found}


def coverage_table(
    parts: Sequence[CountyFigures],
    *,
    area: str | None,
    within: Sequence[str] = EVERYWHERE,
    level: Level,
    since: date,
    today: date,
) -> CoverageTable:
    """The table of `gis.households.coverage.coverage`, from the figures of the counties the area lies in.

    The table is of the part of the area that lies `within` some areas, of which none lies in another. Raises NotFound
    where there is no cell in it, BadInput where `level` is wider than a part: a row that held a part of its area only
    would be a wrong number.
    """
    asked = parts_of(area, within)
    for one in filter(None, asked):
        check_level(one, level)
    areas = [row for part in parts for one in asked for row in _areas(part, one, level)]
    if area is not None and not areas:
        raise NotFound("area: there is no cell in {area}", area=area, field="area")
    return CoverageTable(today, since, areas, total(areas, area if asked == [area] else None))


def total_within(parts: Sequence[CountyFigures], within: Sequence[str]) -> AreaCoverage:
    """The figures of all cells within some areas together, of which none lies in another. No cell: zeros."""
    rows = [
        row for part in parts for one in within for row in _areas(part, one, level_of(one) if one else Level.county)
    ]
    return total(rows, None)


def _areas(part: CountyFigures, area: str, level: Level) -> list[AreaCoverage]:
    inside = [position for position, code in enumerate(part.codes) if code.startswith(area)]
    if not inside:
        return []
    first, last = inside[0], inside[-1] + 1
    digits = DIGITS[level]
    codes = [code[:digits] for code in part.codes[first:last]]
    starts = [n for n in range(len(codes)) if n == 0 or codes[n] != codes[n - 1]]
    summed = _summed(part, slice(first, last), starts)
    names = dict(zip(part.codes, part.names, strict=True)) if level is Level.cell else part.division_names
    return [
        AreaCoverage(codes[start], names.get(codes[start], codes[start]), level, *figures)
        for start, figures in zip(starts, summed, strict=True)
    ]


def _summed(part: CountyFigures, inside: slice, starts: list[int]) -> list[tuple[Any, ...]]:
    """known, reached, tried, never, overdue, oldest_on and empty of each run of cells that begins at `starts`."""
    cells = part.cells

    def add(values: Ints) -> list[int]:
        summed: list[int] = np.add.reduceat(values[inside], starts).tolist()
        return summed

    dated = np.where(cells.oldest[inside] == NEVER, np.iinfo(np.int64).max, cells.oldest[inside])
    oldest = [None if n == np.iinfo(np.int64).max else day_of(n) for n in np.minimum.reduceat(dated, starts).tolist()]
    known = add(cells.known)
    confirmed = np.logical_and.reduceat(part.confirmed_empty[inside], starts).tolist()
    empty: list[Empty | None] = [
        None if k else ("confirmed" if c else "unchecked") for k, c in zip(known, confirmed, strict=True)
    ]
    return list(
        zip(
            known,
            add(cells.reached),
            add(cells.tried),
            add(cells.never),
            add(cells.overdue),
            oldest,
            empty,
            strict=True,
        )
    )
