"""The board: what it says is what a recount by SQL says, for every reader; it is told anew when anything changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from gis.access.scope import ALL
from gis.board.content import Patrols
from gis.board.works import patrols_of
from gis.disputes.overdue import publish_overdue
from gis.disputes.publication import publish_due
from gis.households.visits import record_visits
from gis.storage.queries import query
from tests.api.conftest import Served, database, run, serving
from tests.conftest import Filled
from tests.gis import world
from tests.gis.disputes.counting import TOWNS, VILLAGES
from tests.gis.disputes.test_overdue import fill_overdue
from tests.gis.patrol.places import add_plan
from tests.gis.world import AFAR, COUSIN, OWN, SIBLING

FIGURES = ["known", "reached", "tried", "never", "overdue", "coverage"]


@pytest.fixture
def region(cluster: Any) -> Any:
    """Four villages in two counties, with sites, open rounds, visits of today and a patrol each."""
    with database(cluster, "board_region") as store:
        today = world.today_of(store.settings)
        with store.begin() as conn:
            world.build_region(conn, today=today)
            for village in world.REGION:
                add_plan(conn, village, on=today)
        with serving(store) as served:
            yield served


def visit_now(served: Served, household: str, outcome: str = "reached") -> int:
    """A visit a moment ago; its hour on the county's clock."""
    at = datetime.now(UTC) - timedelta(seconds=1)
    visit = world.visit(household, outcome=outcome)
    with served.store.begin() as conn:
        made = type(visit)(visit.id, household, at, visit.outcome, visit.team, visit.purpose)
        assert record_visits(conn, [made], served.store.settings).accepted == 1
    served.service.mirror.refresh()
    return at.astimezone(served.store.settings.zone).hour


def counted(served: Served, areas: list[str], day: date) -> list[list[int]]:
    """Visits of a day by hour, straight from the visits."""
    statement = text(
        "SELECT extract(hour FROM v.visited_at AT TIME ZONE :zone)::int AS hour,"
        " count(*) FILTER (WHERE outcome = 'reached'), count(*) FILTER (WHERE outcome = 'no_answer')"
        " FROM everycell.visit v JOIN everycell.household h ON h.id = v.household"
        " WHERE v.visited_on = :day AND h.cell LIKE ANY (:areas) GROUP BY 1 ORDER BY 1"
    )
    values = {"zone": served.store.settings.timezone, "day": day, "areas": [f"{area}%" for area in areas]}
    with served.store.read() as conn:
        return [list(row) for row in conn.execute(statement, values)]


def tick(served: Served, plan: UUID, outcome: str) -> None:
    """Tick all stops of a plan."""
    run(
        served.store,
        "INSERT INTO everycell.patrol_tick (county, id, plan, stop, area, team, outcome, ticked_at, units, num_units,"
        " content) SELECT county, gen_random_uuid(), plan, key, area, team, :outcome, now(), '{}', 0, 'x'"
        " FROM everycell.patrol_stop WHERE plan = :plan",
        plan=plan,
        outcome=outcome,
    )


def ticked_stops(served: Served, areas: list[str]) -> int:
    statement = text(
        "SELECT count(*) FROM everycell.patrol_stop s WHERE area = ANY (:areas) AND EXISTS ("
        " SELECT FROM everycell.patrol_tick t WHERE t.plan = s.plan AND t.stop = s.key AND t.outcome <> 'skipped')"
    )
    with served.store.read() as conn:
        return int(conn.execute(statement, {"areas": areas}).scalar_one())


