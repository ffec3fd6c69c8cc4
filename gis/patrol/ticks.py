"""Ticks: what a team has done at a stop of its route. No place is told or kept: where they were is not known.

A tick has the client's id; sending it again is harmless, also much later: a phone may have been without a signal. A
tick at a doorplate is a visit of each household that it names, and coverage moves in the same transaction; one at a
key site is its check, one at the place of a closed case its revisit. A stop that was skipped is none of these.

Whoever calls has told the transaction a scope with the rights `patrols`, and `visits` and `cases` where stops need
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Connection, text

from gis.batches import BatchResult, Refusal, known_only, member_of, past_instant_of, text_of, uuid_of
from gis.disputes import revisits
from gis.disputes.cases import RoleOf
from gis.disputes.revisits import RevisitOutcome
from gis.errors import BadInput, Conflict, NotFound
from gis.households.visits import Outcome, Purpose, Visit, check_instant, record_visits
from gis.patrol.clock import LATEST_S, seconds_into
from gis.patrol.request import Kind
from gis.patrol.stored import PlanStop, StoredPlan
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.bulk import array

FIELDS: Final = ("id", "stop", "outcome", "ticked_at", "households", "revisit")
MOST_TICKS: Final = 2_000
_MOST_HOUSEHOLDS: Final = 10_000


class TickOutcome(StrEnum):
    """What a stop came to."""

    reached = "reached"
    no_answer = "no_answer"
    skipped = "skipped"


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick. `households` None: the one that waits there; `revisit` of a revisit that was reached only."""

    id: UUID
    stop: str
    outcome: TickOutcome
    ticked_at: datetime
    households: tuple[str, ...] | None = None
    revisit: RevisitOutcome | None = None

    @property
    def content(self) -> bytes:
        """A digest of all but the id: the same tick again has the same."""
        told = (self.stop, self.outcome, self.ticked_at.isoformat(), self.households, self.revisit)
        return sha256(repr([str(one) for one in told]).encode("utf-8", "surrogatepass")).digest()


def parse_tick(item: object, settings: Settings, now: datetime, *, stop: str | None = None) -> Tick:
    """A tick from JSON (of a stop, where it is known from elsewhere). Raises BadInput whose `field` names what is
    wrong."""
    given = known_only(item, FIELDS, what=Sentence("a tick"), field="tick")
    given = given if stop is None else {**given, "stop": given.get("stop", stop)}
    outcome = member_of(TickOutcome, given, "outcome")
    again = given.get("revisit")
    return Tick(
        id=uuid_of(given, "id"),
        stop=text_of(given, "stop"),
        outcome=outcome,
        ticked_at=_instant(given, settings, now),
        households=_households(given),
        revisit=None if again is None else member_of(RevisitOutcome, given, "revisit"),
    )


def _instant(given: Mapping[Any, Any], settings: Settings, now: datetime) -> datetime:
    try:
        return check_instant(past_instant_of(given, "ticked_at", now), settings, now)
    except BadInput as error:
        raise error.about("ticked_at") from None


def _households(given: Mapping[Any, Any]) -> tuple[str, ...] | None:
    listed = given.get("households")
    if listed is None:
        return None
    if not isinstance(listed, list) or len(listed) > _MOST_HOUSEHOLDS:
        raise BadInput("households: must be a list of codes", field="households")
    return tuple(sorted({text_of({"households": one}, "households") for one in listed}))


def record(
    conn: Connection,
    plan: StoredPlan,
    ticks: Sequence[Tick],
    settings: Settings,
    *,
    role_of: RoleOf,
    team: str | None = None,
) -> BatchResult:
    """Record a batch of ticks at stops of a plan; every tick stands for itself. Of a `team` at any stop of the plan as
    it is given, without one only at stops in routes: the team of the route has done it.

    Deadlocks surface as DBAPIError 40P01: run it in `Store.retrying`.
    """
    if team is None:
        stops = {one.key: one for one in plan.stops if one.seq is not None and one.team is not None}
    else:
        stops = {one.key: replace(one, team=team) for one in plan.stops}
    repeated = 0
    refused: list[Refusal] = []
    for index, tick in enumerate(ticks):
        try:
            with conn.begin_nested():
                repeated += _record(conn, plan, stops, tick, settings, role_of) == "repeated"
        except (BadInput, Conflict, NotFound) as error:
            refused.append(Refusal(index, str(tick.id), error.field or error.code, error.message))
    return BatchResult(len(ticks) - repeated - len(refused), repeated, refused)


