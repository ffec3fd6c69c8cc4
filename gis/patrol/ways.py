"""Ways that meet at nodes become a network: cut where they meet, closed where a barrier stands. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod

from gis.patrol.network import Floats, Ints, Mode, Network
from gis.patrol.profiles import Passage
from gis.patrol.turning import Arcs, Turn, forbidden_turns

Place = tuple[float, float]
# How much of a street at a barrier is closed, on each side of it.
BARRIER_M: Final = 1.0
LEAST_M: Final = 0.01  # nodes on one point: a street between them has a length nevertheless
_GEOD: Final = Geod(ellps="GRS80")
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Way:
    """A way as it is mapped: nodes in order, and how fast each mode goes along it. `name` is '' without one."""

    osm_id: int
    nodes: Sequence[int]
    name: str
    street_class: int
    passage: Mapping[Mode, Passage]


@dataclass(frozen=True)
class Built:
    """A network, and what became of the turn restrictions: applied, and such that name no streets that meet."""

    network: Network
    turns: int
    broken_turns: int


@dataclass(slots=True)
class _Piece:
    """A way from one cut to the next. `stopped` are the modes that a barrier stops on it."""

    way: Way
    nodes: list[int]
    stopped: frozenset[Mode]


@dataclass(slots=True)
class _Cutter:
    """Cuts ways at nodes that they share, at their ends, and a metre before and after a barrier."""

    places: dict[int, Place]
    barriers: Mapping[int, frozenset[Mode]]
    shared: Collection[int]
    made: int = 0
    stubs: set[int] = field(default_factory=set)

    def cut(self, way: Way) -> Iterator[_Piece]:
        nodes = [node for index, node in enumerate(way.nodes) if index == 0 or node != way.nodes[index - 1]]
        nodes = self._with_stubs(nodes)
        last = len(nodes) - 1
        start = 0
        for index in range(1, last + 1):
            node = nodes[index]
            if index == last or node in self.shared or node in self.barriers or node in self.stubs:
                part = nodes[start : index + 1]
                yield _Piece(way, part, self._stopped(part))
                start = index

    def _with_stubs(self, nodes: list[int]) -> list[int]:
        if not any(node in self.barriers for node in nodes):
            return nodes
        found: list[int] = []
        for index, node in enumerate(nodes):
            if node in self.barriers and index > 0:
                found.append(self._beside(node, nodes[index - 1]))
            found.append(node)
            if node in self.barriers and index < len(nodes) - 1:
                found.append(self._beside(node, nodes[index + 1]))
        return found

    def _beside(self, barrier: int, neighbour: int) -> int:
        """A new node a metre from the barrier (a quarter of the way, where that is less)."""
        (x, y), (to_x, to_y) = self.places[barrier], self.places[neighbour]
        metres = _GEOD.inv(x, y, to_x, to_y)[2]
        share = min(0.25, BARRIER_M / metres) if metres > 0 else 0.25
        self.made += 1
        self.places[-self.made] = (round(x + share * (to_x - x), _DIGITS), round(y + share * (to_y - y), _DIGITS))
        self.stubs.add(-self.made)
        return -self.made

    def _stopped(self, part: list[int]) -> frozenset[Mode]:
        """A piece between a barrier and the node beside it is what the barrier closes."""
        ends = (part[0], part[-1])
        if len(part) == 2 and any(end in self.stubs for end in ends):
            return self.barriers.get(ends[0], frozenset()) | self.barriers.get(ends[1], frozenset())
        return frozenset()


def build(
    ways: Iterable[Way],
    places: Mapping[int, Place],
    barriers: Mapping[int, frozenset[Mode]],
    turns: Sequence[Turn],
    within: shapely.Geometry | None = None,
) -> Built:
    """Make the network of ways. `places` are lon, lat of their nodes in degrees; `barriers` say whom a node stops.

    With `within` (degrees) only streets that touch it are kept, whole. What no mode may use is left out. Ways in any
    order give the same network; without ways it is empty. Lengths are geodesic (GRS80).
    """
    sorted_ways = sorted((way for way in ways if len(way.nodes) > 1), key=lambda way: way.osm_id)
    mentions: Counter[int] = Counter()
    for way in sorted_ways:
        mentions.update(way.nodes)
        mentions.update((way.nodes[0], way.nodes[-1]))
    cutter = _Cutter(dict(places), barriers, {node for node, count in mentions.items() if count > 1})
    pieces = [piece for way in sorted_ways for piece in cutter.cut(way)]
    lines = _lines(pieces, cutter.places)
    kept = _touching(lines, within)
    return _network([pieces[index] for index in kept], lines[kept], cutter.places, turns)


def _lines(pieces: Sequence[_Piece], places: Mapping[int, Place]) -> npt.NDArray[np.object_]:
    if not pieces:
        return np.empty(0, dtype=object)
    xy = np.array([places[node] for piece in pieces for node in piece.nodes], dtype=np.float64)
    index = np.repeat(np.arange(len(pieces)), [len(piece.nodes) for piece in pieces])
    return np.asarray(shapely.linestrings(xy, indices=index), dtype=object)


def _touching(lines: npt.NDArray[np.object_], within: shapely.Geometry | None) -> Ints:
    if within is None:
        return np.arange(len(lines))
    shapely.prepare(within)
    return np.flatnonzero(shapely.intersects(within, lines))


def _network(
    pieces: Sequence[_Piece], lines: npt.NDArray[np.object_], places: Mapping[int, Place], turns: Sequence[Turn]
) -> Built:
    number: dict[int, int] = {}
    ends = np.array(
        [[number.setdefault(node, len(number)) for node in (piece.nodes[0], piece.nodes[-1])] for piece in pieces],
        dtype=np.int64,
    ).reshape(-1, 2)
    lon, lat = np.array([places[node] for node in number], dtype=np.float64).reshape(-1, 2).T
    length = lengths(lines)
    way = np.array([piece.way.osm_id for piece in pieces], dtype=np.int64)
    seconds = {mode: _seconds(pieces, length, mode) for mode in Mode}
    arcs = Arcs(way, ends, np.isfinite(seconds[Mode.car]), number)
    forbidden, broken = forbidden_turns(turns, arcs)
    network = assemble(
        lon=lon,
        lat=lat,
        line=lines,
        length_m=length,
        way=way,
        name=np.array([piece.way.name for piece in pieces], dtype=object),
        street_class=np.array([piece.way.street_class for piece in pieces], dtype=np.int64),
        ends=ends,
        seconds=seconds,
        forbidden_turns=forbidden,
    )
    return Built(network, len(turns) - broken, broken)


def lengths(lines: npt.NDArray[np.object_]) -> Floats:
    """Geodesic metres of lines in degrees, at least a centimetre each."""
    xy, index = shapely.get_coordinates(lines, return_index=True)
    if not len(xy):
        return np.zeros(len(lines))
    metres = np.asarray(_GEOD.inv(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])[2], dtype=np.float64)
    inside = index[1:] == index[:-1]
    summed = np.bincount(index[1:][inside], weights=metres[inside], minlength=len(lines))
    return np.maximum(np.asarray(summed, dtype=np.float64), LEAST_M)


def _seconds(pieces: Sequence[_Piece], length: Floats, mode: Mode) -> Floats:
    """Seconds of each arc, shape (2k,): forward and backward of every edge by turns."""
    kmh = np.zeros((len(pieces), 2))
    for index, piece in enumerate(pieces):
        if mode not in piece.stopped:
            passage = piece.way.passage[mode]
            kmh[index] = passage.forward, passage.backward
    with np.errstate(divide="ignore"):
        return (length[:, None] * 3.6 / kmh).ravel()


def assemble(
    *,
    lon: Floats,
    lat: Floats,
    line: npt.NDArray[np.object_],
    length_m: Floats,
    way: Ints,
    name: npt.NDArray[np.object_],
    street_class: Ints,
    ends: Ints,
    seconds: Mapping[Mode, Floats],
    forbidden_turns: Sequence[tuple[int, ...]] = (),
) -> Network:
    """A network from edges: `ends` has the nodes of each, shape (k, 2); `seconds` of arcs as `Network` orders them.

    Its version is a digest of all that is in it.
    """
    edge = np.repeat(np.arange(len(ends)), 2)
    arcs = np.stack([ends, ends[:, ::-1]], axis=1).reshape(-1, 2)
    turns = tuple(sorted(set(forbidden_turns)))
    parts = (lon, lat, length_m, way, street_class, ends, *(seconds[mode] for mode in Mode))
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
        digest.update(b"|")
    digest.update(b"|".join(shapely.to_wkb(line)) if len(line) else b"")
    digest.update(repr((name.tolist(), turns)).encode())
    return Network(
        version=digest.hexdigest()[:16],
        lon=lon,
        lat=lat,
        line=line,
        length_m=length_m,
        way=way,
        name=name,
        street_class=street_class,
        tail=arcs[:, 0],
        head=arcs[:, 1],
        edge=edge,
        forward=np.tile(np.array([True, False]), len(ends)),
        seconds=dict(seconds),
        forbidden_turns=turns,
    )
