"""Houses along the streets and blocks of flats in the town centres. Pure.

Places are in metres. A house stands beside its street, not on another one and not on another house.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gis.demo.arcs import Arcs
from gis.demo.field import Floats
from gis.demo.geometry import Geometries, points, polylines
from gis.demo.land import LANE, MAIN, PATH, THROUGH, Labels, Roads
from gis.demo.mesh import Mesh, Settlements
from gis.demo.plan import BLOCK_M, Bools, Ints, Plan

ROWS, FLATS, PUBLIC, OPEN = 0, 1, 2, 3
_APART_M = 7.5
_OFF_STREET_M = 5.5
_CORNER_M = 9.0
_BUILDING_GRID = [(u, v) for v in (-0.29, 0.0, 0.29) for u in (-0.24, 0.24)]


@dataclass(frozen=True, slots=True)
class Doors:
    """Doorplates before they have names. `households` is how many live behind the door; `block` the face of a block of
    flats (-1 for a house), `number` the building within it (-1 for a house)."""

    xy: Floats
    cell: Ints
    street: Ints
    block: Ints
    number: Ints
    households: Ints

    def take(self, index: Ints | Bools) -> Doors:
        return Doors(
            self.xy[index],
            self.cell[index],
            self.street[index],
            self.block[index],
            self.number[index],
            self.households[index],
        )


def block_use(rng: np.random.Generator, places: Settlements, mesh: Mesh, labels: Labels, plan: Plan) -> Ints:
    """What every face is used for: ROWS of houses, FLATS, PUBLIC or OPEN land. Every urban cell has flats."""
    core = mesh.built & (places.cell[mesh.settlement] < 0)
    draw = rng.random(len(mesh.built))
    use = np.where(mesh.built, np.where(draw < 0.06, OPEN, ROWS), OPEN)
    middle = np.hypot(*(mesh.face_xy - places.xy[mesh.settlement]).T)
    inner = middle < 0.75 * plan.core_radius_m[places.town[mesh.settlement]]
    urban = np.where(draw < 0.09, PUBLIC, np.where(draw < np.where(inner, 0.62, 0.42), FLATS, ROWS))
    use = np.where(core, urban, use)
    for cell in np.flatnonzero(plan.cell_urban):
        own = np.flatnonzero(core & (labels.cell == cell))
        if len(own) and not (use[own] == FLATS).any():
            use[own[0]] = FLATS
    return use


def build(
    rng: np.random.Generator,
    plan: Plan,
    places: Settlements,
    mesh: Mesh,
    labels: Labels,
    roads: Roads,
    arcs: Arcs,
    polygons: Geometries,
    use: Ints,
) -> Doors:
    """Doorplates for the plan's households. `polygons` are the cells in metres; a door's cell is where it stands."""
    lines = polylines(arcs.lines)
    streets = np.flatnonzero(arcs.kind > 0)
    flats = _buildings(rng, places, mesh, roads, use)
    houses, arc, score = _frontages(rng, places, mesh, roads, arcs, lines, use)
    flats = _clear(flats, np.full(len(flats.xy), -1), lines, streets, 9.0)
    flats = _locate(flats, polygons)[0]
    houses, kept = _locate(houses, polygons)
    arc, score = arc[kept], score[kept]
    free = _free_places(houses, arc, score, flats, lines, streets)
    houses, score = houses.take(free), score[free]
    flats = _filled(rng, plan, flats, houses)
    chosen = _chosen(plan, houses, score, flats)
    return _exact(plan, _joined(houses.take(chosen), flats))


def _frontages(
    rng: np.random.Generator,
    places: Settlements,
    mesh: Mesh,
    roads: Roads,
    arcs: Arcs,
    lines: Geometries,
    use: Ints,
) -> tuple[Doors, Ints, Floats]:
    """Places for houses along both sides of all streets, the arc of each, and a score: the lower the likelier."""
    place = roads.street_place[arcs.street]
    in_grid = (arcs.street >= 0) & (place >= 0)
    urban = in_grid & (places.cell[place] < 0)
    spacing = np.select(
        [urban, in_grid, arcs.kind == MAIN, arcs.kind == THROUGH, arcs.kind == LANE, arcs.kind == PATH],
        [13.0, 15.0, 55.0, 38.0, 30.0, 36.0],
        default=np.inf,
    )
    length = shapely.length(lines)
    room = np.maximum(length - 2 * _CORNER_M, 0.0)
    count = np.where(np.isfinite(spacing) & (room > 4.0), np.floor(room / spacing) + 1, 0).astype(np.int64)
    arc = np.repeat(np.tile(np.arange(len(lines)), 2), np.tile(count, 2))
    side = np.repeat([0, 1], count.sum())
    rank = np.arange(len(arc)) - np.repeat(np.concatenate([[0], np.cumsum(np.tile(count, 2))[:-1]]), np.tile(count, 2))
    step = room[arc] / count[arc]
    along = _CORNER_M + (rank + rng.uniform(0.35, 0.65, len(arc))) * step
    xy = _beside(
        rng, lines, arc, side, along, setback=np.where(in_grid, 8.5, 13.0)[arc] + 2.5 * (arcs.kind[arc] == MAIN)
    )
    face = arcs.faces[arc, side]
    usable = ~in_grid[arc] | ((face >= 0) & (use[face] == ROWS))
    hamlet_far = np.hypot(*(xy - places.xy[place[arc]]).T) / 260.0
    score = np.where(in_grid[arc], 0.5 * hamlet_far, 0.35) + rng.random(len(arc)) * np.where(in_grid[arc], 0.5, 1.6)
    nothing = np.full(len(arc), -1)
    doors = Doors(xy, nothing, arcs.street[arc], nothing, nothing, np.ones(len(arc), dtype=np.int64))
    return doors.take(usable), arc[usable], score[usable]


def _beside(
    rng: np.random.Generator, lines: Geometries, arc: Ints, side: Ints, along: Floats, setback: Floats
) -> Floats:
    """Points left (side 0) or right (1) of the lines at the given lengths along them."""
    at = shapely.get_coordinates(shapely.line_interpolate_point(lines[arc], along))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines[arc], along + 1.5))
    heading = ahead - at
    heading /= np.maximum(np.hypot(*heading.T), 1e-9)[:, None]
    normal = np.column_stack([-heading[:, 1], heading[:, 0]]) * np.where(side == 0, 1.0, -1.0)[:, None]
    moved: Floats = at + normal * (setback + rng.normal(0.0, 0.7, len(at)))[:, None]
    return moved


def _buildings(rng: np.random.Generator, places: Settlements, mesh: Mesh, roads: Roads, use: Ints) -> Doors:
    """Rows of blocks of flats in every face that is used for flats; their gate is on the face's highest street."""
    faces = np.flatnonzero(use == FLATS)
    offset = np.array(_BUILDING_GRID) * np.array(BLOCK_M)
    turn = places.angle[mesh.settlement[faces]]
    axes = np.stack([np.column_stack([np.cos(turn), np.sin(turn)]), np.column_stack([-np.sin(turn), np.cos(turn)])], 1)
    xy = mesh.face_xy[faces][:, None, :] + np.einsum("bk,fkd->fbd", offset, axes)
    keep = rng.random(xy.shape[:2]) < 0.94
    face = np.repeat(faces, keep.sum(axis=1))
    number = np.concatenate([np.arange(1, n + 1) for n in keep.sum(axis=1)]) if len(faces) else np.array([], dtype=int)
    nothing = np.full(len(face), -1)
    street = _face_street(mesh, roads)[face]
    return Doors(xy[keep], nothing, street, face, number.astype(np.int64), np.zeros(len(face), dtype=np.int64))


