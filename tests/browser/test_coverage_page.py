"""The coverage page against the made-up county: what a person sees, clicks and types."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from maps.households import coverage_file
from maps.page import BaseMap
from tests.browser.conftest import Complaints, Open, becomes, doors_drawn, list_is
from tests.browser.fake_service import FakeService, serving
from tests.maps import fake

CELL = fake.code_at(2, 0)
BLOCK = 621102 * 10**9 + 207  # the block of twelve units in that cell
HOSTILE = "</script><script>fail()</script><img src=x onerror=fail()>\"'`${fail()}{{ 7 * 7 }}&lt;b&gt;"


def url(service: FakeService, **state: str) -> str:
    """The page's address with a state."""
    parts = "&".join(f"{key}={value}" for key, value in state.items())
    return f"{service.address}/maps/coverage#{parts}"


def click_at(page: Page, lat: float, lon: float) -> None:
    """Click a place of the map."""
    point = page.evaluate("([lat, lon]) => everycell.page.map.latLngToContainerPoint([lat, lon])", [lat, lon])
    box = page.locator(".map").bounding_box()
    assert box
    page.mouse.click(box["x"] + point["x"], box["y"] + point["y"])


def shown_left(page: Page) -> int:
    """Households left, as the panel says."""
    return int(page.locator(".headline b").inner_text().replace(",", ""))


def test_county_opens_with_all_its_figures(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, since="2026-08-24"))
    known = sum(area.known for area in service.county.figures)
    reached = sum(area.reached for area in service.county.figures)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".headline strong")).to_have_text(f"{100 * reached // known} %")
    assert shown_left(page) == known - reached
    for name in ("应访户", "已走访", "敲门未遇", "从未走访", "超期", "最久未访"):
        expect(page.locator("#figures dt", has_text=name)).to_be_visible()
    expect(page.locator("#areas tbody tr")).to_have_count(2)
    expect(page.locator("#datatime")).to_contain_text("2026-11-22")


@pytest.mark.parametrize("zoom", [5, 19])
def test_whole_province_and_single_door_can_be_seen(service: FakeService, open_page: Open, zoom: int) -> None:
    page = open_page(url(service, map=f"{zoom}/35.51/104.62"))
    becomes(lambda: page.evaluate("everycell.page.map.getZoom()"), zoom)


def test_towns_lead_to_villages_and_cells_and_back(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    for name in ("城关镇", "南川村", "网格 003"):
        page.get_by_role("button", name=name).first.click()
        expect(page.locator("#crumbs [aria-current]")).to_contain_text(name)
    assert f"area={CELL}" in page.url
    page.locator("#crumbs").get_by_role("button", name="示范县").click()
    expect(page.locator("#areas tbody tr")).to_have_count(2)


def test_cells_that_mean_different_things_look_different(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, since="2026-08-24"))
    kinds = page.evaluate(
        "codes => codes.map((code) => everycell.legend.look(everycell.page.figures.of(code)).kind)",
        [fake.code_at(*at) for at in ((0, 0), (5, 3), (4, 3), (2, 2))],
    )
    assert kinds == ["nodata", "confirmed", "unchecked", "none"]


def test_cell_click_lists_who_waits_longest_first(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, since="2026-08-24", map="16/35.504/104.62"))
    click_at(page, 35.5065, 104.6235)
    expect(page.locator("#crumbs [aria-current]")).to_contain_text("网格 003")
    waiting = [one for one in service.county.waiting() if one.cell == CELL]
    expect(page.locator("#list-count")).to_have_text(f"待走访 {len(waiting)} 户，等待最久的在前")
    assert shown_left(page) == len(waiting)
    never = sum(one.last_reached_on is None for one in waiting)
    expect(page.locator(".row .state").first).to_have_text("从未走访" if never else re.compile("天前"))


