"""Change sets: drafts of operations on a base revision, published as one, scheduled for a day, or taken back.

Whoever calls these functions has told the transaction a scope (`Store.begin(scope.settings())`, also as the owner): the
database lets nobody edit the grid beyond the areas of the right `grid`. The caller owns the transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import shapely
from sqlalchemy import Connection, text

from gis.access.scope import ALL
from gis.cells.drafting import carried_over, net, net_lineage, play, real_changes, same, touched_by_both
from gis.cells.editing.edit import Change
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import Operation, as_json
from gis.cells.editing.parse import parse_operation
from gis.cells.history import effect_of, grid_of, revision_of
from gis.cells.naming import LONGEST_TITLE, Codes, check_operation, check_text
from gis.cells.orphans import refuse_orphans
from gis.cells.reversal import taken_back, undone_by_others
from gis.cells.topology import as_multipolygon
from gis.codes import Level, county_of, level_of
from gis.errors import BadInput, Conflict, EverycellError, NotFound, Stale
from gis.storage.engine import Told, widened
from gis.storage.queries import query
from gis.words import word

# A draft is worked out anew at each step; longer work is published in parts.
MOST_OPERATIONS: Final = 1_000


class Status(StrEnum):
    """What has become of a change set."""

    draft = "draft"
    scheduled = "scheduled"
    published = "published"
    abandoned = "abandoned"


@dataclass(frozen=True, slots=True)
class Editor:
    """Who edits: the name under which a change set is kept (a sign-in name), and what the row policies were told."""

    name: str
    told: Told


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set of an area. `base` is the revision of the county's grid that its operations stand on, `revision` the
    one that it made; `base_changes` is the base counted in changes of the area alone. `ops` are the operations as JSON,
    in order, with the codes that they assign."""

    county: int
    id: UUID
    area: str
    title: str
    status: Status
    base: int
    revision: int | None
    created_at: datetime
    created_by: str
    changed_at: datetime
    published_at: datetime | None
    valid_from: date | None
    undoes: UUID | None
    base_changes: int
    ops: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """A change set in a list: without its operations, and how many it has."""

    county: int
    id: UUID
    area: str
    title: str
    status: Status
    revision: int | None
    created_at: datetime
    created_by: str
    changed_at: datetime
    published_at: datetime | None
    valid_from: date | None
    undoes: UUID | None
    num_ops: int


@dataclass(frozen=True, slots=True)
class Worked:
    """A change set worked out: the county's grid before and after it, and what each operation did.

    It stands on the grid as it is (`revision`), unless `stale` names cells that somebody else has changed as well: then
    it stands on its base, `theirs` is the grid as it is, and it cannot be published.
    """

    changeset: ChangeSet
    before: Grid
    after: Grid
    changes: tuple[Change, ...]
    revision: int
    theirs: Grid
    stale: tuple[str, ...] = ()

    def refuse_stale(self) -> None:
        """Raise Stale, with what was there, mine and theirs of each such cell, where there is any."""
        if self.stale:
            grids = {"base": self.before, "mine": self.after, "theirs": self.theirs}
            raise stale_error(self.stale, grids)


# ---- reading


def get(conn: Connection, counties: Sequence[int], id: UUID) -> ChangeSet:
    """A change set of one of these counties. Raises NotFound where there is none that the caller may see."""
    row = conn.execute(query("cells/changeset"), {"counties": list(counties), "id": id}).one_or_none()
    if row is None:
        raise NotFound("id: there is no change set {id}", id=id, field="id")
    return ChangeSet(**{**row._asdict(), "status": Status(row.status), "ops": tuple(row.ops)})


def listed(
    conn: Connection, counties: Sequence[int], area: str | None = None, status: Status | None = None
) -> list[Brief]:
    """The change sets of areas that lie in an area or around it (None: all), of one state or all; the last changed
    first."""
    values = {"counties": list(counties), "status": status, "area": area or ""}
    rows = conn.execute(query("cells/changesets"), values)
    return [Brief(**{**row._asdict(), "status": Status(row.status)}) for row in rows]


# ---- drafts


def open_draft(conn: Connection, editor: Editor, *, area: str, title: str) -> ChangeSet:
    """A new, empty draft of a county, town or village. Raises BadInput for another area and for a title of another
    length or form, PersonalData for one that looks personal, NotFound where the area has no cell."""
    _county_of_draft(conn, area)
    check_text(title, "title")
    return _opened(conn, editor, area, title.strip(), None)


