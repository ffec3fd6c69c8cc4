"""Debian's Chromium, without a graphics card and without the internet. A page may not complain and may ask only its own
host: whatever it prints to the console as an error, and every foreign request, fails the test.

Pictures of pages are kept in `.artefacts/pictures`, or where EVERYCELL_PICTURES says, to be looked at."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.fake_service import FakeService, serving

# The shell without windows draws the same pages for half the work.
INSTALLED = [path for name in ("chromium-headless-shell", "chromium") if (path := shutil.which(name))]
CHROMIUM = Path(os.environ.get("EVERYCELL_CHROMIUM") or [*INSTALLED, "/usr/bin/chromium"][0])
# Without a graphics card it draws pages faster by itself than by an emulated one: a picture of a large page takes 1 s
# instead of 4, closing a browser 0.4 s instead of 1.4.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

Open = Callable[..., Page]

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(os.environ.get("EVERYCELL_PICTURES") or ROOT / ".artefacts" / "pictures")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2 AA, and what axe's authors hold good practice beside it.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=20_000)  # a busy machine draws slowly; a page that is right is not slower for it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, until the tests leave this folder: while it is there, nobody else can run an event loop.

    Skipped where Debian's Chromium is missing.
    """
    if not CHROMIUM.exists():
        pytest.skip("Debian's Chromium is not installed")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser for all tests of a worker; each has a context of its own in it."""
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
    yield browser
    browser.close()


class Complaints(list[str]):
    """What pages complained about; a test that expects a refused answer says so by `expect`."""

    def __init__(self) -> None:
        super().__init__()
        self._expected: Counter[int] = Counter()  # status: how often a test has said so
        self._printed: Counter[int] = Counter()
        self._most: dict[int, int] = {}

    def append(self, text: str) -> None:
        for status, most in self._most.items():
            if _is_answer(text, status) and self._printed[status] < most:
                self._printed[status] += 1
                return
        super().append(text)

    def expect(self, status: int, more: int = 1) -> None:
        """The browser has printed an answer of this status, or is about to: the event may come a moment after the page
        has shown it, and `more` may follow. Where none comes, the test fails at its end."""
        seen = [text for text in self if _is_answer(text, status)]
        for text in seen:
            self.remove(text)
        self._printed[status] += len(seen)
        self._expected[status] += 1
        self._most[status] = max(self._printed[status], self._expected[status]) + more

    def all(self) -> list[str]:
        """What is left: complaints that nobody expected, and answers that were expected and never came."""
        missing = self._expected - self._printed
        return [*self, *(f"{number} more answers of status {status}" for status, number in missing.items())]


def _is_answer(text: str, status: int) -> bool:
    return f"status of {status} " in text


@pytest.fixture
def complaints() -> Complaints:
    """What pages complained about."""
    return Complaints()


@pytest.fixture
def open_page(chromium: Browser, complaints: Complaints) -> Iterator[Open]:
    """`open_page(url, width=1280, height=800, ready="yes", token="", motion=False, at="", before="")` opens a page,
    signed in with a token, and waits until it is ready. Without `motion` nothing is animated, as for people who have
    switched it off. With `at` the page's clock says that, and the test may turn it; `before` is a script that runs
    first."""
    context = chromium.new_context(timezone_id="Asia/Shanghai", locale="zh-CN")

    def watched(page: Page, host: str) -> None:
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _foreign(request.url, host, complaints))

    def open_one(
        url: str,
        *,
        width: int = 1280,
        height: int = 800,
        ready: str = "yes",
        token: str = "",
        motion: bool = False,
        at: str = "",
        before: str = "",
    ) -> Page:
        page = context.new_page()
        if at:
            page.clock.install(time=at)
        if before:
            page.add_init_script(before)
        page.emulate_media(reduced_motion="no-preference" if motion else "reduce")
        if token:
            page.set_extra_http_headers({"Authorization": f"Bearer {token}"})
        page.set_viewport_size({"width": width, "height": height})
        watched(page, urlsplit(url).netloc)
        page.goto(url)
        try:
            page.wait_for_selector(f'html[data-ready="{ready}"]', timeout=90_000)
        except PlaywrightTimeout:
            state = page.locator("html").get_attribute("data-ready")
            pytest.fail(f"{url} is not ready but {state}: {complaints}; it says: {page.inner_text('body')[:500]}")
        return page

    yield open_one
    context.close()
    assert complaints.all() == []


@pytest.fixture(scope="package")
def faults() -> Callable[[Page], list[str]]:
    """`faults(page)`: what axe-core finds wrong with a page as it is now: rule, element, what to do about it."""
    source = AXE.read_text("utf-8")

    def find(page: Page) -> list[str]:
        page.evaluate(source)
        tags = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
        found = page.evaluate("(options) => axe.run(document, options)", tags)
        assert len(found["passes"]) > 5, "it has looked"
        return [
            f"{rule['id']}: {node['target']}: {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    return find


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of what a page shows, as NAME-WIDTH.png."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    assert page.viewport_size
    page.screenshot(path=PICTURES / f"{name}-{page.viewport_size['width']}.png")


def keep_figures(name: str, figures: dict[str, float]) -> None:
    """Keep what a long test has measured beside the pictures, as NAME.json."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    rounded = {each: round(figure, 2) for each, figure in figures.items()}
    (PICTURES / f"{name}.json").write_text(json.dumps(rounded, indent=2) + "\n")


def becomes(look: Callable[[], object], wanted: object, seconds: float = 20) -> None:
    """Wait until what is looked at is so: pages and services get there a moment after what was done."""
    until = time.monotonic() + seconds
    while (seen := look()) != wanted and time.monotonic() < until:
        time.sleep(0.05)
    assert seen == wanted


def doors_drawn(page: Page) -> None:
    """Wait until no tile of doors is on its way."""
    expect(page.locator(".map")).not_to_have_attribute("data-doors", "loading")


def list_is(page: Page, waiting: int) -> None:
    """Wait until the list has come to its end and says so many households."""
    expect(page.locator("#list-count")).to_have_text(f"待走访 {waiting:,} 户，等待最久的在前")


def _foreign(url: str, host: str, complaints: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob", "file") and parts.netloc != host:
        complaints.append(f"foreign request: {url}")


@pytest.fixture
def service() -> Iterator[FakeService]:
    """The made-up county behind a small service on `service.address`."""
    made = FakeService()
    with serving(made) as address:
        made.address = address
        yield made
