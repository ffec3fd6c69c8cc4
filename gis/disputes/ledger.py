"""The ledger (台账): cases of a period by area and category, to be handed in. Made of published figures alone."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from gis.codes import Level, level_of
from gis.disputes.categories import FAMILY, NAMES, TABLED, Names
from gis.disputes.disclosure import LEVELS, MARK, Layout
from gis.disputes.figures import AreaFigures, Figures
from gis.disputes.periods import Period
from gis.errors import BadInput
from gis.words import word

Lang = Literal["zh", "en"]
Value = str | int

_HEADINGS: Final = (
    Names("编码", "Code"),
    Names("名称", "Name"),
    Names("户数", "Households"),
    Names("小计(不含婚姻家庭)", "Without family"),
    *(NAMES[category] for category in TABLED),
    NAMES[FAMILY],
    Names("合计", "All"),
)
_TOTAL: Final = Names("合计", "Total")
_TITLE: Final = Names("矛盾纠纷台账", "Ledger of dispute cases")
_NOTES: Final = MappingProxyType(
    {
        "zh": "{mark}：1 至 4 件，或为防止推算出 1 至 4 件而不公布。统计时段 {period}，按 {grid_on} 的网格和区划；"
        "时段结束后公布一次，不再更改。",
        "en": "{mark}: 1 to 4, or withheld so that no 1 to 4 can be worked out. Period {period}, by the grid of"
        " {grid_on}; published once when the period is over, and not changed.",
    }
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A table for people: title, headings, a row of values for each area and one for all, and what has to be said."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str


def ledger_level(area: str | None, period: Period, layout: Layout) -> Level:
    """What the rows of a ledger are: villages, or where cases of villages are not counted by so short a period, towns,
    or counties.

    Raises BadInput naming the parameter where the area is narrower than that, or a cell.
    """
    if area is not None and level_of(area) is Level.cell:
        raise BadInput("area: a ledger is of a village or a wider area", field="area")
    narrowest = [level for level in LEVELS if level is not Level.cell and layout.spans[level] <= period.span]
    level = narrowest[-1] if narrowest else Level.county
    if area is not None and LEVELS.index(level) < LEVELS.index(level_of(area)):
        here = level_of(area)
        raise BadInput(
            "{field}: cases of a {level} are counted by {span}, not by {asked}",
            level=word(here.value),
            span=word(layout.spans[here].name),
            asked=word(period.span.name),
            field="period",
        )
    return level


def ledger(found: Figures, lang: Lang) -> Ledger:
    """The ledger of the figures of a period."""
    rows = [_row(area) for area in found.areas]
    if found.total is not None and len(rows) > 1:
        rows.append((_word(_TOTAL, lang), found.total.name, *_row(found.total)[2:]))
    return Ledger(
        f"{_word(_TITLE, lang)} {found.period}",
        tuple(_word(heading, lang) for heading in _HEADINGS),
        tuple(rows),
        _NOTES[lang].format(mark=MARK, period=found.period, grid_on=found.grid_on),
    )


def shown(number: int | None) -> Value:
    """A number as tables for people write it."""
    return MARK if number is None else number


def _row(area: AreaFigures) -> tuple[Value, ...]:
    numbers = (area.total, *(area.parts[category] for category in TABLED), area.family, area.all)
    return (area.code, area.name, area.households, *(shown(number) for number in numbers))


def _word(names: Names, lang: Lang) -> str:
    return names.zh if lang == "zh" else names.en
