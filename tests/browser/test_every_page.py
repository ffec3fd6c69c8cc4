"""Every page, at a desk and on a wall: axe-core finds nothing, nothing stands out at the side, and a picture is kept.
What each page does has tests of its own; here are the first page's, and the way through a page without a mouse."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from playwright.sync_api import Browser, Page, expect

from api.app import create_app
from api.error_pages import ErrorPages
from api.problems import MEDIA_TYPE as PROBLEM
from api.problems import PROBLEMS, body_of
from api.problems import document as problem_document
from gis.access.scope import Right
from gis.storage.engine import Store, as_service
from maps.cleaning import cleaning_file
from maps.plain import PlainFrame
from maps.report.assemble import document
from maps.report.page import page as report_page
from maps.wall import Scene
from tests.api.conftest import token_of
from tests.browser.conftest import Complaints, Open, keep_picture
from tests.browser.fake_phone import TOKEN, FakePatrol
from tests.browser.fake_phone import make_app as phone_app
from tests.browser.fake_service import NONCE, FakeService, serving, static_files
from tests.browser.running import running
from tests.maps.fake import code_at
from tests.maps.fake_report import report
from tests.maps.test_cleaning import content

Faults = Callable[[Page], list[str]]

# Drawing so many pixels without a graphics card takes its time: the wall's are drawn by `--all`.
SIZES = [(1280, 800), pytest.param((3840, 2160), marks=pytest.mark.slow)]
WALLS = [(1920, 1080), pytest.param((3840, 2160), marks=pytest.mark.slow)]
WITH_DATA = {
    "home": "/",
    "coverage": "/maps/coverage",
    "heat": "/maps/heat",
    "disputes": "/disputes",
    "patrol": "/maps/patrol",
    "edit": "/maps/edit",
}
ORDER = ["", "maps/coverage", "maps/patrol", "disputes", "maps/heat", "report", "maps/edit", "wall"]
EMPTY = {**WITH_DATA, "disputes": "/disputes?f=html"}
PLAIN = {
    "login": "/login",
    "about": "/about/data",
    "data": "/?f=html",
    "collections": "/collections?f=html",
    "rounds": "/rounds?f=html",
    "report-areas": "/report",
}
TROUBLE = {400: "/about/data?x=1", 403: "/maps/edit", 404: "/nowhere", 405: "/logout"}


def check(page: Page, name: str, faults: Faults) -> None:
    keep_picture(page, name)
    width, font = page.evaluate(
        "[document.documentElement.scrollWidth, parseFloat(getComputedStyle(document.documentElement).fontSize)]"
    )
    assert page.viewport_size
    seen = page.viewport_size["width"]
    assert width == seen, "nothing stands out at the side"
    grown = 17 if name == "phone" else max(14, 0.008 * seen)
    assert font == pytest.approx(grown, abs=0.1), "type grows with the view"
    assert faults(page) == []


@pytest.fixture(scope="module")
def county() -> Iterator[FakeService]:
    """The made-up county for tests that change nothing in it; whoever looks is signed in."""
    made = FakeService()
    made.who, made.csrf = "zhang", "token"
    with serving(made) as address:
        made.address = address
        yield made


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", list(WITH_DATA))
def test_pages_with_data(
    county: FakeService, open_page: Open, faults: Faults, name: str, size: tuple[int, int]
) -> None:
    page = open_page(county.address + WITH_DATA[name], width=size[0], height=size[1])
    here = page.locator('.links [aria-current="page"]')
    expect(here).to_have_attribute("id", f"to-{name}")
    listed = [link.get_attribute("href") for link in page.locator(".links a").all()]
    assert listed == [
        "/",
        "/maps/coverage",
        "/maps/patrol",
        "/disputes",
        "/maps/heat",
        "/report",
        "/maps/edit",
        "/wall",
    ]
    assert not re.search(r"\b(null|undefined|NaN)\b", page.locator("body").inner_text())
    check(page, name, faults)
    if name == "home":
        page.locator("#account summary").click()
        assert faults(page) == [], "nor with the menu open"


@pytest.mark.parametrize("size", WALLS)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_wall_in_every_scene(
    service: FakeService, open_page: Open, faults: Faults, theme: str, size: tuple[int, int]
) -> None:
    """And with the menu of an alarm open, in a cell, with its help, and when what it shows is old."""
    page = open_page(f"{service.address}/wall?theme={theme}&dwell_s=3600", width=size[0], height=size[1])
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    for number, scene in enumerate(Scene, 1):
        page.keyboard.press(str(number))
        expect(page.locator("body")).to_have_attribute("data-scene", scene)
        keep_picture(page, f"wall-{scene}-{theme}")
        assert page.evaluate("document.documentElement.scrollWidth") == size[0], "nothing stands out at the side"
        assert faults(page) == [], scene
    page.locator("#alarms [data-key=aside]").nth(1).click()
    expect(page.locator("#alarms :popover-open")).to_be_visible()
    keep_picture(page, f"wall-aside-{theme}")
    assert faults(page) == [], "with the menu of an alarm"
    page.keyboard.press("Escape")
    page.evaluate("(code) => everycell.page.drill.go(code)", code_at(2, 0))
    expect(page.locator("#crumbs [aria-current]")).to_contain_text("网格 003")
    assert faults(page) == [], "in a cell"
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    assert faults(page) == [], "with its help"
    page.keyboard.press("?")
    service.wall.beat(200, database=False)
    expect(page.locator("#band")).to_be_visible()
    keep_picture(page, f"wall-stale-{theme}")
    below = "[...document.querySelectorAll('#crumbs, #alarms h2')].map((one) => one.getBoundingClientRect().top)"
    band = page.evaluate("document.getElementById('band').getBoundingClientRect().bottom")
    assert all(top >= band for top in page.evaluate(below)), "nothing is behind the band"
    assert faults(page) == [], "when it is old"


@pytest.mark.parametrize("size", SIZES)
def test_files_and_the_page_of_a_team(open_page: Open, faults: Faults, tmp_path: Path, size: tuple[int, int]) -> None:
    frame = PlainFrame(NONCE, here="report", rights=list(Right), other="?lang=en", signed_in=True)
    for name, html in (
        ("report", report_page(document(report(), "zh"), frame)),
        ("cleaning", cleaning_file(content(lang="zh"))),
    ):
        file = tmp_path / f"{name}.html"
        file.write_text(html, "utf-8")
        check(open_page(file.as_uri(), width=size[0], height=size[1]), name, faults)
    with running(phone_app(FakePatrol(stops=6))) as address:
        check(open_page(f"{address}/p/{TOKEN}", width=390, height=844), "phone", faults)


def test_plain_pages_and_those_of_an_empty_database(
    store: Store, open_page: Open, faults: Faults, complaints: Complaints
) -> None:
    admin, wall = token_of(store, ("admin", "all")), token_of(store, ("wall", "all"))
    with as_service(store) as service, running(create_app(service)) as address:
        for name, path in EMPTY.items():
            page = open_page(address + path, ready="empty", token=admin)
            expect(page.get_by_role("heading", name="尚未导入数据")).to_be_visible()
            check(page, f"{name}-empty", faults)
        for name, path in PLAIN.items():
            page.goto(address + path)
            check(page, name, faults)
            page.locator("#language").click()
            expect(page.locator("html")).to_have_attribute("lang", "en")
            assert faults(page) == []
        page.set_extra_http_headers({"Authorization": f"Bearer {wall}"})
        page.goto(f"{address}/wall")
        assert faults(page) == []
        assert page.evaluate("new everycell.WallSource(everycell.config.api, {}).hasCells()") is False
        for status, path in TROUBLE.items():
            answer = page.goto(address + path)
            assert answer
            assert answer.status == status
            complaints.expect(status)
            expect(page.locator(".code")).to_have_text(str(status))
            check(page, f"error-{status}", faults)
            page.locator("#language").click()
            complaints.expect(status)
            expect(page.get_by_role("link", name="Home").last).to_be_visible()
        page.get_by_role("link", name="Home").last.click()
        expect(page.locator("#to-home")).to_have_attribute("aria-current", "page")


def test_the_first_page_leads_to_a_door_by_keys_alone(county: FakeService, open_page: Open) -> None:
    page = open_page(f"{county.address}/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("永安路8号")
    expect(page.locator("#found li").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/maps/coverage#*")
    page.wait_for_selector('html[data-ready="yes"]')
    expect(page.locator(".card h3")).to_contain_text("永安路8号")


def test_areas_are_gone_through_by_keys_alone(county: FakeService, open_page: Open) -> None:
    """Of the panel of coverage; the pages, where they are a list that opens."""
    page = open_page(f"{county.address}/maps/coverage", width=1000)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the bar
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#areas') !== null && document.activeElement.id !== 'areas'"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#crumbs [aria-current]")).not_to_have_text("示范县")
    page.locator("#tab-areas").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-list")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#to-report")).to_be_hidden()
    page.locator("#open-pages").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#to-home")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#to-report")).to_be_hidden()


def test_the_first_page_without_scripts(county: FakeService, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{county.address}/")
    expect(page.locator("#rounds")).to_contain_text("落后 22 个百分点")
    expect(page.locator("#search")).to_be_hidden()
    page.locator("#open-pages").click()
    page.locator("#to-report").wait_for(state="visible")
    page.get_by_role("link", name="English").click()
    expect(page.locator("#rounds")).to_contain_text("22 pp behind")
    context.close()


def test_a_page_waits_for_the_database_and_opens_by_itself(
    open_page: Open, faults: Faults, complaints: Complaints
) -> None:
    app, gone = FastAPI(), threading.Event()
    static_files(app)
    app.add_middleware(ErrorPages)

    def answer(request: Request) -> Response:
        if gone.is_set():
            told = problem_document(request.scope, PROBLEMS["storage"], "no answer")
            return Response(body_of(told), 503, media_type=PROBLEM)
        return HTMLResponse('<html data-ready="yes"><link rel="icon" href="data:,"><h1>here it is</h1></html>')

    for path in ("/maps/coverage", "/readyz"):
        app.add_api_route(path, answer, response_model=None)
    with running(app) as address:
        page = open_page(f"{address}/maps/coverage")
        gone.set()
        page.clock.install()
        page.reload()
        complaints.expect(503)
        check(page, "error-503", faults)
        page.clock.run_for(3000)
        expect(page.locator("#looked")).to_contain_text("上次检查")
        complaints.expect(503)
        gone.clear()
        page.clock.run_for(3000)
        expect(page.get_by_role("heading", name="here it is")).to_be_visible()
