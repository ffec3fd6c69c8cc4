"""What is waiting for a caller: what the first page shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from api.audits import DoorRead, villages_of
from api.deps import ServiceFor
from gis.access.scope import Right
from gis.home import Home, gather
from gis.households.figures import CountyFigures


def waiting(serving: ServiceFor, now: datetime) -> Home | None:
    """Figures and overdue cases in one snapshot; None where nothing has been imported. Single cases are as private as
    doors: the audit has who read those of which village before this returns."""
    with serving.read() as conn:

        def figures_since(counties: Sequence[int], since: date) -> Sequence[CountyFigures]:
            return list(serving.cell_figures(conn, counties, since).values())

        home = gather(
            conn,
            serving.caller.scope,
            serving.counties(serving.touch(Right.figures)),
            figures_since,
            settings=serving.settings,
            today=serving.today,
            now=now,
        )
    if home is not None and home.overdue:
        areas = [one.area for one in home.overdue]
        serving.service.audits.note_read(serving.request.scope, DoorRead("disputes", villages_of(areas)))
    return home
