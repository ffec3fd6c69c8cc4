"""Shorter routes by PyVRP, where every stop has its place and no break has to be kept. Pure."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import pyvrp

from gis.patrol.network import Ints
from gis.patrol.planner.board import FAR, Board, Orders
from gis.patrol.planner.timing import fits

_LATE: Final = 2**40


def name() -> str:
    return f"pyvrp {version('pyvrp')}"


def suits(board: Board, orders: Orders) -> bool:
    """Whether PyVRP knows all that these routes have to keep: it has no breaks and one window for each stop."""
    planned = [stop for order in orders for stop in order]
    return not any(team.breaks for team in board.teams) and all(len(board.stops[i].windows) <= 1 for i in planned)


def shorten(board: Board, start: Orders, seed: int, rounds: int, over: Callable[[float], bool]) -> Orders:
    """The same stops with less time on the way; `start` itself where nothing better is found."""
    planned = sorted(stop for order in start for stop in order)
    if len(planned) < 3:
        return start
    number = {stop: client for client, stop in enumerate(planned)}
    types = _types(board, planned)
    data = _data(board, planned, types)
    of_team = {team: kind for kind, (_, teams) in enumerate(types) for team in teams}
    routes = [
        pyvrp.Route(data, [number[stop] for stop in order], of_team[team]) for team, order in enumerate(start) if order
    ]
    done = 0

    def stop_now(best_cost: int) -> bool:
        nonlocal done
        done += 1
        return done > rounds or over(done / rounds)

    found = pyvrp.solve(
        data, stop_now, seed=seed, collect_stats=False, display=False, initial_solution=pyvrp.Solution(data, routes)
    ).best
    orders = _orders(board, planned, found, types)
    return orders if orders is not None and board.key(orders) > board.key(start) else start


_Types = list[tuple[tuple[bool, ...], list[int]]]


def _types(board: Board, planned: list[int]) -> _Types:
    """Teams that are alike, with the stops that they may take."""
    kinds: dict[tuple[object, ...], tuple[tuple[bool, ...], list[int]]] = {}
    for number, team in enumerate(board.teams):
        allowed = tuple(board.allowed[number, planned].tolist())
        key = (team.mode, team.start, team.end, team.shift, team.capacity, allowed)
        kinds.setdefault(key, (allowed, []))[1].append(number)
    return list(kinds.values())


def _data(board: Board, planned: list[int], types: _Types) -> pyvrp.ProblemData:
    places = [*planned, *range(len(board.stops), board.nowhere + 1)]
    clients = []
    for client, number in enumerate(planned):
        stop = board.stops[number]
        first, last = stop.windows[0] if stop.windows else (0, _LATE)
        clients.append(
            pyvrp.Client(client, delivery=[stop.load], service_duration=stop.service_s, tw_early=first, tw_late=last)
        )
    stations = range(len(planned), len(places))
    vehicles: list[pyvrp.VehicleType] = []
    matrices: list[Any] = []  # its stubs say ndarray[int]
    for allowed, teams in types:
        team = board.teams[teams[0]]
        vehicles.append(
            pyvrp.VehicleType(
                num_available=len(teams),
                capacity=[2**40 if team.capacity is None else team.capacity],
                start_depot=board.start(teams[0]) - len(board.stops),
                end_depot=board.end(teams[0]) - len(board.stops),
                tw_early=team.shift[0],
                tw_late=team.shift[1],
                profile=len(matrices),
            )
        )
        matrices.append(_matrix(board.seconds[team.mode][np.ix_(places, places)], allowed))
    return pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in places],
        clients,
        [pyvrp.Depot(place) for place in stations],
        vehicles,
        matrices,
        matrices,
    )


def _matrix(seconds: Ints, allowed: tuple[bool, ...]) -> Ints:
    """Times of a kind of team: whatever it may not take is too far for it."""
    away = np.flatnonzero(~np.array(allowed, bool))
    seconds = np.array(seconds)
    seconds[away, :] = seconds[:, away] = FAR
    np.fill_diagonal(seconds, 0)
    return seconds


def _orders(board: Board, planned: list[int], found: pyvrp.Solution, types: _Types) -> Orders | None:
    free = [list(teams) for _, teams in types]
    orders: list[tuple[int, ...]] = [()] * len(board.teams)
    for route in found.routes():
        orders[free[route.vehicle_type()].pop(0)] = tuple(planned[each.idx] for each in route if each.is_client())
    return tuple(orders) if all(fits(board, team, order) for team, order in enumerate(orders)) else None
