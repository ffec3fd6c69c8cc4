"""Good files in every format, bad rows among good ones, and the same file twice."""

from __future__ import annotations

import csv as csv_module
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import text

from gis.crs import Datum, from_wgs84
from gis.errors import WrongPlace
from gis.exchange.headers import Kind
from gis.storage.engine import Store
from tests.gis.exchange import builder
from tests.gis.exchange.builder import SIDE, SOUTH, WEST, cells, csv, dwellings, gpkg
from tests.gis.exchange.conftest import Import, run
from tests.gis.exchange.dump import fingerprint

Found = list[tuple[int, str | None, str]]


def reasons(summary: Any) -> Found:
    return sorted((each.row, each.column, each.reason) for each in summary.rejects)


def figures(summary: Any) -> tuple[int, int, int, int, int]:
    reports = summary.reports
    return (
        summary.rows_read,
        sum(report.inserted for report in reports),
        sum(report.updated for report in reports),
        sum(report.unchanged for report in reports),
        len(summary.rejects),
    )


@pytest.fixture
def with_cells(importing: Import, tmp_path: Path) -> Import:
    importing(Kind.cells, gpkg(tmp_path / "cells.gpkg", cells()))
    return importing


# --- formats ---------------------------------------------------------------------------------------------------------


def amap(folder: Path, pair: str, between: str) -> Path:
    """What AMap users have: a column of "lng:lat,lng:lat"."""
    frame = cells()
    rings = [shapely.get_coordinates(shape) for shape in frame.geometry]
    lines = [between.join(f"{x:.8f}{pair}{y:.8f}" for x, y in ring) for ring in rings]
    return csv(folder / "cells.csv", pd.DataFrame({"网格编码": frame["网格编码"], "边界坐标": lines}))


def hex_wkb(folder: Path) -> Path:
    frame = cells()
    return csv(
        folder / "c.csv", pd.DataFrame({"code": frame["网格编码"], "geom": shapely.to_wkb(frame.geometry, hex=True)})
    )


def parquet(folder: Path) -> Path:
    cells().to_parquet(folder / "cells.parquet")
    return folder / "cells.parquet"


def geojson(folder: Path, encoding: str = "utf-8") -> Path:
    (folder / "cells.geojson").write_text(cells().to_json(ensure_ascii=False), encoding=encoding)
    return folder / "cells.geojson"


