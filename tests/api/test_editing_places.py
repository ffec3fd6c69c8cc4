"""Doorplates, households and key sites over OGC API Features Part 4: move, edit, create, delete; figures follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gis.households.check import check
from gis.storage.cluster import Cluster
from tests.api.conftest import Served, database, fill, serving, signed_in, token_of
from tests.conftest import Filled
from tests.gis import world
from tests.gis.world import OWN, SIBLING, SOUTH, STEP, WEST, cell_code

HOME: Final = "990101-D001-0000-00"
SITE: Final = "990101-S1"


@pytest.fixture
def own(filled: Filled) -> Iterator[Served]:
    """The small county for one test alone; a recount finds no difference afterwards."""
    with filled.copy("served", fill) as (store, _):
        with serving(store) as running:
            yield running
        with store.read() as conn:
            assert list(check(conn, store.settings)) == []


@pytest.fixture(scope="module")
def region(cluster: Cluster) -> Iterator[Served]:
    """Four villages, for questions of who may."""
    with database(cluster, "editing") as store:
        with store.begin() as conn:
            world.build_region(conn, today=world.today_of(store.settings))
        with serving(store) as running:
            yield running


def inside(number: int, east: float = 0.5, north: float = 0.5) -> list[float]:
    """A place in a cell of the small county: three columns, two rows."""
    west, south = WEST + (number - 1) % 3 * STEP, SOUTH + (number - 1) // 3 * STEP
    return [round(west + east * STEP, 8), round(south + north * STEP, 8)]


def items(collection: str, key: object = "") -> str:
    return f"/collections/{collection}/items" + (f"/{key}" if key else "")


def change(served: Served, collection: str, key: object, point: list[float] | None = None, **properties: Any) -> Any:
    """An item as it was read, PUT back with some changes."""
    feature = served.json(items(collection, key))
    feature["properties"].update(properties)
    if point is not None:
        feature["geometry"]["coordinates"] = point
    return served.client.put(items(collection, key), json=feature)


def feature(point: list[float], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": point}, "properties": properties}


def known(served: Served) -> dict[str, int]:
    return {area["code"]: area["known"] for area in served.json("/coverage?level=cell")["areas"]}


def told(answer: httpx.Response, status: int, slug: str | None = None, field: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    if slug is not None:
        assert found["type"] == f"urn:everycell:problem:{slug}"
    if field is not None:
        assert found["field"] == field
        assert found["detail"].startswith(f"{field}: ")
    return found


# ---- households


def test_a_household_is_edited(own: Served) -> None:
    before = known(own)
    answer = change(
        own, "households", HOME, unit="3单元301", status="exempt", interval_days=30, registered_on="2026-01-05"
    )
    assert answer.status_code == 200, answer.text
    now = answer.json()["properties"]
    assert (now["unit"], now["status"], now["interval_days"], now["registered_on"]) == (
        "3单元301",
        "exempt",
        30,
        "2026-01-05",
    )
    again = own.get(items("households", HOME))
    assert (again.json(), again.headers["etag"]) == (answer.json(), answer.headers["etag"])
    assert known(own)[cell_code(1)] == before[cell_code(1)] - 1


def test_moving_a_household_moves_its_doorplate(own: Served) -> None:
    """A household stands at its doorplate: its point is the doorplate's, and goes for all behind it."""
    before = known(own)
    door = own.json(items("households", HOME))["properties"]["doorplate"]
    answer = change(own, "households", HOME, inside(6), address="新街9号")
    assert answer.status_code == 200, answer.text
    assert answer.json()["properties"]["cell"] == cell_code(6)
    moved = own.json(f"{items('households')}?doorplate={door}")["features"]
    assert [(m["geometry"]["coordinates"], m["properties"]["address"]) for m in moved] == [(inside(6), "新街9号")] * 2
    assert own.json(items("doorplates", door))["properties"]["cell"] == cell_code(6)
    after = known(own)
    assert (after[cell_code(1)], after[cell_code(6)]) == (before[cell_code(1)] - 2, before[cell_code(6)] + 2)


