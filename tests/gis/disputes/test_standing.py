"""What is told of overdue cases tells no count of 1-4, neither of them nor of the cases that were registered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gis.disputes.disclosure import WITHHELD
from gis.disputes.standing import STAGE_OF, Areas, Stage, publish_overdue, publish_parts
from gis.disputes.workflow import State
from tests.examples import examples
from tests.gis.disputes.attack import MONTHS, Bounds, County, county, numbers, publish

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
SPANS = ((1, 1, 1, 1), (1, 1, 3, 3), (1, 3, 3, 3), (3, 3, 3, 3))


def overdue_of(of: County, seed: int, share: float) -> Ints:
    """How many cases of each cell are overdue at the end of each month (cells, months): some of those before."""
    registered = of.cases.sum(axis=1).cumsum(axis=1)
    return np.random.default_rng(seed).binomial(registered, share).astype(np.int64)


class Told:
    """All published numbers of a county, of registered cases and of overdue ones, and what an attacker knows of
    both together: a variable for each cell, category and month, and one for each cell and month."""

    def __init__(self, of: County, overdue: Ints, *, careless: bool = False) -> None:
        self.of, self.overdue, self.size = of, overdue, of.cases.size + overdue.size
        self.levels = publish(of)
        self.listed = [
            (self._flat(mask, None), int(of.cases[mask].sum()), number, key[2] < 0 and key[0] > 0, key)
            for key, mask, number in numbers(of, self.levels)
        ]
        for month in range(MONTHS):
            self.listed += self._of_month(month, careless)

    def _of_month(self, month: int, careless: bool) -> Iterator[tuple[Mask, int, int, bool, object]]:
        due = [level for level in range(4) if (month + 1) % self.of.spans[level] == 0]
        registered = self.of.cases.sum(axis=1)
        tabled = [self._areas(level, month) for level in due]
        spare = registered[:, : month // self.of.spans[0] * self.of.spans[0]].sum(axis=1) - self.overdue[:, month]
        spare = np.full_like(spare, 99) if careless else np.maximum(spare, 0)
        below = [cells for level, cells in enumerate(self.of.above_cells) if level not in due]
        tables = publish_overdue(self.overdue[:, month], spare, tabled if due else [], below) if due else []
        for level, table in zip(due, tables, strict=True):
            for area, number in enumerate(table.tolist()):
                at = np.zeros(self.overdue.shape, bool)
                at[self.of.above_cells[level] == area, month] = True
                beside = level > 0 and self._beside(level, area, table)
                yield self._flat(None, at), int(self.overdue[at].sum()), number, beside, ("overdue", level, area, month)

    def _areas(self, level: int, month: int) -> Areas:
        cells = self.of.above_cells[level]
        households = np.bincount(cells, self.of.households).astype(np.int64)
        told = np.zeros(len(households), np.int64)
        for period, table in self.levels[level].items():
            if (period + 1) * self.of.spans[level] <= month + 1:
                told += np.where(table.totals == WITHHELD, 0, table.totals)
        return Areas(cells, households, told)

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

    def loose_ends(self, sample: int | None = None) -> dict[object, tuple[float, int, float]]:
        """The withheld counts that can be bounded tighter than 1-4: (least, true, most); of some of them only, where
        `sample` says how many to try."""
        known = [(mask, number) for mask, _, number, _, _ in self.listed if number >= 0]
        least = [mask for mask, _, number, beside, key in self.listed if number < 0 and self._not_0(beside, key)]
        bounds, found = Bounds(self.size, known, least, list(self._caps())), {}
        assert all(number in (WITHHELD, truth) for _, truth, number, _, _ in self.listed), "what is shown is true"
        small = [(mask, truth, key) for mask, truth, number, _, key in self.listed if number < 0 and 1 <= truth <= 4]
        chosen = small if sample is None else small[:: max(1, len(small) // sample)]
        for mask, truth, key in chosen:
            low, high = bounds.of(mask)
            if low > 1 + 1e-6 or high < 4 - 1e-6:
                found[key] = (low, truth, high)
        return found

    def _not_0(self, beside: bool, key: object) -> bool:
        """Withheld totals are not 0 where totals beside them are shown: a 0 would be."""
        assert isinstance(key, tuple)
        if key[0] == "overdue" or not beside:
            return beside
        level, area, _, period = key
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
    """It is no sham: where no attention is paid to how many cases there are, some counts follow."""
    of = county(42, rate=5.0, columns=1, spans=(3, 3, 3, 3))
    overdue = overdue_of(of, 42, 0.97)
    assert Told(of, overdue, careless=True).loose_ends()
    assert not Told(of, overdue).loose_ends()


def test_something_is_shown() -> None:
    shown: list[int] = []
    for seed in range(10):
        of = county(seed, rate=20.0, columns=2, spans=(1, 1, 3, 3))
        told = Told(of, overdue_of(of, seed, 0.2))
        shown += [number for _, _, number, _, key in told.listed if isinstance(key, tuple) and key[0] == "overdue"]
    assert np.mean(np.array(shown) >= 5) > 0.2


def test_parts_of_a_county() -> None:
    counts = np.array([60, 20, 3, 2, 0, 1], np.int64)
    table = publish_parts(counts, 500, 100)
    assert (table.totals.tolist(), table.parts[0].tolist()) == ([86], [60, 20, WITHHELD, WITHHELD, 0, WITHHELD])
    assert publish_parts(counts, 500, 85).totals.tolist() == [WITHHELD]
    assert set(publish_parts(np.array([0, 4, 0], np.int64), 500, 100).parts[0].tolist()) == {WITHHELD}
    assert set(STAGE_OF) == set(State)
    assert set(STAGE_OF.values()) == set(Stage)


@pytest.mark.slow
@given(seed=st.integers(0, 2**32 - 1), rate=st.sampled_from((1.0, 3.0, 8.0, 20.0)), share=st.floats(0, 1))
@settings(max_examples=150)
def test_nor_in_many_more_counties(seed: int, rate: float, share: float) -> None:
    of = county(seed, rate=rate, columns=1 + seed % 3, spans=SPANS[seed % len(SPANS)])
    assert not Told(of, overdue_of(of, seed, share)).loose_ends()
