"""Column headings, Chinese and English, and the fields they mean.

The import is an allow-list: a column that means no field of this table is never stored, and is named in the summary.
Headings are compared without case, spaces, punctuation and what stands in brackets: `Grid_Code`, `grid code` and
`网格编码(必填)` lose all but their letters.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gis.errors import BadInput
from gis.sentence import AND, Sentence, joined


class Kind(StrEnum):
    """What a file holds; each is a command of `everycell import`."""

    divisions = "divisions"
    cells = "cells"
    households = "households"
    visits = "visits"
    sites = "sites"
    disputes = "disputes"


@dataclass(frozen=True)
class Field:
    """A field of a table and the headings that mean it, besides its own name."""

    name: str
    words: str = ""
    required: bool = False

    @property
    def headings(self) -> frozenset[str]:
        return frozenset(normal(word) for word in (self.name, *self.words.split()))


_LON = Field("lon", "lng long longitude x xcoord point_x coord_x gps_lng gps_lon 经度 经度坐标 X坐标 坐标X 东经")
_LAT = Field("lat", "latitude y ycoord point_y coord_y gps_lat 纬度 纬度坐标 Y坐标 坐标Y 北纬")
_SHAPE = Field(
    "geometry",
    "geom wkt the_geom wkb wkb_geometry shape polygon boundary border path polyline coords coordinates points"
    " 几何 图形 边界 边界坐标 边界点 坐标 坐标串 坐标点 坐标集合 经纬度 空间坐标 范围 网格边界 网格范围 网格坐标",
)
_SOURCE = Field("source", "data_source 来源 数据来源 资料来源")
_ADDRESS = Field(
    "address",
    "addr full_address street_address standard_address 地址 门牌地址 详细地址 标准地址 住址 居住地址 房屋地址 地点"
    " 门牌 门牌号 门牌名称",
)

FIELDS: Final[Mapping[Kind, tuple[Field, ...]]] = {
    Kind.divisions: (
        Field("code", "division_code area_code adcode admin_code 编码 代码 区划代码 行政区划代码 行政区划编码", True),
        Field("name", "division_name area_name 名称 区划名称 行政区划名称 行政区名称", True),
        Field("level", "division_level admin_level_name 级别 层级 区划级别 行政级别"),
        _SHAPE,
        _SOURCE,
    ),
    Kind.cells: (
        Field(
            "code", "cell_code grid_code grid_id cell_id grid_no 编码 代码 编号 网格编码 网格代码 网格编号 网格ID", True
        ),
        Field(
            "village", "village_code community_code 村编码 村代码 社区编码 社区代码 村社区编码 村社区代码 所属村编码"
        ),
        Field("name", "cell_name grid_name 名称 网格名称 网格名"),
        Field("kind", "cell_kind cell_type grid_kind grid_type type 类型 类别 网格类型 网格类别"),
        Field("confirmed_empty_on", "confirmed_empty empty_on 确认无户日期 无户确认日期 空网格确认日期"),
        _SHAPE,
        _SOURCE,
    ),
    Kind.households: (
        Field("code", "household_code household_id household_no hh_code 编码 编号 户编码 户编号 户号 户代码 户ID"),
        Field(
            "doorplate_code",
            "doorplate doorplate_id door_code building_code building_id"
            " 门牌编码 门牌编号 门牌代码 地址编码 标准地址编码 楼栋编码 楼栋编号 房屋编码",
        ),
        _ADDRESS,
        _LON,
        _LAT,
        _SHAPE,
        Field(
            "unit", "room room_no unit_no flat apartment 单元 室号 房号 房间号 单元室号 单元房号 单元室 户室号 楼层房号"
        ),
        Field("status", "state household_status 状态 户状态 是否走访"),
        Field(
            "interval_days", "interval visit_interval 走访周期 走访间隔 走访周期天 走访间隔天 走访周期天数 走访间隔天数"
        ),
        Field("registered_on", "registered registration_date created_on 登记日期 登记时间 建档日期 采集日期 录入日期"),
        Field(
            "reached_before",
            "last_reached_on last_reached 上次见到 上次见到日期 最近见到日期 上次入户日期 最近入户日期",
        ),
        Field(
            "contact_before", "last_contact_on last_contact last_visit 上次走访 上次走访日期 最近走访日期 最近走访时间"
        ),
        _SOURCE,
    ),
    Kind.visits: (
        Field("id", "visit_id uuid 走访ID 走访编号 记录编号 记录ID"),
        Field("household", "household_code household_id code hh_code 户编码 户编号 户号 户代码 户ID", True),
        Field(
            "visited_at",
            "visited_on visit_time visit_date visited time date datetime 走访时间 走访日期 入户时间 入户日期 时间 日期",
            True,
        ),
        Field("outcome", "result visit_result 走访结果 入户结果 结果 走访情况", True),
        Field("team", "team_code 队伍 队伍编号 队伍代码 走访队伍 小组 班组 班组编号 巡逻队", True),
        Field("purpose", "visit_purpose reason 目的 走访目的 走访类型 走访事由 事由"),
    ),
    Kind.sites: (
        Field("code", "site_code site_id site_no 编码 编号 代码 场所编码 场所编号"),
        Field("name", "site_name 名称 场所名称 单位名称", True),
        Field("category", "site_category site_type type kind 类别 类型 分类 场所类别 场所类型 场所分类", True),
        _ADDRESS,
        _LON,
        _LAT,
        _SHAPE,
        Field("check_interval_days", "check_interval interval 检查周期 检查间隔 检查周期天 检查间隔天 检查周期天数"),
        Field("last_checked_on", "last_check last_checked 上次检查 上次检查日期 最近检查日期 最近检查时间"),
        _SOURCE,
    ),
    # Only what is listed here: no parties, no narrative. Places go to snap points before anything is stored.
    Kind.disputes: (
        Field("id", "dispute_id case_id uuid 案件ID 案件标识"),
        Field("number", "case_no case_number dispute_no 编号 案号 案件编号 登记编号 台账编号"),
        Field(
            "category",
            "dispute_type case_type type 类别 类型 案件类别 案件类型 纠纷类别 纠纷类型 矛盾纠纷类别 矛盾纠纷类型",
            True,
        ),
        Field("channel", "way_in reported_by_way 来源 案件来源 纠纷来源 受理渠道 渠道"),
        Field(
            "reported_at",
            "reported_on reported created_date created time date 登记时间 登记日期 反映时间 反映日期 时间 日期",
            True,
        ),
        Field("level", "handling_level 层级 级别 办理层级"),
        Field("cell", "cell_code grid_code grid_id 网格 网格编码 网格代码 网格编号"),
        _LON,
        _LAT,
        _SHAPE,
    ),
}


@dataclass(frozen=True)
class Match:
    """Which column of the file means which field, and the columns that mean none and are not stored."""

    columns: Mapping[str, str]
    ignored: tuple[str, ...]


_CODES: Final = frozenset({"code", "village", "doorplate_code", "household", "id", "number", "cell"})
_CUT_BYTES: Final = 9
_BRACKETED: Final = re.compile(r"[(（\[【].*?[)）\]】]")
_NOT_LETTERS: Final = re.compile(r"[\W_]+")


def normal(heading: str) -> str:
    """A heading with nothing but its letters and digits, in lower case and half width."""
    plain = unicodedata.normalize("NFKC", heading)
    return _NOT_LETTERS.sub("", _BRACKETED.sub("", plain) or plain).casefold()


def parse_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """`["lon=经度坐标"]` → `{"lon": "经度坐标"}`. Raises BadInput naming --map for anything else."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or not name.strip() or not column.strip():
            raise BadInput("--map: {pair!r} is not FIELD=COLUMN, for example lon=经度", pair=pair, field="--map")
        mapping[name.strip()] = column.strip()
    return mapping


