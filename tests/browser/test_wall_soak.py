"""Half an hour on the wall at twenty times the events of a busy day: on time, quiet, and no larger at its end."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from itertools import count, pairwise

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open, keep_figures
from tests.browser.fake_service import FakeService
from tests.browser.test_wall_page import url

pytestmark = pytest.mark.slow

MINUTES = float(os.environ.get("EVERYCELL_SOAK_MINUTES", "30"))
WARM_S = 90  # until everything that is kept is there
DWELL_S = 10
EVENTS_PER_S = 4  # 5,000 visits in eight hours, twenty times over
WATCH = """() => {
    window.turns = [];
    const turned = () => {
        const { scene } = document.body.dataset;
        if (scene !== window.turns.at(-1)?.[1]) window.turns.push([performance.now(), scene]);
    };
    new MutationObserver(turned)
        .observe(document.body, { attributes: true, attributeFilter: ["data-scene"] });
}"""


def heap_mb(page: Page) -> float:
    """JavaScript's memory, without what nobody needs any more."""
    wire = page.context.new_cdp_session(page)
    for _ in range(2):
        wire.send("HeapProfiler.collectGarbage")
    used: float = wire.send("Runtime.getHeapUsage")["usedSize"]
    wire.detach()
    return used / 1e6


def test_half_an_hour_at_twenty_times_the_events(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, dwell_s=DWELL_S), width=1280, height=720)
    page.evaluate(WATCH)
    begun, first = time.monotonic(), 0.0
    for number, gone in enumerate(busy_day(service, page, begun)):
        if not first and gone > WARM_S:
            first = heap_mb(page)
        if number % EVENTS_PER_S == 0 and gone > max(2 * WARM_S, MINUTES * 60):
            break
    last = heap_mb(page)
    turns = [at for at, _ in page.evaluate("window.turns")]
    between = [later - sooner for sooner, later in pairwise(turns)]
    figures = {"minutes": gone / 60, "events": number, "turns": len(turns), "shortest_s": min(between) / 1000}
    figures |= {"longest_s": max(between) / 1000, "heap_mb_first": first, "heap_mb_last": last}
    keep_figures("wall-soak", figures)
    assert last < first * 1.1, f"{first:.1f} MB, and {last:.1f} MB at the end"
    assert len(turns) >= gone / DWELL_S - 2
    assert max(between) < (DWELL_S + 3) * 1000
    assert min(between) > (DWELL_S - 1) * 1000
    assert page.locator("body").get_attribute("data-age") == "live"


def busy_day(service: FakeService, page: Page, begun: float) -> Iterator[float]:
    """Tell the wall of one visit after the other, and now and then of all else; yields how many seconds have gone."""
    codes = [area.code for area in service.county.figures if area.known]
    chance = random.Random(1)
    others = {"board": 10, "alarms": 60, "case_figures": 600, "grid": 300}  # every so many seconds
    for number in count(1):
        service.wall.tell("coverage", cells=[[chance.choice(codes), 30, chance.randrange(30), 2, 5, 3]])
        for event, every in others.items():
            if number % (every * EVENTS_PER_S) == 0:
                service.wall.tell(event, county=621102)
        if number % (5 * EVENTS_PER_S) == 0:
            service.wall.beat(5)
        if number % (900 * EVENTS_PER_S) == 0:
            service.wall.reset("slow")
        gone = time.monotonic() - begun
        page.wait_for_timeout(max(0.0, 1000 * (number / EVENTS_PER_S - gone)))
        yield gone
