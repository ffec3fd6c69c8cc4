"""Snap points: the places at which cases are kept, each for at least 8 dwellings. Pure, in the metric CRS.

A case is kept at a snap point and the place where it was reported is dropped. What has to hold, and is tested as a
property: **the dwellings whose reports end at a point are at least 8**, also for somebody who knows the rule and the
doors, and **no point lies at a door of fewer than 8 dwellings**.

Points are made cell by cell. The doors are halved (by the wider extent, at the middle dwelling) as long as both halves
have 8 dwellings; each half's centre of dwellings goes to a node of a grid of 50 m; then points whose dwellings, counted
by the same rule by which reports are snapped, are fewer than 8 are dropped, farthest short first.

A cell with fewer than 8 dwellings has no point of its own. Such cells of a village are kept together at the village's
point, and **without their cell**, which would tell as much as a door: the pair of cell and point has to stand for 8
dwellings, not the point alone. Are those dwellings fewer than 8, the village's cells with the fewest dwellings join
them, and a village with fewer than 8 does the same at its town, a town at its county. Cells in which nobody lives need
no others to hide among, and are kept at the village's point too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.codes import Level, level_of, parent_of
from gis.errors import BadInput, NotFound

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Points = NDArray[np.float64]

MIN_DWELLINGS: Final = 8
GRIDS_M: Final = (50.0, 25.0, 10.0)  # of a cell's points; the finer ones where a cell is too narrow for the coarse
AREA_GRID_M: Final = 100.0  # of a village's, town's or county's point
CLEAR_M: Final = 5.0  # from every door of fewer than 8 dwellings
_RINGS: Final = 4  # grid steps in which a free node is looked for


@dataclass(frozen=True, slots=True)
class Doors:
    """Doorplates: the cell's code of each (n,), x and y in metres (n,), dwellings behind it (n,)."""

    cells: Sequence[str]
    x: Floats
    y: Floats
    dwellings: Ints


@dataclass(frozen=True, slots=True)
class SnapPoint:
    """A place at which cases are kept: its area (a cell, or the village, town or county of cells too small), x and y in
    metres, and how many dwellings' reports end there (0: only those of cells in which nobody lives)."""

    area: str
    x: float
    y: float
    dwellings: int


@dataclass(frozen=True, slots=True)
class SnapPoints:
    """All points, and for each cell the area at whose points its cases are kept: itself, or a larger one."""

    points: Mapping[str, tuple[SnapPoint, ...]]
    area_of: Mapping[str, str]

    def snap(self, cell: str, x: float, y: float) -> SnapPoint:
        """The point for a place reported in a cell (metres), the nearest of its area's. Raises NotFound for a cell that
        is not there."""
        area = self.area_of.get(cell)
        if area is None:
            raise NotFound("cell: {cell!r} is not there", cell=cell, field="cell")
        points = self.points[area]
        return points[int(_nearest(np.array([[x, y]]), np.array([(point.x, point.y) for point in points]))[0])]


def snap_points(doors: Doors, cells: Mapping[str, Any]) -> SnapPoints:
    """The points for all cells of a county: `cells` are their polygons (Shapely, metres) by code.

    Deterministic, whatever the order of doors. A cell without doors has no point of its own. No cells: nothing. Raises
    BadInput where the county has fewer than 8 dwellings, or a door names a cell that is not there.
    """
    if not cells:
        return SnapPoints({}, {})
    rows = _rows_by_cell(doors, cells)
    homes = {cell: int(doors.dwellings[at].sum()) for cell, at in rows.items()}
    area_of = _areas(homes)
    points: dict[str, tuple[SnapPoint, ...]] = {}
    for cell, at in rows.items():
        if area_of[cell] == cell:
            found = _cell_points(doors.x[at], doors.y[at], doors.dwellings[at], cells[cell])
            points[cell] = tuple(SnapPoint(cell, x, y, number) for x, y, number in found)
    for area in sorted(set(area_of.values()) - set(points)):
        kept = [cell for cell, at in area_of.items() if at == area]
        inside = np.concatenate([at for cell, at in rows.items() if cell.startswith(area)])
        points[area] = (_area_point(doors, inside, area, sum(homes[cell] for cell in kept)),)
    return SnapPoints(points, area_of)


def _rows_by_cell(doors: Doors, cells: Mapping[str, Any]) -> dict[str, Ints]:
    found: dict[str, list[int]] = {cell: [] for cell in sorted(cells)}
    for row in np.lexsort((doors.dwellings, doors.y, doors.x)).tolist():
        if doors.cells[row] not in found:
            raise BadInput("cell: {cell!r} is not there", cell=doors.cells[row], field="cell")
        if doors.dwellings[row] > 0:
            found[doors.cells[row]].append(row)
    return {cell: np.array(rows, np.int64) for cell, rows in found.items()}


def _areas(homes: Mapping[str, int]) -> dict[str, str]:
    """For each cell the area at whose points it is kept."""
    areas = {cell: cell for cell in homes}
    while True:
        held: dict[str, int] = {}
        for cell, area in areas.items():
            held[area] = held.get(area, 0) + homes[cell]
        short = [area for area in held if _too_few(area, held[area], homes)]
        if not short:
            return areas
        _join(areas, held, min(short, key=lambda code: (-len(code), code)))


