"""The guard that keeps people out: a file with a column that looks personal stops before anything of it is used.

It looks at every column of every row, whether the column would be imported or not, by heading and by value. A finding
names the column, what it looks like and the first row; **no value is ever part of a message, a log line or an
exception** (`refuse_personal` raises outside of the frames that hold values).

*Strong evidence*, one value is enough: an identity number (18 digits, a real region and birth date, the right check
digit), a mobile number (11 digits, also grouped, with +86 or in the middle of a text), an e-mail address.

*Weak evidence* needs a pattern in the column, because codes of places are long numbers too: a household code of 18
digits may pass for an identity number (one in eleven has the right check digit) or, in Gansu, whose codes begin with
62, for a bank card (one in ten satisfies Luhn). So where at most half of the look-alikes are valid, those are excused
that share their first digits with two other numbers of the column, as codes of one village do. Identity numbers of 15
digits (no check digit) count only where nearly the whole column looks like birth dates of the last century.

In files of dwellings, visits and cases, a column of mostly different names of people stops too (`personal_names.py`).

What it cannot see: single names in a text, landline numbers, and anything drawn as a picture; nor the text of lines
that are no rows (too many or too few fields), which is dropped unread. Columns that mean no field are never stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gis.errors import PersonalData
from gis.exchange.headers import Kind
from gis.exchange.personal_headings import personal_heading
from gis.exchange.personal_names import looks_like_names
from gis.sentence import Sentence

Digits = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Finding:
    """A column that looks personal: why, and the index of the first such row (None: its heading)."""

    column: str
    what: Sentence
    index: int | None


def refuse_personal(
    frame: pd.DataFrame,
    kind: Kind,
    *,
    rows: NDArray[np.int64] | None = None,
    codes: Collection[str] = (),
    counties: Collection[str] = (),
) -> None:
    """Raise PersonalData if a column of `frame` looks personal; see the module for what that means.

    `rows` are the source row numbers of the records; `codes` the columns that mean a code; `counties` the six digits
    with which codes may begin. An empty frame is judged by its headings alone.
    """
    finding = find_personal(frame, kind, codes=codes, counties=counties)
    if finding is None:
        return
    where = Sentence("its heading")
    if finding.index is not None:
        where = Sentence("row {row}", row=finding.index + 1 if rows is None else int(rows[finding.index]))
    raise PersonalData(
        "column {field!r} looks like {what} ({where}): everycell keeps places, not people. Take"
        " the column out of the file and import again; nothing was stored",
        what=finding.what,
        where=where,
        field=finding.column,
    )


def find_personal(
    frame: pd.DataFrame, kind: Kind, *, codes: Collection[str] = (), counties: Collection[str] = ()
) -> Finding | None:
    """The first finding, None where nothing looks personal."""
    for column in frame.columns:
        what = personal_heading(str(column), kind)
        if what is not None:
            return Finding(str(column), what, None)
    # A file without a header line has its first row there.
    heading = _look(pd.Series([str(column) for column in frame.columns], dtype="str"), False, ())
    if heading is not None:
        return Finding(f"number {heading[1] + 1}", heading[0], None)
    for column in frame.columns:
        found = _look(frame[column], column in codes, counties)
        if found is None and kind in (Kind.households, Kind.visits, Kind.disputes):
            found = _names(frame[column])
        if found is not None:
            return Finding(str(column), *found)
    return None


def _names(column: pd.Series[Any]) -> Found | None:
    if not (pd.api.types.is_string_dtype(column) or column.dtype == object):
        return None
    first = looks_like_names(_strings(column))
    return None if first is None else (Sentence("personal names"), first)


# --- by value -------------------------------------------------------------------------------------------------------

_LEFT: Final = r"(?:^|[^0-9A-Za-z.]|[^0-9]\.|(?i:tel|phone|mobile|mob)[.:]?)"
_RIGHT: Final = r"(?:\.0+)?(?:$|[^0-9A-Za-z])"
_PROVINCE: Final = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_DAY: Final = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"

_MOBILE: Final = (
    _LEFT + r"(?:(?:\+?86|0086)[ -]?)?"
    r"(?P<t>1[3-9][0-9](?:[ -]?[0-9]{4}[ -]?[0-9]{4}|[ -][0-9]{3}[ -][0-9]{5}|[0-9][ -][0-9]{3}[ -][0-9]{4}))" + _RIGHT
)
_BIRTH: Final = rf"^{_PROVINCE}[0-9]{{4}}(?:19|20)[0-9]{{2}}{_DAY}"
_ID18: Final = _LEFT + rf"(?P<t>{_PROVINCE}[0-9]{{4}}(?:19|20)[0-9]{{2}}{_DAY}[0-9]{{3}}[0-9Xx])" + _RIGHT
_ID15: Final = rf"^\s*(?P<t>{_PROVINCE}[0-9]{{6}}{_DAY}[0-9]{{3}})\s*(?:\.0+)?$"
_CARD: Final = (
    _LEFT + r"(?P<t>(?:62[0-9]{2}|4[0-9]{3}|5[1-5][0-9]{2})(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,3})?)" + _RIGHT
)
_EMAIL: Final = r"(?P<t>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,})"
# One pass over everything: only what has this can have any of the above.
_CANDIDATE: Final = r"[0-9]{11}|1[3-9][0-9]{1,2}[ -][0-9]{3}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}|@|[０-９]{3}"
_UUID: Final = r"^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$"
_HALF_WIDTH: Final = str.maketrans("０１２３４５６７８９－＋＠", "0123456789-+@")

Found = tuple[Sentence, int]


def _look(column: pd.Series[Any], is_code: bool, counties: Collection[str]) -> Found | None:
    if pd.api.types.is_float_dtype(column) and (rounded := _rounded_identity(column)) is not None:
        return Sentence("identity numbers"), rounded
    texts, index = _candidates(column)
    if not len(texts):
        return None
    for what, pattern, judge in _DETECTORS:
        tokens = pc.struct_field(pc.extract_regex(texts, pattern), "t")
        at = np.flatnonzero(tokens.is_valid().to_numpy(zero_copy_only=False))
        if not at.size:
            continue
        bare = pc.replace_substring(pc.replace_substring(tokens.drop_null(), " ", ""), "-", "")
        guilty = judge(_Evidence(bare, len(column), is_code, counties))
        if guilty.any():
            return what, int(index[at[np.flatnonzero(guilty)[0]]])
    return None


def _candidates(column: pd.Series[Any]) -> tuple[Any, NDArray[np.int64]]:
    """The values that may hold something, as an Arrow string array, and where they stand."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return pa.array([], pa.string()), np.empty(0, np.int64)
    if pd.api.types.is_numeric_dtype(column):
        return _numbers(column)
    texts = _strings(column)
    hit = np.flatnonzero(
        pc.fill_null(pc.match_substring_regex(texts, _CANDIDATE), False).to_numpy(zero_copy_only=False)
    )
    texts = texts.take(pa.array(hit))
    uuid = pc.match_substring_regex(texts, _UUID).to_numpy(zero_copy_only=False)
    texts, hit = texts.filter(pa.array(~uuid)), hit[~uuid]
    if pc.any(pc.match_substring_regex(texts, "[０-９＠]")).as_py():
        texts = pa.array([text.translate(_HALF_WIDTH) for text in texts.to_pylist()], pa.string())
    return texts, hit


