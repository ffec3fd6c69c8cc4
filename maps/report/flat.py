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
    title = min(longest, room) if _breaks(column.title) else longest
    return max(min(values, _VALUE_EM), title) * 1.13


def _breaks(title: str) -> bool:
    """Whether a title can be broken between any two of its signs, as Chinese can."""
    return any(ord(sign) > 0x2E80 for sign in title)


def _table(table: Table) -> dict[str, Any]:
    kinds = [column.kind for column in table.columns]
    rows = [[written(v, k) for v, k in zip(row, kinds, strict=True)] for row in table.drawn]
    total = None if table.total is None else [written(v, k) for v, k in zip(table.total, kinds, strict=True)]
    columns = [
        {
            "title": c.title,
            "number": c.kind not in (Kind.text, Kind.day),
            "width_em": None if c.wide else _width_em(c, at, rows, total, table.narrow),
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
        "narrow": table.narrow,
    }
