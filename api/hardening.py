"""The outermost layer: what holds for every answer and every request, whoever made the route.

Answers get the security headers that they do not bring themselves, and never a word of the program's inside. Requests
have limits: of the address, of the headers, of the body, of the time a body and an answer may take, and of the time a
client may leave an answer unread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies import DRAWN_BYTES, MAX_BYTES
from api.error_pages import ErrorPages
from api.problems import MEDIA_TYPE, PROBLEMS, Trouble, body_of, document, speaking
from api.requests import header
from gis.sentence import Sentence

_log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]

# A JSON document or a tile that a browser is tricked into showing as a page may do nothing at all. Pages bring their
# own policy, with a nonce.
_DEFAULTS: Final[Headers] = [
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        b"microphone=(), midi=(), payment=(), usb=()",
    ),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
# HSTS for a year: it speaks for the host, all ports of it; where TLS is switched on it is meant to stay. The policy of
# openers a browser takes over https only, and over plain http it complains of it.
_OVER_HTTPS: Final[Headers] = [
    (b"strict-transport-security", b"max-age=31536000"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


@dataclass(frozen=True)
class Limits:
    """What a request may be and take. The numbers leave an honest client of a slow network ample room."""

    address_bytes: int = 16_384  # path and query: a filter with a polygon of some hundred corners
    header_bytes: int = 32_768
    headers: int = 100
    body_bytes: int = 65_536
    # By path, or by what it begins with: a star at the end stands for the rest.
    bodies: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType(
            {"/visits": MAX_BYTES, "/changesets/*": DRAWN_BYTES, "/collections/*": DRAWN_BYTES}
        )
    )
    body_s: float = 20  # for a body to arrive, and as much more as it takes at `body_bytes_per_s`
    body_bytes_per_s: float = 8_192
    answer_s: float = 60  # until the answer begins; a long list may then go on
    stalled_s: float = 60  # a client reads nothing of a long answer: a list holds a connection of the database

    def body_of(self, path: str) -> int:
        """How many bytes a body sent to a path may have."""
        if path in self.bodies:
            return self.bodies[path]
        fitting = (most for part, most in self.bodies.items() if part.endswith("*") and path.startswith(part[:-1]))
        return max(fitting, default=self.body_bytes)


class Hardening:
    """Wraps an application; see the module."""

    def __init__(self, app: ASGIApp, limits: Limits | None = None) -> None:
        self._app = app
        self._limits = limits or Limits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._app, self._limits, scope, receive, send).run()


class HardenedApp(FastAPI):
    """A FastAPI application with `Hardening` around all of it, its handler of unforeseen errors included, and pages for
    people around that."""

    limits: Limits | None = None

    def build_middleware_stack(self) -> ASGIApp:
        return ErrorPages(Hardening(super().build_middleware_stack(), self.limits))


def refusal(scope: Scope, limits: Limits) -> Trouble | None:
    """Why a request is refused by its head alone; None where it is not."""
    path = scope.get("raw_path") or scope["path"].encode()
    if len(path) + len(scope["query_string"]) > limits.address_bytes:
        return Trouble(
            "address-too-long",
            "address: is longer than {most} bytes; ask in parts",
            most=limits.address_bytes,
            field="address",
        )
    headers = scope["headers"]
    if len(headers) > limits.headers or sum(len(name) + len(value) for name, value in headers) > limits.header_bytes:
        return Trouble(
            "headers-too-large",
            "headers: are more than {number}, or longer than {most} bytes",
            number=limits.headers,
            most=limits.header_bytes,
            field="headers",
        )
    announced = header(scope, b"content-length")
    most = limits.body_of(_path(scope))
    return _too_large(most) if announced.isdigit() and int(announced) > most else None


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _too_large(most: int) -> Trouble:
    size = f"{most // 2**20} MB" if most >= 2**20 else f"{most // 2**10} kB"
    return Trouble("too-large", "body: is larger than {size}; send it in parts", size=size, field="body")


def with_defaults(status: int, headers: Headers, *, https: bool) -> Headers:
    """The headers of an answer and those it lacks. A 304 stays as it is: a browser would take its headers over into the
    copy that it keeps, and the policy of a page would be lost."""
    if status == 304:
        return headers
    present = {name.lower() for name, _ in headers}
    wanted = [*_DEFAULTS, *_OVER_HTTPS] if https else _DEFAULTS
    return [*headers, *(each for each in wanted if each[0] not in present)]


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, limits: Limits, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._limits, self._scope, self._receive, self._send = app, limits, scope, receive, send
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._patience = asyncio.timeout(None)
        self._received = 0
        self._body_open = True
        self._trouble: Trouble | None = None
        self._started = False
        self._over = False  # a refusal has gone out in place of the application's answer
        self._late: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        refused = refusal(self._scope, self._limits)
        if refused is not None:
            await self._refuse(refused)
            return
        self._wait_for_answer()
        try:
            async with self._patience:
                await self._app(self._scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001 - nothing may leave this layer unanswered
            await self._failed(error)
        finally:
            self._wait_no_more()
            if self._late is not None:
                await self._late

    def _wait_for_answer(self) -> None:
        """Count the time until the answer begins from now on."""
        self._wait_no_more()
        self._timer = self._loop.call_later(self._limits.answer_s, self._too_late)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    # ---- the body

    async def receive(self) -> Message:
        if not self._body_open:
            return await self._receive()  # there is only the end of the connection to wait for
        allowed = self._limits.body_s + self._received / self._limits.body_bytes_per_s
        try:
            async with asyncio.timeout_at(self._begun + allowed):
                message = await self._receive()
        except TimeoutError:
            return self._interrupted(Trouble("too-slow", "body: did not arrive in time; send it again", field="body"))
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            self._body_open = message.get("more_body", False)
            self._wait_for_answer()
            most = self._limits.body_of(_path(self._scope))
            if self._received > most:
                return self._interrupted(_too_large(most))
        return message

    def _interrupted(self, trouble: Trouble) -> Message:
        """End the reading of the body. Whatever the application makes of that, the answer says why."""
        if self._started:
            return {"type": "http.disconnect"}
        self._trouble = trouble
        raise trouble

    # ---- the answer

    async def send(self, message: Message) -> None:
        if self._over:
            return
        if message["type"] == "http.response.start":
            if self._trouble is not None:
                await self._refuse(self._trouble)
                return
            self._started = True
            status, https = message["status"], self._scope.get("scheme") == "https"
            message = {**message, "headers": with_defaults(status, list(message.get("headers", [])), https=https)}
        elif message.get("more_body"):
            self._patience.reschedule(self._loop.time() + self._limits.stalled_s)
            await self._send(message)
            self._patience.reschedule(None)
            return
        await self._send(message)

    def _too_late(self) -> None:
        """The answer has not begun in time. A route in a thread cannot be stopped, and its statement has a limit of its
        own; the client need not wait for that."""
        if not self._started and not self._over:
            self._over = True
            trouble = Trouble(
                "busy",
                "the answer took longer than {waited_s:g} s: ask for less, or again later",
                waited_s=self._limits.answer_s,
            )
            _log.warning("%s: no answer after %g s", self._where, self._limits.answer_s)
            self._late = self._loop.create_task(self._refuse(trouble))

    async def _refuse(self, trouble: Trouble) -> None:
        members = document(self._scope, PROBLEMS[trouble.code], trouble.message, field=trouble.field, code=trouble.code)
        await self._say(members, [(b"retry-after", b"2")] if members["status"] == 503 else [])

    async def _failed(self, error: Exception) -> None:
        if self._patience.expired():
            _log.warning("%s: the client read nothing for %g s", self._where, self._limits.stalled_s)
            return  # incomplete: the server closes the connection
        if self._trouble is not None and not self._started and not self._over:
            await self._refuse(self._trouble)
            return
        if self._started or self._over:
            raise error  # the server closes the connection, so that nobody takes the answer for whole
        reference = uuid4().hex[:12]
        _log.error("%s failed, reference %s", self._where, reference, exc_info=error)
        told = Sentence("the log has the reason, under the reference {reference}", reference=reference)
        await self._say(document(self._scope, PROBLEMS["internal"], told, reference=reference), [])

    async def _say(self, members: Mapping[str, Any], more: Headers) -> None:
        self._over = True
        body, status = body_of(members), members["status"]
        spoken = [(name.lower().encode(), value.encode()) for name, value in speaking(self._scope).items()]
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body)), *spoken, *more]
        if self._body_open and status == 408:
            headers.append((b"connection", b"close"))  # the rest of the body is not waited for
        https = self._scope.get("scheme") == "https"
        start = {"type": "http.response.start", "status": status}
        await self._send({**start, "headers": with_defaults(status, headers, https=https)})
        await self._send({"type": "http.response.body", "body": body})

    @property
    def _where(self) -> str:
        return f"{self._scope['method']} {self._scope['path']}"
