"""The guard against personal data: what stops an import, and the codes of places that must not."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.exchange.headers import FIELDS, Kind
from gis.exchange.personal import find_personal
from gis.exchange.personal_headings import personal_heading
from tests.examples import examples
from tests.gis.exchange.builder import CARD, MOBILE, identity_number

ID = identity_number()


def look(values: Any, **known: Any) -> str | None:
    found = find_personal(pd.DataFrame({"备注": values}), Kind.households, **known)
    return found.what if found else None


@pytest.mark.parametrize("kind", list(Kind))
def test_no_heading_of_a_field_is_personal(kind: Kind) -> None:
    for field in FIELDS[kind]:
        for heading in (field.name, *field.words.split()):
            assert personal_heading(heading, kind) is None, heading


def words(text: str) -> list[str]:
    return text.split()


PERSONAL = words("""
    身份证 身份证号 公民身份号码 姓名 户主 户主姓名 联系电话 手机号码 性别 民族 出生日期 年龄 宗教信仰 政治面貌 残疾类别
    是否低保 信访次数 婚姻状况 家庭成员 负责人 微信号 联系电 手机号 政治面 文化程
    id_no IdCard id-card-no Phone phone_number contactPhone MOBILE e-mail E_MAIL gender birth_date DOB ethnicity
    religion owner_name Name-of-resident resident sfzh XM lxdh
""")
PLACES = words("""
    name 名称 网格名称 village_name town-name building_name street 电压 民宅类型 户型 楼层数 出口 性质 所属镇 编号 备注
    shape_area fid OBJECTID postcode 小区 建成年份
