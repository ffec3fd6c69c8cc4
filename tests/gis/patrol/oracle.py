"""Travel times by other people's shortest paths: networkx on arcs as vertices, so that turns can be forbidden."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from gis.patrol.network import Mode, Network

Run = tuple[int, ...]


def times(network: Network, mode: Mode, edge: Sequence[int], share: Sequence[float]) -> npt.NDArray[np.float64]:
    """Seconds between n places, each on an edge at a share of its length; shape (n, n).

    A vertex is the run of the last arcs, as many as a forbidden run is long, less one.
    """
    graph = nx.DiGraph()
    cost = network.seconds[mode]
    at: dict[int, list[tuple[int, float]]] = {}
    for place, (on, t) in enumerate(zip(edge, share, strict=True)):
        for arc, before in ((2 * on, t), (2 * on + 1, 1 - t)):
            if np.isfinite(cost[arc]):
                at.setdefault(arc, []).append((place, before))
                _add(graph, ("from", place), (arc,), (1 - before) * cost[arc])
    for arc, places in at.items():
        for (one, begin), (other, end) in product(places, places):
            if end >= begin:
                _add(graph, ("from", one), ("to", other), (end - begin) * cost[arc])
    _go_on(graph, network, mode, at)
    found = np.full((len(edge), len(edge)), np.inf)
    for place in range(len(edge)):
        reached = nx.single_source_dijkstra_path_length(graph, ("from", place))
        found[place] = [reached.get(("to", other), np.inf) for other in range(len(edge))]
        found[place, place] = 0.0
    return found


def _go_on(graph: Any, network: Network, mode: Mode, at: dict[int, list[tuple[int, float]]]) -> None:
    """From every run that is reached, all arcs that may follow, and the places on them."""
    turns = set(network.forbidden_turns) if mode is Mode.car else set()
    keep = max([len(turn) for turn in turns], default=2) - 1
    cost = network.seconds[mode]
    out_of: dict[int, list[int]] = {}
    for arc in np.flatnonzero(np.isfinite(cost)).tolist():
        out_of.setdefault(int(network.tail[arc]), []).append(arc)
    waiting: list[Run] = [(arc,) for arc in at]
    done: set[Run] = set()
    while waiting:
        run = waiting.pop()
        if run in done:
            continue
        done.add(run)
        for arc in out_of.get(int(network.head[run[-1]]), ()):
            whole = (*run, arc)
            if any(whole[start:] in turns for start in range(len(whole))):
                continue
            after = whole[-keep:]
            _add(graph, run, after, cost[arc])
            waiting.append(after)
            for place, before in at.get(arc, ()):
                _add(graph, run, ("to", place), before * cost[arc])


def _add(graph: Any, tail: Any, head: Any, weight: float) -> None:
    known = graph.get_edge_data(tail, head)
    if known is None or weight < known["weight"]:
        graph.add_edge(tail, head, weight=weight)
