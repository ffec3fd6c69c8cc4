"""Plans in storage: asked for, found, ticked, planned again, reported."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from sqlalchemy import text

from gis.access.scope import ALL, Role
from gis.batches import BatchResult
from gis.errors import BadInput
from gis.patrol import plans, ticks
from gis.patrol.afterwards import Came, report
from gis.patrol.asking import Again
from gis.patrol.request import Because, Kind
from gis.patrol.stops import Ask, Proposal
from gis.patrol.stored import StoredPlan
from gis.patrol.tiers import Wanted
from gis.sites.load import load_sites
from gis.storage.engine import Store
from tests.gis import world
from tests.gis.patrol import planning

DOORS = {1: 7, 2: 5}


@pytest.fixture
def county(store: Store) -> Store:
    with store.begin() as conn:
        world.build(conn, DOORS, units=2)
        load_sites(
            conn,
            world.COUNTY,
            pd.DataFrame(
                [(1, "990101-S1", "柳林小学", "school", "柳林村1号", 104.005, 34.505)],
                columns=["row", "code", "name", "category", "address", "lon", "lat"],
            ),
        )
    return store


def proposed(store: Store, on: date = world.TODAY, **wanted: Any) -> Proposal:
    with store.read(ALL.settings()) as conn:
        found = Proposal(conn, Ask(world.VILLAGE, on, Wanted(**wanted), cases=True))
        found.listed = list(found.stops())  # type: ignore[attr-defined]
        return found


def tick(plan: StoredPlan, key: str, outcome: str = "reached", hour: int = 10, **more: Any) -> dict[str, Any]:
    at = datetime(plan.on.year, plan.on.month, plan.on.day, hour, tzinfo=world.ZONE)
    return {"id": str(uuid4()), "stop": key, "outcome": outcome, "ticked_at": at.isoformat(), **more}


def record(store: Store, plan: StoredPlan, *sent: dict[str, Any]) -> BatchResult:
    now = datetime(world.TODAY.year, world.TODAY.month, world.TODAY.day, 20, tzinfo=world.ZONE)
    parsed = [ticks.parse_tick(one, world.SETTINGS, now) for one in sent]

    def work(conn: Any) -> BatchResult:
        return ticks.record(conn, plan, parsed, store.settings, role_of=lambda _right, _area: Role.admin)

    return store.retrying(work, ALL.settings())


def test_a_day_with_a_plan(county: Store) -> None:
    """Found, ticked, planned again from noon on, reported; what was missed leads the next plan."""
    first = proposed(county)
    totals = first.totals.numbers
    assert sum(totals[Kind.doorplate].values()) == 12
    assert sum(totals[Kind.site].values()) == 1
    assert [one.order for one in first.listed] == sorted(one.order for one in first.listed)  # type: ignore[attr-defined]

    plan = planning.planned(county, planning.body())
    assert plan.status == "planned"
    assert plan.straight
    assert all(stop.seq is not None for stop in plan.stops), [stop.left_out for stop in plan.stops]
    for route in plan.routes:
        assert route.times is not None
        assert len(route.times.legs) == (len(plan.route_of(route.team.code)) + 1 if route.times.legs else 0)

    doors = [stop for stop in plan.stops if stop.stop.kind is Kind.doorplate]
    site = next(stop for stop in plan.stops if stop.stop.kind is Kind.site)
    units = {stop.key: [unit.code for unit in stop.stop.units or ()] for stop in doors}
    done, half, absent, skipped, late = (stop.key for stop in doors[:5])
    sent = [
        tick(plan, done, households=units[done]),
        tick(plan, half, households=units[half][:1]),
        tick(plan, absent, "no_answer", households=units[absent]),
        tick(plan, skipped, "skipped"),
        tick(plan, site.key, hour=11),
    ]
    assert record(county, plan, *sent) == BatchResult(5, 0, [])
    assert record(county, plan, *sent) == BatchResult(0, 5, [])
    other = record(county, plan, {**sent[0], "outcome": "no_answer"}, tick(plan, late), tick(plan, "D1"))
    assert [(one.index, one.code) for one in other.refused] == [(0, "id"), (1, "households"), (2, "stop")]
    with county.read() as conn:
        visits = conn.execute(text("SELECT outcome, count(*) AS n FROM everycell.visit GROUP BY 1")).all()
        assert Counter({row.outcome: row.n for row in visits}) == {"reached": 3, "no_answer": 2}
        assert conn.execute(text("SELECT last_checked_on FROM everycell.site")).scalar() == plan.on

    wanted = Again(plan.version, None, None, None, True)
    with county.begin(ALL.settings()) as conn:
        plans.again(conn, planning.read(county, plan.id), wanted, 12 * 3600)
    again = planning.found(county, plan.id)
    rest = [stop for stop in again.stops if stop.seq is not None and stop.key not in again.done]
    assert rest
    assert all((stop.arrive_s or 0) >= 12 * 3600 for stop in rest)
    for team in ("A1", "B2"):
        was = [stop.key for stop in again.route_of(team)]
        ticked = [key for key in was if key in again.done]
        assert was[: len(ticked)] == ticked, "what is done comes first"

    found = report(again, {world.cell_code(1): 14, world.cell_code(2): 10}, over=True)
    came = {stop.key: what for stop, what, _ in found.stops}
    assert [came[key] for key in (done, half, absent, skipped, late)] == [
        Came.done, Came.done, Came.no_answer, Came.skipped, Came.never_ticked,
    ]  # fmt: skip
    assert (found.total.reached, found.total.households) == (3, 24)
    assert {stop.key for stop, _, _ in found.missed} == {
        k for k, c in came.items() if c in (Came.skipped, Came.never_ticked)
    }

    tomorrow = plan.on + timedelta(days=1)
    led = proposed(county, tomorrow, tiers=frozenset({1})).listed  # type: ignore[attr-defined]
    missed = {one.key for one in led if one.because is Because.missed}
    assert missed == {stop.key for stop, _, _ in found.missed}


def test_two_same_ticks_at_once_are_one_visit(county: Store) -> None:
    plan = planning.planned(county, planning.body(stops={"kinds": ["doorplate"]}))
    door = plan.stops[0]
    sent = tick(plan, door.key, households=[unit.code for unit in door.stop.units or ()])
    results: list[BatchResult] = []
    threads = [threading.Thread(target=lambda: results.append(record(county, plan, sent))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((one.accepted, one.repeated) for one in results) == [(0, 1), (0, 1), (0, 1), (1, 0)]
    with county.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM everycell.visit")).scalar() == 2


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"teams": []}, "teams: must be a list of 1"),
        ({"teams": [planning.A1, planning.A1]}, "teams: two are called A1"),
        ({"teams": ["Z9"]}, "teams: there is no team Z9"),
        ({"teams": [planning.A1 | {"area": "990101101"}]}, "teams: A1 is of 990101101, which is elsewhere"),
        ({"teams": [planning.A1 | {"shift": ["13:00", "13:00"]}]}, "shift: must end after it begins"),
        ({"stops": {"kinds": ["revisit"]}}, "stops: nothing waits"),
        ({"stops": {"kinds": ["person"]}}, "kinds: must be a list of"),
        ({"stops": {"in_other_plans": 1}}, "in_other_plans: must be true or false"),
        ({"stops": {"picked": [{"lon": 10, "lat": 50}]}}, "picked: .* does not lie in"),
        ({"windows": [{"stop": "D1", "window": ["09:00", "10:00"]}]}, "windows: the plan has no stop"),
        ({"note": "x"}, "note: a plan has no such field"),
    ],
)
def test_what_cannot_be_planned_is_told(county: Store, more: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        planning.asked(county, planning.body(**more))


def test_what_another_plan_of_the_day_has_is_left_to_it(county: Store) -> None:
    plan = planning.planned(county, planning.body(stops={"most": 5}))
    keys = {stop.key for stop in plan.stops if stop.seq is not None}
    rest = proposed(county)
    assert len(keys) == rest.totals.elsewhere == 5
    assert keys.isdisjoint(one.key for one in rest.listed)  # type: ignore[attr-defined]
    assert len(rest.listed) == rest.totals.of(Wanted()) == 8  # type: ignore[attr-defined]
    assert len(proposed(county, in_other_plans=True).listed) == 13  # type: ignore[attr-defined]
    assert proposed(county, world.TODAY + timedelta(days=1)).totals.elsewhere == 0

    second = planning.asked(county, planning.body())  # its routes are still being found
    assert len(second.stops) == 8
    with pytest.raises(BadInput, match="but 13 in other plans of that day"):
        planning.asked(county, planning.body())
    with county.begin(ALL.settings()) as conn:
        plans.cancel(conn, second)
    assert len(planning.asked(county, planning.body()).stops) == 8
    assert len(planning.asked(county, planning.body(stops={"in_other_plans": True})).stops) == 13


def test_too_many_stops_are_refused_with_their_number(county: Store) -> None:
    from gis.patrol.asking import parse_asked

    sent = planning.body()
    with county.begin(ALL.settings()) as conn:
        with pytest.raises(BadInput, match="stops: 13 are more than the 5 of one plan: give `most`"):
            plans.create(conn, parse_asked(sent), sent, by="li", cases=False, most=5)
        few = parse_asked(planning.body(stops={"most": 5}))
        assert len(plans.stops_asked(conn, few, cases=False, most=5)) == 5


def test_a_worker_that_falls_silent_loses_the_plan(county: Store) -> None:
    """Another one takes it up; after three attempts it has failed, and says so."""
    plan = planning.asked(county, planning.body())
    claim = text("SELECT plan FROM everycell.claim_plan(CAST(:worker AS uuid), :silent, 3, NULL)")

    def claimed(silent: float) -> Any:
        with county.begin(ALL.settings()) as conn:
            return conn.execute(claim, {"worker": str(uuid4()), "silent": silent}).scalar_one_or_none()

    assert claimed(15) == plan.id
    assert claimed(15) is None
    assert claimed(0) == plan.id
    assert claimed(0) == plan.id
    assert claimed(0) is None
    failed = planning.read(county, plan.id)
    assert (failed.status, failed.fault, failed.routed) == ("failed", "ended", False)


def test_old_plans_go_and_what_households_they_meant_goes_sooner(county: Store) -> None:
    plan = planning.asked(county, planning.body())
    call = text("SELECT everycell.retire_plans(:county, :before, :bare)")
    values = {"county": world.COUNTY, "before": plan.on, "bare": plan.on + timedelta(days=1)}
    with county.begin() as conn:
        conn.execute(text("UPDATE everycell.patrol_plan SET patrol_on = DATE '2024-01-01'"))
        assert conn.execute(call, values | {"before": date(2024, 1, 1), "bare": date(2024, 1, 2)}).scalar() == 0
        assert conn.execute(text("SELECT count(units) FROM everycell.patrol_stop")).scalar() == 0
        assert conn.execute(call, values | {"before": date(2024, 1, 2), "bare": date(2024, 1, 2)}).scalar() == 1
        assert conn.execute(text("SELECT count(*) FROM everycell.patrol_stop")).scalar() == 0
