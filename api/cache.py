"""Finished answers in the memory of a worker: the least recently used go first, and all together stay below a size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from api.audits import DoorRead
from gis.storage.revisions import Touch

_LARGEST_SHARE: Final = 8  # one answer may take this part of the cache at most
_OVERHEAD: Final = 500  # bytes that an entry costs besides its body, roughly

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: good for as long as the token of what it touches gives the same `valid`.

    `etag` is what the client is told: the same, or a tag of the content. `doors` is what of doors it shows, for the
    audit; None for figures.
    """

    valid: bytes
    etag: bytes
    touch: Touch
    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    doors: DoorRead | None = None


class AnswerCache:
    """Answers by the identity of their request. Safe for several threads. `capacity` is in bytes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._used = 0
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[bytes, threading.Lock] = {}

    def get(self, key: bytes) -> Answer | None:
        """The answer that was kept for a request, valid or not."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: bytes, answer: Answer) -> None:
        """Keep an answer, unless it is too large to be worth the others it would push out."""
        size = _size(key, answer)
        with self._lock:
            self._drop(key)
            if size > self._capacity // _LARGEST_SHARE:
                return
            self._answers[key] = answer
            self._used += size
            while self._used > self._capacity:
                self._drop(next(iter(self._answers)))

    def _drop(self, key: bytes) -> None:
        old = self._answers.pop(key, None)
        if old is not None:
            self._used -= _size(key, old)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()
            self._used = 0

    @property
    def used(self) -> int:
        """Bytes in use."""
        return self._used

    def __len__(self) -> int:
        return len(self._answers)

    @contextmanager
    def making(self, key: bytes) -> Iterator[None]:
        """Only one thread at a time makes the answer of a request; the others wait and then find it."""
        with self._lock:
            mine = self._making.setdefault(key, threading.Lock())
        with mine:
            try:
                yield
            finally:
                with self._lock:
                    self._making.pop(key, None)


def _size(key: bytes, answer: Answer) -> int:
    return len(key) + len(answer.body) + _OVERHEAD
