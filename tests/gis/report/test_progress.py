"""What the report works out by itself: plans of rounds, the ranking, grades. No database."""

from __future__ import annotations

from datetime import date

import pytest

from gis.codes import Level
from gis.errors import BadInput, NotFound
from gis.households.coverage import AreaCoverage
from gis.households.rounds import planned_percent
from gis.report.grades import grade_of, most_left_first, number_by_grade
from gis.report.months import month_of
from gis.report.progress import ranking
from gis.settings import Settings

STEPS = (5.0, 15.0, 30.0)


def area(code: str, known: int = 100, reached: int = 0, overdue: int = 0) -> AreaCoverage:
    empty = None if known else "unchecked"
    return AreaCoverage(code, f"村{code}", Level.village, known, reached, 0, 0, overdue, None, empty)  # type: ignore[arg-type]


def test_a_plan_rises_evenly_from_the_first_day_to_the_last() -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    planned = [planned_percent(90, first, last, date(2026, 11, day)) for day in (1, 10, 30)]
    assert planned == [3.0, 30.0, 90.0]
    assert planned_percent(90, first, last, date(2026, 10, 31)) == 0
    assert planned_percent(90, first, last, date(2027, 1, 1)) == 90
    assert planned_percent(None, first, last, last) is None


def test_the_largest_share_leads_and_equals_share_a_place() -> None:
    months = [area("1", 200, 100), area("2", 100, 80), area("3", 10, 5), area("4", 0), area("5", 100, 0)]
    usual = [area(one.code, one.known, one.known) for one in months]
    ranked = ranking(months, usual)
    assert [(one.place, one.code) for one in ranked] == [(1, "2"), (2, "1"), (2, "3"), (4, "5"), (None, "4")]
    assert ranked[-1].share is None
    assert ranked[0].since_cut_off is usual[1]
    assert ranking([], []) == []


def test_grades_follow_the_steps() -> None:
    shares = {0: 1, 4: 1, 5: 2, 14: 2, 15: 3, 29: 3, 30: 4, 100: 4}
    assert {overdue: grade_of(area("1", overdue=overdue), STEPS) for overdue in shares} == shares
    assert grade_of(area("1", known=0), STEPS) is None
    assert number_by_grade([4, None, 4, 1]) == {1: 1, 2: 0, 3: 0, 4: 2, None: 1}
    cells = [area("1", 10, overdue=1), area("2", 10, overdue=5), area("3", 100, overdue=50), area("4")]
    assert [one.code for one in most_left_first(cells)] == ["3", "2", "1"]


def test_steps_have_to_rise() -> None:
    assert Settings(work_left_2_percent=1, work_left_3_percent=2, work_left_4_percent=3).work_left_steps == (1, 2, 3)
    with pytest.raises(ValueError, match="WORK_LEFT_2_PERCENT"):
        Settings(work_left_2_percent=20, work_left_3_percent=15)


def test_months() -> None:
    today = date(2026, 1, 5)
    assert str(month_of(None, today)) == "2025-12"
    assert str(month_of(None, date(2026, 11, 30))) == "2026-10"
    assert str(month_of("2026-01", today)) == "2026-01"
    for wrong in ("2026", "2026Q1", "2026-13", "2026-1", "x", ""):
        with pytest.raises(BadInput, match="month"):
            month_of(wrong, today)
    with pytest.raises(NotFound, match="2026-02 has not begun"):
        month_of("2026-02", today)
