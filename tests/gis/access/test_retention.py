"""Retention: visits go when their time is over, and no figure changes.

The clock is moved by running as on an earlier day: a day to come is refused.
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gis.access import audit, retention
from gis.codes import Level
from gis.errors import BadInput, Conflict, Interrupted
from gis.events import log
from gis.households.check import check
from gis.households.coverage import CoverageTable, coverage, today_in
from gis.households.load import load_dwellings
from gis.households.visits import Outcome, Purpose, Visit, parse_visit, record_visits
from gis.settings import Settings
from gis.storage.engine import Store
from tests.gis.disputes import places
from tests.gis.world import COUNTY, SETTINGS, ZONE, build, cell_code, dwellings

TODAY = today_in(SETTINGS)
KEPT_FROM = SETTINGS.visits_kept_from(TODAY)
ONE, TWO, THREE = (f"990101-D001-000{n}-00" for n in range(3))
OTHER = "990101-D002-0000-00"


@pytest.fixture
def county(app: Store, store: Store) -> Store:
    """Cell 1 has three households, cell 2 two."""
    with store.begin() as conn:
        build(conn, {1: 3, 2: 2})
    return store


def visit_on(day: date, household: str, outcome: str = "reached", *, id: UUID | None = None, hour: int = 10) -> Visit:
    at = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
    return Visit(id or uuid4(), household, at, Outcome(outcome), "T01", Purpose.routine)


def days_before(number: int, day: date = KEPT_FROM) -> date:
    return day - timedelta(days=number)


def record(store: Store, *visits: Visit) -> None:
    with store.begin() as conn:
        assert record_visits(conn, visits, SETTINGS).accepted == len(visits)


def rows(store: Store, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(text(statement), values)]


def do(store: Store, statement: str, **values: Any) -> None:
    with store.begin() as conn:
        conn.execute(text(statement), values)


def figures(store: Store) -> list[CoverageTable]:
    with store.read() as conn:
        return [
            coverage(conn, area=None, level=Level.cell, since=days_before(days, TODAY), today=TODAY)
            for days in (30, 200, 364, 400, 500, 1000)
        ]


def differences(store: Store) -> list[object]:
    with store.read() as conn:
        return list(check(conn, SETTINGS))


def visits(store: Store) -> list[tuple[Any, ...]]:
    return rows(
        store,
        "SELECT h.code, v.visited_on FROM everycell.visit v JOIN everycell.household h ON h.id = v.household"
        " ORDER BY v.visited_on, h.code",
    )


def counts(store: Store) -> list[tuple[Any, ...]]:
    return rows(store, "SELECT cell, month, outcome, visits FROM everycell.visit_count ORDER BY 1, 2, 3")


def months(store: Store) -> list[str]:
    found = rows(
        store, "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'everycell.visit'::regclass"
    )
    return sorted(name for (name,) in found)


def test_old_visits_become_dates_and_counts(county: Store, app: Store) -> None:
    """As the service's role, which cannot touch one of the tables itself."""
    old, older = days_before(1), days_before(40)
    record(
        county,
        visit_on(old, ONE),
        visit_on(older, ONE),
        visit_on(old, ONE, "no_answer", hour=18),
        visit_on(old, TWO, "no_answer"),
        visit_on(older, OTHER, "no_answer"),
        visit_on(KEPT_FROM, TWO),
        visit_on(TODAY, OTHER),
    )
    before, doors = figures(county), rows(county, "SELECT * FROM everycell.doorplate ORDER BY id")
    done = retention.run(app, TODAY)
    assert (done.visits_before, done.removed["visits"], done.finished) == (KEPT_FROM, 5, True)
    assert visits(county) == [(TWO, KEPT_FROM), (OTHER, TODAY)]
    assert figures(county) == before
    assert rows(county, "SELECT * FROM everycell.doorplate ORDER BY id") == doors
    assert differences(county) == []
    assert rows(
        county,
        "SELECT code, reached_before, contact_before, last_reached_on, last_contact_on FROM everycell.household"
        " ORDER BY code",
    ) == [
        (ONE, old, old, old, old),
        (TWO, None, old, KEPT_FROM, KEPT_FROM),
        (THREE, None, None, None, None),
        (OTHER, None, older, TODAY, TODAY),
        ("990101-D002-0001-00", None, None, None, None),
    ]
    recent, former = old.replace(day=1), older.replace(day=1)
    assert counts(county) == sorted(
        [
            (cell_code(1), recent, "no_answer", 2),
            (cell_code(1), recent, "reached", 1),
            (cell_code(1), former, "reached", 1),
            (cell_code(2), former, "no_answer", 1),
        ]
    )
    assert rows(county, "SELECT count(*) FROM everycell.visit_id") == [(2,)]