def test_who_leafs_through_cells_asks_for_the_list_of_the_last(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, since="2026-08-24"))
    page.get_by_role("tab", name="待走访").click()
    list_is(page, len(service.county.waiting()))
    codes = sorted({one.cell for one in service.county.waiting()})
    expect(page.locator("html")).not_to_have_class(re.compile("busy"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/households/unvisited" in request.url else None)
    page.evaluate("codes => codes.forEach((code) => everycell.page.select(code, false))", codes)
    expect(page.locator("html")).not_to_have_class(re.compile("busy"))
    page.wait_for_function("code => everycell.page.list.area === code && !everycell.page.list.loading", arg=codes[-1])
    assert len(codes) > 10
    assert codes[-1] in asked[-1]
    assert len(asked) <= 2


def test_list_keeps_only_the_rows_in_sight(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, since="2026-08-24"))
    page.get_by_role("tab", name="待走访").click()
    waiting = len(service.county.waiting())
    list_is(page, waiting)
    assert page.locator(".row").count() < 40
    page.evaluate("document.getElementById('list').scrollTop = 1e9")
    expect(page.locator(f'.row[aria-posinset="{waiting}"]')).to_be_visible()


def test_door_click_opens_its_units(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, map="17/35.502/104.6217"))
    doors_drawn(page)
    lat, lon = next((one.lat, one.lon) for one in service.county.households if one.doorplate == BLOCK)
    click_at(page, lat, lon)
    expect(page.locator(".card h3")).to_have_text("永安路8号")
    expect(page.locator(".units li")).to_have_count(12)


def _record(page: Page, team: str, outcome: str) -> None:
    page.locator("#record input").fill(team)
    page.locator("#record select").select_option("safety")
    page.get_by_role("button", name=outcome, exact=True).click()


def test_visit_changes_figures_list_and_door(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, area=CELL, since="2026-08-24", map="17/35.502/104.6217"))
    doors_drawn(page)
    before = shown_left(page)
    first = page.locator(".row").first.get_by_role("button", name="记录走访")
    code = page.evaluate("everycell.page.list.rows.items[0].code")
    first.click()
    _record(page, "a1", "见到")
    expect(page.locator(".notice.good")).to_contain_text("已记录")
    expect(page.locator(".headline b")).to_have_text(str(before - 1))
    list_is(page, before - 1)
    assert service.visits[0]["household"] == code
    assert service.visits[0] | {"team": "A1", "purpose": "safety", "outcome": "reached"} == service.visits[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", service.visits[0]["visited_at"])
    page.reload()
    page.locator(".row").first.get_by_role("button", name="记录走访").click()
    expect(page.locator("#record input")).to_have_value("A1")
    expect(page.locator("#record select")).to_have_value("safety")


@pytest.mark.parametrize(("words", "outcome"), [("无人应答", "no_answer"), ("见到", "reached")])
def test_unit_of_a_door_is_visited_from_its_card(
    service: FakeService, open_page: Open, words: str, outcome: str
) -> None:
    page = open_page(url(service, map="17/35.502/104.6217"))
    doors_drawn(page)
    lat, lon = next((one.lat, one.lon) for one in service.county.households if one.doorplate == BLOCK)
    click_at(page, lat, lon)
    page.locator(".units li").first.get_by_role("button").click()
    _record(page, "B-2", words)
    expect(page.locator(".units")).to_contain_text("今天")
    expect(page.locator(".notice.good")).to_be_visible()
    assert service.visits[0]["outcome"] == outcome


def test_refused_visit_says_why_and_can_be_sent_again(service: FakeService, open_page: Open) -> None:
    service.refuse = "household: 这一户不存在"
    page = open_page(url(service, area=CELL, since="2026-08-24"))
    before = shown_left(page)
    page.locator(".row").first.get_by_role("button", name="记录走访").click()
    _record(page, "A1", "见到")
    expect(page.locator(".notice.bad")).to_contain_text("这一户不存在")
    assert shown_left(page) == before
    service.refuse = None
    page.get_by_role("button", name="重新发送").click()
    expect(page.locator(".headline b")).to_have_text(str(before - 1))
    assert len(service.visits) == 1


def test_team_is_asked_for_in_its_form(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, area=CELL, since="2026-08-24"))
    page.locator(".row").first.get_by_role("button", name="记录走访").click()
    _record(page, "张三", "见到")
    expect(page.locator("#record [role=alert]")).to_contain_text("队伍")
    page.keyboard.press("Escape")
    expect(page.locator("#record")).to_be_hidden()
    assert service.visits == []


