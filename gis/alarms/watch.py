"""Looks at the figures of a county and raises and clears alarms by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gis.access.scope import ALL
from gis.alarms import measure
from gis.alarms.kinds import Reading
from gis.alarms.lifecycle import Change, Watched, step
from gis.alarms.store import begin_look, put, watched
from gis.board.works import patrols_of, sites_of
from gis.codes import Level
from gis.disputes.overdue import overdue_cases
from gis.households.coverage import AreaCoverage
from gis.households.figures import CountyFigures, coverage_table
from gis.households.rounds import Round, list_rounds
from gis.settings import Settings
from gis.storage.engine import Store

EVERY: Final = timedelta(seconds=60)
Figures = Callable[[Connection, int, date, date], CountyFigures]  # of a county since a day, as of another


def look(store: Store, county: int, now: datetime, figures: Figures) -> list[tuple[Watched, Change | None]]:
    """Look at a county, unless somebody has within the last minute. What is not as it was, and what changed.

    `now` is an aware instant. Two services at once do no harm: one of them looks.
    """
    settings = store.settings
    local = now.astimezone(settings.zone)
    with store.begin(ALL.settings()) as conn:
        if not begin_look(conn, county, now - 0.9 * EVERY):
            return []
        # What a worker keeps of figures is brought up to date on the way: that needs a snapshot of its own.
        with store.read(ALL.settings()) as snapshot:
            found = readings(snapshot, county, local, figures, settings)
        changed = step(watched(conn, county), found, now)
        put(conn, county, changed, now)
    return changed


def readings(conn: Connection, county: int, now: datetime, figures: Figures, settings: Settings) -> list[Reading]:
    """What is measured of a county in one snapshot; `now` is on its clock."""
    today, code = now.date(), f"{county:06}"

    def villages(since: date) -> list[AreaCoverage]:
        part = figures(conn, county, since, today)
        return coverage_table([part], area=None, level=Level.village, since=since, today=today).areas

    found = [
        *measure.overdue(villages(today), limit_percent=settings.alarm_overdue_percent),
        *measure.cases(overdue_cases(conn, [county], None)),
        *measure.sites(sites_of(conn, [county], None, today, settings)[1:]),
    ]
    # Yesterday's too: whoever comes in the morning sees them, and a shift may last beyond midnight.
    days = {today - timedelta(days=ago): patrols_of(conn, [county], None, now, ago)[1:] for ago in (0, 1)}
    found += measure.patrols(days)
    opened = [one for one in list_rounds(conn, code) if one.closed_at is None and one.first_on <= today]
    by_round = _by_round(opened, villages)
    for round, inside in by_round:
        found += measure.behind(inside, round, today, limit_percent=settings.alarm_behind_percent)
    heard = {one.code: one for one in villages(today - timedelta(days=settings.alarm_silent_days))}
    ready = today - timedelta(days=settings.alarm_silent_days)
    awaited = {one.code for round, inside in by_round if round.first_on <= ready for one in inside}
    found += measure.silent((heard[one] for one in sorted(awaited)), days=settings.alarm_silent_days)
    return found


def _by_round(
    rounds: list[Round], villages: Callable[[date], list[AreaCoverage]]
) -> list[tuple[Round, list[AreaCoverage]]]:
    """Each village with the open round that is closest around it."""
    closest: dict[str, Round] = {}
    for round in sorted(rounds, key=lambda one: (len(one.area), one.first_on)):
        for one in villages(round.first_on):
            if one.code.startswith(round.area):
                closest[one.code] = round
    return [(round, [one for one in villages(round.first_on) if closest.get(one.code) is round]) for round in rounds]
