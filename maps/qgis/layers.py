"""The layers of the project: which table, what its columns are called, who fills them in, and how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from gis.sites.categories import CATEGORIES
from maps.qgis.elements import Element
from maps.qgis.symbols import BORDER, Case, by_rules, fill, labels, line, marker, single, symbol

Shape = Literal["Polygon", "MultiPolygon", "Point", "LineString"]
Use = Literal["edit", "read", "hide"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its Chinese name, whether a form shows it and lets it be edited, its closed list.

    `default` is what a new feature gets, an expression of QGIS. Where the database fills the column in, it only
    satisfies NOT NULL.
    """

    name: str
    alias: str
    use: Use = "read"
    choices: Mapping[str, str] | None = None
    default: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer. `shape` is None for a table without geometry; `where` is SQL with {area}; `closest` is the scale from
    which it is drawn, `display` the expression by which a feature is called."""

    id: str
    name: str
    table: str
    shape: Shape | None
    key: str
    fields: tuple[Field, ...]
    where: str = ""
    renderer: Element | None = None
    labels: Element | None = None
    display: str = ""
    editable: bool = False
    closest: int | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of a layer that belong to a row of another: (column of the child, column of the parent) pairs."""

    id: str
    name: str
    parent: str
    child: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    layers: tuple[Layer, ...]


KINDS: Final = {"general": "综合网格", "dedicated": "专属网格"}
STATUSES: Final = {"active": "正常走访", "exempt": "免走访"}
LEVELS: Final = {"county": "区县", "town": "乡镇(街道)", "village": "村(社区)"}
_SITES: Final = {info.category.value: info.zh for info in CATEGORIES.values()}
STREETS: Final = {"1": "主干道", "2": "次干道", "3": "支路", "4": "小路"}

_INSIDE: Final = "\"{code}\" LIKE '{{area}}%'"
_LATE_CHECK: Final = (
    '"last_checked_on" IS NULL OR to_date("last_checked_on") + to_interval("check_interval_days" || \' days\') < now()'
)


def groups(county: int, interval_days: int, due_soon_days: int) -> tuple[Group, ...]:
    """All groups, the topmost first."""
    return (
        Group("重点场所", (_sites(county),)),
        Group("门牌与户", (_doorplates(county, due_soon_days), _households(county, interval_days))),
        Group("区划(只读)", tuple(_divisions())),
        Group("网格", (_cells(county),)),
        Group("底图(只读)", (_streets(),)),
    )


RELATIONS: Final = (
    Relation("doorplate_households", "门牌的户", "doorplate", "household", (("doorplate", "id"), ("county", "county"))),
    Relation("cell_doorplates", "网格内的门牌", "cell", "doorplate", (("cell", "code"), ("county", "county"))),
)


def _county(county: int) -> Field:
    return Field("county", "区县", "hide", default=str(county))


def _cells(county: int) -> Layer:
    return Layer(
        "cell",
        "网格",
        "cell",
        "Polygon",
        "code",
        (
            _county(county),
            Field("code", "网格编码(自动)", "read", default="''"),
            Field("village", "所属村(社区)(自动)", "read", default="''"),
            Field("kind", "网格类型", "edit", KINDS, "'general'"),
            Field("name", "网格名称", "edit", default="'新网格'"),
            Field("version", "版本"),
            Field("valid_from", "启用日期(自动)", "read", default="now()"),
            Field("retired_on", "停用日期", "hide"),
            Field("confirmed_empty_on", "确认无户日期"),
            Field("source", "来源", "hide"),
            Field("touched", "事务", "hide"),
        ),
        where='"retired_on" IS NULL AND ' + _INSIDE.format(code="code"),
        renderer=by_rules(
            [
                Case("专属网格", "\"kind\" = 'dedicated'", "fill", (fill(BORDER, 90, BORDER, 0.5, "b_diagonal"),)),
                Case("综合网格", "", "fill", (fill("#ffffff", 60, BORDER, 0.5),)),
            ]
        ),
        labels=labels('right("code", 3) || \'\\n\' || "name"', size=9, scales=(1, 60_000), colour="#0b3a66"),
        display='"name" || \' \' || "code"',
        editable=True,
    )


def _doorplates(county: int, due_soon_days: int) -> Layer:
    due = f"to_interval('{due_soon_days} days')"
    return Layer(
        "doorplate",
        "门牌(楼栋)",
        "doorplate",
        "Point",
        "id",
        (
            _county(county),
            Field("id", "编号(自动)", "hide", default="0"),
            Field("code", "门牌编码", "edit"),
            Field("address", "门牌地址", "edit"),
            Field("cell", "所在网格(自动)", "read", default="''"),
            Field("households", "户数(自动)", "read", default="0"),
            Field("never", "从未走访户数(自动)", "read", default="0"),
            Field("oldest_on", "最久一次见到(自动)"),
            Field("due_on", "最近应访日期(自动)"),
            Field("source", "来源", "hide"),
        ),
        where=_INSIDE.format(code="cell"),
        renderer=by_rules(
            [
                Case("无户", '"households" = 0', "marker", (marker("circle", None, "#9aa4ad", 1.4, 0.3),)),
                Case(
                    "从未走访",
                    '"never" > 0',
                    "marker",
                    (marker("circle", None, "#5f0000", 3.2, 0.6), marker("circle", "#5f0000", "#5f0000", 1.2, 0)),
                ),
                Case("已超期", '"due_on" < now()', "marker", (marker("circle", "#cf2a1b", "#ffffff", 2.8, 0.3),)),
                Case(
                    "即将到期",
                    f'"due_on" < now() + {due}',
                    "marker",
                    (marker("circle", None, "#e8762c", 2.6), marker("semi_circle", "#e8762c", "#e8762c", 2.6, 0)),
                ),
                Case("近期已访", "", "marker", (marker("circle", None, "#6f7b86", 1.8),)),
            ]
        ),
        labels=labels('"address"', size=7, scales=(1, 2_500), kind="marker"),
        display='"address"',
        editable=True,
        closest=25_000,
    )


