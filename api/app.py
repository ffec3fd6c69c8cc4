"""The service as an ASGI application.

    with open_store(settings()) as store:
        app = create_app(store)

Everything it holds is made from the store; nothing is read from the environment here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import Depends, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from api import health, households, pages, problems, search
from api.answers import Answers
from api.cache import AnswerCache
from api.deps import Service, refuse_unknown_parameters
from api.features import routes as features
from api.shortcut import Shortcut
from api.streams import Streams
from gis.households.figures import Figures
from gis.storage.engine import Store
from gis.storage.mirror import Mirror

_CACHE_BYTES: Final = 64 * 2**20


def create_app(
    store: Store, *, cache_bytes: int = _CACHE_BYTES, on_close: Callable[[], None] = lambda: None
) -> FastAPI:
    """An application on an open store. It listens to the store from its start to its end, then calls `on_close`.

    `cache_bytes` is how much memory finished answers may take.
    """
    mirror = Mirror(store)
    answers = Answers(store, mirror, AnswerCache(cache_bytes))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            await run_in_threadpool(mirror.start)
            yield
        finally:
            await run_in_threadpool(mirror.close)
            on_close()

    app = FastAPI(
        title="everycell",
        description="Has every cell, and every household in it, been visited, and which have not?",
        version=version("everycell"),
        openapi_url=None,  # ours is at /api, and its pages would load scripts from the internet
        redirect_slashes=False,
        lifespan=lifespan,
        dependencies=[Depends(refuse_unknown_parameters)],
        middleware=[Middleware(Shortcut, answers=answers)],
    )
    app.state.service = Service(store, mirror, answers, Figures(), Streams())
    problems.install(app)
    for part in (features, households, search, pages, health):
        app.include_router(part.router)
    return app
