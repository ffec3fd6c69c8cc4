"""Which streets of an area are to be passed, and on what ground: the streets around, cut at the border. Pure.

A street that crosses the border is cut there, 5 m outside it: a street along the border belongs to the areas on both
sides. Less than 20 m of a street that goes on outside are left out, and less than 20 m outside of one that is otherwise
inside are walked; both are told. A car does not turn round between two crossings: it passes a street whole of which
20 m or half lie inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import shapely
import shapely.ops
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from gis.crs import to_metric
from gis.errors import BadInput
from gis.patrol.network import Flags, Ints, Mode, Network
from gis.patrol.sweeping.cutting import cropped, cut
from gis.patrol.sweeping.request import Gap, Ground, Unswept

BORDER_M: Final = 5.0
STUB_M: Final = 20.0
START_M: Final = 350.0  # a start farther from any street is refused
_AROUND_M: Final = 2_000.0  # ways between streets of the area are looked for so far around, and farther if need be
_AT_NODE_M: Final = 1.0

Area = shapely.Polygon | shapely.MultiPolygon
Project = Callable[[Any], Any]  # one shape or an array of them, degrees to metres


def ground_of(network: Network, mode: Mode, area: Area, start: tuple[float, float] | None = None) -> Ground:
    """Where an area (degrees) is swept, from `start` (lon, lat) where given.

    An area without streets gives no required edge, and no start. Raises BadInput for an area that is empty or no valid
    polygon, and for a start that is more than START_M from any street that is connected with those of the area.
    """
    if area.is_empty or not area.is_valid:
        raise BadInput("polygon: is empty or crosses itself", field="polygon")
    project = _metres(area.centroid.x)
    found = _Inside(network, mode, area, project)
    finer, required, lost_m = _connected(found.network, mode, found.required)
    found.gaps[Unswept.no_way] = lost_m
    at = None
    if start is not None and len(required):
        finer, required, at = _started(finer, mode, required, start, project)
    nearby, required, at = _around(finer, mode, required, at)
    left_out = tuple(Gap(why, metres) for why, metres in found.gaps.items() if metres > 0)
    return Ground(nearby, required, at, left_out, found.beyond_m)


def _metres(lon: float) -> Project:
    transform = to_metric(lon).transform
    return lambda shape: shapely.transform(shape, lambda xy: np.stack(transform(xy[:, 0], xy[:, 1]), axis=1))


# ---- inside and outside

Piece = tuple[float, float, bool]  # from, to (metres along a line), inside


class _Inside:
    """The `network` cut at the border, its `required` edges inside, and the metres that are left out or beyond."""

    def __init__(self, network: Network, mode: Mode, area: Area, project: Project) -> None:
        self.own = project(area).buffer(BORDER_M)
        self.mode = mode
        self.gaps = dict.fromkeys(Unswept, 0.0)
        self.beyond_m = 0.0
        near = _near(network, area.bounds)
        usable = _usable(network, mode)
        lines = project(network.line[near])
        shapely.prepare(self.own)
        whole = shapely.covers(self.own, lines)
        self.gaps[Unswept.mode] += float(network.length_m[near[whole & ~usable[near]]].sum())
        required = near[whole & usable[near]].tolist()
        takes: dict[int, list[Piece]] = {}
        for k in np.flatnonzero(shapely.intersects(self.own, lines) & ~whole).tolist():
            edge = int(near[k])
            pieces = self._taken(lines[k], float(network.length_m[edge]), bool(usable[edge]))
            if len(pieces) > 1:
                takes[edge] = pieces
            elif pieces[0][2]:
                required.append(edge)
        at = {edge: [b / pieces[-1][1] for _, b, _ in pieces[:-1]] for edge, pieces in takes.items()}
        self.network, made = cut(network, at)
        for edge, pieces in takes.items():
            required += [piece for piece, (*_, inside) in zip(made[edge], pieces, strict=True) if inside]
        self.required = np.array(sorted(required), np.int64)

    def _taken(self, line: shapely.LineString, length_m: float, usable: bool) -> list[Piece]:
        """What of a street that crosses the border is taken, in order along it; the rest is told."""
        pieces = _crossed(line, self.own)
        if not usable:
            self.gaps[Unswept.mode] += sum(b - a for a, b, inside in pieces if inside)
            return [(0.0, line.length, False)]
        settled = _settled(pieces) if self.mode is Mode.foot else _all_or_none(pieces)
        stretch = length_m / line.length
        for a, b, taken in settled:
            inside_m = shapely.ops.substring(line, a, b).intersection(self.own).length * stretch
            if taken:
                self.beyond_m += max(0.0, (b - a) * stretch - inside_m)
            else:
                self.gaps[Unswept.border] += inside_m
        return settled


def _near(network: Network, bounds: tuple[float, float, float, float]) -> Ints:
    """The edges whose box meets a box in degrees, made wider by more than BORDER_M."""
    west, south, east, north = bounds
    box, more = shapely.bounds(network.line), 0.001
    meets = (box[:, 0] <= east + more) & (box[:, 2] >= west - more)
    meets &= (box[:, 1] <= north + more) & (box[:, 3] >= south - more)
    return np.flatnonzero(meets & (network.length_m > 0))


def _usable(network: Network, mode: Mode) -> Flags:
    """The edges that may be passed one way at least."""
    found = np.zeros(len(network.length_m), bool)
    found[network.edge[np.isfinite(network.seconds[mode])]] = True
    return found


def _crossed(line: shapely.LineString, own: Area) -> list[Piece]:
    """A line as pieces inside and outside, in turn."""
    points = shapely.get_coordinates(line.intersection(own.boundary))
    along = np.unique(shapely.line_locate_point(line, shapely.points(points))) if len(points) else np.zeros(0)
    stops = np.unique(np.concatenate([[0.0], along, [line.length]]))
    middles = shapely.line_interpolate_point(line, (stops[:-1] + stops[1:]) / 2)
    inside = shapely.covers(own, middles)
    return _merged(list(zip(stops[:-1].tolist(), stops[1:].tolist(), inside.tolist(), strict=True)))


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of the same kind as one."""
    made: list[Piece] = []
    for a, b, inside in pieces:
        if made and made[-1][2] == inside:
            made[-1] = (made[-1][0], b, inside)
        else:
            made.append((a, b, inside))
    return made


