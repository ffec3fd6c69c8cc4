"""Signing in as a person does: in Chromium, without scripts, on this machine, from another one, and by another site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect

from api.accounts import COOKIE
from api.provider import provider_of
from gis.access.accounts import add_account, add_grant
from gis.access.scope import Grant, Role
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service
from tests.api.identity import CLIENT, SECRET, Identity, identity
from tests.api.signing import PASSWORD, signing
from tests.browser.conftest import ARGUMENTS, CHROMIUM

FOREIGN = "grid.county.example"


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A browser to which this machine has a name besides its address, as it has to others on the network."""
    names = f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1"
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*ARGUMENTS, names])
    yield browser
    browser.close()


@pytest.fixture
def idp() -> Iterator[Identity]:
    """A provider on another site than the service: `localhost` and 127.0.0.1 are two."""
    with identity() as running:
        running.issuer = running.issuer.replace("127.0.0.1", "localhost")
        yield running


@pytest.fixture
def address(store: Store, cluster: Cluster, idp: Identity) -> Iterator[str]:
    provider_of.cache_clear()
    config = Settings(
        home=cluster.home,
        oidc_issuer=idp.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,  # type: ignore[arg-type]
        oidc_mapping={"claim": "groups", "values": {"grid-editors": [["editor", "110101"]]}},  # type: ignore[arg-type]
    )
    with as_service(store) as app, signing(Store(app.engine, config)) as running:
        with store.begin() as conn:
            add_account(conn, "chen", PASSWORD)
            add_grant(conn, "chen", Grant(Role.wall, "110101"))
        yield running


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser profile without scripts: the page needs none."""
    made = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """A page that may complain of nothing but answers of 4xx, and asks the service alone."""
    complaints: list[str] = []
    made = context.new_page()
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    assert [text for text in complaints if "server responded with a status of 4" not in text] == []


def fill_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("用户名").fill("Chen")  # as a telephone begins a word
    page.get_by_label("密码").fill(password)
    page.keyboard.press("Enter")


def test_wrong_then_right_then_out(page: Page, context: BrowserContext, address: str) -> None:
    page.goto(f"{address}/login?next=/me")
    expect(page.get_by_label("用户名")).to_be_focused()
    expect(page.locator("#insecure")).to_have_count(0)
    fill_in(page, "wrong password")
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确。")
    expect(page.get_by_label("密码")).to_have_value("")
    assert context.cookies() == []
    fill_in(page)
    page.wait_for_url(f"{address}/me")
    assert '"who":"account:chen"' in page.inner_text("body")
    [cookie] = context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, True, "Lax")
    assert (cookie["domain"], cookie["path"]) == ("127.0.0.1", "/")
    page.goto(f"{address}/login")
    expect(page.locator("#name")).to_have_text("chen")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{address}/login")
    expect(page.get_by_label("用户名")).to_be_visible()
    assert context.cookies() == []


def test_english(page: Page, address: str) -> None:
    page.goto(f"{address}/login?next=/me")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading")).to_have_text("Sign in")
    page.get_by_label("Sign-in name").fill("chen")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/me")


def test_from_another_machine_over_plain_http(page: Page, context: BrowserContext, address: str) -> None:
    foreign = address.replace("127.0.0.1", FOREIGN)
    page.goto(f"{foreign}/login?next=/me")
    expect(page.locator("#insecure")).to_contain_text("https")
    fill_in(page)
    page.wait_for_url(f"{foreign}/login?next=%2Fme")  # back again: there is no session
    assert context.cookies() == [], "what the page says is true"
    expect(page.locator("#insecure")).to_contain_text("https")


def test_a_form_of_another_site(page: Page, context: BrowserContext, address: str) -> None:
    def evil(route: Route) -> None:
        fields = f'<input name="login" value="chen"><input name="password" value="{PASSWORD}">'
        body = f'<form method="post" action="{address}/login">{fields}<button>Win</button></form>'
        route.fulfill(body=body, content_type="text/html")

    page.route("http://evil.test/*", evil)
    page.goto("http://evil.test/")
    page.get_by_role("button").click()
    page.wait_for_url(f"{address}/login")
    assert "403 not-allowed" in page.inner_text("body")
    assert context.cookies() == []


def test_by_the_account_of_the_organization(page: Page, context: BrowserContext, address: str, idp: Identity) -> None:
    page.goto(f"{address}/login?next=/me")
    assert urlsplit(idp.issuer).hostname != urlsplit(address).hostname
    page.get_by_role("link", name="使用单位统一账号登录").click()
    page.wait_for_url(f"{address}/me")
    assert '"who":"account:li.wei"' in page.inner_text("body")
    assert [cookie["name"] for cookie in context.cookies()] == [COOKIE]


def test_it_fits_a_telephone(page: Page, address: str, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(f"{address}/login")
    for name in ("#login", "#password", "button.primary", "#oidc"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["height"] >= 38, "a finger hits it"
    page.screenshot(path=tmp_path / "login.png")
