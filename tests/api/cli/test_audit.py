"""everycell audit verify, list, export: what a person in a shell sees."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.cli import app as command
from gis.access import audit
from gis.access.audit import Action
from gis.errors import BadInput
from gis.settings import settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service


@pytest.fixture
def noted(store: Store, cluster: Cluster, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Three entries, and the command line pointed at them."""
    with as_service(store), store.begin() as conn:
        for action, rows in ((Action.read_doors, 12), (Action.export, 3)):
            audit.note(conn, who="account:li", source="10.0.0.7", action=action, area="990101", detail={"rows": rows})
        audit.note_shell(conn, Action.check)
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    yield store
    settings.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["audit", *arguments])


def entries(store: Store) -> list[audit.Entry]:
    with store.read() as conn:
        return list(audit.export(conn))


def tamper(store: Store, statement: str) -> None:
    with store.begin() as conn:
        conn.execute(text("ALTER TABLE everycell.audit DISABLE TRIGGER ALL"))
        conn.execute(text(statement))


def test_verify_prints_the_last_hash_and_finds_it_again(noted: Store) -> None:
    found = run("verify")
    last = entries(noted)[-1]
    assert found.exit_code == 0
    assert found.output.splitlines() == ["the audit is unbroken", f"last: {last.day} entry {last.seq} {last.hash}"]
    assert "that of" in run("verify", "--hash", last.hash, "--day", str(last.day)).output
    tamper(noted, f"DELETE FROM everycell.audit WHERE hash = decode('{last.hash}', 'hex')")
    assert run("verify").exit_code == 0
    cut = run("verify", "--hash", last.hash)
    assert (cut.exit_code, "cut off" in cut.output) == (1, True)


def test_verify_names_the_first_break(noted: Store) -> None:
    second = entries(noted)[1]
    tamper(noted, f"UPDATE everycell.audit SET who = 'nobody' WHERE hash = decode('{second.hash}', 'hex')")
    found = run("verify")
    assert found.exit_code == 1
    assert found.output.startswith(f"the audit is broken at {second.day} entry {second.seq}: it was changed")
    other = run("verify", "--day", "2020-01-01")
    assert (other.exit_code, other.output.splitlines()[0]) == (0, "nothing was noted on 2020-01-01")


def test_list_shows_the_last(noted: Store) -> None:
    shown = run("list", "-n", "2").output
    assert "rows=3" in shown
    assert "rows=12" not in shown


def test_export_in_both_forms_is_noted(noted: Store, tmp_path: Path) -> None:
    table, lines = tmp_path / "audit.csv", tmp_path / "audit.ndjson"
    assert run("export", "-o", str(table)).exit_code == 0
    assert run("export", "-o", str(lines), "--format", "ndjson").exit_code == 0
    stored = entries(noted)
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert [row["hash"] for row in rows] == [e.hash for e in stored[:3]]
    assert json.loads(rows[0]["detail"]) == {"rows": 12}
    documents = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [d["hash"] for d in documents] == [e.hash for e in stored[:4]]
    assert documents[0]["at"] == stored[0].at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert [(e.action, e.detail) for e in stored[3:]] == [
        ("export", {"what": "audit", "format": "csv", "rows": 3}),
        ("export", {"what": "audit", "format": "ndjson", "rows": 4}),
    ]
    assert sorted(tmp_path.iterdir()) == [table, lines]
    assert run("verify").exit_code == 0


def test_export_of_other_days_is_empty(noted: Store, tmp_path: Path) -> None:
    file = tmp_path / "audit.ndjson"
    assert run("export", "-o", str(file), "--format", "ndjson", "--to", "2020-01-01").exit_code == 0
    assert file.read_text() == ""
    wrong = run("export", "-o", str(file), "--from", "yesterday")
    assert isinstance(wrong.exception, BadInput)
    assert wrong.exception.field == "--from"
    backwards = run("export", "-o", str(file), "--from", "2026-11-02", "--to", "2026-11-01")
    assert isinstance(backwards.exception, BadInput)
    assert backwards.exception.field == "--to"
    nowhere = run("export", "-o", str(tmp_path / "nowhere" / "audit.csv"))
    assert isinstance(nowhere.exception, BadInput)
    assert nowhere.exception.field == "--output"
