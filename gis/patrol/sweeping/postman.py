"""The shortest closed walk over some streets of many, all walkable both ways (rural postman). Pure.

The walk passes the required streets, and some edges more: those that make every node even (`joining`), and links that
hold the parts together. In one piece, matching alone is the optimum. In several, links and matching depend on each
other: links are added between what the matching has left apart, and then each is tried without and replaced by others,
always with the matching anew. What is not the optimum for sure is then proved, or improved, by `exact`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from gis.patrol.network import Flags, Ints
from gis.patrol.sweeping.exact import improve
from gis.patrol.sweeping.joining import ALL_PAIRS, join
from gis.patrol.sweeping.streets import Streets

_TRIES: Final = 30_000  # tries of other links × odd nodes²: what the search may cost
_EPS: Final = 1e-6


@dataclass(frozen=True)
class Passes:
    """How often each edge is passed, shape (k,), and no walk can be shorter than `bound` (metres)."""

    times: Ints
    bound: float


def postman(streets: Streets, required: Flags, start: int | None, *, prove: bool = True) -> Passes:
    """How often each edge is passed by a short closed walk that passes all `required` ones, and `start` where given.

    All required edges and the start must be connected by the streets. Nothing required: nothing is passed. `prove`:
    whether more is tried where matching alone is no optimum for sure, which takes a dozen seconds at most; without it
    the bound may be 0.
    """
    if not required.any():
        return Passes(np.zeros(len(required), np.int64), 0.0)
    search = _Search(streets, required, start)
    links: list[Link] = []
    times = search.with_links(links)
    bound = search.metres(times) if search.matched_exactly else 0.0
    holds = search.holds(times)
    if holds and search.matched_exactly:
        return Passes(times, bound)
    if not holds:
        links, times = search.grown()
    if prove:
        found = improve(streets, required, search.nodes, times)
        if found.proved:
            return Passes(found.times, found.bound)
        other, likely = search.grown_from(found.likely)
        links, times = min(((links, found.times), (other, likely)), key=lambda one: search.metres(one[1]))
        bound, times = max(bound, found.bound), search.better(links, times)
    return Passes(times, bound)


Link = tuple[int, ...]  # edges from one part to another


class _Search:
    def __init__(self, streets: Streets, required: Flags, start: int | None) -> None:
        self.streets, self.base = streets, required.astype(np.int64)
        ends = np.concatenate([streets.u[required], streets.v[required], [] if start is None else [start]])
        self.nodes: Ints = np.unique(ends.astype(np.int64))
        self.part = streets.parts(required, self.nodes)

    def metres(self, times: Ints) -> float:
        return float(times @ self.streets.length)

    @property
    def matched_exactly(self) -> bool:
        """Whether the matching of the required edges alone is one of all pairs, and so the least there is."""
        return len(self.streets.odd(self.base)) <= ALL_PAIRS

    def holds(self, times: Ints) -> bool:
        return bool((self.streets.parts(times > 0, self.nodes) == 0).all())

    def with_links(self, links: list[Link]) -> Ints:
        """The times of the required edges, some links, and the cheapest that makes all even."""
        times = self.base.copy()
        for link in links:
            np.add.at(times, list(link), 1)
        odd = self.streets.odd(times)
        return times + join(self.streets.ways, odd, len(times))

    def grown(self) -> tuple[list[Link], Ints]:
        """The better of: links where the matching leaves gaps; links between all parts first."""
        found = (self._grown([]), self._grown(self._tree(self.base)))
        thin = [(links, self.thinned(times)) for links, times in found]
        return min(thin, key=lambda one: self.metres(one[1]))

    def grown_from(self, edges: Ints) -> tuple[list[Link], Ints]:
        """The same, where some edges are passed once more to begin with."""
        links, times = self._grown([(int(edge),) for edge in edges])
        return links, self.thinned(times)

    def _grown(self, links: list[Link]) -> tuple[list[Link], Ints]:
        times = self.with_links(links)
        while not self.holds(times):
            links = links + self._tree(times)
            times = self.with_links(links)
        return links, times

    def _tree(self, times: Ints) -> list[Link]:
        """The shortest links that hold the parts of what is passed together: a tree over them (Mehlhorn)."""
        apart = self.streets.parts(times > 0, self.nodes)
        return [link for _, link in _tree_of(self._candidates(apart), apart)]

    def _candidates(self, apart: Ints, most: int = 1) -> list[tuple[float, int, int, Link]]:
        """Links between parts that border on each other, the shortest first: metres, part, part, edges."""
        near = self.streets.ways.nearest(self.nodes)
        label = np.full(self.streets.num_nodes, -1)
        label[self.nodes] = apart
        u, v = self.streets.u, self.streets.v
        a, b = label[near.source[u]], label[near.source[v]]
        cost = near.cost[u] + self.streets.length + near.cost[v]
        crossing = np.flatnonzero(np.isfinite(cost) & (a != b))
        found: list[tuple[float, int, int, Link]] = []
        seen: Counter[tuple[int, int]] = Counter()
        for edge in crossing[np.argsort(cost[crossing], kind="stable")].tolist():
            pair = (min(int(a[edge]), int(b[edge])), max(int(a[edge]), int(b[edge])))
            seen[pair] += 1
            if seen[pair] <= most:
                way = [*near.path(int(u[edge])), *near.path(int(v[edge]))]
                found.append((float(cost[edge]), *pair, (edge, *(link // 2 for link in way))))
        return found

    def better(self, links: list[Link], times: Ints) -> Ints:
        """Better times by leaving links out and taking others, as long as there are tries."""
        others = [link for *_, link in self._candidates(self.part, most=3)]
        tries = max(8, _TRIES // max(1, len(self.streets.odd(self.base))) ** 2)
        best, better = times, True
        while better and tries > 0:
            better = False
            for changed in _changes(links, others):
                tries -= 1
                found = self.with_links(changed)
                if self.holds(found) and self.metres(thin := self.thinned(found)) < self.metres(best) - _EPS:
                    links, best, better = changed, thin, True
                    break
                if tries <= 0:
                    break
        return best

    def thinned(self, times: Ints) -> Ints:
        """Without pairs of passes that nothing needs: the walk stays even, and holds together."""
        times = np.where(times > 2, times - 2 * ((times - 1) // 2), times)
        spare = np.flatnonzero(times - self.base >= 2)
        for edge in spare[np.argsort(-self.streets.length[spare], kind="stable")].tolist():
            fewer = times.copy()
            fewer[edge] -= 2
            if self.holds(fewer):
                times = fewer
        return times


def _tree_of(candidates: list[tuple[float, int, int, Link]], apart: Ints) -> list[tuple[float, Link]]:
    group = list(range(int(apart.max()) + 1))
    chosen = []
    for metres, a, b, link in candidates:
        if group[a] != group[b]:
            was, now = group[a], group[b]
            group = [now if g == was else g for g in group]
            chosen.append((metres, link))
    return chosen


def _changes(links: list[Link], others: list[Link]) -> list[list[Link]]:
    """Links without one of them; with one instead of another; with one more."""
    without = [links[:i] + links[i + 1 :] for i in range(len(links))]
    swapped = [[*rest, other] for rest in without for other in others if other not in links]
    return without + [[*links, other] for other in others if other not in links] + swapped