def match(kind: Kind, columns: Sequence[str], mapping: Mapping[str, str], *, cut: bool = False) -> Match:
    """Match the columns of a file to the fields of `kind`; what `mapping` (--map) says goes first.

    A heading that equals the field's own name wins over its synonyms. Raises BadInput for an unknown field or column in
    `mapping`, for two columns that mean one field, and for a required field that no column means. (Where a row lies is
    not required here: the file may have geometries.) With `cut` (a Shapefile), headings of nine bytes and more may be
    only the beginning of what they mean.
    """
    found = _mapped(kind, columns, mapping)
    for field in FIELDS[kind]:
        if field.name not in found:
            column = _find(field, [name for name in columns if name not in found.values()], cut)
            if column is not None:
                found[field.name] = column
    missing = [field.name for field in FIELDS[kind] if field.required and field.name not in found]
    if missing:
        raise BadInput(
            "no column means {missing} (columns: {columns}); say which with --map {field}=COLUMN",
            missing=joined(missing, AND),
            columns=", ".join(columns) or Sentence("none"),
            field=missing[0],
        )
    return Match(found, tuple(name for name in columns if name not in found.values()))


def _begins(heading: str, field: Field) -> bool:
    return len(heading.encode()) >= _CUT_BYTES and any(each.startswith(heading) for each in field.headings)


def code_columns(kind: Kind, columns: Sequence[str], mapping: Mapping[str, str]) -> set[str]:
    """The columns that mean a code, as far as can be told before anything is believed."""
    fields = [field for field in FIELDS[kind] if field.name in _CODES]
    by_heading = {column for column in columns for field in fields if normal(column) in field.headings}
    return by_heading | {column for name, column in mapping.items() if name in _CODES}


def _mapped(kind: Kind, columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    known = [field.name for field in FIELDS[kind]]
    for name, column in mapping.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = Sentence("; did you mean {name}?", name=close[0]) if close else ""
            raise BadInput(
                "--map: {kind} have no field {name!r} (fields: {known}){hint}",
                kind=kind,
                name=name,
                known=", ".join(known),
                hint=hint,
                field="--map",
            )
        if column not in columns:
            raise BadInput(
                "--map: the file has no column {column!r} (columns: {columns})",
                column=column,
                columns=", ".join(columns) or Sentence("none"),
                field="--map",
            )
    twice = {column for column in mapping.values() if list(mapping.values()).count(column) > 1}
    if twice:
        raise BadInput("--map: column {column!r} is given to two fields", column=min(twice), field="--map")
    return dict(mapping)


def _find(field: Field, columns: Sequence[str], cut: bool) -> str | None:
    meant = [column for column in columns if normal(column) in field.headings]
    if not meant and cut:
        meant = [column for column in columns if _begins(normal(column), field)]
    exact = [column for column in meant if column.strip().casefold() == field.name]
    if not meant:
        return None
    if len(exact) == 1 or len(meant) == 1:
        return (exact or meant)[0]
    raise BadInput(
        "columns {meant} could all be {field}; say which with --map {field}=COLUMN",
        meant=joined(map(repr, meant), AND),
        field=field.name,
    )
