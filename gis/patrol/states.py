"""A network as a graph for shortest paths in one mode, turn restrictions included. Pure.

The vertices of the graph are *states*: a node of the network, or for cars a node together with the last arcs, where
they are the beginning of a forbidden run (the automaton of Aho and Corasick). So restrictions are exact, of any length,
and cost a few vertices. Among parallel arcs the fastest is taken here: `csr_matrix` would sum them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from gis.patrol.network import Flags, Floats, Ints, Mode, Network

_LEAST_S: Final = 1e-9  # a weight of zero may be taken for no arc at all


@dataclass(frozen=True)
class States:
    """The graph of a network in a mode.

    Links, sorted by `tail` then `head`, at most one between two states: `arc` of the network, `seconds`, `metres`;
    `indptr` as in CSR. Per arc, shape (m,): `entered`, the state in which one is after the whole arc, wherever one got
    onto it (-1 where the mode may not go). `left`: (arc, state) of all states from which an arc may be begun, sorted by
    arc. `connected`, shape (states,): in the largest strongly connected component.
    """

    size: int
    tail: Ints
    head: Ints
    arc: Ints
    seconds: Floats
    metres: Floats
    indptr: Ints
    entered: Ints
    left: tuple[Ints, Ints]
    connected: Flags


def states_of(network: Network, mode: Mode) -> States:
    """The graph of a network in a mode; without an open arc it has no link and nothing is connected."""
    seconds = np.maximum(network.seconds[mode], _LEAST_S)
    usable = np.isfinite(seconds)
    turns = network.forbidden_turns if mode is Mode.car else ()
    size, tail, head, arc, entered = _links(network, usable, turns)
    order = np.lexsort((arc, seconds[arc], head, tail))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)
    kept = order[first]
    by_arc = np.lexsort((tail, arc))
    return States(
        size=size,
        tail=tail[kept],
        head=head[kept],
        arc=arc[kept],
        seconds=seconds[arc[kept]],
        metres=network.length_m[network.edge[arc[kept]]],
        indptr=np.searchsorted(tail[kept], np.arange(size + 1)),
        entered=entered,
        left=(arc[by_arc], tail[by_arc]),
        connected=_largest(size, tail, head),
    )


def _links(network: Network, usable: Flags, turns: Sequence[tuple[int, ...]]) -> tuple[int, Ints, Ints, Ints, Ints]:
    """Number of states, and tail, head, arc of all links before parallel ones are thinned; `entered` per arc."""
    nodes = len(network.lon)
    arcs = np.flatnonzero(usable)
    entered = np.where(usable, network.head, -1)
    tail, head = network.tail[arcs], network.head[arcs]
    machine = _Machine(turns, nodes, network)
    if not machine.state_of:
        return nodes, tail, head, arcs, entered
    for run, state in machine.state_of.items():
        if len(run) == 1:
            entered[run[0]] = state
    # From a plain node every arc goes on; it ends in the state of its own, where it begins a forbidden run.
    more = [
        (state, after, arc)
        for run, state in machine.state_of.items()
        for arc in arcs[network.tail[arcs] == network.head[run[-1]]].tolist()
        if (after := machine.after(run, arc)) is not None
    ]
    extra = np.array(more, dtype=np.int64).reshape(-1, 3)
    return (
        nodes + len(machine.state_of),
        np.concatenate([tail, extra[:, 0]]),
        np.concatenate([entered[arcs], extra[:, 1]]),
        np.concatenate([arcs, extra[:, 2]]),
        entered,
    )


class _Machine:
    """Remembers of the way taken what is the beginning of a forbidden run."""

    def __init__(self, turns: Sequence[tuple[int, ...]], nodes: int, network: Network) -> None:
        self.turns = frozenset(turns)
        self.longest = max(map(len, turns), default=0)
        prefixes = sorted({turn[:length] for turn in turns for length in range(1, len(turn))})
        self.state_of: Mapping[tuple[int, ...], int] = {run: nodes + index for index, run in enumerate(prefixes)}
        self._head = network.head

    def after(self, run: tuple[int, ...], arc: int) -> int | None:
        """The state after one more arc; None where that is forbidden."""
        whole = (*run, arc)
        ends = [whole[start:] for start in range(max(0, len(whole) - self.longest), len(whole))]
        if any(end in self.turns for end in ends):
            return None
        return next((self.state_of[end] for end in ends if end in self.state_of), int(self._head[arc]))


def _largest(size: int, tail: Ints, head: Ints) -> Flags:
    if not len(tail):
        return np.zeros(size, dtype=np.bool_)
    graph = csr_matrix((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(size, size))
    _, label = connected_components(graph, connection="strong")
    found: Flags = label == np.bincount(label).argmax()
    return found


def usable_arcs(states: States) -> Flags:
    """Per arc: one gets onto it from the largest component, and from its end back into it; shape (m,)."""
    reached = np.zeros(len(states.entered), dtype=np.bool_)
    arc, state = states.left
    reached[arc[states.connected[state]]] = True
    ends: Flags = reached & (states.entered >= 0)
    ends[ends] = states.connected[states.entered[ends]]
    return ends
