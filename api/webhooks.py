"""Sends events to webhooks: one worker of all that serve a database, a thread of it, some messages at a time.

A message holds what a webhook has missed, in order, and is sent again until it is answered with a status 2xx, with
pauses that grow; the next one waits for that. After five days without an answer the webhook is given up. The id of a
message is the same however often it is sent: by it the other side knows a repeated one.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from psycopg2 import Error as DriverError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from api.event_streams import instant
from api.webhook_messages import Outcome, post
from gis.access.audit import Action, note
from gis.access.scope import ALL
from gis.events import webhooks
from gis.events.figures import day_of, figures_of
from gis.events.log import Event, after, standing
from gis.events.telling import told
from gis.events.webhooks import Due
from gis.households.coverage import today_in
from gis.storage.engine import Store, own_store
from gis.storage.listening import Waker

_LOCK: Final = "SELECT pg_try_advisory_lock(7461102)"
_LOOK_S: Final = 1.0
_AFTER_FAULT_S: Final = 5.0
_AT_ONCE: Final = 8
_MOST_EVENTS: Final = 500
_MOST_AREAS: Final = 5_000  # of all events of a message together: what it holds at most is some hundred kB
PAUSES_S: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)  # the last one again and again

_log = logging.getLogger(__name__)


class _Sending:
    """A message that is under way, in a thread that nobody waits for when the service stops."""

    def __init__(self, each: Due, to: int, events: list[dict[str, Any]], then: Waker) -> None:
        self.due, self.to = each, to
        self.outcome: Outcome | None = None
        now = time.time()
        data = {"at": to, "events": events}
        content = {"type": "everycell.events", "timestamp": instant(now), "data": data}
        threading.Thread(target=self._send, args=(content, int(now), then), daemon=True).start()

    def _send(self, content: Mapping[str, Any], now: int, then: Waker) -> None:
        self.outcome = post(self.due.url, self.due.secret, f"ev_{self.due.id}_{self.to}", content, now)
        then.wake()


class Deliveries:
    """A thread that sends what is due. `start()` and `close()` belong together. `look_s`: how often it looks."""

    def __init__(self, store: Store, *, look_s: float = _LOOK_S, pauses_s: tuple[float, ...] = PAUSES_S) -> None:
        self._store = own_store(store)
        self._look_s, self._pauses_s = look_s, pauses_s
        self._under_way: dict[int, _Sending] = {}
        self._closing = False
        self._waker = Waker()
        self._thread = threading.Thread(target=self._run, name="everycell-webhooks", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop. A message that is under way is sent again by whoever comes next, with the same id."""
        if self._closing:
            return
        self._closing = True
        self._waker.wake()
        if self._thread.ident is not None:
            self._thread.join()
        self._waker.close()
        self._store.engine.dispose()

    def _run(self) -> None:
        while not self._closing:
            try:
                with self._store.engine.connect() as holding:
                    self._work(holding)
            except (DriverError, SQLAlchemyError, OSError) as error:
                _log.warning("webhooks: the database does not answer: %s", str(error).strip())
                self._waker.wait(_AFTER_FAULT_S)
            except Exception:  # noqa: BLE001 - whatever it is, the service goes on, and so does the next look
                _log.exception("webhooks could not be served")
                self._waker.wait(_AFTER_FAULT_S)

    def _work(self, holding: Connection) -> None:
        """Look again and again, for as long as this connection holds the lock: of all workers one sends."""
        holding = holding.execution_options(isolation_level="AUTOCOMMIT")
        while not self._closing and not holding.execute(text(_LOCK)).scalar():
            self._waker.wait(_AFTER_FAULT_S)
        try:
            while not self._closing:
                holding.execute(text("SELECT 1"))  # a connection that is gone holds no lock
                self._settle()
                self._begin()
                self._waker.wait(self._look_s)
        finally:
            self._under_way.clear()
            holding.invalidate()  # back in the pool it would hold the lock

    def _begin(self) -> None:
        """Send to every webhook that there is something for, and that is not being sent to."""
        with self._store.read(ALL.settings()) as conn:
            waiting = [each for each in webhooks.due(conn) if each.id not in self._under_way]
            made = [(each, *self._message(conn, each)) for each in waiting[: _AT_ONCE - len(self._under_way)]]
        for each, to, events in made:
            with self._store.begin() as conn:
                if events:
                    webhooks.sends(conn, each.id, to)
                else:
                    webhooks.done(conn, each.id, to, sent=False)
            if events:
                self._under_way[each.id] = _Sending(each, to, events, self._waker)

    def _message(self, conn: Connection, each: Due) -> tuple[int, list[dict[str, Any]]]:
        """Up to where the next message goes, and what it tells; nothing where nothing of it is for this webhook."""
        here = standing(conn, each.position)
        if not here.known:
            reason = "expired" if each.position < here.oldest else "restored"
            return here.last, [{"event": "reset", "id": here.last, "reason": reason}]
        news = _some(after(conn, each.position, _MOST_EVENTS), each.sending_to)
        view, today = each.view, today_in(self._store.settings)
        cells: dict[int, set[str]] = {}
        for event in news:
            if event.kind == "coverage" and event.kind in each.kinds:
                cells.setdefault(event.county, set()).update(event.areas)
        since = day_of(conn, view.cutoff, today)
        figures = figures_of(conn, cells, [since] if since else [], today).get(since, {}) if since else {}
        as_of, events = instant(time.time()), []
        for event in news:
            members = told(event, view, figures) if event.kind in each.kinds else None
            if members is not None:
                events.append({"event": event.kind, "id": event.position, **members, "as_of": as_of})
        return news[-1].position if news else here.last, events

    def _settle(self) -> None:
        """Write down how the messages fared that are answered, or not."""
        for number, sending in list(self._under_way.items()):
            if sending.outcome is not None:
                with self._store.begin() as conn:
                    if sending.outcome.delivered:
                        webhooks.done(conn, number, sending.to, sent=True)
                    else:
                        self._failed(conn, sending.due, sending.outcome)
                del self._under_way[number]

    def _failed(self, conn: Connection, each: Due, outcome: Outcome) -> None:
        pause_s = self._pauses_s[min(each.attempts, len(self._pauses_s) - 1)] * random.uniform(0.9, 1.1)  # noqa: S311
        if webhooks.failed(conn, each.id, outcome.word, max(pause_s, outcome.wait_s), gone=outcome.gone):
            _log.warning("webhook %d is given up: %s", each.id, outcome.word)
            detail = {"webhook": each.id}
            note(conn, who="service", source="local", action=Action.webhook_dead, area=each.area, detail=detail)


def _some(news: list[Event], to: int | None) -> list[Event]:
    """The events of one message: those up to a position, where it was tried before; else as many as fit."""
    if to is not None and any(event.position == to for event in news):
        return [event for event in news if event.position <= to]
    areas, fitting = 0, 0
    for event in news:
        areas += len(event.areas)
        if fitting and areas > _MOST_AREAS:
            break
        fitting += 1
    return news[:fitting]
