"""The process in which routes are found, and how it is spoken to.

It may be ended at any moment, and the service answers others meanwhile. It stays for the next plan, with the streets of
its counties in memory, and reads the database as the service does; what it finds it hands to whoever started it, who
writes.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import time
import traceback
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any

from gis.access.scope import ALL
from gis.errors import EverycellError
from gis.patrol.finding import Search, Streets, network_of
from gis.patrol.network import Mode
from gis.patrol.routing import graph_of
from gis.patrol.stored import StoredPlan
from gis.settings import Settings
from gis.storage.engine import Store, make_engine

_log = logging.getLogger(__name__)


class Finder:
    """The process that finds routes, started when it is first needed. For one thread."""

    def __init__(self, store: Store) -> None:
        self._url = store.engine.url.render_as_string(hide_password=False)
        self._settings = store.settings
        self._process: BaseProcess | None = None
        self._pipe: Pipe | None = None
        self._task = 0  # what is said of an earlier one is not listened to
        self._ready: set[int] = set()
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

    def make_ready(self, county: int) -> None:
        """Have the streets of a county in the memory of the process, before a plan waits for them."""
        self.start()
        if county not in self._ready:
            self._ready.add(county)
            self._send("streets", county)

    def ask(self, plan: StoredPlan, *, compare: bool) -> None:
        """Have the routes of a plan found, and then, with `compare`, the figures of the other aim beside them."""
        self.start()
        self._task += 1
        self._ready.add(plan.county)
        self._send("find and compare" if compare else "find", plan)

    def _send(self, kind: str, what: object) -> None:
        assert self._pipe is not None  # noqa: S101 - it was started
        self._pipe.send((self._task, kind, what))
        self.used_at = time.monotonic()

    def next(self, within_s: float) -> tuple[str, Any] | None:
        """What the process says next of the last plan, None where it says nothing within so many seconds: `step`,
        `found`, `fault`, `compared`. EOFError: it has ended."""
        assert self._pipe is not None  # noqa: S101
        try:
            while self._pipe.poll(within_s):
                task, kind, said = self._pipe.recv()
                if task == self._task:
                    return kind, said
        except OSError:
            raise EOFError from None
        return None

    def close(self) -> None:
        """End the process, whatever it is at."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._process = self._pipe = None
        self._ready = set()


# ---- in the process


class _SomebodyWaits(Exception):
    """A plan was asked for while another one was only compared."""


def _serve(pipe: Pipe, url: str, settings: Settings) -> None:
    """Find routes until whoever started the process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    for module in ("gis.patrol.planner", "gis.patrol.roads"):
        import_module(module)  # now, not when a plan waits for it
    engine = make_engine(url, settings)
    store = Store(engine, settings)
    with contextlib.suppress(EOFError, OSError):
        while True:
            task, kind, what = pipe.recv()
            if kind == "streets":
                _read_ahead(store, what)
            else:
                _work(pipe, task, store, what, compare=kind == "find and compare")
    engine.dispose()


def _read_ahead(store: Store, county: int) -> None:
    try:
        _streets(store, county)
    except Exception:  # noqa: BLE001 - the first plan meets the same, and tells it
        _log.warning("the streets of county %06d cannot be read", county, exc_info=True)


def _streets(store: Store, county: int) -> Streets:
    with store.read(ALL.settings()) as conn:
        found = network_of(conn, county)
    if found.network is not None:
        for mode in Mode:
            graph_of(found.network, mode)
    return found


def _work(pipe: Pipe, task: int, store: Store, plan: StoredPlan, *, compare: bool) -> None:
    """Tell steps, what was found, and then the figures beside it; or why there is nothing."""

    def tell(kind: str, said: object) -> None:
        pipe.send((task, kind, said))

    def hurry(*_: object) -> None:
        if pipe.poll():
            raise _SomebodyWaits

    try:
        tell("step", ("streets", 0.0))
        streets = _streets(store, plan.county)
        search = Search(plan, streets, store.settings.zone, lambda name, share: tell("step", (name, share)))
        tell("found", search.found())
        if compare:
            tell("compared", search.compared(hurry))
    except _SomebodyWaits:
        return
    except EverycellError as error:
        broken = type(error).__name__ == "BrokenPlan"
        tell("fault", ("unchecked" if broken else "unusable", error.message))
    except Exception:  # noqa: BLE001 - it is told, and the next plan is another
        tell("fault", ("unexpected", traceback.format_exc()))
