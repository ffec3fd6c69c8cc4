"""Counts of cases are published once, in order, and stay as they were; late cases count where nothing is out yet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gis.access.audit import latest
from gis.access.scope import Grant, Role, Scope
from gis.codes import Level
from gis.disputes import publication
from gis.disputes.categories import FAMILY, Category
from gis.disputes.figures import Release, expected_cells, figures, periods
from gis.disputes.periods import Period, period_of
from gis.disputes.publication import due_months, publish_due
from gis.errors import BadInput, Interrupted, NotFound
from gis.households.check import check
from gis.settings import Settings
from gis.storage.engine import Store, as_service
from tests.conftest import Filled
from tests.gis.disputes.counting import CELLS, COUNTY, TOWNS, VILLAGES, add, fill
from tests.gis.disputes.places import TOLD

JANUARY = date(2026, 1, 5)  # of the year after that of the cases


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("cases_of_2025", fill) as (store, _):
        yield store


def numbers(store: Store) -> list[tuple[object, ...]]:
    """Everything that is published, as it is stored."""
    with store.read() as conn:
        return [
            tuple(row) for row in conn.execute(text("SELECT * FROM everycell.case_figure ORDER BY 1, 2, 3, 4, 5, 6, 7"))
        ]


def test_what_is_over_is_published_once_and_for_good(county: Store) -> None:
    steps: list[str] = []
    with as_service(county) as service:
        first = publish_due(service, date(2025, 3, 1), on_step=steps.append)
        assert steps == ["figures of cases of 2025-01 in 990101", "figures of cases of 2025-02 in 990101"]
        assert [(one.level, str(one.period), one.family) for one in first[:2]] == [
            (Level.county, "2025-01", False),
            (Level.county, "2025-01", True),
        ]
        early = numbers(county)
        with pytest.raises(Interrupted):
            publish_due(service, JANUARY, on_step=stop_at("2025-09"))
        rest = publish_due(service, JANUARY)
        assert str(rest[0].period) == "2025-09"
        assert {(one.level, one.family) for one in rest if one.period.first == date(2025, 1, 1)} == {
            (Level.village, False),
            (Level.village, True),
            (Level.cell, False),
        }
        assert publish_due(service, JANUARY) == []
        assert due_months(service, JANUARY) == []
    done = numbers(county)
    assert set(early) <= set(done)
    with county.read(TOLD) as conn:
        assert len(periods(conn, [COUNTY])) == (12 + 4 + 1) * 2 + 1
        assert list(check(conn, county.settings)) == []
        note = latest(conn, 1)[0]
        assert (note.action, note.area, note.detail) == ("dispute_publish", "990101", {"month": "2025-12", "tables": 7})
    for statement in (
        "UPDATE everycell.case_figure SET number = 5",
        "DELETE FROM everycell.case_figure",
        "TRUNCATE everycell.case_release CASCADE",
        "UPDATE everycell.case_release SET grid_on = '2020-01-01'",
        "DELETE FROM everycell.case_release",
        "UPDATE everycell.dispute SET counted_on = '2026-01-01'",
        "UPDATE everycell.dispute SET category = 'family' WHERE category = 'land'",
    ):
        with pytest.raises(DBAPIError, match="not changed"), county.begin() as conn:
            conn.execute(text(statement))
    with as_service(county) as service, pytest.raises(DBAPIError, match="permission denied"), service.begin() as conn:
        conn.execute(text("INSERT INTO everycell.case_release SELECT * FROM everycell.case_release"))
    assert numbers(county) == done


def stop_at(month: str) -> object:
    def stop(words: str) -> None:
        if month in words:
            raise Interrupted("stopped")

    return stop


def test_what_is_shown_is_true_and_never_small(county: Store) -> None:
    publish_due(county, JANUARY)
    with county.read(TOLD) as conn:
        found = figures(conn, [COUNTY], None, Level.cell, period_of("2025"), settings=county.settings, today=JANUARY)
        rows = conn.execute(text("SELECT cell, category, count(*) FROM everycell.dispute GROUP BY 1, 2")).all()
        shown = conn.execute(text("SELECT DISTINCT number FROM everycell.case_figure")).scalars().all()
        quarter = figures(
            conn, [COUNTY], TOWNS[1], Level.town, period_of("2025Q2"), settings=county.settings, today=JANUARY
        )
        year = figures(conn, [COUNTY], TOWNS[1], Level.town, period_of("2025"), settings=county.settings, today=JANUARY)
    assert not {1, 2, 3, 4} & set(shown)
    truth = {(row.cell, row.category): row.count for row in rows}
    assert [area.code for area in found.areas] == sorted(CELLS)
    assert sum(area.total is not None for area in found.areas) > 6
    for area in found.areas:
        assert area.family is None
        assert not area.family_told
        if area.total is not None:
            assert area.total == sum(n for (cell, kind), n in truth.items() if cell == area.code and kind != FAMILY)
        for category, number in area.parts.items():
            assert number in (None, truth.get((area.code, category), 0))
    few = found.areas[-1]
    assert (few.households, few.total) == (9, None)
    assert found.total is not None
    assert (found.total.code, found.total.households) == ("990101", sum(area.households for area in found.areas))
    (town,) = quarter.areas
    assert quarter.total == town
    assert town.total is not None
    assert year.areas[0].total == town.total + sum(
        other.areas[0].total or 0
        for name in ("2025Q1", "2025Q3", "2025Q4")
        for other in [read(county, TOWNS[1], Level.town, name)]
    )


def read(store: Store, area: str | None, level: Level, period: str, today: date = JANUARY):  # type: ignore[no-untyped-def]
    with store.read(TOLD) as conn:
        return figures(conn, [COUNTY], area, level, period_of(period), settings=store.settings, today=today)


def test_what_may_not_be_asked(county: Store) -> None:
    publish_due(county, date(2025, 3, 1))
    asked = [
        (None, Level.county, "2026-01", NotFound, "not over"),
        (None, Level.county, "2025-11", NotFound, "no figures of 2025-11"),
        (None, Level.town, "2025-01", BadInput, "by quarter"),
        (TOWNS[0], Level.county, "2025-01", BadInput, "wider"),
        ("990101999", Level.town, "2025Q1", NotFound, "no figures"),
        (None, Level.cell, "2024", NotFound, "no figures of 2024"),
    ]
    for area, level, period, kind, words in asked:
        with pytest.raises(kind, match=words):
            read(county, area, level, period)


def test_a_late_case_counts_where_nothing_is_out(county: Store) -> None:
    publish_due(county, date(2025, 4, 1))
    before = numbers(county)
    late = datetime(2025, 4, 20, tzinfo=UTC)
    one = {(CELLS[0], Category.land): 1}
    with county.begin(TOLD) as conn:
        ids = [
            *add(conn, date(2025, 2, 1), one, at=late),  # its month is out
            *add(conn, date(2025, 4, 1), one, at=late),
            *add(conn, date(2024, 11, 1), one, at=late),  # nothing of its year is out
            *add(conn, date(2025, 2, 1), one, at=datetime(2025, 3, 2, tzinfo=UTC)),  # by a clock that is wrong
        ]
        counted = text("SELECT counted_on FROM everycell.dispute WHERE id = :id")
        months = [str(conn.execute(counted, {"id": id}).scalar_one()) for id in ids]
    assert months == ["2025-04-01", "2025-04-01", "2024-11-01", "2025-04-01"]
    with pytest.raises(DBAPIError, match="count no more"), county.begin(TOLD) as conn:
        conn.execute(
            text(
                "INSERT INTO everycell.dispute (county, id, cell, snap, category, channel, state, level, reported_at,"
                " registered_at, counted_on) SELECT county, gen_random_uuid(), cell, snap, category, channel, state,"
                " level, reported_at, registered_at, '2025-02-01' FROM everycell.dispute LIMIT 1"
            )
        )
    made = publish_due(county, date(2026, 1, 1))
    assert {str(one.period) for one in made if one.level is Level.cell} == {"2024", "2025"}
    assert set(before) <= set(numbers(county))
    with county.read(TOLD) as conn:
        assert list(check(conn, county.settings)) == []


def test_two_processes_at_once_publish_once(county: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find the same months due before either begins."""
    barrier = threading.Barrier(2, timeout=60)
    ask = publication.due_months

    def both(store: Store, today: date) -> list[tuple[int, Period]]:
        found = ask(store, today)
        barrier.wait()
        return found

    monkeypatch.setattr(publication, "due_months", both)
    done: list[list[Release]] = []
    threads = [threading.Thread(target=lambda: done.append(publish_due(county, date(2025, 7, 1)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = [(one.level, one.period, one.family) for made in done for one in made]
    assert len(done) == 2
    assert len(together) == len(set(together)) == (6 + 2) * 2


def test_where_the_periods_change_no_time_is_published_twice(county: Store) -> None:
    publish_due(county, date(2025, 11, 1))  # towns: three quarters
    monthly = Store(county.engine, county.settings.model_copy(update={"dispute_periods": "month,month,month,quarter"}))
    made = publish_due(monthly, JANUARY)
    assert {(one.level, str(one.period)) for one in made if not one.family} == {
        (Level.county, "2025-11"),
        (Level.county, "2025-12"),
        *((level, f"2025-{month}") for level in (Level.town, Level.village) for month in (10, 11, 12)),
        (Level.cell, "2025Q4"),
    } | {(Level.village, f"2025-0{month}") for month in range(1, 10)} | {(Level.cell, f"2025Q{n}") for n in (1, 2, 3)}
    with monthly.read(TOLD) as conn:
        assert list(check(conn, monthly.settings)) == []
    assert read(monthly, None, Level.town, "2025").total == read(monthly, None, Level.county, "2025").total
    # Villages of a month below a town that is known by quarter only: nothing is shown, not even a 0.
    assert {area.total for area in read(monthly, None, Level.village, "2025-02").areas} == {None}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"dispute_periods": "month,quarter"}, "four of month"),
        ({"dispute_periods": "month,quarter,year,week"}, "four of month"),
        ({"dispute_periods": "quarter,month,year,year"}, "none may be shorter"),
        ({"dispute_months": 12}, "keep them a month longer"),
    ],
)
def test_settings_are_refused_in_words(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings(**given)  # type: ignore[arg-type]
    assert Settings(dispute_months=12, dispute_periods="month,month,quarter,quarter").dispute_months == 12


def test_what_a_reader_expects_of_the_cells(county: Store) -> None:
    publish_due(county, date(2025, 11, 1))
    with county.read(TOLD) as conn:
        early = expected_cells(conn, [COUNTY], period_of("2025-10"), None)
        assert early.base is None, "no table of cells yet: households give the shares"
        assert early.number.sum() == pytest.approx(read(county, None, Level.county, "2025-10").areas[0].total)
    publish_due(county, JANUARY)
    month = read(county, None, Level.county, "2025-10").areas[0].total
    year = read(county, None, Level.cell, "2025")
    with county.read(TOLD) as conn:
        found = expected_cells(conn, [COUNTY], period_of("2025-10"), None)
        assert found.codes == CELLS
        assert str(found.base) == "2025"
        assert not found.shown.any()
        assert found.number.sum() == pytest.approx(month)
        whole = expected_cells(conn, [COUNTY], period_of("2025"), None)
        assert [area.total is not None for area in year.areas] == whole.shown.tolist()
        own = np.array([-1 if area.total is None else area.total for area in year.areas])
        assert np.array_equal(whole.number[whole.shown], own[whole.shown])
        assert (whole.number[~whole.shown] > 0).all()
        quarter = expected_cells(conn, [COUNTY], period_of("2025Q4"), Category.neighbours)
        assert 0 < quarter.number.sum() < expected_cells(conn, [COUNTY], period_of("2025Q4"), None).number.sum()
        with pytest.raises(BadInput, match="family"):
            expected_cells(conn, [COUNTY], period_of("2025"), FAMILY)
        with pytest.raises(NotFound, match="no figures of 2026-01"):
            expected_cells(conn, [COUNTY], period_of("2026-01"), None)
    narrow = Scope.of([Grant(Role.wall, TOWNS[0])]).settings()
    with as_service(county) as service:
        with service.read(narrow) as conn, pytest.raises(RuntimeError, match="widen"):
            expected_cells(conn, [COUNTY], period_of("2025"), None)
        with service.read(narrow) as conn:
            seen = conn.execute(text("SELECT DISTINCT area FROM everycell.case_figure")).scalars()
            assert {area for area in seen if not area.startswith(TOWNS[0])} == set()
            assert {
                area.code
                for area in figures(
                    conn, [COUNTY], None, Level.village, period_of("2025"), settings=service.settings, today=JANUARY
                ).areas
            } == {village for village in VILLAGES if village.startswith(TOWNS[0])}
