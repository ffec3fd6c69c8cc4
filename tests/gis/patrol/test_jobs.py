"""Routes are found in a process of its own: killed, it begins again; a service that stops gives the plan back."""

from __future__ import annotations

import os
import signal
import threading
import time

from gis.patrol.finder import Finder
from gis.patrol.jobs import Planning, run
from gis.storage.engine import Store, as_service
from tests.gis import world
from tests.gis.patrol import planning


def test_a_killed_search_is_begun_again_and_a_stopped_one_given_back(store: Store) -> None:
    with store.begin() as conn:
        world.build(conn, {1: 3})
    plan = planning.asked(store, planning.body(limit_s=0.5))
    with as_service(store) as service:
        finder, stopped = Finder(service), threading.Event()
        finder.start()
        assert finder.pid is not None
        os.kill(finder.pid, signal.SIGKILL)
        while finder.alive:
            time.sleep(0.01)
        stopped.set()  # the service stops as soon as the process is asked
        outcome = run(service, finder, stopped=stopped)
        assert outcome is not None
        assert outcome.status == "lost"
        waiting = planning.read(store, plan.id)
        assert (waiting.status, waiting.step, finder.alive) == ("planning", "waiting", False)

        again = Planning(service, look_s=0.05)  # the restarted service finds it at its first look
        again.start()
        until = time.monotonic() + 200
        killed = False
        while planning.read(store, plan.id).status == "planning":
            pid = again.finder.pid
            if not killed and again.finder.alive and pid is not None:
                os.kill(pid, signal.SIGKILL)
                killed = True
            assert time.monotonic() < until
            time.sleep(0.05)
        # What the other aim would have come to follows; the process then is ready for the next plan.
        while planning.read(store, plan.id).compared is None:
            assert time.monotonic() < until
            time.sleep(0.05)
        later = planning.asked(store, planning.body(limit_s=0.5, stops={"in_other_plans": True}))
        again.wake()
        while planning.read(store, later.id).status == "planning":
            assert time.monotonic() < until
            time.sleep(0.05)
        again.close()
    found = planning.read(store, plan.id)
    assert killed
    assert found.status == "planned"
    assert found.solver
