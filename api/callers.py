"""Who is asking: a bearer token, the session's cookie or that of a wall, resolved before anything else looks at the
request.

A caller is remembered for some seconds, and forgotten by every worker as soon as anything about accounts, grants,
tokens or sessions changes (the mirror hears of it). While the mirror does not hear, the database is asked each time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Final, Literal, TypedDict
from urllib.parse import parse_qsl

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.requests import header
from gis.access.sessions import (
    NOBODY,
    Caller,
    Kind,
    caller_of_session,
    caller_of_token,
    caller_of_wall,
    digest,
)
from gis.storage.engine import Store
from gis.storage.mirror import Mirror

COOKIE: Final = "__Host-everycell"
WALL: Final = "/wall"
_WALL_COOKIE: Final = "everycell-wall"
_LONGEST_S: Final = 400 * 86_400
_REMEMBER_S: Final = 30.0  # a session's last use is written down when the database is asked
_MOST: Final = 10_000


class _How(TypedDict):
    """How a cookie is kept."""

    path: str
    secure: bool
    httponly: bool
    samesite: Literal["lax"]


def shown(scope: Scope) -> tuple[Kind, str]:
    """What a request shows: a token, else the one that a wall is opened with, else a session's secret, else the token
    that a wall keeps, else nothing."""
    scheme, _, secret = header(scope, b"authorization").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return Kind.token, secret.strip()
    if opening := _opening(scope):
        return Kind.wall, opening
    if secret := session_secret(scope):
        return Kind.session, secret
    kept = wall_secret(scope)
    return (Kind.wall, kept) if kept else (Kind.nobody, "")


def _opening(scope: Scope) -> str:
    """The token in the address of a wall that is opened; "" in every other address."""
    if scope["path"].removeprefix(scope.get("root_path", "")) != WALL:
        return ""
    query: str = scope["query_string"].decode("latin-1")
    return dict(parse_qsl(query)).get("token", "")


def opens_wall(scope: Scope) -> bool:
    """Whether a request asks for the page of the wall with the token of one, in its address or its cookie."""
    return scope["path"].removeprefix(scope.get("root_path", "")) == WALL and shown(scope)[0] is Kind.wall


def session_secret(scope: Scope) -> str:
    """The secret in the session's cookie, empty where there is none."""
    return _cookie(scope, COOKIE)


def wall_secret(scope: Scope) -> str:
    """The token that a wall keeps in its cookie, empty where there is none."""
    return _cookie(scope, _wall_cookie(scope))


def keep_wall(answer: Response, scope: Scope, secret: str, until: datetime | None) -> None:
    """Have the browser of a wall keep its token until that ends, or for the longest that browsers keep anything."""
    left = _LONGEST_S if until is None else min(_LONGEST_S, (until - datetime.now(UTC)).total_seconds())
    answer.set_cookie(_wall_cookie(scope), secret, max_age=int(left), **_how(scope))


def forget_wall(answer: Response, scope: Scope) -> None:
    """Have the browser forget the token of a wall."""
    answer.delete_cookie(_wall_cookie(scope), **_how(scope))


def _wall_cookie(scope: Scope) -> str:
    """Over plain http browsers keep no `__Host-` cookie. A wall shows aggregates, and its token passes there too; a
    sign-in does not."""
    return f"__Host-{_WALL_COOKIE}" if scope.get("scheme") == "https" else _WALL_COOKIE


def _how(scope: Scope) -> _How:
    return {"path": "/", "secure": scope.get("scheme") == "https", "httponly": True, "samesite": "lax"}


def _cookie(scope: Scope, wanted: str) -> str:
    cookies = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                continue
    found = cookies.get(wanted)
    return found.value if found else ""


class Callers:
    """Resolves secrets to callers. Safe for several threads. `idle` ends a session that was not used for so long."""

    def __init__(self, store: Store, mirror: Mirror, idle: timedelta) -> None:
        self._store = store
        self._mirror = mirror
        self._idle = idle
        self._known: OrderedDict[bytes, tuple[Caller, int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def through(self, store: Store) -> Callers:
        """The same, asking by the connections of another store: what one of them has learnt, the other knows."""
        other = Callers(store, self._mirror, self._idle)
        other._known, other._lock = self._known, self._lock
        return other

    def remembered(self, kind: Kind, secret: str) -> Caller | None:
        """The caller, where nothing can have changed since the database was asked."""
        if kind is Kind.nobody:
            return NOBODY
        if not self._mirror.listening:
            return None
        with self._lock:
            found = self._known.get(_key(kind, secret))
        if found is None:
            return None
        caller, access, until = found
        over = caller.expires_at is not None and caller.expires_at <= datetime.now(UTC)
        return None if over or access != self._mirror.access or time.monotonic() > until else caller

    def find(self, kind: Kind, secret: str) -> Caller:
        """The caller as the database knows it; NOBODY for a secret that is not valid (any more)."""
        access = self._mirror.access
        with self._store.begin() as conn:
            if kind is Kind.token:
                caller = caller_of_token(conn, secret)
            elif kind is Kind.wall:
                caller = caller_of_wall(conn, secret)
            else:
                caller = caller_of_session(conn, secret, self._idle)
        if caller is None:
            with self._lock:
                self._known.pop(_key(kind, secret), None)  # the mirror may hear of it only a moment later
            return NOBODY
        with self._lock:
            self._known[_key(kind, secret)] = (caller, access, time.monotonic() + _REMEMBER_S)
            self._known.move_to_end(_key(kind, secret))
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return caller


def _key(kind: Kind, secret: str) -> bytes:
    return kind.value.encode() + digest(secret)


class CallerLayer:
    """Puts the caller of each request into its state, where the layers behind it and the routes find it."""

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kind, secret = shown(scope)
            caller = self._callers.remembered(kind, secret)
            unknown: SQLAlchemyError | None = None
            if caller is None:
                try:
                    caller = await run_in_threadpool(self._callers.find, kind, secret)
                except SQLAlchemyError as error:  # routes that need nobody still answer; the others raise it
                    caller, unknown = NOBODY, error
            scope["state"] = {**scope.get("state", {}), "caller": caller, "caller_unknown": unknown}
        await self._app(scope, receive, send)
