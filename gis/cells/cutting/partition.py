"""Blocks as contiguous cells of about equal weight: KaHIP first, then boundary moves by annealing. Pure.

The start is the multilevel graph partition of Sanders and Schulz ("Think locally, act globally", SEA 2013,
doi:10.1007/978-3-642-38527-8_16), as KaHIP has it, with borders that cost what their metres cost. What it leaves cut
off, out of the range or too long is mended by moving blocks across borders under simulated annealing (Kirkpatrick,
Gelatt and Vecchi 1983, doi:10.1126/science.220.4598.671). A block moves together with what would be cut off without
it, so every cell stays contiguous at every step. The same arguments give the same cells. Why so: decision 14.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import kahip
import numpy as np
from numpy.typing import NDArray

from gis.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# By what share the first parts may be heavier than the mean: more slack gives shorter borders.
_SLACK: Final = (0.01, 0.03, 0.1, 0.2)
_SEEDS: Final = 3
# How many of the starts are annealed, and from which temperatures.
_ANNEALED: Final = 2
_HEATS: Final = (5.0, 20.0)
# So many metres of border are worth one household less between a cell and the mean.
_UNEVEN_M: Final = 5.0
_STEPS_PER_BLOCK: Final = 200
_LEAST_STEPS: Final = 4_000
_MOST_STEPS: Final = 400_000


@dataclass(frozen=True, slots=True)
class Range:
    """How many households a cell should have: `least` to `most`, both included."""

    least: int
    most: int

    @staticmethod
    def parse(text: str, *, field: str = "--households") -> Range:
        """ "300-500". Raises BadInput naming `field`."""
        least, _, most = text.partition("-")
        if not (least.isdecimal() and most.isdecimal() and 0 < int(least) <= int(most)):
            raise BadInput("{field}: {text!r} is no range of households; write it like 300-500", text=text, field=field)
        return Range(int(least), int(most))

    @property
    def middle(self) -> float:
        return (self.least + self.most) / 2

    def off(self, households: int) -> int:
        """By how many households this misses the range."""
        return max(0, households - self.most, self.least - households)

    def numbers(self, total: int) -> range:
        """With how many cells `total` households can be in the range; empty where with none."""
        return range(max(1, -(-total // self.most)), total // max(1, self.least) + 1)


@dataclass(frozen=True, slots=True)
class Graph:
    """Blocks 0 to n - 1 with `households` (n,); what a border between two of them (`ends`, (m, 2)) costs: `cost`."""

    households: Ints
    ends: Ints
    cost: Floats

    def __len__(self) -> int:
        return len(self.households)

    def part(self, chosen: Ints) -> Graph:
        """The blocks `chosen`, renumbered in their order, and the borders between them."""
        number = np.full(len(self), -1, np.int64)
        number[chosen] = np.arange(len(chosen))
        inside = (number[self.ends] >= 0).all(axis=1)
        return Graph(self.households[chosen], number[self.ends[inside]], self.cost[inside])


@dataclass(frozen=True, slots=True)
class Aim:
    """What is to be small: households outside the range, households not at `home`, and the cost of borders, in this
    order; and what one of each weighs while annealing from the temperature `hot` to `cold`.

    To the cost of borders counts what a household more or less than in the mean cell costs: `uneven`, in metres.
    """

    home: Ints | None = None
    uneven: float = 0.0
    off: float = 3.0
    moved: float = 1.0
    metre: float = 0.05
    hot: float = 5.0
    cold: float = 0.5


Score = tuple[int, int, float]
# Called after each of many steps; what it raises ends the work.
Step = Callable[[], None]


def silent() -> None:
    """For whoever does not want to know."""


def partition(graph: Graph, number: int, wanted: Range, seed: int = 0, on_step: Step = silent) -> tuple[Ints, Score]:
    """Labels (n,) of `number` contiguous cells of a connected graph, and (households off the range, 0, cost).

    The cells are as near to the range as was found, then with borders as cheap, and as even, as was found. Fewer cells
    come out where there are fewer blocks.
    """
    number = min(number, len(graph))
    aim = Aim(uneven=_UNEVEN_M)
    if number <= 1:
        label = np.zeros(len(graph), np.int64)
        return label, score(graph, label, wanted, aim)
    starts = []
    for slack, turn in product(_SLACK, range(_SEEDS)):
        starts.append(_multilevel(graph, number, slack, seed + turn))
        on_step()
    starts.sort(key=lambda label: score(graph, label, wanted, aim))
    found = []
    for start, hot in product(starts[:_ANNEALED], _HEATS):
        found.append(anneal(graph, start, wanted, replace(aim, hot=hot), seed))
        on_step()
    return min(found, key=lambda labelled: labelled[1])


def score(graph: Graph, label: Ints, wanted: Range, aim: Aim) -> Score:
    """(households outside the range, households not at home, cost of the borders) of a partition.

    A label without a block is no cell.
    """
    households = np.bincount(label, graph.households)[np.bincount(label) > 0]
    off = sum(wanted.off(int(total)) for total in households)
    moved = 0 if aim.home is None else int(graph.households[label != aim.home].sum())
    between = label[graph.ends[:, 0]] != label[graph.ends[:, 1]]
    uneven = float(np.abs(households - households.mean()).sum())
    return off, moved, float(graph.cost[between].sum()) + aim.uneven * uneven


def _multilevel(graph: Graph, number: int, slack: float, seed: int) -> Ints:
    """One partition by KaHIP; its labels run from 0 without gaps, and each is contiguous."""
    ends = np.concatenate([graph.ends, graph.ends[:, ::-1]])
    cost = np.maximum(1, np.rint(np.concatenate([graph.cost, graph.cost]))).astype(np.int64)
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    starts = np.searchsorted(ends[order, 0], np.arange(len(graph) + 1))
    _, label = kahip.kaffpa(
        graph.households.tolist(),
        starts.tolist(),
        cost[order].tolist(),
        ends[order, 1].tolist(),
        number,
        slack,
        True,  # print nothing
        seed,
        kahip.ECO,
    )
    return _as_many(graph, contiguous(graph, np.asarray(label, np.int64)), number)


def _as_many(graph: Graph, label: Ints, number: int) -> Ints:
    """The labels, the heaviest halved until there are `number` of them: KaHIP leaves parts of small graphs empty."""
    label = label.copy()
    while (now := int(label.max()) + 1) < number:
        households = np.bincount(label, graph.households)
        heaviest = int(np.argmax(np.where(np.bincount(label) > 1, households, -1)))
        blocks = np.flatnonzero(label == heaviest)
        label[blocks[_half(graph.part(blocks))]] = now
    return label


def _half(graph: Graph) -> list[int]:
    """Blocks of a connected graph of two or more that hang together, as the others do: near to half the households."""
    beside: list[list[int]] = [[] for _ in range(len(graph))]
    for one, other in graph.ends.tolist():
        beside[one].append(other)
        beside[other].append(one)
    above = {0: 0}
    order = [0]
    for block in order:
        fresh = [other for other in beside[block] if other not in above]
        above.update(dict.fromkeys(fresh, block))
        order += fresh
    weight = graph.households.astype(int).tolist()
    below: list[list[int]] = [[block] for block in range(len(graph))]
    for block in reversed(order[1:]):
        weight[above[block]] += weight[block]
        below[above[block]] += below[block]
    best = min(order[1:], key=lambda block: (abs(2 * weight[block] - weight[0]), block))
    return below[best]


def contiguous(graph: Graph, label: Ints) -> Ints:
    """The labels, with every piece that is cut off from the heaviest of its label given to a neighbour; 0 … k - 1."""
    state = _Cells(graph, label, Range(0, 0), Aim())
    while fragments := state.fragments():
        for piece in fragments:
            state.give_away(piece)
    return np.unique(np.array(state.label, np.int64), return_inverse=True)[1].reshape(-1)


def anneal(graph: Graph, label: Ints, wanted: Range, aim: Aim, seed: int = 0) -> tuple[Ints, Score]:
    """Better labels by moving blocks across borders, and their score; never worse ones. No cell ends or begins."""
    state = _Cells(graph, label, wanted, aim)
    best, found = state.score(), state.label[:]
    pairs: list[list[int]] = graph.ends.tolist()
    steps = min(_MOST_STEPS, max(_LEAST_STEPS, _STEPS_PER_BLOCK * len(graph))) if pairs else 0
    draw = np.random.default_rng(seed)
    heats = np.geomspace(aim.hot, aim.cold, steps).tolist()
    picks = draw.integers(max(1, len(pairs)), size=steps).tolist()
    luck = draw.random((steps, 2)).tolist()
    for pick, heat, (side, chance) in zip(picks, heats, luck, strict=True):
        one, other = pairs[pick]
        if state.label[one] == state.label[other]:
            continue
        if side < 0.5:
            one, other = other, one
        if state.try_move(one, state.label[other], -heat * math.log(1 - chance)) and (now := state.score()) < best:
            best, found = now, state.label[:]
    return np.array(found, np.int64), best


class _Cells:
    """A partition that can be changed a block at a time, with its score kept up to date."""

    def __init__(self, graph: Graph, label: Ints, wanted: Range, aim: Aim) -> None:
        self.wanted, self.aim = wanted, aim
        self.households: list[int] = graph.households.tolist()
        self.label: list[int] = label.tolist()
        self.home: list[int] = self.label[:] if aim.home is None else aim.home.tolist()
        self.beside: list[list[tuple[int, float]]] = [[] for _ in self.label]
        for (one, other), cost in zip(graph.ends.tolist(), graph.cost.tolist(), strict=True):
            self.beside[one].append((other, cost))
            self.beside[other].append((one, cost))
        top = max([*self.label, -1]) + 1
        self.total = np.bincount(label, graph.households, top).astype(np.int64).tolist()
        self.num = np.bincount(label, minlength=top).tolist()
        self._weigh_moves = 0 if aim.home is None else 1
        self.mean = float(graph.households.sum()) / max(1, sum(number > 0 for number in self.num))
        self.off, self.moved, self.cost = score(graph, label, wanted, aim)

    def score(self) -> Score:
        # Sums of floats drift by their order; a micrometre of border is no improvement.
        return self.off, self.moved, round(self.cost, 6)

    def try_move(self, block: int, to: int, allowed: float) -> bool:
        """Move a block with what hangs on it, unless that makes things worse by more than is `allowed`."""
        group = self._with_what_hangs_on_it(block)
        if group is None:
            return False
        weight = sum(self.households[member] for member in group)
        start = self.label[block]
        off = self._off_after(start, to, weight)
        moved = self._moved_after(group, start, to)
        cost = self._cost_after(group, start, to) + self.aim.uneven * self._uneven_after(start, to, weight)
        worse = self.aim.off * off + self.aim.moved * moved + self.aim.metre * cost
        if worse > allowed:
            return False
        for member in group:
            self.label[member] = to
        self.total[start] -= weight
        self.total[to] += weight
        self.num[start] -= len(group)
        self.num[to] += len(group)
        self.off, self.moved, self.cost = self.off + off, self.moved + moved, self.cost + cost
        return True

    def _off_after(self, start: int, to: int, weight: int) -> int:
        off, total = self.wanted.off, self.total
        return off(total[start] - weight) + off(total[to] + weight) - off(total[start]) - off(total[to])

    def _uneven_after(self, start: int, to: int, weight: int) -> float:
        one: float = self.total[start] - self.mean
        other: float = self.total[to] - self.mean
        return abs(one - weight) + abs(other + weight) - abs(one) - abs(other)

    def _moved_after(self, group: list[int], start: int, to: int) -> int:
        if not self._weigh_moves:
            return 0
        return sum(self.households[m] * ((self.home[m] == start) - (self.home[m] == to)) for m in group)

    def _cost_after(self, group: list[int], start: int, to: int) -> float:
        members = set(group)
        change = 0.0
        for member in group:
            for other, cost in self.beside[member]:
                if other not in members:
                    change += cost * ((self.label[other] == start) - (self.label[other] == to))
        return change

    def _with_what_hangs_on_it(self, block: int) -> list[int] | None:
        """The block and the pieces that its cell would lose without it; None where the block is the whole cell."""
        if self.num[self.label[block]] == 1:
            return None
        pieces = self._pieces_without(block)
        pieces.sort(key=self._size)
        return [block, *(member for piece in pieces[:-1] for member in piece)]

    def _size(self, piece: list[int]) -> tuple[int, int]:
        return sum(self.households[member] for member in piece), len(piece)

    def _pieces_without(self, block: int) -> list[list[int]]:
        """The pieces of the block's cell around it; as soon as one holds all neighbours, its rest is not looked at."""
        own = self.label[block]
        starts = [other for other, _ in self.beside[block] if self.label[other] == own]
        seen = {block}
        pieces: list[list[int]] = []
        for start in starts:
            if start in seen:
                continue
            piece = self._flood(start, seen, starts if not pieces else None)
            pieces.append(piece)
        return pieces

    def _flood(self, start: int, seen: set[int], until: list[int] | None) -> list[int]:
        """What is connected with `start` in its cell, adding to `seen`; stops once it has met all of `until`."""
        own = self.label[start]
        missing = set(until or ()) - {start}
        seen.add(start)
        piece = [start]
        for member in piece:
            for other, _ in self.beside[member]:
                if other not in seen and self.label[other] == own:
                    seen.add(other)
                    piece.append(other)
                    missing.discard(other)
            if until is not None and not missing:
                break
        return piece

    def fragments(self) -> list[list[int]]:
        """Pieces that are cut off from the heaviest piece of their label."""
        seen: set[int] = set()
        pieces: dict[int, list[list[int]]] = {}
        for block in range(len(self.label)):
            if block not in seen:
                pieces.setdefault(self.label[block], []).append(self._flood(block, seen, None))
        return [piece for found in pieces.values() for piece in sorted(found, key=self._size)[:-1]]

    def give_away(self, piece: list[int]) -> None:
        """Give a piece to the neighbouring label with which it shares the most expensive border."""
        shared: dict[int, float] = {}
        members = set(piece)
        for member in piece:
            for other, cost in self.beside[member]:
                if other not in members:
                    shared[self.label[other]] = shared.get(self.label[other], 0.0) + cost
        to = max(shared, key=lambda label: (shared[label], -label))
        for member in piece:
            self.label[member] = to
