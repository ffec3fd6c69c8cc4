"""Key sites that are due and patrols of today, as sums: whoever may see figures of an area may see these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from gis.board.content import Patrols, Sites
from gis.patrol.clock import DAY_S
from gis.settings import Settings
from gis.storage.queries import query


def sites_of(
    conn: Connection, counties: Sequence[int], area: str | None, today: date, settings: Settings
) -> tuple[Sites, ...]:
    """Key sites of an area (None: all that the reader may see): the sum of all, then village by village; a village
    without any is not there."""
    soon = today + timedelta(days=settings.due_soon_days)
    values = {"area": area or "", "today": today, "soon": soon}
    rows = [row for one in counties for row in conn.execute(query("board/sites_due"), {"county": one, **values})]
    villages = [Sites(r.village, r.name or "", r.sites, r.never, r.overdue, r.due) for r in rows]
    numbers = [(one.sites, one.never, one.overdue, one.due) for one in villages]
    total = Sites("", "", *map(sum, zip(*numbers, strict=True))) if numbers else Sites("", "", 0, 0, 0, 0)
    return total, *villages


def patrols_of(
    conn: Connection, counties: Sequence[int], area: str | None, now: datetime, days_ago: int = 0
) -> tuple[Patrols, ...]:
    """Patrols of today, or of some days ago, in an area (None: all that the reader may see): all, each counted once,
    then by the village in which their stops lie; a stop in no cell counts for what its plan is of. `now` is on the
    county's clock."""
    day = now.date() - timedelta(days=days_ago)
    seconds = days_ago * DAY_S + now.hour * 3600 + now.minute * 60 + now.second
    values = {"area": area or "", "day": day, "now_s": seconds}
    rows = [row for one in counties for row in conn.execute(query("board/patrols_of_day"), {"county": one, **values})]
    found = [
        Patrols(r.village or "", r.name or "", r.routes, r.begun, r.done, r.over, r.stops, r.ticked or 0, r.missed)
        for r in rows
        if r.routes
    ]
    return _all(found), *(one for one in found if one.code)


def _all(found: Sequence[Patrols]) -> Patrols:
    """Those of all counties together, from the rows that count each patrol once."""
    numbers = [
        (one.routes, one.begun, one.done, one.over, one.stops, one.ticked, one.missed) for one in found if not one.code
    ]
    return Patrols("", "", *map(sum, zip(*numbers, strict=True))) if numbers else Patrols("", "", 0, 0, 0, 0, 0, 0, 0)
