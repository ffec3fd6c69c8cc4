"""PostgreSQL and workers of the service are killed under open streams: no event is lost, none comes twice."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import httpx
import pytest
from sqlalchemy import text

from gis.access.scope import EVERYWHERE, Grant, Role
from gis.access.tokens import new_token
from gis.households.coverage import today_in
from gis.settings import Settings
from gis.storage import postgres_processes as processes
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, open_store
from tests.api.listening import Told, events_of
from tests.api.test_events import visit
from tests.faults.test_kill import home, kill_postgres  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow

# A machine that does much else besides starts a worker in a minute.
PATIENCE_S = 180.0
AGAIN_S = 0.1


class Screen:
    """What a browser's EventSource does: it listens, and when it is cut off comes back with the last id."""

    def __init__(self, address: str, token: str) -> None:
        self.told: list[Told] = []
        self.cuts = 0
        self._last: int | None = None
        self._address, self._token = address, token
        self._over = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            with suppress(httpx.TransportError, httpx.StreamError):  # cut off, or nobody there
                self._listen()
            self.cuts += 1
            self._over.wait(AGAIN_S)  # as `retry:` says, sooner

    def _listen(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        if self._last is not None:
            headers["Last-Event-ID"] = str(self._last)
        with httpx.stream("GET", f"{self._address}/events", headers=headers, timeout=30) as answer:
            if answer.status_code == 200:
                for told in events_of(answer.iter_lines()):
                    self._hear(told)
                    if self._over.is_set():
                        return

    def _hear(self, told: Told) -> None:
        with self._changed:
            self.told.append(told)
            self._last = told.id if told.id is not None else self._last
            self._changed.notify_all()

    def wait(self, enough: Callable[[list[Told]], bool]) -> None:
        """Wait until what was told is enough."""
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self.told), PATIENCE_S), self.told[-10:]

    def close(self) -> None:
        """Listen no more, from the next thing that is told."""
        self._over.set()

    @property
    def ids(self) -> list[int]:
        return [told.id for told in self.told if told.id is not None and told.kind != "hello"]

    def figures(self) -> dict[str, list[int]]:
        """The latest of each cell."""
        return {row[0]: row[1:] for told in self.told if told.kind == "coverage" for row in told.data["cells"]}


@contextmanager
def served(home: Path, workers: int = 2, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[str]]]:  # noqa: F811
    """`everycell serve` on the data folder, as it is: its address and process. Unless it was killed it must end well,
    and have printed no traceback."""
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port), "--workers", str(workers)]
    environment = {**os.environ, "EVERYCELL_HOME": str(home)}
    said = home.parent / "said"
    with said.open("w") as err:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=err, text=True)
    try:
        yield _address(process), process
        if process.poll() != -signal.SIGKILL:
            process.terminate()
            assert process.wait(PATIENCE_S) == 0, said.read_text()
            assert "Traceback" not in said.read_text(), said.read_text()
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)  # until its workers have ended too, and nobody holds its output


