"""Cuts and rebalances as operations of drafts: look at the village, work the proposal out, add it.

Working it out takes seconds to minutes and happens between two transactions, with no connection and no lock held:
`gis.cells.cutting.proposals.propose`, or `gis.cells.cutting.apart` for whoever has a clock to mind. Whoever calls these
functions has told the transaction a scope, as for `gis.cells.changesets`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection

from gis.cells.changesets import ChangeSet, Editor, Status, Worked, add_operations, open_draft, stale_error, work_out
from gis.cells.cutting.proposals import Ask, Proposal, title_of
from gis.cells.cutting.village import Village
from gis.cells.drafting import real_changes
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import Recut
from gis.cells.history import grid_of
from gis.cells.villages import village_in
from gis.codes import county_of
from gis.errors import BadInput, Conflict
from gis.words import word


@dataclass(frozen=True, slots=True)
class Ground:
    """What a proposal stands on: the village, and the grid of its county as it was when it was read."""

    village: Village
    live: Grid


@dataclass(frozen=True, slots=True)
class Added:
    """A proposal in a draft, with the codes it was given, and the draft worked out."""

    proposal: Proposal
    worked: Worked


def ground_of(conn: Connection, village: str) -> Ground:
    """A village on the grid as it is. Raises BadInput where the code is no village's, NotFound where it has no general
    cell."""
    live = grid_of(conn, f"{county_of(village, field='village'):06}")
    return Ground(village_in(conn, village, live), live)


def ground_in(conn: Connection, editor: Editor, draft: ChangeSet, village: str) -> Ground:
    """A village as a draft would make it.

    Raises as `ground_of` does, BadInput where the village lies outside the draft's area, Conflict where the change set
    is no draft, Refused where its operations cannot be done any more.
    """
    if draft.status is not Status.draft:
        raise Conflict("change set {id} is {status}", id=draft.id, status=word(draft.status), field="id")
    county_of(village, field="village")
    if not village.startswith(draft.area):
        raise BadInput(
            "village: {village} lies outside {area}, of which the change set is",
            village=village,
            area=draft.area,
            field="village",
        )
    worked = work_out(conn, editor, draft)
    return Ground(village_in(conn, village, worked.theirs, worked.after), worked.theirs)


def add_proposal(conn: Connection, editor: Editor, draft: ChangeSet, ground: Ground, proposal: Proposal) -> Added:
    """Add what was proposed for a ground to a draft, as one operation; the draft worked out where it is nothing.

    Raises Stale where others have published a change of the same cells since the ground was read, and else as
    `add_operations` does: Conflict where the draft itself was changed meanwhile.
    """
    operation = proposal.operation
    if operation is None:
        return Added(proposal, work_out(conn, editor, draft))
    try:
        worked = add_operations(conn, editor, draft, [operation])
    except Refused:
        _refuse_moved(ground, operation, work_out(conn, editor, draft))
        raise
    _refuse_moved(ground, operation, worked)
    return Added(proposal.coded(cast(Recut, worked.changes[-1].operation)), worked)


def _refuse_moved(ground: Ground, operation: Recut, worked: Worked) -> None:
    """Raise Stale where cells are not any more what the proposal was made for."""
    moved = real_changes(ground.live, worked.theirs) & set(operation.cells)
    if moved:
        raise stale_error(sorted(moved), {"base": ground.live, "mine": worked.after, "theirs": worked.theirs})


def draft_proposal(conn: Connection, editor: Editor, ask: Ask, ground: Ground, proposal: Proposal) -> Added:
    """A new draft of the village with the proposal for it. Raises as `open_draft` and `add_proposal` do."""
    village = ground.village
    draft = open_draft(conn, editor, area=village.code, title=title_of(village.name, ask))
    return add_proposal(conn, editor, draft, ground, proposal)
