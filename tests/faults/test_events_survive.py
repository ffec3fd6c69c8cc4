"""PostgreSQL and workers of the service are killed under open streams: no event is lost, none comes twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from gis.access.scope import EVERYWHERE, Grant, Role
from gis.access.tokens import new_token
from gis.households.coverage import today_in
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, open_store
from tests.api.listening import Told, events_of
from tests.api.test_events import visit
from tests.faults.test_kill import home, kill_postgres  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow


class Screen:
    """What a browser's EventSource does: it listens, and when it is cut off comes back with the last id."""

    def __init__(self, address: str, token: str) -> None:
        self.told: list[Told] = []
        self.cuts = 0
        self._last: int | None = None
        self._address, self._token = address, token
        self._over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over:
            headers = {"Authorization": f"Bearer {self._token}"}
            if self._last is not None:
                headers["Last-Event-ID"] = str(self._last)
            try:
                with httpx.stream("GET", f"{self._address}/events", headers=headers, timeout=15) as answer:
                    if answer.status_code == 200:
                        for told in events_of(answer.iter_lines()):
                            self._hear(told)
            except httpx.TransportError:
                pass
            self.cuts += 1
            time.sleep(0.1)  # as `retry:` says, sooner

    def _hear(self, told: Told) -> None:
        with self._changed:
            self.told.append(told)
            self._last = told.id if told.id is not None else self._last
            self._changed.notify_all()

    def wait(self, enough: Any, patience_s: float = 60.0) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self.told), patience_s), self.told[-10:]

    def close(self) -> None:
        self._over = True

    @property
    def ids(self) -> list[int]:
        return [told.id for told in self.told if told.id is not None and told.kind != "hello"]

    def figures(self) -> dict[str, list[int]]:
        """The latest of each cell."""
        return {row[0]: row[1:] for told in self.told if told.kind == "coverage" for row in told.data["cells"]}


@contextmanager
def served(home: Path) -> Iterator[tuple[str, int]]:  # noqa: F811
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0", "--workers", "2"]
    environment = {**os.environ, "EVERYCELL_HOME": str(home)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = next(line.split()[1] for line in process.stdout if line.startswith("ready "))
        yield address, process.pid
        begun = time.monotonic()
        process.terminate()
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - begun < 10
        assert process.returncode == 0, err
        assert "Traceback" not in err, err
    finally:
        process.kill()
        process.communicate()


def workers_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "spawn_main" in line]


def post(client: httpx.Client, codes: list[str]) -> None:
    """Record a visit of each household, as often as it takes: what is there already is repeated."""
    for code in codes:
        sent, until = [visit(code)], time.monotonic() + 60
        while not _taken(client, sent):
            assert time.monotonic() < until
            time.sleep(0.05)


def _taken(client: httpx.Client, sent: list[dict[str, Any]]) -> bool:
    try:
        return client.post("/visits", json=sent).status_code == 200
    except httpx.TransportError:
        return False  # the worker that had it was killed


def beats_grow_old(screen: Screen) -> None:
    """Without a database a screen goes on hearing, and hears how old what it knows is."""
    at = len(screen.told)
    screen.wait(lambda told: sum(each.kind == "beat" for each in told[at:]) >= 3)
    *_, before, last = [each.data for each in screen.told[at:] if each.kind == "beat"]
    assert last["as_of"] == before["as_of"] < before["now"] < last["now"]


def stored(store: Store) -> tuple[dict[str, list[int]], list[int]]:
    """The figures of the cells in which somebody was reached, and the positions of the log."""
    today = today_in(store.settings)
    values = {"since": today - timedelta(days=90), "today": today}
    with store.read() as conn:
        rows = conn.execute(text("SELECT * FROM everycell.coverage(ARRAY[990101], '', 15, :since, :today)"), values)
        figures = {r.code: [r.known, r.reached, r.tried, r.never, r.overdue] for r in rows if r.reached}
        log = conn.execute(text("SELECT position FROM everycell.event WHERE county > 0 ORDER BY position")).scalars()
        return figures, list(log)


def test_killed_databases_and_workers_lose_and_double_nothing(home: Path) -> None:  # noqa: F811
    with open_store(Settings(home=home)) as store, store.begin() as conn:
        token = new_token(conn, "test", Grant(Role.admin, EVERYWHERE), datetime.now(UTC) + timedelta(days=1))
        homes = list(conn.execute(text("SELECT code FROM everycell.household ORDER BY code")).scalars())
    with ExitStack() as stack, served(home) as (address, supervisor):
        signed = {"Authorization": f"Bearer {token}"}
        client = stack.enter_context(httpx.Client(base_url=address, timeout=30, headers=signed))
        screens = [Screen(address, token) for _ in range(6)]
        for screen in screens:
            stack.callback(screen.close)
            screen.wait(lambda told: told)
        post(client, homes[:3])
        kill_postgres(home)
        beats_grow_old(screens[0])
        victims = workers_of(supervisor)
        assert len(victims) == 2
        with Cluster(home):
            post(client, homes[3:6])
            os.kill(victims[0], signal.SIGKILL)
            post(client, homes[6:9])
            kill_postgres(home)
        with Cluster(home):
            post(client, homes[9:12])
            os.kill(victims[1], signal.SIGKILL)
            post(client, homes[12:15])
            with open_store(Settings(home=home)) as store:
                figures, log = stored(store)
                for screen in screens:
                    screen.wait(lambda _, screen=screen: screen.ids and screen.ids[-1] >= log[-1])
                figures, log = stored(store)
        for screen in screens:
            assert [each for each in screen.told if each.kind == "reset"] == []
            assert screen.cuts > 0
            begun = screen.told[0].id or 0
            assert screen.ids == [position for position in log if position > begun], "each once, none is missing"
            assert {code: screen.figures()[code] for code in figures} == figures
        assert len(figures) > 1
