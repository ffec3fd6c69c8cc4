"""How things look in QGIS: the colours and shapes of the coverage page (design, section 13), in millimetres.

Doorplates differ by shape too: never reached is a ring with a core, overdue full, due soon half, fresh small and
hollow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from maps.qgis.elements import Element, element, options, rgba

Kind = Literal["fill", "line", "marker"]
FONT: Final = "Noto Sans CJK SC"
INK: Final = "#1c2733"
BORDER: Final = "#0b4f8a"
_MM: Final = "MM"


def symbol(name: str, kind: Kind, *layers: Element) -> Element:
    """A symbol of layers, the lowest first."""
    return element("symbol", layers, name=name, type_=kind, alpha="1", clip_to_extent="1", force_rhr="0")


def _layer(class_: str, values: dict[str, str]) -> Element:
    return element("layer", [options(values)], class_=class_, enabled="1", locked="0")


def fill(colour: str, alpha: int, edge: str, width: float, style: str = "solid") -> Element:
    """A polygon; `style` is solid or a hatching (b_diagonal)."""
    return _layer(
        "SimpleFill",
        {
            "color": rgba(colour, alpha),
            "style": style,
            "outline_color": rgba(edge),
            "outline_width": str(width),
            "outline_width_unit": _MM,
            "outline_style": "solid",
            "joinstyle": "round",
        },
    )


def line(colour: str, width: float, dash: str = "solid") -> Element:
    """A line, or the outline of a polygon."""
    return _layer(
        "SimpleLine",
        {
            "line_color": rgba(colour),
            "line_width": str(width),
            "line_width_unit": _MM,
            "line_style": dash,
            "capstyle": "round",
            "joinstyle": "round",
        },
    )


def marker(shape: str, colour: str | None, edge: str, size: float, width: float = 0.4, angle: int = 0) -> Element:
    """A point; without a colour it is hollow."""
    return _layer(
        "SimpleMarker",
        {
            "name": shape,
            "color": rgba(colour or "#ffffff", 255 if colour else 230),
            "outline_color": rgba(edge),
            "outline_width": str(width),
            "outline_width_unit": _MM,
            "size": str(size),
            "size_unit": _MM,
            "angle": str(angle),
        },
    )


# ---- renderers


def single(one: Element) -> Element:
    """The same symbol for all; it is called 0."""
    return element(
        "renderer-v2", [element("symbols", [one])], type_="singleSymbol", symbollevels="0", enableorderby="0"
    )


@dataclass(frozen=True, slots=True)
class Case:
    """Features for which an expression holds (empty: all others), what they are called and how they look."""

    label: str
    when: str
    kind: Kind
    layers: tuple[Element, ...]


def by_rules(cases: Sequence[Case]) -> Element:
    """The first case that holds."""
    rules = [
        element("rule", key=f"{{rule-{n}}}", symbol=str(n), label=case.label, filter=_only(cases, n))
        for n, case in enumerate(cases)
    ]
    symbols = [symbol(str(n), case.kind, *case.layers) for n, case in enumerate(cases)]
    return element(
        "renderer-v2",
        [element("rules", rules, key="{rules}"), element("symbols", symbols)],
        type_="RuleRenderer",
        symbollevels="1" if cases[0].kind == "line" else "0",
    )


def _only(cases: Sequence[Case], n: int) -> str:
    before = [f"NOT coalesce({case.when}, false)" for case in cases[:n]]
    own = [f"({cases[n].when})"] if cases[n].when else []
    return " AND ".join([*own, *before])


# ---- labels


def labels(expression: str, *, size: float, scales: tuple[int, int], colour: str = INK, kind: Kind = "fill") -> Element:
    """Labels from an expression, between two scales: the denominators of the closest and of the farthest."""
    buffer = element("text-buffer", bufferDraw="1", bufferSize="0.8", bufferColor=rgba("#ffffff"), bufferSizeUnits=_MM)
    style = element(
        "text-style",
        [buffer],
        fieldName=expression,
        isExpression="1",
        fontFamily=FONT,
        fontSize=str(size),
        fontSizeUnit="Point",
        textColor=rgba(colour),
        namedStyle="Regular",
        multilineHeight="1",
    )
    places = {"fill": "1", "line": "3", "marker": "6"}  # over the middle; along it; around it
    placement = element("placement", placement=places[kind], dist="1", distUnits=_MM, priority="5")
    shown = {"scaleVisibility": "1", "scaleMin": str(scales[0]), "scaleMax": str(scales[1])}
    rendering = element("rendering", drawLabels="1", obstacle="1", **shown)
    return element("labeling", [element("settings", [style, placement, rendering])], type_="simple")
