"""The least that makes every node even: pairs of odd nodes by blossom matching, joined by shortest paths. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
import rustworkx as rx

from gis.patrol.network import Flags, Floats, Ints
from gis.patrol.sweeping.ways import Ways

# Up to so many odd nodes every pair is looked at, beyond it the nearest of each (blossom is cubic in the pairs).
ALL_PAIRS: Final = 120
_NEAREST: Final = 14
_MM: Final = 1000.0


def join(ways: Ways, odd: Ints, num_edges: int) -> Flags:
    """The edges of the cheapest set that has odd degree exactly at `odd` (an even number of nodes, each reached by all
    others). Links 2e and 2e + 1 of `ways` are edge e there and back. Flags of shape (num_edges,)."""
    chosen = np.zeros(num_edges, bool)
    if not len(odd):
        return chosen
    for a, b in _pairs(ways.costs(odd, odd)):
        for link in ways.path(int(odd[a]), int(odd[b])):
            chosen[link // 2] ^= True
    return chosen


def _pairs(cost: Floats) -> list[tuple[int, int]]:
    """A perfect matching of least cost, of the complete graph or, of many nodes, over the nearest of each."""
    nearest = len(cost) if len(cost) <= ALL_PAIRS else _NEAREST
    while True:
        graph = rx.PyGraph(multigraph=False)
        graph.add_nodes_from(range(len(cost)))
        ends = _near(cost, nearest)
        weights = np.rint(cost[ends[:, 0], ends[:, 1]] * _MM).astype(np.int64)
        gain = int(weights.max(initial=0)) + 1 - weights
        graph.add_edges_from(list(zip(*ends.T.tolist(), gain.tolist(), strict=True)))
        found = sorted(tuple(sorted(pair)) for pair in rx.max_weight_matching(graph, True, int))
        if 2 * len(found) == len(cost):
            return [(a, b) for a, b in found]
        nearest *= 2


def _near(cost: Floats, nearest: int) -> Ints:
    """Pairs (i < j) of which one is among the nearest of the other, shape (m, 2)."""
    order = np.argsort(cost, axis=1, kind="stable")[:, : nearest + 1]
    pairs = np.stack([np.repeat(np.arange(len(cost)), order.shape[1]), order.ravel()], axis=1)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    return pairs[pairs[:, 0] < pairs[:, 1]]
