"""The raw ASGI layer in front of the routes: what can be said without them is said here.

A kept answer that is still valid, or 304, is sent at once, without a thread, a connection or a validated parameter
(bench/http.py measures what that saves). HEAD is GET without the body. The key of a kept answer carries the scope it
was made for: whoever gets it may do exactly what the caller might whom the route let in.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import CACHE_CONTROL, VARY, Answers, etag_of, matches
from api.requests import HEAD, header, identity, known_position


class Shortcut:
    """Wraps an application; `answers` holds what may be sent without it."""

    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET", HEAD: True}, _bodiless(send)
        if scope["method"] != "GET" or not await self._sent(scope, send):
            await self._app(scope, receive, send)

    async def _sent(self, scope: Scope, send: Send) -> bool:
        """Whether a kept answer was valid, and is now sent."""
        answers = self._answers
        if not answers.mirror.listening or not answers.mirror.holds(known_position(scope)):
            return False
        key = identity(scope)
        kept = answers.cache.get(key)
        if kept is None or kept.valid != etag_of(key, answers.mirror.token(kept.touch)):
            return False
        if kept.doors is not None and answers.audits.unnoted(scope, kept.doors):
            return False  # the route notes it first
        if matches(header(scope, b"if-none-match"), kept.etag):
            headers = [(b"etag", kept.etag), VARY, CACHE_CONTROL]
            await _send(send, 304, headers, b"")
        else:
            await _send(send, kept.status, kept.headers, kept.body)
        return True


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _bodiless(send: Send) -> Send:
    """A `send` that keeps the headers and drops the body."""

    async def start_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return start_only