FORMATS = {
    "GeoPackage": lambda f: gpkg(f / "cells.gpkg", cells()),
    "GeoPackage in metres": lambda f: gpkg(f / "cells.gpkg", cells().to_crs(4544)),
    "Shapefile": lambda f: builder.shapefile(f, "cells", cells()),
    "Shapefile, GBK": lambda f: builder.shapefile(f, "cells", cells(), "GBK"),
    "zipped Shapefile": lambda f: builder.zipped(f / "c.zip", builder.shapefile(f, "cells", cells()), inside="网格/"),
    "zipped CSV": lambda f: builder.zipped(f / "c.zip", builder.wkt_csv(f / "cells.csv", cells())),
    "GeoJSON": geojson,
    "GeoJSON, GB18030": lambda f: geojson(f, "gb18030"),
    "GeoParquet": parquet,
    "CSV with WKT": lambda f: builder.wkt_csv(f / "cells.csv", cells()),
    "CSV with WKB": hex_wkb,
    "AMap lng,lat;": lambda f: amap(f, ",", ";"),
    "AMap lng:lat,": lambda f: amap(f, ":", ","),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_cells(name: str, importing: Import, store: Store, tmp_path: Path) -> None:
    summary = importing(Kind.cells, FORMATS[name](tmp_path))
    assert figures(summary) == (16, 16, 0, 0, 0)
    with store.read() as conn:
        found = conn.execute(text("SELECT code, ST_AsBinary(geom) FROM everycell.cell ORDER BY code")).all()
    expected = dict(zip(cells()["网格编码"], cells().geometry, strict=True))
    assert [code for code, _ in found] == sorted(expected)
    for code, wkb in found:
        assert shapely.hausdorff_distance(shapely.from_wkb(bytes(wkb)), expected[code]) < 2e-8


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_gives_the_same_households(
    encoding: str, with_cells: Import, store: Store, tmp_path: Path
) -> None:
    summary = with_cells(Kind.households, csv(tmp_path / "doors.csv", dwellings(), encoding))
    assert figures(summary) == (600, 600, 0, 0, 0)
    assert summary.encoding == encoding
    with store.read() as conn:
        stored = conn.execute(
            text("SELECT count(*), count(DISTINCT address), min(address), sum(households) FROM everycell.doorplate")
        ).one()
    assert tuple(stored) == (200, 200, "示范路0号", 600)


@pytest.mark.parametrize("datum", [Datum.gcj02, Datum.bd09])
def test_a_scrambled_datum_that_is_said_is_undone(datum: Datum, with_cells: Import, tmp_path: Path) -> None:
    with_cells(Kind.households, csv(tmp_path / "doors.csv", dwellings()))
    again = with_cells(Kind.households, csv(tmp_path / "map.csv", builder.shifted(dwellings(), datum)), datum=datum)
    assert figures(again) == (600, 0, 0, 600, 0)


def test_cells_in_gcj02_are_put_where_they_belong(importing: Import, tmp_path: Path) -> None:
    importing(Kind.cells, gpkg(tmp_path / "cells.gpkg", cells()))
    path = gpkg(tmp_path / "amap.gpkg", builder.moved(cells(), Datum.gcj02))
    assert figures(importing(Kind.cells, path, datum=Datum.gcj02)) == (16, 0, 0, 16, 0)


def test_an_offset_can_be_accepted(with_cells: Import, tmp_path: Path) -> None:
    path = csv(tmp_path / "doors.csv", builder.shifted(dwellings(), Datum.gcj02))
    summary = with_cells(Kind.households, path, accept_offset=True)
    assert summary.reports[0].inserted > 500


def test_divisions_make_first_cells_and_keep_them(importing: Import, store: Store, tmp_path: Path) -> None:
    """National 12-digit codes, a village in two parts, the file twice."""
    left, right = shapely.box(104, 34, 104.1, 34.1), shapely.box(104.1, 34, 104.2, 34.1)
    parts = shapely.MultiPolygon([left, shapely.box(104.2, 34, 104.3, 34.1)])
    rows = [
        ("621126000000", "示范县", "县", shapely.box(104, 34, 104.3, 34.1)),
        ("621126100000", "城关镇", "镇", shapely.box(104, 34, 104.3, 34.1)),
        ("621126100201", "柳林村", "村", parts),
        ("621126100202", "石桥村", "村", right),
    ]
    frame = gpd.GeoDataFrame(rows, columns=["区划代码", "名称", "级别", "geometry"], crs=4490)
    path = gpkg(tmp_path / "divisions.gpkg", frame)
    assert figures(importing(Kind.divisions, path)) == (4, 4, 0, 0, 0)
    before = fingerprint(store, revisions=False)
    assert figures(importing(Kind.divisions, path)) == (4, 0, 0, 4, 0)
    assert fingerprint(store, revisions=False) == before
    with store.read() as conn:
        found = conn.execute(text("SELECT code, name FROM everycell.cell ORDER BY code")).all()
    assert [tuple(row) for row in found] == [
        ("621126100201001", "柳林村 1"),
        ("621126100201002", "柳林村 2"),
        ("621126100202001", "石桥村"),
    ]


# --- the same file again ---------------------------------------------------------------------------------------------


def test_the_same_files_again_change_nothing(store: Store, tmp_path: Path) -> None:
    days = datetime.now(UTC) - timedelta(days=3)
    door_frame = dwellings().drop(columns="户号")
    files = {
        Kind.cells: gpkg(tmp_path / "cells.gpkg", cells()),
        Kind.households: csv(tmp_path / "doors.csv", door_frame),
        Kind.sites: csv(
            tmp_path / "sites.csv",
            pd.DataFrame(
                {"名称": ["示范小学", "供销社"], "类别": ["学校", "商店"], "lng": 104.01, "lat": [34.41, 34.42]}
            ),
        ),
    }
    for kind, path in files.items():
        run(store, kind, path)
    with store.read() as conn:
        household = conn.execute(text("SELECT min(code) FROM everycell.household")).scalar()
    files[Kind.visits] = csv(
        tmp_path / "visits.csv",
        pd.DataFrame(
            {"户编码": [household], "走访时间": [f"{days:%Y/%m/%d %H:%M}"], "走访结果": ["见到"], "队伍": ["a1"]}
        ),
    )
    assert figures(run(store, Kind.visits, files[Kind.visits])) == (1, 1, 0, 0, 0)
    before = fingerprint(store, revisions=False)
    for kind, path in files.items():
        _, inserted, updated, _, rejected = figures(run(store, kind, path))
        assert (kind, inserted, updated, rejected) == (kind, 0, 0, 0)
    shuffled = csv(tmp_path / "shuffled.csv", door_frame.sample(frac=1, random_state=4))
    assert figures(run(store, Kind.households, shuffled)) == (600, 0, 0, 600, 0)
    assert fingerprint(store, revisions=False) == before


# --- bad rows among good ones ----------------------------------------------------------------------------------------


def test_three_per_cent_bad_rows(with_cells: Import, tmp_path: Path) -> None:
    frame = dwellings().astype({"经度": "object"})
    frame.loc[4::33, "经度"] = "东经一百零四度"
    path = csv(tmp_path / "doors.csv", frame)
    summary = with_cells(Kind.households, path)
    assert figures(summary) == (600, 581, 0, 0, 19)
    assert reasons(summary)[0] == (5, "经度", "is no number (decimal degrees)")
    with (tmp_path / "doors.csv.rejects.csv").open(encoding="utf-8-sig") as file:
        written = list(csv_module.reader(file))
    assert written[:2] == [["row", "column", "reason"], ["5", "经度", "is no number (decimal degrees)"]]
    assert len(written) == 20
    assert "东经" not in (tmp_path / "doors.csv.rejects.csv").read_text(encoding="utf-8")


def test_rejects_of_an_earlier_try_go_when_all_is_well(with_cells: Import, tmp_path: Path) -> None:
    frame = dwellings(30)
    frame.loc[0, "纬度"] = np.nan
    with_cells(Kind.households, csv(tmp_path / "doors.csv", frame))
    assert (tmp_path / "doors.csv.rejects.csv").exists()
    with_cells(Kind.households, csv(tmp_path / "doors.csv", dwellings(30)))
    assert not (tmp_path / "doors.csv.rejects.csv").exists()


HEAD = "户号,地址,单元,经度,纬度,状态,走访周期,登记日期,上次见到,上次走访,备注\n"
GOOD = "A0,甲路1号,101,104.01,34.41,正常,90,2026-01-05,2026-10-01,2026-10-02,x\n"


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("A1,乙路,1,,34.41,,,,,,", "经度", "is empty"),
        ("A1,乙路,1,nan,34.41,,,,,,", "经度", "is no number"),
        ("A1,乙路,1,inf,34.41,,,,,,", "经度", "is no number"),
        ("A1,乙路,1,404.01,34.41,,,,,,", "经度, 纬度", "outside the world"),
        ("A1,乙路,1,34.41,104.01,,,,,,", "经度, 纬度", "outside the world"),
        ("A1,乙路,1,104.5,34.41,,,,,,", "lon, lat", "stands in no cell of county 621126"),
        ("A1,乙路,1,104.01,34.41,教徒,,,,,", "状态", "is none of active, exempt"),
        ("A1,乙路,1,104.01,34.41,,-5,,,,", "走访周期", "is no whole number from 1 to 3650"),
        ("A1,乙路,1,104.01,34.41,,0,,,,", "走访周期", "is no whole number"),
        ("A1,乙路,1,104.01,34.41,,1.5,,,,", "走访周期", "is no whole number"),
        ("A1,乙路,1,104.01,34.41,,,2026-02-30,,,", "登记日期", "is no date"),
        ("A1,乙路,1,104.01,34.41,,,11/22/2026,,,", "登记日期", "is no date"),
        ("A1,乙路,1,104.01,34.41,,,2100-01-01,,,", "登记日期", "lies in the future"),
        ("A1,乙路,1,104.01,34.41,,,,2100-01-01,,", "上次见到", "lies in the future"),
        ("A0,乙路,1,104.02,34.41,,,,,,", "code", "row 1 has the same code"),
        (
            ",甲路1号,101,104.01,34.41,,,,,,\nB,甲路1号,102,104.01,34.41,,,,,,\n,甲路1号,101,104.01,34.41,,,,,,",
            "unit",
            "row 2",
        ),
        ("A1,甲路1号,102,104.05,34.41,,,,,,", "address", r"row 1 has the same address, 3,6\d\d m away"),
        ("A 1,乙路,1,104.01,34.41,,,,,,", "户号", "is no code"),
        ("6.21126E+17,乙路,1,104.01,34.41,,,,,,", "户号", "was turned into a number with an exponent"),
        ("A1,乙路,1,104.01,34.41", None, "the line has 5 fields, not 11"),
        ("A1,乙路,1,104.01,34.41,,,,,,,,", None, "the line has 13 fields, not 11"),
        (f"A1,{'路' * 201},1,104.01,34.41,,,,,,", "地址", "is longer than 200 characters"),
    ],
)
def test_bad_dwelling(line: str, column: str | None, reason: str, with_cells: Import, tmp_path: Path) -> None:
    path = tmp_path / "doors.csv"
    path.write_text(HEAD + GOOD + line + "\n", encoding="utf-8")
    summary = with_cells(Kind.households, path)
    assert summary.reports[0].inserted >= 1
    assert summary.ignored == ("备注",)
    ((row, found, why),) = reasons(summary)
    assert row == len(line.splitlines()) + 1
    assert found == column
    assert re.search(reason, why)