def _settled(pieces: list[Piece]) -> list[Piece]:
    """Without short pieces: those outside are walked, then those inside are left. A short street goes by its half."""
    length = pieces[-1][1]
    if length < 2 * STUB_M:
        return [(0.0, length, sum(b - a for a, b, inside in pieces if inside) >= length / 2)]
    for kind in (False, True):
        pieces = _merged([(a, b, inside ^ (inside is kind and b - a < STUB_M)) for a, b, inside in pieces])
    return pieces


def _all_or_none(pieces: list[Piece]) -> list[Piece]:
    length = pieces[-1][1]
    inside_m = sum(b - a for a, b, inside in pieces if inside)
    return [(0.0, length, inside_m >= min(STUB_M, length / 2))]


# ---- what hangs together


def _parts(network: Network, mode: Mode) -> Ints:
    """Which part each node is in, where from every node of a part one gets to every other."""
    arcs = np.isfinite(network.seconds[mode])
    ends, shape = (network.tail[arcs], network.head[arcs]), (len(network.lon), len(network.lon))
    graph = coo_matrix((np.ones(len(ends[0])), ends), shape=shape)
    return np.asarray(connected_components(graph, directed=True, connection="strong")[1], np.int64)


def _within(network: Network, mode: Mode, part: Ints) -> Ints:
    """Of each edge the part in which it may be passed; -1: nobody gets there and back."""
    found = np.full(len(network.length_m), -1)
    arcs = np.isfinite(network.seconds[mode]) & (part[network.tail] == part[network.head])
    found[network.edge[arcs]] = part[network.tail[arcs]]
    return found


def _connected(network: Network, mode: Mode, required: Ints) -> tuple[Network, Ints, float]:
    """The network without the streets that are not connected with most of the required ones; the required edges that
    are; the metres of the others."""
    if not len(required):
        return network, required, 0.0
    within = _within(network, mode, _parts(network, mode))
    metres = np.bincount(within[required] + 1, network.length_m[required])
    metres[0] = 0.0
    kept = within[required] == int(np.argmax(metres)) - 1
    if not metres.any():
        kept[:] = False
    lost_m = float(network.length_m[required[~kept]].sum())
    own = within == (within[required[kept][0]] if kept.any() else -2)
    finer, edges = cropped(network, own)
    return finer, np.searchsorted(edges, required[kept]), lost_m


def _started(
    network: Network, mode: Mode, required: Ints, start: tuple[float, float], project: Project
) -> tuple[Network, Ints, int]:
    """The network cut where its nearest street is to the start, the required edges in it, and the node there."""
    place, lines = project(shapely.Point(*start)), project(network.line)
    distance = np.where(_usable(network, mode), shapely.distance(lines, place), np.inf)
    edge = int(np.argmin(distance))
    if distance[edge] > START_M:
        raise BadInput(
            "start: is {distance_m:,.0f} m from the nearest street that leads there; at most {most_m:.0f} m",
            distance_m=distance[edge],
            most_m=START_M,
            field="start",
        )
    line = lines[edge]
    along = float(shapely.line_locate_point(line, place))
    arc = int(np.flatnonzero((network.edge == edge) & network.forward)[0])
    if along <= _AT_NODE_M:
        return network, required, int(network.tail[arc])
    if along >= line.length - _AT_NODE_M:
        return network, required, int(network.head[arc])
    finer, pieces = cut(network, {edge: [along / line.length]})
    if edge in required:
        required = np.union1d(required, pieces[edge])
    return finer, required, len(finer.lon) - 1


def _around(network: Network, mode: Mode, required: Ints, start: int | None) -> tuple[Network, Ints, int | None]:
    """The part of the network around the required edges and the start: as little as keeps them connected."""
    if not len(required):
        return network, required, None
    for around_m in (_AROUND_M, 4 * _AROUND_M):
        own = _box_around(network, required, start, around_m)
        near, edges = cropped(network, own)
        nodes = np.unique(np.concatenate([network.tail, network.head])[np.tile(own[network.edge], 2)])
        part = _parts(near, mode)
        kept = np.searchsorted(edges, required)
        at = None if start is None else int(np.searchsorted(nodes, start))
        within = _within(near, mode, part)[kept]
        if (within == within[0]).all() and within[0] >= 0 and (at is None or part[at] == within[0]):
            return near, kept, at
    return network, required, start


def _box_around(network: Network, required: Ints, start: int | None, around_m: float) -> Flags:
    """The edges whose box comes so near to the box of the required edges and the start."""
    box = shapely.bounds(network.line)
    own = box[required]
    if start is not None:
        place = [network.lon[start], network.lat[start]]
        own = np.concatenate([own, [[*place, *place]]])
    up = around_m / 111_000.0
    across = up / np.cos(np.radians(own[0, 1]))
    west, south = own[:, :2].min(axis=0) - np.array([across, up])
    east, north = own[:, 2:].max(axis=0) + np.array([across, up])
    meets: Flags = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
    if start is not None:
        meets |= np.isin(np.arange(len(box)), network.edge[(network.tail == start) | (network.head == start)])
    return meets
