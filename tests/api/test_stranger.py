"""What a stranger learns: whoever may see one village learns nothing of another, not even that it is there.

Three proofs. The same questions get the same answers from a world in which there is nothing but the caller's village;
they get the same bytes and the same ETags before and after anything happens in another; and the time of an answer does
not tell a thing that is there from one that is not. Then the caches: two callers side by side, rights that change.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
import pandas as pd
import pytest
from shapely import LineString, box
from shapely.geometry import mapping
from sqlalchemy import text

from gis.access.scope import ALL, Grant, Role, Scope
from gis.cells import changesets
from gis.cells.editing.operations import Split
from gis.cells.load import load_cells, load_divisions
from gis.households.load import load_dwellings
from gis.households.rounds import close_round, open_round
from gis.households.visits import record_visits
from gis.storage.cluster import Cluster
from gis.storage.engine import Store
from tests.api.conftest import Served, database, run, serving, signed_in, tile_path, token_of
from tests.examples import ALL as THOROUGH
from tests.gis import world
from tests.gis.world import AFAR, COUSIN, OWN, REGION, SIBLING, Village

COLLECTIONS: Final = ("divisions", "cells", "doorplates", "households", "sites", "disputes")
EDITED: Final = COLLECTIONS[1:-1]
BORDER: Final = (104.0199, 34.505)  # in the caller's village, a few metres from the next one
SERIAL: Final = 1_000_000_000


def door(v: Village) -> int:
    """The serial number of the first door of a village: a region is built in the order of its villages."""
    return v.county * SERIAL + 5 * REGION.index(v) + 1


def things(v: Village) -> dict[str, str]:
    """An id of each collection that is in a village."""
    keys = (v.code, v.cells[0], str(door(v)), v.household(), v.site, v.cells[0])
    return dict(zip(COLLECTIONS, keys, strict=True))


MISSING: Final = {
    "divisions": "990101100299",
    "cells": "990101100299001",
    "doorplates": str(990101 * SERIAL + 999_999),
    "households": "990101-NONE1-00-0",
    "sites": "990101-NONE-S1",
    "disputes": "990101100299001",
}


def questions(today: date) -> list[str]:
    """Everything that can be asked, of the caller's own village and of others."""
    west = f"{world.WEST},{world.SOUTH},{world.WEST + 0.09},{world.SOUTH + 0.02}"
    theirs = f"{world.WEST + 0.021},{world.SOUTH},{world.WEST + 0.08},{world.SOUTH + 0.01}"
    asked = ["/", "/?f=html", "/me", "/collections", "/collections?f=html", "/rounds", "/grid"]
    asked += ["/maps/coverage?lang=en"]
    asked += ["/coverage?level=village", "/coverage?level=cell", "/coverage?level=town", "/coverage?level=county"]
    asked += ["/report", "/report?lang=en", "/wall", "/wall?lang=en", "/board", "/alarms"]
    asked += ["/coverage?level=cell&f=csv", "/coverage?level=cell&f=geojson", "/coverage?level=cell&f=html"]
    asked += ["/households/unvisited", "/households/unvisited?f=csv", "/households/unvisited?since=2020-01-01"]
    for collection in COLLECTIONS:
        items = f"/collections/{collection}/items"
        asked += [f"/collections/{collection}", f"{items}?limit=10000", f"{items}?limit=2", f"{items}?f=html"]
        asked += [f"{items}?bbox={west}", f"{items}?bbox={theirs}"]
        asked += [f"{items}?limit=1&after={key}" for key in after_keys(collection)]
        asked += [f"{items}/{key}" for key in (*(things(v)[collection] for v in REGION), MISSING[collection])]
    asked += [f"/collections/{c}/tiles{rest}" for c in ("cells", "doorplates") for rest in ("", "/WebMercatorQuad")]
    asked += [f"/collections/divisions/items?level={level}" for level in ("county", "town", "village")]
    asked += [
        f"/collections/cells/items?datetime={day}" for day in (f"{today}", "2001-01-01", f"2001-01-01/{today}", "../..")
    ]
    cells = [*(v.cells[n] for v in REGION for n in (0, 1)), MISSING["cells"]]
    asked += [f"/cells/{cell}/{what}" for cell in cells for what in ("lineage", "history")]
    asked += [
        "/changesets",
        "/changesets?status=draft",
        f"/changesets/nodes?bbox={west}",
        f"/changesets/nodes?bbox={theirs}",
    ]
    doors = [door(v) for v in REGION] + [int(MISSING["doorplates"]), 5]
    asked += [f"/collections/households/items?doorplate={number}" for number in doors]
    for area in (
        *(v.code for v in REGION),
        SIBLING.cells[0],
        COUSIN.town,
        AFAR.town,
        "990101100209",
        "990102",
        "990109",
    ):
        asked += [f"/coverage?level=cell&area={area}", f"/households/unvisited?area={area}", f"/rounds?area={area}"]
        asked += [f"/wall?area={area}", f"/board?area={area}", f"/alarms?area={area}"]
        asked += [f"/collections/{c}/items?area={area}" for c in COLLECTIONS]
    for code in (v.code[6:] for v in REGION):
        for county in ("990101", "990102"):
            asked += [
                f"/coverage?level=cell&round={county}-R{code}-{today - timedelta(days=days):%Y%m%d}"
                for days in (30, 60)
            ]
    words = [
        *(v.sign for v in REGION),
        *(v.mark for v in REGION),
        "990101",
        "990102",
        "990101100202",
        "1",
        "村",
        "小学",
    ]
    asked += [f"/search?q={word}&limit={limit}" for word in words for limit in (1, 100)]
    return list(dict.fromkeys(asked))