def _households(county: int, interval_days: int) -> Layer:
    return Layer(
        "household",
        "户",
        "household",
        None,
        "id",
        (
            _county(county),
            Field("id", "编号(自动)", "hide"),
            Field("code", "户编码", "edit"),
            Field("doorplate", "门牌", "hide"),
            Field("unit", "单元室号", "edit"),
            Field("status", "状态", "edit", STATUSES, "'active'"),
            Field("interval_days", "走访周期(天)", "edit", default=str(interval_days)),
            Field("registered_on", "登记日期(自动)", "read", default="now()"),
            Field("reached_before", "导入前见到", "hide"),
            Field("contact_before", "导入前上门", "hide"),
            Field("last_reached_on", "最近见到(自动)"),
            Field("last_contact_on", "最近上门(自动)"),
            Field("due_on", "应访日期(自动)"),
            Field("cell", "所在网格(自动)", "read", default="''"),
        ),
        where=_INSIDE.format(code="cell"),
        display='"code"',
        editable=True,
    )


def _sites(county: int) -> Layer:
    return Layer(
        "site",
        "重点场所",
        "site",
        "Point",
        "code",
        (
            _county(county),
            Field("code", "场所编码", "edit"),
            Field("name", "场所名称", "edit"),
            Field("category", "类别", "edit", _SITES),
            Field("address", "地址", "edit"),
            Field("cell", "所在网格(自动)", "read", default="''"),
            Field("check_interval_days", "检查周期(天)", "edit", default="30"),
            Field("last_checked_on", "最近检查(自动)"),
            Field("source", "来源", "hide"),
        ),
        where=_INSIDE.format(code="cell"),
        renderer=by_rules(
            [
                Case("检查超期", _LATE_CHECK, "marker", (marker("square", "#22577a", "#ffb000", 3.6, 0.7),)),
                Case("检查未到期", "", "marker", (marker("square", "#22577a", "#ffffff", 3.2, 0.4),)),
            ]
        ),
        labels=labels('"name"', size=8, scales=(1, 10_000), colour="#22577a", kind="marker"),
        display='"name"',
        editable=True,
        closest=25_000,
    )


def _divisions() -> Sequence[Layer]:
    """County, towns and villages: the union of their cells, which the database makes."""
    looks = (
        ("county", "#27323c", 1.6, 0, (1, 1)),
        ("town", "#3c4751", 1.2, 11, (15_000, 250_000)),
        ("village", "#5b6670", 0.9, 9, (4_000, 100_000)),
    )
    fields = (
        Field("code", "区划编码"),
        Field("level", "级别", "read", LEVELS),
        Field("name", "名称"),
        Field("parent", "上级区划"),
        Field("source", "来源"),
    )
    return [
        Layer(
            f"division_{level}",
            LEVELS[level],
            "division",
            "MultiPolygon",
            "code",
            fields,
            where=f"\"level\" = '{level}' AND (\"code\" LIKE '{{area}}%' OR '{{area}}' LIKE \"code\" || '%')",
            renderer=single(symbol("0", "fill", line(colour, width))),
            labels=labels('"name"', size=size, scales=scales, colour=colour) if size else None,
            display='"name"',
        )
        for level, colour, width, size, scales in looks
    ]


def _streets() -> Layer:
    widths = (("1", 1.8, "#ffffff"), ("2", 1.4, "#ffffff"), ("3", 1.0, "#ffffff"), ("4", 0.5, "#e3e2dc"))
    cases = [
        Case(
            STREETS[number],
            f'"class" = {number}',
            "line",
            (line("#c3cad0", width + 0.4), line(colour, width)) if number != "4" else (line("#b9bbb2", width, "dash"),),
        )
        for number, width, colour in widths
    ]
    return Layer(
        "street",
        "道路",
        "street",
        "LineString",
        "id",
        (
            Field("county", "区县", "hide"),
            Field("id", "编号", "hide"),
            Field("class", "道路等级", "read", STREETS),
            Field("name", "道路名称"),
        ),
        where='"county" = {county}',
        renderer=by_rules(cases),
        labels=labels('"name"', size=7, scales=(1, 10_000), colour="#75808a", kind="line"),
        display='"name"',
        closest=60_000,
    )
