"""Shares as people read them: 100 % only where nothing is left, 0 % only where nothing is done."""

from __future__ import annotations

from math import floor
from typing import Final

NOTHING: Final = "—"
_HAIR: Final = 1e-9  # what is lost in a division: 0.29 * 100 is 28.999999999999996


def percent(share: float | None, digits: int = 1) -> str:
    """A share between 0 and 1 in percent, cut off behind `digits` decimals, never rounded up: 63.2 %, <0.1 %; a dash
    for None."""
    if share is None:
        return NOTHING
    steps = floor(share * 100 * 10**digits + _HAIR)
    least = f"{10**-digits:.{digits}f}"
    return f"<{least} %" if steps == 0 and share > 0 else f"{steps / 10**digits:.{digits}f} %"
