"""Cases in the monthly report: published figures, heat and hot spots, and nothing else.

Counts of cases exist for periods that are over, each level having one length of period (decision 15). The report takes
for each level the last that was published and ended with the month or before it, and says which that is; and likewise
the last end of a month of which it is published how cases stood (decisions 27 and 28).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import Connection

from gis.codes import Level, county_of
from gis.disputes.figures import AreaFigures, figures
from gis.disputes.kept import Kept
from gis.disputes.overdue import OverdueCases, overdue_cases
from gis.disputes.periods import Period, Span
from gis.disputes.questions import Mode, Question
from gis.disputes.readable import Published, published
from gis.disputes.releases import Release, of_kind, releases
from gis.disputes.stages import Stood, stood
from gis.errors import BadInput, NotFound
from gis.settings import Settings

if TYPE_CHECKING:
    from gis.disputes.judged import Judged
    from gis.disputes.surfaces import Heat

_TREND: Final = 12  # periods
_JUDGED: Final = (Level.cell, Level.village)


class Widen(Protocol):
    """Lets a connection see whole counties for a while: what is drawn from is the same for every reader."""

    def __call__(self, conn: Connection) -> AbstractContextManager[Any]: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom cases are read: the areas they may see (`within`), how to look at whole counties for what is drawn, and
    what was drawn before (`kept`)."""

    within: Sequence[str]
    widen: Widen
    kept: Kept


@dataclass(frozen=True, slots=True)
class CaseTable:
    """What is published of areas of a level in a period, by the grid of `grid_on`."""

    level: Level
    period: Period
    grid_on: date
    areas: tuple[AreaFigures, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """`own` is of the area itself, `below` of the areas one level down (None: nothing of them is published yet, or a
    cell). `trend` are the area's own periods up to then, at most twelve, oldest first. `heat` and `judged` are None
    where they cannot be had; `judged` is cut to the area by whoever shows it. `overdue` is of the end of a month, of
    the area and all in it; `stood` of the same month, of a county alone; None where nothing is published."""

    own: CaseTable | None
    below: CaseTable | None
    trend: tuple[tuple[Period, AreaFigures], ...]
    heat: Heat | None
    judged: Judged | None
    overdue: OverdueCases | None
    stood: Stood | None


def cases_of(
    conn: Connection,
    area: str,
    levels: tuple[Level, Level],
    month: Period,
    reader: Reader,
    *,
    settings: Settings,
    today: date,
) -> Cases:
    """The cases of an area; `levels` are its own and the one below (the same of a cell)."""
    county = county_of(area, field="area")
    there = releases(conn, [county])
    ask = _Ask(conn, area, month, settings, today)
    own, below = levels
    trend = ask.tables(there, own)
    under = ask.tables(there, below, last=1) if below is not own else []
    overdue = overdue_cases(conn, [county], area, until=month)
    return Cases(
        own=trend[-1] if trend else None,
        below=under[-1] if under else None,
        trend=tuple((table.period, table.areas[0]) for table in trend),
        heat=_heat(conn, area, month, reader, there, settings, today),
        judged=_judged(conn, area, month, reader, there, settings, today),
        overdue=overdue,
        stood=None if overdue is None or own is not Level.county else stood(conn, county, overdue.month),
    )


@dataclass(frozen=True, slots=True)
class _Ask:
    conn: Connection
    area: str
    month: Period
    settings: Settings
    today: date

    def tables(self, there: Sequence[Release], level: Level, last: int = _TREND) -> list[CaseTable]:
        """The last tables of a level that ended with the month or before it, as far as the area is in them."""
        own = of_kind(there, county_of(self.area, field="area"), level, family=False)
        over = sorted({one.period for one in own if one.period.last <= self.month.last})
        return [table for period in over[-last:] if (table := self._table(level, period)) is not None]

    def _table(self, level: Level, period: Period) -> CaseTable | None:
        county = county_of(self.area, field="area")
        try:
            found = figures(self.conn, [county], self.area, level, period, settings=self.settings, today=self.today)
        except NotFound:  # the area is newer than the grid that was counted by
            return None
        return CaseTable(level, period, found.grid_on, found.areas)


def _heat(
    conn: Connection,
    area: str,
    month: Period,
    reader: Reader,
    there: Sequence[Release],
    settings: Settings,
    today: date,
) -> Heat | None:
    """The surface of the last period that this reader may know figures of, as the page of heat draws it."""
    period = _last([p for one in published(there, reader.within) for p in one.periods()], month)
    if period is None:
        return None
    from gis.disputes.surfaces import draw  # loads SciPy: only where there is something to draw

    half_life = settings.heat_half_life_days if period.span is Span.month else None
    question = Question(period, None, Mode.density, half_life, None, area, tuple(reader.within))
    try:
        with reader.widen(conn):
            return draw(conn, reader.kept, [county_of(area, field="area")], question, settings=settings, today=today)
    except (NotFound, BadInput):  # no cell of it is counted, or the area is too wide for any kernel
        return None


def _judged(
    conn: Connection,
    area: str,
    month: Period,
    reader: Reader,
    there: Sequence[Release],
    settings: Settings,
    today: date,
) -> Judged | None:
    """Hot spots of the last period of cells, else of villages, that ended with the month or before it."""
    listed = published(there, reader.within)
    period = next(filter(None, (_last(_periods(listed, level), month) for level in _JUDGED)), None)
    if period is None:
        return None
    from gis.disputes.judged import judge

    try:
        with reader.widen(conn):
            return judge(
                conn,
                reader.kept,
                [county_of(area, field="area")],
                period,
                None,
                reader.within,
                settings=settings,
                today=today,
            )
    except NotFound:
        return None


def _periods(listed: Sequence[Published], level: Level) -> list[Period]:
    return [period for one in listed for period in one.periods(level)]


def _last(found: Sequence[Period], month: Period) -> Period | None:
    """The last of some periods that ended with the month or before it."""
    return max((p for p in found if p.last <= month.last), key=lambda p: (p.last, p.first), default=None)
