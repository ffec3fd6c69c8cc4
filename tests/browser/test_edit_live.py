"""The grid editor against the real service and PostGIS: each case that editing must get right, by hand in Chromium.

Ten cells, tilted, so that no border is parallel to an axis, laid like bricks, so that three of them meet in a node; the
upper row is another village.

     1 | 2 | 3
    4| 5 | 6 |7
     1 | 2 | 3
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import gcd
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from playwright.sync_api import Page, expect
from shapely import LineString, Point, Polygon
from sqlalchemy import text

from api.app import create_app
from gis.access.scope import Grant, Role
from gis.access.tokens import new_token
from gis.cells.load import load_cells, load_divisions
from gis.households.check import check
from gis.households.coverage import today_in
from gis.households.load import load_dwellings
from gis.storage.engine import Store, as_service
from tests.api.conftest import signed_in
from tests.browser.conftest import Complaints, Open
from tests.browser.editing import (
    Place,
    at,
    choose,
    click_at,
    drag,
    hover,
    refused,
    steps,
    tool,
)
from tests.browser.running import running
from tests.conftest import Filled
from tests.gis.cells.editing.grids import place as lonlat

COUNTY, TOWN = 990101, "990101100"
SOUTH, NORTH = "990101100201", "990101100202"
DOORS, UNITS = 156, 2
HOUSEHOLDS = DOORS * UNITS
MIDDLE = f"{SOUTH}005"
# x from, x to, y from, y to
BRICKS = {
    f"{SOUTH}001": (0, 1, 0, 1),
    f"{SOUTH}002": (1, 2, 0, 1),
    f"{SOUTH}003": (2, 3, 0, 1),
    f"{SOUTH}004": (0, 0.5, 1, 2),
    MIDDLE: (0.5, 1.5, 1, 2),
    f"{SOUTH}006": (1.5, 2.5, 1, 2),
    f"{SOUTH}007": (2.5, 3, 1, 2),
    f"{NORTH}001": (0, 1, 2, 3),
    f"{NORTH}002": (1, 2, 2, 3),
    f"{NORTH}003": (2, 3, 2, 3),
}
M2 = 1.02e10  # square metres of a square degree there, about


def place(x: float, y: float) -> Place:
    """A place of the bricks as the map has it: lat, lon."""
    lon, lat = lonlat(x, y)
    return lat, lon


def brick(west: float, east: float, south: float, north: float) -> Polygon:
    """A brick with every node that its neighbours have on its border."""
    steps_of_half = np.arange(west, east, 0.5)
    below = [lonlat(x, south) for x in [*steps_of_half, east]]
    above = [lonlat(x, north) for x in [*steps_of_half, east]]
    return Polygon([*below, *above[::-1]])


def _frames() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    cells = [
        (n, code, code[:12], f"网格{code[-3:]}", "general", brick(*b)) for n, (code, b) in enumerate(BRICKS.items(), 1)
    ]
    whole = shapely.union_all([cell[-1] for cell in cells])
    named = (
        ("990101", "示范县", "county"),
        (TOWN, "城关镇", "town"),
        (SOUTH, "南庄村", "village"),
        (NORTH, "北庄村", "village"),
    )
    areas = [
        (n, code, name, level, shapely.union_all([c[-1] for c in cells if c[1].startswith(code)]) if n > 2 else whole)
        for n, (code, name, level) in enumerate(named, 1)
    ]
    return (
        gpd.GeoDataFrame(cells, columns=["row", "code", "village", "name", "kind", "geometry"], crs=4490),
        gpd.GeoDataFrame(areas, columns=["row", "code", "name", "level", "geometry"], crs=4490),
    )


def _dwellings() -> tuple[pd.DataFrame, pd.DataFrame]:
    """312 households in the middle brick, and a door with one on the node where it meets bricks 1 and 4."""
    spots = [(0.56 + 0.88 * (k % 13) / 13, 1.06 + 0.88 * (k // 13) / 12) for k in range(DOORS)]
    doors = [(k + 1, f"990101-D{k:04}", f"南庄村{k + 1}号", *lonlat(*spot)) for k, spot in enumerate(spots)]
    doors.append((DOORS + 1, "990101-D9999", "南庄村界碑", *lonlat(0.5, 1)))
    homes = [(code, f"{code}-{unit}", f"{unit + 1}室") for _, code, *_ in doors[:-1] for unit in range(UNITS)]
    homes.append(("990101-D9999", "990101-D9999-0", "1室"))
    return (
        pd.DataFrame(doors, columns=["row", "code", "address", "lon", "lat"]),
        pd.DataFrame(
            [(n, code, door, unit) for n, (door, code, unit) in enumerate(homes, 1)],
            columns=["row", "code", "doorplate_code", "unit"],
        ),
    )


@dataclass
class Live:
    """The service on a store."""

    store: Store
    address: str

    def token(self, label: str, area: str = "990101") -> str:
        """A token of an editor of an area, by whose label drafts are told apart."""
        with self.store.begin() as conn:
            return new_token(conn, label, Grant(Role.editor, area), datetime.now(UTC) + timedelta(days=1))

    def cells(self) -> dict[str, Polygon]:
        """The live cells."""
        with self.store.read() as conn:
            rows = conn.execute(text("SELECT code, ST_AsBinary(geom) FROM everycell.cell WHERE retired_on IS NULL"))
            return {code: shapely.from_wkb(bytes(wkb)) for code, wkb in rows}

    def households(self) -> dict[str, int]:
        """Households by cell, counted one by one."""
        with self.store.read() as conn:
            rows = conn.execute(text("SELECT cell, count(*) FROM everycell.household GROUP BY 1"))
            return {str(code): int(number) for code, number in rows}

    def elsewhere(self, *ops: dict[str, Any]) -> None:
        """A colleague publishes."""
        with signed_in(self.address, self.token("li")) as client:
            made = client.post("/changesets", json={"title": "同事的调整", "area": "990101"}).json()
            for op in ops:
                assert client.post(f"/changesets/{made['id']}/ops", json=op).status_code == 200
            answer = client.post(f"/changesets/{made['id']}/publish", json={})
            assert answer.status_code == 200, answer.text


OUTLINE = shapely.union_all([brick(*b) for b in BRICKS.values()])


def tiles(live: Live, area: float = OUTLINE.area) -> None:
    """The cells tile their land, to the node, and every figure is right."""
    cells = live.cells()
    shapes = list(cells.values())
    assert all(shapely.is_valid(shape) for shape in shapes)
    assert shapely.coverage_is_valid(np.array(shapes, dtype=object))
    assert sum(shape.area for shape in shapes) == pytest.approx(area, abs=0.01 / M2)
    with live.store.read() as conn:
        assert list(check(conn, live.store.settings)) == []
        homeless = text(
            "SELECT count(*) FROM everycell.doorplate WHERE cell IS DISTINCT FROM everycell.cell_at(county, geom)"
        )
        assert conn.execute(homeless).scalar_one() == 0


def fill(store: Store) -> None:
    """Load the bricks."""
    today = today_in(store.settings)
    cells, divisions = _frames()
    doors, homes = _dwellings()
    with store.begin() as conn:
        load_divisions(conn, COUNTY, divisions, today=today, cut=False)
        load_cells(conn, COUNTY, cells, today=today)
        load_dwellings(conn, COUNTY, doors, homes, store.settings, today=today)


@pytest.fixture
def live(filled: Filled) -> Iterator[Live]:
    """The service over the bricks."""
    with (
        filled.copy("bricks", fill) as (store, _),
        as_service(store) as service,
        running(create_app(service)) as address,
    ):
        yield Live(store, address)


@pytest.fixture
def page(live: Live, open_page: Open) -> Page:
    """The editor, opened by an editor of the county on a large desk."""
    return opened(live, open_page, "zhang")


def opened(live: Live, open_page: Open, label: str, area: str = "990101") -> Page:
    """The editor, opened with a token of this label."""
    lat, lon = place(1.5, 1.5)
    address = f"{live.address}/maps/edit#map=16/{lat}/{lon}"
    return open_page(address, width=1700, height=1200, token=live.token(label, area))


def publish(page: Page) -> None:
    """Publish what is in the draft, now."""
    page.locator("#publish").click()
    page.locator("#impact .primary").click()
    expect(page.locator(".notice.good").last).to_contain_text("已发布")


def draw(page: Page, key: str, *places: Place) -> None:
    """Draw with a tool and end with Enter."""
    tool(page, key)
    for one in places:
        click_at(page, one)
    page.keyboard.press("Enter")


def create(page: Page, *places: Place, kind: str, village: str = SOUTH) -> None:
    """Draw a new cell and answer what it is."""
    draw(page, "c", *places)
    form = page.locator(".ask")
    form.locator("[name=village]").select_option(village)
    form.locator("[name=kind]").select_option(kind)
    form.get_by_role("button", name="新建").click()


def is_refused(page: Page, complaints: Complaints, code: str, *fixes: str) -> None:
    """Wait until the first error is of this code and offers these proposals; the map can show its place."""
    rows = refused(page)
    expect(rows.first.locator(".code")).to_have_text(code)
    for fix in fixes:
        expect(rows.first.get_by_role("button", name=fix)).to_be_visible()
    steps(page, 0)
    complaints.expect(422)


# --- the cases


def test_gap_beside_the_county_is_refused_and_closed_as_proposed(
    live: Live, page: Page, complaints: Complaints
) -> None:
    around = [place(3, 0), place(3.5, 0), place(3.5, 1), place(3, 1), place(3.25, 0.5)]
    create(page, *around, kind="general")
    is_refused(page, complaints, "GAP", "补上与区县界之间的缝隙")
    page.get_by_role("button", name="补上与区县界之间的缝隙").click()
    steps(page, 1)
    publish(page)
    tiles(live, shapely.union_all(list(live.cells().values())).area)
    assert len(live.cells()) == len(BRICKS) + 1


@pytest.mark.slow  # through the API and in SQL every day
def test_overlap_with_another_cell_is_refused(live: Live, page: Page, complaints: Complaints) -> None:
    create(page, place(1.2, 0.2), place(1.8, 0.2), place(1.8, 0.8), place(1.2, 0.8), kind="general")
    is_refused(page, complaints, "OVERLAP", "作为专属网格从中划出")
    tiles(live)


@pytest.mark.slow  # through the API and in SQL every day
def test_sliver_of_a_split_is_refused(live: Live, page: Page, complaints: Complaints) -> None:
    choose(page, place(1, 1.5))
    tool(page, "s")
    click_at(page, place(0.5, 1))
    look_at(page, place(0.5, 2), 19)
    page.keyboard.down("Alt")
    page.mouse.click(*beside(page, LineString([lonlat(0.5, 1), lonlat(0.5, 2)]), place(0.5, 2.02)))
    page.keyboard.up("Alt")
    page.keyboard.press("Enter")
    is_refused(page, complaints, "SLIVER")
    tiles(live)


def look_at(page: Page, where: Place, zoom: int) -> None:
    """Move the map."""
    page.evaluate(
        "([lat, lon, zoom]) => everycell.page.map.setView([lat, lon], zoom, {animate: false}) && null", [*where, zoom]
    )


def beside(page: Page, line: LineString, near: Place) -> tuple[float, float]:
    """A pixel of the screen near a place, 0.11 to 0.18 m east of a line drawn on."""
    (x1, y1), (x2, y2) = line.coords
    direction = np.array([x2 - x1, y2 - y1]) / np.hypot(x2 - x1, y2 - y1)
    corner = np.array([round(value) for value in at(page, near)]) - 30
    box = page.locator(".map").bounding_box()
    assert box
    origin = np.array([box["x"], box["y"]])
    pixels = corner - origin + np.stack(np.meshgrid(range(60), range(60)), axis=-1).reshape(-1, 2)
    to_place = "const {lng, lat} = everycell.page.map.containerPointToLatLng(pixel); return [lng, lat];"
    places = page.evaluate(f"pixels => pixels.map((pixel) => {{ {to_place} }})", pixels.tolist())
    away = np.array(places) - (x1, y1)
    metres = (away[:, 0] * direction[1] - away[:, 1] * direction[0]) * 1e5
    found = np.flatnonzero((metres > 0.11) & (metres < 0.18))
    assert len(found), "no pixel lies there"
    x, y = pixels[found[0]] + origin
    return float(x), float(y)


def test_t_junction_mismatch_is_mended_by_the_first_edit_there(live: Live, page: Page) -> None:
    lacking = put_node(live)
    assert not shapely.coverage_is_valid(np.array(list(live.cells().values()), dtype=object))
    page.reload()
    page.wait_for_selector('html[data-ready="yes"]')
    west, east, south, north = BRICKS[lacking]
    middle = (west + east) / 2 + 0.07
    choose(page, place(middle, (south + north) / 2))
    draw(page, "s", place(middle, south - 0.1), place(middle, north + 0.1))
    steps(page, 1)
    publish(page)
    tiles(live)


def put_node(live: Live) -> str:
    """Put a node exactly on a border into one of its two cells, as another program might; returns the other one."""
    cells = live.cells()
    for code, shape in cells.items():
        ring = [tuple(round(degrees * 1e8) for degrees in node) for node in shape.exterior.coords]
        for index, ((x1, y1), (x2, y2)) in enumerate(pairwise(ring)):
            parts = gcd(x2 - x1, y2 - y1)
            x, y = x1 + (x2 - x1) // parts * (parts // 2), y1 + (y2 - y1) // parts * (parts // 2)
            beside = [c for c in cells if c != code and cells[c].distance(Point(x / 1e8, y / 1e8)) < 1e-12]
            if parts == 1 or not beside:
                continue
            ring.insert(index + 1, (x, y))
            noded = Polygon([(lon / 1e8, lat / 1e8) for lon, lat in ring])
            with live.store.begin() as conn:
                changed = text(
                    "UPDATE everycell.cell SET geom = ST_GeomFromWKB(:wkb, 4490)"
                    " WHERE county = :county AND code = :code"
                )
                conn.execute(changed, {"wkb": shapely.to_wkb(noded), "county": COUNTY, "code": code})
            return beside[0]
    raise AssertionError("no node can be put exactly on any border")


def test_node_shared_by_three_cells_moves_in_all_of_them(live: Live, page: Page) -> None:
    tool(page, "n")
    hover(page, place(1, 1))
    expect(page.locator(".leaflet-tooltip")).to_have_text("此节点由 3 个网格共用")
    drag(page, place(1, 1), place(1.1, 1.15))
    steps(page, 1)
    expect(page.locator(".notice.good")).to_contain_text("已在 3 个网格中移动")
    publish(page)
    tiles(live)
    before = {code: brick(*b) for code, b in BRICKS.items()}
    changed = {code for code, shape in live.cells().items() if shape.symmetric_difference(before[code]).area * M2 > 1}
    assert changed == {f"{SOUTH}001", f"{SOUTH}002", MIDDLE}


def test_split_of_312_households_leaves_312(live: Live, page: Page) -> None:
    assert live.households() == {MIDDLE: HOUSEHOLDS, f"{SOUTH}001": 1}
    choose(page, place(1, 1.5))
    expect(page.locator("#hand .meter dd").first).to_have_text(str(HOUSEHOLDS))
    tool(page, "s")
    for one in (place(0.5, 1), place(0.9, 1.45), place(1.5, 2)):  # from a node where a door stands to another node
        click_at(page, one)
    rows = page.locator("#hand tbody tr")
    expect(rows).to_have_count(2)
    told = rows.locator("td:nth-child(2)").evaluate_all(
        "cells => cells.map((cell) => Number(cell.lastChild.textContent))"
    )
    assert sum(told) == HOUSEHOLDS
    page.keyboard.press("Enter")
    steps(page, 1)
    page.locator("#publish").click()
    moved = page.locator("#impact .moves tbody td")
    expect(moved.first).to_have_text("005 → 008")
    expect(page.locator("#impact .covered tfoot")).to_contain_text("不变")
    page.locator("#impact .primary").click()
    expect(page.locator(".notice.good").last).to_contain_text("已发布")
    tiles(live)
    found = live.households()
    assert sorted(found) == [f"{SOUTH}001", MIDDLE, f"{SOUTH}008"]  # the door on the node stays with the lowest code
    assert found[MIDDLE] + found[f"{SOUTH}008"] == HOUSEHOLDS
    assert sorted([found[MIDDLE], found[f"{SOUTH}008"]]) == sorted(told)


def test_door_on_the_line_of_a_split_stands_in_exactly_one_cell(live: Live, page: Page) -> None:
    choose(page, place(1, 1.5))
    tool(page, "s")
    for one in (place(0.8, 0.9), place(0.95, 1.47), place(0.8, 2.1)):
        click_at(page, one)
    lon, lat = page.evaluate("everycell.onGrid(everycell.page.map.pm.Draw.Line._layer.getLatLngs()[1])")
    with live.store.begin() as conn:
        put = text(
            "UPDATE everycell.doorplate SET geom = ST_SetSRID(ST_Point(:lon, :lat), 4490)"
            " WHERE county = :county AND code = '990101-D0001'"
        )
        conn.execute(put, {"lon": lon, "lat": lat, "county": COUNTY})
    page.keyboard.press("Enter")
    steps(page, 1)
    publish(page)
    tiles(live)
    cells, found = live.cells(), live.households()
    on_the_line = [code for code in (MIDDLE, f"{SOUTH}008") if cells[code].boundary.distance(Point(lon, lat)) == 0]
    assert on_the_line == [MIDDLE, f"{SOUTH}008"]
    assert found[MIDDLE] + found[f"{SOUTH}008"] == HOUSEHOLDS
    with live.store.read() as conn:
        held = text("SELECT DISTINCT cell FROM everycell.household WHERE code LIKE '990101-D0001-%'")
        assert list(conn.execute(held).scalars()) == [MIDDLE]  # the lowest code


def test_merge_and_undo(live: Live, page: Page) -> None:
    before = live.cells()
    tool(page, "m")
    click_at(page, place(0.5, 0.5))
    click_at(page, place(1, 1.5))
    page.keyboard.press("Enter")
    steps(page, 1)
    publish(page)
    tiles(live)
    assert live.households() == {MIDDLE: HOUSEHOLDS, f"{SOUTH}004": 1}  # on the node 4 is the lowest code now
    page.locator("#sets").get_by_role("button", name="撤销…").first.click()
    page.locator(".ask").get_by_role("button", name="撤销发布").click()
    expect(page.locator(".notice.good").last).to_contain_text("已撤销")
    assert {code: shapely.to_wkb(shape) for code, shape in live.cells().items()} == {
        code: shapely.to_wkb(shape) for code, shape in before.items()
    }
    assert live.households() == {MIDDLE: HOUSEHOLDS, f"{SOUTH}001": 1}
    tiles(live)


@pytest.mark.parametrize(
    ("other", "code", "fix"),
    [((2.5, 0.5), "NOT_ADJACENT", "连同中间的网格一起合并"), ((0.5, 2.5), "OTHER_VILLAGE", "先把网格划到该村")],
    ids=["not side by side", "other village"],
)
def test_merge_that_cannot_be_is_refused(
    live: Live, page: Page, complaints: Complaints, other: tuple[float, float], code: str, fix: str
) -> None:
    tool(page, "m")
    click_at(page, place(0.5, 0.5))
    click_at(page, place(*other))
    page.keyboard.press("Enter")
    is_refused(page, complaints, code, fix)
    tiles(live)


@pytest.mark.slow  # through the API and in SQL every day
def test_border_of_the_county_is_not_crossed(live: Live, page: Page, complaints: Complaints) -> None:
    choose(page, place(1.5, 0.5))
    tool(page, "r")
    drag(page, place(1.25, 0), place(1.25, -0.4))
    page.keyboard.press("Enter")
    is_refused(page, complaints, "OUTSIDE_COUNTY")
    page.keyboard.press("Escape")
    create(page, place(1.3, 0.3), place(1.3, -0.4), place(1.7, -0.4), place(1.7, 0.3), kind="dedicated")
    is_refused(page, complaints, "OUTSIDE_COUNTY", "裁到区县界")
    page.get_by_role("button", name="裁到区县界").click()
    steps(page, 1)
    publish(page)
    tiles(live)


def test_hole_of_a_dedicated_cell(live: Live, page: Page) -> None:
    create(page, place(1.3, 0.3), place(1.7, 0.3), place(1.7, 0.7), place(1.3, 0.7), kind="dedicated")
    steps(page, 1)
    publish(page)
    tiles(live)
    assert len(live.cells()[f"{SOUTH}002"].interiors) == 1


def test_cell_does_not_fall_into_parts(live: Live, page: Page, complaints: Complaints) -> None:
    choose(page, place(1, 1.5))
    draw(page, "s", place(0.8, 0.85), place(0.8, 2.15), place(1.2, 2.15), place(1.2, 0.85))
    is_refused(page, complaints, "MULTIPART", "只沿其中一段切分")
    page.get_by_role("button", name="只沿其中一段切分").first.click()
    steps(page, 1)
    publish(page)
    tiles(live)


@pytest.mark.slow  # through the API and in SQL every day
def test_ring_that_is_none_is_refused(live: Live, page: Page, complaints: Complaints) -> None:
    """Three nodes are left of brick 2, and one of them is dragged onto another."""
    choose(page, place(1.5, 0.5))
    tool(page, "r")
    for one in (place(1.5, 0), place(2, 0), place(1.5, 1)):
        hover(page, one)
        page.mouse.click(*at(page, one), button="right")
    drag(page, place(1, 0), place(1, 1))
    page.keyboard.press("Enter")
    is_refused(page, complaints, "INVALID_RING")
    tiles(live)


@pytest.mark.slow  # through the API and in SQL every day
def test_border_that_crosses_itself_is_refused_and_untangled(live: Live, page: Page, complaints: Complaints) -> None:
    corners = [place(1.3, 0.3), place(1.7, 0.7), place(1.7, 0.3), place(1.3, 0.75)]
    create(page, *corners, kind="dedicated")
    is_refused(page, complaints, "SELF_INTERSECTION", "取所画图形中最大的一块")
    page.get_by_role("button", name="取所画图形中最大的一块").click()
    steps(page, 1)
    publish(page)
    tiles(live)


def test_stale_edit_is_a_conflict_and_is_settled(live: Live, page: Page, complaints: Complaints) -> None:
    choose(page, place(1, 1.5))
    draw(page, "s", place(0.8, 0.9), place(0.8, 2.1))
    steps(page, 1)
    live.elsewhere({"op": "move_node", "from": list(lonlat(1, 1)), "to": list(lonlat(1.1, 1.15))})
    page.locator("#publish").click()
    page.locator("#impact .primary").click()
    conflict = page.locator(f'.conflict[data-cell="{MIDDLE}"]')
    expect(conflict.locator("figcaption")).to_have_text(["起草时", "我的", "对方的"])
    complaints.expect(409)
    page.get_by_role("button", name="在现行网格上重做").click()
    expect(page.locator(".notice.good").last).to_contain_text("已在现行网格上重做")
    publish(page)
    tiles(live)
    assert f"{SOUTH}008" in live.cells()


@pytest.mark.slow  # tests/api/test_two_clients.py and tests/gis/cells/test_concurrent_edits.py try it every day
def test_two_editors_on_neighbouring_cells_in_the_same_second(live: Live, open_page: Open) -> None:
    pages = [opened(live, open_page, label) for label in ("zhang", "wang")]
    for page, x in zip(pages, (0.5, 1.5), strict=True):
        page.bring_to_front()
        choose(page, place(x, 0.5))
        draw(page, "s", place(x, -0.1), place(x, 1.1))
        steps(page, 1)
        page.locator("#publish").click()
        expect(page.locator("#impact .primary")).to_be_visible()
    at_once = "at => setTimeout(() => document.querySelector('#impact .primary').click(), at - Date.now()) && null"
    when = pages[0].evaluate("Date.now()") + 1500
    for page in pages:
        page.evaluate(at_once, when)
    for page in pages:
        expect(page.locator(".notice.good").last).to_contain_text("已发布")
    tiles(live)
    assert {f"{SOUTH}008", f"{SOUTH}009"} <= live.cells().keys()


def test_editor_of_one_village_edits_that_village_only(live: Live, open_page: Open) -> None:
    page = opened(live, open_page, "chen", SOUTH)
    expect(page.locator("#tab-cells b")).to_have_text("7")  # of the other village nothing is known
    choose(page, place(1, 1.5))
    draw(page, "s", place(0.8, 0.9), place(0.8, 2.1))  # ends on the border to the other village
    steps(page, 1)
    publish(page)
    tiles(live)
    with live.store.read() as conn:
        assert (
            conn.execute(text("SELECT area FROM everycell.changeset WHERE created_by = 'chen'")).scalar_one() == SOUTH
        )