def test_a_clock_that_moves_on_day_by_day(county: Store, app: Store) -> None:
    start = days_before(50, TODAY)
    first = SETTINGS.visits_kept_from(start)
    record(county, *(visit_on(first + timedelta(days=n), ONE) for n in range(0, 60, 5)))
    before = figures(county)
    for day in (start, start + timedelta(days=1), start + timedelta(days=26), TODAY):
        done = retention.run(app, day)
        assert min(on for _, on in visits(county)) >= done.visits_before
        assert figures(county) == before
        assert differences(county) == []
    assert sum(visits for *_, visits in counts(county)) + len(visits(county)) == 12
    assert retention.run(app, TODAY).removed["visits"] == 0


def test_a_household_that_was_moved_or_exempted_keeps_its_dates(county: Store) -> None:
    record(county, visit_on(days_before(3), ONE), visit_on(days_before(3), TWO))
    do(county, "UPDATE everycell.household SET status = 'exempt' WHERE code = :code", code=ONE)
    do(county, "UPDATE everycell.doorplate SET geom = ST_Translate(geom, 0.01, 0) WHERE code LIKE '%D001-0001'")
    before = figures(county)
    retention.run(county, TODAY)
    assert (figures(county), differences(county)) == (before, [])
    do(county, "UPDATE everycell.household SET status = 'active' WHERE code = :code", code=ONE)
    assert rows(county, "SELECT last_reached_on FROM everycell.household WHERE code = :code", code=ONE) == [
        (days_before(3),)
    ]
    assert {cell for cell, *_ in counts(county)} == {cell_code(1), cell_code(2)}
    assert differences(county) == []


def test_a_removed_date_stays_when_a_later_visit_is_corrected(county: Store) -> None:
    record(county, visit_on(days_before(3), ONE), visit_on(TODAY, ONE))
    retention.run(county, TODAY)
    do(county, "DELETE FROM everycell.visit")
    assert rows(county, "SELECT last_reached_on FROM everycell.household WHERE code = :code", code=ONE) == [
        (days_before(3),)
    ]
    assert differences(county) == []


def test_two_counties_at_once_are_kept_apart(county: Store) -> None:
    """The other county's visits lie in the same months; its own run removes them."""
    record(county, visit_on(days_before(3), ONE))
    with county.begin() as conn:
        found = conn.execute(
            text("SELECT everycell.retire_visits(990102, :month, :before, 0, 128)"),
            {"month": days_before(3).replace(day=1), "before": KEPT_FROM},
        )
        assert found.scalar_one() == 0
    assert len(visits(county)) == 1


def test_emptied_months_are_dropped_with_the_ids_of_their_deleted_visits(county: Store) -> None:
    deleted = visit_on(days_before(70), TWO)
    record(county, visit_on(days_before(70), ONE), deleted, visit_on(TODAY, ONE))
    do(county, "DELETE FROM everycell.visit WHERE id = :id", id=deleted.id)
    with county.read() as conn:
        planned = retention.due(conn, SETTINGS, TODAY)
    assert [(part.county, part.visits) for part in planned.visits] == [(COUNTY, 1)]
    assert (planned.others["months"], planned.others["visit_ids"]) == (1, 1)
    done = retention.run(county, TODAY)
    assert (done.removed["months"], done.removed["visit_ids"]) == (1, 1)
    assert months(county) == [f"visit_{TODAY:%Y_%m}"]
    assert rows(county, "SELECT count(*) FROM everycell.visit_id") == [(1,)]
    record(county, visit_on(days_before(300, TODAY), TWO))  # months are made again where they are needed
    assert differences(county) == []


def test_a_month_that_is_being_read_is_dropped_the_next_time(county: Store) -> None:
    record(county, visit_on(days_before(70), ONE))
    steps: list[str] = []
    with county.begin() as reader:
        reader.execute(text("LOCK TABLE everycell.household IN ACCESS SHARE MODE"))
        done = retention.run(county, TODAY, on_step=steps.append)
    assert (done.removed["visits"], done.removed["months"], done.finished) == (1, 0, True)
    assert any("next run" in step for step in steps)
    assert retention.run(county, TODAY).removed["months"] == 1


