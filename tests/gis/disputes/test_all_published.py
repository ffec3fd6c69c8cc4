"""Everything that is published of the cases of a county, taken together: no withheld count follows any closer than 1-4.

The attack is a linear program over all of it at once: registered cases by area, category and period, family disputes
apart; cases past their date by area and month; how those of each month stood; revisits by what became of them. It
knows how these hang together: what is past its date is under way, and, if nothing gets so in the month in which it was
registered (`patient`), of an earlier month; what has ended may stay so (`final`); a case has so many revisits in a
month at most (`visits`); and what is withheld beside something shown is not 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gis.disputes.disclosure import WITHHELD, Registered, Table
from gis.disputes.overdue_tables import Areas, overdue_tables
from gis.disputes.standing import Revisited, Stage, publish_revisits, publish_stages
from tests.examples import examples
from tests.gis.disputes.attack import MONTHS, Bounds, County, Mask, Weights, county, numbers, publish

Ints = NDArray[np.int64]
Found = dict[tuple[object, ...], tuple[float, int, float]]
SPANS = ((1, 1, 1, 1), (1, 1, 3, 3), (1, 3, 3, 3))
STAGES, OUTCOMES = list(Stage), list(Revisited)
UNDER_WAY, CLOSED, WAITING = (
    STAGES.index(Stage.under_way),
    STAGES.index(Stage.closed),
    OUTCOMES.index(Revisited.waiting),
)
ENDED = [CLOSED, STAGES.index(Stage.not_accepted)]


@dataclass(frozen=True)
class Knows:
    """What the attacker takes for granted."""

    patient: bool = True
    final: bool = False
    visits: int = 2


@dataclass(frozen=True)
class World:
    """A county's cases: `of` by category, `family` (one category), and what became of them at the end of each month.

    `old` and `fresh` (2, cells, months): past their date, of months before and of the month, family disputes last;
    `open` those of months before that have not ended; `stages` (6, months) of the cases of the month, `revisits`
    (4, months) that were due in it.
    """

    of: County
    family: County
    open: Ints
    old: Ints
    fresh: Ints
    stages: Ints
    revisits: Ints

    @property
    def registered(self) -> Ints:
        """Cases (2, cells, months)."""
        return np.stack([self.of.cases.sum(axis=1), self.family.cases.sum(axis=1)])

    @property
    def overdue(self) -> Ints:
        """Cases past their date (cells, months)."""
        both: Ints = (self.old + self.fresh).sum(axis=0)
        return both


def world(seed: int, *, rate: float, late: float, spans: tuple[int, int, int, int], knows: Knows) -> World:
    """A random county that is as the attacker takes it to be; `late`: the share of cases that get past their date."""
    of = county(seed, rate=rate, columns=1 + seed % 3, spans=spans)
    rng = np.random.default_rng(seed + 1)
    some = rng.poisson(0.2 * rate * rng.gamma(0.7, 1.0, len(of.households))[:, None, None] * np.ones((1, 1, MONTHS)))
    family = County(some, of.households, of.parents, spans)
    registered = np.stack([of.cases.sum(axis=1), family.cases.sum(axis=1)])
    stages, left = np.zeros((len(STAGES), MONTHS), np.int64), registered.copy()
    fresh = np.zeros_like(registered) if knows.patient else rng.binomial(registered, late / 2)
    shares = rng.dirichlet(np.full(len(STAGES), 0.6))
    for month in range(MONTHS):
        # Who has ended is taken from the cells one by one, so that it is known whose cases may still get late.
        waiting = registered[0, :, month] - fresh[0, :, month]
        drawn = np.array([rng.multinomial(number, shares) for number in waiting])
        stages[:, month] = drawn.sum(axis=0)
        stages[UNDER_WAY, month] += fresh[0, :, month].sum()
        left[0, :, month] -= drawn[:, ENDED].sum(axis=1)
    may = left if knows.final else registered
    open_before = may.cumsum(axis=2) - may
    old = rng.binomial(open_before, late)
    spare = registered[0].sum(axis=0).cumsum() - registered[0].sum(axis=0) - old[0].sum(axis=0)
    due = np.array([rng.binomial(knows.visits * max(number, 0), rng.uniform(0, 0.7)) for number in spare])
    parts = rng.dirichlet(np.full(len(OUTCOMES), 0.6))
    revisits = np.array([rng.multinomial(number, parts) for number in due]).T
    return World(of, family, open_before, old, fresh, stages, revisits)


@dataclass(frozen=True)
class Number:
    """A number that is published: what it is of, what it counts, the count, what is shown, and whether it is known not
    to be 0 where it is withheld."""

    key: tuple[object, ...]
    mask: Mask
    count: int
    shown: int
    some: bool


@dataclass
class Told:
    """All that is published of a world. `careless` publishes each table as if there were none of registered cases."""

    world: World
    careless: bool = False
    numbers: list[Number] = field(default_factory=list)

    def __post_init__(self) -> None:
        w = self.world
        self.parts = {
            "cases": w.of.cases.shape,
            "family": w.family.cases.shape,
            "old": w.old.shape,
            "fresh": w.fresh.shape,
            "stages": w.stages.shape,
            "revisits": w.revisits.shape,
        }
        self.levels = {"cases": publish(w.of), "family": publish(w.family)}
        for kind, of in (("cases", w.of), ("family", w.family)):
            self.numbers += self._registered(kind, of)
        for month in range(MONTHS):
            self.numbers += self._overdue(month)
            self.numbers += self._standing(month)

    def at(self, **weights: Weights) -> Weights:
        """The variables, each with its weight: those of `weights` (broadcast to the part's shape), 0 elsewhere."""
        rows = [np.broadcast_to(weights.get(part, np.zeros(1)), shape).ravel() for part, shape in self.parts.items()]
        return np.concatenate(rows).astype(float)

    def _registered(self, kind: str, of: County) -> Iterator[Number]:
        for key, mask, shown in numbers(of, self.levels[kind]):
            level, area, category, period = key
            if kind == "family" and (level == 3 or category >= 0):
                continue  # told down to villages, and one category is all of them
            table = self.levels[kind][level][period]
            if category < 0:
                some = level > 0 and self._beside(of, level, area, table.totals)
            else:
                some = level == 0 and bool((table.parts != WITHHELD).any())
            yield Number((kind, *key), self.at(**{kind: mask}) > 0, int(of.cases[mask].sum()), shown, some)

    def _overdue(self, month: int) -> Iterator[Number]:
        w, of = self.world, self.world.of
        spare = (w.open - w.old)[:, :, month].sum(axis=0)
        spare = np.full_like(spare, 99) if self.careless else spare
        fresh = w.fresh[:, :, month].sum(axis=0)
        areas = [self._areas(level, month) for level in range(3)]
        tables = overdue_tables(w.overdue[:, month], spare, areas, [of.above_cells[3]])
        self.pressed = int(np.maximum(fresh - spare, 0).sum())
        for level, table in enumerate(tables):
            for area, shown in enumerate(table.tolist()):
                here = np.zeros(w.old.shape, bool)
                here[:, of.above_cells[level] == area, month] = True
                some = level > 0 and self._beside(of, level, area, table)
                count = int(w.overdue[of.above_cells[level] == area, month].sum())
                yield Number(("overdue", level, area, month), self.at(old=here, fresh=here) > 0, count, shown, some)

    def _areas(self, level: int, month: int) -> Areas:
        cells = self.world.of.above_cells[level]
        households = np.bincount(cells, self.world.of.households).astype(np.int64)
        until = [self._told(level, month + more, len(households)) for more in (0, 1)]
        return Areas(cells, households, *until)

    def _told(self, level: int, months: int, areas: int) -> list[Registered]:
        """What is shown of registered cases of the first `months`."""
        span, shown, complete = self.world.of.spans[level], np.zeros(areas, np.int64), np.ones(areas, bool)
        for levels in self.levels.values():
            tables = [table.totals for period, table in levels[level].items() if (period + 1) * span <= months]
            told = np.array(tables, np.int64).reshape(-1, areas)
            shown += np.where(told == WITHHELD, 0, told).sum(axis=0)
            complete &= (told != WITHHELD).all(axis=0) & (len(told) * span == months)
        return [Registered(int(number), bool(all_)) for number, all_ in zip(shown, complete, strict=True)]

    def _standing(self, month: int) -> Iterator[Number]:
        w, homes = self.world, int(self.world.of.households.sum())
        number = int(self.levels["cases"][0][month].totals[0])
        before = [int(self.levels["cases"][0][m].totals[0]) for m in range(month)]
        told = sum(n for n in before if n != WITHHELD)
        stages = publish_stages(w.stages[:, month], homes, number, self.pressed)
        overdue = int(w.overdue[:, month].sum())
        revisits = publish_revisits(w.revisits[:, month], homes, 10**9 if self.careless else told, overdue)
        yield from self._of_table("stages", stages, w.stages, month)
        yield from self._of_table("revisits", revisits, w.revisits, month)

    def _of_table(self, part: str, table: Table, counts: Ints, month: int) -> Iterator[Number]:
        shown = bool((table.parts != WITHHELD).any())
        for row in range(-1, len(counts)):
            here = np.zeros(counts.shape, bool)
            here[slice(None) if row < 0 else row, month] = True
            number = table.totals[0] if row < 0 else table.parts[0, row]
            yield Number((part, row, month), self.at(**{part: here}) > 0, int(counts[here].sum()), int(number), shown)

    def _beside(self, of: County, level: int, area: int, totals: Ints) -> bool:
        parent = of.parents[3 - level]
        return bool((totals[parent == parent[area]] >= 0).any())

    # ---- how it hangs together

    def sums(self) -> Iterator[tuple[Weights, int]]:
        """Each case of a month has a stage."""
        for month in range(MONTHS):
            of_month = np.arange(MONTHS) == month
            yield self.at(stages=of_month) - self.at(cases=of_month), 0

    def caps(self, knows: Knows) -> Iterator[tuple[Weights, Weights]]:
        for kind, cell, month in np.ndindex(self.parts["old"]):
            one = np.zeros(self.parts["old"], bool)
            one[kind, cell, month] = True
            here = (np.arange(len(self.world.of.households)) == cell)[:, None, None]
            part = ("cases", "family")[kind]
            yield self.at(old=one), self.at(**{part: here & (np.arange(MONTHS) < month)})
            yield self.at(fresh=one), self.at(**{part: here & (np.arange(MONTHS) == month)}) * (not knows.patient)
        for month in range(MONTHS):
            yield from self._caps_of(month, knows)

    def _caps_of(self, month: int, knows: Knows) -> Iterator[tuple[Weights, Weights]]:
        now, before = np.arange(MONTHS) == month, np.arange(MONTHS) < month
        general = np.array([True, False])[:, None, None] & now
        stage = {at: (np.arange(len(STAGES)) == at)[:, None] for at in (UNDER_WAY, CLOSED)}
        ended = np.isin(np.arange(len(STAGES)), ENDED)[:, None]
        waiting = (np.arange(len(OUTCOMES)) == WAITING)[:, None]
        yield self.at(fresh=general), self.at(stages=stage[UNDER_WAY] & now)
        if knows.final:
            yield self.at(old=general), self.at(cases=before) - self.at(stages=ended & before)
        may_wait = self.at(cases=before) + self.at(stages=stage[CLOSED] & now) - self.at(old=general)
        yield self.at(revisits=waiting & now), knows.visits * may_wait
        may_have_closed = self.at(cases=before) + self.at(stages=(stage[CLOSED] | stage[UNDER_WAY]) & now)
        yield self.at(revisits=now), knows.visits * may_have_closed

    def loose_ends(self, knows: Knows, sample: int | None = None) -> Found:
        """The withheld counts that can be bounded tighter than 1-4: (least, true, most); of about so many as `sample`
        says only, stages and revisits all."""
        assert all(one.shown in (WITHHELD, one.count) for one in self.numbers), "what is shown is true"
        known: list[tuple[Weights, int]] = [(one.mask, one.shown) for one in self.numbers if one.shown >= 0]
        least = [one.mask for one in self.numbers if one.shown < 0 and one.some]
        bounds = Bounds(len(self.at()), [*known, *self.sums()], least, list(self.caps(knows)))
        small = [one for one in self.numbers if one.shown < 0 and 1 <= one.count <= 4]
        areas = [one for one in small if one.key[0] in ("cases", "family", "overdue")]
        chosen = areas if sample is None else areas[:: max(1, len(areas) // sample)]
        chosen += [one for one in small if one.key[0] in ("stages", "revisits")]
        found = {one.key: (*bounds.of(one.mask), one.count) for one in chosen}
        return {key: (low, n, high) for key, (low, high, n) in found.items() if low > 1 + 1e-6 or high < 4 - 1e-6}


KNOWING = (Knows(), Knows(visits=1), Knows(patient=False), Knows(final=True), Knows(final=True, visits=1))


@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.sampled_from((0.3, 1.0, 3.0, 8.0)),
    late=st.sampled_from((0.05, 0.3, 0.7, 1.0)),
    spans=st.sampled_from(SPANS),
    knows=st.sampled_from(KNOWING),
)
@settings(max_examples=examples(16))
def test_nothing_small_follows_from_all_that_is_published(
    seed: int, rate: float, late: float, spans: tuple[int, int, int, int], knows: Knows
) -> None:
    of = world(seed, rate=rate, late=late, spans=spans, knows=knows)
    assert not Told(of).loose_ends(knows, sample=12)


@pytest.mark.slow
@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.floats(0.1, 10),
    late=st.floats(0, 1),
    spans=st.sampled_from(SPANS),
    knows=st.sampled_from(KNOWING),
)
@settings(max_examples=150)
def test_nor_in_many_more_counties(
    seed: int, rate: float, late: float, spans: tuple[int, int, int, int], knows: Knows
) -> None:
    of = world(seed, rate=rate, late=late, spans=spans, knows=knows)
    assert not Told(of).loose_ends(knows)


def late_in_three_villages() -> World:
    """In the first month 92 cases in four villages; from the next on all of two of them are past their date, two of a
    third one and eight of the last."""
    cases, late = np.zeros((4, 1, MONTHS), np.int64), np.zeros((2, 4, MONTHS), np.int64)
    cases[:, 0, 0] = 20, 10, 12, 50
    late[0, :, 1:] = np.array([2, 10, 12, 8])[:, None]
    villages = (np.arange(4), np.zeros(4, np.int64), np.zeros(1, np.int64))
    of, family = (
        County(number, np.array([300, 40, 50, 500], np.int64), villages, (1, 1, 1, 1)) for number in (cases, 0 * cases)
    )
    opened = np.zeros_like(late)
    opened[0, :, 1:] = cases[:, 0, :1]
    stages, revisits = np.zeros((len(STAGES), MONTHS), np.int64), np.zeros((len(OUTCOMES), MONTHS), np.int64)
    stages[UNDER_WAY, 0] = 92
    return World(of, family, opened, late, 0 * late, stages, revisits)


def test_the_attack_finds_what_cases_past_their_date_would_tell() -> None:
    """It is no sham: where all cases of two villages are past their date, a third one's two follow, if nobody minds."""
    of = late_in_three_villages()
    least, truth, _ = Told(of, careless=True).loose_ends(Knows())["overdue", 2, 0, 1]
    assert truth == 2
    assert least == pytest.approx(2)
    assert not Told(of).loose_ends(Knows())


def test_and_what_revisits_would_tell() -> None:
    """Of the first month nothing but that it had one to four cases: with six revisits in the next it had three."""
    of = late_in_three_villages()
    of.of.cases[:, 0, 0] = 3, 0, 0, 0
    of.stages[UNDER_WAY, 0], of.revisits[0, 1] = 3, 6
    few = World(of.of, of.family, 0 * of.open, 0 * of.old, of.fresh, of.stages, of.revisits)
    least, truth, _ = Told(few, careless=True).loose_ends(Knows())["cases", 0, 0, -1, 0]
    assert (least, truth) == (pytest.approx(3), 3)
    assert not Told(few).loose_ends(Knows())


def test_something_is_shown() -> None:
    """Of numbers of 5 or more, where most cases are dealt with in time."""
    shown: dict[object, list[bool]] = {}
    for seed in range(10):
        for one in Told(world(seed, rate=20.0, late=0.2, spans=(1, 1, 3, 3), knows=Knows())).numbers:
            if one.count >= 5:
                shown.setdefault(one.key[0], []).append(one.shown >= 0)
    assert {kind for kind, flags in shown.items() if np.mean(flags) > 0.2} == set(shown)
    assert len(shown) == 5
