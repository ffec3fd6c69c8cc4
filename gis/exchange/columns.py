"""The columns of a file under the names of their fields, cleaned one by one; what cannot be used is rejected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gis.exchange import values
from gis.exchange.rejects import Rejects
from gis.exchange.table import Table
from gis.sentence import Sentence

_LONGEST: Final = 200
_IS_NO_DAY: Final = Sentence("is no date; write 2026-11-22")
_IS_NO_INSTANT: Final = Sentence("is no date; write 2026-11-22 09:30")
# What a terminal obeys, and what turns the direction of writing around until its end: shown, a text would not be what
# is stored.
_CONTROLS: Final = "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"


class Columns:
    """Clean columns of a table. A field that no column means is null throughout (or `default`)."""

    def __init__(self, table: Table, columns: Mapping[str, str], rejects: Rejects) -> None:
        self._table, self._columns, self._rejects = table, columns, rejects

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def _given(self, name: str) -> pd.Series[Any]:
        return self._table.data[self._columns[name]]

    def _nothing(self, dtype: str = "str") -> pd.Series[Any]:
        return pd.Series(np.full(len(self._table.rows), None), dtype=dtype)

    def reject(self, bad: Any, name: str, reason: Sentence) -> None:
        """Reject the rows of a mask for what stands in the column of field `name`."""
        self._rejects.add(np.asarray(bad, dtype=bool), self._columns.get(name, name), reason)

    def _refuse_controls(self, found: pd.Series[Any], name: str) -> None:
        self.reject(
            found.str.contains(_CONTROLS, na=False), name, Sentence("holds control characters, which nobody sees")
        )

    def text(self, name: str, *, required: bool = False, longest: int = _LONGEST) -> pd.Series[Any]:
        """Trimmed text, null where empty."""
        if name not in self:
            return self._nothing()
        found = values.texts(self._given(name))
        if required:
            self.reject(found.isna(), name, Sentence("is empty"))
        self._refuse_controls(found, name)
        self.reject(
            found.str.len().fillna(0) > longest, name, Sentence("is longer than {longest} characters", longest=longest)
        )
        return found

    def code(
        self, name: str, *, pattern: str = r"\S{1,100}", form: Sentence | None = None, required: bool = False
    ) -> pd.Series[Any]:
        """Codes of the form `pattern`; `form` says it in words."""
        if name not in self:
            return self._nothing()
        found, damaged = values.codes(self._given(name))
        self.reject(
            damaged,
            name,
            Sentence("was turned into a number with an exponent; format the column as text and save again"),
        )
        if required:
            self.reject(found.isna(), name, Sentence("is empty"))
        self._refuse_controls(found, name)
        fits = found.str.fullmatch(pattern, na=True)
        self.reject(~fits, name, form or Sentence("is no code: 1 to 100 characters without spaces"))
        return found

    def word(self, name: str, vocabulary: Mapping[str, str], *, default: str | None = None) -> pd.Series[Any]:
        """A word of a closed list; empty is `default`, or rejected where the list has none (`default` None)."""
        if name not in self:
            return pd.Series(np.full(len(self._table.rows), default), dtype="str")
        found, bad = values.words(self._given(name), vocabulary)
        allowed = ", ".join(dict.fromkeys(vocabulary.values()))
        self.reject(bad, name, Sentence("is none of {allowed}", allowed=allowed))
        return found if default is None else found.fillna(default)

    def required_word(self, name: str, vocabulary: Mapping[str, str]) -> pd.Series[Any]:
        """A word of a closed list that must be there."""
        found = self.word(name, vocabulary)
        self.reject(found.isna(), name, Sentence("is empty"))
        return found

    def whole(self, name: str, low: int, high: int) -> pd.Series[Any]:
        """Whole numbers between two bounds, null where empty."""
        if name not in self:
            return self._nothing("Int64")
        found, bad = values.whole_numbers(self._given(name), low, high)
        self.reject(bad, name, Sentence("is no whole number from {low} to {high}", low=low, high=high))
        return found

    def day(self, name: str, zone: ZoneInfo, today: date) -> pd.Series[Any]:
        """Days up to today, NaT where empty."""
        if name not in self:
            return self._nothing("datetime64[s]")
        found, bad = values.days(self._given(name), zone)
        self.reject(bad, name, _IS_NO_DAY)
        self.reject(found > np.datetime64(today), name, Sentence("lies in the future"))
        return found

    def instant(self, name: str, zone: ZoneInfo) -> pd.Series[Any]:
        """Instants in UTC that must be there."""
        found, bad = values.instants(self._given(name), zone)
        self.reject(bad, name, _IS_NO_INSTANT)
        self.reject(found.isna(), name, Sentence("is empty"))
        return found
