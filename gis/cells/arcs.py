"""Polygons that share borders as arcs: what two of them have in common is there once. Pure.

An arc runs from a node to the next; a node is a place where other than two edges meet. A ring is a list of arcs, `~n`
being arc n walked backwards, as TopoJSON has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import get_coordinates

from gis.cells.edges import Edges, edges_of
from gis.cells.places import Numbers, Places

Ring = list[int]


@dataclass(frozen=True, slots=True)
class Arcs:
    """`lines`: (n, 2) each, in steps of the grid. `rings`: those of each polygon, the outer one first."""

    lines: list[Numbers]
    rings: list[list[Ring]]


@dataclass(frozen=True, slots=True)
class _Walks:
    """Arcs as rings walk them, in the order of the rings: positions of the first and last edge, and the ring."""

    first: Numbers
    last: Numbers
    ring: Numbers


def arcs_of(polygons: Sequence[Any] | NDArray[Any], per_degree: int) -> Arcs:
    """The arcs of polygons (degrees), on a grid of so many steps a degree. Equal places are equal afterwards, so what
    tiles does so still; edges shorter than a step are left out, and of a polygon smaller than that a point is left."""
    found = np.asarray(polygons, dtype=object)
    places = Places(get_coordinates(found), per_degree)
    edges = _from_nodes(edges_of(places, found), len(places))
    walks = _walks(edges, len(places))
    number, backwards, drawn = _numbered(edges, walks, len(places))
    lines = [
        places.steps[np.append(edges.tail[first : last + 1], edges.head[last])]
        for first, last in zip(walks.first[drawn].tolist(), walks.last[drawn].tolist(), strict=True)
    ]
    rings: list[list[Ring]] = [[] for _ in range(len(found))]
    before = -1
    signed = np.where(backwards, ~number, number).tolist()
    for arc, ring, polygon in zip(signed, walks.ring.tolist(), edges.polygon[walks.first].tolist(), strict=True):
        if ring != before:
            rings[polygon].append([])
        rings[polygon][-1].append(arc)
        before = ring
    for polygon in [at for at, own in enumerate(rings) if not own]:
        lines.append(np.repeat(places.steps[places.of(get_coordinates(found[polygon])[:1])], 2, axis=0))
        rings[polygon].append([len(lines) - 1])
    return Arcs(lines, rings)


def _nodes(edges: Edges, places: int) -> NDArray[np.bool_]:
    """Of each place: do other than two edges meet there?"""
    _, once = np.unique(edges.edge, return_index=True)
    meeting = np.bincount(np.concatenate([edges.tail[once], edges.head[once]]), minlength=places)
    found: NDArray[np.bool_] = meeting != 2
    return found


def _from_nodes(edges: Edges, places: int) -> Edges:
    """The same edges, each ring begun at a node of its own. One without nodes begins at its lowest place, wherever it
    was begun before: two polygons that have it in common then find the same arc."""
    if not len(edges.tail):
        return edges
    opening = np.append(True, edges.ring[1:] != edges.ring[:-1])
    starts = np.flatnonzero(opening)
    of = np.cumsum(opening) - 1  # the ring's position in `starts`
    rank = np.where(_nodes(edges, places)[edges.tail], edges.tail - places, edges.tail)
    best = np.lexsort((rank, of))[starts]  # the first of each ring, sorted by rank
    length = np.diff(np.append(starts, len(of)))
    turned = starts[of] + (np.arange(len(of)) - starts[of] + (best - starts)[of]) % length[of]
    return Edges(edges.tail[turned], edges.head[turned], edges.edge[turned], edges.ring, edges.polygon)


def _walks(edges: Edges, places: int) -> _Walks:
    """The rings cut at nodes, and where they begin."""
    begins = _nodes(edges, places)[edges.tail]
    begins[1:] |= edges.ring[1:] != edges.ring[:-1]
    begins[:1] = True
    first = np.flatnonzero(begins)
    return _Walks(first, np.append(first[1:], len(begins))[: len(first)] - 1, edges.ring[first])


def _numbered(edges: Edges, walks: _Walks, places: int) -> tuple[Numbers, NDArray[np.bool_], Numbers]:
    """The arc that each walk follows, whether backwards, and for each arc the first walk that follows it.

    Between nodes there is one way on only: an arc is known by the place where it begins and the next one.
    """
    there = edges.tail[walks.first] * places + edges.head[walks.first]
    back = edges.head[walks.last] * places + edges.tail[walks.last]
    _, drawn, number = np.unique(np.minimum(there, back), return_index=True, return_inverse=True)
    return number, (there > back) != (there > back)[drawn][number], drawn
