"""The figures that go with events: of the cells concerned, for the cut-off days that somebody listens for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import Connection

from gis.errors import NotFound
from gis.events.telling import CellRows, Cutoff
from gis.households.coverage import default_since
from gis.households.rounds import get_round
from gis.storage.queries import query


def day_of(conn: Connection, cutoff: Cutoff, today: date) -> date | None:
    """The day a cut-off comes to; None for a round that is closed, whose figures do not change, or is not there."""
    if cutoff.since is not None:
        return cutoff.since
    if cutoff.round is None:
        return default_since(conn, cutoff.area, today)
    try:
        found = get_round(conn, cutoff.round)
    except NotFound:
        return None
    return found.first_on if found.closed_at is None else None


def figures_of(
    conn: Connection, cells: Mapping[int, Iterable[str]], days: Iterable[date], today: date
) -> dict[date, CellRows]:
    """For each cut-off day the figures of some cells (by county), those that are retired left out; one snapshot, as
    `conn` is in one."""
    found: dict[date, dict[str, tuple[str, int, int, int, int, int]]] = {day: {} for day in days}
    if not found:
        return {}
    for county, codes in cells.items():
        values = {"county": county, "cells": sorted(codes), "since": sorted(found), "today": today}
        for since, code, known, reached, contacted, never, overdue in conn.execute(
            query("households/coverage_of_cells"), values
        ):
            found[since][code] = (code, known, int(reached), int(contacted - reached), never, int(overdue))
    return dict(found)