def after_keys(collection: str) -> list[str]:
    """Where pages may be asked to go on: after things that are another's."""
    ids = [things(v)[collection] for v in (SIBLING, AFAR)] + [MISSING[collection]]
    return [f"{door(SIBLING)}.{key}" for key in ids] if collection == "households" else ids


def tiles(zooms: Sequence[int]) -> list[str]:
    """Tiles at one's own, across the border, and at others."""
    places = (OWN.centre, BORDER, SIBLING.centre, AFAR.centre)
    return list(
        dict.fromkeys(tile_path(c, zoom, *at) for c in ("cells", "doorplates") for zoom in zooms for at in places)
    )


@dataclass(frozen=True)
class Told:
    """What an answer told: everything but the hour, and of the board when it was read."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


def asked(client: httpx.Client, path: str) -> Told:
    answer = client.get(path)
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "content-length")}
    body = answer.content.decode("latin-1")
    if "nonce-" in (policy := headers.get("content-security-policy", "")):
        nonce = policy.partition("nonce-")[2].partition("'")[0]
        headers["content-security-policy"], body = policy.replace(nonce, "N"), body.replace(nonce, "N")
    if path.startswith("/board"):
        body = re.sub(r'"as_of":"[^"]+"', '"as_of":"INSTANT"', body)
    return Told(answer.status_code, tuple(sorted(headers.items())), body)


def everything(client: httpx.Client, paths: Sequence[str]) -> dict[str, Told]:
    return {path: asked(client, path) for path in paths}


def without_address(told: Told, client: httpx.Client) -> Told:
    """An answer of another server and database: without its port, its ETag and when its token ends."""
    body = timeless(told.body.replace(str(client.base_url).rstrip("/"), ""))
    return without_etag(Told(told.status, told.headers, body))


def without_etag(told: Told) -> Told:
    """The same with nothing to ask again by."""
    return Told(told.status, tuple((k, v) for k, v in told.headers if k != "etag"), told.body)


@contextmanager
def region_of(cluster: Cluster, name: str, villages: Sequence[Village]) -> Iterator[Served]:
    """Some villages, served."""
    with database(cluster, name) as store:
        with store.begin() as conn:
            world.build_region(conn, villages, today=world.today_of(store.settings))
        with serving(store) as running:
            yield running


@pytest.fixture(scope="module")
def region(cluster: Cluster) -> Iterator[Served]:
    """Four villages; tests change all but OWN."""
    with region_of(cluster, "stranger", REGION) as served:
        yield served


@pytest.fixture(scope="module")
def stranger(region: Served) -> httpx.Client:
    """Somebody with every right in OWN, and none elsewhere."""
    return region.client_of("admin", OWN.code)


# ---- a world without the others


def test_a_world_without_the_others_answers_the_same(cluster: Cluster) -> None:
    """No answer depends on whether there are other villages at all."""
    with region_of(cluster, "crowd", REGION) as crowd, region_of(cluster, "alone", (OWN,)) as alone:
        clients = [served.client_of("admin", OWN.code) for served in (crowd, alone)]
        paths = [path for path in [*questions(crowd.today), *tiles(range(23))] if path != "/me"]  # tells an instant
        answers = [{p: without_address(t, c) for p, t in everything(c, paths).items()} for c in clients]
        assert [path for path in paths if answers[0][path] != answers[1][path]] == []
        assert len(paths) > 300
        statuses = {told.status for told in answers[0].values()}
        assert statuses == {200, 204, 400, 403, 404}, "all kinds of answers were compared"
        administrators = [everything(served.client, ["/coverage", "/rounds"]) for served in (crowd, alone)]
        assert all(administrators[0][path].body != administrators[1][path].body for path in administrators[0])
        sent = [post(c, visits_elsewhere(crowd.today)) for c in clients]
        assert sent[0] == sent[1]
        drawn = [edits_at_the_border(c) for c in clients]
        assert drawn[0] == drawn[1]
        assert {status for status, _ in drawn[0]} == {200, 201, 400, 403, 404, 409, 422}


def edits_at_the_border(client: httpx.Client) -> list[tuple[int, str]]:
    """What is told of drafts that reach, or try to reach, beyond the caller's village: status and words."""
    own, theirs = OWN.cells[1], SIBLING.cells[0]
    west, south, east, north = OWN.shape(slice(1, 2)).bounds
    ops: list[Any] = [
        {"op": "reshape", "cell": own, "polygon": polygon(west, south, east + 0.003, north)},
        {"op": "reshape", "cell": own, "polygon": polygon(west, south, east - 0.003, north)},
        {"op": "reshape", "cell": own, "polygon": polygon(west, south - 0.003, east, north)},
        {"op": "merge", "cells": [own, theirs], "keep": own},
        {"op": "merge", "cells": [own, MISSING["cells"]], "keep": own},
        {"op": "retire", "cell": own, "to": theirs},
        {"op": "retire", "cell": own, "to": None},
        {"op": "set", "cell": theirs, "name": "x"},
        {"op": "move_node", "from": [east, south], "to": [east + 0.001, south]},
        {"op": "move_node", "from": [east + 0.01, south], "to": [east, south]},
        {"op": "create", "polygon": polygon(east, south, east + 0.01, north), "village": OWN.code},
        {"op": "create", "polygon": polygon(east, south, east + 0.01, north), "village": SIBLING.code},
        {"op": "move_to_village", "cell": own, "village": SIBLING.code},
        {"op": "move_to_village", "cell": own, "village": MISSING["divisions"]},
        {"op": "split", "cell": own, "line": line((west - 0.001, 34.5031), (east + 0.001, 34.5067))},
    ]
    begun = client.post("/changesets", json={"title": "边界", "area": OWN.code})
    here = f"/changesets/{begun.json()['id']}"
    sent = [begun, *(client.post(f"{here}/ops", json=op) for op in ops), client.post(f"{here}/preview", json={})]
    sent += [
        client.post(f"{here}/publish"),
        client.get(here),
        client.post(f"{here}/undo"),
        client.post(f"{here}/publish"),
    ]
    sent += [client.get("/changesets"), client.get(f"/changesets/nodes?bbox={west},{south},{east + 0.005},{north}")]
    sent += [client.post("/changesets", json={"title": "x", "area": v.code}) for v in (SIBLING, AFAR)]
    sent += [
        client.get(f"/changesets/{uuid4()}"),
        client.get(f"/cells/{own}/history"),
        client.get(f"/cells/{own}/lineage"),
    ]
    return [(answer.status_code, timeless(answer.text)) for answer in sent]


