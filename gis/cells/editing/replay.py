"""The same history gives the same grid: replaying operations, and a digest to compare by. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import shapely

from gis.cells.editing.edit import NextCode, apply, changed
from gis.cells.editing.grid import Grid
from gis.cells.editing.operations import Operation


def replay(grid: Grid, ops: Iterable[Operation], next_code: NextCode) -> Grid:
    """The grid after all operations in turn. Raises Refused at the first that cannot be done."""
    for op in ops:
        grid = changed(grid, apply(grid, op, next_code))
    return grid


def digest(grid: Grid) -> str:
    """A hash of all cells: codes, attributes and polygons to the last bit. The outline is their union and not in it."""
    found = hashlib.sha256()
    for code, cell in grid.cells.items():
        found.update("\0".join((code, cell.village, cell.kind, cell.name, "")).encode())
        found.update(shapely.to_wkb(cell.polygon, output_dimension=2, byte_order=1))
    return found.hexdigest()
