"""A report as sections of texts, facts, tables and charts, whatever it is drawn as afterwards.

Tables hold values, not texts: a page and a PDF write them as people read them, a workbook as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from gis.disputes.disclosure import MARK
from maps.numbers import NOTHING, percent
from maps.text import Lang


class Withheld:
    """The value of a count that is withheld."""


WITHHELD: Final = Withheld()
Value = str | int | float | date | Withheld | None


class Kind(StrEnum):
    """What the values of a column are, and so how they are written."""

    text = "text"
    number = "number"  # 12,345
    share = "share"  # of 1: 63.2 %
    percent = "percent"  # of 100: 70 %
    points = "points"  # percentage points, with their sign: +1.4
    tenths = "tenths"  # 1,234.5
    ratio = "ratio"  # 1.26
    day = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `wide`: it takes the room that is left."""

    title: str
    kind: Kind = Kind.number
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is short: a workbook's sheet is called so. `rows` and `total` have a value for each column.

    `shown` rows are drawn on paper, all of them where it is None; a workbook has all. `left_out` says so in words.
    `charted` is the column that a workbook draws, if any. `narrow`: its many
    columns are drawn as narrow as they can be. `codes` are of its rows, where only a workbook has a column for them.
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    total: Sequence[Value] | None = None
    shown: int | None = None
    left_out: str = ""
    charted: int | None = None
    narrow: bool = False
    codes: Sequence[str] | None = None

    @property
    def drawn(self) -> Sequence[Sequence[Value]]:
        """The rows that are drawn on paper."""
        return self.rows[: self.shown]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture: SVG text that stands for itself, and in words what it shows. `share` of the page's width."""

    svg: str
    title: str
    alt: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Facts:
    """A few figures that lead a section: (what, value as written)."""

    items: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `note` for small print."""

    text: str
    note: bool = False


Block = Table | Chart | Facts | Text


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `lines` stand under the title, `running` at the head of every page."""

    title: str
    lines: Sequence[str]
    running: str
    sections: Sequence[Section] = field(default_factory=tuple)
    lang: Lang = "zh"


def written(value: Value, kind: Kind) -> str:
    """A value as people read it; a dash for what there is not, the mark for what is withheld."""
    if value is None:
        return NOTHING
    if isinstance(value, Withheld):
        return MARK
    if isinstance(value, str | date):
        return str(value)
    return _NUMBERS.get(kind, str)(value)


_NUMBERS: Final[Mapping[Kind, Callable[[float], str]]] = {
    Kind.number: lambda value: f"{value:,}",
    Kind.share: percent,
    Kind.percent: lambda value: f"{value:.1f} %".replace(".0 %", " %"),
    Kind.points: lambda value: f"{value:+.1f}".replace("-", "−"),
    Kind.tenths: lambda value: f"{value:,.1f}",
    Kind.ratio: lambda value: f"{value:,.2f}",
}
