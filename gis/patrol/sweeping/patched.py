"""Passes over streets, some of them one-way, made into a walk without a search: balanced, and put together. Pure."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from gis.patrol.network import Ints
from gis.patrol.sweeping.ways import Links, Ways


def balanced(links: Links, ways: Ways, times: Ints) -> Ints:
    """The passes and the shortest ways from nodes into which more lead than out of, to those where it is less, so that
    all ways together are as short as can be."""
    spare = np.bincount(links.head, times, links.num_nodes) - np.bincount(links.tail, times, links.num_nodes)
    many = spare.astype(np.int64)
    sources, goals = (
        np.repeat(np.arange(len(many)), np.maximum(many, 0)),
        np.repeat(np.arange(len(many)), np.maximum(-many, 0)),
    )
    found = times.copy()
    for a, b in zip(*linear_sum_assignment(ways.costs(sources, goals)), strict=True):
        np.add.at(found, ways.path(int(sources[a]), int(goals[b])), 1)
    return found


def joined(links: Links, ways: Ways, times: Ints, nodes: Ints) -> Ints:
    """The passes, which are balanced, and a way there and back from each part of them to the one beside it, until
    `nodes` hang together."""
    found = times.copy()
    while True:
        used = found > 0
        shape = (links.num_nodes, links.num_nodes)
        graph = coo_matrix((np.ones(int(used.sum())), (links.tail[used], links.head[used])), shape=shape)
        part = np.unique(connected_components(graph, directed=False)[1][nodes], return_inverse=True)[1]
        if not part.any():
            return found
        here, there = nodes[part == 0], nodes[part > 0]
        both = ways.costs(here, there) + ways.costs(there, here).T
        a, b = np.unravel_index(int(np.argmin(both)), both.shape)
        for way in (ways.path(int(here[a]), int(there[b])), ways.path(int(there[b]), int(here[a]))):
            np.add.at(found, way, 1)
