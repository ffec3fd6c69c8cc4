"""Nodes that an arrangement has left on borders and that nobody needs are taken out of rings again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.cells.edges import edge_number
from gis.cells.places import Numbers, Places

# Rounding to the grid moves a border by less than this many steps.
BENT: Final = 1.5

Ring = list[int]


class Tidying:
    """Takes out of rings what is left of lines that are no borders.

    `old` marks the places that were nodes before, `drawn` those that somebody has drawn; `edges` are the numbers of the
    edges that were there before. A node stays where it was one before, or where three borders meet.
    """

    def __init__(
        self, places: Places, old: NDArray[np.bool_], drawn: NDArray[np.bool_], edges: frozenset[int] | set[int]
    ) -> None:
        self.places, self.old, self.drawn, self.edges = places, old, drawn, edges

    def tidy(self, rings: Sequence[Numbers]) -> list[Numbers]:
        """The rings (places without the closing one) of a coverage; what two of them share is the same in both."""
        needless = (self._borders(rings) == 2) & ~self.old
        found = list(rings)
        for index, ring in enumerate(rings):
            if needless[ring].any():
                kept = without(ring.tolist(), needless, self._was_an_edge)
                kept = without(kept, self._crossings(kept, needless & ~self.drawn), self.close)
                found[index] = np.array(kept, dtype=np.int64)
        return found

    def _borders(self, rings: Sequence[Numbers]) -> Numbers:
        """How many borders meet at each place."""
        edge = np.unique(np.concatenate([edge_number(self.places, ring, np.roll(ring, -1)) for ring in rings]))
        found: Numbers = np.bincount(np.concatenate(np.divmod(edge, len(self.places))), minlength=len(self.places))
        return found

    def _crossings(self, ring: Ring, needless: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Those of the needless places at which the ring goes straight on."""
        found = np.zeros_like(needless)
        for index, place in enumerate(ring):
            before, after = ring[index - 1], ring[(index + 1) % len(ring)]
            found[place] = needless[place] and self.close(before, [place], after)
        return found

    def _was_an_edge(self, start: int, run: Ring, end: int) -> bool:
        low, high = min(start, end), max(start, end)
        return low * len(self.places) + high in self.edges and self.close(start, run, end)

    def close(self, start: int, run: Sequence[int], end: int) -> bool:
        """Whether all places of the run lie on the line from start to end, but for rounding."""
        between = lies_between(self.places.steps[start], self.places.steps[list(run)], self.places.steps[end])
        return bool(between.all())


def lies_between(start: Numbers, points: Numbers, end: Numbers) -> NDArray[np.bool_]:
    """For each point (grid steps) whether it lies between start and end, and on the line but for rounding."""
    way, off = (end - start).astype(float), (points - start).astype(float)
    length = float(np.hypot(*way))
    if length == 0:
        return np.zeros(len(points), dtype=np.bool_)
    along, beside = off @ way / length, (off[:, 0] * way[1] - off[:, 1] * way[0]) / length
    # Half a step from the ends: they are not between themselves, whatever doubles make of it.
    found: NDArray[np.bool_] = (along > 0.5) & (along < length - 0.5) & (np.abs(beside) <= BENT)
    return found


def without(ring: Ring, droppable: NDArray[np.bool_], drop: Callable[[int, Ring, int], bool]) -> Ring:
    """The ring without those runs of droppable places for which `drop(place before, run, place after)` is true.

    Whole runs only, so that a ring and its neighbour, which walks the other way, lose the same.
    """
    fixed = [index for index, place in enumerate(ring) if not droppable[place]]
    if not fixed:
        return ring
    kept: Ring = []
    run: Ring = []
    for place in [*ring[fixed[0] :], *ring[: fixed[0] + 1]]:
        if droppable[place]:
            run.append(place)
            continue
        if run and not drop(kept[-1], run, place):
            kept.extend(run)
        run = []
        kept.append(place)
    return kept[:-1]