def _record(
    conn: Connection,
    plan: StoredPlan,
    stops: Mapping[str, PlanStop],
    tick: Tick,
    settings: Settings,
    role_of: RoleOf,
) -> str:
    stop = stops.get(tick.stop)
    if stop is None or stop.team is None:
        raise BadInput("stop: the route has no stop {stop!r}", stop=tick.stop[:40], field="stop")
    if not 0 <= seconds_into(plan.on, tick.ticked_at, settings.zone) <= LATEST_S:
        raise BadInput("ticked_at: lies outside the day of the plan, {day}", day=plan.on, field="ticked_at")
    units = _units(stop, tick)
    status = _written(conn, plan, stop.team, tick, units)
    if status == "conflict":
        raise Conflict("id: a tick with this id and other content is already recorded", field="id")
    if status == "accepted" and tick.outcome is not TickOutcome.skipped:
        _do(conn, plan, stop, tick, units, settings, role_of)
    return status


def _units(stop: PlanStop, tick: Tick) -> tuple[str, ...]:
    """The households that a tick is about. Raises BadInput where it names none of several, or others."""
    if stop.stop.kind is not Kind.doorplate:
        if tick.households:
            raise BadInput("households: only a doorplate has households", field="households")
        return ()
    known = [unit.code for unit in stop.stop.units or ()]
    if tick.outcome is TickOutcome.skipped and tick.households is None:
        return ()
    if tick.households is None and len(known) != 1:
        raise BadInput(
            "households: {number} wait at this stop: name those that it is about", number=len(known), field="households"
        )
    named = tuple(known) if tick.households is None else tick.households
    if not named or not set(named) <= set(known):
        raise BadInput("households: names one that does not wait at this stop", field="households")
    return named


def _written(conn: Connection, plan: StoredPlan, team: str, tick: Tick, units: Sequence[str]) -> str:
    values = {
        "county": plan.county,
        "plan": str(plan.id),
        "id": str(tick.id),
        "stop": tick.stop,
        "team": team,
        "outcome": tick.outcome.value,
        "ticked_at": tick.ticked_at,
        "units": array(units),
        "content": tick.content,
    }
    call = (
        "everycell.tick_stop(:county, CAST(:plan AS uuid), CAST(:id AS uuid), :stop, :team, :outcome, :ticked_at,"
        " CAST(:units AS text[]), :content)"
    )
    found: str = conn.execute(text(f"SELECT {call}"), values).scalar_one()
    return found


def _do(
    conn: Connection,
    plan: StoredPlan,
    stop: PlanStop,
    tick: Tick,
    units: Sequence[str],
    settings: Settings,
    role_of: RoleOf,
) -> None:
    """What a tick comes to, besides itself."""
    if stop.stop.kind is Kind.doorplate:
        _visit(conn, stop, tick, units, settings)
    elif stop.stop.kind is Kind.site and tick.outcome is TickOutcome.reached:
        on = tick.ticked_at.astimezone(settings.zone).date()
        call = text("SELECT everycell.check_site(:county, :code, :on)")
        if not conn.execute(call, {"county": plan.county, "code": stop.stop.site, "on": on}).scalar_one():
            raise NotFound("stop: the key site is not there any more", field="stop")
    elif stop.stop.kind is Kind.revisit:
        _revisit(conn, plan, stop, tick, role_of)


def _visit(conn: Connection, stop: PlanStop, tick: Tick, units: Sequence[str], settings: Settings) -> None:
    outcome = Outcome(tick.outcome.value)
    visits = [
        Visit(uuid5(tick.id, code), code, tick.ticked_at, outcome, stop.team or "", Purpose.routine) for code in units
    ]
    for refusal in record_visits(conn, visits, settings, within=True).refused:
        raise BadInput("{field}: {wrong}", wrong=refusal.detail, field="households")


def _revisit(conn: Connection, plan: StoredPlan, stop: PlanStop, tick: Tick, role_of: RoleOf) -> None:
    if tick.outcome is TickOutcome.reached and tick.revisit not in (RevisitOutcome.holds, RevisitOutcome.broken):
        raise BadInput("revisit: say whether the agreement holds or is broken", field="revisit")
    if stop.stop.dispute is None or stop.stop.revisit is None:
        raise NotFound("stop: the case is not there any more", field="stop")
    outcome = tick.revisit if tick.outcome is TickOutcome.reached and tick.revisit else RevisitOutcome.no_answer
    done = revisits.Done(outcome, tick.ticked_at)
    revisits.record(conn, [plan.county], stop.stop.dispute, stop.stop.revisit, done, role_of=role_of)
