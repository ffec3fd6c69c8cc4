"""What a file is, its encoding, and row numbers that are those of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import BadInput
from gis.exchange.headers import Kind, match
from gis.exchange.readers import read_table
from gis.exchange.text import guess_encoding, read_csv
from tests.gis.exchange import builder
from tests.gis.exchange.builder import cells


def lines(folder: Path, content: str, encoding: str = "utf-8", name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


@given(st.text(st.characters(categories=["Lo"], min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1))
def test_chinese_text_is_never_taken_for_another_encoding(text: str) -> None:
    assert guess_encoding(text.encode("utf-8"), file="a") == "utf-8"
    assert guess_encoding(text.encode("utf-8-sig"), file="a") == "utf-8-sig"
    try:
        text.encode("gb18030").decode("utf-8")
    except UnicodeDecodeError:
        assert guess_encoding(("地址," + text + "村民委员会门牌").encode("gb18030"), file="a") == "gb18030"


def test_row_numbers_count_bad_and_blank_lines(tmp_path: Path) -> None:
    table = read_csv(lines(tmp_path, 'a,b\n1,x\n2\n\n4,"x\ny"\n5,6,7\n,\n8,y\n'))
    assert table.data["a"].tolist() == ["1", "4", "8"]
    assert table.rows.tolist() == [1, 4, 7]
    assert [(each.row, each.reason) for each in table.malformed] == [
        (2, "the line has 1 fields, not 2"),
        (5, "the line has 3 fields, not 2"),
    ]


def test_row_numbers_hold_in_large_files(tmp_path: Path) -> None:
    """More than one block of the reader, with bad lines in each."""
    number = 400_000
    body = [f"{at},{'村' * 20},{at}" if at % 100_000 else f"{at},bad" for at in range(1, number + 1)]
    table = read_csv(lines(tmp_path, "a,b,c\n" + "\n".join(body) + "\n"))
    assert [each.row for each in table.malformed] == [100_000, 200_000, 300_000, 400_000]
    assert (table.data["a"].astype(int).to_numpy() == table.rows).all()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str, tmp_path: Path) -> None:
    table = read_csv(lines(tmp_path, f"名称{delimiter}b\r\n甲{delimiter}2\r\n"))
    assert table.data.columns.tolist() == ["名称", "b"]
    assert table.data.iloc[0].tolist() == ["甲", "2"]


def test_a_heading_that_is_missing_gets_a_name(tmp_path: Path) -> None:
    assert read_csv(lines(tmp_path, "a,,c\n1,2,3\n")).data.columns.tolist() == ["a", "column 2", "c"]


def test_the_cpg_file_is_believed_only_where_the_text_agrees(tmp_path: Path) -> None:
    path = builder.shapefile(tmp_path, "cells", cells(), "GBK")
    path.with_suffix(".cpg").write_text("UTF-8")
    table = read_table(path)
    assert table.encoding == "gb18030"
    assert table.notes == ["the .cpg file says 'UTF-8', but the text is gb18030; read as gb18030"]
    assert table.data.iloc[0].tolist() == ["621126100200001", "网格1"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:Normalized|Could not decode:RuntimeWarning")
@pytest.mark.parametrize("with_cpg", [True, False])
def test_headings_cut_in_the_middle_of_a_character(with_cpg: bool, tmp_path: Path) -> None:
    """Ten bytes of UTF-8 are three characters and a third of one."""
    path = tmp_path / "cells.shp"
    cells().to_file(path, encoding="UTF-8")
    if not with_cpg:
        path.with_suffix(".cpg").unlink()
    table = read_table(path)
    assert table.data.columns.tolist() == ["网格编", "网格名"]
    found = match(Kind.cells, list(table.data.columns), {}, cut=True)
    assert found.columns == {"code": "网格编", "name": "网格名"}


def test_parquet_without_geometries(tmp_path: Path) -> None:
    frame = pd.DataFrame({"lon": [104.0], "lat": [34.5], "走访日期": pd.to_datetime(["2026-11-05"]).date})
    pyarrow.parquet.write_table(pa.Table.from_pandas(frame), tmp_path / "doors.parquet")
    table = read_table(tmp_path / "doors.parquet")
    assert table.format == "Parquet"
    assert table.geometry is None
    assert np.issubdtype(table.data["走访日期"].dtype, np.datetime64)


def test_a_layer_is_chosen_by_name(tmp_path: Path) -> None:
    path = builder.gpkg(tmp_path / "a.gpkg", cells(), layer="old")
    builder.gpkg(path, cells().iloc[:3], layer="new")
    assert len(read_table(path, layer="new").rows) == 3
    one, two = builder.shapefile(tmp_path, "old", cells()), builder.shapefile(tmp_path, "new", cells().iloc[:2])
    archive = builder.zipped(tmp_path / "both.zip", one, two)
    assert len(read_table(archive, layer="new").rows) == 2


def test_messages_of_libraries_are_not_passed_on(tmp_path: Path) -> None:
    """Arrow quotes the line it cannot read, GDAL the JSON."""
    for path in (
        lines(tmp_path, 'a,b\n"秘密,1\n'),
        lines(tmp_path, '{"type":"FeatureCollection","features":[{"秘密":', name="a.geojson"),
    ):
        with pytest.raises(BadInput) as caught:
            read_table(path)
        assert "秘密" not in str(caught.value)
        assert caught.value.__cause__ is None
