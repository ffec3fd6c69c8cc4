"""Who looks at the coverage page: what is not allowed is neither offered nor asked for, and a session that ends loses
nothing. A request that is answered with 401 or 403 is an error in the console: a test that expects none fails.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from gis.access.scope import Right
from tests.browser.conftest import Open, doors_drawn, list_is
from tests.browser.fake_grid import FakeGrid
from tests.browser.fake_service import FakeService
from tests.browser.test_coverage_page import CELL, click_at, shown_left, url
from tests.maps import fake

WALL = frozenset({Right.figures})
EDITOR = frozenset({Right.figures, Right.doors})
PHONE = {"width": 390, "height": 844}
NEIGHBOUR = fake.code_at(3, 0)  # across the border of the town


@pytest.fixture
def signed_in(service: FakeService) -> FakeService:
    """The service with somebody signed in."""
    service.who, service.csrf = "大屏-1", "token-1"
    return service


def asked_of(page: Page) -> list[str]:
    """The requests of a page from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def record(page: Page) -> str:
    """Record that somebody was met at the first household of the list; its code."""
    button = page.locator(".row").first.get_by_role("button", name="记录走访")
    expect(button).to_be_visible()
    code: str = page.evaluate("everycell.page.list.rows.items[0].code")
    button.click()
    page.locator("#record input").fill("A1")
    page.get_by_role("button", name="见到", exact=True).click()
    return code


def expect_refusals(complaints: list[str], status: int) -> None:
    """The console told of refused requests, and of nothing else."""
    assert complaints
    assert all(f"status of {status}" in one for one in complaints)
    complaints.clear()


@pytest.mark.parametrize(
    ("lang", "told"), [("zh", "本账号不显示门牌和住户。"), ("en", "Doors are not shown for this account.")]
)
def test_figures_alone_show_and_ask_nothing_of_doors(
    signed_in: FakeService, open_page: Open, lang: str, told: str
) -> None:
    signed_in.rights = WALL
    page = open_page(url(signed_in, since="2026-08-24", map="16/35.504/104.62").replace("#", f"?lang={lang}#"))
    asked = asked_of(page)
    click_at(page, 35.5065, 104.6235)
    expect(page.locator("#crumbs [aria-current]")).to_contain_text("003")
    expect(page.locator("#doors-hidden")).to_have_text(told)
    waiting = [one for one in signed_in.county.waiting() if one.cell == CELL]
    assert shown_left(page) == len(waiting)
    page.get_by_role("combobox").first.fill("永安路")
    expect(page.locator("#found li")).to_have_count(1)
    assert page.locator("#tabs, #list, #record, .row, .leaflet-popup, .leaflet-doors-pane .vector-tile").count() == 0
    page.evaluate("everycell.page.refresh()")
    assert asked
    assert not [one for one in asked if re.search("doorplates|households|sites", one)]


def test_figures_alone_go_from_towns_to_villages(signed_in: FakeService, open_page: Open) -> None:
    signed_in.rights = WALL
    page = open_page(url(signed_in))
    for name in ("城关镇", "南川村", "网格 003"):
        page.get_by_role("button", name=name).first.click()
        expect(page.locator("#crumbs [aria-current]")).to_contain_text(name)
    expect(page.locator("#areas")).to_be_hidden()
    opacity = page.evaluate("everycell.page.cells._style(everycell.page.area).fillOpacity")
    assert opacity > 0.6, "cells without doors on them do not step back"


def test_doors_without_visits_offer_no_visit(signed_in: FakeService, open_page: Open) -> None:
    signed_in.rights = EDITOR
    page = open_page(url(signed_in, area=CELL, since="2026-08-24"))
    expect(page.locator(".row").first).to_be_visible()
    page.locator(".row .place").first.click()
    expect(page.locator(".card .units li").first).to_be_visible()
    assert page.get_by_role("button", name="记录走访").count() == 0
    assert page.locator("#record").count() == 0


def test_no_right_at_all_is_said_and_asks_nothing(signed_in: FakeService, open_page: Open) -> None:
    signed_in.rights = frozenset()
    page = open_page(url(signed_in), ready="empty")
    expect(page.get_by_role("heading", name="本账号在这里没有可看的内容")).to_be_visible()
    expect(page.locator("#account")).to_contain_text("大屏-1")


