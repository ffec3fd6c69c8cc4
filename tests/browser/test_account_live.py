"""The coverage page as accounts with different roles and areas see it, on the real service and PostGIS. An answer of
401 or 403 is an error in the console: a test that expects none fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from api.app import create_app
from gis.access.accounts import add_account, add_grant
from gis.access.scope import RIGHTS, Grant, Right, Role
from gis.storage.engine import as_service
from tests.api.signing import PASSWORD
from tests.browser.conftest import becomes, doors_drawn
from tests.browser.running import running
from tests.browser.test_coverage_live import Live, fill, live_of
from tests.conftest import Filled

LOGIN = "chen"


@pytest.fixture
def live(filled: Filled) -> Iterator[Live]:
    """The service over a small generated county, with an account that has no grant."""
    with filled.copy("generated", fill) as (store, _):
        with store.begin() as conn:
            add_account(conn, LOGIN, PASSWORD)
        with as_service(store) as service, running(create_app(service)) as address:
            yield live_of(store, address)


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    context = chromium.new_context(timezone_id="Asia/Shanghai", locale="zh-CN")
    made = context.new_page()
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    context.close()
    assert complaints == []


def areas_of(live: Live) -> dict[str, str]:
    """Two villages and the areas above the first, by the names that the tests use."""
    villages = sorted({one.cell[:12] for one in live.waiting(live.county)})
    first, *_, other = villages
    return {"all": "", "county": live.county, "town": first[:9], "village": first, "other": other}


def grant(live: Live, *grants: tuple[Role, str]) -> None:
    with live.store.begin() as conn:
        for role, area in grants:
            add_grant(conn, LOGIN, Grant(role, areas_of(live)[area]))


def sign_in(page: Page) -> None:
    page.get_by_label("用户名").fill(LOGIN)
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")


CASES = [
    [(Role.wall, "all")],
    [(Role.operator, "county")],
    [(Role.editor, "village")],
    [(Role.operator, "village"), (Role.operator, "other")],
]
MORE = [
    [(Role.wall, "county"), (Role.operator, "village")],
    [(Role.wall, "village")],
    [(Role.operator, "all")],
    [(Role.patrol_leader, "town")],
    [(Role.editor, "county"), (Role.operator, "village"), (Role.operator, "other")],
]


@pytest.mark.parametrize(
    "grants",
    [*CASES, *(pytest.param(grants, marks=pytest.mark.slow) for grants in MORE)],
    ids=lambda grants: "+".join(f"{role}-{area}" for role, area in grants),
)
def test_no_account_is_led_to_what_it_may_not(live: Live, page: Page, grants: list[tuple[Role, str]]) -> None:
    grant(live, *grants)
    where = areas_of(live)
    rights = frozenset[Right]().union(*(RIGHTS[role] for role, _ in grants))
    page.goto(f"{live.address}/login?next=/maps/coverage")
    sign_in(page)
    expect(page.locator(".headline strong")).to_be_visible()
    _walk_down(page, where["village"])
    doors_drawn(page)
    page.get_by_role("combobox").first.fill(where["village"][:6])
    expect(page.locator("#found li").first).to_be_visible()
    page.keyboard.press("Escape")
    page.evaluate("everycell.page.refresh()")
    if Right.visits in rights:
        page.locator(".row .record").first.click()
        page.locator("#record input").fill("A1")
        page.get_by_role("button", name="见到", exact=True).click()
        expect(page.locator(".notice.good")).to_contain_text("已记录")
    else:
        assert page.locator(".record").count() == 0
    expect(page.locator(".notice.bad")).to_have_count(0)


def _walk_down(page: Page, village: str) -> None:
    """From the top to a cell of a village, with the list open where there is one."""
    if page.locator("#tab-list").count():
        page.locator("#tab-list").click()
        expect(page.locator("#list-count")).to_contain_text("待走访")
    cell: str = page.evaluate(
        "prefix => everycell.page.figures.inside(prefix).find(({ figures }) => figures.known > figures.reached).code",
        village,
    )
    for digits in (9, 12, 15):
        page.evaluate("code => everycell.page.select(code, true)", cell[:digits])
    if page.locator("#tab-list").count():
        expect(page.locator(".row").first).to_be_visible()


def test_session_ends_and_the_visit_is_recorded_after_signing_in_again(
    live: Live, page: Page, complaints: list[str]
) -> None:
    grant(live, (Role.operator, "town"))
    page.goto(f"{live.address}/login?next=/maps/coverage")
    sign_in(page)
    _walk_down(page, areas_of(live)["village"])
    here = page.evaluate("everycell.page.area")
    with live.store.begin() as conn:
        conn.execute(text("DELETE FROM everycell.session"))
    page.locator(".row .record").first.click()
    page.locator("#record input").fill("A1")
    page.get_by_role("button", name="见到", exact=True).click()
    page.get_by_role("button", name="重新登录").click()
    sign_in(page)
    becomes(lambda: page.evaluate("everycell.page.area"), here)
    page.get_by_role("button", name="重新发送").click()
    expect(page.locator(".notice.good")).to_contain_text("已记录")
    with live.store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM everycell.visit WHERE team = 'A1'")).scalar_one() == 1
    assert complaints
    assert all("status of 401" in one for one in complaints)
    complaints.clear()
    page.locator("#account summary").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_label("用户名")).to_be_visible()
    assert page.context.cookies() == []
