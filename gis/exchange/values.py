"""Columns of a file as clean values: text, whole numbers, days, instants, words of closed lists.

Each function takes a column of any dtype and returns the clean column and a mask of the values that could not be
understood (never the empty ones). Nothing is done row by row: a million rows take about a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gis.exchange.headers import normal

Mask = NDArray[np.bool_]
Column = pd.Series  # of Any

_WRITTEN: Final = "(?P<y>[0-9]{4})[-/.年](?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})日?"
_COMPACT: Final = "(?P<y2>[0-9]{4})(?P<m2>[0-9]{2})(?P<d2>[0-9]{2})"
_CLOCK: Final = "(?P<H>[0-9]{1,2})[:：时点](?P<M>[0-9]{1,2})分?(?:[:：]?(?P<S>[0-9]{1,2})(?:[.][0-9]*)?秒?)?"
_INSTANT: Final = f"^(?:{_WRITTEN}|{_COMPACT})(?:[T ]+{_CLOCK})?(?: ?(?P<z>Z|[+-][0-9]{{2}}:?[0-9]{{2}}))?$"
# What a spreadsheet makes of a long code; its last digits are gone.
_DAMAGED: Final = r"^[0-9]([.][0-9]+)?[eE][+]?[0-9]+$"
_EXACT_FLOAT: Final = 2.0**53
_NOON_S: Final = 12 * 3600


def texts(column: pd.Series[Any]) -> pd.Series[Any]:
    """Trimmed text without line breaks; empty is null. Whole numbers that a program made floats lose their ".0"."""
    if pd.api.types.is_float_dtype(column):
        column = _whole_as_text(column)
    elif not pd.api.types.is_string_dtype(column) or column.dtype == object:
        column = column.map(lambda value: None if pd.isna(value) else str(value), na_action="ignore")
    clean = pc.utf8_trim_whitespace(pc.replace_substring_regex(_arrow(column), r"\s+", " "))
    clean = pc.if_else(pc.equal(clean, ""), None, clean)
    return pd.Series(clean.to_pandas(), index=column.index).astype("str")


def codes(column: pd.Series[Any]) -> tuple[pd.Series[Any], Mask]:
    """Codes as text. Not understood: a code that was a number for too long (6.21126E+17, or a float of 17 digits)."""
    found = texts(column)
    bad = np.asarray(pc.fill_null(pc.match_substring_regex(_arrow(found), _DAMAGED), False))
    if pd.api.types.is_float_dtype(column):
        bad = bad | (column.abs().to_numpy(dtype=np.float64, na_value=0.0) > _EXACT_FLOAT)
    return found.where(~bad), bad


def _whole_as_text(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.map(lambda value: f"{value:.0f}" if value == np.floor(value) else repr(value), na_action="ignore")


def _arrow(column: pd.Series[Any]) -> Any:
    array = pa.array(column.astype("str"), from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(pa.string())


def missing(column: pd.Series[Any]) -> Mask:
    """Where a column is empty."""
    return np.asarray(column.isna(), dtype=bool)


def numbers(column: pd.Series[Any]) -> tuple[NDArray[np.float64], Mask]:
    """Finite numbers, NaN where empty or not understood."""
    if not pd.api.types.is_numeric_dtype(column):
        column = texts(column)
    found = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    bad = ~np.isfinite(found) & ~missing(column)
    return np.where(np.isfinite(found), found, np.nan), bad


def whole_numbers(column: pd.Series[Any], low: int, high: int) -> tuple[pd.Series[Any], Mask]:
    """Whole numbers from `low` to `high` (nullable Int64)."""
    found, bad = numbers(column)
    bad |= ~np.isnan(found) & ((found != np.floor(found)) | (found < low) | (found > high))
    return pd.Series(np.where(bad, np.nan, found), index=column.index).astype("Int64"), bad


def words(column: pd.Series[Any], vocabulary: Mapping[str, str]) -> tuple[pd.Series[Any], Mask]:
    """The stored words of a closed list, null where empty or not in the list."""
    given = texts(column)
    known = {word: vocabulary.get(normal(word)) for word in given.dropna().unique()}
    found = given.map(known, na_action="ignore").astype("str")
    return found, missing(found) & ~missing(given)


def days(column: pd.Series[Any], zone: ZoneInfo) -> tuple[pd.Series[Any], Mask]:
    """Days as datetime64[s] at midnight, NaT where empty or not understood. An instant is the day it has in `zone`.

    Understood: 2026-11-22, 2026/1/5, 2026.11.22, 20261122, 2026年11月22日, each with or without a time.
    """
    at, _, bad = _local(column, zone)
    return pd.Series(at.astype("datetime64[D]").astype("datetime64[s]"), index=column.index), bad


def instants(column: pd.Series[Any], zone: ZoneInfo) -> tuple[pd.Series[Any], Mask]:
    """Instants (datetime64[s, UTC]); without an offset they are times in `zone`, without a time noon of that day.

    A local time that does not exist or exists twice (a change of clocks) is not understood.
    """
    at, has_time, bad = _local(column, zone)
    at = at + np.where(has_time, 0, _NOON_S).astype("timedelta64[s]")
    local = pd.Series(at, index=column.index).dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    utc = local.dt.tz_convert("UTC")
    return utc, bad | (missing(utc) & ~np.isnat(at))


def _local(column: pd.Series[Any], zone: ZoneInfo) -> tuple[NDArray[np.datetime64], Mask, Mask]:
    """Local time in `zone`, whether a time was given, and what was not understood."""
    if pd.api.types.is_datetime64_any_dtype(column):
        stamps = column.dt.tz_convert(zone).dt.tz_localize(None) if column.dt.tz is not None else column
        at = np.asarray(stamps, dtype="datetime64[s]")
        return at, at != at.astype("datetime64[D]"), np.zeros(len(at), dtype=bool)
    given = texts(column)
    parts = pc.extract_regex(_arrow(given), _INSTANT)
    field = {name: pc.struct_field(parts, name) for name in ("y", "m", "d", "y2", "m2", "d2", "H", "M", "S", "z")}
    year, month, day = (_integers(field[name], field[f"{name}2"]) for name in "ymd")
    hour, minute, second = (_integers(field[name]) for name in "HMS")
    started = (np.clip(year, 1600, 9999) - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    at = (started.astype("datetime64[D]") + (day - 1)).astype("datetime64[s]")
    real = (at.astype("datetime64[M]") == started) & (month >= 1) & (month <= 12) & (year >= 1900) & (year < 2200)
    real &= (hour < 24) & (minute < 60) & (second < 60)
    at = at + (hour * 3600 + minute * 60 + second).astype("timedelta64[s]")
    at[~real] = np.datetime64("NaT")
    has_time = np.asarray(pc.fill_null(pc.not_equal(field["H"], ""), False))
    return _shifted(at, field["z"], zone), has_time, ~real & ~missing(given)


def _integers(*choices: Any) -> NDArray[np.int64]:
    """The first choice that is not empty, as integers; 0 where all are."""
    text = choices[0]
    for other in choices[1:]:
        text = pc.if_else(pc.equal(text, ""), other, text)
    text = pc.if_else(pc.equal(text, ""), None, text)
    return np.asarray(pc.fill_null(text.cast(pa.int64()), 0), dtype=np.int64)


def _shifted(at: NDArray[np.datetime64], offsets: Any, zone: ZoneInfo) -> NDArray[np.datetime64]:
    """Times written with an offset from UTC, as local times in `zone`."""
    given = np.asarray(pc.fill_null(pc.not_equal(offsets, ""), False))
    if not given.any():
        return at
    text = pd.Series(offsets.to_pandas(), dtype="object")[given].replace("Z", "+0000").str.replace(":", "")
    sign = np.where(text.str[0] == "-", -1, 1)
    seconds = sign * (text.str[1:3].astype(int) * 3600 + text.str[3:5].astype(int) * 60).to_numpy()
    utc = pd.Series(at[given] - seconds.astype("timedelta64[s]")).dt.tz_localize("UTC")
    at = at.copy()
    at[given] = np.asarray(utc.dt.tz_convert(zone).dt.tz_localize(None), dtype="datetime64[s]")
    return at
