"""One way through for a read: is the kept answer still valid? else one statement that returns the finished bytes.

An answer names what it touches; its ETag is a digest of its request and of the revisions of that. The digest is taken
before the database is read, so a body is never older than its ETag says. Single items are told by their content:
whoever edits one says with that tag which state was read, and it is no other for a visit next door.
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

from api.audits import Audits, DoorRead
from api.cache import Answer, AnswerCache, Headers
from api.requests import caller_of, identity, known_position, takes_gzip
from gis.storage.engine import Store
from gis.storage.mirror import Mirror
from gis.storage.revisions import Touch

_GZIP_FROM: Final = 1_000
_GZIP_LEVEL: Final = 4
VARY: Final = (b"vary", b"Accept, Accept-Encoding, Authorization, Cookie")
# A browser may keep an answer, but asks each time whether it is still valid: 304 costs no query.
CACHE_CONTROL: Final = (b"cache-control", b"private, no-cache")


@dataclass(frozen=True, slots=True)
class Body:
    """What a route made: the finished bytes and what they are. `tag` names the state of the item they show, if any."""

    content: bytes
    media_type: str
    headers: tuple[tuple[str, str], ...] = ()
    tag: str = ""


def etag_of(key: bytes, token: bytes) -> bytes:
    """The weak entity tag of an answer: the same request, nothing changed -> the same tag."""
    return b'W/"%s"' % urlsafe_b64encode(blake2b(key + token, digest_size=15).digest())


def tag_of(feature: str) -> str:
    """What names the state of an item: a digest of its text."""
    return blake2b(feature.encode(), digest_size=12).hexdigest()


def etag_of_state(tag: str, *variants: str) -> bytes:
    """The entity tag of an item in one of its representations; weak for a page, which has another nonce each time."""
    named = '"{}"'.format("-".join([tag, *variants])).encode()
    return b"W/" + named if "-html" in tag else named


def names_state(condition: str, tag: str) -> bool:
    """Whether an If-Match names the state, in whichever representation it was read; `*` names any."""
    if condition.strip() == "*":
        return True
    listed = [part.strip().removeprefix("W/").strip('"') for part in condition.split(",")]
    return any(part.partition("-")[0] == tag for part in listed)


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

    def __init__(self, store: Store, mirror: Mirror, cache: AnswerCache, audits: Audits) -> None:
        self.store = store
        self.mirror = mirror
        self.cache = cache
        self.audits = audits

    def answer(
        self,
        request: Request,
        touch: Touch,
        make: Callable[[Connection], Body],
        doors: Callable[[], DoorRead] | None = None,
        *,
        by_content: bool = False,
    ) -> Response:
        """304 where the client's copy is valid, else the kept body, else what `make` reads in one snapshot of what the
        caller may see. `doors` tells what of doors it shows; the audit has it before the answer goes out. `by_content`:
        the ETag is that of the body's `tag`, which only the body tells."""
        self.mirror.current(known_position(request.scope))
        read = doors() if doors else None
        if read is not None:
            self.audits.note_read(request.scope, read)
        key = identity(request.scope)
        valid = etag_of(key, self.mirror.token(touch))
        condition = request.headers.get("if-none-match", "").encode("latin-1")
        if not by_content and matches(condition, valid):
            return _unchanged(valid)
        found = self._kept(key, valid)
        if found is None:
            with self.cache.making(key):
                found = self._kept(key, valid) or self._make(request, key, valid, touch, make, read)
        if matches(condition, found.etag):
            return _unchanged(found.etag)
        return RawResponse(found.status, found.headers, found.body)

    def _kept(self, key: bytes, valid: bytes) -> Answer | None:
        found = self.cache.get(key)
        return found if found is not None and found.valid == valid else None

    def _make(
        self,
        request: Request,
        key: bytes,
        valid: bytes,
        touch: Touch,
        make: Callable[[Connection], Body],
        read: DoorRead | None,
    ) -> Answer:
        with self.store.read(caller_of(request.scope).scope.settings()) as connection:
            body = make(connection)
        content, encoding = _packed(body.content, takes_gzip(request.scope))
        etag = etag_of_state(body.tag, *(["gzip"] if encoding else [])) if body.tag else valid
        headers = [(b"etag", etag), VARY, CACHE_CONTROL, *encoding]
        headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in body.headers]
        if content:
            headers += [(b"content-type", body.media_type.encode()), (b"content-length", b"%d" % len(content))]
        made = Answer(valid, etag, touch, 200 if content else 204, headers, content, read)
        self.cache.put(key, made)
        return made


def by_content(request: Request, content: bytes, media_type: str) -> Response:
    """The answer of a route that reads anew each time; 304 where the client has the very same. For what changes without
    a revision (a search under way). The caller has told the audit."""
    packed = takes_gzip(request.scope) and len(content) >= _GZIP_FROM
    etag = etag_of_state(blake2b(content, digest_size=12).hexdigest(), *(["gzip"] if packed else []))
    if matches(request.headers.get("if-none-match", "").encode("latin-1"), etag):
        return _unchanged(etag)
    body, encoding = _packed(content, packed)
    lengths = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body))]
    return RawResponse(200, [(b"etag", etag), VARY, CACHE_CONTROL, *encoding, *lengths], body)


def _unchanged(etag: bytes) -> Response:
    return RawResponse(304, [(b"etag", etag), VARY, CACHE_CONTROL], b"")


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
