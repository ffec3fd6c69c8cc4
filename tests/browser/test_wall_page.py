"""The wall against a stream of events in memory: what is seen, how old it says it is, and what passes the wire."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response, Route, expect

from gis.access.scope import RIGHTS, Role
from tests.browser.conftest import Open, becomes
from tests.browser.fake_service import FakeService
from tests.browser.test_coverage_page import click_at
from tests.maps import fake

COUNTY, CELL = "621102", fake.code_at(2, 0)
IN_CELL = (fake.SOUTH + 0.5 * fake.SIDE, fake.WEST + 2.5 * fake.SIDE)
TITLES = ["走访覆盖", "从未走访", "超期纠纷", "今日巡逻", "重点场所待查", "纠纷热力"]
WRONG_CLOCK = "2001-02-03T04:05:06Z"  # a wall's may be
# What is written on the map.
PAINTED = """
window.painted = [];
const fill = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
  painted.push(text);
  return fill.call(this, text, ...place);
};
"""
ALONE = "delete window.SharedWorker;"
# What becomes of the screen that is kept on; and a page that can be hidden.
WATCHED = """
window.locks = [];
window.seen = { hidden: false, asked: 0, refused: 0 };
Object.defineProperty(document, "hidden", { get: () => seen.hidden });
const ask = WakeLock.prototype.request;
WakeLock.prototype.request = async function (kind) {
  seen.asked += 1;
  try {
    const lock = await ask.call(this, kind);
    locks.push(lock);
    return lock;
  } catch (error) {
    seen.refused += 1;
    throw error;
  }
};
"""


def url(service: FakeService, **asked: object) -> str:
    """The address of the wall."""
    return f"{service.address}/wall?" + "&".join(f"{name}={value}" for name, value in asked.items())


def wall(open_page: Open, service: FakeService, **asked: Any) -> Page:
    """The wall as somebody signed in sees it, on a screen whose clock is wrong and turned by the test."""
    how = {name: asked.pop(name) for name in ("width", "height", "motion", "before", "ready") if name in asked}
    return open_page(url(service, **asked), **{"width": 1920, "height": 1080, "at": WRONG_CLOCK, **how})


def later(page: Page, seconds: float) -> None:
    """Let the page's own clock go on."""
    page.clock.run_for(round(seconds * 1000))


class Asked:
    """What a page asks for."""

    def __init__(self, page: Page) -> None:
        self.paths: list[str] = []
        page.on("request", lambda request: self.paths.append(request.url))

    def number(self, path: str) -> int:
        return sum(path in one for one in self.paths)


def reached(page: Page) -> str:
    return page.locator(".headline span").inner_text().split("\n")[-1]


def test_scenes_in_turn_and_by_keys(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, dwell_s=10)
    scene = page.locator("#scene")
    for name in TITLES[1:]:
        later(page, 10)
        expect(scene).to_have_text(name)
    later(page, 10)
    expect(scene).to_have_text(TITLES[0])
    page.keyboard.press("Space")
    later(page, 60)
    expect(scene).to_have_text(TITLES[0])
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    expect(scene).to_have_text(TITLES[1])
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(scene).to_have_text(TITLES[-1])
    page.keyboard.press("3")
    expect(scene).to_have_text(TITLES[2])
    expect(page.locator("#legend-body")).to_contain_text("1–4，不公布")
    page.keyboard.press("Space")
    later(page, 5.5)
    left = page.locator("button[data-scene=cases] .dwell").evaluate("(bar) => bar.style.transform")
    assert left == "scaleX(0.4)", "without motion it moves in five steps"
    later(page, 5)
    expect(scene).to_have_text(TITLES[3])
    page.keyboard.press("?")
    expect(page.locator("#help dd").first).to_have_text("暂停、继续轮播")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_hidden()
    alarms = page.locator("#alarms")
    expect(alarms.locator(".waiting").nth(1)).to_be_visible()  # as many as there is room for
    before = int(alarms.get_attribute("data-waiting") or 0)
    page.keyboard.press("a")
    expect(alarms).to_have_attribute("data-waiting", str(before - 1))
    page.keyboard.press("p")
    expect(page.locator("#panel")).to_be_hidden()