def _opened(conn: Connection, editor: Editor, area: str, title: str, undoes: UUID | None) -> ChangeSet:
    county = county_of(area, field="area")
    id = conn.execute(
        text("SELECT everycell.open_changeset(:county, :area, :title, :by, :undoes)"),
        {"county": county, "area": area, "title": title, "by": editor.name, "undoes": undoes},
    ).scalar_one()
    return get(conn, [county], id)


def _county_of_draft(conn: Connection, area: str) -> int:
    if level_of(area) is Level.cell:
        raise BadInput("area: a change set is of a village, town or county, not of a single cell", field="area")
    county = county_of(area, field="area")
    held = "SELECT FROM everycell.cell WHERE county = :county AND retired_on IS NULL AND starts_with(code, :area)"
    if not conn.execute(text(f"SELECT EXISTS ({held})"), {"county": county, "area": area}).scalar():
        raise NotFound("area: there is no cell in {area}", area=area, field="area")
    return county


def unstored_draft(conn: Connection, editor: Editor, *, area: str) -> ChangeSet:
    """An empty draft that is kept nowhere: whoever only looks at what operations would do leaves nothing behind.

    Raises BadInput and NotFound for the area as `open_draft` does.
    """
    county, now = _county_of_draft(conn, area), datetime.now(UTC)
    return ChangeSet(
        county=county,
        id=UUID(int=0),
        area=area,
        title="",
        status=Status.draft,
        base=0,
        revision=None,
        created_at=now,
        created_by=editor.name,
        changed_at=now,
        published_at=None,
        valid_from=None,
        undoes=None,
        base_changes=0,
        ops=(),
    )


def add_operations(conn: Connection, editor: Editor, draft: ChangeSet, ops: Sequence[Operation]) -> Worked:
    """Append operations to a draft, all or none, and work it out.

    Raises Refused with the issues where one cannot be done, BadInput where one contradicts itself, Conflict where the
    change set is no draft, or somebody else has changed it meanwhile.
    """
    if draft.status is not Status.draft:
        raise Conflict("change set {id} is {status}", id=draft.id, status=word(draft.status), field="id")
    if len(draft.ops) + len(ops) > MOST_OPERATIONS:
        raise BadInput(
            "ops: a change set holds {most:,} operations; publish it and begin another",
            most=MOST_OPERATIONS,
            field="ops",
        )
    conn.execute(text("SELECT everycell.lock_codes(:county)"), {"county": draft.county})
    worked = work_out(conn, editor, draft, ops)
    stored = [as_json(change.operation) for change in worked.changes[len(draft.ops) :]]
    base = draft.base if worked.stale else worked.revision
    conn.execute(
        text("SELECT everycell.add_operations(:county, :id, :base, :after, CAST(:ops AS jsonb))"),
        {**_key(draft), "base": base, "after": len(draft.ops), "ops": json.dumps(stored, ensure_ascii=False)},
    )
    return replace(worked, changeset=get(conn, [draft.county], draft.id))


def drop_operations(conn: Connection, draft: ChangeSet, seq: int) -> ChangeSet:
    """Drop an operation of a draft (counted from 1) and all after it. Raises NotFound where it has no such operation,
    Conflict where it is no draft."""
    if not 1 <= seq <= len(draft.ops):
        raise NotFound("seq: the change set has no operation {seq}", seq=seq, field="seq")
    conn.execute(text("SELECT everycell.drop_operations(:county, :id, :seq)"), {**_key(draft), "seq": seq})
    return get(conn, [draft.county], draft.id)


def abandon(conn: Connection, changeset: ChangeSet) -> None:
    """Give up a draft, or what is scheduled. Raises Conflict where it is published or given up already."""
    _set_state(conn, changeset, Status.abandoned, None)


def _set_state(conn: Connection, changeset: ChangeSet, status: Status, on: date | None) -> None:
    if changeset.status in (Status.published, Status.abandoned):
        raise Conflict("change set {id} is {status}", id=changeset.id, status=word(changeset.status), field="id")
    conn.execute(
        text("SELECT everycell.set_changeset_state(:county, :id, :status, :on)"),
        {**_key(changeset), "status": status, "on": on},
    )


