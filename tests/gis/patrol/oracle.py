"""Travel times by other people's shortest paths: networkx on nodes with what was driven before them, for the turns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from gis.patrol.network import Mode, Network

Run = tuple[int, ...]
Vertex = tuple[int, Run]


def times(network: Network, mode: Mode, edge: Sequence[int], share: Sequence[float]) -> npt.NDArray[np.float64]:
    """Seconds between n places, each on an edge at a share of its length; shape (n, n).

    A vertex is a node with the last arcs, as long as a forbidden run could still go on from them.
    """
    graph = nx.DiGraph()
    cost = network.seconds[mode]
    turns = set(network.forbidden_turns) if mode is Mode.car else set()
    begun = {turn[:stop] for turn in turns for stop in range(1, len(turn))}
    at: dict[int, list[tuple[int, float]]] = {}
    for place, (on, t) in enumerate(zip(edge, share, strict=True)):
        for arc, before in ((2 * on, t), (2 * on + 1, 1 - t)):
            if np.isfinite(cost[arc]):
                at.setdefault(arc, []).append((place, before))
                _add(graph, ("from", place), _vertex(network, begun, (arc,)), (1 - before) * cost[arc])
    for arc, places in at.items():
        for (one, begin), (other, end) in product(places, places):
            if end >= begin:
                _add(graph, ("from", one), ("to", other), (end - begin) * cost[arc])
    _go_on(graph, network, cost, turns, begun, at)
    found = np.full((len(edge), len(edge)), np.inf)
    for place in range(len(edge)):
        reached = nx.single_source_dijkstra_path_length(graph, ("from", place))
        found[place] = [reached.get(("to", other), np.inf) for other in range(len(edge))]
        found[place, place] = 0.0
    return found


def _vertex(network: Network, begun: set[Run], run: Run) -> Vertex:
    """The end of a run, with the longest end of it that is the beginning of a forbidden one."""
    rest = next((run[start:] for start in range(len(run)) if run[start:] in begun), ())
    return int(network.head[run[-1]]), rest


def _go_on(
    graph: Any,
    network: Network,
    cost: npt.NDArray[np.float64],
    turns: set[Run],
    begun: set[Run],
    at: dict[int, list[tuple[int, float]]],
) -> None:
    """From every vertex that is reached, all arcs that may follow, and the places on them."""
    out_of: dict[int, list[int]] = {}
    for arc in np.flatnonzero(np.isfinite(cost)).tolist():
        out_of.setdefault(int(network.tail[arc]), []).append(arc)
    waiting = [_vertex(network, begun, (arc,)) for arc in at]
    done: set[Vertex] = set()
    while waiting:
        here = waiting.pop()
        if here in done:
            continue
        done.add(here)
        for arc in out_of.get(here[0], ()):
            whole = (*here[1], arc)
            if any(whole[start:] in turns for start in range(len(whole))):
                continue
            after = _vertex(network, begun, whole)
            _add(graph, here, after, cost[arc])
            waiting.append(after)
            for place, before in at.get(arc, ()):
                _add(graph, here, ("to", place), before * cost[arc])


def _add(graph: Any, tail: Any, head: Any, weight: float) -> None:
    known = graph.get_edge_data(tail, head)
    if known is None or weight < known["weight"]:
        graph.add_edge(tail, head, weight=weight)
