"""Streets without the nodes at which there is nothing to decide. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from gis.patrol.network import Floats, Ints


@dataclass(frozen=True)
class Chains:
    """Ways between nodes, shape (k,) each, and of which edges each is made."""

    u: Ints
    v: Ints
    length: Floats
    members: tuple[tuple[int, ...], ...]


def chained(u: Ints, v: Ints, length: Floats, edges: Ints, keep: set[int]) -> Chains:
    """Edges put together at nodes where only two of them meet, unless the node is to be kept. Of parallel ways the
    shortest stays, loops and dead ends go: no shortest walk that need not pass them does. `edges` are numbers in u, v
    and length."""
    found = _Ways()
    for k in edges.tolist():
        found.add(k, (int(u[k]), int(v[k]), float(length[k]), (k,)))
    found.shorten(keep)
    ways = [found.ways[k] for k in sorted(found.ways)]
    return Chains(
        np.array([way[0] for way in ways], np.int64),
        np.array([way[1] for way in ways], np.int64),
        np.array([way[2] for way in ways]),
        tuple(way[3] for way in ways),
    )


class _Ways:
    def __init__(self) -> None:
        self.ways: dict[int, tuple[int, int, float, tuple[int, ...]]] = {}
        self.at: dict[int, set[int]] = defaultdict(set)

    def add(self, k: int, way: tuple[int, int, float, tuple[int, ...]]) -> None:
        a, b, metres, _ = way
        if a == b:
            return
        for other in sorted(self.at[a] & self.at[b]):
            if self.ways[other][2] <= metres:
                return
            self.drop(other)
        self.ways[k] = way
        self.at[a].add(k)
        self.at[b].add(k)

    def drop(self, k: int) -> None:
        for node in self.ways.pop(k)[:2]:
            self.at[node].discard(k)

    def shorten(self, keep: set[int]) -> None:
        waiting = sorted(self.at.keys() - keep)
        while waiting:
            node = waiting.pop()
            here = sorted(self.at[node])
            if len(here) > 2:
                continue
            old = [self.ways[k] for k in here]
            for k in here:
                self.drop(k)
            ends = [b if a == node else a for a, b, *_ in old]
            if len(old) == 2:
                self.add(here[0], (ends[0], ends[1], old[0][2] + old[1][2], old[0][3] + old[1][3]))
            waiting += [end for end in ends if end not in keep]
