"""Visits of today by cell and hour, kept in the memory of a worker.

Every visit of today raises the revision of its cell, so that it costs the next question the visits of one cell; the
first question of a day reads them all. Nothing of single visits is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from gis.storage.queries import query

HOURS: Final = 24
REACHED, NO_ANSWER = 0, 1
_REREAD: Final = 200  # more changed cells than these are read faster with the whole county
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HourCounts:
    """Visits of one day in a county. `codes` are those of the cells, sorted; `counts` (n, 24, 2): by hour of the
    county's clock, those where somebody was reached and those where nobody answered."""

    codes: list[str]
    counts: Ints

    def of(self, areas: Sequence[str]) -> Ints:
        """The sum over the cells in some areas, none inside another: (24, 2)."""
        inside = [code.startswith(tuple(areas)) for code in self.codes]
        summed: Ints = self.counts[np.array(inside, bool)].sum(axis=0)
        return summed


@dataclass
class _County:
    lock: threading.Lock = field(default_factory=threading.Lock)
    day: date | None = None
    revisions: dict[str, int] = field(default_factory=dict)
    counts: Ints = field(default_factory=lambda: np.zeros((0, HOURS, 2), np.int64))


class DayVisits:
    """The visits of today of all counties of a worker. Safe for several threads; `zone` names the county's clock."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._counties: dict[int, _County] = {}
        self._lock = threading.Lock()

    def county(self, conn: Connection, county: int, revisions: Mapping[str, int], day: date) -> HourCounts:
        """The visits of `day` in the cells of `revisions` (live cells by code, sorted, each with its revision).

        `conn` sees the whole county, in a snapshot that is not older than the revisions.
        """
        with self._lock:
            kept = self._counties.setdefault(county, _County())
        with kept.lock:
            changed = [code for code, revision in revisions.items() if kept.revisions.get(code) != revision]
            same_cells = kept.day == day and kept.revisions.keys() == revisions.keys()
            if not same_cells or len(changed) > _REREAD:
                kept.counts = self._read(conn, county, list(revisions), day, None)
            elif changed:
                kept.counts = self._read(conn, county, list(revisions), day, changed, kept.counts)
            kept.day, kept.revisions = day, dict(revisions)
            return HourCounts(list(revisions), kept.counts)

    def _read(
        self,
        conn: Connection,
        county: int,
        codes: Sequence[str],
        day: date,
        cells: Sequence[str] | None,
        before: Ints | None = None,
    ) -> Ints:
        """The counts of all cells, those of `cells` (None: all) read anew. What was given out before is not touched."""
        at = {int(code): n for n, code in enumerate(codes)}
        counts = np.zeros((len(codes), HOURS, 2), np.int64) if before is None else before.copy()
        counts[[at[int(code)] for code in cells or ()]] = 0
        values = {"county": county, "day": day, "zone": self._zone, "cells": None if cells is None else list(cells)}
        for row in conn.execute(query("board/visits_of_day"), values):
            if row.cell in at:  # a cell that has ended since: its households are in another by now
                counts[at[row.cell], row.hour] = row.reached, row.no_answer
        return counts