def test_uuid_without_a_secure_context(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    made = page.evaluate("(crypto.randomUUID = undefined, Array.from({length: 50}, everycell.uuid))")
    assert len(set(made)) == 50
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one) for one in made
    )


def test_other_day_recolours_without_new_shapes(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, since="30d", map="13/35.516/104.624"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    before = page.locator(".headline strong").inner_text()
    page.get_by_role("button", name="90 天").click()
    expect(page.locator(".headline strong")).not_to_have_text(before)
    assert "since=90d" in page.url
    assert [one for one in asked if "/coverage?" in one]
    assert not [one for one in asked if "/items" in one]


def test_round_is_the_usual_cut_off(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    expect(page.locator("#since select")).to_have_value("round:621102-R-20261101")
    expect(page.locator(".headline")).to_contain_text("本轮 2026-11 已走访")


def test_without_a_round_ninety_days_count(service: FakeService, open_page: Open) -> None:
    service.rounds = []
    page = open_page(url(service))
    expect(page.get_by_role("button", name="90 天")).to_have_attribute("aria-pressed", "true")
    assert page.locator("#since select").count() == 0
    assert not re.search("null|undefined|NaN", page.locator("body").inner_text())


def test_search_by_keyboard_opens_the_door(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.get_by_role("combobox").first.click()
    page.keyboard.type("永安路8号")
    expect(page.locator("#found li").first).to_contain_text("门牌")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".card h3")).to_have_text("永安路8号")


def test_search_says_when_it_shows_only_the_first(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.get_by_role("combobox").first.fill("永安路")
    expect(page.locator("#found li")).to_have_count(51)
    expect(page.locator("#found li").last).to_contain_text("只列出前 50 条")


def test_site_shows_its_last_check(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, map="16/35.512/104.620"))
    click_at(page, fake.SOUTH + 1.5 * fake.SIDE, fake.WEST + 2.5 * fake.SIDE)
    expect(page.locator(".card")).to_contain_text("城北加油站")
    expect(page.locator(".card")).to_contain_text("2026-08-01 (113 天前)")
    expect(page.locator(".card .late")).to_have_text("2026-08-31")


def test_view_survives_a_reload_and_the_other_language(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, area=CELL, since="60d", map="15/35.51000/104.62000"))
    page.reload()
    page.wait_for_selector('html[data-ready="yes"]')
    page.get_by_role("link", name="English").click()
    page.wait_for_selector('html[lang="en"][data-ready="yes"]')
    expect(page.locator(".headline")).to_contain_text("reached in the last 60 days")
    becomes(lambda: page.evaluate("everycell.page.map.getZoom()"), 15)
    becomes(lambda: page.evaluate("everycell.page.area"), CELL)
    assert not re.search("[一-鿿]", page.locator("#since").inner_text())


def test_folded_panel_stays_folded(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.get_by_role("button", name="侧栏").click()
    expect(page.locator("#panel")).to_be_hidden()
    page.reload()
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#fold")).to_have_attribute("aria-expanded", "false")


def test_base_map_lies_below_and_is_credited(service: FakeService, open_page: Open) -> None:
    service.base_map = BaseMap("/base/{z}/{x}/{y}.png", "测绘 <b>局</b>")
    page = open_page(url(service))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="放大").click()
    expect(page.locator(".leaflet-tile-pane img").first).to_be_attached()
    expect(page.locator(".leaflet-control-attribution")).to_have_text("测绘 <b>局</b>")
    assert not [one for one in asked if "/streets/" in one]


