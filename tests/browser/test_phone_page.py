"""The page of a link against a small service: ticks that wait, are taken back, refused, sent once; links that end."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from maps.csp import policy
from tests.browser.fake_phone import TOKEN, FakePatrol, make_app
from tests.browser.running import running


@pytest.fixture
def service() -> Iterator[tuple[FakePatrol, str]]:
    made = FakePatrol(stops=6, note='<img src=x onerror="1">')
    with running(make_app(made)) as address:
        yield made, address


@pytest.fixture
def device(chromium: Browser) -> Iterator[BrowserContext]:
    """A small touch screen. The page may not break its policy, fail, or ask anybody but its service."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="zh-CN"
    )
    wrong: list[str] = []
    hosts: set[str] = set()

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))

    context.on("page", watch)
    yield context
    context.close()
    assert wrong == []
    assert len(hosts) == 1


def _open(device: BrowserContext, address: str, token: str = TOKEN, lang: str = "") -> Page:
    page = device.new_page()
    page.goto(f"{address}/p/{token}{lang}")
    page.wait_for_selector('html[data-ready="yes"]')
    return page


def _sent(page: Page, words: str = "已全部发送") -> None:
    page.locator("#sync").tap()
    expect(page.locator("#sync")).to_have_text(words)


def test_ticks_wait_are_taken_back_and_arrive_once(service: tuple[FakePatrol, str], device: BrowserContext) -> None:
    patrol, address = service
    page = _open(device, address)
    page.wait_for_selector('html[data-offline="yes"]')
    assert page.locator("img").count() == 0, "names are text"
    first, second, third = patrol.stops[:3]

    # A building: each unit for itself, what is left at once; the last of them leads on.
    page.locator(f'[data-unit="{first["units"][0]["code"]}"] .reached').tap()
    expect(page.locator(".card")).to_have_attribute("data-state", "partly")
    page.locator("#buttons .no_answer").tap()
    expect(page.locator(".card")).to_have_attribute("data-key", second["key"])

    # Taken back before it is sent, it never leaves.
    page.locator("#buttons .reached").tap()
    expect(page.locator(".card")).to_have_attribute("data-key", third["key"])
    page.locator(".toast button").tap()
    expect(page.locator(".toast")).to_contain_text("已撤销")
    expect(page.locator(".card")).to_have_attribute("data-key", second["key"])
    expect(page.locator("#sync")).to_have_text("2 条未发送")

    # The service has trouble, then takes it and its answer is lost: sent again, nothing counts twice.
    patrol.trouble = 503
    page.locator("#sync").tap()
    expect(page.locator("#banner")).to_contain_text("服务暂时有问题")
    patrol.trouble = None
    patrol.lost = True
    page.locator("#sync").tap()
    expect(page.locator("#day")).to_have_text("无网络")
    assert len(patrol.ticks) == 2
    patrol.lost = False
    _sent(page)
    assert len(patrol.batches) > 1
    assert len(patrol.ticks) == 2
    assert sum(len(tick["households"]) for tick in patrol.ticks.values()) == len(first["units"])
    assert {key for tick in patrol.ticks.values() for key in tick} == {
        "id", "stop", "outcome", "ticked_at", "households",
    }, "no place, no word"  # fmt: skip

    # What the service does not take is told at its stop; a later tick replaces what is shown.
    patrol.refuse = {second["key"]: "too late"}
    page.locator("#buttons .skipped").tap()
    page.locator("#sync").tap()
    page.locator("#before").tap()
    expect(page.locator(".refused")).to_have_text("未被接收：too late")
    patrol.refuse = {}
    page.locator("#buttons .no_answer").tap()
    page.locator("#before").tap()
    expect(page.locator(".card")).to_have_attribute("data-state", "no_answer")
    page.locator("#buttons .reached").tap()
    page.locator("#before").tap()
    expect(page.locator(".card")).to_have_attribute("data-state", "reached")
    _sent(page)

    # The plan has changed: the new order, and what was ticked stays.
    route = patrol.plan["teams"][0]["route"]
    patrol.stops.reverse()
    route["legs"].reverse()
    patrol.version += 1
    page.reload()
    page.wait_for_selector('html[data-ready="yes"]')
    page.locator("#show-list").tap()
    expect(page.locator("#list li").last.locator(".badge")).to_have_class("badge doorplate reached")
    expect(page.locator("#list li").first).to_contain_text(patrol.stops[0]["address"] or patrol.stops[0]["name"])
    page.locator("#show-map").tap()
    expect(page.locator("#map .mark.reached")).to_have_count(2)
    expect(page.locator("#map .street.c1")).to_have_count(1)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_a_link_that_is_over_keeps_ticks_for_the_next_one(
    service: tuple[FakePatrol, str], device: BrowserContext
) -> None:
    patrol, address = service
    page = _open(device, address, lang="?lang=en")
    page.wait_for_selector('html[data-offline="yes"]')
    page.locator("#after").tap()
    device.set_offline(True)
    page.locator("#buttons .reached").tap()
    expect(page.locator("#sync")).to_have_text("1 not yet sent")
    page.goto(f"{address}/p/{TOKEN}?lang=en")
    page.wait_for_selector('html[data-ready="yes"]')
    expect(page.locator("#sync")).to_have_text("1 not yet sent")
    patrol.token = "b" * 43
    device.set_offline(False)
    expect(page.locator("#banner")).to_contain_text("This link is over. Ticks are kept here")
    page.close()
    assert patrol.ticks == {}

    page = _open(device, address, "c" * 43, "?lang=en")
    expect(page.locator("#nothing")).to_contain_text("This link is over.")
    expect(page.locator("#nothing")).to_contain_text("1 ticks are kept here")
    page.close()

    page = _open(device, address, patrol.token, "?lang=en")
    _sent(page, "All sent")
    assert [tick["stop"] for tick in patrol.ticks.values()] == [patrol.stops[1]["key"]]
    expect(page.locator("#count")).to_have_text("1 / 6")


def test_what_is_kept_of_the_page_runs_under_its_own_policy(
    service: tuple[FakePatrol, str], device: BrowserContext
) -> None:
    patrol, address = service
    page = _open(device, address)
    page.wait_for_selector('html[data-offline="yes"]')
    kept = page.evaluate(
        """async () => {
            const cache = await caches.open("everycell-patrol-1");
            const page = await cache.match(location.origin + location.pathname);
            return [page.headers.get("Content-Security-Policy"), await page.text(), (await cache.keys()).length];
        }"""
    )
    nonce = kept[0].split("'nonce-")[1].split("'")[0]
    assert kept[0] == policy(nonce, installable=True)
    assert kept[1].count(f'nonce="{nonce}"') == kept[1].count("<script") + kept[1].count("<link") - kept[1].count(
        "</style>"
    )
    assert kept[2] > 8
    found = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((answer) => answer.json())")
    assert found["start_url"] == f"/p/{TOKEN}"
    assert found["scope"] == "/p/"
    assert patrol.reads >= 1
