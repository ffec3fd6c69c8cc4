"""Cases past their date: counted as they were when the month ended, published once, and never telling of 1 to 4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gis.access.audit import latest
from gis.access.scope import Grant, Role, Scope
from gis.disputes.disclosure import Registered, kept_back
from gis.disputes.merging import is_small
from gis.disputes.overdue import overdue_cases, publish_overdue
from gis.disputes.periods import period_of
from gis.disputes.publication import publish_due
from gis.disputes.stages import stood
from gis.disputes.standing import Revisited, Stage
from gis.disputes.workflow import State
from gis.storage.engine import Store, as_service
from tests.conftest import Filled
from tests.gis.disputes.counting import COUNTY, TOWNS, VILLAGES, fill
from tests.gis.disputes.places import THROUGH, TOLD, become

MARCH: Final = datetime(2025, 3, 1, 4, tzinfo=UTC)


def fill_overdue(store: Store) -> None:
    """Half of the cases of January are dealt with, of which some are settled in time, some before the end of May."""
    fill(store)
    with store.begin(TOLD) as conn:
        january = conn.execute(
            text("SELECT id FROM everycell.dispute WHERE counted_on < '2025-03-01' ORDER BY cell, id")
        ).scalars()
        for n, dispute in enumerate(list(january)):
            if n % 6:
                become(conn, dispute, State.accepted, State.in_mediation, at=MARCH)
            if n % 6 == 1:
                become(conn, dispute, State.agreed_written, at=MARCH + timedelta(days=20))
            if n % 6 == 2:
                become(conn, dispute, State.agreed_written, at=MARCH + timedelta(days=80))


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("cases_overdue", fill_overdue) as (store, _):
        yield store


def truth(conn: Connection, at: str) -> Counter[str]:
    """How many were past their date at an instant, by every area they lie in, case by case."""
    rows = conn.execute(
        text(
            "SELECT d.cell, (array_agg(e.state ORDER BY e.seq DESC))[1] AS state,"
            " (array_agg(e.due_at ORDER BY e.seq DESC))[1] AS due_at FROM everycell.dispute d"
            " JOIN everycell.dispute_event e ON e.dispute = d.id WHERE e.at < CAST(:at AS timestamptz)"
            " GROUP BY d.id, d.cell"
        ),
        {"at": at},
    )
    end = datetime.fromisoformat(at)
    late = [r.cell for r in rows if r.state in ("accepted", "in_mediation") and r.due_at <= end]
    return Counter(cell[:digits] for cell in late for digits in (6, 9, 12))


def test_what_was_past_its_date_when_a_month_ended(county: Store) -> None:
    with as_service(county) as service:
        assert publish_overdue(service, date(2025, 1, 20)) == []  # no month of it is over
        publish_due(service, date(2025, 5, 3))
        assert publish_overdue(service, date(2025, 5, 3)) == [(COUNTY, period_of("2025-04"))]
        assert publish_overdue(service, date(2025, 5, 30)) == []
        publish_due(service, date(2025, 7, 2))
        assert publish_overdue(service, date(2025, 7, 2)) == [(COUNTY, period_of("2025-06"))]
    with county.read(TOLD) as conn:
        april, june = truth(conn, "2025-05-01T00:00+08:00"), truth(conn, "2025-07-01T00:00+08:00")
        stored = {
            (row.month.month, row.area): row.number
            for row in conn.execute(text("SELECT month, area, number FROM everycell.case_overdue_figure"))
        }
        assert latest(conn, 1)[0].detail == {"month": "2025-06", "kind": "overdue"}
    assert april["990101"] > june["990101"] > 4
    areas = ["990101", *TOWNS, *VILLAGES]
    assert sorted(stored) == sorted((month, area) for month in (4, 6) for area in areas)
    for (month, area), number in stored.items():
        assert number in (None, {4: april, 6: june}[month][area])
    assert stored[4, "990101"] == april["990101"]
    assert {1, 2, 3, 4}.isdisjoint(set(stored.values()))
    # Nothing of a year that is not over is published of villages: their numbers would be the first to tell of it.
    assert {stored[4, village] for village in VILLAGES} <= {None, 0}
    for statement in (
        "UPDATE everycell.case_overdue_figure SET number = 5",
        "DELETE FROM everycell.case_overdue_release",
    ):
        with pytest.raises(DBAPIError, match="not changed"), county.begin() as conn:
            conn.execute(text(statement))


def test_how_the_cases_of_a_month_stood_when_it_ended(filled: Filled) -> None:
    """Those of April, by what had happened until the first of May; of the revisits those that were due in April."""
    with filled.copy("cases_of_2025", fill) as (store, _):
        with store.begin(TOLD) as conn:
            rows = conn.execute(
                text(
                    "SELECT id FROM everycell.dispute WHERE counted_on = '2025-04-01' AND category <> 'family'"
                    " ORDER BY cell, id"
                )
            )
            april = list(rows.scalars())
            for dispute in april[:16]:
                become(conn, dispute, *THROUGH[:2], at=datetime(2025, 4, 12, tzinfo=UTC))
            for dispute in april[:7]:
                become(conn, dispute, *THROUGH[2:], at=datetime(2025, 4, 20, tzinfo=UTC))
            for dispute in april[7:9]:
                become(conn, dispute, State.agreed_oral, at=datetime(2025, 4, 30, 15, tzinfo=UTC))
            for dispute in april[9:11]:  # an hour of May has gone by
                become(conn, dispute, State.agreed_oral, at=datetime(2025, 4, 30, 17, tzinfo=UTC))
        with as_service(store) as service:
            publish_due(service, date(2025, 5, 3))
            publish_overdue(service, date(2025, 5, 3))
            with service.read(Scope.of([Grant(Role.wall, "990101")]).settings()) as conn:
                found = stood(conn, COUNTY, period_of("2025-04"))
            with service.read(Scope.of([Grant(Role.wall, TOWNS[0])]).settings()) as conn:
                assert stood(conn, COUNTY, period_of("2025-04")) is None, "it is the county's"
            late = text("SELECT everycell.publish_case_standing(990101, '2025-04-01', '{stage_closed}', '{9}', 400)")
            with pytest.raises(DBAPIError, match="published with those"), service.begin() as conn:
                conn.execute(late)
    assert found is not None
    # Seven closed, seven under way, the rest waits; the two that are agreed hide among the last two that have enough.
    shown = {stage: number for stage, number in found.stages.items() if number is not None}
    assert shown == {Stage.under_way: 7, Stage.referred: 0, Stage.not_accepted: 0}
    assert (found.stages[Stage.closed], found.stages[Stage.registered]) == (None, None)
    assert len(april) - 14 >= 5
    assert found.revisits_due == 7
    assert found.revisits == {Revisited.holds: 0, Revisited.broken: 0, Revisited.no_answer: 0, Revisited.waiting: 7}


def test_a_reader_sees_the_last_month_of_the_own_area(county: Store) -> None:
    with county.read(TOLD) as conn:
        assert overdue_cases(conn, [COUNTY], None) is None
    publish_due(county, date(2025, 5, 3))
    publish_overdue(county, date(2025, 5, 3))
    with as_service(county) as service, service.read(Scope.of([Grant(Role.wall, TOWNS[0])]).settings()) as conn:
        found = overdue_cases(conn, [COUNTY], None)
    assert found is not None
    assert str(found.month) == "2025-04"
    assert [area.code for area in found.areas] == [TOWNS[0], *(v for v in VILLAGES if v.startswith(TOWNS[0]))]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.booleans()), min_size=1, max_size=9))
def test_no_number_tells_of_registered_cases(rows: list[tuple[int, int, bool]]) -> None:
    overdue = np.array([row[0] for row in rows])
    back = kept_back(overdue, [Registered(shown, complete) for _, shown, complete in rows])
    for number, (_, shown, complete), hidden in zip(overdue, rows, back, strict=True):
        if hidden or not number:
            continue
        assert number <= shown  # there need not be any other than those that are known
        assert not (complete and is_small(np.array(shown - number)))  # nor do 1 to 4 others follow