def _too_few(area: str, held: int, homes: Mapping[str, int]) -> bool:
    """Whether an area has no place of its own. Where nobody lives at all no dwelling can be told: such cells may be
    kept at their village's point alone, if the village has enough dwellings."""
    if level_of(area) is Level.cell or held:
        return held < MIN_DWELLINGS
    return sum(number for cell, number in homes.items() if cell.startswith(area)) < MIN_DWELLINGS


def _join(areas: dict[str, str], held: Mapping[str, int], short: str) -> None:
    """Keep an area that is too small at the one above; where it is kept there already, the smallest other joins it."""
    inside = [area for area in held if area != short and area.startswith(short) and held[area]]
    if level_of(short) is not Level.cell and inside:
        moved, to = min(inside, key=lambda code: (held[code], code)), short
    else:
        moved, to = short, _above(short)
    for cell, area in areas.items():
        if area == moved:
            areas[cell] = to


def _above(area: str) -> str:
    above = parent_of(area)
    if above is None:
        raise BadInput(
            "{area}: the county has fewer than {least} dwellings, and no place to keep cases at",
            area=area,
            least=MIN_DWELLINGS,
        )
    return above


def _cell_points(x: Floats, y: Floats, dwellings: Ints, polygon: Any) -> list[tuple[float, float, int]]:
    doors = np.column_stack([x, y])
    single = _tree(doors[dwellings < MIN_DWELLINGS])
    centres = [np.average(doors[at], axis=0, weights=dwellings[at]) for at in _halves(doors, dwellings)]
    places = np.unique([_free_node(centre, single, polygon) for centre in centres], axis=0)
    while True:
        held = np.bincount(_nearest(doors, places), dwellings, minlength=len(places)).astype(np.int64)
        if len(places) == 1 or held.min() >= MIN_DWELLINGS:
            return [(float(px), float(py), int(number)) for (px, py), number in zip(places, held, strict=True)]
        places = np.delete(places, held.argmin(), axis=0)


def _halves(doors: Points, dwellings: Ints) -> list[Ints]:
    """Doors (n, 2) in groups with at least 8 dwellings each."""
    waiting, found = [np.arange(len(doors))], []
    while waiting:
        at = waiting.pop()
        parts = _halved(doors[at], dwellings[at])
        if parts is None:
            found.append(at)
        else:
            waiting += [at[part] for part in parts]
    return found


def _halved(doors: Points, dwellings: Ints) -> tuple[Ints, Ints] | None:
    axis = int(np.argmax(np.ptp(doors, axis=0)))
    order = np.lexsort((doors[:, 1 - axis], doors[:, axis]))
    running = np.cumsum(dwellings[order])
    fits = np.flatnonzero((running >= MIN_DWELLINGS) & (running[-1] - running >= MIN_DWELLINGS))
    if not len(fits) or np.ptp(doors[:, axis]) < GRIDS_M[0]:
        return None
    cut = int(fits[np.argmin(np.abs(running[fits] * 2 - running[-1]))]) + 1
    return order[:cut], order[cut:]


def _free_node(centre: Points, single: shapely.STRtree, polygon: Any) -> tuple[float, float]:
    """The grid node nearest to a centre that lies in the cell and away from doors that could be told apart.

    Where a cell is too narrow for any, its representative point: that comes from its border and tells nothing of doors.
    """
    for step in GRIDS_M:
        nodes = _nodes_around(centre, step)
        inside = shapely.contains_xy(polygon, nodes[:, 0], nodes[:, 1])
        clear = ~_near(nodes, single)
        if (inside & clear).any():
            x, y = nodes[inside & clear][0]
            return float(x), float(y)
    point = shapely.point_on_surface(polygon)
    return float(point.x), float(point.y)


def _nodes_around(centre: Points, step: float) -> Points:
    """Grid nodes by their distance from a centre, nearest first."""
    base = np.round(centre / step)
    offsets = np.arange(-_RINGS, _RINGS + 1, dtype=np.float64)
    nodes = (base + np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2)) * step
    distance = np.round(np.hypot(*(nodes - centre).T), 6)
    return nodes[np.lexsort((nodes[:, 1], nodes[:, 0], distance))]


def _tree(doors: Points) -> shapely.STRtree:
    return shapely.STRtree([shapely.Point(x, y) for x, y in doors.tolist()])


def _near(nodes: Points, single: shapely.STRtree) -> NDArray[np.bool_]:
    """Which nodes lie too near to one of these doors."""
    found, _ = single.query(shapely.points(nodes), predicate="dwithin", distance=CLEAR_M)
    hit = np.zeros(len(nodes), bool)
    hit[found] = True
    return hit


def _area_point(doors: Doors, at: Ints, area: str, dwellings: int) -> SnapPoint:
    """The point of a village, town or county: the middle of all its dwellings (rows `at`), to 100 m."""
    places, homes = np.column_stack([doors.x[at], doors.y[at]]), doors.dwellings[at]
    nodes = _nodes_around(np.average(places, axis=0, weights=homes), AREA_GRID_M)
    clear = nodes[~_near(nodes, _tree(places[homes < MIN_DWELLINGS]))]
    x, y = clear[0] if len(clear) else nodes[0] + AREA_GRID_M / 2
    return SnapPoint(area, float(x), float(y), dwellings)


def _nearest(places: Points, points: Points) -> Ints:
    """For each place the row of the nearest point; the first of several."""
    distance = np.hypot(places[:, None, 0] - points[None, :, 0], places[:, None, 1] - points[None, :, 1])
    nearest: Ints = np.round(distance, 6).argmin(axis=1)
    return nearest
