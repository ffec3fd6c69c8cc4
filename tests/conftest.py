"""Shared fixtures: one private PostGIS cluster for the run of a worker, one fresh database for each test.

A database is a copy of a migrated template (some 60 ms), so tests never see each other's rows.
"""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from unittest.mock import patch

import psycopg2
import pytest
from httpx._config import create_ssl_context
from hypothesis import settings as hypothesis_settings
from sqlalchemy import text

from api.daily import Daily
from api.watching import Watch
from api.webhooks import Deliveries
from gis.patrol.jobs import Planning
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, make_engine
from gis.storage.migrate import upgrade

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# Hundreds of small databases come and go: with few buffers there is less to look through when one goes.
FOR_TESTS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_wal_size": "256MB"}

_serial = itertools.count(1)
T = TypeVar("T")

# A busy machine is no wrong answer: an example may take as long as it takes. All else stays as it is, also on CI.
hypothesis_settings.register_profile("everycell", parent=hypothesis_settings(), deadline=None)
hypothesis_settings.load_profile("everycell")


def _administer(url: str, *statements: str) -> None:
    """Run statements that cannot be in a transaction (CREATE DATABASE)."""
    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://"))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


@pytest.fixture(scope="session", autouse=True)
def _no_daily_work() -> Iterator[None]:
    """A service of a test does nothing by itself, however long the test takes; the tests of that work begin it."""
    planning = patch("api.app.Planning", partial(Planning, look_s=86_400))
    watch = patch("api.app.Watch", partial(Watch, after_start_s=86_400))
    sending = patch("api.app.Deliveries", partial(Deliveries, look_s=86_400))
    with patch("api.app.Daily", partial(Daily, after_start_s=86_400)), planning, watch, sending:
        yield


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """Each client of httpx reads the certificates of the whole world, also where it speaks plain HTTP: 25 ms each."""
    with patch("httpx._transports.default.create_ssl_context", cache(create_ssl_context)):
        yield


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running private cluster whose database `everycell` is migrated and empty: the template.

    It does not wait for the disk: what a crash leaves is tested on clusters of their own.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(dir=_roomy_memory())))
        with Cluster(home) as first:
            for name, value in FOR_TESTS.items():
                _administer(first.admin_url, f"ALTER SYSTEM SET {name} = '{value}'")
        running = stack.enter_context(Cluster(home))
        engine = make_engine(running.url, Settings(home=running.home))
        upgrade(engine)
        engine.dispose()
        yield running


def _roomy_memory() -> Path | None:
    """The file system in memory where there is room for many databases; None: the usual place."""
    memory = Path("/dev/shm")
    try:
        return memory if shutil.disk_usage(memory).free > 6e9 and os.access(memory, os.W_OK) else None
    except OSError:
        return None


@pytest.fixture(scope="module")
def durable(cluster: Cluster) -> Iterator[None]:
    """For tests that look at what keeps the cluster's data safe: as everycell has made it."""
    _set_durable(cluster, "on")
    yield
    _set_durable(cluster, "off")


def _set_durable(cluster: Cluster, value: str) -> None:
    """Returns when the server follows it."""
    statements = [f"ALTER SYSTEM SET {name} = {value}" for name in ("full_page_writes", "fsync")]
    _administer(cluster.admin_url, *statements, "SELECT pg_reload_conf()")
    engine = make_engine(cluster.url, Settings(home=cluster.home))
    with engine.connect() as conn:
        until = time.monotonic() + 30
        while conn.execute(text("SHOW fsync")).scalar() != value:
            assert time.monotonic() < until, f"the server does not take over fsync = {value}"
            time.sleep(0.01)
    engine.dispose()


@cache
def _how_to_copy(cluster: Cluster) -> str:
    """Files are copied faster than by way of the log. Before PostgreSQL 15 there was no other way."""
    connection = psycopg2.connect(cluster.admin_url.replace("postgresql+psycopg2://", "postgresql://"))
    try:
        return "STRATEGY FILE_COPY" if connection.server_version >= 150_000 else ""
    finally:
        connection.close()


@contextmanager
def copied(cluster: Cluster, template: str = "everycell") -> Iterator[str]:
    """The name of a fresh database that is a copy of another one, for a while."""
    name = f"test_{next(_serial)}"
    _administer(
        cluster.admin_url, f"CREATE DATABASE {name} TEMPLATE {template} OWNER everycell {_how_to_copy(cluster)}"
    )
    yield name
    _administer(cluster.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def opened(cluster: Cluster, database: str) -> Iterator[Store]:
    """A store on a database of the cluster, as its owner."""
    config = settings_of(cluster, database)
    engine = make_engine(config.database_url or "", config)
    yield Store(engine, config)
    engine.dispose()


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    with copied(cluster) as name:
        yield cluster.url.replace("/everycell?", f"/{name}?")


class Filled:
    """Databases that are filled once for all tests of a run, and copied for each that wants one."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._given: dict[str, Any] = {}

    @contextmanager
    def copy(self, name: str, fill: Callable[[Store], T]) -> Iterator[tuple[Store, T]]:
        """A store on a copy of what `fill` makes of an empty one, and what that gave."""
        template = f"filled_{name}"
        if name not in self._given:
            _administer(self._cluster.admin_url, f"CREATE DATABASE {template} TEMPLATE everycell OWNER everycell")
            with opened(self._cluster, template) as store:
                self._given[name] = fill(store)
        with copied(self._cluster, template) as database, opened(self._cluster, database) as store:
            yield store, self._given[name]


@pytest.fixture(scope="session")
def filled(cluster: Cluster) -> Filled:
    """`with filled.copy(name, fill) as (store, given)`: what takes long to load is loaded once."""
    return Filled(cluster)


def settings_of(cluster: Cluster, database: str) -> Settings:
    """The settings of a database of the cluster: its owner's address, and the service's own."""
    owner, service = (url.replace("/everycell?", f"/{database}?") for url in (cluster.url, cluster.app_url))
    return Settings(home=cluster.home, database_url=owner, service_database_url=service)


@pytest.fixture
def store(database_url: str, cluster: Cluster) -> Iterator[Store]:
    """An open store on a fresh, migrated database, as its owner."""
    with opened(cluster, database_url.partition("?")[0].rpartition("/")[2]) as made:
        yield made


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; the test is skipped where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data of ../shared/data is not here")
    return SHARED_DATA
