"""A village out of the database: what is cut, by which doors and streets, and what is not."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, box
from sqlalchemy import text

from gis.cells.proposals import ground_of
from gis.cells.villages import villages_in
from gis.errors import BadInput, NotFound
from gis.exchange.lines import read_lines
from gis.storage.engine import Store
from gis.streets.load import load_streets
from tests.gis.exchange.osm_xml import OsmXml
from tests.gis.world import COUNTY, SOUTH, STEP, VILLAGE, WEST, build, cell_code


def streets() -> gpd.GeoDataFrame:
    across = LineString([(WEST - 1, SOUTH + STEP), (WEST + 1, SOUTH + STEP)])
    path = LineString([(WEST + STEP / 2, SOUTH), (WEST + STEP / 2, SOUTH + STEP)])
    away = LineString([(WEST + 2, SOUTH), (WEST + 3, SOUTH)])
    rows = [(1, 2, "大街", across), (2, 4, None, path), (3, 3, None, away)]
    return gpd.GeoDataFrame(rows, columns=["id", "class", "name", "geometry"], crs=4490)


def test_a_village_with_its_doors_and_streets(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 3, 4: 2}, units=2)
        load_streets(conn, COUNTY, streets())
        conn.execute(text("UPDATE everycell.household SET status = 'exempt' WHERE unit = '2室'"))
    with store.read() as conn:
        assert villages_in(conn, VILLAGE) == villages_in(conn, "990101") == {VILLAGE: 5}
        there = ground_of(conn, VILLAGE).village
    assert (there.code, there.name) == (VILLAGE, "柳林村")
    assert list(there.cells) == [cell_code(n) for n in range(1, 7)] == sorted(there.used)
    assert there.doors.households.tolist() == [1] * 5  # exempt households are nobody to visit
    assert there.streets.costs.tolist() == [1.0, 1.3]  # the street that passes by is not among them
    (whole,) = there.parts()
    assert whole.equals(box(WEST, SOUTH, round(WEST + 3 * STEP, 8), round(SOUTH + 2 * STEP, 8)))


def test_a_dedicated_cell_is_left_out(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 3, 2: 2})
        conn.execute(text("UPDATE everycell.cell SET kind = 'dedicated' WHERE code = :code"), {"code": cell_code(2)})
    with store.read() as conn:
        there = ground_of(conn, VILLAGE).village
    assert cell_code(2) not in there.cells
    assert cell_code(2) in there.used
    assert len(there.doors) == 3


def test_what_is_no_village(store: Store) -> None:
    with store.begin() as conn:
        build(conn)
    with store.read() as conn:
        for code in ("990101100299", cell_code(1)):
            with pytest.raises(NotFound, match="there is no village"):
                villages_in(conn, code)
        with pytest.raises(NotFound, match="there is no village"):
            ground_of(conn, "990101100299")
        for code in ("990101", cell_code(1), "99"):
            with pytest.raises(BadInput, match="village"):
                ground_of(conn, code)
        with pytest.raises(BadInput, match="--village"):
            villages_in(conn, "99")


# ---- rivers and railways out of files


def test_lines_of_a_file_in_another_crs(tmp_path: Path) -> None:
    file = tmp_path / "rivers.gpkg"
    line = LineString([(WEST, SOUTH), (WEST + STEP, SOUTH + STEP)])
    shapes = [shapely.MultiLineString([line, shapely.reverse(line)]), shapely.Point(WEST, SOUTH)]
    gpd.GeoDataFrame(geometry=shapes, crs=4490).to_crs(4543).to_file(file)
    found = read_lines(file)
    assert len(found) == 2
    assert shapely.hausdorff_distance(found[0], line) < 1e-8


def test_lines_of_an_extract(tmp_path: Path) -> None:
    xml = OsmXml()
    kinds: list[dict[str, str]] = [
        {"waterway": "river"},
        {"railway": "rail"},
        {"railway": "rail", "tunnel": "yes"},
        {"waterway": "dam"},
        {"highway": "path"},
    ]
    for number, tags in enumerate(kinds):
        xml.way([(WEST, SOUTH + number / 1000), (WEST + STEP, SOUTH + number / 1000)], **tags)
    file = tmp_path / "small.osm"
    file.write_text(xml.text(), encoding="utf-8")
    found = read_lines(file)
    assert np.round(shapely.bounds(found)[:, 1], 6).tolist() == [SOUTH, SOUTH + 0.001]


def test_what_is_no_file_of_lines(tmp_path: Path) -> None:
    for name in ("none.osm.pbf", "none.geojson"):
        with pytest.raises(BadInput, match=name):
            read_lines(tmp_path / name)
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"x" * 100)
    with pytest.raises(BadInput, match="cannot be read as an OpenStreetMap extract"):
        read_lines(broken)
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="holds no geometries"):
        read_lines(table)
