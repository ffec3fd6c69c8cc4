"""What a reader expects of the cells of the own area, from the tables that this reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from sqlalchemy import Connection

from gis.codes import Level, level_of
from gis.disputes.categories import Category
from gis.disputes.figures import Expected, expected_cells, figures
from gis.disputes.merging import K
from gis.disputes.periods import Period
from gis.errors import NotFound
from gis.settings import Settings


def expected_within(
    conn: Connection,
    county: int,
    within: Sequence[str],
    period: Period,
    category: Category | None,
    *,
    settings: Settings,
    today: date,
) -> Expected:
    """`gis.disputes.figures.expected_cells` of a county, cut to some areas.

    Where the total of such an area is withheld, what is left of the area above would tell of its neighbours: it is
    taken for the middle of 1 to 4 instead, as a county's is. The transaction sees the whole county.
    """
    table = expected_cells(conn, [county], period, category)
    codes = np.array(table.codes, dtype=str)
    number, seen = table.number.copy(), np.zeros(len(codes), bool)
    for area in _inside(county, within):
        here = np.char.startswith(codes, area) if len(codes) else seen
        seen |= here
        if len(area) > len(f"{county:06}") and not _told(conn, area, period, category, settings, today):
            rows = here & ~table.shown
            homes = np.where(rows, np.maximum(table.households, 1), 0).astype(np.float64)
            number = np.where(rows, K / 2 * homes / max(homes.sum(), 1.0), number)
    return replace(
        table,
        codes=tuple(codes[seen].tolist()),
        households=table.households[seen],
        number=number[seen],
        shown=table.shown[seen],
    )


def _inside(county: int, within: Sequence[str]) -> list[str]:
    code = f"{county:06}"
    return [area if area else code for area in within if code.startswith(area) or area.startswith(code)]


def _told(
    conn: Connection, area: str, period: Period, category: Category | None, settings: Settings, today: date
) -> bool:
    """Whether the number of an area in a period is published."""
    level: Level = level_of(area)
    try:
        found = figures(conn, [int(area[:6])], area, level, period, settings=settings, today=today)
    except NotFound:  # an area that is younger than the table
        return False
    counts = [one.total if category is None else one.parts[category] for one in found.areas if one.code == area]
    return bool(counts) and counts[0] is not None
