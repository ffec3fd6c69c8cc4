"""From edges of the mesh to drawn lines: borders and streets as shared, smooth arcs; cells as polygons of arcs. Pure.

An arc runs from junction to junction. Both cells beside it and the street on it use the very same coordinates, so the
cells tile exactly whatever the smoothing does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gis.demo.field import Floats
from gis.demo.geometry import Geometries, polylines
from gis.demo.land import Roads
from gis.demo.mesh import Mesh
from gis.demo.plan import Bools, Ints


@dataclass(frozen=True, slots=True)
class Arcs:
    """Polylines `lines[i]` (n, 2) in metres, with the labels of the faces beside them (`sides`, -1 outside), the street
    on them (-1 none), its class (0 none) and, where the arc is one edge of the mesh, the faces left and right of it
    (`faces`, else -1)."""

    lines: list[Floats]
    sides: Ints
    street: Ints
    kind: Ints
    faces: Ints


def make_arcs(mesh: Mesh, cell: Ints, roads: Roads) -> Arcs:
    """The arcs of all borders between `cell` labels and of all streets, relaxed and with rounded corners."""
    beside = np.where(mesh.edge_faces >= 0, cell[np.maximum(mesh.edge_faces, 0)], -1)
    border = beside[:, 0] != beside[:, 1]
    inside = (beside >= 0).all(axis=1)
    street = np.where(inside | border, roads.street, -1)
    street[(beside < 0).all(axis=1)] = -1
    kind = np.where(street >= 0, roads.kind, 0)
    active = np.flatnonzero(border | (street >= 0))
    chains = _chains(mesh.edges, active, np.column_stack([np.sort(beside, axis=1), street, kind]))
    lines = _smooth(chains, mesh.xy, _relaxed(mesh, active, kind > 0))
    first = np.array([chain.edges[0] for chain in chains], dtype=np.int64)
    single = np.array([len(chain.edges) == 1 for chain in chains])
    forward = np.array([chain.vertices[0] == mesh.edges[chain.edges[0], 0] for chain in chains])
    turned = np.where(forward[:, None], mesh.edge_faces[first], mesh.edge_faces[first][:, ::-1])
    return Arcs(lines, beside[first], street[first], kind[first], np.where(single[:, None], turned, -1))


@dataclass(slots=True)
class _Chain:
    vertices: list[int]
    edges: list[int]


def _chains(ends: Ints, active: Ints, key: Ints) -> list[_Chain]:
    """The active edges in chains that end where three or more meet, or where what lies beside or on them changes."""
    links: dict[int, list[int]] = {}
    pairs, keys = ends.tolist(), [tuple(row) for row in key.tolist()]
    for edge in active.tolist():
        for vertex in pairs[edge]:
            links.setdefault(vertex, []).append(edge)
    through = {v: e for v, e in links.items() if len(e) == 2 and keys[e[0]] == keys[e[1]]}
    used: set[int] = set()
    chains: list[_Chain] = []
    stops = [v for v in links if v not in through]
    for vertex in [*stops, *links]:  # what is left after all stops are rings without a junction
        for edge in links[vertex]:
            if edge not in used:
                chains.append(_walk(vertex, edge, pairs, through, used))
    return chains


def _walk(vertex: int, edge: int, pairs: list[list[int]], through: dict[int, list[int]], used: set[int]) -> _Chain:
    chain = _Chain([vertex], [])
    while edge not in used:
        used.add(edge)
        chain.edges.append(edge)
        vertex = pairs[edge][0] + pairs[edge][1] - vertex
        chain.vertices.append(vertex)
        onward = through.get(vertex)
        if onward is None:
            break
        edge = onward[0] + onward[1] - edge
    return chain


def _relaxed(mesh: Mesh, active: Ints, is_road: Bools) -> Floats:
    """Vertex positions drawn towards their neighbours along the lines: roads first, then borders; blocks stay."""
    xy = mesh.xy.copy()
    ends = mesh.edges[active]
    road = is_road[active]
    fixed = np.zeros(len(xy), dtype=np.bool_)
    built = (mesh.built[np.maximum(mesh.edge_faces, 0)] & (mesh.edge_faces >= 0)).any(axis=1)
    fixed[mesh.edges[built]] = True
    road_degree = np.bincount(ends[road].ravel(), minlength=len(xy))
    degree = np.bincount(ends.ravel(), minlength=len(xy))
    by_road = ~fixed & (road_degree == 2)
    by_all = ~fixed & ~by_road & (degree >= 2) & (road_degree != 1)
    for _ in range(4):
        for mask, use, pull in ((by_road, ends[road], 0.5), (by_all, ends, 0.4)):
            mean = np.zeros_like(xy)
            for one, two in ((0, 1), (1, 0)):
                np.add.at(mean, use[:, one], xy[use[:, two]])
            count = np.bincount(use.ravel(), minlength=len(xy))
            xy[mask] += pull * (mean[mask] / count[mask][:, None] - xy[mask])
    return xy


def _rounded(line: Floats) -> Floats:
    """Chaikin's corner cutting, twice, with the ends kept; corners that hardly turn are left as they are."""
    for _ in range(2):
        if len(line) < 3:
            return line
        leg = np.diff(line, axis=0)
        heading = np.arctan2(leg[:, 1], leg[:, 0])
        turn = np.abs(np.angle(np.exp(1j * np.diff(heading))))
        sharp = turn > 0.12
        before = np.where(sharp[:, None], line[1:-1] - 0.25 * leg[:-1], line[1:-1])
        after = line[1:-1] + 0.25 * leg[1:]
        corner = np.stack([before, after], axis=1).reshape(-1, 2)
        keep = np.column_stack([np.ones_like(sharp), sharp]).ravel()
        line = np.concatenate([line[:1], corner[keep], line[-1:]])
    return line


def _smooth(chains: list[_Chain], raw: Floats, relaxed: Floats) -> list[Floats]:
    """The drawn line of every chain. Where smoothing makes lines cross, they fall back to the mesh, which cannot."""
    frozen = np.zeros(len(raw), dtype=np.bool_)
    straight: set[int] = set()
    while True:
        xy = np.where(frozen[:, None], raw, relaxed)
        lines = [
            xy[chain.vertices] if index in straight else _rounded(xy[chain.vertices])
            for index, chain in enumerate(chains)
        ]
        tangled = _crossing(polylines(lines)).tolist()
        if not tangled:
            return lines
        if straight.issuperset(tangled) and all(frozen[chains[index].vertices].all() for index in tangled):
            raise AssertionError("the mesh itself crosses")
        straight.update(tangled)
        for index in tangled:
            frozen[chains[index].vertices] = True


def _crossing(geoms: Geometries) -> Ints:
    """Indices of lines that meet another one (or themselves) elsewhere than at common ends."""
    simple = shapely.is_simple(geoms)
    one, two = shapely.STRtree(geoms).query(geoms, predicate="intersects")
    one, two = one[one < two], two[one < two]
    shared = shapely.intersection(shapely.boundary(geoms[one]), shapely.boundary(geoms[two]))
    meet = shapely.intersection(geoms[one], geoms[two])
    bad = ~shapely.is_empty(shapely.difference(meet, shared)) | (shapely.get_dimensions(meet) > 0)
    return np.unique(np.concatenate([np.flatnonzero(~simple), one[bad], two[bad]]))
