"""A proposal worked out in a process of its own, which ends when its time is over. Pure.

A service answers others meanwhile: annealing is Python, and in a thread it would keep them waiting for the lock of the
interpreter; and a thread cannot be stopped.
"""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final, cast

from gis.cells.cutting.proposals import Ask, Proposal, propose
from gis.cells.cutting.village import Village
from gis.errors import EverycellError

# By how much the process yields to those who wait for an answer.
_NICE: Final = 5


class TooLong(Exception):
    """A proposal was not found in time."""


def propose_apart(village: Village, ask: Ask, limit_s: float) -> Proposal:
    """What `propose` gives, within so many seconds. Raises TooLong, and what `propose` raises."""
    spawn = get_context("spawn")  # a fork would copy the locks of other threads
    answer, sent = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_work, args=(sent, village, ask, limit_s), daemon=True)
    process.start()
    sent.close()
    try:
        if not answer.poll(limit_s):
            raise TooLong(f"no proposal after {limit_s:g} s")
        found = answer.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"the process that works proposals out ended with {process.exitcode}") from None
    finally:
        answer.close()
        process.kill()
        process.join()
        process.close()
    if isinstance(found, EverycellError):
        raise found
    return cast(Proposal, found)


def _work(sent: Connection, village: Village, ask: Ask, limit_s: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    signal.setitimer(signal.ITIMER_REAL, limit_s + 1)  # should they be gone
    os.nice(_NICE)
    try:
        sent.send(propose(village, ask))
    except EverycellError as error:
        sent.send(error)
