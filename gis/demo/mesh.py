"""The fine mesh that everything is drawn along: blocks in settlements, wide faces in the hills. Pure.

Cells, villages and towns are unions of faces, and streets run along edges, so borders follow streets and all levels
nest by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gis.demo.field import Field, Floats, Warp
from gis.demo.geometry import points as points_of
from gis.demo.plan import BLOCK_M, Bools, Ints, Plan, inside, power_labels

OPEN_SPACING_M = 225.0
HAMLET_BLOCK_M = (66.0, 60.0)
_DOORS_PER_BLOCK = 9.0


@dataclass(frozen=True, slots=True)
class Settlements:
    """Places with a grid of blocks: the town centres first, then the hamlets. Arrays aligned by settlement.

    `cell` is -1 for a town centre. `doors` is what a hamlet should hold.
    """

    xy: Floats
    town: Ints
    cell: Ints
    doors: Ints
    main: Bools  # the cell's main hamlet (or a town centre)
    angle: Floats


@dataclass(frozen=True, slots=True)
class Mesh:
    """Vertices, edges and faces. `edge_faces` are the faces left and right of an edge, -1 outside the mesh.

    `settlement` is -1 for open land; `built` marks blocks (a settlement's faces also have an unbuilt ring around them);
    `grid` is a block's place in its settlement's grid. `within` marks faces of the county.
    """

    xy: Floats
    edges: Ints
    edge_faces: Ints
    face_xy: Floats
    settlement: Ints
    built: Bools
    grid: Ints
    within: Bools


def place_settlements(rng: np.random.Generator, plan: Plan) -> Settlements:
    """Town centres, a main hamlet in every inhabited rural cell, and in most of them a smaller one beside it."""
    towns = plan.sizes.towns
    rural = np.flatnonzero(~plan.cell_urban & (plan.cell_households > 0))
    second, beside = _beside(rng, plan, rural)
    wanted = plan.cell_households
    cell = np.concatenate([np.full(towns, -1), rural, second])
    return Settlements(
        xy=np.concatenate([plan.town_xy, plan.cell_xy[rural], beside]),
        town=np.concatenate([np.arange(towns), plan.cell_town[rural], plan.cell_town[second]]),
        cell=cell,
        doors=np.concatenate([np.zeros(towns, dtype=np.int64), wanted[rural] * 62 // 100, wanted[second] * 26 // 100]),
        main=np.concatenate([np.ones(towns + len(rural), dtype=np.bool_), np.zeros(len(second), dtype=np.bool_)]),
        angle=rng.uniform(0.0, np.pi / 2, len(cell)),
    )


def _beside(rng: np.random.Generator, plan: Plan, rural: Ints) -> tuple[Ints, Floats]:
    """Cells with a second hamlet and its place, well inside the cell's own village and town."""
    cells, found = [], []
    left = rural
    for _ in range(3):
        turn = rng.uniform(0.0, 2.0 * np.pi, len(left))
        away = rng.uniform(330.0, 470.0, len(left))
        xy = plan.cell_xy[left] + np.column_stack([away * np.cos(turn), away * np.sin(turn)])
        good = _well_inside(plan, left, xy) & (rng.random(len(left)) < 0.6)
        cells.append(left[good])
        found.append(xy[good])
        left = left[~good]
    return np.concatenate(cells), np.concatenate(found)


def _well_inside(plan: Plan, cells: Ints, xy: Floats) -> Bools:
    """Whether each place lies in the area planned for its cell, 150 m or more from the border."""
    town, margin = power_labels(xy, plan.town_xy, plan.town_weight)
    good: Bools = (town == plan.cell_town[cells]) & (margin > 150.0)
    for index in np.unique(plan.cell_town[cells]):
        own = np.flatnonzero(plan.cell_town[cells] == index)
        villages = np.flatnonzero((plan.village_town == index) & ~plan.village_urban)
        label, margin = power_labels(xy[own], plan.village_xy[villages], plan.village_weight[villages])
        good[own] &= (villages[label] == plan.cell_village[cells[own]]) & (margin > 150.0)
    for index in np.unique(plan.cell_village[cells]):
        own = np.flatnonzero(plan.cell_village[cells] == index)
        mates = np.flatnonzero(plan.cell_village == index)
        label, margin = power_labels(xy[own], plan.cell_xy[mates], plan.cell_weight[mates])
        good[own] &= (mates[label] == cells[own]) & (margin > 60.0)
    return good


def make_mesh(rng: np.random.Generator, plan: Plan, places: Settlements, outline: Field) -> Mesh:
    """The Voronoi mesh of all blocks and of open land, bent by a smooth warp."""
    points, settlement, built, grid = _grids(rng, plan, places)
    keep = _without_overlap(points, settlement, places)
    points, settlement, built, grid = points[keep], settlement[keep], built[keep], grid[keep]
    land = _open_land(rng, plan, points)
    num_open = len(land)
    points = np.round(np.concatenate([points, land]), 3)
    settlement = np.concatenate([settlement, np.full(num_open, -1)])
    built = np.concatenate([built, np.zeros(num_open, dtype=np.bool_)])
    grid = np.concatenate([grid, np.zeros((num_open, 2), dtype=np.int64)])
    xy, edges, edge_faces = voronoi(points)
    warp = Warp(rng, 1100.0, 26.0)
    within = (settlement >= 0) | inside(points, plan.radius_m, outline)
    return Mesh(warp(xy), edges, edge_faces, warp(points), settlement, built, grid, within)


def _grids(rng: np.random.Generator, plan: Plan, places: Settlements) -> tuple[Floats, Ints, Bools, Ints]:
    points, owner, built, grid = [], [], [], []
    for index in range(len(places.xy)):
        if places.cell[index] < 0:
            lattice, is_block = _core_blocks(rng, float(plan.core_radius_m[places.town[index]]))
            step = BLOCK_M
        else:
            lattice, is_block = _hamlet_blocks(rng, int(places.doors[index]))
            step = HAMLET_BLOCK_M
        cos, sin = np.cos(places.angle[index]), np.sin(places.angle[index])
        local = lattice * np.array(step)
        points.append(places.xy[index] + local @ np.array([[cos, sin], [-sin, cos]]))
        owner.append(np.full(len(lattice), index))
        built.append(is_block)
        grid.append(lattice)
    return np.concatenate(points), np.concatenate(owner), np.concatenate(built), np.concatenate(grid)


def _core_blocks(rng: np.random.Generator, radius_m: float) -> tuple[Ints, Bools]:
    """Blocks of a town centre: a wandering disc of the given radius."""
    reach = int(radius_m / min(BLOCK_M) * 1.5) + 2
    lattice = np.stack(np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1)), -1).reshape(-1, 2)
    xy = lattice * np.array(BLOCK_M)
    edge = radius_m * (1.0 + 0.08 * Field(rng, radius_m * 1.6)(xy))
    return _with_ring(lattice, np.hypot(*xy.T) < edge)


