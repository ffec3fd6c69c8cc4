"""The HTTP protocol of the server, with a limit for clients that connect and then send no request, or one bit by bit.

Such a connection never reaches the application, whose own limits (api/hardening.py) begin with a whole request head. A
few thousand of them would take all file descriptors of the process.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from api.requests import CONNECTION


class PatientProtocol(H11Protocol):
    """Closes a connection on which no whole request head has arrived `head_s` seconds after it could begin."""

    head_s = 20.0

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn declares it
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None:  # the request has not begun to run
            self.cycle.scope.setdefault("extensions", {})[CONNECTION] = {"transport": self.transport}
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Answers that have no end are asked to end (the application's state says how), others to come to theirs."""
        self.app_state.get("end_streams", lambda: None)()
        super().shutdown()

    def _watch(self) -> None:
        """Between a request head and the end of its answer there is nothing to wait for; before and after there is. The
        rest of a body that nobody reads any more counts as after."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_no_more()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(self.head_s, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()
