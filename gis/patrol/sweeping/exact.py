"""Rural postman problems in several parts as an integer program: the optimum of small ones, or a better bound. Pure.

Whole numbers of extra passes on the shortest ways between required nodes (others are in no optimum); every node even.
What would leave a part of the streets alone, or an odd node without a further pass, is cut off. HiGHS solves it
(scipy). It ends after a number of search nodes, or after 2 s: then what was given counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix, csr_matrix, vstack

from gis.patrol.network import Flags, Ints
from gis.patrol.sweeping.chains import chained
from gis.patrol.sweeping.streets import Streets

MOST_NODES: Final = 200  # required nodes up to which it is tried
_SEARCH_NODES: Final = 100
LIMIT_S: Final = 2.0
_ROUNDS: Final = 30
_SHARE: Final = 1e-6


@dataclass(frozen=True)
class Improved:
    """Times that are at least as good as those given; no walk is shorter than `bound`."""

    times: Ints
    bound: float
    proved: bool


def improve(streets: Streets, required: Flags, nodes: Ints, times: Ints) -> Improved:
    """The optimum, where it is found; else what was given. `nodes` are the ends of required edges and the start."""
    if len(nodes) > MOST_NODES:
        return Improved(times, 0.0, False)
    return _Program(streets, required, nodes).solve(times)


class _Program:
    """Columns: extra passes of each way that may be of use (0, 1 or 2), then half the degree of each of its nodes."""

    def __init__(self, streets: Streets, required: Flags, nodes: Ints) -> None:
        self.streets, self.required, self.nodes = streets, required, nodes
        useful = np.flatnonzero(_on_ways(streets, nodes) | required)
        self.chains = chained(streets.u, streets.v, streets.length, useful, set(nodes.tolist()))
        ends = np.concatenate([self.chains.u, self.chains.v, nodes])
        self.places, found = np.unique(ends, return_inverse=True)
        num = len(self.chains.u)
        self.u, self.v = found[:num], found[num : 2 * num]
        self.length = self.chains.length
        degree = np.bincount(streets.u[required], minlength=streets.num_nodes)
        self.degree = (degree + np.bincount(streets.v[required], minlength=streets.num_nodes))[self.places]
        self.cuts: list[Flags] = []  # sets of places that must be left
        self.least: list[float] = []

    def solve(self, times: Ints) -> Improved:
        bound, self.until = 0.0, time.monotonic() + LIMIT_S
        known = float(times @ self.streets.length)
        odd = np.flatnonzero(self.degree % 2)
        for place in odd.tolist():
            self._cut(np.arange(len(self.places)) == place, 1)
        for k in range(int(self._part_of().max()) + 1):
            self._cut(self._part_of() == k, 2)
        for _ in range(_ROUNDS):
            found, low = self._solved()
            bound = max(bound, low)
            if found is None or time.monotonic() > self.until or bound >= known * (1 - _SHARE):
                break
            whole = self._times(found)
            parts = self.streets.parts(whole > 0, self.nodes)
            if not parts.any():
                metres = float(whole @ self.streets.length)
                return Improved(whole if metres < known else times, bound, True)
            labels = self._labels(whole)
            for k in range(int(parts.max()) + 1):
                inside = np.isin(labels, labels[np.searchsorted(self.places, self.nodes[parts == k])])
                self._cut(inside, 2)
        return Improved(times, min(bound, known), bound >= known * (1 - _SHARE))

    def _part_of(self) -> Ints:
        """Of each place the part of required streets it is in, -1 of those in none."""
        found = np.full(len(self.places), -1)
        found[np.searchsorted(self.places, self.nodes)] = self.streets.parts(self.required, self.nodes)
        return found

    def _times(self, extra: Ints) -> Ints:
        times = self.required.astype(np.int64)
        for k in np.flatnonzero(extra).tolist():
            times[list(self.chains.members[k])] += extra[k]
        return times

    def _labels(self, whole: Ints) -> Ints:
        return self.streets.parts(whole > 0, self.places)

    def _cut(self, inside: Flags, least: float) -> None:
        if inside.any() and not inside.all():
            self.cuts.append(inside[self.u] != inside[self.v])
            self.least.append(least)

    def _solved(self) -> tuple[Ints | None, float]:
        num, places = len(self.u), len(self.places)
        edge = np.arange(num)
        ends = coo_matrix(
            (np.ones(2 * num), (np.concatenate([self.u, self.v]), np.concatenate([edge, edge]))), shape=(places, num)
        )
        even = LinearConstraint(
            coo_matrix(np.hstack([ends.toarray(), -2 * np.eye(places)])).tocsr(), -self.degree, -self.degree
        )
        crossing = csr_matrix(np.array(self.cuts, float).reshape(-1, num))
        left = vstack([crossing.T, csr_matrix((places, crossing.shape[0]))]).T.tocsr()
        found = milp(
            np.concatenate([self.length, np.zeros(places)]),
            integrality=np.ones(num + places),
            bounds=Bounds(0, np.concatenate([np.full(num, 2.0), np.full(places, np.inf)])),
            constraints=[even, LinearConstraint(left, self.least, np.inf)],
            options={
                "node_limit": _SEARCH_NODES,
                "mip_rel_gap": 0.0,
                "time_limit": max(0.01, self.until - time.monotonic()),
            },
        )
        base = float(self.streets.length[self.required].sum())
        low = base + float(found.mip_dual_bound) if found.mip_dual_bound is not None else 0.0
        done = found.status == 0 and found.x is not None
        return (np.rint(found.x[:num]).astype(np.int64) if done else None), low


def _on_ways(streets: Streets, nodes: Ints) -> Flags:
    """The edges that lie on a shortest way between two of the nodes."""
    found = np.zeros(len(streets.u), bool)
    streets.ways.need(nodes.tolist())
    for source in nodes.tolist():
        found[streets.ways.tree(source, nodes) // 2] = True
    return found
