"""Plans of patrols as JSON: the shapes that pages, phones and the command line share."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.responses import Response

from gis.patrol.clock import written
from gis.patrol.plans import Listed
from gis.patrol.stops import Candidate, Totals
from gis.patrol.stored import Done, PlanRoute, PlanStop, StoredPlan
from gis.patrol.teams import as_json
from gis.patrol.tiers import TIERS
from gis.sentence import Sentence

# What is said of a search that has failed.
FAULTS: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    "time": (
        Sentence("The search took too long"),
        Sentence("No plan was found in time: ask for fewer stops, or a longer limit_s"),
    ),
    "ended": (
        Sentence("The search has ended by itself"),
        Sentence("It was begun several times and never came to an end: plan again"),
    ),
    "unchecked": (
        Sentence("The plan that was found was not right"),
        Sentence("It did not pass the check, and is not shown: plan again"),
    ),
    "unusable": (
        Sentence("There is nothing to plan on"),
        Sentence("Stops, teams or streets cannot be used together: change the plan"),
    ),
    "unexpected": (
        Sentence("The search has failed"),
        Sentence("Something unexpected: the log of the service says more"),
    ),
}


def answer(document: Mapping[str, Any], status: int = 200) -> Response:
    """JSON that nobody keeps."""
    return Response(written_out(document), status, headers={"Cache-Control": "no-store"}, media_type="application/json")


def written_out(document: Mapping[str, Any]) -> bytes:
    """A document as JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_text).encode()


def _text(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def plan_document(plan: StoredPlan) -> dict[str, Any]:
    """The shape of `GET /patrol/plans/{id}`."""
    return {
        "id": plan.id,
        "area": plan.area,
        "on": plan.on,
        "status": plan.status,
        "version": plan.version,
        "created_at": plan.created_at,
        "created_by": plan.created_by,
        "progress": _progress(plan),
        "error": _error(plan),
        "aim": plan.aim.value,
        "seed": plan.seed,
        "limit_s": plan.limit_s,
        "solver": plan.solver,
        "cpu_s": None if plan.cpu_s is None else round(plan.cpu_s, 2),
        "network": _network(plan),
        "straight": plan.straight,
        "from": None if plan.from_s is None else written(plan.from_s),
        "teams": [_team(plan, route) for route in plan.routes],
        "stops": [stop_document(stop, plan.done.get(stop.key)) for stop in plan.stops],
        "totals": _totals(plan),
        "compare": plan.compared,
    }


def listed_document(one: Listed) -> dict[str, Any]:
    """One plan of a list."""
    return {
        "id": one.id,
        "area": one.area,
        "on": one.patrol_on,
        "status": one.status,
        "version": one.version,
        "created_at": one.created_at,
        "created_by": one.created_by,
        "teams": list(one.teams),
        "stops": one.stops,
        "planned": one.planned,
        "done": one.done,
        "missed": one.planned - one.done,
    }


def candidate_document(stop: Candidate) -> dict[str, Any]:
    """What is told of a stop, planned or not."""
    units = stop.units
    return {
        "key": stop.key,
        "kind": stop.kind.value,
        "ref": stop.site or stop.doorplate,
        "lon": stop.lon,
        "lat": stop.lat,
        "cell": stop.cell,
        "address": stop.address,
        "name": stop.name,
        "category": stop.category,
        "tier": stop.tier,
        "points": stop.points,
        "minutes": round(stop.service_s / 60, 2),
        "households": stop.households,
        "units": [{"code": unit.code, "unit": unit.unit} for unit in units or ()],
        "reason": {"because": stop.because.value, "days": stop.days, "households": stop.households},
        "windows": [[written(first), written(last)] for first, last in stop.windows],
        "skills": list(stop.skills),
    }


def stop_document(one: PlanStop, done: Done | None) -> dict[str, Any]:
    """A stop of a plan."""
    shown = candidate_document(one.stop)
    shown["households"] = shown["reason"]["households"] = one.num_households
    out = one.left_out
    return shown | {
        "team": one.team,
        "position": one.seq,
        "arrive_at": _time(one.arrive_s),
        "begin_at": _time(one.begin_s),
        "leave_at": _time(one.leave_s),
        "pinned": one.pinned,
        "removed": one.removed,
        "why_not": None
        if out is None
        else {
            "why": out.why.value,
            "minutes": None if out.seconds is None else math.ceil(out.seconds / 60),
            "metres": None if out.metres is None else round(out.metres),
        },
        "done": None
        if done is None
        else {"outcome": done.outcome, "ticked_at": done.ticked_at, "households": list(done.reached)},
    }


def stop_feature(stop: Candidate) -> str:
    """A proposed stop as a GeoJSON feature."""
    properties = candidate_document(stop)
    place = {"type": "Point", "coordinates": [properties.pop("lon"), properties.pop("lat")]}
    feature = {"type": "Feature", "id": stop.key, "geometry": place, "properties": properties}
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))