def test_the_address_of_another_village_does_not_carry_its_doors_away(with_cells: Import, tmp_path: Path) -> None:
    one = pd.DataFrame({"地址": ["一组1号", "一组2号"], "lng": [104.01, 104.011], "lat": 34.41})
    with_cells(Kind.households, csv(tmp_path / "one.csv", one))
    more = pd.concat([one.assign(lat=34.46), pd.DataFrame({"地址": ["二组9号"], "lng": [104.03], "lat": [34.46]})])
    summary = with_cells(Kind.households, csv(tmp_path / "two.csv", more), accept_offset=True)
    assert figures(summary) == (3, 1, 0, 0, 2)
    assert "the same address is stored 5,5" in reasons(summary)[0][2]


def test_contact_is_never_before_reached(with_cells: Import, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "doors.csv"
    path.write_text("户号,经度,纬度,上次见到,上次走访\nA,104.01,34.41,2026-10-05,2026-09-01\n", encoding="utf-8")
    with_cells(Kind.households, path)
    with store.read() as conn:
        found = conn.execute(text("SELECT last_reached_on::text, last_contact_on::text FROM everycell.household")).one()
    assert tuple(found) == ("2026-10-05", "2026-10-05")


BOW = shapely.Polygon([(WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE), (WEST + SIDE, SOUTH), (WEST, SOUTH + SIDE)])


def many_vertices(number: int) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, number, endpoint=False)
    return shapely.Polygon(np.column_stack([104.01 + 0.005 * np.cos(angle), 34.41 + 0.005 * np.sin(angle)]))


