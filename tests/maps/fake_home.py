"""What waits in the made-up county of `tests.maps.fake`: two rounds, patrols on the way, cases past their date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gis.board.content import Sites
from gis.codes import Level
from gis.disputes.cases import Case
from gis.disputes.categories import Category, Channel
from gis.disputes.workflow import State
from gis.home import Home, Patrols
from gis.households.coverage import total
from maps.home import HomePage
from tests.maps import fake
from tests.maps.fake_report import report

NOW = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)


def home(note: str = "") -> Home:
    """`note` is put into every name."""
    county, visits = fake.county(note=note), report(note=note).visits
    named = [*county.divisions["features"], *county.cells["features"]]
    [running, _] = visits.rounds
    town = replace(
        running, round=replace(running.round, area="621102002", target=None), planned=None, area_name="青岚乡"
    )
    areas = sorted((place.since_cut_off for place in visits.standings), key=lambda one: one.reached - one.known)
    return Home(
        areas=(("621102", f"示范县{note}"),),
        since=fake.SINCE,
        total=total(county.figures, "621102"),
        rounds=(running, town),
        most_left=tuple(areas),
        patrols=Patrols(plans=1, searching=1, teams=3, out=2, stops=58, done=21),
        checks=Sites("", "", sites=9, never=1, overdue=2, due=3),
        overdue=(_case(1, Category.neighbours, fake.code_at(1, 1), 12), _case(2, Category.family, "621102001002", 0)),
        published=(),
        names={one["properties"]["code"]: one["properties"]["name"] for one in named},
    )


def _case(number: int, category: Category, area: str, days: int) -> Case:
    due = NOW - timedelta(days=days, hours=1)
    reported = due - timedelta(days=30)
    return Case(
        county=621102,
        id=UUID(int=number),
        area=area,
        category=category,
        channel=Channel.patrol,
        state=State.in_mediation,
        level=Level.cell,
        version=1,
        reported_at=reported,
        registered_at=reported,
        due_at=due,
        extensions=0,
        ended_at=None,
        lon=None,
        lat=None,
    )


def page(**changes: Any) -> HomePage:
    """The page's configuration; `home=None` is a database without a county."""
    values: dict[str, Any] = {
        "nonce": "bm9uY2Vub25jZW5vbmNl",
        "today": fake.TODAY,
        "bounds": fake.BOUNDS,
        "home": home(),
        "read_at": NOW,
        "who": "zhang",
        "csrf": "token",
    }
    return HomePage(**{**values, **changes})
