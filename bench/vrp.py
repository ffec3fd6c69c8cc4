"""The planner on public instances of vehicle routing, by its own input path.

`./run bench vrp FOLDER [--seconds 10] [--seed 1]`: reads every .vrp (VRPLIB: CVRP and CVRPTW) and .txt (Solomon) of the
folder beside which a .sol tells the best known cost, makes a request of it (customers are stops, vehicles are teams
with a capacity, distances are seconds), plans with so much processor time, and prints the gap to the best known cost.
The cost is reckoned anew from the routes of the plan.

Distances as the .sol files reckon: of CVRP rounded to whole ones (TSPLIB's EUC_2D), with windows cut off after the
first decimal (DIMACS). CVRP has no limit on vehicles; as many are offered as the demand needs, and a fifth and two
more.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import vrplib

from bench._ground import finish, say
from gis.patrol.network import Floats, Mode
from gis.patrol.plan import Plan
from gis.patrol.planner import solve
from gis.patrol.request import Because, Kind, Reason, Request, Station, Stop, Team
from gis.patrol.travel import Leg, Travel

LAST_S = 2 * 86_400


@dataclass(frozen=True)
class Instance:
    """An instance in whole units: `scale` of them are one of the file. Place 0 is the depot."""

    name: str
    scale: int
    distances: Floats
    demand: list[int]
    service: list[int]
    windows: list[tuple[int, int]] | None
    vehicles: int
    capacity: int
    best: float


def read(path: Path) -> Instance:
    solomon = path.suffix == ".txt"
    data: dict[str, Any] = vrplib.read_instance(path, "solomon" if solomon else "vrplib", compute_edge_weights=False)
    best = float(vrplib.read_solution(path.with_suffix(".sol"))["cost"])
    places = np.asarray(data["node_coord"], float)
    exact = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    windows = data.get("time_window")
    scale = 1 if windows is None else 10
    distances = np.floor(exact + 0.5) if windows is None else np.floor(exact * 10)
    demand = [int(each) for each in data["demand"]]
    capacity = int(data["capacity"])
    needed = math.ceil(sum(demand) / capacity)
    service = np.broadcast_to(data.get("service_time", 0), len(demand)) * scale
    return Instance(
        name=path.stem,
        scale=scale,
        distances=distances,
        demand=demand,
        service=[0, *map(int, service[1:])],
        windows=None if windows is None else [(int(a * 10), int(b * 10)) for a, b in np.asarray(windows, float)],
        vehicles=int(data.get("vehicles", needed + needed // 5 + 2)),
        capacity=capacity,
        best=best,
    )


def asked(instance: Instance, seed: int, seconds: float) -> tuple[Request, dict[Mode, Travel]]:
    """The instance as the planner's request. Places: the customers, then the depot."""
    turn = [*range(1, len(instance.demand)), 0]
    way = instance.distances[np.ix_(turn, turn)]
    travel = Travel(Mode.car, way, way, np.zeros(len(turn)), (None,) * len(turn), True, _no_leg)
    shift = (0, LAST_S) if instance.windows is None else instance.windows[0]
    stops = tuple(
        Stop(
            key=str(place),
            kind=Kind.place,
            lon=0.0,
            lat=0.0,
            reason=Reason(Because.picked),
            tier=1,
            points=1,
            service_s=instance.service[place],
            windows=() if instance.windows is None else (instance.windows[place],),
            load=instance.demand[place],
        )
        for place in turn[:-1]
    )
    teams = tuple(
        Team(f"V{number}", Mode.car, 0, 0, shift, capacity=instance.capacity) for number in range(instance.vehicles)
    )
    request = Request(stops, teams, (Station(0.0, 0.0),), seed=seed, limit_s=seconds, options={"effort": "time"})
    return request, {Mode.car: travel}


def _no_leg(here: int, there: int) -> Leg:
    raise NotImplementedError


def cost(instance: Instance, plan: Plan) -> float:
    """The length of the routes, in units of the file."""
    total = 0.0
    for route in plan.routes:
        places = [0, *(int(visit.key) for visit in route.visits), 0]
        total += sum(instance.distances[a, b] for a, b in pairwise(places))
    return total / instance.scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0, help="processor time for each (default 10)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    paths = sorted(
        path
        for path in chosen.folder.iterdir()
        if path.suffix in (".vrp", ".txt") and path.with_suffix(".sol").exists()
    )
    if not paths:
        parser.error(f"{chosen.folder} has no .vrp or .txt with its .sol")
    gaps: dict[str, float] = {}
    slowest = 0.0
    for path in paths:
        instance = read(path)
        request, travel = asked(instance, chosen.seed, chosen.seconds)
        begun = time.process_time()
        plan = solve(request, travel)
        used = time.process_time() - begun
        slowest = max(slowest, used)
        if plan.left_out:
            say(f"{instance.name}: {len(plan.left_out)} customers have no place")
            gaps[instance.name] = math.inf
            continue
        gaps[instance.name] = cost(instance, plan) / instance.best - 1
        say(
            f"{instance.name}: {cost(instance, plan):,.1f}, best known {instance.best:,.1f}, "
            f"gap {gaps[instance.name]:.2%}, {used:.1f} s"
        )
    finish(
        "vrp",
        {
            "instances": len(gaps),
            "worst_gap": max(gaps.values()),
            "mean_gap": sum(gaps.values()) / len(gaps),
            "cpu_s_max": slowest,
        },
    )


if __name__ == "__main__":
    main()
