"""A sweep split by shift: few walks, the longest as short as can be (the last may be much shorter). Pure.

Route first, cluster second: the streets stay in the order in which the one walk sweeps them, and that order is cut
where the shift is full. Each part is then walked as a sweep of its own, which is never longer; so it is also tried
whether one part fewer will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from gis.patrol.network import Floats, Ints
from gis.patrol.sweeping.request import Walk

if TYPE_CHECKING:
    from gis.patrol.sweeping.sweep import Sweeping

_HALVINGS: Final = 18


def split(ground: Sweeping, whole: Walk, required: Ints, shift_s: float) -> list[Walk]:
    """Walks that pass the required edges between them, none longer than `shift_s`. No edge alone may need more."""
    if whole.seconds <= shift_s:
        return [whole]
    order = _Order(ground, whole, required)
    parts = order.equal(len(order.cut(shift_s)))
    walks = order.walks(parts)
    while len(parts) > 1:
        fewer = order.equal(len(parts) - 1)
        tried = order.walks(fewer)
        if max(walk.seconds for walk in tried) > shift_s:
            break
        parts, walks = fewer, tried
    return walks


Part = tuple[int, int]  # from one place in the order up to before another


class _Order:
    """The streets in the order in which a walk sweeps them."""

    def __init__(self, ground: Sweeping, whole: Walk, required: Ints) -> None:
        self.ground, self.whole, self.required = ground, whole, required
        self.at = np.flatnonzero(whole.fresh)
        plain = ground.network.seconds[ground.mode][whole.arcs]
        spent = np.where(whole.fresh, ground.fresh_s[whole.arcs], plain)
        self.after = np.concatenate([[0.0], np.cumsum(spent)])
        arcs = whole.arcs[self.at]
        self.tail, self.head = ground.network.tail[arcs], ground.network.head[arcs]
        self.out, self.back = self._legs()

    def _legs(self) -> tuple[Floats, Floats]:
        if self.ground.start is None:
            self.ground.times.need(self.head.tolist())
            return np.zeros(len(self.at)), np.zeros(len(self.at))
        here = np.array([self.ground.start])
        return self.ground.times.costs(here, self.tail)[0], self.ground.times_back.costs(here, self.head)[0]

    def seconds(self, i: int, j: int) -> float:
        """Of the streets i … j - 1 in order, with the way there and back."""
        inner = float(self.after[self.at[j - 1] + 1] - self.after[self.at[i]])
        if self.ground.start is None:
            return inner + self.ground.times.cost(int(self.head[j - 1]), int(self.tail[i]))
        return inner + float(self.out[i] + self.back[j - 1])

    def cut(self, limit_s: float) -> list[Part]:
        """Parts in order, each as long as the limit allows and of one street at least."""
        parts, i = [], 0
        while i < len(self.at):
            j = i + 1
            while j < len(self.at) and self.seconds(i, j + 1) <= limit_s:
                j += 1
            parts.append((i, j))
            i = j
        return parts

    def equal(self, number: int) -> list[Part]:
        """At most so many parts, the longest as short as can be."""
        low, high = 0.0, self.whole.seconds + float(np.max(self.out + self.back))
        best = [(0, len(self.at))]
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            parts = self.cut(middle)
            if len(parts) <= number and max(self.seconds(i, j) for i, j in parts) <= middle:
                best, high = parts, middle
            else:
                low = middle
        return best

    def walks(self, parts: list[Part]) -> list[Walk]:
        return [self._walk(i, j) for i, j in parts]

    def _walk(self, i: int, j: int) -> Walk:
        """The part as a sweep of its own, or in the order of the whole where that is not shorter in time."""
        edges = np.sort(self.ground.network.edge[self.whole.arcs[self.at[i:j]]])
        own = self.ground.walk(edges, prove=False)[0]
        if own.seconds <= self.seconds(i, j):
            return own
        inner = self.whole.arcs[self.at[i] : self.at[j - 1] + 1]
        times, first, last = self.ground.times, int(self.tail[i]), int(self.head[j - 1])
        if self.ground.start is None:
            arcs = [*inner, *times.path(last, first)]
        else:
            arcs = [*times.path(self.ground.start, first), *inner, *times.path(last, self.ground.start)]
        return self.ground.made(np.array(arcs, np.int64), edges)
