"""Every stop that is left out says why, with what it would take."""

from __future__ import annotations

import pytest

from gis.patrol.network import Mode
from gis.patrol.plan import LeftOut, WhyNot
from gis.patrol.planner import solve
from gis.patrol.request import Aim, Stop, Team
from gis.patrol.travel import Astray, Travel
from tests.gis.patrol.planner.cases import request, stop, team, travel_of, without

NEAR, FAR, HOME = (100.0, 0.0), (3000.0, 0.0), (0.0, 0.0)


def _left(stops: list[Stop], teams: list[Team], travel: Travel, aim: Aim = Aim.shortest) -> dict[str, LeftOut]:
    plan = solve(request(stops, teams, limit_s=0.4, aim=aim), {Mode.foot: travel})
    return {left.key: left for left in plan.left_out}


@pytest.mark.parametrize(
    ("made", "travel", "crew", "expected"),
    [
        (stop("s"), without(travel_of([NEAR, HOME]), 0, Astray.too_far, 412.5), team(), (WhyNot.too_far, None, 412.5)),
        (stop("s"), without(travel_of([NEAR, HOME]), 0, Astray.no_way), team(), (WhyNot.no_way, None, None)),
        (stop("s", skills=frozenset({"x"})), travel_of([NEAR, HOME]), team(), (WhyNot.skills, None, None)),
        (stop("s", windows=((0, 40),)), travel_of([NEAR, HOME]), team(), (WhyNot.window, 60, None)),
        (stop("s"), travel_of([FAR, HOME]), team(), (WhyNot.shift, 2460, None)),
        (stop("s", load=5), travel_of([NEAR, HOME]), team(capacity=4), (WhyNot.capacity, None, None)),
    ],
)
def test_what_no_team_can_do_even_alone(made: Stop, travel: Travel, crew: Team, expected: tuple[object, ...]) -> None:
    left = _left([made], [crew], travel)["s"]
    assert (left.why, left.seconds, left.metres) == expected


def test_full_and_displaced_tell_the_seconds_of_the_cheapest_place() -> None:
    places = [NEAR, (-100.0, 0.0), HOME]
    crew = [team(shift=(0, 500))]  # 260 for one, 520 for both
    assert _left([stop("a", 1, 20), stop("b", 1, 10)], crew, travel_of(places))["b"] == LeftOut(
        "b", WhyNot.displaced, 20
    )
    assert _left([stop("a", 1, 10), stop("b", 2, 100)], crew, travel_of(places))["b"].why is WhyNot.displaced
    # Two cheap ones of few points outweigh one of many: nothing better took its time, there is just no room.
    more = [*places[:2], (101.0, 0.0), HOME]
    left = _left([stop("a", 1, 8), stop("b", 1, 10), stop("c", 1, 8)], [team(shift=(0, 420))], travel_of(more))
    assert left["b"].why is WhyNot.full
    assert left["b"].seconds is not None


def test_what_balance_costs_is_said() -> None:
    # B cannot get far in its short shift: only by giving stops up is A as short.
    stops = [stop(f"s{i}", 1, 50, 300) for i in range(3)] + [stop(f"l{i}", 2, 1, 300) for i in range(10)]
    places = [*((10.0 * i, 0.0) for i in range(13)), HOME]
    teams = [team("A", (0, 7200)), team("B", (0, 1500))]
    plan = solve(
        request(stops, teams, aim=Aim.equal, loss=0.5, spread=0.3, limit_s=0.4), {Mode.foot: travel_of(places)}
    )
    assert {left.why for left in plan.left_out} == {WhyNot.balance}
    assert plan.points[1] == 150
    assert plan.points[2] >= 5
