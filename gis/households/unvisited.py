"""The doors nobody has reached: the list behind every figure of coverage, longest wait first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from gis.codes import level_of
from gis.households.coverage import counties
from gis.storage.queries import query

_FETCH = 2_000


@dataclass(frozen=True, slots=True)
class UnvisitedHousehold:
    """A household that waits, with its doorplate. `lon`, `lat` are degrees; `last_reached_on` None: never reached."""

    code: str
    unit: str | None
    doorplate: int
    address: str | None
    cell: str
    lon: float
    lat: float
    registered_on: date
    last_reached_on: date | None
    last_contact_on: date | None
    due_on: date


def unvisited(conn: Connection, area: str | None, since: date) -> Iterator[UnvisitedHousehold]:
    """Active households of `area` (None: everywhere) not reached since a day, longest wait first.

    Read through a server-side cursor: memory does not grow with the list. Raises BadInput where `area` is no code.
    """
    if area is not None:
        level_of(area)
    values = {"counties": counties(conn, area), "prefix": area or "", "since": since}
    options = {"stream_results": True, "yield_per": _FETCH}
    with conn.execute(query("households/unvisited"), values, execution_options=options) as result:
        for row in result:
            yield UnvisitedHousehold(*row)
