"""Coverage: of the households known in an area, how many have been reached since a cut-off day, and which wait longest.

For a cut-off day D and active households: known = all of them, reached = last reached on or after D, tried = contacted
since D but not reached since D, never = never reached, overdue = due before today, coverage = reached / known. Every
figure is a sum over the histogram `coverage_day`, so its cost does not grow with households or visits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, text

from gis.codes import DIGITS, Level, county_of, level_of
from gis.errors import BadInput, NotFound
from gis.settings import Settings
from gis.storage.queries import query
from gis.storage.revisions import EVERYWHERE

DEFAULT_WINDOW_DAYS: Final = 90
_OUTWARDS: Final = (Level.cell, Level.village, Level.town, Level.county)

Empty = Literal["confirmed", "unchecked"]


@dataclass(frozen=True, slots=True)
class AreaCoverage:
    """The figures of one area. `coverage` is None, never 0 or 1, where no household is known; `empty` says why."""

    code: str
    name: str
    level: Level
    known: int
    reached: int
    tried: int
    never: int
    overdue: int
    oldest_on: date | None
    empty: Empty | None

    @property
    def coverage(self) -> float | None:
        """reached / known, between 0 and 1."""
        return self.reached / self.known if self.known else None


@dataclass(frozen=True, slots=True)
class CoverageTable:
    """Figures of areas and their sum. `as_of` is the day for which overdue was counted.

    `frozen` is the code of the closed round whose result it is: of the grid as it was when it was closed.
    """

    as_of: date
    since: date
    areas: list[AreaCoverage]
    total: AreaCoverage
    frozen: str | None = None


def counties(conn: Connection, area: str | None) -> list[int]:
    """The counties an area lies in: its own, or all that are stored where `area` is None."""
    if area is not None:
        return [county_of(area, field="area")]
    return list(conn.execute(text("SELECT county FROM everycell.county_outline ORDER BY county")).scalars())


def coverage(conn: Connection, *, area: str | None, level: Level, since: date, today: date) -> CoverageTable:
    """The figures of every area of `level` inside `area` (all counties where it is None).

    An area without cells gives no rows and a total of zeros. Raises BadInput where `area` is no code or `level` is
    wider than it, NotFound where the area has no cell.
    """
    check_level(area, level)
    values = {"counties": counties(conn, area), "prefix": area or "", "digits": DIGITS[level]}
    rows = conn.execute(query("households/coverage"), {**values, "since": since, "today": today}).all()
    if area is not None and not rows:
        raise NotFound("area: there is no cell in {area}", area=area, field="area")
    return _table(rows, level, since, today, area)


def parts_of(area: str | None, within: Sequence[str]) -> list[str]:
    """The part of an area (None: everywhere) that lies within some areas: the area itself where it lies in one of them,
    else those of them that lie in it."""
    if area is None:
        return list(within)
    if any(area.startswith(one) for one in within):
        return [area]
    return [one for one in within if one.startswith(area)]


def coverage_of_round(
    conn: Connection,
    code: str,
    level: Level,
    today: date,
    area: str | None = None,
    within: Sequence[str] = EVERYWHERE,
) -> CoverageTable:
    """Coverage since the first day of a round; the frozen result where it is closed, of its part `within` some areas.

    Raises NotFound for an unknown round, BadInput where `area` lies outside it, or `level` is wider than a part.
    """
    county = county_of(code, field="round")
    found = conn.execute(
        text("SELECT area, first_on, closed_at FROM everycell.visit_round WHERE county = :county AND code = :code"),
        {"county": county, "code": code},
    ).one_or_none()
    if found is None:
        raise NotFound("round: there is no round {code}", code=code, field="round")
    inside = area or found.area
    if not inside.startswith(found.area):
        raise BadInput(
            "area: {area} lies outside round {round}, which is of {whole}",
            area=inside,
            round=code,
            whole=found.area,
            field="area",
        )
    if found.closed_at is None:
        return coverage(conn, area=inside, level=level, since=found.first_on, today=today)
    parts = parts_of(inside, within)
    rows: list[Row[Any]] = []
    for part in parts:
        check_level(part, level)
        values = {"county": county, "round": code, "prefix": part, "digits": DIGITS[level]}
        rows += conn.execute(query("households/round_coverage"), values)
    table = _table(rows, level, found.first_on, found.closed_at.date(), inside if parts == [inside] else None)
    return replace(table, frozen=code)


def default_since(conn: Connection, area: str | None, today: date) -> date:
    """The cut-off where none is given: the first day of the open round that the area lies in, else 90 days back.

    Where `area` is None it stands for the county, if only one is stored.
    """
    opened = open_round_at(conn, area, today)
    return opened[1] if opened else today - timedelta(days=DEFAULT_WINDOW_DAYS)


def open_round_at(conn: Connection, area: str | None, today: date) -> tuple[str, date] | None:
    """Code and first day of the open round that an area lies in, the closest around it; None where there is none.

    Where `area` is None it stands for the county, if only one is stored.
    """
    here = [area] if area else [f"{county:06}" for county in counties(conn, None)]
    if len(here) != 1:
        return None
    found = conn.execute(
        text(
            "SELECT code, first_on FROM everycell.visit_round WHERE county = :county AND closed_at IS NULL"
            " AND starts_with(:area, area) AND first_on <= :today ORDER BY length(area) DESC, first_on DESC LIMIT 1"
        ),
        {"county": county_of(here[0], field="area"), "area": here[0], "today": today},
    ).one_or_none()
    return (found.code, found.first_on) if found else None


def today_in(settings: Settings) -> date:
    """Today where the county is."""
    return datetime.now(settings.zone).date()


def check_level(area: str | None, level: Level) -> None:
    """Raise BadInput where a level is wider than the area it is asked for."""
    if area is not None and _OUTWARDS.index(level) > _OUTWARDS.index(level_of(area)):
        raise BadInput("level: {level} is wider than the area {area}", level=level, area=area, field="level")


def _table(rows: Sequence[Row[Any]], level: Level, since: date, today: date, area: str | None) -> CoverageTable:
    areas = [
        AreaCoverage(r.code, r.name, level, r.known, r.reached, r.tried, r.never, r.overdue, r.oldest_on, r.empty)
        for r in rows
    ]
    return CoverageTable(today, since, areas, total(areas, area))


def total(areas: Iterable[AreaCoverage], area: str | None) -> AreaCoverage:
    """The sum over areas; zeros and `unchecked` for none."""
    listed = list(areas)
    known = sum(a.known for a in listed)
    confirmed = bool(listed) and all(a.empty == "confirmed" for a in listed)
    return AreaCoverage(
        code=area or "",
        name="",
        level=level_of(area) if area else Level.county,
        known=known,
        reached=sum(a.reached for a in listed),
        tried=sum(a.tried for a in listed),
        never=sum(a.never for a in listed),
        overdue=sum(a.overdue for a in listed),
        oldest_on=min((a.oldest_on for a in listed if a.oldest_on is not None), default=None),
        empty=None if known else ("confirmed" if confirmed else "unchecked"),
    )
