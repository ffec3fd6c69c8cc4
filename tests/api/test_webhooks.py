"""Webhooks: another system is sent what changes in an area, signed, again and again until it answers, under one id."""

from __future__ import annotations

import hmac
import json
import re
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import DEFAULT, Mock

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from api import webhook_messages
from api.cli import app
from api.webhook_messages import check_url, post
from api.webhooks import Deliveries
from gis.access import audit
from gis.errors import BadInput, EverycellError
from gis.events.log import number
from gis.events.webhooks import GIVEN_UP_AFTER
from gis.settings import settings
from gis.storage.engine import Store, as_service
from tests.gis import world
from tests.gis.world import OWN, SIBLING


@dataclass
class Message:
    """What arrived, and how it was answered."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = json.loads(self.body)["data"]["events"]
        return events

    def signed_by(self, secret: str) -> bool:
        """As Standard Webhooks says, worked out apart from the service."""
        told = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = hmac.new(b64decode(secret.removeprefix("whsec_")), told, sha256).digest()
        return self.headers["webhook-signature"] == f"v1,{b64encode(expected).decode()}"


@dataclass
class Receiver:
    """Another system on this machine; `answers` is asked for the status of each message."""

    url: str = ""
    got: list[Message] = field(default_factory=list)
    answers: Callable[[Message], int] = lambda message: 204
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, enough: Callable[[list[Message]], object], patience_s: float = 30.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: enough(self.got), patience_s), [m.status for m in self.got]

    @property
    def taken(self) -> list[Message]:
        """Messages that were answered with success, each once by its id."""
        return list({message.id: message for message in self.got if message.status < 300}.values())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            message = Message({name.lower(): value for name, value in self.headers.items()}, body, 0)
            message.status = made.answers(message)
            with made.changed:
                made.got.append(message)
                made.changed.notify_all()
            if message.status == 0:
                self.close_connection = True  # and says nothing
                return
            self.send_response(message.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/hook?of=everycell"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def county(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Two villages, which commands and the service both find."""
    monkeypatch.setenv("DATABASE_URL", store.settings.database_url or "")
    settings.cache_clear()
    with store.begin() as conn:
        world.build_region(conn, (OWN, SIBLING))
    one_pass(store)
    yield store
    settings.cache_clear()


def one_pass(store: Store) -> None:
    with store.begin() as conn:
        number(conn, 0.0, world.TODAY)


def call(*words: str) -> str:
    answer = CliRunner().invoke(app, ["webhook", *words])
    if isinstance(answer.exception, EverycellError):
        raise answer.exception
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def add(receiver: Receiver, *words: str, area: str = OWN.code) -> str:
    """Add a webhook; its secret."""
    told = call("add", "test", receiver.url, "--area", area, *words)
    return told.split()[-1]


def tell(store: Store, kind: str, payload: object) -> None:
    with store.begin() as conn:
        conn.execute(
            text("SELECT everycell.emit(990101, :kind, CAST(:payload AS jsonb))"),
            {"kind": kind, "payload": json.dumps(payload)},
        )
    one_pass(store)


def visit(store: Store, *cells: str) -> None:
    tell(store, "coverage", {"cells": cells})


@contextmanager
def delivering(store: Store, *pauses_s: float) -> Iterator[None]:
    with as_service(store) as service:
        deliveries = Deliveries(service, look_s=0.02, pauses_s=pauses_s or (0.05,))
        deliveries.start()
        try:
            yield
        finally:
            deliveries.close()


def state(store: Store) -> Any:
    with store.read() as conn:
        return conn.execute(text("SELECT * FROM everycell.webhook")).one()


def wait_for(store: Store, predicate: Callable[[Any], object]) -> Any:
    until = time.monotonic() + 30
    while not predicate(row := state(store)):
        assert time.monotonic() < until, row
        time.sleep(0.02)
    return row