def _face_street(mesh: Mesh, roads: Roads) -> Ints:
    """For every face the street of the highest class along it, -1 where there is none."""
    edges = np.flatnonzero((roads.street >= 0) & (roads.street_place[roads.street] >= 0))
    edges = edges[np.argsort(-roads.kind[edges], kind="stable")]
    street = np.full(len(mesh.face_xy), -1, dtype=np.int64)
    for side in (0, 1):
        face = mesh.edge_faces[edges, side]
        street[face[face >= 0]] = roads.street[edges[face >= 0]]
    return street


def _locate(doors: Doors, polygons: Geometries) -> tuple[Doors, Ints]:
    """The doors inside some cell, with that cell; and their indices."""
    point, cell = shapely.STRtree(polygons).query(points(doors.xy), predicate="within")
    found = doors.take(point)
    return Doors(found.xy, cell, found.street, found.block, found.number, found.households), point


def _clear(doors: Doors, own: Ints, lines: Geometries, streets: Ints, distance_m: float) -> Doors:
    """Without the doors that stand on a street other than their own."""
    return doors.take(~_on_street(doors, own, lines, streets, distance_m))


def _on_street(doors: Doors, own: Ints, lines: Geometries, streets: Ints, distance_m: float) -> Bools:
    door, street = shapely.STRtree(lines[streets]).query(points(doors.xy), predicate="dwithin", distance=distance_m)
    hit = np.zeros(len(doors.xy), dtype=np.bool_)
    hit[door[streets[street] != own[door]]] = True
    return hit