def test_a_household_goes_to_another_doorplate(own: Served) -> None:
    before = known(own)
    other = own.json(f"{items('doorplates')}?area={cell_code(2)}")["features"][0]
    old = own.json(items("households", HOME))["properties"]["doorplate"]
    answer = change(own, "households", HOME, doorplate=other["id"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["geometry"] == other["geometry"]
    assert answer.json()["properties"]["address"] == other["properties"]["address"]
    after = known(own)
    assert (after[cell_code(1)], after[cell_code(2)]) == (before[cell_code(1)] - 1, before[cell_code(2)] + 1)
    assert own.json(items("doorplates", old))["properties"]["households"] == 1
    told(change(own, "households", HOME, inside(6), doorplate=old), 400, "bad-input", "geometry")
    told(change(own, "households", HOME, doorplate=5), 400, "bad-input", "doorplate")


def test_a_replacement_that_says_nothing_of_the_address_leaves_it(own: Served) -> None:
    """The address is the doorplate's; the unit is the household's own, and is gone."""
    stored = own.json(items("households", HOME))
    body = feature(stored["geometry"]["coordinates"], **stored["properties"])
    del body["properties"]["address"], body["properties"]["unit"]
    now = own.client.put(items("households", HOME), json=body).json()["properties"]
    assert (now["address"], now["unit"]) == (stored["properties"]["address"], None)


def test_a_patch_of_a_household(own: Served) -> None:
    headers = {"If-Match": own.get(items("households", HOME)).headers["etag"]}
    answer = own.client.patch(items("households", HOME), json={"properties": {"unit": "1001"}}, headers=headers)
    assert (answer.status_code, answer.json()["properties"]["unit"]) == (200, "1001")
    version = answer.json()["properties"]["version"]
    answer = own.client.patch(items("households", HOME), json={"properties": {"unit": None, "version": version}})
    assert (answer.status_code, answer.json()["properties"]["unit"]) == (200, None)
    for name in ("cell", "last_reached_on", "due_on"):
        body = {"properties": {name: "2026-01-01"}}
        told(own.client.patch(items("households", HOME), json=body, headers={"If-Match": "*"}), 400, "bad-input", name)


def test_a_visit_in_between_is_no_conflict_by_version(own: Served) -> None:
    """The version is of what can be edited; the ETag is of all that is shown."""
    stored, tag = own.json(items("households", HOME)), own.get(items("households", HOME)).headers["etag"]
    visit(own, HOME)
    stored["properties"]["unit"] = "1001"
    refused = own.client.put(items("households", HOME), json=stored, headers={"If-Match": tag})
    assert told(refused, 412, "precondition-failed")["version"] == stored["properties"]["version"]
    answer = own.client.put(items("households", HOME), json=stored)
    assert answer.status_code == 200, answer.text
    assert answer.json()["properties"]["last_reached_on"] == str(own.today)


def visit(served: Served, household: str, days_ago: int = 0, outcome: str = "reached") -> None:
    body = {
        "id": str(uuid4()),
        "household": household,
        "visited_at": f"{served.today - timedelta(days=days_ago)}T00:00:01+08:00",
        "outcome": outcome,
        "team": "A1",
        "purpose": "routine",
    }
    assert served.client.post("/visits", json=[body]).json()["accepted"] == 1


def test_a_new_household_at_a_new_doorplate(own: Served) -> None:
    before = known(own)
    kind = {"Content-Type": "application/geo+json"}
    body = feature(inside(6), address="河滩3号", unit="东户")
    answer = own.client.post(items("households"), json=body, headers=kind)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"].endswith(items("households", made["id"]))
    assert own.client.get(answer.headers["location"]).json() == made
    now = made["properties"]
    assert (now["status"], now["registered_on"], now["last_reached_on"]) == ("active", str(own.today), None)
    assert now["interval_days"] == own.store.settings.interval_days
    assert now["cell"] == cell_code(6)
    beside = own.client.post(items("households"), json=feature(inside(6), unit="西户")).json()
    assert beside["properties"]["doorplate"] == now["doorplate"], "on the same point stands the same doorplate"
    third = own.client.post(items("households"), json=feature(inside(6), doorplate=now["doorplate"])).json()
    assert third["properties"]["address"] == "河滩3号"
    assert known(own)[cell_code(6)] == before[cell_code(6)] + 3


def test_a_household_that_was_never_visited_can_go(own: Served) -> None:
    made = own.client.post(items("households"), json=feature(inside(6), code="990101-NEW-1")).json()
    here = items("households", made["id"])
    told(own.client.delete(here), 428, "precondition-required")
    told(own.client.delete(here, params={"version": "x"}), 412, "precondition-failed")
    assert own.client.delete(here, params={"version": made["properties"]["version"]}).status_code == 204
    assert own.get(here).status_code == 404
    told(own.client.delete(here, headers={"If-Match": "*"}), 404, "not-found")
    again = feature(inside(6), code="990101-NEW-1")
    assert "never used again" in told(own.client.post(items("households"), json=again), 409, "conflict")["detail"]


def test_a_household_that_was_visited_stays(own: Served) -> None:
    headers = {"If-Match": "*"}
    answer = own.client.delete(items("households", HOME), headers=headers)
    assert "exempt" in told(answer, 409, "conflict")["detail"]
    assert own.get(items("households", HOME)).status_code == 200


@pytest.mark.parametrize(
    ("properties", "status", "field"),
    [
        ({"unit": 5}, 400, "unit"),
        ({"unit": "x" * 101}, 400, "unit"),
        ({"unit": "a\u0000"}, 400, "unit"),
        ({"unit": "13812345678"}, 422, "unit"),
        ({"unit": "张伟"}, 422, "unit"),
        ({"unit": "王建国"}, 422, "unit"),
        ({"address": "电话138 1234 5678"}, 422, "address"),
        ({"address": "someone@example.org"}, 422, "address"),
        ({"status": "moved"}, 400, "status"),
        ({"status": None}, 400, "status"),
        ({"interval_days": 0}, 400, "interval_days"),
        ({"interval_days": 3651}, 400, "interval_days"),
        ({"interval_days": 10**30}, 400, "interval_days"),
        ({"interval_days": -5}, 400, "interval_days"),
        ({"interval_days": 1.5}, 400, "interval_days"),
        ({"interval_days": True}, 400, "interval_days"),
        ({"interval_days": "30"}, 400, "interval_days"),
        ({"registered_on": "yesterday"}, 400, "registered_on"),
        ({"registered_on": "1900-01-01"}, 400, "registered_on"),
        ({"registered_on": 20260101}, 400, "registered_on"),
        ({"doorplate": "x"}, 400, "doorplate"),
        ({"doorplate": None}, 400, "doorplate"),
        ({"doorplate": 10**40}, 400, "doorplate"),
        ({"reason": "vacant"}, 400, "reason"),
        ({"name": "x"}, 422, "name"),
        ({"phone": "x"}, 422, "phone"),
        ({"户主姓名": "x"}, 422, "户主姓名"),
        ({"id_card": "x"}, 422, "id_card"),
        ({"reached_before": "2026-01-01"}, 400, "reached_before"),
        ({"code": "990101-D001-0000-01"}, 409, "code"),
        ({"code": 5}, 400, "code"),
    ],
    ids=str,
)
def test_bad_properties_are_named_and_nothing_is_written(
    served: Served, properties: dict[str, Any], status: int, field: str
) -> None:
    before = served.get(items("households", HOME)).content
    told(change(served, "households", HOME, **properties), status, field=field)
    assert served.get(items("households", HOME)).content == before


@pytest.mark.parametrize(
    ("geometry", "status"),
    [
        (None, 400),
        ({"type": "Point", "coordinates": []}, 400),
        ({"type": "Point", "coordinates": [104]}, 400),
        ({"type": "Point", "coordinates": ["104", "34"]}, 400),
        ({"type": "Point", "coordinates": [34.5, 104.0]}, 400),  # the axes swapped
        ({"type": "Point", "coordinates": [True, 34]}, 400),
        ({"type": "Point", "coordinates": {"0": 1}}, 400),
        ({"type": "LineString", "coordinates": [[104, 34], [105, 35]]}, 400),
        ({"type": "Point", "coordinates": [10, 34]}, 422),
        ({"type": "Point", "coordinates": [104.05, 34.5]}, 422),
    ],
    ids=str,
)
def test_bad_places(served: Served, geometry: Any, status: int) -> None:
    for collection, key in (("households", HOME), ("sites", SITE)):
        stored = served.json(items(collection, key))
        answer = served.client.put(items(collection, key), json={**stored, "geometry": geometry})
        found = told(answer, status)
        if status == 422:
            assert found["pieces"][0] == geometry, "what lies in no cell is told as GeoJSON"
        assert served.json(items(collection, key)) == stored


# ---- doorplates


def test_a_doorplate_moves_and_is_renamed(own: Served) -> None:
    door = own.json(f"{items('doorplates')}?area={cell_code(1)}")["features"][0]
    answer = change(own, "doorplates", door["id"], inside(2), address="柳林村8号")
    assert answer.status_code == 200, answer.text
    now = answer.json()["properties"]
    assert (now["cell"], now["address"], now["households"]) == (cell_code(2), "柳林村8号", 2)
    assert answer.headers["etag"] == own.get(items("doorplates", door["id"])).headers["etag"]
    told(own.client.delete(items("doorplates", door["id"]), headers={"If-Match": "*"}), 409, "conflict")


def test_a_doorplate_without_households_comes_and_goes(own: Served) -> None:
    made = own.client.post(items("doorplates"), json=feature(inside(6), address="河滩1号"))
    assert made.status_code == 201, made.text
    assert made.headers["location"].endswith(items("doorplates", made.json()["id"]))
    here = items("doorplates", made.json()["id"])
    assert own.client.delete(here, headers={"If-Match": made.headers["etag"]}).status_code == 204
    body = feature(inside(6), code=made.json()["properties"]["code"])
    told(own.client.post(items("doorplates"), json=body), 409, "conflict")
    told(own.client.post(items("doorplates"), json=feature(inside(6), id=990101000000999)), 400, "bad-input", "id")


# ---- key sites


def test_a_site_is_moved_and_edited(own: Served) -> None:
    answer = change(
        own, "sites", SITE, inside(3), name="柳林中心小学", check_interval_days=60, last_checked_on="2026-01-05"
    )
    assert answer.status_code == 200, answer.text
    now = answer.json()["properties"]
    assert (now["cell"], now["name"], now["last_checked_on"]) == (cell_code(3), "柳林中心小学", "2026-01-05")
    same = change(own, "sites", SITE)
    assert (same.status_code, same.headers["etag"]) == (200, answer.headers["etag"])
    later = str(own.today + timedelta(days=1))
    told(change(own, "sites", SITE, last_checked_on=later), 400, "bad-input", "last_checked_on")
    told(change(own, "sites", SITE, category="church"), 400, "bad-input", "category")


def test_a_site_comes_and_goes(own: Served) -> None:
    body = feature(inside(6), name="河滩药店", category="pharmacy")
    made = own.client.post(items("sites"), json=body)
    assert made.status_code == 201, made.text
    assert made.json()["properties"]["cell"] == cell_code(6)
    assert own.client.delete(made.headers["location"], headers={"If-Match": made.headers["etag"]}).status_code == 204
    again = {**body, "properties": {**body["properties"], "code": made.json()["id"]}}
    told(own.client.post(items("sites"), json=again), 409, "conflict")
    told(own.client.post(items("sites"), json=feature(inside(6), name="x")), 400, "bad-input", "category")
    told(own.client.post(items("sites"), json=feature(inside(6), name="x", category="temple")), 400, field="category")


# ---- freshness


def test_pages_and_tiles_change_exactly_with_what_they_show(own: Served) -> None:
    paths = {
        "here": f"{items('households')}?area={cell_code(1)}",
        "there": f"{items('households')}?area={cell_code(6)}",
        "elsewhere": f"{items('households')}?area={cell_code(3)}",
        "figures": "/coverage?level=cell",
    }
    tags = [{name: own.get(p).headers["etag"] for name, p in paths.items()}]

    def changed() -> set[str]:
        tags.append({name: own.get(p).headers["etag"] for name, p in paths.items()})
        return {name for name in paths if tags[-1][name] != tags[-2][name]}

    assert change(own, "households", HOME).status_code == 200
    assert changed() == set(), "nothing was changed"
    assert change(own, "households", HOME, unit="9室").status_code == 200
    assert changed() == {"here", "figures"}
    assert change(own, "households", HOME, inside(6)).status_code == 200
    assert changed() == {"here", "there", "figures"}
    assert change(own, "households", HOME, unit="x" * 101).status_code == 400
    assert changed() == set()


# ---- who may


def editor(region: Served) -> httpx.Client:
    return region.client_of("editor", OWN.code)


def test_beyond_ones_area_nothing_is_edited_nor_told(region: Served) -> None:
    """Not what is there, not where a point lies, not which codes are in use."""
    client = editor(region)
    east = [round(SIBLING.centre[0], 8), SIBLING.centre[1]]
    mine = client.get(items("households", OWN.household(2))).json()
    nowhere = [10.0, 10.0]
    for point in (east, nowhere):
        moved = {**mine, "geometry": {"type": "Point", "coordinates": point}}
        assert told(client.put(items("households", OWN.household(2)), json=moved), 403, "not-allowed")
    answers = [client.post(items("sites"), json=feature(p, name="x", category="park")) for p in (east, nowhere)]
    assert {a.status_code for a in answers} == {403}
    assert answers[0].json() == answers[1].json()
    doors = [region.json(f"{items('doorplates')}?area={SIBLING.code}")["features"][0]["id"], 990101000999999]
    for door in doors:
        sent = {**mine, "properties": {**mine["properties"], "doorplate": door}}
        answer = told(client.put(items("households", OWN.household(2)), json=sent), 400, field="doorplate")
        assert answer["detail"] == f"doorplate: there is no doorplate {door}"
    for code in (SIBLING.household(), "990101-NOBODY-1"):
        body = feature(list(OWN.centre), code=code)
        assert told(client.post(items("households"), json=body), 403, "not-allowed", "code")
        assert told(client.put(items("households", code), json={**mine, "id": code}), 404, "not-found")
        assert told(client.delete(items("households", code), headers={"If-Match": "*"}), 404, "not-found")
    assert client.get(items("households", OWN.household(2))).json() == mine


def test_who_sees_and_may_not_edit(region: Served) -> None:
    mine = editor(region).get(items("sites", OWN.site)).json()
    for role, status in (("operator", 403), ("patrol_leader", 403), ("wall", 403)):
        client = region.client_of(role, OWN.code)
        told(client.put(items("sites", OWN.site), json=mine), status, "not-allowed")
        assert "PUT" not in client.options(items("sites", OWN.site)).headers["allow"]
    client = region.client_of("editor", OWN.cells[1])
    told(client.put(items("sites", OWN.site), json=mine), 404, "not-found")


def test_whoever_edits_a_village_and_sees_the_town_is_told_why_not(region: Served) -> None:
    secret = token_of(region.store, ("editor", OWN.code), ("operator", "990101"))
    with signed_in(region.address, secret) as client:
        theirs = client.get(items("sites", SIBLING.site)).json()
        told(client.put(items("sites", SIBLING.site), json=theirs), 403, "not-allowed", "id")


def test_the_audit_has_every_edit_and_no_code_of_a_door(own: Served) -> None:
    made = own.client.post(items("households"), json=feature(inside(6), address="河滩9号")).json()
    assert change(own, "households", made["id"], inside(5)).status_code == 200
    assert own.client.delete(items("households", made["id"]), headers={"If-Match": "*"}).status_code == 204
    assert change(own, "households", HOME, unit="张伟").status_code == 422
    with own.store.read() as conn:
        found = conn.execute(
            text("SELECT action, area, detail FROM everycell.audit WHERE action LIKE 'place%' ORDER BY day, seq")
        ).all()
    kinds = {"kind": "households"}
    assert [(row.action, row.area, row.detail) for row in found] == [
        ("place_add", cell_code(6), kinds),
        ("place_change", f"{cell_code(5)},{cell_code(6)}", {**kinds, "doorplates": 1}),
        ("place_remove", cell_code(5), kinds),
    ]


# ---- figures follow, whatever is done

STEPS: Final = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 50), st.integers(1, 6)),
    st.tuples(st.just("move"), st.integers(0, 50), st.integers(1, 6)),
    st.tuples(st.just("rehouse"), st.integers(0, 50), st.integers(0, 50)),
    st.tuples(st.just("status"), st.integers(0, 50), st.sampled_from(["active", "exempt"])),
    st.tuples(st.just("days"), st.integers(0, 50), st.integers(1, 400)),
    st.tuples(st.just("visit"), st.integers(0, 50), st.integers(0, 100)),
    st.tuples(st.just("remove"), st.integers(0, 50), st.just(0)),
)


