"""Columns as clean values: dates as people write them, codes that spreadsheets damaged, words of closed lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import BadInput
from gis.exchange import vocabulary
from gis.exchange.headers import Kind, match, normal, parse_mapping
from gis.exchange.values import codes, days, instants, numbers, texts, whole_numbers, words

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def column(*values: Any) -> pd.Series:
    return pd.Series(list(values))


@pytest.mark.parametrize(
    "written",
    ["2026-11-05", "2026/11/5", "2026.11.05", "20261105", "2026年11月5日", "2026-11-05 23:59", "2026-11-04T16:30:00Z"],
)
def test_days(written: str) -> None:
    found, bad = days(column(written), SHANGHAI)
    assert found[0] == pd.Timestamp("2026-11-05")
    assert not bad[0]


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-30",
        "2026-13-01",
        "2026-00-10",
        "11/05/2026",
        "5.11.2026",
        "45966",
        "Nov 5",
        "2026-11-05 24:00",
        "0026-11-05",
        "2026115",
    ],
)
def test_no_days(written: str) -> None:
    found, bad = days(column(written, None, ""), SHANGHAI)
    assert found.isna().all()
    assert bad.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-11-05 09:30", "2026-11-05 01:30"),
        ("2026/11/5 9:30:15", "2026-11-05 01:30:15"),
        ("2026年11月5日 9时30分", "2026-11-05 01:30"),
        ("2026-11-05", "2026-11-05 04:00"),
        ("2026-11-05T09:30:00.123+08:00", "2026-11-05 01:30"),
        ("2026-11-05T09:30:00-0500", "2026-11-05 14:30"),
        ("2026-11-05T01:30:00Z", "2026-11-05 01:30"),
    ],
)
def test_instants(written: str, utc: str) -> None:
    found, bad = instants(column(written), SHANGHAI)
    assert found[0] == pd.Timestamp(utc, tz="UTC")
    assert not bad[0]


def test_an_hour_that_does_not_exist_or_exists_twice_is_not_understood() -> None:
    _, bad = instants(column("2026-03-29 02:30", "2026-10-25 02:30", "2026-10-25 04:30"), BERLIN)
    assert bad.tolist() == [True, True, False]


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(-14, 14))
def test_any_instant_with_an_offset(moment: datetime, hours: int) -> None:
    there = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    found, bad = instants(column(there.isoformat()), SHANGHAI)
    assert not bad[0]
    assert found[0].to_pydatetime() == there.astimezone(UTC)


def test_columns_that_are_dates_already() -> None:
    aware = pd.Series(pd.to_datetime(["2026-11-04 20:00", None], utc=True))
    assert days(aware, SHANGHAI)[0][0] == pd.Timestamp("2026-11-05")
    naive = pd.Series(pd.to_datetime(["2026-11-05 08:00", None]))
    assert instants(naive, SHANGHAI)[0][0] == pd.Timestamp("2026-11-05 00:00", tz="UTC")
    assert not instants(naive, SHANGHAI)[1].any()


def test_texts_and_codes() -> None:
    assert texts(column(" a \n b ", "", None, "x")).fillna("-").tolist() == ["a b", "-", "-", "x"]
    assert texts(pd.Series([621126101001001.0, np.nan])).fillna("-").tolist() == ["621126101001001", "-"]
    assert texts(pd.Series([7, 8], dtype="int64")).tolist() == ["7", "8"]
    found, bad = codes(column("6.21126E+17", "621126-A", None))
    assert bad.tolist() == [True, False, False]
    assert found.fillna("-").tolist() == ["-", "621126-A", "-"]
    assert codes(pd.Series([6.21126101001001e17, 6.21126101001001e14]))[1].tolist() == [True, False]


def test_numbers() -> None:
    found, bad = numbers(column("104.5", " 3 ", "x", "nan", "inf", None, ""))
    assert found[:2].tolist() == [104.5, 3.0]
    assert bad.tolist() == [False, False, True, True, True, False, False]
    _, bad = whole_numbers(column("90", "90.0", "0", "1.5", "4000", "-1", None), 1, 3650)
    assert bad.tolist() == [False, False, True, True, True, True, False]


def test_words() -> None:
    found, bad = words(column("见到", "无人应答", " REACHED ", "no_answer", "信访", None), vocabulary.OUTCOME)
    assert found.fillna("-").tolist() == ["reached", "no_answer", "reached", "no_answer", "-", "-"]
    assert bad.tolist() == [False, False, False, False, True, False]


def test_no_word_of_a_closed_list_means_two_things() -> None:
    for table in (vocabulary.STATUS, vocabulary.OUTCOME, vocabulary.PURPOSE, vocabulary.KIND, vocabulary.LEVEL):
        assert all(word == normal(word) for word in table)
    kinds = [word for words in vocabulary._CASE_CATEGORY.values() for word in words.split()]
    assert len(kinds) == len(set(kinds))
    found, bad = words(column("债务", "民间借贷纠纷", "信访", "Housing and homestead"), vocabulary.CASE_CATEGORY)
    assert (found[~bad].tolist(), bad.tolist()) == (["debt", "debt", "housing"], [False, False, True, False])


@pytest.mark.parametrize(
    ("kind", "columns", "expected"),
    [
        (
            Kind.cells,
            ["网格编码", "网格名称", "网格类型"],
            {"code": "网格编码", "name": "网格名称", "kind": "网格类型"},
        ),
        (Kind.cells, ["Grid_Code", "GRID NAME"], {"code": "Grid_Code", "name": "GRID NAME"}),
        (
            Kind.households,
            ["户号", "门牌地址(必填)", "单元/室号", "经度", "纬度", "状态"],
            {
                "code": "户号",
                "address": "门牌地址(必填)",
                "unit": "单元/室号",
                "lon": "经度",
                "lat": "纬度",
                "status": "状态",
            },
        ),
        (Kind.households, ["address", "lng", "lat"], {"address": "address", "lon": "lng", "lat": "lat"}),
        (Kind.households, ["X", "Y"], {"lon": "X", "lat": "Y"}),
        (
            Kind.visits,
            ["户号", "走访时间", "走访结果", "队伍", "目的"],
            {"household": "户号", "visited_at": "走访时间", "outcome": "走访结果", "team": "队伍", "purpose": "目的"},
        ),
        (Kind.sites, ["场所名称", "类别", "地址"], {"name": "场所名称", "category": "类别", "address": "地址"}),
    ],
)
def test_headings(kind: Kind, columns: list[str], expected: dict[str, str]) -> None:
    found = match(kind, [*columns, "其他"], {})
    assert dict(found.columns) == expected
    assert found.ignored == ("其他",)


def test_the_field_s_own_name_goes_before_its_synonyms() -> None:
    assert match(Kind.households, ["lon", "经度", "lat"], {}).columns["lon"] == "lon"


def test_a_heading_that_was_cut() -> None:
    assert match(Kind.cells, ["网格编"], {}, cut=True).columns == {"code": "网格编"}
    with pytest.raises(BadInput, match="no column means code"):
        match(Kind.cells, ["网格编"], {})


@pytest.mark.parametrize("pair", ["lon", "lon=", "=经度", ""])
def test_no_mapping(pair: str) -> None:
    with pytest.raises(BadInput, match="--map"):
        parse_mapping([pair])


def test_one_column_for_two_fields() -> None:
    with pytest.raises(BadInput, match="given to two fields"):
        match(Kind.households, ["a"], {"lon": "a", "lat": "a"})
