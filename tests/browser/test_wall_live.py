"""The wall against the real service and PostGIS: opened by a token, followed while visits come in, through outages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from api.app import create_app
from gis.disputes.overdue import publish_overdue
from gis.disputes.publication import publish_due
from gis.households.coverage import today_in
from gis.households.visits import Outcome, Purpose, Visit, record_visits
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service
from tests.api.conftest import token_of
from tests.browser.conftest import Complaints, Open, becomes
from tests.browser.running import running
from tests.browser.test_coverage_live import Live, fill, live_of
from tests.conftest import Filled

TITLES = ("走访覆盖", "从未走访", "超期纠纷", "今日巡逻", "重点场所待查", "纠纷热力")
# What a browser hears of the stream passes no page event: it is kept by the page itself.
KEEPING = """
delete window.SharedWorker;
window.heard = [];
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (kind, listener) {
  listen.call(this, kind, (event) => { window.heard.push(event.data); listener(event); });
};
"""


@pytest.fixture
def store(filled: Filled) -> Iterator[Store]:
    """A database with a small generated county."""
    with filled.copy("generated", fill) as (store, _):
        yield store


def post(page: Page, live: Live, households: list[str]) -> None:
    """Record visits as another program does."""
    signed = {"Authorization": f"Bearer {token_of(live.store, ('operator', 'all'))}"}
    visits = [
        {
            "id": str(uuid4()),
            "household": one,
            "visited_at": f"{today_in(live.store.settings)}T00:00:01+08:00",
            "outcome": "reached",
            "team": "B2",
            "purpose": "routine",
        }
        for one in households
    ]
    answer = page.context.request.post(f"{live.address}/visits", data=visits, headers=signed)
    assert answer.json()["accepted"] == len(visits)


def counted(live: Live) -> str:
    """What the panel of the whole county has to say."""
    known, reached = (sum(getattr(one, name) for one in live.cells()) for name in ("known", "reached"))
    return f"{reached:,} / {known:,}"


def test_a_wall_opened_by_its_token_follows_the_visits(store: Store, open_page: Open) -> None:
    """What passes to it, all scenes and a drill-down long, has nothing of doors, households and cases in it."""
    with as_service(store) as service, running(create_app(service)) as address:
        live = live_of(store, address)
        for publish in (publish_due, publish_overdue):
            publish(store, today_in(store.settings))
        token = token_of(store, ("wall", "all"))
        page = open_page(f"{address}/wall?token={token}&dwell_s=3600", width=1920, height=1080, before=KEEPING)
        assert page.url == f"{address}/wall?dwell_s=3600"
        bodies: list[str] = []
        page.on("requestfinished", lambda request: _keep(bodies, request))
        shown = page.locator(".headline b")
        expect(shown).to_have_text(counted(live))
        waiting = live.waiting(live.county)
        post(page, live, [one.code for one in waiting[:20]])
        expect(shown).to_have_text(counted(live))
        page.reload()
        page.wait_for_selector('html[data-ready="yes"]')
        expect(shown).to_have_text(counted(live))
        for number, title in enumerate(TITLES, 1):
            page.keyboard.press(str(number))
            expect(page.locator("#scene")).to_have_text(title)
        for digits in (9, 12, 15):
            page.evaluate("(code) => everycell.page.drill.go(code)", waiting[30].cell[:digits])
        post(page, live, [one.code for one in waiting[20:40]])
        becomes(lambda: '"cells"' in "".join(page.evaluate("heard")), wanted=True)
        everything = [*bodies, *page.evaluate("heard")]
        page.close()
        assert len(bodies) > 8
        with store.read() as conn:
            doors = conn.execute(text("SELECT code, address FROM everycell.doorplate")).all()
            homes = conn.execute(text("SELECT id::text, code FROM everycell.household")).all()
            cases = conn.execute(text("SELECT id::text FROM everycell.dispute")).scalars().all()
            points = (
                conn.execute(text("SELECT ST_X(geom), ST_Y(geom) FROM everycell.snap_point")).all()
                + conn.execute(text("SELECT ST_X(geom), ST_Y(geom) FROM everycell.doorplate")).all()
            )
        assert min(map(len, (doors, homes, cases, points))) > 10
        secrets = {value for row in (*doors, *homes) for value in row} | set(cases)
        whole = "\n".join(everything)
        assert set(re.findall(r"[^\s\",:{}\[\]]+", whole)) & secrets == set()
        pairs = re.findall(r"\[(-?\d+\.\d+), ?(-?\d+\.\d+)\]", whole)
        assert len(pairs) > 100
        assert {_place(*map(float, pair)) for pair in pairs} & {_place(*point) for point in points} == set()


def _place(lon: float, lat: float) -> tuple[float, float]:
    """A place to a decimetre."""
    return round(lon, 6), round(lat, 6)


def _keep(bodies: list[str], request: Any) -> None:
    if "/static/" not in request.url and "/events" not in request.url and ".png" not in request.url:
        answer = request.response()
        bodies.append(f"{request.url} {answer.text() if answer and answer.ok else ''}")


@pytest.mark.slow
def test_outages_pass_without_a_reload_and_nothing_is_lost(
    store: Store, cluster: Cluster, open_page: Open, complaints: Complaints
) -> None:
    with as_service(store) as service, ExitStack() as stack:
        first = stack.enter_context(running(create_app(service)))
        live = live_of(store, first)
        waiting = [one.code for one in live.waiting(live.county)]
        page = open_page(f"{first}/wall?token={token_of(store, ('wall', 'all'))}", width=1920, height=1080)
        page.evaluate("window.same = true")
        shown, age = page.locator(".headline b"), page.locator("body")

        stack.close()  # the service ends, and visits are recorded by another one
        record(store, waiting[:30])
        with running(create_app(service), port=int(first.rpartition(":")[2])):
            expect(shown).to_have_text(counted(live), timeout=60_000)

            reachable(cluster, store, may=False)
            expect(age).to_have_attribute("data-age", "delayed", timeout=60_000)
            expect(age).to_have_attribute("data-age", "stale", timeout=150_000)
            expect(page.locator("#band")).to_contain_text("服务有应答")
            reachable(cluster, store, may=True)
            record(store, waiting[30:60])
            expect(shown).to_have_text(counted(live), timeout=60_000)
            expect(age).to_have_attribute("data-age", "live", timeout=60_000)
            assert page.evaluate("window.same")
            page.close()
    complaints.clear()  # of what did not come in between


def record(store: Store, households: list[str]) -> None:
    """Visits of today, straight into the database."""
    now = datetime.now(UTC)
    visits = [Visit(uuid4(), one, now, Outcome.reached, "B2", Purpose.routine) for one in households]
    with store.begin() as conn:
        assert record_visits(conn, visits, store.settings).accepted == len(visits)


def reachable(cluster: Cluster, store: Store, *, may: bool) -> None:
    """Take the database away from everybody, or give it back."""
    name = str(store.engine.url.database)
    engine = create_engine(cluster.admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(may).lower()}"))
        if not may:
            conn.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"), {"n": name})
    engine.dispose()
