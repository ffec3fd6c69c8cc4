"""Travel between places on streets: the fastest times, their metres, and the ways themselves. Pure.

A place is taken to the nearest street of the largest connected part of its mode; from there one may set out in either
direction that is open, and turn round at a place or at a node. The few metres between place and street take no time.
Without streets, `gis.patrol.straight` answers.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from gis.errors import BadInput
from gis.patrol.network import Flags, Floats, Ints, Mode, Network
from gis.patrol.snapping import Snapped, Streets
from gis.patrol.states import States, states_of, usable_arcs
from gis.patrol.straight import straight_travel
from gis.patrol.travel import Astray, Leg, Travel

# A place farther from the street than this is not reached by it.
MAX_OFF_M: Final = 350.0
_GRAPHS_KEPT: Final = 8
_VERTICES_AT_ONCE: Final = 4_000_000  # of sources times states: 100 MB or so
_NONE: Final = -9999  # scipy's "no predecessor"


@dataclass(frozen=True)
class Graph:
    """A network ready for one mode: made once, used by all who ask."""

    network: Network
    mode: Mode
    states: States
    usable: Flags
    streets: Streets


def graph_of(network: Network, mode: Mode) -> Graph:
    """The graph of a network in a mode, kept in this process for the networks that were used last."""
    key = (network.version, mode)
    with _lock:
        kept = _graphs.get(key)
        if kept is None or kept.network is not network:
            kept = _graphs[key] = _made(network, mode)
        _graphs.move_to_end(key)
        while len(_graphs) > _GRAPHS_KEPT:
            _graphs.popitem(last=False)
    return kept


_graphs: OrderedDict[tuple[str, Mode], Graph] = OrderedDict()
_lock = Lock()


def _made(network: Network, mode: Mode) -> Graph:
    states = states_of(network, mode)
    usable = usable_arcs(states)
    edges = np.zeros(len(network.line), dtype=np.bool_)
    edges[network.edge[usable]] = True
    return Graph(network, mode, states, usable, Streets.of(network, edges))


def travel_between(network: Network | None, mode: Mode, lon: ArrayLike, lat: ArrayLike) -> Travel:
    """Travel between all of n places (degrees, shape (n,)) in a mode; straight lines × 1.4 where there is no network.

    A place more than 350 m off is astray (`too_far`), as is every one where the mode has no streets at all (`no_way`):
    its rows and columns are inf. From a place to itself it takes nothing. No places: matrices of shape (0, 0).
    """
    x = np.atleast_1d(np.asarray(lon, dtype=np.float64))
    y = np.atleast_1d(np.asarray(lat, dtype=np.float64))
    if network is None:
        return straight_travel(mode, x, y)
    graph = graph_of(network, mode)
    snapped = graph.streets.snap(x, y)
    astray = tuple(_astray(edge, off) for edge, off in zip(snapped.edge, snapped.off_m, strict=True))
    places = _Places(graph, snapped, np.array([reason is None for reason in astray], dtype=np.bool_))
    seconds, metres = places.matrices()
    return Travel(mode, seconds, metres, snapped.off_m, astray, False, places.leg)


def _astray(edge: int, off_m: float) -> Astray | None:
    if edge < 0:
        return Astray.no_way
    return Astray.too_far if off_m > MAX_OFF_M else None


class _Places:
    """Places on a graph: each is a vertex of its own from which the arcs of its edge lead on.

    Departures and arrivals are rows of (place, arc, state, seconds, metres): over an arc from the place to a state, and
    from a state to the place.
    """

    def __init__(self, graph: Graph, snapped: Snapped, found: Flags) -> None:
        self.graph, self.snapped, self.found = graph, snapped, found
        self.count = len(found)
        place, arc = self._on_arcs()
        self._place, self._arc = place, arc
        state = graph.states
        before = self._before(place, arc)
        seconds, metres = self._costs(arc)
        self._out = (place, arc, state.entered[arc], (1 - before) * seconds, (1 - before) * metres)
        begin, end = np.searchsorted(state.left[0], arc, "left"), np.searchsorted(state.left[0], arc, "right")
        row = np.repeat(np.arange(len(arc)), end - begin)
        index = np.arange(len(row)) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin) + begin[row]
        share = before[row]
        self._in = (place[row], arc[row], state.left[1][index], share * seconds[row], share * metres[row])

    def _on_arcs(self) -> tuple[Ints, Ints]:
        """Places with the usable arcs of their edges."""
        place = np.repeat(np.flatnonzero(self.found), 2)
        arc = 2 * self.snapped.edge[place] + np.tile([0, 1], len(place) // 2)
        usable = self.graph.usable[arc]
        return place[usable], arc[usable]

    def _before(self, place: Ints, arc: Ints) -> Floats:
        """The share of each arc before the place on it."""
        share = self.snapped.share[place]
        return np.where(self.graph.network.forward[arc], share, 1 - share)

    def _costs(self, arc: Ints) -> tuple[Floats, Floats]:
        network = self.graph.network
        return network.seconds[self.graph.mode][arc], network.length_m[network.edge[arc]]

    @cached_property
    def _matrix(self) -> csr_matrix:
        """The links of the states, then a row for each place; weights of zero are lifted a little, or they vanish."""
        states = self.graph.states
        place, _, state, seconds, _ = self._out
        size = states.size + self.count
        order = np.lexsort((seconds, state, place))
        keep = np.ones(len(order), dtype=np.bool_)
        keep[1:] = (np.diff(place[order]) != 0) | (np.diff(state[order]) != 0)
        chosen = order[keep]
        self._links_of_places = chosen
        counts = np.bincount(place[chosen], minlength=self.count)
        indptr = np.concatenate([states.indptr, states.indptr[-1] + np.cumsum(counts)])
        data = np.concatenate([states.seconds, np.maximum(seconds[chosen], 1e-9)])
        return csr_matrix((data, np.concatenate([states.head, state[chosen]]), indptr), shape=(size, size))

    @cached_property
    def _lookup(self) -> tuple[Ints, Floats, Ints]:
        """Of every link, sorted: tail × size + head, metres, and arc."""
        matrix, states = self._matrix, self.graph.states
        chosen = self._links_of_places
        tail = np.concatenate([states.tail, states.size + self._out[0][chosen]])
        key = tail * matrix.shape[0] + matrix.indices
        metres = np.concatenate([states.metres, self._out[4][chosen]])
        arc = np.concatenate([states.arc, self._out[1][chosen]])
        order = np.argsort(key, kind="stable")
        return key[order], metres[order], arc[order]

    def matrices(self) -> tuple[Floats, Floats]:
        """Seconds and metres from each place to each, shape (n, n)."""
        seconds = np.full((self.count, self.count), np.inf)
        metres = np.full((self.count, self.count), np.inf)
        step = max(1, _VERTICES_AT_ONCE // max(1, self._matrix.shape[0]))
        origins = np.flatnonzero(self.found)
        for start in range(0, len(origins), step):
            rows = origins[start : start + step]
            seconds[rows], metres[rows] = self._from(rows)
        return seconds, metres

    def _from(self, rows: Ints) -> tuple[Floats, Floats]:
        """Seconds and metres from some places to all, shape (rows, n)."""
        reached, before = self._search(rows)
        place, _, state, last_s, last_m = self._in
        way_s = reached[:, state] + last_s
        way_m = self._metres(before)[:, state] + last_m
        seconds, best = _least(way_s, place, self.count)
        metres = np.where(np.isfinite(seconds), np.take_along_axis(way_m, best, axis=1), np.inf)
        direct_s, direct_m = self._direct(rows)
        nearer = direct_s <= seconds
        return np.where(nearer, direct_s, seconds), np.where(nearer, direct_m, metres)

    def _search(self, rows: Ints) -> tuple[Floats, Ints]:
        sources = self.graph.states.size + rows
        reached, before = dijkstra(self._matrix, indices=sources, return_predecessors=True)
        return reached, before

    def _metres(self, before: Ints) -> Floats:
        """Metres along the trees of fastest paths, shape (rows, vertices): the way to each vertex's predecessor is
        doubled until it begins at the root."""
        size = before.shape[1]
        rooted = before == _NONE
        key, length, _ = self._lookup
        link = np.searchsorted(key, np.where(rooted, key[:1], before.astype(np.int64) * size + np.arange(size)))
        metres = np.where(rooted, 0.0, length.take(link)).ravel()
        root = np.arange(before.size)
        at = np.where(rooted, 0, before - np.arange(size)).ravel() + root
        while True:
            onward = at.take(at)
            metres += metres.take(at)
            if np.array_equal(onward, at):
                return metres.reshape(before.shape)
            at = onward

    def _direct(self, rows: Ints) -> tuple[Floats, Floats]:
        """Seconds and metres between places on one edge without leaving it; inf elsewhere. Shape (rows, n)."""
        network, share = self.graph.network, self.snapped.share
        ahead = share[None, :] - share[rows][:, None]
        arc = 2 * self.snapped.edge[rows][:, None] + (ahead < 0)
        same = (self.snapped.edge[rows][:, None] == self.snapped.edge[None, :]) & self.found[None, :]
        still = same & (ahead == 0)
        open_arc = same & np.isfinite(network.seconds[self.graph.mode][np.where(same, arc, 0)])
        part = np.where(still, 0.0, np.abs(ahead))
        allowed = still | open_arc
        speed = np.where(still, 0.0, network.seconds[self.graph.mode][np.where(allowed & ~still, arc, 0)])
        speed = np.where(np.isfinite(speed), speed, 0.0)
        length = network.length_m[np.where(same, self.snapped.edge[rows][:, None], 0)]
        return np.where(allowed, part * speed, np.inf), np.where(allowed, part * length, np.inf)

    def leg(self, origin: int, goal: int) -> Leg:
        """The way between two places. Raises BadInput where there is none."""
        if not (self.found[origin] and self.found[goal]):
            raise BadInput("there is no way from place {origin} to place {goal}", origin=origin, goal=goal)
        row = np.array([origin])
        direct_s, direct_m = (matrix[0, goal] for matrix in self._direct(row))
        reached, before = self._search(row)
        place, arc, state, last_s, _ = self._in
        ends = np.flatnonzero(place == goal)
        way_s = reached[0, state[ends]] + last_s[ends]
        end = ends[int(np.argmin(way_s))] if len(ends) else -1
        if direct_s <= way_s.min(initial=np.inf):
            if not np.isfinite(direct_s):
                raise BadInput("there is no way from place {origin} to place {goal}", origin=origin, goal=goal)
            part = self._piece(int(self.snapped.edge[origin]), self.snapped.share[origin], self.snapped.share[goal])
            return Leg(_line([part]), float(direct_s), float(direct_m))
        arcs = [*self._arcs_to(int(state[end]), before[0]), int(arc[end])]
        parts, metres = self._parts(origin, goal, arcs)
        return Leg(_line(parts), float(way_s.min()), metres)

    def _arcs_to(self, vertex: int, before: Ints) -> list[int]:
        key, _, arcs = self._lookup
        size = self._matrix.shape[0]
        found: list[int] = []
        while before[vertex] != _NONE:
            previous = int(before[vertex])
            found.append(int(arcs[np.searchsorted(key, previous * size + vertex)]))
            vertex = previous
        return found[::-1]

    def _parts(self, origin: int, goal: int, arcs: list[int]) -> tuple[list[Floats], float]:
        """The pieces of edges along arcs, the first from the origin on, the last up to the goal; and their metres."""
        network, share = self.graph.network, self.snapped.share
        found, metres = [], 0.0
        for index, arc in enumerate(arcs):
            begin, end = (0.0, 1.0) if network.forward[arc] else (1.0, 0.0)
            begin = float(share[origin]) if index == 0 else begin
            end = float(share[goal]) if index == len(arcs) - 1 else end
            found.append(self._piece(arc // 2, begin, end))
            metres += abs(end - begin) * float(network.length_m[arc // 2])
        return found, metres

    def _piece(self, edge: int, begin: float, end: float) -> Floats:
        return self.graph.streets.part(self.graph.network, edge, float(begin), float(end))


def _least(values: Floats, group: Ints, count: int) -> tuple[Floats, Ints]:
    """The least of the columns of each group and which column it is, shape (rows, count); inf without columns.

    `group` is sorted: the columns of one group lie side by side.
    """
    least = np.full((len(values), count), np.inf)
    best = np.zeros((len(values), count), dtype=np.int64)
    present, begin = np.unique(group, return_index=True)
    if len(present):
        least[:, present] = np.minimum.reduceat(values, begin, axis=1)
        hit = values == np.repeat(least[:, present], np.diff([*begin, len(group)]), axis=1)
        column = np.where(hit, np.arange(len(group)), len(group))
        best[:, present] = np.minimum(np.minimum.reduceat(column, begin, axis=1), len(group) - 1)
    return least, best


def _line(parts: list[Floats]) -> shapely.LineString:
    """Pieces one after the other, each node once."""
    xy = np.vstack(parts)
    moved = np.ones(len(xy), dtype=np.bool_)
    moved[1:] = (np.diff(xy, axis=0) != 0).any(axis=1)
    xy = xy[moved]
    return shapely.LineString(xy if len(xy) > 1 else np.vstack([xy, xy]))