@pytest.fixture(scope="module")
def changing(cluster: Cluster) -> Iterator[Served]:
    """One county that goes through every example."""
    with database(cluster, "changing") as store:
        fill(store)
        with serving(store) as running:
            yield running


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=8))
def test_figures_are_those_of_a_recount(changing: Served, steps: list[tuple[str, int, Any]]) -> None:
    """After any sequence of edits and visits the coverage is what counting the households one by one gives."""
    for kind, which, what in steps:
        listed = changing.json(f"{items('households')}?limit=10000")["features"]
        do(changing, listed, kind, listed[which % len(listed)], what)
    since = changing.today - timedelta(days=30)
    table = changing.json(f"/coverage?level=cell&since={since}")
    stored = {a["code"]: (a["known"], a["reached"], a["tried"], a["never"], a["overdue"]) for a in table["areas"]}
    assert stored == recounted(changing, since)
    with changing.store.read() as conn:
        assert list(check(conn, changing.store.settings)) == []


def do(served: Served, listed: list[dict[str, Any]], kind: str, home: dict[str, Any], what: Any) -> None:
    match kind:
        case "add":
            answer = served.client.post(items("households"), json=feature(inside(what, 0.3, 0.7)))
        case "move":
            answer = change(served, "households", home["id"], inside(what, 0.9, 0.2))
        case "rehouse":
            door = listed[what % len(listed)]["properties"]["doorplate"]
            answer = change(served, "households", home["id"], doorplate=door)
        case "status":
            answer = change(served, "households", home["id"], status=what)
        case "days":
            answer = change(served, "households", home["id"], interval_days=what)
        case "visit":
            visit(served, home["id"], what, "reached" if what % 3 else "no_answer")
            return
        case _:
            answer = served.client.delete(items("households", home["id"]), headers={"If-Match": "*"})
    assert answer.status_code in (200, 201, 204) or (kind == "remove" and answer.status_code == 409), answer.text


def recounted(served: Served, since: date) -> dict[str, tuple[int, ...]]:
    """Known, reached, tried, never, overdue of each cell, household by household."""
    found: dict[str, Counter[str]] = {cell_code(n): Counter() for n in range(1, 7)}
    for one in served.json(f"{items('households')}?limit=10000")["features"]:
        home = one["properties"]
        if home["status"] != "active":
            continue
        here, reached, contact = found[home["cell"]], home["last_reached_on"], home["last_contact_on"]
        here["known"] += 1
        here["reached"] += reached is not None and reached >= str(since)
        here["tried"] += contact is not None and contact >= str(since) and (reached is None or reached < str(since))
        here["never"] += reached is None
        here["overdue"] += home["due_on"] < str(served.today)
    names = ("known", "reached", "tried", "never", "overdue")
    return {code: tuple(counts[name] for name in names) for code, counts in found.items()}
