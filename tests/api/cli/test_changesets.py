"""everycell changeset list|show|publish|undo|due: what a person in a shell sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.cli import app as command
from gis.access import audit
from gis.access.scope import ALL
from gis.cells import changesets, history
from gis.cells.changesets import ChangeSet, Editor
from gis.cells.editing.operations import Merge, Operation, SetAttributes
from gis.errors import BadInput, NotFound
from gis.households.coverage import today_in
from gis.settings import settings
from gis.storage.engine import Store, as_service
from tests.gis.world import SETTINGS, build, cell_code

TODAY = today_in(SETTINGS)


@pytest.fixture
def county(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with as_service(store), store.begin() as conn:
        build(conn, {1: 3})
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    yield store
    settings.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["changeset", *arguments])


def draft(store: Store, *ops: Operation) -> ChangeSet:
    editor = Editor("li", ALL.settings())
    with store.begin(ALL.settings()) as conn:
        made = changesets.open_draft(conn, editor, area="990101", title="新路 [bold]")
        return changesets.add_operations(conn, editor, made, ops).changeset


def live(store: Store) -> list[str]:
    with store.read() as conn:
        return list(history.grid_of(conn, "990101").cells)


def its_day_comes(store: Store, made: ChangeSet) -> None:
    with store.begin() as conn:
        statement = text("UPDATE everycell.changeset SET valid_from = :day WHERE id = :id")
        conn.execute(statement, {"day": TODAY, "id": made.id})


def test_a_draft_is_listed_shown_published_and_taken_back(county: Store) -> None:
    made = draft(county, Merge((cell_code(1), cell_code(2)), cell_code(1)))
    listed = run("list", "--status", "draft").output
    assert str(made.id)[:8] in listed
    assert "新路 [bold]" in listed
    shown = run("show", str(made.id)).output
    assert '"op": "merge"' in shown
    assert "begun by li" in shown
    done = run("publish", str(made.id))
    assert (done.exit_code, f"published, valid from {TODAY}" in done.output) == (0, True), done.output
    assert cell_code(2) not in live(county)
    assert run("undo", str(made.id)).exit_code == 0
    assert cell_code(2) in live(county)
    assert "published 3" in run("list", "--area", "990101100201").output
    with county.read() as conn:
        actions = [(entry.action, entry.source) for entry in audit.latest(conn, 2)]
        by = conn.execute(text("SELECT created_by FROM everycell.changeset WHERE undoes IS NOT NULL")).scalar_one()
    assert actions == [("changeset_publish", "shell"), ("changeset_undo", "shell")]
    assert by.startswith("shell:")


def test_a_day_to_come(county: Store) -> None:
    made = draft(county, SetAttributes(cell_code(1), "新名"))
    day = TODAY + timedelta(days=1)
    assert f"is scheduled, valid from {day}" in run("publish", str(made.id), "--from", str(day)).output
    assert "nothing is due" in run("due").output
    refused = run("due", "--today", str(day))
    assert isinstance(refused.exception, BadInput)
    its_day_comes(county, made)
    assert f"change set {made.id} is published" in run("due").output


def test_what_cannot_be_carried_out_is_said(county: Store) -> None:
    made = draft(county, SetAttributes(cell_code(1), "新名"))
    run("publish", str(made.id), "--from", str(TODAY + timedelta(days=1)))
    other = draft(county, SetAttributes(cell_code(1), "别名"))
    run("publish", str(other.id))
    its_day_comes(county, made)
    done = run("due")
    assert done.exit_code == 1
    assert "is a draft again: cells were changed by somebody else" in " ".join(done.output.split())


def test_unknown_ones(county: Store) -> None:
    assert "no change sets yet" not in run("list").output, "the import is one"
    for asked, error in (("x", BadInput), (str(uuid4()), NotFound)):
        assert isinstance(run("show", asked).exception, error)
