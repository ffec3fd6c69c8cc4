"""everycell retention run, list: what a person in a shell sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.cli import app as command
from gis.access import audit
from gis.errors import BadInput
from gis.settings import settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service
from tests.gis.access.test_retention import KEPT_FROM, ONE, TODAY, TWO, days_before, record, visit_on, visits
from tests.gis.world import build


@pytest.fixture
def county(store: Store, cluster: Cluster, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Two old visits in one month, one of today, and the command line pointed at them."""
    with as_service(store), store.begin() as conn:
        build(conn, {1: 3})
    old = days_before(40).replace(day=2)
    record(store, visit_on(old, ONE), visit_on(old, TWO), visit_on(TODAY, ONE))
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    yield store
    settings.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["retention", *arguments])


def shown(output: str) -> dict[str, str]:
    """The rows of a table of two columns."""
    cells = ([cell.strip() for cell in line.strip("│┃").split("│")] for line in output.splitlines() if "│" in line)
    return dict(cells)


def test_a_dry_run_tells_what_a_run_then_removes(county: Store) -> None:
    assert "no run yet" in run("list").output
    planned = run("run", "--dry-run")
    assert planned.exit_code == 0, planned.output
    month = f"visits of {days_before(40):%Y-%m}"
    assert shown(planned.output)["visits"] == shown(planned.output)[month] == "2"
    assert len(visits(county)) == 3
    done = run("run")
    assert done.exit_code == 0, done.output
    assert f"kept from {KEPT_FROM} on" in done.output
    assert shown(done.output) == {what: n for what, n in shown(planned.output).items() if what != month}
    assert visits(county) == [(ONE, TODAY)]
    assert "no difference" in CliRunner().invoke(command, ["check"]).output
    listed = run("list").output
    assert "finished" in listed
    assert "2 visits" in listed
    assert str(KEPT_FROM) in listed
    with county.read() as conn:
        entry = audit.latest(conn, 1)[0]
    assert (entry.action, entry.source, entry.detail["visits"]) == ("retention", "shell", 2)


def test_other_days(county: Store) -> None:
    later = str(TODAY + timedelta(days=400))
    assert shown(run("run", "--dry-run", "--today", later).output)["visits"] == "3"
    refused = run("run", "--today", later)
    assert isinstance(refused.exception, BadInput)
    assert refused.exception.field == "--today"
    earlier = run("run", "--today", str(days_before(100, TODAY)))
    assert shown(earlier.output)["visits"] == "0"
    assert len(visits(county)) == 3


def test_an_interrupted_run_is_listed_as_such(county: Store) -> None:
    with county.begin() as conn:
        conn.execute(text("SELECT everycell.begin_retention(:d)"), {"d": KEPT_FROM})
    assert "interrupted" in run("list").output
