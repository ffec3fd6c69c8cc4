"""The wall in a browser: how soon there is a picture, how smoothly it moves, how much it loads.

`./run bench wall_page [--households N] [--quick] [--fresh]`. A generated county in a cluster of its own, served by one
process; Debian's Chromium without a graphics card, so that all is drawn by the processor (software rendering), at
1920 x 1080. Each answer is listed with the bytes that came over the wire for it, headers included.

- first_picture_s: from opening the address of a wall, with a browser that has kept nothing, until cells stand coloured
  on the map with their figures beside it; cold_picture_s: the same of a service that has just started and kept nothing
  either; again_s: with what the browser has kept
- page_weight_mb: what came over the wire for that and in the two seconds after it, tiles and the stream of events
  excepted; requests: how many
- frames_per_s_z15, _z16, _z17: frames while the map moves by half a view in two seconds, what is drawn anew at the end
  included, the median of five times; worst_frame_ms_*: the longest frame of all
- event_to_screen_p50_s: from the answer to a visit until its figure is in the panel
- heap_mb: JavaScript's memory with the picture

Frames are those that the page is asked for (requestAnimationFrame). By Chromium's own trace (`viz`,
SoftwareRenderer::SwapBuffers) at zoom 15 about as many were put on the screen in the same pans.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench._ground import ensure_county, finish, options, own_store, say
from bench.http import visit_of
from bench.wall import places_of, serving
from gis.households.coverage import today_in
from gis.storage.engine import Store
from tests.api.conftest import token_of
from tests.browser.conftest import ARGUMENTS, CHROMIUM

WIDTH, HEIGHT = 1920, 1080
ZOOMS = (15, 16, 17)
VISITS = 20
# What issue 7 asks for, with a million households: at most, or at least.
LIMITS: Final[Mapping[str, tuple[str, float]]] = {
    "first_picture_s": ("at most", 2),
    "page_weight_mb": ("at most", 1.5),
    **{f"frames_per_s_z{zoom}": ("at least", 30.0) for zoom in ZOOMS},
}
# Frame times of pans across half the view, what is drawn anew at their end included: [[milliseconds]].
PAN = """async (zoom) => {
    const { map } = everycell.page;
    map.setZoom(zoom, { animate: false });
    const found = [];
    for (const way of [1, -1, 1, -1, 1]) {
        await new Promise((soon) => setTimeout(soon, 1500));
        const times = [];
        let last = null;
        let on = true;
        const tick = (now) => {
            if (last !== null) times.push(now - last);
            last = now;
            if (on) requestAnimationFrame(tick);
        };
        requestAnimationFrame(tick);
        const ended = new Promise((resolve) => map.once("moveend", resolve));
        map.panBy([(way * map.getSize().x) / 2, 0], { duration: 2, easeLinearity: 1 });
        await ended;
        await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
        on = false;
        found.push(times);
    }
    return found;
}"""


def main() -> None:
    chosen = options(__doc__ or "", households=1_000_000, quick=60_000)
    with own_store(f"http-{chosen.households}", fresh=chosen.fresh) as (store, home):
        ensure_county(store, chosen.households, 1.0)
        with serving(home) as (base, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            figures = measure(browser, store, base)
            browser.close()
    print(f"{chosen.households:,} households, software rendering, {WIDTH} x {HEIGHT}")
    for name, (bound, limit) in LIMITS.items():
        print(f"{name:28} {figures[name]:>10,.3f}, {bound} {limit:g}: {figures[name] / limit:.2f} of it")
    finish("wall_page", figures)


def measure(browser: Browser, store: Store, base: str) -> dict[str, float]:
    """All of it, one after the other."""
    # Counted from today on, so that every visit is a new figure.
    token = token_of(store, ("wall", "all"))
    address = f"{base}/wall?dwell_s=3600&since={today_in(store.settings)}&token={token}"
    browser.new_context().new_page().goto(f"{base}/login")  # the browser itself has started
    say("the first picture")
    figures = {"cold_picture_s": opened(fresh_page(browser), address)}
    page = fresh_page(browser)
    wire = page.context.new_cdp_session(page)
    received = listen(wire)
    figures["first_picture_s"] = opened(page, address)
    page.wait_for_timeout(2_000)  # what stands beside the map comes after it
    for one in sorted(received.values(), key=lambda one: -one.sent):
        print(f"{one.sent / 1000:10,.1f} kB {one.encoding:8} {one.address.removeprefix(base).partition('?')[0]}")
    figures["page_weight_mb"] = sum(one.sent for one in received.values()) / 1e6
    figures["requests"] = len(received)
    figures["again_s"] = opened(page, address)
    for zoom in ZOOMS:
        say(f"zoom {zoom}")
        pans = page.evaluate(PAN, zoom)
        figures[f"frames_per_s_z{zoom}"] = statistics.median(1000 * len(times) / sum(times) for times in pans)
        figures[f"worst_frame_ms_z{zoom}"] = max(max(times) for times in pans)
    say("visits")
    page.evaluate("everycell.page.map.setZoom(12, { animate: false }) && null")
    figures["event_to_screen_p50_s"] = statistics.median(followed(page, store, base))
    wire.send("HeapProfiler.collectGarbage")
    figures["heap_mb"] = wire.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    return figures


def fresh_page(browser: Browser) -> Page:
    """A page of a browser that has kept nothing."""
    return browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}).new_page()


@dataclass
class Answer:
    """An answer as it came over the wire; `sent` are bytes, headers included."""

    address: str
    encoding: str = ""
    sent: float = 0


def listen(wire: CDPSession) -> dict[str, Answer]:
    """Answers by request, tiles and streams excepted."""
    asked: dict[str, Answer] = {}
    received: dict[str, Answer] = {}
    wire.send("Network.enable")

    def requested(told: dict[str, Any]) -> None:
        if "redirectResponse" in told:
            came(told["requestId"], told["redirectResponse"]["encodedDataLength"])
        asked[told["requestId"]] = Answer(told["request"]["url"])

    def answered(told: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in told["response"]["headers"].items()}
        asked[told["requestId"]].encoding = headers.get("content-encoding", "")

    def came(request: str, sent: float) -> None:
        one = asked.pop(request, Answer("of a worker"))
        if "/tiles/" not in one.address and "/events" not in one.address and one.address.startswith("http"):
            one.sent = sent
            received[f"{request} {one.address}"] = one

    wire.on("Network.requestWillBeSent", requested)
    wire.on("Network.responseReceived", answered)
    wire.on("Network.loadingFinished", lambda told: came(told["requestId"], told["encodedDataLength"]))
    return received


def opened(page: Page, address: str) -> float:
    """Seconds until the picture is there."""
    begun = time.perf_counter()
    page.goto(address)
    page.wait_for_selector('html[data-ready="yes"]', timeout=120_000)
    page.evaluate("() => new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)))")
    return time.perf_counter() - begun


def followed(page: Page, store: Store, base: str) -> list[float]:
    """Seconds from the answer to a visit until the panel has its figure, visit after visit."""
    signed = {"Authorization": f"Bearer {token_of(store, ('operator', 'all'))}"}
    homes = [codes[0] for _, codes in places_of(store)[:VISITS]]
    found = []
    for one in homes:
        before = page.locator(".headline b").inner_text()
        page.context.request.post(f"{base}/visits", data=[visit_of(one)], headers=signed)
        begun = time.perf_counter()
        page.wait_for_function(
            "(before) => document.querySelector('.headline b').innerText !== before", arg=before, timeout=30_000
        )
        found.append(time.perf_counter() - begun)
    return found


if __name__ == "__main__":
    main()
