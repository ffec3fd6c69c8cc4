"""The page of heat against published figures in memory: what a person sees, clicks and plays."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Open
from tests.browser.fake_figures import FADING, FEW, HOT, WITHHELD_VILLAGE, ZERO_VILLAGE
from tests.browser.fake_service import FakeService, serving
from tests.browser.test_coverage_page import HOSTILE, click_at
from tests.maps import fake

COUNTY = "621102"
NO_DATA = fake.code_at(0, 0)
# Vertices of the cells that lie under something or outside of the map.
HIDDEN = """() => {
    const { map, drawing } = everycell.page;
    const frame = map.getContainer().getBoundingClientRect();
    const over = [...document.querySelectorAll("#legend, #datatime, #panel, #controls, .leaflet-control")]
        .map((element) => [element.id || element.className, element.getBoundingClientRect()]);
    return drawing.shapes.cell.shapes.flatMap(({ polygons }) => polygons.flat(2)).flatMap(([lon, lat]) => {
        const at = map.latLngToContainerPoint([lat, lon]);
        const [x, y] = [at.x + frame.left, at.y + frame.top];
        const under = ([, box]) => x > box.left && x < box.right && y > box.top && y < box.bottom;
        return under(["", frame]) ? over.filter(under).map(([name]) => name) : ["outside"];
    });
}"""


def url(service: FakeService, lang: str = "", **state: str) -> str:
    """The page's address with a state."""
    parts = "&".join(f"{key}={value}" for key, value in state.items())
    return f"{service.address}/maps/heat{f'?lang={lang}' if lang else ''}#{parts}"


def drawn(page: Page) -> None:
    """Wait until the surface that is wanted is seen."""
    expect(page.locator(".map")).to_have_attribute("data-heat", "drawn")


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).check(force=True)


def kinds(page: Page) -> dict[str, list[str]]:
    """Category -> how its bar looks and what is written."""
    rows = page.locator("#kinds tr").evaluate_all(
        """(rows) => rows.map((row) => [
            row.querySelector("th").firstElementChild.textContent,
            row.querySelector("i").classList[1],
            row.lastElementChild.textContent,
        ])"""
    )
    return {name: [look, text] for name, look, text in rows}