def _strings(column: pd.Series[Any]) -> Any:
    if column.dtype == object:
        column = column.map(lambda value: value if isinstance(value, str) or value is None else str(value))
    texts = pa.array(column, from_pandas=True)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    return texts if pa.types.is_string(texts.type) else texts.cast(pa.string())


def _numbers(column: pd.Series[Any]) -> tuple[Any, NDArray[np.int64]]:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    hit = np.flatnonzero((values >= 1e10) & (values < 1e19) & (values == np.floor(values)))
    if pd.api.types.is_integer_dtype(column):
        whole = column.iloc[hit].to_numpy(dtype=np.int64)
    else:
        hit = hit[values[hit] < 9e18]
        whole = values[hit].astype(np.int64)
    return pa.array(whole).cast(pa.string()), hit


def _rounded_identity(column: pd.Series[Any]) -> int | None:
    """Where the first of several identity numbers stands that a program made floats, which cost them their last digits.

    Without the check digit it takes a pattern: most of the long numbers begin with a region and a day.
    """
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    long = np.flatnonzero((values >= 1e17) & (values < 1e18))
    heads = pc.match_substring_regex(pa.array(values[long].astype(np.int64)).cast(pa.string()), _BIRTH)
    like = heads.to_numpy(zero_copy_only=False)
    return int(long[np.flatnonzero(like)[0]]) if len(like) and like.mean() > 0.5 else None


