"""Where a view lies: nothing of the area under the legend, the buttons or the panel, and no doors seen from afar."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from maps.households import coverage_file
from tests.browser.conftest import Open, becomes, doors_drawn
from tests.browser.fake_service import FakeService
from tests.browser.test_coverage_page import CELL, url
from tests.maps import fake

# Vertices of the chosen cells that lie under something, or outside of the map: [x, y, what].
HIDDEN = """(prefix) => {
    const { map, cells } = everycell.page;
    const frame = map.getContainer().getBoundingClientRect();
    const over = [...document.querySelectorAll("#legend, #datatime, #panel, .leaflet-control")]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }))
        .map((element) => [element.id || element.className, element.getBoundingClientRect()]);
    const within = (x, y, box) => x > box.left && x < box.right && y > box.top && y < box.bottom;
    return [...cells.layers]
        .filter(([code]) => code.startsWith(prefix))
        .flatMap(([, { layer }]) => layer.getLatLngs().flat(2))
        .map((latLng) => map.latLngToContainerPoint(latLng))
        .map(({ x, y }) => [x + frame.left, y + frame.top])
        .flatMap(([x, y]) => [
            ...over.filter(([, box]) => within(x, y, box)).map(([name]) => [x, y, name]),
            ...(within(x, y, frame) ? [] : [[x, y, "outside"]]),
        ]);
}"""

SCREENS = [(1280, 800), (3840, 2160), (390, 844), (1024, 600)]
# Drawing so many pixels without a graphics card takes its time: one test does it every day.
SOME_SCREENS = [pytest.param(*size, marks=pytest.mark.slow) if size[0] > 2000 else size for size in SCREENS]


def hidden(page: Page, area: str = "") -> list[list[object]]:
    found: list[list[object]] = page.evaluate(HIDDEN, area)
    return found


@pytest.mark.parametrize(("width", "height"), SOME_SCREENS)
@pytest.mark.parametrize("area", ["", CELL[:12], CELL])
def test_opening_view_is_clear(service: FakeService, open_page: Open, width: int, height: int, area: str) -> None:
    page = open_page(url(service, area=area), width=width, height=height)
    assert hidden(page, area) == []
    size = page.evaluate("everycell.page.map.getSize()")
    spans = page.evaluate(
        """(prefix) => {
            const { map, cells } = everycell.page;
            const all = cells.areas(prefix).reduce((one, other) => one.extend(other), L.latLngBounds([]));
            const [a, b] = [all.getNorthWest(), all.getSouthEast()].map((at) => map.latLngToContainerPoint(at));
            return [b.x - a.x, b.y - a.y];
        }""",
        area,
    )
    closest = page.evaluate("everycell.page.map.getZoom()") == 17
    assert closest or max(spans[0] / size["x"], spans[1] / size["y"]) > 0.3


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_standalone_file_opens_clear(open_page: Open, tmp_path: Path, width: int, height: int) -> None:
    file = tmp_path / "coverage.html"
    file.write_text(coverage_file(fake.coverage_file_content(lang="zh")), "utf-8")
    assert hidden(open_page(file.as_uri(), width=width, height=height)) == []


def test_choosing_an_area_moves_it_clear(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.evaluate("everycell.still = true")
    for name, area in (("城关镇", CELL[:9]), ("南川村", CELL[:12]), ("网格 003", CELL)):
        page.get_by_role("button", name=name).first.click()
        expect(page.locator("#crumbs [aria-current]")).to_contain_text(name)
        assert hidden(page, area) == []


def test_the_open_panel_of_a_telephone_leaves_its_area_free(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service), width=390, height=844)
    page.evaluate("everycell.still = true")
    page.locator("#fold").click()
    page.get_by_role("button", name="城关镇").first.click()
    assert hidden(page, CELL[:9]) == []


@pytest.mark.parametrize("zoom", [13.5, 13.75])
def test_doors_begin_at_their_zoom_and_not_before(service: FakeService, open_page: Open, zoom: float) -> None:
    page = open_page(url(service, map=f"{zoom}/35.51/104.62"))
    becomes(lambda: page.evaluate("everycell.page.map.getZoom()"), zoom)
    assert page.locator(".leaflet-doors-pane .vector-tile").count() == 0
    page.evaluate("everycell.page.map.setZoom(14, { animate: false })")
    doors_drawn(page)
    assert page.locator(".leaflet-doors-pane .vector-tile").count() > 0


def test_tiles_of_the_zoom_before_go_however_slow_the_machine(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, map="14/35.51/104.62"))
    page.context.add_init_script(
        "window.requestAnimationFrame = (f) => setTimeout(f, 500, 0); window.cancelAnimationFrame = clearTimeout;"
    )
    page.reload()
    page.wait_for_selector('html[data-ready="yes"]')
    doors_drawn(page)
    page.evaluate("everycell.page.map.setZoom(16)")
    zooms = page.evaluate(
        """async () => {
            const tiles = () => [...document.querySelectorAll(".leaflet-doors-pane .vector-tile")];
            const zooms = () => [...new Set(tiles().map(({ coords }) => coords.z))];
            for (let tries = 0; tries < 200 && String(zooms()) !== "16"; tries += 1)
                await new Promise((soon) => setTimeout(soon, 100));
            return zooms();
        }"""
    )
    assert zooms == [16]


@pytest.mark.parametrize(("width", "height"), SOME_SCREENS)
def test_scale_and_data_time_do_not_meet(service: FakeService, open_page: Open, width: int, height: int) -> None:
    page = open_page(url(service), width=width, height=height)
    scale, told = (page.locator(one).bounding_box() for one in (".leaflet-control-scale-line", "#datatime"))
    assert scale
    assert told
    assert scale["y"] + scale["height"] <= told["y"]


def test_labels_do_not_meet(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    met = page.evaluate(
        """() => {
            const { page } = everycell;
            const taken = [];
            const context = document.createElement("canvas").getContext("2d");
            const toPoint = (latLng) => page.map.latLngToLayerPoint(latLng);
            const zoom = page.map.getZoom();
            page.borders.drawNames(context, toPoint, page.marks._bounds, { zoom, taken, large: true });
            page.cells.drawLabels(context, toPoint, page.marks._bounds, taken);
            const meet = (one, at) => taken.slice(at + 1).filter((other) => everycell.shapes.boxesMeet(one, other));
            return [taken.length, taken.flatMap(meet).length];
        }"""
    )
    assert met[0] > 0
    assert met[1] == 0
