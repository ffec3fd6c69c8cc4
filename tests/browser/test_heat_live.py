"""The page of heat against the real service and PostGIS: a county whose figures of a year are published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.app import create_app
from gis.access.scope import ALL
from gis.disputes.categories import Category
from gis.disputes.publication import publish_due
from gis.storage.engine import Store, as_service
from tests.api.conftest import token_of
from tests.api.signing import Browser as Client
from tests.browser.conftest import Open
from tests.browser.running import running
from tests.conftest import Filled
from tests.gis.disputes import counting
from tests.gis.disputes.counting import CELLS, COUNTY, TOWNS

OVER = date(2026, 1, 5)  # all of 2025 is published then
HOT = CELLS[5]


def fill(store: Store) -> None:
    """A county with cases in the first and the last month of a year, many of them in one cell."""
    with store.begin(ALL.settings()) as conn:
        counting.build(conn)
        numbers = {(cell, Category.neighbours): 7 for cell in CELLS[:14]} | {(HOT, Category.neighbours): 60}
        counting.add(conn, date(2025, 1, 1), numbers)
        counting.add(conn, date(2025, 12, 1), {(CELLS[0], Category.land): 8, (CELLS[1], Category.debt): 2})


@pytest.fixture
def store(filled: Filled) -> Iterator[Store]:
    """The county; nothing is published yet."""
    with filled.copy("heat_page", fill) as (store, _):
        yield store


@contextmanager
def served(store: Store) -> Iterator[str]:
    """The service on it."""
    with as_service(store) as service, running(create_app(service)) as address:
        yield address


def counts(address: str, token: str, area: str, level: str, period: str) -> Any:
    """The published row of an area, as anybody who asks the service gets it."""
    with Client(address) as client:
        path = f"/disputes/counts?area={area}&level={level}&period={period}"
        [row] = client.get(path, Accept="application/json", Authorization=f"Bearer {token}").json()["areas"]
        return row


def written(number: int | None) -> str:
    return "<5*" if number is None else f"{number:,}"


def shown(page: Page) -> str:
    return page.locator(".headline strong").inner_text()


def test_what_was_published_is_what_is_seen(store: Store, open_page: Open) -> None:
    token, town = token_of(store, ("admin", "all")), token_of(store, ("wall", TOWNS[0]))
    with served(store) as address:
        page = open_page(f"{address}/maps/heat", token=token)
        expect(page.get_by_role("heading", name="尚未公布数字")).to_be_visible()
        publish_due(store, OVER)
        page.evaluate("everycell.page.freshness.look()")
        expect(page.locator("#month-name")).not_to_have_text("–")
        page.evaluate("everycell.page.timeline.choose('2025-12')")
        expect(page.locator(".headline b")).to_have_text("2025-12")
        expect(page.locator(".map")).to_have_attribute("data-heat", "drawn")
        row = counts(address, token, str(COUNTY), "county", "2025-12")
        assert shown(page) == written(row["total"])
        for code, number in row["categories"].items():
            bar = page.locator("#kinds tr").nth(list(row["categories"]).index(code))
            expect(bar.locator("td").last).to_have_text(written(number))
        tiles = page.locator(".leaflet-heat-pane img")
        assert tiles.count() > 0
        assert tiles.evaluate_all("(all) => all.every((one) => one.complete && one.naturalWidth === 256)")
        assert page.locator("#legend-body .classes li").count() > 1
        expect(page.locator("#datatime")).to_contain_text("空间分布据 2025 年")

        page.get_by_role("tab", name="偏多网格").click()
        page.locator(f'[data-code="{HOT}"]').click()
        cell = counts(address, token, HOT, "cell", "2025")
        expect(page.locator(".headline strong")).to_have_text(written(cell["total"]))
        expect(page.locator(".headline b")).to_have_text("2025 年")

        # Somebody of one town sees its figures, by quarter as they are published, and nothing that begins above it.
        page = open_page(f"{address}/maps/heat", token=town)
        expect(page.locator("#month-name")).to_have_text("2025Q4")
        expect(page.locator(".map")).to_have_attribute("data-heat", "drawn")
        expect(page.locator("#crumbs li")).to_have_count(1)
        expect(page.locator(".headline b")).to_have_text("2025 年第 4 季度")
        assert shown(page) == written(counts(address, town, TOWNS[0], "town", "2025Q4")["total"])
        seen = page.evaluate("everycell.page.drawing.shapes.cell.shapes.map(({ code }) => code)")
        assert sorted(seen) == sorted(code for code in CELLS if code.startswith(TOWNS[0]))
