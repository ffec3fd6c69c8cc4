"""What a leader changes in a plan: stops are moved, pinned, removed, restored and added; all others keep their team and
order. Pure.

A moved stop is pinned: whoever has put it there means it. A restored or added one goes where it makes the way the least
longer; without `position` so does a moved one, within its team.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from typing import Any, Final

from gis.batches import known_only, member_of
from gis.errors import BadInput, Conflict
from gis.patrol.asking import PickedPlace, minutes_asked, tier_asked, whole_of
from gis.patrol.plan import LeftOut, WhyNot
from gis.patrol.stops import Candidate
from gis.patrol.stored import PlanStop, StoredPlan
from gis.patrol.teams import place_of
from gis.patrol.working import Problem
from gis.sentence import Sentence

MOST_CHANGES: Final = 1_000


class Do(StrEnum):
    """What can be done to a plan."""

    move = "move"
    pin = "pin"
    unpin = "unpin"
    remove = "remove"
    restore = "restore"
    add = "add"


_FIELDS: Final = {
    Do.move: ("do", "stop", "team", "position"),
    Do.add: ("do", "lon", "lat", "minutes", "tier"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change: of a stop by its key, or (`add`) a new place."""

    do: Do
    stop: str = ""
    team: str = ""
    position: int | None = None
    place: PickedPlace | None = None


@dataclass(frozen=True)
class Changed:
    """What the changes come to: the stops, and which are still to be put into a route (None: into any)."""

    stops: tuple[PlanStop, ...]
    orders: Mapping[str, list[str]]
    waiting: Mapping[str, str | None]
    done: frozenset[str]


def parse_changes(body: object) -> tuple[int, list[Change]]:
    """The version that was read, and the changes. Raises BadInput whose `field` names what is wrong."""
    given = known_only(body, ("version", "changes"), what=Sentence("changes"), field="body")
    listed = given.get("changes")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_CHANGES:
        raise BadInput("changes: must be a list of 1 to {most:,}", most=MOST_CHANGES, field="changes")
    version = whole_of(given, "version", 1, 2**31 - 2, None)
    if version is None:
        raise BadInput("version: must be the version of the plan that you have read", field="version")
    return version, [_change(one) for one in listed]


def _change(item: object) -> Change:
    given = item if isinstance(item, Mapping) else {}
    do = member_of(Do, given, "do")
    given = known_only(item, _FIELDS.get(do, ("do", "stop")), what=Sentence("a change ({do})", do=do), field="changes")
    if do is Do.add:
        place = place_of({name: given.get(name) for name in ("lon", "lat")}, "changes")
        return Change(do, place=PickedPlace(place, minutes_asked(given), tier_asked(given)))
    team = given.get("team", "")
    if not isinstance(given.get("stop"), str) or not isinstance(team, str):
        raise BadInput("stop: the key of a stop is wanted", field="stop")
    return Change(do, given["stop"], team, whole_of(given, "position", 1, 10_000, None))


def changed(plan: StoredPlan, changes: Sequence[Change], added: Sequence[Candidate]) -> Changed:
    """The plan with the changes, still without times. `added` are the places of the changes that add one, in order.

    Raises BadInput for a stop or team that is not there, Conflict for a stop that is done or a change without sense.
    """
    work = _Work(plan)
    new = iter(added)
    for change in changes:
        if change.do is Do.add:
            work.add(next(new))
        else:
            getattr(work, change.do.value)(work.stop_of(change.stop), change)
    return Changed(tuple(work.stops.values()), work.orders, work.waiting, frozenset(plan.done))


class _Work:
    def __init__(self, plan: StoredPlan) -> None:
        self.stops = {one.key: one for one in plan.stops}
        self.orders = {r.team.code: [one.key for one in plan.route_of(r.team.code)] for r in plan.routes}
        self.waiting: dict[str, str | None] = {}
        self._done = plan.done

    def stop_of(self, key: str) -> PlanStop:
        found = self.stops.get(key)
        if found is None:
            raise BadInput("{field}: the plan has no stop {stop!r}", stop=key[:40], field="stop")
        if key in self._done:
            raise Conflict("stop: {key} is done", key=key, field="stop")
        return found

    def move(self, one: PlanStop, change: Change) -> None:
        if change.team not in self.orders:
            raise BadInput("{field}: the plan has no team {team!r}", team=change.team[:20], field="team")
        if one.removed:
            raise Conflict("stop: {key} is removed: restore it first", key=one.key, field="stop")
        self._take_out(one.key)
        if change.position is None:
            self.waiting[one.key] = change.team
        else:
            self.orders[change.team].insert(self._behind_done(change), one.key)
        self.stops[one.key] = replace(one, team=change.team, pinned=True)

    def _behind_done(self, change: Change) -> int:
        """Where in the order; never before what is done."""
        order = self.orders[change.team]
        done = max((n + 1 for n, key in enumerate(order) if key in self._done), default=0)
        return max(done, min(change.position or 1, len(order) + 1) - 1)

    def pin(self, one: PlanStop, change: Change) -> None:
        if one.removed:
            raise Conflict("stop: {key} is removed: restore it first", key=one.key, field="stop")
        self.stops[one.key] = replace(one, pinned=True)

    def unpin(self, one: PlanStop, change: Change) -> None:
        self.stops[one.key] = replace(one, pinned=False)

    def remove(self, one: PlanStop, change: Change) -> None:
        self._take_out(one.key)
        gone = LeftOut(one.key, WhyNot.removed)
        self.stops[one.key] = replace(
            one,
            team=None,
            seq=None,
            arrive_s=None,
            begin_s=None,
            leave_s=None,
            pinned=False,
            removed=True,
            left_out=gone,
        )

    def restore(self, one: PlanStop, change: Change) -> None:
        if not one.removed:
            raise Conflict("stop: {key} is not removed", key=one.key, field="stop")
        self.stops[one.key] = replace(one, removed=False, left_out=None)
        self.waiting[one.key] = None

    def add(self, place: Candidate) -> None:
        if place.key in self.stops:
            raise Conflict("changes: there is a stop at this very place already", field="changes")
        self.stops[place.key] = PlanStop(place)
        self.waiting[place.key] = None

    def _take_out(self, key: str) -> None:
        self.waiting.pop(key, None)
        for order in self.orders.values():
            if key in order:
                order.remove(key)


def inserted(made: Changed, problem: Problem, travel: Mapping[Any, Any]) -> dict[str, list[str]]:
    """The orders of the teams of a problem, with what waits put where it makes the way the least longer."""
    asked = {stop.key: n for n, stop in enumerate(problem.request.stops)}
    teams = {team.code: team for team in problem.request.teams}
    orders = {code: [key for key in made.orders[code] if key in asked] for code in teams}
    count = len(asked)
    for key, wanted in made.waiting.items():
        if key not in asked:
            continue
        best: tuple[float, str, int] = (inf, "", 0)
        for code, team in teams.items():
            if wanted not in (None, code):
                continue
            seconds = travel[team.mode].seconds
            places: list[int | None] = [count + team.start, *(asked[k] for k in orders[code])]
            places.append(None if team.end is None else count + team.end)
            done = max((n + 1 for n, k in enumerate(orders[code]) if k in made.done), default=0)
            for at in range(done, len(places) - 1):
                before, after = places[at], places[at + 1]
                longer = seconds[before, asked[key]]
                if after is not None:
                    longer += seconds[asked[key], after] - seconds[before, after]
                best = min(best, (float(longer), code, at))
        if best[0] < inf:
            orders[best[1]].insert(best[2], key)
    return orders
