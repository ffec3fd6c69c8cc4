"""Cases over HTTP: a form that knows a place, the desk that lists and changes them, revisits; and what never shows."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from gis.access.scope import ALL
from gis.households.load import load_dwellings
from gis.storage.engine import Store
from tests.api.conftest import Served, fill, serving, signed_in, token_of
from tests.api.test_problems import problem
from tests.conftest import Filled
from tests.gis import world
from tests.gis.world import COUNTY, SETTINGS, SOUTH, STEP, VILLAGE, WEST, cell_code

# Nothing else in the world has these digits.
PLACE: Final = (104.004721357, 34.504318642)
NO_ID: Final = "00000000-0000-4000-8000-000000000000"
NDJSON: Final = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def desk(filled: Filled) -> Iterator[Served]:
    """The small county with fifty more dwellings in cell 1 and ten in cell 2."""
    with filled.copy("desk", fill_desk) as (store, _), serving(store) as running:
        yield running


def fill_desk(store: Store) -> None:
    fill(store)
    with store.begin(ALL.settings()) as conn:
        doors, homes = world.dwellings({1: 50, 2: 12})
        load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=world.TODAY)


def refused(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    return problem(answer)


def snap(served: Served, place: tuple[float, float] = PLACE) -> Any:
    answer = served.client.post("/disputes/snap", json={"lon": place[0], "lat": place[1]})
    assert answer.status_code == 200, answer.text
    return answer.json()


def case(served: Served, **other: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "snap": other.pop("snap", None) or snap(served)["snap"],
        "category": "neighbours",
        "channel": "reported",
        "reported_at": datetime.now(UTC).isoformat(),
    } | other


def registered(served: Served, **other: Any) -> str:
    new = case(served, **other)
    answer = served.client.post("/disputes", json=[new])
    assert answer.json() == {"accepted": 1, "repeated": 0, "refused": []}, answer.text
    return str(new["id"])


def change(served: Served, id: str, **said: Any) -> Any:
    now = served.json(f"/disputes/{id}")
    body = {"id": str(uuid4()), "version": now["version"], **said}
    answer = served.client.post(f"/disputes/{id}/changes", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_place_goes_to_one_that_stands_for_eight_dwellings(desk: Served) -> None:
    found = snap(desk)
    assert found["cell"] == cell_code(1)
    assert found["dwellings"] >= 8
    assert found["place"]["type"] == "Point"
    listed = desk.json(f"/disputes/snap?cell={cell_code(1)}")["snaps"]
    assert found in listed
    assert [one["dwellings"] for one in listed] == sorted((one["dwellings"] for one in listed), reverse=True)
    assert desk.json(f"/disputes/snap?cell={cell_code(6)}") == {"snaps": []}
    assert snap(desk, (WEST + STEP * 2.5, SOUTH + STEP * 1.5))["cell"] in {cell_code(1), cell_code(2)}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "/disputes/snap", {"lon": 104.001}, 400, "lat"),
        ("POST", "/disputes/snap", {"lon": "104.001", "lat": 34.5}, 400, "lon"),
        ("POST", "/disputes/snap", {"lon": 999, "lat": 34.5}, 400, "lon"),
        ("POST", "/disputes/snap", {"lon": True, "lat": 34.5}, 400, "lon"),
        ("POST", "/disputes/snap", {"lon": 104.001, "lat": 34.5, "address": "x"}, 400, "address"),
        ("POST", "/disputes/snap", {"lon": 10, "lat": 34.5}, 403, "lon"),
        ("GET", "/disputes/snap", None, 400, "cell"),
        ("GET", f"/disputes/snap?cell={VILLAGE}", None, 400, "cell"),
        ("GET", "/disputes/snap?cell=x", None, 400, "cell"),
        ("GET", "/disputes/snap?lon=104&lat=34", None, 400, "lon"),
        ("GET", "/disputes?state=gone", None, 400, "state"),
        ("GET", "/disputes?category=crime", None, 400, "category"),
        ("GET", "/disputes?level=house", None, 400, "level"),
        ("GET", "/disputes?overdue=yes", None, 400, "overdue"),
        ("GET", "/disputes?after=x", None, 400, "after"),
        ("GET", "/disputes?after=0.1.x", None, 400, "after"),
        ("GET", f"/disputes?after=0.999999999999999999.{NO_ID}", None, 400, "after"),
        ("GET", "/disputes/revisits?until=soon", None, 400, "until"),
        ("GET", f"/disputes/revisits?after=x.{NO_ID}.1", None, 400, "after"),
    ],
)
def test_what_is_wrong_is_named(desk: Served, method: str, path: str, body: Any, status: int, field: str) -> None:
    answer = desk.client.request(method, path, json=body)
    told = refused(answer, status)
    assert told["field"] == field
    assert "104.001" not in answer.text


def test_accepted_repeated_refused(desk: Served) -> None:
    good = case(desk)
    other = {**good, "category": "debt"}
    bad = case(desk, category="张三")
    answer = desk.client.post("/disputes", json=[good, good, other, bad, case(desk, snap=str(uuid4())), 7])
    told = answer.json()
    assert (told["accepted"], told["repeated"]) == (1, 1)
    assert [(r["index"], r["code"]) for r in told["refused"]] == [
        (2, "conflict"),
        (3, "bad-input"),
        (4, "unknown-snap"),
        (5, "bad-input"),
    ]
    assert "张三" not in answer.text
    lines = "\n".join([json.dumps(good), "{broken", json.dumps(case(desk))])
    told = desk.client.post("/disputes", content=lines, headers=NDJSON).json()
    assert (told["accepted"], told["repeated"], [r["index"] for r in told["refused"]]) == (1, 1, [1])


def test_a_case_at_the_desk(desk: Served) -> None:
    id = registered(desk)
    shown = desk.json(f"/disputes/{id}")
    assert (shown["state"], shown["area"], shown["overdue"]) == ("registered", cell_code(1), False)
    assert shown["next"]["accepted"] is None
    assert "duplicate" in shown["next"]["not_accepted"]
    assert shown["place"] == snap(desk)["place"]
    change(desk, id, state="accepted")
    assert change(desk, id, extension="survey")["extended"] is True
    assert change(desk, id, level="village")["level"] == "village"
    for state in ("in_mediation", "agreed_oral", "performed"):
        change(desk, id, state=state)
    closed = change(desk, id, state="closed", code="performed")
    assert len(closed["revisits"]) == 3
    assert [event["role"] for event in closed["events"]] == ["admin"] * 8
    due = desk.json(f"/disputes/revisits?area={VILLAGE}&until=2099-01-01")["revisits"]
    assert [(one["dispute"], one["seq"]) for one in due] == [(id, 1), (id, 2), (id, 3)]
    assert due[0]["place"] == shown["place"]
    assert desk.json("/disputes/revisits") == {"revisits": [], "links": []}, "none is due today"
    done = {"outcome": "holds", "done_at": "2026-11-20T01:00:00Z"}
    for _ in range(2):
        answer = desk.client.post(f"/disputes/{id}/revisits/1", json=done)
        assert (answer.status_code, answer.json()["outcome"]) == (200, "holds")
    refused(desk.client.post(f"/disputes/{id}/revisits/1", json={**done, "outcome": "broken"}), 409)
    refused(desk.client.post(f"/disputes/{id}/revisits/4", json=done), 404)
    assert refused(desk.client.post(f"/disputes/{id}/revisits/1", json={**done, "who": "x"}), 400)["field"] == "who"


def test_changes_that_do_not_fit(desk: Served) -> None:
    id = registered(desk)
    first = {"id": str(uuid4()), "version": 1, "state": "accepted"}
    path = f"/disputes/{id}/changes"
    assert (
        refused(desk.client.post(path, json={**first, "state": "closed", "code": "performed"}), 409)["field"] == "state"
    )
    assert desk.client.post(path, json=first).json()["version"] == 2
    assert desk.client.post(path, json=first).json()["version"] == 2, "the same again"
    told = refused(desk.client.post(path, json={**first, "id": str(uuid4())}), 409)
    assert told["field"] == "version"
    assert refused(desk.client.post(path, json={**first, "version": 2}), 409)["field"] == "id"
    late = {"id": str(uuid4()), "version": 2, "state": "referred"}
    assert refused(desk.client.post(path, json=late), 400)["field"] == "code"
    assert refused(desk.client.post(path, json={**late, "code": "李四"}), 400)["field"] == "code"
    refused(desk.client.post(f"/disputes/{uuid4()}/changes", json=first), 404)


def test_the_list_goes_on_page_by_page(desk: Served) -> None:
    place = snap(desk)["snap"]
    ids = [registered(desk, snap=place) for _ in range(5)]
    change(desk, ids[3], state="accepted")
    seen, path = [], "/disputes?state=open&limit=2"
    while path:
        page = desk.json(path)
        seen += [one["id"] for one in page["disputes"]]
        path = next((link["href"] for link in page["links"]), "")
    assert seen == [ids[3], ids[0], ids[1], ids[2], ids[4]]
    assert desk.json("/disputes?overdue=true")["disputes"] == []
    assert len(desk.json(f"/disputes?area={cell_code(1)}&category=neighbours&level=cell")["disputes"]) == 5
    assert len(desk.json("/disputes?state=accepted,closed")["disputes"]) == 1


def test_a_family_dispute_shows_its_village_only(desk: Served) -> None:
    id = registered(desk, category="family")
    shown = desk.json(f"/disputes/{id}")
    assert (shown["area"], shown["place"]) == (VILLAGE, None)
    text_of_it = json.dumps(shown)
    assert cell_code(1) not in text_of_it
    assert snap(desk)["snap"] not in text_of_it
    leader = desk.client_of("patrol_leader", cell_code(1))
    refused(leader.get(f"/disputes/{id}"), 404)
    assert leader.get("/disputes").json()["disputes"] == []


def test_who_may_do_what(desk: Served) -> None:
    id = registered(desk)
    accept = {"id": str(uuid4()), "version": 1, "state": "accepted"}
    leader, operator = (desk.client_of(role, VILLAGE) for role in ("patrol_leader", "operator"))
    refused(leader.post(f"/disputes/{id}/changes", json=accept), 403)
    assert operator.post(f"/disputes/{id}/changes", json=accept).json()["events"][-1]["role"] == "operator"
    new = case(desk)
    assert leader.post("/disputes", json=[new]).json()["accepted"] == 1
    assert leader.get(f"/disputes/{new['id']}").json()["events"][0]["role"] == "patrol_leader"
    assert leader.get(f"/disputes/{id}").status_code == 200


def test_of_several_roles_the_least_is_told(desk: Served) -> None:
    secret = token_of(desk.store, ("admin", "990102"), ("operator", "990101"), ("patrol_leader", VILLAGE))
    with signed_in(desk.address, secret) as client:
        new = case(desk)
        assert client.post("/disputes", json=[new]).json()["accepted"] == 1
        accept = {"id": str(uuid4()), "version": 1, "state": "accepted"}
        events = client.post(f"/disputes/{new['id']}/changes", json=accept).json()["events"]
    assert [event["role"] for event in events] == ["patrol_leader", "operator"]


def test_where_it_was_reported_is_nowhere(desk: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Neither stored, nor audited, nor logged: the digits of the place are in no row of the database."""
    with caplog.at_level(logging.DEBUG):
        registered(desk)
        desk.client.post("/disputes/snap", json={"lon": PLACE[0] + 1, "lat": PLACE[1]})
    assert "4721357" not in caplog.text
    with desk.store.read() as conn:
        tables = conn.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'everycell'::regnamespace AND relkind IN ('r', 'p')"
            )
        ).scalars()
        for table in tables.all():
            rows = "\n".join(conn.execute(text(f"SELECT to_jsonb(t)::text FROM everycell.{table} t")).scalars())
            assert "4721357" not in rows, table
            assert "4318642" not in rows, table


def test_reads_and_writes_are_audited_without_an_id(desk: Served) -> None:
    id = registered(desk)
    change(desk, id, state="accepted")
    desk.json("/disputes")
    with desk.store.read() as conn:
        rows = conn.execute(text("SELECT action, area, detail::text AS detail FROM everycell.audit ORDER BY day, seq"))
        noted = [(row.action, row.area, row.detail) for row in rows if "dispute" in row.action + row.detail]
    assert [action for action, _, _ in noted] == ["dispute_register", "read_doors", "dispute_change"]
    assert {area for _, area, _ in noted} == {"", VILLAGE}
    assert id not in str(noted)


def test_an_old_case_is_not_taken_again(desk: Served) -> None:
    old = (datetime.now(UTC) - timedelta(days=800)).isoformat()
    told = desk.client.post("/disputes", json=[case(desk, reported_at=old)]).json()
    assert told["refused"][0]["detail"].startswith("reported_at: lies before")
