"""Which face belongs to which cell, and which edges are roads and streets. Pure.

Roads come first: borders like to run along them. Then towns, villages and cells are grown over the faces, each level
within the one above, so that all nest and stay in one piece.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gis.demo.field import Field, Floats
from gis.demo.geometry import points
from gis.demo.graph import Graph, connect, main_pieces, make_graph, path_to_seed, spread
from gis.demo.mesh import Mesh, Settlements
from gis.demo.plan import Bools, Ints, Plan, power_labels

MAIN, THROUGH, LANE, PATH = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Roads:
    """Per edge: street class (0 none, 1 main … 4 path), the street it belongs to (-1 none) and, on a farm track, the
    cell whose farm it leads to. Streets are numbered: those of the settlements' grids, then the roads between them.
    """

    kind: Ints
    street: Ints
    street_kind: Ints
    street_place: Ints  # the settlement whose grid line it is; -1 for a road between settlements
    street_line: Ints  # 2 × line + axis within the settlement's grid
    street_ends: Ints  # (n, 2) what a road joins (towns for a main road, cells otherwise), -1 unknown


@dataclass(frozen=True, slots=True)
class Labels:
    """Town, village and cell of every face; -1 outside the county."""

    town: Ints
    village: Ints
    cell: Ints


class _Ledger:
    """Streets while they are being laid out: an edge keeps the name it got first and the highest class."""

    def __init__(self, num_edges: int) -> None:
        self.kind = np.zeros(num_edges, dtype=np.int64)
        self.street = np.full(num_edges, -1, dtype=np.int64)
        self.rows: list[tuple[int, int, int, int, int]] = []

    def add(
        self, edges: list[int] | Ints, kind: int, place: int = -1, line: int = -1, ends: tuple[int, int] = (-1, -1)
    ) -> None:
        path = np.asarray(edges, dtype=np.int64)
        fresh = path[self.street[path] < 0]
        self.street[fresh] = len(self.rows)
        lower = (self.kind[path] == 0) | (self.kind[path] > kind)
        self.kind[path[lower]] = kind
        self.rows.append((kind, place, line, *ends))

    def done(self) -> Roads:
        rows = np.array(self.rows, dtype=np.int64).reshape(-1, 5)
        return Roads(self.kind, self.street, rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3:])


def lay_roads(rng: np.random.Generator, plan: Plan, places: Settlements, mesh: Mesh) -> Roads:
    """Grid streets in every settlement, main roads between towns and outwards, village roads, lanes and tracks."""
    ledger = _Ledger(len(mesh.edges))
    _grid_streets(ledger, mesh, places)
    graph = make_graph(mesh.edges, len(mesh.xy))
    usable = np.all(mesh.within[np.maximum(mesh.edge_faces, 0)], axis=1)
    middle = mesh.xy[mesh.edges].mean(axis=1)
    length = np.hypot(*(mesh.xy[mesh.edges[:, 0]] - mesh.xy[mesh.edges[:, 1]]).T)
    rough = length * np.exp(0.55 * Field(rng, 1500.0)(middle)) + 5.0
    rough = np.where(usable, rough, np.inf)
    node_of = _nearest_vertex(mesh, places.xy)
    towns = plan.sizes.towns
    exits = _exits(rng, plan, mesh, usable)
    _join(
        ledger, graph, mesh, rough, np.concatenate([node_of[:towns], exits]), np.arange(towns + len(exits)), MAIN, towns
    )
    seats = np.concatenate([np.arange(towns), _seats(plan, places)])
    _join(ledger, graph, mesh, rough, node_of[seats], places.cell[seats], THROUGH)
    _join(ledger, graph, mesh, rough, node_of, places.cell, LANE)
    _tracks(rng, ledger, graph, mesh, rough, plan)
    return ledger.done()


def _grid_streets(ledger: _Ledger, mesh: Mesh, places: Settlements) -> None:
    left, right = np.maximum(mesh.edge_faces, 0).T
    place = mesh.settlement[left]
    same = (place >= 0) & (place == mesh.settlement[right]) & (mesh.edge_faces >= 0).all(axis=1)
    same &= mesh.built[left] | mesh.built[right]
    step = mesh.grid[left] - mesh.grid[right]
    straight = np.abs(step).sum(axis=1) == 1
    # Where four blocks meet not quite in a point, a stub joins the corners: it belongs to the street along it.
    axis = np.where(np.abs(step[:, 0]) >= np.abs(step[:, 1]), 0, 1)
    line = np.maximum(mesh.grid[left], mesh.grid[right])[np.arange(len(left)), axis]
    edges = np.flatnonzero(same & straight)
    key = (place[edges] * 4096 + line[edges] + 2048) * 2 + axis[edges]
    order = np.argsort(key, kind="stable")
    cuts = np.flatnonzero(np.diff(key[order])) + 1
    for group in np.split(edges[order], cuts):
        if len(group):
            first = int(group[0])
            core = places.cell[place[first]] < 0
            number = int(line[first])
            kind = THROUGH if core and number % 4 == 0 else LANE if core or number == 0 else PATH
            ledger.add(group, kind, int(place[first]), 2 * number + int(axis[first]))


def _nearest_vertex(mesh: Mesh, xy: Floats) -> Ints:
    return np.asarray(shapely.STRtree(points(mesh.xy)).nearest(points(xy)), dtype=np.int64)


def _exits(rng: np.random.Generator, plan: Plan, mesh: Mesh, usable: Bools) -> Ints:
    """Vertices on the county's border where a main road leads on."""
    inner = np.unique(mesh.edges[usable])
    outer = np.unique(mesh.edges[~usable])
    rim = np.intersect1d(inner, outer)
    bearing = np.arctan2(*mesh.xy[rim].T[::-1])
    num = 3 + plan.sizes.towns // 3
    wanted = rng.uniform(0, 2 * np.pi) + np.arange(num) * 2 * np.pi / num + rng.normal(0.0, 0.15, num)
    gap = np.abs(np.angle(np.exp(1j * (bearing[:, None] - wanted[None, :]))))
    return np.unique(rim[np.argmin(gap, axis=0)])


