"""One cell edited by a client that knows no drafts: replaced, created, retired, each in a change set of its own.

Whoever calls these functions has told the transaction a scope, and holds the grid (`hold`) since it has read the cell:
nobody publishes in between. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import shapely
from sqlalchemy import Connection, text

from gis.access.scope import ALL
from gis.cells.changesets import ChangeSet, Editor, add_operations, open_draft, publish
from gis.cells.drafting import net, part_of
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Issue
from gis.cells.editing.merge import neighbours
from gis.cells.editing.operations import Create, Operation, Reshape, Retire, SetAttributes
from gis.cells.history import grid_of
from gis.errors import Conflict
from gis.storage.engine import widened

_TITLES: Final = {"create": "接口新建网格", "replace": "接口修改网格 {}", "retire": "接口停用网格 {}"}


@dataclass(frozen=True, slots=True)
class Published:
    """A change set that was made and published for one edit, and what it warns of."""

    changeset: ChangeSet
    warnings: tuple[Issue, ...] = ()


def hold(conn: Connection, county: int) -> None:
    """Keep others from changing the grid of a county until the transaction ends."""
    conn.execute(text("SELECT everycell.lock_codes(:county), everycell.lock_grid(:county)"), {"county": county})


def operations_of(cell: Cell, wanted: Cell) -> list[Operation]:
    """What turns a cell into another of the same code: a reshape, new attributes, both, or nothing. Pure.

    A ring that begins elsewhere or runs the other way round is no other polygon.
    """
    ops: list[Operation] = []
    if not (wanted.polygon.is_valid and shapely.equals(cell.polygon, wanted.polygon)):
        ops.append(Reshape(cell.code, wanted.polygon))
    if (cell.name, cell.kind) != (wanted.name, wanted.kind):
        ops.append(SetAttributes(cell.code, wanted.name, wanted.kind))
    return ops


def replace_cell(
    conn: Connection, editor: Editor, *, area: str, cell: Cell, wanted: Cell, today: date
) -> Published | None:
    """Make a cell what is wanted; None where it is that already. Raises as `changesets.publish` does."""
    ops = operations_of(cell, wanted)
    return _published(conn, editor, area, _TITLES["replace"].format(cell.code), ops, today)


def create_cell(conn: Connection, editor: Editor, *, area: str, op: Create, today: date) -> tuple[Published, str]:
    """A new cell, and its code. Raises as `changesets.publish` does."""
    made = _published(conn, editor, area, _TITLES["create"], [op], today)
    if made is None:
        raise AssertionError("a new cell is a change")
    return made, str(made.changeset.ops[0]["code"])


def retire_cell(
    conn: Connection, editor: Editor, *, area: str, code: str, to: str | None, today: date
) -> tuple[Published, str]:
    """End a cell. Its land goes to `to`, or (None) to that neighbour of its village with the longest common border;
    returns the heir too.

    Raises Refused where that cannot be, Conflict where the cell has no neighbour in the area at all.
    """
    with widened(conn, ALL.settings(), editor.told):
        grid = part_of(grid_of(conn, code[:6]), area)
    heir = to if to is not None else heir_of(grid, grid.cells[code])
    made = _published(conn, editor, area, _TITLES["retire"].format(code), [Retire(code, heir)], today)
    if made is None:
        raise AssertionError("a cell that ends is a change")
    return made, heir


def heir_of(grid: Grid, cell: Cell) -> str:
    """The neighbour that gets the land of a cell: of its village, else any, that with the longest common border."""
    around = neighbours(grid, cell)
    if not around:
        raise Conflict("cell {code} has no neighbour that its land could go to", code=cell.code, field="to")
    return next((code for code in around if grid.cells[code].village == cell.village), around[0])


def _published(
    conn: Connection, editor: Editor, area: str, title: str, ops: Sequence[Operation], today: date
) -> Published | None:
    """The operations in a change set of their own, published; None, and nothing written, where they change nothing."""
    if not ops:
        return None
    with conn.begin_nested() as savepoint:
        worked = add_operations(conn, editor, open_draft(conn, editor, area=area, title=title), ops)
        between = net(worked.before, worked.after)
        if not between.written and not between.retired:
            savepoint.rollback()
            return None
        done = publish(conn, editor, worked.changeset, today=today)
    return Published(done, tuple(issue for change in worked.changes for issue in change.warnings))
