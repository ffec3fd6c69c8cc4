"""Alarms over HTTP: from figures to the list, what people do with them, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
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


class Patrolled:
    """Patrols of COUSIN whose stops nobody ticks, and what is told of them as the days go by."""

    def __init__(self, served: Served) -> None:
        self.served, self.clock, self.id = served, Clock(), f"patrols-{COUSIN.code}"
        service = served.service
        self.watch = Watch(service.store, service.mirror, service.figures, clock=self.clock)

    def plan(self, on: date, team: str, shift_to: int = 13 * 3600) -> None:
        """A route with one stop, from 09:00 on."""
        with self.served.store.begin() as conn:
            made = add_plan(conn, COUSIN, on=on, team=team)
            conn.execute(text("DELETE FROM everycell.patrol_tick"))
            values = {"plan": made, "shift_to": shift_to}
            conn.execute(text("UPDATE everycell.patrol_route SET shift_to = :shift_to WHERE plan = :plan"), values)

    def told(self, days: int, hour: int) -> tuple[int, int] | None:
        """How many stops are missed, and how many alarms wait for somebody, at an hour some days from today."""
        midnight = datetime.combine(self.served.today, datetime.min.time(), self.served.store.settings.zone)
        for seconds in (0, 61, 400, 461, 522):
            self.clock.now = midnight + timedelta(days=days, hours=hour, seconds=seconds)
            self.watch.look()
        line = self.line()
        return (line["number"], line["unacknowledged"]) if line else None

    def line(self) -> dict[str, Any] | None:
        found = self.served.json(f"/alarms?area={COUSIN.code}")["alarms"]
        return next((line for line in found if line["kind"] == "patrols"), None)


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
    patrols = Patrolled(region)
    patrols.plan(region.today, "A1")
    assert patrols.told(0, 12) is None
    assert patrols.told(0, 14) == (1, 1)  # of which so many wait for somebody
    assert patrols.told(2, 12) is None


def test_stops_missed_the_next_day_are_another_alarm(region: Served) -> None:
    patrols = Patrolled(region)
    patrols.plan(region.today, "A1")
    for team in ("A1", "A2"):
        patrols.plan(region.today + timedelta(days=1), team)
    assert patrols.told(0, 14) == (1, 1)
    region.client_of("operator", COUSIN.code).post(f"/alarms/{patrols.id}/acknowledge")
    assert patrols.told(1, 8) == (1, 0)  # for whoever comes in the morning
    assert patrols.told(1, 14) == (2, 1)  # of today alone, and nobody has seen it
    line = patrols.line()
    assert line is not None
    assert datetime.fromisoformat(line["since"]).date() == region.today + timedelta(days=1)
    happened = [change for kind, _, change, _ in events(region) if kind == "patrols"]
    assert sorted(happened) == ["acknowledged", "raised", "raised"]


def test_what_is_put_aside_stays_aside_when_it_is_raised_anew(region: Served) -> None:
    patrols = Patrolled(region)
    for days in (0, 1):
        patrols.plan(region.today + timedelta(days=days), "A1")
    assert patrols.told(0, 14) == (1, 1)
    region.client_of("operator", COUSIN.code).post(f"/alarms/{patrols.id}/shelve", json={"minutes": 1440})
    assert patrols.told(1, 14) is None
    shelved = region.json(f"/alarms?area={COUSIN.code}")["shelved"]
    assert [line["unacknowledged"] for line in shelved if line["kind"] == "patrols"] == [1]


def test_a_shift_over_midnight_is_of_the_day_on_which_it_began(region: Served) -> None:
    patrols = Patrolled(region)
    patrols.plan(region.today, "A1")
    patrols.plan(region.today, "A2", shift_to=26 * 3600)
    assert patrols.told(0, 14) == (1, 1)
    region.client_of("operator", COUSIN.code).post(f"/alarms/{patrols.id}/acknowledge")
    assert patrols.told(1, 1) == (1, 0)
    assert patrols.told(1, 3) == (2, 0)  # the same day's
    assert patrols.told(2, 1) is None


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


def test_only_what_was_read_is_taken(region: Served) -> None:
    with region.store.begin() as conn:
        for village in (OWN, SIBLING):
            add_alarm(conn, village)
    run(region.store, "UPDATE everycell.alarm SET raised_at = '2026-11-20T01:00:00.000900Z'")
    run(
        region.store, "UPDATE everycell.alarm SET raised_at = '2026-11-20T01:05Z' WHERE area = :late", late=SIBLING.code
    )
    operator = region.client_of("operator", OWN.town)

    def waiting() -> dict[str, int]:
        return {line["area"]: line["unacknowledged"] for line in operator.get("/alarms").json()["alarms"]}

    def send(what: str, **body: Any) -> int:
        return operator.post(f"/alarms/behind-{OWN.town}/{what}", json=body).status_code

    for wrong in ("yesterday", "2026-11-20T09:00:00", 5):
        assert send("acknowledge", as_of=wrong) == 400
    assert send("acknowledge", seen="2026-11-20T01:00Z") == 400
    assert send("acknowledge", as_of="2026-11-20T00:59:59.999Z") == 404
    since = next(line["since"] for line in operator.get("/alarms").json()["alarms"] if line["area"] == OWN.code)
    assert send("acknowledge", as_of=since) == 200
    assert waiting() == {OWN.code: 0, SIBLING.code: 1}
    assert send("shelve", as_of=since, minutes=60) == 200
    assert waiting() == {SIBLING.code: 1}
    assert send("shelve", as_of=since, minutes=60) == 200  # again is harmless
    assert waiting() == {SIBLING.code: 1}
    for what in ("acknowledge", "shelve"):
        told = region.json("/api")["paths"][f"/alarms/{{alarm}}/{what}"]["post"]
        assert "as_of" in told["description"]
        assert "as_of" in str(told["requestBody"]["content"]["application/json"])
    # What is put aside on its own is not acknowledged with the others; taking it back takes nothing else.
    run(region.store, "UPDATE everycell.alarm SET acknowledged_at = NULL, acknowledged_by = NULL")
    assert send("acknowledge") == 200
    assert send("shelve", as_of="2026-11-20T00:00Z", minutes=0) == 200
    assert waiting() == {SIBLING.code: 0, OWN.code: 1}
    happened = {(area, change) for _, area, change, _ in events(region)}
    assert (SIBLING.code, "unshelved") not in happened


def test_a_line_of_one_alarm_takes_that_alone(region: Served) -> None:
    """A stop in no cell counts for what its plan is of: here the county."""
    with region.store.begin() as conn:
        for village in (OWN, SIBLING):
            add_alarm(conn, village, kind="patrols")
    run(region.store, "UPDATE everycell.alarm SET area = '990101' WHERE area = :code", code=SIBLING.code)
    admin = region.client_of("admin", "all")
    found = admin.post("/alarms/patrols-990101/acknowledge").json()["alarms"]
    assert {line["area"]: line["unacknowledged"] for line in found} == {"990101": 0, OWN.code: 1}
    found = admin.post("/alarms/patrols-990101/shelve", json={"minutes": 60}).json()
    assert kinds(found) == [("patrols", OWN.code)]