def test_interrupted_and_run_again(county: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """After any step: what was removed is counted, what was not is there, the next run ends it."""
    monkeypatch.setattr(retention, "_PAGES", 1)
    number = 120  # more than one page of them in each month
    record(county, *(visit_on(days_before(1 + n % 100), (ONE, TWO, OTHER)[n % 3]) for n in range(number)))
    before = figures(county)
    for steps in (1, 2, 4):
        told: list[str] = []

        def stop(word: str, told: list[str] = told, steps: int = steps) -> None:
            told.append(word)
            if len(told) > steps:
                raise Interrupted("enough")

        with pytest.raises(Interrupted):
            retention.run(county, TODAY, on_step=stop)
        assert sum(visits for *_, visits in counts(county)) + len(visits(county)) == number
        assert figures(county) == before
        assert differences(county) == []
    assert retention.run(county, TODAY).finished
    assert visits(county) == []
    with county.read() as conn:
        listed = retention.runs(conn, 10)
        assert [each.finished for each in listed] == [True, False, False, False]
        assert sum(each.removed["visits"] for each in listed) == number
        assert retention.finished_at(conn) == listed[0].ran_at


def test_visits_are_recorded_while_old_ones_go(county: Store) -> None:
    record(county, *(visit_on(days_before(1 + n), (ONE, TWO, THREE, OTHER)[n % 4]) for n in range(200)))
    failed: list[BaseException] = []

    def come() -> None:
        try:
            for n in range(40):
                batch = [visit_on(days_before(n, TODAY), home) for home in (OTHER, ONE, THREE, TWO)]
                county.retrying(lambda conn, batch=batch: record_visits(conn, batch, SETTINGS))  # type: ignore[misc]
        except BaseException as error:  # noqa: BLE001 - told below, in the thread that counts
            failed.append(error)

    threads = [threading.Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    done = retention.run(county, TODAY)
    for thread in threads:
        thread.join()
    assert failed == []
    assert (done.removed["visits"], len(visits(county))) == (200, 320)
    assert differences(county) == []


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    knocks=st.lists(
        st.tuples(st.integers(0, 460), st.sampled_from([ONE, TWO, OTHER]), st.sampled_from(list(Outcome))), max_size=25
    ),
    runs=st.lists(st.integers(0, 90), min_size=1, max_size=3),
)
def test_no_figure_changes(county: Store, knocks: list[tuple[int, str, Outcome]], runs: list[int]) -> None:
    """Whatever was visited when, and however often retention ran."""
    gone = [visit_on(days_before(days, TODAY), home, outcome) for days, home, outcome in knocks]
    do(county, "DELETE FROM everycell.retention_run")  # what the runs of the example before removed may come again
    with county.begin() as conn:
        record_visits(conn, gone, SETTINGS)
    before, counted = figures(county), sum(visits for *_, visits in counts(county)) + len(visits(county))
    for days in sorted(runs, reverse=True):
        retention.run(county, days_before(days, TODAY))
    assert figures(county) == before
    assert sum(visits for *_, visits in counts(county)) + len(visits(county)) == counted
    assert differences(county) == []


def test_drafts_of_the_grid_go_when_nobody_touches_them(county: Store, app: Store) -> None:
    """Drafts and what was given up; what is scheduled or published stays, and so does the draft of yesterday."""
    old = TODAY - timedelta(days=181)
    states = {"draft": old, "abandoned": old, "scheduled": old, "fresh": TODAY - timedelta(days=179)}
    for name, day in states.items():
        status = "draft" if name == "fresh" else name
        do(
            county,
            "INSERT INTO everycell.changeset"
            " (county, area, title, status, base, created_at, created_by, changed_at, valid_from)"
            " VALUES (990101, '990101', :name, :status, 1, :day, 'li', :day,"
            " CASE WHEN :status = 'scheduled' THEN CAST(:on AS date) END)",
            **{"name": name, "status": status, "day": day, "on": TODAY},
        )
    do(
        county,
        "INSERT INTO everycell.changeset_op (county, changeset, seq, area, op)"
        " SELECT county, id, 1, area, '{}' FROM everycell.changeset WHERE title <> 'import'",
    )
    with county.read() as conn:
        assert retention.due(conn, SETTINGS, TODAY).others["drafts"] == 2
    assert retention.run(app, TODAY).removed["drafts"] == 2
    kept = rows(county, "SELECT title FROM everycell.changeset ORDER BY title")
    assert kept == [("fresh",), ("import",), ("scheduled",)]
    assert rows(county, "SELECT count(*) FROM everycell.changeset_op") == [(2,)]
    with pytest.raises(DBAPIError, match="last month are never removed"):
        do(app, "SELECT everycell.retire_drafts(990101, :day)", day=TODAY - timedelta(days=10))


def test_what_is_gone_stays_gone_when_visits_are_to_be_kept_longer(county: Store, app: Store) -> None:
    def gone_before() -> list[tuple[Any, ...]]:
        return rows(app, "SELECT everycell.visits_gone_before()")

    assert gone_before() == [(None,)]
    retention.run(Store(app.engine, county.settings.model_copy(update={"visit_months": 6})), TODAY)
    half_a_year = Settings(visit_months=6).visits_kept_from(TODAY)
    assert gone_before() == [(half_a_year,)]
    retention.run(app, TODAY)
    assert gone_before() == [(half_a_year,)]


def test_a_removed_visit_that_is_sent_again_does_not_count_twice(county: Store, app: Store) -> None:
    old = visit_on(days_before(1), ONE)
    record(county, old)
    retention.run(app, TODAY)
    counted = counts(county)
    with county.begin() as conn:
        result = record_visits(conn, [visit_on(TODAY, TWO), old, old], SETTINGS)
    assert (result.accepted, [(r.index, r.code) for r in result.refused]) == (1, [(1, "gone"), (2, "gone")])
    retention.run(app, TODAY)
    assert counts(county) == counted
    assert differences(county) == []


@pytest.mark.parametrize(("days", "taken"), [(1, False), (0, False), (-1, True)])
def test_visits_are_taken_a_day_less_than_they_are_kept(days: int, taken: bool) -> None:
    """So a visit that comes in at midnight is not removed, and counted, while it is repeated."""
    now = datetime(TODAY.year, TODAY.month, TODAY.day, 23, 59, tzinfo=ZONE)
    visited_at = datetime.combine(days_before(days), datetime.min.time(), ZONE)
    sent = {"id": str(uuid4()), "household": ONE, "visited_at": visited_at.isoformat(), "outcome": "reached"}
    sent |= {"team": "T01", "purpose": "routine"}
    if taken:
        assert parse_visit(sent, SETTINGS, now).visited_at == visited_at
    else:
        with pytest.raises(BadInput, match=f"lies before {days_before(-1)}: visits are kept 12 months"):
            parse_visit(sent, SETTINGS, now)


def test_an_older_file_does_not_take_back_the_dates_of_removed_visits(county: Store) -> None:
    """The households are imported again as a file knew them before retention: its dates are the older ones."""
    record(county, visit_on(days_before(5), ONE), visit_on(days_before(4), TWO, "no_answer"))
    retention.run(county, TODAY)
    before = figures(county)
    doors, homes = dwellings({1: 3, 2: 2})
    homes = homes.assign(reached_before=None, contact_before=days_before(500))
    homes.loc[homes["code"] == ONE, "reached_before"] = days_before(400)
    with county.begin() as conn:
        load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=TODAY)
    known = "SELECT reached_before, contact_before FROM everycell.household WHERE code = :code"
    assert rows(county, known, code=ONE) == [(days_before(5), days_before(5))]
    assert rows(county, known, code=TWO) == [(None, days_before(4))]
    assert [t.total.reached for t in figures(county)] == [t.total.reached for t in before]
    assert differences(county) == []


