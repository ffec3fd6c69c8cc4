"""Key sites that are due and patrols of today, as sums: whoever may see figures of an area may see these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gis.board.content import Patrols, Sites
from gis.patrol.clock import DAY_S
from gis.settings import Settings
from gis.storage.queries import query

_NONE: Final = Patrols(0, 0, 0, 0, 0, 0, 0)


def sites_of(
    conn: Connection, counties: Sequence[int], area: str | None, today: date, settings: Settings
) -> tuple[Sites, ...]:
    """Key sites of an area (None: all that the reader may see): the sum of all, then village by village; a village
    without any is not there."""
    soon = today + timedelta(days=settings.due_soon_days)
    values = {"area": area or "", "today": today, "soon": soon}
    rows = [row for one in counties for row in conn.execute(query("board/sites_due"), {"county": one, **values})]
    villages = [Sites(r.village, r.name or "", r.sites, r.never, r.overdue, r.due) for r in rows]
    return (total_of_sites(villages), *villages)


def total_of_sites(villages: Sequence[Sites]) -> Sites:
    """The sum over villages."""
    numbers = [(one.sites, one.never, one.overdue, one.due) for one in villages]
    return Sites("", "", *map(sum, zip(*numbers, strict=True))) if numbers else Sites("", "", 0, 0, 0, 0)


def patrols_of(conn: Connection, counties: Sequence[int], area: str | None, now: datetime) -> Patrols:
    """Patrols of today in an area (None: all that the reader may see); `now` is on the county's clock."""
    found = [by_village[None] for one in counties if (by_village := patrols_by_village(conn, one, area, now))]
    if not found:
        return _NONE
    return Patrols(*(sum(getattr(one, name) for one in found) for name in Patrols.__slots__))


def patrols_by_village(
    conn: Connection, county: int, area: str | None, now: datetime, days_ago: int = 0
) -> dict[str | None, Patrols]:
    """Patrols of today, or of some days ago, by the village in which their stops lie; None: all, each counted once.
    Nothing where there are none."""
    day = now.date() - timedelta(days=days_ago)
    seconds = days_ago * DAY_S + now.hour * 3600 + now.minute * 60 + now.second
    values = {"county": county, "area": area or "", "day": day, "now_s": seconds}
    rows = conn.execute(query("board/patrols_of_day"), values)
    return {
        row.village: Patrols(row.routes, row.begun, row.done, row.over, row.stops, row.ticked, row.missed)
        for row in rows
        if row.routes
    }
