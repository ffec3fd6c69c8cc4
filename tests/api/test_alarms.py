"""Alarms over HTTP: from figures to the list, what people do with them, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from api.watching import Watch
from gis.access.audit import latest
from gis.households.visits import record_visits
from gis.storage.cluster import Cluster
from tests.api.conftest import Served, database, run, serving
from tests.gis import world
from tests.gis.alarms.places import add_alarm
from tests.gis.patrol.places import add_plan
from tests.gis.world import COUSIN, OWN, SIBLING


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def on(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def region(cluster: Cluster) -> Iterator[Served]:
    """Four villages; their rounds end today, and next to nobody was reached; key sites overdue in one of them."""
    with database(cluster, "alarms") as store:
        today = world.today_of(store.settings)
        with store.begin() as conn:
            world.build_region(conn, today=today)
        run(store, "UPDATE everycell.site SET last_checked_on = '2020-01-01' WHERE code = :site", site=OWN.site)
        with serving(store) as served:
            yield served


def events(served: Served) -> list[tuple[str, str, str, str | None]]:
    with served.store.read() as conn:
        rows = conn.execute(text("SELECT kind, area, change, role FROM everycell.alarm_event ORDER BY at, kind, area"))
        return [tuple(row) for row in rows]


def kinds(found: Any) -> list[tuple[str, str]]:
    return [(line["kind"], line["area"]) for line in found["alarms"]]


def test_from_figures_to_the_list_and_away_again(region: Served) -> None:
    clock = Clock()
    watch = Watch(region.service.store, region.service.mirror, region.service.figures, clock=clock)
    wall, operator = region.client_of("wall", OWN.code), region.client_of("operator", OWN.code)
    assert wall.get("/alarms").json() == {"as_of": None, "unacknowledged": 0, "alarms": [], "shelved": []}
    watch.look()
    first = wall.get("/alarms")
    assert first.json()["alarms"] == []  # it has to hold for a while
    watch.look()  # the same minute: nobody looks twice
    clock.on(seconds=61)
    watch.look()
    found = wall.get("/alarms").json()
    assert kinds(found) == [("behind", OWN.code), ("sites", OWN.code)]
    behind, sites = found["alarms"]
    # 70 % were to be reached by the end of today, of the round's 31 days: 67.7 % by the end of yesterday.
    assert (behind["number"], behind["name"], behind["priority"], behind["may"]) == (68, "柳村", "medium", False)
    assert (sites["number"], sites["count"], found["unacknowledged"]) == (1, 1, 2)
    assert found["as_of"] == clock.now.isoformat(timespec="milliseconds")
    tag = wall.get("/alarms").headers["etag"]
    assert wall.get("/alarms", headers={"If-None-Match": tag}).status_code == 304

    # Acknowledged: by role in the event, by name in the audit; again is harmless.
    assert wall.post(f"/alarms/{behind['id']}/acknowledge").status_code == 403
    for _ in range(2):
        done = operator.post(f"/alarms/{behind['id']}/acknowledge").json()
        assert [line["unacknowledged"] for line in done["alarms"]] == [1, 0]
    assert done["alarms"][1]["acknowledged_by"] == "operator"
    assert [one for one in events(region) if one[2] == "acknowledged"] == [
        ("behind", OWN.code, "acknowledged", "operator")
    ]
    with region.store.read() as conn:
        entry = latest(conn, 1)[0]
    assert (entry.action, entry.area, entry.detail) == ("alarm_acknowledge", OWN.code, {"kind": "behind", "alarms": 1})

    # Put aside, and back.
    shelved = operator.post(f"/alarms/{sites['id']}/shelve", json={"minutes": 60}).json()
    assert [line["id"] for line in shelved["shelved"]] == [sites["id"]]
    assert kinds(shelved) == [("behind", OWN.code)]
    back = operator.post(f"/alarms/{sites['id']}/shelve", json={"minutes": 0}).json()
    assert back["shelved"] == []
    for wrong in ({"minutes": 3}, {"minutes": 1441}, {"minutes": "60"}, {}, {"minutes": 60, "why": "x"}, None):
        refused = operator.post(f"/alarms/{sites['id']}/shelve", json=wrong)
        assert refused.status_code == 400, wrong

    # Everybody is met, the site is checked: it goes by itself, after a while.
    homes = [OWN.household(cell, k, u) for cell, k in ((1, 0), (1, 1), (1, 2), (2, 0), (2, 1)) for u in range(2)]
    with region.store.begin() as conn:
        made = [world.visit(home, 1, today=region.today) for home in homes]
        assert record_visits(conn, made, region.store.settings).accepted == 10
    run(
        region.store,
        "UPDATE everycell.site SET last_checked_on = :on WHERE code = :site",
        on=region.today,
        site=OWN.site,
    )
    for _ in range(6):
        clock.on(seconds=61)
        region.service.mirror.refresh()
        watch.look()
    assert wall.get("/alarms").json()["alarms"] == []
    happened = [one[2] for one in events(region) if one[:2] == ("sites", OWN.code)]
    assert sorted(happened) == ["cleared", "raised", "shelved", "unshelved"]
    with region.store.read() as conn:  # that something has changed where, and nothing of what
        told = (
            conn.execute(text("SELECT payload FROM everycell.outbox WHERE kind = 'alarms' ORDER BY id")).scalars().all()
        )
    assert {"areas": [OWN.code]} in told
    assert all(list(payload) == ["areas"] for payload in told)


def test_stops_that_were_missed(region: Served) -> None:
    with region.store.begin() as conn:
        add_plan(conn, COUSIN, on=region.today)  # 09:00 to 13:00; its one stop is not ticked
        conn.execute(text("DELETE FROM everycell.patrol_tick"))
    clock = Clock()
    watch = Watch(region.service.store, region.service.mirror, region.service.figures, clock=clock)
    noon = datetime.combine(region.today, datetime.min.time(), region.store.settings.zone) + timedelta(hours=12)

    def missed(at: datetime) -> list[int]:
        for seconds in (0, 61, 400, 461, 522):
            clock.now = at + timedelta(seconds=seconds)
            watch.look()
        found = region.json(f"/alarms?area={COUSIN.code}")["alarms"]
        return [line["number"] for line in found if line["kind"] == "patrols"]

    assert missed(noon) == []
    assert missed(noon + timedelta(hours=2)) == [1]
    assert missed(noon + timedelta(days=2)) == []


def test_an_alarm_is_of_its_area_alone(region: Served) -> None:
    with region.store.begin() as conn:
        for village in (OWN, SIBLING, COUSIN):
            add_alarm(conn, village)
    both = region.client_of("operator", OWN.code, COUSIN.code)
    assert {line["area"] for line in both.get("/alarms").json()["alarms"]} == {OWN.code, COUSIN.code}
    # The line of a town is acknowledged as far as it lies in one's own areas.
    assert both.post(f"/alarms/behind-{OWN.town}/acknowledge").status_code == 200
    assert both.post(f"/alarms/behind-{SIBLING.code}/acknowledge").status_code == 404
    assert both.post("/alarms/smoke-990101/acknowledge").status_code == 400
    done = {line["area"]: line["unacknowledged"] for line in region.json("/alarms")["alarms"]}
    assert done == {OWN.code: 0, SIBLING.code: 1, COUSIN.code: 1}
