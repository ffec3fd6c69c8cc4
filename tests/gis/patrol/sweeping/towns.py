"""Small networks for the tests of sweeps, and the shortest walk by trying everything."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import networkx as nx
import numpy as np
import shapely

from gis.patrol.network import Ints, Mode, Network

LON, LAT = 104.0, 34.5
NORTH_M = 110_922.0  # of a degree here
EAST_M = 91_893.0

Street = tuple[int, int, float]  # from node, to node, metres


def town(xy: Sequence[tuple[float, float]], streets: Sequence[Street], one_way: Sequence[int] = ()) -> Network:
    """Nodes at metres east and north; `one_way` are streets that may be passed from their first node only."""
    lon = np.array([LON + x / EAST_M for x, _ in xy])
    lat = np.array([LAT + y / NORTH_M for _, y in xy])
    u, v = (np.array([street[k] for street in streets], np.int64) for k in (0, 1))
    num = len(streets)
    line = np.empty(num, object)
    line[:] = [_line(lon, lat, int(a), int(b)) for a, b in zip(u, v, strict=True)]
    length = np.array([street[2] for street in streets], float)
    back = np.where(np.isin(np.arange(num), list(one_way)), np.inf, length / 1.25)
    seconds = np.concatenate([length / 1.25, back])
    edge = np.arange(num)
    return Network(
        "town", lon, lat, line, length, np.zeros(num, np.int64), np.full(num, "", object), np.ones(num, np.int64),
        np.concatenate([u, v]), np.concatenate([v, u]), np.concatenate([edge, edge]),
        np.repeat([True, False], num), {Mode.foot: seconds, Mode.car: seconds / 5},
    )  # fmt: skip


def _line(lon: np.ndarray, lat: np.ndarray, a: int, b: int) -> shapely.LineString:
    if a == b:  # a loop is drawn as a small triangle
        return shapely.LineString(
            [(lon[a], lat[a]), (lon[a] + 1e-4, lat[a]), (lon[a], lat[a] + 1e-4), (lon[a], lat[a])]
        )
    return shapely.LineString([(lon[a], lat[a]), (lon[b], lat[b])])


def lattice(columns: int, rows: int, step_m: float = 100.0, one_way: Sequence[int] = ()) -> Network:
    """A grid of streets."""
    xy = [(x * step_m, y * step_m) for y in range(rows) for x in range(columns)]
    streets = [(y * columns + x, y * columns + x + 1, step_m) for y in range(rows) for x in range(columns - 1)]
    streets += [(y * columns + x, (y + 1) * columns + x, step_m) for y in range(rows - 1) for x in range(columns)]
    return town(xy, streets, one_way)


def random_town(seed: int, nodes: int = 9, more: int = 5, one_way: int = 0) -> Network:
    """A tree with some streets more (parallel ones and loops too), of whole metres."""
    rng = np.random.default_rng(seed)
    xy = [(float(x), float(y)) for x, y in rng.uniform(0, 1000, (nodes, 2))]
    pairs = [(int(rng.integers(k)), k) for k in range(1, nodes)]
    pairs += [(int(a), int(b)) for a, b in rng.integers(0, nodes, (more, 2))]
    streets = [(a, b, float(rng.integers(1, 60))) for a, b in pairs]
    # Only streets beside the tree are one-way: everything stays connected there and back.
    return town(xy, streets, range(len(streets) - one_way, len(streets)))


def shortest(network: Network, mode: Mode, required: Ints, start: int | None) -> float:
    """Metres of the shortest closed walk over the required edges, in every order and direction."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(network.lon)))
    open_ = np.isfinite(network.seconds[mode])
    for arc in np.flatnonzero(open_).tolist():
        a, b = int(network.tail[arc]), int(network.head[arc])
        metres = float(network.length_m[network.edge[arc]])
        if not graph.has_edge(a, b) or graph[a][b]["weight"] > metres:
            graph.add_edge(a, b, weight=metres)
    far = {a: dict(found) for a, found in nx.all_pairs_dijkstra_path_length(graph)}
    ways = [[a for a in np.flatnonzero(network.edge == e).tolist() if open_[a]] for e in required.tolist()]
    firsts = ways[0] if start is None else [None]
    return min(_from(network, far, ways, required, first, start) for first in firsts)


def _from(network: Network, far: dict, ways: list, required: Ints, first: int | None, start: int | None) -> float:
    full = (1 << len(ways)) - 1
    if first is None:
        begin, best = start, {(0, start): 0.0}
    else:
        begin = int(network.tail[first])
        best = {(1, int(network.head[first])): float(network.length_m[required[0]])}
    for _ in itertools.repeat(None, len(ways)):
        grown = dict(best)
        for (done, node), metres in best.items():
            for k, arcs in enumerate(ways):
                if done >> k & 1:
                    continue
                for arc in arcs:
                    key = (done | 1 << k, int(network.head[arc]))
                    cost = metres + far[node][int(network.tail[arc])] + float(network.length_m[required[k]])
                    if cost < grown.get(key, math.inf):
                        grown[key] = cost
        best = grown
    return min(metres + far[node][begin] for (done, node), metres in best.items() if done == full)
