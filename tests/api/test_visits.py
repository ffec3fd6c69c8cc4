"""POST /visits: per-item results, idempotent, exact under concurrency, committed before the answer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.bodies import MAX_BYTES
from gis.households.check import check
from tests.api.conftest import Served, run, signed_in
from tests.api.test_problems import problem
from tests.examples import examples

NDJSON = {"Content-Type": "application/x-ndjson"}


def visit(household: str = "990101-D001-0000-00", **other: Any) -> dict[str, Any]:
    """A visit of this moment that would be accepted."""
    return {
        "id": str(uuid4()),
        "household": household,
        "visited_at": datetime.now(UTC).isoformat(),
        "outcome": "reached",
        "team": "T01",
        "purpose": "routine",
    } | other


def post(served: Served, items: object) -> Any:
    answer = served.client.post("/visits", json=items)
    assert answer.status_code == 200, answer.text
    return answer.json()


def codes(served: Served) -> list[str]:
    return [h["id"] for h in served.json("/collections/households/items?limit=1000")["features"]]


def test_accepted_repeated_refused(own: Served) -> None:
    good, again = visit(), visit("990101-D002-0000-00")
    assert post(own, [again])["accepted"] == 1
    other = {**again, "outcome": "no_answer"}
    unknown, bad = visit("990101-NONE"), visit(team="張三")
    result = post(own, [good, again, other, unknown, bad, good, "x", None, {}])
    assert (result["accepted"], result["repeated"]) == (1, 2)
    assert [(r["index"], r["code"]) for r in result["refused"]] == [
        (2, "conflict"),
        (3, "unknown-household"),
        (4, "bad-input"),
        (6, "bad-input"),
        (7, "bad-input"),
        (8, "bad-input"),
    ]
    assert result["refused"][2]["id"] == bad["id"]
    assert "張三" not in json.dumps(result, ensure_ascii=False), "a name is not even echoed"


def test_an_empty_batch(own: Served) -> None:
    assert post(own, []) == {"accepted": 0, "repeated": 0, "refused": []}


def test_ndjson_with_a_broken_line(own: Served) -> None:
    lines = [json.dumps(visit()), "", "{broken", json.dumps(visit("990101-D002-0000-00"))]
    answer = own.client.post("/visits", content="\r\n".join(lines), headers=NDJSON)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    assert [r["index"] for r in answer.json()["refused"]] == [1]


FIELDS = {
    "id": ["", "x", None, 5, "g" * 36, ["a"]],
    "household": [
        *("", None, "D001", "99010\u0661-D001", "990101\x00", "990101\n", "990101\ud800"),
        *("990101" + "x" * 200, {"a": 1}),
    ],
    "visited_at": [
        *("", "now", "2026-11-22", "2026-11-22T09:00:00", "2026-13-01T00:00:00Z", 1700000000, None),
        *("9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00"),
    ],
    "outcome": ["", "REACHED", "seen", None, 1],
    "team": ["", "t01", "張三", "T01 ", "T" * 21, "T01\n", None],
    "purpose": ["", "arrest", None],
    "name": ["张三"],
}


@pytest.mark.parametrize("field", list(FIELDS))
def test_every_bad_value_is_refused_and_named(own: Served, field: str) -> None:
    items = [{**visit(), field: value} for value in FIELDS[field]]
    body = json.dumps(items).encode()
    answer = own.client.post("/visits", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert result["accepted"] == 0
    assert [r["index"] for r in result["refused"]] == list(range(len(items)))
    for refusal in result["refused"]:
        assert refusal["code"] == "bad-input"
        assert refusal["detail"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"{}", "application/json", 400),
        (b"null", "application/json", 400),
        (b"[NaN]", "application/json", 400),
        (b"[Infinity]", "application/json", 400),
        (b"\xff\xfe[]", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b"[" + b"9" * 10_000 + b"]", "application/json", 400),
        (b"[]", "text/csv", 415),
        (b"[]", "multipart/form-data", 415),
        (b"", "application/x-ndjson", 200),
        (b"\xef\xbb\xbf[]", "application/json; charset=utf-8", 200),
    ],
)
def test_bodies(served: Served, content: bytes, kind: str, status: int) -> None:
    answer = served.client.post("/visits", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    if status >= 400:
        problem(answer)


def test_a_body_too_large_is_413(served: Served) -> None:
    big = b" " * (MAX_BYTES + 1)
    announced = served.client.post("/visits", content=big, headers={"Content-Type": "application/json"})

    def pieces() -> Iterator[bytes]:
        yield from (b" " * 2**20 for _ in range(MAX_BYTES // 2**20 + 1))

    unannounced = served.client.post("/visits", content=pieces(), headers={"Content-Type": "application/json"})
    for answer in (announced, unannounced):
        assert answer.status_code == 413
        assert problem(answer)["field"] == "body"


def test_no_parameters(served: Served) -> None:
    assert served.client.post("/visits?dry_run=1", json=[]).status_code == 400


def test_concurrent_batches_leave_exact_figures(own: Served) -> None:
    """Forty overlapping batches over all cells in random orders, some sent twice: every visit counts once."""
    households = codes(own)
    picked = random.Random(3)
    batches = []
    for _ in range(20):
        days = [picked.randrange(1, 60) for _ in households]
        batch = [
            visit(code, visited_at=(datetime.now(UTC) - timedelta(days=d)).isoformat())
            for code, d in zip(picked.sample(households, len(households)), days, strict=True)
        ]
        batches += [batch, picked.sample(batch, len(batch))]
    picked.shuffle(batches)

    def send(batch: list[dict[str, Any]]) -> dict[str, Any]:
        with signed_in(own.address, own.admin) as client:
            answer = client.post("/visits", json=batch)
            assert answer.status_code == 200, answer.text
            return dict(answer.json())

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(send, batches))
    assert sum(r["accepted"] for r in results) == 20 * len(households)
    assert sum(r["repeated"] for r in results) == 20 * len(households)
    assert not any(r["refused"] for r in results)
    with own.store.read() as conn:
        assert list(check(conn, own.store.settings)) == []
    total = own.json("/coverage?level=cell&since=2026-01-01")["total"]
    assert (total["known"], total["reached"]) == (42, 42)


def test_a_failed_commit_is_not_a_success(own: Served) -> None:
    """A constraint that fires at commit: the answer is an error, and nothing is there."""
    run(
        own.store,
        "CREATE FUNCTION everycell.no() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'EC002'; END $$",
    )
    run(
        own.store,
        "CREATE CONSTRAINT TRIGGER no AFTER INSERT ON everycell.outbox DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION everycell.no()",
    )
    answer = own.client.post("/visits", json=[visit("990101-D005-0000-00")])
    assert answer.status_code == 409
    assert own.json("/collections/households/items/990101-D005-0000-00")["properties"]["last_reached_on"] is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(JSON | st.fixed_dictionaries(dict.fromkeys(visit(), JSON)), max_size=4))
def test_no_json_whatever_makes_it_fail(served: Served, items: list[Any]) -> None:
    answer = served.client.post(
        "/visits", content=json.dumps(items).encode(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["refused"]) == len(items)


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60), kind=st.sampled_from(["application/json", "application/x-ndjson"]))
def test_no_bytes_whatever_make_it_fail(served: Served, body: bytes, kind: str) -> None:
    answer = served.client.post("/visits", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (200, 400), answer.text
