"""A report of the made-up county of `tests.maps.fake`: a round, a closed one, cases with withheld counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from shapely.geometry import shape

from gis.codes import DIGITS, Level, level_of
from gis.disputes.categories import TABLED
from gis.disputes.figures import AreaFigures
from gis.disputes.overdue import OverdueArea, OverdueCases
from gis.disputes.periods import Period, Span
from gis.disputes.stages import Stood
from gis.disputes.standing import Revisited, Stage
from gis.households.coverage import AreaCoverage, total
from gis.households.rounds import Round, planned_percent
from gis.report.cases import Cases, CaseTable
from gis.report.content import Place, Report, Visits, Work
from gis.report.grades import grade_of
from gis.report.progress import RoundProgress, ranking
from tests.maps import fake

MONTH = Period(date(2026, 11, 1), Span.month)
STEPS = (5.0, 15.0, 30.0)
COUNTS = (31, 12, None, 0, 7, None, 0, 0, 5, 0, 0, 0, None)


def report(note: str = "", **changes: Any) -> Report:
    """The report of the county; `note` is put into every name."""
    made = fake.county(note=note)
    names = {one["properties"]["code"]: one["properties"]["name"] for one in made.divisions["features"]}
    cells = [_named(area, f"网格{area.code[-2:]}{note}") for area in made.figures]
    month = [fake.figures_of(c.code, made.households, confirmed=False, since=MONTH.first) for c in cells]
    towns = _summed(cells, Level.town, names)
    villages, in_month = _summed(cells, Level.village, names), _summed(month, Level.village, names)
    visits = Visits(
        since=fake.SINCE,
        data_on=fake.TODAY,
        total=total(cells, "621102"),
        in_month=total(month, "621102"),
        parts=tuple(towns),
        rounds=tuple(_round(total(cells, "621102"), closed, note) for closed in (False, True)),
        standings=tuple(ranking(in_month, villages)),
    )
    outlines = {one["properties"]["code"]: shape(one["geometry"]) for one in made.cells["features"]}
    work = Work(tuple(cells), {cell.code: grade_of(cell, STEPS) for cell in cells}, STEPS, outlines)
    place = Place("621102", Level.county, (names["621102"],))
    return Report(**{"place": place, "month": MONTH, "visits": visits, "work": work, "cases": _cases(names)} | changes)


def _named(area: AreaCoverage, name: str) -> AreaCoverage:
    figures = (area.known, area.reached, area.tried, area.never, area.overdue, area.oldest_on, area.empty)
    return AreaCoverage(area.code, name, area.level, *figures)


def _summed(cells: list[AreaCoverage], level: Level, names: dict[str, str]) -> list[AreaCoverage]:
    codes = sorted({cell.code[: DIGITS[level]] for cell in cells})
    return [_named(total((c for c in cells if c.code.startswith(code)), code), names[code]) for code in codes]


def _round(figures: AreaCoverage, closed: bool, note: str) -> RoundProgress:
    first, last = date(2026, 11, 1) - timedelta(days=30 * closed), date(2026, 11, 30) - timedelta(days=25 * closed)
    ended = datetime(2026, 11, 6, tzinfo=UTC) if closed else None
    made = Round(f"621102-R-{first:%Y%m%d}", "621102", f"{first:%m}月轮{note}", first, last, 80, ended)
    as_of = date(2026, 11, 6) if closed else fake.TODAY
    return RoundProgress(made, f"示范县{note}", figures, as_of, planned_percent(80, first, last, as_of))


def _cases(names: dict[str, str]) -> Cases:
    def figures(code: str, level: Level, family: int | None, number: int | None) -> AreaFigures:
        parts = MappingProxyType(dict(zip(TABLED, COUNTS, strict=True)))
        return AreaFigures(code, names[code], level, 400, number, parts, family)

    own, below = figures("621102", Level.county, 6, 64), Period(date(2026, 7, 1), Span.quarter)
    towns = (figures("621102001", Level.town, None, 120), figures("621102002", Level.town, 0, None))
    trend = [(Period(date(2026, month, 1), Span.month), number) for month, number in ((8, 50), (9, None), (10, 64))]
    return Cases(
        own=CaseTable(Level.county, trend[-1][0], date(2026, 11, 1), (own,)),
        below=CaseTable(Level.town, below, date(2026, 10, 1), towns),
        trend=tuple((period, figures("621102", Level.county, 6, number)) for period, number in trend),
        heat=None,
        judged=None,
        overdue=_overdue(names),
        stood=_stood(),
    )


def _overdue(names: dict[str, str]) -> OverdueCases:
    numbers = {"621102": 17, "621102001": 17, "621102002": 0}
    areas = tuple(OverdueArea(code, names[code], level_of(code), number) for code, number in numbers.items())
    return OverdueCases(Period(date(2026, 10, 1), Span.month), datetime(2026, 11, 1, tzinfo=UTC), areas)


def _stood() -> Stood:
    stages = dict(zip(Stage, (31, 18, None, None, 0, None), strict=True))
    revisits = dict(zip(Revisited, (20, None, None, 6), strict=True))
    return Stood(MappingProxyType(stages), 32, MappingProxyType(revisits))
