"""One listener of `GET /events`: what waits to be sent to it, and the response that sends it.

What waits is bounded. A client that does not read fast enough is told `reset` in place of it all, and its connection is
closed, if need be with what it did not take: it costs its share of memory and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.requests import CONNECTION, HEAD
from gis.access.sessions import Caller, Kind
from gis.events.telling import View

RETRY_MS: Final = 2_000
BEAT_S: Final = 5.0
MOST_BYTES: Final = 256 * 1024
MOST_FRAMES: Final = 256
_LAST_WORD_S: Final = 5.0  # to take the reset
_RESET: Final = struct.pack("ii", 1, 0)  # linger for no time
_BUFFER_BYTES: Final = 32 * 1024  # of the transport, and of the kernel, which doubles it


def instant(seconds: float) -> str:
    """A moment as RFC 3339 with milliseconds, in UTC. `seconds` since 1970."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def frame(kind: str, data: Mapping[str, Any], position: int | None = None) -> bytes:
    """An event as it goes on the wire."""
    numbered = "" if position is None else f"id: {position}\n"
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {kind}\n{numbered}data: {told}\n\n".encode()


class EventStream:
    """What waits for one listener. Its methods are called from the event loop; `over` may be read from any thread.

    `shows` is how the caller has shown who it is, so that it can be asked again; `after` is up to where it has
    followed, None for one that begins.
    """

    def __init__(self, view: View, caller: Caller, shows: tuple[Kind, str], after: int | None) -> None:
        self.view, self.caller, self.shows = view, caller, shows
        self.after = after
        self.loop = asyncio.get_running_loop()
        self.over = False
        self.broken = False  # what waits is a reset
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self.ended = asyncio.Event()

    def put(self, frames: list[bytes]) -> None:
        """Let some frames wait to be sent; where too many do already, the listener is reset."""
        if self.over:
            return
        size = sum(map(len, frames))
        if self._waiting and (self._bytes + size > MOST_BYTES or len(self._waiting) + len(frames) > MOST_FRAMES):
            self.reset("slow")
            return
        self._waiting.extend(frames)
        self._bytes += size
        self._news.set()

    def reset(self, reason: str) -> None:
        """Let the listener begin anew: nothing of what waits is sent, and nothing more."""
        if self.over:
            return
        self._waiting = deque([frame("reset", {"reason": reason})])
        self.broken = True
        self.end()

    def end(self) -> None:
        """Send what waits, and no more."""
        self.over = True
        self._news.set()
        self.ended.set()

    async def next(self, timeout_s: float) -> bytes:
        """All that waits; b"" where nothing came in time, or the stream is over."""
        if not self._waiting and not self.over:
            self._news.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
            except TimeoutError:
                return b""
        waiting = b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        return waiting


class EventResponse(Response):
    """Sends a stream until it is over or the client has gone. `beat` makes the frame that tells it that all is well."""

    def __init__(self, stream: EventStream, beat: Callable[[], bytes], leave: Callable[[EventStream], None]) -> None:
        super().__init__(
            media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        del self.headers["content-length"]
        self._stream, self._beat, self._leave = stream, beat, leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope.get("extensions", {}).get(CONNECTION, {}).get("transport")
        _keep_little(connection)
        sending = asyncio.create_task(self._send(scope, send))
        others = [asyncio.create_task(self._watch(receive)), asyncio.create_task(self._stream.ended.wait())]
        try:
            await asyncio.wait([sending, *others], return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait([sending], timeout=_LAST_WORD_S)
        finally:
            self._stream.end()
            self._leave(self._stream)
            if not sending.done() and connection is not None:
                _cut(connection)
            for task in (sending, *others):
                task.cancel()
            await asyncio.gather(sending, *others, return_exceptions=True)

    async def _send(self, scope: Scope, send: Send) -> None:
        loop, stream = asyncio.get_running_loop(), self._stream
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        opening = b"retry: %d\n\n" % RETRY_MS
        await send({"type": "http.response.body", "body": opening, "more_body": True})
        beat_at = loop.time() + BEAT_S
        while not stream.over and not scope.get(HEAD):
            piece = await stream.next(beat_at - loop.time())
            if loop.time() >= beat_at and not stream.broken:
                piece += self._beat()
                beat_at = loop.time() + BEAT_S
            if piece:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": await stream.next(0), "more_body": False})

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._stream.end()


def _cut(connection: asyncio.Transport) -> None:
    """Reset a connection. Closed alone it would stay in the kernel, with what it holds, until the client has taken
    that: perhaps for ever; and the client would not learn of it."""
    connected = connection.get_extra_info("socket")
    if connected is not None:
        with suppress(OSError):  # it has gone by itself
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.abort()


def _keep_little(connection: asyncio.Transport | None) -> None:
    """Let little wait below this layer, where nobody counts it: some minutes of news otherwise hide in the kernel."""
    if connection is None:
        return
    connection.set_write_buffer_limits(high=_BUFFER_BYTES)
    connected = connection.get_extra_info("socket")
    if connected is not None:
        with suppress(OSError):  # the client has gone already, as the response is about to learn
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