def test_what_changes_is_sent_signed_and_cut_to_the_area(county: Store, receiver: Receiver) -> None:
    secret = add(receiver, "--event", "coverage", "--event", "patrols")
    with delivering(county):
        visit(county, OWN.cells[0], SIBLING.cells[0])
        receiver.wait(lambda got: len(got) == 1)
        visit(county, SIBLING.cells[0])
        tell(county, "round", {"round": "x"})
        tell(county, "patrols", {"plans": ["1", "2"], "areas": [OWN.code]})
        receiver.wait(lambda got: len(got) == 2)
        wait_for(county, lambda row: row.sending_to is None and row.outcome == "delivered")
    first, second = receiver.got
    assert [row[0] for event in first.events for row in event["cells"]] == [OWN.cells[0]]
    known, reached, _tried, never, _overdue = first.events[0]["cells"][0][1:]
    assert (known, reached + never <= known) == (6, True)
    assert [(event["event"], event["plans"]) for event in second.events] == [("patrols", ["1", "2"])]
    assert all(message.signed_by(secret) for message in receiver.got)
    assert not first.signed_by(f"whsec_{b64encode(b'x' * 32).decode()}")
    assert abs(int(first.headers["webhook-timestamp"]) - time.time()) < 60
    assert json.loads(first.body).keys() == {"type", "timestamp", "data"}
    assert SIBLING.code not in first.body.decode() + second.body.decode()
    listed = call("list")
    assert secret not in listed
    assert re.search(r"delivering", listed)


def test_it_is_sent_again_until_it_is_answered_and_once_only_under_an_id(county: Store, receiver: Receiver) -> None:
    """The other side fails in every way: says no, says nothing, is not there; the service is started anew meanwhile."""
    add(receiver, "--event", "alarms")
    failing = iter([500, 0, 302, 429, 404, 0])
    receiver.answers = lambda message: next(failing, 204)
    with delivering(county):
        for n in range(4):
            tell(county, "alarms", {"areas": [OWN.code]})
            if n == 1:
                receiver.wait(lambda got: len(got) >= 2)
    with delivering(county), delivering(county):  # two workers: one of them sends
        receiver.wait(lambda got: any(message.status == 204 for message in got))
        tell(county, "alarms", {"areas": [OWN.code]})
        row = wait_for(county, lambda row: receiver.taken and row.attempts == 0 and row.position == last(county))
    taken = [event["id"] for message in receiver.taken for event in message.events]
    assert len(taken) == 5
    assert taken == sorted(set(taken)), "all of them, in order, each once"
    by_id: dict[str, set[bytes]] = {}
    for message in receiver.got:
        by_id.setdefault(message.id, set()).add(json.dumps([e["id"] for e in message.events]).encode())
    assert all(len(contents) == 1 for contents in by_id.values()), "the same id, the same events"
    assert (row.failing_since, row.outcome, row.sending_to) == (None, "delivered", None)


def last(county: Store) -> int:
    with county.read() as conn:
        return int(conn.execute(text("SELECT position FROM everycell.event_state")).scalar_one())


def test_pauses_grow_and_after_five_days_it_is_given_up(county: Store, receiver: Receiver) -> None:
    add(receiver, "--event", "alarms")
    receiver.answers = lambda message: 503
    with delivering(county, 0.1, 3600.0):
        tell(county, "alarms", {"areas": [OWN.code]})
        row = wait_for(county, lambda row: row.attempts == 2)
        assert 3000 < (row.next_at - row.failing_since).total_seconds() < 4000
        assert "failing since" in call("list")
        assert len({message.id for message in receiver.got}) == 1
        with county.begin() as conn:
            conn.execute(
                text("UPDATE everycell.webhook SET failing_since = failing_since - :days, next_at = now()"),
                {"days": GIVEN_UP_AFTER},
            )
        row = wait_for(county, lambda row: row.dead_at is not None)
        told = " ".join(call("list").split())
        assert "given up" in told
        assert "status 503" in told
        with county.read() as conn:
            entry = audit.latest(conn, 1)[0]
        assert (entry.who, entry.action, entry.area, entry.detail) == (
            "service",
            "webhook_dead",
            OWN.code,
            {"webhook": row.id},
        )
        # Whoever mends it tests it, and it is told that it has missed something.
        with pytest.raises(EverycellError, match="status 503"):
            call("test", str(row.id))
        receiver.answers = lambda message: 200
        assert "served again" in call("test", str(row.id))
        receiver.wait(lambda got: '"reset"' in got[-1].body.decode())
        tell(county, "alarms", {"areas": [OWN.code]})
        receiver.wait(lambda got: '"alarms"' in got[-1].body.decode() and got[-1].status == 200)


