"""A listener of `GET /events`, as a browser's EventSource is one: it reads in a thread and keeps what it was told."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

_PATIENCE_S: Final = 30.0


@dataclass(frozen=True)
class Told:
    """One event. `id` is None where it has none."""

    kind: str
    id: int | None
    data: Any


class Listening:
    """What has been heard; `over` is set when the server has closed the stream."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.over = threading.Event()
        self._heard: queue.Queue[Told | None] = queue.Queue()

    def hear(self, lines: Iterator[str]) -> None:
        try:
            for told in events_of(lines):
                self._heard.put(told)
        except (httpx.TransportError, httpx.StreamError, ValueError):
            pass  # cut off, by the server or by the test
        finally:
            self.over.set()
            self._heard.put(None)

    def until(self, enough: Callable[[Told], bool], patience_s: float = _PATIENCE_S) -> Told:
        """The next event that is enough. AssertionError where the stream ends, or nothing comes for too long."""
        while True:
            try:
                told = self._heard.get(timeout=patience_s)
            except queue.Empty:
                raise AssertionError(f"nothing came; before: {self.told}") from None
            assert told is not None, f"the stream is over; before: {self.told}"
            self.told.append(told)
            if enough(told):
                return told

    def next(self, kind: str, patience_s: float = _PATIENCE_S) -> Told:
        """The next event of a kind."""
        return self.until(lambda told: told.kind == kind, patience_s)

    def rest(self) -> list[Told]:
        """All that has been told, once the stream is over."""
        assert self.over.wait(_PATIENCE_S)
        while (told := self._heard.get()) is not None:
            self.told.append(told)
        return self.told

    @property
    def numbered(self) -> list[Told]:
        """The events that can be followed on from, without the greeting."""
        return [told for told in self.told if told.id is not None and told.kind != "hello"]


def events_of(lines: Iterator[str]) -> Iterator[Told]:
    """The events of a stream, read as the specification of server-sent events says."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            id = fields.get("id")
            yield Told(fields["event"], None if id is None else int(id), json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}


@contextmanager
def listening(client: httpx.Client, *, after: int | None = None, **parameters: str) -> Iterator[Listening]:
    """Listen for a while; `after`: follow on from an event."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    heard = Listening()
    with client.stream("GET", "/events", params=parameters, headers=headers, timeout=_PATIENCE_S) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        thread = threading.Thread(target=heard.hear, args=(answer.iter_lines(),), daemon=True)
        thread.start()
        yield heard
        stream = answer.extensions["network_stream"]
        stream.get_extra_info("socket").shutdown(2)  # wakes the thread
        thread.join(_PATIENCE_S)
