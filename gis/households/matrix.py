"""The histogram of a county in memory: kinds of days × days × cells. Pure: arrays in, arrays out.

Any figure for any cut-off day is a sum over rows of it: 2,500 cells take a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

REACHED, CONTACT, DUE = 0, 1, 2
NEVER: Final = -(2**31)  # the day -infinity, as PostgreSQL writes it
_EPOCH: Final = date(2000, 1, 1)
_BACK_DAYS: Final = 800
_AHEAD_DAYS: Final = 60
_FIRST: Final = 2  # row 0 holds the households without a day, row 1 those before the first day of the matrix


def number_of(day: date) -> int:
    """A day as PostgreSQL counts it: days since 2000-01-01."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The day with a number."""
    return _EPOCH + timedelta(days=int(number))


@dataclass(frozen=True, slots=True)
class CellFigures:
    """Figures of cells, arrays (n,) in the order of their codes. `oldest` is a day's number, NEVER where none is."""

    known: Ints
    reached: Ints
    tried: Ints
    never: Ints
    overdue: Ints
    oldest: Ints


class DayMatrix:
    """How many households of each cell have which day as their last reached, last contact and due day.

    `codes` (n,) int64, sorted; `entries` is a structured array with `cell`, `kind`, `day`, `households`; `today` places
    the window of days.
    """

    def __init__(self, codes: Ints, entries: NDArray[np.void], today: date) -> None:
        self.codes = codes
        self._first_day = number_of(today) - _BACK_DAYS
        self._rows = _FIRST + _BACK_DAYS + _AHEAD_DAYS + 1
        kind = np.uint16 if _largest(entries) <= np.iinfo(np.uint16).max else np.uint32
        self._counts = np.zeros((3, self._rows, len(codes)), kind)
        self._oldest = np.full(len(codes), NEVER, np.int64)
        self._fill(entries)

    def covers(self, since: date, today: date) -> bool:
        """Whether the matrix can tell figures for these days."""
        return number_of(since) >= self._first_day and number_of(today) < self._first_day + _BACK_DAYS + _AHEAD_DAYS

    def figures(self, since: date, today: date) -> CellFigures:
        """The figures of every cell. `covers(since, today)` must hold."""
        start, now = self._row(number_of(since)), self._row(number_of(today))
        reached = self._sum(REACHED, start, self._rows)
        return CellFigures(
            known=self._sum(REACHED, 0, self._rows),
            reached=reached,
            tried=self._sum(CONTACT, start, self._rows) - reached,
            never=self._counts[REACHED, 0].astype(np.int64),
            overdue=self._sum(DUE, 0, now),
            oldest=self._oldest,
        )

    def last_reached(self, since: date, today: date) -> Ints:
        """How many households of each cell were last reached on each day from `since` to `today`: (days, n). No days
        where `since` lies ahead. `covers(since, today)` must hold."""
        start, stop = self._row(number_of(since)), self._row(number_of(today)) + 1
        found: Ints = self._counts[REACHED, start:stop].astype(np.int64)
        return found

    def replace(self, cells: Ints, entries: NDArray[np.void]) -> bool:
        """Take new entries for some cells; False (nothing is changed) where they do not fit: make a new matrix then."""
        if _largest(entries) > np.iinfo(self._counts.dtype).max:
            return False
        positions = np.searchsorted(self.codes, cells)
        self._counts[:, :, positions] = 0
        self._oldest = self._oldest.copy()
        self._oldest[positions] = NEVER
        self._fill(entries)
        return True

    def _row(self, number: int) -> int:
        return int(min(max(number - self._first_day + _FIRST, 1), self._rows))

    def _sum(self, kind: int, start: int, stop: int) -> Ints:
        summed: Ints = self._counts[kind, start:stop].sum(axis=0, dtype=np.int64)
        return summed

    def _fill(self, entries: NDArray[np.void]) -> None:
        """Add entries of cells that have none yet."""
        at = np.searchsorted(self.codes, entries["cell"])
        days = entries["day"].astype(np.int64)
        rows = np.clip(days - self._first_day + _FIRST, 1, self._rows - 1)
        rows[days == NEVER] = 0
        target: tuple[Any, ...] = (entries["kind"].astype(np.int64), rows, at)
        np.add.at(self._counts, target, entries["households"].astype(self._counts.dtype))
        dated = (entries["kind"] == REACHED) & (days != NEVER)
        oldest = np.full(len(self.codes), np.iinfo(np.int64).max)
        np.minimum.at(oldest, at[dated], days[dated])
        found = oldest != np.iinfo(np.int64).max
        self._oldest[found] = oldest[found]


def _largest(entries: NDArray[np.void]) -> int:
    """The households of the largest cell: no count can be greater."""
    reached = entries[entries["kind"] == REACHED]
    _, at = np.unique(reached["cell"], return_inverse=True)
    return int(np.bincount(at, weights=reached["households"]).max(initial=0))
