"""A plan as it is stored: its routes and stops, from rows of the database and to them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from gis.patrol.network import Mode
from gis.patrol.plan import LeftOut, Pause, WhyNot
from gis.patrol.request import Aim, Because, Kind
from gis.patrol.stops import Candidate, Unit
from gis.patrol.teams import TeamSpec, point_text


@dataclass(frozen=True, slots=True)
class RouteLeg:
    """The way to a stop, or back: (lon, lat) in degrees, seconds and metres."""

    line: tuple[tuple[float, float], ...]
    seconds: float
    metres: float


@dataclass(frozen=True)
class RouteTimes:
    """What a route comes to, as `gis.patrol.plan.Route`; `legs` go from the station to each stop and on to the end."""

    begin_s: int
    end_s: int
    travel_s: int
    service_s: int
    waiting_s: int
    metres: float
    pauses: tuple[Pause, ...]
    legs: tuple[RouteLeg, ...]

    @property
    def line(self) -> tuple[tuple[float, float], ...]:
        """The whole way as one line; empty where there is none."""
        return joined(leg.line for leg in self.legs)


@dataclass(frozen=True)
class PlanRoute:
    """A team of a plan, and its route once it is found."""

    team: TeamSpec
    times: RouteTimes | None = None


@dataclass(frozen=True)
class PlanStop:
    """A stop of a plan. `seq` counts from 1 in the team's route (None: in none; then `left_out` tells why, once it is
    known). `team` without `seq`: the leader wants it there."""

    stop: Candidate
    team: str | None = None
    seq: int | None = None
    arrive_s: int | None = None
    begin_s: int | None = None
    leave_s: int | None = None
    pinned: bool = False
    removed: bool = False
    left_out: LeftOut | None = None
    num_households: int | None = None  # that waited; also when their codes are gone

    @property
    def key(self) -> str:
        return self.stop.key


@dataclass(frozen=True, slots=True)
class Done:
    """What was done at a stop: the best of its ticks, when the last one was, which households were reached."""

    outcome: str
    ticked_at: datetime
    reached: tuple[str, ...]
    num_reached: int


@dataclass(frozen=True)
class StoredPlan:
    """A plan. See the table `patrol_plan`."""

    county: int
    id: UUID
    area: str
    on: date
    status: str
    version: int
    aim: Aim
    seed: int
    limit_s: float
    created_at: datetime
    created_by: str
    changed_at: datetime
    solver: str | None
    cpu_s: float | None
    straight: bool
    network: str | None
    network_source: str | None
    network_on: date | None
    compared: Mapping[str, Any] | None
    begun_at: datetime | None
    share: float
    step: str | None
    from_s: int | None
    fault: str | None
    fault_told: str | None
    routes: tuple[PlanRoute, ...] = ()
    stops: tuple[PlanStop, ...] = ()
    done: Mapping[str, Done] = field(default_factory=dict)

    @property
    def routed(self) -> bool:
        """Whether routes were ever found: a plan whose first search failed, or was given up, has none."""
        return self.status == "planned" or any(stop.seq is not None for stop in self.stops)

    def route_of(self, team: str) -> tuple[PlanStop, ...]:
        """The stops of a team, in order."""
        return tuple(sorted((s for s in self.stops if s.team == team and s.seq is not None), key=_seq))


def _seq(stop: PlanStop) -> int:
    return stop.seq or 0


def joined(lines: Iterable[Sequence[tuple[float, float]]]) -> tuple[tuple[float, float], ...]:
    """Lines one after the other as one, without a point twice in a row."""
    points: list[tuple[float, float]] = []
    for line in lines:
        points += [point for n, point in enumerate(line) if n or not points or point != points[-1]]
    return tuple(points)


# ---- to the database


def routes_text(routes: Iterable[PlanRoute]) -> str:
    """Routes as JSON, for `everycell.fill_plan`."""
    return json.dumps([_route_row(number, route) for number, route in enumerate(routes, start=1)])


def stops_text(stops: Iterable[PlanStop]) -> str:
    """Stops as JSON, for `everycell.fill_plan`."""
    return json.dumps([_stop_row(stop) for stop in stops])


def _route_row(number: int, route: PlanRoute) -> dict[str, Any]:
    team, times = route.team, route.times
    row: dict[str, Any] = {
        "team": team.code,
        "seq": number,
        "mode": team.mode.value,
        "station": point_text(team.station),
        "ending": team.end and point_text(team.end),
        "open_end": team.open_end,
        "shift_from": team.shift[0],
        "shift_to": team.shift[1],
        "breaks": team.breaks,
        "skills": list(team.skills),
    }
    if times is None:
        return row
    names = ("begin_s", "end_s", "travel_s", "service_s", "waiting_s", "metres")
    return row | {
        **{name: getattr(times, name) for name in names},
        "pauses": [[one.after, one.begin_at, one.end_at] for one in times.pauses],
        "legs": [[leg.line, leg.seconds, leg.metres] for leg in times.legs],
        "geom": _line_text(times.line),
    }


def _line_text(line: Sequence[tuple[float, float]]) -> str | None:
    if len(line) < 2:
        return None
    return f"SRID=4490;LINESTRING({','.join(f'{lon!r} {lat!r}' for lon, lat in line)})"


def _stop_row(one: PlanStop) -> dict[str, Any]:
    stop, out = one.stop, one.left_out
    return {
        "key": stop.key,
        "kind": stop.kind.value,
        "doorplate": stop.doorplate,
        "site": stop.site,
        "dispute": stop.dispute and str(stop.dispute),
        "revisit": stop.revisit,
        "cell": stop.cell,
        "geom": point_text((stop.lon, stop.lat)),
        "tier": stop.tier,
        "weight": stop.points,
        "service_s": stop.service_s,
        "because": stop.because.value,
        "days": stop.days,
        "households": stop.households if one.num_households is None else one.num_households,
        "units": None if stop.units is None else [unit.code for unit in stop.units],
        "windows": stop.windows,
        "skills": list(stop.skills),
        "team": one.team,
        "seq": one.seq,
        "arrive_s": one.arrive_s,
        "begin_s": one.begin_s,
        "leave_s": one.leave_s,
        "pinned": one.pinned,
        "removed": one.removed,
        "why": out and out.why.value,
        "why_s": out and out.seconds,
        "why_m": out and out.metres,
    }


# ---- from the database


def plan_of(row: Any) -> StoredPlan:
    """A plan of its row, still without routes and stops."""
    values = {name: getattr(row, name) for name in StoredPlan.__dataclass_fields__ if hasattr(row, name)}
    return StoredPlan(**(values | {"on": row.patrol_on, "aim": Aim(row.aim)}))


def route_of(row: Any, area: str) -> PlanRoute:
    """A route of its row."""
    team = TeamSpec(
        code=row.team,
        area=area,
        mode=Mode(row.mode),
        station=(row.lon, row.lat),
        end=None if row.end_lon is None else (row.end_lon, row.end_lat),
        open_end=row.open_end,
        shift=(row.shift_from, row.shift_to),
        breaks=tuple((first, last, seconds) for first, last, seconds in row.breaks),
        skills=tuple(row.skills),
    )
    if row.begin_s is None:
        return PlanRoute(team)
    names = ("begin_s", "end_s", "travel_s", "service_s", "waiting_s", "metres")
    times = RouteTimes(
        **{name: getattr(row, name) for name in names},
        pauses=tuple(Pause(*one) for one in row.pauses),
        legs=tuple(RouteLeg(tuple((p[0], p[1]) for p in line), s, m) for line, s, m in row.legs),
    )
    return PlanRoute(team, times)


def stop_of(row: Any) -> PlanStop:
    """A stop of its row."""
    units = None if row.codes is None else tuple(Unit(code, unit) for code, unit in row.units or ())
    stop = Candidate(
        key=row.key,
        kind=Kind(row.kind),
        lon=row.lon,
        lat=row.lat,
        cell=row.cell,
        because=Because(row.because),
        days=row.days,
        tier=row.tier,
        points=row.weight,
        service_s=row.service_s,
        skills=tuple(row.skills),
        doorplate=row.doorplate,
        site=row.site,
        dispute=row.dispute,
        revisit=row.revisit,
        address=row.address,
        name=row.name,
        category=row.category,
        units=units,
        windows=tuple((first, last) for first, last in row.windows),
    )
    left_out = None if row.why is None else LeftOut(row.key, WhyNot(row.why), row.why_s, row.why_m)
    names = ("team", "seq", "arrive_s", "begin_s", "leave_s", "pinned", "removed")
    return PlanStop(
        stop, **{name: getattr(row, name) for name in names}, left_out=left_out, num_households=row.households
    )
