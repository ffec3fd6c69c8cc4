"""Streets cut at places along them: a network in which a walk may begin, or turn back, between two nodes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely

from gis.patrol.network import Flags, Floats, Ints, Mode, Network


def cropped(network: Network, kept: Flags) -> tuple[Network, Ints]:
    """The network of some edges only, numbered in their old order from 0, and their old numbers. Nodes that no edge has
    are gone; the others keep their order."""
    edges, arcs = np.flatnonzero(kept), np.flatnonzero(kept[network.edge])
    nodes, ends = np.unique(np.concatenate([network.tail[arcs], network.head[arcs]]), return_inverse=True)
    smaller = replace(
        network,
        lon=network.lon[nodes],
        lat=network.lat[nodes],
        line=network.line[edges],
        length_m=network.length_m[edges],
        way=network.way[edges],
        name=network.name[edges],
        street_class=network.street_class[edges],
        tail=ends[: len(arcs)],
        head=ends[len(arcs) :],
        edge=np.searchsorted(edges, network.edge[arcs]),
        forward=network.forward[arcs],
        seconds={mode: found[arcs] for mode, found in network.seconds.items()},
        forbidden_turns=(),
    )
    return smaller, edges


def cut(network: Network, at: Mapping[int, Sequence[float]]) -> tuple[Network, dict[int, list[int]]]:
    """The network with edges cut at shares (0 < share < 1, ascending) of their length, and the pieces of each cut edge
    in order along its line. What is not cut keeps its number; the first piece has the number of its edge, the others
    follow after all edges. Forbidden turns are not carried over: no walk is made from them."""
    pieces: dict[int, list[int]] = {}
    grown = _Grown(network)
    for edge, shares in at.items():
        pieces[edge] = grown.cut(edge, list(shares))
    return grown.network(), pieces


class _Grown:
    """A network that is added to, as lists."""

    def __init__(self, network: Network) -> None:
        self.old = network
        self.lon, self.lat = network.lon.tolist(), network.lat.tolist()
        self.line = network.line.copy()
        self.length = network.length_m.copy()
        self.head, self.tail = network.head.copy(), network.tail.copy()
        self.seconds = {mode: found.copy() for mode, found in network.seconds.items()}
        order = np.argsort(network.edge, kind="stable")
        self.arcs_of = {int(e): order[i : i + 2] for i, e in enumerate(network.edge[order]) if i % 2 == 0}
        self.more: list[tuple[int, shapely.LineString, float]] = []  # of edge, line, metres
        self.arcs: list[tuple[int, int, int, bool, dict[Mode, float]]] = []  # tail, head, edge, forward, seconds

    def cut(self, edge: int, shares: list[float]) -> list[int]:
        two = self.arcs_of[edge]
        forward = int(two[0] if self.old.forward[two[0]] else two[1])
        backward = int(two[0] + two[1] - forward)
        first, last = int(self.tail[forward]), int(self.head[forward])
        lines = _pieces(self.old.line[edge], shares)
        nodes = [first, *(self._node(line.coords[-1]) for line in lines[:-1]), last]
        parts = np.diff([0.0, *shares, 1.0])
        whole = {mode: (found[forward], found[backward]) for mode, found in self.seconds.items()}
        metres = float(self.length[edge])
        self.line[edge], self.length[edge] = lines[0], metres * parts[0]
        self.head[forward] = self.tail[backward] = nodes[1]
        for mode, (there, back) in whole.items():
            self.seconds[mode][forward], self.seconds[mode][backward] = there * parts[0], back * parts[0]
        made = [edge]
        for k in range(1, len(lines)):
            made.append(len(self.length) + len(self.more))
            self.more.append((edge, lines[k], metres * parts[k]))
            there = {mode: s[0] * parts[k] for mode, s in whole.items()}
            back = {mode: s[1] * parts[k] for mode, s in whole.items()}
            self.arcs.append((nodes[k], nodes[k + 1], made[-1], True, there))
            self.arcs.append((nodes[k + 1], nodes[k], made[-1], False, back))
        return made

    def _node(self, place: tuple[float, ...]) -> int:
        self.lon.append(place[0])
        self.lat.append(place[1])
        return len(self.lon) - 1

    def network(self) -> Network:
        of = np.array([edge for edge, _, _ in self.more], np.int64)
        lines = np.empty(len(self.more), object)
        lines[:] = [line for _, line, _ in self.more]
        old = self.old

        def arcs(column: int, kind: type) -> np.ndarray:
            return np.array([arc[column] for arc in self.arcs], kind)

        return replace(
            old,
            lon=np.array(self.lon),
            lat=np.array(self.lat),
            line=np.concatenate([self.line, lines]),
            length_m=np.concatenate([self.length, [metres for _, _, metres in self.more]]),
            way=np.concatenate([old.way, old.way[of]]),
            name=np.concatenate([old.name, old.name[of]]),
            street_class=np.concatenate([old.street_class, old.street_class[of]]),
            tail=np.concatenate([self.tail, arcs(0, np.int64)]),
            head=np.concatenate([self.head, arcs(1, np.int64)]),
            edge=np.concatenate([old.edge, arcs(2, np.int64)]),
            forward=np.concatenate([old.forward, arcs(3, np.bool_)]),
            seconds={
                mode: np.concatenate([found, np.array([arc[4][mode] for arc in self.arcs], float)])
                for mode, found in self.seconds.items()
            },
            forbidden_turns=(),
        )


def _pieces(line: shapely.LineString, shares: list[float]) -> list[shapely.LineString]:
    """A line cut at shares of its length on the ground."""
    xy = shapely.get_coordinates(line)
    along = shares_of_vertices(xy)
    places = [_place(xy, along, share) for share in shares]
    made, begun = [], [xy[0]]
    low = 0.0
    for share, place in zip([*shares, 1.0], [*places, xy[-1]], strict=True):
        between = xy[(along > low) & (along < share)]
        made.append(shapely.LineString(np.concatenate([begun, between, [place]])))
        begun, low = [place], share
    return made


def shares_of_vertices(xy: Floats) -> Floats:
    """How far along a line in degrees each vertex lies, from 0 to 1, by length on the ground."""
    step = np.diff(xy, axis=0) * [np.cos(np.radians(xy[:, 1].mean())), 1.0]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(step[:, 0], step[:, 1]))])
    return along / along[-1] if along[-1] > 0 else np.linspace(0, 1, len(xy))


def _place(xy: Floats, along: Floats, share: float) -> Floats:
    return np.array([np.interp(share, along, xy[:, 0]), np.interp(share, along, xy[:, 1])])
