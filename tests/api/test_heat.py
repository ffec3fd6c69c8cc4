"""Heat and hot spots over HTTP: what they say, to whom, and that they say no more than the published tables."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import psycopg2
import pytest
from PIL import Image
from sqlalchemy import text
from typer.testing import CliRunner

from api.cli import app
from gis.access.scope import ALL
from gis.disputes.categories import Category
from gis.disputes.hotspots import FALSE_DISCOVERIES
from gis.disputes.painting import RAMP
from gis.disputes.publication import publish_due
from gis.errors import BadInput
from gis.settings import settings
from gis.storage.engine import Store
from tests.api.conftest import Served, serving, tile_of
from tests.api.test_freshness import visit_now
from tests.api.test_problems import problem
from tests.conftest import Filled
from tests.gis.disputes import counting
from tests.gis.disputes.counting import CELLS, TOWNS, VILLAGES
from tests.gis.world import SOUTH, STEP, WEST

OVER: Final = date(2026, 1, 5)  # all of 2025 is published then
MIDDLE: Final = (WEST + 0.5 * STEP, SOUTH + 0.5 * STEP)  # of the first cell
COLUMN, ROW = tile_of(*MIDDLE, 13)
TILE: Final = f"/disputes/heat/tiles/13/{COLUMN}/{ROW}.png"
HOT: Final = CELLS[5]
FEW: Final = CELLS[-2:]
OWN: Final = CELLS[3:6]  # of the second village
COUNTY_IN_DECEMBER: Final = ("county", "2025-12-01", False, "")
TABLES: Final = """SELECT level, first_on, span, family, area, category, number, households FROM everycell.case_figure
    WHERE starts_with(area, :area) AND length(area) >= :digits ORDER BY 1, 2, 3, 4, 5, 6"""


def fill(store: Store) -> None:
    """The county of `counting` with enough cases for most cells to be shown: one with many, two with one to four."""
    with store.begin(ALL.settings()) as conn:
        counting.build(conn)
        for n in range(12):
            numbers = {(cell, Category.neighbours): 2 + (n + at) % 3 for at, cell in enumerate(CELLS[:-2])}
            numbers |= {(cell, Category.land): 1 + (n + at) % 2 for at, cell in enumerate(CELLS[:-2])}
            numbers[HOT, Category.neighbours] = 20
            numbers |= {(cell, Category.neighbours): 1 for at, cell in enumerate(FEW) if n < 3 - at}
            counting.add(conn, date(2025, n + 1, 1), numbers)


@contextmanager
def published(filled: Filled, *changes: str) -> Iterator[Served]:
    """The county of `counting` with all that is published of 2025, after some changes of what is true."""
    with filled.copy("heated", fill) as (store, _):
        with store.begin(ALL.settings()) as conn:
            for change in changes:
                assert conn.execute(text(change)).rowcount == 1
        publish_due(store, OVER)
        with serving(store) as running:
            yield running


@pytest.fixture(scope="module")
def drawn(filled: Filled) -> Iterator[Served]:
    """Served for the whole module: its tests read only."""
    with published(filled) as running:
        yield running


def tables(store: Store, area: str = "", digits: int = 0) -> list[tuple[Any, ...]]:
    with store.read(ALL.settings()) as conn:
        return [tuple(row) for row in conn.execute(text(TABLES), {"area": area, "digits": digits})]


def inside(document: Any, cells: slice) -> bool:
    """Whether all coordinates lie in a row of cells (a thousandth of a degree more or less)."""
    west, east = WEST + cells.start * STEP, WEST + cells.stop * STEP
    lon = [x for f in document["features"] for part in f["geometry"]["coordinates"] for ring in part for x, _ in ring]
    return bool(lon) and west - 1e-3 <= min(lon) and max(lon) <= east + 1e-3


# ---- what they say


def test_bands_and_what_they_are_of(drawn: Served) -> None:
    told = drawn.json("/disputes/heat?period=2025-12&half_life=none")
    december = [row for row in tables(drawn.store) if (row[0], str(row[1]), row[3], row[5]) == COUNTY_IN_DECEMBER]
    assert told["cases"] == pytest.approx(december[0][6], rel=1e-3), "as many as were published"
    assert (told["period"], told["mode"], told["base"], told["grid_on"]) == ("2025-12", "density", "2025", str(OVER))
    assert told["unit"] == {"zh": "件/km²", "en": "cases per km²"}
    assert set(told["note"]) == {"zh", "en"}
    highest = max(f["properties"]["high"] for f in told["features"])
    assert told["features"][-1]["properties"]["low"] <= told["peak"] < highest
    for feature in told["features"]:
        at = feature["properties"]
        assert (at["low"], at["high"]) == tuple(told["classes"][at["class"]][k] for k in ("low", "high"))
    assert inside(told, slice(0, len(CELLS)))


def test_recency_adds_the_months_before(drawn: Served) -> None:
    alone, weighted, default = (
        drawn.json(f"/disputes/heat?period=2025-12{more}") for more in ("&half_life=none", "&half_life=30", "")
    )
    assert alone["cases"] < weighted["cases"] < default["cases"]
    assert (weighted["half_life"], default["half_life"]) == (30, 90)
    assert "30" in weighted["note"]["zh"]
    counted = [drawn.json(f"/disputes/heat?period=2025-{m:02}&half_life=none")["cases"] for m in range(1, 13)]
    days = [(date(2025, 12, 31) - date(2025 + m // 12, m % 12 + 1, 1)).days + 1 for m in range(1, 13)]
    wanted = sum(number * 2.0 ** (-age / 90) for number, age in zip(counted, days, strict=True))
    assert default["cases"] == pytest.approx(wanted, rel=0.01)


def test_all_months_are_painted_on_one_scale(drawn: Served) -> None:
    months = [drawn.json(f"/disputes/heat?period=2025-{m:02}&half_life=none") for m in range(1, 13)]
    assert len({json.dumps(one["classes"]) for one in months}) == 1
    assert max(one["peak"] for one in months) <= months[0]["classes"][-1]["high"]
    assert len({one["peak"] for one in months}) > 3
    year = drawn.json("/disputes/heat?period=2025")
    assert (year["half_life"], year["cases"]) == (None, pytest.approx(sum(one["cases"] for one in months), rel=0.01))
    assert drawn.json("/disputes/heat")["period"] == "2025-12", "the last month, where none is named"


def test_rates_and_kinds_and_kernels(drawn: Served) -> None:
    rate = drawn.json("/disputes/heat?period=2025&mode=rate&category=neighbours&bandwidth=800")
    assert (rate["unit"]["zh"], rate["category"], rate["bandwidth_m"]) == ("件/百户", "neighbours", 800)
    assert 0 < rate["cases"] < drawn.json("/disputes/heat?period=2025")["cases"]
    assert drawn.json(f"/disputes/heat?period=2025&area={TOWNS[0]}")["cases"] < rate["cases"] * 10


def test_a_tile_is_painted_in_the_classes_of_the_bands(drawn: Served) -> None:
    answer = drawn.get(f"{TILE}?period=2025")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    seen = np.array(Image.open(io.BytesIO(answer.content)).convert("RGBA"))
    colours = {f"#{bytes(rgb).hex()}" for rgb in seen[seen[:, :, 3] > 0][:, :3].tolist()}
    classes = [one["colour"] for one in drawn.json("/disputes/heat?period=2025")["classes"]]
    assert colours
    assert colours <= set(classes) <= set(RAMP)
    far = drawn.get(f"/disputes/heat/tiles/13/{COLUMN + 40}/{ROW}.png?period=2025")
    assert np.array(Image.open(io.BytesIO(far.content)).convert("RGBA"))[:, :, 3].max() == 0


def test_what_is_said_of_cells(drawn: Served) -> None:
    told = drawn.json("/disputes/hotspots")
    assert (told["period"], told["before"], told["level"]) == ("2025", None, "cell")
    assert told["words"]["zh"] == "登记的纠纷多于按户数可以解释的"
    assert "danger" not in json.dumps(told)
    spots = {feature["properties"]["code"]: feature["properties"] for feature in told["features"]}
    assert list(spots) == list(CELLS)
    shown = {row[4]: row[6] for row in tables(drawn.store) if row[0] == "cell" and row[5] == ""}
    assert {code: spot["number"] for code, spot in spots.items()} == shown
    for spot in spots.values():
        assert spot["verdict"] != "hot" or (spot["q"] <= FALSE_DISCOVERIES and spot["number"] >= 5)
        if spot["number"] is None or spot["households"] < 10:
            assert spot["verdict"] in {"too_few", "none"}
            assert (spot["rate"], spot["change"]) == (None, None)
    few = spots[CELLS[-1]]
    assert (few["households"], few["verdict"], few["rate_smoothed"]) == (9, "too_few", None)
    assert sum(told["counts"].values()) == len(CELLS)
    assert told["counts"]["hot"] == sum(spot["verdict"] == "hot" for spot in spots.values())
    part = drawn.json(f"/disputes/hotspots?area={VILLAGES[1]}")
    assert [f["properties"] for f in part["features"]] == [spots[code] for code in OWN], "as in the whole"


def test_the_command_line_writes_the_same(drawn: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", drawn.store.settings.database_url or "")
    settings.cache_clear()
    for name, said, path in (
        ("heat", ("--period", "2025-12", "--half-life", "30"), "/disputes/heat?period=2025-12&half_life=30"),
        ("heat", ("--area", TOWNS[0], "--bandwidth", "800"), f"/disputes/heat?area={TOWNS[0]}&bandwidth=800"),
        ("hotspots", (), "/disputes/hotspots"),
    ):
        made = CliRunner().invoke(app, ["dispute", name, "-o", str(tmp_path / "a.geojson"), *said])
        assert made.exit_code == 0, made.output
        assert json.loads((tmp_path / "a.geojson").read_text("utf-8")) == drawn.json(path)
    assert "too few to say" in made.output
    for said in (("--bandwidth", "300"), ("--half-life", "soon"), ("--period", "2025-12-31")):
        refused = CliRunner().invoke(app, ["dispute", "heat", "-o", str(tmp_path / "b.geojson"), *said])
        assert isinstance(refused.exception, BadInput)
        assert refused.exception.field == said[0]
    assert not (tmp_path / "b.geojson").exists()
    settings.cache_clear()


# ---- who may ask what


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("period=2025-13", 400, "period"),
        ("period=2025-12-31", 400, "period"),
        ("period=2999", 404, "period"),
        ("period=2024", 404, "period"),
        ("category=crime", 400, "category"),
        ("category=family", 400, "category"),
        ("area=x", 400, "area"),
        ("colour=red", 400, "colour"),
        ("heat:mode=hot", 400, "mode"),
        ("heat:half_life=0", 400, "half_life"),
        ("heat:half_life=366", 400, "half_life"),
        ("heat:period=2025&half_life=30", 400, "half_life"),
        ("heat:bandwidth=100", 400, "bandwidth"),
        ("heat:bandwidth=401", 400, "bandwidth"),
        ("heat:area=990101100209", 404, "area"),
        ("hotspots:period=2025-12", 400, "period"),
        ("hotspots:period=2025Q4", 400, "period"),
    ],
)
def test_what_is_wrong_is_named(drawn: Served, query: str, status: int, field: str) -> None:
    only, _, asked = query.rpartition(":")
    paths = [path for path in ("/disputes/heat", TILE, "/disputes/hotspots") if only in path]
    for path in paths:
        if "category=family" in asked or "period" in asked or only:
            asked = asked if "period" in asked else f"period=2025-12&{asked}" if "hotspots" not in path else asked
        answer = drawn.get(f"{path}?{asked}")
        assert answer.status_code == status, (path, answer.text)
        assert problem(answer)["field"] == field


@pytest.mark.parametrize(("tile", "status", "field"), [("99/0/0", 404, "z"), ("1/2/0", 404, "x"), ("1/0/b", 400, "y")])
def test_a_tile_that_is_none(drawn: Served, tile: str, status: int, field: str) -> None:
    answer = drawn.get(f"/disputes/heat/tiles/{tile}.png")
    assert (answer.status_code, problem(answer)["field"]) == (status, field)


def test_everybody_sees_the_own_area_and_no_shorter_periods_than_it_has(drawn: Served) -> None:
    village, town = drawn.client_of("wall", VILLAGES[1]), drawn.client_of("operator", TOWNS[0])
    assert village.get("/disputes/heat?period=2025-12").json()["field"] == "period"
    assert "cases of a village are counted by year" in village.get("/disputes/heat?period=2025-12").text
    assert town.get("/disputes/heat?period=2025-12").status_code == 400
    quarter = town.get("/disputes/heat?period=2025Q4").json()
    assert inside(quarter, slice(0, 6))
    year = village.get("/disputes/heat").json()
    assert year["period"] == "2025"
    assert inside(year, slice(3, 6))
    mine = village.get("/disputes/hotspots").json()
    assert [f["properties"]["code"] for f in mine["features"]] == list(OWN)
    for path in ("/disputes/heat?period=2025&", "/disputes/hotspots?"):
        assert village.get(f"{path}area={VILLAGES[0]}").status_code == 403
        assert village.get(f"{path}area={CELLS[4]}").status_code == 200
    clear = village.get(f"{TILE}?period=2025")
    assert np.array(Image.open(io.BytesIO(clear.content)).convert("RGBA"))[:, :, 3].max() == 0


def heard_while(store: Store, work: Callable[[], object]) -> set[str]:
    """What a listening worker hears while something is done."""
    listener = psycopg2.connect((store.settings.database_url or "").replace("+psycopg2", ""))
    listener.autocommit = True
    try:
        listener.cursor().execute("LISTEN everycell")
        work()
        listener.poll()
        return {note.payload for note in listener.notifies}
    finally:
        listener.close()


def test_an_answer_is_good_until_a_table_is_published(filled: Filled) -> None:
    with filled.copy("heated", fill) as (store, _), serving(store) as running:
        for path in ("/disputes/heat", TILE, "/disputes/hotspots"):
            answer = running.get(path)
            assert (answer.status_code, problem(answer)["field"]) == (404, "period"), "nothing is published yet"
        publish_due(store, date(2025, 11, 3))
        running.service.mirror.refresh()
        first = running.get("/disputes/heat")
        assert first.json()["period"] == "2025-10"
        assert (first.json()["base"], first.json()["grid_on"]) == (None, None), "no cells are counted yet"
        again = running.get("/disputes/heat", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        assert running.get("/disputes/hotspots").status_code == 404
        assert visit_now(running, "990101-00-000-1").json()["accepted"] == 1
        running.service.mirror.refresh()
        again = running.get("/disputes/heat", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304, "no visit is in it"
        with store.begin(ALL.settings()) as conn:
            conn.execute(text("UPDATE everycell.cell SET name = '新名' WHERE code = :code"), {"code": CELLS[0]})
        running.service.mirror.refresh()
        renamed = running.get("/disputes/heat", headers={"If-None-Match": first.headers["etag"]})
        assert renamed.status_code == 200, "the grid is"
        heard = heard_while(store, lambda: publish_due(store, OVER))
        assert heard == {f"{counting.COUNTY}"}, "every worker is told at once"
        running.service.mirror.refresh()
        again = running.get("/disputes/heat", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.json()["period"]) == (200, "2025-12")


# ---- what they do not say

ASKED: Final = (
    *(f"/disputes/heat?period=2025-{m:02}&half_life=none&bandwidth=200" for m in (1, 6, 12)),
    "/disputes/heat?period=2025-12&half_life=30&mode=rate",
    "/disputes/heat?period=2025Q3&category=land",
    "/disputes/heat?period=2025",
    f"/disputes/heat?period=2025&area={VILLAGES[3]}&bandwidth=200",
    f"{TILE}?period=2025&bandwidth=200",
    "/disputes/hotspots",
    "/disputes/hotspots?category=neighbours",
    "/collections/disputes/items?limit=1000",
)


def answers(served: Served, *clients: httpx.Client) -> dict[tuple[int, str], bytes]:
    found = {}
    for n, client in enumerate(clients or (served.client,)):
        for path in ASKED:
            answer = client.get(path)
            assert answer.status_code in ({200} if not clients else {200, 400, 403}), (path, answer.text)
            found[n, path] = answer.content.replace(str(client.base_url).rstrip("/").encode(), b"")
    return found


# One case of a withheld cell goes to another one, and one of a withheld kind to another: nothing published changes.
SWAP: Final = """UPDATE everycell.dispute d SET cell = s.cell, snap = s.id FROM everycell.snap_point s
    WHERE s.cell = '{to}' AND s.ended_at IS NULL AND d.id = (
        SELECT id FROM everycell.dispute WHERE cell = '{of}' AND category = '{kind}' ORDER BY id LIMIT 1)"""


def test_it_is_a_function_of_the_published_tables(filled: Filled, drawn: Served) -> None:
    """Whoever may change what is withheld as he likes sees the same bytes for as long as the tables are the same."""
    with published(filled, SWAP.format(of=FEW[0], to=FEW[1], kind=Category.neighbours.value)) as other:
        assert tables(other.store) == tables(drawn.store)
        assert answers(other) == answers(drawn)


def test_it_does_not_change_while_cases_come_in(filled: Filled) -> None:
    with published(filled) as running:
        wanted = answers(running)
        with running.store.begin(ALL.settings()) as conn:
            now = datetime.now(UTC)
            counting.add(conn, now.date().replace(day=1), {(CELLS[0], Category.land): 7}, at=now)
        running.service.answers.cache.clear()
        assert answers(running) == wanted


def test_nothing_of_other_areas_can_be_worked_out(filled: Filled, drawn: Served) -> None:
    """The own tables being the same, a reader's answers are, whatever happens elsewhere."""
    more = [SWAP.format(of=CELLS[12], to=CELLS[8], kind=Category.neighbours.value)] * 9
    more.append(SWAP.format(of=FEW[1], to=CELLS[8], kind=Category.neighbours.value))
    with published(filled, *more) as other:
        assert tables(other.store) != tables(drawn.store)
        assert tables(other.store, VILLAGES[1], 12) == tables(drawn.store, VILLAGES[1], 12)
        village = [one.client_of("wall", VILLAGES[1]) for one in (drawn, other)]
        assert answers(drawn, village[0]) == answers(other, village[1])
        # Of a cell whose number is withheld nothing is told of what is left of its village either.
        cell = [one.client_of("wall", FEW[0]).get("/disputes/heat").content for one in (drawn, other)]
        assert cell[0] == cell[1]
        assert json.loads(cell[0])["cases"] == 2.5
