"""The store: an engine on PostGIS, either the private cluster of the data folder or the one of DATABASE_URL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from gis.errors import StorageError
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.migrate import upgrade

T = TypeVar("T")

_DEADLOCK, _SERIALIZATION = "40P01", "40001"
_TRIES = 6


@dataclass(frozen=True)
class Store:
    """An open store. The caller owns the transaction: `with store.begin() as conn: …` commits at the end."""

    engine: Engine
    settings: Settings

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on any exception."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in a read-only transaction with one snapshot: every figure of it is of the same moment."""
        with self.engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ) as connection:
            yield connection

    def retrying(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own, again when PostgreSQL chose it as the victim of a deadlock."""
        for attempt in range(1, _TRIES + 1):
            try:
                with self.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if sqlstate(error) not in (_DEADLOCK, _SERIALIZATION) or attempt == _TRIES:
                    raise
                time.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's five-character error code, None where the driver gave none."""
    return getattr(error.orig, "pgcode", None)


def make_engine(url: str, settings: Settings) -> Engine:
    """An engine whose connections see the schema, count in UTC and use prepared plans without JIT."""
    parsed = make_url(url)
    if parsed.get_backend_name() in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg2")
    return create_engine(
        parsed,
        pool_size=settings.pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        connect_args={
            "application_name": "everycell",
            "options": "-c search_path=everycell,public -c timezone=UTC -c jit=off",
        },
    )


@contextmanager
def open_store(settings: Settings, *, migrate: bool = True) -> Iterator[Store]:
    """Open the store: start or join the private cluster (or connect to DATABASE_URL) and bring the schema up to date.

    Raises StorageError where PostGIS cannot be found, started or reached, SchemaTooNew where the database is ahead.
    """
    with ExitStack() as stack:
        url = settings.database_url or stack.enter_context(Cluster(settings.home)).url
        engine = make_engine(url, settings)
        stack.callback(engine.dispose)
        _reach(engine)
        if migrate:
            upgrade(engine)
        yield Store(engine, settings)


def _reach(engine: Engine) -> None:
    try:
        with engine.connect():
            pass
    except OperationalError as error:
        raise StorageError(
            f"PostgreSQL at {engine.url.render_as_string(hide_password=True)} does not answer: {error.orig}",
            field="DATABASE_URL",
        ) from error
