"""A thread of the service that looks again and again whether there is something to do."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


class Periodic(ABC):
    """`start()` and `close()` belong together. The first look waits `after_start_s`; each one says when the next is."""

    def __init__(self, name: str, after_start_s: float) -> None:
        self._after_start_s = after_start_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"everycell-{name}", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more, and wait for a look that is under way."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    @abstractmethod
    def look(self) -> float:
        """Do what is due. Returns in how many seconds to look again."""

    def _run(self) -> None:
        wait_s = self._after_start_s
        while not self._stopped.wait(wait_s):
            wait_s = self.look()
