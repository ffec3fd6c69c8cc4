"""An answer is kept exactly as long as nothing that it shows has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from gis.households.rounds import close_round, open_round
from tests.api.conftest import TILES, Served, administer, run, tile_of, tile_path
from tests.gis import world

Taken = Callable[[Served], list[object]]

PATHS = [
    tile_path("cells", 12, 104.015, 34.51),
    tile_path("doorplates", 14, 104.015, 34.51) + "?since=2026-01-01",
    tile_path("streets", 14, 104.005, 34.505),
    "/collections/cells/items",
    "/collections/divisions/items?level=town",
    "/collections/doorplates/items?bbox=104.0,34.5,104.01,34.51",
    "/collections/households/items?area=990101100201002",
    "/collections/sites/items/990101-S1",
    "/grid",
    "/coverage?level=cell",
    "/coverage?level=village",
    "/coverage?level=cell&f=geojson",
]


def visit_now(served: Served, household: str, **other: str) -> Any:
    visit = {
        "id": str(uuid4()),
        "household": household,
        "visited_at": datetime.now(UTC).isoformat(),
        "outcome": "reached",
        "team": "T01",
        "purpose": "routine",
        **other,
    }
    return served.client.post("/visits", json=[visit])


def etag(served: Served, path: str) -> str:
    return str(served.get(path).headers["etag"])


@pytest.mark.parametrize("path", PATHS)
def test_an_unchanged_answer_takes_no_connection(served: Served, connections_taken: Taken, path: str) -> None:
    first = served.get(path)
    taken = connections_taken(served)
    again = served.get(path)
    unchanged = served.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == first.headers["etag"]
    assert taken == []


def test_304_without_a_kept_answer_takes_no_connection(own: Served, connections_taken: Taken) -> None:
    tag = etag(own, PATHS[0])
    own.service.answers.cache.clear()
    taken = connections_taken(own)
    assert own.get(PATHS[0], headers={"If-None-Match": tag}).status_code == 304
    assert taken == []


@pytest.mark.parametrize("condition", ['W/"x", {}', "{}", "*", 'W/"a" ,{}'])
def test_if_none_match_is_read_as_rfc_9110_says(served: Served, condition: str) -> None:
    tag = etag(served, PATHS[0]).removeprefix("W/")
    assert served.get(PATHS[0], headers={"If-None-Match": condition.format(tag)}).status_code == 304
    assert served.get(PATHS[0], headers={"If-None-Match": 'W/"other"'}).status_code == 200


def tiles_of_county(zoom: int) -> list[tuple[int, int]]:
    west, north = tile_of(104.0, 34.52, zoom)
    east, south = tile_of(104.03, 34.5, zoom)
    return [(column, row) for column in range(west, east + 1) for row in range(north, south + 1)]


def meets_cell_one(zoom: int, column: int, row: int) -> bool:
    """Whether a tile, with its buffer, reaches the south-western cell."""
    from api.features.tiles import Tile

    west, south, east, north = Tile(zoom, column, row).box
    return west <= 104.01 and east >= 104.0 and south <= 34.51 and north >= 34.5


@pytest.mark.parametrize("collection", ["doorplates", "cells"])
def test_a_visit_invalidates_the_tiles_of_its_cell_and_no_other(own: Served, collection: str) -> None:
    zoom = 17
    paths = {
        (column, row): f"/collections/{collection}{TILES}/{zoom}/{row}/{column}?since=2026-01-01"
        for column, row in tiles_of_county(zoom)
    }
    before = {tile: etag(own, path) for tile, path in paths.items()}
    assert visit_now(own, "990101-D001-0003-00").json()["accepted"] == 1
    for tile, path in paths.items():
        changed = etag(own, path) != before[tile]
        assert changed == meets_cell_one(zoom, *tile), tile


def test_own_writes_are_read(own: Served) -> None:
    """Fifty times: the answer after an acknowledged visit shows it."""
    path = "/coverage?level=cell&area=990101100201001&since=2026-11-01"
    reached = own.json(path)["total"]["reached"]
    codes = [h["id"] for h in own.json("/collections/households/items?limit=100")["features"]]
    for code in codes:
        last = own.json(f"/collections/households/items/{code}")["properties"]["last_reached_on"]
        assert visit_now(own, code).json() == {"accepted": 1, "repeated": 0, "refused": []}
        if code.startswith("990101-D001") and (last is None or last < "2026-11-01"):
            reached += 1
        assert own.json(path)["total"]["reached"] == reached, code


def test_a_visit_that_changes_nothing_invalidates_nothing(own: Served) -> None:
    before = etag(own, PATHS[1])
    long_ago = (datetime.now(UTC) - timedelta(days=300)).isoformat()
    assert visit_now(own, "990101-D001-0000-00", visited_at=long_ago).json()["accepted"] == 1
    assert etag(own, PATHS[1]) == before


CHANGES = {
    "cell name": ("UPDATE everycell.cell SET name = 'x' WHERE code = '990101100201001'", PATHS[0]),
    "confirmed empty": (
        "UPDATE everycell.cell SET confirmed_empty_on = '2026-01-01' WHERE code = '990101100201006'",
        PATHS[0],
    ),
    "address": (
        "UPDATE everycell.doorplate SET address = 'x' WHERE code = '990101-D001-0000'",
        "/collections/doorplates/items",
    ),
    "household exempt": (
        "UPDATE everycell.household SET status = 'exempt' WHERE code = '990101-D001-0000-00'",
        tile_path("doorplates", 14, 104.001, 34.501),
    ),
    "household gone": (
        "DELETE FROM everycell.household WHERE code = '990101-D003-0000-00'",
        "/coverage?level=village",
    ),
    "doorplate moved": (
        "UPDATE everycell.doorplate SET geom = ST_SetSRID(ST_MakePoint(104.025, 34.515), 4490)"
        " WHERE code = '990101-D001-0000'",
        tile_path("doorplates", 16, 104.025, 34.515),
    ),
    "visit deleted": ("DELETE FROM everycell.visit WHERE outcome = 'no_answer'", "/coverage?level=cell"),
    "site checked": (
        "UPDATE everycell.site SET last_checked_on = '2026-11-01' WHERE code = '990101-S1'",
        "/collections/sites/items",
    ),
    "division renamed": (
        "UPDATE everycell.division SET name = '新名' WHERE code = '990101100'",
        "/coverage?level=town",
    ),
    "round renamed": ("UPDATE everycell.visit_round SET first_on = first_on - 1", "/coverage?level=town"),
    "streets": (
        "WITH gone AS (DELETE FROM everycell.street WHERE id = 2)"
        " UPDATE everycell.county_outline SET revision = revision + 1",
        PATHS[2],
    ),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_every_change_by_any_client_is_seen(own: Served, change: str) -> None:
    """Another client of the database changes something; the mirror hears of it (or asks) and the answer is new."""
    statement, path = CHANGES[change]
    mirror = own.service.mirror
    before = own.get(path)
    stamp = mirror.stamp(world.COUNTY)
    run(own.store, statement)
    assert mirror.wait_for(lambda: mirror.stamp(world.COUNTY) != stamp, 10)
    after = own.get(path)
    assert after.headers["etag"] != before.headers["etag"]
    assert after.content != before.content


def test_notify_is_heard_at_once(own: Served) -> None:
    """Far sooner than the next poll."""
    mirror = own.service.mirror
    stamp = mirror.stamp(world.COUNTY)
    run(own.store, CHANGES["address"][0])
    assert mirror.wait_for(lambda: mirror.stamp(world.COUNTY) != stamp, 1)


def test_opening_and_closing_a_round(own: Served) -> None:
    path = "/coverage?level=village"
    assert own.json(path)["since"] == str(own.today - timedelta(days=30))
    mirror = own.service.mirror
    for step in (_close, _reopen):
        stamp = mirror.stamp(world.COUNTY)
        step(own)
        assert mirror.wait_for(lambda before=stamp: mirror.stamp(world.COUNTY) != before, 10)  # type: ignore[misc]
    assert own.json(path)["since"] == str(own.today - timedelta(days=3))


def _close(own: Served) -> None:
    code = own.json("/rounds")["rounds"][0]["code"]
    with own.store.begin() as conn:
        close_round(conn, code, today=own.today, now=datetime.now(UTC))


def _reopen(own: Served) -> None:
    with own.store.begin() as conn:
        open_round(conn, area="990101", first_on=own.today - timedelta(days=3), last_on=own.today)


def test_without_listening_the_database_is_asked(own: Served, connections_taken: Taken) -> None:
    """The listening connection is cut and cannot come back: every answer is still right."""
    path = "/coverage?level=cell&since=2026-01-01"
    before = own.json(path)["total"]["reached"]
    mirror = own.service.mirror
    mirror.close()
    assert not mirror.listening
    with own.store.begin() as conn:
        conn.execute(
            text(
                "SELECT everycell.record_visits(990101, ARRAY[gen_random_uuid()], ARRAY['990101-D004-0000-00'],"
                " ARRAY[:on], ARRAY[now()], ARRAY['reached'], ARRAY['T01'], ARRAY['routine'])"
            ),
            {"on": own.today},
        )
    taken = connections_taken(own)
    answer = own.get(path)
    assert answer.json()["total"]["reached"] == before + 1
    assert own.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert taken


def test_it_listens_again_after_its_connection_was_cut(own: Served) -> None:
    mirror = own.service.mirror
    administer(own, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'")
    before = own.json("/coverage?level=cell")["total"]["reached"]
    assert visit_now(own, "990101-D004-0001-00").json()["accepted"] == 1
    assert own.json("/coverage?level=cell")["total"]["reached"] == before + 1
    assert mirror.wait_for(lambda: mirror.listening, 10)
    stamp = mirror.stamp(world.COUNTY)
    run(own.store, CHANGES["address"][0])
    assert mirror.wait_for(lambda: mirror.stamp(world.COUNTY) != stamp, 10)


def test_etags_differ_by_request_and_representation(served: Served) -> None:
    tags = {
        etag(served, path)
        for path in ("/coverage?level=cell", "/coverage?level=village", "/coverage?level=cell&f=geojson", *PATHS[:4])
    }
    assert len(tags) == 7
    as_html = served.get("/coverage?level=cell", headers={"Accept": "text/html"})
    assert as_html.headers["etag"] not in tags


@pytest.mark.parametrize("path", ["/coverage?level=village&f=csv", "/households/unvisited?f=csv"])
def test_a_file_to_keep_is_made_anew_each_time(served: Served, connections_taken: Taken, path: str) -> None:
    """The audit has every export, so that none may be answered by a copy, ours or the client's."""
    first = served.get(path)
    taken = connections_taken(served)
    again = served.get(path, headers={"If-None-Match": "*"})
    assert (again.status_code, again.content) == (200, first.content)
    assert "etag" not in first.headers
    assert first.headers["cache-control"] == "no-store"
    assert taken


def test_head_is_get_without_the_body(served: Served) -> None:
    for path in ("/", "/collections/cells/items", PATHS[0], "/nothing"):
        got, headed = served.get(path), served.client.head(path)
        assert (headed.status_code, headed.content) == (got.status_code, b"")
        assert headed.headers["content-length"] == got.headers["content-length"]
