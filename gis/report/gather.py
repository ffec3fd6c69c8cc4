"""The monthly report out of the database: figures of coverage, rounds and cells of one area, in one snapshot.

Figures are those of the day on which they are read. How many households had been reached at the end of a past month is
not kept (of a household the last day is, and it moves), so the report tells what was reached since the month's first
day, and of which day that is; nothing is extrapolated. Rounds that were closed are as they were frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import shapely
from sqlalchemy import Connection, text

from gis.codes import DIGITS, Level, county_of, level_of, parent_of
from gis.disputes.periods import Period
from gis.households.coverage import (
    DEFAULT_WINDOW_DAYS,
    AreaCoverage,
    coverage,
    coverage_of_round,
    default_since,
    total,
)
from gis.households.rounds import Round, list_rounds, planned_percent
from gis.report.cases import Reader, cases_of
from gis.report.content import Place, Report, Visits, Work
from gis.report.grades import grade_of
from gis.report.progress import RoundProgress, ranking
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.queries import query

Step = Callable[[Sentence], None]
BELOW: Final = {
    Level.county: Level.town,
    Level.town: Level.village,
    Level.village: Level.cell,
    Level.cell: Level.cell,
}
_RANKED: Final = {
    Level.county: Level.village,
    Level.town: Level.village,
    Level.village: Level.cell,
    Level.cell: Level.cell,
}


def gather(
    conn: Connection,
    area: str,
    month: Period,
    reader: Reader,
    *,
    settings: Settings,
    today: date,
    on_step: Step = lambda _: None,
) -> Report:
    """The report of an area. `conn` is in one read-only snapshot, and sees the area; `reader` is for whom it is.

    `on_step` is told what is read next. Raises BadInput where `area` is no code, NotFound where it has no cell.
    """
    level = level_of(area)
    on_step(Sentence("coverage"))
    since = _cut_off(conn, area, month, today)
    cells = coverage(conn, area=area, level=Level.cell, since=since, today=today).areas
    visits = _visits(conn, area, level, month, since, today, on_step)
    on_step(Sentence("cells"))
    steps = settings.work_left_steps
    work = Work(tuple(cells), {one.code: grade_of(one, steps) for one in cells}, steps, _outlines(conn, area))
    on_step(Sentence("cases"))
    cases = cases_of(conn, area, (level, BELOW[level]), month, reader, settings=settings, today=today)
    return Report(_place(conn, area, level, cells), month, visits, work, cases)


def _cut_off(conn: Connection, area: str, month: Period, today: date) -> date:
    """As everywhere else, but for a round that was opened after the month: it is none of the month's business."""
    since = default_since(conn, area, today)
    return since if since <= month.last else today - timedelta(days=DEFAULT_WINDOW_DAYS)


def _visits(
    conn: Connection, area: str, level: Level, month: Period, since: date, today: date, on_step: Step
) -> Visits:
    parts = coverage(conn, area=area, level=BELOW[level], since=since, today=today)
    ranked = coverage(conn, area=area, level=_RANKED[level], since=since, today=today)
    in_month = coverage(conn, area=area, level=_RANKED[level], since=month.first, today=today)
    on_step(Sentence("rounds"))
    return Visits(
        since=since,
        data_on=today,
        total=parts.total,
        in_month=in_month.total,
        parts=tuple(parts.areas),
        rounds=tuple(_rounds(conn, area, month, today)),
        standings=tuple(ranking(in_month.areas, ranked.areas)),
    )


def _rounds(conn: Connection, area: str, month: Period, today: date) -> list[RoundProgress]:
    """Rounds that have a day in the month, of the area, around it or in it, as far as they lie in it."""
    found = [r for r in list_rounds(conn, area) if r.first_on <= month.last and r.last_on >= month.first]
    since: dict[date, list[AreaCoverage]] = {}
    names = _names(conn, area[:6])
    progress = []
    for one in sorted(found, key=lambda r: (len(r.area), r.area, r.first_on)):
        inside = max(area, one.area, key=len)
        if one.closed_at is not None:
            table = coverage_of_round(conn, one.code, level_of(inside), today, inside, (area,))
            figures, as_of = table.total, table.as_of
        else:
            if one.first_on not in since:
                cut = coverage(conn, area=area, level=Level.cell, since=one.first_on, today=today)
                since[one.first_on] = cut.areas
            figures, as_of = total((c for c in since[one.first_on] if c.code.startswith(inside)), inside), today
        progress.append(_progress(one, names.get(one.area, one.area), figures, as_of))
    return progress


def _progress(one: Round, name: str, figures: AreaCoverage, as_of: date) -> RoundProgress:
    by = as_of if one.closed_at is None else one.last_on
    return RoundProgress(one, name, figures, as_of, planned_percent(one.target, one.first_on, one.last_on, by))


def _names(conn: Connection, county: str) -> dict[str, str]:
    """Divisions of a county by code."""
    found = conn.execute(
        text("SELECT code, name FROM everycell.division WHERE starts_with(code, :county)"), {"county": county}
    )
    return {row.code: row.name for row in found}


def _place(conn: Connection, area: str, level: Level, cells: list[AreaCoverage]) -> Place:
    """Names of areas around that the reader may not see are left out."""
    names = _names(conn, area[:6]) | {cell.code: cell.name for cell in cells if level is Level.cell}
    chain = [names.get(area, area)]
    code = parent_of(area)
    while code is not None:
        if code in names:
            chain.insert(0, names[code])
        code = parent_of(code)
    return Place(area, level, tuple(chain))


def _outlines(conn: Connection, area: str) -> dict[str, shapely.Geometry]:
    """The live cells of an area, as polygons by code."""
    digits = DIGITS[Level.cell]
    values = {
        "county": county_of(area, field="area"),
        "first_cell": area.ljust(digits, "0"),
        "last_cell": area.ljust(digits, "9"),
        "revision": None,
    }
    rows = conn.execute(query("cells/grid"), values).all()
    shapes = shapely.from_wkb([bytes(row.wkb) for row in rows])
    return {row.code: shape for row, shape in zip(rows, shapes, strict=True)}
