"""Patrols of a morning on the real streets of Liechtenstein, beside plain VROOM, OR-Tools and PyVRP.

`./run bench patrol [--seeds 5] [--seconds 10] [--osm FILE] [--alone]`. An instance for each seed: 120 stops at random
places along the streets of the valley, in three tiers with 1 to 100 points, windows on a quarter of them, two stations,
from each a team on foot and one by car, four hours: too short for all. OR-Tools and PyVRP get the processor time that
the planner took; VROOM, which is called once at its highest level, takes what it takes.

Each is planned three times, and every plan passes the checker, or the benchmark fails:

- *All in one tier*, so that all solvers are after exactly the same: `points_vs_NAME`.
- *In tiers.* The planner never weighs tiers against each other: `tiers_behind` counts the times that another one had
  more in the first tier in which they differ. The others can only weigh: a point as ten of the next tier (OR-Tools by
  penalties, PyVRP by prizes; VROOM by bands of its priorities). `weighed_vs_NAME` is that sum, though the planner is
  not after it. The first tier is complete wherever the planner, asked for that tier alone, finds it can be, or the
  benchmark fails.
- *With equal hours.* `hours_spread` is the widest of these instances, whose shifts are full anyhow, and of their first
  40 stops, which leave teams idle unless somebody sees to it (`hours_spread_not_asked`: the narrowest of those, where
  the ways are to be short). No more points may be lost to it than a plan allows.

Of all ratios the worst and the mean of the seeds are told. `--alone`: without the other solvers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyvrp
import shapely
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from bench._ground import finish, say
from gis.exchange.osm_roads import read_roads
from gis.patrol.network import Mode, Network
from gis.patrol.plan import Plan
from gis.patrol.planner import by_vroom, solve
from gis.patrol.planner.board import Board, Orders, board_of
from gis.patrol.planner.check import faults
from gis.patrol.planner.timing import fits
from gis.patrol.request import Aim, Because, Kind, Reason, Request, Station, Stop, Team
from gis.patrol.routing import travel_between
from gis.patrol.travel import Travel

EXTRACT = Path(__file__).resolve().parents[2] / "shared" / "data" / "liechtenstein.osm.pbf"
STOPS = 120
FEW = 40
SHIFT = (9 * 3600, 13 * 3600)
VALLEY = (9.48, 47.06, 9.56, 47.24)
STATIONS = (Station(9.5215, 47.1410), Station(9.5290, 47.2110))  # Vaduz, Mauren
MINUTES = (2, 4, 6, 10, 15, 20)
WEIGHT = 10  # points of a tier beside those of the next


def instance(network: Network, seed: int) -> tuple[Request, dict[Mode, Travel]]:
    """A request with its travel times."""
    rng = np.random.default_rng(seed)
    middle = shapely.line_interpolate_point(network.line, 0.5, normalized=True)
    edges = np.flatnonzero(shapely.within(middle, shapely.box(*VALLEY)) & (network.street_class <= 3))
    chosen = rng.choice(edges, STOPS, replace=False, p=network.length_m[edges] / network.length_m[edges].sum())
    places = shapely.line_interpolate_point(network.line[chosen], rng.random(STOPS), normalized=True)
    tiers = rng.choice([1, 2, 3], STOPS, p=[0.15, 0.35, 0.5])
    stops = []
    for number, place in enumerate(places):
        begin = SHIFT[0] + int(rng.choice([0, 3600, 7200]))
        stops.append(
            Stop(
                key=f"S{number:03}",
                kind=Kind.doorplate,
                lon=place.x,
                lat=place.y,
                reason=Reason(Because.overdue, 10),
                tier=int(tiers[number]),
                points=int(rng.integers(1, 101)),
                service_s=60 * int(rng.choice(MINUTES)),
                windows=((begin, begin + 5400),) if rng.random() < 0.25 else (),
            )
        )
    teams = tuple(
        Team(f"{mode.value}{station}", mode, station, station, SHIFT)
        for station in (0, 1)
        for mode in (Mode.foot, Mode.car)
    )
    lon = [each.lon for each in (*stops, *STATIONS)]
    lat = [each.lat for each in (*stops, *STATIONS)]
    request = Request(tuple(stops), teams, STATIONS, seed=seed)
    return request, {mode: travel_between(network, mode, lon, lat) for mode in Mode}


def values(board: Board) -> list[int]:
    return [stop.points * WEIGHT ** (3 - stop.tier) for stop in board.stops]


def worth(board: Board, orders: Orders) -> int:
    value = values(board)
    return sum(value[stop] for order in orders for stop in order)


def orders_of(board: Board, plan: Plan) -> Orders:
    number = {stop.key: place for place, stop in enumerate(board.stops)}
    return tuple(tuple(number[visit.key] for visit in route.visits) for route in plan.routes)


# ---- the others


def plain_vroom(board: Board, seconds: float) -> Orders:
    """One call, at the highest level; it takes the time it takes."""
    return by_vroom.search(board, list(range(len(board.stops))), 0, 5, 3600)


def by_ortools(board: Board, seconds: float) -> Orders:
    size, teams = len(board.stops), range(len(board.teams))
    manager = pywrapcp.RoutingIndexManager(
        board.nowhere, len(teams), [board.start(team) for team in teams], [board.end(team) for team in teams]
    )
    routing = pywrapcp.RoutingModel(manager)
    service = np.array([stop.service_s for stop in board.stops] + [0] * len(board.request.stations))
    timed = []
    for team in teams:
        way = board.seconds[board.teams[team].mode][:-1, :-1]
        routing.SetArcCostEvaluatorOfVehicle(routing.RegisterTransitMatrix(way.tolist()), team)
        timed.append(routing.RegisterTransitMatrix((way + service[:, None]).tolist()))
    routing.AddDimensionWithVehicleTransits(timed, SHIFT[1], SHIFT[1], False, "time")
    clock = routing.GetDimensionOrDie("time")
    for team in teams:
        clock.CumulVar(routing.Start(team)).SetRange(*SHIFT)
        clock.CumulVar(routing.End(team)).SetRange(*SHIFT)
    for stop, value in enumerate(values(board)):
        index = manager.NodeToIndex(stop)
        if board.stops[stop].windows:
            clock.CumulVar(index).SetRange(*board.stops[stop].windows[0])
        routing.AddDisjunction([index], value * 1000)
    asked = pywrapcp.DefaultRoutingSearchParameters()
    asked.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    asked.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    asked.time_limit.FromSeconds(3600)
    until = time.process_time() + seconds
    routing.AddSearchMonitor(routing.solver().CustomLimit(lambda: time.process_time() > until))
    found = routing.SolveWithParameters(asked)
    orders = []
    for team in teams:
        index, order = routing.Start(team), []
        while found is not None and not routing.IsEnd(index):
            if manager.IndexToNode(index) < size:
                order.append(manager.IndexToNode(index))
            index = found.Value(routing.NextVar(index))
        orders.append(tuple(order))
    return tuple(orders)


def by_prizes(board: Board, seconds: float) -> Orders:
    """PyVRP. A prize is a thousand seconds for each weighed point, as the penalty of OR-Tools."""
    size, places = len(board.stops), board.nowhere
    clients = []
    for number, (stop, value) in enumerate(zip(board.stops, values(board), strict=True)):
        first, last = stop.windows[0] if stop.windows else SHIFT
        clients.append(
            pyvrp.Client(
                number,
                service_duration=stop.service_s,
                tw_early=first,
                tw_late=last,
                prize=value * 1000,
                required=False,
            )
        )
    vehicles, matrices = [], []
    for number, team in enumerate(board.teams):
        vehicles.append(
            pyvrp.VehicleType(
                1,
                start_depot=board.start(number) - size,
                end_depot=board.end(number) - size,
                tw_early=team.shift[0],
                tw_late=team.shift[1],
                profile=number,
            )
        )
        matrices.append(board.seconds[team.mode][:places, :places])
    data = pyvrp.ProblemData(
        [pyvrp.Location(0, 0)] * places,
        clients,
        [pyvrp.Depot(place) for place in range(size, places)],
        vehicles,
        matrices,
        matrices,
    )
    until = time.process_time() + seconds
    found = pyvrp.solve(data, lambda best_cost: time.process_time() > until, seed=1, collect_stats=False).best
    orders: list[tuple[int, ...]] = [()] * len(board.teams)
    for route in found.routes():
        orders[route.vehicle_type()] = tuple(each.idx for each in route if each.is_client())
    return tuple(orders)


OTHERS: dict[str, Callable[[Board, float], Orders]] = {
    "vroom": plain_vroom,
    "ortools": by_ortools,
    "pyvrp": by_prizes,
}


# ---- the race


def planned(request: Request, travel: dict[Mode, Travel]) -> tuple[Plan, float]:
    """A plan that has been checked, and the processor's seconds."""
    begun = time.process_time()
    plan = solve(request, travel)
    used = time.process_time() - begun
    wrong = faults(request, travel, plan)
    if wrong:
        raise SystemExit(f"a plan has faults: {wrong}")
    return plan, used


