"""everycell changeset list|show|publish|undo|due."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import Connection

from api.cli.folding import Table
from api.cli.output import cell, day, err, opened, out
from api.cli.words import _, say
from gis.access.audit import Action, Detail, note_shell, shell_user
from gis.access.scope import ALL
from gis.cells import changesets, scheduled
from gis.cells.changesets import ChangeSet, Editor, Status
from gis.codes import level_of
from gis.errors import BadInput
from gis.households.coverage import counties, today_in
from gis.settings import settings
from gis.words import word

app = typer.Typer(help="Change sets of the grid: list, look at, publish, take back.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="id of the change set")]


@app.command("list")
def list_(
    area: Annotated[str | None, typer.Option(help="only of areas in or around this one")] = None,
    status: Annotated[Status | None, typer.Option(help="only in this state")] = None,
) -> None:
    """Change sets, the last changed first."""
    if area is not None:
        level_of(area, field="--area")
    with opened() as store, store.read(ALL.settings()) as conn:
        found = changesets.listed(conn, counties(conn, area), area, status)
    shown = Table(_("id"), _("title"), _("area"), _("state"), _("operations"), _("from"), _("by"))
    for one in found:
        state = f"{say(word(one.status))} {one.revision or ''}".rstrip()
        since = "—" if one.valid_from is None else str(one.valid_from)
        shown.add_row(str(one.id), cell(one.title), one.area, state, str(one.num_ops), since, cell(one.created_by))
    out.print(shown if found else _("no change sets yet"))


@app.command()
def show(id: Id) -> None:
    """A change set with its operations, one a line as JSON."""
    with opened() as store, store.read(ALL.settings()) as conn:
        found = _find(conn, id)
    out.print(
        cell(
            _(
                "{title}: {status}, of {area}, begun by {who}",
                title=found.title,
                status=word(found.status),
                area=found.area,
                who=found.created_by,
            )
        )
    )
    if found.valid_from is not None:
        out.print(_("valid from {day}", day=found.valid_from))
    for seq, op in enumerate(found.ops, start=1):
        out.print(f"{seq:4} {json.dumps(op, ensure_ascii=False)}", markup=False, soft_wrap=True)


@app.command()
def publish(
    id: Id,
    from_: Annotated[str | None, typer.Option("--from", help="the day from which it counts; default: today")] = None,
) -> None:
    """Publish a draft, or schedule it for a later day."""
    on = day(from_, "--from")

    def work(conn: Connection) -> ChangeSet:
        found = changesets.publish(conn, shell_editor(), _find(conn, id), today=today_in(settings()), valid_from=on)
        done = found.status is Status.published
        _note(conn, Action.changeset_publish if done else Action.changeset_schedule, found)
        return found

    with opened() as store:
        found = store.retrying(work, ALL.settings())
    out.print(
        _(
            "change set {id} is {status}, valid from {day}",
            id=found.id,
            status=word(found.status),
            day=found.valid_from,
        )
    )


@app.command()
def undo(id: Id) -> None:
    """Take a published change set back, by another one."""

    def work(conn: Connection) -> ChangeSet:
        made = changesets.undo(conn, shell_editor(), _find(conn, id), today=today_in(settings()))
        _note(conn, Action.changeset_undo, made)
        return made

    with opened() as store:
        made = store.retrying(work, ALL.settings())
    out.print(_("change set {id} has put the grid back as it was before {other}", id=made.id, other=made.undoes))


@app.command()
def due(
    today: Annotated[str | None, typer.Option(help="as on this day, not a later one; default: today")] = None,
) -> None:
    """Carry out what is scheduled for today or earlier. The service does it by itself."""
    on = _not_later(day(today, "--today"))
    with opened() as store:
        done = scheduled.publish_due(store, on, who=shell_user(), source="shell")
    for each in done:
        if each.returned is None:
            out.print(_("change set {id} is published", id=each.changeset.id))
        else:
            err.print(
                cell(
                    _(
                        "change set {id} is a draft again: {why}",
                        id=each.changeset.id,
                        why=each.returned,
                    )
                )
            )
    if not done:
        out.print(_("nothing is due"))
    if any(each.returned is not None for each in done):
        raise typer.Exit(1)


def _not_later(on: date | None) -> date:
    now = today_in(settings())
    if on is not None and on > now:
        raise BadInput("--today: lies in the future: what is scheduled for then is not due yet", field="--today")
    return on or now


def _find(conn: Connection, id: str) -> ChangeSet:
    try:
        return changesets.get(conn, counties(conn, None), UUID(id))
    except ValueError:
        raise BadInput(
            "id: {id!r} is no id of a change set: everycell changeset list shows them", id=id, field="id"
        ) from None


def shell_editor() -> Editor:
    """Whoever sits at this shell, as one who edits the grid."""
    return Editor(re.sub(r"[^A-Za-z0-9._@:-]", "-", shell_user())[:80], ALL.settings())


def _note(conn: Connection, action: Action, found: ChangeSet) -> None:
    detail: Detail = {"operations": len(found.ops), "valid_from": str(found.valid_from)}
    note_shell(conn, action, found.area, detail)
