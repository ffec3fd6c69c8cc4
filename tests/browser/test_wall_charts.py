"""Charts and alarms beside the wall's map in a real browser, with made-up figures: what they say, to eyes and to screen
readers, how large, and what is sent."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.board_page import NOW, SINCE, line, made_up_alarms, made_up_board, write_page
from tests.browser.conftest import Open

SCENES = ("coverage", "never", "cases", "patrols", "sites", "heat")


@pytest.fixture
def shown(open_page: Open, tmp_path: Path) -> Any:
    def show(**given: Any) -> Page:
        options: dict[str, Any] = {"board": made_up_board(), "scenes": SCENES, "alarms": made_up_alarms()}
        return open_page(write_page(tmp_path, **options | given), width=1920, height=1080)

    return show


def rows(page: Page, scene: str, chart: str) -> list[str]:
    found: list[str] = page.locator(f'[data-scene="{scene}"] .chart-{chart} tbody tr').all_inner_texts()
    return [" ".join(text.split()) for text in found]


def test_every_chart_says_its_numbers(shown: Any) -> None:
    page = shown()
    assert rows(page, "coverage", "villages")[0] == "西坪村 10 %"  # the least first
    expect(page.locator('[data-scene="coverage"] .chart-villages > p')).to_have_text("另有 2 项")
    assert rows(page, "never", "never")[0] == "西坪村 245 49 %"
    assert rows(page, "coverage", "worst")[0] == "柳林村 网格1 60 68 %"
    assert rows(page, "cases", "cases") == ["城关村 17", "柳林村 8", "东关社区 <5*", "新民社区 <5*", "河口村 0"]
    assert rows(page, "sites", "sites")[0] == "城关村 3 + 3"
    round_ = page.locator('[data-scene="coverage"] .chart-round')
    expect(round_.get_by_role("img")).to_have_attribute("aria-label", "已走访 62 %，今日应达 70 %，目标 95 %")
    expect(round_.locator(".late")).to_have_text("落后计划 7 个百分点")
    hours = page.locator('[data-scene="coverage"] .chart-hours').get_by_role("img")
    each = "8–9: 12 + 4, 9–10: 187 + 41, 10–11: 95 + 22, 11–12: 0 + 0"
    expect(hours).to_have_attribute("aria-label", f"见到 294 次，无人应答 67 次. {each}")
    assert hours.locator("b").all_inner_texts() == ["16", "228", "117", ""]
    # Bars are as long as what they stand for.
    bars = page.locator('[data-scene="never"] .chart-never rect')
    widths = bars.evaluate_all("all => all.map(bar => bar.getBoundingClientRect().width)")
    assert widths[1] / widths[0] == pytest.approx(180 / 245, abs=0.01)


def test_nothing_there_is_said_in_words(shown: Any) -> None:
    board = made_up_board() | {"round": None, "cases_overdue": None}
    board["visits_today"] |= {"hours": [], "reached": 0, "no_answer": 0}
    board["villages"] = {"as_of": NOW, "level": "village", "areas": []}
    board["worst_cells"] = {"as_of": NOW, "with_overdue": 0, "cells": []}
    board["sites_due"] = {"as_of": NOW, "sites": 0, "never": 0, "overdue": 0, "due": 0, "villages": []}
    board["patrols_today"] |= {"planned": 0, "stops": 0}
    page = shown(board=board, alarms=None)
    for words in (
        "目前没有进行中的轮次。",
        "今天还没有走访上报。",
        "还没有公布过数字。",
        "没有待检查的重点场所。",
        "今天没有安排巡逻。",
        "暂无需要处理的事项。",
    ):
        expect(page.get_by_text(words).first).to_be_visible()


@pytest.mark.parametrize(("distance_m", "mm_per_px"), [(3, 0.634), (5, 0.63), (6, 0.317)])
def test_type_is_as_large_as_the_room_asks_for(shown: Any, distance_m: float, mm_per_px: float) -> None:
    page = shown(distance_m=distance_m, mm_per_px=mm_per_px)
    # What is smallest on the page, as an eye sees it: the height of a digit, 0.733 of the size of type.
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('main *, #alarms *')].filter(n => [...n.childNodes].some("
        "c => c.nodeType === 3 && c.data.trim()) && !n.closest('.unseen'))"
        ".map(n => parseFloat(getComputedStyle(n).fontSize)))"
    )
    heading = page.evaluate("parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--heading-px'))")

    def arcmin(px: float) -> float:
        return math.degrees(2 * math.atan(px * 0.733 * mm_per_px / 2 / (1000 * distance_m))) * 60

    assert arcmin(smallest) >= 15.99
    assert arcmin(heading) == pytest.approx(22, abs=0.01)
    page.set_viewport_size({"width": round(1217 / mm_per_px), "height": 1080})  # a screen of 55 inches
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_alarms_are_acknowledged_put_aside_and_heard(shown: Any) -> None:
    page = shown(theme="light")
    heading = page.locator("#alarms h2")
    expect(heading).to_have_text("告警：3 项未确认")
    expect(page.locator("#alarms > ul > li")).to_have_count(5)
    expect(page.get_by_text("另有 1 项").last).to_be_visible()
    expect(page.locator('[data-alarm="behind-990101100"] b')).to_have_text("落后于计划：最多 23 个百分点")
    page.locator('[data-alarm="behind-990101100"]').get_by_role("button", name="确认").click()
    page.keyboard.press("a")  # the first that waits
    page.locator('[data-alarm="overdue-990101100201"]').get_by_role("button", name="搁置").click()
    page.get_by_role("button", name="2 小时").click()
    page.locator("#alarms summary").click()
    page.get_by_role("button", name="恢复").click()
    sent = "everycell.sent.map(([path, body]) => [path, body.minutes ?? null])"
    assert page.evaluate(sent) == [
        ["/alarms/behind-990101100/acknowledge", None],
        ["/alarms/patrols-990101100201/acknowledge", None],
        ["/alarms/overdue-990101100201/shelve", 120],
        ["/alarms/sites-990101100201/shelve", 0],
    ]
    # What has joined a line since it was drawn is not meant.
    assert page.evaluate("everycell.sent.map(([, body]) => body.as_of)") == [SINCE] * 4
    # Sound is off until somebody wants it, and then only what is new sounds.
    played = "everycell.page.tone.played ?? 0"
    page.evaluate("list => everycell.page.take(list)", {**made_up_alarms(), "alarms": [line("sites", 9)]})
    assert page.evaluate(played) == 0
    page.get_by_role("button", name="声音：关").click()
    assert page.evaluate(played) == 1  # so that one knows how it sounds
    page.evaluate("list => { everycell.page.take(list); everycell.page.take(list); }", made_up_alarms())
    assert page.evaluate(played) == 2
    # Where there is little room, fewer lines.
    page.evaluate("() => { everycell.page.node.style.maxHeight = '13rem'; everycell.page.show(); }")
    expect(page.locator("#alarms > ul > li")).to_have_count(1)
    expect(page.locator("#alarms > p")).to_have_text("另有 5 项")
    # Nobody looks any more: the list says so.
    page.evaluate("list => everycell.page.take(list)", made_up_alarms() | {"as_of": "2026-11-20T10:20:00.000+08:00"})
    expect(page.locator("#alarms .old")).to_contain_text("告警最后更新于")


def test_a_wall_that_a_token_opened_reads_only(shown: Any) -> None:
    page = shown(may=False)
    assert page.locator("#alarms").get_by_role("button").all_inner_texts() == ["声音：关"]
    page.keyboard.press("a")
    assert page.evaluate("everycell.sent") == []


def test_where_there_is_less_room_lists_are_shorter_and_whole_charts_go(shown: Any) -> None:
    page = shown(scenes=("coverage",))
    show = """height => {
        const node = document.querySelector('[data-scene="coverage"]');
        Object.assign(node.style, { height: `${height}px`, overflow: "hidden" });
        everycell.showBoard(node, everycell.config.board, "coverage");
        const fits = node.scrollHeight <= node.clientHeight + 1;
        return [fits, node.childElementCount, node.querySelectorAll("tbody tr").length];
    }"""
    assert page.evaluate(show, 4000) == [True, 4, 12]
    fits, charts, rows_shown = page.evaluate(show, 1050)
    assert (fits, charts) == (True, 4)
    assert 4 <= rows_shown < 12
    assert page.evaluate(show, 560)[:2] == [True, 2]
    assert page.evaluate("document.querySelectorAll('.chart-villages').length") == 0
