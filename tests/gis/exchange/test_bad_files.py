"""Crafted bad files: each is refused as a whole with the expected sentence, and the database is as it was."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.crs import Datum
from gis.errors import BadInput, BrokenCoverage, PersonalData, WrongPlace
from gis.exchange import kinds
from gis.exchange.headers import Kind
from gis.storage.engine import Store
from tests.gis.exchange import builder
from tests.gis.exchange.builder import CARD, MOBILE, SIDE, SOUTH, WEST, cells, csv, dwellings, gpkg
from tests.gis.exchange.conftest import run

Make = Callable[[Path], Path]


@dataclass(frozen=True)
class Bad:
    """A file that must be refused with `message` (a regular expression)."""

    kind: Kind
    make: Make
    message: str
    error: type[BadInput] = BadInput
    options: dict[str, Any] = field(default_factory=dict)


def text(name: str, content: str | bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def doors(change: Callable[[pd.DataFrame], pd.DataFrame], encoding: str = "utf-8") -> Make:
    return lambda folder: csv(folder / "doors.csv", change(dwellings()), encoding)


def cut(make: Make, share: float) -> Make:
    def shorter(folder: Path) -> Path:
        path = make(folder)
        raw = path.read_bytes()
        path.write_bytes(raw[: int(len(raw) * share)])
        return path

    return shorter


def cell_file(name: str = "cells.gpkg") -> Make:
    return lambda folder: gpkg(folder / name, cells())


def member(name: str, content: bytes = b"x") -> Make:
    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "cells.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        return folder / "cells.zip"

    return make


def two_shapefiles(folder: Path) -> Path:
    files = [builder.shapefile(folder, name, cells()) for name in ("old", "new")]
    return builder.zipped(folder / "both.zip", *files)


def two_layers(folder: Path) -> Path:
    path = gpkg(folder / "cells.gpkg", cells(), layer="2025")
    return gpkg(path, cells(), layer="2026")


def no_prj(folder: Path) -> Path:
    path = builder.shapefile(folder, "cells", cells())
    path.with_suffix(".prj").unlink()
    return path


def no_dbf(folder: Path) -> Path:
    path = builder.shapefile(folder, "cells", cells())
    path.with_suffix(".dbf").unlink()
    return path


def encrypted(folder: Path) -> Path:
    """A member with the encryption flag set, in both of its headers."""
    path = member("cells.csv", b"a,b\n1,2\n")(folder)
    raw = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = raw.index(mark) + at
        raw[start : start + 2] = struct.pack("<H", struct.unpack("<H", raw[start : start + 2])[0] | 1)
    path.write_bytes(raw)
    return path


def in_crs(code: str) -> Make:
    def make(folder: Path) -> Path:
        shapes = gpd.GeoDataFrame(cells().drop(columns="geometry"), geometry=cells().geometry.to_numpy(), crs=code)
        return gpkg(folder / "cells.gpkg", shapes)

    return make


def swapped_polygons(folder: Path) -> Path:
    frame = cells()
    flipped = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    return builder.wkt_csv(folder / "cells.csv", frame.set_geometry(flipped))


def far_away(folder: Path) -> Path:
    frame = cells()
    return gpkg(folder / "cells.gpkg", frame.set_geometry(frame.geometry.translate(3.0, 1.0)))


def a_hair_beside(folder: Path) -> Path:
    """130 m to the north-east: no datum explains it."""
    frame = cells()
    return gpkg(folder / "cells.gpkg", frame.set_geometry(frame.geometry.translate(0.001, 0.001)))


def overlapping(folder: Path) -> Path:
    wide = shapely.box(WEST, SOUTH, WEST + 1.3 * SIDE, SOUTH + SIDE)
    return gpkg(folder / "cells.gpkg", builder.with_shape(0, wide))


def with_gap(folder: Path) -> Path:
    narrow = shapely.box(WEST, SOUTH, WEST + 0.7 * SIDE, SOUTH + SIDE)
    return gpkg(folder / "cells.gpkg", builder.with_shape(0, narrow))


def all_bow_ties(folder: Path) -> Path:
    frame = cells().iloc[:1]
    bow = shapely.Polygon([(104, 34.4), (104.02, 34.42), (104.02, 34.4), (104, 34.42)])
    return builder.wkt_csv(folder / "cells.csv", frame.set_geometry([bow]))


def geojson_of(properties: dict[str, Any]) -> Make:
    shape = shapely.geometry.mapping(cells().geometry.iloc[0])
    feature = {"type": "Feature", "properties": properties, "geometry": shape}
    return text("cells.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False))


VISIT = "household,visited_at,outcome,team\n"

BAD: dict[str, Bad] = {
    # what is no file of ours
    "missing": Bad(Kind.cells, lambda folder: folder / "none.gpkg", r"none\.gpkg: there is no such file"),
    "empty file": Bad(Kind.households, text("doors.csv", ""), r"doors\.csv: the file is empty"),
    "only blanks": Bad(Kind.households, text("doors.csv", "\n \n\n"), "the file is empty"),
    "header only": Bad(Kind.households, text("doors.csv", "户号,经度,纬度\n"), "has a header but no rows"),
    "no header": Bad(
        Kind.households, text("doors.csv", "1,104.01,34.41\n2,104.02,34.41\n"), "the first line holds values"
    ),
    "heading twice": Bad(Kind.households, text("doors.csv", "lon,lat,lon\n1,2,3\n"), "column 'lon' occurs twice"),
    "open quotation": Bad(
        Kind.households, text("doors.csv", 'lon,lat\n"104,34\n'), "quotation mark never closed|header but no rows"
    ),
    "binary as csv": Bad(Kind.households, text("doors.csv", b"lon,lat\n\x00\x01\x02"), "is called .csv but holds"),
    "spreadsheet": Bad(Kind.households, text("doors.xlsx", b"PK\x03\x04"), "save the sheet as CSV"),
    "unknown ending": Bad(Kind.cells, text("cells.dwg", "AC1027"), r"the ending \.dwg is not known"),
    "wrong ending": Bad(Kind.cells, text("cells.gpkg", "a,b\n1,2\n"), r"is called \.gpkg but holds CSV"),
    "gpkg called shp": Bad(
        Kind.cells, lambda f: cell_file()(f).rename(f / "c.shp"), r"is called \.shp but holds GeoPackage"
    ),
    "cut gpkg": Bad(Kind.cells, cut(cell_file(), 0.6), "damaged or cut off"),
    "cut geojson": Bad(
        Kind.cells,
        cut(text("c.geojson", cells().to_json(ensure_ascii=False)), 0.9),
        "damaged or cut off|is the file cut off",
    ),
    "cut shapefile": Bad(
        Kind.cells, cut(lambda f: builder.shapefile(f, "c", cells()), 0.5), "is cut off: shorter than"
    ),
    "cut zip": Bad(
        Kind.cells,
        cut(lambda f: builder.zipped(f / "c.zip", builder.shapefile(f, "c", cells())), 0.7),
        "zip archive is damaged",
    ),
    "empty geojson": Bad(
        Kind.cells, text("c.geojson", '{"type":"FeatureCollection","features":[]}'), "holds no rows|damaged"
    ),
    "no geojson": Bad(Kind.cells, text("c.geojson", '{"cells": 3}'), "damaged or cut off"),
    "no dbf": Bad(Kind.cells, no_dbf, r"the \.dbf file beside it is missing"),
    # archives
    "path traversal": Bad(Kind.cells, member("../../etc/cells.shp"), "points outside of the archive"),
    "absolute member": Bad(Kind.cells, member("/etc/cells.csv"), "points outside of the archive"),
    "windows member": Bad(Kind.cells, member("C:\\cells.csv"), "points outside of the archive"),
    "bomb": Bad(Kind.cells, member("cells.csv", b"0" * (60 << 20)), "would unpack to 63 MB"),
    "encrypted": Bad(Kind.cells, encrypted, "is encrypted"),
    "nothing in it": Bad(Kind.cells, member("readme.md"), "holds no Shapefile"),
    "two shapefiles": Bad(Kind.cells, two_shapefiles, r"several layers \(new, old\); choose one with --layer"),
    "two layers": Bad(Kind.cells, two_layers, r"several layers \(layers: 2025, 2026\)"),
    "no such layer": Bad(Kind.cells, two_layers, "holds no layer '2027'", options={"layer": "2027"}),
    # encodings
    "cut in a character": Bad(
        Kind.households,
        text("d.csv", "lon,lat,地址\n104,34,".encode() + "村".encode()[:2]),
        "is UTF-8 but broken at byte",
    ),
    "no encoding fits": Bad(
        Kind.households, text("d.csv", b"lon,lat,\xff\xfe\xfa\n1,2,3\n"), "neither UTF-8 nor GB18030"
    ),
    "wrong encoding said": Bad(
        Kind.households, doors(lambda d: d, "gb18030"), "is no utf-8 text", options={"encoding": "utf-8"}
    ),
    "unknown encoding": Bad(Kind.households, doors(lambda d: d), "is no encoding", options={"encoding": "klingon"}),
    # columns
    "unknown field": Bad(
        Kind.households, doors(lambda d: d), "no field 'lng'.*did you mean", options={"mapping": {"lng": "经度"}}
    ),
    "unknown column": Bad(
        Kind.households, doors(lambda d: d), "no column '东经'", options={"mapping": {"lon": "东经"}}
    ),
    "no place": Bad(Kind.households, doors(lambda d: d.drop(columns="经度")), "no column means lon"),
    "no polygons": Bad(Kind.cells, text("c.csv", "网格编码\n621126100200001\n"), "has no polygons"),
    "no code": Bad(
        Kind.cells, lambda f: gpkg(f / "c.gpkg", cells().rename(columns={"网格编码": "x"})), "no column means code"
    ),
    "two for one": Bad(
        Kind.households, doors(lambda d: d.assign(lng=d["经度"])), "could all be lon; say which with --map"
    ),
    "no outcome": Bad(Kind.visits, text("v.csv", "household,visited_at,team\n1,2,3\n"), "no column means outcome"),
    # places
    "xian 1980": Bad(Kind.cells, in_crs("EPSG:4610"), "Xian 1980 needs the seven parameters", WrongPlace),
    "beijing 1954": Bad(Kind.cells, in_crs("EPSG:4214"), "Beijing 1954 needs the seven parameters", WrongPlace),
    "xian said": Bad(Kind.households, doors(lambda d: d), "Xian 1980", WrongPlace, {"crs": "EPSG:2363"}),
    "nonsense crs": Bad(
        Kind.households, doors(lambda d: d), "no coordinate reference system", WrongPlace, {"crs": "gauss"}
    ),
    "wrong crs": Bad(Kind.households, doors(lambda d: d), "far from county 621126", WrongPlace, {"crs": "EPSG:4544"}),
    "no prj": Bad(Kind.cells, no_prj, r"has no \.prj file", WrongPlace),
    "metres": Bad(
        Kind.households,
        doors(lambda d: d.assign(经度=35_500_000.0 + d.index, 纬度=3_820_000.0)),
        "are no degrees; .*perhaps EPSG:4523",
        WrongPlace,
    ),
    "swapped columns": Bad(
        Kind.households, doors(lambda d: d.rename(columns={"经度": "纬度", "纬度": "经度"})), "are swapped", WrongPlace
    ),
    "swapped polygons": Bad(Kind.cells, swapped_polygons, "are swapped", WrongPlace),
    "elsewhere": Bad(Kind.cells, far_away, "far from county 621126", WrongPlace),
    "gcj02 doors": Bad(
        Kind.households,
        doors(lambda d: builder.shifted(d, Datum.gcj02)),
        r"sits 28\d m to the south-east.*--datum gcj02",
        WrongPlace,
    ),
    "gcj02 doors without codes": Bad(
        Kind.households,
        doors(lambda d: builder.shifted(d, Datum.gcj02).drop(columns=["户号", "门牌地址", "室号"])),
        "rows lie outside of their area and would lie inside.*GCJ-02",
        WrongPlace,
    ),
    "few gcj02 doors that are known": Bad(
        Kind.households,
        doors(lambda d: builder.shifted(d, Datum.gcj02).iloc[300:330]),
        "10 doorplates are stored elsewhere.*GCJ-02",
        WrongPlace,
    ),
    "bd09 doors": Bad(
        Kind.households, doors(lambda d: builder.shifted(d, Datum.bd09)), "BD-09.*--datum bd09", WrongPlace
    ),
    "gcj02 cells": Bad(
        Kind.cells,
        lambda f: gpkg(f / "c.gpkg", builder.moved(cells(), Datum.gcj02)),
        "GCJ-02.*--datum gcj02",
        WrongPlace,
    ),
    "bd09 cells": Bad(
        Kind.cells, lambda f: gpkg(f / "c.gpkg", builder.moved(cells(), Datum.bd09)), "BD-09.*--datum bd09", WrongPlace
    ),
    "wgs84 said to be gcj02": Bad(
        Kind.households, doors(lambda d: d), "look like WGS 84.*--datum wgs84", WrongPlace, {"datum": Datum.gcj02}
    ),
    "offset of no datum": Bad(Kind.cells, a_hair_beside, "neither GCJ-02 nor BD-09 explains it", WrongPlace),
    "a heading says it": Bad(
        Kind.households, doors(lambda d: d.rename(columns={"经度": "经度(GCJ02)"})), "a heading names GCJ02", WrongPlace
    ),
    "gcj02 outside china": Bad(
        Kind.households,
        text("d.csv", "lon,lat\n9.5,47.1\n"),
        "only defined in China",
        WrongPlace,
        {"datum": Datum.gcj02},
    ),
    # cells that do not tile
    "overlap": Bad(Kind.cells, overlapping, "the cells do not tile.*overlap", BrokenCoverage),
    "gap": Bad(Kind.cells, with_gap, "the cells do not tile", BrokenCoverage),
    "a cell left out": Bad(
        Kind.cells, lambda f: gpkg(f / "c.gpkg", cells().drop(index=5)), "do not tile", BrokenCoverage
    ),
    "only a bow-tie": Bad(Kind.cells, all_bow_ties, "none of its 1 rows can be used: .*crosses itself at 104.01"),
    "visits of nobody": Bad(
        Kind.visits,
        text("v.csv", f"{VISIT}NOBODY,2026-11-01,见到,T1\n"),
        r"none of its 1 rows can be used: household: there is no such household \(row 1\)",
    ),
    "doors in no cell": Bad(
        Kind.households,
        text("d.csv", "lon,lat\n104.2,34.4\n"),
        "none of its 1 rows can be used: lon, lat: stands in no cell",
        options={"accept_offset": True},
    ),
    # people
    "column 身份证号": Bad(
        Kind.households,
        doors(lambda d: d.assign(身份证号=None)),
        "column '身份证号' looks like personal data",
        PersonalData,
    ),
    "column 户主姓名": Bad(Kind.households, doors(lambda d: d.assign(户主姓名="x")), "column '户主姓名'", PersonalData),
    "column name of households": Bad(
        Kind.households, doors(lambda d: d.assign(name="x")), "column 'name'", PersonalData
    ),
    "column of names": Bad(
        Kind.households,
        doors(lambda d: d.assign(备注=[f"王{chr(0x5927 + at)}" for at in range(len(d))])),
        r"column '备注' looks like personal names \(row 1\)",
        PersonalData,
    ),
    "column in pinyin": Bad(Kind.households, doors(lambda d: d.assign(LXDH="x")), "column 'LXDH'", PersonalData),
    "mobile under an innocent heading": Bad(
        Kind.households,
        doors(lambda d: d.assign(备注=[MOBILE if at == 417 else "" for at in range(len(d))])),
        r"column '备注' looks like mobile numbers \(row 418\)",
        PersonalData,
    ),
    "mobile in an address": Bad(
        Kind.households,
        doors(lambda d: d.assign(门牌地址=["3号 张三 138-0013-8000" if at == 7 else "甲" for at in range(len(d))])),
        r"column '门牌地址' looks like mobile numbers \(row 8\)",
        PersonalData,
    ),
    "identity number": Bad(
        Kind.households,
        doors(lambda d: d.assign(其他=[builder.identity_number() if at == 3 else at for at in range(len(d))])),
        r"column '其他' looks like identity numbers \(row 4\)",
        PersonalData,
    ),
    "identity number as household code": Bad(
        Kind.households,
        doors(lambda d: d.assign(户号=[builder.identity_number(serial=at) for at in range(len(d))])),
        "column '户号' looks like identity numbers",
        PersonalData,
    ),
    "bank card": Bad(
        Kind.households, doors(lambda d: d.assign(账=CARD)), "column '账' looks like bank cards", PersonalData
    ),
    "e-mail": Bad(Kind.households, doors(lambda d: d.assign(x="a.b@example.org")), "looks like e-mail", PersonalData),
    "phone in a shapefile": Bad(
        Kind.cells,
        lambda f: builder.shapefile(f, "c", cells().assign(beizhu=float(MOBILE))),
        "column 'beizhu' looks like mobile numbers",
        PersonalData,
    ),
    "phone in geojson": Bad(
        Kind.cells,
        geojson_of({"code": "621126100200001", "x": int(MOBILE)}),
        "column 'x' looks like mobile",
        PersonalData,
    ),
    "phone in visits": Bad(
        Kind.visits,
        text("v.csv", f"{VISIT}621126-H00001,2026-11-01,见到,{MOBILE}\n"),
        "column 'team' looks like mobile",
        PersonalData,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused_and_nothing_changes(name: str, untouched: Store, tmp_path: Path) -> None:
    bad = BAD[name]
    path = bad.make(tmp_path)
    with pytest.raises(bad.error, match=f"(?s){bad.message}") as caught:
        run(untouched, bad.kind, path, **bad.options)
    assert not _quoted(str(caught.value))


def _quoted(message: str) -> bool:
    return any(value in message for value in (MOBILE, "138-0013-8000", CARD, builder.identity_number()[:14], "张三"))


def test_nothing_of_a_personal_value_is_in_the_traceback_of_the_error(untouched: Store, tmp_path: Path) -> None:
    path = csv(tmp_path / "doors.csv", dwellings().assign(备注=MOBILE))
    with pytest.raises(PersonalData) as caught:
        run(untouched, Kind.households, path)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert MOBILE not in repr(caught.value.args)


def test_strict_writes_nothing(untouched: Store, tmp_path: Path) -> None:
    frame = dwellings(300)
    frame.loc[::33, "经度"] = np.nan
    path = csv(tmp_path / "doors.csv", frame.assign(门牌地址="新" + frame["门牌地址"]))
    with pytest.raises(
        BadInput, match=r"10 of 300 rows cannot be used \(--strict.*经度: is empty \(row 1 and 9 more\)"
    ):
        run(untouched, Kind.households, path, strict=True)


def test_dry_run_keeps_nothing(untouched: Store, tmp_path: Path) -> None:
    frame = dwellings(900).iloc[600:].assign(门牌地址="东街1号")
    frame = frame.assign(经度=104.01, 纬度=34.41)
    summary = run(untouched, Kind.households, csv(tmp_path / "doors.csv", frame), dry_run=True)
    assert summary.reports[0].inserted == 300


def test_rejects_that_cannot_be_written_stop_the_import(untouched: Store, tmp_path: Path) -> None:
    frame = dwellings(6)
    frame.loc[0, "经度"] = np.nan
    path = csv(tmp_path / "doors.csv", frame.assign(户号=[f"N{at}" for at in range(6)]))
    with pytest.raises(BadInput, match=r"--rejects: .* cannot be written"):
        run(untouched, Kind.households, path, rejects=tmp_path / "no" / "such" / "folder.csv")


def test_rejects_never_overwrite_the_file(untouched: Store, tmp_path: Path) -> None:
    frame = dwellings(6)
    frame.loc[0, "经度"] = np.nan
    path = csv(tmp_path / "doors.csv", frame)
    before = path.read_bytes()
    with pytest.raises(BadInput, match="is the file itself"):
        run(untouched, Kind.households, path, rejects=path)
    assert path.read_bytes() == before


def test_interrupt_leaves_nothing(untouched: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of writing."""

    def interrupted(*args: Any, **options: Any) -> Any:
        report = original(*args, **options)
        assert report.inserted
        raise KeyboardInterrupt

    original = kinds.load_dwellings
    monkeypatch.setattr(kinds, "load_dwellings", interrupted)
    path = csv(tmp_path / "doors.csv", dwellings(30).assign(户号=[f"N{at}" for at in range(30)]))
    with pytest.raises(KeyboardInterrupt):
        run(untouched, Kind.households, path)
    assert not (tmp_path / "doors.csv.rejects.csv").exists()
