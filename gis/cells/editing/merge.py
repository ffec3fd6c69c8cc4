"""Cells that become one, and cells that end. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import shapely

from gis.cells.editing.arrangement import Faces, Label
from gis.cells.editing.drawing import SNAP
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Fix, Issue, Refused
from gis.cells.editing.operations import Merge, MoveToVillage, Retire
from gis.cells.editing.redraw import redraw
from gis.cells.editing.settling import Outcome

# Proposes what would help, given the faces and those cells that do hang together.
Propose = Callable[[Faces, Sequence[str]], list[Fix]]


def merge(grid: Grid, op: Merge) -> Outcome:
    """The outcome of a merge; raises Refused where a cell belongs to another village or does not border on the rest."""
    keep = grid.cells[op.keep]
    strangers = [grid.cells[code] for code in op.cells if grid.cells[code].village != keep.village]
    if strangers:
        own = tuple(code for code in op.cells if grid.cells[code].village == keep.village)
        fixes = [Fix("same-village", (Merge(own, op.keep),))] if len(own) > 1 else []
        raise Refused([_other_village(grid, stranger, keep, fixes) for stranger in strangers])
    return _united(grid, op.cells, op.keep, lambda faces, joined: _other_merges(op, faces, joined))


def retire(grid: Grid, op: Retire) -> Outcome:
    """The outcome of ending a cell; raises Refused."""
    cell = grid.cells[op.cell]
    if op.to is None:
        return _leave_county(grid, cell)
    to = grid.cells[op.to]
    if to.village != cell.village:
        raise Refused([_other_village(grid, cell, to, to_neighbours(grid, cell))])
    return _united(grid, (op.cell, op.to), op.to, lambda faces, joined: to_neighbours(grid, cell))


def _united(grid: Grid, codes: Sequence[str], keep: str, propose: Propose) -> Outcome:
    def labels(faces: Faces) -> list[Label]:
        groups = faces.groups(face for face, owner in enumerate(faces.owner) if owner in codes)
        with_keep = next(group for group in groups if keep in (faces.owner[face] for face in group))
        if len(groups) > 1:
            apart = [face for group in groups for face in group if group is not with_keep]
            names = sorted({str(faces.owner[face]) for face in apart})
            joined = sorted({str(faces.owner[face]) for face in with_keep})
            fixes = propose(faces, joined)
            piece = faces.piece(apart)
            issue = Issue.measured(
                grid.measure, "NOT_ADJACENT", "not-beside", names, piece, fixes=fixes, values={"by": ", ".join(joined)}
            )
            raise Refused([issue])
        return [keep if owner in codes else owner for owner in faces.owner]

    around = {name for code in codes for name in grid.near(grid.cells[code].polygon, SNAP)}
    drawn = redraw(grid, around, [], labels)
    return Outcome(drawn.polygons, drawn.gone, drawn.outline)


def _other_village(grid: Grid, cell: Cell, than: Cell, fixes: Sequence[Fix]) -> Issue:
    moved = Fix("move-first", (MoveToVillage(cell.code, than.village),))
    return Issue.measured(
        grid.measure,
        "OTHER_VILLAGE",
        "other-village",
        (cell.code,),
        cell.polygon,
        fixes=[*fixes, moved],
        values={"by": than.code},
    )


def _other_merges(op: Merge, faces: Faces, joined: Sequence[str]) -> list[Fix]:
    """Without the cells that lie apart, or with one that lies between."""
    fixes = [Fix("only-connected", (Merge(tuple(joined), op.keep),))] if len(joined) > 1 else []
    apart = [code for code in op.cells if code not in joined]
    village = faces.grid.cells[op.keep].village
    for code in faces.codes:
        if code not in op.cells and faces.grid.cells[code].village == village:
            around = faces.borders((f for f, owner in enumerate(faces.owner) if owner == code), faces.owner)
            if around.keys() & set(joined) and around.keys() & set(apart):
                fixes.append(Fix("with-between", (Merge((*op.cells, code), op.keep),)))
    return fixes


def to_neighbours(grid: Grid, cell: Cell) -> list[Fix]:
    """The cell to each neighbour of its village, that with the longest common border first."""
    same = [code for code in neighbours(grid, cell) if grid.cells[code].village == cell.village]
    return [Fix("to-neighbour", (Retire(cell.code, code),)) for code in same]


def neighbours(grid: Grid, cell: Cell) -> list[str]:
    """The codes of the cells that share a border with a cell, that with the longest first."""
    faces = Faces(grid, grid.near(cell.polygon, SNAP))
    around = faces.borders((face for face, owner in enumerate(faces.owner) if owner == cell.code), faces.owner)
    return list(around)


def _leave_county(grid: Grid, cell: Cell) -> Outcome:
    """The cell's land goes from the outline; refused where that would leave a hole."""
    outer = shapely.intersection(shapely.boundary(cell.polygon), shapely.boundary(grid.outline))
    if shapely.length(outer) == 0:
        fixes = to_neighbours(grid, cell)
        raise Refused([Issue.measured(grid.measure, "GAP", "hole-in-county", (cell.code,), cell.polygon, fixes=fixes)])
    return Outcome({}, (cell.code,), shapely.difference(grid.outline, cell.polygon))
