"""Pieces of SVG: elements from names and values, every value escaped. One unit is a 720th of the page's width."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 720.0
FONTS: Final = "Noto Sans CJK SC, Source Han Sans SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
INK: Final = "#1c2733"
MUTED: Final = "#566472"
FAINT: Final = "#e4e8eb"
GROUND: Final = "#f3f4f2"


def element(name: str, content: Iterable[Markup] | str = "", **attributes: object) -> Markup:
    """An element. A name's underscores stand for hyphens, one at its end for nothing; numbers are cut to 0.01."""
    named = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value))
        for key, value in attributes.items()
        if value is not None
    )
    inside = escape(content) if isinstance(content, str) else Markup("").join(content)
    return Markup("<{0}{1}>{2}</{0}>").format(name, named, inside)


def words(x: float, y: float, content: str, *, size: float = 12, fill: str = INK, **attributes: object) -> Markup:
    """A text whose base line is at y."""
    return element("text", content, x=x, y=y, font_size=size, fill=fill, **attributes)


def hatching(name: str, colour: str, ground: str = "none") -> Markup:
    """A pattern of diagonal lines: `fill="url(#name)"`."""
    lines = element("path", d="M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2", stroke=colour, stroke_width=1.1)
    back = element("rect", width=6, height=6, fill=ground)
    return element("pattern", [back, lines], id=name, width=6, height=6, patternUnits="userSpaceOnUse")


def dots(name: str, colour: str) -> Markup:
    """A pattern of dots."""
    return element(
        "pattern",
        [element("circle", cx=3.5, cy=3.5, r=0.9, fill=colour)],
        id=name,
        width=7,
        height=7,
        patternUnits="userSpaceOnUse",
    )


def drawing(parts: Iterable[Markup], height: float, label: str, width: float = WIDTH) -> str:
    """A whole SVG image."""
    image = element(
        "svg",
        parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_short(width)} {_short(height)}",
        font_family=FONTS,
        role="img",
        aria_label=label,
    )
    return str(image)


def measure(text: str, size: float = 12) -> float:
    """About how wide a text is: signs of Chinese are as wide as high, others some 0.56 of that."""
    return sum(size if ord(sign) > 0x2E80 else 0.56 * size for sign in text)


def shortened(text: str, room: float, size: float = 12) -> str:
    """The text, or as much of it as fits, with an ellipsis."""
    if measure(text, size) <= room:
        return text
    while text and measure(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def _short(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
