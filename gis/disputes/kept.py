"""What a worker works out once and keeps for a while: the least recently used goes first. Safe for several threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Kept:
    """Things by their keys, together no larger than `capacity` bytes. One thread makes a thing, the others wait."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._used = 0
        self._things: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, make: Callable[[], T], size_of: Callable[[T], int]) -> T:
        """The thing of a key, made where it is not kept; `size_of` says how many bytes it takes. What `make` raises
        goes through, and nothing is kept. A thing larger than all that may be kept is given and not kept."""
        with self._lock:
            mine = self._making.setdefault(key, threading.Lock())
        try:
            with mine:
                with self._lock:
                    found = self._things.get(key)
                    if found is not None:
                        self._things.move_to_end(key)
                        return cast(T, found[0])
                made = make()
                self._put(key, made, size_of(made))
                return made
        finally:
            with self._lock:
                self._making.pop(key, None)

    def _put(self, key: Hashable, made: object, size: int) -> None:
        with self._lock:
            self._used -= self._things.pop(key, (None, 0))[1]
            if size > self._capacity:
                return
            self._things[key] = (made, size)
            self._used += size
            while self._used > self._capacity:
                _, (_, freed) = self._things.popitem(last=False)
                self._used -= freed

    def __len__(self) -> int:
        return len(self._things)
