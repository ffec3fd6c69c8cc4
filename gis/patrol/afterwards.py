"""Afterwards: what was planned against what was done, per stop, team and cell; what was missed, and why. Pure.

Coverage gained counts the households that were waiting and were reached at stops of the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gis.patrol.stored import Done, PlanStop, StoredPlan


class Came(StrEnum):
    """What became of a stop."""

    done = "done"  # reached
    no_answer = "no_answer"
    skipped = "skipped"
    never_ticked = "never_ticked"  # the day is over, and nobody has ticked it
    open = "open"  # still to come
    left_out = "left_out"  # in no route
    removed = "removed"  # by the leader


@dataclass(frozen=True, slots=True)
class Line:
    """A team, a cell or all, in numbers: stops in routes, done, not done by why; households that waited at the stops in
    routes, and those reached. `known`: of a cell, all its households."""

    code: str
    planned: int
    done: int
    no_answer: int
    skipped: int
    never_ticked: int
    still_open: int
    households: int
    reached: int
    known: int | None = None

    @property
    def gained(self) -> float | None:
        """The share of all households of the cell that were reached; None where it has none."""
        return None if not self.known else self.reached / self.known


@dataclass(frozen=True)
class Report:
    """What became of a plan. `over`: its day is."""

    over: bool
    stops: tuple[tuple[PlanStop, Came, Done | None], ...]
    teams: tuple[Line, ...]
    cells: tuple[Line, ...]
    total: Line

    @property
    def missed(self) -> tuple[tuple[PlanStop, Came, Done | None], ...]:
        """Stops in routes that were not done: they lead the next plan."""
        return tuple(one for one in self.stops if one[1] in (Came.skipped, Came.never_ticked))


def became(stop: PlanStop, done: Done | None, over: bool) -> Came:
    """What became of a stop."""
    if done is not None:
        return Came.done if done.outcome == "reached" else Came(done.outcome)
    if stop.removed:
        return Came.removed
    if stop.seq is None:
        return Came.left_out
    return Came.never_ticked if over else Came.open


def report(plan: StoredPlan, known: Mapping[str, int], *, over: bool) -> Report:
    """What became of a plan; `known` are the households of cells."""
    stops = tuple((one, became(one, plan.done.get(one.key), over), plan.done.get(one.key)) for one in plan.stops)
    routed = [one for one in stops if one[1] not in (Came.left_out, Came.removed)]
    teams = tuple(
        _line(route.team.code, (one for one in routed if one[0].team == route.team.code)) for route in plan.routes
    )
    codes = sorted({one[0].stop.cell for one in routed if one[0].stop.cell})
    cells = tuple(
        _line(code, (one for one in routed if one[0].stop.cell == code), known.get(code, 0)) for code in codes
    )
    return Report(over, stops, teams, cells, _line(plan.area, routed))


def _line(code: str, stops: Iterable[tuple[PlanStop, Came, Done | None]], known: int | None = None) -> Line:
    counts: dict[Any, int] = dict.fromkeys(Came, 0)
    planned = households = reached = 0
    for stop, came, done in stops:
        counts[came] += 1
        planned += 1
        households += stop.num_households or 0
        reached += min(done.num_reached, stop.num_households or 0) if done is not None else 0
    return Line(
        code,
        planned,
        counts[Came.done],
        counts[Came.no_answer],
        counts[Came.skipped],
        counts[Came.never_ticked],
        counts[Came.open],
        households,
        reached,
        known,
    )
