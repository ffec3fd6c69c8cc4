"""The board out of the database: figures of one area, of one snapshot.

Coverage and the visits of today come from what a worker keeps (`gis.households.figures`, `gis.board.today`), the rest
is read: sums over key sites and over the patrols of one day, and published tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from gis.board.content import Board, Progress, VisitsToday
from gis.board.today import HOURS, HourCounts
from gis.board.works import patrols_of, sites_of
from gis.codes import DIGITS, Level
from gis.disputes.overdue import overdue_cases
from gis.households.coverage import (
    CoverageTable,
    coverage_of_round,
    default_since,
    open_round_at,
    parts_of,
)
from gis.households.figures import CountyFigures, coverage_table
from gis.households.rounds import Round, get_round, inside_round
from gis.report.grades import most_left_first
from gis.settings import Settings

WORST: Final = 10
Ints = NDArray[np.int64]
Figures = Callable[[date], Mapping[int, CountyFigures]]
Visits = Callable[[Mapping[int, CountyFigures]], Sequence[HourCounts]]


@dataclass(frozen=True, slots=True)
class Question:
    """Of which area (None: all that the reader may see, `within`), since which round (None: the open one), when."""

    area: str | None
    round: str | None
    within: Sequence[str]
    counties: Sequence[int]
    now: datetime  # on the county's clock

    @property
    def today(self) -> date:
        return self.now.date()


def gather(conn: Connection, ask: Question, figures: Figures, visits: Visits, settings: Settings) -> Board:
    """The board. `conn` is in one snapshot and was told the reader's scope; `figures` gives those of the counties since
    a day (with `last_reached`), `visits` the visits of today in their cells.

    Raises NotFound for an unknown round and an area without cells, BadInput for an area outside the round.
    """
    found = _round(conn, ask)
    area = inside_round(ask.area, found) if found else ask.area
    areas = parts_of(area, ask.within)
    since = found.first_on if found else default_since(conn, area, ask.today)
    by_county = figures(since)
    kept = list(by_county.values())
    cells = _table(conn, ask, area, found, kept, Level.cell)
    level = Level.cell if _inside_villages(areas) else Level.village
    parts = cells if level is Level.cell else _table(conn, ask, area, found, kept, level)
    worst = most_left_first(cells.areas)
    return Board(
        as_of=ask.now,
        today=ask.today,
        since=since,
        area=area,
        total=parts.total,
        parts=tuple(parts.areas),
        parts_level=level,
        worst=tuple(worst[:WORST]),
        num_overdue_cells=len(worst),
        progress=_progress(found, parts, kept, areas, ask.today) if found else None,
        visits=_visits(visits(by_county), areas, ask.today),
        sites=sites_of(conn, ask.counties, area, ask.today, settings),
        patrols=patrols_of(conn, ask.counties, area, ask.now),
        cases=overdue_cases(conn, ask.counties, area),
    )


def _round(conn: Connection, ask: Question) -> Round | None:
    """The round that is asked for, else the open one that the area lies in."""
    code = ask.round
    if code is None:
        opened = open_round_at(conn, ask.area, ask.today)
        code = opened[0] if opened else None
    return get_round(conn, code) if code is not None else None


def _inside_villages(areas: Sequence[str]) -> bool:
    """Whether each of the areas is a village or a cell of one."""
    return all(len(area) >= DIGITS[Level.village] for area in areas)


def _table(
    conn: Connection,
    ask: Question,
    area: str | None,
    found: Round | None,
    kept: Sequence[CountyFigures],
    level: Level,
) -> CoverageTable:
    if found is not None and found.closed_at is not None:
        return coverage_of_round(conn, found.code, level, ask.today, area, ask.within)
    since = found.first_on if found else default_since(conn, area, ask.today)
    return coverage_table(kept, area=area, within=ask.within, level=level, since=since, today=ask.today)


def _progress(
    found: Round, parts: CoverageTable, kept: Sequence[CountyFigures], areas: Sequence[str], today: date
) -> Progress:
    summed = [by_day for each in kept if (by_day := _by_day(each, areas)) is not None]
    if found.closed_at is not None or len(summed) < len(kept):
        return Progress(found, parts.total, today, None)
    by_day = np.sum(summed, axis=0) if summed else np.zeros(0, np.int64)
    return Progress(found, parts.total, today, tuple(by_day.tolist()))


def _by_day(part: CountyFigures, areas: Sequence[str]) -> Ints | None:
    if part.last_reached is None:
        return None
    inside = np.array([code.startswith(tuple(areas)) for code in part.codes], bool)
    summed: Ints = part.last_reached[:, inside].sum(axis=1)
    return summed


def _visits(counted: Sequence[HourCounts], areas: Sequence[str], today: date) -> VisitsToday:
    hours = np.sum([each.of(areas) for each in counted], axis=0) if counted else np.zeros((HOURS, 2), np.int64)
    busy = np.flatnonzero(hours.sum(axis=1))
    spans = range(busy[0], busy[-1] + 1) if len(busy) else range(0)
    return VisitsToday(today, tuple((hour, *hours[hour].tolist()) for hour in spans))
