"""What a walk may not do in fractions either: sets of places that it has to leave, and does not. Pure.

A set that holds an odd number of odd places is left by an extra pass at least; one that holds some parts of the
required streets and not others by two. Which sets a fractional solution leaves too seldom is looked for among the
pieces that its larger values hold together, and by least cuts (a tree of these: Gusfield 1990, doi:10.1137/0219009).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, maximum_flow

from gis.patrol.network import Flags, Floats, Ints

_MILLION: Final = 10**6  # flows are whole numbers
_LACKING: Final = 1e-5
_ODD_ABOVE: Final = (1e-6, 0.3, 0.5, 0.7)
_PARTS_ABOVE: Final = (1e-6, 0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Places:
    """Places and ways between them: `u`, `v` (ends), shape (m,); `odd` (an odd number of required ends lie there) and
    `part` (of the required streets, -1: of none), shape (n,)."""

    u: Ints
    v: Ints
    odd: Flags
    part: Ints

    @cached_property
    def num_parts(self) -> int:
        return int(self.part.max()) + 1

    @cached_property
    def together(self) -> Ints:
        """The places with each part put together as one, parts first."""
        found = self.part.copy()
        alone = np.flatnonzero(self.part < 0)
        found[alone] = self.num_parts + np.arange(len(alone))
        return found

    def crossing(self, inside: Flags) -> Flags:
        """The ways that lead out of a set of places."""
        return np.asarray(inside[self.u] != inside[self.v])


class Cuts:
    """Sets that have to be left, as rows of a linear program over the passes of ways."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._rows: list[Ints] = []
        self._least: list[int] = []
        self._known: set[bytes] = set()
        for place in np.flatnonzero(places.odd).tolist():
            self.add(np.arange(len(places.odd)) == place, 1)
        for part in range(places.num_parts if places.num_parts > 1 else 0):
            self.add(places.part == part, 2)

    def add(self, inside: Flags, least: int) -> bool:
        """Have a set left so often. False where that is known, or nothing leads out of it."""
        row = np.flatnonzero(self.places.crossing(inside))
        key = b"%d" % least + row.tobytes()
        if not len(row) or key in self._known:
            return False
        self._known.add(key)
        self._rows.append(row)
        self._least.append(least)
        return True

    def add_lacking(self, passes: Floats, *, thoroughly: bool = False) -> bool:
        """Add sets that a solution leaves too seldom; False where none is found."""
        found = [self.add(inside, 1) for inside in _odd_sets(self.places, passes)]
        found += [self.add(inside, 2) for inside in _parts_apart(self.places, passes)]
        if thoroughly:
            found += [self.add(inside, 1) for inside in _odd_cuts(self.places, passes)]
        return any(found)

    @property
    def matrix(self) -> csr_matrix:
        ends = np.cumsum([0, *map(len, self._rows)])
        row = np.concatenate(self._rows) if self._rows else np.zeros(0, np.int64)
        return csr_matrix((np.ones(len(row)), row, ends), shape=(len(self._rows), len(self.places.u)))

    @property
    def least(self) -> Floats:
        return np.array(self._least, float)


def _pieces(u: Ints, v: Ints, num: int, used: Flags) -> Ints:
    graph = coo_matrix((np.ones(int(used.sum())), (u[used], v[used])), shape=(num, num))
    return np.asarray(connected_components(graph, directed=False)[1])


def _odd_sets(places: Places, passes: Floats) -> Iterator[Flags]:
    """Sets with an odd number of odd places: pieces of ways that are passed."""
    for above in _ODD_ABOVE:
        piece = _pieces(places.u, places.v, len(places.odd), passes > above)
        for odd in np.flatnonzero(np.bincount(piece, places.odd).astype(np.int64) % 2).tolist():
            inside = piece == odd
            if passes[places.crossing(inside)].sum() < 1 - _LACKING:
                yield inside


def _odd_cuts(places: Places, passes: Floats) -> Iterator[Flags]:
    """The same by least cuts. A way that is passed once leads out of no set that is left too seldom: its ends are put
    together."""
    piece = _pieces(places.u, places.v, len(places.odd), passes >= 1)
    graph = _Flows.of(piece[places.u], piece[places.v], passes, int(piece.max()) + 1)
    odd = np.bincount(piece, places.odd, graph.num).astype(np.int64) % 2
    apart = _pieces(graph.u, graph.v, graph.num, graph.passes > 0)
    for number in np.unique(apart[graph.u]).tolist():
        ends = np.flatnonzero((apart == number) & (odd == 1))
        for flow, inside in graph.tree(ends):
            if flow < 1 - _LACKING and odd[inside].sum() % 2:
                yield inside[piece]


def _parts_apart(places: Places, passes: Floats) -> Iterator[Flags]:
    """Sets of whole parts, and of places between them."""
    if places.num_parts < 2:
        return
    together, parts = places.together, np.arange(places.num_parts)
    graph = _Flows.of(together[places.u], together[places.v], passes, int(together.max()) + 1)
    for above in _PARTS_ABOVE:
        piece = _pieces(graph.u, graph.v, graph.num, graph.passes > above)
        for number in np.unique(piece[parts]).tolist():
            inside = piece == number
            if graph.out_of(inside) < 2 - _LACKING and not inside[parts].all():
                yield inside[together]
    for flow, inside in graph.tree(parts):
        if flow < 2 - _LACKING:
            yield inside[together]


@dataclass(frozen=True)
class _Flows:
    """Places put together, and how much passes between them."""

    num: int
    u: Ints
    v: Ints
    passes: Floats

    @classmethod
    def of(cls, u: Ints, v: Ints, passes: Floats, num: int) -> _Flows:
        kept = (passes > _LACKING) & (u != v)
        return cls(num, u[kept], v[kept], passes[kept])

    def out_of(self, inside: Flags) -> float:
        return float(self.passes[inside[self.u] != inside[self.v]].sum())

    def tree(self, ends: Ints) -> Iterator[tuple[float, Flags]]:
        """Least cuts between ends, of every two that are next to each other in a tree: how much passes, and what lies
        on one side; and, where another one is as narrow, the other side of that."""
        towards = dict.fromkeys(ends.tolist(), int(ends[0]) if len(ends) else 0)
        for number, end in enumerate(ends[1:].tolist(), start=2):
            goal = towards[end]
            flow, inside = self._least_cut(end, goal)
            towards |= {later: end for later in ends[number:].tolist() if inside[later] and towards[later] == goal}
            yield flow, inside
            yield flow, self._least_cut(goal, end)[1]

    @cached_property
    def _room(self) -> csr_matrix:
        room = np.rint(self.passes * _MILLION).astype(np.int32)
        ends = (np.concatenate([self.u, self.v]), np.concatenate([self.v, self.u]))
        return coo_matrix((np.tile(room, 2), ends), shape=(self.num, self.num)).tocsr()

    def _least_cut(self, source: int, goal: int) -> tuple[float, Flags]:
        found = maximum_flow(self._room, source, goal)
        left = self._room - found.flow
        left.data[left.data < 0] = 0
        left.eliminate_zeros()
        inside = np.zeros(self.num, bool)
        inside[breadth_first_order(left, source, return_predecessors=False)] = True
        return found.flow_value / _MILLION, inside
