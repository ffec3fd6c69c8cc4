"""Charts as SVG: horizontal bars in parts with marks for what was planned, and columns over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from maps.report.svg import FAINT, GROUND, INK, MUTED, WIDTH, drawing, element, hatching, measure, shortened, words

_ROW: Final = 22.0
_BAR: Final = 13.0
_GAP: Final = 10.0
_LEGEND: Final = 26.0
_HATCH: Final = "#7d8b96"


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: `parts` are shares of the full length, drawn one after the other in the colours of the legend; `text` is
    written behind; `marks` are lines across, as shares of the length. `withheld`: a hatched piece in place of parts."""

    label: str
    parts: Sequence[float]
    text: str
    marks: Sequence[float] = field(default_factory=tuple)
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Legend:
    """What the parts of bars mean, (word, colour) in their order, and what the mark means ("" without marks)."""

    parts: Sequence[tuple[str, str]]
    mark: str = ""
    withheld: str = ""


def bars(rows: Sequence[Bar], legend: Legend, label: str, name: str) -> str:
    """Horizontal bars. `label` says what they show, `name` is unique among the drawings of a page."""
    left = min(max((measure(row.label) for row in rows), default=0.0), 190.0) + _GAP
    right = max((measure(row.text, 11) for row in rows), default=0.0) + _GAP
    length = WIDTH - left - right
    parts = [element("defs", [hatching(name, _HATCH)]), *_legend(legend, name, left)]
    for position, row in enumerate(rows):
        parts += _row(row, _LEGEND + position * _ROW, left, length, [colour for _, colour in legend.parts], name)
    return drawing(parts, _LEGEND + len(rows) * _ROW + 4, label)


def _legend(legend: Legend, name: str, x: float) -> list[Markup]:
    found = []
    squares = [*legend.parts, *([(legend.withheld, f"url(#{name})")] if legend.withheld else [])]
    for word, colour in squares:
        found.append(element("rect", x=x, y=5.0, width=11, height=11, fill=colour, stroke=MUTED, stroke_width=0.4))
        found.append(words(x + 16, 15.0, word, size=11, fill=MUTED))
        x += measure(word, 11) + 34
    if legend.mark:
        found.append(_mark(x + 4, 3.0, 15.0))
        found.append(words(x + 12, 15.0, legend.mark, size=11, fill=MUTED))
    return found


def _mark(x: float, y: float, height: float) -> Markup:
    return element("path", d=f"M{x:.2f},{y:.2f} v{height:.2f}", stroke=INK, stroke_width=2)


def _row(row: Bar, y: float, left: float, length: float, colours: Sequence[str], name: str) -> list[Markup]:
    base = y + _BAR / 2 + 6
    label = shortened(row.label, left - _GAP)
    found = [
        words(left - _GAP, base, label, text_anchor="end"),
        element("rect", x=left, y=y + 2, width=length, height=_BAR, fill=GROUND),
    ]
    x = left
    if row.withheld:
        found.append(
            element("rect", x=x, y=y + 2, width=0.04 * length, height=_BAR, fill=f"url(#{name})", stroke=_HATCH)
        )
    for share, colour in zip(row.parts, colours, strict=False):
        found.append(element("rect", x=x, y=y + 2, width=share * length, height=_BAR, fill=colour))
        x += share * length
    found += [_mark(left + share * length, y - 1, _BAR + 6) for share in row.marks]
    found.append(words(WIDTH, base, row.text, size=11, text_anchor="end"))
    return found


def columns(rows: Sequence[tuple[str, int | None]], label: str, colour: str, name: str, withheld: str) -> str:
    """Columns over time: (what, count), None for one that is withheld."""
    top, height = 22.0, 110.0
    step = WIDTH / max(len(rows), 1)
    width = min(0.6 * step, 60.0)
    most = max((count or 0 for _, count in rows), default=0) or 1
    parts = [
        element("defs", [hatching(name, _HATCH)]),
        element("path", d=f"M0,{top + height} h{WIDTH}", stroke=FAINT, stroke_width=1),
    ]
    for position, (when, count) in enumerate(rows):
        middle = (position + 0.5) * step
        tall = 8.0 if count is None else height * count / most
        fill = f"url(#{name})" if count is None else colour
        text = withheld if count is None else f"{count:,}"
        parts += [
            element("rect", x=middle - width / 2, y=top + height - tall, width=width, height=tall, fill=fill),
            words(middle, top + height - tall - 5, text, size=11, text_anchor="middle"),
            words(middle, top + height + 16, when, size=11, fill=MUTED, text_anchor="middle"),
        ]
    return drawing(parts, top + height + 24, label)
