"""The shortest closed walk over some streets of many, where some are one-way (mixed rural postman). Pure.

An integer program: whole numbers of passes on arcs, as many into a node as out of it, every required street passed one
way or the other, odd nodes once more than they have streets, and a way out of every part that would be left alone. It
is NP-hard also in one piece. HiGHS solves it (scipy) within a gap of 0.5 % or a limit of search nodes, which gives the
same answer on every machine; where a limit of time ends it, the best walk so far counts: the first one is the
solution in fractions, made whole without a search (`patched`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_matrix, csr_matrix, vstack
from scipy.sparse.csgraph import connected_components

from gis.patrol.network import Flags, Floats, Ints
from gis.patrol.sweeping.patched import balanced, joined
from gis.patrol.sweeping.ways import Links, Ways

_GAP: Final = 0.005
_SEARCH_NODES: Final = 300
LIMIT_S: Final = 20.0
_ABOVE: Final = (1e-6, 0.3, 0.6)  # what is passed more hangs together
_LACKING: Final = 1e-5


@dataclass(frozen=True)
class ArcPasses:
    """How often each link is passed, shape (m,), and no walk can be shorter than `bound` (metres)."""

    times: Ints
    bound: float


def mixed_postman(links: Links, edge: Ints, required: Ints, start: int | None) -> ArcPasses:
    """How often each link is passed by a short closed walk that passes one link at least of each `required` edge.

    `edge`, shape (m,), is the edge of each link; links of infinite cost are not there. All required edges and the start
    must be strongly connected.
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
        ways, until = Ways(self.links), time.monotonic() + LIMIT_S
        bound, passes = self._relaxed(until)
        best = joined(self.links, ways, balanced(self.links, ways, self._once(passes)), self.nodes)
        while (left_s := until - time.monotonic()) > 0:
            times, low = self._solved(left_s)
            bound = max(bound, low)
            if times is None:
                break
            found = joined(self.links, ways, self._whole(times), self.nodes)
            best = found if self._metres(found) < self._metres(best) else best
            if not self._leave_parts(self._apart(times)):
                break
        return ArcPasses(best, min(bound, self._metres(best)))

    def _relaxed(self, until: float) -> tuple[float, Floats]:
        """The bound and the passes in fractions, with a way out of whatever these leave alone."""
        while True:
            flow, more, least = self._rules()
            found = linprog(self.cost, -more, -least, flow, np.zeros(flow.shape[0]), (0, None), method="highs")
            if found.x is None:  # HiGHS gave up
                return 0.0, np.zeros(len(self.cost))
            added = [self._leave_parts(self._apart(found.x - above), found.x) for above in _ABOVE]
            if not any(added) or time.monotonic() > until:
                return float(found.fun), found.x

    def _leave_parts(self, apart: Ints, passes: Floats | None = None) -> bool:
        """Have each part left, of fractional `passes` those that are not; False where there is one part, or none to
        add."""
        added = False
        for k in range(int(apart.max()) + 1 if apart.any() else 0):
            inside = apart == k
            if passes is None or passes[inside[self.tail] & ~inside[self.head]].sum() < 1 - _LACKING:
                added = True
                self._leave(inside)
        return added

    def _once(self, passes: Floats) -> Ints:
        """A pass of each required edge: in the direction in which the fractional passes go more."""
        order = np.argsort(passes, kind="stable")
        link = np.zeros(self.num_groups, np.int64)
        link[self.group[order]] = order  # the last one counts
        times = np.zeros(len(self.kept), np.int64)
        times[link[self.wanted]] = 1
        return self._whole(times)

    def _whole(self, times: Ints) -> Ints:
        """Passes of all links, of those that are kept."""
        found = np.zeros(len(self.links.tail), np.int64)
        found[self.kept] = times
        return found

    def _metres(self, times: Ints) -> float:
        passed = times > 0
        return float(times[passed] @ self.links.cost[passed])

    def _apart(self, times: Ints | Floats) -> Ints:
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

    def _rules(self) -> tuple[csr_matrix, csr_matrix, Floats]:
        """As many passes into a place as out of it; and what has to be passed so often at least."""
        num, places, every = len(self.kept), len(self.places), np.arange(len(self.kept))
        flow = coo_matrix(
            (np.repeat([1.0, -1.0], num), (np.concatenate([self.tail, self.head]), np.tile(every, 2))),
            shape=(places, num),
        ).tocsr()
        groups = coo_matrix((np.ones(num), (self.group, every)), shape=(self.num_groups, num)).tocsr()[self.wanted]
        more = csr_matrix(np.array(self.rows, float).reshape(-1, num))
        return flow, vstack([groups, more]).tocsr(), np.concatenate([np.ones(len(self.wanted)), self.least])

    def _solved(self, limit_s: float) -> tuple[Ints | None, float]:
        flow, more, least = self._rules()
        found = milp(
            self.cost,
            integrality=np.ones(len(self.cost)),
            bounds=Bounds(0, np.inf),
            constraints=[LinearConstraint(flow, 0, 0), LinearConstraint(more, least, np.inf)],
            options={"node_limit": _SEARCH_NODES, "mip_rel_gap": _GAP, "time_limit": limit_s},
        )
        times = None if found.x is None else np.rint(found.x).astype(np.int64)
        return times, float(found.mip_dual_bound or 0.0)


def _on_ways(links: Links, nodes: Ints) -> Flags:
    """The links that lie on a shortest way between two of the nodes."""
    ways = Ways(links)
    ways.need(nodes.tolist())
    found = np.zeros(len(links.tail), bool)
    for source in nodes.tolist():
        found[ways.tree(source, nodes)] = True
    return found
