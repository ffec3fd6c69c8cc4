"""Writing divisions and cells: complete villages, codes that live on, nothing written where cells would not tile."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely import MultiPolygon, box
from sqlalchemy import text

from gis.cells.load import load_cells, load_divisions, polygons_of
from gis.cells.sources import adopt_codes, credits
from gis.errors import BadInput, BrokenCoverage
from gis.households.check import check
from gis.storage.engine import Store
from tests.gis.world import COUNTY, SETTINGS, SOUTH, STEP, TODAY, VILLAGE, WEST, build, cell_code, divisions, grid


def clean(store: Store) -> bool:
    with store.read() as conn:
        return list(check(conn, SETTINGS)) == []


def test_first_import_and_again(store: Store) -> None:
    with store.begin() as conn:
        report = load_cells(conn, COUNTY, grid(), today=TODAY)
    assert (report.inserted, report.updated, report.unchanged) == (6, 0, 0)
    with store.begin() as conn:
        report = load_cells(conn, COUNTY, grid(), today=TODAY)
        assert (report.inserted, report.updated, report.unchanged) == (0, 0, 6)
        assert set(conn.execute(text("SELECT version FROM everycell.cell")).scalars()) == {1}
        names = conn.execute(text("SELECT code, name FROM everycell.division ORDER BY code")).all()
    assert [name for _, name in names] == ["990101", "990101100", VILLAGE]  # no file has named them yet
    assert clean(store)


def test_divisions_name_what_cells_made(store: Store) -> None:
    with store.begin() as conn:
        load_cells(conn, COUNTY, grid(), today=TODAY)
        report = load_divisions(conn, COUNTY, divisions(), today=TODAY)
        assert (report.inserted, report.updated) == (0, 3)
        assert load_divisions(conn, COUNTY, divisions(), today=TODAY).unchanged == 3
        assert len(polygons_of(conn, COUNTY)) == 6
    assert clean(store)


def test_divisions_alone_are_cut_into_first_cells(store: Store) -> None:
    frame = divisions()
    parts = MultiPolygon(
        [box(WEST, SOUTH, WEST + 2 * STEP, SOUTH + STEP), box(WEST + 3, SOUTH, WEST + 3.01, SOUTH + STEP)]
    )
    frame.loc[2, "geometry"] = parts
    with store.begin() as conn:
        load_divisions(conn, COUNTY, frame, today=TODAY)
        rows = conn.execute(text("SELECT code, name FROM everycell.cell ORDER BY code")).all()
    assert [tuple(row) for row in rows] == [(cell_code(1), "柳林村 1"), (cell_code(2), "柳林村 2")]
    assert clean(store)


def test_cells_replace_the_first_cell_of_a_village(store: Store) -> None:
    with store.begin() as conn:
        load_divisions(conn, COUNTY, divisions(), today=TODAY)
    with store.begin() as conn:
        report = load_cells(conn, COUNTY, grid(), today=TODAY)
    assert (report.inserted, report.updated) == (5, 1)
    assert clean(store)


def test_a_village_that_no_longer_fills_its_outline_is_refused(store: Store) -> None:
    with store.begin() as conn:
        load_divisions(conn, COUNTY, divisions(), today=TODAY)
    smaller = grid().iloc[:5]
    with pytest.raises(BrokenCoverage, match="GAP") as caught, store.begin() as conn:
        load_cells(conn, COUNTY, smaller, today=TODAY)
    assert caught.value.pieces[0]["properties"]["kind"] == "GAP"
    with store.begin() as conn:
        assert len(polygons_of(conn, COUNTY)) == 1
        load_cells(conn, COUNTY, smaller, today=TODAY, new_outline=True)
    assert clean(store)


def test_cells_missing_from_a_file_are_retired_and_stay_so(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 3, 2: 3})
    merged = grid().iloc[1:].copy()
    merged.loc[merged["code"] == cell_code(2), "geometry"] = box(
        WEST, SOUTH, round(WEST + 2 * STEP, 8), round(SOUTH + STEP, 8)
    )
    with store.begin() as conn:
        load_cells(conn, COUNTY, merged, today=TODAY)
    with store.begin() as conn:
        retired = conn.execute(
            text("SELECT retired_on FROM everycell.cell WHERE code = :c"), {"c": cell_code(1)}
        ).scalar()
        assert retired == TODAY
        assert conn.execute(text("SELECT DISTINCT cell FROM everycell.doorplate")).scalars().all() == [cell_code(2)]
    assert clean(store)
    with pytest.raises(BadInput, match="never used twice"), store.begin() as conn:
        load_cells(conn, COUNTY, grid(), today=TODAY)


def test_a_neighbour_outside_the_file_changes_only_by_a_node(store: Store) -> None:
    other = "990101100202"
    east = gpd.GeoDataFrame(
        [(1, f"{other}001", other, "东坡", "general", box(WEST + 3 * STEP, SOUTH, WEST + 4 * STEP, SOUTH + 2 * STEP))],
        columns=["row", "code", "village", "name", "kind", "geometry"],
        crs=4490,
    )
    with store.begin() as conn:
        load_cells(conn, COUNTY, east, today=TODAY)
        before = polygons_of(conn, COUNTY)[f"{other}001"]
    with store.begin() as conn:
        load_cells(conn, COUNTY, grid(), today=TODAY)
        after = polygons_of(conn, COUNTY)[f"{other}001"]
    assert len(after.exterior.coords) == len(before.exterior.coords) + 1
    assert after.equals(before)
    assert clean(store)


def test_an_orphan_division_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="neither in the file nor stored"), store.begin() as conn:
        load_divisions(conn, COUNTY, divisions().iloc[1:], today=TODAY)


def test_codes_are_kept_by_source(store: Store) -> None:
    first = divisions().assign(source=["osm:1", "osm:2", "osm:3"])
    with store.begin() as conn:
        load_divisions(conn, COUNTY, first, today=TODAY)
    second = divisions().assign(source=["osm:1", "osm:9", "osm:3"])
    second.loc[len(second)] = [4, "990101100202", "新村", "village", box(0, 0, 1, 1), "osm:4"]
    cells = grid().iloc[:1].copy()
    with store.begin() as conn:
        coded = adopt_codes(conn, COUNTY, second, cells)
    assert coded.divisions["code"].tolist() == ["990101", "990101101", VILLAGE, "990101101202"]
    assert coded.cells["code"].tolist() == [cell_code(1)]


def test_whom_the_map_must_name(store: Store) -> None:
    with store.begin() as conn:
        load_divisions(conn, COUNTY, divisions(), today=TODAY)
        assert credits(conn) == []
        load_divisions(conn, COUNTY, divisions().assign(source=["osm:relation/1", None, "file:x"]), today=TODAY)
        assert credits(conn) == ["© OpenStreetMap contributors"]
