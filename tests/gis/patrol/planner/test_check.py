"""The checker finds every way in which we can spoil a plan, and so do the words of `timed`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gis.errors import BadInput
from gis.patrol.network import Mode
from gis.patrol.plan import Amiss, LeftOut, Plan, Route, WhyNot
from gis.patrol.planner import solve, timed
from gis.patrol.planner.check import faults
from gis.patrol.request import Break
from tests.gis.patrol.planner.cases import request, stop, team, travel_of

STOPS = [
    stop("a", 1, 10, 60),
    stop("b", 1, 20, 60, windows=((900, 1500),)),
    stop("c", 2, 30, 60, skills=frozenset({"x"})),
    stop("out", 2, 5, 60),
]
PLACES = [(100.0, 0.0), (200.0, 0.0), (300.0, 0.5), (9000.0, 0.0), (0.0, 0.0)]
ASKED = request(
    STOPS, [team(skills=frozenset({"x"}), breaks=(Break((300, 600), 120),)), team("B", (0, 1))], limit_s=0.4
)
TRAVEL = {Mode.foot: travel_of(PLACES)}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solve(ASKED, TRAVEL)


def test_a_right_plan_has_no_fault(plan: Plan) -> None:
    assert faults(ASKED, TRAVEL, plan) == []
    assert sorted(visit.key for visit in plan.routes[0].visits) == ["a", "b", "c"]
    assert [left.why for left in plan.left_out] == [WhyNot.shift]


def _route(**changes: Any) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, routes=(replace(plan.routes[0], **changes), plan.routes[1]))


def _of_route(change: Callable[[Route], Route]) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, routes=(change(plan.routes[0]), plan.routes[1]))


def _visit(number: int, **by: int) -> Callable[[Plan], Plan]:
    def changed(route: Route) -> Route:
        visits = list(route.visits)
        visits[number] = replace(
            visits[number], **{name: getattr(visits[number], name) + more for name, more in by.items()}
        )
        return replace(route, visits=tuple(visits))

    return _of_route(changed)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_of_route(lambda route: replace(route, visits=route.visits[1:])), "0 times in the plan"),
        (_of_route(lambda route: replace(route, visits=(*route.visits, route.visits[0]))), "2 times in the plan"),
        (lambda plan: replace(plan, left_out=()), "stop out is 0 times"),
        (lambda plan: replace(plan, left_out=(LeftOut("out", WhyNot.full, seconds=0),)), "left out for 0 seconds"),
        (lambda plan: replace(plan, routes=plan.routes[:1]), "not one for each team"),
        (lambda plan: replace(plan, points={1: 30, 2: 35}), "points by tier"),
        (
            lambda plan: replace(plan, routes=(replace(plan.routes[0], team="B"), replace(plan.routes[1], team="A"))),
            "skills",
        ),
        (_visit(0, arrive_at=-50), "for a way of"),
        (_visit(0, begin_at=-5000, leave_at=-5000), "begun before it is reached"),
        (_visit(0, leave_at=1), "takes 61 s, not 60"),
        (_of_route(lambda route: replace(route, visits=route.visits[::-1])), "for a way of"),
        (_route(begin_at=-60), "begins before its shift"),
        (_route(end_at=4000), "after its shift"),
        (_route(pauses=()), "break in"),
        (
            _of_route(lambda r: replace(r, pauses=(replace(r.pauses[0], begin_at=10, end_at=130),))),
            "none of its breaks",
        ),
        (_route(travel_s=1), "it travels"),
        (_route(metres=1.0), "it goes"),
        (_route(service_s=1), "at its stops for"),
        (_route(waiting_s=-1), "it waits"),
    ],
)
def test_a_spoiled_plan_is_found_out(plan: Plan, spoil: Callable[[Plan], Plan], words: str) -> None:
    found = faults(ASKED, TRAVEL, spoil(plan))
    assert any(words in fault for fault in found), found


def test_a_pinned_stop_may_not_be_left_out_and_a_window_not_missed(plan: Plan) -> None:
    pinned = replace(ASKED, stops=(*ASKED.stops[:3], replace(ASKED.stops[3], pinned=True)))
    assert any("pinned and left out" in fault for fault in faults(pinned, TRAVEL, plan))
    narrow = replace(ASKED, stops=(replace(ASKED.stops[0], windows=((0, 10),)), *ASKED.stops[1:]))
    assert any("outside its windows" in fault for fault in faults(narrow, TRAVEL, plan))
    loaded = replace(
        ASKED,
        stops=tuple(replace(each, load=1) for each in ASKED.stops),
        teams=(replace(ASKED.teams[0], capacity=2), ASKED.teams[1]),
    )
    assert any("carries more" in fault for fault in faults(loaded, TRAVEL, plan))


def test_times_of_orders_by_hand_as_early_as_can_be() -> None:
    found = timed(ASKED, TRAVEL, {"A": ["a", "b", "c"]})
    assert found.warnings == ()
    assert faults(ASKED, TRAVEL, found) == []
    a, b, c = found.routes[0].visits
    assert b.begin_at == 900
    assert c.arrive_at == b.leave_at + 101  # 100.001 m, rounded up
    assert found.routes[0].end_at == c.leave_at + 300
    assert a.leave_at == 600  # a break comes after a stop, and begins by 600


def test_what_does_not_fit_by_hand_is_told_and_not_raised() -> None:
    found = timed(ASKED, TRAVEL, {"A": ["out", "b"], "B": ["c"]})
    told = {(warning.team, warning.why, warning.stop) for warning in found.warnings}
    assert {
        ("A", Amiss.window, "b"),
        ("A", Amiss.shift, None),
        ("B", Amiss.skills, "c"),
        ("B", Amiss.shift, None),
    } <= told
    assert [left.key for left in found.left_out] == ["a"]
    assert found.left_out[0].why is WhyNot.full
    removed = timed(ASKED, TRAVEL, {"A": ["b"]})
    assert {left.key: left.why for left in removed.left_out}["a"] is WhyNot.removed


@pytest.mark.parametrize("orders", [{"Z": []}, {"A": ["nobody"]}, {"A": ["a", "a"]}, {"A": ["a"], "B": ["a"]}])
def test_orders_of_what_there_is_not_are_refused(orders: dict[str, list[str]]) -> None:
    with pytest.raises(BadInput, match="orders"):
        timed(ASKED, TRAVEL, orders)
