"""Texts in CSV files that a spreadsheet would run."""

from __future__ import annotations

import re
from typing import Any, Final

# The signs that begin a formula, also in full width (a spreadsheet reads them so where Chinese is typed), and after
# blanks, which some programs cut off. A tab or a line's end at the beginning makes some split the cell.
_FORMULA: Final = re.compile("[\t\r\n]|[\\s\u200b\u2060\ufeff]*[=+\\-@＝＋－＠]")


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front. Anything else stays as it is."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
