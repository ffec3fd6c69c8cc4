"""Who works on which plan: the plan's row tells, and when they were last heard of.

A worker that falls silent loses the plan to the next one that looks; a plan that was begun several times and never came
to its end has failed, and says so. Routes are found in a process of its own (`gis.patrol.finder`).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from gis.access.scope import ALL
from gis.patrol import plans
from gis.patrol.finder import Finder
from gis.patrol.finding import Found, find, network_of
from gis.patrol.stored import StoredPlan, routes_text, stops_text
from gis.storage.engine import Store
from gis.storage.outage import tell
from gis.storage.queries import query

SILENT_S: Final = 15.0  # a worker that was not heard of for so long is taken for gone
ATTEMPTS: Final = 3
_BEAT_S: Final = 0.5
_QUICK_S: Final = 0.05
_LOOK_S: Final = 5.0
_IDLE_S: Final = 900.0  # then the process ends, and gives its memory back
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


def run(
    store: Store,
    finder: Finder,
    *,
    plan: UUID | None = None,
    on_progress: Progress = lambda *_: None,
    stopped: threading.Event | None = None,
    compare: bool = False,
    hurry: Callable[[], bool] = lambda: False,
) -> Outcome | None:
    """Take up a plan that waits (this one, or the oldest) and find its routes; None where there is none.

    With `compare`, what the other aim would have come to follows, unless `hurry` says that another plan waits.
    """
    worker = uuid4()
    claim = {"worker": str(worker), "silent": SILENT_S, "attempts": ATTEMPTS, "plan": plan and str(plan)}
    with store.begin(ALL.settings()) as conn:
        row = conn.execute(query("patrol/claim_plan"), claim).one_or_none()
        if row is None:
            return None
        found = plans.get(conn, [row.county], row.plan)
    return _Search(store, finder, found, worker, on_progress, stopped or threading.Event(), compare, hurry).run()


def find_here(conn: Connection, county: int, id: UUID, zone: ZoneInfo) -> StoredPlan:
    """Find the routes of a plan that waits within the caller's transaction, and not in a process of their own: for who
    makes data. Raises as `gis.patrol.finding.find`."""
    worker = str(uuid4())
    claim = {"worker": worker, "silent": SILENT_S, "attempts": ATTEMPTS, "plan": str(id)}
    conn.execute(query("patrol/claim_plan"), claim).one()
    found = find(plans.get(conn, [county], id), network_of(conn, county), zone)
    _finished(conn, {"county": county, "id": str(id), "worker": worker}, found)
    return plans.get(conn, [county], id)


def _finished(conn: Connection, key: dict[str, Any], found: Found) -> bool:
    """Write what was found into the plan; False where it is not the worker's any more."""
    network = found.network
    values = key | {
        "solver": found.solver,
        "cpu_s": found.cpu_s,
        "straight": found.straight,
        "network": network and network.version,
        "source": network and network.source,
        "network_on": network and network.data_on,
        "routes": routes_text(found.routes),
        "stops": stops_text(found.stops),
    }
    return bool(conn.execute(query("patrol/finish_plan"), values).scalar_one())


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
        hurry: Callable[[], bool],
    ) -> None:
        self._store = store
        self._finder = finder
        self._plan = plan
        self._key = {"county": plan.county, "id": str(plan.id), "worker": str(worker)}
        self._on_progress = on_progress
        self._stopped = stopped
        self._compare = compare
        self._hurry = hurry
        self._step, self._share = "streets", 0.0
        self._heard_at = 0.0

    def run(self) -> Outcome:
        until, begun = time.monotonic() + _START_S, False
        try:
            self._finder.ask(self._plan, compare=self._compare)
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
        with self._store.begin(ALL.settings()) as conn:
            return Outcome("planned" if _finished(conn, self._key, found) else "lost")

    def _compared(self, outcome: Outcome) -> Outcome:
        """The plan is there; what the other aim would have come to follows."""
        until = time.monotonic() + _CLOCK * self._plan.limit_s + _SPARE_S
        while self._compare and not self._hurry():
            try:
                said = self._finder.next(_QUICK_S)
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
        self._asked = threading.Event()
        self._soon: SimpleQueue[int | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="everycell-planning", daemon=True)

    @property
    def finder(self) -> Finder:
        return self._finder

    def start(self) -> None:
        """Begin to look: what a former service left is taken up."""
        self._thread.start()

    def wake(self) -> None:
        """A plan waits."""
        self._asked.set()
        self._called.set()

    def warm(self, county: int | None = None) -> None:
        """A plan may be asked for soon: have the process ready, and the streets of the county in its memory."""
        self._soon.put(county)
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
            self._called.clear()
            self._asked.clear()
            try:
                self._make_ready()
                hurry = self._asked.is_set
                if run(self._store, self._finder, stopped=self._stopped, compare=True, hurry=hurry) is not None:
                    continue
                if time.monotonic() - self._finder.used_at > _IDLE_S:
                    self._finder.close()
            except Exception as error:  # noqa: BLE001 - whatever it is, the service goes on, and so does the next look
                if not self._stopped.is_set():
                    tell(_log, error, "a plan could not be worked on; it is tried again")
            self._called.wait(self._look_s)

    def _make_ready(self) -> None:
        while not self._soon.empty():
            county = self._soon.get()
            if county is None:
                self._finder.start()
            else:
                self._finder.make_ready(county)
