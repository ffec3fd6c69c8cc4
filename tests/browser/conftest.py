"""Debian's Chromium, without a graphics card and without the internet. A page may not complain and may ask only its own
host: whatever it prints to the console as an error, and every foreign request, fails the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.fake_service import FakeService, serving

CHROMIUM = Path(os.environ.get("EVERYCELL_CHROMIUM") or "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"]

Open = Callable[..., Page]

expect.set_options(timeout=20_000)  # a busy machine draws slowly; a page that is right is not slower for it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module of tests; skipped where Debian's Chromium is missing."""
    if not CHROMIUM.exists():
        pytest.skip("Debian's Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What pages complained about; a test that expects a complaint takes it out."""
    return []


@pytest.fixture
def open_page(chromium: Browser, complaints: list[str]) -> Iterator[Open]:
    """`open_page(url, width=1280, height=800, ready="yes")` opens a page and waits until it is ready."""
    context = chromium.new_context(timezone_id="Asia/Shanghai", locale="zh-CN")

    def watched(page: Page, host: str) -> None:
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _foreign(request.url, host, complaints))

    def open_one(url: str, *, width: int = 1280, height: int = 800, ready: str = "yes") -> Page:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        watched(page, urlsplit(url).netloc)
        page.goto(url)
        try:
            page.wait_for_selector(f'html[data-ready="{ready}"]', timeout=30_000)
        except PlaywrightTimeout:
            state = page.locator("html").get_attribute("data-ready")
            pytest.fail(f"{url} is not ready but {state}: {complaints}; it says: {page.inner_text('body')[:500]}")
        return page

    yield open_one
    context.close()
    assert complaints == []


def doors_drawn(page: Page) -> None:
    """Wait until no tile of doors is on its way."""
    expect(page.locator(".map")).not_to_have_attribute("data-doors", "loading")


def list_is(page: Page, waiting: int) -> None:
    """Wait until the list has come to its end and says so many households."""
    expect(page.locator("#list-count")).to_have_text(f"待走访 {waiting:,} 户,等待最久的在前")


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
