"""What is waiting, for callers of different rights and areas: what they are told is what everybody else tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from gis.access.scope import ALL, Grant, Role, Scope
from gis.codes import Level
from gis.home import Home, Patrols, gather
from gis.households.coverage import coverage
from gis.households.figures import CountyFigures, Figures
from gis.storage.engine import Store, as_service, widened
from tests.gis import world
from tests.gis.disputes.places import add_cases
from tests.gis.patrol.places import add_plan
from tests.gis.world import OWN, REGION, SIBLING, TODAY

COUNTIES = [990101, 990102]
NOW = datetime.combine(TODAY, datetime.min.time(), world.ZONE) + timedelta(hours=9)


@pytest.fixture
def region(store: Store) -> Store:
    """Four villages with visits, rounds, a site, a plan of today and a case that is past its date each."""
    with store.begin(ALL.settings()) as conn:
        world.build_region(conn)
        for village in REGION:
            plan = add_plan(conn, village)
            add_cases(conn, village)
            if village is OWN:
                tick = (
                    "UPDATE everycell.patrol_tick t SET stop = s.key, outcome = 'reached' FROM everycell.patrol_stop s"
                )
                conn.execute(text(f"{tick} WHERE s.plan = t.plan AND t.plan = :plan"), {"plan": plan})
        late = "UPDATE everycell.dispute SET state = 'in_mediation', ended_at = NULL, due_at = :due"
        conn.execute(text(late), {"due": NOW - timedelta(days=3)})
        conn.execute(text("UPDATE everycell.site SET last_checked_on = :day"), {"day": TODAY - timedelta(days=200)})
        never = "UPDATE everycell.site SET last_checked_on = NULL WHERE code = :code"
        conn.execute(text(never), {"code": SIBLING.site})
    return store


def seen(store: Store, *grants: Grant, counties: Sequence[int] = COUNTIES) -> Home | None:
    scope, kept = Scope.of(grants), Figures()
    with as_service(store) as service, service.read(scope.settings()) as conn:

        def figures_since(wanted: Sequence[int], since: date) -> list[CountyFigures]:
            with widened(conn, ALL.settings(), scope.settings()):
                return [kept.county(conn, county, None, since, TODAY) for county in wanted]

        return gather(conn, scope, counties, figures_since, settings=world.SETTINGS, today=TODAY, now=NOW)


def counted(conn: Connection, area: str, since: date) -> tuple[int, int, int, int]:
    total = coverage(conn, area=area, level=Level.cell, since=since, today=TODAY).total
    return total.known, total.reached, total.never, total.overdue


def test_everything_of_ones_area_and_nothing_else(region: Store) -> None:
    own = seen(region, Grant(Role.operator, OWN.code))
    assert own
    with region.read(ALL.settings()) as conn:
        asked = counted(conn, OWN.code, own.since)
    assert (own.total.known, own.total.reached, own.total.never, own.total.overdue) == asked
    assert own.areas == ((OWN.code, "柳村"),)
    assert own.patrols == Patrols(plans=1, searching=0, teams=1, out=1, stops=1, done=1)
    assert own.checks
    assert (own.checks.overdue, own.checks.due, own.checks.never) == (1, 0, 0)
    assert own.overdue is not None
    assert [case.area for case in own.overdue] == [OWN.cells[0]]
    assert {one.round.area for one in own.rounds} == {OWN.town, OWN.code}
    assert all(one.figures.known == own.total.known for one in own.rounds), "the part of the town's round that is seen"
    assert all(one.code in OWN.cells for one in own.most_left)

    town = seen(region, Grant(Role.patrol_leader, OWN.town))
    assert town
    assert town.patrols == Patrols(plans=2, searching=0, teams=2, out=1, stops=2, done=1)
    assert town.checks
    assert (town.checks.overdue, town.checks.due, town.checks.never) == (1, 0, 1)
    assert len(town.overdue or ()) == 2
    assert {one.code for one in town.most_left} == {OWN.code, SIBLING.code}

    everything = seen(region, Grant(Role.admin, ""))
    assert everything
    assert [code for code, _ in everything.areas] == ["990101", "990102"]
    assert len(everything.overdue or ()) == 3, "the longest; the list has all"
    assert everything.total.known == sum(one.known for one in everything.most_left)


def test_what_somebody_has_no_right_to_is_not_zero(region: Store) -> None:
    wall = seen(region, Grant(Role.wall, OWN.code))
    assert wall
    assert (wall.patrols, wall.checks, wall.overdue, wall.published) == (None, None, None, ())
    editor = seen(region, Grant(Role.editor, OWN.code))
    assert editor
    assert (editor.patrols, editor.overdue) == (None, None)
    assert editor.checks
    assert seen(region, Grant(Role.admin, "990103"), counties=[]) is None, "nothing has been imported there"
