"""Visits in, figures out: whatever the order, repetition or concurrency, the figures equal a recount."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from gis.codes import Level
from gis.households.check import check
from gis.households.coverage import coverage
from gis.households.visits import record_visits
from gis.storage.engine import Store
from tests.conftest import Filled
from tests.gis.world import COUNTY, SETTINGS, TODAY, build, cell_code, visit

MOVE = "UPDATE everycell.doorplate SET geom = ST_Translate(geom, :by, 0) WHERE code LIKE '%D002-0001'"


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("households_visits_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 5, 2: 4, 3: 3}, units=2)


def differences(store: Store) -> list[object]:
    with store.read() as conn:
        return list(check(conn, SETTINGS))


def total(store: Store, since: date) -> tuple[int, ...]:
    with store.read() as conn:
        t = coverage(conn, area=None, level=Level.cell, since=since, today=TODAY).total
    return t.known, t.reached, t.tried, t.never, t.overdue


def test_fresh_county_is_all_never(county: Store) -> None:
    # Registered 200 days ago with an interval of 90: all are overdue.
    assert total(county, TODAY - timedelta(days=30)) == (24, 0, 0, 24, 24)
    assert differences(county) == []


def test_visits_move_the_figures(county: Store) -> None:
    code = "990101-D001-0000-00"
    with county.begin() as conn:
        result = record_visits(conn, [visit(code, 3), visit("990101-D001-0001-00", 2, "no_answer")], SETTINGS)
    assert (result.accepted, result.repeated, result.refused) == (2, 0, [])
    assert total(county, TODAY - timedelta(days=3)) == (24, 1, 1, 23, 23)
    assert total(county, TODAY - timedelta(days=2)) == (24, 0, 1, 23, 23)
    assert differences(county) == []


def test_older_visit_does_not_move_a_date_back(county: Store) -> None:
    code = "990101-D001-0000-00"
    for days in (3, 40, 1, 40):
        with county.begin() as conn:
            record_visits(conn, [visit(code, days)], SETTINGS)
    assert total(county, TODAY - timedelta(days=1))[1] == 1
    assert differences(county) == []


def test_repeat_and_conflict(county: Store) -> None:
    one = visit("990101-D001-0000-00", 3)
    other = visit("990101-D001-0000-00", 35, id=one.id)  # another month: another partition
    with county.begin() as conn:
        assert record_visits(conn, [one], SETTINGS).accepted == 1
    with county.begin() as conn:
        result = record_visits(conn, [one, other, visit("990101-nowhere")], SETTINGS)
    assert result.repeated == 1
    assert [(r.index, r.code) for r in result.refused] == [(1, "conflict"), (2, "unknown-household")]
    assert differences(county) == []


def test_same_id_twice_in_one_batch(county: Store) -> None:
    one = visit("990101-D001-0000-00", 3)
    other = visit("990101-D002-0000-00", 3, id=one.id)
    with county.begin() as conn:
        result = record_visits(conn, [one, one, other], SETTINGS)
    assert (result.accepted, result.repeated, [r.code for r in result.refused]) == (1, 1, ["conflict"])


def test_two_visits_of_one_household_in_one_batch_are_both_kept(county: Store) -> None:
    code = "990101-D001-0000-00"
    with county.begin() as conn:
        assert record_visits(conn, [visit(code, 3), visit(code, 3, hour=11), visit(code, 5)], SETTINGS).accepted == 3
    with county.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM everycell.visit")).scalar() == 3
    assert differences(county) == []


def test_day_is_the_day_where_the_county_is(county: Store) -> None:
    with county.begin() as conn:
        record_visits(conn, [visit("990101-D001-0000-00", 0, hour=1)], SETTINGS)  # 17:00 UTC of the day before
        assert conn.execute(text("SELECT visited_on FROM everycell.visit")).scalar() == TODAY
    assert differences(county) == []


def test_insert_past_the_function_is_refused(county: Store) -> None:
    with pytest.raises(Exception, match="record_visits"), county.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO everycell.visit SELECT county, gen_random_uuid(), current_date, id, now(), 'reached',"
                " 'T01', 'routine' FROM everycell.household LIMIT 1"
            )
        )


def test_update_and_delete_of_a_visit(county: Store) -> None:
    code = "990101-D001-0000-00"
    with county.begin() as conn:
        record_visits(conn, [visit(code, 3), visit(code, 10), visit(code, 1, "no_answer")], SETTINGS)
    with county.begin() as conn:
        conn.execute(text("DELETE FROM everycell.visit WHERE visited_on = :d"), {"d": TODAY - timedelta(days=3)})
    assert differences(county) == []
    assert total(county, TODAY - timedelta(days=9))[1:3] == (0, 1)
    with county.begin() as conn:
        conn.execute(text("UPDATE everycell.visit SET outcome = 'reached' WHERE outcome = 'no_answer'"))
    assert differences(county) == []
    with county.begin() as conn:  # into another partition
        conn.execute(text("SELECT everycell.ensure_visit_months(ARRAY[:d]::date[])"), {"d": TODAY - timedelta(days=31)})
        conn.execute(
            text(
                "UPDATE everycell.visit SET visited_on = visited_on - 30, visited_at = visited_at - interval '30 days'"
                " WHERE visited_on = :d"
            ),
            {"d": TODAY - timedelta(days=1)},
        )
    assert differences(county) == []


def test_household_changes_from_any_client(county: Store) -> None:
    with county.begin() as conn:
        record_visits(conn, [visit("990101-D001-0000-00", 3), visit("990101-D002-0000-00", 4)], SETTINGS)
    statements = (
        "UPDATE everycell.household SET status = 'exempt' WHERE code = '990101-D001-0000-00'",
        "UPDATE everycell.household SET interval_days = 10 WHERE code = '990101-D002-0000-00'",
        "UPDATE everycell.household SET reached_before = DATE '2026-10-01' WHERE code = '990101-D003-0000-00'",
        "UPDATE everycell.household SET last_reached_on = DATE '2026-10-01' WHERE code = '990101-D003-0001-00'",
        "UPDATE everycell.household h SET doorplate = d.id FROM everycell.doorplate d"
        " WHERE d.code = '990101-D003-0000' AND h.code = '990101-D002-0000-00'",
        "DELETE FROM everycell.household WHERE code = '990101-D001-0003-01'",
        "INSERT INTO everycell.household (county, code, doorplate, interval_days, registered_on)"
        " SELECT county, '990101-new', id, 30, DATE '2026-01-01' FROM everycell.doorplate LIMIT 1",
        "UPDATE everycell.doorplate SET geom = ST_Translate(geom, 0.01, 0) WHERE code = '990101-D001-0000'",
        "UPDATE everycell.household SET status = 'active' WHERE code = '990101-D001-0000-00'",
    )
    for statement in statements:
        with county.begin() as conn:
            assert conn.execute(text(statement)).rowcount == 1
        assert differences(county) == [], statement
    with county.read() as conn:
        moved = conn.execute(text("SELECT cell FROM everycell.doorplate WHERE code = '990101-D001-0000'")).scalar()
    assert moved == cell_code(2)


def test_a_doorplate_outside_the_county_is_refused(county: Store) -> None:
    with pytest.raises(Exception, match="ORPHAN_HOUSEHOLD"), county.begin() as conn:
        conn.execute(text("UPDATE everycell.doorplate SET geom = ST_Translate(geom, 5, 0)"))
    assert differences(county) == []


def test_revision_of_the_touched_cells_only(county: Store) -> None:
    def revisions() -> dict[str, int]:
        with county.read() as conn:
            rows = conn.execute(text("SELECT cell, revision FROM everycell.cell_revision"))
            return {row.cell: row.revision for row in rows}

    before = revisions()
    with county.begin() as conn:
        record_visits(conn, [visit("990101-D002-0001-00")], SETTINGS)
    changed = {cell for cell, revision in revisions().items() if revision != before[cell]}
    assert changed == {cell_code(2)}


@pytest.mark.parametrize("rounds", [8])
def test_concurrent_batches_in_opposite_order(county: Store, rounds: int) -> None:
    codes = [f"990101-D00{c}-000{k}-0{u}" for c in (1, 2, 3) for k in range(3) for u in (0, 1)]
    failures: list[BaseException] = []

    def work(order: list[str], offset: int) -> None:
        try:
            for n in range(rounds):
                batch = [visit(code, (n + offset) % 60) for code in order]
                county.retrying(lambda conn, batch=batch: record_visits(conn, batch, SETTINGS))  # type: ignore[misc]
        except BaseException as error:  # noqa: BLE001 - reported by the main thread
            failures.append(error)

    def edit() -> None:
        try:
            for n in range(rounds):
                county.retrying(
                    lambda conn, n=n: conn.execute(  # type: ignore[misc]
                        text(MOVE),
                        {"by": 0.01 if n % 2 == 0 else -0.01},
                    )
                )
        except BaseException as error:  # noqa: BLE001 - reported by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(codes, 0)), threading.Thread(target=work, args=(codes[::-1], 7))]
    threads += [threading.Thread(target=edit), threading.Thread(target=work, args=(codes[3:12], 13))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with county.read() as conn:
        recorded = conn.execute(text("SELECT count(*) FROM everycell.visit WHERE county = :c"), {"c": COUNTY}).scalar()
    assert recorded == rounds * (2 * len(codes) + 9)
    assert differences(county) == []


def test_same_id_for_two_households_at_the_same_moment(county: Store) -> None:
    """Exactly one wins, also when the two fall into different months and lock different cells."""
    for _ in range(10):
        shared = uuid4()
        results = []

        def send(code: str, days: int, shared=shared, results=results) -> None:  # type: ignore[no-untyped-def]
            results.append(county.retrying(lambda conn: record_visits(conn, [visit(code, days, id=shared)], SETTINGS)))

        threads = [
            threading.Thread(target=send, args=("990101-D001-0000-00", 1)),
            threading.Thread(target=send, args=("990101-D002-0000-00", 40)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(r.accepted for r in results) == [0, 1]
    assert differences(county) == []


def test_a_deleted_visit_does_not_come_back(county: Store) -> None:
    sent = visit("990101-D001-0000-00", 3)
    for expected in ((1, 0), (0, 0)):
        with county.begin() as conn:
            result = record_visits(conn, [sent], SETTINGS)
            conn.execute(text("DELETE FROM everycell.visit"))
        assert (result.accepted, result.repeated) == expected
    assert [r.code for r in result.refused] == ["conflict"]
    assert differences(county) == []


def test_ids_settle_and_are_still_used_once(store: Store) -> None:
    """New ids are in the small table, then in the large one; repeated and deleted visits are known in either."""
    with store.begin() as conn:
        build(conn, {1: 3})
        visits = [visit(f"990101-D001-{door:04}-00", days_ago=1) for door in range(3)]
        assert record_visits(conn, visits, SETTINGS).accepted == 3
        conn.execute(text("DELETE FROM everycell.visit WHERE id = :id"), {"id": visits[2].id})
    for settled in (3, 0):
        with store.begin() as conn:
            assert conn.scalar(text("SELECT everycell.settle_visit_ids(990101)")) == settled
            assert conn.scalar(text("SELECT count(*) FROM everycell.recent_visit_id")) == 0
        with store.begin() as conn:
            again = record_visits(conn, visits, SETTINGS)
            other = record_visits(conn, [replace(visits[0], team="T02")], SETTINGS)
        assert (again.accepted, again.repeated, [r.code for r in again.refused]) == (0, 2, ["conflict"])
        assert [r.code for r in other.refused] == ["conflict"]
        assert differences(store) == []


def test_ids_do_not_settle_while_visits_are_recorded(store: Store) -> None:
    """What looks for an id must not miss it between the tables: who settles waits, and gives up after a second."""
    with store.begin() as conn:
        build(conn, {1: 1})
    with store.begin() as conn:
        record_visits(conn, [visit("990101-D001-0000-00", days_ago=1)], SETTINGS)
        with pytest.raises(OperationalError, match="lock timeout"), store.begin() as other:
            other.execute(text("SELECT everycell.settle_visit_ids(990101)"))
    with store.begin() as conn:
        assert conn.scalar(text("SELECT everycell.settle_visit_ids(990101)")) == 1
