"""What hands do in the editor, for its tests: places of the map clicked and dragged, and what the panel says."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

Place = tuple[float, float]  # lat, lon


def at(page: Page, place: Place) -> tuple[float, float]:
    """Where on the screen a place of the map lies."""
    point = page.evaluate("([lat, lon]) => everycell.page.map.latLngToContainerPoint([lat, lon])", list(place))
    box = page.locator(".map").bounding_box()
    assert box
    return box["x"] + point["x"], box["y"] + point["y"]


def click_at(page: Page, place: Place, *modifiers: str) -> None:
    """Click a place of the map, with keys held."""
    for key in modifiers:
        page.keyboard.down(key)
    page.mouse.move(*at(page, place))
    page.mouse.click(*at(page, place))
    for key in modifiers:
        page.keyboard.up(key)


def hover(page: Page, place: Place) -> None:
    """Move the pointer over a place of the map, the last bit slowly."""
    x, y = at(page, place)
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y, steps=3)


def grab(page: Page, start: Place, end: Place) -> None:
    """Take hold of something at `start` and drag it to `end`, without letting go."""
    hover(page, start)
    page.mouse.down()
    page.mouse.move(*at(page, end), steps=8)


def drag(page: Page, start: Place, end: Place) -> None:
    """Drag from place to place."""
    grab(page, start, end)
    page.mouse.up()


def tool(page: Page, key: str) -> None:
    """Take a tool by its key."""
    page.keyboard.press(key)
    expect(page.locator(f"#tools [aria-keyshortcuts={key.upper()}]")).to_have_attribute("aria-pressed", "true")


def choose(page: Page, place: Place) -> None:
    """Click a cell and wait until the panel shows it."""
    click_at(page, place)
    expect(page.locator("#hand .meter")).to_be_visible()


def steps(page: Page, number: int) -> None:
    """Wait until the draft has so many steps, and nothing is on its way."""
    expect(page.locator("#draft-steps")).to_have_text(f"{number} 步")
    settled(page)


def settled(page: Page) -> None:
    """Wait until the service is asked nothing."""
    expect(page.locator("html")).not_to_have_class(re.compile("busy"))


def refused(page: Page) -> Locator:
    """Wait for an error in the list of issues; the list's rows of errors."""
    rows = page.locator("#issues .error")
    expect(rows.first).to_be_visible()
    return rows
