"""What routes depend on: the service behind the request, a connection, and a check of the parameters.

A connection comes from `Depends(connection, scope="function")`: with the default scope FastAPI would end the
transaction after the answer has gone out, and a failed commit would still have answered 200.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.answers import Answers, Body
from api.audits import Audits, DoorRead
from api.callers import session_secret
from api.event_hub import Hub
from api.permissions import Open, need_of, offered, refuse
from api.problems import Trouble
from api.requests import caller_of
from api.streams import Streams
from gis.access.scope import ALL, Right
from gis.access.sessions import Caller, Kind, csrf_token
from gis.board.today import DayVisits, HourCounts
from gis.disputes.kept import Kept
from gis.errors import NotAllowed
from gis.households.coverage import today_in
from gis.households.figures import CountyFigures, Figures
from gis.patrol.jobs import Planning
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.engine import Store, Told, widened
from gis.storage.mirror import Mirror
from gis.storage.revisions import Box, Touch


@dataclass(frozen=True)
class Service:
    """What a worker holds: the store, the mirror of its revisions, and what was worked out from both.

    The store is the role's that owns nothing: a transaction sees what the scope allows that it was told.
    """

    store: Store
    mirror: Mirror
    answers: Answers
    figures: Figures
    visits: DayVisits
    drawn: Kept
    streams: Streams
    audits: Audits
    planning: Planning
    events: Hub


@dataclass(frozen=True)
class ServiceFor:
    """The service as one caller may use it: every question it asks is within the caller's scope."""

    service: Service
    request: Request
    caller: Caller

    @property
    def store(self) -> Store:
        """The store itself: a transaction of it sees nothing of a county unless it is told a scope."""
        return self.service.store

    @property
    def settings(self) -> Settings:
        return self.service.store.settings

    @property
    def today(self) -> date:
        """Today where the county is."""
        return today_in(self.settings)

    @property
    def now(self) -> datetime:
        """Now, on the county's clock."""
        return datetime.now(self.settings.zone)

    @property
    def told(self) -> Told:
        """What the row policies are told of the caller."""
        return self.caller.scope.settings()

    def read(self) -> AbstractContextManager[Connection]:
        """A read-only snapshot of what the caller may see."""
        return self.service.store.read(self.told)

    def touch(
        self,
        right: Right,
        boxes: tuple[Box, ...] | None = None,
        area: str | None = None,
        *,
        cells: bool = True,
        county: bool = False,
        today: bool = False,
        households: bool = True,
        patrols: bool = False,
        quarter: bool = False,
    ) -> Touch:
        """What an answer depends on, of that which the caller has a right on."""
        within = self.caller.scope.where(right)
        return Touch(boxes, area, within, cells, county, today, households, patrols, quarter)

    def inside(self, right: Right, area: str | None) -> str | None:
        """`area`, where a right holds for all of it; for None the one area the right holds for, None where it holds for
        several, or everywhere. Raises NotAllowed, whether there is such an area or not."""
        areas = self.caller.scope.where(right)
        if area is None:
            return areas[0] if len(areas) == 1 and areas[0] else None
        if not self.caller.scope.allows(right, area):
            raise NotAllowed(
                "area: {area} does not lie in your area ({areas})", area=area, areas=", ".join(areas), field="area"
            )
        return area

    def counties(self, touch: Touch) -> list[int]:
        """The counties that an answer can hold something of, in order."""
        return self.service.mirror.counties(touch)

    def touched(self, touch: Touch) -> dict[int, list[int]]:
        """The codes of the cells that an answer touches, as integers, in order, by county."""
        return self.service.mirror.touched(touch)

    def extent(self, right: Right = Right.figures) -> Box | None:
        """The box around the cells of the caller's areas, in degrees."""
        return self.service.mirror.extent(self.caller.scope.where(right))

    def answer(
        self,
        touch: Touch,
        make: Callable[[Connection], Body],
        doors: Callable[[], DoorRead] | None = None,
        *,
        by_content: bool = False,
    ) -> Response:
        """304, the kept body, or what `make` reads. `doors` tells what of doors the answer shows: the audit has it
        before the answer goes out. `by_content`: the ETag is of the content (`Body.tag`)."""
        return self.service.answers.answer(self.request, touch, make, doors, by_content=by_content)

    def cell_figures(
        self, conn: Connection, counties: Iterable[int], since: date, *, by_day: bool = False
    ) -> dict[int, CountyFigures]:
        """The figures of every cell of these counties, in the snapshot of `conn`. What a worker keeps in memory is of
        all cells: whoever calls this cuts it to the caller's areas. `by_day` asks for `last_reached` too."""
        mirror, figures = self.service.mirror, self.service.figures
        with widened(conn, ALL.settings(), self.told):
            return {
                county: figures.county(conn, county, mirror.stamp(county), since, self.today, by_day=by_day)
                for county in counties
            }

    def visits_today(self, conn: Connection, figures: Mapping[int, CountyFigures]) -> list[HourCounts]:
        """The visits of today in the cells of these figures, in the same snapshot; of all cells, as these are."""
        with widened(conn, ALL.settings(), self.told):
            return [
                self.service.visits.county(conn, county, part.revisions, self.today) for county, part in figures.items()
            ]


