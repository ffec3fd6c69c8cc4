"""Rural postman problems in several parts as a linear program with cuts, then in whole numbers: the optimum, or a bound
that is close to it. Pure.

Passes besides the required ones, at most two on each of the shortest ways between required places (others are in no
optimum). What a walk cannot do is cut off as it turns up (`cuts`; after Ghiani and Laporte 2000,
doi:10.1007/s101079900134): first in fractions, as long as that raises the bound; then in whole numbers, with every
place even. HiGHS solves both (scipy). Where a limit of time ends it, the best walk and the best bound so far count.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_matrix, csr_matrix, eye, hstack

from gis.patrol.network import Flags, Floats, Ints
from gis.patrol.sweeping.chains import chained
from gis.patrol.sweeping.cuts import Cuts, Places
from gis.patrol.sweeping.streets import Streets

LIMIT_S: Final = 6.0  # of the processor in fractions, and of the clock in whole numbers
SHARE: Final = 1e-4  # of its length, within which a walk is called the shortest
_LOOK_BACK: Final = 8  # rounds over which the bound has to rise by so much
_RISE: Final = 2e-4


@dataclass(frozen=True)
class Improved:
    """Times that are at least as good as those given; no walk is shorter than `bound`. `proved`: they are the optimum,
    or nearly so. `likely`: the extra passes of the last solution, edge by edge, though its walk may lie in pieces."""

    times: Ints
    bound: float
    proved: bool
    likely: Ints


def improve(streets: Streets, required: Flags, nodes: Ints, times: Ints) -> Improved:
    """The optimum, where it is found in the time there is; else what was given, or better. `nodes` are the ends of
    required edges and the start."""
    return _Program(streets, required, nodes).solve(times)


class _Program:
    """Columns: extra passes of each way that may be of use."""

    def __init__(self, streets: Streets, required: Flags, nodes: Ints) -> None:
        self.streets, self.required, self.nodes = streets, required, nodes
        useful = np.flatnonzero(_on_ways(streets, nodes) | required)
        self.chains = chained(streets.u, streets.v, streets.length, useful, set(nodes.tolist()))
        num = len(self.chains.u)
        ends = np.concatenate([self.chains.u, self.chains.v, nodes])
        self.places, found = np.unique(ends, return_inverse=True)
        degree = np.bincount(streets.u[required], minlength=streets.num_nodes)
        degree += np.bincount(streets.v[required], minlength=streets.num_nodes)
        self.degree = degree[self.places]
        part = np.full(len(self.places), -1)
        part[found[2 * num :]] = streets.parts(required, nodes)
        self.cuts = Cuts(Places(found[:num], found[num : 2 * num], self.degree % 2 == 1, part))
        self.base = float(streets.length[required].sum())

    def solve(self, times: Ints) -> Improved:
        best, known = times, float(times @ self.streets.length)
        passes: Floats | Ints
        bound, passes = self._relaxed()
        until = time.monotonic() + LIMIT_S
        while bound < known * (1 - SHARE) and (left_s := until - time.monotonic()) > 0:
            found, low = self._whole(left_s)
            bound = max(bound, low)
            if found is None:
                break
            passes, whole = found, self._times(found)
            metres = float(whole @ self.streets.length)
            if self._cut_apart(whole):
                continue
            if metres < known:
                best, known = whole, metres
            break
        often = np.rint(passes).astype(np.int64)
        likely = [edge for k in np.flatnonzero(often).tolist() for edge in self.chains.members[k] * int(often[k])]
        return Improved(best, min(bound, known), bound >= known * (1 - SHARE), np.array(likely, np.int64))

    def _relaxed(self) -> tuple[float, Floats]:
        """The bound and the passes in fractions, with cuts as long as they raise it: those that are soon found, then
        all that there are."""
        reached: list[float] = []
        until, thoroughly = time.thread_time() + LIMIT_S, False
        while True:
            found = linprog(
                self.chains.length, A_ub=-self.cuts.matrix, b_ub=-self.cuts.least, bounds=(0, 2), method="highs"
            )
            if found.x is None:  # HiGHS gave up: what is known so far counts
                return max(reached, default=0.0), np.zeros(len(self.chains.length))
            reached.append(self.base + float(found.fun))
            stale = len(reached) > _LOOK_BACK and reached[-1] < reached[-1 - _LOOK_BACK] * (1 + _RISE)
            more = self.cuts.add_lacking(found.x, thoroughly=thoroughly or stale)
            if time.thread_time() > until or (thoroughly and (stale or not more)):
                return reached[-1], found.x
            if stale or not more:
                thoroughly, reached = True, reached[-1:]

    def _whole(self, limit_s: float) -> tuple[Ints | None, float]:
        """The best in whole numbers under the cuts so far, and a bound; None where the time was too short for any."""
        num, places = len(self.chains.u), len(self.places)
        side = np.concatenate([self.cuts.places.u, self.cuts.places.v])
        ends = coo_matrix((np.ones(2 * num), (side, np.tile(np.arange(num), 2))), shape=(places, num))
        even = hstack([ends, -2 * eye(places)]).tocsr()  # beside the columns half the degree of each place
        left = self.cuts.matrix
        left = hstack([left, csr_matrix((left.shape[0], places))]).tocsr()
        found = milp(
            np.concatenate([self.chains.length, np.zeros(places)]),
            integrality=np.ones(num + places),
            bounds=Bounds(0, np.concatenate([np.full(num, 2.0), np.full(places, np.inf)])),
            constraints=[
                LinearConstraint(even, -self.degree, -self.degree),
                LinearConstraint(left, self.cuts.least, np.inf),
            ],
            options={"mip_rel_gap": SHARE / 2, "time_limit": limit_s},
        )
        low = self.base + float(found.mip_dual_bound) if found.mip_dual_bound is not None else 0.0
        return (None if found.x is None else np.rint(found.x[:num]).astype(np.int64)), low

    def _times(self, extra: Ints) -> Ints:
        times = self.required.astype(np.int64)
        for k in np.flatnonzero(extra).tolist():
            times[list(self.chains.members[k])] += extra[k]
        return times

    def _cut_apart(self, times: Ints) -> bool:
        """Cut off a solution whose walk falls into pieces; False where it does not."""
        piece = self.streets.parts(times > 0, self.places)
        held = np.unique(piece[np.searchsorted(self.places, self.nodes)])
        added = [self.cuts.add(piece == number, 2) for number in held.tolist()]
        return len(held) > 1 and any(added)


def _on_ways(streets: Streets, nodes: Ints) -> Flags:
    """The edges that lie on a shortest way between two of the nodes."""
    found = np.zeros(len(streets.u), bool)
    streets.ways.need(nodes.tolist())
    for source in nodes.tolist():
        found[streets.ways.tree(source, nodes) // 2] = True
    return found