def race(network: Network, seed: int, seconds: float, others: Sequence[str]) -> dict[str, float]:
    request, travel = instance(network, seed)
    request = replace(request, limit_s=seconds)
    plan, used = planned(request, travel)
    say(f"seed {seed}: points {plan.points}, spread {plan.spread:.3f}, {used:.1f} s")
    found = {"cpu_s": used} | first_tier(request, travel, plan) | beside(request, travel, plan, used, others, "weighed")
    fair, fair_s = planned(replace(request, aim=Aim.equal), travel)
    say(f"  equal: points {fair.points}, spread {fair.spread:.3f}, {fair_s:.1f} s")
    loose, evened = idle_teams(request, travel)
    found |= {"hours_spread": max(fair.spread, evened), "hours_spread_not_asked": loose, "equal_cpu_s": fair_s}
    flat = replace(request, stops=tuple(replace(stop, tier=1) for stop in request.stops))
    plan, used = planned(flat, travel)
    say(f"  in one tier: {plan.points[1]:,} points, {used:.1f} s")
    return found | {"flat_cpu_s": used} | beside(flat, travel, plan, used, others, "points")


def beside(
    request: Request, travel: dict[Mode, Travel], plan: Plan, seconds: float, others: Sequence[str], what: str
) -> dict[str, float]:
    """The plan's points beside those of the other solvers, and how often one of them had more by tiers."""
    board = board_of(request, travel)
    mine = orders_of(board, plan)
    found: dict[str, float] = {}
    behind = 0
    for name in others:
        begun = time.process_time()
        orders = OTHERS[name](board, seconds)
        took = time.process_time() - begun
        if not all(fits(board, team, order) for team, order in enumerate(orders)):
            say(f"    {name}: its routes do not fit")
        behind += board.key(orders)[:-1] > board.key(mine)[:-1]
        found[f"{what}_vs_{name}"] = ratio = worth(board, mine) / worth(board, orders)
        say(f"    {name}: by tier {board.key(orders)[1:-1]}, {what} {ratio:.3f}, {took:.1f} s")
    return found | ({"tiers_behind": behind} if what == "weighed" else {})


