"""Errors for people: whoever asks for a page gets one that says what happened and what to do next, in their language.
Programs get the problem document as it is.

The layer around everything, so that it does not matter who made the problem. Where the database is gone, the page looks
every few seconds whether it is back, and opens again by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.forms import local_path
from api.html import MEDIA_TYPE, frame_of, render, security_headers
from api.language import language_of
from api.problems import MEDIA_TYPE as PROBLEM
from api.requests import wants_html
from gis.errors import BadInput
from maps import csp
from maps.assets import asset_url
from maps.text import translator

Headers = list[tuple[bytes, bytes]]

# Ours replace them.
_OF_PAGE: Final = {b"content-type", b"content-length", b"content-security-policy", b"referrer-policy", b"vary"}
_SCRIPT: Final = "again.js"


class ErrorPages:
    """Wraps an application; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and wants_html(scope) and _query(scope, "f") not in ("json", "geojson"):
            send = _Exchange(scope, send).send
        await self._app(scope, receive, send)


class _Exchange:
    """One answer: a problem document is held back until it is whole, and a page is sent in its place."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message["headers"]):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._end(self._start)

    async def _end(self, start: Message) -> None:
        headers, body = start["headers"], self._body
        if body:  # there is none for HEAD
            content, own = error_page(self._scope, json.loads(body), _retry_after(headers))
            headers = [each for each in headers if each[0] not in _OF_PAGE] + own
            body = content
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def error_page(scope: Scope, problem: Mapping[str, Any], retry_after: str = "") -> tuple[bytes, Headers]:
    """The page of a problem document, and the headers that are its own."""
    nonce, lang = token_urlsafe(18), language_of(scope)
    frame, told = frame_of(scope, nonce, lang), _told(problem, retry_after, translator(lang))
    reads = scope["method"] == "GET"
    asked = _address(scope) if reads else f"{frame.base}/"
    again = reads and problem["status"] in (429, 500, 503)
    waits = again and _slug(problem) == "storage"
    text = render(
        "error.html",
        frame,
        title=told.title,
        told=told.text,
        problem=problem,
        slug=_slug(problem),
        again=asked if again else "",
        sign_in=f"{frame.base}/login?{urlencode({'lang': lang, 'next': asked})}" if told.sign_in else "",
        open_details=told.details or not reads,
        script=asset_url(_SCRIPT, frame.base) if waits else "",
    )
    content = text.encode("utf-8", "replace")
    policy = csp.policy(nonce) if waits else security_headers(nonce)["Content-Security-Policy"]
    return content, [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(content)),
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),  # the address may be a team's link
        (b"vary", b"Accept, Accept-Language"),
    ]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a page says: its heading, and a sentence or two. `sign_in`: another account may help; `details`: what the
    service itself says is the point."""

    title: str
    text: str
    sign_in: bool = False
    details: bool = False


def _told(problem: Mapping[str, Any], retry_after: str, _: Callable[[str], str]) -> _Told:
    status, slug = problem["status"], _slug(problem)
    if slug == "storage":
        text = _("Nothing is lost. This page looks every few seconds, and opens again as soon as the database is back.")
        return _Told(_("The database does not answer"), text)
    if status == 500:
        text = _("Load the page again. If that does not help, give your administrator the reference {reference}.")
        return _Told(_("The service failed"), text.format(reference=problem.get("reference", "–")))
    if status == 429:
        text = _("Too many tries. Try again in {seconds} seconds.").format(seconds=retry_after or "60")
        return _Told(_("Wait a little"), text)
    return _BY_STATUS.get(status, _unusable)(_)


def _unusable(_: Callable[[str], str]) -> _Told:
    text = _("Something in the address or in what was sent is not as it must be; the service says what.")
    return _Told(_("This request cannot be used"), text, details=True)


_BY_STATUS: Final[Mapping[int, Callable[[Callable[[str], str]], _Told]]] = {
    401: lambda _: _Told(_("Sign in first"), _("This is shown to people who are signed in."), sign_in=True),
    403: lambda _: _Told(
        _("You may not do this here"),
        _("This account has no right to it, or it lies outside its area. Ask your administrator for one."),
        sign_in=True,
    ),
    404: lambda _: _Told(
        _("There is no such page"), _("The address may be mistyped, or what was here has been taken away.")
    ),
    405: lambda _: _Told(
        _("This cannot be done here"), _("The page that led here may be an old one. Go back and load it again.")
    ),
    503: lambda _: _Told(_("The service cannot do this now"), _("Try again in a moment."), details=True),
}


def _slug(problem: Mapping[str, Any]) -> str:
    return str(problem["type"]).rpartition(":")[2]


def _is_problem(headers: Headers) -> bool:
    return any(name == b"content-type" and value.startswith(PROBLEM.encode()) for name, value in headers)


def _retry_after(headers: Headers) -> str:
    return next((value.decode("latin-1") for name, value in headers if name == b"retry-after"), "")


def _address(scope: Scope) -> str:
    """The path that was asked for, with its query; the first page's where a browser could take it for another host."""
    path = (scope.get("raw_path") or b"/").decode("latin-1")
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    home = f"{scope.get('root_path', '')}/"
    try:
        return local_path(path + query, home)
    except BadInput:
        return home


def _query(scope: Scope, name: str) -> str:
    return str(parse_qs(scope["query_string"].decode("latin-1")).get(name, [""])[0])
