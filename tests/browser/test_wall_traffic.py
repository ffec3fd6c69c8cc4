"""All that a screen with a wall's token is sent, for as long as EVERYCELL_TRAFFIC_MINUTES says (60 for the hour): no
address, no household, no door, no case and no place of one is in it."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page
from psycopg2.extras import Json
from sqlalchemy import text

from api.app import create_app
from gis.disputes.overdue import publish_overdue
from gis.disputes.publication import publish_due
from gis.households.coverage import today_in
from gis.storage.engine import Store, as_service
from tests.api.conftest import tile_path, token_of
from tests.browser.conftest import Open
from tests.browser.recording import A_POINT, Recorder, Secrets, Sent, leaks
from tests.browser.running import running
from tests.browser.test_coverage_live import fill, live_of
from tests.browser.test_wall_live import record
from tests.conftest import Filled

MINUTES = float(os.environ.get("EVERYCELL_TRAFFIC_MINUTES", "5"))
DWELL_S, RETURN_S = 8, 5
VISITS_PER_S = 4  # twenty times those of a busy day, as in test_wall_soak
DRILL_EVERY_S = 20
# Everything that makes a wall read again, and what it must not be told of.
NEWS = ("grid", "rounds", "case_figures", "sites", "board", "alarms", "patrols", "cases")


@pytest.fixture
def store(filled: Filled) -> Iterator[Store]:
    """A database with a small generated county."""
    with filled.copy("generated", fill) as (store, _):
        yield store


@pytest.mark.slow
def test_nothing_that_a_wall_is_sent_tells_of_a_place(store: Store, open_page: Open) -> None:
    for publish in (publish_due, publish_overdue):
        publish(store, today_in(store.settings))
    with store.read() as conn:
        secrets = Secrets.of(conn)
    with as_service(store) as service:
        recorder = Recorder(create_app(service))
        with running(recorder) as address:
            asked = f"token={token_of(store, ('wall', 'all'))}&dwell_s={DWELL_S}&return_s={RETURN_S}"
            page = open_page(f"{address}/wall?{asked}", width=1920, height=1080)
            a_long_day(store, address, page)
            page.close()
            sent = list(recorder.sent)
            planted = what_an_administrator_is_sent(store, address, recorder)
    assert {one.path.partition("?")[0] for one in sent} >= {"/wall", "/events", "/coverage", "/board", "/disputes/heat"}
    events = [one for one in sent if one.path.startswith("/events")]
    assert sum(one.body.count(b"event: coverage") for one in events) > MINUTES * 60 / 4
    assert leaks(sent, secrets) == []
    found = leaks(planted, secrets)
    assert len(found) > 100, "what is there is found"
    assert any(A_POINT in one for one in found)


def a_long_day(store: Store, address: str, page: Page) -> None:
    """Visits and other news come in, scenes take turns, and again and again somebody goes down to a cell and looks."""
    live = live_of(store, address)
    waiting = live.waiting(live.county)
    cells, chance, begun = sorted({one.cell for one in waiting}), random.Random(1), time.monotonic()
    for number in count(1):
        record(store, [chance.choice(waiting).code])
        if number % (DRILL_EVERY_S * VISITS_PER_S) == 0:
            emit(store, live.county, NEWS[number // (DRILL_EVERY_S * VISITS_PER_S) % len(NEWS)])
            look_closely(page, chance.choice(cells))
        gone = time.monotonic() - begun
        if gone > MINUTES * 60:
            return
        page.wait_for_timeout(max(20.0, 1000 * (number / VISITS_PER_S - gone)))


def look_closely(page: Page, cell: str) -> None:
    """Down to a cell, nearer, through all scenes; then nobody touches it."""
    for digits in (9, 12, 15):
        page.evaluate("(code) => everycell.page.drill.go(code)", cell[:digits])
    for key in ("+", "+", "1", "2", "3", "4", "5", "6", "-", "-"):
        page.keyboard.press(key)


def emit(store: Store, county: str, kind: str) -> None:
    """News of a kind, with real ids in it, as a trigger would tell it."""
    with store.begin() as conn:
        cell, case = conn.execute(text("SELECT cell, id::text FROM everycell.dispute LIMIT 1")).one()
        payload = {"areas": [cell], "disputes": [case], "plans": [case], "revision": 1, "level": "cell", "months": 1}
        conn.execute(
            text("SELECT everycell.emit(:county, :kind, CAST(:payload AS jsonb))"),
            {"county": int(county), "kind": kind, "payload": Json({**payload, "first_on": "2026-01-01"})},
        )


def what_an_administrator_is_sent(store: Store, address: str, recorder: Recorder) -> list[Sent]:
    """The same service tells others of doors: by that the search is tried."""
    with store.read() as conn:
        door = conn.execute(text("SELECT ST_X(geom), ST_Y(geom) FROM everycell.doorplate LIMIT 1")).one()
    before = len(recorder.sent)
    signed = {"Authorization": f"Bearer {token_of(store, ('admin', 'all'))}", "Accept": "application/json"}
    with httpx.Client(base_url=address, headers=signed, timeout=60) as client:
        assert client.get("/households/unvisited").status_code == 200
        assert client.get(tile_path("doorplates", 14, *door)).status_code == 200
    return recorder.sent[before:]


# ---- the search itself

ID, CASE = "0b8c5e0e-7a43-4f0c-9d0e-4d3a8c1f2b6a", "5d1f7f8e-93f5-4c58-b5a5-9b41b3b1c0de"
SECRETS = Secrets(frozenset({"永安路8号", "990101-D001-0000", ID, CASE}), frozenset({(105.123457, 35.654321)}))
EVENT = 'event: coverage\nid: 5\ndata: {"cells":[["990101100201003",8,1,0,7,7]],"as_of":"x"}\n\n'
HARMLESS = '{"type":"Polygon","coordinates":[[[105.123457,35.1],[105.2,35.654321],[105.3,35.7]]],"n":105.123457}'


@pytest.mark.parametrize(
    "body",
    [
        '{"address":"永安路8号"}',
        json.dumps({"address": "永安路8号"}),
        "<td>&#27704;安路8号</td>",
        f'{EVENT}event: cases\ndata: {{"disputes":["{CASE}"]}}\n\n',
        f'{{"features":[{{"id":"{ID}"}}]}}',
        '{"link":"/households/990101-D001-0000-01"}',
        '{"coordinates":[105.1234567,35.6543211]}',
        '{"latlng":[35.6543211, 105.1234567]}',
        '{"lon":105.1234567,"lat":35.6543211}',
        "POINT(105.1234567 35.6543211)",
    ],
)
def test_a_planted_leak_is_found(body: str) -> None:
    kept = keep(body, "text/event-stream" if body.startswith("event") else "application/json; charset=utf-8")
    assert len(leaks(kept, SECRETS)) == 1
    assert leaks(keep(EVENT + HARMLESS, "application/json"), SECRETS) == []


def test_a_leak_in_an_address_or_a_header_is_found() -> None:
    assert leaks([Sent("/search?q=%E6%B0%B8%E5%AE%89%E8%B7%AF8%E5%8F%B7")], SECRETS)
    assert leaks([Sent("/", headers=[f"location: /disputes/{CASE}"])], SECRETS)


def test_what_cannot_be_searched_is_no_proof() -> None:
    assert leaks(keep("\x1a\x02", "application/octet-stream"), SECRETS)
    assert leaks(keep("\x89PNG", "image/png"), SECRETS) == []


def keep(body: str, kind: str) -> list[Sent]:
    """What a recorder keeps of an application that sends a body in two pieces."""
    raw = body.encode()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert all(name != b"accept-encoding" for name, _ in scope["headers"]), "it would be sent packed"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})
        await send({"type": "http.response.body", "body": raw[:7], "more_body": True})
        await send({"type": "http.response.body", "body": raw[7:]})

    async def ignore(_: object = None) -> None:
        return None

    recorder = Recorder(app)
    scope = {"type": "http", "path": "/x", "query_string": b"", "headers": [(b"accept-encoding", b"gzip")]}
    with pytest.raises(StopIteration):  # it waits for nothing: a loop of its own it could not have beside the browser
        recorder(scope, ignore, ignore).send(None)
    return recorder.sent
