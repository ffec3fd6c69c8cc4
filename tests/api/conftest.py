"""The service as its clients meet it: a real server on a real PostGIS, asked over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import geopandas as gpd
import httpx
import pandas as pd
import psycopg2
import pytest
import uvicorn
from fastapi import FastAPI
from shapely import LineString
from sqlalchemy import event, text

from api.app import create_app
from api.callers import COOKIE
from api.deps import Service
from api.server import address_of, listen
from api.slow_clients import PatientProtocol
from gis.access.scope import Grant, area_of, role_of
from gis.access.sessions import csrf_token, open_session
from gis.access.tokens import new_token
from gis.households.coverage import today_in
from gis.households.rounds import open_round
from gis.households.visits import record_visits
from gis.sites.load import load_sites
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service, make_engine
from gis.streets.load import load_streets
from tests.conftest import Filled, settings_of
from tests.gis import world
from tests.gis.patrol.places import add_plan

TILES = "/tiles/WebMercatorQuad"


@dataclass
class Served:
    """A running service: `client` asks it, `store` is what it serves."""

    client: httpx.Client  # signed in as an administrator of everything
    store: Store  # the owner's: what tests change and look at
    address: str
    app: FastAPI
    admin: str  # the administrator's token
    others: ExitStack  # clients that end with it

    @property
    def service(self) -> Service:
        found: Service = self.app.state.service
        return found

    @property
    def today(self) -> date:
        return today_in(self.store.settings)

    def client_of(self, role: str, *areas: str) -> httpx.Client:
        """Another client: somebody with a role on some areas (`all`: everywhere)."""
        client = signed_in(self.address, token_of(self.store, *((role, area) for area in areas)))
        return self.others.enter_context(client)

    def get(self, path: str, **kw: Any) -> httpx.Response:
        return self.client.get(path, **kw)

    def json(self, path: str, **kw: Any) -> Any:
        answer = self.get(path, **kw)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def serving(store: Store) -> Iterator[Served]:
    """Serve a store from a thread for a while, as the role that owns nothing."""
    with as_service(store) as service:
        yield from _serving(store, service)


def _serving(store: Store, service: Store) -> Iterator[Served]:
    app = create_app(service)
    admin = token_of(store, ("admin", "all"))
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, http=PatientProtocol, log_level="critical", lifespan="on", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    address = address_of(listener)
    try:
        with signed_in(address, admin) as client, ExitStack() as others:
            assert client.get("/readyz").status_code == 200
            yield Served(client, store, address, app, admin, others)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def token_of(store: Store, *grants: tuple[str, str]) -> str:
    """A new token with a role on an area. With several grants: a session's secret of a new account that has them."""
    with store.begin() as conn:
        if len(grants) == 1:
            role, area = grants[0]
            grant = Grant(role_of(role), area_of(area))
            return new_token(conn, "test", grant, datetime.now(UTC) + timedelta(days=1))
        account = conn.execute(
            text("INSERT INTO everycell.account (login, created_at) VALUES (:login, now()) RETURNING id"),
            {"login": f"test-{uuid4().hex}"},
        ).scalar_one()
        for role, area in grants:
            conn.execute(
                text("INSERT INTO everycell.area_grant (account, role, area) VALUES (:account, :role, :area)"),
                {"account": account, "role": role_of(role), "area": area_of(area)},
            )
        return open_session(conn, account, hours=1)


def signed_in(address: str, secret: str) -> httpx.Client:
    """A client with a token, or with the cookie of a session."""
    if secret.startswith("ec_"):
        headers = {"Authorization": f"Bearer {secret}"}
    else:
        headers = {"Cookie": f"{COOKIE}={secret}", "X-CSRF-Token": csrf_token(secret)}
    return httpx.Client(base_url=address, timeout=30, headers=headers)