def _hamlet_blocks(rng: np.random.Generator, doors: int) -> tuple[Ints, Bools]:
    """Blocks of a hamlet for about `doors` houses: round, or drawn out along its lane."""
    wanted = max(2, round(doors * 1.25 / _DOORS_PER_BLOCK))
    reach = int(np.sqrt(wanted) * 1.6) + 3
    lattice = np.stack(np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1)), -1).reshape(-1, 2)
    stretch = rng.uniform(1.0, 2.2)
    far = np.hypot(lattice[:, 0] / stretch, lattice[:, 1] * stretch) + rng.normal(0.0, 0.35, len(lattice))
    chosen = np.zeros(len(lattice), dtype=np.bool_)
    chosen[np.argsort(far)[:wanted]] = True
    return _with_ring(lattice, chosen)


def _with_ring(lattice: Ints, chosen: Bools) -> tuple[Ints, Bools]:
    """The chosen lattice points and the ring of their eight neighbours; and which of them were chosen."""
    side = int(np.sqrt(len(lattice)))
    field = chosen.reshape(side, side)
    padded = np.pad(field, 1)
    ring = np.zeros_like(field)
    for dy in (0, 1, 2):
        for dx in (0, 1, 2):
            ring |= padded[dy : dy + side, dx : dx + side]
    kept = ring.ravel()
    return lattice[kept], chosen[kept]


