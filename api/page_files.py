"""GET /static: the files that pages are made of.

Text goes out packed to whoever takes it so: a page of ours has forty small files, and a third of their bytes does. They
are the same for everybody and hold no secret, unlike pages, which carry the token of a session and are never packed:
their length would tell of it (BREACH).
"""

from __future__ import annotations

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path as File
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, Response

from api.answers import matches
from api.requests import header, takes_gzip
from gis.errors import NotFound
from maps.assets import asset_url, file_of
from maps.wall import WORKER

router = APIRouter()
_FOREVER: Final = "public, max-age=31536000, immutable"
_TEXT: Final = (".css", ".js", ".mjs", ".svg")

mimetypes.add_type("text/javascript", ".mjs")


@router.get("/static/{path:path}", summary="A file of a page")
def static(
    request: Request,
    path: Annotated[str, Path()],
    v: Annotated[str | None, Query(description="The file's content hash")] = None,
) -> Response:
    if "\x00" in path or "\\" in path:
        raise NotFound("{path!r}: there is no such file", path=path, field="path")
    file = file_of(path)
    hashed = asset_url(path).rpartition("?v=")[2]
    # Only the address that carries the hash of what is sent now may be kept for good.
    headers = {"Cache-Control": _FOREVER if v == hashed else "no-cache", "X-Content-Type-Options": "nosniff"}
    if path == WORKER:  # the default policy would let it ask for nothing
        headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    if file.suffix not in _TEXT:
        return FileResponse(file, headers=headers)
    headers["Vary"] = "Accept-Encoding"
    if not takes_gzip(request.scope):
        return FileResponse(file, headers=headers)
    headers |= {"ETag": f'"{hashed}-gzip"', "Content-Encoding": "gzip"}
    if matches(header(request.scope, b"if-none-match"), headers["ETag"].encode()):
        del headers["Content-Encoding"]
        return Response(status_code=304, headers=headers)
    kind = mimetypes.guess_type(file.name)[0]
    return Response(_packed(file, file.stat().st_mtime_ns), headers=headers, media_type=kind)


@lru_cache(maxsize=256)
def _packed(file: File, _changed_ns: int) -> bytes:
    return gzip.compress(file.read_bytes(), mtime=0)