def test_doors_of_one_village_are_listed_wherever_one_looks_from(signed_in: FakeService, open_page: Open) -> None:
    village = CELL[:12]
    signed_in.areas = {Right.doors: [village], Right.visits: [CELL]}
    page = open_page(url(signed_in, since="2026-08-24"))
    page.get_by_role("tab", name="待走访").click()
    seen = [one for one in signed_in.county.waiting() if one.cell.startswith(village)]
    assert 0 < len(seen) < len(signed_in.county.waiting())
    count = page.locator("#list-count")
    expect(count).to_have_text(f"待走访 {len(seen)} 户，等待最久的在前 (只含本账号可见的门牌)")
    page.evaluate("code => everycell.page.select(code)", village)
    expect(count).to_have_text(f"待走访 {len(seen)} 户，等待最久的在前")
    page.evaluate("code => everycell.page.select(code)", NEIGHBOUR)
    expect(count).to_have_text("本账号不显示这个区域的门牌和住户。")
    expect(page.locator(".row")).to_have_count(0)


def test_visits_of_one_cell_are_offered_there_only(signed_in: FakeService, open_page: Open) -> None:
    signed_in.areas = {Right.visits: [CELL]}
    page = open_page(url(signed_in, area=CELL, since="2026-08-24"))
    expect(page.locator(".row .record").first).to_be_visible()
    page.evaluate("code => everycell.page.select(code)", NEIGHBOUR)
    list_is(page, len([one for one in signed_in.county.waiting() if one.cell == NEIGHBOUR]))
    page.evaluate("new Promise(requestAnimationFrame)")
    assert page.locator(".row").count() > 0
    assert page.locator(".row .record").count() == 0


def test_whoever_sees_one_town_begins_with_it(signed_in: FakeService, open_page: Open) -> None:
    town, made = CELL[:9], signed_in.county
    inside = {
        name: fake.collection(
            [one for one in getattr(made, name)["features"] if one["properties"]["code"].startswith(town)]
        )
        for name in ("cells", "divisions")
    }
    signed_in.county = replace(made, **inside)
    signed_in.grid = FakeGrid(signed_in.county.cells, signed_in.county.households)
    page = open_page(url(signed_in))
    expect(page.locator("#crumbs li")).to_have_count(1)
    expect(page.locator("#crumbs [aria-current]")).to_have_text("城关镇")
    page.get_by_role("button", name="南川村").click()
    expect(page.locator("#crumbs li")).to_have_count(2)


def test_visit_carries_the_token_of_the_session(signed_in: FakeService, open_page: Open) -> None:
    page = open_page(url(signed_in, area=CELL, since="2026-08-24"))
    with page.expect_request("**/visits") as sent:
        record(page)
    assert sent.value.headers["x-csrf-token"] == "token-1"
    expect(page.locator(".notice.good")).to_contain_text("已记录")
    assert page.evaluate("everycell.unsent.all()") == []


def test_without_a_session_no_token_is_sent(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, area=CELL, since="2026-08-24"))
    with page.expect_request("**/visits") as sent:
        record(page)
    assert "x-csrf-token" not in sent.value.headers
    assert page.locator("#account").count() == 0


def test_refusal_shows_its_sentence(signed_in: FakeService, open_page: Open, complaints: list[str]) -> None:
    page = open_page(url(signed_in, area=CELL, since="2026-08-24"))
    signed_in.csrf = "token-2"
    record(page)
    expect(page.locator(".notice.bad")).to_contain_text("X-CSRF-Token: is missing or not of this session")
    expect_refusals(complaints, 403)


def test_session_that_is_over_is_said_once_and_polling_stops(
    signed_in: FakeService, open_page: Open, complaints: list[str]
) -> None:
    page = open_page(url(signed_in, map="12/35.516/104.624"))
    asked = asked_of(page)
    poll = "document.dispatchEvent(new Event('visibilitychange'))"  # what the clock does, too
    with page.expect_response("**/coverage?*"):
        page.evaluate(poll)
    signed_in.over = True
    page.evaluate("Promise.all([everycell.page.refresh(), everycell.page.refresh()])")
    expect(page.locator(".notice.bad")).to_have_text(re.compile("^登录已失效。重新登录$"))
    expect(page.locator("#datatime")).to_have_class(re.compile("stale"))
    before = len(asked)
    page.evaluate(poll)
    page.evaluate("new Promise(requestAnimationFrame)")
    assert len(asked) == before == 3
    expect_refusals(complaints, 401)


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_signing_in_again_leads_back_to_the_view(
    signed_in: FakeService, open_page: Open, complaints: list[str], lang: str
) -> None:
    address = url(signed_in, area=CELL, since="60d", map="15/35.51000/104.62000").replace("#", f"?lang={lang}#")
    page = open_page(address)
    signed_in.over = True
    page.evaluate("everycell.page.refresh()")
    again = page.get_by_role("button", name={"zh": "重新登录", "en": "Sign in again"}[lang])
    again.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_attribute("data-lang", lang)
    page.get_by_role("link").click()
    page.wait_for_selector('html[data-ready="yes"]')
    assert page.evaluate("[everycell.page.area, everycell.page.map.getZoom(), document.documentElement.lang]") == [
        CELL,
        15,
        {"zh": "zh-CN", "en": "en"}[lang],
    ]
    expect_refusals(complaints, 401)


