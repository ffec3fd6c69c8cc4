"""Published counts of cases, as they are read: by area, by period, and as what is expected of cells.

Whatever leaves from here was published (`gis.disputes.publication`); a number that is None is withheld. The database
cuts it to the caller's areas: `conn` has been told a scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
from sqlalchemy import Connection

from gis.codes import Level
from gis.disputes.categories import TABLED, Category
from gis.disputes.disclosure import LEVELS, WITHHELD, Table, added_up, check_asked
from gis.disputes.expected import Expected as Expected
from gis.disputes.expected import expected_cells as expected_cells
from gis.disputes.periods import Period
from gis.disputes.releases import Numbers, aligned, layout_of, numbers, of_kind, releases, tiling
from gis.disputes.releases import Release as Release
from gis.errors import NotFound
from gis.households.coverage import check_level
from gis.settings import Settings
from gis.storage.bulk import array
from gis.storage.queries import query


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """What is published of one area in a period; None is withheld. `total` is without family disputes, which are a
    table of their own: `all` is both. `households` are those of the day of the grid."""

    code: str
    name: str
    level: Level
    households: int
    total: int | None
    parts: Mapping[Category, int | None]  # the TABLED categories
    family: int | None

    @property
    def family_told(self) -> bool:
        """Whether there are figures of family disputes at this level at all."""
        return self.level is not Level.cell

    @property
    def all(self) -> int | None:
        """With family disputes: the sum of two published numbers."""
        return _added([self.total, self.family])


@dataclass(frozen=True, slots=True)
class Figures:
    """What is published of the areas of a level in a period, and of all that was asked for (None where nothing is, for
    so short a period). `grid_on` is the day whose grid is counted by, the latest where there are several."""

    level: Level
    period: Period
    grid_on: date
    areas: tuple[AreaFigures, ...]
    total: AreaFigures | None


def periods(conn: Connection, counties: Sequence[int]) -> list[Release]:
    """The tables that are published of some counties, in the order of time."""
    return releases(conn, counties)


def figures(
    conn: Connection,
    counties: Sequence[int],
    area: str | None,
    level: Level,
    period: Period,
    *,
    settings: Settings,
    today: date,
) -> Figures:
    """What is published of every area of `level` inside `area` (None: all that the caller may see) in a period.

    Raises NotFound for a period that is not over or not published, or an area of which nothing is; BadInput naming the
    parameter for a level wider than the area, or a period shorter than that of the level.
    """
    check_level(area, level)
    found = releases(conn, counties)
    read = _read(conn, counties, found, level, period, area or "")
    if read is None:
        check_asked(level, period, None, layout_of(settings), today=today)
        raise NotFound("period: no figures of {period} are published for this level", period=period, field="period")
    if area is not None and not read:
        raise NotFound("area: there are no figures of {area}", area=area, field="area")
    used = [tiling(of_kind(found, county, level, family=False), period) for county in counties]
    grid_on = max(tables[-1].grid_on for tables in used if tables)
    wider = LEVELS[: LEVELS.index(level)]
    above = [part for each in wider for part in _read(conn, counties, found, each, period, area or "") or ()]
    return Figures(level, period, grid_on, tuple(read), _whole([*above, *read]))


def _read(
    conn: Connection, counties: Sequence[int], found: Sequence[Release], level: Level, period: Period, prefix: str
) -> list[AreaFigures] | None:
    """The areas of a level in a period; None where no tables of it make up the period."""
    areas: list[AreaFigures] | None = None
    for county in counties:
        tables = tiling(of_kind(found, county, level, family=False), period)
        if tables:
            areas = (areas or []) + _of_county(conn, county, found, level, period, prefix, tables)
    return areas


def _of_county(
    conn: Connection,
    county: int,
    found: Sequence[Release],
    level: Level,
    period: Period,
    prefix: str,
    tables: Sequence[Release],
) -> list[AreaFigures]:
    stored = numbers(conn, county, level, period, family=False, prefix=prefix)
    last = stored.get(tables[-1].period, {})
    codes = list(last)
    general = _longer(stored, tables, codes, family=False)
    family = Table(np.full(len(codes), WITHHELD), np.full((len(codes), 1), WITHHELD))
    of_family = tiling(of_kind(found, county, level, family=True), period)
    if of_family:
        told = numbers(conn, county, level, period, family=True, prefix=prefix)
        family = _longer(told, of_family, codes, family=True)
    names = _names(conn, county, codes)
    return [
        AreaFigures(
            code,
            names.get(code, ""),
            level,
            last[code].households,
            _shown(general.totals[row]),
            MappingProxyType({each: _shown(n) for each, n in zip(TABLED, general.parts[row].tolist(), strict=True)}),
            _shown(family.totals[row]),
        )
        for row, code in enumerate(codes)
    ]


def _longer(
    stored: Mapping[Period, Mapping[str, Numbers]], tables: Sequence[Release], codes: Sequence[str], *, family: bool
) -> Table:
    return added_up([aligned(stored.get(one.period, {}), codes, family=family) for one in tables])


def _names(conn: Connection, county: int, codes: Sequence[str]) -> dict[str, str]:
    values = {"counties": [county], "codes": array(codes)}
    return {row.code: row.name for row in conn.execute(query("disputes/names_of_areas"), values)}


def _whole(areas: Sequence[AreaFigures]) -> AreaFigures | None:
    """The figures of all together: of the areas that lie in no other of them, from the widest level down."""
    tops: list[AreaFigures] = []
    for area in areas:
        if not any(area.code.startswith(top.code) for top in tops):
            tops.append(area)
    if len(tops) < 2:
        return tops[0] if tops else None
    return AreaFigures(
        code="",
        name="",
        level=tops[0].level,
        households=sum(top.households for top in tops),
        total=_added(top.total for top in tops),
        parts=MappingProxyType({each: _added(top.parts[each] for top in tops) for each in TABLED}),
        family=_added(top.family for top in tops),
    )


def _shown(number: int) -> int | None:
    return None if number == WITHHELD else int(number)


def _added(shown: Iterable[int | None]) -> int | None:
    """The sum of numbers, None where one of them is."""
    listed = list(shown)
    return None if None in listed else sum(number for number in listed if number is not None)