def test_scenes_keep_their_time_however_late_the_clock_ticks(service: FakeService, open_page: Open) -> None:
    """An hour of ticks about a second apart, some a little early, some late; then the page stands still."""
    page = wall(open_page, service)
    turns = page.evaluate(
        """() => {
            let now = 0;
            const turns = [];
            const onshow = () => turns.push(now);
            const rotation = new everycell.Rotation({ keys: ["a", "b"], dwell_s: 10, onshow, elapsed: () => now });
            for (let second = 1; second <= 3600; second += 1) {
                now = second * 1000 + [-3, 2, 0, 240, -1][second % 5];
                rotation.tick();
            }
            now += 600000;
            for (let more = 0; more < 12; more += 1, now += 1000) rotation.tick();
            return turns;
        }"""
    )
    hour, after = [at for at in turns if at < 3_601_000], [at for at in turns if at >= 3_601_000]
    assert len(hour) == 360
    assert all(9_500 < later - sooner < 10_500 for sooner, later in pairwise(hour))
    assert len(after) == 2, "it does not run after what it has missed"


def test_only_the_scenes_that_are_asked_for(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, scenes="never", dwell_s=5, lang="en", theme="light")
    asked = Asked(page)
    page.reload()
    page.wait_for_selector('html[data-ready="yes"]')
    expect(page.locator("#scene")).to_have_text("Never visited")
    expect(page.locator("#scenes")).to_be_hidden()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator("#board [data-chart=worst]")).to_be_visible()
    assert (asked.number("/coverage?"), asked.number("/board"), asked.number("/disputes/heat")) == (1, 1, 0)


@pytest.mark.parametrize(
    ("scene", "listed", "chart"),
    [
        ("cases", [["城关镇", "9"], ["青岚乡", "<5"]], "cases"),
        ("patrols", [["青岚乡", "20/60"], ["城关镇", "4/12"]], "patrols"),
        ("sites", [["青岚乡", "6"], ["城关镇", "2"]], "sites"),
        ("heat", [["城关镇"], ["青岚乡"]], "round"),
    ],
)
def test_a_scene_lists_areas_by_what_it_shows(
    service: FakeService, open_page: Open, scene: str, listed: list[list[str]], chart: str
) -> None:
    page = wall(open_page, service, scenes=scene)
    expect(page.locator(f"#board [data-chart={chart}]")).to_be_visible()
    rows = page.locator("#areas button").all()
    assert [row.inner_text().split() for row in rows] == listed


def test_below_names_stands_what_their_cells_add_up_to(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, before=PAINTED)

    def painted() -> set[tuple[str, str]]:
        page.evaluate("painted.length = 0, everycell.page.drawing.repaint()")
        later(page, 1)
        return set(pairwise(page.evaluate("painted")))

    def listed() -> dict[str, str]:
        rows = [row.inner_text().split() for row in page.locator("#areas li").all()]
        return {name: share for name, share, *_ in rows}

    towns = {name: f"{share}%" for name, share in listed().items()}
    assert set(towns) == {"城关镇", "青岚乡"}
    assert towns.items() <= painted()
    page.evaluate("everycell.page.drill.go('621102001')")
    later(page, 3)
    villages = {name: f"{share}%" for name, share in listed().items()}
    assert set(villages) == {"南川村", "北坡村"}
    assert villages.items() <= painted()
    assert not towns.items() & painted(), "what is looked at has its figure beside the map"


