"""everycell serve as a person starts and stops it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from api.server import address_of, listen
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