def _free_places(houses: Doors, arc: Ints, score: Floats, flats: Doors, lines: Geometries, streets: Ints) -> Bools:
    """Which places for houses are neither on another street nor on a better place nor on a block of flats."""
    free = ~_on_street(houses, arc, lines, streets, _OFF_STREET_M)
    spots = points(houses.xy)
    one, two = shapely.STRtree(spots).query(spots, predicate="dwithin", distance=_APART_M)
    worse = free[one] & free[two] & ((score[one] > score[two]) | ((score[one] == score[two]) & (one > two)))
    free[one[worse]] = False
    if len(flats.xy):
        near = shapely.STRtree(points(flats.xy)).query(spots, predicate="dwithin", distance=28.0)[0]
        free[near] = False
    return free


def _filled(rng: np.random.Generator, plan: Plan, flats: Doors, houses: Doors) -> Doors:
    """Blocks of flats with as many households as their cell still lacks after three quarters of its house places."""
    num = len(plan.cell_households)
    rows = 0.75 * np.bincount(houses.cell, minlength=num)
    buildings = np.bincount(flats.cell, minlength=num)
    mean = np.clip((plan.cell_households - rows) / np.maximum(buildings, 1), 8.0, 72.0)
    size = mean[flats.cell] * np.exp(rng.normal(0.0, 0.25, len(flats.cell)))
    return Doors(flats.xy, flats.cell, flats.street, flats.block, flats.number, np.maximum(4, size.astype(np.int64)))


def _chosen(plan: Plan, houses: Doors, score: Floats, flats: Doors) -> Ints:
    """Indices of the best house places of each cell, as many as the cell lacks after its flats."""
    num = len(plan.cell_households)
    inside = np.bincount(flats.cell, weights=flats.households, minlength=num)
    lacking = np.maximum(plan.cell_households - inside, 0)
    order = np.lexsort((score, houses.cell))
    cell = houses.cell[order]
    first = np.searchsorted(cell, np.arange(num))
    rank = np.arange(len(order)) - first[cell]
    return np.sort(order[rank < lacking[cell]])


def _joined(houses: Doors, flats: Doors) -> Doors:
    return Doors(*(np.concatenate([getattr(houses, name), getattr(flats, name)]) for name in Doors.__slots__))


def _exact(plan: Plan, doors: Doors) -> Doors:
    """Adds flats, or takes houses away here and there, until the county has exactly the households asked for."""
    missing = plan.sizes.households - int(doors.households.sum())
    if missing < 0:
        houses = np.flatnonzero(doors.block < 0)
        surplus = houses[np.linspace(0, len(houses) - 1, -missing).astype(np.int64)]
        return doors.take(np.setdiff1d(np.arange(len(doors.block)), surplus))
    blocks = np.flatnonzero(doors.block >= 0)
    households = doors.households.copy()
    share, rest = divmod(missing, len(blocks))
    households[blocks] += share
    households[blocks[:rest]] += 1
    return Doors(doors.xy, doors.cell, doors.street, doors.block, doors.number, households)
