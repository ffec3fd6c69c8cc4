"""A connection of its own that hears NOTIFY, and can be woken by another thread.

NOTIFY is a hint: whoever waits here also asks from time to time, for what was told while nobody was connected.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

from psycopg2.extensions import connection as DriverConnection  # noqa: N812 - the driver writes its classes so
from sqlalchemy import Engine


class Waker:
    """Ends the waiting of one thread from another. Safe for several threads; `close()` when nobody waits any more."""

    def __init__(self) -> None:
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)

    def wake(self) -> None:
        """End the waiting that is under way, or the next."""
        with suppress(OSError):  # full: it is going to wake anyway; closed: nobody waits
            self._wake.send(b"x")

    def wait(self, timeout_s: float, listener: DriverConnection | None = None) -> None:
        """Return when woken, when the time is up, or when the listener has something to read."""
        fds = [self._woken.fileno()] + ([listener.fileno()] if listener is not None else [])
        ready, _, _ = select.select(fds, [], [], max(timeout_s, 0))
        if self._woken.fileno() in ready:
            self._woken.recv(4096)

    def close(self) -> None:
        """Give the sockets back."""
        self._wake.close()
        self._woken.close()


class Listener:
    """Hears some channels. Made by `listening`."""

    def __init__(self, connection: DriverConnection, waker: Waker) -> None:
        self._connection = connection
        self._waker = waker

    def wait(self, timeout_s: float) -> bool:
        """Return when something was heard, the waker was used, or the time is up; whether something was heard. Raises
        the driver's error, or OSError, where the connection is gone."""
        self._connection.poll()
        if not self._connection.notifies:
            self._waker.wait(timeout_s, self._connection)
            self._connection.poll()
        heard = bool(self._connection.notifies)
        if not heard:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT 1")  # a connection that is gone says so here
        self._connection.notifies.clear()
        return heard


@contextmanager
def listening(engine: Engine, waker: Waker, *channels: str) -> Iterator[Listener]:
    """A listener on a connection that leaves the pool of the engine."""
    pooled = engine.raw_connection()
    pooled.detach()
    connection = cast(DriverConnection, pooled.dbapi_connection)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for channel in channels:
                cursor.execute(f"LISTEN {channel}")
        yield Listener(connection, waker)
    finally:
        connection.close()
