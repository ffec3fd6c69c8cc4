"""One way through for a read: is the kept answer still valid? else one statement that returns the finished bytes.

An answer names what it touches; its ETag is a digest of its request and of the revisions of that. The digest is taken
before the database is read, so a body is never older than its ETag says.
"""

from __future__ import annotations

import gzip
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from api.cache import Answer, AnswerCache, Headers
from api.requests import identity, takes_gzip
from gis.storage.engine import Store
from gis.storage.mirror import Mirror
from gis.storage.revisions import Touch

_GZIP_FROM: Final = 1_000
_GZIP_LEVEL: Final = 4
VARY: Final = (b"vary", b"Accept, Accept-Encoding")
# A browser may keep an answer, but asks each time whether it is still valid: 304 costs no query.
CACHE_CONTROL: Final = (b"cache-control", b"private, no-cache")


@dataclass(frozen=True, slots=True)
class Body:
    """What a route made: the finished bytes and what they are."""

    content: bytes
    media_type: str
    headers: tuple[tuple[str, str], ...] = ()


def etag_of(key: bytes, token: bytes) -> bytes:
    """The weak entity tag of an answer: the same request, nothing changed -> the same tag."""
    return b'W/"%s"' % urlsafe_b64encode(blake2b(key + token, digest_size=15).digest())


def matches(condition: bytes, etag: bytes) -> bool:
    """Whether an If-None-Match names this tag (weak comparison)."""
    if not condition:
        return False
    opaque = etag.removeprefix(b"W/")
    return condition.strip() == b"*" or any(
        part.strip().removeprefix(b"W/") == opaque for part in condition.split(b",")
    )


class Answers:
    """Answers reads from the cache while they are valid, and makes them otherwise."""

    def __init__(self, store: Store, mirror: Mirror, cache: AnswerCache) -> None:
        self.store = store
        self.mirror = mirror
        self.cache = cache

    def answer(self, request: Request, touch: Touch, make: Callable[[Connection], Body]) -> Response:
        """304 where the client's copy is valid, else the kept body, else what `make` reads in one snapshot."""
        self.mirror.current()
        key = identity(request.scope)
        etag = etag_of(key, self.mirror.token(touch))
        if matches(request.headers.get("if-none-match", "").encode("latin-1"), etag):
            return RawResponse(304, [(b"etag", etag), VARY, CACHE_CONTROL], b"")
        found = self._kept(key, etag)
        if found is None:
            with self.cache.making(key):
                found = self._kept(key, etag) or self._make(request, key, etag, touch, make)
        return RawResponse(found.status, found.headers, found.body)

    def _kept(self, key: bytes, etag: bytes) -> Answer | None:
        found = self.cache.get(key)
        return found if found is not None and found.etag == etag else None

    def _make(
        self, request: Request, key: bytes, etag: bytes, touch: Touch, make: Callable[[Connection], Body]
    ) -> Answer:
        with self.store.read() as connection:
            body = make(connection)
        content, encoding = _packed(body.content, takes_gzip(request.scope))
        headers = [(b"etag", etag), VARY, CACHE_CONTROL, *encoding, (b"x-content-type-options", b"nosniff")]
        headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in body.headers]
        if content:
            headers += [(b"content-type", body.media_type.encode()), (b"content-length", b"%d" % len(content))]
        made = Answer(etag, touch, 200 if content else 204, headers, content)
        self.cache.put(key, made)
        return made


def _packed(content: bytes, takes: bool) -> tuple[bytes, Headers]:
    if not takes or len(content) < _GZIP_FROM:
        return content, []
    return gzip.compress(content, _GZIP_LEVEL, mtime=0), [(b"content-encoding", b"gzip")]


class RawResponse(Response):
    """A response whose headers are given as they go on the wire."""

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = list(headers)