def totals_document(totals: Totals) -> dict[str, Any]:
    """How many stops there are of each kind in each tier, and how many are not among them."""
    numbers = {
        kind.value: {str(tier): tiers.get(tier, 0) for tier in TIERS} | {"all": sum(tiers.values())}
        for kind, tiers in totals.numbers.items()
    }
    return numbers | {"revisits_without_place": totals.unplaced, "in_other_plans": totals.elsewhere}


def route_document(route: PlanRoute, stops: Iterable[PlanStop]) -> dict[str, Any] | None:
    """The route of a team; None while it is not known."""
    times = route.times
    if times is None:
        return None
    return {
        "metres": round(times.metres),
        "travel_s": times.travel_s,
        "service_s": times.service_s,
        "waiting_s": times.waiting_s,
        "begin_at": written(times.begin_s),
        "end_at": written(times.end_s),
        "pauses": [
            {"after": one.after, "begin_at": written(one.begin_at), "end_at": written(one.end_at)}
            for one in times.pauses
        ],
        "line": _line(times.line),
        "legs": [
            {"line": _line(leg.line), "seconds": round(leg.seconds), "metres": round(leg.metres)} for leg in times.legs
        ],
        "stops": [stop.key for stop in stops],
    }


def _team(plan: StoredPlan, route: PlanRoute) -> dict[str, Any]:
    return as_json(route.team) | {"route": route_document(route, plan.route_of(route.team.code))}


def _progress(plan: StoredPlan) -> dict[str, Any] | None:
    if plan.status != "planning":
        return None
    return {"share": round(plan.share, 3), "step": plan.step, "since": plan.begun_at or plan.changed_at}


def _error(plan: StoredPlan) -> dict[str, str] | None:
    if plan.fault is None:
        return None
    title, detail = FAULTS[plan.fault]
    return {"code": plan.fault, "title": title, "detail": plan.fault_told or detail}


def _network(plan: StoredPlan) -> dict[str, Any] | None:
    if plan.network is None:
        return None
    return {"version": plan.network, "source": plan.network_source, "data_on": plan.network_on}


def _totals(plan: StoredPlan) -> dict[str, Any]:
    kept = [stop for stop in plan.stops if not stop.removed]
    planned = [stop for stop in kept if stop.seq is not None]
    hours = hours_of(plan)
    weights = {tier: [0, 0] for tier in TIERS}
    for stop in kept:
        weights[stop.stop.tier][0] += stop.stop.points if stop.seq is not None else 0
        weights[stop.stop.tier][1] += stop.stop.points
    return {
        "stops": len(kept),
        "planned": len(planned),
        "left_out": len(kept) - len(planned),
        "removed": len(plan.stops) - len(kept),
        "done": sum(one.outcome != "skipped" for one in plan.done.values()),
        "points": {str(tier): pair for tier, pair in weights.items() if pair[1]},
        "tiers": {
            str(tier): [Counter(s.stop.tier for s in planned)[tier], number]
            for tier, number in sorted(Counter(s.stop.tier for s in kept).items())
        },
        "hours": {team: round(seconds / 3600, 2) for team, seconds in hours.items()},
        "spread": spread_of(list(hours.values())),
        "households": sum(stop.num_households or 0 for stop in planned),
    }


def hours_of(plan: StoredPlan) -> dict[str, int]:
    """The working time of each team that has one, in seconds."""
    found = ((route.team.code, route.times) for route in plan.routes)
    return {code: times.end_s - times.begin_s for code, times in found if times is not None and len(times.legs)}


def spread_of(seconds: list[int]) -> float | None:
    """(longest - shortest) / mean of working times; None for fewer than two teams, or none that works."""
    if len(seconds) < 2 or not sum(seconds):
        return None
    return round((max(seconds) - min(seconds)) * len(seconds) / sum(seconds), 4)


def _line(points: tuple[tuple[float, float], ...]) -> dict[str, Any] | None:
    return {"type": "LineString", "coordinates": points} if len(points) > 1 else None


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else written(seconds)
