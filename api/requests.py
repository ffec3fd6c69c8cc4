"""What of a request decides which answer it gets, read from the raw ASGI scope: the same for the routes and for the
layer that answers before them."""

from __future__ import annotations

import re
from typing import Final

from starlette.types import Scope

from api.problems import Trouble
from gis.access.sessions import Caller

HEAD: Final = "everycell.head"  # in the scope of a HEAD that is asked as GET
CONNECTION: Final = "everycell.connection"  # the extension in which the server hands over its transport
_HOST: Final = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}", re.ASCII)


def caller_of(scope: Scope) -> Caller:
    """The caller of a request, as the layer in front has found out (api/callers.py)."""
    found: Caller = scope["state"]["caller"]
    return found


def header(scope: Scope, name: bytes) -> bytes:
    """The value of a header, b"" where it is missing."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


def known_position(scope: Scope) -> int:
    """The position of the event that the client knows of (`Everycell-After`): it is told nothing older. 0 where it does
    not say."""
    told = header(scope, b"everycell-after")
    return int(told) if told.isdigit() and len(told) <= 16 else 0


def takes_gzip(scope: Scope) -> bool:
    """Whether the client can unpack gzip."""
    accepted = header(scope, b"accept-encoding")
    return b"gzip" in accepted and b"gzip;q=0" not in accepted.replace(b" ", b"")


def wants_html(scope: Scope) -> bool:
    """Whether it is a browser's address bar that asks: HTML is named, and not after JSON."""
    accepted = header(scope, b"accept")
    html, json = accepted.find(b"text/html"), accepted.find(b"json")
    return html >= 0 and (json < 0 or html < json)


def base_url(scope: Scope) -> str:
    """The address the client calls the service by, without a slash at its end. Refuses a host that is none."""
    host = header(scope, b"host").decode("latin-1") or ":".join(map(str, scope.get("server") or ("localhost",)))
    if not _HOST.fullmatch(host):
        raise Trouble("bad-input", "Host: is no host", field="Host")
    return f"{scope.get('scheme', 'http')}://{host}{scope.get('root_path', '')}"


def identity(scope: Scope) -> bytes:
    """The key under which an answer is kept: path, query, the caller's scope, and of the headers what changes the
    answer. A body made for one scope never answers another."""
    path = scope.get("raw_path") or scope["path"].encode()
    variant = b"gzip" if takes_gzip(scope) else b"plain"
    if b"/tiles/" not in path:  # a tile knows neither links nor HTML
        variant += b" html " if wants_html(scope) else b" json "
        variant += scope.get("scheme", "http").encode() + b" " + header(scope, b"host")
    return b"%s?%s %s %s" % (path, scope["query_string"], variant, caller_of(scope).scope.key)
