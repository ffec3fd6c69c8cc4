"""The generated county in the database: all of it arrives, and the figures are those of a recount."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from gis.codes import Level
from gis.demo.county import COUNTY_CODE, DemoCounty, generate
from gis.demo.disputing import HOUSEHOLDS_A_CASE
from gis.demo.load import load_county, load_first_visits
from gis.demo.patrolled import patrol
from gis.disputes.publication import publish_due
from gis.errors import Conflict
from gis.households.check import check
from gis.households.coverage import coverage
from gis.households.visits import Outcome, Purpose, Visit, record_visits
from gis.storage.engine import Store


@pytest.fixture(scope="module")
def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture(scope="module")
def county(today: date) -> DemoCounty:
    return generate(seed=5, households=2_500, today=today)


def test_everything_arrives_and_the_figures_are_exact(store: Store, county: DemoCounty, today: date) -> None:
    stages: list[str] = []
    with store.begin() as conn:
        reports = load_county(
            conn, county, store.settings, today=today, on_progress=lambda stage, _d, _t: stages.append(stage)
        )
    visits = sum(len(frame) for frame in county.visits())
    assert {report.table: report.inserted for report in reports} == {
        "division": len(county.divisions),
        "cell": len(county.cells),
        "street": len(county.streets),
        "site": len(county.sites),
        "household": 2_500,
        "visit": visits,
        "dispute": 2_500 * (today - date(today.year - 1, 1, 1)).days // (HOUSEHOLDS_A_CASE * 365),
    }
    assert not any(report.rejects for report in reports)
    assert stages[0] == "cells"
    assert stages[-1] == "figures"
    with store.begin() as conn:
        yesterday = today - timedelta(days=1)
        noon = datetime.combine(yesterday, time(12), store.settings.zone)
        plan = patrol(conn, int(COUNTY_CODE), store.settings, on=yesterday, now=noon, seed=5)
    assert plan is not None
    assert 0 < len(plan.done) < sum(stop.seq is not None for stop in plan.stops), "some are missed"
    assert max(done.ticked_at for done in plan.done.values()) <= noon, "the afternoon has not come"
    made = publish_due(store, today)
    assert {one.level for one in made if one.period.first == date(today.year - 1, 1, 1)} == set(Level)
    with store.read() as conn:
        assert list(check(conn, store.settings)) == []
        assert conn.execute(text("SELECT count(DISTINCT area), count(*) FROM everycell.team")).one()[1] >= 3
        odd = conn.execute(
            text(
                "SELECT d.id FROM everycell.dispute d JOIN everycell.dispute_event e ON e.dispute = d.id"
                " GROUP BY d.county, d.id HAVING count(*) <> max(d.version) OR min(e.at) <> max(d.registered_at)"
                " OR (array_agg(e.state ORDER BY e.seq))[count(*)] <> max(d.state)"
            )
        )
        assert odd.all() == []
        table = coverage(conn, area=COUNTY_CODE, level=Level.cell, since=county.round.first_on, today=today)
        states = set(conn.execute(text("SELECT state FROM everycell.dispute")).scalars())
        opened = conn.execute(text("SELECT area, target FROM everycell.visit_round")).one()
    assert len(table.areas) == len(county.cells)
    assert table.total.known == (county.dwellings["status"] == "active").sum()
    assert 0.2 < (table.total.coverage or 0) < 0.8
    assert {area.empty for area in table.areas} == {None, "confirmed", "unchecked"}
    assert tuple(opened) == (COUNTY_CODE, 90)
    assert {"closed"} < states


def test_first_visits_are_added_once(store: Store, county: DemoCounty, today: date) -> None:
    with store.begin() as conn:
        load_county(conn, county, store.settings, today=today)
    with store.begin() as conn, pytest.raises(Conflict, match="has visits already"):
        load_first_visits(conn, int(COUNTY_CODE), county.visits(), store.settings)


def test_days_are_those_of_the_county_and_not_of_greenwich(store: Store, county: DemoCounty, today: date) -> None:
    with store.begin() as conn:
        load_county(conn, county, store.settings, today=today)
    with store.read() as conn:
        wrong = conn.execute(
            text(
                "SELECT count(*) FROM everycell.visit"
                " WHERE visited_on <> (visited_at AT TIME ZONE 'Asia/Shanghai')::date OR visited_on >= :today"
            ),
            {"today": today + timedelta(days=1)},
        ).scalar()
    assert wrong == 0


def test_a_visit_of_the_past_cannot_be_sent_again_with_other_content(
    store: Store, county: DemoCounty, today: date
) -> None:
    with store.begin() as conn:
        load_county(conn, county, store.settings, today=today)
    past = next(county.visits()).iloc[0]
    instant = datetime.now(UTC) - timedelta(hours=1)
    again = Visit(UUID(past["id"]), past["household"], instant, Outcome.reached, "T99", Purpose.routine)
    with store.begin() as conn:
        result = record_visits(conn, [again], store.settings)
    assert [refusal.code for refusal in result.refused] == ["conflict"]
