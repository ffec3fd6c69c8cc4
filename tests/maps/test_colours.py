"""The colours of the wall: readable on both grounds, and apart from each other for colour-blind eyes too.

Contrast as WCAG 2.1 reckons it. Distances in CAM16-UCS, where about 1 is the least that is seen side by side; what
somebody sees who has no red, green or blue cones after Machado, Oliveira and Fernandes (2009); both by ColorAide.
"""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from typing import Final

import pytest
from coloraide.everything import ColorAll as Color

from maps.assets import STATIC

GRAPHICS, TEXT = 3.0, 4.5
APART: Final = 5.0
EYES: Final = (None, "protan", "deutan", "tritan")
_HEX: Final = re.compile(r"#[0-9a-f]{6}")


def contrast(one: str, other: str) -> float:
    return float(Color(one).contrast(other, method="wcag21"))


def seen(text: str, eyes: str | None) -> Color:
    """A colour as these eyes see it."""
    return Color(text) if eyes is None else Color(text).filter(eyes, 1, method="machado")


def apart(one: str, other: str, eyes: str | None) -> float:
    return float(seen(one, eyes).delta_e(seen(other, eyes), method="cam16", space="cam16-ucs"))


def tokens(theme: str) -> dict[str, str]:
    """The colours of the wall for a theme, over those of every page."""
    sheets = "".join((STATIC / name).read_text("utf-8") for name in ("page.css", "wall.css", "wall-charts.css"))
    blocks = re.findall(r":root(\[data-theme=\"dark\"\])? \{(.*?)\}", sheets, re.S)
    found: dict[str, str] = {}
    for dark, block in blocks:
        if not dark or theme == "dark":
            found |= re.findall(r"--([a-z]+): (#[0-9a-f]{6});", block)
    return found


def scale(theme: str) -> tuple[list[str], list[str]]:
    """The classes of legend.js from little left to most, and the ink of the numbers on them."""
    source = (STATIC / "legend.js").read_text("utf-8")
    block = re.search(rf"const {'DARK' if theme == 'dark' else 'ROOM'} = \{{(.*?)\n  \}};", source, re.S)
    assert block is not None
    colours, inks = (re.search(rf"{name}: \[(.*?)\]", block[1], re.S) for name in ("colours", "inks"))
    assert colours is not None
    assert inks is not None
    return _HEX.findall(colours[1]), _HEX.findall(inks[1])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_and_graphics_stand_out_from_their_ground(theme: str) -> None:
    told = tokens(theme)
    for ground in ("ground", "paper"):
        for ink in ("ink", "muted", "late"):
            assert contrast(told[ink], told[ground]) >= TEXT, (ink, ground)
        for graphic in ("left", "tried", "reached"):
            assert contrast(told[graphic], told[ground]) >= GRAPHICS, (graphic, ground)
        caution = told["amber"] if theme == "dark" else told["caution"]
        assert contrast(caution, told[ground]) >= GRAPHICS
    assert contrast("#12181f", told["amber"]) >= TEXT  # the band of what is too old


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_classes_stand_out_and_apart(theme: str) -> None:
    colours, inks = scale(theme)
    ground = tokens(theme)["ground"]
    assert len(colours) == len(inks) == 7
    for one, ink in zip(colours, inks, strict=True):
        assert contrast(one, ground) >= GRAPHICS, one
        assert contrast(one, ink) >= TEXT, (one, ink)
    rising = [contrast(one, ground) for one in colours]
    assert rising == sorted(rising)  # the most left is the strongest
    for eyes in EYES:
        steps = [apart(one, other, eyes) for one, other in pairwise(colours)]
        assert min(steps) >= APART, (eyes, steps)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_parts_of_a_bar_are_told_apart(theme: str) -> None:
    told = tokens(theme)
    for eyes in EYES:
        for one, other in combinations(("left", "tried", "reached"), 2):
            assert apart(told[one], told[other], eyes) >= 2 * APART, (eyes, one, other)
