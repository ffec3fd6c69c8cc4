"""Text files: which encoding, which delimiter, and rows of text columns."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from gis.errors import BadInput
from gis.exchange.table import Table
from gis.sentence import Sentence
from gis.storage.report import Reject

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS: Final = ",;\t|"
_BLOCK_BYTES: Final = 1 << 24


def guess_encoding(raw: bytes, *, file: str) -> str:
    """UTF-8 (with or without mark), UTF-16 by its mark, else GB18030. Raises BadInput naming `file` where none fits.

    Nearly every byte string is some GB18030 text, so a file that is UTF-8 but for a few bytes (cut off in the middle of
    a character, or patched together) is refused and not read as GB18030: it would turn every character into another.
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return name
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        place, broken = error.start, error.reason
    else:
        return "utf-8"
    readable = raw.decode("utf-8", "replace")
    wrong = readable.count("�")
    multibyte = sum(map(len, re.findall(r"[^\x00-\x7f�]+", readable)))
    if multibyte > 4 * wrong or (multibyte and place >= len(raw) - 3):
        raise BadInput(
            "{field}: the text is UTF-8 but broken at byte {place} ({broken}); is the file cut off?",
            place=place + 1,
            broken=broken,
            field=file,
        )
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        raise BadInput(
            "{file}: the text is neither UTF-8 nor GB18030; say what it is with --encoding",
            file=file,
            field="--encoding",
        ) from None
    return "gb18030"


def known_encoding(name: str) -> str:
    """The codec of that name; GBK and GB2312 are read as GB18030, which contains them. Raises BadInput."""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise BadInput(
            "--encoding: {name!r} is no encoding; give utf-8 or gb18030", name=name, field="--encoding"
        ) from None
    return "gb18030" if found in ("gbk", "gb2312") else found


def read_csv(path: Path, encoding: str | None = None) -> Table:
    """A CSV file (comma, semicolon, tab or bar) as text columns; every value is a string, an empty field is null.

    Lines with too many or too few fields are listed in `malformed`. Raises BadInput for an empty file, a header
    without rows, a missing header, a heading that occurs twice, or text that cannot be decoded.
    """
    raw = path.read_bytes()
    if not raw.strip():
        raise BadInput("{field}: the file is empty", field=path.name)
    encoding = known_encoding(encoding) if encoding else guess_encoding(raw, file=path.name)
    body = _as_utf8(path.name, raw, encoding)
    del raw
    columns, delimiter = _header(path.name, body)
    parsed = _parse(path.name, body, columns, delimiter)
    return Table(path, "CSV", parsed.data, parsed.rows, encoding=encoding, malformed=parsed.malformed)


def _as_utf8(file: str, raw: bytes, encoding: str) -> bytes:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(
            "{file}: byte {place} is no {encoding} text; leave --encoding out to have it guessed",
            file=file,
            place=error.start + 1,
            encoding=encoding,
            field="--encoding",
        ) from None
    body = raw if encoding == "utf-8" else text.encode("utf-8", "surrogatepass")
    body = body.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    if b"\x00" in body:
        raise BadInput("{field}: holds NUL bytes, so it is not text; is the ending right?", field=file)
    return body


def _header(file: str, body: bytes) -> tuple[list[str], str]:
    first = body[:100_000].splitlines()[0].decode("utf-8", "replace")
    delimiter = max(_DELIMITERS, key=first.count)
    columns = [name.strip() for name in next(csv.reader(io.StringIO(first), delimiter=delimiter))]
    if any(re.fullmatch(r"[-+]?[0-9][0-9.,:; -]*", name) for name in columns):
        raise BadInput("{field}: the first line holds values, not column names; add a header line", field=file)
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise BadInput("{file}: column {field!r} occurs twice", file=file, field=twice[0])
    return [name or f"column {number}" for number, name in enumerate(columns, 1)], delimiter


@dataclass(frozen=True)
class _Parsed:
    data: pd.DataFrame
    rows: NDArray[np.int64]
    malformed: list[Reject]


def _parse(file: str, body: bytes, columns: Sequence[str], delimiter: str) -> _Parsed:
    bad: dict[int, int] = {}  # row → fields found; the text of the row is not kept

    def note(row: Any) -> str:
        bad[row.number - 1] = row.actual_columns
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(body),
            # One thread: only then does the handler learn the number of the row.
            read_options=pyarrow.csv.ReadOptions(
                column_names=columns, skip_rows=1, use_threads=False, block_size=_BLOCK_BYTES
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid:
        # Arrow quotes the offending line, which may hold anything.
        raise BadInput("{field}: cannot be read as CSV; is a quotation mark never closed?", field=file) from None
    return _numbered(file, table, columns, bad)


def _numbered(file: str, table: Any, columns: Sequence[str], bad: dict[int, int]) -> _Parsed:
    total = table.num_rows + len(bad)
    rows = np.arange(1, total + 1, dtype=np.int64)
    rows = rows[~np.isin(rows, np.fromiter(bad, np.int64, len(bad)))]
    malformed = [
        Reject(row, None, Sentence("the line has {found} fields, not {number}", found=found, number=len(columns)))
        for row, found in bad.items()
    ]
    data = table.to_pandas()
    blank = data.isna().all(axis=1).to_numpy()
    if blank.any():
        data, rows = data[~blank].reset_index(drop=True), rows[~blank]
    if data.empty:
        raise BadInput("{field}: has a header but no rows", field=file)
    return _Parsed(data, rows, malformed)
