"""The packed histogram: arrays whose subscript is a day, moved in place, never below zero."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gis.households.check import check
from gis.households.load import FIRST_DAY, LAST_DAY, load_dwellings
from gis.households.visits import record_visits
from gis.storage.engine import Store, sqlstate
from tests.examples import examples
from tests.gis.world import COUNTY, SETTINGS, TODAY, build, cell_code, dwellings, visit

DAYS = st.lists(st.integers(-40, 40), max_size=30)
MOVED = text(
    "SELECT moved, array_lower(moved, 1) AS first"
    " FROM everycell.moved(everycell.moved('{}', NULL, CAST(:stand AS integer[])), CAST(:left AS integer[]),"
    " CAST(:came AS integer[])) AS moved"
)
OLD_HOUSE = "UPDATE everycell.household SET registered_on = '1989-12-31' WHERE code = '990101-D001-0000-00'"


def test_days_are_counted_like_a_counter(store: Store) -> None:
    with store.engine.connect() as conn:

        @settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
        @given(stand=DAYS, came=DAYS, data=st.data())
        def moves(stand: list[int], came: list[int], data: st.DataObject) -> None:
            left = data.draw(st.permutations(stand))[: data.draw(st.integers(0, len(stand)))]
            found = conn.execute(MOVED, {"stand": stand, "left": left or None, "came": came or None}).one()
            expected = Counter(stand)
            expected.subtract(left)
            expected.update(came)
            days = sorted(day for day, number in expected.items() if number)
            assert found.first == (days[0] if days else None)
            assert found.moved == ([expected[day] for day in range(days[0], days[-1] + 1)] if days else [])

        moves()


@pytest.mark.parametrize("day", [7, 8, 10, -3])
def test_nobody_leaves_a_day_on_which_nobody_stands(store: Store, day: int) -> None:
    """Inside the array and on both sides of it."""
    with pytest.raises(DBAPIError, match="run everycell check") as caught, store.begin() as conn:
        conn.execute(text("SELECT everycell.moved('[6:9]={1,0,0,2}', ARRAY[:day], NULL)"), {"day": day})
    assert sqlstate(caught.value) == "EC003"


def test_a_miscount_stops_the_batch(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 1})
        conn.execute(text("UPDATE everycell.coverage_histogram SET never_reached = 0, never_contacted = 0"))
    with pytest.raises(DBAPIError, match="ck_coverage_histogram_never"), store.begin() as conn:
        record_visits(conn, [visit("990101-D001-0000-00")], SETTINGS)
    with store.begin() as conn:
        conn.execute(text("DELETE FROM everycell.coverage_histogram"))
    with pytest.raises(DBAPIError, match="has no histogram: run everycell check"), store.begin() as conn:
        record_visits(conn, [visit("990101-D001-0000-00")], SETTINGS)
    with pytest.raises(DBAPIError, match="has no histogram: run everycell check"), store.begin() as conn:
        conn.execute(text("UPDATE everycell.household SET status = 'exempt'"))
    with store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM everycell.visit")).scalar() == 0
        assert {d.kind for d in check(conn, SETTINGS)} == {"histogram"}


@pytest.mark.parametrize(
    "damage",
    [
        "due[array_lower(due, 1)] = -1",
        "reached = '{0,1}'",
        "never_reached = known + 1",
        "never_contacted = -1",
    ],
)
def test_an_impossible_histogram_is_refused(store: Store, damage: str) -> None:
    with store.begin() as conn:
        build(conn, {1: 2})
    with pytest.raises(DBAPIError, match="ck_coverage_histogram_"), store.begin() as conn:
        conn.execute(text(f"UPDATE everycell.coverage_histogram SET {damage} WHERE known > 0"))


def test_the_view_shows_the_days(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 1}, units=3)
        record_visits(conn, [visit("990101-D001-0000-00", 3), visit("990101-D001-0000-01", 9, "no_answer")], SETTINGS)
    with store.read() as conn:
        rows = conn.execute(text("SELECT cell, kind, day::text, households FROM everycell.coverage_day")).all()
    registered, three, nine = (TODAY - timedelta(days=n) for n in (200, 3, 9))
    due, due_later = registered + timedelta(days=90), three + timedelta(days=90)
    assert sorted(map(tuple, rows)) == [
        (cell_code(1), "contact", "-infinity", 1),
        (cell_code(1), "contact", str(nine), 1),
        (cell_code(1), "contact", str(three), 1),
        (cell_code(1), "due", str(due), 2),
        (cell_code(1), "due", str(due_later), 1),
        (cell_code(1), "reached", "-infinity", 2),
        (cell_code(1), "reached", str(three), 1),
    ]


def test_arrays_end_where_households_stand(store: Store) -> None:
    """Days that all have left are cut off at both ends, so that arrays do not grow with the years."""
    with store.begin() as conn:
        build(conn, {1: 1}, units=2)
    for days in (400, 90, 20):
        with store.begin() as conn:
            record_visits(conn, [visit(f"990101-D001-0000-0{u}", days - u) for u in (0, 1)], SETTINGS)
    with store.read() as conn:
        row = conn.execute(text("SELECT * FROM everycell.coverage_histogram WHERE known > 0")).one()
    assert (row.known, row.never_reached, row.never_contacted) == (2, 0, 0)
    assert row.reached == row.contact == row.due == [1, 1]


@pytest.mark.parametrize("column", ["registered_on", "reached_before", "contact_before"])
def test_days_out_of_range_are_rejected_by_row_and_column(store: Store, column: str) -> None:
    doors, homes = dwellings({1: 2}, units=2)
    homes[column] = [FIRST_DAY, FIRST_DAY - timedelta(days=1), date(1900, 1, 1), LAST_DAY + timedelta(days=1)]
    with store.begin() as conn:
        build(conn)
        report = load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=TODAY)
        stored = conn.execute(text("SELECT code FROM everycell.doorplate")).scalars().all()
    assert (report.inserted, report.updated, report.unchanged) == (1, 0, 0)
    assert [(reject.row, reject.column) for reject in report.rejects] == [(2, column), (3, column), (4, column)]
    assert report.rejects[0].reason == "lies before 1990-01-01 or after 2099-12-31"
    assert stored == ["990101-D001-0000"]
    with pytest.raises(DBAPIError, match="ck_household_days"), store.begin() as conn:
        conn.execute(text(OLD_HOUSE))
    with store.read() as conn:
        assert list(check(conn, SETTINGS)) == []
