"""Shortest paths over streets, for as many starting nodes as are asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from gis.patrol.network import Floats, Ints

_LEAST_M = 1e-6  # csgraph takes a weight of 0 for no link


@dataclass(frozen=True)
class Links:
    """Directed links between nodes 0 … num_nodes - 1, shape (m,) each: from `tail` to `head`, `cost` > 0 or inf."""

    num_nodes: int
    tail: Ints
    head: Ints
    cost: Floats


class Ways:
    """Shortest paths over links. Rows are computed when first asked for, and kept. Of parallel links the cheapest
    counts, of equally cheap ones the first; links of infinite cost and loops are no way."""

    def __init__(self, links: Links) -> None:
        usable = np.flatnonzero(np.isfinite(links.cost) & (links.tail != links.head))
        order = usable[np.lexsort((usable, links.cost[usable], links.head[usable], links.tail[usable]))]
        pair = links.tail[order] * links.num_nodes + links.head[order]
        kept, first = np.unique(pair, return_index=True)
        self._link_of: dict[int, int] = dict(zip(kept.tolist(), order[first].tolist(), strict=True))
        chosen = order[first]
        cost = np.maximum(links.cost[chosen], _LEAST_M)
        shape = (links.num_nodes, links.num_nodes)
        self._matrix = csr_matrix((cost, (links.tail[chosen], links.head[chosen])), shape=shape)
        self._num_nodes = links.num_nodes
        self._rows: dict[int, tuple[Floats, Ints]] = {}

    def need(self, nodes: Iterable[int]) -> None:
        """Compute the rows of these nodes in one go."""
        missing = sorted({int(node) for node in nodes} - self._rows.keys())
        if missing:
            dist, before = dijkstra(self._matrix, indices=missing, return_predecessors=True)
            self._rows.update((node, (dist[k], before[k])) for k, node in enumerate(missing))

    def costs(self, sources: Ints, targets: Ints) -> Floats:
        """Shape (sources, targets); inf where there is no way."""
        self.need(sources.tolist())
        if not len(sources):
            return np.zeros((0, len(targets)))
        return np.stack([self._rows[node][0][targets] for node in sources.tolist()])

    def cost(self, source: int, target: int) -> float:
        self.need((source,))
        return float(self._rows[source][0][target])

    def path(self, source: int, target: int) -> list[int]:
        """The links from source to target in order; none where they are the same. There must be a way."""
        self.need((source,))
        before = self._rows[source][1]
        found: list[int] = []
        while target != source:
            previous = int(before[target])
            found.append(self._link(previous, target))
            target = previous
        return found[::-1]

    def tree(self, source: int, targets: Ints) -> Ints:
        """All links on the shortest paths from source to the targets, each once."""
        self.need((source,))
        before = self._rows[source][1]
        reached = {source}
        found: list[int] = []
        for target in targets.tolist():
            while target not in reached and before[target] >= 0:
                reached.add(target)
                found.append(self._link(int(before[target]), target))
                target = int(before[target])
        return np.array(found, np.int64)

    def nearest(self, nodes: Ints) -> Nearest:
        """For every node the way from the nearest of `nodes`."""
        dist, before, source = dijkstra(self._matrix, indices=nodes, min_only=True, return_predecessors=True)
        return Nearest(dist, np.maximum(source, 0).astype(np.int64), before, self._link)

    def _link(self, tail: int, head: int) -> int:
        return self._link_of[tail * self._num_nodes + head]


@dataclass(frozen=True)
class Nearest:
    """Ways from the nearest of some nodes: for every node its cost and which of them it is. Where none gets there the
    cost is inf, and the rest means nothing."""

    cost: Floats
    source: Ints
    before: Ints
    link: Callable[[int, int], int]

    def path(self, node: int) -> list[int]:
        """The links from its source to the node, the last one first."""
        found: list[int] = []
        while node != int(self.source[node]):
            previous = int(self.before[node])
            found.append(self.link(previous, node))
            node = previous
        return found
