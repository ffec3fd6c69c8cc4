"""Plans that are right: by the checker, by brute force, by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import BadInput
from gis.patrol.network import Mode
from gis.patrol.planner import by_vroom, solve
from gis.patrol.planner.board import Board, board_of
from gis.patrol.planner.check import faults
from gis.patrol.planner.timing import fits
from gis.patrol.planner.validate import MOST_STOPS, MOST_TEAMS
from gis.patrol.request import Aim, Break, Station
from gis.patrol.travel import Astray
from tests.gis.patrol.planner.cases import drawn, request, stop, team, travel_of, without


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), size=st.integers(0, 9), teams=st.integers(1, 3))
def test_every_plan_passes_the_checker(seed: int, size: int, teams: int) -> None:
    asked, travel = drawn(seed, size, teams)
    try:
        plan = solve(asked, travel)
    except BadInput as error:  # a window that no shift meets
        assert str(error.field).endswith("windows")  # noqa: PT017
        return
    assert faults(asked, travel, plan) == []


def most_points(board: Board) -> tuple[int, ...]:
    """Points by tier of the best plan, by trying everything."""
    size, teams = len(board.stops), range(len(board.teams))
    can: dict[tuple[int, frozenset[int]], bool] = {}
    for team_number in teams:
        for count in range(size + 1):
            for chosen in combinations(range(size), count):
                can[team_number, frozenset(chosen)] = any(
                    fits(board, team_number, each) for each in permutations(chosen)
                )
    best: tuple[int, ...] = (0,) * len(board.tiers)
    for to in product([None, *teams], repeat=size):
        if all(can[number, frozenset(i for i in range(size) if to[i] == number)] for number in teams):
            best = max(
                best,
                tuple(
                    sum(board.stops[i].points for i in range(size) if to[i] is not None and board.stops[i].tier == tier)
                    for tier in board.tiers
                ),
            )
    return best


@pytest.mark.parametrize("seed", range(1, 9))
def test_no_plan_of_few_stops_has_more_points_of_a_tier(seed: int) -> None:
    asked, travel = drawn(seed, 5)
    asked = replace(asked, aim=Aim.shortest, teams=tuple(replace(t, shift=(t.shift[0], 1800)) for t in asked.teams))
    asked = replace(
        asked,
        stops=tuple(replace(s, windows=s.windows if s.windows and s.windows[0][0] < 1800 else ()) for s in asked.stops),
    )
    plan = solve(asked, travel)
    assert tuple(plan.points[tier] for tier in sorted(plan.points)) == most_points(board_of(asked, travel))


def test_no_lower_stop_displaces_a_higher_one() -> None:
    # One far stop of tier 1 with a single point, or nine near ones of tier 2 with 100 each: not both.
    places = [(1500.0, 0.0), *((10.0 * i, 10.0) for i in range(9)), (0.0, 0.0)]
    stops = [stop("far", 1, 1), *(stop(f"near{i}", 2, 100, 300) for i in range(9))]
    plan = solve(request(stops, [team(shift=(0, 3200))], limit_s=0.4), {Mode.foot: travel_of(places)})
    assert "far" in {visit.key for route in plan.routes for visit in route.visits}
    assert plan.points == {1: 1, 2: 0}


def test_the_same_request_gives_the_same_plan_and_other_seeds_are_tried() -> None:
    asked, travel = drawn(5, 12)
    asked = replace(asked, limit_s=2.0)
    assert replace(solve(asked, travel), cpu_s=0) == replace(solve(asked, travel), cpu_s=0)
    assert solve(replace(asked, seed=9), travel).seed == 9


def test_pinned_stops_are_in_before_anything_else() -> None:
    places = [(1500.0, 0.0), (10.0, 0.0), (0.0, 0.0)]
    stops = [stop("far", 4, 1, pinned=True), stop("near", 1, 100, 300)]
    travel = {Mode.foot: travel_of(places)}
    plan = solve(request(stops, [team(shift=(0, 3100))], limit_s=0.4), travel)
    assert [visit.key for visit in plan.routes[0].visits] == ["far"]
    teams = [team("A", (0, 3100)), team("B", (0, 3100))]
    kept = solve(request([replace(stops[0], team="B", pinned=False), stops[1]], teams, limit_s=0.4), travel)
    assert [[visit.key for visit in route.visits] for route in kept.routes] == [["near"], ["far"]]


def test_pinned_stops_that_cannot_be_kept_are_named() -> None:
    travel = {Mode.foot: travel_of([(1500.0, 0.0), (-1500.0, 0.0), (0.0, 0.0)])}
    stops = [stop("east", pinned=True), stop("west", pinned=True)]
    with pytest.raises(BadInput, match=r"not all 2 pinned stops fit together.*(east|west).*\d+ s too much"):
        solve(request(stops, [team(shift=(0, 3100))], limit_s=0.4), travel)
    with pytest.raises(BadInput, match=r"stop east is pinned.*even alone: shift, 2,?060 s too much") as caught:
        solve(request(stops, [team(shift=(0, 1000))], limit_s=0.4), travel)
    assert caught.value.field == "stops.east.pinned"


def test_equal_aim_evens_out_hours() -> None:
    places = [*((100.0 + 10 * i, 0.0) for i in range(12)), (0.0, 0.0)]
    stops = [stop(f"s{i}", service_s=600) for i in range(12)]
    teams = [team("A", (0, 14_400)), team("B", (0, 14_400))]
    travel = {Mode.foot: travel_of(places)}
    short = solve(request(stops, teams, limit_s=2.0), travel)
    fair = solve(request(stops, teams, aim=Aim.equal, limit_s=2.0), travel)
    assert short.spread > 1
    assert fair.spread <= 0.1
    assert fair.points == short.points


def test_a_shift_over_midnight_with_a_break_and_an_open_end() -> None:
    crew = team(shift=(79_200, 93_600), end=None, breaks=(Break((86_000, 88_000), 1_200),))
    stops = [stop("late", windows=((88_200, 93_000),)), stop("early", windows=((79_200, 81_000),))]
    travel = {Mode.foot: travel_of([(300.0, 0.0), (100.0, 0.0), (0.0, 0.0)])}
    plan = solve(request(stops, [crew], limit_s=0.4), travel)
    [route] = plan.routes
    assert [visit.key for visit in route.visits] == ["early", "late"]
    assert [(pause.after, pause.end_at - pause.begin_at) for pause in route.pauses] == [(1, 1_200)]
    assert route.end_at == route.visits[-1].leave_at


def test_capacity_is_kept() -> None:
    stops = [stop(f"s{i}", load=3) for i in range(5)]
    travel = {Mode.foot: travel_of([(10.0 * i, 0.0) for i in range(5)] + [(0.0, 0.0)])}
    plan = solve(request(stops, [team("A", capacity=7), team("B", capacity=4)], limit_s=0.4), travel)
    assert [len(route.visits) for route in plan.routes] == [2, 1]


def test_a_stop_that_nobody_gets_to_does_not_spoil_a_plan_of_the_largest_size() -> None:
    """VROOM adds up the longest way of every place in 32 bits, and a place that is astray has none that is short."""
    size, astray = MOST_STOPS, 17
    places = [(10.0 * (i % 40), 10.0 * (i // 40)) for i in range(size)]
    travel = {Mode.foot: without(travel_of([*places, (0.0, 0.0)]), astray, Astray.no_way)}
    crews = [team(f"T{i}", shift=(0, 900)) for i in range(MOST_TEAMS)]
    board = board_of(request([stop(f"s{i}") for i in range(size)], crews), travel)
    taken = [i for order in by_vroom.search(board, range(size), 1, 0, 0.05) for i in order]
    assert taken
    assert astray not in taken


def test_no_stop_is_an_empty_plan_and_progress_is_told() -> None:
    told: list[tuple[float, str]] = []
    plan = solve(request([], [team()]), {Mode.foot: travel_of([(0.0, 0.0)])}, lambda *each: told.append(each))
    assert (plan.routes[0].visits, plan.left_out, plan.points, plan.spread) == ((), (), {}, 0.0)
    assert told[0] == (0.0, "routes")
    assert told[-1] == (1.0, "check")


def _bad(field: str, change: str, stops: list[object], teams: list[object], **more: object) -> object:
    return pytest.param(field, stops, teams, more, id=change)


@pytest.mark.parametrize(
    ("field", "stops", "teams", "more"),
    [
        _bad("teams", "no team", [stop("a")], []),
        _bad("teams.code", "two teams of one name", [stop("a")], [team("A"), team("A")]),
        _bad("stops.key", "a stop twice", [stop("a"), stop("a")], [team()]),
        _bad("teams.A.shift", "an empty shift", [stop("a")], [team(shift=(60, 60))]),
        _bad("teams.A.shift", "a shift of days", [stop("a")], [team(shift=(0, 200_000))]),
        _bad("teams.A.breaks", "a break longer than the shift", [stop("a")], [team(breaks=(Break((0, 60), 4000),))]),
        _bad("teams.A.station", "a station that there is not", [stop("a")], [team(end=7)]),
        _bad("stops.a.windows", "a window outside every shift", [stop("a", windows=((9000, 9900),))], [team()]),
        _bad("stops.a.windows", "a window that ends first", [stop("a", windows=((900, 90),))], [team()]),
        _bad("stops.a.lon", "no number", [replace(stop("a"), lon=float("nan"))], [team()]),
        _bad("stops.a.lon", "infinite", [replace(stop("a"), lat=float("inf"))], [team()]),
        _bad("stops.a.team", "pinned to nobody", [stop("a", team="Z")], [team()]),
        _bad("stops.a.tier", "tier 5", [stop("a", tier=5)], [team()]),
        _bad("stops.a.points", "no points", [stop("a", points=0)], [team()]),
        _bad("stops", "5,000 stops", [stop(str(i)) for i in range(5000)], [team()]),
        _bad("limit_s", "no time", [stop("a")], [team()], limit_s=0),
        _bad("loss", "a loss of more than all", [stop("a")], [team()], loss=1.5),
        _bad("options.effort", "an effort that there is not", [stop("a")], [team()], options={"effort": "much"}),
        _bad("travel", "no travel times", [stop("a")], [team(mode=Mode.car)]),
    ],
)
def test_what_cannot_be_planned_is_refused_by_its_field(field, stops, teams, more) -> None:  # type: ignore[no-untyped-def]
    asked = replace(request(stops, teams, **more), stations=(Station(9.5, 47.1),))
    few = travel_of([(0.0, 0.0)] * (min(len(stops), 10) + 1))
    with pytest.raises(BadInput) as caught:
        solve(asked, {Mode.foot: few})
    assert caught.value.field == field
