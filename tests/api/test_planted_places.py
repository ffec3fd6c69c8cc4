"""Where a case was reported cannot be read anywhere: a county with known places is searched as a reviewer would do it.

Cases are entered where we know that they are: at doors, and at places between them, never at a point that stands for
eight dwellings. Then everything that is served about them is collected, as each kind of caller, and every pair of
numbers in it is looked at: JSON, pages and their sources, CSV, workbooks, vector tiles, live events, the report. A pair
may be a snap point or a vertex of a border; of heat, whose bands have vertices of their own, none lies within a metre
of where a case was. What is drawn, on paper too, is the same in a county where each case was reported at another door.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import numpy as np
import pyogrio
import pypdf
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import text

from gis.disputes import judged, surfaces  # noqa: F401 - SciPy is loaded before a request has to wait for it
from gis.disputes.categories import Category
from gis.disputes.overdue import publish_overdue
from gis.disputes.publication import publish_due
from gis.disputes.snap_points import snap_place
from gis.disputes.workflow import State
from gis.storage.engine import Store
from tests.api.conftest import Served, serving, tile_of, tile_path
from tests.api.listening import listening
from tests.api.test_patrol import asked, planned
from tests.conftest import Filled
from tests.gis.disputes import counting
from tests.gis.disputes.counting import CELLS, COUNTY, TOWNS, VILLAGES
from tests.gis.disputes.places import THROUGH, TOLD, become, new_case, register
from tests.gis.world import SOUTH, STEP, WEST

Places = NDArray[np.float64]  # (n, 2): longitudes and latitudes
METRE: Final = np.array([1 / 91_700, 1 / 110_900])  # in degrees, at 34.5 degrees north
EAST, NORTH = WEST + len(CELLS) * STEP, SOUTH + STEP
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
FAR_M: Final = 25.0  # a place for a test lies that far from all that may be shown


def picked(conn: Any) -> Places:
    """Two doors of each cell and a place beside each, none near a snap point or a border."""
    doors = np.array(conn.execute(text("SELECT ST_X(geom), ST_Y(geom) FROM everycell.doorplate")).all())
    snaps = np.array(conn.execute(text("SELECT ST_X(geom), ST_Y(geom) FROM everycell.snap_point")).all())
    found = []
    for n in range(len(CELLS)):
        here = doors[(doors[:, 0] > WEST + (n + 0.1) * STEP) & (doors[:, 0] < WEST + (n + 0.9) * STEP)]
        beside = here + METRE * (13.71, 17.37)
        clear = [at for at in np.concatenate([here, beside]) if nearest_m(at[None], snaps)[0] > FAR_M]
        found += [clear[0], clear[1], clear[-1], clear[-2]]
    return np.array(found)


def nearest_m(places: Places, others: Places) -> NDArray[np.float64]:
    """How far each of the places is from the nearest of the others, in metres."""
    if not len(others):
        return np.full(len(places), np.inf)
    found: NDArray[np.float64] = shapely.STRtree(shapely.points(others / METRE)).query_nearest(
        shapely.points(places / METRE), all_matches=False, return_distance=True
    )[1]
    return found


def plant(store: Store) -> None:
    """Cases of the past year and a half, at known places, some overdue, some closed; counts are published."""
    with store.begin(TOLD) as conn:
        counting.build(conn)
        enter(conn, picked(conn))
    publish(store)


def plant_elsewhere(store: Store) -> None:
    """The same, each case at another door whose cases go to the same snap point."""
    with store.begin(TOLD) as conn:
        counting.build(conn)
        enter(conn, np.array([elsewhere(conn, lon, lat) for lon, lat in picked(conn).tolist()]))
    publish(store)


def elsewhere(conn: Any, lon: float, lat: float) -> tuple[float, float]:
    snap, now = snap_place(conn, [COUNTY], lon, lat, datetime.now(UTC)).id, datetime.now(UTC)
    doors = conn.execute(
        text(
            "SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat FROM everycell.doorplate"
            " ORDER BY geom <-> ST_SetSRID(ST_Point(:lon, :lat), 4490) LIMIT 12"
        ),
        {"lon": lon, "lat": lat},
    ).all()
    far = [(d.lon, d.lat) for d in doors if nearest_m(np.array([[d.lon, d.lat]]), np.array([[lon, lat]]))[0] > FAR_M]
    return next(at for at in far if snap_place(conn, [COUNTY], *at, now).id == snap)


def enter(conn: Any, places: Places) -> None:
    """Five cases at each place, and a table of the places that only this test knows."""
    table = "CREATE TABLE planted AS SELECT * FROM unnest(CAST(:x AS float8[]), CAST(:y AS float8[])) AS t (lon, lat)"
    conn.execute(text(table), {"x": places[:, 0].tolist(), "y": places[:, 1].tolist()})
    now = datetime.now(UTC)
    for n, (lon, lat) in enumerate(np.tile(places, (5, 1)).tolist()):
        at = now - timedelta(days=20 + n)
        snap = snap_place(conn, [COUNTY], lon, lat, at)
        kind = (Category.neighbours, Category.land, Category.family)[n % 3 if n % 7 else 0]
        case = register(conn, new_case(snap.id, kind, reported_at=at), at=at)[0]
        if n % 3:
            become(conn, case, *(THROUGH if n % 3 == 1 else (State.accepted,)), at=at + timedelta(hours=1))


def publish(store: Store) -> None:
    for month in months_until(datetime.now(store.settings.zone).date()):
        publish_due(store, month)
        publish_overdue(store, month)


def months_until(today: date) -> list[date]:
    """The firsts of the last sixteen months."""
    months = [today.year * 12 + today.month - 1 - back for back in range(16)]
    return [date(month // 12, month % 12 + 1, 1) for month in sorted(months)]


@dataclass
class Planted:
    """The county, served; the places where its cases were, and what may be told as a place."""

    served: Served
    places: Places
    snaps: Places
    borders: Places


@pytest.fixture(scope="module")
def county(filled: Filled) -> Iterator[Planted]:
    with filled.copy("planted", plant) as (store, _), serving(store) as served:
        yield Planted(served, *known(store))


def known(store: Store) -> tuple[Places, Places, Places]:
    with store.read(TOLD) as conn:
        planted = np.array(conn.execute(text("SELECT lon, lat FROM planted")).all())
        snaps = np.array(conn.execute(text("SELECT ST_X(geom), ST_Y(geom) FROM everycell.snap_point")).all())
        shapes = [row[0] for row in conn.execute(text("SELECT ST_AsBinary(geom) FROM everycell.cell"))]
    borders = shapely.get_coordinates(shapely.from_wkb([bytes(shape) for shape in shapes]))
    assert nearest_m(planted, np.concatenate([snaps, borders])).min() > FAR_M
    return planted, snaps, borders


# ---- pairs of numbers


def pairs_in(body: str) -> Places:
    """Every two numbers in a row that may be a place in the county, whichever comes first, in degrees or millionths."""
    numbers = np.array([float(found) for found in NUMBER.findall(body)])
    if len(numbers) < 2:
        return np.zeros((0, 2))
    found = []
    for one in (numbers, numbers / 1e5, numbers / 1e6, numbers / 1e7):
        both = np.column_stack([one[:-1], one[1:]])
        found += [within_county(both), within_county(both[:, ::-1])]
    return np.unique(np.concatenate(found), axis=0)


def within_county(places: Places) -> Places:
    """Those that lie in the county or beside it."""
    west, south = WEST - STEP, SOUTH - STEP
    east, north = EAST + STEP, NORTH + STEP
    x, y = places[:, 0], places[:, 1]
    return places[(x >= west) & (x <= east) & (y >= south) & (y <= north)]


def text_of(answer: httpx.Response) -> str:
    """What an answer says, unpacked: a workbook's parts, a picture's notes."""
    kind = answer.headers.get("content-type", "")
    if "spreadsheet" in kind:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            return "\n".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    if kind == "image/png":
        return str(Image.open(io.BytesIO(answer.content)).info)
    if kind == "application/pdf":
        pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
        return "\n".join(page.extract_text() for page in pages)
    return answer.text


# ---- who asks, and what


CALLERS: Final = {
    "a stranger": (),
    "a wall": ("wall", str(COUNTY)),
    "a town leader": ("patrol_leader", TOWNS[1]),
    "a worker": ("patrol_leader", VILLAGES[0]),
    "an intake desk": ("operator", str(COUNTY)),
    "an editor": ("editor", str(COUNTY)),
}


@pytest.fixture(scope="module")
def clients(county: Planted) -> dict[str, httpx.Client]:
    nobody = county.served.others.enter_context(httpx.Client(base_url=county.served.address, timeout=60))
    return {name: county.served.client_of(*grant) if grant else nobody for name, grant in CALLERS.items()}


def about_cases(county: Planted) -> list[str]:
    """Everything that is served of cases, for a caller who may see all of them."""
    listed = [one["id"] for one in county.served.json("/disputes?limit=1000")["disputes"]]
    last = county.served.json("/disputes/periods")["periods"][-1]["period"]
    month = last[:7] if len(last) == 7 else f"{last[:4]}-12"
    asked = ["/disputes?limit=1000", "/disputes?state=closed&limit=1000", "/disputes?overdue=true", "/disputes/periods"]
    asked += [f"/disputes/{id}" for id in (*listed[:12], listed[-1])]
    asked += [f"/disputes/snap?cell={cell}" for cell in CELLS]
    asked += ["/disputes/revisits?until=2099-01-01&limit=1000"]
    tables = {(one["period"], one["level"]) for one in county.served.json("/disputes/periods")["periods"]}
    for period, level in sorted(tables):
        asked += [f"/disputes/counts?period={period}&level={level}{form}" for form in ("", "&f=csv", "&f=html")]
    asked += [f"/disputes/hotspots?period={period}" for period, level in sorted(tables) if level == "cell"]
    for period in sorted({period for period, _ in tables}):
        asked += [f"/disputes/ledger?period={period}&f={form}" for form in ("csv", "xlsx")]
    asked += ["/collections/disputes", "/collections/disputes?f=html", "/collections/disputes/items?limit=1000"]
    asked += ["/collections/disputes/items?f=html&limit=1000", f"/collections/disputes/items/{CELLS[0]}"]
    asked += ["/board", "/alarms", "/", "/?f=html", "/?f=json", "/about/data", "/collections", "/api"]
    asked += [
        f"{page}?lang={lang}" for page in ("/disputes", "/maps/heat", "/wall", "/report") for lang in ("zh", "en")
    ]
    for area in (COUNTY, TOWNS[1], VILLAGES[0], CELLS[0]):
        asked += [f"/report?area={area}&month={month}&f={form}" for form in ("html", "xlsx")]
    return asked


def heat(county: Planted) -> list[str]:
    column, row = tile_of((WEST + EAST) / 2, SOUTH + STEP / 2, 12)
    more = ("", "&mode=rate", "&bandwidth=200", "&bandwidth=1600", "&category=neighbours", "&half_life=none")
    asked = [f"/disputes/heat?{one.strip('&')}" for one in more]
    tiles = [
        f"/disputes/heat/tiles/12/{column + at}/{row}.png?{one.strip('&')}" for one in more[:2] for at in (-1, 0, 1)
    ]
    return asked + tiles


PAGE: Final = {"Accept": "text/html"}


def told_by(client: httpx.Client, paths: list[str]) -> Iterator[tuple[str, str]]:
    """What is said to each question, as data and, where it is another thing, as a page."""
    for path in paths:
        for headers in ({}, PAGE) if "f=" not in path else ({},):
            answer = client.get(path, headers=headers)
            assert answer.status_code < 500, (path, answer.text)
            yield f"{path} {headers.get('Accept', '')}", text_of(answer)


# ---- the search


@pytest.mark.parametrize(
    "written",
    [
        '{"coordinates": [104.0713, 34.5037]}',
        "34.5037;104.0713",
        'data-lon="104.0713" data-lat="34.5037"',
        "104071300,34503700",
    ],
)
def test_the_search_finds_what_it_looks_for(written: str) -> None:
    """It is no sham."""
    place = np.array([[104.0713, 34.5037]])
    assert nearest_m(pairs_in(f"7, {written}, 8"), place).min() < 0.01
    assert nearest_m(place + METRE * (3.0, 4.0), place) == pytest.approx([5.0])


@pytest.mark.parametrize("who", CALLERS)
def test_no_place_but_snap_points_and_borders_is_told_of_cases(
    county: Planted, clients: dict[str, httpx.Client], who: str
) -> None:
    shown = {"snaps": 0, "borders": 0}
    for path, body in told_by(clients[who], about_cases(county)):
        pairs = pairs_in(body)
        assert (nearest_m(pairs, county.places) > 1).all(), path
        snaps, borders = nearest_m(pairs, county.snaps) < 0.2, nearest_m(pairs, county.borders) < 0.2
        other = pairs[~snaps & ~borders]
        assert not len(other), (path, other[:5])
        shown["snaps"] += int(snaps.sum())
        shown["borders"] += int(borders.sum())
    assert (shown["snaps"] > 20) == (who in ("a town leader", "a worker", "an intake desk")), shown
    assert (shown["borders"] > 50) == (who != "a stranger"), shown


@pytest.mark.parametrize("who", CALLERS)
def test_no_vertex_of_heat_is_where_a_case_was(county: Planted, clients: dict[str, httpx.Client], who: str) -> None:
    vertices = 0
    for path, body in told_by(clients[who], heat(county)):
        pairs = pairs_in(body)
        assert (nearest_m(pairs, county.places) > 1).all(), path
        vertices += len(pairs)
    assert vertices > 500 or who not in ("a wall", "an intake desk", "an editor"), "the whole county has bands"
    assert vertices == 0 or who != "a stranger"


@pytest.mark.parametrize("who", CALLERS)
def test_no_tile_of_vectors_is_of_cases(
    county: Planted, clients: dict[str, httpx.Client], who: str, tmp_path: Path
) -> None:
    """There are tiles of cells and of doorplates; neither says anything of cases, and cells have borders alone."""
    read = 0
    for collection, zoom in itertools.product(("cells", "doorplates"), (10, 13, 16)):
        for lon, lat in county.places[::20]:
            answer = clients[who].get(tile_path(collection, zoom, lon, lat))
            if answer.status_code != 200:
                continue
            file = tmp_path / "tile.pbf"
            file.write_bytes(answer.content)
            column, row = tile_of(lon, lat, zoom)
            for layer, _ in pyogrio.list_layers(file):
                at = {"Z": str(zoom), "X": str(column), "Y": str(row)}
                frame = pyogrio.read_dataframe(file, layer=layer, **at).set_crs(3857, allow_override=True).to_crs(4326)
                assert {name for name in frame.columns if "case" in name or "disput" in name or "snap" in name} == set()
                if layer == "cells":
                    vertices = shapely.get_coordinates(frame.geometry.to_numpy())
                    assert (nearest_m(vertices, county.places) > 1).all()
                read += len(frame)
    assert clients[who].get(tile_path("disputes", 13, *county.places[0])).status_code in (401, 403, 404)
    assert (read > 0) == (who != "a stranger")


def test_what_the_desk_enters_is_told_to_nobody(county: Planted, clients: dict[str, httpx.Client]) -> None:
    """The answers to who picks the place have the point that it goes to, and live screens not even that."""
    desk, said = clients["an intake desk"], []
    with listening(clients["a wall"]) as wall, listening(desk) as other:
        wall.next("hello")
        other.next("hello")
        for lon, lat in county.places[:6].tolist():
            snap = desk.post("/disputes/snap", json={"lon": lon, "lat": lat})
            case = {"id": str(uuid4()), "snap": snap.json()["snap"], "category": "land", "channel": "patrol"}
            made = desk.post("/disputes", json=[case | {"reported_at": datetime.now(UTC).isoformat()}])
            assert made.json()["accepted"] == 1, made.text
            accepted = {"id": str(uuid4()), "version": 1, "state": "accepted"}
            said += [snap.text, made.text, desk.post(f"/disputes/{case['id']}/changes", json=accepted).text]
            said.append(desk.post("/disputes/snap", json={"lon": lon, "lat": lat + 3}).text)
        other.next("cases")
    heard = [*wall.rest(), *other.rest()]
    pairs = pairs_in("\n".join(said))
    assert len(pairs)
    assert (nearest_m(pairs, county.snaps) < 0.2).all()
    assert not any(told.kind == "cases" for told in wall.told), "a wall is told of none"
    assert len(pairs_in("\n".join(str(told.data) for told in heard))) == 0


def test_the_stops_of_patrols_for_revisits_are_snap_points(county: Planted) -> None:
    leader = county.served.client_of("patrol_leader", str(COUNTY))
    stops = leader.get("/patrol/stops", params={"area": str(COUNTY)}).json()["features"]
    revisits = [stop["geometry"]["coordinates"] for stop in stops if stop["properties"]["kind"] == "revisit"]
    assert len(revisits) > 3
    assert (nearest_m(np.array(revisits), county.snaps) < 0.2).all()


def test_what_goes_along_on_the_way_has_snap_points(county: Planted) -> None:
    """A plan, its files, sheets and the page of a team's device. Doors are stops of their own, and not looked for;
    places beside doors, where half of the cases were, are in none of them."""
    served, beside = county.served, np.concatenate([county.places[2::4], county.places[3::4]])
    team = {
        "code": "A1",
        "mode": "car",
        "station": {"lon": WEST + STEP, "lat": SOUTH + STEP / 2},
        "shift": ["00:00", "24:00"],
    }
    plan = planned(served, asked(served, area=VILLAGES[0], teams=[team]))
    assert plan["status"] == "planned", plan["error"]
    revisits = np.array([(one["lon"], one["lat"]) for one in plan["stops"] if one["kind"] == "revisit"])
    assert len(revisits) > 3
    assert (nearest_m(revisits, county.snaps) < 0.2).all()
    at = f"/patrol/plans/{plan['id']}"
    phone = served.client.post(f"{at}/phones", json={"teams": ["A1"]}).json()["phones"][0]["url"]
    paths = [at, f"{at}.gpx", *(f"{at}/export?f={form}" for form in ("gpx", "geojson", "csv")), f"{at}/report"]
    pairs = 0
    for path in (
        *paths,
        f"{at}/sheet",
        phone,
        f"{phone}/route",
        "/maps/patrol",
    ):
        answer = served.get(path)
        assert answer.status_code == 200, (path, answer.text)
        found = pairs_in(text_of(answer))
        assert (nearest_m(found, beside) > 1).all(), path
        pairs += len(found)
    assert pairs > 100


# ---- the same county, each case reported elsewhere


@pytest.fixture(scope="module")
def moved(filled: Filled) -> Iterator[Served]:
    with filled.copy("planted_elsewhere", plant_elsewhere) as (store, _), serving(store) as served:
        yield served


def test_where_cases_were_changes_nothing_that_is_published(county: Planted, moved: Served) -> None:
    """Each case lies at another door of the same snap point: figures, heat, and the report in all its forms, down to
    the lines that are drawn on paper, are the same."""
    asked = [path for path in about_cases(county) if re.search("counts|hotspots|report|collections/disputes/", path)]
    asked += heat(county)
    asked += [f"/report?area={area}&f=pdf" for area in (COUNTY, TOWNS[1], CELLS[0])]
    drawn = 0
    for path in asked:
        one, other = (without_address(served, path) for served in (county.served, moved))
        assert one == other, path
        drawn += one.count(" l\n")
    assert drawn > 100, "lines of the PDF's maps were compared"


def without_address(served: Served, path: str) -> str:
    """What an answer says and, if it is a PDF, draws; without the address of the service, and nonces and instants."""
    answer = served.get(path)
    assert answer.status_code == 200, (path, answer.text)
    said = text_of(answer).replace(served.address, "")
    if answer.headers["content-type"] == "application/pdf":
        for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages:
            said += page.get_contents().get_data().decode("latin-1")  # type: ignore[union-attr]
            said += "".join(hashlib.sha256(image.data).hexdigest() for image in page.images)
    said = re.sub(r"nonce[-=]\"?[\w-]+", "", said)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", "", said)
