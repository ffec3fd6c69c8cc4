"""What is told of overdue cases tells no count of 1-4, neither of them nor of the cases that were registered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gis.disputes.disclosure import WITHHELD, Registered
from gis.disputes.overdue_tables import Areas, overdue_tables
from tests.examples import examples
from tests.gis.disputes.attack import MONTHS, Bounds, County, county, numbers, publish

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
# What it counts, the count, what is shown of it, whether beside a shown one it is not 0, and which it is.
Number = tuple[Mask, int, int, bool, tuple[int | str, ...]]
SPANS = ((1, 1, 1, 1), (1, 1, 3, 3), (1, 3, 3, 3), (3, 3, 3, 3))


def overdue_of(of: County, seed: int, share: float) -> Ints:
    """How many cases of each cell are overdue at the end of each month (cells, months): some of those before."""
    registered = of.cases.sum(axis=1).cumsum(axis=1)
    drawn: Ints = np.random.default_rng(seed).binomial(registered, share).astype(np.int64)
    return drawn


class Told:
    """All numbers of a county that are published, of registered cases and of overdue ones, and what an attacker knows
    of both together: a variable for each cell, category and month, and one for each cell and month."""

    def __init__(self, of: County, overdue: Ints, *, careless: bool = False) -> None:
        self.of, self.overdue, self.size = of, overdue, of.cases.size + overdue.size
        self.levels = publish(of)
        self.listed: list[Number] = [
            (self._flat(mask, None), int(of.cases[mask].sum()), number, key[2] < 0 and key[0] > 0, key)
            for key, mask, number in numbers(of, self.levels)
        ]
        for month in range(MONTHS):
            self.listed += self._of_month(month, careless)

    def _of_month(self, month: int, careless: bool) -> Iterator[Number]:
        registered = self.of.cases.sum(axis=1)
        spare = np.maximum(registered[:, :month].sum(axis=1) - self.overdue[:, month], 0)
        spare = np.full_like(spare, 99) if careless else spare
        tabled = [self._areas(level, month) for level in range(3)]
        tables = overdue_tables(self.overdue[:, month], spare, tabled, [self.of.above_cells[3]])
        for level, table in enumerate(tables):
            for area, number in enumerate(table.tolist()):
                at = np.zeros(self.overdue.shape, bool)
                at[self.of.above_cells[level] == area, month] = True
                beside = level > 0 and self._beside(level, area, table)
                yield self._flat(None, at), int(self.overdue[at].sum()), number, beside, ("overdue", level, area, month)

    def _areas(self, level: int, month: int) -> Areas:
        cells, span = self.of.above_cells[level], self.of.spans[level]
        households = np.bincount(cells, self.of.households).astype(np.int64)
        out = [table.totals for period, table in self.levels[level].items() if (period + 1) * span <= month + 1]
        told = np.array(out, np.int64).reshape(-1, len(households))
        complete = (told != WITHHELD).all(axis=0) & (len(told) * span == month + 1)
        shown = np.where(told == WITHHELD, 0, told).sum(axis=0)
        registered = [Registered(int(n), bool(all_)) for n, all_ in zip(shown, complete, strict=True)]
        return Areas(cells, households, registered)

    def _beside(self, level: int, area: int, table: Ints) -> bool:
        parent = self.of.parents[3 - level]
        return bool((table[parent == parent[area]] >= 0).any())

    def _flat(self, cases: Mask | None, overdue: Mask | None) -> Mask:
        parts = [np.zeros(self.of.cases.shape, bool) if cases is None else cases]
        parts.append(np.zeros(self.overdue.shape, bool) if overdue is None else overdue)
        return np.concatenate([part.ravel() for part in parts])

    def _caps(self) -> Iterator[tuple[Mask, Mask]]:
        for cell, month in np.ndindex(self.overdue.shape):
            one, before = np.zeros(self.overdue.shape, bool), np.zeros(self.of.cases.shape, bool)
            one[cell, month] = True
            before[cell, :, : month + 1] = True
            yield self._flat(None, one), self._flat(before, None)

    def loose_ends(self, sample: int | None = None) -> dict[tuple[int | str, ...], tuple[float, int, float]]:
        """The withheld counts that can be bounded tighter than 1-4: (least, true, most); of some of them only, where
        `sample` says how many to try."""
        known = [(mask, number) for mask, _, number, _, _ in self.listed if number >= 0]
        least = [mask for mask, _, number, beside, key in self.listed if number < 0 and self._not_0(beside, key)]
        bounds = Bounds(self.size, known, least, list(self._caps()))
        found: dict[tuple[int | str, ...], tuple[float, int, float]] = {}
        assert all(number in (WITHHELD, truth) for _, truth, number, _, _ in self.listed), "what is shown is true"
        small = [(mask, truth, key) for mask, truth, number, _, key in self.listed if number < 0 and 1 <= truth <= 4]
        chosen = small if sample is None else small[:: max(1, len(small) // sample)]
        for mask, truth, key in chosen:
            low, high = bounds.of(mask)
            if low > 1 + 1e-6 or high < 4 - 1e-6:
                found[key] = (low, truth, high)
        return found

    def _not_0(self, beside: bool, key: tuple[int | str, ...]) -> bool:
        """Withheld totals are not 0 where totals beside them are shown: a 0 would be."""
        if "overdue" in key or not beside:
            return beside
        level, area, _, period = (int(part) for part in key)
        return self._beside(level, area, self.levels[level][period].totals)


@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.sampled_from((1.0, 3.0, 8.0, 20.0)),
    share=st.sampled_from((0.1, 0.4, 0.9, 1.0)),
    spans=st.sampled_from(SPANS),
)
@settings(max_examples=examples(12))
def test_no_count_follows_from_overdue_and_registered_together(
    seed: int, rate: float, share: float, spans: tuple[int, int, int, int]
) -> None:
    of = county(seed, rate=rate, columns=1, spans=spans)
    assert not Told(of, overdue_of(of, seed, share)).loose_ends(sample=15)


def test_the_attack_finds_what_caps_would_tell() -> None:
    """It is no sham: with two villages in which every case is overdue, a third one's two follow, if nobody minds."""
    cases = np.zeros((4, 1, MONTHS), np.int64)
    cases[:, 0, 0] = 20, 10, 12, 50
    overdue = np.array([[0, 2, 2], [0, 10, 10], [0, 12, 12], [0, 8, 8]], np.int64)
    villages = (np.arange(4), np.zeros(4, np.int64), np.zeros(1, np.int64))
    of = County(cases, np.array([300, 40, 50, 500], np.int64), villages, (1, 1, 1, 1))
    least, truth, _ = Told(of, overdue, careless=True).loose_ends()["overdue", 2, 0, 1]
    assert truth == 2
    assert least == pytest.approx(2)
    assert not Told(of, overdue).loose_ends()


def test_something_is_shown() -> None:
    shown: list[int] = []
    for seed in range(10):
        of = county(seed, rate=20.0, columns=2, spans=(1, 1, 3, 3))
        told = Told(of, overdue_of(of, seed, 0.2))
        shown += [number for _, _, number, _, key in told.listed if "overdue" in key]
    assert np.mean(np.array(shown) >= 5) > 0.2


@pytest.mark.slow
@given(seed=st.integers(0, 2**32 - 1), rate=st.sampled_from((1.0, 3.0, 8.0, 20.0)), share=st.floats(0, 1))
@settings(max_examples=150)
def test_nor_in_many_more_counties(seed: int, rate: float, share: float) -> None:
    of = county(seed, rate=rate, columns=1 + seed % 3, spans=SPANS[seed % len(SPANS)])
    assert not Told(of, overdue_of(of, seed, share)).loose_ends()
