"""The service as an ASGI application.

    with open_store(settings()) as store:
        app = create_app(store)

Everything it holds is made from the store; nothing is read from the environment here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import Route

from api import (
    about,
    accounts,
    alarms,
    board,
    changesets,
    dispute_figures,
    disputes,
    events,
    grid,
    health,
    heat,
    households,
    oidc,
    page_files,
    pages,
    patrol,
    patrol_changes,
    patrol_network,
    patrol_out,
    patrol_page,
    patrol_phone,
    patrol_sheet,
    patrol_streets,
    patrol_sweeps,
    problems,
    report,
    search,
    wall,
)
from api.answers import Answers
from api.audits import Audits
from api.cache import AnswerCache
from api.callers import CallerLayer, Callers
from api.daily import Daily
from api.deps import Service, authorize, refuse_unknown_parameters
from api.event_hub import Hub
from api.features import edit_routes as editing
from api.features import routes as features
from api.hardening import HardenedApp
from api.options import OptionsLayer
from api.permissions import refuse_unlisted
from api.shortcut import Shortcut
from api.streams import Streams
from api.watching import Watch
from api.webhooks import Deliveries
from gis.access.scope import ALL
from gis.board.today import DayVisits
from gis.disputes.kept import Kept
from gis.errors import NotAllowed, NotSignedIn
from gis.households.figures import Figures
from gis.patrol.jobs import Planning
from gis.storage.engine import Store
from gis.storage.mirror import Mirror
from gis.storage.outage import is_outage

_CACHE_BYTES: Final = 64 * 2**20
_DATABASE_PATIENCE_S: Final = 30.0
_AGAIN_S: Final = 0.2
_DRAWN_BYTES: Final = 96 * 2**20  # of surfaces of heat

_OF_CASES: Final = (disputes, dispute_figures, heat)
_OF_LINKS: Final = (patrol_page, patrol_phone, patrol_streets)
_OF_PATROLS: Final = (patrol, patrol_changes, patrol_network, patrol_out, patrol_sheet, patrol_sweeps, *_OF_LINKS)
_PEOPLE: Final = (accounts, oidc)
_PARTS: Final = (
    features,
    editing,
    grid,
    households,
    board,
    alarms,
    events,
    *_OF_CASES,
    report,
    *_OF_PATROLS,
    changesets,
    search,
    pages,
    page_files,
    wall,
    *_PEOPLE,
    about,
    health,
)
_ASKED_FIRST: Final = (authorize, refuse_unknown_parameters)  # of every request, whatever it asks for


def create_app(
    store: Store, *, cache_bytes: int = _CACHE_BYTES, on_close: Callable[[], None] = lambda: None
) -> FastAPI:
    """An application on an open store (`as_service`). It listens from its start to its end, then calls `on_close`.

    `cache_bytes` is how much memory finished answers may take.
    """
    mirror, daily, planning = Mirror(store, ALL.settings()), Daily(store), Planning(store)
    deliveries = Deliveries(store)
    audits, figures = Audits(store), Figures()
    watch = Watch(store, mirror, figures)
    answers = Answers(store, mirror, AnswerCache(cache_bytes), audits)
    idle = timedelta(minutes=store.settings.session_idle_minutes)
    callers = Callers(store, mirror, idle)
    hub = Hub(store, mirror, callers)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        try:
            await _begun(mirror.start)
            await _begun(hub.start)
            daily.start()
            planning.start()
            watch.start()
            deliveries.start()
            yield {"end_streams": hub.end}
        finally:
            await run_in_threadpool(deliveries.close)
            await run_in_threadpool(watch.close)
            await run_in_threadpool(planning.close)
            await run_in_threadpool(daily.close)
            await run_in_threadpool(hub.close)
            await run_in_threadpool(mirror.close)
            on_close()

    routes = [route for part in _PARTS for route in part.router.routes if isinstance(route, Route)]
    refuse_unlisted(routes)
    app = HardenedApp(
        title="everycell",
        description="Has every cell, and every household in it, been visited, and which have not?",
        version=version("everycell"),
        openapi_url=None,  # ours is at /api, and its pages would load scripts from the internet
        redirect_slashes=False,
        lifespan=lifespan,
        routes=_every_route().routes,
        dependencies=[Depends(each) for each in _ASKED_FIRST],
        middleware=[
            Middleware(CallerLayer, callers=callers),
            Middleware(OptionsLayer, routes=routes),
            Middleware(Shortcut, answers=answers),
        ],
    )
    app.state.service = Service(
        store,
        mirror,
        answers,
        figures,
        DayVisits(store.settings.timezone),
        Kept(_DRAWN_BYTES),
        Streams(),
        audits,
        planning,
        hub,
    )
    problems.install(app)
    app.add_exception_handler(NotSignedIn, accounts.sign_in_first)
    app.add_exception_handler(NotAllowed, accounts.say_no_rights)
    return app


async def _begun(start: Callable[[], None]) -> None:
    """Begin what reads the database; again and again for a while where that does not answer. A worker that takes the
    place of another may come while the database is on its way back."""
    until = time.monotonic() + _DATABASE_PATIENCE_S
    while True:
        try:
            return await run_in_threadpool(start)
        except DBAPIError as error:
            if not is_outage(error) or time.monotonic() > until:
                raise
        await asyncio.sleep(_AGAIN_S)


@cache
def _every_route() -> APIRouter:
    """The routes of all parts. What they need is looked up at the first request, for several hundred milliseconds: once
    in a process, however many applications it makes."""
    every = APIRouter(dependencies=[Depends(each) for each in _ASKED_FIRST])
    for part in _PARTS:
        every.include_router(part.router)
    return every
