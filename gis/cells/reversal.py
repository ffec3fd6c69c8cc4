"""Taking back what a change set did, also where others have changed the neighbourhood since. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import shapely

from gis.cells.drafting import net, same
from gis.cells.editing.grid import Cell, Grid
from gis.cells.topology import arrange, as_multipolygon, united

Effect = Mapping[str, tuple[Cell | None, Cell | None]]


def taken_back(grid: Grid, effect: Effect) -> Grid:
    """The grid with the cells of an effect (what each was and what it became, None: not there) as they were.

    Where nobody has touched them since, this is the exact state before. Where others have put nodes on their borders,
    these stay. Cells that others have really changed must not be among them (`undone_by_others` tells).
    """
    untouched = all(grid.cells.get(code) == became for code, (_, became) in effect.items())
    if untouched:
        return with_cells(grid, {code: was for code, (was, _) in effect.items()})
    really = {code: was for code, (was, became) in effect.items() if not same(was, became)}
    return _noded(with_cells(grid, really), [code for code, was in really.items() if was is not None])


def undone_by_others(grid: Grid, effect: Effect) -> set[str]:
    """The codes of cells that the change set had really changed and that are not as it left them any more."""
    return {c for c, (was, became) in effect.items() if not same(was, became) and not same(grid.cells.get(c), became)}


def effect_between(before: Grid, after: Grid) -> Effect:
    """What lies between two grids, cell by cell."""
    found = net(before, after)
    return {code: (before.cells.get(code), after.cells.get(code)) for code in (*found.written, *found.retired)}


def with_cells(grid: Grid, cells: Mapping[str, Cell | None]) -> Grid:
    """The grid with some cells written and others (None) gone; its outline is their union."""
    written = [cell for cell in cells.values() if cell is not None]
    changed = grid.with_(written, [code for code, cell in cells.items() if cell is None])
    return Grid(changed.cells.values(), as_multipolygon(united(cell.polygon for cell in changed.cells.values())))


def _noded(grid: Grid, codes: list[str]) -> Grid:
    """The grid with the borders of these cells and of their neighbours in one arrangement, so that they share their
    nodes again. Raises ValueError where they do not tile."""
    around = sorted({near for code in codes for near in grid.near(grid.cells[code].polygon)})
    tiled = arrange({code: grid.cells[code].polygon for code in around}, enclaves=True)
    if tiled.faults:
        raise ValueError("; ".join(fault.sentence() for fault in tiled.faults))
    denser = {
        code: replace(grid.cells[code], polygon=polygon)
        for code, polygon in tiled.cells.items()
        if shapely.normalize(polygon) != shapely.normalize(grid.cells[code].polygon)
    }
    return with_cells(grid, denser)