def polygon(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    return dict(mapping(box(west, south, east, north)))


def line(*points: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": points}


def timeless(body: str) -> str:
    """Without what differs from one moment to the next: ids that were made up, and instants."""
    body = re.sub(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", "ID", body)
    return re.sub(r"[0-9-]{10}T[0-9:.]{8,15}\+00:00", "INSTANT", body)


def visits_elsewhere(today: date) -> list[dict[str, Any]]:
    """A visit of each village's first household, the caller's own left out, and of one that nobody has."""
    households = [v.household() for v in (SIBLING, COUSIN, AFAR)] + [MISSING["households"]]
    return [visit(household, today, f"00000000-0000-4000-8000-{n:012}") for n, household in enumerate(households)]


def visit(household: str, today: date, id: str) -> dict[str, Any]:
    at = f"{today}T00:00:01+08:00"
    return {
        "id": id,
        "household": household,
        "visited_at": at,
        "outcome": "reached",
        "team": "A1",
        "purpose": "routine",
    }


def post(client: httpx.Client, visits: list[dict[str, Any]]) -> Any:
    answer = client.post("/visits", json=visits)
    assert answer.status_code == 200
    return answer.json()


# ---- there or not: the same words


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("other", [SIBLING, COUSIN, AFAR], ids=lambda v: v.mark)
def test_an_id_that_is_anothers_is_an_id_that_nobody_has(
    region: Served, stranger: httpx.Client, collection: str, other: Village
) -> None:
    ids = things(other)[collection], MISSING[collection]
    assert region.get(f"/collections/{collection}/items/{ids[0]}").status_code == 200, "it is there"
    for rest in ("", "?f=html"):
        answers = [same_words(asked(stranger, f"/collections/{collection}/items/{i}{rest}"), i) for i in ids]
        assert answers[0] == answers[1]
        assert answers[0].status == 404
    for method in ("HEAD", "OPTIONS", "DELETE", "PUT"):
        sent = [stranger.request(method, f"/collections/{collection}/items/{i}") for i in ids]
        assert (
            len(
                {
                    (a.status_code, a.headers.get("allow"), a.text.replace(i, "X"))
                    for a, i in zip(sent, ids, strict=True)
                }
            )
            == 1
        )
    star = {"If-None-Match": "*"}
    sent = [stranger.get(f"/collections/{collection}/items/{i}", headers=star) for i in ids]
    assert len({(a.status_code, a.text.replace(i, "X")) for a, i in zip(sent, ids, strict=True)}) == 1


@pytest.mark.parametrize("collection", EDITED)
@pytest.mark.parametrize("other", [SIBLING, AFAR], ids=lambda v: v.mark)
def test_writing_anothers_item_is_writing_one_that_nobody_has(region: Served, collection: str, other: Village) -> None:
    """Whatever is sent, and whatever it says was read."""
    editor = region.client_of("editor", OWN.code)
    ids = things(other)[collection], MISSING[collection]
    whole = region.json(f"/collections/{collection}/items/{ids[0]}")
    before = region.get(f"/collections/{collection}/items/{ids[0]}")
    for method, body in (("PUT", whole), ("PATCH", {"properties": {}}), ("DELETE", None)):
        for headers in ({}, {"If-Match": "*"}, {"If-Match": '"x"'}, {"If-Match": before.headers["etag"]}):
            sent = [
                editor.request(
                    method,
                    f"/collections/{collection}/items/{i}",
                    json=body and {**body, **({"id": i} if method == "PUT" else {})},
                    headers=headers,
                )
                for i in ids
            ]
            told = {
                (a.status_code, a.headers.get("etag"), a.text.replace(i, "X")) for a, i in zip(sent, ids, strict=True)
            }
            assert len(told) == 1, (method, headers)
            assert sent[0].status_code == 404
    assert region.get(f"/collections/{collection}/items/{ids[0]}").content == before.content


def same_words(told: Told, id: str) -> Told:
    return Told(told.status, told.headers, told.body.replace(id, "X"))


@pytest.mark.parametrize(
    ("path", "theirs", "missing", "status"),
    [
        ("/coverage?level=cell&area={}", SIBLING.code, "990101100299", 403),
        ("/coverage?level=cell&area={}", AFAR.code, "990199100201", 403),
        ("/households/unvisited?area={}", SIBLING.cells[0], "990101100299001", 403),
        ("/rounds?area={}", COUSIN.town, "990101199", 403),
        ("/collections/cells/items?area={}", "990102", "990199", 403),
        ("/coverage?round={}", "990101-R100202-{open}", "990101-R100299-{open}", 404),
        ("/coverage?round={}", "990101-R100202-{closed}", "990101-R100299-{closed}", 404),
        ("/coverage?round={}", "990102-R100201-{open}", "990102-R100299-{open}", 404),
        ("/collections/households/items?doorplate={}", str(door(SIBLING)), MISSING["doorplates"], 200),
        ("/collections/households/items?doorplate={}", str(door(AFAR)), str(990102 * SERIAL + 999_999), 200),
        ("/collections/doorplates/items?after={}", str(door(SIBLING)), str(door(SIBLING) + 400), 200),
        ("/search?q={}", SIBLING.household(), "990101-NONE1-00-0", 200),
    ],
)
def test_a_filter_does_not_tell_what_is_there(
    region: Served, stranger: httpx.Client, path: str, theirs: str, missing: str, status: int
) -> None:
    days = {"open": region.today - timedelta(days=30), "closed": region.today - timedelta(days=60)}
    words = {name: f"{day:%Y%m%d}" for name, day in days.items()}
    keys = [key.format(**words) for key in (theirs, missing)]
    assert region.get(path.format(keys[0])).status_code == 200, "it is there"
    told = [same_words(asked(stranger, path.format(key)), key) for key in keys]
    told = [Told(t.status, tuple(h for h in t.headers if h[0] != "etag"), t.body) for t in told]
    assert told[0] == told[1]
    assert told[0].status == status


def test_a_visit_elsewhere_is_of_an_unknown_household(region: Served, stranger: httpx.Client) -> None:
    """Also where that very visit is recorded already: it is not even a repeated one."""
    recorded = visit(SIBLING.household(2, 1), region.today, "00000000-0000-4000-8000-00000000aaaa")
    assert post(region.client, [recorded])["accepted"] == 1
    assert post(region.client, [recorded])["repeated"] == 1
    batch = [recorded, *visits_elsewhere(region.today)]
    answer = post(stranger, batch)
    assert (answer["accepted"], answer["repeated"]) == (0, 0)
    words = {
        (r["code"], r["detail"].replace(v["household"], "X")) for r, v in zip(answer["refused"], batch, strict=True)
    }
    assert words == {("unknown-household", "there is no household X")}


def test_totals_pages_and_lists_are_of_ones_own(region: Served, stranger: httpx.Client) -> None:
    coverage = stranger.get("/coverage?level=village").json()
    assert [(a["code"], a["known"]) for a in coverage["areas"]] == [(OWN.code, 10)]
    assert (coverage["total"]["code"], coverage["total"]["known"]) == (OWN.code, 10)
    found: list[str] = []
    path: str | None = "/collections/doorplates/items?limit=2"
    while path is not None:
        page = stranger.get(path).json()
        found += [feature["properties"]["code"] for feature in page["features"]]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert sorted(found) == sorted(OWN.door(cell, n) for cell, n in ((1, 0), (1, 1), (1, 2), (2, 0), (2, 1)))
    west, south, east, north = stranger.get("/collections/cells").json()["extent"]["spatial"]["bbox"][0]
    assert (west, south, east, north) == pytest.approx((104.0, 34.5, 104.02, 34.51))
    lines = stranger.get("/households/unvisited?f=csv&since=2100-01-01").text.splitlines()
    assert len(lines) == 11
    assert all(OWN.mark in line for line in lines[1:])
    rounds = [r["area"] for r in stranger.get("/rounds").json()["rounds"]]
    assert sorted(rounds) == [OWN.town, OWN.code, OWN.code], "of what lies above, the round and nothing else"


def test_the_audit_of_a_reader_names_only_its_own(region: Served) -> None:
    reader = region.client_of("editor", OWN.code)
    for path in (*tiles((9, 14, 16)), "/search?q=1", "/collections/households/items", "/households/unvisited?f=csv"):
        assert reader.get(path).status_code in (200, 204)
    with region.store.read() as conn:
        found = conn.execute(
            text(
                "SELECT area, detail::text AS detail FROM everycell.audit WHERE action IN ('read_doors', 'export')"
                " AND who = (SELECT 'token:' || id || ' ' || label FROM everycell.token ORDER BY id DESC LIMIT 1)"
            )
        ).all()
    assert len(found) >= 4
    assert {row.area for row in found} == {OWN.code}
    assert not [row.detail for row in found if SIBLING.code in row.detail or AFAR.code in row.detail]


# ---- time


ROUNDS: Final = 200


def times(client: httpx.Client, paths: Sequence[str]) -> list[list[float]]:
    """Seconds of each path in each round, the paths of a round in random order: what else the machine does hits all."""
    order, taken = random.Random(7), []
    for _ in range(ROUNDS):
        row = [0.0] * len(paths)
        for at in order.sample(range(len(paths)), len(paths)):
            begun = time.perf_counter()
            client.get(paths[at])
            row[at] = time.perf_counter() - begun
        taken.append(row)
    return taken


def distinct(rounds: list[list[float]], one: int, other: int) -> bool:
    """Whether one of two paths is slower than noise explains. If neither were, each round would be a coin: the number
    of rounds in which the one took longer lies within five standard deviations of the half but once in two million."""
    longer = sum(row[one] > row[other] for row in rounds)
    return abs(longer - ROUNDS / 2) > 5 * math.sqrt(ROUNDS) / 2


@pytest.mark.slow
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_time_does_not_tell_what_is_there(stranger: httpx.Client, collection: str) -> None:
    at = f"/collections/{collection}/items"
    rounds = times(stranger, [f"{at}/{things(SIBLING)[collection]}", f"{at}/{MISSING[collection]}", "/me"])
    assert not distinct(rounds, 0, 1)
    assert distinct(rounds, 1, 2), "the measure sees what a query costs"


# ---- nothing that happens elsewhere shows


def changed_by_visit(store: Store, today: date) -> None:
    with store.begin() as conn:
        visits = [world.visit(v.household(2), today=today) for v in (SIBLING, COUSIN, AFAR)]
        assert record_visits(conn, visits, store.settings).accepted == 3


def changed_round(store: Store, today: date) -> None:
    with store.begin() as conn:
        code = f"990101-R100202-{today - timedelta(days=30):%Y%m%d}"
        close_round(conn, code, today=today, now=datetime.now(UTC))
        open_round(conn, area=SIBLING.code, first_on=today, last_on=today, name="新轮")
        open_round(conn, area=SIBLING.cells[0], first_on=today, last_on=today)


def imported_divisions(store: Store, today: date) -> None:
    frame = world.divisions_of([SIBLING, COUSIN])
    frame = frame[frame["code"].isin([SIBLING.code, COUSIN.code, COUSIN.town])]
    with store.begin() as conn:
        load_divisions(conn, 990101, frame.assign(name=frame["name"] + "新"), today=today, cut=False)


def imported_cells(store: Store, today: date) -> None:
    """The border between two cells of the sibling moves, and one cell grows to the south, out of the county."""
    sibling, cousin = world.cells_of([SIBLING]), world.cells_of([COUSIN])
    split = world.WEST + 2.4 * world.STEP
    first, second = sibling.geometry
    east, south, west, north = second.bounds[2], first.bounds[1], first.bounds[0], first.bounds[3]
    sibling.geometry = [box(west, south, round(split, 8), north), box(round(split, 8), south, east, north)]
    grown = list(cousin.geometry)
    grown[0] = box(grown[0].bounds[0], round(world.SOUTH - world.STEP, 8), *grown[0].bounds[2:])
    cousin.geometry = grown
    with store.begin() as conn:
        load_cells(conn, 990101, sibling, today=today)
        load_cells(conn, 990101, cousin, today=today, new_outline=True)


def imported_dwellings(store: Store, today: date) -> None:
    lon, lat = SIBLING.centre
    doors = pd.DataFrame([(1, "990101-HUAI1-99", "槐村99号", lon + 0.001, lat)])
    homes = pd.DataFrame([(1, "990101-HUAI1-99-0", "990101-HUAI1-99", "1室")])
    doors.columns, homes.columns = ["row", "code", "address", "lon", "lat"], ["row", "code", "doorplate_code", "unit"]
    with store.begin() as conn:
        load_dwellings(conn, 990101, doors, homes, store.settings, today=today)


def changed_by_changesets(store: Store, today: date) -> None:
    """Drafts, a split that ends inside the sibling, one that is scheduled, one that is taken back."""
    told = ALL.settings()
    editor = changesets.Editor("li", told)
    west, south, east, north = SIBLING.shape(slice(1, 2)).bounds

    def cut(share: float) -> Split:
        x = round(west + share * (east - west), 8)
        return Split(SIBLING.cells[1], LineString([(x, south - 0.001), (x, north + 0.001)]))

    with store.begin(told) as conn:
        made = changesets.edit_now(conn, editor, area=SIBLING.code, title="槐", ops=[cut(0.3)], today=today)
        changesets.undo(conn, editor, made, today=today)
        changesets.edit_now(conn, editor, area="990101", title="槐", ops=[cut(0.7)], today=today)
        draft = changesets.open_draft(conn, editor, area=SIBLING.code, title="槐")
        later = changesets.add_operations(conn, editor, draft, [cut(0.2)]).changeset
        changesets.publish(conn, editor, later, today=today, valid_from=today + timedelta(days=3))


def another_county(store: Store, today: date) -> None:
    new = Village("990103100201", "榆", "YU", 9)
    with store.begin() as conn:
        world.build_region(conn, [new], today=today)


def sql(statement: str) -> Callable[[Store, date], None]:
    return lambda store, _: run(store, statement, theirs="990101100202%", cousin="990101101%")


CHANGES: Final[dict[str, Callable[[Store, date], None]]] = {
    "visits": changed_by_visit,
    "rounds": changed_round,
    "an import of divisions": imported_divisions,
    "an import of cells": imported_cells,
    "an import of dwellings": imported_dwellings,
    "another county": another_county,
    "addresses": sql("UPDATE everycell.doorplate SET address = '改' WHERE cell LIKE :theirs OR cell LIKE :cousin"),
    "doors moved": sql("UPDATE everycell.doorplate SET geom = ST_Translate(geom, 0.0001, 0) WHERE cell LIKE :theirs"),
    "households": sql("UPDATE everycell.household SET status = 'exempt' WHERE cell LIKE :theirs"),
    "intervals": sql("UPDATE everycell.household SET interval_days = 7 WHERE cell LIKE :cousin"),
    "names of divisions": sql("UPDATE everycell.division SET name = name || '改' WHERE code LIKE :theirs"),
    "names of cells": sql("UPDATE everycell.cell SET name = name || '改' WHERE code LIKE :theirs"),
    "an empty cell": sql("UPDATE everycell.cell SET confirmed_empty_on = now() WHERE code LIKE :theirs"),
    "change sets": changed_by_changesets,
    "sites": sql("UPDATE everycell.site SET name = '改', geom = ST_Translate(geom, 0.0001, 0) WHERE cell LIKE :theirs"),
    "a site gone": sql("DELETE FROM everycell.site WHERE cell LIKE :cousin"),
    "grants of others": sql(
        "INSERT INTO everycell.account (login, created_at) VALUES ('other', now());"
        "INSERT INTO everycell.area_grant SELECT id, 'editor', '990101' FROM everycell.account WHERE login = 'other'"
    ),
}
UNSEEN: Final = {"grants of others"}  # by everybody, over HTTP


@pytest.fixture(scope="module")
def quarter() -> int:
    """The quarter of an hour in which the stranger was told so."""
    return quarter_now()


def quarter_now() -> int:
    """Which quarter of an hour it is: in the next one the board has another ETag, as shifts may be over."""
    return int(time.time() // 900)


@pytest.fixture(scope="module")
def before(quarter: int, region: Served, stranger: httpx.Client) -> dict[str, Told]:
    """What the stranger was told before anything happened."""
    beyond = [tile_path("cells", zoom, 104.045, world.SOUTH - 0.005) for zoom in (13, 14, 15, 16, 18)]
    return everything(stranger, [*questions(region.today), *tiles(range(23)), *beyond])


# What shows goes on to show: the stranger may ask after several changes as well as after each.
TOGETHER: Final = 1 if THOROUGH else 6


@pytest.mark.parametrize("first", range(0, len(CHANGES), TOGETHER))
def test_nothing_that_happens_elsewhere_shows(
    quarter: int, region: Served, stranger: httpx.Client, before: dict[str, Told], first: int
) -> None:
    """Same bytes, same ETags, same headers, for every question, though the administrator sees each change."""
    paths = ["/grid", "/coverage?level=cell", "/rounds", *(f"/collections/{c}/items?limit=1000" for c in COLLECTIONS)]
    for change in list(CHANGES)[first : first + TOGETHER]:
        seen_before = everything(region.client, paths)
        CHANGES[change](region.store, region.today)
        region.service.mirror.refresh()
        assert (everything(region.client, paths) == seen_before) is (change in UNSEEN), change
    region.service.answers.cache.clear()  # every answer is made anew
    after = everything(stranger, list(before))
    changed = [path for path in before if after[path] != before[path]]
    if quarter_now() != quarter:
        boards = [path for path in changed if path.startswith("/board")]
        assert [path for path in boards if without_etag(after[path]) != without_etag(before[path])] == []
        changed = [path for path in changed if path not in boards]
    assert changed == []


def test_what_happens_at_home_does_show(own_region: Served) -> None:
    """The same measure, so that the test above can fail."""
    client = own_region.client_of("operator", OWN.code)
    first = everything(client, paths := [*tiles((10, 15)), "/coverage?level=cell", "/collections/doorplates/items"])
    with own_region.store.begin() as conn:
        record_visits(conn, [world.visit(OWN.household(1, 2), today=own_region.today)], own_region.store.settings)
    own_region.service.mirror.refresh()
    after = everything(client, paths)
    changed = {path for path in paths if after[path] != first[path]}
    at_own = {tile_path(c, z, *OWN.centre) for c in ("cells", "doorplates") for z in (10, 15)}
    assert changed >= at_own | {"/coverage?level=cell", "/collections/doorplates/items"}


@pytest.fixture
def own_region(store: Store) -> Iterator[Served]:
    """The region for one test alone."""
    with store.begin() as conn:
        world.build_region(conn, today=world.today_of(store.settings))
    with serving(store) as running:
        yield running


# ---- caches


SHARED: Final = (
    "/grid",
    "/coverage?level=cell",
    "/coverage?level=village&f=csv",
    "/collections",
    "/collections/cells/items",
    "/collections/doorplates/items?limit=3",
    "/collections/households/items?limit=1000",
    "/collections/divisions/items",
    "/collections/sites/items?f=html",
    "/households/unvisited",
    "/rounds",
    "/search?q=1",
    "/maps/coverage",
    "/maps/heat",
    "/wall",
    *tiles((5, 9, 12, 14)),
)
PAGES: Final = ("/maps/coverage", "/maps/heat", "/wall")  # each answer has a nonce of its own


def packed(client: httpx.Client, path: str, encoding: str, tag: str = "") -> httpx.Response:
    return client.get(
        path, headers={"Accept-Encoding": encoding, "If-None-Match": tag} if tag else {"Accept-Encoding": encoding}
    )


def test_two_callers_side_by_side_never_get_the_others_body(own_region: Served) -> None:
    """In one worker, the same addresses, with gzip and without, with the other's ETag, several at a time."""
    villages = (OWN, SIBLING)
    clients = {v: own_region.client_of("operator", v.code) for v in villages}
    first = {(v, p): packed(clients[v], p, "identity") for v in villages for p in SHARED}
    for path in SHARED:
        one, other = (first[v, path] for v in villages)
        assert one.headers.get("etag") != other.headers.get("etag") or one.headers.get("etag") is None
        assert one.content != other.content or one.status_code == other.status_code == 204, path

    def ask(n: int) -> list[str]:
        v, path, encoding = villages[n % 2], SHARED[n // 2 % len(SHARED)], ("gzip", "identity")[n // 3 % 2]
        mine, theirs = first[v, path], first[villages[1 - n % 2], path]
        tag = ("", mine.headers.get("etag", ""), theirs.headers.get("etag", ""))[n // 5 % 3]
        answer = packed(clients[v], path, encoding, tag)
        if answer.status_code == 304:
            return (
                []
                if tag in (mine.headers["etag"], answer.headers["etag"]) and tag != theirs.headers["etag"]
                else [path]
            )
        return [] if unnonced(answer) == unnonced(mine) else [path]

    with ThreadPoolExecutor(6) as pool:
        assert [path for wrong in pool.map(ask, range(30 * len(SHARED))) for path in wrong] == []


def unnonced(answer: httpx.Response) -> str:
    nonce = answer.headers.get("content-security-policy", "").partition("nonce-")[2].partition("'")[0]
    return answer.text.replace(nonce, "N") if nonce else answer.text


def test_after_a_change_of_rights_the_old_bodies_are_gone(own_region: Served) -> None:
    """One account moves from a village to another and back: each answer is that of whoever has these rights now."""
    villages = (OWN, SIBLING)
    pattern = {v: own_region.client_of("operator", v.code) for v in villages}
    bodies = {(v, p): packed(pattern[v], p, "gzip").content for v in villages for p in SHARED if p not in PAGES}
    secret = token_of(own_region.store, ("operator", OWN.code), ("operator", OWN.cells[0]))
    with signed_in(own_region.address, secret) as client:
        for v in (OWN, SIBLING, OWN):
            statement = "UPDATE everycell.area_grant SET area = :area WHERE length(area) = 12"
            run(own_region.store, "DELETE FROM everycell.area_grant WHERE length(area) = 15")
            run(own_region.store, statement, area=v.code)
            own_region.service.mirror.refresh()
            for path in SHARED:
                if path not in PAGES:
                    assert packed(client, path, "gzip").content == bodies[v, path], (v.sign, path)
        etags = {path: packed(client, path, "gzip").headers.get("etag", "") for path in SHARED}
        run(own_region.store, "DELETE FROM everycell.area_grant")
        own_region.service.mirror.refresh()
        assert {packed(client, path, "gzip", etags[path]).status_code for path in SHARED if path != "/collections"} == {
            403
        }
        run(own_region.store, "UPDATE everycell.session SET expires_at = now()")
        own_region.service.mirror.refresh()
        assert {packed(client, path, "gzip", etags[path]).status_code for path in SHARED} == {401}


def test_the_same_rights_have_the_same_key(own_region: Served) -> None:
    """Whoever may see the same shares what is kept; a wall and an operator of one village do not."""
    scopes = [Scope.of([Grant(Role(role), OWN.code)]) for role in ("operator", "patrol_leader", "wall", "editor")]
    both = Scope.of([Grant(Role.wall, OWN.code), Grant(Role.operator, OWN.code)])
    assert both.key == scopes[0].key
    assert len({scope.key for scope in scopes}) == 4
    wall, operator = (own_region.client_of(role, OWN.code) for role in ("wall", "operator"))
    path = tile_path("doorplates", 15, *OWN.centre)
    assert [operator.get(path).status_code, wall.get(path).status_code, operator.get(path).status_code] == [
        200,
        403,
        200,
    ]
