"""The county's outline when borders meet it: its area stays, to the last bit. Pure.

A node on the grid of 1e-8° does not lie on a slanting edge exactly, and a node beside it would change the county's
area: by 0.4 m² where the edge is 1 km long. Each such node gets a twin, mirrored at the middle of the edge, which lies
on the grid too: what one adds the other takes away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.cells.places import Coordinates, on_grid
from gis.errors import BrokenCoverage

_ON_IT: Final = 3e-8
_ROUNDING: Final = 1e-12


def with_twins(chain: Coordinates) -> Coordinates:
    """A chain of nodes in place of the edge from its first to its last one, with the twins of those beside the edge.

    Degrees, shape (n, 2). The area between chain and edge is zero; a chain that lies on its edge stays as it is.
    """
    start, end = chain[0], chain[-1]
    inner, way = chain[1:-1], end - start
    beside = (inner[:, 0] - start[0]) * way[1] - (inner[:, 1] - start[1]) * way[0]
    if (np.abs(beside) < _ROUNDING * np.abs(way).max()).all():
        return chain
    twins = start + end - inner
    near = on_grid(twins)
    twins = np.where(np.abs(near - twins) < _ROUNDING, near, twins)
    both = np.unique(np.concatenate([inner, twins]), axis=0)
    order = np.argsort((both - start) @ way, kind="stable")
    found: Coordinates = np.concatenate([[start], both[order], [end]])
    return found


def lies_on(outline: Any, start: NDArray[np.float64], end: NDArray[np.float64]) -> bool:
    """Whether an edge is part of the outline."""
    xy, ring_of = _rings(outline)
    return _edge_at(xy, ring_of, (start + end) / 2) is not None


def with_chains(outline: Any, chains: Sequence[tuple[Coordinates, bool]]) -> Any:
    """The outline with each chain of nodes in place of its edge; itself where no chain lies on it.

    Chains that must lie on it are marked: BrokenCoverage is raised where one does not, because then the outline is not
    the union of the cells.
    """
    xy, ring_of = _rings(outline)
    inserts: list[tuple[int, float, NDArray[np.float64]]] = []
    for chain, is_outer in chains:
        edge = _edge_at(xy, ring_of, (chain[0] + chain[-1]) / 2)
        if edge is not None:
            inserts += _between(xy, edge, chain)
        elif is_outer:
            lon, lat = chain[0].tolist()
            raise BrokenCoverage(
                "an outer border of the cells at {lon:.8f} {lat:.8f} is no part of the outline", lon=lon, lat=lat
            )
    if not inserts:
        return outline
    inserts.sort(key=lambda insert: insert[:2])
    at = [row for row, _, _ in inserts]
    denser = np.insert(xy, at, np.array([node for _, _, node in inserts]).reshape(-1, 2), axis=0)
    ring_of = np.insert(ring_of, at, ring_of[np.array(at, dtype=np.int64)])
    return _with_rings(outline, denser, ring_of)


def _rings(outline: Any) -> tuple[Coordinates, NDArray[np.int64]]:
    """The coordinates of all rings, and the number of the ring of each."""
    return shapely.get_coordinates(shapely.get_rings(shapely.get_parts(outline)), return_index=True)


def _edge_at(xy: Coordinates, ring_of: NDArray[np.int64], middle: NDArray[np.float64]) -> int | None:
    """The row at which the edge of the rings begins that a place lies on."""
    tail, way = xy[:-1], xy[1:] - xy[:-1]
    squared = np.maximum((way**2).sum(axis=1), np.finfo(float).tiny)
    along = np.clip(((middle - tail) * way).sum(axis=1) / squared, 0, 1)
    distance = np.hypot(*(tail + along[:, None] * way - middle).T)
    distance[ring_of[1:] != ring_of[:-1]] = np.inf
    edge = int(distance.argmin())
    return edge if distance[edge] <= _ON_IT else None


def _between(xy: Coordinates, edge: int, chain: Coordinates) -> list[tuple[int, float, Coordinates]]:
    """Before which row of the coordinates each node of the chain comes: (row, way along the edge, node)."""
    ends = xy[[edge, edge + 1]]
    new = [node for node in chain if not (node == ends).all(axis=1).any()]
    return [(edge + 1, float((node - ends[0]) @ (ends[1] - ends[0])), node) for node in new]


def _with_rings(outline: Any, xy: Coordinates, ring_of: NDArray[np.int64]) -> Any:
    """Polygons of the outline's structure with other rings."""
    drawn: Any = shapely.linearrings(xy, indices=ring_of)
    rings = iter(drawn)
    parts = []
    for part in shapely.get_parts(outline):
        shell, *holes = [next(rings) for _ in range(1 + shapely.get_num_interior_rings(part))]
        parts.append(shapely.Polygon(shell, holes))
    whole = parts[0] if outline.geom_type == "Polygon" else shapely.MultiPolygon(parts)
    return shapely.remove_repeated_points(whole)
