"""Applying an operation to the grid: what would be written and retired, or why it cannot be done. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import shapely
from shapely import Point

from gis.cells.editing.arrangement import NEW
from gis.cells.editing.create import create
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Fix, Issue, Refused
from gis.cells.editing.merge import merge, retire
from gis.cells.editing.move_node import move_node
from gis.cells.editing.operations import (
    Create,
    Merge,
    MoveNode,
    MoveToVillage,
    Operation,
    Recut,
    Renumber,
    Reshape,
    Retire,
    SetAttributes,
    Split,
    cells_named,
)
from gis.cells.editing.recut import label_of, recut
from gis.cells.editing.reshape import reshape
from gis.cells.editing.settling import Outcome
from gis.cells.editing.split import split
from gis.cells.topology import as_multipolygon
from gis.codes import Level, level_of
from gis.errors import BadInput, EverycellError

NextCode = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Change:
    """What an operation does. Cells that are not in `written` or `retired` stay as they are, byte for byte.

    `lineage` has a pair (parent, child) only where a code begins or ends. `outline` is the county's new outline where
    the operation changes it, or puts a node on it (then with the same area), else None. `operation` carries the codes
    that were assigned. `nodes_shared` is the number of cells in which MoveNode moved the node. `warnings` are issues
    that do not stop the operation.
    """

    written: dict[str, Cell]
    retired: tuple[str, ...]
    lineage: tuple[tuple[str, str], ...]
    outline: shapely.Geometry | None
    operation: Operation
    nodes_shared: int = 0
    warnings: tuple[Issue, ...] = ()


def apply(grid: Grid, op: Operation, next_code: NextCode) -> Change:
    """What the operation does to the grid, which stays as it is.

    `next_code(village)` gives the next code of a village that was never used; it is asked only where an operation that
    can be done leaves a code open. Raises Refused with the issues (each with those proposals that
    were tried and would go through), BadInput where one member contradicts another.
    """
    try:
        return _applied(grid, op, next_code)
    except Refused as refused:
        raise Refused([with_fixes_that_work(grid, issue) for issue in refused.issues]) from None


def changed(grid: Grid, change: Change) -> Grid:
    """The grid after a change."""
    return grid.with_(change.written.values(), change.retired, change.outline)


def _applied(grid: Grid, op: Operation, next_code: NextCode) -> Change:
    _refuse_unknown(grid, op)
    match op:
        case SetAttributes():
            cell = grid.cells[op.cell]
            cell = replace(cell, name=op.name or cell.name, kind=op.kind or cell.kind)
            return Change({op.cell: cell}, (), (), None, op)
        case MoveToVillage():
            return _moved_to_village(grid, op, next_code)
        case Renumber():
            return _recoded(grid, op, grid.cells[op.cell].village, next_code)
        case Split() | Create():
            return _with_new_cell(grid, op, split(grid, op) if isinstance(op, Split) else create(grid, op), next_code)
        case Merge():
            return _change(grid, op, merge(grid, op), [(code, op.keep) for code in op.cells if code != op.keep])
        case Retire():
            return _change(grid, op, retire(grid, op), [(op.cell, op.to)] if op.to else [])
        case Reshape():
            return _change(grid, op, reshape(grid, op))
        case MoveNode():
            return _change(grid, op, move_node(grid, op))
        case Recut():
            return _recut(grid, op, next_code)


def _refuse_unknown(grid: Grid, op: Operation) -> None:
    """Raises Refused where the operation names a cell that is not there, or gives a code that is in use."""
    unknown = [code for code in cells_named(op) if code not in grid.cells]
    issues = [Issue("UNKNOWN_CELL", "unknown-cell", (code,), Point()) for code in unknown]
    if isinstance(op, Recut):
        taken = [p for p in op.pieces if p.code is not None and p.code in grid.cells and p.code not in op.cells]
        issues += [Issue("CODE_TAKEN", "code-taken", (str(p.code),), p.polygon) for p in taken]
    if isinstance(op, Split | Create | MoveToVillage | Renumber) and op.code is not None and op.code in grid.cells:
        fixes = (Fix("next-code", (replace(op, code=None),)),)
        issues.append(Issue("CODE_TAKEN", "code-taken", (op.code,), grid.cells[op.code].polygon, fixes=fixes))
    if issues:
        raise Refused(issues)


# ---- changes


def _change(grid: Grid, op: Operation, outcome: Outcome, lineage: list[tuple[str, str]] | None = None) -> Change:
    written = {code: replace(grid.cells[code], polygon=polygon) for code, polygon in outcome.polygons.items()}
    outline = None if outcome.outline is None else as_multipolygon(outcome.outline)
    return Change(written, outcome.gone, tuple(lineage or ()), outline, op, outcome.shared, outcome.warnings)


def _with_new_cell(grid: Grid, op: Split | Create, outcome: Outcome, next_code: NextCode) -> Change:
    """Give the new cell its code, and what else makes a cell."""
    polygons = dict(outcome.polygons)
    polygon = polygons.pop(NEW)
    parent = grid.cells[op.cell] if isinstance(op, Split) else Cell(NEW, op.village, op.name, op.kind, polygon)
    code = _code(op.code, parent.village, next_code)
    change = _change(grid, replace(op, code=code), replace(outcome, polygons=polygons))
    new = replace(parent, code=code, name=parent.name or code, polygon=polygon)
    lineage = tuple((name, code) for name in outcome.parents)
    return replace(change, written={**change.written, code: new}, lineage=lineage)


def _recut(grid: Grid, op: Recut, next_code: NextCode) -> Change:
    """Give the pieces their codes, and what else makes them cells."""
    found = recut(grid, op)
    village = grid.cells[op.cells[0]].village
    names = {label_of(op, i): _code(piece.code, village, next_code) for i, piece in enumerate(op.pieces)}
    shapes = {names.get(label, label): polygon for label, polygon in found.outcome.polygons.items()}
    written = {code: replace(grid.cells[code], polygon=shape) for code, shape in shapes.items() if code in grid.cells}
    for piece, code in zip(op.pieces, names.values(), strict=True):
        if code not in grid.cells:
            written[code] = Cell(code, village, piece.name or code, "general", shapes[code])
        elif piece.name and piece.name != grid.cells[code].name:
            written[code] = replace(written.get(code, grid.cells[code]), name=piece.name)
    lineage = tuple(sorted((parent, names.get(child, child)) for parent, child in found.lineage))
    pieces = tuple(replace(piece, code=code) for piece, code in zip(op.pieces, names.values(), strict=True))
    change = _change(grid, replace(op, pieces=pieces), replace(found.outcome, polygons={}), list(lineage))
    return replace(change, written=written)


def _recoded(grid: Grid, op: MoveToVillage | Renumber, village: str, next_code: NextCode) -> Change:
    code = _code(op.code, village, next_code)
    cell = replace(grid.cells[op.cell], code=code, village=village)
    return Change({code: cell}, (op.cell,), ((op.cell, code),), None, replace(op, code=code))


def _moved_to_village(grid: Grid, op: MoveToVillage, next_code: NextCode) -> Change:
    cell = grid.cells[op.cell]
    if cell.village == op.village:
        raise BadInput(
            "village: cell {cell} belongs to {village} already", cell=op.cell, village=op.village, field="village"
        )
    if cell.village[:6] != op.village[:6]:
        raise BadInput(
            "village: {village} lies in another county than cell {cell}",
            village=op.village,
            cell=op.cell,
            field="village",
        )
    change = _recoded(grid, op, op.village, next_code)
    around = [grid.cells[code] for code in grid.near(cell.polygon)]
    if any(other.village == op.village and _share_a_border(cell, other) for other in around):
        return change
    far = Issue.measured(
        grid.measure,
        "NOT_ADJACENT",
        "far-from-village",
        (op.cell,),
        cell.polygon,
        severity="warning",
        values={"by": op.village},
    )
    return replace(change, warnings=(far,))


def _share_a_border(one: Cell, other: Cell) -> bool:
    return bool(shapely.relate_pattern(one.polygon, other.polygon, "F***1****"))


def _code(given: str | None, village: str, next_code: NextCode) -> str:
    """The code that was given, or the next free one. Raises BadInput where it is no code of a cell of the village."""
    code = next_code(village) if given is None else given
    if level_of(code, field="code") is not Level.cell or not code.startswith(village):
        raise BadInput(
            "code: {code!r} is no code of a cell of village {village}", code=code, village=village, field="code"
        )
    return code


# ---- proposals


def with_fixes_that_work(grid: Grid, issue: Issue) -> Issue:
    """The first proposal of each label that would go through."""
    working: dict[str, Fix] = {}
    for fix in issue.fixes:
        if fix.label not in working and _works(grid, fix):
            working[fix.label] = fix
    return replace(issue, fixes=tuple(working.values()))


def _works(grid: Grid, fix: Fix) -> bool:
    """Whether all operations of a proposal can be done, and do something."""
    try:
        for op in fix.operations:
            change = _applied(grid, op, partial(_unused, grid))
            if not (change.written or change.retired):
                return False
            grid = changed(grid, change)
    except EverycellError:
        return False
    return True


def _unused(grid: Grid, village: str) -> str:
    """A code for a trial: codes of cells that were retired are not known here."""
    used = [int(code) for code in grid.cells if code.startswith(village)]
    return str(max(used, default=int(village) * 1000) + 1)
