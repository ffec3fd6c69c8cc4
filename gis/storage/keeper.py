"""Keeps the private cluster of a service running: where its PostgreSQL has died or was stopped, it is started again.

Screens that nobody sits at come back alone only if the database does. A database that somebody else runs (DATABASE_URL)
is theirs to start.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gis.errors import StorageError
from gis.settings import Settings
from gis.storage.cluster import Cluster

_LOOK_S: Final = 1.0
# PostgreSQL that was told to end (SIGTERM) waits for those who use it. A service that shall end too is gone by then.
_ENDING_PATIENCE_S: Final = 10.0
_LONGEST_PAUSE_S: Final = 60.0
_WELL_AFTER_S: Final = 600.0

_log = logging.getLogger(__name__)


class Keeper:
    """Looks at a cluster, which somebody else in this process uses, from a thread of its own.

    The first start follows at once, each further one after twice the pause, up to a minute, until PostgreSQL has run
    for ten minutes: one that cannot run is tried for ever, but not in a loop that fills disk and log. `start()` and
    `close()` belong together.
    """

    def __init__(self, cluster: Cluster, *, look_s: float = _LOOK_S, patience_s: float = _ENDING_PATIENCE_S) -> None:
        self._cluster = cluster
        self._look_s, self._patience_s = look_s, patience_s
        self._pause_s = 0.0
        self._tried_at = float("-inf")
        self._ending_since: float | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="everycell-keeper", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; returns when a start that is under way is over."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(self._look_s):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - whatever it is, it is told, and the next look may go better
                _log.exception("PostgreSQL of %s could not be looked after", self._cluster.home)

    def look(self) -> None:
        """Look once, and start it again where it is due."""
        if self._needs_a_start():
            if time.monotonic() >= self._tried_at + self._pause_s:
                self._start_again()
        elif time.monotonic() - self._tried_at > _WELL_AFTER_S:
            self._pause_s = 0.0

    def _needs_a_start(self) -> bool:
        if self._cluster.pid() is None:
            return True
        if not self._cluster.is_ending():
            self._ending_since = None
            return False
        now = time.monotonic()
        self._ending_since = self._ending_since or now
        return now - self._ending_since >= self._patience_s

    def _start_again(self) -> None:
        self._pause_s = min(max(2 * self._pause_s, 1.0), _LONGEST_PAUSE_S)
        try:
            revived = self._cluster.revive()
        except StorageError as error:
            _log.error("PostgreSQL has ended, and does not start again (next try in %.0f s): %s", self._pause_s, error)
        else:
            if revived:
                _log.warning("PostgreSQL of %s had ended: it was started again", self._cluster.home)
        self._tried_at, self._ending_since = time.monotonic(), None


@contextmanager
def kept_running(settings: Settings) -> Iterator[None]:
    """Keep the private cluster of an open store running for a while; nothing where somebody else runs the database."""
    if settings.database_url is not None or settings.service_database_url is not None:
        yield
        return
    keeper = Keeper(Cluster(settings.home))
    keeper.start()
    try:
        yield
    finally:
        keeper.close()
