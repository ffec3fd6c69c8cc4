"""Wrong passwords cost time: they are counted by sign-in name and by the client's address, and lock both for a while.

The counts lie in the database, so that all workers share them and a restart forgets none. Of names and addresses it
keeps digests only: what was typed as a name may have been a password. In each process at most two passwords are checked
at once, and a few more may wait a moment: a flood of them cannot take the threads that serve everybody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from math import ceil
from threading import BoundedSemaphore, Lock
from typing import Final

from sqlalchemy import Connection, text

from gis.errors import TooManyTries


@dataclass(frozen=True, slots=True)
class Limit:
    """After `free` wrong passwords the next try waits `first_s` seconds, each further one twice as long as the one
    before, `most_s` at most. A day without a wrong one begins anew."""

    free: int
    first_s: int
    most_s: int


# Five: a person finds a mistyped password in fewer. Then at most some 100 guesses a day at an account, while who merely
# forgot theirs never waits longer than a quarter of an hour.
BY_LOGIN: Final = Limit(free=5, first_s=30, most_s=900)
# A whole office may stand behind one address: more are free, and the wait stays short enough to sit out. Still only
# some 300 guesses a day over all accounts.
BY_SOURCE: Final = Limit(free=20, first_s=15, most_s=300)

AT_ONCE: Final = 2  # a check keeps a core busy for some 50 ms and takes 64 MB
INSIDE: Final = 8  # checking or waiting for it, of a worker's 40 threads
OF_ONE_SOURCE: Final = 4  # of these: a flood from one address leaves room for the others
_PATIENCE_S: Final = 1.0

_checking = BoundedSemaphore(AT_ONCE)
_door = Lock()
_inside: Final[Counter[bytes]] = Counter()


def key_of_login(login: str) -> bytes:
    """Under which wrong passwords for a sign-in name are counted, whether there is such an account or not."""
    return sha256(f"login:{login}".encode("utf-8", "surrogatepass")).digest()


def key_of_source(source: str) -> bytes:
    """Under which wrong passwords from an address are counted. IPv6 by its /64: that is what one client has."""
    try:
        address = ip_address(source)
    except ValueError:  # a Unix socket, a test client: whatever the server calls it
        return sha256(f"source:{source}".encode("utf-8", "surrogatepass")).digest()
    if isinstance(address, IPv6Address):
        network = address.ipv4_mapped or f"{IPv6Address(int(address) >> 64 << 64)}/64"
        return sha256(f"source:{network}".encode()).digest()
    return sha256(f"source:{address}".encode()).digest()


def refuse_locked(conn: Connection, *keys: bytes) -> None:
    """Raise TooManyTries where one of the keys is locked, with how long it still is."""
    wait = conn.execute(
        text("SELECT extract(epoch FROM everycell.locked_until(:keys) - clock_timestamp())"), {"keys": list(keys)}
    ).scalar()
    if wait is not None:
        seconds = max(1, ceil(wait))
        raise TooManyTries(
            "too many wrong passwords: try again in {seconds} seconds",
            seconds=seconds,
            retry_after_s=seconds,
            field="password",
        )


def count_failure(conn: Connection, key: bytes, limit: Limit) -> None:
    """Count a wrong password. The caller commits: a count that is rolled back is no limit."""
    conn.execute(
        text("SELECT everycell.count_failure(:key, :free, :first_s, :most_s)"),
        {"key": key, "free": limit.free, "first_s": limit.first_s, "most_s": limit.most_s},
    )


def forget_failures(conn: Connection, key: bytes) -> None:
    """Begin to count anew: somebody knew the password, or an administrator set a new one."""
    conn.execute(text("SELECT everycell.forget_failures(:key)"), {"key": key})


@contextmanager
def turn(source: bytes) -> Iterator[None]:
    """The turn of a client (by its `key_of_source`) to have a password checked.

    Raises TooManyTries at once where too many are inside, of this client or of all, or after a second's wait.
    """
    _enter(source)
    try:
        if not _checking.acquire(timeout=_PATIENCE_S):
            raise _busy()
        try:
            yield
        finally:
            _checking.release()
    finally:
        _leave(source)


def _enter(source: bytes) -> None:
    with _door:
        if _inside.total() >= INSIDE or _inside[source] >= OF_ONE_SOURCE:
            raise _busy()
        _inside[source] += 1


def _leave(source: bytes) -> None:
    with _door:
        _inside[source] -= 1
        if not _inside[source]:
            del _inside[source]


def _busy() -> TooManyTries:
    return TooManyTries("many are signing in at this moment: try again in a few seconds", retry_after_s=3)
