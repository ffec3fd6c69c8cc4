"""The coverage page against the real service and PostGIS: a small generated county, and a morning's work on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app as command_line
from gis.codes import Level
from gis.demo.county import generate
from gis.demo.load import load_county
from gis.households.check import check
from gis.households.coverage import AreaCoverage, coverage, today_in
from gis.households.unvisited import UnvisitedHousehold, unvisited
from gis.settings import settings
from gis.storage.engine import Store, as_service
from tests.api.conftest import token_of
from tests.browser.conftest import Open, doors_drawn, list_is
from tests.browser.running import running
from tests.conftest import Filled

HOUSEHOLDS = 2_000


@dataclass
class Live:
    """The service on a store, with what the tests compare it with."""

    store: Store
    address: str
    county: str
    since: date

    def url(self, **state: str) -> str:
        parts = "&".join(f"{key}={value}" for key, value in state.items())
        return f"{self.address}/maps/coverage#{parts}"

    def cells(self) -> list[AreaCoverage]:
        """Figures of all cells, straight from the domain."""
        today = today_in(self.store.settings)
        with self.store.read() as conn:
            return coverage(conn, area=self.county, level=Level.cell, since=self.since, today=today).areas

    def waiting(self, area: str) -> list[UnvisitedHousehold]:
        with self.store.read() as conn:
            return list(unvisited(conn, area, self.since))


def fill(store: Store) -> None:
    """Load the county with its round."""
    today = today_in(store.settings)
    made = generate(households=HOUSEHOLDS, today=today)
    with store.engine.begin() as conn:
        load_county(conn, made, store.settings, today=today)


@pytest.fixture
def open_page(open_page: Open, store: Store) -> Open:
    """Pages of this module are opened by an administrator."""
    return partial(open_page, token=token_of(store, ("admin", "all")))


@pytest.fixture
def store(filled: Filled) -> Iterator[Store]:
    """A database with a small generated county."""
    with filled.copy("generated", fill) as (store, _):
        yield store


@pytest.fixture
def live(store: Store) -> Iterator[Live]:
    """The service over it."""
    with as_service(store) as service, running(create_app(service)) as address:
        yield live_of(store, address)


def live_of(store: Store, address: str) -> Live:
    """The service on the county, at an address."""
    with store.read() as conn:
        county, since = conn.execute(text("SELECT area, first_on FROM everycell.visit_round")).one()
    return Live(store, address, county[:6], since)


def _busiest(live: Live) -> AreaCoverage:
    return max(live.cells(), key=lambda area: area.known - area.reached)


def test_a_morning_on_the_map(live: Live, open_page: Open) -> None:
    cell = _busiest(live)
    page = open_page(live.url(), motion=True)
    known, reached = (sum(getattr(one, name) for one in live.cells()) for name in ("known", "reached"))
    expect(page.locator(".headline b")).to_have_text(f"{known - reached:,}")
    _down_to(page, cell.code)
    waiting = live.waiting(cell.code)
    list_is(page, len(waiting))
    first = page.evaluate("everycell.page.list.rows.items.map(({code}) => code)")
    assert first == [one.code for one in waiting]

    page.locator(".row .place").first.click()
    expect(page.locator(".card .units li").first).to_be_visible()
    page.locator(".row").first.get_by_role("button", name="记录走访").click()
    page.locator("#record input").fill("A1")
    page.get_by_role("button", name="见到", exact=True).click()
    expect(page.locator(".notice.good")).to_contain_text("见到")
    expect(page.locator(".headline b")).to_have_text(f"{len(waiting) - 1:,}")
    list_is(page, len(waiting) - 1)
    assert [one.code for one in live.waiting(cell.code)] == first[1:]
    with live.store.read() as conn:
        assert list(check(conn, live.store.settings)) == []
    doors_drawn(page)


def _down_to(page: Page, code: str) -> None:
    for digits in (9, 12, 15):
        page.evaluate("code => everycell.page.select(code, true)", code[:digits])
    expect(page.locator("#crumbs [aria-current]")).to_contain_text(code[-3:])


def test_every_door_in_view_is_drawn(live: Live, open_page: Open) -> None:
    page = open_page(live.url(), width=1600, height=1000)
    page.evaluate("everycell.page.map.setZoom(14, {animate: false}) && null")
    doors_drawn(page)
    drawn, bounds = page.evaluate(
        """() => {
            const {map, doors} = everycell.page;
            const view = map.getBounds();
            const seen = new Map();
            doors.layer.eachFeature((door, {coords}) => {
                if (door.x < 0 || door.x >= 1 || door.y < 0 || door.y >= 1) return;
                const at = map.unproject([(coords.x + door.x) * 256, (coords.y + door.y) * 256], coords.z);
                if (view.contains(at)) seen.set(door.id, door.n);
            });
            return [[...seen.keys()], [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()]];
        }"""
    )
    shrunk = "ST_Expand(ST_MakeEnvelope(:w, :s, :e, :n, 4490), -0.00002)"
    values = dict(zip("wsen", bounds, strict=True))
    with live.store.read() as conn:
        stored = set(conn.execute(text(f"SELECT id FROM everycell.doorplate WHERE geom && {shrunk}"), values).scalars())
    assert len(stored) > 100
    assert stored <= set(drawn)
    assert len(drawn) - len(stored) < 20  # those on the very edge of the view


def test_click_on_a_door_lists_its_units(live: Live, open_page: Open) -> None:
    with live.store.read() as conn:
        block = conn.execute(
            text(
                "SELECT id, ST_X(geom) AS lon, ST_Y(geom) AS lat, address FROM everycell.doorplate"
                " ORDER BY households DESC, id LIMIT 1"
            )
        ).one()
        units = conn.execute(
            text("SELECT count(*) FROM everycell.household WHERE doorplate = :id"), {"id": block.id}
        ).scalar_one()
    page = open_page(live.url(map=f"18/{block.lat}/{block.lon}"))
    doors_drawn(page)
    page.locator(".map").click(position=_point(page, block.lat, block.lon))
    expect(page.locator(".card h3")).to_have_text(block.address)
    expect(page.locator(".units li")).to_have_count(units)


def _point(page: Page, lat: float, lon: float) -> dict[str, float]:
    point: dict[str, float] = page.evaluate(
        "([lat, lon]) => everycell.page.map.latLngToContainerPoint([lat, lon])", [lat, lon]
    )
    return {"x": point["x"], "y": point["y"]}


def test_search_finds_cells_and_addresses(live: Live, open_page: Open) -> None:
    one = live.waiting(live.county)[0]
    page = open_page(live.url())
    box = page.get_by_role("combobox").first
    box.fill(str(one.address))
    expect(page.locator("#found li").first).to_contain_text(str(one.address))
    box.press("Enter")
    expect(page.locator(".card h3")).to_have_text(str(one.address))
    box.fill(one.cell)
    expect(page.locator("#found li b").first).to_have_text("网格")
    box.press("Enter")
    expect(page.locator("#crumbs [aria-current]")).to_contain_text(one.cell[-3:])


def test_hostile_address_is_only_text(live: Live, open_page: Open) -> None:
    one = live.waiting(live.county)[0]
    hostile = "<img src=x onerror=alert(1)></script>'\"{{7*7}}"
    with live.store.engine.begin() as conn:
        conn.execute(
            text("UPDATE everycell.doorplate SET address = :hostile WHERE id = :id AND county = :county"),
            {"hostile": hostile, "id": one.doorplate, "county": int(live.county)},
        )
    page = open_page(live.url(area=one.cell, map=f"18/{one.lat}/{one.lon}"))
    page.evaluate(
        "([id, lat, lon]) => everycell.page.cards.openDoor(id, [lat, lon])", [one.doorplate, one.lat, one.lon]
    )
    expect(page.locator(".card h3")).to_have_text(hostile)
    assert page.locator("img[src=x]").count() == 0


def test_visit_made_elsewhere_arrives(live: Live, open_page: Open) -> None:
    cell = _busiest(live)
    page = open_page(live.url(area=cell.code))
    one = live.waiting(cell.code)[0]
    visit = {
        "id": "6b1f8f0e-6a44-4d6e-9f6a-000000000001",
        "household": one.code,
        "visited_at": f"{today_in(live.store.settings)}T00:00:01+08:00",
        "outcome": "reached",
        "team": "B2",
        "purpose": "routine",
    }
    signed = {"Authorization": f"Bearer {token_of(live.store, ('operator', 'all'))}"}
    answer = page.request.post(f"{live.address}/visits", data=[visit], headers=signed)
    assert answer.json()["accepted"] == 1
    page.evaluate("everycell.page.refresh()")
    expect(page.locator(".headline b")).to_have_text(f"{cell.known - cell.reached - 1:,}")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), pytest.param(3840, 2160, marks=pytest.mark.slow)])
def test_screens(live: Live, open_page: Open, width: int, height: int, tmp_path: Path) -> None:
    page = open_page(live.url(), width=width, height=height)
    doors_drawn(page)
    page.screenshot(path=str(tmp_path / f"live-{width}.png"))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    expect(page.locator("#legend")).to_be_visible()


def test_file_of_the_command_shows_the_same(
    live: Live, open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERYCELL_HOME", str(live.store.settings.home))
    monkeypatch.setenv("DATABASE_URL", live.store.engine.url.render_as_string(hide_password=False))
    settings.cache_clear()
    file = tmp_path / "coverage.html"
    village = _busiest(live).code[:12]
    arguments = ["map", "coverage", "-o", str(file), "--area", village, "--since", live.since.isoformat()]
    outcome = CliRunner().invoke(command_line, arguments)
    settings.cache_clear()
    assert outcome.exit_code == 0, outcome.output
    page = open_page(file.as_uri())
    left = sum(one.known - one.reached for one in live.cells() if one.code.startswith(village))
    expect(page.locator(".headline b")).to_have_text(f"{left:,}")
    page.get_by_role("tab", name=re.compile("待走访")).click()
    list_is(page, left)
