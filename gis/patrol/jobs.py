"""Routes are found in a process of its own: it may be ended at any moment, and the service answers others meanwhile.

The plan's row tells who works on it and when they were last heard of. A worker that falls silent loses the plan to the
next one that looks; a plan that was begun several times and never came to its end has failed, and says so. The process
stays for the next plan, with its streets in memory, and reads the database as the service does; what it finds it hands
to whoever started it, who writes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import text

from gis.access.scope import ALL
from gis.errors import EverycellError
from gis.patrol import plans
from gis.patrol.finding import Found, Search, network_of
from gis.patrol.stored import StoredPlan, routes_text, stops_text
from gis.settings import Settings
from gis.storage.engine import Store, make_engine
from gis.storage.queries import query

SILENT_S: Final = 15.0  # a worker that was not heard of for so long is taken for gone
ATTEMPTS: Final = 3
_BEAT_S: Final = 0.5
_LOOK_S: Final = 5.0
_IDLE_S: Final = 900.0  # then the process ends, and gives its memory back
_NICE: Final = 5
_START_S: Final = 120.0  # until the process has begun, on a very busy machine
_SPARE_S: Final = 30.0  # of the clock, for streets, times and a busy machine
_CLOCK: Final = 4.0  # seconds of the clock for each of the processor's

_log = logging.getLogger(__name__)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Outcome:
    """How a search ended: `planned`, `failed` with a fault, or `lost` (cancelled, or taken over)."""

    status: str
    fault: str | None = None


class Finder:
    """The process that finds routes, started when it is first needed. For one thread."""

    def __init__(self, store: Store) -> None:
        self._url = store.engine.url.render_as_string(hide_password=False)
        self._settings = store.settings
        self._process: BaseProcess | None = None
        self._pipe: Pipe | None = None
        self.used_at = time.monotonic()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Have the process ready, its libraries loaded."""
        if self.alive:
            return
        self.close()
        spawn = get_context("spawn")  # a fork would copy the locks of other threads
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=_serve, args=(theirs, self._url, self._settings), name="everycell-patrol", daemon=True
        )
        self._process.start()
        theirs.close()
        self.used_at = time.monotonic()

    def ask(self, task: object) -> None:
        """Give the process something to do."""
        self.start()
        assert self._pipe is not None  # noqa: S101 - it was started
        self._pipe.send(task)
        self.used_at = time.monotonic()

    def next(self, within_s: float) -> tuple[str, Any] | None:
        """What the process says next, None where it says nothing within so many seconds. EOFError: it has ended."""
        assert self._pipe is not None  # noqa: S101
        try:
            return self._pipe.recv() if self._pipe.poll(within_s) else None
        except OSError:
            raise EOFError from None

    def close(self) -> None:
        """End the process, whatever it is at."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._process = self._pipe = None


def run(
    store: Store,
    finder: Finder,
    *,
    plan: UUID | None = None,
    on_progress: Progress = lambda *_: None,
    stopped: threading.Event | None = None,
    compare: bool = False,
) -> Outcome | None:
    """Take up a plan that waits (this one, or the oldest) and find its routes; None where there is none."""
    worker = uuid4()
    claim = {"worker": str(worker), "silent": SILENT_S, "attempts": ATTEMPTS, "plan": plan and str(plan)}
    with store.begin(ALL.settings()) as conn:
        row = conn.execute(query("patrol/claim_plan"), claim).one_or_none()
        if row is None:
            return None
        found = plans.get(conn, [row.county], row.plan)
    return _Search(store, finder, found, worker, on_progress, stopped or threading.Event(), compare).run()


class _Search:
    """One search: it listens to the process, and tells the plan's row."""

    def __init__(
        self,
        store: Store,
        finder: Finder,
        plan: StoredPlan,
        worker: UUID,
        on_progress: Progress,
        stopped: threading.Event,
        compare: bool,
    ) -> None:
        self._store = store
        self._finder = finder
        self._plan = plan
        self._key = {"county": plan.county, "id": str(plan.id), "worker": str(worker)}
        self._on_progress = on_progress
        self._stopped = stopped
        self._compare = compare
        self._step, self._share = "streets", 0.0
        self._heard_at = 0.0

    def run(self) -> Outcome:
        until, begun = time.monotonic() + _START_S, False
        try:
            self._finder.ask(("find and compare" if self._compare else "find", self._plan))
            while time.monotonic() < until:
                said = self._finder.next(_BEAT_S)
                if self._stopped.is_set():
                    return self._leave()
                if said is not None and said[0] == "found":
                    return self._compared(self._finish(said[1]))
                if said is not None and said[0] == "fault":
                    fault, told = said[1]
                    _log.warning("plan %s is not found: %s", self._plan.id, told)
                    return self._fail(fault, told if fault == "unusable" else None)
                if said is not None and said[0] == "step":
                    self._step, self._share = said[1]
                    if not begun:
                        begun, until = True, time.monotonic() + _CLOCK * self._plan.limit_s + _SPARE_S
                    self._on_progress(self._step, self._share)
                if not self._heard():
                    self._finder.close()
                    return Outcome("lost")
        except EOFError:
            _log.warning("the process that finds routes has ended: plan %s is begun again", self._plan.id)
            self._finder.close()
            self._silence()
            return Outcome("lost")
        except BaseException:
            self._finder.close()
            self._leave()
            raise
        self._finder.close()
        return self._fail("time")

    def _heard(self) -> bool:
        """Tell the row, twice a second at most; False where the plan is not ours any more."""
        if time.monotonic() < self._heard_at + _BEAT_S:
            return True
        self._heard_at = time.monotonic()
        values = self._key | {"share": self._share, "step": self._step}
        call = "everycell.hear_plan(:county, CAST(:id AS uuid), CAST(:worker AS uuid), :share, :step)"
        return bool(self._write(f"SELECT {call}", values))

    def _leave(self) -> Outcome:
        self._finder.close()
        self._write("SELECT everycell.leave_plan(:county, CAST(:id AS uuid), CAST(:worker AS uuid))", self._key)
        return Outcome("lost")

    def _silence(self) -> None:
        """The plan waits again at once; the attempt counts."""
        self._write("SELECT everycell.drop_plan(:county, CAST(:id AS uuid), CAST(:worker AS uuid))", self._key)

    def _fail(self, fault: str, told: str | None = None) -> Outcome:
        call = "everycell.fail_plan(:county, CAST(:id AS uuid), CAST(:worker AS uuid), :fault, :told)"
        self._write(f"SELECT {call}", self._key | {"fault": fault, "told": told and told[:400]})
        return Outcome("failed", fault)

    def _finish(self, found: Found) -> Outcome:
        network = found.network
        values = self._key | {
            "solver": found.solver,
            "cpu_s": found.cpu_s,
            "straight": found.straight,
            "network": network and network.version,
            "source": network and network.source,
            "network_on": network and network.data_on,
            "routes": routes_text(found.routes),
            "stops": stops_text(found.stops),
        }
        with self._store.begin(ALL.settings()) as conn:
            kept = conn.execute(query("patrol/finish_plan"), values).scalar_one()
        return Outcome("planned" if kept else "lost")

    def _compared(self, outcome: Outcome) -> Outcome:
        """The plan is there; what the other aim would have come to follows, unless somebody waits."""
        until = time.monotonic() + _CLOCK * self._plan.limit_s + _SPARE_S
        while self._compare:
            try:
                said = self._finder.next(_BEAT_S)
            except EOFError:
                self._finder.close()
                return outcome
            if said is not None:
                if said[0] == "compared":
                    call = "everycell.compare_plan(:county, CAST(:id AS uuid), :version, CAST(:compared AS jsonb))"
                    values = self._key | {"version": self._plan.version, "compared": json.dumps(said[1])}
                    self._write(f"SELECT {call}", values)
                return outcome
            if self._stopped.is_set() or time.monotonic() > until:
                self._finder.close()
                return outcome
        return outcome

    def _write(self, statement: str, values: dict[str, Any]) -> Any:
        with self._store.begin(ALL.settings()) as conn:
            return conn.execute(text(statement), values).scalar_one_or_none()