def fill(store: Store) -> None:
    """Six cells in one village: five with doorplates of two households each, the sixth empty; sites, streets, a round
    and a few visits."""
    today = today_in(store.settings)
    with store.begin() as conn:
        world.build(conn, {1: 7, 2: 5, 3: 4, 4: 3, 5: 2}, units=2)
        load_sites(conn, world.COUNTY, _sites())
        load_streets(conn, world.COUNTY, _streets())
        open_round(conn, area="990101", first_on=today - timedelta(days=30), last_on=today, name="秋季", target=70)
        visits = [
            world.visit("990101-D001-0000-00", days_ago=1),
            world.visit("990101-D001-0000-01", days_ago=100),
            world.visit("990101-D001-0001-00", days_ago=2, outcome="no_answer"),
            world.visit("990101-D002-0000-00", days_ago=50),
        ]
        assert record_visits(conn, visits, world.SETTINGS).accepted == len(visits)


def _sites() -> pd.DataFrame:
    rows = [
        (1, "990101-S1", "柳林小学", "school", "柳林村1号", 104.005, 34.505),
        (2, "990101-S2", "利民药店", "pharmacy", None, 104.015, 34.505),
    ]
    return pd.DataFrame(rows, columns=["row", "code", "name", "category", "address", "lon", "lat"])


def _streets() -> gpd.GeoDataFrame:
    rows = [
        (1, 1, "人民路", LineString([(104.0, 34.505), (104.03, 34.505)])),
        (2, 4, None, LineString([(104.005, 34.5), (104.005, 34.52)])),
    ]
    return gpd.GeoDataFrame(rows, columns=["id", "class", "name", "geometry"], crs=4490)


def fill_with_plan(store: Store) -> None:
    """The same, and a plan of today."""
    fill(store)
    with store.begin() as conn:
        add_plan(conn, world.OWN, on=today_in(store.settings))


@pytest.fixture(scope="module")
def served(filled: Filled) -> Iterator[Served]:
    """A small county, served for a whole module: its tests read only."""
    with filled.copy("served_with_plan", fill_with_plan) as (store, _), serving(store) as running:
        yield running


@pytest.fixture
def own(filled: Filled) -> Iterator[Served]:
    """The same county for one test alone, which may change it."""
    with filled.copy("served", fill) as (store, _), serving(store) as running:
        yield running


@contextmanager
def database(cluster: Cluster, name: str) -> Iterator[Store]:
    """A store on a fresh, migrated database for a while."""
    _administer(cluster, f"CREATE DATABASE {name} TEMPLATE everycell OWNER everycell")
    config = settings_of(cluster, name)
    engine = make_engine(config.database_url or "", config)
    try:
        yield Store(engine, config)
    finally:
        engine.dispose()
        _administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(cluster: Cluster, statement: str) -> None:
    connection = psycopg2.connect(cluster.admin_url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


@pytest.fixture
def connections_taken() -> Iterator[Callable[[Served], list[object]]]:
    """`taken = connections_taken(served)`: a list that grows by one whenever a request takes a connection."""
    hooked: list[tuple[Any, Any]] = []

    def watch(running: Served) -> list[object]:
        taken: list[object] = []

        def on_checkout(connection: object, *_: object) -> None:
            taken.append(connection)

        event.listen(running.service.store.engine, "checkout", on_checkout)
        hooked.append((running.service.store.engine, on_checkout))
        return taken

    yield watch
    for engine, hook in hooked:
        event.remove(engine, "checkout", hook)


def run(store: Store, statement: str, **values: Any) -> None:
    """Change something as any client of the database would."""
    with store.begin() as conn:
        conn.execute(text(statement), values)


def administer(served: Served, statement: str) -> None:
    """Run a statement as the superuser, in another database than the one that is served."""
    admin = served.store.engine.url.set(username="postgres", database="everycell", drivername="postgresql")
    connection = psycopg2.connect(admin.render_as_string(hide_password=False))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement.format(served.store.engine.url.database))
    connection.close()


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Column and row of the tile a point lies in, reckoned apart from the service."""
    import math

    side = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * side), int(y * side)


def tile_path(collection: str, zoom: int, lon: float, lat: float) -> str:
    column, row = tile_of(lon, lat, zoom)
    return f"/collections/{collection}{TILES}/{zoom}/{row}/{column}"
