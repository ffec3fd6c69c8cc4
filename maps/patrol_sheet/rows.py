"""What a sheet tells of a team: its route and stops, out of a plan as `GET /patrol/plans/{id}` answers it. Pure.

A plan knows codes of households; a sheet lists only which units wait, as they stand at the doors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.errors import BadInput, NotFound
from gis.words import word

Line = npt.NDArray[np.float64]  # shape (n, 2): lon, lat in degrees
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Streets:
    """Streets to be drawn behind a route, n of them: `lines` shapely LineStrings in degrees (EPSG:4490), `classes` 1
    (main) to 4 (path), `names` ('' without one)."""

    lines: Sequence[Any] = ()
    classes: Sequence[int] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True)
class SheetStop:
    """A stop in a route; `number` counts from 1. Times are those of the plan ("09:12")."""

    number: int
    kind: str
    lon: float
    lat: float
    arrive_at: str
    where: str
    name: str
    units: tuple[str, ...]
    households: int | None
    reason: Json
    windows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SheetRoute:
    """A team and what it does. `legs` lead to stop 1, to stop 2 … and (the last) to the end; one that is not known is
    empty. `station` and `end` are (lon, lat); `end` None: at the last stop."""

    team: str
    mode: str
    shift: tuple[str, str]
    begin_at: str
    end_at: str
    metres: float
    pauses: tuple[Json, ...]
    station: tuple[float, float]
    end: tuple[float, float] | None
    stops: tuple[SheetStop, ...]
    legs: tuple[Line, ...]


def routes_of(plan: Json, team: str | None = None) -> list[SheetRoute]:
    """The routes of a plan that have a stop, or the one of a team, which then may have none.

    Raises BadInput where the plan is not planned, NotFound where it has no such team.
    """
    if plan["status"] != "planned":
        raise BadInput(
            "status: the plan is {status}; only one that is planned has sheets",
            status=word(plan["status"]),
            field="status",
        )
    wanted = [one for one in plan["teams"] if team is None or one["code"] == team]
    if team is not None and not wanted:
        raise NotFound("{field}: the plan has no team {team!r}", team=team[:40], field="team")
    by_key = {stop["key"]: stop for stop in plan["stops"]}
    found = [_route(one, by_key) for one in wanted]
    return [route for route in found if route.stops or team is not None]


def _route(team: Json, by_key: Mapping[str, Json]) -> SheetRoute:
    route = team.get("route") or {}
    stops = tuple(_stop(number, by_key[key]) for number, key in enumerate(route.get("stops", ()), start=1))
    station, end = _place(team["station"]), team.get("end")
    legs = tuple(_line(leg.get("line")) for leg in route.get("legs") or ())
    return SheetRoute(
        team=team["code"],
        mode=team["mode"],
        shift=tuple(team["shift"]),
        begin_at=route.get("begin_at") or "",
        end_at=route.get("end_at") or "",
        metres=float(route.get("metres") or 0),
        pauses=tuple(route.get("pauses") or ()),
        station=station,
        end=None if team.get("open_end") else _place(end) if end else station,
        stops=stops,
        legs=legs if len(legs) > len(stops) else (*legs, *[_line(None)] * (len(stops) + 1 - len(legs))),
    )


def _stop(number: int, stop: Json) -> SheetStop:
    units = [unit.get("unit") or "" for unit in stop.get("units") or ()]
    name = stop.get("name") or ""
    return SheetStop(
        number=number,
        kind=stop["kind"],
        lon=stop["lon"],
        lat=stop["lat"],
        arrive_at=stop.get("arrive_at") or "",
        where=stop.get("address") or name,
        name=name if stop.get("address") else "",
        units=tuple(unit for unit in units if unit) if len(units) > 1 else (),
        households=stop.get("households"),
        reason=stop.get("reason") or {},
        windows=tuple((first, last) for first, last in stop.get("windows") or ()),
    )


def _place(place: Json) -> tuple[float, float]:
    return float(place["lon"]), float(place["lat"])


def _line(line: Json | None) -> Line:
    if not line or not line.get("coordinates"):
        return np.empty((0, 2))
    return np.asarray(line["coordinates"], float)[:, :2]
