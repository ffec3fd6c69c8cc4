"""The wall in a browser: how soon there is a picture, how smoothly it moves, how much it loads.

`./run bench wall_page [--households N] [--quick] [--fresh]`. A generated county in a cluster of its own, served by one
process; Debian's Chromium without a graphics card, so that all is drawn by the processor, at 1920 x 1080.

- first_picture_s: from opening the address of a wall, with a browser that has kept nothing, until cells stand coloured
  on the map with their figures beside it; again_s: the same with what the browser has kept
- loaded_mb: what came over the wire until then, tiles of streets excepted; requests: how many
- pan_fps_15, _16, _17: frames a second while the map moves by half a view at a zoom, what is drawn anew at the end
  included, the median of three times; pan_worst_ms_*: the longest frame
- event_to_screen_p50_s: from the answer to a visit until its figure is in the panel
- heap_mb: JavaScript's memory with the picture
"""

from __future__ import annotations

import statistics
import time

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
# Frame times of pans across half the view, what is drawn anew at their end included: [[milliseconds]].
PAN = """async (zoom) => {
    const { map } = everycell.page;
    map.setZoom(zoom, { animate: false });
    const found = [];
    for (const way of [1, -1, 1]) {
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
            finish("wall_page", measure(browser, store, base))
            browser.close()


def measure(browser: Browser, store: Store, base: str) -> dict[str, float]:
    """All of it, one after the other."""
    # Counted from today on, so that every visit is a new figure.
    address = f"{base}/wall?scenes=coverage&since={today_in(store.settings)}&token={token_of(store, ('wall', 'all'))}"
    browser.new_context().new_page().goto(f"{base}/login")  # the browser itself has started
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    received = listen(wire)
    say("the first picture")
    figures = {"first_picture_s": opened(page, address)}
    figures["loaded_mb"] = sum(received.values()) / 1e6
    figures["requests"] = len(received)
    figures["again_s"] = opened(page, address)
    for zoom in ZOOMS:
        say(f"zoom {zoom}")
        pans = page.evaluate(PAN, zoom)
        figures[f"pan_fps_{zoom}"] = statistics.median(1000 * len(times) / sum(times) for times in pans)
        figures[f"pan_worst_ms_{zoom}"] = max(max(times) for times in pans)
    say("visits")
    page.evaluate("everycell.page.map.setZoom(12, { animate: false }) && null")
    figures["event_to_screen_p50_s"] = statistics.median(followed(page, store, base))
    wire.send("HeapProfiler.collectGarbage")
    figures["heap_mb"] = wire.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    return figures


def listen(wire: CDPSession) -> dict[str, float]:
    """Bytes over the wire by request, tiles and streams excepted."""
    addresses: dict[str, str] = {}
    received: dict[str, float] = {}
    wire.send("Network.enable")
    wire.on("Network.requestWillBeSent", lambda told: addresses.update({told["requestId"]: told["request"]["url"]}))

    def finished(told: dict[str, float | str]) -> None:
        address = addresses.get(str(told["requestId"]), "")
        if "/tiles/" not in address and "/events" not in address:
            received[f"{told['requestId']} {address}"] = float(told["encodedDataLength"])

    wire.on("Network.loadingFinished", finished)
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
