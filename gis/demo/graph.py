"""Spreading labels over a graph by least cost: regions that stay connected, and roads that run together. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gis.demo.field import Floats
from gis.demo.plan import Bools, Ints


@dataclass(frozen=True, slots=True)
class Graph:
    """An undirected graph as adjacency lists: the links of node i are `near[start[i]:start[i + 1]]`, each with the
    index of its edge."""

    start: list[int]
    near: list[int]
    edge: list[int]


@dataclass(frozen=True, slots=True)
class Spread:
    """Label, cost and arriving edge of every node; -1 and infinity where nothing arrived."""

    label: Ints
    cost: Floats
    edge: Ints


def make_graph(ends: Ints, num_nodes: int) -> Graph:
    """The graph with the edges `ends` (m, 2)."""
    edge = np.arange(len(ends))
    tail = np.concatenate([ends[:, 0], ends[:, 1]])
    head = np.concatenate([ends[:, 1], ends[:, 0]])
    order = np.argsort(tail, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=num_nodes))])
    return Graph(start.tolist(), head[order].tolist(), np.concatenate([edge, edge])[order].tolist())


def spread(
    graph: Graph,
    edge_cost: Floats,
    seeds: Sequence[tuple[int, int]],
    *,
    only: Ints | None = None,
    zone: Ints | None = None,
    label_zone: Ints | None = None,
) -> Spread:
    """Grows every seed (node, label) along the cheapest edges until all that it may enter is taken.

    A node with `only` ≥ 0 takes no other label; with `zone` given, a label enters only nodes of its `label_zone`.
    Each label's nodes are connected by construction. No seeds give a spread in which nothing arrived.
    """
    num = len(graph.start) - 1
    label, best, via = [-1] * num, [float("inf")] * num, [-1] * num
    wanted = only.tolist() if only is not None else [-1] * num
    where = zone.tolist() if zone is not None else [0] * num
    home = label_zone.tolist() if label_zone is not None else None
    costs = edge_cost.tolist()
    heap = [(0.0, node, mark, -1) for node, mark in seeds]
    heapq.heapify(heap)
    start, near, edges = graph.start, graph.near, graph.edge
    while heap:
        cost, node, mark, arrived = heapq.heappop(heap)
        if label[node] >= 0:
            continue
        label[node], best[node], via[node] = mark, cost, arrived
        for k in range(start[node], start[node + 1]):
            other = near[k]
            if label[other] >= 0 or (wanted[other] >= 0 and wanted[other] != mark):
                continue
            if home is not None and where[other] != home[mark]:
                continue
            through = cost + costs[edges[k]]
            if through < best[other]:
                best[other] = through
                heapq.heappush(heap, (through, other, mark, edges[k]))
    return Spread(np.array(label, dtype=np.int64), np.array(best), np.array(via, dtype=np.int64))


def main_pieces(graph: Graph, zone: Ints) -> Bools:
    """Which nodes belong to the largest connected piece of their zone (zones < 0 have none)."""
    zones, piece = zone.tolist(), [-1] * len(zone)
    count = 0
    for root in range(len(zones)):
        if zones[root] < 0 or piece[root] >= 0:
            continue
        piece[root] = count
        stack = [root]
        while stack:
            node = stack.pop()
            for k in range(graph.start[node], graph.start[node + 1]):
                other = graph.near[k]
                if piece[other] < 0 and zones[other] == zones[root]:
                    piece[other] = count
                    stack.append(other)
        count += 1
    pieces = np.array(piece, dtype=np.int64)
    size = np.bincount(pieces[pieces >= 0], minlength=count)
    best = np.zeros(int(zone.max(initial=-1)) + 1, dtype=np.int64)
    inside = np.flatnonzero(zone >= 0)
    np.maximum.at(best, zone[inside], size[pieces[inside]])
    found = np.zeros(len(zone), dtype=np.bool_)
    found[inside] = size[pieces[inside]] == best[zone[inside]]
    return found


def connect(ends: Ints, edge_cost: Floats, found: Spread, num_labels: int) -> list[list[int]]:
    """Paths (lists of edges) that join neighbouring labels of a spread over their cheapest common edge.

    Of all neighbouring pairs, those of the relative neighbourhood graph are joined: enough to reach everybody, with a
    few round trips, and no fan of parallel roads.
    """
    left, right = found.label[ends[:, 0]], found.label[ends[:, 1]]
    between = np.flatnonzero((left >= 0) & (right >= 0) & (left != right))
    total = found.cost[ends[between, 0]] + found.cost[ends[between, 1]] + edge_cost[between]
    pair = np.minimum(left, right)[between] * num_labels + np.maximum(left, right)[between]
    order = np.lexsort((total, pair))
    first = order[np.concatenate([[True], pair[order][1:] != pair[order][:-1]])] if len(order) else order
    length: list[dict[int, float]] = [{} for _ in range(num_labels)]
    for index in first:
        a, b = divmod(int(pair[index]), num_labels)
        length[a][b] = length[b][a] = float(total[index])
    paths: list[list[int]] = []
    for index in first:
        a, b = divmod(int(pair[index]), num_labels)
        reach = length[a][b]
        if any(way < reach and length[b].get(c, reach) < reach for c, way in length[a].items()):
            continue
        edge = int(between[index])
        paths.append([*_back(ends, found, int(ends[edge, 0])), edge, *_back(ends, found, int(ends[edge, 1]))])
    return paths


def path_to_seed(ends: Ints, found: Spread, node: int) -> list[int]:
    """The edges from `node` back to the seed it was reached from; empty at a seed."""
    return _back(ends, found, node)


def _back(ends: Ints, found: Spread, node: int) -> list[int]:
    path: list[int] = []
    while (edge := int(found.edge[node])) >= 0:
        path.append(edge)
        node = int(ends[edge, 0] + ends[edge, 1]) - node
    return path
