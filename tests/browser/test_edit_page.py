"""The grid editor against the made-up county: what GIS staff see, draw, type and publish."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from gis.access.scope import Right
from gis.cells.editing.operations import as_json
from tests.browser.conftest import Complaints, Open, becomes
from tests.browser.editing import (
    Place,
    at,
    choose,
    click_at,
    drag,
    grab,
    hover,
    refused,
    steps,
    tool,
)
from tests.browser.fake_grid import FakeGrid
from tests.browser.fake_service import FakeService, serving
from tests.maps import fake

CELL = fake.code_at(2, 1)  # 006 of 南川村, in the middle of the view
NEW = CELL[:12] + "007"
HOSTILE = "</script><script>fail()</script><img src=x onerror=fail()>\"'`${fail()}{{ 7 * 7 }}&lt;b&gt;"
VIEW = "15/35.512/104.62"
COLLEAGUE = {"op": "move_node", "from": [104.624, 35.508], "to": [104.6255, 35.5095]}


def url(service: FakeService, lang: str = "", **state: str) -> str:
    """The page's address with a state."""
    parts = "&".join(f"{key}={value}" for key, value in {"map": VIEW, **state}.items())
    return f"{service.address}/maps/edit{f'?lang={lang}' if lang else ''}#{parts}"


def middle(column: int, row: int) -> Place:
    """The middle of a cell, beside its doors."""
    return fake.SOUTH + (row + 0.5) * fake.SIDE, fake.WEST + (column + 0.5) * fake.SIDE


def corner(column: int, row: int) -> Place:
    """The south-west corner of a cell."""
    return round(fake.SOUTH + row * fake.SIDE, 8), round(fake.WEST + column * fake.SIDE, 8)


def ops(service: FakeService) -> list[dict[str, Any]]:
    """The operations of the last change set."""
    return [as_json(op) for op in [*service.grid.sets.values()][-1].ops]


def ops_of(service: FakeService, number: int) -> list[dict[str, Any]]:
    """The operations of a change set, counted from 0."""
    return [as_json(op) for op in [*service.grid.sets.values()][number].ops]


def households(grid: FakeGrid, code: str) -> int:
    """How many households stand in a cell."""
    return grid.cells_of(grid.live).count(code)


def draw_split(page: Page) -> None:
    """Draw across the middle cell from west to east, with a bend."""
    tool(page, "s")
    click_at(page, (35.5120, 104.6155))
    click_at(page, (35.5125, 104.6200))
    click_at(page, (35.5115, 104.6245))


def split(page: Page) -> None:
    """Split the middle cell."""
    choose(page, middle(2, 1))
    draw_split(page)
    page.keyboard.press("Enter")
    steps(page, 1)


# --- what is shown