def test_session_over_before_the_page_opens(signed_in: FakeService, open_page: Open, complaints: list[str]) -> None:
    signed_in.over = True
    page = open_page(url(signed_in), ready="failed")
    expect(page.locator(".notice")).to_have_count(1)
    expect(page.get_by_role("button", name="重新登录")).to_be_visible()
    expect_refusals(complaints, 401)


def test_visit_outlives_its_session(signed_in: FakeService, open_page: Open, complaints: list[str]) -> None:
    page = open_page(url(signed_in, area=CELL, since="2026-08-24"))
    left = shown_left(page)
    signed_in.over = True
    code = record(page)
    expect(page.locator(".notice.bad", has_text="未能记录")).to_contain_text("登录已失效。")
    page.get_by_role("button", name="重新登录").click()
    page.get_by_role("link").click()
    again = page.get_by_role("button", name="重新发送")
    expect(again).to_have_count(1)
    assert signed_in.visits == []
    again.click()
    expect(page.locator(".headline b")).to_have_text(str(left - 1))
    assert [one["household"] for one in signed_in.visits] == [code]
    page.reload()
    page.wait_for_selector('html[data-ready="yes"]')
    expect(page.locator(".notice")).to_have_count(0)
    expect_refusals(complaints, 401)


def test_visit_of_one_account_is_not_shown_to_another(
    signed_in: FakeService, open_page: Open, complaints: list[str]
) -> None:
    page = open_page(url(signed_in, area=CELL, since="2026-08-24"))
    signed_in.over = True
    record(page)
    expect(page.get_by_role("button", name="重新发送")).to_be_visible()
    signed_in.who = "another"
    for who, shown in (("another", 0), ("大屏-1", 1)):
        signed_in.over, signed_in.who = False, who
        page.reload()
        page.wait_for_selector('html[data-ready="yes"]')
        expect(page.get_by_role("button", name="重新发送")).to_have_count(shown)
    page.locator(".notice").get_by_role("button", name="关闭").click()
    assert page.evaluate("everycell.unsent.all()") == []
    expect_refusals(complaints, 401)


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE])
def test_signing_out_by_keyboard(signed_in: FakeService, open_page: Open, size: dict[str, int]) -> None:
    page = open_page(url(signed_in), **size)
    menu = page.locator("#account")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="退出登录")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="退出登录")).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link", name="数据接口")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")


def test_signing_out_names_visits_that_would_be_lost(signed_in: FakeService, open_page: Open) -> None:
    signed_in.refuse = "household: 这一户不存在"
    page = open_page(url(signed_in, area=CELL, since="2026-08-24"))
    record(page)
    expect(page.get_by_role("button", name="重新发送")).to_be_visible()
    page.locator("#account summary").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator(".notice", has_text="还有 1 条走访没有记录成功")).to_be_visible()
    assert not signed_in.over
    page.get_by_role("button", name="仍然退出").click()
    page.wait_for_url("**/login")
    assert page.evaluate("Object.values(sessionStorage).filter((text) => text.includes('household'))") == []


def test_bearer_token_is_named_and_has_nothing_to_sign_out_of(signed_in: FakeService, open_page: Open) -> None:
    signed_in.csrf = ""
    page = open_page(url(signed_in))
    expect(page.locator("#account summary")).to_contain_text("大屏-1")
    assert page.locator("#account form").count() == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_bar_of_a_telephone_has_room_for_all(signed_in: FakeService, open_page: Open, lang: str) -> None:
    signed_in.who = "operator-" + "x" * 55
    page = open_page(url(signed_in).replace("#", f"?lang={lang}#"), **PHONE)
    doors_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    found = page.locator("#search").bounding_box()
    assert found
    assert found["width"] > 140
    page.locator("#account summary").click()
    sheet = page.locator("#account > div").bounding_box()
    assert sheet
    assert sheet["x"] >= 0
    button = page.locator("#account button")
    button.click(trial=True)  # nothing of the bar lies over it