@dataclass(frozen=True)
class _Evidence:
    """The look-alikes of one column: bare digits, one for each value that has one, as an Arrow string array."""

    tokens: Any
    num_rows: int
    is_code: bool
    counties: Collection[str]

    def by_length(self, judge: Callable[[Digits], Mask]) -> Mask:
        """`judge` on the digits (length × n; X is 10) of the tokens of every length."""
        valid = np.zeros(len(self.tokens), dtype=bool)
        lengths = np.asarray(pc.binary_length(self.tokens))
        for length in np.unique(lengths).tolist():
            here = lengths == length
            letters = self.tokens.filter(pa.array(here)).cast(pa.binary(length)).buffers()[1]
            digits = np.frombuffer(letters, np.uint8).reshape(-1, length).T - np.uint8(ord("0"))
            valid[here] = judge(np.ascontiguousarray(np.minimum(digits, 10)))  # X and x come after the digits
        return valid

    def starts_with(self, heads: Collection[str]) -> Mask:
        """Where the first six digits are one of `heads`."""
        return np.asarray(pc.is_in(pc.utf8_slice_codeunits(self.tokens, 0, 6), pa.array(list(heads), pa.string())))

    def starting_alike(self, num_digits: int) -> NDArray[np.int64]:
        """For every token: how many *different* tokens of the column begin with the same digits (itself included)."""
        heads, _ = pd.factorize(pc.utf8_slice_codeunits(self.tokens, 0, num_digits).cast(pa.int64()).to_numpy())
        whole = pc.replace_substring_regex(self.tokens, "[Xx]", "0").cast(pa.int64()).to_numpy()
        return np.asarray(np.bincount(heads[~pd.Series(whole).duplicated()])[heads], dtype=np.int64)


def _always(evidence: _Evidence) -> Mask:
    return np.ones(len(evidence.tokens), dtype=bool)


def _mobile(evidence: _Evidence) -> Mask:
    """All, but for serial codes of counties in Hebei, Shanxi and Inner Mongolia, which begin like mobile numbers."""
    own = evidence.starts_with(evidence.counties)
    if evidence.is_code and own.mean() > 0.9:
        return ~own
    commonest = pc.value_counts(pc.utf8_slice_codeunits(evidence.tokens, 0, 6)).to_pylist()
    head = str(max(commonest, key=lambda each: each["counts"])["values"])
    same = evidence.starts_with([head])
    serials = pc.count_distinct(evidence.tokens.filter(pa.array(same))).as_py()
    if re.fullmatch(r"1[345][0-2][0-9]{3}", head) and same.mean() >= 0.9 and serials >= 10:
        return ~same
    return _always(evidence)


def _identity(evidence: _Evidence) -> Mask:
    return _unless_codes(evidence, evidence.by_length(_check_digit), 14)


def _check_digit(digits: Digits) -> Mask:
    """GB 11643: a real day in the past, and the weighted sum of all 18 is 1 modulo 11."""
    weights = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1], dtype=np.uint16)
    total = sum(weight * digit for weight, digit in zip(weights, digits, strict=True))
    year, month, day = (_number(digits[part]) for part in (slice(6, 10), slice(10, 12), slice(12, 14)))
    started = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    born = started.astype("datetime64[D]") + (day - 1)
    real = (born.astype("datetime64[M]") == started) & (born <= np.datetime64(datetime.now(UTC).date()))
    valid: Mask = real & (total % 11 == 1)
    return valid


def _number(digits: Digits) -> NDArray[np.int64]:
    """The numbers that digits (length × n) spell."""
    number = np.zeros(digits.shape[1], dtype=np.int64)
    for digit in digits:
        number = number * 10 + digit
    return number


def _card(evidence: _Evidence) -> Mask:
    valid = evidence.by_length(_luhn)
    if evidence.is_code and len(evidence.counties):
        valid &= ~evidence.starts_with(evidence.counties)
    return _unless_codes(evidence, valid, 12)


def _luhn(digits: Digits) -> Mask:
    doubled = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9], dtype=np.uint8)
    total = digits[-1::-2].sum(axis=0, dtype=np.uint8) + doubled[digits[-2::-2]].sum(axis=0, dtype=np.uint8)
    valid: Mask = total % 10 == 0  # of 19 digits at most: the sum fits a byte
    return valid


def _unless_codes(evidence: _Evidence, valid: Mask, num_digits: int) -> Mask:
    if not valid.any() or valid.mean() > 0.5:
        return valid
    return valid & (evidence.starting_alike(num_digits) < 3)


def _old_identity(evidence: _Evidence) -> Mask:
    """15 digits: nearly the whole column, nearly all on different days, many of them born after 1940."""
    tokens = evidence.tokens.unique().to_pylist()
    if evidence.is_code or len(tokens) < 3 or len(evidence.tokens) < 0.9 * evidence.num_rows:
        return np.zeros(len(evidence.tokens), dtype=bool)
    years = np.array([int(token[6:8]) for token in tokens])
    days = len({token[:12] for token in tokens}) / len(tokens)
    return np.full(len(evidence.tokens), days > 0.8 and (years >= 40).mean() >= 0.3)


_DETECTORS: Final[tuple[tuple[Sentence, str, Callable[[_Evidence], Mask]], ...]] = (
    (Sentence("identity numbers"), _ID18, _identity),
    (Sentence("mobile numbers"), _MOBILE, _mobile),
    (Sentence("e-mail addresses"), _EMAIL, _always),
    (Sentence("bank cards"), _CARD, _card),
    (Sentence("identity numbers"), _ID15, _old_identity),
)
