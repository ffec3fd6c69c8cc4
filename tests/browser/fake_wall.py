"""What the wall follows, in memory: the stream of events as a test tells it, and the board."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.responses import StreamingResponse

from tests.browser.board_page import made_up_alarms, made_up_board

Json = dict[str, Any]
NOW = datetime(2026, 11, 22, 6, 32, 7, tzinfo=UTC)  # 14:32:07 where the county is
_QUIET_S = 4.0
_BUSY_S = 0.1


def instant(when: datetime) -> str:
    """As the service writes it."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class FakeWall:
    """The stream and the board; tests may change them while pages look.

    The service's clock stands at `now` and goes on only when a test tells a beat: so pages that have a clock of their
    own can be aged at will. With `down` every question fails as if the network were cut; while it is `busy` a new
    connection is sent beats and not greeted.
    """

    def __init__(self) -> None:
        self.now = self.as_of = NOW
        self.down = self.busy = False
        self.position = 1000
        self.beats = 0  # that were sent before a greeting
        self.connections: list[str] = []  # the query of each
        self._listeners: dict[asyncio.Queue[bytes | None], asyncio.AbstractEventLoop] = {}
        self.board: Json = board()
        self.alarms: Json = {**made_up_alarms(), "as_of": instant(NOW)}

    def tell(self, kind: str, **data: Any) -> None:
        """An event with a position."""
        self.position += 1
        self._send(frame(kind, {"as_of": instant(self.as_of), **data}, self.position))

    def beat(self, seconds: float, *, database: bool = True) -> None:
        """So many seconds later; without `database` nothing newer can be read."""
        self.now += timedelta(seconds=seconds)
        if database:
            self.as_of = self.now
        self._send(self._beat())

    def reset(self, reason: str) -> None:
        """Send everybody away."""
        self._send(frame("reset", {"reason": reason}), None)

    def cut(self) -> None:
        """End all connections."""
        self._send(None)

    @property
    def listening(self) -> int:
        """How many connections there are."""
        return len(self._listeners)

    def _beat(self) -> bytes:
        return frame("beat", {"now": instant(self.now), "as_of": instant(self.as_of)})

    def _send(self, *frames: bytes | None) -> None:
        for queue, loop in list(self._listeners.items()):
            for one in frames:
                loop.call_soon_threadsafe(queue.put_nowait, one)

    async def stream(self, query: str) -> AsyncIterator[bytes]:
        """What one connection is sent. When nothing happens the last beat is said again: the connection lives."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.connections.append(query)
        self._listeners[queue] = asyncio.get_running_loop()
        try:
            yield b"retry: 2000\n\n"
            while self.busy:
                yield self._beat()
                self.beats += 1
                await asyncio.sleep(_BUSY_S)
            hello = {"now": instant(self.now), "as_of": instant(self.as_of), "at": self.position}
            yield frame("hello", hello, self.position)
            while True:
                try:
                    told = await asyncio.wait_for(queue.get(), _QUIET_S)
                except TimeoutError:
                    told = self._beat()
                if told is None:
                    return
                yield told
        finally:
            del self._listeners[queue]


def frame(kind: str, data: Json, position: int | None = None) -> bytes:
    """An event as it goes on the wire."""
    numbered = "" if position is None else f"id: {position}\n"
    return f"event: {kind}\n{numbered}data: {json.dumps(data)}\n\n".encode()


def board() -> Json:
    """A board whose numbers tests can foretell."""
    made = made_up_board()
    named = [{"code": f"621102{town:03}{village:03}", "name": name} for town, village, name in _VILLAGES]
    rows = list(enumerate(named))
    made["sites_due"]["villages"] = [{**of, "sites": 7, "never": at % 2, "overdue": at, "due": 1} for at, of in rows]
    made["patrols_today"]["areas"] = [{**of, "stops": 12 * at, "ticked": 4 * at} for at, of in rows]
    made["cases_overdue"]["areas"] = [{**of, "number": (0, 7, None, 23)[at]} for at, of in rows]
    made["cases_overdue"]["towns"] = [
        {"code": "621102001", "name": "城关镇", "number": 9},
        {"code": "621102002", "name": "青岚乡", "number": None},
    ]
    return {**made, "as_of": instant(NOW)}


_VILLAGES = ((1, 1, "南川村"), (1, 2, "北坡村"), (2, 1, "南川村"), (2, 2, "北坡村"))


def wall_routes(app: FastAPI, wall: FakeWall) -> None:
    """The routes."""

    @app.get("/events")
    def events(request: Request) -> Response:
        if wall.down:
            return JSONResponse({"status": 503, "detail": "storage"}, 503)
        return StreamingResponse(wall.stream(request.url.query), media_type="text/event-stream")

    @app.get("/board")
    def of_board(area: str = "") -> Json:
        return {**wall.board, "area": area or None}

    @app.get("/alarms")
    def alarms() -> Json:
        return wall.alarms

    @app.post("/alarms/{alarm}/acknowledge")
    def acknowledge(alarm: str) -> Json:
        for line in wall.alarms["alarms"]:
            if line["id"] == alarm:
                line["unacknowledged"] = 0
        return wall.alarms

    @app.get("/me")
    def me() -> Json:
        return {"name": ""}
