"""Bringing cells into a range of households while moving as few households as can be. Pure.

The blocks of the cells in question and of those around them are moved across borders, cells that are too full are
halved and cells that are too small dissolved, wherever that moves fewer. `least_moved` tells what no change whatsoever
can do without, so that a proposal can be judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from gis.cells.cutting.partition import Aim, Graph, Ints, Range, Score, Step, anneal, partition, score, silent

# How many cells around those out of the range may take part.
_REACHES: Final = (1, 2, 4)
_HEATS: Final = (30.0, 10.0)
_SEEDS: Final = 2
# What a household out of the range weighs against one that is moved: a small cell among others that have no household
# to spare is filled through several of them, and each on the way is worse off for a while.
_OFF: Final = 6.0
# To straighten borders where no fewer households can be moved.
_COOL: Final = 1.0
# How many numbers of cells are tried.
_NUMBERS: Final = 3
# The starts that are tried again from every temperature.
_PROMISING: Final = 2
_COLD: Final = 0.3
_METRE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Balanced:
    """Labels (n,) of the blocks: those of `home` live on, higher ones are new cells, missing ones are dissolved."""

    label: Ints
    score: Score


def balance(graph: Graph, home: Ints, wanted: Range, seed: int = 0, on_step: Step = silent) -> Balanced:
    """The blocks of a connected graph in cells of the range, with as few households as was found in other cells than
    at `home` (labels from 0 without gaps, each contiguous); then with borders as cheap as was found.

    Where that is not possible they come as near to the range as was found. The same arguments give the same labels.
    """
    aim = Aim(home=home)
    best = Balanced(home, score(graph, home, wanted, aim))
    if best.score[0] == 0:
        return best
    bound = least_moved(np.bincount(home, graph.households), wanted)
    outside = _outside(graph, home, wanted)
    for cells in _neighbourhoods(graph, home, outside):
        label = _balanced_near(graph, home, cells, wanted, seed, on_step)
        found = Balanced(label, score(graph, label, wanted, aim))
        further = found.score < best.score
        best = min(best, found, key=lambda one: one.score)
        if best.score[0] == 0 and (best.score[1] == bound or not further):
            break
    return best


def _neighbourhoods(graph: Graph, home: Ints, outside: Ints) -> Iterator[Ints]:
    """The cells that may take part, from few to many: where the next ones are most of all, these at once."""
    most = (int(home.max()) + 1) / 2
    found = [_around(graph, home, outside, reach) for reach in _REACHES]
    for cells, wider in pairwise(found):
        if len(cells) < len(wider) < most:
            yield cells
    yield found[-1]


def least_moved(households: Ints, wanted: Range) -> int:
    """How many households must change their cell, whatever is done, where cells have so many (m,); 0 if nothing helps.

    Everybody in a dissolved cell leaves it, and what a cell has too much; into a new cell come at least as many as it
    must have, and into a small one what it lacks. Those who leave are those who come, so the greater sum counts. It is
    the lightest cells that are best dissolved: they have the fewest who leave, and lack the most.
    """
    numbers = wanted.numbers(int(households.sum()))
    if not numbers:
        return 0
    ascending = np.sort(households)
    lack = np.maximum(0, wanted.least - ascending)
    excess = np.maximum(0, ascending - wanted.most)
    bounds = []
    for dissolved in range(max(0, len(ascending) - numbers[-1]), len(ascending)):
        new = max(0, numbers[0] - (len(ascending) - dissolved))
        come = int(lack[dissolved:].sum()) + new * wanted.least
        leave = int(ascending[:dissolved].sum() + excess[dissolved:].sum())
        bounds.append(max(come, leave))
    return min(bounds)


def _outside(graph: Graph, label: Ints, wanted: Range) -> Ints:
    """The labels of the cells that are out of the range."""
    households = np.bincount(label, graph.households)
    return np.flatnonzero([wanted.off(int(total)) > 0 for total in households]).astype(np.int64)


def _around(graph: Graph, label: Ints, cells: Ints, reach: int) -> Ints:
    """These cells and those within `reach` borders of them."""
    near = np.isin(np.arange(int(label.max()) + 1), cells)
    pairs = label[graph.ends]
    for _ in range(reach):
        beside = near[pairs].any(axis=1)
        near[pairs[beside]] = True
    return np.flatnonzero(near).astype(np.int64)


def _balanced_near(graph: Graph, home: Ints, cells: Ints, wanted: Range, seed: int, on_step: Step) -> Ints:
    """Labels where only blocks of these cells have changed."""
    label = home.copy()
    for blocks in _connected(graph, np.flatnonzero(np.isin(home, cells))):
        part = graph.part(blocks)
        names, own = np.unique(home[blocks], return_inverse=True)
        found = _annealed(part, own.reshape(-1).astype(np.int64), wanted, seed, on_step)
        fresh = int(label.max()) + 1 + np.arange(len(blocks))
        label[blocks] = np.concatenate([names, fresh])[found]
    return label


def _connected(graph: Graph, blocks: Ints) -> Iterator[Ints]:
    """The blocks in connected groups."""
    beside: dict[int, list[int]] = {block: [] for block in blocks.tolist()}
    for one, other in graph.ends.tolist():
        if one in beside and other in beside:
            beside[one].append(other)
            beside[other].append(one)
    seen: set[int] = set()
    for block in beside:
        if block in seen:
            continue
        seen.add(block)
        group = [block]
        for member in group:
            fresh = [other for other in beside[member] if other not in seen]
            seen.update(fresh)
            group += dict.fromkeys(fresh)
        yield np.array(sorted(group), np.int64)


def _annealed(graph: Graph, home: Ints, wanted: Range, seed: int, on_step: Step) -> Ints:
    """The best labels from all starts: each is tried once, the most promising again.

    From every temperature, as long as it is not known that no fewer households can be moved.
    """

    def tried(start: Ints, hot: float, turn: int) -> tuple[Ints, Score]:
        found = anneal(graph, start, wanted, Aim(home=home, off=_OFF, metre=_METRE, hot=hot, cold=_COLD), turn)
        on_step()
        return found

    once = [(tried(start, _HEATS[0], seed), start) for start in _starts(graph, home, wanted, seed)]
    once.sort(key=lambda pair: pair[0][1])
    found = [labelled for labelled, _ in once]
    off, moved, _ = found[0][1]
    optimal = off == 0 and moved == least_moved(np.bincount(home, graph.households), wanted)
    again = [(_COOL, seed)] if optimal else [(hot, seed + turn) for hot in _HEATS for turn in range(_SEEDS)]
    starts = [found[0][0]] if optimal else [start for _, start in once[:_PROMISING]]
    found += [tried(start, hot, turn) for start in starts for hot, turn in again]
    return min(found, key=lambda labelled: labelled[1])[0]


def _starts(graph: Graph, home: Ints, wanted: Range, seed: int) -> list[Ints]:
    """Labels to begin with: every full cell divided, every small one dissolved, both; and numbers of cells that fit."""
    divided = _divide(graph, home, _divisible(graph, home, wanted), wanted, seed)
    starts = [divided, _dissolve_small(graph, home, wanted), _dissolve_small(graph, divided, wanted)]
    starts += [_with_number(graph, home, number, wanted, seed) for number in _numbers(graph, home, wanted)]
    return list({start.tobytes(): start for start in [home, *starts]}.values())


def _numbers(graph: Graph, home: Ints, wanted: Range) -> list[int]:
    """Numbers of cells to try: those that can be in the range and change least; else one more and one less."""
    now = int(home.max()) + 1
    possible = wanted.numbers(int(graph.households.sum())) or [now + 1, now - 1]
    return sorted(possible, key=lambda number: (abs(number - now), number))[:_NUMBERS]


def _with_number(graph: Graph, home: Ints, number: int, wanted: Range, seed: int) -> Ints:
    """The heaviest cells halved, or the lightest dissolved, until there are so many."""
    label = home
    while (now := len(np.unique(label))) != number:
        households = np.bincount(label, graph.households)
        if now < number:
            changed = _divide(graph, label, {int(np.argmax(households)): 2}, wanted, seed)
        else:
            there = np.bincount(label) > 0
            changed = _dissolved(graph, label, int(np.argmin(np.where(there, households, np.inf))))
        if np.array_equal(changed, label):
            break
        label = changed
    return label


def _divisible(graph: Graph, label: Ints, wanted: Range) -> dict[int, int]:
    """Cells over the range that make two or more within it, and how many they make."""
    households = np.bincount(label, graph.households)
    full = np.flatnonzero((households > wanted.most) & (households >= 2 * wanted.least)).tolist()
    return {cell: max(2, round(households[cell] / wanted.middle)) for cell in full}


def _divide(graph: Graph, label: Ints, cells: Mapping[int, int], wanted: Range, seed: int) -> Ints:
    """The cells in so many pieces each; the one with most households keeps the label."""
    label = label.copy()
    for cell, number in cells.items():
        blocks = np.flatnonzero(label == cell)
        pieces, _ = partition(graph.part(blocks), number, wanted, seed)
        heaviest = int(np.argmax(np.bincount(pieces, graph.households[blocks])))
        moved = pieces != heaviest
        label[blocks[moved]] = int(label.max()) + 1 + np.unique(pieces[moved], return_inverse=True)[1].reshape(-1)
    return label


def _dissolve_small(graph: Graph, label: Ints, wanted: Range) -> Ints:
    """The cells below the range dissolved, the lightest first."""
    for cell in np.argsort(np.bincount(label, graph.households), kind="stable").tolist():
        inside = label == cell
        if inside.any() and int(graph.households[inside].sum()) < wanted.least:
            label = _dissolved(graph, label, cell)
    return label


def _dissolved(graph: Graph, label: Ints, cell: int) -> Ints:
    """The cell given to the neighbour with the fewest households; the last cell stays."""
    pairs = label[graph.ends]
    beside = np.setdiff1d(pairs[(pairs == cell).any(axis=1)], [cell])
    if not len(beside):
        return label
    households = np.bincount(label, graph.households)
    return np.where(label == cell, beside[np.argmin(households[beside])], label)