def idle_teams(request: Request, travel: dict[Mode, Travel]) -> tuple[float, float]:
    """The spread of hours of a day with few stops: for the shortest ways, and for equal hours."""
    few, ways = part_of(request, travel, range(FEW))
    short, _ = planned(replace(few, aim=Aim.shortest), ways)
    fair, used = planned(replace(few, aim=Aim.equal), ways)
    say(f"  {FEW} stops: spread {short.spread:.3f}, equal {fair.spread:.3f}, {used:.1f} s")
    lost = {tier: short.points[tier] - fair.points[tier] for tier in short.points}
    if any(lost[tier] > (request.loss * short.points[tier] if tier == max(lost) else 0) for tier in lost):
        raise SystemExit(f"seed {request.seed}: equal hours cost too many points: {lost} of {short.points}")
    return short.spread, fair.spread


def first_tier(request: Request, travel: dict[Mode, Travel], plan: Plan) -> dict[str, float]:
    """Whether the first tier is complete where it can be: as the planner finds that is asked for it alone."""
    first = [number for number, stop in enumerate(request.stops) if stop.tier == 1]
    alone, _ = planned(*part_of(request, travel, first))
    if alone.points[1] > plan.points[1]:
        raise SystemExit(f"seed {request.seed}: tier 1 has {plan.points[1]} points, alone it had {alone.points[1]}")
    return {"tier_1_complete": float(not alone.left_out)}


def part_of(request: Request, travel: dict[Mode, Travel], stops: Sequence[int]) -> tuple[Request, dict[Mode, Travel]]:
    """The same with some of the stops only."""
    keep = [*stops, *range(STOPS, STOPS + len(STATIONS))]
    chosen = tuple(request.stops[number] for number in stops)
    return replace(request, stops=chosen), {mode: _part(each, keep) for mode, each in travel.items()}


def _part(travel: Travel, keep: Sequence[int]) -> Travel:
    rows: Any = np.ix_(keep, keep)
    return replace(
        travel,
        seconds=travel.seconds[rows],
        metres=travel.metres[rows],
        off_m=travel.off_m[list(keep)],
        astray=tuple(travel.astray[place] for place in keep),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="the planner's limit of processor time")
    parser.add_argument("--osm", type=Path, default=EXTRACT)
    parser.add_argument("--alone", action="store_true", help="without the other solvers")
    chosen = parser.parse_args()
    network = read_roads(chosen.osm).network
    say(f"{len(network.lon):,} nodes, {len(network.line):,} streets")
    others = () if chosen.alone else tuple(OTHERS)
    runs = [race(network, seed, chosen.seconds, others) for seed in range(1, chosen.seeds + 1)]
    figures: dict[str, float] = {}
    for name in (f"{what}_vs_{other}" for what in ("points", "weighed") for other in others):
        figures[name] = min(run[name] for run in runs)
        figures[f"{name}_mean"] = sum(run[name] for run in runs) / len(runs)
    for name in ("hours_spread", "cpu_s", "equal_cpu_s", "flat_cpu_s"):
        figures[name] = max(run[name] for run in runs)
    figures["hours_spread_not_asked"] = min(run["hours_spread_not_asked"] for run in runs)
    figures["tiers_behind"] = sum(run["tiers_behind"] for run in runs)
    figures["tier_1_complete"] = sum(run["tier_1_complete"] for run in runs) / len(runs)
    finish("patrol", figures)


if __name__ == "__main__":
    main()
