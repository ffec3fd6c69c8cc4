"""A sweep split by shift: few walks, the longest as short as can be and the others like it. Pure.

Route first, cluster second: the streets stay in the order in which the one walk sweeps them, and that order is cut:
into as few parts as the shift allows, and those as even as can be. Each part is then walked as a sweep of its own,
which is never longer; so it is also tried whether one part fewer will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis.patrol.network import Floats, Ints
from gis.patrol.sweeping.parts import Part, even, filled
from gis.patrol.sweeping.request import Walk

if TYPE_CHECKING:
    from gis.patrol.sweeping.sweep import Sweeping


def split(ground: Sweeping, whole: Walk, required: Ints, shift_s: float) -> list[Walk]:
    """Walks that pass the required edges between them, none longer than `shift_s`. No edge alone may need more."""
    if whole.seconds <= shift_s:
        return [whole]
    order = _Order(ground, whole, required)
    parts = even(order.long, len(filled(order.long, shift_s)))
    walks = order.walks(parts)
    while len(parts) > 1:
        fewer = even(order.long, len(parts) - 1)
        tried = order.walks(fewer)
        if max(walk.seconds for walk in tried) > shift_s:
            break
        parts, walks = fewer, tried
    return walks


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
        # Of the streets i … j (both of them) in order, with the way there and back.
        self.long = self.after[self.at + 1] - self.after[self.at][:, np.newaxis] + self._legs()

    def _legs(self) -> Floats:
        """The seconds from the start to street i and from j back to it, or from j to i; shape (n, n)."""
        times, times_back, start = self.ground.times, self.ground.times_back, self.ground.start
        if start is None:
            return times.costs(self.head, self.tail).T
        here = np.array([start])
        return times.costs(here, self.tail).T + times_back.costs(here, self.head)

    def walks(self, parts: list[Part]) -> list[Walk]:
        return [self._walk(i, j) for i, j in parts]

    def _walk(self, i: int, j: int) -> Walk:
        """The part as a sweep of its own, or in the order of the whole where that is not shorter in time."""
        edges = np.sort(self.ground.network.edge[self.whole.arcs[self.at[i:j]]])
        own = self.ground.walk(edges, prove=False)[0]
        if own.seconds <= self.long[i, j - 1]:
            return own
        inner = self.whole.arcs[self.at[i] : self.at[j - 1] + 1]
        times, first, last = self.ground.times, int(self.tail[i]), int(self.head[j - 1])
        if self.ground.start is None:
            arcs = [*inner, *times.path(last, first)]
        else:
            arcs = [*times.path(self.ground.start, first), *inner, *times.path(last, self.ground.start)]
        return self.ground.made(np.array(arcs, np.int64), edges)
