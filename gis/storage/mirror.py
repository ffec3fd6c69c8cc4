"""The revisions of all cells, mirrored in the memory of a worker, so that an unchanged answer costs no query.

A thread with a connection of its own hears `NOTIFY everycell` and reads the revisions of the counties that changed.
NOTIFY is a hint: the thread also asks every few seconds. While it does not hear, `current()` asks the database itself
each time: an answer is never older than the database, only dearer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from psycopg2 import Error as DriverError
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import SQLAlchemyError

from gis.storage import queries
from gis.storage.engine import Store, Told, own_store
from gis.storage.listening import Waker, listening
from gis.storage.queries import query
from gis.storage.revisions import Box, CountyState, Part, Parts, Touch, token

_POLL_S: Final = 2.0
_LONGEST_PAUSE_S: Final = 5.0
_CHANNEL: Final = "everycell"

_log = logging.getLogger(__name__)


class Mirror:
    """The revisions of every county. Safe for several threads; `start()` and `close()` belong together.

    `scope` is what the row policies are told: the mirror knows the revisions of everything, and gives out those of what
    a `Touch` is within. `poll_s` is how often it asks even when it hears nothing. It has connections of its own: it
    never waits for the pool of the requests.
    """

    def __init__(self, store: Store, scope: Told, *, poll_s: float = _POLL_S) -> None:
        self._store = own_store(store)
        self._scope = scope
        self._zone = store.settings.zone
        self._poll_s = poll_s
        self._states: dict[int, CountyState] = {}
        self._access = 0
        self._reading = threading.Lock()
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._waker = Waker()
        self._read_at = float("-inf")
        self._read_us = 0
        self._heard_at = float("-inf")
        self._thread: threading.Thread | None = None
        self._identity = b""

    def start(self) -> None:
        """Read everything once and begin to listen. Raises the driver's error where the database does not answer."""
        with self._store.read() as connection:
            self._identity = _identity(connection)
        self.refresh()
        self._thread = threading.Thread(target=self._run, name="everycell-mirror", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Does nothing when called again."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._waker.wake()
        if self._thread is not None:
            self._thread.join()
        self._heard_at = float("-inf")
        self._waker.close()
        self._store.engine.dispose()

    @property
    def listening(self) -> bool:
        """Whether the mirror hears of changes, so that what it holds may be trusted without asking."""
        return time.monotonic() - self._heard_at < 3 * self._poll_s

    def current(self, position: int = 0) -> None:
        """Make sure that the mirror is not older than the database: costs nothing while it listens. `position` is of an
        event that whoever asks knows of: the mirror is not older than it, even where this worker has not heard yet."""
        if not self.listening or not self.holds(position):
            self.refresh()

    def holds(self, position: int) -> bool:
        """Whether the mirror was read after an event got its position, which is the microsecond of that."""
        return position <= self._read_us

    @property
    def access(self) -> int:
        """Raised whenever what callers may do has changed."""
        return self._access

    def counties(self, touch: Touch) -> list[int]:
        """The counties that an answer can hold something of, in order."""
        return [county for county, state in self._states.items() if state.meets(touch)]

    def stamp(self, county: int) -> object:
        """Changes whenever anything in a county has changed; None for a county that is not there."""
        state = self._states.get(county)
        return state.stamp if state else None

    def touched(self, touch: Touch) -> dict[int, list[int]]:
        """The codes of the cells that an answer touches, as integers, in order, by county."""
        states = [state for state in self._states.values() if state.meets(touch)]
        return {state.county: state.codes[state.touched(touch)].tolist() for state in states}

    def extent(self, within: tuple[str, ...]) -> Box | None:
        """The box around all cells of some areas, in degrees; None where there is no cell."""
        states = [state for state in self._states.values() if state.meets(Touch(within=within))]
        boxes = [state.extent_within(within) for state in states]
        found = [box for box in boxes if box is not None]
        if not found:
            return None
        wests, souths, easts, norths = zip(*found, strict=True)
        return min(wests), min(souths), max(easts), max(norths)

    def token(self, touch: Touch) -> bytes:
        """Bytes that change whenever something that `touch` names has changed, and from database to database."""
        return self._identity + token(list(self._states.values()), touch, datetime.now(self._zone))

    def refresh(self) -> None:
        """Read from the database, now, what has changed since the last time."""
        self.reach(time.monotonic())

    def reach(self, moment: float) -> None:
        """Make sure that the mirror holds all that was committed before a moment (of `time.monotonic()`): costs nothing
        where it was read since."""
        with self._reading:  # one reader at a time: what is stored later was read later
            if self._read_at >= moment:
                return
            begun = time.monotonic()
            with self._store.read(self._scope) as connection:
                access, read_us = connection.execute(query("access/state")).one()
                rows = connection.execute(query("cells/county_changes")).all()
                states = {row.county: self._state(connection, row) for row in rows}
            moved = states != self._states
            self._states, self._access, self._read_at, self._read_us = states, access, begun, read_us
        if moved:
            with self._changed:
                self._changed.notify_all()

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until `predicate` is true, asked again at every change and when listening begins; False where the time
        is up before."""
        with self._changed:
            return self._changed.wait_for(predicate, timeout_s)

    def _state(self, connection: Connection, row: Row[Any]) -> CountyState:
        known = self._states.get(row.county)
        if known is not None and known.stamp == tuple(row):
            return known
        return _read_county(connection, row, known)

    def _run(self) -> None:
        pause_s = 0.1
        while not self._stopped.is_set():
            try:
                self._listen()
            except (DriverError, SQLAlchemyError, OSError) as error:
                pause_s = 0.1 if self.listening else min(2 * pause_s, _LONGEST_PAUSE_S)
                self._heard_at = float("-inf")
                _log.warning("not listening for changes, asking the database instead: %s", str(error).strip())
                self._waker.wait(pause_s)

    def _listen(self) -> None:
        with listening(self._store.engine, self._waker, _CHANNEL) as listener:
            while not self._stopped.is_set():
                self.refresh()
                again, self._heard_at = not self.listening, time.monotonic()
                if again:
                    with self._changed:
                        self._changed.notify_all()
                listener.wait(self._poll_s)


def _read_county(connection: Connection, row: Row[Any], known: CountyState | None) -> CountyState:
    """The state of a county. The search tree of `known` is kept where no shape has changed."""
    whole, parts = _shared(connection, row, known)
    plans = tuple(Part(code, True, digest.encode()) for code, digest in (row.patrols or {}).items())
    cells = connection.execute(query("cells/revisions"), {"county": row.county}).all()
    table = np.array([(int(code), revision, version) for code, revision, version in cells], np.int64).reshape(-1, 3)
    codes, revisions, versions = table.T.copy()
    if known is not None and known.same_shapes(codes, versions):
        return known.with_revisions(tuple(row), whole, parts, revisions, plans)
    boxes = connection.execute(query("cells/bounds"), {"county": row.county}).all()
    bounds = np.array([tuple(box) for box in boxes], np.float64).reshape(-1, 4)
    return CountyState(row.county, tuple(row), whole, parts, codes, revisions, versions, bounds, plans)


def _shared(connection: Connection, row: Row[Any], known: CountyState | None) -> tuple[bytes, Parts]:
    """What of a county is not of single cells, as digests, each of what somebody sees: the county's revision itself is
    raised by every import, whatever village it is of."""
    same = (row.county, row.revision, row.rounds, row.divisions, row.releases)
    if known is not None and same == (*known.stamp[:2], *known.stamp[3:6]):
        return known.whole, known.parts
    values = {"county": row.county}
    whole = connection.execute(query("streets/digest"), values).scalar_one().encode()
    found = connection.execute(query("cells/county_parts"), values)
    return whole, tuple(Part(code, spans, digest.encode()) for code, spans, digest in found)


def _identity(connection: Connection) -> bytes:
    """Which database this is, at which point of its history, and which program reads it: an ETag of another is void."""
    here = connection.execute(text("SELECT everycell.database_identity()")).scalar_one()
    digest = blake2b(repr((here, version("everycell"))).encode(), digest_size=8)
    for name in queries.names():
        digest.update(str(query(name)).encode())
    return digest.digest()
