"""The wall under somebody's hands, with a mouse and without, and as it is read out, while it is drawn anew."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.board_page import line
from tests.browser.conftest import Complaints, Open, becomes
from tests.browser.fake_service import FakeService
from tests.browser.test_wall_page import TITLES, later, reached, wall
from tests.maps import fake

TOWN, VILLAGE = "621102001", "621102001001"
NAMES = {TOWN: "城关镇", "621102002": "青岚乡"}
# What is written into anything that is read out by itself.
LISTENED = """() => {
    window.told = [];
    const tell = (changes) => changes.forEach(({ target }) => told.push(target.textContent));
    for (const one of document.querySelectorAll("output, [role=status], [role=alert], [aria-live]"))
        new MutationObserver(tell).observe(one, { childList: true, characterData: true, subtree: true });
}"""


def visited(service: FakeService, page: Page, area: str) -> None:
    """All households of an area are reached, and the page has shown it."""
    before = reached(page)
    rows = [row for row in service.figures(fake.SINCE) if row["code"].startswith(area)]
    told = [[row["code"], row["known"], row["known"], 0, 0, 0] for row in rows]
    service.wall.tell("coverage", cells=told)
    becomes(lambda: (later(page, 1), reached(page) != before)[1], wanted=True)


def listed(page: Page) -> list[str]:
    return [one.get_attribute("data-code") or "" for one in page.locator("#areas button").all()]


def press_while(page: Page, button: Locator, what_comes: Any) -> None:
    """Press, and let go when something has come."""
    button.hover()
    page.mouse.down()
    what_comes()
    page.mouse.up()


def test_a_press_arrives_while_visits_come_in(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    here = page.locator("#crumbs [aria-current]")
    first, second = listed(page)
    row = page.locator(f"#areas [data-code='{second}']")
    press_while(page, row, lambda: visited(service, page, first))
    expect(here).to_have_text(NAMES[second])
    press_while(page, page.locator("#crumbs button").first, lambda: visited(service, page, f"{second}001"))
    expect(here).to_have_text("示范县")


def test_the_focus_stays_while_visits_come_in(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    here = page.locator("#crumbs [aria-current]")
    first, second = listed(page)
    row = page.locator(f"#areas [data-code='{second}']")
    row.focus()
    row.evaluate("(button) => { window.same = button; }")
    visited(service, page, first)
    assert listed(page) == [second, first], "most left first"
    expect(row).to_be_focused()
    assert row.evaluate("(button) => button === window.same")
    page.keyboard.press("Enter")
    expect(here).to_be_focused()
    expect(here).to_have_text(NAMES[second])
    page.keyboard.press("Tab")
    crumb = page.locator("#crumbs button").first
    crumb.focus()
    visited(service, page, f"{second}001")
    expect(crumb).to_be_focused()
    page.keyboard.press("Enter")
    expect(here).to_be_focused()
    expect(here).to_have_text("示范县")


def test_no_area_above_home_is_offered(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, area=TOWN)
    crumbs = page.locator("#crumbs li")
    expect(crumbs).to_have_text(["城关镇"])
    page.evaluate("(code) => everycell.page.drill.go(code)", VILLAGE)
    expect(crumbs).to_have_text(["城关镇", "南川村"])
    page.locator("#crumbs button").click()
    expect(crumbs).to_have_text(["城关镇"])


def test_a_menu_has_its_keys_for_itself(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    scene, menu = page.locator("#scene"), page.locator("#alarms .choices:popover-open")
    page.evaluate("(code) => everycell.page.drill.go(code)", VILLAGE)
    opener = page.locator("#alarms .waiting").first.get_by_role("button", name="搁置", exact=True)
    opener.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    for key in ("ArrowDown", "ArrowRight", "Home", "3", "p"):
        page.keyboard.press(key)
    expect(scene).to_have_text(TITLES[0])
    expect(page.locator("#panel")).to_be_visible()
    for minutes in ("30 分钟", "2 小时", "8 小时"):
        page.keyboard.press("Tab")
        expect(menu.get_by_role("button", name=minutes)).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(opener).to_be_focused()
    expect(page.locator("#crumbs [aria-current]")).to_have_text("南川村")
    page.keyboard.press("Escape")
    expect(page.locator("#crumbs [aria-current]")).to_have_text("城关镇")


def test_alarms_that_come_anew_close_nothing_and_keep_the_focus(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    alarms = service.wall.alarms["alarms"]
    own = page.locator(f"#alarms [data-alarm='{alarms[0]['id']}']")
    menu = page.locator("#alarms .choices:popover-open")
    page.locator("#alarms > details summary").click()
    own.locator("[data-key=aside]").click()
    page.keyboard.press("Tab")

    def another(number: int) -> None:
        alarms.insert(0, line("cases", 4, id=f"cases-{number}"))
        next(one for one in alarms if one["kind"] == "patrols")["number"] = number
        service.wall.tell("alarms")
        becomes(lambda: (later(page, 1), f"收班后 {number} 处" in own.inner_text())[1], wanted=True)

    another(7)
    expect(page.locator("#alarms li").first).to_have_attribute("data-alarm", "cases-7")
    expect(menu.get_by_role("button", name="30 分钟")).to_be_focused()
    assert page.locator("#alarms > details").get_attribute("open") is not None
    page.keyboard.press("Escape")
    alarms.pop(0)
    press_while(page, own.locator("[data-key=acknowledge]"), lambda: another(9))
    expect(own).to_have_class("high seen")
    expect(own.locator("[data-key=aside]")).to_be_focused()


def test_only_what_the_age_becomes_is_read_out(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, dwell_s=3600)
    page.evaluate(LISTENED)
    later(page, 10)
    assert page.evaluate("told") == []
    service.wall.beat(40, database=False)
    becomes(lambda: (later(page, 3), page.evaluate("told"))[1], ["数据已延迟。"])
    later(page, 10)
    service.wall.beat(100, database=False)
    old = "数据已过时。 服务有应答，但没有更新的数据；恢复后自动继续。"
    becomes(lambda: (later(page, 3), page.evaluate("told"))[1], ["数据已延迟。", old])
    later(page, 10)
    service.wall.beat(1)
    becomes(lambda: (later(page, 3), page.evaluate("told"))[1], ["数据已延迟。", old, "数据已恢复实时。"])


@pytest.mark.parametrize("pressed", ["a", "button", "menu"])
def test_what_was_pressed_and_refused_is_told(
    service: FakeService, open_page: Open, complaints: Complaints, pressed: str
) -> None:
    """After signing in again in another tab."""
    page = wall(open_page, service)
    alarm = page.locator("#alarms .waiting").first
    service.csrf = "of another session"
    if pressed == "a":
        page.keyboard.press("a")
    else:
        name = {"button": "确认", "menu": "搁置"}[pressed]
        alarm.get_by_role("button", name=name, exact=True).click()
        if pressed == "menu":
            page.get_by_role("button", name="8 小时").click()
    told = page.locator("#notices .bad")
    expect(told).to_contain_text("未能更改。")
    expect(told).to_contain_text("load the page again")
    complaints.expect(403)
    with page.expect_response("**/acknowledge"):
        page.keyboard.press("a")
    complaints.expect(403)
    expect(told).to_have_count(1)


def test_a_list_that_cannot_be_read_says_so_itself(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = wall(open_page, service)
    page.route("**/alarms", lambda route: route.fulfill(status=503, json={"status": 503, "detail": "storage"}))
    with page.expect_response("**/alarms"):
        later(page, 61)
    expect(page.locator("#alarms li").first).to_be_visible()
    expect(page.locator("#notices .notice")).to_have_count(0)
    complaints.expect(503, more=5)


def test_a_wall_of_an_empty_county_opens_by_itself(service: FakeService, open_page: Open) -> None:
    service.empty = True
    page = wall(open_page, service, ready="empty", kiosk="true")
    with page.expect_response("**/collections/cells/items?limit=1"):
        later(page, 61)
    expect(page.locator("#welcome")).to_be_visible()
    service.empty = False
    later(page, 60)
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")
    expect(page.locator("#scene")).to_have_text(TITLES[0])