def test_one_run_at_a_time_and_none_in_the_future(county: Store) -> None:
    def another(_: str) -> None:
        with pytest.raises(Conflict, match="running already"):
            retention.run(county, TODAY)

    retention.run(county, TODAY, on_step=another)
    with pytest.raises(BadInput, match="future"):
        retention.run(county, TODAY + timedelta(days=1))


def test_the_service_cannot_remove_young_visits(county: Store, app: Store) -> None:
    record(county, visit_on(days_before(60, TODAY), ONE))
    young = days_before(30, TODAY)
    for call in (
        "everycell.begin_retention(:day)",
        "everycell.retire_visits(990101, :day, :day, 0, 1000)",
        "everycell.retire_visit_ids(990101, :day)",
        "everycell.drop_visit_months(:day)",
        "everycell.retire_visits(990101, :day, NULL, 0, 1000)",
    ):
        with pytest.raises(DBAPIError, match="last three months"):
            do(app, f"SELECT {call}", day=young)
    for statement in ("SELECT * FROM everycell.visit", "DELETE FROM everycell.visit_count", "SELECT everycell.tidy(1)"):
        with pytest.raises(DBAPIError, match="permission denied"):
            do(app, statement)


def give_positions(store: Store) -> None:
    """Give positions to what is in the outbox: without one nothing goes."""
    with store.begin() as conn:
        log.number(conn, 0.0, TODAY)


