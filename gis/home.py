"""What is waiting, for whoever looks: the figures of the first page, read in one snapshot.

Figures of coverage come from what a worker keeps in memory; all else are a few small questions of the database, which
cuts every answer to the areas of whoever asks. Cases are listed one by one to those who deal with them, and counted for
nobody: whoever does not is told what was published (`gis.disputes.disclosure`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from gis.access.scope import Right, Scope
from gis.board.content import Sites
from gis.board.works import sites_of
from gis.codes import DIGITS, Level, county_of, level_of
from gis.disputes import cases
from gis.disputes.cases import Case, Wanted
from gis.disputes.figures import AreaFigures, figures, periods
from gis.disputes.periods import Period
from gis.disputes.releases import of_kind
from gis.errors import NotFound
from gis.households.coverage import AreaCoverage, default_since, parts_of
from gis.households.figures import CountyFigures, coverage_table, total_within
from gis.households.rounds import list_rounds, planned_percent
from gis.report.progress import RoundProgress
from gis.settings import Settings
from gis.storage.queries import query

CASES_SHOWN: Final = 3
AREAS_SHOWN: Final = 5

# The figures of the cells of some counties since a day, in the snapshot that is read.
FiguresSince = Callable[[Sequence[int], date], Sequence[CountyFigures]]


@dataclass(frozen=True, slots=True)
class Patrols:
    """The patrols of a day: plans with routes, plans still searched; teams with a route, those of them that have ticked
    a stop; stops in routes, and those at which something was done."""

    plans: int
    searching: int
    teams: int
    out: int
    stops: int
    done: int


@dataclass(frozen=True, slots=True)
class Published:
    """What was published of the cases of an area in the last period of its level."""

    area: AreaFigures
    period: Period


@dataclass(frozen=True, slots=True)
class Home:
    """What is waiting. What somebody has no right to is None, which is not the same as nothing.

    `total` are figures since `since`, `most_left` the areas with the most households left to visit, the most first.
    `overdue` are the cases longest past their date, CASES_SHOWN at most; `published` is for whoever sees no case.
    `checks` are the key sites of all areas together; `names` are those of areas, by code.
    """

    areas: tuple[tuple[str, str], ...]
    since: date
    total: AreaCoverage
    rounds: tuple[RoundProgress, ...]
    most_left: tuple[AreaCoverage, ...]
    patrols: Patrols | None
    checks: Sites | None
    overdue: tuple[Case, ...] | None
    published: tuple[Published, ...]
    names: dict[str, str]


def gather(
    conn: Connection,
    scope: Scope,
    counties: Sequence[int],
    figures_since: FiguresSince,
    *,
    settings: Settings,
    today: date,
    now: datetime,
) -> Home | None:
    """What is waiting for somebody with a scope, whose areas lie in some counties. `conn` was told the scope.

    None where there is no cell in their areas: nothing has been imported yet.
    """
    within = scope.where(Right.figures)
    since = default_since(conn, within[0] if len(within) == 1 and within[0] else None, today)
    parts = figures_since(counties, since)
    if not any(part.codes for part in parts):
        return None
    sees_cases = scope.allows(Right.cases)
    return Home(
        areas=_areas(within, counties, parts),
        since=since,
        total=total_within(parts, within),
        rounds=tuple(_rounds(conn, within, figures_since, today)),
        most_left=_most_left(parts, within, since, today),
        patrols=_patrols(conn, counties, today) if scope.allows(Right.patrols) else None,
        checks=sites_of(conn, counties, None, today, settings)[0] if scope.allows(Right.doors) else None,
        overdue=_overdue(conn, counties, now) if sees_cases else None,
        published=() if sees_cases else tuple(_published(conn, counties, within, settings, today)),
        names=_names(parts),
    )


def _areas(
    within: Sequence[str], counties: Sequence[int], parts: Sequence[CountyFigures]
) -> tuple[tuple[str, str], ...]:
    """Code and name of the areas, of the counties where they are everything."""
    names = _names(parts)
    codes = [f"{county:06}" for county in counties] if "" in within else within
    return tuple((code, names.get(code, code)) for code in codes)


def _names(parts: Sequence[CountyFigures]) -> dict[str, str]:
    names: dict[str, str] = {}
    for part in parts:
        names |= part.division_names
        names |= dict(zip(part.codes, part.names, strict=True))
    return names


def _rounds(conn: Connection, within: Sequence[str], figures_since: FiguresSince, today: date) -> list[RoundProgress]:
    """The open rounds, as far as they lie in the areas; the widest first."""
    found = []
    for one in list_rounds(conn):
        inside = parts_of(one.area, within)
        if one.closed_at is not None or one.first_on > today or not inside:
            continue
        parts = figures_since([county_of(one.area)], one.first_on)
        planned = planned_percent(one.target, one.first_on, one.last_on, today)
        name = _names(parts).get(one.area, one.area)
        found.append(RoundProgress(one, name, total_within(parts, inside), today, planned))
    return sorted(found, key=lambda each: (len(each.round.area), each.round.area))


def _most_left(
    parts: Sequence[CountyFigures], within: Sequence[str], since: date, today: date
) -> tuple[AreaCoverage, ...]:
    """Villages, or cells where the areas are no wider than a village."""
    wide = all(len(one) <= DIGITS[Level.town] for one in within)
    level = Level.village if wide else Level.cell
    table = coverage_table(parts, area=None, within=within, level=level, since=since, today=today)
    left = [one for one in table.areas if one.known > one.reached]
    left.sort(key=lambda one: (one.reached - one.known, one.code))
    return tuple(left[:AREAS_SHOWN])


def _patrols(conn: Connection, counties: Sequence[int], today: date) -> Patrols:
    row = conn.execute(query("patrol/today"), {"counties": list(counties), "on": today}).one()
    return Patrols(**row._mapping)


def _overdue(conn: Connection, counties: Sequence[int], now: datetime) -> tuple[Case, ...]:
    found, _ = cases.listed(conn, counties, Wanted(overdue=True), now=now, limit=CASES_SHOWN)
    return tuple(found)


def _published(
    conn: Connection, counties: Sequence[int], within: Sequence[str], settings: Settings, today: date
) -> list[Published]:
    """Of each area the last period that was published for its level; an area without any has none."""
    told = []
    releases = periods(conn, counties)
    for area in [f"{county:06}" for county in counties] if "" in within else within:
        county, level = county_of(area), level_of(area)
        own = [one.period for one in of_kind(releases, county, level, family=False)]
        period = max(own, key=lambda one: one.last, default=None)
        if period is None:
            continue
        try:
            table = figures(conn, [county], area, level, period, settings=settings, today=today)
        except NotFound:  # the area is newer than the grid that was counted by
            continue
        told.append(Published(table.areas[0], period))
    return told
