"""A village of the generated county cut anew and balanced, from the button to the published grid, on a real service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from api.app import create_app
from gis.households.check import check
from gis.storage.engine import Store, as_service
from tests.api.conftest import token_of
from tests.browser.conftest import Open
from tests.browser.editing import settled, steps, tool
from tests.browser.running import running
from tests.browser.test_coverage_live import fill
from tests.conftest import Filled

PATIENCE_MS = 90_000  # a proposal may take a minute


@pytest.fixture
def store(filled: Filled) -> Iterator[Store]:
    with filled.copy("generated", fill) as (store, _):
        yield store


@pytest.fixture
def page(store: Store, open_page: Open) -> Iterator[Page]:
    """The editor on the county."""
    with as_service(store) as service, running(create_app(service)) as address:
        yield open_page(f"{address}/maps/edit", width=1700, height=1200, token=token_of(store, ("editor", "all")))


def households_of(store: Store, village: str) -> dict[str, int]:
    """Households of each live cell of a village."""
    counted = text(
        "SELECT c.code, count(h.code) FROM everycell.cell AS c"
        " LEFT JOIN everycell.household AS h ON h.county = c.county AND h.cell = c.code AND h.status = 'active'"
        " WHERE c.village = :village AND c.retired_on IS NULL AND c.kind = 'general' GROUP BY 1 ORDER BY 1"
    )
    with store.read() as conn:
        return {str(code): int(number) for code, number in conn.execute(counted, {"village": village})}


def largest_village(store: Store) -> str:
    most = text("SELECT left(cell, 12) FROM everycell.household GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
    with store.read() as conn:
        return str(conn.execute(most).scalar_one())


def ask(page: Page, village: str, kind: str, least: int, most: int) -> dict[str, int]:
    """Ask for a proposal; households of each cell as the panel tells them."""
    tool(page, "g")
    form = page.locator(".proposal")
    form.locator("[name=village]").select_option(village)
    form.locator("[name=least]").fill(str(least))
    form.locator("[name=most]").fill(str(most))
    form.locator(f"[name=kind][value={kind}]").check()
    form.get_by_role("button", name="提出方案").click()
    expect(page.locator(".proposed li").first).to_be_visible(timeout=PATIENCE_MS)
    settled(page)
    rows = page.locator(".proposed li").all_inner_texts()
    parts = [row.split() for row in rows]
    return {village + code: int(number.replace(",", "")) for code, number, *_ in parts}


def publish(page: Page) -> None:
    page.locator("#publish").click()
    page.locator("#impact .primary").click()
    expect(page.locator(".notice.good").last).to_contain_text("已发布")


@pytest.mark.parametrize("kind", ["cut", pytest.param("rebalance", marks=pytest.mark.slow)])
def test_village_is_cut_or_balanced_and_published(store: Store, page: Page, kind: str) -> None:
    village = largest_village(store)
    before = households_of(store, village)
    total = sum(before.values())
    told = ask(page, village, kind, total // 6, total // 4)
    steps(page, 1)
    assert sum(told.values()) == total
    assert told != before
    if kind == "cut":
        assert not told.keys() & before.keys()
    assert page.locator(".proposal .meter dd").nth(1).inner_text().endswith("%")
    assert households_of(store, village) == before  # a draft changes nothing
    publish(page)
    assert households_of(store, village) == told
    with store.read() as conn:
        assert list(check(conn, store.settings)) == []