def _seats(plan: Plan, places: Settlements) -> Ints:
    """The settlement with the office of each rural village: the main hamlet nearest to the village's middle."""
    found: list[int] = []
    mains = np.flatnonzero(places.main & (places.cell >= 0))
    village = plan.cell_village[places.cell[mains]]
    for index in np.unique(village):
        own = mains[village == index]
        found.append(int(own[np.argmin(np.hypot(*(places.xy[own] - plan.village_xy[index]).T))]))
    return np.array(found, dtype=np.int64)


def _join(
    ledger: _Ledger,
    graph: Graph,
    mesh: Mesh,
    rough: Floats,
    nodes: Ints,
    names: Ints,
    kind: int,
    num_inner: int | None = None,
) -> None:
    """Roads of `kind` between neighbouring nodes; existing streets are cheap, so that roads run together.

    With `num_inner`, nodes from there on are exits: a road between two exits is not built.
    """
    ease = np.array([1.0, 0.3, 0.35, 0.5, 0.65])[ledger.kind]
    cost = rough * ease
    found = spread(graph, cost, [(int(node), index) for index, node in enumerate(nodes)])
    for path in connect(mesh.edges, cost, found, len(nodes)):
        labels = np.unique(found.label[mesh.edges[path]])
        if num_inner is not None and (labels >= num_inner).all():
            continue
        ends = (int(names[labels[0]]), int(names[labels[-1]]))
        ledger.add(path, kind, ends=ends)


def _tracks(rng: np.random.Generator, ledger: _Ledger, graph: Graph, mesh: Mesh, rough: Floats, plan: Plan) -> None:
    """Tracks from the nearest road to scattered farms: about three in a rural cell, none longer than 600 m."""
    on_road = np.unique(mesh.edges[ledger.kind > 0])
    found = spread(graph, rough, [(int(node), 0) for node in on_road])
    open_face = (mesh.settlement[np.maximum(mesh.edge_faces, 0)] < 0).all(axis=1) & np.isfinite(rough)
    ends = np.unique(mesh.edges[open_face & (ledger.kind == 0)])
    ends = ends[(found.cost[ends] > 90.0) & (found.cost[ends] < 650.0)]
    wanted = min(len(ends), 3 * int((~plan.cell_urban & (plan.cell_households > 0)).sum()))
    for node in rng.choice(ends, wanted, replace=False):
        path = path_to_seed(mesh.edges, found, int(node))
        ledger.add(path, PATH)