""")


@pytest.mark.parametrize("heading", PERSONAL)
def test_personal_headings(heading: str) -> None:
    for kind in Kind:
        assert personal_heading(heading, kind) == "personal data", heading


@pytest.mark.parametrize("heading", PLACES)
def test_headings_of_places(heading: str) -> None:
    assert personal_heading(heading, Kind.cells) is None
    assert personal_heading(heading, Kind.sites) is None


def test_a_name_is_personal_where_people_live() -> None:
    assert personal_heading("name", Kind.households) == "personal names"
    assert personal_heading("Name", Kind.visits) == "personal names"
    assert personal_heading("building_name", Kind.households) is None


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (MOBILE, "mobile numbers"),
        ("138 0013 8000", "mobile numbers"),
        ("138-0013-8000", "mobile numbers"),
        ("138 001 38000", "mobile numbers"),
        ("+86 13800138000", "mobile numbers"),
        ("+8613800138000", "mobile numbers"),
        ("008613800138000", "mobile numbers"),
        ("13800138000.0", "mobile numbers"),
        ("１３８００１３８０００", "mobile numbers"),
        ("3号 张三 13800138000", "mobile numbers"),
        ("电话13800138000,晚上", "mobile numbers"),
        ("tel.13800138000", "mobile numbers"),
        (13800138000, "mobile numbers"),
        (13800138000.0, "mobile numbers"),
        (ID, "identity numbers"),
        (f"证件{ID}。", "identity numbers"),
        (int(ID), "identity numbers"),
        (identity_number(serial=6), "identity numbers"),
        (CARD, "bank cards"),
        ("6222 0212 3456 7890 128", "bank cards"),
        ("4111111111111111", "bank cards"),
        ("zhang.san@example.com", "e-mail addresses"),
    ],
)
def test_one_value_among_many_is_enough(value: Any, what: str) -> None:
    values: list[Any] = [None] * 50 + [value] + [None] * 50
    assert look(values) == what
    assert look(pd.Series(values, dtype="object")) == what


@pytest.mark.parametrize(
    "value",
    [
        "104.13812345678", "131.12345678", "131.1234567,45.1234567;131.1234568,45.1234567",
        "POLYGON ((104.13812345678 35.13800138000, 104.1 35.2, 104.13812345678 35.13800138000))",
        "2026-11-22 09:30:00", "2026-11-22T09:30:00+08:00", "20261122093015", "1763775015000", "0932-7722345",
        "010-62345678", "2单元301", "13栋8001", "一组138号", "a13812345678b", "9787302138001", "https://example.org/13800138000x",
    ],
)  # fmt: skip
def test_values_that_only_look_like_it(value: str) -> None:
    assert look([value] * 20) is None


COLUMNS = {
    "cell codes": [f"621126{100 + at // 90}{201 + at // 9 % 10}{at % 9 + 1:03}" for at in range(900)],
    "village codes": [f"621126{100 + at // 10}{200 + at % 10}" for at in range(200)],
    "household codes of 18": [f"621126101201{at // 60 + 1:03}{at % 60 + 1:03}" for at in range(3000)],
    "household codes that pass for births": [f"621126200201{at // 60 + 10:03}{at % 60 + 1:03}" for at in range(3000)],
    "household codes of 19": [f"621126101201{at // 60 + 1:03}{at % 60 + 1:04}" for at in range(3000)],
    "household codes of 16": [f"621126101201{at:04}" for at in range(3000)],
    "serials of a county in Hebei": [f"130102{at:05}" for at in range(2000)],
    "serials of a county in Inner Mongolia": [f"150221{at:05}" for at in range(2000)],
    "uuids": [str(uuid.UUID(int=at * 7919**9 % 2**128, version=4)) for at in range(20_000)],
    "floats": np.linspace(1.3e10, 1.9e10, 50) + 0.5,
    "instants": pd.date_range("2026-01-01", periods=500, freq="h"),
    "flags": [True, False] * 100,
    "nothing": [None] * 100,
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_places(name: str) -> None:
    assert look(COLUMNS[name]) is None
    assert look(COLUMNS[name], codes=["备注"], counties=["621126"]) is None


@pytest.mark.parametrize(
    "name", ["household codes that pass for births", "household codes of 18", "household codes of 19"]
)
def test_one_person_among_codes_is_found(name: str) -> None:
    codes = list(COLUMNS[name])
    codes[1234] = identity_number("19671123", 451)
    assert look(codes, codes=["备注"], counties=["621126"]) == "identity numbers"


def test_old_identity_numbers() -> None:
    rng = np.random.default_rng(1)
    born = pd.to_datetime("1935-01-01") + pd.to_timedelta(rng.integers(0, 20_000, 300), unit="D")
    numbers = [f"621126{day:%y%m%d}{serial:03}" for day, serial in zip(born, rng.integers(1, 999, 300), strict=True)]
    assert look(numbers) == "identity numbers"


@settings(max_examples=examples(200), deadline=None)
@given(
    birth=st.dates(min_value=pd.Timestamp("1900-01-01").date(), max_value=pd.Timestamp("2026-01-01").date()),
    serial=st.integers(0, 999),
    before=st.sampled_from(["", "证", "id: ", "("]),
    after=st.sampled_from(["", "号", ")", " 张"]),
)
def test_every_identity_number_is_found(birth: Any, serial: int, before: str, after: str) -> None:
    number = identity_number(f"{birth:%Y%m%d}", serial)
    assert look(["甲", f"{before}{number}{after}"]) == "identity numbers"
    assert look([f"{before}{number.lower()}{after}"]) == "identity numbers"


@settings(max_examples=examples(200), deadline=None)
@given(
    number=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    separator=st.sampled_from(["", " ", "-"]),
    before=st.sampled_from(["", "张三 ", "电话:", "+86 ", "(", "3号，"]),
    after=st.sampled_from(["", " 晚", ")", "。", "；家"]),
)
def test_every_mobile_number_is_found(number: str, separator: str, before: str, after: str) -> None:
    grouped = separator.join([number[:3], number[3:7], number[7:]])
    assert look(["甲", f"{before}{grouped}{after}"]) == "mobile numbers"


def test_an_empty_frame_is_judged_by_its_headings() -> None:
    assert find_personal(pd.DataFrame({"备注": []}), Kind.households) is None
    assert find_personal(pd.DataFrame({"手机": []}), Kind.households) is not None
    assert find_personal(pd.DataFrame(), Kind.households) is None


NAMES = words(
    "王小明 李芳 张伟 刘洋 陈静 杨磊 黄丽 赵军 吴强 周敏 徐杰 孙娟 马超 朱琳 胡建国 郭秀英 何平 林峰 高翔 罗丹"
)
HAMLETS = words(
    "王家庄 李家沟 张湾 刘家坪 陈庄 杨家岭 黄河村 赵家台 吴家堡 周家寨 徐家营 孙家坡 马家河 朱家店 胡家集 郭家桥"
)


def test_a_column_of_names_where_people_live() -> None:
    assert look(NAMES) == "personal names"
    assert look([*NAMES, None, None, "空户", "无"]) == "personal names"
    assert find_personal(pd.DataFrame({"名称": NAMES}), Kind.cells) is None


def test_hamlets_and_units_are_no_names() -> None:
    assert look(HAMLETS) is None
    assert look(HAMLETS * 50) is None
    assert look([f"{at}单元{at}01" for at in range(50)]) is None
    assert look(words("东户 西户 中户 一楼 二楼 底商 车库 阁楼 左 右 上房 下房")) is None
    assert look(["马坝", "石门"] * 500) is None


def test_a_first_row_of_values_in_the_place_of_headings() -> None:
    frame = pd.DataFrame({"甲": ["x"], "东街 " + MOBILE: ["y"]})
    found = find_personal(frame, Kind.households)
    assert found is not None
    assert (found.column, found.what) == ("number 2", "mobile numbers")
