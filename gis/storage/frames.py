"""Small helpers on data frames that loaders share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows as named tuples; none for an empty frame. Typed Any: the columns are the contract, not pandas' stubs."""
    return iter(frame.itertuples(index=False))


def value(row: Any, name: str) -> Any:
    """An optional column of a row; None where the column is missing or the value is empty (NaN, NaT, None)."""
    found = getattr(row, name, None)
    return None if found is None or pd.isna(found) else found