def test_empty_database_is_a_helpful_page(service: FakeService, open_page: Open) -> None:
    service.empty = True
    page = open_page(f"{service.address}/maps/coverage", ready="empty")
    expect(page.get_by_role("heading", name="尚未导入数据")).to_be_visible()


def test_lost_service_is_said_and_the_time_turns_amber(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = open_page(url(service, map="12/35.516/104.624"))
    page.route("**/coverage?*", lambda route: route.abort())
    page.evaluate("everycell.page.refresh()")
    expect(page.locator(".notice.bad")).to_contain_text("无法连接服务")
    expect(page.locator("#datatime")).to_have_class(re.compile("stale"))
    page.unroute("**/coverage?*")
    page.evaluate("everycell.page.refresh()")
    expect(page.locator(".notice.bad")).to_have_count(0)
    expect(page.locator("#datatime")).not_to_have_class(re.compile("stale"))
    assert all("ERR_FAILED" in one for one in complaints)
    complaints.clear()


def test_hostile_text_is_only_text(open_page: Open) -> None:
    made = FakeService(note=HOSTILE)
    with serving(made) as made.address:
        page = open_page(url(made, area=CELL, since="2026-08-24", map="17/35.502/104.6217"))
        page.evaluate("void (window.fail = () => { throw new Error('ran') })")
        doors_drawn(page)
        expect(page.locator(".row .place").first).to_contain_text("<img src=x onerror=fail()>")
        page.locator(".row .place").first.click()
        expect(page.locator(".card h3")).to_contain_text("{{ 7 * 7 }}&lt;b&gt;")
        page.get_by_role("combobox").first.fill("永安路1号")
        expect(page.locator("#found li").first).to_contain_text("</script>")
        assert page.locator("img[src=x]").count() == 0


def test_stream_of_features_survives_any_cut(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    features = [{"type": "Feature", "properties": {"a": '}{]["\\'}}, {"type": "Feature", "b": [1, {"c": 2}]}]
    text = json.dumps({"type": "FeatureCollection", "features": features, "links": [{"href": "x"}]}, indent=1)
    found = page.evaluate(
        """text => [1, 2, 3, 7, 1e6].map((step) => {
            const stream = everycell.featureStream();
            const all = [];
            for (let at = 0; at < text.length; at += step) all.push(...stream.take(text.slice(at, at + step)));
            return [all, stream.complete()];
        })""",
        text,
    )
    assert found == [[features, True]] * 5


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 800), pytest.param(3840, 2160, marks=pytest.mark.slow), (390, 800)]
)
def test_nothing_overflows(service: FakeService, open_page: Open, width: int, height: int, tmp_path: Path) -> None:
    page = open_page(url(service, area=CELL[:12]), width=width, height=height)
    doors_drawn(page)
    page.screenshot(path=str(tmp_path / f"coverage-{width}.png"))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert not re.search("null|undefined|NaN", page.locator("body").inner_text())
    size = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert size == pytest.approx(max(14, 0.008 * width), abs=0.1)
    bar = page.locator(".bar").bounding_box()
    assert bar
    assert bar["height"] >= 48


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_standalone_file_needs_nothing(open_page: Open, tmp_path: Path, lang: str) -> None:
    file = tmp_path / "coverage.html"
    file.write_text(coverage_file(fake.coverage_file_content(lang=lang)), "utf-8")
    page = open_page(file.as_uri())
    page.get_by_role("tab").nth(1).click()
    expect(page.locator("#list-count")).to_contain_text(str(len(fake.county().waiting())))
    page.locator(".row .place").first.click()
    expect(page.locator(".card .units li").first).to_be_visible()
    assert page.get_by_role("button", name=re.compile("记录走访|Record a visit")).count() == 0
