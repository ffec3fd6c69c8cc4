"""What routes depend on: the service behind the request, a connection, and a check of the parameters.

A connection comes from `Depends(connection, scope="function")`: with the default scope FastAPI would end the
transaction after the answer has gone out, and a failed commit would still have answered 200.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import Connection

from api.answers import Answers
from api.problems import Trouble
from api.streams import Streams
from gis.households.coverage import today_in
from gis.households.figures import CountyFigures, Figures
from gis.storage.engine import Store
from gis.storage.mirror import Mirror


@dataclass(frozen=True)
class Service:
    """What a worker holds: the store, the mirror of its revisions, and what was worked out from both."""

    store: Store
    mirror: Mirror
    answers: Answers
    figures: Figures
    streams: Streams

    @property
    def today(self) -> date:
        """Today where the county is."""
        return today_in(self.store.settings)

    def cell_figures(self, conn: Connection, counties: Iterable[int], since: date) -> dict[int, CountyFigures]:
        """The figures of every cell of these counties, in the snapshot of `conn`."""
        return {
            county: self.figures.county(conn, county, self.mirror.stamp(county), since, self.today)
            for county in counties
        }


def service(request: Request) -> Service:
    """The service that this request came to."""
    found: Service = request.app.state.service
    return found


Serving = Annotated[Service, Depends(service)]


def connection(serving: Serving) -> Iterator[Connection]:
    """A read-only snapshot for the time of the route."""
    with serving.store.read() as opened:
        yield opened


Reading = Annotated[Connection, Depends(connection, scope="function")]


async def refuse_unknown_parameters(request: Request) -> None:
    """Every parameter must be one that the route knows, given once: a misspelt filter would silently do nothing."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.scope["query_string"]:
        return
    known = _parameters(route.dependant)
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if name not in known:
            offered = f"it has {', '.join(sorted(known))}" if known else "it has none"
            raise Trouble("unknown-parameter", f"{name}: {route.path} has no such parameter; {offered}", field=name)
        if given.count(name) > 1:
            raise Trouble("bad-input", f"{name}: is given {given.count(name)} times; give it once", field=name)


def _parameters(dependant: Dependant) -> frozenset[str]:
    names = {field.alias for field in dependant.query_params}
    for inner in dependant.dependencies:
        names |= _parameters(inner)
    return frozenset(names)
