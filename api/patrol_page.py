"""The page of a link of a team, its service worker and manifest. None of them holds anything of a route: that the page
asks for by its link, and a wrong link gets the same page, which then says so."""

from __future__ import annotations

import json
import re
from secrets import token_urlsafe
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.html import MEDIA_TYPE
from gis.errors import NotFound
from maps import csp
from maps.assets import file_of
from maps.phone import WORKER, manifest, phone_page

router = APIRouter()
_LINK: Final = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)
# The address is the credential: it is told to nobody, not even to the service itself.
_PRIVATE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}

Secret = Annotated[str, Path(alias="token", description="The secret of a link.")]
Language = Annotated[str | None, Query(description="Read by the page: zh or en")]


@router.get("/p/worker.js", summary="What keeps the page of a link for times without a network")
def worker() -> Response:
    content = file_of(WORKER).read_bytes()
    # The default policy would let it fetch nothing.
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": "default-src 'none'; connect-src 'self'"}
    return Response(content, headers=headers, media_type="text/javascript")


@router.get("/p/{token}", summary="The page of a link: the stops of a team, one after another, to be ticked")
def page(request: Request, token: Secret, lang: Language = None) -> Response:
    _known_shape(token)
    nonce = token_urlsafe(18)
    html = phone_page(token, nonce, _base(request))
    headers = {**_PRIVATE, "Content-Security-Policy": csp.policy(nonce, installable=True)}
    return Response(html, headers=headers, media_type=MEDIA_TYPE)


@router.get("/p/{token}/manifest.webmanifest", summary="The page of a link as an app that can be installed")
def web_manifest(request: Request, token: Secret) -> Response:
    _known_shape(token)
    content = json.dumps(manifest(token, _base(request)), ensure_ascii=False)
    return Response(content, headers=_PRIVATE, media_type="application/manifest+json")


def _known_shape(token: str) -> None:
    if not _LINK.fullmatch(token):
        raise NotFound("this address is no link of a team")


def _base(request: Request) -> str:
    base: Any = request.scope.get("root_path", "")
    return str(base)
