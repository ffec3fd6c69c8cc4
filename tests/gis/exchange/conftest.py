"""A database with the builder's county in it, shared by the tests that must leave it exactly as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from gis.exchange.headers import Kind
from gis.exchange.importer import Options, Summary, import_file
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, make_engine
from tests.gis.exchange import builder
from tests.gis.exchange.dump import fingerprint

Import = Callable[..., Summary]


def run(store: Store, kind: Kind, path: Path, *, agreed: frozenset[str] = frozenset(), **options: object) -> Summary:
    """Import in a transaction of its own, as the command does."""
    with store.begin() as conn:
        said = Options(**options)  # type: ignore[arg-type]
        return import_file(conn, kind, path, store.settings, said, agreed=agreed)


def administer(cluster: Cluster, statement: str) -> None:
    """Run a statement that cannot be in a transaction; its connection, to the template, is closed at once."""
    connection = psycopg2.connect(cluster.admin_url.replace("postgresql+psycopg2://", "postgresql://"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


@pytest.fixture(scope="module")
def county(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with 16 cells and 600 dwellings."""
    folder = tmp_path_factory.mktemp("county")
    name = f"exchange_{uuid4().hex}"
    administer(cluster, f"CREATE DATABASE {name} TEMPLATE everycell OWNER everycell")
    url = cluster.url.replace("/everycell?", f"/{name}?")
    config = Settings(home=cluster.home, database_url=url)
    engine = make_engine(url, config)
    store = Store(engine, config)
    run(store, Kind.cells, builder.gpkg(folder / "cells.gpkg", builder.cells()))
    run(store, Kind.households, builder.csv(folder / "doors.csv", builder.dwellings()))
    yield store
    engine.dispose()
    administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def untouched(county: Store) -> Iterator[Store]:
    """The county; after the test every table must be byte for byte as it was."""
    before = fingerprint(county)
    yield county
    assert fingerprint(county) == before


@pytest.fixture
def importing(store: Store) -> Import:
    """Import into a fresh database: `importing(Kind.cells, path, **options)`."""

    def importing(kind: Kind, path: Path, **options: object) -> Summary:
        return run(store, kind, path, **options)

    return importing
