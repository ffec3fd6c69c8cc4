"""A sweep split by shift: few walks, the longest as short as can be and the others like it. Pure.

Route first, cluster second: the streets stay in the order in which the one walk sweeps them, and that order is cut:
into as few parts as the shift allows, and those as even as can be. Each part is then walked as a sweep of its own,
which is never longer, but some save more than others: what they saved is taken into account, and the order is cut anew.
It is also tried whether one part fewer will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    parts = filled(order.long, shift_s)
    walks = order.evened(len(parts))
    if _longest(walks) > shift_s:
        walks = order.walks(parts)
    while len(walks) > 1:
        fewer = order.evened(len(walks) - 1)
        if _longest(fewer) > shift_s:
            break
        walks = fewer
    return walks


def _longest(walks: list[Walk]) -> float:
    return max(walk.seconds for walk in walks)


_ROUNDS: Final = 3


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

    def evened(self, number: int) -> list[Walk]:
        """At most so many walks, the longest as short as was found by cutting anew with what the walks before saved."""
        long, best = self.long, list[Walk]()
        for _ in range(_ROUNDS):
            parts = even(long, number)
            walks = self.walks(parts)
            if not best or _longest(walks) < _longest(best):
                best = walks
            long = self.long * self._shares(parts, walks)
        return best

    def _shares(self, parts: list[Part], walks: list[Walk]) -> Floats:
        """What share of the seconds of a part is left when it is walked as a sweep of its own, shape (n, n): the mean
        over its streets of what was left where they were walked."""
        left = [walk.seconds / self.long[i, j - 1] for (i, j), walk in zip(parts, walks, strict=True)]
        summed = np.concatenate([[0.0], np.cumsum(np.repeat(left, [j - i for i, j in parts]))])
        at = np.arange(len(self.at))
        share: Floats = (summed[1:] - summed[:-1, np.newaxis]) / np.maximum(at - at[:, np.newaxis] + 1, 1)
        return share

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
