"""Who may do what where, over HTTP: rights, areas, what a stranger can learn, sessions, OPTIONS, the audit of reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from gis.households.rounds import close_round
from tests.api.conftest import Served, run, tile_path
from tests.gis import world

VILLAGE = world.VILLAGE
OTHER = "990101100202"
CELL = world.cell_code(1)


def test_options_tell_what_this_caller_may_do(served: Served) -> None:
    wall = served.client_of("wall", "all")
    assert served.client.options("/visits").headers["allow"] == "OPTIONS, POST"
    assert wall.options("/visits").headers["allow"] == "OPTIONS"
    assert wall.options("/coverage").headers["allow"] == "GET, HEAD, OPTIONS"
    assert wall.options("/collections/doorplates/items").headers["allow"] == "OPTIONS"
    assert served.client.options("/nothing").status_code == 404


def test_an_area_outside_ones_own_is_refused_whether_it_exists_or_not(served: Served) -> None:
    client = served.client_of("operator", CELL)
    told = {
        client.get(f"/coverage?area={code}&level=cell").status_code for code in (world.cell_code(2), OTHER, "990102")
    }
    assert told == {403}
    rows = client.get("/coverage?level=cell").json()["areas"]
    assert [row["code"] for row in rows] == [CELL]
    assert client.get("/coverage?level=village").status_code == 400  # a part of a village is no village


def test_items_and_lists_end_at_the_border(served: Served) -> None:
    client = served.client_of("operator", CELL)
    everything: list[dict[str, Any]] = served.json("/collections/doorplates/items?limit=1000")["features"]
    own = [f["id"] for f in everything if f["properties"]["cell"] == CELL]
    assert [f["id"] for f in client.get("/collections/doorplates/items?limit=1000").json()["features"]] == own
    foreign = next(f["id"] for f in everything if f["properties"]["cell"] != CELL)
    answers = [client.get(f"/collections/doorplates/items/{id}") for id in (foreign, 990101999999999)]
    assert {a.status_code for a in answers} == {404}
    assert answers[0].json()["detail"].replace(str(foreign), "X") == answers[1].json()["detail"].replace(
        "990101999999999", "X"
    )
    cells = {f["properties"]["cell"] for f in client.get("/households/unvisited").json()["features"]}
    assert cells == {CELL}
    assert {
        f["properties"]["cell"] for f in client.get("/collections/households/items?limit=500").json()["features"]
    } == {CELL}


def test_a_visit_outside_ones_area_is_of_an_unknown_household(own: Served) -> None:
    client = own.client_of("operator", CELL)
    foreign, missing = "990101-D002-0000-00", "990101-D999-0000-00"
    for household in (foreign, missing):
        batch = [
            {
                "id": str(world.visit(household).id),
                "household": household,
                "visited_at": f"{own.today}T00:00:01+08:00",
                "outcome": "reached",
                "team": "A1",
                "purpose": "routine",
            }
        ]
        refused = client.post("/visits", json=batch).json()["refused"]
        assert [(r["code"], r["detail"].replace(household, "X")) for r in refused] == [
            ("unknown-household", refused[0]["detail"].replace(household, "X"))
        ]


def test_a_change_elsewhere_does_not_show_in_an_etag(own: Served) -> None:
    client = own.client_of("operator", CELL)
    paths = [
        "/coverage?level=cell",
        "/collections/doorplates/items",
        tile_path("doorplates", 14, 104.005, 34.505),
        tile_path("cells", 10, 104.005, 34.505),
    ]
    before = [client.get(path).headers["etag"] for path in paths]
    run(own.store, "UPDATE everycell.doorplate SET address = 'x' WHERE cell = :cell", cell=world.cell_code(2))
    assert own.service.mirror.wait_for(lambda: True, 1)
    own.service.mirror.refresh()
    assert [client.get(path).headers["etag"] for path in paths] == before
    run(own.store, "UPDATE everycell.doorplate SET address = 'x' WHERE cell = :cell", cell=CELL)
    own.service.mirror.refresh()
    after = [client.get(path).headers["etag"] for path in paths]
    assert all(a != b for a, b in zip(after, before, strict=True))


def test_reads_of_doors_are_in_the_audit_once_an_hour(own: Served) -> None:
    path = tile_path("doorplates", 15, 104.005, 34.505)
    for _ in range(3):
        assert own.get(path).status_code in (200, 204)
    with own.store.read() as conn:
        found = conn.execute(
            text("SELECT who, action, area, detail FROM everycell.audit WHERE action = 'read_doors'")
        ).all()
    assert [(row.area, row.detail["kind"]) for row in found] == [(VILLAGE, "doorplates")]


@pytest.mark.parametrize("path", ["/coverage", "/search?q=1", "/collections", "/maps/coverage"])
def test_nobody_is_asked_to_sign_in(served: Served, path: str) -> None:
    answer = served.client.get(path, headers={"Authorization": "Bearer ec_wrong"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_token_is_dead_at_once(own: Served) -> None:
    client = own.client_of("operator", "all")
    assert client.get("/coverage").status_code == 200
    run(own.store, "UPDATE everycell.token SET revoked_at = now() WHERE role = 'operator'")
    assert own.service.mirror.wait_for(lambda: client.get("/coverage").status_code == 401, 5)


def test_a_session_needs_its_token_for_a_visit(own: Served) -> None:
    client = own.client_of("operator", CELL, world.cell_code(2))
    assert client.post("/visits", json=[]).status_code == 200
    del client.headers["x-csrf-token"]
    assert client.post("/visits", json=[]).status_code == 403
    assert client.get("/coverage?level=cell").status_code == 200


def test_several_areas_are_seen_together(own: Served) -> None:
    client = own.client_of("operator", CELL, world.cell_code(3))
    cells = {CELL, world.cell_code(3)}
    assert {f["properties"]["cell"] for f in client.get("/households/unvisited").json()["features"]} == cells
    assert {row["code"] for row in client.get("/coverage?level=cell").json()["areas"]} == cells
    assert [one["area"] for one in client.get("/rounds").json()["rounds"]] == ["990101"], "the county's round is theirs"
    assert client.get("/search?q=1").status_code == 200
    [code] = [one["code"] for one in client.get("/rounds").json()["rounds"]]
    for _ in range(2):  # running, then frozen
        table = client.get(f"/coverage?level=cell&round={code}").json()
        assert {row["code"] for row in table["areas"]} == cells
        assert table["total"]["known"] == sum(row["known"] for row in table["areas"])
        assert table["total"]["code"] == "", "a part of the county is not called the county"
        assert client.get(f"/coverage?level=village&round={code}").status_code == 400
        with own.store.begin() as conn:
            if conn.execute(text("SELECT closed_at IS NULL FROM everycell.visit_round")).scalar():
                close_round(conn, code, today=own.today, now=datetime.now(UTC))
        own.service.mirror.refresh()
    assert client.get("/coverage?level=village").status_code == 400


def test_a_browser_that_is_not_signed_in_goes_to_the_page_for_it(served: Served) -> None:
    anonymous = {"Authorization": "", "Accept": "text/html"}
    answer = served.client.get("/maps/coverage?lang=en", headers=anonymous)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/login?lang=en&next=%2Fmaps%2Fcoverage%3Flang%3Den",
    )
    assert served.client.get("/", headers=anonymous).headers["location"] == "/login?next=%2F"


def test_every_export_is_in_the_audit(own: Served) -> None:
    for path in ("/coverage?level=cell&f=csv", "/households/unvisited?f=csv"):
        for _ in range(3):
            assert own.get(path).status_code == 200
    with own.store.read() as conn:
        rows = conn.execute(
            text("SELECT detail->>'kind' FROM everycell.audit WHERE action = 'export' ORDER BY day, seq")
        )
        assert list(rows.scalars()) == ["coverage"] * 3 + ["unvisited"] * 3