@pytest.mark.parametrize(
    "areas", [["all"], ["990101"], [OWN.town], [OWN.code], [OWN.cells[0]], [OWN.code, COUSIN.code]]
)
def test_the_sums_are_those_of_coverage_and_of_sql(region: Served, areas: list[str]) -> None:
    hour = visit_now(region, OWN.household(1, 0))
    visit_now(region, OWN.household(1, 0), "no_answer")  # the same day again: no last date moves
    visit_now(region, SIBLING.household(2, 1), "no_answer")
    visit_now(region, AFAR.household(), "no_answer")
    client = region.client_of("wall", *areas)
    board = client.get("/board").json()
    level = board["villages"]["level"]
    assert level == ("cell" if all(len(a) >= 12 for a in areas if a != "all") and areas != ["all"] else "village")
    same = client.get(f"/coverage?level={level}&since={board['coverage']['since']}").json()
    assert [{n: a[n] for n in ("code", *FIGURES)} for a in board["villages"]["areas"]] == [
        {n: a[n] for n in ("code", *FIGURES)} for a in same["areas"]
    ]
    assert {n: board["coverage"][n] for n in FIGURES} == {n: same["total"][n] for n in FIGURES}
    seen = [""] if areas == ["all"] else areas
    assert board["visits_today"]["hours"] == counted(region, seen, region.today)
    assert {h for h, _, _ in board["visits_today"]["hours"]} <= {hour, hour + 1}
    villages = [v for v in world.REGION if any(v.code.startswith(a) or a.startswith(v.code) for a in seen)]
    assert [v["code"] for v in board["sites_due"]["villages"]] == [v.code for v in villages]
    assert (board["sites_due"]["sites"], board["sites_due"]["never"]) == (len(villages), len(villages))
    patrols = board["patrols_today"]
    ticked = ticked_stops(region, [v.code for v in villages])
    assert (patrols["planned"], patrols["stops"], patrols["ticked"]) == (len(villages), len(villages), ticked)
    assert patrols["done"] == ticked
    assert patrols["waiting"] + patrols["out"] + patrols["over"] == patrols["planned"] - ticked


def test_the_board_of_a_round(region: Served) -> None:
    visit_now(region, OWN.household(2, 0))
    board = region.json(f"/board?area={OWN.code}")
    found = board["round"]
    assert (found["area"], found["target"], found["coverage"]) == (OWN.code, 0.7, board["coverage"]["coverage"])
    assert found["planned_today"] == pytest.approx(0.7)  # its last day
    assert len(found["days"]) == 31
    assert found["days"][-1] == [str(region.today), found["coverage"]]
    assert sorted(share for _, share in found["days"]) == [share for _, share in found["days"]]
    # A round of a town, in one of its villages; a closed round as it was frozen.
    of_town = region.json("/rounds?area=990101100")["rounds"]
    town = next(r["code"] for r in of_town if r["area"] == OWN.town)
    inside = region.json(f"/board?area={OWN.code}&round={town}")
    assert (inside["round"]["code"], inside["round"]["target"], inside["round"]["planned_today"]) == (town, None, None)
    closed = next(r["code"] for r in of_town if r["area"] == OWN.code and r["closed_at"])
    frozen = region.json(f"/board?round={closed}")
    assert frozen["round"]["closed"]
    assert frozen["round"]["days"] is None
    assert frozen["coverage"]["reached"] == region.json(f"/coverage?round={closed}")["total"]["reached"]
    assert region.get(f"/board?area={AFAR.code}&round={town}").status_code == 400


def test_whatever_it_counts_makes_it_anew(region: Served) -> None:
    client = region.client_of("wall", OWN.code)
    tag = client.get("/board").headers["etag"]

    def anew() -> dict[str, Any]:
        nonlocal tag
        region.service.mirror.refresh()
        answer = client.get("/board", headers={"If-None-Match": tag})
        assert answer.status_code == 200
        tag = answer.headers["etag"]
        assert client.get("/board", headers={"If-None-Match": tag}).status_code == 304
        found: dict[str, Any] = answer.json()
        return found

    visit_now(region, OWN.household(1, 0), "no_answer")
    anew()
    visit_now(region, OWN.household(1, 0), "no_answer")
    assert anew()["visits_today"]["no_answer"] == 2
    run(region.store, "UPDATE everycell.site SET last_checked_on = :on", on=region.today - timedelta(days=800))
    sites = anew()["sites_due"]
    assert (sites["never"], sites["overdue"], sites["due"]) == (0, 1, 0)
    with region.store.begin() as conn:
        plan = add_plan(conn, OWN, on=region.today, team="A2")
    before = anew()["patrols_today"]
    assert before["planned"] == 2
    tick(region, plan, "reached")
    assert anew()["patrols_today"]["done"] == before["done"] + 1
    # What happens elsewhere is not told.
    visit_now(region, SIBLING.household())
    with region.store.begin() as conn:
        add_plan(conn, SIBLING, on=region.today, team="A2")
    region.service.mirror.refresh()
    assert client.get("/board", headers={"If-None-Match": tag}).status_code == 304


