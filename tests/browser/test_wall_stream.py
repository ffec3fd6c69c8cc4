"""The stream of events of the wall where it does not go as it should: services that are busy, behind or set their clock
back, workers that die, answers that are none."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Complaints, Open, becomes
from tests.browser.fake_service import FakeService
from tests.browser.test_wall_page import ALONE, CELL, Asked, later, wall
from tests.maps import fake


def test_beats_before_the_greeting_do_not_make_old_figures_look_new(service: FakeService, open_page: Open) -> None:
    """Cut off for a minute, and back while the service is busy: what was missed is not told yet."""
    page = wall(open_page, service)
    known = "everycell.page.ages.at(['coverage']) / 1000"
    service.wall.beat(5)
    becomes(lambda: page.evaluate(known), service.wall.as_of.timestamp())
    before = service.wall.as_of
    service.wall.busy = True
    service.wall.cut()
    becomes(lambda: len(service.wall.connections), 2)
    service.wall.now = service.wall.as_of = before + timedelta(seconds=60)
    told = service.wall.beats
    becomes(lambda: service.wall.beats > told + 5, wanted=True)  # of a minute later
    assert page.evaluate(known) == before.timestamp()
    assert not page.evaluate("everycell.page.live.online")
    service.wall.busy = False
    becomes(lambda: page.evaluate(known), service.wall.as_of.timestamp())


def test_a_stream_that_was_stopped_stays_so(service: FakeService, open_page: Open) -> None:
    """It was asking who is signed in when it was stopped, and is answered "nobody" afterwards."""
    page = wall(open_page, service)
    page.evaluate(
        """() => {
            window.opened = 0;
            window.told = [];
            window.EventSource = class {
                constructor() {
                    window.opened += 1;
                    setTimeout(() => this.onerror(), 0);
                }
                addEventListener() {}
                close() {}
            };
            const ask = window.fetch;
            const me = new Promise((resolve) => (window.answer = resolve));
            window.fetch = (url, options) => (url.endsWith("/me") ? me : ask(url, options));
            const tell = (kind) => told.push(kind);
            window.stream = new everycell.EventStream({ base: "", query: {}, tell });
            stream.start();
        }"""
    )
    becomes(lambda: page.evaluate("told"), ["offline"])
    page.evaluate("stream.stop(), answer(new Response('', { status: 401 }))")
    later(page, 60)
    assert page.evaluate("[opened, ...told]") == [1, "offline"]


@pytest.mark.parametrize("before", ["", ALONE], ids=["shared", "alone"])
def test_it_asks_for_nothing_older_than_what_it_was_told_of(service: FakeService, open_page: Open, before: str) -> None:
    """Another worker of the service than the one that tells the events may be behind it."""
    page = wall(open_page, service, before=before)
    asked: list[tuple[str, str | None]] = []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("everycell-after"))))
    for kind, path in (("grid", "/grid"), ("board", "/board")):
        service.wall.tell(kind)
        wanted = [str(service.wall.position)]
        becomes(lambda path=path: (later(page, 1), [after for url, after in asked if path in url])[1], wanted)
    service.wall.position = 7
    service.wall.reset("restored")  # the log is another one, and begins anew
    becomes(lambda: (later(page, 1), asked[-1][1])[1], "7")


FIGURE = f"everycell.page.figures.byCell.get('{CELL}').reached"


def test_whoever_joins_a_stream_is_told_of_the_last_seconds_too(service: FakeService, open_page: Open) -> None:
    """What it read before it joined may be older than what has been told to the other walls of the browser."""
    first = wall(open_page, service)
    asked: list[Page] = []
    for_grid = re.compile("/grid$")
    first.context.on("request", lambda request: for_grid.search(request.url) and asked.append(request.frame.page))

    def tell(route: Route) -> None:
        """The second page reads, and has not joined yet."""
        service.wall.tell("grid")
        service.wall.tell("coverage", cells=[[CELL, 500, 500, 0, 0, 0]])
        route.continue_()

    first.context.route("**/rounds", tell, times=1)
    second = wall(open_page, service)
    assert service.wall.listening == 1
    becomes(lambda: second.evaluate(FIGURE), 500)
    becomes(lambda: (later(second, 1), asked.count(second))[1], 2)


@pytest.mark.slow
def test_whoever_comes_back_while_the_stream_is_cut_off_reads_everything_anew(
    service: FakeService, open_page: Open
) -> None:
    """A page that was put away has missed more than the stream that others kept."""
    kept, away = (wall(open_page, service) for _ in range(2))
    away.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    service.wall.tell("coverage", cells=[[CELL, 500, 500, 0, 0, 0]])
    becomes(lambda: kept.evaluate(FIGURE), 500)
    service.wall.down = True
    service.wall.cut()
    becomes(lambda: kept.evaluate("everycell.page.live.online"), wanted=False)
    away.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    becomes(lambda: away.evaluate("everycell.page.live.online"), wanted=False)
    asked = Asked(away)
    service.wall.down = False
    becomes(lambda: (away.wait_for_timeout(100), asked.number("/coverage?"))[1], 1)


def test_what_has_to_be_read_anew_is_as_old_as_it_was(service: FakeService, open_page: Open) -> None:
    """Whoever comes back with a hole in what it was told shows old figures until it has read them."""
    page = wall(open_page, service)
    known = "everycell.page.ages.at(['coverage']) / 1000"
    becomes(lambda: page.evaluate(known), service.wall.as_of.timestamp())
    before = service.wall.as_of
    page.evaluate("() => { everycell.page.readings.coverage.ask = () => new Promise(() => {}); }")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    becomes(lambda: service.wall.listening, 0)
    service.wall.now = service.wall.as_of = before + timedelta(seconds=60)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    becomes(lambda: page.evaluate("everycell.page.ages.heardAt / 1000"), service.wall.as_of.timestamp())
    assert page.evaluate(known) == before.timestamp()


def test_figures_of_another_cut_off_are_not_mixed_with_what_was_told_before(
    service: FakeService, open_page: Open
) -> None:
    page = wall(open_page, service)
    service.wall.tell("coverage", cells=[[CELL, 500, 500, 0, 0, 0]])
    becomes(lambda: page.evaluate(FIGURE), 500)
    service.rounds = []
    service.wall.tell("rounds")
    becomes(lambda: (later(page, 1), "since=" in service.wall.connections[-1])[1], wanted=True)
    counted = next(one["reached"] for one in service.figures(fake.TODAY - timedelta(days=90)) if one["code"] == CELL)
    becomes(lambda: (later(page, 1), page.evaluate(FIGURE))[1], counted)


@pytest.mark.slow
def test_a_shared_worker_that_has_died_is_made_anew(service: FakeService, open_page: Open) -> None:
    """No browser tells a page of it: all it sees is that nothing comes any more."""
    pages = [wall(open_page, service) for _ in range(2)]
    wire = pages[0].context.browser.new_browser_cdp_session()
    workers = wire.send("Target.getTargets", {"filter": [{"type": "shared_worker"}]})["targetInfos"]
    mine = [worker["targetId"] for worker in workers if worker["url"].startswith(service.address)]
    assert len(mine) == 1
    wire.send("Target.closeTarget", {"targetId": mine[0]})
    becomes(lambda: service.wall.listening, 0)
    for page in pages:
        later(page, 61)
    becomes(lambda: service.wall.listening, 1)
    service.wall.tell("coverage", cells=[[CELL, 500, 500, 0, 0, 0]])
    for page in pages:
        becomes(lambda page=page: page.evaluate(FIGURE), 500)


MUTE = """
window.made = 0;
window.SharedWorker = class {
    constructor() {
        window.made += 1;
        this.port = { postMessage() {}, close() {} };
    }
};
"""


@pytest.mark.slow
def test_a_shared_worker_that_answers_nothing_is_done_without(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service, before=MUTE)
    assert service.wall.listening == 0
    becomes(lambda: (later(page, 10), service.wall.listening)[1], 1)
    later(page, 200)
    assert (page.evaluate("made"), service.wall.listening) == (2, 1)


@pytest.mark.slow
def test_a_worker_that_answers_is_kept_while_nothing_else_comes(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    page.evaluate("() => { window.first = everycell.page.live.port; }")
    service.wall.down = True
    service.wall.cut()
    later(page, 120)
    assert page.evaluate("first === everycell.page.live.port")


# The first questions for some paths are answered as `how` says, and then as ever.
FIRST = """
window.tries = {};
{
    const ask = window.fetch;
    const HOW = {
        page: async () => new Response("<!doctype html><title>Sign in to this network</title>", { status: 200 }),
        never: (options) => new Promise((resolve, reject) =>
            options.signal?.addEventListener("abort", () => reject(options.signal.reason))),
    };
    window.fetch = (url, options) => {
        tries[url] = (tries[url] ?? 0) + 1;
        return PATHS.test(url) && tries[url] === 1 ? HOW.WAY(options) : ask(url, options);
    };
    AbortSignal.timeout = (wait) => {
        const controller = new AbortController();
        setTimeout(() => controller.abort(new DOMException("signal timed out", "TimeoutError")), wait / 100);
        return controller.signal;
    };
}
"""


def first(paths: str, way: str) -> str:
    """A script for pages; what takes 30 s takes 0.3 s."""
    return FIRST.replace("PATHS", f"/{paths}/").replace("WAY", way)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["page", "never"])
def test_what_is_no_answer_is_asked_for_again(service: FakeService, open_page: Open, way: str) -> None:
    """A page of a proxy's in place of the answer, or a connection that has died silently."""
    page = wall(open_page, service, before=first(r"\/(grid|rounds|coverage|board)(\?|$)", way))
    becomes(lambda: (later(page, 1), page.locator("#board [data-chart]").first.is_visible())[1], wanted=True)
    service.wall.beat(3600)  # whatever has been read is now as new as that
    expect(page.locator("body")).to_have_attribute("data-age", "live")