def _key(changeset: ChangeSet) -> dict[str, Any]:
    return {"county": changeset.county, "id": changeset.id}


# ---- working out


def work_out(conn: Connection, editor: Editor, changeset: ChangeSet, more: Sequence[Operation] = ()) -> Worked:
    """What a change set does to the grid as it is now, with more operations at its end.

    Raises Refused where one of them cannot be done (on the grid as it is, or, where others have changed the same cells,
    on its base). The transaction goes on with the editor's scope, also after an error.
    """
    found: Worked | EverycellError
    # The grid is the whole county's, and codes are kept for drafts that the editor does not see.
    with widened(conn, ALL.settings(), editor.told):
        try:
            found = _worked_out(conn, changeset, more)
        except EverycellError as error:
            found = error
    if isinstance(found, EverycellError):
        raise found
    return found


def _worked_out(conn: Connection, changeset: ChangeSet, more: Sequence[Operation]) -> Worked:
    county = changeset.county
    ops: list[Operation] = [parse_operation(op) for op in changeset.ops]
    revision = revision_of(conn, county)
    live = grid_of(conn, f"{county:06}", revision)
    stands_on_live = not ops or changeset.base == revision
    base = live if stands_on_live else grid_of(conn, f"{county:06}", changeset.base)
    codes = Codes(conn, county)
    for op in more:
        check_operation(conn, changeset.area, op, codes)
    stale = () if base is live else _stale(base, live, changeset.area, ops)
    before = base if stale else live
    played = play(before, changeset.area, [*ops, *more], codes.next)
    return Worked(changeset, before, played.grid, played.changes, revision, live, stale)


def _stale(base: Grid, live: Grid, area: str, ops: Sequence[Operation]) -> tuple[str, ...]:
    """The cells in which the operations cannot be carried over from the base to the grid as it is."""
    mine = play(base, area, ops, _assigned).grid
    both = touched_by_both(base, mine, live)
    if not both:
        try:
            both = carried_over(base, mine, live, play(live, area, ops, _assigned).grid)
        except Refused:
            both = real_changes(base, mine)
    return tuple(sorted(both))


def _assigned(village: str) -> str:
    raise AssertionError(f"a stored operation carries its codes: {village}")


def stale_error(cells: Iterable[str], grids: Mapping[str, Grid]) -> Stale:
    """The error that names cells which others have changed, or which cannot be as they were drafted because of that.

    Each has its shape in each of some grids, and `theirs_changed`: whether it is another in `theirs` than in `base`.
    """
    conflicts: list[dict[str, Any]] = []
    for code in cells:
        found = {name: grid.cells.get(code) for name, grid in grids.items()}
        shapes = {name: None if cell is None else _geojson(cell.polygon) for name, cell in found.items()}
        changed = not same(found["base"], found["theirs"])
        conflicts.append({"cell": code, **shapes, "theirs_changed": changed})
    told = ", ".join(conflict["cell"] for conflict in conflicts)
    return Stale("cells were changed by somebody else meanwhile: {told}", told=told, conflicts=conflicts)


def _geojson(shape: shapely.Geometry) -> Any:
    return json.loads(shapely.to_geojson(shape))


# ---- publishing


def publish(
    conn: Connection, editor: Editor, changeset: ChangeSet, *, today: date, valid_from: date | None = None
) -> ChangeSet:
    """Publish a draft, or what is scheduled, from today on; or schedule it for a later day.

    Raises Stale where others have changed the same cells since it was begun, Refused where an operation cannot be done
    any more or doors would stand in no cell, BadInput for a day in the past, Conflict where it is empty or not to be
    published.
    """
    if valid_from is not None and valid_from < today:
        raise BadInput(
            "valid_from: {valid_from} has passed; today is {today}",
            valid_from=valid_from,
            today=today,
            field="valid_from",
        )
    later = valid_from is not None and valid_from > today
    if not later:
        _lock(conn, changeset.county)
    changeset = get(conn, [changeset.county], changeset.id)  # as it is now that nobody else can publish
    if changeset.status not in (Status.draft, Status.scheduled):
        raise Conflict("change set {id} is {status}", id=changeset.id, status=word(changeset.status), field="id")
    if not changeset.ops:
        raise Conflict("change set {id} is empty: there is nothing to publish", id=changeset.id, field="id")
    worked = work_out(conn, editor, changeset)
    worked.refuse_stale()
    refuse_orphans(conn, changeset.county, worked.before, worked.after)
    if later:
        _set_state(conn, changeset, Status.scheduled, valid_from)
    else:
        _write(conn, changeset, worked.before, worked.after, worked.changes, worked.revision, today)
    return get(conn, [changeset.county], changeset.id)


