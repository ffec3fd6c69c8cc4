"""What the service does by itself: change sets whose day has come, and counts of cases of a month that is over, as soon
as it is; once a day, at a quiet hour, retention, and new places for cases where dwellings have come or gone; each in
one of its processes.

Every process looks; the first that finds something due takes the lock and works, the others find it done. A day on
which the service did not run is made up for when it runs again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from api.periodic import Periodic
from gis.access import retention
from gis.cells import scheduled
from gis.disputes import publication, snap_points
from gis.disputes.overdue import publish_overdue
from gis.errors import Conflict, Interrupted
from gis.storage.engine import Store
from gis.storage.outage import is_outage, tell

_HOUR: Final = time(3)  # nobody is at the doors, and a backup of the evening is done
_AFTER_START_S: Final = 60.0  # a start has other things to do, and a short one never gets here
_LOOK_S: Final = 3600.0  # also after a failure, and where the machine slept or its clock was set
_SOON_S: Final = 60.0  # where the database did not answer: change sets of today shall not wait until it is day

_log = logging.getLogger(__name__)


class Daily(Periodic):
    """Does what is due. A run that is at work when it is closed ends after the transaction it is in.

    `clock` tells the time, an aware instant; `after_start_s` is how long the first look waits.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        after_start_s: float = _AFTER_START_S,
    ) -> None:
        super().__init__("daily", after_start_s)
        self._store = store
        self._clock = clock

    def look(self) -> float:
        return min(self._look_at_schedule(), self._look_at_figures(), self._look_at_retention())

    def _look_at_schedule(self) -> float:
        """Carry out the change sets whose day has come; the next look is at the next midnight, or in an hour."""
        now = self._clock().astimezone(self._store.settings.zone)
        try:
            for each in scheduled.publish_due(self._store, now.date(), on_step=self._go_on):
                told = "published" if each.returned is None else f"a draft again: {each.returned}"
                _log.info("change set %s, scheduled, is %s", each.changeset.id, told)
        except Interrupted as reason:
            _log.info("scheduled change sets: %s", reason.message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the service goes on, and so does the next look
            return _failed(error, "scheduled change sets could not be carried out")
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        return min(_LOOK_S, max((midnight - now).total_seconds(), 1.0))

    def _look_at_figures(self) -> float:
        """Publish the counts of cases of the months that are over, before retention removes any of these cases."""
        today = self._clock().astimezone(self._store.settings.zone).date()
        try:
            for each in publication.publish_due(self._store, today, on_step=self._go_on):
                kind = "family disputes" if each.family else "cases"
                _log.info("%s of %06d by %s are published: %s", kind, each.county, each.level, each.period)
            for county, month in publish_overdue(self._store, today, on_step=self._go_on):
                _log.info("cases of %06d past their date are published: end of %s", county, month)
        except Interrupted as reason:
            _log.info("counts of cases: %s", reason.message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the service goes on, and so does the next look
            return _failed(error, "counts of cases could not be published")
        return _LOOK_S

    def _look_at_retention(self) -> float:
        try:
            with self._store.begin() as conn:
                finished_at = retention.finished_at(conn)
            now, zone = self._clock(), self._store.settings.zone
            if due_at(finished_at, now, zone) <= now:
                done = retention.run(self._store, now.astimezone(zone).date(), on_step=self._go_on)
                _log.info("retention: visits before %s are gone: %s", done.visits_before, done.removed)
                finished_at = done.ran_at
                renewed = snap_points.refresh_everywhere(self._store, now, self._go_on)
                _log.info("places of cases: those of %d cells were made anew", renewed)
        except (Conflict, Interrupted) as reason:
            _log.info("retention: %s", reason.message)
            return _LOOK_S
        except Exception as error:  # noqa: BLE001 - whatever it is, the service goes on, and so does the next look
            return _failed(error, "retention has failed")
        return min(_LOOK_S, max((due_at(finished_at, now, zone) - now).total_seconds(), 1.0))

    def _go_on(self, _: str) -> None:
        if self._stopped.is_set():
            raise Interrupted("the service stops; the next run goes on")


def _failed(error: Exception, what: str) -> float:
    """Tell of it; in how many seconds it is tried again."""
    gone = is_outage(error)
    tell(_log, error, f"{what}; it is tried again in {'a minute' if gone else 'an hour'}")
    return _SOON_S if gone else _LOOK_S


def due_at(finished_at: datetime | None, now: datetime, zone: ZoneInfo) -> datetime:
    """When the next run is due: at once where there was none, else at the first quiet hour after the last."""
    if finished_at is None:
        return now
    last = finished_at.astimezone(zone)
    quiet = datetime.combine(last.date(), _HOUR, zone)
    return quiet if quiet > last else datetime.combine(last.date() + timedelta(days=1), _HOUR, zone)
