"""Which published tables a reader of some areas may be answered from, and of which periods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from gis.cells.history import revision_of
from gis.codes import Level, level_of
from gis.disputes.periods import Period, Span
from gis.disputes.releases import Release, tiling
from gis.errors import BadInput, EverycellError, NotFound
from gis.words import word

Stand = tuple[date, tuple[tuple[int, datetime, int], ...]]


@dataclass(frozen=True, slots=True)
class Published:
    """The tables of one county, without those of family disputes, for a reader whose smallest area there has a `level`:
    of shorter periods than that level's the reader knows nothing."""

    county: int
    level: Level
    tables: tuple[Release, ...]

    @property
    def published_at(self) -> datetime:
        """When the last of them was published: they never change, so this tells which there are."""
        return max(one.published_at for one in self.tables)

    def of(self, level: Level | None = None) -> list[Release]:
        """The tables of a level, in order; without one, of the reader's own."""
        return [one for one in self.tables if one.level is (level or self.level)]

    def periods(self, level: Level | None = None, span: Span | None = None) -> list[Period]:
        """The periods of these tables."""
        return [one.period for one in self.of(level) if span in (None, one.period.span)]

    def has(self, period: Period, level: Level | None = None) -> bool:
        """Whether tables of a level (the reader's own) make up a period."""
        return bool(tiling(self.of(level), period))

    def grid_on(self, period: Period | None) -> date | None:
        """The day of the grid by which the cells of a period were counted; None where they were not."""
        days = [one.grid_on for one in (tiling(self.of(Level.cell), period) if period else ())]
        return max(days, default=None)


def published(releases: Iterable[Release], within: Sequence[str]) -> list[Published]:
    """What there is by county, in order, for a reader of some areas; counties without any table are missing."""
    found: dict[int, list[Release]] = {}
    for one in releases:
        if not one.family:
            found.setdefault(one.county, []).append(one)
    return [Published(county, sight(within, county), tuple(tables)) for county, tables in sorted(found.items())]


def sight(within: Sequence[str], county: int) -> Level:
    """The level of the areas of a county that a reader may see, of the smallest where there are several."""
    code = f"{county:06}"
    return level_of(max((area for area in within if area.startswith(code)), key=len, default=code))


def stand_of(conn: Connection, listed: Sequence[Published], today: date) -> Stand:
    """What everything drawn from some tables depends on: the tables, the grid, and the day, for households are those of
    its first question."""
    return today, tuple((one.county, one.published_at, revision_of(conn, one.county)) for one in listed)


def readable(listed: Sequence[Published], period: Period, today: date) -> list[Published]:
    """The counties that have figures of a period for their reader.

    Raises NotFound where it is not over or not published, BadInput where it is shorter than the tables of the reader's
    areas; both name `period`.
    """
    if not period.closed(today):
        raise NotFound("period: {period} is not over; cases are counted when it is", period=period, field="period")
    found = [one for one in listed if one.has(period)]
    if not found:
        raise _missing(period, listed)
    return found


def last_period(listed: Sequence[Published]) -> Period:
    """The last period of which the reader may know figures. Raises NotFound where there is none yet."""
    ends = [each for one in listed for each in one.periods()]
    if not ends:
        raise _nothing_yet()
    return max(ends, key=lambda each: (each.last, each))


def _missing(period: Period, listed: Sequence[Published]) -> EverycellError:
    there = sorted({(each, one.level) for one in listed for each in one.periods()})
    if not there:
        return _nothing_yet()
    (first, _), (last, level) = there[0], there[-1]
    if period.span < last.span:
        return BadInput(
            "{field}: cases of a {level} are counted by {span}, not by {asked}; the last is {last}",
            level=word(level.value),
            span=word(last.span.name),
            asked=word(period.span.name),
            last=last,
            field="period",
        )
    return NotFound(
        "period: no figures of {period} are published; there are those of {first} to {last}",
        period=period,
        first=first,
        last=last,
        field="period",
    )


def _nothing_yet() -> NotFound:
    return NotFound("period: no figures are published yet; they are when a whole period is over", field="period")