class Planning:
    """A thread that finds the routes of plans that wait: one after the other, as soon as they come.

    `wake()` when a plan was asked for, `warm()` when one may be soon. `start()` and `close()` belong together.
    """

    def __init__(self, store: Store, *, look_s: float = _LOOK_S) -> None:
        self._store = store
        self._look_s = look_s
        self._finder = Finder(store)
        self._stopped = threading.Event()
        self._called = threading.Event()
        self._warm = False
        self._thread = threading.Thread(target=self._run, name="everycell-planning", daemon=True)

    @property
    def finder(self) -> Finder:
        return self._finder

    def start(self) -> None:
        """Begin to look: what a former service left is taken up."""
        self._thread.start()

    def wake(self) -> None:
        """A plan waits."""
        self._called.set()

    def warm(self) -> None:
        """A plan may be asked for soon: have the process ready."""
        self._warm = True
        self._called.set()

    def close(self) -> None:
        """Stop; a plan that is being worked on is given back."""
        self._stopped.set()
        self._called.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._finder.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                if self._warm:
                    self._warm = False
                    self._finder.start()
                if run(self._store, self._finder, stopped=self._stopped, compare=True) is not None:
                    continue
                if time.monotonic() - self._finder.used_at > _IDLE_S:
                    self._finder.close()
            except Exception:  # noqa: BLE001 - whatever it is, the service goes on, and so does the next look
                if not self._stopped.is_set():
                    _log.exception("a plan could not be worked on; it is tried again")
            self._called.wait(self._look_s)
            self._called.clear()


# ---- in the process


def _serve(pipe: Pipe, url: str, settings: Settings) -> None:
    """Find routes until whoever started the process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    os.nice(_NICE)
    import_module("gis.patrol.planner")  # now, not when a plan waits for it
    engine = make_engine(url, settings)
    store = Store(engine, settings)
    with contextlib.suppress(EOFError, OSError):
        while True:
            kind, plan = pipe.recv()
            _work(pipe, store, plan, compare=kind == "find and compare")
    engine.dispose()


def _work(pipe: Pipe, store: Store, plan: StoredPlan, *, compare: bool) -> None:
    """Tell steps, what was found, and then the figures beside it; or why there is nothing."""

    def step(name: str, share: float) -> None:
        pipe.send(("step", (name, share)))

    try:
        step("streets", 0.0)
        with store.read(ALL.settings()) as conn:
            network = network_of(conn, plan.county)
        search = Search(plan, network, store.settings.zone, step)
        pipe.send(("found", search.found()))
        if compare:
            pipe.send(("compared", search.compared()))
    except EverycellError as error:
        broken = type(error).__name__ == "BrokenPlan"
        pipe.send(("fault", ("unchecked" if broken else "unusable", error.message)))
    except Exception:  # noqa: BLE001 - it is told, and the next plan is another
        pipe.send(("fault", ("unexpected", traceback.format_exc())))
