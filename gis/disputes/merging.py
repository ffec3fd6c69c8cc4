"""One area broken down into the areas below it: which of its counts are shown, and which are shown only merged.

A *block* is a table of the areas below one area (rows) by category (columns) in one period. It is made safe by merging
until **every number that anybody can work out of it is 0 or at least K**, the method that statistical offices call
recoding or collapsing (Willenborg and de Waal, Elements of Statistical Disclosure Control, 2001, ch. 6; k-anonymity by
generalisation, Samarati 2001), and not by punching single holes whose neighbours have to be audited. Three merges:

* **closed rows** R: areas whose total is withheld; their sum is known and leaves each the choice from 1 to K - 1;
* **row set** Q (it contains R): areas whose categories are known only together;
* **column set** M: categories known in each open row only together. Those that the area above does not show are in it.

Shown are the open rows by the columns outside M, and the totals outside R. What follows from them by subtraction (an
open row's M, Q's columns) is 0 or at least K as well. `docs/decisions/0015-disclosure.md` proves that then a count of
1–4 inside a merge may be anything from at most 1 to at least 4, also across levels and periods; the tests attack it by
linear programs.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Shown = tuple[Flags, Flags]

K: Final = 5  # a count below it is withheld
MIN_HOUSEHOLDS: Final = 10  # of an area with fewer nothing is shown but 0
PADS: Final = 2  # areas with K or more whose totals are withheld with the small ones


def is_small(counts: Ints) -> Flags:
    """Where a count is one to withhold: 1 to K - 1."""
    small: Flags = (counts > 0) & (counts < K)
    return small


def merge_top(counts: Ints, households: int) -> Shown:
    """What is shown of the uppermost area: its total () and its categories (k,), from `counts` (k,).

    Categories are withheld as areas of one total are, the last of the list with the small ones.
    """
    total = int(counts.sum())
    if 0 < total < K or (total and households < MIN_HOUSEHOLDS):
        return np.zeros((), bool), np.zeros(len(counts), bool)
    last_first = MIN_HOUSEHOLDS + np.arange(len(counts))[::-1]
    shown, _ = merge(counts[:, None], last_first, total_known=True, known=np.ones(1, bool))
    return np.ones((), bool), shown


def merge(counts: Ints, households: Ints, *, total_known: bool, known: Flags, one_period: bool = True) -> Shown:
    """What is shown of the areas below one area: totals (n,) and categories (n, k).

    `counts` (n, k) and `households` (n,) are theirs; `total_known` and `known` (k,) say what is shown of the area above
    in the same period; `one_period` says that it is one period there too and not several. No rows: nothing.
    """
    return _Block(counts, households, known, one_period).shown(total_known)


class _Block:
    def __init__(self, counts: Ints, households: Ints, known: Flags, one_period: bool) -> None:
        self.counts, self.households, self.known = counts, households, known
        self.rows, self.columns = counts.sum(axis=1), counts.sum(axis=0)
        self.active = self.rows > 0
        # Above, such a category may be as small as 1: then it may be here.
        self.loose = ~known & is_small(self.columns) if one_period else np.zeros_like(known)
        self.closed = np.zeros(len(counts), bool)
        self.lumped = self.closed
        self.merged = ~known

    def shown(self, total_known: bool) -> Shown:
        if not total_known:
            return self._all_closed()
        if self.active.sum() <= 1 and (len(self.rows) == 1 or not self._small_rows().any()):
            return np.ones(len(self.rows), bool), self._or_zero(np.broadcast_to(self.known, self.counts.shape))
        if not self._close_rows():
            return self._all_closed()
        if self.counts.shape[1] == 1:
            return ~self.closed, self._or_zero(~self.closed[:, None])
        self._merge_categories()
        if not self._any_open() and not self._totals_safe():
            return self._all_closed()
        return ~self.closed, self._or_zero(~self.lumped[:, None] & ~self.merged)

    def _small_rows(self) -> Flags:
        few: Flags = (self.households < MIN_HOUSEHOLDS) & self.active
        return is_small(self.rows) | few

    def _close_rows(self) -> bool:
        """Choose R. False where only the whole block will do.

        The small rows, where they hide each other, else with PADS more: of those with K or more the ones of fewest
        households, which tells nothing of their counts. Then the sum has to leave each small one the choice from 1 to
        K - 1, while no other row is 0 (a 0 would be shown) and while all know that the small ones alone would not do.
        """
        closed = self._small_rows()
        num_small = int(closed.sum())
        if num_small and not self._hide_each_other(closed):
            spare = np.flatnonzero(self.active & ~closed)
            closed[spare[np.argsort(self.households[spare], kind="stable")[:PADS]]] = True
            enough = max(K - 1, (K - 1) * num_small - 2) + PADS * K
            if closed.sum() < num_small + PADS or self.rows[closed].sum() < enough:
                return False
        self.closed = closed
        return True

    def _hide_each_other(self, small: Flags) -> bool:
        """Whether the small rows alone can each be 1 and each be K - 1, by their number and sum, which are known.

        Not in a block of less than 2 K: of those with a small count all are closed, lest the closed ones tell.
        """
        if (self.rows[small] >= K).any() or self.rows.sum() < 2 * K:
            return False
        least, most = small.sum() + K - 2, (K - 1) * small.sum() - (K - 2)
        return bool(least <= self.rows[small].sum() <= most)

    def _any_open(self) -> bool:
        return bool(self._split(self.lumped, self.merged)[0].any())

    def _split(self, lumped: Flags, merged: Flags) -> tuple[Flags, Flags]:
        """The open rows and the open columns: none, where there are none of the others."""
        rows, columns = self.active & ~lumped, ~merged & (self.columns > 0)
        if not rows.any() or not columns.any():
            return np.zeros_like(rows), np.zeros_like(columns)
        return rows, columns

    def _merge_categories(self) -> None:
        """Choose Q and M so that the most counts are shown.

        Q takes rows by their totals, smallest first, which are known; M takes every column in which anything is small,
        and then from the end of the list: what is merged is chosen by as little as possible of what is merged.
        """
        self.lumped, best = self.active | self.closed, 0
        found = np.ones_like(self.merged)
        spare = np.flatnonzero(self.active & ~self.closed)
        spare = spare[np.argsort(self.rows[spare], kind="stable")]
        for taken in range(len(spare)):
            lumped = self.closed.copy()
            lumped[spare[:taken]] = True
            if lumped.sum() == 1:
                continue
            merged = self._merged_with(lumped)
            rows, columns = self._split(lumped, merged)
            if rows.sum() * columns.sum() > best:
                self.lumped, found, best = lumped, merged, int(rows.sum() * columns.sum())
        self.merged = found

    def _merged_with(self, lumped: Flags) -> Flags:
        """The columns M that a choice of Q asks for."""
        rows = self.active & ~lumped
        small = is_small(self.counts[rows]).any(axis=0) | is_small(self.counts[lumped].sum(axis=0))
        merged: Flags = ~self.known | small
        while True:
            columns = np.flatnonzero(self._split(lumped, merged)[1])
            if not len(columns) or self._holds(lumped, merged):
                return merged
            merged[columns[-1]] = True

    def _holds(self, lumped: Flags, merged: Flags) -> bool:
        """Whether nothing small follows by subtraction, and nothing merged is too tight."""
        rest = self.counts[:, merged].sum(axis=1)
        rows = self.active & ~lumped
        if bool(is_small(rest[rows]).any()) or 0 < rest[lumped].sum() < K:
            return False
        if (merged & (~self.known | (self.columns > 0))).sum() == 1:
            return False
        if bool((self._tight(rest, rest.sum()) & merged)[rows].any()):
            return False
        reserve = np.where(merged, self.columns - rest[rows].sum(), self.counts[lumped].sum(axis=0))
        tight = self._tight(self.rows, self.rows[lumped].sum(), np.maximum(reserve, 0))
        return not bool(tight[lumped & ~self.closed].any())

    def _totals_safe(self) -> bool:
        """Whether nothing is too tight where only the totals are shown."""
        return not bool(self._tight(self.rows, self.rows.sum())[self.active & ~self.closed].any())

    def _tight(self, rows: Ints, whole: int, columns: Ints | None = None) -> Flags:
        """Where the sums of rows (n,) and columns (k,) of a table whose sum is `whole` leave at least 2 and may leave a
        count to withhold. From the sums alone, not from the counts: that something was merged tells nothing of them."""
        least = rows[:, None] + (self.columns if columns is None else columns) - whole
        tight: Flags = (least > 1) & (least < K) & ~self.loose
        return tight

    def _all_closed(self) -> Shown:
        return np.zeros(len(self.rows), bool), np.broadcast_to(self._zeros_above(), self.counts.shape).copy()

    def _zeros_above(self) -> Flags:
        zeros: Flags = self.known & (self.columns == 0)
        return zeros

    def _or_zero(self, shown: Flags) -> Flags:
        """Zeros that follow from what is shown are shown."""
        shown = shown | self._zeros_above() | (~self.active & ~self.closed)[:, None]
        open_rows = ~self.lumped & ~self.closed & (self.counts[:, self.merged].sum(axis=1) == 0)
        shown = shown | (open_rows[:, None] & self.merged)
        if self.lumped.any():
            together = self.counts[self.lumped].sum(axis=0)
            none = np.where(self.merged, together[self.merged].sum() == 0, together == 0)
            shown = shown | (self.lumped[:, None] & none)
        return shown
