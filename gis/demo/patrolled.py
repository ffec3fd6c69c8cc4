"""Patrols of a town of the generated county, planned on its streets and ticked as far as the day has come: yesterday's,
so that there is something to look back at and something missed that leads the next plan, and today's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from sqlalchemy import Connection, text

from gis.access.scope import ALL, Role
from gis.patrol import plans, teams, ticks
from gis.patrol.asking import parse_asked
from gis.patrol.clock import instant_of
from gis.patrol.jobs import find_here
from gis.patrol.request import Kind
from gis.patrol.stored import PlanStop, StoredPlan
from gis.patrol.ticks import Tick, TickOutcome
from gis.settings import Settings
from gis.storage.engine import widened

_STOPS: Final = 60
_LIMIT_S: Final = 2.0
_OUTCOMES: Final = (TickOutcome.reached, TickOutcome.no_answer, TickOutcome.skipped)
_SHARES: Final = (0.83, 0.12, 0.05)


def patrol(
    conn: Connection, county: int, settings: Settings, *, on: date, now: datetime, seed: int
) -> StoredPlan | None:
    """Plan the first town's patrol of a day, and tick what its teams have left behind by `now` (an aware instant); None
    where it has no team. The caller owns the transaction."""
    with widened(conn, ALL.settings(), {}):
        plan = _plan(conn, county, settings, on, seed)
        return None if plan is None else _ticked(conn, plan, settings, now, seed)


def _plan(conn: Connection, county: int, settings: Settings, on: date, seed: int) -> StoredPlan | None:
    town = conn.execute(
        text("SELECT min(area) FROM everycell.team WHERE county = :county AND length(area) = 9"), {"county": county}
    ).scalar()
    going = [] if town is None else teams.teams(conn, [town], [county])
    if not going:
        return None
    sent = {
        "id": str(uuid5(NAMESPACE_URL, f"everycell:demo:{county:06}:{on}:{seed}")),
        "area": town,
        "on": on.isoformat(),
        "teams": [team.code for team in going],
        "stops": {"most": _STOPS},
        "seed": seed % 1_000,
        "limit_s": _LIMIT_S,
    }
    asked = parse_asked(sent)
    plans.create(conn, asked, sent, by="demo", cases=False)
    return find_here(conn, county, asked.id, settings.zone)


def _ticked(conn: Connection, plan: StoredPlan, settings: Settings, now: datetime, seed: int) -> StoredPlan:
    made = [tick for tick in _ticks(plan, settings, seed) if tick.ticked_at <= now]
    done = ticks.record(conn, plan, made, settings, role_of=lambda _right, _area: Role.patrol_leader)
    if done.refused:
        raise RuntimeError(f"a tick of the patrol of {plan.on} was refused: {done.refused[0].detail}")
    return plans.get(conn, [plan.county], plan.id)


def _ticks(plan: StoredPlan, settings: Settings, seed: int) -> Iterator[Tick]:
    """A tick for every stop but the last of a route, for which the time was too short: when the team leaves it."""
    rng = np.random.default_rng(seed)
    for stop in (stop for route in plan.routes for stop in plan.route_of(route.team.code)[:-1]):
        outcome = _OUTCOMES[rng.choice(len(_OUTCOMES), p=_SHARES)]
        yield Tick(
            id=uuid5(plan.id, stop.key),
            stop=stop.key,
            outcome=outcome,
            ticked_at=instant_of(plan.on, stop.leave_s or 0, settings.zone),
            households=_households(stop, outcome, rng),
        )


def _households(stop: PlanStop, outcome: TickOutcome, rng: np.random.Generator) -> tuple[str, ...] | None:
    """Of a doorplate the households that were met, most of those that wait; all where nobody was."""
    if stop.stop.kind is not Kind.doorplate or outcome is TickOutcome.skipped:
        return None
    waiting = sorted(unit.code for unit in stop.stop.units or ())
    met = [code for code in waiting if rng.random() < 0.8] if outcome is TickOutcome.reached else waiting
    return tuple(met or waiting[:1])
