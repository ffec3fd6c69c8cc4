"""No combination of published numbers tells a count of 1-4, and what is shown is the truth."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gis.codes import Level
from gis.disputes.categories import Category
from gis.disputes.disclosure import (
    MARK,
    WITHHELD,
    Layout,
    Table,
    added_up,
    check_question,
    expected,
    publish_below,
    publish_top,
    text_of,
    with_family,
)
from gis.disputes.merging import merge
from gis.disputes.periods import Period, Span, period_of
from gis.errors import BadInput, NotFound
from tests.examples import examples
from tests.gis.disputes.attack import county, loose_ends, numbers, publish

Ints = NDArray[np.int64]
SPANS = ((3, 3, 3, 3), (1, 1, 1, 1), (1, 1, 3, 3), (1, 3, 3, 3), (1, 1, 1, 3))


def ints(*values: object) -> Ints:
    return np.array(values, np.int64)


@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.sampled_from((0.3, 1.0, 3.0, 8.0)),
    columns=st.integers(1, 4),
    spans=st.sampled_from(SPANS),
)
@settings(max_examples=examples(30))
def test_no_withheld_count_can_be_bounded_tighter_than_one_to_four(
    seed: int, rate: float, columns: int, spans: tuple[int, int, int, int]
) -> None:
    of = county(seed, rate=rate, columns=columns, spans=spans)
    assert not loose_ends(of, publish(of))


@pytest.mark.slow
@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.sampled_from((0.3, 1.0, 3.0, 8.0, 20.0)),
    columns=st.integers(1, 6),
    spans=st.sampled_from(SPANS),
)
@settings(max_examples=150)
def test_nor_in_many_more_counties(seed: int, rate: float, columns: int, spans: tuple[int, int, int, int]) -> None:
    of = county(seed, rate=rate, columns=columns, spans=spans)
    assert not loose_ends(of, publish(of))


def test_the_attack_finds_what_single_holes_leave_open() -> None:
    """The attack is no sham: withholding the small counts only, it recovers them."""
    of = county(3, rate=3.0, columns=3, spans=(3, 3, 3, 3))
    naive = []
    for tables in publish(of):
        naive.append(dict.fromkeys(tables))
    for key, mask, _ in numbers(of, publish(of)):
        level, _, _, period = key
        naive[level][period] = naive[level][period] or []
        naive[level][period].append(int(of.cases[mask].sum()))
    holes = [
        {period: _with_holes(np.array(values).reshape(-1, of.cases.shape[1] + 1)) for period, values in tables.items()}
        for tables in naive
    ]
    found = loose_ends(of, holes)
    assert any(least == truth == most for least, truth, most in found.values())


def _with_holes(counts: Ints) -> Table:
    holed = np.where((counts > 0) & (counts < 5), WITHHELD, counts)
    return Table(holed[:, 0], holed[:, 1:])


@pytest.mark.parametrize("spans", SPANS)
def test_published_is_not_everything_and_not_nothing(spans: tuple[int, int, int, int]) -> None:
    of = county(11, rate=20.0, columns=4, spans=spans)
    shown = [number for _, _, number in numbers(of, publish(of))]
    assert sum(number > 0 for number in shown) >= 10
    assert WITHHELD in shown


def split(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Every way to split a total into so many counts."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in split(total - first, parts - 1):
            yield (first, *rest)


@pytest.mark.parametrize("households", [(50, 100, 80), (50, 100, 80, 200), (9, 100, 80, 200)])
def test_who_knows_the_rules_by_heart_learns_no_more(households: tuple[int, ...]) -> None:
    """All tables that lead to the same publication: a small total may still be anything from 1 or 0 to 4 or more."""
    known, homes = np.ones(1, bool), ints(*households)
    for total in range(5, 23):
        alike: dict[bytes, list[Ints]] = defaultdict(list)
        for counts in split(total, len(households)):
            rows = ints(*counts)
            shown, _ = merge(rows[:, None], homes, total_known=True, known=known)
            alike[np.where(shown, rows, WITHHELD).tobytes()].append(rows)
        for published, tables in alike.items():
            held = np.stack(tables)[:, np.frombuffer(published, np.int64) == WITHHELD]
            small = ((held > 0) & (held < 5)).any(axis=0)
            assert (held[:, small].min(axis=0) <= 1).all()
            assert (held[:, small].max(axis=0) >= 4).all()


@pytest.mark.parametrize("margins", [(5, 6), (7, 9), (10, 8)])
def test_nor_of_categories(margins: tuple[int, int]) -> None:
    alike: dict[bytes, list[Ints]] = defaultdict(list)
    for columns in itertools.product(*(split(margin, 3) for margin in margins)):
        counts = ints(*columns).T
        totals, parts = merge(counts, ints(50, 100, 80), total_known=True, known=np.ones(2, bool))
        key = np.c_[np.where(totals, counts.sum(axis=1), WITHHELD), np.where(parts, counts, WITHHELD)]
        alike[key.tobytes()].append(counts)
    for published, tables in alike.items():
        held = np.stack(tables)[:, np.frombuffer(published, np.int64).reshape(3, 3)[:, 1:] == WITHHELD]
        small = ((held > 0) & (held < 5)).any(axis=0)
        assert (held[:, small].min(axis=0) <= 1).all()
        assert (held[:, small].max(axis=0) >= 4).all()


@pytest.mark.parametrize(("columns", "most"), [(2, 22), (3, 22), (4, 18)])
def test_nor_of_the_categories_of_a_county(columns: int, most: int) -> None:
    """In one row whose total is shown no withheld category is 0, for a 0 is shown, unless all are withheld."""
    for total in range(5, most):
        alike: dict[bytes, list[Ints]] = defaultdict(list)
        for counts in split(total, columns):
            alike[publish_top(ints(*counts), 1000).parts.tobytes()].append(ints(*counts))
        for published, tables in alike.items():
            held = np.stack(tables)[:, np.frombuffer(published, np.int64) == WITHHELD]
            small = ((held > 0) & (held < 5)).any(axis=0)
            assert (held[:, small].min(axis=0) <= 1).all()
            assert (held[:, small].max(axis=0) >= 4).all()


def test_zero_is_shown_and_a_small_count_is_not() -> None:
    above = publish_top(ints(60), 1000)
    table = publish_below(ints([0], [3], [20], [12], [25]), ints(90, 90, 80, 70, 300), np.zeros(5, np.int64), [above])
    assert table.totals.tolist() == [0, WITHHELD, WITHHELD, WITHHELD, 25]
    assert table.parts[:, 0].tolist() == table.totals.tolist()


def test_few_households_show_nothing_but_zero() -> None:
    above = publish_top(ints(100), 1000)
    counts, homes = ints([40], [0], [20], [20], [20]), ints(9, 9, 100, 100, 100)
    assert publish_below(counts, homes, np.zeros(5, np.int64), [above]).totals[:2].tolist() == [WITHHELD, 0]


def test_below_a_withheld_area_nothing_is_shown() -> None:
    above = Table(ints(WITHHELD), ints([WITHHELD, 0]))
    table = publish_below(ints([9, 0], [11, 0]), ints(50, 50), ints(0, 0), [above])
    assert table.totals.tolist() == [WITHHELD, WITHHELD]
    assert table.parts.tolist() == [[WITHHELD, 0], [WITHHELD, 0]]


def test_a_longer_period_is_known_where_all_its_parts_are() -> None:
    months = [Table(ints(5, 9), ints([5, 0], [WITHHELD, 9])), Table(ints(7, WITHHELD), ints([7, 0], [5, 0]))]
    quarter = added_up(months)
    assert quarter.totals.tolist() == [12, WITHHELD]
    assert quarter.parts.tolist() == [[12, 0], [WITHHELD, 9]]
    below = publish_below(ints([6, 0], [6, 0], [20, 9]), ints(50, 50, 50), ints(0, 0, 1), months)
    assert below.totals.tolist() == [6, 6, WITHHELD]


def test_with_family_is_known_where_both_are() -> None:
    assert with_family(ints(10, WITHHELD, 0), ints(5, 6, 0)).tolist() == [15, WITHHELD, 0]


def test_what_a_reader_expects_comes_from_the_table_alone() -> None:
    none = np.zeros((4, 0), np.int64)
    table = Table(ints(20, WITHHELD, WITHHELD, WITHHELD), none)
    found = expected(table, ints(10, 10, 30, 0), ints(0, 0, 0, 1), np.array([28.0, 3.5]))
    assert found.tolist() == [20, 2, 6, 3.5]
    assert expected(Table(ints(WITHHELD), none), ints(40)).tolist() == [2.5]
    assert expected(Table(ints(7), none), ints(40)).tolist() == [7]


def test_what_is_expected_adds_up() -> None:
    of = county(8, rate=4.0, columns=2, spans=(3, 3, 3, 3))
    levels = publish(of)
    homes = [np.bincount(cells, of.households).astype(np.int64) for cells in of.above_cells]
    told = expected(levels[0][0], homes[0])
    for level in (1, 2, 3):
        parent = of.parents[3 - level]
        below = expected(levels[level][0], homes[level], parent, told)
        assert np.bincount(parent, below) == pytest.approx(told)
        told = below
    assert told.sum() == pytest.approx(of.cases.sum())


def test_no_areas() -> None:
    table = publish_below(np.zeros((0, 3), np.int64), ints(), ints(), [publish_top(ints(9, 0, 0), 100)])
    assert table.totals.shape == (0,)
    assert table.parts.shape == (0, 3)


def test_shapes_have_to_fit() -> None:
    with pytest.raises(ValueError, match="for each area"):
        publish_below(ints([1]), ints(5), ints(0), [])


def test_one_mark() -> None:
    assert [text_of(count) for count in (0, 5, WITHHELD)] == ["0", "5", MARK]


# ---- what may be asked


def ask(area: str = "110101001", period: str = "2026Q3", **changes: object) -> None:
    told = {"category": None, "layout": Layout(), "today": date(2026, 11, 29), "grid": "7", "published_grid": "7"}
    check_question(area, period_of(period), **(told | changes))  # type: ignore[arg-type]


def test_a_published_table_may_be_asked() -> None:
    ask()
    ask("110101", "2026-10", category=Category.family)
    ask("110101001001", "2025", category=Category.family)
    ask("110101001001001", "2025")


@pytest.mark.parametrize("period", ["2026Q4", "2026"])
def test_the_running_period_has_no_figures(period: str) -> None:
    with pytest.raises(NotFound, match="not over"):
        ask(period=period)


def test_a_level_is_counted_by_its_own_period() -> None:
    with pytest.raises(BadInput, match="by quarter"):
        ask(period="2026-09")


def test_family_disputes_are_not_counted_below_villages() -> None:
    with pytest.raises(BadInput, match="family"):
        ask("110101001001001", "2025", category=Category.family)


def test_an_old_grid_and_a_new_one_are_not_held_against_each_other() -> None:
    with pytest.raises(BadInput, match="grid 7 only"):
        ask(grid="8")


@pytest.mark.parametrize("area", ["110101001001,110101001002", "POLYGON((0 0,1 0,1 1,0 0))", "1101010010010012"])
def test_there_are_no_areas_but_those_of_the_grid(area: str) -> None:
    with pytest.raises(BadInput, match="no area code"):
        ask(area)


@pytest.mark.parametrize("text", ["2026-11-01", "2026-11-01/2026-11-30", "2026Q5", "2026-13", "last month", "0000", ""])
def test_there_are_no_other_spans_of_time(text: str) -> None:
    with pytest.raises(BadInput, match="no period"):
        period_of(text)


def test_periods() -> None:
    quarter = period_of("2026Q4")
    assert [str(part) for part in quarter.parts(Span.month)] == ["2026-10", "2026-11", "2026-12"]
    assert str(quarter.following) == "2027Q1"
    assert quarter.last == date(2026, 12, 31)
    assert not quarter.closed(date(2026, 12, 31))
    assert quarter.closed(date(2027, 1, 1))
    assert str(period_of(" 2026 ")) == "2026"
    with pytest.raises(BadInput, match="does not consist"):
        quarter.parts(Span.year)
    with pytest.raises(BadInput, match="begins no quarter"):
        Period(date(2026, 2, 1), Span.quarter)


def test_the_layout_says_what_is_published_when() -> None:
    layout = Layout()
    assert layout.ending_with(period_of("2026-11")) == ((Level.county, period_of("2026-11")),)
    assert layout.ending_with(period_of("2026-12")) == (
        (Level.county, period_of("2026-12")),
        (Level.town, period_of("2026Q4")),
        (Level.village, period_of("2026")),
        (Level.cell, period_of("2026")),
    )


def test_a_level_below_has_no_shorter_period() -> None:
    with pytest.raises(BadInput, match="none shorter"):
        Layout({Level.county: Span.quarter, Level.town: Span.month, Level.village: Span.year, Level.cell: Span.year})


def test_the_same_county_is_published_the_same() -> None:
    of = county(5, rate=3.0, columns=3, spans=(1, 1, 3, 3))
    for one, other in zip(publish(of), publish(of), strict=True):
        for period in one:
            assert np.array_equal(one[period].totals, other[period].totals)
            assert np.array_equal(one[period].parts, other[period].parts)
