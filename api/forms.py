"""What a browser sends with a form, and whether it comes from a page of this service. Pure but for reading the body."""

from __future__ import annotations

import hmac
import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from fastapi import Request
from starlette.types import Scope

from api.bodies import read_body
from api.problems import Trouble
from api.requests import header
from gis.errors import BadInput, NotAllowed

_FORM: Final = "application/x-www-form-urlencoded"
_MAX_BYTES: Final = 16 * 1024
_MAX_FIELDS: Final = 20
# Visible ASCII without the backslash, which browsers read as a slash. Tabs they drop: "/\t/host" is "//host".
_PATH: Final = re.compile(r"/[!-\[\]-~]{0,2000}", re.ASCII)


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form, each given once. Refuses other types of bodies, and more than a form can have."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    body = await read_body(request, _MAX_BYTES)
    if kind != _FORM and (kind or body):  # a script that has nothing to say but a header sends neither
        raise Trouble(
            "unsupported-media-type",
            "Content-Type: {kind!r} is not understood; send {kinds}",
            kind=kind[:100],
            kinds=_FORM,
            field="Content-Type",
        )
    try:
        listed = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:  # not ASCII, escapes that are no UTF-8, too many fields
        raise BadInput("body: is no form that can be read", field="body") from None
    for name, values in listed.items():
        if len(values) > 1:
            raise BadInput("{field}: is given {number} times; give it once", number=len(values), field=name[:40])
    return {name: values[0] for name, values in listed.items()}


def local_path(text: str | None, default: str) -> str:
    """Where to go on after signing in: a path of this service with its query, else BadInput naming `next`.

    Whatever a browser could take for another host or for a script is refused, escaped ways of writing it too.
    """
    if not text:
        return default
    plain = unquote(unquote(text))
    if not _PATH.fullmatch(text) or plain.startswith("//") or "\\" in plain or urlsplit(text).netloc:
        raise BadInput("next: must be a path of this service, beginning with one slash", field="next")
    return text


def refuse_other_sites(scope: Scope) -> None:
    """Refuse a form that a page of another site sends, by what every browser tells of where it comes from.

    A sign-in has no session yet whose token a form could carry; without this, somebody's browser could be signed in to
    another one's account. What is no browser tells neither header, and has nobody's cookies.
    """
    site = header(scope, b"sec-fetch-site").decode("latin-1")
    origin = header(scope, b"origin").decode("latin-1")
    if site:
        own = site in ("same-origin", "none")
    else:
        own = not origin or urlsplit(origin).netloc == header(scope, b"host").decode("latin-1")
    if not own:
        raise NotAllowed("the form was sent by a page of another site: open this service's own page and send it there")


def refuse_without_csrf(request: Request, fields: dict[str, str], expected: str) -> None:
    """Refuse an unsafe request that does not carry the session's token, in `X-CSRF-Token` or the field `csrf`."""
    given = request.headers.get("x-csrf-token") or fields.get("csrf", "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode()):
        raise NotAllowed("csrf: the token of this session is missing or wrong: load the page again", field="csrf")


def keeps_no_cookie(scope: Scope) -> bool:
    """Whether the browser that asks will not keep a `__Host-` cookie: plain http, and not on the machine itself.

    Browsers send Sec-Fetch-Site only where they trust the way, so its presence speaks for a proxy that does the TLS.
    """
    if scope.get("scheme", "http") == "https" or header(scope, b"sec-fetch-site"):
        return False
    try:
        host = urlsplit(f"//{header(scope, b'host').decode('latin-1')}").hostname or ""
        return host != "localhost" and not host.endswith(".localhost") and not ip_address(host).is_loopback
    except ValueError:  # no address, but a name
        return True