def test_one_that_is_gone_is_given_up_at_once(county: Store, receiver: Receiver) -> None:
    add(receiver, "--event", "alarms")
    receiver.answers = lambda message: 410
    with delivering(county):
        tell(county, "alarms", {"areas": [OWN.code]})
        assert wait_for(county, lambda row: row.dead_at is not None).attempts == 1


def test_commands(county: Store, receiver: Receiver) -> None:
    assert "no webhooks yet" in call("list")
    secret = add(receiver)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    row = state(county)
    assert set(row.kinds) == {"coverage", "grid", "rounds", "case_figures", "sites", "board", "alarms"}
    assert "waiting for news" in call("list")
    assert "has answered: status 204" in call("test", str(row.id))
    assert json.loads(receiver.got[0].body)["type"] == "everycell.test"
    assert receiver.got[0].signed_by(secret)
    call("remove", str(row.id))
    with pytest.raises(EverycellError, match="there is no webhook 7"):
        call("remove", "7")
    with pytest.raises(BadInput, match="--event: there is no 'visits'"):
        call("add", "x", receiver.url, "--area", OWN.code, "--event", "visits")
    with county.read() as conn:
        noted = [(entry.action, entry.area) for entry in audit.latest(conn, 10)]
    assert noted == [(f"webhook_{what}", OWN.code) for what in ("add", "test", "remove")]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://127.0.0.1/x", "must be an http or https address"),
        ("https:///x", "must be an http or https address"),
        ("http://127.0.0.1:0x/", "is no address"),
        ("https://li:secret@127.0.0.1/", "must be without a name, a password"),  # pragma: allowlist secret
        ("https://127.0.0.1/#x", "must be without"),
        ("https://169.254.169.254/latest/meta-data", "169.254.169.254 is an address that no webhook has"),
        ("https://[::ffff:169.254.169.254]/", "no webhook has"),
        ("https://[fe80::1]/", "no webhook has"),
        ("https://0.0.0.0/", "no webhook has"),
        ("https://224.0.0.1/", "no webhook has"),
        ("http://8.8.8.8/", "is not on a private network: give an https address"),
        ("https://no.such.host.invalid/", "cannot be found"),
        ("https://desk..county.example/", "desk..county.example cannot be found: a part of the name is empty"),
        (f"https://{64 * 'x'}.example/", "is empty or longer than 63 characters"),
    ],
)
def test_addresses_are_looked_at(url: str, told: str) -> None:
    with pytest.raises(BadInput, match=re.escape(told)):
        check_url(url)
    outcome = post(url, b"x" * 32, "ev_1", {}, 0)
    assert not outcome.delivered
    assert told in outcome.word


def test_one_that_keeps_the_line_open_does_not_keep_the_service(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.webhook_messages._WHOLE_S", 0.3)
    hold = threading.Event()
    receiver.answers = lambda message: 200 if hold.wait(20) else 500
    begun = time.monotonic()
    assert not post(receiver.url, b"x" * 32, "ev_1", {}, 0).delivered
    assert time.monotonic() - begun < 5
    hold.set()


def test_whatever_goes_wrong_it_is_sent_again(
    county: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake of ours is an outcome too: without one the webhook would be under way until a restart."""
    add(receiver, "--event", "alarms")
    send = Mock(side_effect=[RuntimeError("a mistake"), DEFAULT], wraps=webhook_messages._send)
    monkeypatch.setattr(webhook_messages, "_send", send)
    with delivering(county, 0.5):
        tell(county, "alarms", {"areas": [OWN.code]})
        wait_for(county, lambda row: row.outcome == "no answer: RuntimeError")
        receiver.wait(len)
        wait_for(county, lambda row: row.outcome == "delivered")
    assert "a mistake" in caplog.text


def test_the_example_of_the_standard() -> None:
    """A vector of the Standard Webhooks libraries."""
    from api.webhook_messages import signature

    secret = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    told = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_read_by_the_service_alone_and_only_as_itself(
    county: Store, receiver: Receiver, tmp_path: Path
) -> None:
    add(receiver)
    visit(county, OWN.cells[0])
    with as_service(county) as service, service.read() as conn:
        assert conn.execute(text("SELECT * FROM everycell.webhooks_due()")).all() == []
