"""What a worker tells the listeners of `GET /events`: one thread reads the log and hands on what each may see.

It has a connection of its own, one for all listeners. It hears NOTIFY, and asks every second besides. Listeners whose
views are equal share the bytes. Where the database is gone, it keeps its listeners and goes on where it was.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final

from psycopg2 import Error as DriverError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.callers import Callers
from api.event_streams import EventStream, frame, instant
from api.problems import Trouble
from gis.access.scope import ALL
from gis.access.sessions import Kind
from gis.events.figures import day_of, figures_of
from gis.events.log import Event, Standing, after, number, standing
from gis.events.telling import CellRows, Cutoff, View, told
from gis.households.coverage import today_in
from gis.storage.engine import Store, own_store
from gis.storage.listening import Waker, listening
from gis.storage.mirror import Mirror

_CHANNELS: Final = ("everycell", "everycell_events")
_PASS_S: Final = 0.1  # what is committed within it becomes one event of each kind
_POLL_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 5.0
_MOST_EVENTS: Final = 1_000  # that are read at once, and that a listener is sent who comes back
_MOST_MISSED_BYTES: Final = 2**20
# Whoever begins is told of this time too: what it reads beside the stream may be of a worker that is a little behind.
_OVERLAP_S: Final = 10.0
_MOST_STREAMS: Final = 1_000
_MOST_OF_ONE: Final = 200

_log = logging.getLogger(__name__)

Frames = list[tuple[int, bytes]]  # by position


class Hub:
    """The listeners of a worker. `join`, `leave` and `end` are called in the event loop; `start()` and `close()` belong
    together. `callers` are those of the requests: whoever is found to be nobody any more is nobody there too."""

    def __init__(self, store: Store, mirror: Mirror, callers: Callers) -> None:
        self._store = own_store(store)
        self._mirror = mirror
        self._callers = callers.through(self._store)
        self._streams: Counter[tuple[Kind, str]] = Counter()  # how many there are, by who listens
        self._joining: deque[EventStream] = deque()
        self._listening: set[EventStream] = set()  # those that were let in; the thread's alone
        self._days: dict[Cutoff, date | None] = {}
        self._today = today_in(store.settings)
        self._position: int | None = None
        self._read_at = self._as_of = 0.0
        self._ending = self._closing = False
        self._waker = Waker()
        self._thread = threading.Thread(target=self._run, name="everycell-events", daemon=True)

    def start(self) -> None:
        """Find out where the log stands, and follow it. Raises the driver's error where there is no database."""
        self._look()
        self._thread.start()

    def close(self) -> None:
        """Stop following. Does nothing when called again."""
        if self._closing:
            return
        self._closing = True
        self._waker.wake()
        if self._thread.ident is not None:
            self._thread.join()
        self._waker.close()
        self._store.engine.dispose()

    def join(self, stream: EventStream) -> None:
        """Take in a listener. Refuses with `busy` where there are too many, or too many of one caller."""
        if self._streams.total() >= _MOST_STREAMS or self._streams[stream.shows] >= _MOST_OF_ONE:
            raise Trouble("busy", "too many screens are listening at this moment: try again soon")
        self._streams[stream.shows] += 1
        if self._ending:
            stream.end()
        self._joining.append(stream)
        self._waker.wake()

    def leave(self, stream: EventStream) -> None:
        """A listener that has joined has gone."""
        self._streams -= Counter([stream.shows])

    def end(self) -> None:
        """End all streams: the service stops, and their listeners come back to the next."""
        if not self._ending:
            self._ending = True
            for stream in [*self._joining, *self._listening]:
                stream.end()

    def beat(self) -> bytes:
        """What tells a listener that the stream lives, and how old what it knows may be."""
        return frame("beat", self._times())

    def __len__(self) -> int:
        return self._streams.total()

    def _times(self) -> dict[str, str]:
        return {"now": instant(time.time()), "as_of": instant(self._as_of)}

    # ---- the thread

    def _run(self) -> None:
        pause_s = 0.1
        while not self._closing:
            try:
                with listening(self._store.engine, self._waker, *_CHANNELS) as listener:
                    while not self._closing:
                        wait_s = self._look()
                        pause_s = 0.1
                        listener.wait(wait_s)
            except (DriverError, SQLAlchemyError, OSError) as error:
                _log.warning("events: the database does not answer: %s", str(error).strip())
                self._waker.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            except Exception:  # noqa: BLE001 - listeners see that what they know grows old, and the next look goes on
                _log.exception("events could not be handed on")
                self._waker.wait(_LONGEST_PAUSE_S)

    def _look(self) -> float:
        """One look at everything. Returns in how many seconds to look again."""
        if self._today != (today := today_in(self._store.settings)):
            self._today = today
            self._days.clear()
        # Committed by the statement itself: a worker that stands still afterwards holds no lock that others wait for.
        with self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            age_s = number(conn, _PASS_S, today)
        self._read_at, begun = time.time(), time.monotonic()
        with self._store.read(ALL.settings()) as conn:
            more = self._read(conn, begun)
        self._check_callers()
        if more:
            return 0.0
        self._as_of = self._read_at - age_s
        return max(_PASS_S - age_s, 0.01) if age_s else _POLL_S

    def _read(self, conn: Connection, begun: float) -> bool:
        """Hand on what is new, and let in who waits. Whether there may be more."""
        self._listening = {stream for stream in self._listening if not stream.over}
        here = standing(conn, self._position, ago_s=_OVERLAP_S)
        if self._position is None or not here.known:
            self._begin_anew(here)
        assert self._position is not None  # noqa: S101 - it was set just now, where it was not
        news = after(conn, self._position, _MOST_EVENTS)
        if news:
            self._mirror.reach(begun)  # whoever reads again because of it reads nothing older
            if any(event.kind == "rounds" for event in news):
                self._days.clear()
            self._hand_on(conn, news)
            self._position = news[-1].position
        while self._joining:
            self._let_in(conn, self._joining[0], here)
            self._listening.add(self._joining.popleft())
        return len(news) == _MOST_EVENTS

    def _begin_anew(self, here: Standing) -> None:
        """The log does not go on from where this worker was: it starts, was away for too long, or it is another one."""
        if self._position is not None:
            reason = _why(self._position, here)
            for stream in self._listening:
                _call(stream, stream.reset, reason)
        self._days.clear()
        self._position = here.last

    def _let_in(self, conn: Connection, stream: EventStream, here: Standing) -> None:
        """Greet a listener, with what it has missed."""
        if stream.after is None:
            stream.after = here.before
        else:
            here = standing(conn, stream.after)
            if not here.known:
                _call(stream, stream.reset, _why(stream.after, here))
                return
        missed = after(conn, stream.after, _MOST_EVENTS + 1)
        handed = [event for event in missed if event.position <= (self._position or 0)]
        frames = self._frames(conn, handed, {stream.view})[stream.view]
        if len(missed) > _MOST_EVENTS or sum(len(piece) for _, piece in frames) > _MOST_MISSED_BYTES:
            _call(stream, stream.reset, "expired")
            return
        hello = frame("hello", {**self._times(), "at": stream.after}, stream.after)
        _call(stream, stream.put, [hello, *(piece for _, piece in frames)])

    def _hand_on(self, conn: Connection, news: Sequence[Event]) -> None:
        frames = self._frames(conn, news, {stream.view for stream in self._listening})
        for stream in self._listening:
            # One that came from a worker which was ahead of this one knows the first of them.
            pieces = [piece for position, piece in frames[stream.view] if position > (stream.after or 0)]
            if pieces:
                _call(stream, stream.put, pieces)

    def _frames(self, conn: Connection, news: Sequence[Event], views: set[View]) -> dict[View, Frames]:
        """What each view is told of some news; made once, however many listen."""
        figures = self._figures(conn, news, {view.cutoff for view in views})
        as_of = {"as_of": instant(self._read_at)}
        frames: dict[View, Frames] = {view: [] for view in views}
        for view, made in frames.items():
            day = self._days.get(view.cutoff)
            cells = figures.get(day, {}) if day else {}
            for event in news:
                members = told(event, view, cells)
                if members is not None:
                    made.append((event.position, frame(event.kind, members | as_of, event.position)))
        return frames

    def _figures(self, conn: Connection, news: Iterable[Event], cutoffs: set[Cutoff]) -> dict[date, CellRows]:
        """The figures of the cells that the news are about, by cut-off day."""
        cells: dict[int, set[str]] = {}
        for event in news:
            if event.kind == "coverage":
                cells.setdefault(event.county, set()).update(event.areas)
        if not cells:
            return {}
        for cutoff in cutoffs - self._days.keys():
            self._days[cutoff] = day_of(conn, cutoff, self._today)
        days = {day for cutoff in cutoffs if (day := self._days[cutoff]) is not None}
        return figures_of(conn, cells, days, self._today)

    def _check_callers(self) -> None:
        """Whoever may do less or more than when the stream began is reset: what was sent before was for another."""
        now = {
            shows: self._callers.remembered(*shows) or self._callers.find(*shows)
            for shows in {stream.shows for stream in self._listening}
        }
        for stream in self._listening:
            if now[stream.shows].scope.key != stream.caller.scope.key:
                _call(stream, stream.reset, "over")


def _why(position: int, here: Standing) -> str:
    """Why one cannot follow on from a position."""
    return "expired" if position < here.oldest else "restored"


def _call(stream: EventStream, method: Callable[..., None], *arguments: object) -> None:
    """Call a method of a stream in its event loop; nothing where that has ended, with all its streams."""
    try:
        stream.loop.call_soon_threadsafe(method, *arguments)
    except RuntimeError:
        _log.debug("events: a listener has gone with its loop")
