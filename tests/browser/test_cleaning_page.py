"""The page of a coverage that is to be cleaned, in a real browser: a file without a service."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from maps.cleaning import cleaning_file
from maps.text import Lang
from tests.browser.conftest import Open
from tests.maps.fake import code_at
from tests.maps.test_cleaning import content


@pytest.fixture
def opened(open_page: Open, tmp_path: Path) -> Page:
    return shown(open_page, tmp_path)


def shown(open_page: Open, tmp_path: Path, lang: Lang = "zh", note: str = "", **size: int) -> Page:
    file = tmp_path / "clean.html"
    file.write_text(cleaning_file(content(lang=lang, note=note)), "utf-8")
    return open_page(file.as_uri(), **size)


def entries(page: Page, panel: str) -> list[str]:
    return [text.replace("\n", " ") for text in page.locator(f"#{panel}-panel .entry").all_inner_texts()]


def test_cells_that_change_most_come_first(opened: Page) -> None:
    expect(opened.locator("#tab-cells")).to_have_text("变动网格 4")
    found = entries(opened, "cells")
    assert [line.split()[0] for line in found] == [code_at(at, 0) for at in (1, 0, 2, 4)]
    assert "−2.50 %" in found[0]
    assert "增加 0.0 m²，减少 25,000 m²" in found[0]
    assert "0.00 %" in found[2]


def test_sums_are_told(opened: Page) -> None:
    text = opened.locator("#figures").inner_text()
    assert "5 个网格中有 4 个变化：共增加 1,542 m²，减少 25,040 m²。" in text
    assert "处理的是宽度不超过 5 米的碎块。" in text
    rows = [row.split("\t")[:2] for row in text.splitlines() if "\t" in row][1:]
    assert ["缝隙", "1"] in rows
    assert ["重叠(未处理)", "1"] in rows


def test_what_a_person_must_do_leads_the_pieces(opened: Page) -> None:
    opened.locator("#tab-pieces").click()
    expect(opened.locator("#cells-panel")).to_be_hidden()
    names = [line.split()[0] for line in entries(opened, "pieces")]
    assert names == ["重叠(未处理)", "保留的空洞", "重叠", "缝隙", "超出范围", "坐标取整误差"]


def test_a_choice_is_brought_into_view_and_marked(opened: Page) -> None:
    opened.locator("#cells-panel .entry").nth(1).click()
    state = opened.evaluate(
        """() => {
            const { page } = everycell;
            return [page.map.getBounds().contains(page.mark.getBounds()), page.map.getZoom()];
        }"""
    )
    assert state[0] is True
    assert state[1] >= 14


def test_pieces_are_drawn_from_near_only(opened: Page) -> None:
    drawn = "everycell.page.map.hasLayer(everycell.page.slivers)"
    opened.evaluate("everycell.page.map.setZoom(12, { animate: false })")
    assert opened.evaluate(drawn) is False
    opened.evaluate("everycell.page.map.setZoom(15, { animate: false })")
    assert opened.evaluate(drawn) is True


def test_the_filter_looks_through_both_lists(opened: Page) -> None:
    opened.locator("#filter").fill("南坡")
    assert [line.split()[1] for line in entries(opened, "cells")] == ["南坡"]
    opened.locator("#filter").fill(code_at(4, 0))
    opened.locator("#tab-pieces").click()
    assert len(entries(opened, "pieces")) == 2
    opened.locator("#filter").fill("nothing like it")
    expect(opened.locator("#pieces-panel")).to_contain_text("没有找到")


def test_tabs_by_keyboard(opened: Page) -> None:
    opened.locator("#tab-cells").focus()
    opened.keyboard.press("ArrowRight")
    expect(opened.locator("#tab-pieces")).to_be_focused()
    expect(opened.locator("#pieces-panel")).to_be_visible()


def test_tooltips_show_names_as_text(open_page: Open, tmp_path: Path) -> None:
    page = shown(open_page, tmp_path, "en", "<img src=x onerror=alert(1)>")
    box = page.evaluate(
        """() => {
            const at = everycell.page.map.latLngToContainerPoint([35.005, 104.005]);
            const frame = everycell.page.map.getContainer().getBoundingClientRect();
            return [frame.left + at.x, frame.top + at.y];
        }"""
    )
    page.mouse.move(*box)
    tip = page.locator(".cell-tip")
    expect(tip).to_contain_text("<img src=x onerror=alert(1)>")
    expect(tip).to_contain_text("1,500 m² gained")
    assert page.locator(".cell-tip img").count() == 0


@pytest.mark.parametrize(("width", "height"), [(390, 844), (3840, 2160)])
def test_small_and_large_screens(open_page: Open, tmp_path: Path, width: int, height: int) -> None:
    page = shown(open_page, tmp_path, width=width, height=height)
    assert page.evaluate("everycell.page.map.getBounds().contains(everycell.page.group.getBounds())")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
