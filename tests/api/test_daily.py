"""The daily job: once a day, in one process, as the service's role; made up for later, and tried again."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from api.daily import Daily, due_at
from gis.access import audit, retention
from gis.access.retention import Run
from gis.access.scope import ALL
from gis.cells import changesets, history
from gis.cells.editing.operations import SetAttributes
from gis.storage.engine import Store, make_engine
from tests.gis.access.conftest import app as app
from tests.gis.access.test_retention import ONE, TODAY, days_before, record, visit_on, visits
from tests.gis.world import build, cell_code

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def county(app: Store, store: Store) -> Store:
    """A visit that is over, and one of today."""
    with store.begin() as conn:
        build(conn, {1: 1})
    record(store, visit_on(days_before(1), ONE), visit_on(TODAY, ONE))
    return store


def runs(store: Store) -> list[Run]:
    with store.read() as conn:
        return retention.runs(conn, 100)


@pytest.mark.parametrize(
    ("finished", "due"),
    [
        ("2026-11-22T03:00:01", "2026-11-23T03:00"),
        ("2026-11-22T10:00", "2026-11-23T03:00"),
        ("2026-11-23T01:00", "2026-11-23T03:00"),
        ("2026-10-01T03:00:01", "2026-10-02T03:00"),
    ],
)
def test_due_at_the_first_quiet_hour_after_the_last_run(finished: str, due: str) -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=ZONE)
    assert due_at(datetime.fromisoformat(finished).replace(tzinfo=ZONE), now, ZONE) == datetime.fromisoformat(
        due
    ).replace(tzinfo=ZONE)
    assert due_at(None, now, ZONE) == now


def test_once_a_day_and_made_up_for(county: Store, app: Store) -> None:
    daily = Daily(app)
    assert 0 < daily.look() <= 3600
    assert visits(county) == [(ONE, TODAY)]
    assert [each.removed["visits"] for each in runs(county)] == [1]
    daily.look()
    assert len(runs(county)) == 1
    with county.begin() as conn:  # the service was off for two days
        conn.execute(text("UPDATE everycell.retention_run SET ran_at = ran_at - interval '50 hours'"))
    daily.look()
    assert len(runs(county)) == 2


def test_the_wait_ends_when_it_is_due(county: Store, app: Store) -> None:
    with county.begin() as conn:
        retention.run(county, TODAY)
        begun = datetime(2026, 3, 1, 12, tzinfo=ZONE)
        conn.execute(text("UPDATE everycell.retention_run SET ran_at = :at"), {"at": begun})
    soon = datetime(2026, 3, 2, 2, 50, tzinfo=ZONE)
    assert Daily(app, clock=lambda: soon).look() == 600
    assert Daily(app, clock=lambda: soon - timedelta(hours=5)).look() == 3600


def test_several_processes_do_it_once(county: Store, app: Store) -> None:
    threads = [threading.Thread(target=Daily(app).look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.removed["visits"] for each in runs(county)) == 1
    assert all(each.finished for each in runs(county))


def test_a_failure_is_logged_and_tried_again(county: Store, app: Store, caplog: pytest.LogCaptureFixture) -> None:
    with county.begin() as conn:
        conn.execute(text("REVOKE EXECUTE ON FUNCTION everycell.retire_sessions() FROM everycell_app"))
    daily = Daily(app)
    with caplog.at_level(logging.ERROR):
        assert 0 < daily.look() <= 3600
    assert "permission denied for function retire_sessions" in caplog.text
    assert [each.finished for each in runs(county)] == [False]
    with county.begin() as conn:
        conn.execute(text("GRANT EXECUTE ON FUNCTION everycell.retire_sessions() TO everycell_app"))
    daily.look()
    assert [each.finished for each in runs(county)] == [True, False]


def test_a_database_that_is_gone_is_asked_again_in_a_minute(
    app: Store, caplog: pytest.LogCaptureFixture, free_tcp_port: int
) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_tcp_port}/nothing"
    gone = Store(make_engine(url, app.settings), app.settings)
    with caplog.at_level(logging.WARNING):
        assert Daily(gone).look() == 60
    assert [each.levelname for each in caplog.records] == ["WARNING"] * 3
    assert all("in a minute: the database does not answer" in each.message for each in caplog.records)


def test_the_thread_works_and_ends(county: Store, app: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    run = retention.run

    def seen(*args: object, **kw: object) -> Run:
        try:
            return run(*args, **kw)  # type: ignore[arg-type]
        finally:
            done.set()

    monkeypatch.setattr(retention, "run", seen)
    daily = Daily(app, after_start_s=0)
    daily.start()
    assert done.wait(60)
    daily.close()
    assert [each.finished for each in runs(county)] == [True]
    never = Daily(app)
    never.close()


def test_a_stop_ends_the_run_after_its_transaction(county: Store, app: Store) -> None:
    daily = Daily(app)
    daily.close()
    assert 0 < daily.look() <= 3600
    assert [each.finished for each in runs(county)] == [False]
    assert datetime.now(UTC) > runs(county)[0].ran_at


def test_what_is_scheduled_is_carried_out_on_its_day(county: Store, app: Store) -> None:
    """At the first look after midnight where the county is; several processes do it once."""
    day = TODAY + timedelta(days=5)
    told, editor = ALL.settings(), changesets.Editor("li", ALL.settings())
    with county.begin(told) as conn:
        draft = changesets.open_draft(conn, editor, area="990101", title="新路")
        op = SetAttributes(cell_code(1), "新名")
        draft = changesets.add_operations(conn, editor, draft, [op]).changeset
        changesets.publish(conn, editor, draft, today=TODAY, valid_from=day)

    def names() -> set[str]:
        with county.read() as conn:
            return set(conn.execute(text("SELECT name FROM everycell.cell")).scalars())

    evening = datetime.combine(day, datetime.min.time(), ZONE) - timedelta(minutes=10)
    assert Daily(app, clock=lambda: evening).look() == 600
    assert "新名" not in names()
    threads = [
        threading.Thread(target=Daily(app, clock=lambda: evening + timedelta(minutes=11)).look) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "新名" in names()
    with county.read() as conn:
        entries = [entry for entry in audit.latest(conn, 50) if entry.action.startswith("changeset")]
        assert [(entry.who, entry.action, entry.detail["revision"]) for entry in entries] == [
            ("service", "changeset_publish", 2)
        ]
        version = history.versions(conn, cell_code(1))[-1]
    assert (version.name, version.valid_from) == ("新名", day)
