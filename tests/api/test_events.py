"""GET /events: what is committed reaches whoever may see it, once, and nobody else, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from psycopg2.extras import Json
from sqlalchemy import text

import api.event_streams
from api.event_streams import EventResponse, EventStream
from api.requests import CONNECTION
from gis.access.scope import ALL
from gis.access.tokens import revoke
from gis.access.tokens import token_of as row_of_token
from gis.events.log import number
from gis.households.rounds import open_round
from gis.storage.cluster import Cluster
from tests.api.conftest import Served, administer, database, run, serving, signed_in, token_of
from tests.api.listening import Listening, Told, listening
from tests.gis import world
from tests.gis.disputes.places import add_cases
from tests.gis.patrol.places import add_plan
from tests.gis.world import OWN, SIBLING


def visit(household: str) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "household": household,
        "visited_at": datetime.now(world.ZONE).isoformat(),
        "outcome": "reached",
        "team": "A1",
        "purpose": "routine",
    }


def post(client: httpx.Client, *households: str) -> None:
    answer = client.post("/visits", json=[visit(one) for one in households])
    assert (answer.status_code, answer.json()["refused"]) == (200, []), answer.text


def cells_of(told: Told) -> set[str]:
    return {row[0] for row in told.data["cells"]}


def in_order(heard: Listening) -> bool:
    ids = [told.id or 0 for told in heard.numbered]
    return ids == sorted(set(ids))


def emit(served: Served, kind: str, payload: object, county: int = world.COUNTY) -> None:
    """News as a trigger of the database would tell it."""
    statement = "SELECT everycell.emit(:county, :kind, CAST(:payload AS jsonb))"
    run(served.store, statement, county=county, kind=kind, payload=Json(payload))


@pytest.fixture
def region(cluster: Cluster) -> Iterator[Served]:
    """The villages of the matrix, for one test alone."""
    with database(cluster, "events") as store:
        with store.begin() as conn:
            world.build_region(conn, (OWN, SIBLING), today=world.today_of(store.settings))
        with serving(store) as running:
            yield running


@pytest.fixture(autouse=True)
def _nothing_of_how_it_was_built_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.event_hub._OVERLAP_S", 0.0)


def test_each_is_told_of_what_is_theirs(region: Served) -> None:
    """A journey through all kinds: an administrator, two operators side by side, a wall."""
    clients = {
        "admin": region.client,
        "own": region.client_of("operator", OWN.code),
        "beside": region.client_of("operator", SIBLING.code),
        "wall": region.client_of("wall", OWN.code),
        "cell": region.client_of("wall", OWN.cells[1]),
    }
    with ExitStack() as stack:
        heard = {name: stack.enter_context(listening(client)) for name, client in clients.items()}
        hello = {name: each.next("hello") for name, each in heard.items()}
        assert all(told.id == told.data["at"] for told in hello.values())
        post(region.client, OWN.household(1, 0), OWN.household(2, 0))
        assert cells_of(heard["cell"].next("coverage")) == {OWN.cells[1]}
        post(region.client, SIBLING.household(1, 0))
        with region.store.begin(ALL.settings()) as conn:
            case = uuid4()
            add_cases(conn, OWN, id=case, snap=uuid4())
            conn.execute(
                text("UPDATE everycell.site SET last_checked_on = current_date WHERE code = :s"), {"s": OWN.site}
            )
        emit(region, "disputes", {"disputes": [str(case)]})
        with region.store.begin() as conn:
            plan = add_plan(conn, SIBLING)
        emit(region, "patrols", {"plans": [str(plan)], "areas": [SIBLING.code]})
        with region.store.begin() as conn:
            open_round(conn, area=OWN.cells[0], first_on=world.TODAY, last_on=world.TODAY)
        emit(region, "case_figures", {"level": "village", "first_on": "2026-10-01", "months": 1, "family": False})
        emit(region, "alarms", {"areas": [OWN.town]})
        emit(region, "no such kind", {"secret": "x"})
        emit(region, "grid", {"revision": 7})
        for each in heard.values():
            each.until(lambda told: told.kind == "grid" and told.data["revision"] == 7)
            each.next("board")
    kinds = {name: {told.kind for told in each.told} - {"beat"} for name, each in heard.items()}
    everybody = {"hello", "coverage", "board", "grid", "case_figures", "alarms"}
    assert kinds == {
        "admin": everybody | {"rounds", "sites", "cases", "patrols"},
        "own": everybody | {"rounds", "sites", "cases"},
        "beside": everybody | {"patrols"},
        "wall": everybody | {"rounds", "sites"},
        "cell": everybody,
    }
    seen = {
        name: set().union(*(cells_of(t) for t in each.told if t.kind == "coverage")) for name, each in heard.items()
    }
    assert seen["admin"] >= {*OWN.cells, *SIBLING.cells[:1]}
    assert seen["own"] == seen["wall"] == set(OWN.cells)
    assert seen["beside"] == {SIBLING.cells[0]}
    assert seen["cell"] == {OWN.cells[1]}
    assert {id for t in heard["own"].told if t.kind == "cases" for id in t.data["disputes"]} == {str(case)}
    assert {id for t in heard["beside"].told if t.kind == "patrols" for id in t.data["plans"]} == {str(plan)}
    assert next(t.data for t in heard["wall"].told if t.kind == "case_figures").keys() == {
        "level", "first_on", "months", "as_of",
    }  # fmt: skip
    for each in heard.values():
        assert in_order(each), "each once"
        for told in each.numbered:
            assert {"as_of", "cells", "county", "revision", "disputes", "plans", "level", "first_on", "months"} >= set(
                told.data
            )
    # And what was told is what is stored.
    last = {row[0]: row[1:] for told in heard["wall"].told if told.kind == "coverage" for row in told.data["cells"]}
    stored = region.json("/coverage", params={"level": "cell", "area": OWN.code})["areas"]
    assert {code: tuple(row) for code, row in last.items()} == {
        area["code"]: tuple(area[name] for name in ("known", "reached", "tried", "never", "overdue")) for area in stored
    }


def test_figures_are_since_what_was_asked_for(region: Served) -> None:
    today = world.today_of(region.store.settings)
    rounds = {row["name"]: row["code"] for row in region.json("/rounds")["rounds"]}
    asked: list[dict[str, Any]] = [
        {"since": str(today)},
        {"since": str(today - timedelta(days=120))},
        {"area": OWN.code},
        {"round": rounds[f"{OWN.sign}轮"]},
        {"round": rounds["城关镇轮"], "area": OWN.code},
        {"area": OWN.cells[0], "since": str(today - timedelta(days=3))},
    ]
    with ExitStack() as stack:
        heard = [stack.enter_context(listening(region.client, **each)) for each in asked]
        closed = stack.enter_context(listening(region.client, round=rounds[f"{OWN.sign}旧轮"]))
        for each in [*heard, closed]:
            each.next("hello")
        post(region.client, OWN.household(1, 0), OWN.household(1, 2), OWN.household(2, 1))
        for parameters, each in zip(asked, heard, strict=True):
            told = each.next("coverage")
            areas = region.json("/coverage", params={"level": "cell", **parameters})["areas"]
            stored = {a["code"]: [a[k] for k in ("known", "reached", "tried", "never", "overdue")] for a in areas}
            assert told.data["cells"], parameters
            for code, *figures in told.data["cells"]:
                assert figures == stored[code], parameters
        closed.next("board")
        assert [told.kind for told in closed.told if told.kind == "coverage"] == [], "frozen figures do not change"
    for wrong, field in (
        ({"round": "990101-R9-20260101"}, "round"),
        ({"round": rounds[f"{OWN.sign}轮"], "since": str(today)}, "round"),
        ({"round": rounds[f"{OWN.sign}轮"], "area": SIBLING.code}, "area"),
        ({"last_event_id": "x"}, "last_event_id"),
    ):
        answer = region.get("/events", params=wrong)
        assert (answer.status_code // 100, answer.json()["field"]) == (4, field), answer.text


def test_who_comes_back_misses_nothing_and_hears_nothing_twice(own: Served) -> None:
    """Cut off anywhere, at another worker, while visits go on being recorded."""
    chance = random.Random(20261130)
    doors = [f"990101-D001-000{k}-0{u}" for k in range(7) for u in (0, 1)]
    heard: list[Told] = []
    with serving(own.store) as other, listening(own.client) as whole:
        after = whole.next("hello").id
        for round_, door in enumerate(doors):
            post(chance.choice([own.client, other.client]), door)
            if round_ % 3 == 2:
                with listening(chance.choice([own.client, other.client]), after=after) as part:
                    assert part.next("hello").id == after
                    for _ in range(chance.randrange(1, 4)):
                        part.until(lambda told: told.id is not None)
                    heard += part.numbered
                    after = heard[-1].id
        last = own.json("/coverage", params={"level": "cell"})["areas"][0]["reached"]
        whole.until(lambda told: told.kind == "coverage" and told.data["cells"][0][2] == last)
        end = whole.next("board")
        with listening(other.client, after=after) as part:
            part.until(lambda told: told.id == end.id)
            heard += part.numbered
    assert [(told.kind, told.id) for told in heard] == [(told.kind, told.id) for told in whole.numbered]


@pytest.mark.parametrize(("after", "reason"), [("1", "expired"), ("9" * 16, "restored"), ("nonsense", "expired")])
def test_an_event_of_no_log_is_reset(own: Served, after: str, reason: str) -> None:
    answer = own.get("/events", headers={"Last-Event-ID": after})
    assert answer.text == f'retry: 2000\n\nevent: reset\ndata: {{"reason":"{reason}"}}\n\n'
    for method in ("HEAD", "OPTIONS"):
        assert own.client.request(method, "/events").status_code in (200, 204)


def test_who_begins_is_told_of_the_last_seconds_too(own: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it reads beside the stream may come from a worker that is a little behind."""
    with listening(own.client) as first:
        first.next("hello")
        post(own.client, "990101-D001-0000-00")
        told = first.next("coverage")
        monkeypatch.setattr("api.event_hub._OVERLAP_S", 60.0)
        with listening(own.client) as second:
            again = second.until(lambda each: each.id == told.id)
            assert again.data["cells"] == told.data["cells"]
        answer = own.get("/coverage", headers={"Everycell-After": str(told.id)})
        assert answer.status_code == 200
        assert own.service.mirror.holds(told.id or 0), "and by this header nothing older is read"


