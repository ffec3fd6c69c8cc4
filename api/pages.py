"""The pages and the files they are made of. `maps` draws them; here they get their policy and their place."""

from __future__ import annotations

import mimetypes
from secrets import token_urlsafe
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, Response

from api.deps import Serving
from api.html import MEDIA_TYPE
from gis.cells.sources import credits
from gis.errors import BadInput, NotFound
from gis.settings import Settings
from maps import csp
from maps.assets import asset_url, file_of
from maps.households import CoveragePage, coverage_page
from maps.page import BaseMap

router = APIRouter()
_FOREVER: Final = "public, max-age=31536000, immutable"

mimetypes.add_type("text/javascript", ".mjs")


@router.get("/maps/coverage", summary="The coverage page")
def coverage_map(
    request: Request,
    serving: Serving,
    lang: Annotated[str, Query(description="zh or en")] = "zh",
    since: Annotated[str | None, Query(description="Read by the page: a day, or days back")] = None,
) -> Response:
    if lang not in ("zh", "en"):
        raise BadInput(f"lang: {lang!r} is none of zh, en", field="lang")
    settings = serving.store.settings
    nonce = token_urlsafe(18)
    with serving.store.read() as conn:
        named = credits(conn)
    page = coverage_page(
        CoveragePage(
            nonce=nonce,
            today=serving.today,
            bounds=serving.mirror.extent(),
            lang="en" if lang == "en" else "zh",
            base=request.scope.get("root_path", ""),
            due_soon_days=settings.due_soon_days,
            base_map=_base_map(settings),
            credits=named,
        )
    )
    headers = {
        "Content-Security-Policy": csp.policy(nonce, base_map_url=settings.base_map_url),
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(page, headers=headers, media_type=MEDIA_TYPE)


def _base_map(settings: Settings) -> BaseMap | None:
    return BaseMap(settings.base_map_url, settings.base_map_attribution) if settings.base_map_url else None


@router.get("/static/{path:path}", summary="A file of a page")
def static(
    request: Request,
    path: Annotated[str, Path()],
    v: Annotated[str | None, Query(description="The file's content hash")] = None,
) -> Response:
    if "\x00" in path or "\\" in path:
        raise NotFound(f"{path!r}: there is no such file", field="path")
    file = file_of(path)
    # Only the address that carries the hash of what is sent now may be kept for good.
    current = v is not None and asset_url(path).endswith(f"?v={v}")
    headers = {"Cache-Control": _FOREVER if current else "no-cache", "X-Content-Type-Options": "nosniff"}
    return FileResponse(file, headers=headers)