def service(request: Request) -> Service:
    """The service that this request came to."""
    found: Service = request.app.state.service
    return found


def service_for(request: Request) -> ServiceFor:
    """The service as the caller of this request may use it."""
    return ServiceFor(service(request), request, caller_of(request.scope))


Serving = Annotated[ServiceFor, Depends(service_for)]


def connection(serving: Serving) -> Iterator[Connection]:
    """A read-only snapshot of what the caller may see, for the time of the route."""
    with serving.read() as opened:
        yield opened


Reading = Annotated[Connection, Depends(connection, scope="function")]

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}


async def authorize(request: Request) -> None:
    """The route's row in the table of permissions, and for unsafe methods the proof that a page of ours asks."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    caller = caller_of(request.scope)
    need = need_of(request.method, route.path, request.path_params)
    if need is Open.nothing:
        raise HTTPException(405, headers={"Allow": ", ".join(offered(caller, route.path, request.path_params))})
    anybody = need in (Open.public, Open.link)
    if not anybody and request.state.caller_unknown is not None:
        raise request.state.caller_unknown
    refuse(caller, need)
    if caller.kind is Kind.wall and request.method not in _SAFE and not anybody:
        raise NotAllowed("a wall may change nothing: its token came in a cookie, which any page may send")
    if caller.kind is Kind.session and request.method not in _SAFE and not anybody:
        wanted = csrf_token(session_secret(request.scope))
        if not hmac.compare_digest(request.headers.get("x-csrf-token", "").encode(), wanted.encode()):
            raise NotAllowed(
                "X-CSRF-Token: is missing or not of this session: load the page again", field="X-CSRF-Token"
            )


async def refuse_unknown_parameters(request: Request) -> None:
    """Every parameter must be one that the route knows, given once: a misspelt filter would silently do nothing."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.scope["query_string"]:
        return
    known = _parameters(route.dependant)
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if name not in known:
            told = Sentence("it has {members}", members=", ".join(sorted(known))) if known else Sentence("it has none")
            raise Trouble(
                "unknown-parameter",
                "{field}: {path} has no such parameter; {told}",
                path=route.path,
                told=told,
                field=name,
            )
        if given.count(name) > 1:
            raise Trouble(
                "bad-input", "{field}: is given {number} times; give it once", number=given.count(name), field=name
            )


def _parameters(dependant: Dependant) -> frozenset[str]:
    names = {field.alias for field in dependant.query_params}
    for inner in dependant.dependencies:
        names |= _parameters(inner)
    return frozenset(names)
