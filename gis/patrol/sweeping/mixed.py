"""The shortest closed walk over some streets of many, where some are one-way (mixed rural postman). Pure.

An integer program: whole numbers of passes on arcs, as many into a node as out of it, every required street passed one
way or the other, odd nodes once more than they have streets, and a way out of every part that would be left alone. It
is NP-hard also in one piece. HiGHS solves it (scipy) within a gap of 0.5 % or a limit of search nodes, which gives the
same answer on every machine; where a limit of time ends it, the best walk so far counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix, csr_matrix, vstack
from scipy.sparse.csgraph import connected_components

from gis.errors import BadInput
from gis.patrol.network import Flags, Ints
from gis.patrol.sweeping.ways import Links, Ways

_GAP: Final = 0.005
_SEARCH_NODES: Final = 300
_LIMIT_S: Final = 20.0
_ROUNDS: Final = 40


@dataclass(frozen=True)
class ArcPasses:
    """How often each link is passed, shape (m,), and no walk can be shorter than `bound` (metres)."""

    times: Ints
    bound: float


def mixed_postman(links: Links, edge: Ints, required: Ints, start: int | None) -> ArcPasses:
    """How often each link is passed by a short closed walk that passes one link at least of each `required` edge.

    `edge`, shape (m,), is the edge of each link; links of infinite cost are not there. All required edges and the start
    must be strongly connected. Raises BadInput where none is found within the limits.
    """
    if not len(required):
        return ArcPasses(np.zeros(len(links.tail), np.int64), 0.0)
    return _Program(links, edge, required, start).solve()


class _Program:
    def __init__(self, links: Links, edge: Ints, required: Ints, start: int | None) -> None:
        self.links = links
        must = np.isin(edge, required) & np.isfinite(links.cost)
        ends = [links.tail[must], links.head[must], np.array([] if start is None else [start], np.int64)]
        self.nodes: Ints = np.unique(np.concatenate(ends))
        self.kept = np.flatnonzero(must | _on_ways(links, self.nodes))
        self.places, found = np.unique(
            np.concatenate([links.tail[self.kept], links.head[self.kept]]), return_inverse=True
        )
        self.tail, self.head = found[: len(self.kept)], found[len(self.kept) :]
        self.cost = links.cost[self.kept]
        kinds, self.group = np.unique(edge[self.kept], return_inverse=True)
        self.wanted = np.flatnonzero(np.isin(kinds, required))
        self.num_groups = len(kinds)
        self.rows: list[Flags] = []
        self.least: list[float] = []
        self._odd_nodes()
        if start is not None:
            self._leave(self.places == start)

    def _odd_nodes(self) -> None:
        one = np.zeros(self.num_groups, np.int64) - 1
        one[self.group] = np.arange(len(self.group))
        link = one[self.wanted]
        degree = np.bincount(self.tail[link], minlength=len(self.places))
        degree += np.bincount(self.head[link], minlength=len(self.places))
        for place in np.flatnonzero(degree % 2).tolist():
            self.rows.append(((self.tail == place) | (self.head == place)) & (self.tail != self.head))
            self.least.append(float(degree[place] + 1 - 2 * self._loops(link, place)))

    def _loops(self, link: Ints, place: int) -> int:
        return int(((self.tail[link] == place) & (self.head[link] == place)).sum())

    def _leave(self, inside: Flags) -> None:
        if inside.any() and not inside.all():
            self.rows.append(inside[self.tail] & ~inside[self.head])
            self.least.append(1.0)

    def solve(self) -> ArcPasses:
        bound = 0.0
        for _ in range(_ROUNDS):
            times, low = self._solved()
            bound = max(bound, low)
            apart = self._apart(times)
            if not apart.any():
                whole = np.zeros(len(self.links.tail), np.int64)
                whole[self.kept] = times
                return ArcPasses(whole, min(bound, float(times @ self.cost)))
            for k in range(int(apart.max()) + 1):
                self._leave(apart == k)
        raise _not_found()

    def _apart(self, times: Ints) -> Ints:
        """Of each place the part of the walk it is in; 0 for all where the walk is one. Places that no pass touches
        and that need not be touched are with the first part."""
        used = times > 0
        shape = (len(self.places), len(self.places))
        graph = coo_matrix((np.ones(int(used.sum())), (self.tail[used], self.head[used])), shape=shape)
        labels = connected_components(graph, directed=False)[1]
        found = np.zeros(len(self.places), np.int64)
        for k, label in enumerate(np.unique(labels[np.searchsorted(self.places, self.nodes)]).tolist()):
            found[labels == label] = k
        return found

    def _solved(self) -> tuple[Ints, float]:
        num, places, every = len(self.kept), len(self.places), np.arange(len(self.kept))
        flow = coo_matrix(
            (np.repeat([1.0, -1.0], num), (np.concatenate([self.tail, self.head]), np.tile(every, 2))),
            shape=(places, num),
        ).tocsr()
        groups = coo_matrix((np.ones(num), (self.group, every)), shape=(self.num_groups, num)).tocsr()[self.wanted]
        more = csr_matrix(np.array(self.rows, float).reshape(-1, num))
        least = np.concatenate([np.ones(len(self.wanted)), self.least])
        found = milp(
            self.cost,
            integrality=np.ones(num),
            bounds=Bounds(0, np.inf),
            constraints=[LinearConstraint(flow, 0, 0), LinearConstraint(vstack([groups, more]).tocsr(), least, np.inf)],
            options={"node_limit": _SEARCH_NODES, "mip_rel_gap": _GAP, "time_limit": _LIMIT_S},
        )
        if found.x is None:
            raise _not_found()
        return np.rint(found.x).astype(np.int64), float(found.mip_dual_bound or 0.0)


def _on_ways(links: Links, nodes: Ints) -> Flags:
    """The links that lie on a shortest way between two of the nodes."""
    ways = Ways(links)
    ways.need(nodes.tolist())
    found = np.zeros(len(links.tail), bool)
    for source in nodes.tolist():
        found[ways.tree(source, nodes)] = True
    return found


def _not_found() -> BadInput:
    return BadInput("area: no sweep was found among its one-way streets in the time there is; take less", field="area")
