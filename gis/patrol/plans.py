"""Plans: asked for, read, listed, changed, taken back, given up.

Whoever calls these functions has told the transaction a scope (`Store.begin(scope.settings())`, also as the owner): the
database lets nobody make or change a plan beyond the areas of the right `patrols`. The caller owns the transaction.
Routes are found elsewhere (`gis.patrol.jobs`): a new plan waits for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from gis.codes import county_of
from gis.errors import BadInput, NotFound
from gis.patrol import stops, teams
from gis.patrol.asking import MOST_STOPS, Again, Asked, PickedPlace
from gis.patrol.request import Aim, Kind
from gis.patrol.stops import Candidate, Totals
from gis.patrol.stored import (
    Done,
    PlanRoute,
    PlanStop,
    StoredPlan,
    plan_of,
    route_of,
    routes_text,
    stop_of,
    stops_text,
)
from gis.patrol.teams import TeamSpec
from gis.sentence import Sentence
from gis.storage.queries import query


@dataclass(frozen=True, slots=True)
class Listed:
    """A plan in a list, in numbers: `stops` without those that were removed, `planned` in routes, `done` of those."""

    county: int
    id: UUID
    area: str
    patrol_on: date
    status: str
    version: int
    created_at: datetime
    created_by: str
    teams: tuple[str, ...]
    stops: int
    planned: int
    done: int


# ---- asked for


def create(
    conn: Connection, asked: Asked, sent: object, *, by: str, cases: bool, most: int = MOST_STOPS
) -> tuple[StoredPlan, bool]:
    """Ask for a plan; the plan, which waits for its routes, and whether the very same was asked for before.

    `sent` is the JSON of `asked`, `by` a sign-in name, `cases` whether revisits may be in it. Raises BadInput where
    teams or stops cannot be used, Conflict (by the database) where another plan has its id.
    """
    county = county_of(asked.area, field="area")
    before = find(conn, [county], asked.id)
    chosen = [] if before else stops_asked(conn, asked, cases=cases, most=most)
    spec = [] if before else [_team(conn, asked.area, one) for one in asked.teams]
    values = {
        "county": county,
        "id": str(asked.id),
        "area": asked.area,
        "on": asked.on,
        "aim": asked.aim.value,
        "seed": asked.seed,
        "limit_s": asked.limit_s,
        "asked": json.dumps(sent),
        "by": by,
        "routes": routes_text(PlanRoute(team) for team in spec),
        "stops": stops_text(PlanStop(stop) for stop in chosen),
    }
    made = conn.execute(query("patrol/open_plan"), values).scalar_one()
    return get(conn, [county], asked.id), not made


def _team(conn: Connection, area: str, one: TeamSpec | str) -> TeamSpec:
    if isinstance(one, str):
        return teams.called(conn, area, one)
    if not one.area.startswith(area) and not area.startswith(one.area):
        raise BadInput(
            "teams: {code} is of {own}, which is elsewhere than {area}",
            code=one.code,
            own=one.area,
            area=area,
            field="teams",
        )
    return one


def stops_asked(conn: Connection, asked: Asked, *, cases: bool, most: int) -> list[Candidate]:
    """The stops of a plan: what the leader has chosen, and the work of the area. Raises BadInput where there is none,
    or more than can be planned at once."""
    own = places(conn, county_of(asked.area, field="area"), asked.picked, asked.service)
    for place in own:
        if place.cell is None or not place.cell.startswith(asked.area):
            raise BadInput(
                "{field}: {lon}, {lat} does not lie in {area}",
                lon=place.lon,
                lat=place.lat,
                area=asked.area,
                field="picked",
            )
    ask = stops.Ask(asked.area, asked.on, asked.wanted, asked.service, cases)
    if asked.wanted.most is None or asked.wanted.most > most:
        ask = replace(ask, wanted=replace(asked.wanted, most=most + 1))
    found, totals = stops.first_of(conn, ask)
    chosen = list({one.key: one for one in [*found, *own]}.values())
    if len(chosen) > most:
        _refuse_many(asked, totals, most)
    if not chosen:
        raise BadInput(
            "stops: nothing waits in {area} of what is asked for{more}",
            area=asked.area,
            more=_but(totals),
            field="stops",
        )
    return windowed(chosen, asked)


def _but(totals: Totals) -> str:
    if not totals.elsewhere:
        return ""
    return Sentence(
        ", but {number:,} in other plans of that day (`in_other_plans` takes them as well)", number=totals.elsewhere
    )


def _refuse_many(asked: Asked, totals: Totals, most: int) -> None:
    number = min(totals.of(asked.wanted), asked.wanted.most or totals.of(asked.wanted)) + len(asked.picked)
    raise BadInput(
        "stops: {number:,} are more than the {most:,} of one plan: give `most` (the longest wait"
        " first), fewer tiers or kinds, or a smaller area",
        number=number,
        most=most,
        field="stops",
    )


def windowed(chosen: Sequence[Candidate], asked: Asked) -> list[Candidate]:
    """The stops with the times at which they can be served. Raises BadInput for a window of a stop that is not
    there."""
    keys = {one.key for one in chosen}
    for one in asked.windows:
        if one.stop is not None and one.stop not in keys:
            raise BadInput("{field}: the plan has no stop {stop!r}", stop=one.stop[:40], field="windows")

    def of(stop: Candidate) -> tuple[tuple[int, int], ...]:
        own = [w.window for w in asked.windows if w.stop == stop.key]
        return tuple(sorted(own or [w.window for w in asked.windows if w.kind == stop.kind]))

    return [replace(stop, windows=of(stop)) for stop in chosen]


def places(conn: Connection, county: int, chosen: Sequence[PickedPlace], service: Any) -> list[Candidate]:
    """Places that the leader has chosen, as stops, with the cells in which they lie."""
    if not chosen:
        return []
    lons, lats = ([one.place[axis] for one in chosen] for axis in (0, 1))
    rows = conn.execute(query("patrol/cells_at"), {"counties": [county], "lons": lons, "lats": lats})
    cells = {row.number: row.code for row in rows}
    return [
        stops.picked(
            *one.place,
            service.minutes.seconds(Kind.place) if one.minutes is None else round(60 * one.minutes),
            one.tier,
            cells.get(number),
            sorted(service.needs.get(Kind.place, ())),
        )
        for number, one in enumerate(chosen, start=1)
    ]


# ---- read


def find(conn: Connection, counties: Sequence[int], id: UUID) -> StoredPlan | None:
    """A plan without its routes and stops; None where there is none in the caller's areas."""
    row = conn.execute(query("patrol/plan"), {"counties": list(counties), "id": str(id)}).one_or_none()
    return None if row is None else plan_of(row)