def _lock(conn: Connection, county: int) -> None:
    """Wait for others who write cells of the county, and keep them waiting until the transaction ends."""
    conn.execute(text("SELECT everycell.lock_grid(:county)"), {"county": county})


def _write(
    conn: Connection,
    changeset: ChangeSet,
    before: Grid,
    after: Grid,
    changes: Sequence[Change],
    revision: int,
    today: date,
    lineage: Sequence[tuple[str, str]] | None = None,
) -> None:
    found = net(before, after)
    pairs = net_lineage(changes, before, after) if lineage is None else lineage
    cells = list(found.written.values())
    values = {
        **_key(changeset),
        "expected": revision,
        "num_ops": len(changeset.ops),
        "valid_from": today,
        "codes": [cell.code for cell in cells],
        "kinds": [cell.kind for cell in cells],
        "names": [cell.name for cell in cells],
        "shapes": [shapely.to_wkb(cell.polygon) for cell in cells],
        "retired": list(found.retired),
        "parents": [parent for parent, _ in pairs],
        "children": [child for _, child in pairs],
        "outline": None if found.outline is None else shapely.to_wkb(as_multipolygon(found.outline)),
    }
    conn.execute(query("cells/publish"), values)


def edit_now(
    conn: Connection, editor: Editor, *, area: str, title: str, ops: Sequence[Operation], today: date
) -> ChangeSet:
    """Operations in a change set of their own, published at once: what a client does who knows no drafts.

    Raises as `add_operations` and `publish` do.
    """
    draft = open_draft(conn, editor, area=area, title=title)
    _lock_all(conn, draft.county)
    return publish(conn, editor, add_operations(conn, editor, draft, ops).changeset, today=today)


def undo(conn: Connection, editor: Editor, changeset: ChangeSet, *, today: date) -> ChangeSet:
    """A new, published change set that puts what another one did back as it was before.

    Where others have put nodes on the borders since, these stay. Raises Stale where they have really changed the same
    cells, Conflict where the change set is not published.
    """
    if changeset.status is not Status.published or changeset.revision is None:
        raise Conflict(
            "change set {id} is {status}: there is nothing to take back",
            id=changeset.id,
            status=word(changeset.status),
            field="id",
        )
    county = changeset.county
    _lock_all(conn, county)
    with widened(conn, ALL.settings(), editor.told):
        revision = revision_of(conn, county)
        effect = effect_of(conn, county, changeset.revision)
        live = grid_of(conn, f"{county:06}", revision)
    touched = undone_by_others(live, effect)
    grids = {
        "base": _only(became for _, became in effect.values()),
        "mine": _only(was for was, _ in effect.values()),
        "theirs": live,
    }
    if touched:
        raise stale_error(sorted(touched), grids)
    try:
        after = taken_back(live, effect)
    except ValueError:
        raise stale_error(sorted(effect), grids) from None
    refuse_orphans(conn, county, live, after)
    made = _opened(conn, editor, changeset.area, _undo_title(changeset), changeset.id)
    _write(conn, made, live, after, (), revision, today, lineage=_reversed_lineage(conn, changeset))
    return get(conn, [county], made.id)


def _lock_all(conn: Connection, county: int) -> None:
    conn.execute(text("SELECT everycell.lock_codes(:county)"), {"county": county})
    _lock(conn, county)


def _only(cells: Iterable[Cell | None]) -> Grid:
    return Grid([cell for cell in cells if cell is not None], shapely.MultiPolygon())


def _undo_title(changeset: ChangeSet) -> str:
    return f"撤销：{changeset.title}"[:LONGEST_TITLE]


def _reversed_lineage(conn: Connection, changeset: ChangeSet) -> list[tuple[str, str]]:
    """What came of a cell goes back into it."""
    found = conn.execute(
        text(
            "SELECT child, parent FROM everycell.cell_lineage WHERE county = :county AND changeset = :id ORDER BY 1, 2"
        ),
        _key(changeset),
    )
    return [(row.child, row.parent) for row in found]