@pytest.mark.parametrize(
    ("code", "shape", "column", "reason"),
    [
        ("621126100200001", BOW, "geometry", r"crosses itself at 104\.01, 34\.41; repair it first"),
        ("621126100200001", None, "wkt", "is empty"),
        ("621126100200001", shapely.Polygon(), "wkt", "the geometry is empty"),
        ("621126100200001", shapely.Point(104, 34), "geometry", "is no polygon"),
        (
            "621126100200001",
            shapely.MultiPolygon([shapely.box(104, 34, 105, 35), shapely.box(106, 34, 107, 35)]),
            "geometry",
            "has 2 parts",
        ),
        ("621126100200001", many_vertices(1_000_000), "wkt", "has 1,000,001 vertices, more than 100,000"),
        (
            "621126100200001",
            shapely.Polygon([(104, 34), (104.1, 34), (104.2, 34), (104, 34)]),
            "geometry",
            "crosses itself|has no area",
        ),
        ("62112610020000X", shapely.box(104, 34, 105, 35), "网格编码", "is no cell code of 15 digits"),
        ("621126100200002", shapely.box(104, 34, 105, 35), "code", "row 1 has the same code"),
        ("", shapely.box(104, 34, 105, 35), "网格编码", "is empty"),
    ],
)
def test_bad_cell(code: str, shape: Any, column: str, reason: str, importing: Import, tmp_path: Path) -> None:
    """A bad cell among good ones of another village, which tile without it."""
    rest = cells().iloc[1:]
    bad = gpd.GeoDataFrame({"网格编码": [code], "网格名称": ["坏"]}, geometry=[shape], crs=4490)
    frame = gpd.GeoDataFrame(pd.concat([rest.iloc[:3], bad, rest.iloc[3:]], ignore_index=True), crs=4490)
    summary = importing(Kind.cells, builder.wkt_csv(tmp_path / "cells.csv", frame), enclaves=True)
    assert figures(summary)[0] == 16
    ((row, found, why),) = reasons(summary)
    assert (row, found) == (4, column)
    assert re.search(reason, why)


