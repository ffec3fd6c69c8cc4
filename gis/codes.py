"""Administrative codes, levels and area scope.

A code is text. County 6 digits, town 9, village 12, cell 15: each begins with its parent's. Codes of doorplates,
households, rounds and sites begin with the six digits of their county, so that a code alone tells where its row lives.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from gis.errors import BadInput


class Level(StrEnum):
    """What a code stands for, from the outside in."""

    county = "county"
    town = "town"
    village = "village"
    cell = "cell"


DIGITS: Final = {Level.county: 6, Level.town: 9, Level.village: 12, Level.cell: 15}
_LEVEL_OF: Final = {digits: level for level, digits in DIGITS.items()}
_DIGITS_ONLY: Final = re.compile(r"[0-9]+", re.ASCII)


def level_of(code: str, *, field: str = "area") -> Level:
    """The level of an administrative code. Raises BadInput naming `field` where it is none."""
    level = _LEVEL_OF.get(len(code))
    if level is None or not _DIGITS_ONLY.fullmatch(code):
        raise BadInput(
            "{field}: {code!r} is no area code; give 6 digits (county), 9 (town), 12 (village) or 15 (cell)",
            code=code,
            field=field,
        )
    return level


def county_of(code: str, *, field: str = "code") -> int:
    """The county (its 6 digits as an integer) a code belongs to. Raises BadInput naming `field`."""
    head = code[:6]
    if len(head) < 6 or not _DIGITS_ONLY.fullmatch(head):
        raise BadInput("{field}: {code!r} does not begin with the 6 digits of a county", code=code, field=field)
    return int(head)


def parent_of(code: str) -> str | None:
    """The code one level up, None for a county."""
    level = level_of(code)
    above = {Level.cell: Level.village, Level.village: Level.town, Level.town: Level.county}.get(level)
    return code[: DIGITS[above]] if above else None