def _without_overlap(points: Floats, settlement: Ints, places: Settlements) -> Bools:
    """Where two settlements come too near each other, the smaller one yields."""
    geoms = points_of(points)
    reach = np.where(places.cell[settlement] < 0, max(BLOCK_M), max(HAMLET_BLOCK_M)) * 0.95
    one, two = shapely.STRtree(geoms).query(geoms, predicate="dwithin", distance=reach)
    foreign = settlement[one] > settlement[two]
    keep = np.ones(len(points), dtype=np.bool_)
    keep[one[foreign]] = False
    return keep


def _open_land(rng: np.random.Generator, plan: Plan, taken: Floats) -> Floats:
    """Scattered points over and around the county, away from the blocks."""
    reach = plan.radius_m * 1.75
    num = int(2 * reach / OPEN_SPACING_M)
    row, column = np.meshgrid(np.arange(num), np.arange(num), indexing="ij")
    x = (column + 0.5 * (row % 2)) * OPEN_SPACING_M - reach
    y = row * OPEN_SPACING_M * 0.87 - reach * 0.87
    points = np.column_stack([x.ravel(), y.ravel()])
    points += rng.uniform(-0.36, 0.36, points.shape) * OPEN_SPACING_M
    near = shapely.STRtree(points_of(taken)).query(
        points_of(points), predicate="dwithin", distance=OPEN_SPACING_M * 0.5
    )[0]
    free = np.ones(len(points), dtype=np.bool_)
    free[near] = False
    return points[free]


def voronoi(points: Floats) -> tuple[Floats, Ints, Ints]:
    """Vertices, edges (vertex pairs) and the faces left and right of each edge, of the Voronoi diagram of `points`.

    Face i belongs to point i. Neighbouring vertices nearer than five centimetres are one.
    """
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), ordered=True))
    xy, face = shapely.get_coordinates(cells, return_index=True)
    key = np.round(xy * 100.0).astype(np.int64)
    _, first, vertex = np.unique(key, axis=0, return_index=True, return_inverse=True)
    vertex = _contracted(xy[first], vertex.ravel(), face)
    tail, head, owner = vertex[:-1], vertex[1:], face[:-1]
    real = (face[:-1] == face[1:]) & (tail != head)
    tail, head, owner = tail[real], head[real], owner[real]
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    pairs, which = np.unique(low * np.int64(len(first)) + high, return_inverse=True)
    edges = np.column_stack([pairs // len(first), pairs % len(first)])
    edge_faces = np.full((len(pairs), 2), -1, dtype=np.int64)
    edge_faces[which, (tail > head).astype(np.int64)] = owner
    return xy[first], edges, edge_faces


def _contracted(xy: Floats, vertex: Ints, face: Ints) -> Ints:
    """The vertices along the rings, where those that are nearly in one place have become one."""
    tail, head = vertex[:-1], vertex[1:]
    near = (face[:-1] == face[1:]) & (tail != head) & (np.hypot(*(xy[tail] - xy[head]).T) < 0.05)
    stand_in = np.arange(len(xy))
    np.minimum.at(stand_in, np.maximum(tail[near], head[near]), np.minimum(tail[near], head[near]))
    while (stand_in[stand_in] != stand_in).any():
        stand_in = stand_in[stand_in]
    one: Ints = stand_in[vertex]
    return one
