"""Links for the phones of teams: whoever has one sees one route of one plan and ticks its stops, until a day after.

A link's secret is told once; the database keeps its digest. A new link of a team ends the one before, and giving the
plan up ends them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from gis.access.scope import Right, Role, Scope
from gis.access.sessions import digest, new_secret
from gis.errors import BadInput, NotFound
from gis.patrol import plans
from gis.patrol.clock import LATEST_S, instant_of
from gis.patrol.stored import StoredPlan
from gis.storage.engine import Store
from gis.storage.queries import query

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made, with its secret."""

    team: str
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """Whose route a link shows. `shown`: the stops that it, or one of the same team before it, has shown so far."""

    county: int
    plan: UUID
    team: str
    area: str
    expires_at: datetime
    shown: frozenset[str]


def make(conn: Connection, plan: StoredPlan, teams: Iterable[str] | None, zone: ZoneInfo) -> list[NewLink]:
    """New links for some teams of a plan (None: all). Raises BadInput for a team that it has not."""
    known = [route.team.code for route in plan.routes]
    wanted = known if teams is None else list(dict.fromkeys(teams))
    for team in wanted:
        if team not in known:
            raise BadInput("{field}: the plan has no team {team!r}", team=team[:20], field="teams")
    expires_at = instant_of(plan.on, LATEST_S, zone)
    made = [NewLink(team, new_secret(), expires_at) for team in wanted]
    call = text("SELECT everycell.put_patrol_link(:county, CAST(:plan AS uuid), :team, :hash, :expires_at)")
    for one in made:
        values = {"county": plan.county, "plan": str(plan.id), "team": one.team, "hash": digest(one.secret)}
        conn.execute(call, values | {"expires_at": expires_at})
    return made


def might_be(secret: str) -> bool:
    """Whether a text looks like a secret at all."""
    return _SECRET.fullmatch(secret) is not None


def link_of(conn: Connection, secret: str) -> Link:
    """Whose link a secret is. Raises NotFound where it is none, or over."""
    found = None
    if might_be(secret):
        statement = text("SELECT * FROM everycell.patrol_link_of(:hash)")
        found = conn.execute(statement, {"hash": digest(secret)}).one_or_none()
    if found is None:
        raise NotFound("this link is not valid, or not any more: ask for a new one")
    return Link(found.county, found.plan, found.team, found.area, found.expires_at, frozenset(found.shown))


def reading(link: Link) -> Scope:
    """What may be read through a link, before it is cut to the stops of its route."""
    return Scope(dict.fromkeys((Right.figures, Right.patrols, Right.doors), (link.area,)))


def route_of(store: Store, link: Link) -> StoredPlan:
    """The plan with the route and the stops of the link's team alone."""
    with store.read(reading(link).settings()) as conn:
        return plans.get(conn, [link.county], link.plan, team=link.team)


def shown_route(store: Store, link: Link) -> StoredPlan:
    """The same, for whoever shows it: from now on the link's team may tick these stops, wherever they are moved."""
    route = route_of(store, link)
    shown = {one.key for one in route.stops}
    if not shown <= link.shown:
        call = text("SELECT everycell.show_patrol_stops(:county, CAST(:plan AS uuid), :team, :stops)")
        values = {"county": link.county, "plan": str(link.plan), "team": link.team, "stops": sorted(shown)}
        with store.begin(reading(link).settings()) as conn:
            conn.execute(call, values)
    return route


def tickable(store: Store, link: Link) -> StoredPlan:
    """The plan with the stops that the link's team may tick: those of its route, and those that it was ever shown. A
    phone without a signal does not hear that a stop was given to another team, and what it did there counts."""
    with store.read(reading(link).settings()) as conn:
        plan = plans.get(conn, [link.county], link.plan)
    own = {one.key for one in plan.route_of(link.team)} | link.shown
    return replace(plan, stops=tuple(one for one in plan.stops if one.key in own))


def ticking(store: Store, link: Link, plan: StoredPlan) -> Scope:
    """What may be written through a link: visits and checks in the cells where these stops now lie, revisits where
    those are."""
    doors = [one.stop.doorplate for one in plan.stops if one.stop.doorplate is not None]
    sites = [one.stop.site for one in plan.stops if one.stop.site is not None]
    values = {"county": link.county, "doors": doors, "sites": sites}
    with store.read(reading(link).settings()) as conn:
        cells = tuple(sorted(set(conn.scalars(query("patrol/cells_of_stops"), values))))
    again = tuple(sorted({one.stop.cell for one in plan.stops if one.stop.dispute and one.stop.cell}))
    return Scope({Right.patrols: (link.area,), Right.visits: cells, Right.doors: cells, Right.cases: again})


def role_in(scope: Scope, right: Right, area: str) -> Role | None:
    """A team ticks as whoever leads it."""
    return Role.patrol_leader if scope.allows(right, area) else None
