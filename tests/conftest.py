"""Shared fixtures: one private PostGIS cluster for the run of a worker, one fresh database for each test.

A database is a copy of a migrated template (some 60 ms), so tests never see each other's rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, make_engine
from gis.storage.migrate import upgrade

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

_serial = itertools.count(1)


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


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running private cluster whose database `everycell` is migrated and empty: the template."""
    with Cluster(tmp_path_factory.mktemp("home")) as running:
        engine = make_engine(running.url, Settings(home=running.home))
        upgrade(engine)
        engine.dispose()
        yield running


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    name = f"test_{next(_serial)}"
    _administer(cluster.admin_url, f"CREATE DATABASE {name} TEMPLATE everycell OWNER everycell")
    yield cluster.url.replace("/everycell?", f"/{name}?")
    _administer(cluster.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(database_url: str, cluster: Cluster) -> Iterator[Store]:
    """An open store on a fresh, migrated database."""
    config = Settings(home=cluster.home, database_url=database_url)
    engine = make_engine(database_url, config)
    yield Store(engine, config)
    engine.dispose()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; the test is skipped where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data of ../shared/data is not here")
    return SHARED_DATA
