"""everycell serve as a person starts and stops it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import psycopg2
import pytest
import uvicorn
from sqlalchemy.exc import OperationalError, ProgrammingError
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import SIGNALS

import api.server
from api import app
from api.server import _Supervisor, address_of, listen
from gis.errors import BadInput
from gis.storage.engine import Store

COMMAND = [sys.executable, "-c", "from api.cli import main; main()", "serve"]


@contextmanager
def started(store: Store, *arguments: str, scheme: str = "http") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, once it has said that it is ready; with its address."""
    environment = {
        **os.environ,
        "DATABASE_URL": store.settings.database_url or "",
        "EVERYCELL_SERVICE_DATABASE_URL": store.settings.service_database_url or "",
    }
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if line.startswith("administrator "):  # a database without an account
            line = process.stdout.readline()
        assert line.startswith(f"ready {scheme}://127.0.0.1:"), process.communicate()[1]
        yield process, line.removeprefix("ready ").strip()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_it_answers_when_it_says_so_and_ends_cleanly(store: Store, number: signal.Signals) -> None:
    with started(store) as (process, address):
        with urlopen(f"{address}/readyz") as answer:
            assert answer.status == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in err


def test_several_workers(store: Store) -> None:
    with started(store, "--workers", "2") as (process, address):
        for _ in range(10):
            with urlopen(f"{address}/readyz") as answer:
                assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Traceback" not in err


def test_a_port_that_is_taken(store: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"--port: cannot listen on 127.0.0.1 port {port}: Address already in use"):
            listen("127.0.0.1", port)
        with listen("127.0.0.1", port, next_free=True) as other:
            assert other.getsockname()[1] > port


def test_addresses() -> None:
    with pytest.raises(BadInput, match="--host"):
        listen("no.such.host.invalid", 0)
    with listen("0.0.0.0", 0) as everywhere:
        assert address_of(everywhere).startswith("http://127.0.0.1:")


def test_answers_do_not_wait_for_a_delayed_ack() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


class Gone:
    """A worker that has ended."""

    def __init__(self, exitcode: int) -> None:
        self.exitcode, self.pid = exitcode, 1

    def is_alive(self, _: float) -> bool:
        return False

    def kill(self) -> None:
        return

    join = start = kill


@pytest.mark.parametrize(
    ("exitcode", "answered", "ends"),
    [(STARTUP_FAILURE, False, True), (STARTUP_FAILURE, True, False), (-signal.SIGKILL, False, False)],
)
def test_a_worker_that_cannot_start_ends_only_a_service_that_never_answered(
    monkeypatch: pytest.MonkeyPatch, exitcode: int, answered: bool, ends: bool
) -> None:
    """Later on it is the database that is away, and all other workers go on."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    monkeypatch.setattr(api.server, "Process", lambda *_: Gone(0))
    monkeypatch.setattr(api.server, "_AFTER_FAILURE_S", 0.0)
    supervisor = _Supervisor(uvicorn.Config("x:y"), [])
    for number, handler in before.items():
        signal.signal(number, handler)  # it takes them all
    dead: Any = Gone(exitcode)
    supervisor.processes, supervisor.answered = [dead], answered
    supervisor.keep_subprocess_alive()
    assert (supervisor.failed, supervisor.should_exit.is_set()) == (ends, ends)
    assert (supervisor.processes[0] is dead) is ends, "it is replaced"


async def _starting(errors: list[Exception]) -> int:
    """How often it takes to begin what fails with these errors first."""
    tries = SimpleNamespace(number=0)

    def start() -> None:
        tries.number += 1
        if errors:
            raise errors.pop(0)

    await app._begun(start)
    return int(tries.number)


def test_a_worker_begins_while_the_database_is_on_its_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_AGAIN_S", 0.0)
    away = [OperationalError("SELECT 1", {}, psycopg2.OperationalError("the database system is starting up"))] * 3
    wrong = ProgrammingError("SELECT 1", {}, psycopg2.ProgrammingError("no such function"))
    assert asyncio.run(_starting([*away])) == 4
    with pytest.raises(ProgrammingError):
        asyncio.run(_starting([wrong]))
    monkeypatch.setattr(app, "_DATABASE_PATIENCE_S", -1.0)
    with pytest.raises(OperationalError):
        asyncio.run(_starting([*away]))