def _address(process: subprocess.Popen[str]) -> str:
    """What it prints once it answers."""
    lines: queue.Queue[str] = queue.Queue()

    def read(out: IO[str]) -> None:
        for line in out:
            lines.put(line)

    assert process.stdout is not None
    threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
    while not (line := lines.get(timeout=PATIENCE_S)).startswith("ready "):
        pass
    return line.split()[1]


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that answer."""
    asked = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)]
    listed = subprocess.run(asked, capture_output=True, text=True, check=True)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "spawn_main" in line]


def until(so: Callable[[], bool]) -> None:
    """Ask again and again until it is so."""
    pause, most = threading.Event(), int(PATIENCE_S / AGAIN_S)
    assert any(so() or pause.wait(AGAIN_S) for _ in range(most)), "it takes too long"


def post(client: httpx.Client, codes: list[str]) -> None:
    """Record a visit of each household, as often as it takes: what is there already is repeated."""
    for code in codes:
        sent = [visit(code)]
        until(lambda sent=sent: _taken(client, sent))  # type: ignore[misc]


def _taken(client: httpx.Client, sent: list[dict[str, object]]) -> bool:
    try:
        answer = client.post("/visits", json=sent)
    except httpx.TransportError:
        return False  # the worker that had it was killed
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 200 and answer.json()["refused"] == []


def beats_grow_old(screen: Screen) -> None:
    """Without a database a screen goes on hearing, and hears how old what it knows is."""
    at = len(screen.told)
    screen.wait(lambda told: sum(each.kind == "beat" for each in told[at:]) >= 3)
    *_, before, last = [each.data for each in screen.told[at:] if each.kind == "beat"]
    assert last["as_of"] == before["as_of"] < before["now"] < last["now"]


@contextmanager
def nobody_may_start_it(home: Path) -> Iterator[None]:  # noqa: F811
    """As long as somebody else is about to start or stop PostgreSQL, the service waits for them."""
    with Cluster(home)._alone():
        yield


def stored(store: Store) -> tuple[dict[str, list[int]], list[int]]:
    """The figures of the cells in which somebody was reached, and the positions of the log."""
    today = today_in(store.settings)
    values = {"since": today - timedelta(days=90), "today": today}
    with store.read() as conn:
        rows = conn.execute(text("SELECT * FROM everycell.coverage(ARRAY[990101], '', 15, :since, :today)"), values)
        figures = {r.code: [r.known, r.reached, r.tried, r.never, r.overdue] for r in rows if r.reached}
        log = conn.execute(text("SELECT position FROM everycell.event WHERE county > 0 ORDER BY position")).scalars()
        return figures, list(log)


def waits_to_be_told(store: Store) -> int:
    """How much of what is committed has no place in the log yet."""
    with store.read() as conn:
        return int(
            conn.execute(
                text(
                    "SELECT count(*) FROM everycell.outbox, everycell.event_state s"
                    " WHERE NOT pg_visible_in_snapshot(xact::text::xid8, s.snapshot::pg_snapshot)"
                )
            ).scalar_one()
        )


def heard_all(screen: Screen, store: Store) -> bool:
    """Whether a screen was told each event of the log, once, in order, from where it began."""
    _, log = stored(store)
    begun = screen.told[0].id or 0
    return screen.ids == [position for position in log if position > begun]


def token_and_homes(home: Path) -> tuple[str, list[str]]:  # noqa: F811
    """A token that may do everything, and the codes of all households."""
    with open_store(Settings(home=home)) as store, store.begin() as conn:
        token = new_token(conn, "test", Grant(Role.admin, EVERYWHERE), datetime.now(UTC) + timedelta(days=1))
        homes = list(conn.execute(text("SELECT code FROM everycell.household ORDER BY code")).scalars())
        return token, homes


def test_killed_databases_and_workers_lose_and_double_nothing(home: Path) -> None:  # noqa: F811
    """Nobody starts PostgreSQL but the service itself."""
    token, homes = token_and_homes(home)
    with ExitStack() as stack, served(home) as (address, supervisor):
        signed = {"Authorization": f"Bearer {token}"}
        client = stack.enter_context(httpx.Client(base_url=address, timeout=30, headers=signed))
        screens = [Screen(address, token) for _ in range(6)]
        for screen in screens:
            stack.callback(screen.close)
            screen.wait(lambda told: bool(told))
        post(client, homes[:3])
        with nobody_may_start_it(home):
            kill_postgres(home)
            beats_grow_old(screens[0])
        post(client, homes[3:6])
        first, second = workers_of(supervisor)
        os.kill(first, signal.SIGKILL)
        post(client, homes[6:9])
        kill_postgres(home)
        post(client, homes[9:12])
        os.kill(second, signal.SIGKILL)
        os.kill(Cluster(home).pid() or 0, signal.SIGTERM)
        post(client, homes[12:15])
        with open_store(Settings(home=home)) as store:
            until(lambda: waits_to_be_told(store) == 0)
            for screen in screens:
                until(lambda screen=screen: heard_all(screen, store))  # type: ignore[misc]
            figures, _ = stored(store)
        for screen in screens:
            assert [each for each in screen.told if each.kind == "reset"] == []
            assert screen.cuts > 0
            assert {code: screen.figures()[code] for code in figures} == figures
        assert sum(reached for _, reached, *_ in figures.values()) == 15


def test_a_worker_that_stands_still_holds_nobody_up(home: Path) -> None:  # noqa: F811
    """One that is stopped, not dead, keeps its connections, and whatever it has locked."""
    token, homes = token_and_homes(home)
    with ExitStack() as stack, served(home) as (address, supervisor):
        signed = {"Authorization": f"Bearer {token}"}
        client = stack.enter_context(httpx.Client(base_url=address, timeout=5, headers=signed))
        store = stack.enter_context(open_store(Settings(home=home)))
        screens: list[Screen] = []
        for number, still in enumerate(workers_of(supervisor)):
            with standing_still(still):
                screens.append(Screen(address, token))  # with the other worker, as this one takes nobody in
                stack.callback(screens[-1].close)
                screens[-1].wait(lambda told: bool(told))
                post(client, homes[5 * number : 5 * number + 5])
                until(lambda: waits_to_be_told(store) == 0)
                until(lambda: heard_all(screens[-1], store))
            for screen in screens:
                until(lambda screen=screen: heard_all(screen, store))  # type: ignore[misc]
        assert len(screens) == 2


def test_workers_end_with_a_supervisor_that_was_killed(home: Path) -> None:  # noqa: F811
    """Nobody else would end them: they would keep the port, and PostgreSQL."""
    with served(home) as (address, supervisor):
        assert httpx.get(f"{address}/healthz", timeout=30).status_code == 200
        workers = workers_of(supervisor)
        assert len(workers) == 2
        supervisor.kill()
        supervisor.wait()
        assert processes.wait_until_gone(workers, PATIENCE_S) == []
        until(lambda: Cluster(home).pid() is None)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/healthz")


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Stop a process for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # its supervisor has lost patience
            os.kill(pid, signal.SIGCONT)