def heat_asked(page: Page) -> list[str]:
    """The tiles of heat that a page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/disputes/heat/tiles/" in request.url else None)
    return asked


def test_it_opens_with_what_was_published_and_says_what_it_is(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    drawn(page)
    row = service.figures_of_cases.row(COUNTY, "county", "2026-10")
    expect(page.locator(".headline strong")).to_have_text(str(row["total"]))
    expect(page.locator(".headline b")).to_have_text("2026-10")
    shown = kinds(page)
    assert len(shown) == 14
    assert shown["邻里纠纷"] == ["shown", str(row["categories"]["neighbours"])]
    assert shown["婚姻家庭纠纷"][1] == str(row["family"])
    withheld = [name for name, look in shown.items() if look == ["withheld", "<5*"]]
    assert len(withheld) == sum(number is None for number in row["categories"].values()) > 0
    expect(page.locator("#course .column")).to_have_count(22)
    legend = page.locator("#legend-body")
    for words in (
        "显示的是登记，不是预测",
        "每平方公里件数",
        "平滑半径 400 米",
        "1–4 件不公布",
        "2025 年公布的件数",
        "灰色",
    ):
        expect(legend).to_contain_text(words)
    expect(legend.locator(".classes li")).to_have_count(5)
    for words in ("公布 2026-11-01", "网格 2026-10-31", "空间分布据 2025 年"):
        expect(page.locator("#datatime")).to_contain_text(words)
    looks = page.evaluate(
        "codes => codes.map((code) => everycell.heatLooks.kindOf(everycell.page.numberOf(code)))",
        [fake.code_at(0, 0)[:12], WITHHELD_VILLAGE, ZERO_VILLAGE, NO_DATA],
    )
    assert looks == ["shown", "withheld", "zero", "nodata"]


def test_levels_are_published_at_their_own_pace_and_each_look_means_one_thing(
    service: FakeService, open_page: Open
) -> None:
    page = open_page(url(service, area=WITHHELD_VILLAGE))
    expect(page.locator(".headline strong.withheld")).to_have_text("<5*")
    expect(page.locator("#figures")).to_have_class("old")
    expect(page.locator("#figures")).to_contain_text("按年公布，2026-10 尚未包含")
    assert {tuple(one) for name, one in kinds(page).items() if name != "婚姻家庭纠纷"} == {("withheld", "<5*")}
    page.get_by_role("button", name="青岚乡").click()
    expect(page.locator(".headline b")).to_have_text("2026 年第 3 季度")
    page.get_by_role("tab", name="下级区域").click()
    page.locator("#areas").get_by_role("button", name="南川村").click()
    expect(page.locator(".headline strong.zero")).to_have_text("0")
    page.evaluate("code => everycell.page.select(code)", NO_DATA)
    expect(page.locator(".headline strong.nodata")).to_have_text("–")
    expect(page.locator("#tab-areas")).to_be_hidden()
    page.evaluate("code => everycell.page.select(code)", HOT)
    expect(page.locator("#kinds tr").last).to_contain_text("村以下不公布")
    assert kinds(page)["婚姻家庭纠纷"] == ["nodata", "–"]
    # A month that lies in a published year is not old.
    page.locator("#course .column").first.click()
    expect(page.locator("#month-name")).to_have_text("2025-12")
    expect(page.locator("#figures")).not_to_have_class("old")


def test_months_are_stepped_through_and_played_by_keys(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, period="2026-07"))
    drawn(page)
    asked = heat_asked(page)
    page.locator("#month").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#month-name")).to_have_text("2026-08")
    drawn(page)
    expect(page.locator(".headline b")).to_have_text("2026-08")
    assert "period=2026-08" in page.url
    assert asked
    assert all("period=2026-08" in one for one in asked)
    page.evaluate("document.activeElement.blur(), everycell.page.timeline.pause = 300")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#month-name")).to_have_text("2026-07")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="暂停")).to_be_visible()
    expect(page.locator("#month-name")).to_have_text("2026-10")
    expect(page.get_by_role("button", name="播放")).to_be_visible()
    assert "period=" not in page.url, "the newest period is the usual one"
    drawn(page)
    expect(page.locator(".leaflet-heat-pane > .leaflet-layer")).to_have_count(1)
    page.evaluate("everycell.page.timeline.pause = 60000")
    page.get_by_role("button", name="播放").click()
    expect(page.locator("#month-name")).to_have_text("2025-01")
    expect(page.locator('.leaflet-heat-pane img[src*="period=2025-02"]').first).to_be_attached()  # before its turn
    page.get_by_role("button", name="下一期").click()
    expect(page.get_by_role("button", name="播放")).to_be_visible()


def test_what_is_chosen_stands_in_the_address(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    drawn(page)
    asked = heat_asked(page)
    choose(page, "发生率(件/百户)")
    expect(page.locator("#legend-body")).to_contain_text("每百户件数")
    page.locator("#category").select_option("land")
    page.get_by_label("边界").select_option("cell")
    page.get_by_label("以往月份").select_option("none")
    drawn(page)
    assert "period=2026-10&category=land&mode=rate&half_life=none" in asked[-1]
    row = service.figures_of_cases.row(COUNTY, "county", "2026-10")["categories"]["land"]
    expect(page.locator(".headline strong")).to_have_text("<5*" if row is None else str(row))
    expect(page.locator("#kinds .chosen")).to_contain_text("山林土地纠纷")
    page.reload()
    page.get_by_role("link", name="English").click()
    page.wait_for_selector('html[lang="en"][data-ready="yes"]')
    expect(page.get_by_role("radio", name="Rate", exact=True)).to_be_checked()
    expect(page.locator("#category")).to_have_value("land")
    expect(page.get_by_label("Outlines")).to_have_value("cell")
    expect(page.get_by_label("Earlier months")).to_have_value("none")
    assert not re.search("[一-鿿]", page.locator("#controls").inner_text() + page.locator("#legend").inner_text())
    page.locator("#kinds").get_by_role("button", name="Land and forest").click()
    expect(page.locator("#category")).to_have_value("")
    assert "category=" not in page.url


def test_hot_cells_say_what_is_known_and_what_is_not(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.get_by_role("tab", name="偏多网格").click()
    expect(page.locator("#hot .claim")).to_contain_text("登记的纠纷多于按户数可以解释的")
    expect(page.locator("#hot .claim")).to_contain_text("2025 年，与 2024 年相比")
    expect(page.locator("#tab-hot b")).to_have_text("1")
    hot, fading = page.locator(f'[data-code="{HOT}"]'), page.locator(f'[data-code="{FADING}"]')
    expect(hot).to_contain_text("新出现")
    expect(hot).to_contain_text("2.5 倍")
    expect(fading).to_contain_text("减弱")
    few = page.locator("#hot .few")
    expect(few).to_contain_text("太少，无法判断5")
    assert few.locator("li").count() == 0
    few.locator("summary").click()
    expect(few).to_contain_text("不等于没有")
    expect(few.locator(f'[data-code="{FEW}"]')).to_contain_text("登记 <5* 件")
    for word in ("危险", "高危", "预警"):
        assert word not in page.locator("body").inner_text()
    choose(page, "偏多网格")
    expect(page.locator(".map")).to_have_attribute("data-heat", "none")
    expect(page.locator("#legend-body")).to_contain_text("与户数相符")
    click_at(page, fake.SOUTH + 1.5 * fake.SIDE, fake.WEST + 2.5 * fake.SIDE)
    expect(page.locator("#crumbs [aria-current]")).to_contain_text("网格 006")
    page.locator("#crumbs").get_by_role("button", name="南川村").click()
    hot.click()
    expect(page.locator("#crumbs [aria-current]")).to_contain_text("网格 005")
    assert page.evaluate("everycell.page.map.getZoom()") > 14
    for name, words in (("平滑发生率", "每百户纠纷件数"), ("Gi*", "只作颜色参考")):
        choose(page, name)
        expect(page.locator("#legend-body")).to_contain_text(words)
    page.mouse.move(800, 400)
    page.mouse.move(805, 405)
    expect(page.locator(".cell-tip")).to_contain_text("登记")


def test_before_anything_is_published_it_says_from_when_and_then_goes_on(service: FakeService, open_page: Open) -> None:
    later, service.figures_of_cases.releases = service.figures_of_cases.releases, []
    page = open_page(url(service))
    expect(page.get_by_role("heading", name="尚未公布数字")).to_be_visible()
    expect(page.locator("#figures")).to_contain_text("2026-12-01")
    expect(page.locator("#controls")).to_be_hidden()
    service.figures_of_cases.releases = [one for one in later if one["level"] == "county"][:3]
    page.evaluate("everycell.page.freshness.look()")
    expect(page.locator("#month-name")).to_have_text("2025-03")
    expect(page.locator("#hot")).to_contain_text("目前还没有")
    page.evaluate("code => everycell.page.select(code)", ZERO_VILLAGE)
    expect(page.locator("#figures")).to_contain_text("这一级按年公布，目前还没有")
    service.figures_of_cases.releases = later
    page.evaluate("everycell.page.freshness.look()")
    expect(page.locator("#month-name")).to_have_text("2026-10")
    drawn(page)


def test_what_does_not_come_is_said_and_is_grey(service: FakeService, open_page: Open, complaints: Complaints) -> None:
    service.who, service.csrf = "大屏-1", "token"
    page = open_page(url(service))
    drawn(page)
    service.figures_of_cases.broken = True
    choose(page, "发生率(件/百户)")
    expect(page.locator(".notice.bad")).to_contain_text("the database does not answer")
    complaints.expect(503)
    expect(page.locator("#datatime")).to_have_class(re.compile("stale"))
    expect(page.locator(".leaflet-heat-pane")).to_have_css("filter", "grayscale(1)")
    service.figures_of_cases.broken = False
    page.evaluate("everycell.page.freshness.look()")
    expect(page.locator(".notice.bad")).to_have_count(0)
    expect(page.locator("#datatime")).not_to_have_class(re.compile("stale"))
    expect(page.locator("#legend-body")).to_contain_text("每百户件数")
    service.over = True
    page.evaluate("everycell.page.freshness.look()")
    expect(page.locator(".notice.bad")).to_contain_text("登录已失效")
    complaints.expect(401)
    page.get_by_role("button", name="重新登录").click()
    page.get_by_role("link", name="on").click()
    page.wait_for_selector('html[data-ready="yes"]')
    expect(page.get_by_role("radio", name="发生率(件/百户)")).to_be_checked()


@pytest.mark.parametrize(
    ("width", "height", "lang"), [(1280, 800, "zh"), pytest.param(3840, 2160, "en", marks=pytest.mark.slow)]
)
def test_the_area_lies_clear_of_what_lies_over_the_map(
    service: FakeService, open_page: Open, width: int, height: int, lang: str
) -> None:
    page = open_page(url(service, lang), width=width, height=height)
    assert page.evaluate(HIDDEN) == []
    bar = page.locator(".bar").bounding_box()
    assert bar
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for link in page.locator(".bar > a:visible").all():
        box = link.bounding_box()
        assert box
        assert box["x"] + box["width"] <= width


def test_names_are_only_text_and_lead_on_by_rights(open_page: Open) -> None:
    made = FakeService(note=HOSTILE)
    made.rights = frozenset({"figures"})
    with serving(made) as made.address:
        page = open_page(url(made, layer="hot"))
        page.evaluate("void (window.fail = () => { throw new Error('ran') })")
        page.get_by_role("tab", name="偏多网格").click()
        expect(page.locator(f'[data-code="{HOT}"]')).to_contain_text("<img src=x onerror=fail()>")
        page.locator(f'[data-code="{HOT}"]').click()
        expect(page.locator("#crumbs [aria-current]")).to_contain_text("{{ 7 * 7 }}&lt;b&gt;")
        page.mouse.move(800, 400)
        page.mouse.move(805, 405)
        expect(page.locator(".cell-tip b")).to_contain_text("</script>")
        assert page.locator("img[src=x]").count() == 0
        assert page.locator("#edit").count() == 0
        page.get_by_role("link", name="走访覆盖").click()
        page.wait_for_selector('html[data-ready="yes"]')
        page.get_by_role("link", name="纠纷热力").click()
        page.wait_for_selector('html[data-ready="yes"]')
        assert "/maps/heat" in page.url
        drawn(page)  # before its service goes
