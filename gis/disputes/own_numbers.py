"""What a reader expects of the cells of the own area, from the tables that this reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
from sqlalchemy import Connection

from gis.codes import DIGITS, Level, level_of
from gis.disputes.categories import Category
from gis.disputes.expected import Expected, expected_in
from gis.disputes.figures import figures
from gis.disputes.merging import K
from gis.disputes.periods import Period
from gis.errors import NotFound
from gis.settings import Settings

_COUNTY: Final = DIGITS[Level.county]


def expected_within(
    conn: Connection,
    county: int,
    within: Sequence[str],
    periods: Sequence[Period],
    category: Category | None,
    *,
    settings: Settings,
    today: date,
) -> list[Expected]:
    """What `gis.disputes.expected` says of a county in some periods, in their order, cut to some areas.

    Where the total of such an area is withheld, what is left of the area above would tell of its neighbours: it is
    taken for the middle of 1 to 4 instead, as a county's is. The transaction sees the whole county.
    """
    tables = expected_in(conn, county, periods, category)
    areas = _inside(county, within)
    seen = [row for row, code in enumerate(tables[0].codes) if code.startswith(tuple(areas))] if tables else []
    codes = tuple(tables[0].codes[row] for row in seen) if tables else ()
    found = []
    for table in tables:
        own = replace(
            table, codes=codes, households=table.households[seen], number=table.number[seen], shown=table.shown[seen]
        )
        for area in areas:
            if len(area) > _COUNTY and not _told(conn, area, table.period, category, settings, today):
                own = _untold(own, area)
        found.append(own)
    return found


def _untold(own: Expected, area: str) -> Expected:
    """The withheld cells of an area whose total is withheld, by households."""
    rows = np.array([code.startswith(area) for code in own.codes], bool) & ~own.shown
    homes = np.where(rows, np.maximum(own.households, 1), 0).astype(np.float64)
    return replace(own, number=np.where(rows, K / 2 * homes / max(homes.sum(), 1.0), own.number))


def _inside(county: int, within: Sequence[str]) -> list[str]:
    code = f"{county:06}"
    return [area if area else code for area in within if code.startswith(area) or area.startswith(code)]


def _told(
    conn: Connection, area: str, period: Period, category: Category | None, settings: Settings, today: date
) -> bool:
    """Whether the number of an area in a period is published."""
    try:
        found = figures(conn, [int(area[:_COUNTY])], area, level_of(area), period, settings=settings, today=today)
    except NotFound:  # an area that is younger than the table
        return False
    counts = [one.total if category is None else one.parts[category] for one in found.areas if one.code == area]
    return bool(counts) and counts[0] is not None