def test_cells_with_nan_coordinates_are_rejected(importing: Import, tmp_path: Path) -> None:
    frame = builder.wkt_csv(tmp_path / "cells.csv", cells())
    text_of = frame.read_text(encoding="utf-8").splitlines()
    text_of[1] = '621126100200001,坏,"POLYGON ((104 34.4, NaN 34.42, 104.02 34.42, 104 34.4))"'
    frame.write_text("\n".join(text_of) + "\n", encoding="utf-8")
    summary = importing(Kind.cells, frame)
    assert reasons(summary) == [(1, "wkt", "has coordinates that are no numbers (NaN or infinite)")]


def test_a_code_that_does_not_begin_with_its_village(importing: Import, tmp_path: Path) -> None:
    frame = cells().assign(村编码=cells()["网格编码"].str[:12])
    frame.loc[0, "村编码"] = "621126999999"
    summary = importing(Kind.cells, gpkg(tmp_path / "cells.gpkg", frame))
    assert reasons(summary) == [(1, "网格编码", "does not begin with the code of its village")]


def dated(line: str) -> str:
    """The line with real times in it; the tests' names must not change by the minute."""
    now = datetime.now(UTC)
    seen, soon = now - timedelta(days=2), now + timedelta(days=2)
    return line.replace("SEEN", f"{seen:%Y-%m-%d} 09:30").replace("SOON", f"{soon:%Y-%m-%d}")


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("NOBODY,SEEN,见到,T1,", "household", "there is no such household"),
        ("H00001,SOON,见到,T1,", "走访时间", "lies in the future"),
        ("H00001,2019-01-01,见到,T1,", "走访时间", "visits are kept 12 months"),
        ("H00001,yesterday,见到,T1,", "走访时间", "is no date"),
        ("H00001,,见到,T1,", "走访时间", "is empty"),
        ("H00001,SEEN,有病,T1,", "结果", "is none of reached, no_answer"),
        ("H00001,SEEN,,T1,", "结果", "is empty"),
        ("H00001,SEEN,见到,王小明,", "队伍", "is no team code"),
        ("H00001,SEEN,见到,,", "队伍", "is empty"),
        ("H00001,SEEN,见到,T1,维稳", "目的", "is none of routine, safety, publicity, address_check"),
        (",SEEN,见到,T1,", "户号", "is empty"),
        ("H00000,SEEN,见到,T1,", None, "row 1 is the same visit"),
    ],
)
def test_bad_visit(line: str, column: str | None, reason: str, county: Store, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    good = "H00000,SEEN,无人,T1,日常走访"
    path.write_text(dated(f"户号,走访时间,结果,队伍,目的\n{good}\n{line}\n"), encoding="utf-8")
    summary = run(county, Kind.visits, path)
    assert len(summary.rejects) == 1
    ((row, found, why),) = reasons(summary)
    assert (row, found) == (2, column)
    assert reason in why


def test_a_visit_with_the_same_id_and_other_content(county: Store, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    key = "7b7d8e0e-7a35-4c51-9a2b-9a2e3b0f5b11"
    for outcome in ("见到", "无人"):
        lines = f"{key},H00005,SEEN,{outcome},T1\nx,H00006,SEEN,见到,T1\n,H00007,SEEN,见到,T1\n"
        path.write_text(dated(f"id,户号,走访时间,结果,队伍\n{lines}"), encoding="utf-8")
        summary = run(county, Kind.visits, path)
    assert (1, "id", "a visit with this id and other content is already recorded") in reasons(summary)
    assert (2, "id", "is no UUID") in reasons(summary)


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("大寺,商店,104.01,34.41", "名称", "is a place of worship"),
        ("某某清真寺,公园,104.01,34.41", "名称", "is a place of worship"),
        ("St. Mary Church,museum,104.01,34.41", "名称", "is a place of worship"),
        ("甲,church,104.01,34.41", "类别", "is none of kindergarten"),
        ("甲,宗教场所,104.01,34.41", "类别", "is none of"),
        ("甲,民宅,104.01,34.41", "类别", "is none of"),
        (",商店,104.01,34.41", "名称", "is empty"),
        ("示范小学,学校,104.01,34.41", "code", "row 1 has the same code"),
        ("乙,商店,104.2,34.41", "lon, lat", "stands in no cell"),
    ],
)
def test_bad_site(line: str, column: str, reason: str, county: Store, tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(f"名称,类别,经度,纬度\n示范小学,学校,104.01,34.41\n{line}\n", encoding="utf-8")
    summary = run(county, Kind.sites, path)
    ((row, found, why),) = reasons(summary)
    assert (row, found) == (2, column)
    assert reason in why


@pytest.mark.parametrize("name", ["白马寺镇小学", "大雁塔广场", "寺沟村", "东大街商店"])
def test_places_named_after_a_temple_are_places(name: str, county: Store, tmp_path: Path) -> None:
    path = csv(tmp_path / "s.csv", pd.DataFrame({"名称": [name], "类别": "商店", "lng": 104.01, "lat": 34.41}))
    assert not run(county, Kind.sites, path).rejects


def test_gcj02_of_a_handful_is_beyond_the_guard(county: Store, tmp_path: Path) -> None:
    """What the docstring of the guard says it cannot see: three unknown doors in the middle of the county."""
    lon, lat = from_wgs84(Datum.gcj02, [104.041, 104.042, 104.043], [34.441, 34.442, 34.443])
    frame = pd.DataFrame({"地址": ["新街1号", "新街2号", "新街3号"], "lng": lon, "lat": lat})
    assert figures(run(county, Kind.households, csv(tmp_path / "d.csv", frame)))[1] == 3


@pytest.mark.data
def test_a_county_as_amap_has_it(store: Store, shared_data: Path, tmp_path: Path) -> None:
    """Minxian from an AMap source: imported as GCJ-02, the same file as WGS 84 is refused."""
    source = gpd.read_file(shared_data / "dingxi_counties.geojson")
    county = source[source["name"].str.contains("岷")][["geometry"]].assign(code="621126", name="岷县")
    path = gpkg(tmp_path / "county.gpkg", gpd.GeoDataFrame(county))
    assert figures(run(store, Kind.divisions, path, datum=Datum.gcj02)) == (1, 1, 0, 0, 0)
    with pytest.raises(WrongPlace, match=r"1 shape is stored elsewhere.*GCJ-02"):
        run(store, Kind.divisions, path)