def test_a_mistake_of_the_page_is_told_to_the_console(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    """It is not taken for the network, and the wall goes on."""
    page = wall(open_page, service)
    page.evaluate("() => { everycell.page.readings.board.use = () => { throw new TypeError('a mistake'); }; }")
    asked = Asked(page)
    service.wall.tell("board")
    becomes(lambda: (later(page, 1), list(complaints))[1], ["a mistake"])
    later(page, 10)
    assert asked.number("/board") == 1
    complaints.clear()
    service.wall.tell("board")
    becomes(lambda: (later(page, 1), list(complaints))[1], ["a mistake"])
    assert asked.number("/board") == 2
    complaints.clear()


def test_a_clock_that_is_set_back_does_not_make_what_is_old_live(service: FakeService, open_page: Open) -> None:
    page = wall(open_page, service)
    told = page.locator("#datatime")
    service.wall.beat(3600)
    expect(told).to_contain_text("15:32")
    service.wall.beat(-3600)
    for _ in range(12):  # until nothing of the wrong clock is remembered
        service.wall.beat(1)
    expect(told).to_have_text(re.compile(r"●数据 14:32:\d\d · 实时"))
    service.wall.beat(40, database=False)
    expect(told).to_have_text(re.compile(r"◐数据 14:32:\d\d · 延迟，4\d 秒前"))


def test_a_round_that_is_closed_is_noticed_without_events(service: FakeService, open_page: Open) -> None:
    """As where a proxy keeps the stream to itself."""
    service.wall.down = True
    page = wall(open_page, service)
    expect(page.locator("#headline")).to_contain_text("2026-11")
    asked = Asked(page)
    service.rounds = []
    becomes(lambda: (later(page, 1), asked.number("/coverage?level=cell&since="))[1], 1)
    assert asked.number("/rounds") < 3
    expect(page.locator("#headline")).to_contain_text("90")
    counted = next(one["reached"] for one in service.figures(fake.TODAY - timedelta(days=90)) if one["code"] == CELL)
    becomes(lambda: page.evaluate(FIGURE), counted)