def get(conn: Connection, counties: Sequence[int], id: UUID, *, team: str | None = None) -> StoredPlan:
    """A plan with its routes, stops and what was done (of one team, where it is given). Raises NotFound; one that the
    caller may not see is as unknown as one that does not exist."""
    found = find(conn, counties, id)
    if found is None:
        raise NotFound("there is no plan {id}", id=id)
    values = {"county": found.county, "id": str(id), "team": team}
    routes = (route_of(row, found.area) for row in conn.execute(query("patrol/routes"), values))
    return replace(
        found,
        routes=tuple(route for route in routes if team in (None, route.team.code)),
        stops=tuple(stop_of(row) for row in conn.execute(query("patrol/plan_stops"), values)),
        done=_done(conn, values),
    )


def _done(conn: Connection, values: dict[str, Any]) -> dict[str, Done]:
    rows = conn.execute(query("patrol/ticks"), values)
    return {r.stop: Done(r.outcome, r.ticked_at, tuple(r.reached), len(r.reached) or r.num_reached or 0) for r in rows}


def listed(
    conn: Connection,
    counties: Sequence[int],
    areas: Sequence[str],
    *,
    on: date | None = None,
    status: str | None = None,
) -> list[Listed]:
    """Plans, the latest day first; of some areas and all in them (none: of these counties)."""
    values = {"counties": list(counties), "areas": list(areas), "on": on, "status": status}
    rows = conn.execute(query("patrol/plans"), values)
    return [Listed(**{**row._mapping, "teams": tuple(row.teams)}) for row in rows]


# ---- changed


def write(
    conn: Connection, plan: StoredPlan, routes: Iterable[PlanRoute], changed: Iterable[PlanStop], version: int
) -> None:
    """Write a plan that was changed from a version. Raises Conflict (by the database) where that is not the present
    one."""
    values = {
        "county": plan.county,
        "id": str(plan.id),
        "version": version,
        "routes": routes_text(routes),
        "stops": stops_text(changed),
    }
    call = "everycell.change_plan(:county, CAST(:id AS uuid), :version, CAST(:routes AS jsonb), CAST(:stops AS jsonb))"
    conn.execute(text(f"SELECT {call}"), values)


def again(conn: Connection, plan: StoredPlan, wanted: Again, from_s: int | None) -> None:
    """Let a plan be searched again, from a time of its day on (None: as a whole)."""
    values = {
        "county": plan.county,
        "id": str(plan.id),
        "version": wanted.version,
        "aim": Aim(wanted.aim or plan.aim).value,
        "seed": plan.seed if wanted.seed is None else wanted.seed,
        "limit_s": wanted.limit_s or plan.limit_s,
        "from_s": from_s,
    }
    call = "everycell.plan_again(:county, CAST(:id AS uuid), :version, :aim, :seed, :limit_s, :from_s)"
    conn.execute(text(f"SELECT {call}"), values)


def undo(conn: Connection, plan: StoredPlan, version: int) -> None:
    """Take the last change back. Raises Conflict (by the database) where there is none, or `version` is not the present
    one."""
    values = {"county": plan.county, "id": str(plan.id), "version": version}
    conn.execute(text("SELECT everycell.undo_plan(:county, CAST(:id AS uuid), :version)"), values)


def cancel(conn: Connection, plan: StoredPlan) -> str:
    """End the search of a plan, or give it up; the status it then has."""
    values = {"county": plan.county, "id": str(plan.id)}
    found: str = conn.execute(text("SELECT everycell.cancel_plan(:county, CAST(:id AS uuid))"), values).scalar_one()
    return found
