"""What of figures is over a limit, and what is not worth calling anybody for."""

from __future__ import annotations

from datetime import date, timedelta

from gis.alarms import measure
from gis.alarms.kinds import Kind
from gis.board.content import Patrols, Sites
from gis.codes import Level
from gis.disputes.overdue import OverdueArea, OverdueCases
from gis.disputes.periods import period_of
from gis.households.coverage import AreaCoverage
from gis.households.rounds import Round
from tests.gis.world import TODAY

CODE = "990101100201"


def village(known: int = 100, reached: int = 50, tried: int = 0, overdue: int = 0, code: str = CODE) -> AreaCoverage:
    return AreaCoverage(
        code, "", Level.village, known, reached, tried, 0, overdue, None, None if known else "unchecked"
    )


def over(found: object) -> list[tuple[Kind, str, int]]:
    return [(one.kind, one.area, one.number) for one in found if one.over]  # type: ignore[attr-defined]


def test_behind_the_plan() -> None:
    days = Round("R", "990101", "", date(2026, 11, 11), date(2026, 11, 30), 80, None)  # 36 % by the end of the 19th
    found = [*measure.behind([village(reached=n) for n in (25, 26, 27, 37)], days, TODAY, limit_percent=10)]
    assert [(one.number, one.over) for one in found] == [(11, True), (10, True), (9, False), (0, False)]
    assert list(measure.behind([village(known=0, reached=0)], days, TODAY, limit_percent=10)) == []
    without = Round("R", "990101", "", days.first_on, days.last_on, None, None)
    assert list(measure.behind([village(reached=0)], without, TODAY, limit_percent=10)) == []


def test_no_village_is_behind_at_the_beginning_of_a_short_round() -> None:
    """Each day of a week asks for 13.6 points: they are late when it is over."""
    week = Round("R", "990101", "", date(2026, 11, 16), date(2026, 11, 22), 95, None)

    def points(on: date, reached: int) -> tuple[int, bool]:
        (found,) = measure.behind([village(reached=reached)], week, on, limit_percent=10)
        return found.number, found.over

    assert points(week.first_on, 0) == (0, False)
    assert points(date(2026, 11, 17), 0) == (14, True)
    assert points(date(2026, 11, 17), 14) == (0, False)
    assert points(week.last_on, 82) == (0, False)
    assert points(date(2026, 11, 24), 82) == (13, True)  # left open after its end: the whole target


def test_overdue_is_a_share_of_enough_households() -> None:
    told = [village(overdue=30), village(overdue=29), village(known=12, reached=0, overdue=9), village(known=0)]
    found = [one.over for one in measure.overdue(told, limit_percent=30)]
    assert found == [True, False, False]


def test_nothing_has_come_in() -> None:
    told = [village(reached=0), village(reached=0, tried=1), village(known=0, reached=0)]
    assert over(measure.silent(told, days=7)) == [(Kind.silent, CODE, 7)]


def test_sites() -> None:
    assert over(measure.sites([Sites(CODE, "", 9, 3, 0, 2), Sites("990101100202", "", 9, 0, 2, 0)])) == [
        (Kind.sites, "990101100202", 2)
    ]


def test_stops_missed_are_those_of_one_day() -> None:
    yesterday = TODAY - timedelta(days=1)
    some, few, none = (Patrols(CODE, "", 1, 0, 0, 1, 9, 9 - n, n) for n in (5, 3, 0))

    def told(**days: list[Patrols]) -> list[tuple[int, date | None, bool]]:
        found = measure.patrols({TODAY: days["today"], yesterday: days["yesterday"]})
        return [(one.number, one.patrol_on, one.over) for one in found]

    assert told(today=[few], yesterday=[some]) == [(3, TODAY, True)]
    assert told(today=[none], yesterday=[some]) == [(5, yesterday, True)]
    assert told(today=[], yesterday=[some]) == [(5, yesterday, True)]
    assert [(n, over) for n, _, over in told(today=[none], yesterday=[none])] == [(0, False)]
    assert told(today=[], yesterday=[]) == []


def test_published_cases_of_the_smallest_areas_that_have_a_number() -> None:
    numbers = {"990101": 40, "990101100": 25, "990101101": 15, "990101100201": 20, "990101100202": None}
    levels = {6: Level.county, 9: Level.town, 12: Level.village}
    areas = tuple(OverdueArea(code, "", levels[len(code)], number) for code, number in numbers.items())
    cases = OverdueCases(period_of("2026-10"), None, areas)  # type: ignore[arg-type]
    assert over(measure.cases(cases)) == [(Kind.cases, "990101101", 15), (Kind.cases, "990101100201", 20)]
    assert list(measure.cases(None)) == []