def test_what_else_goes(county: Store, app: Store, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    do(county, "INSERT INTO everycell.account (login, created_at) VALUES ('li', :now)", now=now)
    for number, hours in enumerate((-1, 1)):
        do(
            county,
            "INSERT INTO everycell.session SELECT :hash, id, :now, :now, :until FROM everycell.account",
            hash=bytes([number]),
            now=now,
            until=now + timedelta(hours=hours),
        )
        do(
            county,
            "INSERT INTO everycell.login_throttle VALUES (:key, 9, :at, :at)",
            key=bytes([number]),
            at=now + timedelta(hours=26 * hours),
        )
    give_positions(county)
    record(county, visit_on(TODAY, ONE))
    do(county, "UPDATE everycell.outbox SET at = at - interval '8 days'")
    give_positions(county)
    record(county, visit_on(TODAY, TWO))
    uploads = tmp_path / "uploads" / "li"
    uploads.mkdir(parents=True)
    for name, days in (("old.csv", 8), ("young.csv", 7), ("new.csv", 0)):
        (uploads / name).write_text("x")
        written = datetime.combine(days_before(days, TODAY), datetime.min.time(), ZONE).timestamp() + 1
        os.utime(uploads / name, (written, written))
    here = Store(app.engine, county.settings.model_copy(update={"home": tmp_path}))
    with county.read() as conn:
        others = retention.due(conn, here.settings, TODAY).others
    assert (others["sessions"], others["throttles"], others["files"]) == (1, 1, 1)
    done = retention.run(here, TODAY)
    assert done.removed == {"visits": 0, **others}
    assert done.removed["news"] > 0
    assert sorted(path.name for path in uploads.iterdir()) == ["new.csv", "young.csv"]
    assert rows(county, "SELECT count(*) FROM everycell.session") == [(1,)]
    assert rows(county, "SELECT count(*) FROM everycell.login_throttle") == [(1,)]
    assert rows(county, "SELECT count(*) > 0 FROM everycell.outbox") == [(True,)]


def test_a_run_is_noted(county: Store, app: Store) -> None:
    record(county, visit_on(days_before(3), ONE))
    retention.run(app, TODAY)
    retention.run(county, TODAY, who="shell:li", source="shell")
    with county.read() as conn:
        first, second = audit.latest(conn, 2)
        assert audit.verify(conn) == []
    assert (first.who, first.action, first.detail["visits"]) == ("service", "retention", 1)
    assert (second.who, second.detail["visits"], second.detail["visits_before"]) == ("shell:li", 0, str(KEPT_FROM))


@pytest.mark.parametrize(
    ("today", "kept_from"),
    [
        (date(2026, 11, 23), date(2025, 11, 23)),
        (date(2028, 2, 29), date(2027, 2, 28)),
        (date(2026, 1, 31), date(2025, 1, 31)),
        (date(2026, 12, 1), date(2025, 12, 1)),
    ],
)
def test_twelve_months_back(today: date, kept_from: date) -> None:
    assert Settings().visits_kept_from(today) == kept_from
    assert Settings().visits_taken_from(today) == kept_from + timedelta(days=1)


def test_months_of_other_lengths() -> None:
    assert Settings(visit_months=3).visits_kept_from(date(2026, 5, 31)) == date(2026, 2, 28)
    assert Settings(visit_months=11).visits_kept_from(date(2026, 11, 30)) == date(2025, 12, 30)
    with pytest.raises(ValueError, match="less than or equal to 12"):
        Settings(visit_months=13)


def test_cases_go_two_years_after_they_ended_with_all_that_happened_to_them(store: Store, app: Store) -> None:
    kept_from = SETTINGS.disputes_kept_from(TODAY)
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=ZONE)
    with store.begin(places.TOLD) as conn:
        places.build(conn)
        snap = places.snaps(conn)[0].id
        for days in (1, -1):
            (made,) = places.register(conn, places.new_case(snap))
            ended = noon - (TODAY - kept_from) - timedelta(days=days)
            places.become(conn, made, *places.THROUGH, at=ended)
        places.register(conn, places.new_case(snap))
    with store.read() as conn:
        assert retention.due(conn, SETTINGS, TODAY).others["disputes"] == 1
    assert retention.run(app, TODAY).removed["disputes"] == 1
    assert rows(store, "SELECT count(*) FROM everycell.dispute") == [(2,)]
    assert rows(store, "SELECT count(DISTINCT dispute), count(*) FROM everycell.dispute_event") == [(2, 7)]
    assert rows(store, "SELECT count(*) FROM everycell.revisit") == [(3,)]
    for before in (TODAY - timedelta(days=30), None):
        with pytest.raises(DBAPIError, match="last six months"), app.begin() as conn:
            conn.execute(text("SELECT everycell.retire_disputes(990101, :before)"), {"before": before})
