"""Turn restrictions for cars, as arcs that may not follow each other. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from gis.patrol.network import Flags, Ints


@dataclass(frozen=True, slots=True)
class Turn:
    """A restriction as it is mapped: ids of ways, and of the node or of the ways between them.

    `only`: what is named is the one way to go on (`only_*`); else it is the one that is closed (`no_*`). There are
    several ways `before` in no_entry, several `after` in no_exit.
    """

    only: bool
    before: tuple[int, ...]
    node: int | None
    ways: tuple[int, ...]
    after: tuple[int, ...]


@dataclass
class Arcs:
    """Edges with their ways (k,), nodes (k, 2), and which arcs a car may use (2k,); `number` of a mapped node.

    Arc 2e goes along edge e, arc 2e + 1 against it.
    """

    way: Ints
    ends: Ints
    open: Flags
    number: Mapping[int, int]
    into: dict[tuple[int, int], list[int]] = field(init=False)
    out_of: dict[int, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.into, self.out_of = defaultdict(list), defaultdict(list)
        for arc in np.flatnonzero(self.open).tolist():
            self.into[int(self.way[arc // 2]), self.head(arc)].append(arc)
            self.out_of[self.tail(arc)].append(arc)

    def tail(self, arc: int) -> int:
        return int(self.ends[arc // 2, arc % 2])

    def head(self, arc: int) -> int:
        return int(self.ends[arc // 2, 1 - arc % 2])

    def out_along(self, way: int, node: int) -> list[int]:
        """Arcs of a way that leave a node."""
        return [arc for arc in self.out_of.get(node, ()) if self.way[arc // 2] == way]


def forbidden_turns(turns: Sequence[Turn], arcs: Arcs) -> tuple[list[tuple[int, ...]], int]:
    """Runs of arcs that a car may not take, and how many restrictions say nothing.

    A restriction says nothing where its ways do not meet (any more): outside of what is kept, or closed to cars anyway.
    `only` by ways binds whoever has turned into the first of them; by a node, whoever comes from `before`.
    """
    found: list[tuple[int, ...]] = []
    silent = 0
    for turn in turns:
        runs = list(_runs(turn, arcs))
        found.extend(_all_but(runs, arcs, by_node=turn.node is not None) if turn.only else runs)
        silent += not runs
    return found, silent


def _runs(turn: Turn, arcs: Arcs) -> Iterator[tuple[int, ...]]:
    """The runs of arcs that a restriction names: from a way, over what lies between, into a way."""
    for before, after in product(turn.before, turn.after):
        if turn.node is not None:
            node = arcs.number.get(turn.node)
            if node is not None:
                yield from product(arcs.into.get((before, node), ()), arcs.out_along(after, node))
        else:
            for (way, _), starts in list(arcs.into.items()):
                if way == before:
                    yield from (run for arc in starts for run in _over([arc], turn.ways, after, arcs))


def _over(run: list[int], between: tuple[int, ...], after: int, arcs: Arcs) -> Iterator[tuple[int, ...]]:
    """Go on over the ways between, each to a node where the next one begins."""
    node = arcs.head(run[-1])
    if not between:
        yield from ((*run, arc) for arc in arcs.out_along(after, node))
        return
    seen = {node}
    for first in arcs.out_along(between[0], node):
        way_on, reached = [first], arcs.head(first)
        while True:
            yield from _over([*run, *way_on], between[1:], after, arcs)
            seen.add(reached)
            onward = [arc for arc in arcs.out_along(between[0], reached) if arcs.head(arc) not in seen]
            if len(onward) != 1:
                break
            way_on.append(onward[0])
            reached = arcs.head(onward[0])


def _all_but(runs: Sequence[tuple[int, ...]], arcs: Arcs, *, by_node: bool) -> Iterator[tuple[int, ...]]:
    """What is forbidden where only these runs are allowed: to leave one of them before its end."""
    allowed = {run[: length + 1] for run in runs for length in range(len(run))}
    for prefix in sorted({run[:length] for run in runs for length in range(1 if by_node else 2, len(run))}):
        for arc in arcs.out_of.get(arcs.head(prefix[-1]), ()):
            if (*prefix, arc) not in allowed:
                yield (*prefix, arc)