def test_a_stop_that_was_only_skipped_is_not_done(region: Served) -> None:
    """One meaning of done: on the board, on the home page, in the list of plans, and for the plan of the next day."""
    day, tomorrow = region.today, region.today + timedelta(days=1)
    run(region.store, "DELETE FROM everycell.patrol_tick")
    run(region.store, "DELETE FROM everycell.patrol_plan WHERE area <> :own", own=OWN.code)
    with region.store.begin() as conn:
        plan = add_plan(conn, OWN, on=day, team="A2")
        conn.execute(text("DELETE FROM everycell.patrol_tick"))
    cells = {"first_cell": OWN.cells[0], "last_cell": OWN.cells[-1]}

    def told(hour: int) -> tuple[Patrols, int, int, int]:
        now = datetime.combine(day, time(hour), region.store.settings.zone)
        values = {"counties": [OWN.county], "on": day, "areas": [], "status": None}
        with region.store.read(ALL.settings()) as conn:
            board = patrols_of(conn, [OWN.county], OWN.code, now)[0]
            home = conn.execute(query("patrol/today"), values).one().done
            listed = sum(row.done for row in conn.execute(query("patrol/plans"), values))
            next_day = {**values, "on": tomorrow, "since": day, "area": OWN.code, **cells}
            return board, home, listed, len(conn.execute(query("patrol/missed"), next_day).all())

    tick(region, plan, "skipped")
    board, *others = told(12)
    # Both plans have the same stop; the team that has skipped its own is out all the same.
    assert (board.routes, board.begun, board.done, board.ticked, board.missed) == (2, 1, 0, 0, 0)
    assert others == [0, 0, 1]
    assert (told(14)[0].over, told(14)[0].missed) == (2, 2)
    tick(region, plan, "no_answer")
    board, *others = told(14)
    assert (board.done, board.over, board.ticked, board.missed) == (1, 1, 1, 1)
    assert others[:2] == [1, 1]


def test_cases_past_their_date_are_told_as_published(filled: Filled) -> None:
    with filled.copy("cases_overdue", fill_overdue) as (store, _):
        publish_due(store, date(2025, 5, 3))
        publish_overdue(store, date(2025, 5, 3))
        with serving(store) as served:
            whole = served.client_of("wall", "all").get("/board").json()["cases_overdue"]
            town = served.client_of("wall", TOWNS[0]).get("/board").json()["cases_overdue"]
        with store.read() as conn:
            rows = conn.execute(text("SELECT area, number FROM everycell.case_overdue_figure")).all()
    stored = {row.area: row.number for row in rows}
    told = {row["code"]: row["number"] for row in [whole["own"], *whole["towns"], *whole["areas"]]}
    assert told == stored
    assert {1, 2, 3, 4}.isdisjoint(told.values())
    assert any(told.values())
    assert None in told.values()
    assert (whole["month"], whole["ended_on"]) == ("2025-04", "2025-04-30")
    assert (town["own"]["code"], town["towns"]) == (TOWNS[0], [town["own"]])
    assert {row["code"] for row in town["areas"]} == {code for code in VILLAGES if code.startswith(TOWNS[0])}