def test_a_client_that_does_not_read_is_reset_and_slows_nobody(own: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.event_streams, "MOST_BYTES", 64 * 1024)
    monkeypatch.setattr(api.event_streams, "_LAST_WORD_S", 0.5)
    host, port = own.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as idle, listening(own.client) as heard:
        heard.next("hello")
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.sendall(f"GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {own.admin}\r\n\r\n".encode())
        wait_until(lambda: len(own.service.events) == 2)
        sent = 0
        while len(own.service.events) == 2:
            sent += 1
            emit(own, "case_figures", {"level": f"{sent}", "first_on": "x" * 20_000, "months": 1})
            heard.until(lambda told, sent=sent: told.data.get("level") == f"{sent}", patience_s=5)  # type: ignore[misc]
            assert sent < 200, "it is never reset"
        established = 1
        wait_until(lambda: idle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != established)
        idle.settimeout(10)
        with suppress(ConnectionError):
            while idle.recv(65_536):
                pass
    assert [told.data["level"] for told in heard.told if told.kind == "case_figures"] == [
        f"{n + 1}" for n in range(sent)
    ]


def wait_until(predicate: Any, patience_s: float = 20.0) -> None:
    until = time.monotonic() + patience_s
    while not predicate():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_slow_client_that_reads_again_is_told_to_begin_anew(own: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.event_streams, "MOST_FRAMES", 4)
    with listening(own.client) as heard:
        heard.next("hello")
        stream = next(iter(own.service.events._listening))
        for _ in range(9):
            stream.loop.call_soon_threadsafe(stream.put, [b"event: x\n\n"])
        assert [told.kind for told in heard.rest()][-1] == "reset"
        assert heard.told[-1].data == {"reason": "slow"}