def test_cells_are_listed_and_the_chosen_one_is_measured(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("#tab-cells b")).to_have_text("24")
    expect(page.locator(".cell-row")).not_to_have_count(0)
    choose(page, middle(2, 1))
    expect(page.locator("#hand h2")).to_have_text("网格 006 · 南川村")
    figures = page.locator("#hand .meter dd")
    expect(figures).to_have_text(["41", "21 分钟", "0.644 km²", "0.78"])
    expect(page.locator(f'.choose[data-key="{CELL}"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#datatime")).to_contain_text("2026-11-22")


def test_several_cells_are_measured_side_by_side(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(1, 1))
    click_at(page, middle(2, 1), "Shift")
    expect(page.locator("#hand h2")).to_have_text("2 个网格")
    expect(page.locator("#hand tbody tr")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("#hand")).to_contain_text("尚未选择网格")


def test_snapping_is_told_in_metres_of_the_present_zoom(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "s")
    snaps = page.locator("#hint .snaps")
    expect(snaps).to_contain_text("吸附 12 像素(47 m)")
    page.evaluate("everycell.page.map.setZoom(17, {animate: false}) && null")
    expect(snaps).to_contain_text("吸附 12 像素(12 m)")


def test_nodes_of_the_neighbours_are_shown_where_one_draws(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, map="13/35.512/104.62"))
    shown = "everycell.page.nodes.list([...everycell.page.selection]).length"
    becomes(lambda: page.evaluate(shown), 0)
    choose(page, middle(2, 1))
    tool(page, "s")
    becomes(lambda: page.evaluate(shown), 12)  # the four cells beside it, from afar
    page.evaluate("everycell.page.map.setZoom(15, {animate: false}) && null")
    becomes(lambda: page.evaluate(shown), 35)  # all in view
    expect(page.locator("#legend-body")).to_contain_text("三个以上网格共用的节点")


# --- split


def test_split_tells_both_halves_while_it_is_drawn(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    draw_split(page)
    rows = page.locator("#hand tbody tr")
    expect(rows).to_have_count(2)
    counts = [
        int(text)
        for text in rows.locator("td:nth-child(2)").evaluate_all(
            "cells => cells.map((cell) => cell.lastChild.textContent)"
        )
    ]
    assert sum(counts) == 41
    expect(rows.nth(1)).to_contain_text("新增")
    assert service.grid.sets == {}  # nothing is stored yet
    page.keyboard.press("Enter")
    steps(page, 1)
    assert ops(service)[0]["cell"] == CELL
    assert ops(service)[0]["code"] == NEW
    expect(page.locator("#hand h2")).to_have_text("2 个网格")
    page.locator("#tab-steps").click()
    expect(page.locator("#steps")).to_contain_text("分割 006，新增 007")


def test_line_snaps_exactly_to_nodes_of_the_grid(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "s")
    for lat, lon in (corner(2, 1), corner(3, 2)):
        click_at(page, (lat + 0.0001, lon + 0.0001))
    page.keyboard.press("Enter")
    steps(page, 1)
    ends = [[lon, lat] for lat, lon in (corner(2, 1), corner(3, 2))]
    assert ops(service)[0]["line"]["coordinates"] == ends


def test_line_that_divides_nothing_is_explained_and_can_be_drawn_again(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "s")
    click_at(page, (35.5120, 104.6155))
    click_at(page, (35.5125, 104.6200))
    expect(page.locator("#tab-issues b")).to_have_text("")  # not finished: no issue yet
    page.keyboard.press("Enter")
    expect(refused(page)).to_contain_text("没有把网格 006 (南川村) 切成两块")
    expect(page.locator("#hint")).to_contain_text("没有把网格")
    complaints.expect(422)
    page.get_by_role("button", name="把线延长到边界").click()
    steps(page, 1)
    expect(page.locator("#issues")).to_contain_text("没有问题")


def test_escape_takes_back_points_then_the_tool_then_the_choice(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    draw_split(page)
    for placed in (2, 1, 0):
        page.keyboard.press("Escape")
        becomes(lambda: page.evaluate("everycell.page.tools.active.drawing.placed"), placed)
    page.keyboard.press("Escape")
    expect(page.locator("#tools [data-tool=select]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#hand .meter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#hand")).to_contain_text("尚未选择网格")


def test_cell_is_split_without_a_mouse(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.locator(f'.choose[data-key="{CELL}"]').press("Enter")
    expect(page.locator("#hand h2")).to_have_text("网格 006 · 南川村")
    tool(page, "s")
    page.locator(".map").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Space")
    becomes(lambda: page.evaluate("getComputedStyle(document.querySelector('.map'), '::after').content"), '""')
    page.keyboard.press("Enter")
    steps(page, 1)
    assert ops(service)[0]["op"] == "split"


# --- merge


def test_cells_merge_into_the_one_that_is_to_stay(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    tool(page, "m")
    click_at(page, middle(1, 1))
    click_at(page, middle(2, 1))
    expect(page.locator("#hand tbody .retired")).to_contain_text("停用")
    page.get_by_role("radio", name="网格 006").check()
    expect(page.locator("#hint")).to_contain_text("保留 006")
    page.keyboard.press("Enter")
    steps(page, 1)
    assert ops(service) == [{"op": "merge", "cells": [fake.code_at(1, 1), CELL], "keep": CELL}]
    expect(page.locator("#hand .meter dd").first).to_have_text("82")


def test_merge_across_villages_is_refused_with_a_way_out(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = open_page(url(service), motion=True)
    tool(page, "m")
    click_at(page, middle(2, 1))
    click_at(page, middle(2, 2))
    page.keyboard.press("Enter")
    expect(refused(page)).to_contain_text("不属于同一个村")
    complaints.expect(422)
    page.evaluate("everycell.page.map.setView([35.6, 104.7], 15, {animate: false}) && null")
    page.locator("#issues").get_by_role("button", name="定位").first.click()
    page.wait_for_function("() => everycell.page.map.getBounds().contains([35.52, 104.62])")
    page.get_by_role("button", name="先把网格划到该村").click()
    expect(page.locator("#draft-steps")).not_to_have_text("0 步")


# --- borders and nodes


def test_dragged_border_takes_from_the_neighbour(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "r")
    grab(page, (35.508, 104.62), (35.5062, 104.6205))
    rows = page.locator("#hand tbody tr")
    expect(rows).to_have_count(2)
    expect(page.locator("#hint .what")).to_have_text("新节点")
    page.mouse.up()
    page.keyboard.press("Enter")
    steps(page, 1)
    assert [(op["op"], op["cell"]) for op in ops(service)] == [("reshape", CELL)]
    assert len(ops(service)[0]["polygon"]["coordinates"][0]) == 6


def test_shared_node_of_a_border_moves_in_every_cell(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "r")
    lat, lon = corner(2, 2)
    grab(page, (lat, lon), (lat + 0.001, lon - 0.0015))
    expect(page.locator("#hint .what")).to_have_text("此节点由 4 个网格共用，一起移动")
    expect(page.locator("#hand .shared")).to_have_text("此节点由 4 个网格共用")
    page.mouse.up()
    page.keyboard.press("Enter")
    steps(page, 1)
    assert [op["op"] for op in ops(service)] == ["move_node"]
    assert ops(service)[0]["from"] == [lon, lat]
    expect(page.locator(".notice.good")).to_contain_text("已在 4 个网格中移动")


def test_right_click_and_del_remove_nodes_of_a_border(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "r")
    drag(page, (35.508, 104.62), (35.5062, 104.6205))
    number = "everycell.page.tools.active._markers().length"
    becomes(lambda: page.evaluate(number), 5)
    hover(page, (35.5062, 104.6205))
    page.mouse.click(*at(page, (35.5062, 104.6205)), button="right")
    becomes(lambda: page.evaluate(number), 4)
    drag(page, (35.508, 104.62), (35.5062, 104.6205))
    page.evaluate("everycell.page.tools.active._markers().find(({node}) => !node).getElement().focus()")
    page.keyboard.press("Delete")
    becomes(lambda: page.evaluate(number), 4)


def test_border_is_moved_by_arrow_keys(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "r")
    handle = page.locator(".marker-icon:not(.marker-icon-middle)").first
    handle.focus()
    expect(handle).to_have_attribute("aria-label", re.compile(r"第 \d 个节点. 此节点由 4 个网格共用"))
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    steps(page, 1)
    assert ops(service)[0]["op"] == "move_node"


def test_node_is_dragged_with_all_that_meet_in_it(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    tool(page, "n")
    lat, lon = corner(3, 2)
    hover(page, (lat, lon))
    expect(page.locator(".leaflet-tooltip")).to_have_text("此节点由 4 个网格共用")
    grab(page, (lat, lon), (lat + 0.0013, lon + 0.0017))
    expect(page.locator("#hand tbody tr")).to_have_count(4)
    page.mouse.up()
    steps(page, 1)
    [operation] = ops(service)
    assert (operation["op"], operation["from"]) == ("move_node", [lon, lat])
    expect(page.locator(".notice.good")).to_contain_text("已在 4 个网格中移动")
    moved = operation["to"]
    becomes(lambda: page.evaluate("place => everycell.page.grid.sharing(place).length", moved), 4)


def test_node_is_moved_by_keys_alone(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.locator(f'.choose[data-key="{CELL}"]').press("Enter")
    tool(page, "n")
    page.keyboard.press("]")
    expect(page.locator(".node-handle")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Enter")
    steps(page, 1)
    assert ops(service)[0]["op"] == "move_node"


def test_node_dragged_over_another_border_is_refused_and_goes_back(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = open_page(url(service))
    tool(page, "n")
    lat, lon = corner(3, 2)
    drag(page, (lat, lon), (lat + 0.002, lon + 0.0125))
    expect(refused(page).first).to_contain_text("自相交")
    complaints.expect(422)
    becomes(lambda: page.evaluate("everycell.page.tools.active._moved()"), False)


# --- create and the form


def draw_new(page: Page, *places: Place) -> None:
    """Draw a polygon with the tool to create."""
    tool(page, "c")
    for place in places:
        click_at(page, place)
    page.keyboard.press("Enter")
    expect(page.locator(".ask")).to_be_visible()


def test_dedicated_cell_is_cut_out_of_a_cell(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    draw_new(page, (35.5105, 104.6175), (35.5105, 104.6225), (35.5135, 104.6225), (35.5135, 104.6175))
    form = page.locator(".ask")
    expect(form.get_by_label("类型")).to_have_value("dedicated")
    expect(form.get_by_label("村(社区)")).to_have_value(CELL[:12])
    form.get_by_label("名称").fill("市场")
    form.get_by_role("button", name="新建").click()
    steps(page, 1)
    assert (ops(service)[0]["kind"], ops(service)[0]["code"], ops(service)[0]["name"]) == ("dedicated", NEW, "市场")
    expect(page.locator("#hand")).to_contain_text("专属网格")
    becomes(lambda: page.evaluate("code => everycell.page.grid.get(code).polygon.length", CELL), 2)  # with a hole


def test_new_cell_that_was_not_named_is_drawn_anew(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    draw_new(page, (35.5105, 104.6175), (35.5105, 104.6225), (35.5135, 104.6225))
    page.get_by_role("button", name="取消").click()
    expect(page.locator("#tools [data-tool=create]")).to_have_attribute("aria-pressed", "true")
    steps(page, 0)


def press(page: Page, button: str, ok: str, **fields: str) -> None:
    """Open a form of the cell, fill it and send it."""
    page.locator(".cell-does").get_by_role("button", name=button).click()
    form = page.locator(".ask")
    for name, value in fields.items():
        control = form.locator(f"[name={name}]")
        if control.evaluate("element => element.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    form.get_by_role("button", name=ok, exact=True).click()


def test_name_and_kind_are_changed(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    press(page, "名称类型…", "应用", name="河东片", kind="dedicated")
    steps(page, 1)
    assert ops(service) == [{"op": "set", "cell": CELL, "name": "河东片", "kind": "dedicated"}]
    expect(page.locator("#hand")).to_contain_text("河东片")
    expect(page.locator(f'.choose[data-key="{CELL}"]')).to_contain_text("已改")


@pytest.mark.slow
def test_cell_gets_another_code_and_stays_chosen(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    press(page, "改编号…", "改编号", code="031")
    steps(page, 1)
    assert ops(service) == [{"op": "renumber", "cell": CELL, "code": CELL[:12] + "031"}]
    expect(page.locator("#hand h2")).to_have_text("网格 031 · 南川村")


def test_cell_is_given_to_another_village(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    village = fake.code_at(2, 2)[:12]
    press(page, "划到村…", "移动", village=village)
    steps(page, 1)
    assert ops(service) == [{"op": "move_to_village", "cell": CELL, "village": village, "code": village + "007"}]
    expect(page.locator("#hand h2")).to_have_text("网格 007 · 北坡村")


def test_cell_is_retired_into_a_neighbour(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    page.keyboard.press("Delete")
    form = page.locator(".ask")
    expect(form.locator("option")).to_have_count(5)  # four neighbours, or nobody
    form.locator("select").select_option(fake.code_at(1, 1))
    form.get_by_role("button", name="停用网格").click()
    steps(page, 1)
    assert ops(service) == [{"op": "retire", "cell": CELL, "to": fake.code_at(1, 1)}]
    expect(page.locator("#hand .meter dd").first).to_have_text("82")


# --- cutting and balancing a village


def ask_for(page: Page, kind: str, least: int, most: int) -> None:
    """Ask for a proposal for the village of the chosen cell."""
    tool(page, "g")
    form = page.locator(".proposal")
    form.locator("[name=least]").fill(str(least))
    form.locator("[name=most]").fill(str(most))
    form.locator(f"[name=kind][value={kind}]").check()
    form.get_by_role("button", name="提出方案").click()


@pytest.mark.slow
def test_village_is_cut_anew_and_another_proposal_replaces_the_first(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "g")
    form = page.locator(".proposal")
    expect(form.locator("[name=village]")).to_have_value(CELL[:12])
    expect(form.locator("[name=least]")).to_have_value("300")
    expect(form).to_contain_text("现有 6 个网格，其中 0 个在此范围内")
    form.locator("[name=most]").fill("20")
    expect(form.get_by_role("button", name="提出方案")).to_be_disabled()
    ask_for(page, "cut", 40, 60)
    answer = page.locator(".proposed li")
    expect(answer.first).to_be_visible()
    steps(page, 1)
    first = ops(service)
    assert first[0]["op"] == "recut"
    assert len(first[0]["pieces"]) == answer.count()
    counted = [int(text.split()[0]) for text in answer.locator("b").all_inner_texts()]
    assert sum(counted) == 205
    facts = page.locator(".proposal .meter dd").all_inner_texts()
    assert facts[0] == f"{sum(40 <= number <= 60 for number in counted)} / {len(counted)}"
    assert facts[1].endswith("%")
    becomes(lambda: page.evaluate("everycell.page.tools.active.codes.length"), len(counted))
    page.get_by_role("button", name="换一个方案").click()
    expect(page.locator("html")).not_to_have_class(re.compile("busy"))
    steps(page, 1)
    assert ops(service) != first
    expect(page.locator("#publish")).to_be_enabled()
    page.keyboard.press("Control+z")
    steps(page, 0)
    tool(page, "g")
    expect(form.locator("[name=most]")).to_have_value("60")  # remembered
    page.locator("#tab-steps").click()
    expect(page.locator("#steps .undone")).to_contain_text("重新划分：6 个网格变为")


@pytest.mark.slow
def test_village_is_balanced_and_what_is_out_of_the_range_says_why(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    ask_for(page, "rebalance", 60, 65)
    outside = page.locator(".proposed .outside")
    expect(outside.first).to_contain_text("这一片共 205 户")
    expect(page.locator(".proposal .meter dt")).to_have_text(["在范围内的网格", "沿街边界", "换网格的户", "最少需换"])
    page.get_by_role("button", name="重新设置").click()
    expect(page.locator(".proposal [name=least]")).to_have_value("60")
    steps(page, 1)


def test_village_that_is_in_the_range_is_left_as_it_is(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    click_at(page, middle(4, 0))
    ask_for(page, "rebalance", 41, 41)
    expect(page.locator(".proposal")).to_contain_text("无需调整")
    expect(page.get_by_role("button", name="退回", exact=True)).to_have_count(0)
    steps(page, 0)


def test_waiting_for_a_proposal_can_be_given_up(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "g")
    expect(page.locator(".proposal").get_by_role("button", name="提出方案")).to_be_enabled()  # nothing else is asked
    service.grid.answers.clear()
    ask_for(page, "cut", 40, 60)
    expect(page.locator(".proposal.waits")).to_contain_text("正在沿街道寻找")
    page.keyboard.press("Escape")
    expect(page.locator(".notice")).to_contain_text("已放弃等待")
    expect(page.locator(".proposal [name=village]")).to_be_visible()
    page.keyboard.press("Escape")
    choose(page, middle(1, 1))
    press(page, "名称类型…", "应用", name="西片")  # waits until the answer is there and dropped
    service.grid.answers.set()
    steps(page, 1)
    assert [op["op"] for op in ops(service)] == ["set"]


def test_a_refusal_is_said_in_the_language_of_the_page(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    spoken = []

    def refuse(route: Route) -> None:
        spoken.append(route.request.headers["accept-language"])
        detail = "village：他人正在划分或均衡网格，请稍后再试"
        route.fulfill(status=503, json={"status": 503, "field": "village", "detail": detail})

    page.route("**/proposals", refuse)
    ask_for(page, "cut", 40, 60)
    expect(page.locator(".notice.bad")).to_contain_text("他人正在划分或均衡网格，请稍后再试")
    assert spoken == ["zh-CN"]
    expect(page.locator(".proposal [name=village]")).to_be_visible()
    complaints.expect(503)


# --- drafts


def test_draft_survives_a_reload_with_what_was_taken_back(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    split(page)
    choose(page, middle(1, 1))
    press(page, "名称类型…", "应用", name="西片")
    steps(page, 2)
    page.keyboard.press("Control+z")
    steps(page, 1)
    number = [*service.grid.sets][-1]
    assert f"draft={number}" in page.url
    page.reload()
    page.wait_for_selector('html[data-ready="yes"]')
    steps(page, 1)
    page.keyboard.press("Control+y")
    steps(page, 2)
    assert [op["op"] for op in ops(service)] == ["split", "set"]
    expect(page.locator("#redo")).to_be_disabled()


def test_action_of_several_steps_is_taken_back_as_a_whole(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    tool(page, "r")
    lat, lon = corner(2, 2)
    drag(page, (lat, lon), (lat + 0.001, lon - 0.0015))
    drag(page, (35.508, 104.62), (35.5062, 104.6205))
    page.keyboard.press("Enter")
    steps(page, 2)
    assert [op["op"] for op in ops(service)] == ["move_node", "reshape"]
    page.locator("#undo").click()
    steps(page, 0)
    page.locator("#redo").click()
    steps(page, 2)


def test_step_back_to_any_step(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    split(page)
    choose(page, middle(1, 1))
    press(page, "名称类型…", "应用", name="西片")
    steps(page, 2)
    page.locator("#tab-steps").click()
    page.locator("#steps").get_by_role("button", name="退回").first.click()
    steps(page, 0)
    expect(page.locator("#steps .undone")).to_have_count(1)
    page.get_by_role("button", name="重做").last.click()
    steps(page, 2)


def test_drafts_are_listed_opened_and_discarded(service: FakeService, open_page: Open) -> None:
    mine = service.grid.begin("河东调整", "621102")
    mine.ops = service.grid.outcome([]).ops
    service.grid.begin("他人的草稿", "621102", "li")
    page = open_page(url(service))
    page.locator("#draft-chip").click()
    sets = page.locator("#sets")
    expect(sets).to_contain_text("他人的草稿")
    sets.locator(f'[data-id="{mine.id}"]').get_by_role("button", name="继续").click()
    expect(page.locator("#draft-title")).to_have_text("河东调整")
    page.locator("#tab-sets").click()
    sets.locator(f'[data-id="{mine.id}"]').get_by_role("button", name="放弃").click()
    page.locator(".ask").get_by_role("button", name="放弃").click()
    expect(page.locator("#draft-title")).to_have_text("未开草稿")
    assert mine.status == "abandoned"


def test_draft_is_begun_with_a_title(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.locator("#tab-sets").click()
    page.get_by_role("button", name="新建草稿…").click()
    page.locator(".ask [name=title]").fill("新路切开 006")
    page.locator(".ask").get_by_role("button", name="开始").click()
    expect(page.locator("#draft-title")).to_have_text("新路切开 006")
    assert [(one.title, one.area) for one in service.grid.sets.values()] == [("新路切开 006", "621102")]


def test_two_tabs_of_one_account_never_share_a_draft(service: FakeService, open_page: Open) -> None:
    service.grid.begin("空的", "621102")
    one, other = open_page(url(service)), open_page(url(service))
    for page, cell in ((one, middle(2, 1)), (other, middle(1, 1))):
        page.bring_to_front()
        choose(page, cell)
        press(page, "名称类型…", "应用", name="片区")
        steps(page, 1)
    assert [len(made.ops) for made in service.grid.sets.values()] == [0, 1, 1]


@pytest.mark.slow
def test_draft_that_another_window_changes_is_shown_as_it_is(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    split(page)
    other = open_page(page.url)
    choose(other, middle(1, 1))
    press(other, "名称类型…", "应用", name="西片")
    steps(other, 2)
    page.bring_to_front()
    page.keyboard.press("Control+z")  # would have taken back both
    expect(page.locator(".notice.bad")).to_contain_text("另一个窗口")
    steps(page, 2)
    assert len(ops(service)) == 2
    other.bring_to_front()
    other.locator("#publish").click()
    other.locator("#impact .primary").click()
    expect(other.locator(".notice.good")).to_contain_text("已发布")
    page.bring_to_front()
    page.reload()
    expect(page.locator(".notice.bad")).to_contain_text("已经发布")
    expect(page.locator("#draft-title")).to_have_text("未开草稿")


def test_looking_at_a_step_begins_no_draft(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    draw_split(page)
    expect(page.locator("#hand tbody tr")).to_have_count(2)
    assert service.grid.sets == {}
    expect(page.locator("#draft-title")).to_have_text("未开草稿")


@pytest.mark.slow
def test_unfinished_draft_is_offered_where_none_is_in_hand(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    split(page)
    page.close()
    page = open_page(url(service))
    resume = page.locator("#hand .resume")
    expect(resume).to_contain_text("未完成：网格调整 2026-11-22")
    resume.get_by_role("button", name="继续").click()
    steps(page, 1)
    expect(resume).to_have_count(0)


def test_borders_of_villages_follow_the_draft(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    press(page, "划到村…", "移动", village=fake.code_at(2, 2)[:12])
    steps(page, 1)
    drafted = (
        "everycell.page.borders.divisions.filter(({level}) => level === 'village').map(({edges}) => edges?.length)"
    )
    # Three cells by two less a corner, and three by two with one more; two villages are as they are.
    becomes(lambda: page.evaluate(drafted), [10, 12, None, None])
    village = fake.code_at(2, 1)[:12]
    before = service.outline(village)
    page.locator("#publish").click()
    page.locator("#impact .primary").click()
    expect(page.locator(".notice.good")).to_contain_text("已发布")
    becomes(lambda: page.evaluate(drafted), [None, None, None, None])
    assert service.outline(village) != before
    assert len(service.outline(village)["coordinates"][0]) == 11


def test_draft_that_is_not_there_is_said_and_left(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = open_page(url(service, draft="00000000-0000-4000-8000-00000000dead"))
    expect(page.locator(".notice.bad")).to_contain_text("没有变更批次")
    expect(page.locator("#draft-title")).to_have_text("未开草稿")
    assert "draft=" not in page.url
    complaints.expect(404)


def test_before_after_and_both(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    split(page)
    drawn = "everycell.page.layer.drawn.size"
    becomes(lambda: page.evaluate(drawn), 25)
    page.get_by_text("变更前", exact=True).click()
    becomes(lambda: page.evaluate(drawn), 24)
    page.get_by_text("对照", exact=True).click()
    becomes(lambda: page.evaluate(drawn), 25)
    expect(page.locator("#legend-body")).to_contain_text("变更前")
    page.keyboard.press("b")
    expect(page.locator("#views [value=after]")).to_be_checked()


# --- publishing


def test_impact_is_shown_before_anything_is_published(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    split(page)
    page.locator("#publish").click()
    dialog = page.locator("#impact")
    expect(dialog.locator(".headlines dd")).to_have_text(["2", re.compile(r"\d+"), "2", "未启用"])
    expect(dialog.locator(".moves tbody td").first).to_have_text("006 → 007")
    expect(dialog.locator(".covered tfoot")).to_contain_text("不变")
    dialog.get_by_role("button", name="暂不发布").click()
    becomes(lambda: {one.status for one in service.grid.sets.values()}, {"draft"})


def test_published_grid_is_drawn_and_listed_and_can_be_undone(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    split(page)
    page.locator("#publish").click()
    page.locator("#impact .primary").click()
    expect(page.locator(".notice.good")).to_contain_text("已发布")
    assert NEW in service.grid.live.cells
    expect(page.locator("#draft-title")).to_have_text("未开草稿")
    assert "draft=" not in page.url
    page.locator("#sets").get_by_role("button", name="撤销…").click()
    page.locator(".ask").get_by_role("button", name="撤销发布").click()
    expect(page.locator(".notice.good").last).to_contain_text("已撤销")
    assert NEW not in service.grid.live.cells
    expect(page.locator("#sets li")).to_have_count(2)
    expect(page.locator("#tab-cells b")).to_have_text("24")


def test_versions_of_a_cell_are_told_and_shown(service: FakeService, open_page: Open) -> None:
    service.grid.publish_elsewhere(
        {
            "op": "split",
            "cell": CELL,
            "line": {"type": "LineString", "coordinates": [[104.619, 35.5], [104.619, 35.52]]},
        }
    )
    page = open_page(url(service))
    choose(page, middle(2, 1))
    part = page.locator(".ancestry")
    part.locator("summary").click()
    expect(part).to_contain_text("分出 007")
    expect(part.locator("li")).to_have_count(2)
    part.locator("li").last.get_by_role("button").click()
    becomes(lambda: page.evaluate("everycell.page.hand.ancestry.shown.coordinates[0].length"), 5)
    part.locator("li").last.get_by_role("button").click()
    becomes(lambda: page.evaluate("everycell.page.hand.ancestry.shown"), None)
    choose(page, middle(1, 1))
    expect(part.locator("li")).to_have_count(1)


def test_grid_of_another_day_is_looked_at(service: FakeService, open_page: Open) -> None:
    service.grid.publish_elsewhere({"op": "merge", "cells": [fake.code_at(1, 1), CELL], "keep": CELL})
    page = open_page(url(service))
    drawn = "everycell.page.layer.drawn.size"
    becomes(lambda: page.evaluate(drawn), 23)
    page.locator("#tab-sets").click()
    form = page.locator(".past")
    expect(form.locator("[name=past]")).to_have_value("2026-10-23")
    form.locator("[name=past]").fill("2026-11-23")
    form.get_by_role("button", name="查看").click()
    becomes(lambda: page.evaluate(drawn), 23)  # a day to come is none
    form.locator("[name=past]").fill("2026-11-01")
    form.get_by_role("button", name="查看").click()
    hint = page.locator("#hint .what")
    expect(hint).to_have_text("2026-11-01 的网格：共 24 个，其中 2 个与现在不同")
    becomes(lambda: page.evaluate(drawn), 24)
    expect(page.locator("#legend-body")).to_contain_text("与现在不同")
    click_at(page, middle(1, 1))
    expect(hint).to_have_text("2026-11-01：005 · 南川村 · 第2网格")
    page.keyboard.press("Escape")
    becomes(lambda: page.evaluate(drawn), 23)
    form.get_by_role("button", name="查看").click()
    expect(hint).to_contain_text("的网格")
    tool(page, "s")  # whoever draws works on the grid of today
    becomes(lambda: page.evaluate(drawn), 23)


def test_measures_of_the_page_are_those_of_the_service(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    choose(page, middle(2, 1))
    one = page.locator("#hand .meter dd").all_inner_texts()
    tool(page, "r")
    grab(page, (35.508, 104.62), (35.5079, 104.6202))  # next to nothing changes
    row = page.locator("#hand tbody tr", has_text="006")
    expect(row).to_be_visible()
    before = row.locator("td").evaluate_all("cells => cells.map((cell) => cell.firstChild.textContent)")
    assert before == one


def test_published_from_a_day_on(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    split(page)
    page.locator("#publish").click()
    day = page.locator("#impact [name=day]")
    expect(day).to_have_value("2026-11-23")
    day.fill("2026-11-30")
    day.press("ArrowUp")
    expect(page.locator("#impact [name=when][value=day]")).to_be_checked()
    page.locator("#impact .primary").click()
    expect(page.locator(".notice.good")).to_contain_text("将于 2026-12-01 生效")
    [made] = service.grid.sets.values()
    assert (made.status, made.valid_from) == ("scheduled", "2026-12-01")
    expect(page.locator("#sets")).to_contain_text("2026-12-01 起生效")
    assert NEW not in service.grid.live.cells
    page.locator("#sets").get_by_role("button", name="取消…").click()
    page.locator(".ask").get_by_role("button", name="取消发布").click()
    expect(page.locator("#sets")).not_to_contain_text("待生效")
    assert made.status == "abandoned"


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_day_is_written_in_one_form_and_must_be_one(service: FakeService, open_page: Open, lang: str) -> None:
    page = open_page(url(service, lang))
    choose(page, middle(2, 1))
    draw_split(page)
    page.keyboard.press("Enter")
    page.locator("#publish:enabled").click()
    day, now = page.locator("#impact [name=day]"), page.locator("#impact [name=when][value=now]")
    day.fill("2026-02-30")
    fault = "element => element.validationMessage"
    assert "2026-11-23" in day.evaluate(fault)
    day.fill("2026-11-22")
    assert "2026-11-23" in day.evaluate(fault)  # today is no day to come
    page.locator("#impact .primary").click()
    expect(page.locator("#impact")).to_be_visible()
    now.check()
    expect(day).to_have_value("2026-11-23")
    page.locator("#impact .primary").click()
    expect(page.locator("#impact")).to_have_count(0)
    becomes(lambda: [made.status for made in service.grid.sets.values()], ["published"])


def conflicted(page: Page, service: FakeService, complaints: Complaints) -> None:
    """A reshape of the middle cell that cannot be published as a colleague was faster."""
    choose(page, middle(2, 1))
    tool(page, "r")
    drag(page, (35.508, 104.62), (35.5062, 104.6205))
    page.keyboard.press("Enter")
    steps(page, 1)
    service.grid.publish_elsewhere(COLLEAGUE)
    page.locator("#publish").click()
    page.locator("#impact .primary").click()
    expect(page.locator("#conflicts")).to_be_visible()
    complaints.expect(409)


def test_conflict_shows_mine_theirs_and_the_base(service: FakeService, open_page: Open, complaints: Complaints) -> None:
    page = open_page(url(service))
    conflicted(page, service, complaints)
    conflict = page.locator(f'.conflict[data-cell="{CELL}"]')
    expect(conflict.locator("figcaption")).to_have_text(["起草时", "我的", "对方的"])
    expect(page.locator("#legend-body")).to_contain_text("对方的")
    page.locator(".layers").get_by_label("对方的").uncheck()
    becomes(lambda: page.evaluate("[...everycell.page.conflicts.shown].sort()"), ["base", "mine"])
    page.get_by_role("button", name="关闭").click()
    expect(page.locator("#conflicts")).to_be_hidden()
    steps(page, 1)


@pytest.mark.slow
def test_undo_that_others_stand_on_is_refused_with_the_versions(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    service.grid.publish_elsewhere(COLLEAGUE, title="先")
    service.grid.publish_elsewhere({**COLLEAGUE, "from": COLLEAGUE["to"], "to": [104.6235, 35.509]}, title="后")
    page = open_page(url(service))
    page.locator("#tab-sets").click()
    page.locator("#sets li", has_text="先").get_by_role("button", name="撤销…").click()
    page.locator(".ask").get_by_role("button", name="撤销发布").click()
    expect(page.locator("#conflicts")).to_contain_text("没有撤销任何内容")
    expect(page.locator("#conflicts > .does button")).to_have_count(1)
    complaints.expect(409)


@pytest.mark.slow
def test_conflict_where_theirs_is_kept(service: FakeService, open_page: Open, complaints: Complaints) -> None:
    page = open_page(url(service))
    conflicted(page, service, complaints)
    page.get_by_role("button", name="以对方为准").click()
    expect(page.locator("#conflicts")).to_be_hidden()
    steps(page, 0)
    expect(page.locator("#redo")).to_be_enabled()


@pytest.mark.slow
def test_conflict_keeps_those_of_my_steps_that_do_not_touch_theirs(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = open_page(url(service))
    choose(page, middle(1, 1))
    press(page, "名称类型…", "应用", name="西片")
    steps(page, 1)
    choose(page, middle(2, 1))
    draw_split(page)
    page.keyboard.press("Enter")
    steps(page, 2)
    choose(page, (35.5135, 104.6165))
    press(page, "名称类型…", "应用", name="北半")  # of a cell that is there by the split alone, or by the grid
    steps(page, 3)
    choose(page, middle(1, 2))
    press(page, "名称类型…", "应用", name="北片")
    steps(page, 4)
    service.grid.publish_elsewhere(COLLEAGUE)
    page.locator("#publish").click()
    page.locator("#impact .primary").click()
    expect(page.locator("#conflicts")).to_contain_text("其余能做的都保留")
    complaints.expect(409)
    page.get_by_role("button", name="以对方为准").click()
    expect(page.locator(".notice.good").last).to_contain_text("保留 2 步，退回 2 步")
    steps(page, 2)
    assert [(op["op"], op["name"]) for op in ops_of(service, 0)] == [("set", "西片"), ("set", "北片")]
    expect(page.locator("#steps .undone")).to_have_count(1)
    complaints.clear()  # that the service refused what stood on the step that was taken back
    page.locator("#publish").click()
    page.locator("#impact .primary").click()
    expect(page.locator(".notice.good").last).to_contain_text("已发布")


@pytest.mark.slow
def test_conflict_where_mine_is_done_again_on_theirs(
    service: FakeService, open_page: Open, complaints: Complaints
) -> None:
    page = open_page(url(service))
    conflicted(page, service, complaints)
    page.get_by_role("button", name="在现行网格上重做").click()
    expect(page.locator(".notice.good").last).to_contain_text("已在现行网格上重做")
    steps(page, 1)
    page.locator("#publish").click()
    page.locator("#impact .primary").click()
    expect(page.locator(".notice.good").last).to_contain_text("已发布")
    becomes(lambda: sorted(one.status for one in service.grid.sets.values()), ["published", "published"])


def test_whoever_edits_an_old_grid_is_told(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    expect(page.locator("#sets .begin")).to_be_attached()  # what was published is known
    service.grid.publish_elsewhere(COLLEAGUE)
    page.evaluate("everycell.page._watch()")
    expect(page.locator(".notice")).to_contain_text("网格已有变动：同事的调整")
    expect(page.locator("#datatime")).to_have_class(re.compile("stale"))
    page.get_by_role("button", name="载入").click()
    expect(page.locator("#datatime")).not_to_have_class(re.compile("stale"))
    becomes(lambda: page.evaluate("place => everycell.page.grid.sharing(place).length", COLLEAGUE["to"]), 4)


# --- who, and what goes wrong


def test_whoever_may_not_edit_gets_no_tool(service: FakeService, open_page: Open) -> None:
    service.rights = frozenset(Right) - {Right.grid}
    page = open_page(url(service), ready="empty")
    expect(page.get_by_role("heading", name="本账号不能编辑网格")).to_be_visible()
    expect(page.locator("#tools")).to_have_count(0)


def test_cells_of_others_are_shown_and_not_edited(service: FakeService, open_page: Open) -> None:
    service.areas = {Right.grid: ("621102001",)}
    page = open_page(url(service))
    choose(page, middle(3, 1))
    expect(page.locator("#hand .closed")).to_be_visible()
    expect(page.locator(".cell-does")).to_have_count(0)
    expect(page.locator("#legend-body")).to_contain_text("无编辑权限")
    tool(page, "s")
    click_at(page, middle(3, 1))
    expect(page.locator("#hint")).to_contain_text("不在可编辑的范围内")
    click_at(page, middle(2, 1))
    expect(page.locator("#hint")).to_contain_text("画一条线横穿网格")
    page.keyboard.press("Escape")
    split(page)
    becomes(lambda: [one.area for one in service.grid.sets.values()], ["621102001"])


def test_doors_are_dots_only_for_whoever_may_see_them(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    expect(page.locator("#legend-body")).to_contain_text("门牌")
    page.close()
    service.rights = frozenset({Right.figures, Right.grid})
    page = open_page(url(service))
    expect(page.locator("#legend-body")).not_to_contain_text("门牌")
    asked = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert [one for one in asked if "/collections/" in one]
    assert not [one for one in asked if "doorplates" in one]


def test_service_that_is_away_loses_nothing(service: FakeService, open_page: Open, complaints: Complaints) -> None:
    page = open_page(url(service))
    split(page)
    page.route("**/changesets/**", lambda route: route.abort())
    choose(page, middle(1, 1))
    press(page, "名称类型…", "应用", name="西片")
    expect(page.locator(".notice.bad")).to_contain_text("无法连接服务")
    steps(page, 1)
    page.unroute("**/changesets/**")
    press(page, "名称类型…", "应用", name="西片")
    steps(page, 2)
    complaints.clear()  # that the browser could not load what was cut off


@pytest.mark.slow
def test_session_that_is_over_is_said_once(service: FakeService, open_page: Open, complaints: Complaints) -> None:
    service.who, service.csrf = "zhang", "token"
    page = open_page(url(service))
    split(page)
    service.over = True
    choose(page, middle(1, 1))
    press(page, "名称类型…", "应用", name="西片")
    expect(page.locator(".notice.bad")).to_have_count(1)
    expect(page.locator(".notice.bad")).to_contain_text("登录已失效")
    page.get_by_role("button", name="重新登录").click()
    page.get_by_role("link", name="on").click()
    page.wait_for_selector('html[data-ready="yes"]')
    steps(page, 1)
    complaints.expect(401)


def test_hostile_names_are_only_text(open_page: Open) -> None:
    service = FakeService(note=HOSTILE)
    service.grid.begin(HOSTILE, "621102", HOSTILE)
    with serving(service) as service.address:
        page = open_page(url(service))
        choose(page, middle(2, 1))
        expect(page.locator("#hand p").first).to_contain_text(HOSTILE)
        page.locator("#tab-sets").click()
        expect(page.locator("#sets li b").first).to_contain_text(HOSTILE)
        press(page, "名称类型…", "应用", name="<img src=x onerror=fail()>")
        steps(page, 1)
        page.locator("#tab-steps").click()
        expect(page.locator("#steps")).to_contain_text("<img src=x onerror=fail()>")
        assert page.locator("img[src=x]").count() == 0


# --- the page


def test_keys_are_explained(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.keyboard.press("?")
    expect(page.locator("#help dl div")).to_have_count(17)
    page.keyboard.press("s")  # a dialog is open: no tool is taken
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_have_count(0)
    expect(page.locator("#tools [data-tool=select]")).to_have_attribute("aria-pressed", "true")
    page.locator("#search input").press("s")
    expect(page.locator("#tools [data-tool=select]")).to_have_attribute("aria-pressed", "true")


def test_tools_and_tabs_are_walked_by_arrows(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service))
    page.locator("#tools [data-tool=select]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tools [data-tool=split]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#tools [data-tool=split]")).to_have_attribute("aria-pressed", "true")
    page.locator("#tab-cells").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#steps-panel")).to_be_visible()


def test_page_speaks_english(service: FakeService, open_page: Open) -> None:
    page = open_page(url(service, "en"))
    choose(page, middle(2, 1))
    expect(page.locator("#hand h2")).to_have_text("Cell 006 · 南川村")
    expect(page.locator("#tools")).to_contain_text("Move node")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("#tools")).to_contain_text("移节点")


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 800), pytest.param(3840, 2160, marks=pytest.mark.slow), (900, 700)]
)
def test_screens(service: FakeService, open_page: Open, width: int, height: int, tmp_path: Path) -> None:
    page = open_page(f"{service.address}/maps/edit", width=width, height=height)
    choose(page, middle(2, 1))
    draw_split(page)
    expect(page.locator("#hand tbody tr")).to_have_count(2)
    page.screenshot(path=str(tmp_path / f"edit-{width}.png"))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for name in ("#tools", "#hint", "#legend", "#datatime", "#publish"):
        box = page.locator(name).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