def test_so_few_numbers_that_they_tell_nothing_are_left_out(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    numbers = page.evaluate(
        """() => [0, 1, 1.01].map((least) => {
            const { map, drawing } = everycell.page;
            const taken = [];
            const context = document.createElement("canvas").getContext("2d");
            const toPoint = (latLng) => map.latLngToLayerPoint(latLng);
            drawing.cells.drawLabels(context, toPoint, drawing.marks._bounds, taken, { least });
            return taken.length;
        })"""
    )
    assert numbers == [24, 24, 0]


def test_down_to_the_doors_and_back_by_itself(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, dwell_s=10, return_s=60)
    here = page.locator("#crumbs [aria-current]")
    for name in ("城关镇", "南川村", "网格 003"):
        click_at(page, *IN_CELL)
        expect(here).to_contain_text(name)
    later(page, 50)
    expect(page.locator("#scene")).to_have_text(TITLES[0])  # who looks at something is not taken away from it
    expect(page.locator("#doors")).to_have_attribute("href", f"/maps/coverage#area={CELL}")
    page.keyboard.press("Escape")
    expect(here).to_have_text("南川村")
    page.locator(f"#areas [data-code='{CELL}']").click()
    expect(here).to_contain_text("网格 003")
    later(page, 30)
    expect(here).to_contain_text("网格 003")
    later(page, 31)
    expect(here).to_have_text("示范县")
    later(page, 10)
    expect(page.locator("#scene")).to_have_text(TITLES[1])
    for _ in range(4):
        click_at(page, *IN_CELL)
    page.wait_for_url(re.compile(rf"/maps/coverage#area={CELL}"))


def test_figures_follow_events_without_asking_again(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    before, asked = reached(page), Asked(page)
    row = next(one for one in service.figures(fake.SINCE) if one["code"] == CELL)
    known = row["known"]
    service.wall.tell("coverage", cells=[[CELL, known, 0, 0, known, known], ["990101001001001", 1, 1, 0, 0, 0]])
    becomes(lambda: (later(page, 1), reached(page) != before)[1], wanted=True)
    service.wall.tell("coverage", cells=[[CELL, known, known, 0, 0, 0]])
    shown = f"everycell.page.drawing.cells.figures.get('{CELL}').reached"
    becomes(lambda: (later(page, 1), page.evaluate(shown))[1], known)
    assert asked.paths == []
    service.wall.reset("restored")
    becomes(lambda: (later(page, 1), reached(page))[1], before)
    assert "last_event_id" not in service.wall.connections[-1]
    for event, told, path in (("grid", {"county": 621102}, "/grid"), ("board", {}, "/board")):
        number = asked.number(path)
        service.wall.tell(event, **told)
        becomes(lambda path=path: (later(page, 1), asked.number(path))[1], number + 1)


def test_at_midnight_the_day_turns_though_nothing_is_recorded(service: FakeService, open_page: Open) -> None:
    service.rounds = []
    page = wall(open_page, service, scenes="coverage,patrols")
    asked = Asked(page)
    service.wall.beat(9.4 * 3600)  # two minutes to twelve
    becomes(lambda: (later(page, 1), page.locator("#clock").inner_text()[:5])[1], "23:56")
    page.clock.fast_forward(150_000)
    later(page, 2)
    assert [asked.number(path) for path in ("/coverage", "/rounds", "/patrol/plans?on=2026-11-23")] == [0, 0, 0]
    page.clock.fast_forward(120_000)
    becomes(lambda: (later(page, 1), asked.number("/coverage?level=cell&since=2026-08-25"))[1] > 0, wanted=True)
    assert asked.number("/patrol/plans?on=2026-11-23") > 0
    becomes(lambda: (later(page, 1), "since=2026-08-25" in service.wall.connections[-1])[1], wanted=True)


def test_a_quarter_of_an_hour_later_shifts_may_be_over(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    asked = Asked(page)
    page.clock.fast_forward(600_000)  # 14:42
    later(page, 2)
    assert asked.number("/board") == 0
    page.clock.fast_forward(240_000)
    becomes(lambda: (later(page, 1), asked.number("/board"))[1], 1)


def test_a_board_that_comes_late_is_not_taken_for_that_of_another_area(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    held: list[Route] = []
    page.route("**/board?area=621102001&*", lambda route: held.append(route))
    charts = page.locator("#board .chart")
    expect(charts).not_to_have_count(0)
    for code in ("621102001", "621102001001"):
        page.evaluate(f"everycell.page.drill.go('{code}')")
        expect(charts).to_have_count(0)
    becomes(lambda: len(held), 1)
    held[0].continue_()
    expect(charts).not_to_have_count(0)
    assert page.evaluate("everycell.page.board.of") == "621102001001"


def test_new_shapes_keep_the_figures_that_events_have_brought(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, scenes="coverage")
    before, known = reached(page), service.figures(fake.SINCE)[0]["known"]
    service.wall.tell("coverage", cells=[[CELL, known, 0, 0, known, known]])
    becomes(lambda: (later(page, 1), reached(page) != before)[1], wanted=True)
    later(page, 60)  # the event is forgotten, what it brought is not
    newest = reached(page)
    held: list[Route] = []
    page.route("**/coverage?*", lambda route: held.append(route))
    service.wall.tell("grid", county=621102)
    becomes(lambda: (later(page, 1), len(held))[1], 1)
    assert reached(page) == newest


def test_how_old_it_is_whatever_the_clock_of_the_screen_says(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    told, band = page.locator("#datatime"), page.locator("#band")
    expect(page.locator("#clock b")).to_have_text("14:32")
    expect(told).to_have_text(re.compile(r"●数据 14:32:0\d · 实时"))
    service.wall.beat(40, database=False)
    expect(told).to_have_text(re.compile(r"◐数据 14:32:0\d · 延迟，4\d 秒前"))
    expect(band).to_be_hidden()
    service.wall.beat(100, database=False)
    expect(told).to_have_text(re.compile(r"○数据 14:32:0\d · 过时，2 分钟前"))
    expect(band).to_contain_text("服务有应答，但没有更新的数据")
    expect(page.locator("body")).to_have_attribute("data-age", "stale")
    assert "grayscale" in page.locator(".map").evaluate("(map) => getComputedStyle(map).filter")
    assert reached(page), "the last picture stays"
    service.wall.beat(1)
    expect(told).to_have_text(re.compile("●数据 14:34:2[89] · 实时"))
    expect(band).to_be_hidden()


def test_the_network_goes_and_comes_back(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    service.wall.down = True
    service.wall.cut()
    becomes(lambda: (later(page, 5), page.locator("body").get_attribute("data-age"))[1], "stale")
    expect(page.locator("#band")).to_contain_text("无法连接服务")
    followed = service.wall.position
    service.wall.now += timedelta(seconds=200)
    service.wall.as_of = service.wall.now
    service.wall.down = False
    becomes(lambda: service.wall.listening, 1)
    assert f"last_event_id={followed}" in service.wall.connections[-1], "it goes on where it was"
    service.wall.beat(1)
    expect(page.locator("#band")).to_be_hidden()


def test_one_connection_for_all_pages_of_a_browser(service: FakeService, open_page: Open) -> None:
    pages = [wall(open_page, service) for _ in range(2)]
    assert service.wall.listening == 1
    before = [reached(page) for page in pages]
    service.wall.tell("coverage", cells=[[CELL, 500, 500, 0, 0, 0]])
    for page, was in zip(pages, before, strict=True):
        becomes(lambda page=page, was=was: (later(page, 1), reached(page) != was)[1], wanted=True)
    pages[0].close()
    assert service.wall.listening == 1
    pages[1].close()
    becomes(lambda: service.wall.listening, 0)


def test_a_browser_without_shared_workers(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, before=ALONE)
    before = reached(page)
    service.wall.tell("coverage", cells=[[CELL, 500, 500, 0, 0, 0]])
    becomes(lambda: (later(page, 1), reached(page) != before)[1], wanted=True)


def test_nothing_of_doors_and_cases_passes_to_a_wall(service: FakeService, open_page: Open) -> None:
    """Everything that a wall's browser is sent while it goes through its scenes, down to a cell and back."""
    service.rights = RIGHTS[Role.wall]
    page = wall(open_page, service, dwell_s=10, kiosk="true")
    address = page.url
    page.goto("about:blank")  # what is still on its way to a page that is left cannot be read
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(address)
    page.wait_for_selector('html[data-ready="yes"]')
    for _ in TITLES:
        later(page, 10)
    for _ in range(5):
        click_at(page, *IN_CELL)
    later(page, 5)
    expect(page.locator("#crumbs [aria-current]")).to_contain_text("网格 003")
    expect(page.locator("#doors")).to_have_count(0)
    expect(page.locator("#alarms li").first).to_be_visible()
    expect(page.locator("#alarms .does")).to_have_count(0)
    texts = {
        one.url: one.text() for one in answers if "/static/" not in one.url and one.ok and "/events" not in one.url
    }
    assert len(texts) > 5
    secrets = {one.code for one in service.county.households} | {one.address for one in service.county.households}
    secrets |= set(service.desk.cases)
    for url_, text in texts.items():
        assert not re.search(r"doorplates|households|sites/|/patrol/|/disputes/[0-9a-f]{8}|/search", url_), url_
        assert not [secret for secret in secrets if secret and secret in text], url_


def test_full_screen_by_a_key(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    full = "document.fullscreenElement === document.documentElement"
    page.keyboard.press("f")
    becomes(lambda: page.evaluate(full), wanted=True)
    page.keyboard.press("F")
    becomes(lambda: page.evaluate("document.fullscreenElement"), wanted=None)
    page.evaluate("() => { document.documentElement.requestFullscreen = () => Promise.reject(new Error()); }")
    page.keyboard.press("f")
    assert not page.evaluate(full), "a browser that allows none is no error"


def test_the_screen_is_kept_on_as_long_as_the_page_is_seen(service: FakeService, open_page: Open) -> None:
    """Browsers let go of the screen when the page is hidden: it is asked for again when it is seen again. One that
    refuses is no error."""
    page = wall(open_page, service, before=WATCHED)
    becomes(lambda: page.evaluate("seen"), {"hidden": False, "asked": 1, "refused": 1})
    allow_wake_lock(page)
    for hidden, asked in ((True, 1), (False, 2), (True, 2), (False, 3)):
        page.evaluate(
            "(hidden) => { seen.hidden = hidden; document.dispatchEvent(new Event('visibilitychange')); }", hidden
        )
        assert page.evaluate("seen.asked") == asked
    becomes(lambda: page.evaluate("locks.map(({ type, released }) => [type, released])"), [["screen", False]] * 2)
    assert page.evaluate("seen.refused") == 1
    page.keyboard.press("?")
    expect(page.locator("#help")).to_contain_text("本页面打开时屏幕保持常亮")


def allow_wake_lock(page: Page) -> None:
    """As a browser with a window does without being asked."""
    wire = page.context.new_cdp_session(page)
    context = wire.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]
    origin = page.evaluate("location.origin")
    allowed = {"permissions": ["wakeLockScreen"], "origin": origin, "browserContextId": context}
    wire.send("Browser.grantPermissions", allowed)


def test_a_browser_that_cannot_keep_the_screen_on_says_so(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, before="delete Navigator.prototype.wakeLock;")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_contain_text("请关闭屏保和休眠")


@pytest.mark.parametrize(("role", "tells"), [(Role.operator, True), (Role.wall, False)])
def test_the_help_tells_of_keys_that_do_something(
    service: FakeService, open_page: Open, role: Role, tells: bool
) -> None:
    service.rights = RIGHTS[role]
    page = wall(open_page, service)
    page.keyboard.press("?")
    rows = page.locator("#help dl").inner_text()
    assert ("确认第一条告警" in rows) is tells
    assert "全屏" in rows


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_pictures_of_every_scene(service: FakeService, open_page: Open, tmp_path: Path, theme: str) -> None:
    """For whoever wants to look: pytest keeps them below its temporary folder."""
    page = wall(open_page, service, theme=theme)
    for number in range(1, len(TITLES) + 1):
        page.keyboard.press(str(number))
        file = tmp_path / f"wall-{theme}-{number}.png"
        page.screenshot(path=file)
        assert file.stat().st_size > 20_000
