"""What somebody else publishes, kept for a while."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from api.problems import Trouble

_KEPT_S: Final = 3600
_PATIENCE_S: Final = 5


class Published:
    """Something that a provider publishes, kept for an hour. One thread fetches it while the others wait; where that
    fails they fail too, and so does whoever asks in the next seconds."""

    def __init__(self, clock: Callable[[], float], fetch: Callable[[], Any]) -> None:
        self._clock = clock
        self._fetch = fetch
        self._lock = Lock()
        self._value: Any = None
        self._until = 0.0
        self._tried_at = float("-inf")
        self._error: Trouble | None = None

    def now(self) -> Any:
        """What is published, as it was an hour ago at the earliest."""
        with self._lock:
            return self._current(fresh=False)

    def anew(self) -> Any:
        """What is published now, unless it was asked for a moment ago."""
        with self._lock:
            return self._current(fresh=True)

    def _current(self, *, fresh: bool) -> Any:
        moment = self._clock()
        lately = moment - self._tried_at < _PATIENCE_S
        if self._error is not None and lately:
            raise Trouble(self._error.code, self._error.message)
        if moment >= self._until or (fresh and not lately):
            self._tried_at = moment
            try:
                self._value, self._error = self._fetch(), None
            except Trouble as error:
                self._error = error
                raise
            self._until = moment + _KEPT_S
        return self._value
