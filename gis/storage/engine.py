"""The store: an engine on PostGIS, either the private cluster of the data folder or the one of DATABASE_URL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from gis.errors import StorageError
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.migrate import current, head, upgrade
from gis.storage.roles import APP_ROLE

T = TypeVar("T")

_DEADLOCK, _SERIALIZATION = "40P01", "40001"
_TRIES = 6


Told = Mapping[str, str]


@dataclass(frozen=True)
class Store:
    """An open store. The caller owns the transaction: `with store.begin() as conn: …` commits at the end.

    `scope` is what the row policies are told of the caller (`Scope.settings()`), for this transaction alone. It counts
    for the role that the service works as (`as_service`), which sees nothing without it; the owner sees everything.
    """

    engine: Engine
    settings: Settings

    @contextmanager
    def begin(self, scope: Told | None = None) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on any exception."""
        with self.engine.begin() as connection:
            _tell(connection, scope)
            yield connection

    @contextmanager
    def read(self, scope: Told | None = None) -> Iterator[Connection]:
        """A connection in a read-only transaction with one snapshot: every figure of it is of the same moment."""
        with self.engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ) as connection:
            _tell(connection, scope)
            yield connection

    def retrying(self, work: Callable[[Connection], T], scope: Told | None = None) -> T:
        """Run `work` in a transaction of its own, again when PostgreSQL chose it as the victim of a deadlock."""
        for attempt in range(1, _TRIES + 1):
            try:
                with self.begin(scope) as connection:
                    return work(connection)
            except DBAPIError as error:
                if sqlstate(error) not in (_DEADLOCK, _SERIALIZATION) or attempt == _TRIES:
                    raise
                time.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")


def _tell(connection: Connection, scope: Told | None) -> None:
    """Set the settings that the row policies read, until the transaction ends. What is empty is so anyway."""
    told = [pair for pair in (scope or {}).items() if pair[1]]
    if told:
        _set(connection, told)


def _set(connection: Connection, told: Sequence[tuple[str, str]]) -> None:
    listed = ", ".join(["set_config(%s, %s, true)"] * len(told))
    connection.exec_driver_sql(f"SELECT {listed}", tuple(chain.from_iterable(told)))


@contextmanager
def widened(connection: Connection, scope: Told, back: Told) -> Iterator[None]:
    """Read with a wider scope for a while, within the same snapshot. An error ends the transaction, and the scope with
    it."""
    _tell(connection, scope)
    yield
    _set(connection, [*{**dict.fromkeys(scope, ""), **back}.items()])


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's five-character error code, None where the driver gave none."""
    return getattr(error.orig, "pgcode", None)


_OPTIONS = "-c search_path=everycell,public -c timezone=UTC -c jit=off"
# What a client asks for must end: a statement, and a transaction that waits for its client to read on.
_SERVICE_OPTIONS = " -c statement_timeout=30s -c idle_in_transaction_session_timeout=5min"


# A network that swallows everything says nothing: without these a thread would wait for a quarter of an hour or more.
_PATIENCE = {"connect_timeout": 10, "tcp_user_timeout": 20_000, "keepalives_idle": 10, "keepalives_interval": 5}


def make_engine(url: str, settings: Settings) -> Engine:
    """An engine whose connections see the schema, count in UTC and use prepared plans without JIT.

    Options of the URL (`?options=…`) come after ours.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg2")
    own = parsed.query.get("options", "")
    parsed = parsed.difference_update_query(["options"])
    return create_engine(
        parsed,
        pool_size=settings.pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        connect_args={"application_name": "everycell", "options": f"{_OPTIONS} {own}".strip(), **_PATIENCE},
    )


def own_store(store: Store) -> Store:
    """The same store with a connection of its own, for a thread that never waits for the pool of the requests. Whoever
    asks for it disposes of its engine."""
    url = store.engine.url.render_as_string(hide_password=False)
    settings = store.settings.model_copy(update={"pool_size": 1})
    return Store(make_engine(url, settings), store.settings)


def service_url(store: Store) -> str:
    """The URL by which the service reaches the database of a store: as `everycell_app`.

    Where DATABASE_URL names the database and nothing names the service's own sign-in (EVERYCELL_SERVICE_DATABASE_URL),
    the owner's connection takes on the role: it is under the row policies as well, but could leave it again.
    """
    url = make_url(store.settings.service_database_url or store.engine.url)
    options = _SERVICE_OPTIONS
    if store.settings.service_database_url is None:
        if store.settings.database_url is None:
            url = url.set(username=APP_ROLE)
        else:
            options += f" -c role={APP_ROLE}"
    return url.update_query_dict({"options": options}).render_as_string(hide_password=False)


@contextmanager
def as_service(store: Store) -> Iterator[Store]:
    """The same store as the role that the service works as: it owns nothing and sees what each transaction is told."""
    engine = make_engine(service_url(store), store.settings)
    try:
        _reach(engine)
        yield Store(engine, store.settings)
    finally:
        engine.dispose()


@contextmanager
def as_administrator(store: Store) -> Iterator[Connection]:
    """A transaction that may make roles: as the superuser of the private cluster, else as the owner, who needs
    CREATEROLE for it."""
    if store.settings.database_url is not None:
        with store.begin() as connection:
            yield connection
        return
    engine = make_engine(Cluster(store.settings.home).admin_url, store.settings)
    try:
        with Store(engine, store.settings).begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def open_store(settings: Settings, *, migrate: bool = True) -> Iterator[Store]:
    """Open the store: start or join the private cluster (or connect to DATABASE_URL) and bring the schema up to date.

    Raises StorageError where PostGIS cannot be found, started or reached, or where only the service's own address of
    the database is known; SchemaTooNew where the database is ahead.
    """
    if settings.service_database_url is not None and settings.database_url is None:
        raise StorageError(
            "DATABASE_URL: is not set, and the address of EVERYCELL_SERVICE_DATABASE_URL may serve only: give this"
            " command the address of the database's owner",
            field="DATABASE_URL",
        )
    with ExitStack() as stack:
        url = settings.database_url or stack.enter_context(Cluster(settings.home)).url
        engine = make_engine(url, settings)
        stack.callback(engine.dispose)
        _reach(engine)
        if migrate:
            upgrade(engine)
        yield Store(engine, settings)


@contextmanager
def open_service(settings: Settings) -> Iterator[Store]:
    """Open the store as the service's role, in a process of its own: nothing is migrated.

    Where only the service's own address is known (EVERYCELL_SERVICE_DATABASE_URL without DATABASE_URL), the process
    never has the owner's powers at all. Raises StorageError where the schema is not the one this program knows.
    """
    with ExitStack() as stack:
        if settings.service_database_url is not None and settings.database_url is None:
            owner = Store(make_engine(settings.service_database_url, settings), settings)
            stack.callback(owner.engine.dispose)
        else:
            owner = stack.enter_context(open_store(settings, migrate=False))
        store = stack.enter_context(as_service(owner))
        with store.read() as conn:
            revision = current(conn)
        if revision != head():
            raise StorageError(
                "the database has schema revision {revision}, not {head}: run everycell migrate first",
                revision=revision,
                head=head(),
            )
        yield store


def _reach(engine: Engine) -> None:
    try:
        with engine.connect():
            pass
    except OperationalError as error:
        raise StorageError(
            "PostgreSQL at {url} does not answer: {reason}",
            url=engine.url.render_as_string(hide_password=True),
            reason=error.orig,
            field="DATABASE_URL",
        ) from error
