"""Change sets for a day to come: carried out when it has come, by the service or by a command.

Until then the grid, coverage and everything else is as before. What others have changed in the meantime may stand in
the way: then the change set becomes a draft again, with all its operations, and the audit says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import shapely
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gis.access.audit import Action, note
from gis.access.scope import ALL
from gis.cells.changesets import ChangeSet, Editor, Status, Worked, get, listed, publish
from gis.cells.drafting import real_changes
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Issue, Refused
from gis.cells.editing.operations import Operation, cells_named, drawn
from gis.cells.editing.parse import parse_operation
from gis.errors import BadInput, Conflict, Stale
from gis.sentence import Sentence
from gis.storage.engine import Store, sqlstate
from gis.storage.queries import query

_EVERYBODY = Editor("service", ALL.settings())
# SQLSTATEs of a change that the database refuses because of what is stored: it would refuse it again tomorrow.
_REFUSED = ("EC001", "EC002")


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What became of a change set whose day had come: published, or a draft again, and why."""

    changeset: ChangeSet
    returned: str | None


def publish_due(
    store: Store,
    today: date,
    *,
    who: str = "service",
    source: str = "service",
    on_step: Callable[[Sentence], None] = lambda _: None,
) -> list[CarriedOut]:
    """Carry out what is scheduled for today or an earlier day, each in a transaction of its own, as the owner or as the
    service's role; noted in the audit as done by `who`. It counts from `today` on, also where it is late: until now
    everybody has seen the grid as it was.

    `on_step` is told in words what is next; what it raises ends the run, and the next one goes on.
    """
    with store.read(ALL.settings()) as conn:
        due = [(row.county, row.id) for row in conn.execute(query("cells/changesets_due"), {"today": today})]
    done = []
    for county, id in due:
        on_step(Sentence("change set {id}", id=id))
        if (each := _carry_out(store, county, id, today, who, source)) is not None:
            done.append(each)
    return done


def scheduled_too(conn: Connection, worked: Worked) -> list[Issue]:
    """A warning for each change set that is scheduled and names or draws in a cell that this one changes: on its day it
    may find something else than it was made for. Of those that the caller may see."""
    touched = real_changes(worked.before, worked.after) & worked.before.cells.keys()
    issues = []
    for brief in listed(conn, [worked.changeset.county], status=Status.scheduled):
        if brief.id == worked.changeset.id:
            continue
        other = get(conn, [brief.county], brief.id)
        both = tuple(sorted(touched & _concerned([parse_operation(op) for op in other.ops], worked.before)))
        if both:
            place = shapely.union_all([worked.before.cells[code].polygon for code in both])
            values = {"day": str(other.valid_from), "by": other.title}
            measure = worked.before.measure
            issues.append(
                Issue.measured(measure, "SCHEDULED", "scheduled", both, place, severity="warning", values=values)
            )
    return issues


def _concerned(ops: Iterable[Operation], grid: Grid) -> set[str]:
    found: set[str] = set()
    for op in ops:
        line = drawn(op)
        found |= {*cells_named(op), *(() if line is None else grid.near(line))}
    return found


def _carry_out(store: Store, county: int, id: UUID, today: date, who: str, source: str) -> CarriedOut | None:
    """None where another process was faster, or somebody has given it up meanwhile."""

    def work(conn: Connection) -> ChangeSet:
        published = publish(conn, _EVERYBODY, get(conn, [county], id), today=today)
        note(
            conn,
            who=who,
            source=source,
            action=Action.changeset_publish,
            area=published.area,
            detail={"revision": published.revision, "operations": len(published.ops)},
        )
        return published

    try:
        return CarriedOut(store.retrying(work, ALL.settings()), None)
    except (Refused, Stale, BadInput) as error:
        return _return(store, county, id, error.message, who, source)
    except Conflict:
        return None
    except DBAPIError as error:
        if sqlstate(error) not in _REFUSED:
            raise
        return _return(store, county, id, str(error.orig).splitlines()[0], who, source)


def _return(store: Store, county: int, id: UUID, why: str, who: str, source: str) -> CarriedOut:
    def work(conn: Connection) -> ChangeSet:
        conn.execute(
            text("SELECT everycell.set_changeset_state(:county, :id, 'draft', NULL)"), {"county": county, "id": id}
        )
        returned = get(conn, [county], id)
        note(conn, who=who, source=source, action=Action.changeset_return, area=returned.area)
        return returned

    return CarriedOut(store.retrying(work, ALL.settings()), why)
