"""A real extract, 5,000 visits from a CSV: the page, the figures and a recount with GeoPandas must agree."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from playwright.sync_api import expect
from sqlalchemy import text

from api.app import create_app
from gis.codes import Level
from gis.exchange.headers import Kind
from gis.exchange.importer import Options, import_file
from gis.exchange.osm_import import import_osm, parse_levels
from gis.households.check import check
from gis.households.coverage import coverage, today_in
from gis.storage.engine import Store, as_service
from tests.api.conftest import token_of
from tests.browser.conftest import Open
from tests.browser.running import running

pytestmark = [pytest.mark.data, pytest.mark.slow]
VISITS = 5_000
DAYS_BACK = 120


@pytest.fixture
def liechtenstein(store: Store, shared_data: Path, tmp_path: Path) -> Store:
    source = shared_data / "liechtenstein.osm.pbf"
    if not source.exists():
        pytest.skip("liechtenstein.osm.pbf is not among the real data")
    file = tmp_path / source.name
    shutil.copy(source, file)
    with store.begin() as conn:
        import_osm(conn, file, parse_levels("county=2,town=6,village=8"), store.settings)
    return store


def write_visits(store: Store, path: Path, today: date) -> pd.DataFrame:
    """A CSV as a team would bring it, in Chinese; what is in it comes back."""
    with store.read() as conn:
        codes = list(conn.execute(text("SELECT code FROM everycell.household ORDER BY code")).scalars())
    chance = random.Random(7)
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=store.settings.zone)
    rows = [
        (
            chance.choice(codes),
            noon - timedelta(days=chance.randrange(1, DAYS_BACK), minutes=chance.randrange(180)),
            "见到" if chance.random() < 0.7 else "无人应答",
        )
        for _ in range(VISITS)
    ]
    frame = pd.DataFrame(rows, columns=["户号", "走访时间", "走访结果"]).assign(队伍="T01", 目的="日常走访")
    frame.to_csv(path, index=False, encoding="gb18030")
    return frame


def recount(store: Store, visits: pd.DataFrame, since: date) -> pd.DataFrame:
    """Known, reached, tried and never by cell: points in polygons and a group-by, from nothing but the raw rows."""
    with store.engine.connect() as conn:
        cells = gpd.read_postgis("SELECT code AS cell, geom FROM everycell.cell", conn, geom_col="geom")
        homes = gpd.read_postgis(
            "SELECT h.code, d.geom FROM everycell.household h JOIN everycell.doorplate d ON d.id = h.doorplate",
            conn,
            geom_col="geom",
        )
    inside = gpd.sjoin(homes, cells, predicate="intersects").sort_values("cell").drop_duplicates("code")
    assert len(inside) == len(homes)
    day = pd.to_datetime(visits["走访时间"]).dt.date
    met = visits["走访结果"] == "见到"
    inside["reached"] = inside["code"].isin(visits["户号"][met & (day >= since)])
    inside["ever"] = inside["code"].isin(visits["户号"][met])
    inside["tried"] = inside["code"].isin(visits["户号"][day >= since]) & ~inside["reached"]
    by_cell = inside.groupby("cell").agg(
        known=("code", "size"), reached=("reached", "sum"), tried=("tried", "sum"), ever=("ever", "sum")
    )
    return by_cell.assign(never=by_cell["known"] - by_cell["ever"]).drop(columns="ever")


def test_eleven_villages_that_tile(liechtenstein: Store) -> None:
    with liechtenstein.read() as conn:
        levels = Counter(conn.execute(text("SELECT level FROM everycell.division")).scalars())
        cells = gpd.read_postgis("SELECT code, village, geom FROM everycell.cell", conn, geom_col="geom")
        lost = conn.execute(
            text(
                "SELECT count(*) FROM everycell.doorplate d WHERE 1 <> (SELECT count(*) FROM everycell.cell c"
                " WHERE c.code = d.cell AND ST_Intersects(c.geom, d.geom))"
            )
        ).scalar()
        doors = conn.execute(text("SELECT count(*) FROM everycell.doorplate")).scalar_one()
        assert list(check(conn, liechtenstein.settings)) == []
    assert levels == {"county": 1, "town": 2, "village": 11}
    assert shapely.coverage_is_valid(cells.geometry.to_numpy())
    assert (cells.groupby("village").size() > 1).sum() >= 5  # several have exclaves
    assert lost == 0
    assert 8_000 <= doors <= 9_001


def test_page_figures_and_geopandas_agree(liechtenstein: Store, tmp_path: Path, open_page: Open) -> None:
    store, today = liechtenstein, today_in(liechtenstein.settings)
    since = today - timedelta(days=30)
    visits = write_visits(store, tmp_path / "走访.csv", today)
    with store.begin() as conn:
        import_file(conn, Kind.visits, tmp_path / "走访.csv", store.settings, Options())
        recorded = conn.execute(text("SELECT count(*) FROM everycell.visit")).scalar()
    assert recorded == len(visits.drop_duplicates())
    counted = recount(store, visits, since)
    with store.read() as conn:
        table = coverage(conn, area=None, level=Level.cell, since=since, today=today)
        assert list(check(conn, store.settings)) == []
    stored = pd.DataFrame(
        [(a.code, a.known, a.reached, a.tried, a.never) for a in table.areas if a.known],
        columns=["cell", "known", "reached", "tried", "never"],
    ).set_index("cell")
    pd.testing.assert_frame_equal(stored, counted, check_dtype=False, check_names=False)

    with as_service(store) as service, running(create_app(service)) as address:
        page = open_page(f"{address}/maps/coverage#since={since}", token=token_of(store, ("operator", "all")))
        waiting = int((counted["known"] - counted["reached"]).sum())
        expect(page.locator(".headline b")).to_have_text(f"{waiting:,}")
        expect(page.locator(".leaflet-control-attribution")).to_have_text("© OpenStreetMap contributors")
        for label in ("known", "reached", "tried", "never"):
            expect(page.locator("#panel")).to_contain_text(f"{int(counted[label].sum()):,}")
