"""The case desk in Chromium, against the made-up county: list, map, card, form, and what goes wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from playwright.sync_api import Locator, Page, expect

from gis.access.scope import Right
from gis.disputes.categories import Category
from gis.disputes.workflow import State
from tests.browser.conftest import Complaints, Open, becomes
from tests.browser.fake_disputes import FakeDesk, uuid
from tests.browser.fake_service import FakeService
from tests.maps import fake

LATE, SOON, FRESH, SMALL = (fake.code_at(*at) for at in ((1, 1), (2, 1), (3, 2), (0, 0)))
CLERK = frozenset({Right.figures, Right.doors, Right.visits, Right.cases})  # a patrol leader


def url(service: FakeService, lang: str = "zh", **state: str) -> str:
    parts = "&".join(f"{key}={value}" for key, value in state.items())
    return f"{service.address}/disputes?lang={lang}#{parts}"


def rows(page: Page) -> Locator:
    return page.locator("#list .case")


def words(page: Page) -> list[str]:
    """What the rows of the list say, first line."""
    return [" ".join(row.locator(".what, .due").all_text_contents()) for row in rows(page).all()]


def place_on_map(page: Page, lon: float, lat: float) -> dict[str, float]:
    """Where a place of the map is in the window."""
    found: dict[str, float] = page.evaluate(
        """([lat, lon]) => {
            const { x, y } = everycell.page.map.latLngToContainerPoint([lat, lon]);
            const { left, top } = everycell.page.map.getContainer().getBoundingClientRect();
            return { x: x + left, y: y + top };
        }""",
        [lat, lon],
    )
    return found


def point_of(desk: FakeDesk, number: int) -> tuple[float, float]:
    """The snap point of a case."""
    place = desk.place(desk.cases[uuid(number)])
    assert place
    lon, lat = place["coordinates"]
    return lon, lat


def click(page: Page, at: tuple[float, float]) -> None:
    page.mouse.click(**place_on_map(page, *at))


def chosen(page: Page) -> Any:
    return page.evaluate("everycell.page.chosen")


def test_the_list_and_the_map_beside_it(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    assert words(page) == [
        "邻里纠纷 超期 12 天",
        "婚姻家庭纠纷 超期 1 天",
        "物业纠纷 还剩 4 天",
        "山林土地纠纷 还剩 10 天",
        "合同债务纠纷 还剩 25 天",
        "消费纠纷 不计期限",
    ]
    expect(page.locator("#list-count")).to_have_text("已列出 6 件，超期最久的在前")
    expect(rows(page).first.locator(".second")).to_have_text(re.compile("已受理 *南川村 网格 005.*网格"))
    expect(rows(page).nth(1).locator(".second span")).to_have_text("南川村")
    # What is on the map are the snap points of listed cases; a family dispute has none.
    groups = page.evaluate("everycell.page.ground.points.groups.map(({place, cases}) => [place, cases.length])")
    listed = [service.desk.place(one) for one in service.desk.cases.values() if not one.ended_at]
    assert {tuple(place) for place, _ in groups} == {tuple(place["coordinates"]) for place in listed if place}
    assert sorted(number for _, number in groups) == [1, 2, 2]

    # One case at a point opens; of several one is chosen in a list; the row is marked.
    click(page, point_of(service.desk, 3))
    expect(page.locator("#case h2")).to_have_text("物业纠纷")
    page.get_by_role("button", name="返回列表").click()
    expect(page.locator("#list .case[aria-current]")).to_contain_text("物业纠纷")
    click(page, point_of(service.desk, 1))
    expect(page.locator(".several h3")).to_have_text("此点已列出 2 件")
    page.locator(".several .case", has_text="山林土地").click()
    expect(page.locator("#case h2")).to_have_text("山林土地纠纷")
    page.keyboard.press("Escape")

    # A family dispute: its village is outlined, nothing is told of where in it.
    rows(page).nth(1).click()
    expect(page.locator("#case dl")).to_contain_text("南川村 不显示地点")
    assert page.evaluate("everycell.page.outlined") == fake.code_at(4, 1)[:12]
    page.keyboard.press("Escape")

    # An area: by the map, by the select, back by the crumbs.
    click(page, (fake.WEST + 2.5 * fake.SIDE, fake.SOUTH + 1.2 * fake.SIDE))
    expect(rows(page)).to_have_count(1)
    page.locator("#crumbs button", has_text="南川村").click()
    expect(rows(page)).to_have_count(3)
    page.locator("#filters [name=inside]").select_option(LATE)
    expect(page.locator("#crumbs [aria-current]")).to_contain_text("网格 005")
    expect(rows(page)).to_have_count(2)
    becomes(lambda: page.evaluate("location.hash.includes('area=' + everycell.page.area)"), True)


def test_filters_keys_and_addresses(service: FakeService, open_page: Open) -> None:
    page = open_page(f"{service.address}/disputes?overdue=true")
    expect(rows(page)).to_have_count(2)
    page.get_by_label("只看超期").uncheck()
    page.locator("#filters [name=state]").select_option("in_mediation")
    becomes(lambda: words(page), ["物业纠纷 还剩 4 天"])
    page.locator("#filters [name=state]").select_option("closed")
    becomes(lambda: words(page), ["劳动争议 2026-11-12 结束"])
    page.locator("#filters [name=state]").select_option("")
    expect(rows(page)).to_have_count(7)
    page.locator("#filters [name=category]").select_option("damages")
    expect(page.locator("#list-count")).to_have_text("这里没有符合条件的案件。")
    page.locator("#filters [name=category]").select_option("")
    expect(rows(page)).to_have_count(7)
    assert "state=all" in page.evaluate("location.hash")

    # Arrows go from row to row and show each on the map, Enter opens, Esc goes back to the same row.
    page.locator("#list").focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    assert chosen(page) == uuid(5)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#case h2")).to_have_text("邻里纠纷")
    page.keyboard.press("Escape")
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#list")).to_be_visible()
    page.locator("#list").focus()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="登记案件")).to_be_visible()
    page.locator("#intake [data-cancel]").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#list")).to_be_visible()

    again = open_page(url(service, "en", state="all", case=uuid(7)), width=3840, height=2160)
    expect(again.locator("#case h2")).to_have_text("Labour")
    expect(again.locator("#case .standing")).to_contain_text("Ended 2026-11-12")
    assert again.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_case_goes_its_way(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    desk, case = service.desk, page.locator("#case")
    rows(page).filter(has_text="消费").click()
    expect(case.locator(".does button")).to_have_text(["已受理", "不予受理"])
    case.get_by_role("button", name="已受理").click()
    page.locator(".ask .primary").click()  # no way leads back from acceptance: it is asked
    expect(case.locator(".standing")).to_have_text("已受理还剩 30 天")
    expect(page.locator(".notice.good")).to_contain_text("消费纠纷：已受理")
    case.get_by_role("button", name="升级到村(社区)").click()
    expect(case.locator("dl")).to_contain_text("层级村(社区)")
    expect(case.get_by_role("button", name="升级到乡镇(街道)")).to_be_visible()
    page.get_by_role("button", name="撤销").click()
    expect(case.locator(".events li").last).to_contain_text("转到网格一级")
    case.get_by_role("button", name="延期…").click()
    page.locator(".ask .primary").click()
    assert page.locator(".ask").is_visible(), "a reason has to be chosen"
    page.locator(".ask select").select_option("papers")
    page.locator(".ask .primary").click()
    expect(case.locator(".events li").last).to_contain_text("延期 · 等待材料")
    expect(case.get_by_role("button", name="延期…")).to_have_count(0)
    case.get_by_role("button", name="调解中").click()
    page.locator(".ask .primary").click()
    expect(case.locator(".standing")).to_contain_text("调解中")
    case.get_by_role("button", name="达成书面协议").click()  # back leads to mediation: done at once
    expect(case.locator(".standing")).to_have_text("达成书面协议不计期限")
    page.get_by_role("button", name="撤销").last.click()
    expect(case.locator(".standing")).to_contain_text("调解中")
    for step, code in (("未达成协议", None), ("已办结", "unsettled")):
        case.get_by_role("button", name=step).click()
        if code:
            page.locator(".ask select").select_option(code)
            page.locator(".ask .primary").click()
        expect(case.locator(".standing")).to_contain_text(step)
    assert [event["change"] for event in desk.cases[uuid(6)].events].count("state") == 6
    expect(case.locator(".events li").last).to_contain_text("已办结 · 未能化解")
    expect(case.get_by_role("button", name="重新办理")).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(5)  # it is not open any more

    page.get_by_role("tab", name="到期回访").click()
    expect(page.locator("#revisits .case")).to_have_text(re.compile("劳动争议超期 3 天"))
    page.locator("#revisits .case").click()
    expect(case.locator(".revisits li").first).to_contain_text("超期 3 天")
    case.locator(".revisits li").first.get_by_role("button", name="协议保持履行").click()
    page.locator(".ask .primary").click()
    expect(case.locator(".revisits li").first).to_contain_text("协议保持履行 · ")
    assert desk.cases[uuid(7)].revisits[0]["outcome"] == "holds"
    page.keyboard.press("Escape")
    expect(page.locator("#revisit-count")).to_have_text("这里没有到期的回访。")


def test_others_change_a_case_and_answers_are_lost(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = open_page(url(service, case=uuid(4)))
    desk, case = service.desk, page.locator("#case")
    desk.become(uuid(4), State.in_mediation)
    case.get_by_role("button", name="升级到村(社区)").click()
    expect(case.get_by_role("alert")).to_contain_text("这件案件刚被他人更改，您的更改没有生效。")
    complaints.expect(409)
    assert desk.cases[uuid(4)].level == "cell"
    case.get_by_role("button", name="重新读取").click()
    expect(case.locator(".standing")).to_contain_text("调解中")

    desk.lose = 1  # it was made, and nobody heard of it
    case.get_by_role("button", name="升级到村(社区)").click()
    expect(case.get_by_role("alert")).to_contain_text("未能更改。")
    complaints.expect(503)
    case.get_by_role("button", name="重新发送").click()
    expect(case.locator("dl")).to_contain_text("层级村(社区)")
    assert [event["change"] for event in desk.cases[uuid(4)].events].count("level") == 1


def test_what_may_not_be_done_is_not_offered(service: FakeService, open_page: Open) -> None:
    service.rights = CLERK
    page = open_page(url(service, state="all", case=uuid(7)))
    case = page.locator("#case")
    expect(case.locator(".events li")).to_have_count(6)
    assert case.get_by_role("button", name="重新办理").count() == 0
    expect(case.get_by_role("button", name="协议保持履行")).to_be_visible()
    assert page.locator("#edit").count() == 0
    expect(page.locator("#to-coverage")).to_have_attribute("href", "/maps/coverage")

    # Cases of one cell only: of all the account may see, what lies inside is listed.
    service.areas = {Right.cases: [LATE]}
    page = open_page(url(service))
    expect(page.locator("#list-count")).to_have_text("已列出 2 件，超期最久的在前 (只含本账号可见的案件)")
    page.evaluate("code => everycell.page.select(code)", SOON)
    expect(page.locator("#list-count")).to_have_text("本账号不显示这个区域的案件。")
    service.rights = frozenset({Right.cases})  # and no grid to show them on
    barred = open_page(url(service), ready="empty")
    expect(barred.get_by_role("heading", name="本账号不能查看案件")).to_be_visible()
    assert barred.locator("#list, #intake, #register").count() == 0


def fill(page: Page, category: str = "labour") -> None:
    page.locator("#intake [name=category]").select_option(category)
    page.locator("#intake [name=channel]").select_option("reported")


def test_a_case_is_registered_at_the_point_that_stands_for_its_place(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="登记案件").click()
    fill(page)
    submit = page.get_by_role("button", name="登记", exact=True)
    submit.click()
    expect(page.locator("#intake [role=alert]")).to_have_text("请先选择地点：在地图上点选，或选一个网格。")
    pointed = (fake.WEST + 4.2 * fake.SIDE, fake.SOUTH + 2.31 * fake.SIDE)
    click(page, pointed)
    told = page.locator("#place-told")
    expect(told).to_have_text(re.compile(r"北坡村 网格 002.*：约 23 户共用此点，不保存报告地点"))
    [sent] = service.desk.asked_at
    assert abs(sent["lon"] - pointed[0]) < 1e-4
    kept = page.evaluate(
        "JSON.stringify([location.href, {...sessionStorage}, {...localStorage}, document.body.innerText])"
    )
    assert not [text for text in (*asked, kept) if str(sent["lon"])[:9] in text or str(sent["lat"])[:8] in text]

    # A cell has several points, of which one is chosen on the map; a small one has none.
    page.locator("#intake [name=village]").select_option(SMALL[:12])
    page.locator("#intake [name=cell]").select_option(SMALL)
    expect(told).to_contain_text("这个网格不足 8 户")
    page.locator("#intake [name=cell]").select_option(LATE)
    expect(page.locator("#places label")).to_have_text(["点 1：约 23 户", "点 2：约 11 户"])
    second = service.desk.snaps(LATE)[1]
    click(page, tuple(second["place"]["coordinates"]))
    expect(page.get_by_label("点 2：约 11 户")).to_be_checked()
    page.locator("#intake [name=category]").select_option("family")
    expect(page.locator("#family-told")).to_be_visible()
    page.locator("#intake [name=category]").select_option("labour")
    page.locator("#intake [name=day]").fill("2026-11-20")
    submit.click()
    expect(page.locator("#case h2")).to_have_text("劳动争议")
    expect(page.locator("#case dl")).to_contain_text("反映日期2026-11-20")
    new = list(service.desk.cases.values())[-1]
    assert (new.snap, new.category, new.channel, new.level) == (second["snap"], "labour", "reported", "cell")
    page.keyboard.press("Escape")
    expect(rows(page).filter(has_text="劳动争议")).to_have_count(1)


def test_a_lost_answer_registers_once_and_the_tab_keeps_it(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    service.who, service.csrf = "li", "token-1"
    page = open_page(url(service, area=FRESH))
    before = len(service.desk.cases)
    page.get_by_role("button", name="登记案件").click()
    page.get_by_label("点 1：约 23 户").check()
    fill(page, "traffic")
    service.desk.lose = 1
    page.get_by_role("button", name="登记", exact=True).click()
    box = page.locator(".notice.bad")
    expect(box).to_contain_text("未登记：交通事故纠纷, 北坡村 网格 001")
    complaints.expect(503)
    assert len(service.desk.cases) == before + 1
    expect(page.locator("#list")).to_be_visible()  # the form would make a second case of it

    page.locator("#account summary").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator(".notice.bad").last).to_contain_text("还有 1 件案件未登记成功")
    page.reload()
    page.wait_for_selector('html[data-ready="yes"]')
    page.locator(".notice.bad").get_by_role("button", name="重新发送").click()
    expect(page.locator("#case h2")).to_have_text("交通事故纠纷")
    assert len(service.desk.cases) == before + 1
    assert page.evaluate("everycell.unsentCases.all()") == []

    service.desk.snap_gone = True
    page.keyboard.press("n")
    page.get_by_label("点 2：约 11 户").check()
    fill(page)
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("#intake [role=alert]")).to_have_text("这个共用点已不存在，请重新选择地点。")
    assert page.evaluate("everycell.unsentCases.all()") == []
    service.over = True
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator(".notice.bad").first).to_contain_text("登录已失效")
    complaints.expect(401)


def test_a_long_list_comes_as_one_scrolls_and_is_never_counted(service: FakeService, open_page: Open) -> None:
    desk = service.desk
    for number in range(100, 330):
        one = desk.add(number, SOON, list(Category)[number % 13], ago=number % 50)
        desk.cases[one.id] = replace(desk.become(one.id, State.accepted, ago=number % 50))
    asked: list[str] = []
    page = open_page(url(service))
    page.on("request", lambda request: asked.append(request.url))
    expect(page.locator("#list-count")).to_have_text("已列出 100 件，超期最久的在前；向下滚动继续")
    assert rows(page).count() < 40  # only what is in sight
    for most in ("200 件，超期最久的在前；向下滚动继续", "236 件，超期最久的在前"):
        page.locator("#list").evaluate("list => list.scrollTo(0, list.scrollHeight)")
        expect(page.locator("#list-count")).to_have_text(f"已列出 {most}")
    assert len([one for one in asked if "after=" in one]) == 2
    listed = page.evaluate("everycell.page.list.items.map(({id}) => id)")
    assert listed == [one.id for one in desk.listed("", "open", "", "", "")]
