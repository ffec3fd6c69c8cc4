"""Random edits of a grid, for tests that drive it: each may be refused, none may break anything."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import shapely
from shapely import LineString, Polygon

from gis.cells.editing.grid import Grid
from gis.cells.editing.operations import (
    Create,
    Merge,
    MoveNode,
    Operation,
    Renumber,
    Reshape,
    Retire,
    SetAttributes,
    Split,
)


def some_edit(grid: Grid, dice: Random, codes: Sequence[str] | None = None) -> Operation:
    """An operation on one of some cells (None: of all). Splits are rarer where there are many cells already."""
    code = dice.choice(list(codes or grid.cells))
    kinds = [_split, _reshape, _move_node, _merge, _hole, _retire, _rename, _renumber]
    weights = [4 if len(grid.cells) < 20 else 1, 3, 3, 2 if len(grid.cells) < 20 else 5, 1, 1, 1, 1]
    made = dice.choices(kinds, weights)[0](grid, code, dice)
    return made if made is not None else _rename(grid, code, dice)


def _point(polygon: Polygon, dice: Random, beyond: float = 0.0) -> tuple[float, float]:
    """A point of the box around a polygon, or a share of its size beyond it."""
    west, south, east, north = polygon.bounds
    x, y = (dice.uniform(-beyond, 1 + beyond) for _ in range(2))
    return round(west + x * (east - west), 8), round(south + y * (north - south), 8)


def _split(grid: Grid, code: str, dice: Random) -> Operation:
    west, south, east, north = grid.cells[code].polygon.bounds
    middle = _point(grid.cells[code].polygon, dice)
    dx, dy = dice.uniform(-1, 1) * (east - west) * 3, dice.uniform(-1, 1) * (north - south) * 3
    return Split(code, LineString([(middle[0] - dx, middle[1] - dy), middle, (middle[0] + dx, middle[1] + dy)]))


def _reshape(grid: Grid, code: str, dice: Random) -> Operation | None:
    """The cell and a triangle that may reach into its neighbours, or the cell without it."""
    own = grid.cells[code].polygon
    corner = Polygon([_point(own, dice, 0.3) for _ in range(3)])
    way = shapely.union if dice.random() < 0.6 else shapely.difference
    found = shapely.intersection(way(own, corner), grid.outline)
    return Reshape(code, found) if isinstance(found, Polygon) and not found.is_empty else None


def _move_node(grid: Grid, code: str, dice: Random) -> Operation:
    x, y = dice.choice(grid.cells[code].polygon.exterior.coords[:-1])
    west, _, east, _ = grid.cells[code].polygon.bounds
    reach = (east - west) / 4
    return MoveNode((x, y), (round(x + dice.uniform(-reach, reach), 8), round(y + dice.uniform(-reach, reach), 8)))


def _merge(grid: Grid, code: str, dice: Random) -> Operation | None:
    near = [other for other in grid.near(grid.cells[code].polygon) if other != code]
    return Merge((code, dice.choice(near)), code) if near else None


def _hole(grid: Grid, code: str, dice: Random) -> Operation:
    cell = grid.cells[code]
    inner = shapely.affinity.scale(cell.polygon.envelope, 0.2, 0.2, origin=cell.polygon.representative_point())
    return Create(Polygon(shapely.get_coordinates(inner).round(8)), cell.village, None, "单位", "dedicated")


def _retire(grid: Grid, code: str, dice: Random) -> Operation | None:
    near = [other for other in grid.near(grid.cells[code].polygon) if other != code]
    return Retire(code, dice.choice(near)) if near else None


def _rename(grid: Grid, code: str, dice: Random) -> Operation:
    return SetAttributes(code, f"网格 {dice.randrange(1000)}")


def _renumber(grid: Grid, code: str, dice: Random) -> Operation:
    return Renumber(code)