def test_a_token_that_is_revoked_ends_its_streams(own: Served) -> None:
    secret = token_of(own.store, ("operator", OWN.code))
    with signed_in(own.address, secret) as client, listening(client) as heard, listening(own.client) as other:
        heard.next("hello")
        other.next("hello")
        with own.store.begin() as conn:
            revoke(conn, row_of_token(conn, secret).id)
        assert heard.rest()[-1] == Told("reset", None, {"reason": "over"})
        assert client.get("/events").status_code == 401
        post(own.client, "990101-D001-0000-00")
        other.next("coverage")


def test_the_service_ends_at_once_and_its_listeners_follow_on_elsewhere(own: Served) -> None:
    with serving(own.store) as other, listening(other.client) as heard:
        after = heard.next("hello").id
        begun = time.monotonic()
    assert time.monotonic() - begun < 3, "streams do not keep it"
    assert [told.kind for told in heard.rest() if told.kind == "reset"] == []
    post(own.client, "990101-D001-0000-00")
    with listening(own.client, after=after) as heard:
        heard.next("coverage")


def test_a_lost_database_connection_heals_by_itself(own: Served) -> None:
    with listening(own.client) as heard:
        heard.next("hello")
        for k in range(3):
            administer(own, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'")
            post_patiently(own.client, f"990101-D003-000{k}-00")
            told = heard.next("coverage")
            assert told.data["cells"][0][2] == k + 1
    assert in_order(heard)


def test_a_pass_is_over_when_its_statement_is(own: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that stands still between the two would keep the lock, and with it the news of all others."""
    passes: list[float] = []
    held: list[int] = []

    def looked_after(*arguments: Any) -> float:
        passes.append(number(*arguments))
        found = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7461101 AND database = ("
        found += "SELECT oid FROM pg_database WHERE datname = current_database())"
        with own.store.read() as conn:
            held.append(conn.execute(text(found)).scalar_one())
        return passes[-1]

    monkeypatch.setattr("api.event_hub.number", looked_after)
    with listening(own.client) as heard:
        heard.next("hello")
        post(own.client, "990101-D001-0000-00")
        heard.next("coverage")
    assert 0.0 in passes
    assert set(held) == {0}


def post_patiently(client: httpx.Client, household: str) -> None:
    sent = [visit(household)]
    wait_until(lambda: client.post("/visits", json=sent).status_code == 200)


def test_a_listener_that_has_gone_before_it_is_answered_leaves_nothing(own: Served) -> None:
    """Its socket is closed when the stream begins."""
    gone = socket.socket()
    gone.close()
    transport = SimpleNamespace(
        set_write_buffer_limits=lambda **_: None, get_extra_info=lambda _: gone, abort=lambda: None
    )
    left: list[EventStream] = []

    async def disconnected() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(_: object) -> None:
        return None

    async def answer() -> EventStream:
        stream = EventStream(SimpleNamespace(), SimpleNamespace(), ("token", "x"), None)  # type: ignore[arg-type]
        scope = {"type": "http", "extensions": {CONNECTION: {"transport": transport}}}
        await EventResponse(stream, lambda: b"", left.append)(scope, disconnected, send)  # type: ignore[arg-type]
        return stream

    assert [asyncio.run(answer())] == left


def test_too_many_listeners_of_one_caller_are_refused(own: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.event_hub._MOST_OF_ONE", 2)
    wall = own.client_of("wall", "all")
    with listening(wall), listening(wall):
        answer = wall.get("/events")
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        with listening(own.client) as heard:
            heard.next("hello")
    wait_until(lambda: len(own.service.events) == 0)
    with listening(wall) as heard:
        heard.next("hello")