def label_faces(rng: np.random.Generator, plan: Plan, places: Settlements, mesh: Mesh, roads: Roads) -> Labels:
    """Grows towns, villages and cells. Each is connected; a settlement's blocks stay with their cell where they can."""
    # Faces that share no more than the stub at a crossing do not hang together.
    length = np.hypot(*(mesh.xy[mesh.edges[:, 0]] - mesh.xy[mesh.edges[:, 1]]).T)
    linked = np.flatnonzero((mesh.edge_faces >= 0).all(axis=1) & (length > 8.0))
    inner = linked[mesh.within[mesh.edge_faces[linked]].all(axis=1)]
    ends = mesh.edge_faces[inner]
    graph = make_graph(ends, len(mesh.face_xy))
    apart = np.hypot(*(mesh.face_xy[ends[:, 0]] - mesh.face_xy[ends[:, 1]]).T)
    hold = np.array([1.0, 4.0, 3.5, 2.2, 1.3])[roads.kind[inner]]
    cost = apart * hold * np.exp(0.5 * Field(rng, 900.0)(mesh.face_xy[ends].mean(axis=1)))
    within = _one_piece(graph, mesh, cost, plan)
    owner = places.cell[mesh.settlement]
    core = (mesh.settlement >= 0) & (owner < 0)
    cell = np.where((mesh.settlement >= 0) & ~core, owner, -1)
    everywhere = np.where(within, 0, -1)
    forced = np.where(core, places.town[mesh.settlement], np.where(cell >= 0, plan.cell_town[cell], -1))
    grow = _Grower(graph, cost, mesh)
    one_zone = np.zeros(plan.sizes.towns, dtype=np.int64)
    town = grow(everywhere, one_zone, plan.town_xy, plan.town_weight, forced)
    # A town centre is a zone of its own: communities do not reach into the fields, nor villages into the centre.
    zone = np.where(town >= 0, 2 * town + (core & (places.town[mesh.settlement] == town)), -1)
    village_zone = 2 * plan.village_town + plan.village_urban
    forced = np.where(cell >= 0, plan.cell_village[cell], -1)
    village = grow(zone, village_zone, plan.village_xy, plan.village_weight, forced)
    cells = grow(village, plan.cell_village, plan.cell_xy, plan.cell_weight, cell)
    # A scrap that its own zone cannot reach goes to whichever cell it touches; the levels above follow the cells.
    taken = [(int(face), int(cells[face])) for face in np.flatnonzero(cells >= 0)]
    cells = spread(graph, cost, taken, zone=everywhere, label_zone=np.zeros(len(plan.cell_xy), dtype=np.int64)).label
    known = cells >= 0
    return Labels(np.where(known, plan.cell_town[cells], -1), np.where(known, plan.cell_village[cells], -1), cells)


def _one_piece(graph: Graph, mesh: Mesh, cost: Floats, plan: Plan) -> Bools:
    """The faces of the county that hang together with its first town."""
    middle = int(np.argmin(np.where(mesh.within, np.hypot(*(mesh.face_xy - plan.town_xy[0]).T), np.inf)))
    one: Bools = spread(graph, cost, [(middle, 0)]).label == 0
    return one


class _Grower:
    """Grows one level of areas inside the zones of the level above."""

    def __init__(self, graph: Graph, cost: Floats, mesh: Mesh) -> None:
        self.graph, self.cost, self.mesh = graph, cost, mesh

    def __call__(self, zone: Ints, label_zone: Ints, centres: Floats, weights: Floats, forced: Ints) -> Ints:
        """The label of every face (-1 where `zone` is -1). `forced` ≥ 0 reserves a face for one label."""
        only = np.full(len(zone), -1, dtype=np.int64)
        seeds: list[tuple[int, int]] = []
        main = main_pieces(self.graph, zone)
        for parent in np.unique(label_zone):
            labels = np.flatnonzero(label_zone == parent)
            faces = np.flatnonzero((zone == parent) & main)
            nearest, margin = power_labels(self.mesh.face_xy[faces], centres[labels], weights[labels])
            belt = 0.26 * np.sqrt(self._area(faces) / len(labels) / np.pi)
            only[faces] = np.where(margin > belt, labels[nearest], -1)
            reserved = forced[faces] >= 0
            only[faces[reserved]] = forced[faces[reserved]]
            seeds += self._seeds(faces, labels, centres, only)
        found = spread(self.graph, self.cost, seeds, only=only, zone=zone, label_zone=label_zone)
        rest = [(int(face), int(found.label[face])) for face in np.flatnonzero(found.label >= 0)]
        return spread(self.graph, self.cost, rest, zone=zone, label_zone=label_zone).label

    def _area(self, faces: Ints) -> float:
        low, high = self.mesh.face_xy[faces].min(axis=0), self.mesh.face_xy[faces].max(axis=0)
        return float(np.prod(high - low)) * 0.7

    def _seeds(self, faces: Ints, labels: Ints, centres: Floats, only: Ints) -> list[tuple[int, int]]:
        """For each label the nearest face of its own, built up if possible; or else the nearest that is still free."""
        seeds: list[tuple[int, int]] = []
        free = np.ones(len(faces), dtype=np.bool_)
        for label in labels:
            far = np.hypot(*(self.mesh.face_xy[faces] - centres[label]).T)
            others = (only[faces] != label) & (only[faces] >= 0)
            strange = (only[faces] < 0) * 200.0 + others * 1e9 + (~free) * 1e12 + (~self.mesh.built[faces]) * 400.0
            best = int(np.argmin(far + strange))
            free[best] = False
            seeds.append((int(faces[best]), int(label)))
        return seeds
