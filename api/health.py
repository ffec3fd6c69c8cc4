"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.deps import service
from api.problems import Trouble
from gis.storage.migrate import current, head

router = APIRouter()


@router.get("/healthz", summary="The process answers")
async def alive() -> Response:
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@router.get("/readyz", summary="The database answers, its schema fits, changes are heard")
def ready(request: Request) -> Response:
    serving = service(request)
    with serving.store.read() as conn:
        revision = current(conn)
    if revision != head():
        raise Trouble(
            "storage",
            "the database has schema revision {revision}, this everycell needs {head}",
            revision=revision,
            head=head(),
        )
    listening = serving.mirror.listening
    return JSONResponse(
        {"status": "ok", "schema": revision, "listening": listening, "cached_bytes": serving.answers.cache.used},
        headers={"Cache-Control": "no-store"},
    )
