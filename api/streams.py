"""Long answers in pieces: memory does not grow with them, and what they hold is given back when the client leaves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import aclosing, contextmanager
from itertools import chain
from threading import BoundedSemaphore
from typing import Final

from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Send

from api.problems import Trouble

_AT_ONCE: Final = 4


class Streams:
    """How many long answers may be under way: each holds a connection for as long as its client reads."""

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self._free = BoundedSemaphore(at_once)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a place; refuses with `busy` where there is none."""
        if not self._free.acquire(blocking=False):
            raise Trouble("busy", "too many long lists are being read at this moment: try again soon")
        try:
            yield
        finally:
            self._free.release()


def streamed(pieces: Generator[bytes], media_type: str, headers: dict[str, str]) -> StreamingResponse:
    """Answer with `pieces`. The first is made at once, so that an error in it is still told as a problem."""
    try:
        first = next(pieces, b"")
    except BaseException:
        pieces.close()
        raise
    return _ClosingResponse(_closing(first, pieces), media_type=media_type, headers=headers)


class _ClosingResponse(StreamingResponse):
    """Closes its pieces when it ends, however it ends. Left to itself a cancelled response keeps them, and with them a
    connection of the database, until the garbage collector comes by: the cancellation holds on to the frames."""

    async def stream_response(self, send: Send) -> None:
        body = self.body_iterator
        assert isinstance(body, AsyncGenerator)  # noqa: S101 - made in `streamed`
        async with aclosing(body):
            await super().stream_response(send)


async def _closing(first: bytes, pieces: Generator[bytes]) -> AsyncGenerator[bytes]:
    try:
        async for piece in iterate_in_threadpool(chain([first], pieces)):
            yield piece
    finally:
        pieces.close()
