"""A document as plain values, everything written out: what templates of pages and PDFs read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from maps.report.document import Block, Chart, Column, Document, Facts, Kind, Table, Text, written
from maps.report.svg import measure

_TITLE_EM: Final = 5.0  # five Chinese signs on a line of a column's title
_NARROW_EM: Final = 3.0
_UPRIGHT_EM: Final = 1.3
_VALUE_EM: Final = 16.0
_BESIDE_EM: Final = 0.25  # between a figure and a Chinese sign paper leaves a gap
_WIDE_EM: Final = 10.0  # what a wide column is to have, if its values are as long
_PAPER_PT: Final = 510.0  # as in report.typ, like the next one: type and what stands left and right of a value
_TYPE_PT, _GAPS_PT = 8.0, 8.0


def flat(document: Document) -> dict[str, Any]:
    """The document as dictionaries, lists and texts; a block's `kind` is facts, text, chart or table."""
    return {
        "title": document.title,
        "lines": list(document.lines),
        "running": document.running,
        "lang": document.lang,
        "sections": [
            {"title": section.title, "blocks": [_block(block) for block in section.blocks]}
            for section in document.sections
        ],
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Chart):
        return {"kind": "chart", "svg": block.svg, "title": block.title, "alt": block.alt, "share": block.share}
    if isinstance(block, Facts):
        return {"kind": "facts", "facts": [list(item) for item in block.items]}
    assert isinstance(block, Text)  # noqa: S101 - there is no other block
    return {"kind": "text", "text": block.text, "note": block.note}


def _width_em(
    column: Column, at: int, rows: Sequence[Sequence[str]], total: Sequence[str] | None, narrow: bool
) -> float:
    """How wide a column has to be, in heights of its type: its longest value, its title on several lines (or, where it
    is narrow and its words are long, upright)."""
    values = max((measure(row[at], 1.0) for row in [*rows, *([total] if total else [])]), default=0.0)
    longest = max(measure(word, 1.0) for word in column.title.split(" "))
    if narrow and not _breaks(column.title):
        return max(values, _UPRIGHT_EM) * 1.13
    room = _NARROW_EM if narrow else _TITLE_EM
    title = min(longest + _BESIDE_EM, room) if _breaks(column.title) else longest
    return max(min(values, _VALUE_EM), title) * 1.13


def _breaks(title: str) -> bool:
    """Whether a title can be broken between any two of its signs, as Chinese can."""
    return any(ord(sign) > 0x2E80 for sign in title)


def _table(table: Table) -> dict[str, Any]:
    kinds = [column.kind for column in table.columns]
    rows = [[written(v, k) for v, k in zip(row, kinds, strict=True)] for row in table.drawn]
    total = None if table.total is None else [written(v, k) for v, k in zip(table.total, kinds, strict=True)]
    narrow = table.narrow or _crowded(table, rows, total)
    columns = [
        {
            "title": c.title,
            "number": c.kind not in (Kind.text, Kind.day),
            "width_em": None if c.wide else _width_em(c, at, rows, total, narrow),
        }
        for at, c in enumerate(table.columns)
    ]
    return {
        "kind": "table",
        "name": table.name,
        "columns": columns,
        "rows": rows,
        "total": total,
        "left_out": table.left_out,
        "narrow": narrow,
    }


def _crowded(table: Table, rows: Sequence[Sequence[str]], total: Sequence[str] | None) -> bool:
    """Whether the columns as they are leave too little room for the wide ones: these would be broken sign by sign."""
    wanted = 0.0
    for at, column in enumerate(table.columns):
        if column.wide:
            longest = max((measure(row[at], 1.0) for row in rows), default=0.0)
            wanted += min(longest, _WIDE_EM) * _TYPE_PT + _GAPS_PT
        else:
            wanted += _width_em(column, at, rows, total, False) * _TYPE_PT + _GAPS_PT
    return wanted > _PAPER_PT
