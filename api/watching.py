"""What the service watches by itself: once a minute it looks whether there is something to raise an alarm for.

Every process looks; the first of a minute does the work (`gis.alarms.watch`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import Connection

from api.periodic import Periodic
from gis.access.scope import ALL, Right
from gis.alarms.watch import EVERY, look
from gis.households.figures import CountyFigures, Figures
from gis.storage.engine import Store
from gis.storage.mirror import Mirror
from gis.storage.outage import tell
from gis.storage.revisions import Touch

_AFTER_START_S: Final = 20.0  # a start has other things to do

_log = logging.getLogger(__name__)


class Watch(Periodic):
    """Watches; `clock` tells the time, an aware instant."""

    def __init__(
        self,
        store: Store,
        mirror: Mirror,
        figures: Figures,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        after_start_s: float = _AFTER_START_S,
    ) -> None:
        super().__init__("watch", after_start_s)
        self._store, self._mirror, self._figures = store, mirror, figures
        self._clock = clock

    def look(self) -> float:
        """Look at every county once. What fails is logged, and tried again at the next look."""
        for county in self._mirror.counties(Touch(within=ALL.where(Right.figures))):
            try:
                for watched, change in look(self._store, county, self._clock(), self._county):
                    if change is not None:
                        _log.info("alarm %s of %s is %s", watched.kind, watched.area, change)
            except Exception as error:  # noqa: BLE001 - whatever it is, the service goes on, and so does the next look
                tell(_log, error, "alarms of %06d could not be looked at; it is tried again in a minute", county)
        return EVERY.total_seconds()

    def _county(self, conn: Connection, county: int, since: date, today: date) -> CountyFigures:
        return self._figures.county(conn, county, self._mirror.stamp(county), since, today)
