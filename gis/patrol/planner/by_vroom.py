"""Routes by VROOM, as the start of a plan. Pure.

VROOM knows no seed: it is deterministic on one thread, but for equal moves the first stop wins. So a seed shuffles the
order in which it is told of the stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version
from typing import Final

import numpy as np
import vroom

from gis.patrol.planner.board import Board, Orders

# VROOM's own priorities are 0 to 100 and add up. Bands by tier: the fewer tiers, the wider.
_BANDS: Final = {
    1: ((1, 100),),
    2: ((50, 100), (1, 20)),
    3: ((65, 100), (20, 40), (1, 8)),
    4: ((70, 100), (25, 40), (6, 12), (1, 3)),
}


def name() -> str:
    return f"vroom {version('pyvroom')}"


def search(board: Board, chosen: Sequence[int], seed: int, level: int, limit_s: float) -> Orders:
    """Orders for the chosen stops; some may be missing.

    `level`: 0 to 5, how thoroughly. `limit_s`: seconds of the clock on the wall.
    """
    if not chosen:
        return tuple(() for _ in board.teams)
    asked = vroom.Input()
    for mode, seconds in board.seconds.items():
        asked.set_durations_matrix(mode.value, seconds.astype(np.uint32))
    # Stops that only some teams may take need a skill that only these have.
    skills: dict[tuple[int, ...], int] = {}
    for stop in chosen:
        skills.setdefault(tuple(np.flatnonzero(board.allowed[:, stop]).tolist()), len(skills) + 1)
    loads = any(team.capacity is not None for team in board.teams)
    asked.add_vehicle([_vehicle(board, team, skills, loads) for team in range(len(board.teams))])
    order = list(chosen) if seed == 0 else np.random.default_rng(seed).permutation(np.array(chosen)).tolist()
    asked.add_job([_job(board, stop, skills, loads) for stop in order])
    solved = asked.solve(exploration_level=level, nb_threads=1, timeout=timedelta(seconds=max(0.05, limit_s)))
    found: list[list[int]] = [[] for _ in board.teams]
    steps = solved.routes
    for team, stop in steps.loc[steps["type"] == "job", ["vehicle_id", "id"]].itertuples(index=False):
        found[int(team)].append(int(stop))
    return tuple(tuple(each) for each in found)


def _vehicle(board: Board, number: int, skills: dict[tuple[int, ...], int], loads: bool) -> vroom.Vehicle:
    team = board.teams[number]
    end = board.end(number)
    return vroom.Vehicle(
        number,
        start=board.start(number),
        end=None if end == board.nowhere else end,
        profile=team.mode.value,
        time_window=team.shift,
        skills={skill for teams, skill in skills.items() if number in teams},
        capacity=[2**31 if team.capacity is None else team.capacity] if loads else (),
        breaks=[
            vroom.Break(at, time_windows=[pause.window], service=pause.seconds) for at, pause in enumerate(team.breaks)
        ],
    )


def _job(board: Board, number: int, skills: dict[tuple[int, ...], int], loads: bool) -> vroom.Job:
    stop = board.stops[number]
    return vroom.Job(
        number,
        location=number,
        default_service=stop.service_s,
        delivery=[stop.load] if loads else (),
        skills={skills[tuple(np.flatnonzero(board.allowed[:, number]).tolist())]},
        priority=priority(board, number),
        **({"time_windows": list(stop.windows)} if stop.windows else {}),
    )


def priority(board: Board, number: int) -> int:
    """VROOM's priority of a stop: by tier, and in it by points. Pinned: the highest."""
    stop = board.stops[number]
    if number in board.must:
        return 100
    low, high = _BANDS[len(board.tiers)][board.tiers.index(stop.tier)]
    return low + round((high - low) * (stop.points - 1) / 99)
