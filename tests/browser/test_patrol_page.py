"""The page of patrols in Chromium, against the made-up county: from the stops to routes, what a leader changes in them,
and what goes wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from gis.access.scope import Right
from tests.browser.conftest import Complaints, Open, becomes
from tests.browser.fake_service import FakeService
from tests.browser.test_disputes_page import place_on_map
from tests.maps import fake

LEADER = frozenset({Right.figures, Right.doors, Right.visits, Right.cases, Right.patrols})
FREE = (fake.WEST + 0.55 * fake.SIDE, fake.SOUTH + 3.4 * fake.SIDE)  # no stop is near


def url(service: FakeService, lang: str = "zh", **state: str) -> str:
    parts = "&".join(f"{key}={value}" for key, value in state.items())
    return f"{service.address}/maps/patrol?lang={lang}#{parts}"


def click(page: Page, at: tuple[float, float]) -> None:
    where = place_on_map(page, *at)
    page.mouse.click(where["x"], where["y"])


def plan_of(service: FakeService) -> Any:
    """The plan that was asked for last."""
    return list(service.patrols.plans.values())[-1]


def planned(page: Page, service: FakeService) -> Any:
    """Plan what is chosen, and wait until it is drawn."""
    page.get_by_role("button", name="规划", exact=True).click()
    expect(page.locator("#planned")).to_be_visible()
    plan = plan_of(service)
    expect(page.locator(".map")).to_have_attribute("data-plan", f"{plan['id']} {plan['version']}")
    return plan


def stop(plan: Any, key: str) -> Any:
    return next(one for one in plan["stops"] if one["key"] == key)


def row(page: Page, key: str) -> Locator:
    return page.locator(f'#planned [data-stop="{key}"]')


def do(page: Page, key: str, what: str) -> None:
    """Something from the menu of a stop."""
    row(page, key).get_by_role("button", name=re.compile("^处理")).click()
    page.get_by_role("menuitem", name=what, exact=True).click()


def test_from_the_stops_to_routes(service: FakeService, open_page: Open) -> None:
    patrols = service.patrols
    late = patrols.proposals[-1]
    patrols.elsewhere = {late["key"]}
    page = open_page(url(service))
    # What another plan of the day has is left to it, unless it is asked for.
    expect(page.locator("#choice .sums td")).to_have_text(["6", "33", "23", "0", "62"])
    page.get_by_label("同时列入当天其他计划中的 1 处").check()
    # What is proposed is counted by kind and tier; what is taken and what not is told.
    expect(page.locator("#choice .sums td")).to_have_text(["6", "33", "24", "0", "63"])
    expect(page.locator("#stops-told")).to_have_text("所选 63 处全部进入计划。 另有 1 件回访不显示地点，无法排入路线。")
    page.locator("#choice [name=most]").fill("20")
    expect(page.locator("#stops-told")).to_contain_text("所选 63 处中，最急的 20 处进入计划。")
    page.locator("#choice thead .tick").nth(2).click()
    expect(page.locator("#stops-told")).to_contain_text("所选 39 处中")
    page.locator("#choice [name=most]").fill("")

    # A place is added by a click on the map, and taken out again.
    for minutes, aside in (("8", 0), ("25", 0.2)):
        click(page, (FREE[0] + aside * fake.SIDE, FREE[1]))
        expect(page.locator(".place-form")).to_have_count(1)  # the one before has faded
        page.locator(".place-form [name=minutes]").fill(minutes)
        page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_role("button", name="移出添加的地点 2").click()
    expect(page.locator("#places li")).to_have_count(1)

    # A team: without a station it is not kept; the station is a click on the map.
    page.locator("#add-team").click()
    form = page.locator(".team-form")
    form.locator("[name=code]").fill("C7")
    form.locator("[name=until]").fill("25:30")
    form.get_by_label("安全检查").check()
    form.get_by_role("button", name="添加休息").click()
    form.get_by_role("button", name="保存").click()
    expect(form.locator(".late[role=alert]")).to_have_text("请在地图上点击出发地点。")
    click(page, FREE)
    form.get_by_role("button", name="保存").click()
    expect(page.locator("#teams li")).to_have_count(4)
    kept = patrols.teams["621102 C7"]
    assert abs(kept["station"]["lon"] - FREE[0]) < 1e-4
    assert kept["shift"] == ["09:00", "25:30"]
    assert kept["skills"] == ["safety"]
    assert kept["breaks"] == [{"window": ["11:00", "12:30"], "minutes": 20}]
    page.locator("#teams input").first.uncheck()
    expect(page.locator("#go-told")).to_have_text("40 处，3 队")
    page.locator("#minutes summary").click()
    page.get_by_label("重点场所: 从").fill("9:00")
    expect(page.locator("#go-told")).to_have_text("重点场所：时段要填起止两个时间。")
    page.get_by_label("重点场所: 到").fill("11:00")
    page.get_by_label("每户: 分钟").fill("4")
    page.get_by_label("重点场所: 要求").select_option("safety")
    site = next(one for one in patrols.proposals if one["kind"] == "site")
    click(page, (site["lon"], site["lat"]))
    page.get_by_label("从", exact=True).fill("09:30")
    expect(page.locator("#go-told")).to_have_text(f"{site['name']}：时段要填起止两个时间。")
    page.get_by_label("到", exact=True).fill("10:30")
    page.keyboard.press("Escape")

    plan = planned(page, service)
    [wish] = patrols.asked
    assert [one["code"] for one in wish["teams"]] == ["A2", "B1", "C7"]
    assert wish["stops"]["tiers"] == [1, 2, 4]
    assert wish["stops"]["most"] is None
    assert [(one["minutes"], one["tier"]) for one in wish["stops"]["picked"]] == [(8, 1)]
    assert wish["stops"]["in_other_plans"]
    assert wish["needs"] == {"site": ["safety"]}
    assert wish["windows"] == [
        {"stop": None, "kind": "site", "window": ["9:00", "11:00"]},
        {"stop": site["key"], "kind": None, "window": ["09:30", "10:30"]},
    ]
    assert (wish["minutes"]["household"], wish["aim"], wish["on"]) == (4, "equal", str(fake.TODAY))
    expect(page.locator(".team-times tbody tr")).to_have_count(3)
    expect(page.locator("#plan-facts")).to_contain_text("排入 36/40 处")
    expect(page.locator("#tab-left b")).to_have_text("4")

    # On the map a click tells the reason; what is left out says why.
    first = next(one for one in plan["stops"] if one["team"] == "B1" and one["kind"] == "doorplate")
    click(page, (first["lon"], first["lat"]))
    expect(page.locator(".stop-card .reason")).to_have_text(re.compile(r"超期 \d+ 天 · \d+ 户"))
    expect(row(page, first["key"])).to_have_class("chosen")
    page.locator("#tab-left").click()
    expect(page.locator("#left-panel .why").first).to_have_text("排入后超出班次 34 分钟")
    page.locator("#tab-compare").click()
    expect(page.locator(".side.chosen dl")).to_contain_text("工时差距4 %")
    expect(page.locator(".side .bar-row")).to_have_count(6)
    page.locator(".team-times button").nth(1).click()
    assert page.evaluate("everycell.page.stage.routes.focus") == "B1"

    # The plan is in the list, and at its address.
    assert f"plan={plan['id']}" in page.evaluate("location.hash")
    page.locator("#back").click()
    expect(page.locator("#plans-list .of-day")).to_have_text(re.compile("2026-11-22.*A2, B1, C7.*排入 36/40 处"))


def test_what_a_leader_changes(service: FakeService, open_page: Open, complaints: Complaints) -> None:
    patrols = service.patrols
    page = open_page(url(service))
    plan = planned(page, service)
    keys = {one["code"]: one["route"]["stops"] for one in plan["teams"]}
    moved, second = keys["A1"][0], keys["A1"][1]

    def version(number: int) -> None:
        expect(page.locator(".map")).to_have_attribute("data-plan", f"{plan['id']} {number}")

    # By pointer to another team, by menu, by keys along the route; each can be taken back.
    target = page.locator(f'#routes-panel [data-stop="{keys["A1"][4]}"]')
    row(page, moved).drag_to(target, target_position={"x": 60, "y": 2})
    version(2)
    assert [one["route"]["stops"].index(moved) for one in plan["teams"] if moved in one["route"]["stops"]] == [3]
    do(page, moved, "移到 B1 队")
    version(3)
    assert stop(plan, moved)["team"] == "B1"
    expect(page.locator(".notice.good").last).to_contain_text("已移到 B1 队")
    row(page, second).locator(".row").focus()
    page.keyboard.press("Alt+ArrowDown")
    version(4)
    assert stop(plan, second)["position"] == 2
    expect(row(page, second).locator(".row")).to_be_focused()
    page.keyboard.press("Control+z")
    version(5)
    plan = patrols.plans[plan["id"]]
    assert stop(plan, second)["position"] == 1

    # Pinned, taken out, put back; a place added on the map.
    do(page, second, "固定")
    version(6)
    expect(row(page, second).locator(".pin")).to_have_text("已固定")
    do(page, second, "移出")
    version(7)
    page.locator("#tab-left").click()
    expect(row(page, second).locator(".why")).to_have_text("人工移出")
    do(page, second, "放回")
    version(8)
    click(page, FREE)
    page.get_by_role("button", name="添加", exact=True).click()
    version(9)
    assert plan["stops"][-1]["kind"] == "place"

    # A colleague's change is shown; whoever did not see it yet writes nothing over it.
    patrols.change(plan, [{"do": "pin", "stop": keys["B1"][0]}])
    page.evaluate("everycell.page.plan.watch._look()")
    version(10)
    expect(page.locator(".notice.good").last).to_contain_text("他人改动了此计划")
    patrols.change(plan, [{"do": "pin", "stop": keys["B1"][1]}])
    page.locator("#tab-routes").click()
    do(page, keys["B1"][2], "移出")
    expect(page.locator(".notice.bad")).to_contain_text("他人刚刚改动了此计划。已重新读取，您的改动未生效。")
    complaints.expect(412)
    version(11)
    assert not stop(plan, keys["B1"][2])["removed"]
    expect(page.locator(".warning").first).to_have_count(0)
    do(page, keys["B1"][2], "固定")
    expect(page.locator(".warning").first).to_have_text("超出班次 12 分钟")

    # Planned again from now on, and given up while it is searched.
    patrols.steps = 10_000
    page.get_by_role("button", name="重新规划…").click()
    page.locator(".ask [name=from]").select_option("now")
    page.locator(".ask [name=aim]").select_option("shortest")
    page.locator(".ask .primary").click()
    expect(page.locator("#progress-step")).to_have_text("正在读取道路…")
    assert patrols.asked[-1] == {"version": 12, "aim": "shortest", "from": "now"}
    page.locator("#cancel").click()
    expect(page.locator(".ended")).to_contain_text("规划已取消。")
    expect(page.locator("#progress")).to_be_hidden()


def test_what_goes_out_and_what_was_done(service: FakeService, open_page: Open, complaints: Complaints) -> None:
    service.rights, service.csrf, service.who = LEADER, "token", "zhang"
    service.patrols.straight = True
    page = open_page(url(service))
    plan = planned(page, service)
    expect(page.locator(".note")).to_have_text("无道路数据：按直线×1.4估算")
    page.get_by_role("button", name="打印 ▼").click()
    sheets = page.locator(".menu a")
    expect(sheets).to_have_count(4)
    assert sheets.nth(1).get_attribute("href") == f"/patrol/plans/{plan['id']}/sheet?team=A1"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="更多 ▼").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="GPX（手持设备）").click()
    assert download.value.suggested_filename == "patrol-2026-11-22.gpx"
    page.get_by_role("button", name="发到手机…").click()
    page.locator(".ask .primary").click()
    expect(page.locator(".phones svg path")).to_have_count(3)
    assert page.locator(".phones input").first.input_value() == f"{service.address}/p/{plan['id']}-A1"
    page.locator(".phones .primary").click()

    # A day later: what was done, what was missed, and nothing to change any more.
    for position, outcome in ((1, "reached"), (2, "no_answer"), (3, "skipped")):
        service.patrols.tick(plan, position, outcome)
    plan["on"] = "2026-11-21"
    page.close()  # it would go on asking
    again = open_page(url(service, plan=plan["id"]))
    expect(again.locator("#after-panel")).to_contain_text("已走访 3/56 处")
    expect(again.locator("#after-panel .late").first).to_have_text("遗漏 50 处，下次计划优先。")
    expect(again.locator("#after-panel section table")).to_contain_text("5 / 9")
    expect(again.locator("#does button")).to_have_text(["打印 ▼", "更多 ▼"])
    again.locator("#back").click()
    expect(again.locator("#plans-list small.late")).to_contain_text("遗漏 47")

    # A search that fails says why; a plan that is gone, and a session that is over, too.
    service.patrols.fails = "time"
    again.get_by_role("button", name="规划", exact=True).click()
    expect(again.locator(".ended")).to_contain_text("未能按时算出，请减少打卡点或重试。")
    service.patrols.plans.clear()
    again.evaluate("everycell.page.plan.watch._look()")
    expect(again.locator(".notice.bad")).to_contain_text("此计划已不存在。")
    complaints.expect(404)
    service.over = True
    again.locator("#where [name=inside]").select_option(fake.code_at(1, 1)[:9])
    expect(again.locator(".notice.bad").last).to_contain_text("登录已失效")
    complaints.expect(401, more=20)  # stops, plans, teams, and streets, for the map has moved


@pytest.mark.slow
def test_every_size_and_hostile_words(open_page: Open, service: FakeService) -> None:
    note = "<img src=x onerror=alert(1)>"
    for one in service.patrols.proposals:
        one["address"] = one["name"] = f"{note}{one['key']}"
    for number, (width, height) in enumerate(((1280, 800), (3840, 2160), (390, 844))):
        page = open_page(url(service, "en"), width=width, height=height)
        if width < 720:
            page.locator("#fold").click()
        page.locator("#go").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#planned")).to_be_visible()
        rows = page.locator("#routes-panel .what")
        assert note in (rows.first.text_content() or "")
        assert page.locator("img[src=x]").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        boxes = page.evaluate(
            "[...document.querySelectorAll('#plan button, #plan td')].filter(e => e.offsetWidth)"
            ".every(e => e.getBoundingClientRect().right <= document.querySelector('#panel').offsetWidth + 1)"
        )
        assert boxes, f"something is cut off at {width} pixels"
        expect(page.locator("#plan-facts")).to_contain_text("56 of 63 stops")
        becomes(lambda: len(service.patrols.plans), number + 1)
        page.keyboard.press("Escape")
        expect(page.locator("#prepare")).to_be_visible()
        page.close()


def test_a_sweep_of_all_streets(service: FakeService, open_page: Open, complaints: Complaints) -> None:
    page = open_page(url(service, area=fake.code_at(1, 1)))
    page.locator("#sweep summary").click()
    sweep = page.locator("#sweep")
    sweep.get_by_role("button", name="计算路线").click()
    expect(sweep.locator("tbody tr")).to_have_count(1)
    expect(sweep).to_contain_text("每米街道走 1.30 米；单条路线的下限为 1.25 米")
    expect(sweep).to_contain_text("边界处的短头：42 米")
    asked = service.patrols.asked
    assert asked[-1] == {"area": fake.code_at(1, 1), "mode": "foot", "start": None, "shift_minutes": None}
    expect(page.locator("#legend-body li")).to_have_text(["路线 1", "起点和终点"])

    # It begins at the station of a team, or where somebody clicks.
    sweep.locator("[name=start]").select_option(label="B1 队的出发点")
    sweep.locator(".primary").click()
    expect(sweep.locator("tbody tr")).to_have_count(1)
    assert asked[-1]["start"] == service.patrols.teams["621102 B1"]["station"]
    sweep.locator("[name=start]").select_option("place")
    expect(sweep.locator(".primary")).to_be_disabled()
    spots = [(fake.WEST + x * fake.SIDE, fake.SOUTH + y * fake.SIDE) for x, y in ((1.2, 1.3), (1.8, 1.3), (1.7, 1.8))]
    click(page, spots[0])
    sweep.locator(".primary").click()
    expect(sweep.locator("tbody tr")).to_have_count(1)
    assert abs(asked[-1]["start"]["lon"] - spots[0][0]) < 1e-4
    sweep.locator("[name=start]").select_option("")

    # A polygon by clicks; each corner can be taken back, and another wish clears what was found.
    sweep.locator("[name=of]").select_option("polygon")
    sweep.locator("[name=mode]").select_option("car")
    sweep.locator("[name=shift]").fill("60")
    expect(sweep.locator("tbody tr")).to_have_count(0)
    expect(sweep.locator(".primary")).to_be_disabled()
    for spot in (*spots, spots[1]):
        click(page, spot)
    sweep.get_by_role("button", name="撤销上一个角点").click()
    expect(sweep).to_contain_text("3 个角点")
    sweep.locator(".primary").click()
    expect(sweep.locator("tbody tr")).to_have_text([re.compile(r"1\s*1,234\s*21"), re.compile(r"2\s*1,234\s*21")])
    ring = asked[-1]["polygon"]["coordinates"][0]
    assert len(ring) == 4
    assert ring[0] == ring[-1]
    assert abs(ring[1][0] - spots[1][0]) < 1e-4
    assert (asked[-1]["mode"], asked[-1]["shift_minutes"]) == ("car", 60)
    assert page.evaluate("everycell.page.map.getContainer().classList.contains('placing')")
    with page.expect_download() as download:
        sweep.get_by_role("button", name="GPX").click()
    assert download.value.suggested_filename == "sweep-polygon.gpx"

    # What the service refuses is told beside the form.
    sweep.locator("[name=shift]").fill("13")
    sweep.locator(".primary").click()
    expect(sweep.locator("[role=alert]")).to_contain_text("3,000")
    complaints.expect(400)
