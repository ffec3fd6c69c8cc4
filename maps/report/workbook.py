"""A report as a workbook (xlsx): a sheet for each table with all its rows, numbers as numbers, Excel's own charts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from maps.report.document import Chart, Column, Document, Facts, Kind, Table, Text, Value, Withheld, written
from maps.text import Lang, translator

_FORMATS: Final = {
    Kind.number: "#,##0",
    Kind.share: "0.0%",
    Kind.percent: '0.0" %"',
    Kind.points: "+0.0;-0.0;0.0",
    Kind.tenths: "#,##0.0",
    Kind.ratio: "0.00",
    Kind.day: "yyyy-mm-dd",
}
_NO_SHEET_NAME: Final = str.maketrans("", "", "[]:*?/\\'")


def workbook(document: Document) -> bytes:
    """The file: the first sheet has title, lines, facts and texts, each table has one of its own."""
    from openpyxl import Workbook  # takes half a second, and nobody else needs it

    book = Workbook()
    book.properties.title = document.title
    front: Any = book.active
    front.title = document.title.translate(_NO_SHEET_NAME)[-31:]
    _front(front, document)
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                _sheet(book.create_sheet(block.name.translate(_NO_SHEET_NAME)[:31]), _with_codes(block, document.lang))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _front(sheet: Any, document: Document) -> None:
    _put(sheet, 1, 1, document.title, bold=True)
    row = 2
    for under in document.lines:
        _put(sheet, row, 1, under)
        row += 1
    for section in document.sections:
        row += 1
        _put(sheet, row, 1, section.title, bold=True)
        row += 1
        for block in section.blocks:
            for line in _lines(block):
                for column, value in enumerate(line, start=1):
                    _put(sheet, row, column, value)
                row += 1
    sheet.column_dimensions["A"].width = 44
    sheet.column_dimensions["B"].width = 18


def _lines(block: Table | Chart | Facts | Text) -> Sequence[Sequence[str]]:
    if isinstance(block, Facts):
        return block.items
    if isinstance(block, Text):
        return [(block.text,)]
    return [(f"→ {block.name}",)] if isinstance(block, Table) else []


def _with_codes(table: Table, lang: Lang) -> Table:
    """The table with a column of codes in front, where it has them apart."""
    if table.codes is None:
        return table
    columns = (Column(translator(lang)("Code"), Kind.text), *table.columns)
    return replace(table, columns=columns, rows=[[c, *row] for c, row in zip(table.codes, table.rows, strict=True)])


def _sheet(sheet: Any, table: Table) -> None:
    from openpyxl.utils import get_column_letter

    for number, column in enumerate(table.columns, start=1):
        _put(sheet, 1, number, column.title, bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = _width(column, table)
    rows = [*table.rows, *([table.total] if table.total else [])]
    for at, row in enumerate(rows, start=2):
        for number, (value, column) in enumerate(zip(row, table.columns, strict=True), start=1):
            _put(sheet, at, number, value, column.kind, bold=row is table.total)
    sheet.freeze_panes = "A2"
    if table.rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{len(table.rows) + 1}"
        _chart(sheet, table)


def _width(column: Column, table: Table) -> float:
    texts = [column.title, *(written(row[table.columns.index(column)], column.kind) for row in table.rows[:200])]
    return min(max(sum(2 if ord(sign) > 0x2E80 else 1.1 for sign in text) for text in texts) + 2, 40)


def _put(sheet: Any, row: int, number: int, value: Value, kind: Kind = Kind.text, *, bold: bool = False) -> None:
    from openpyxl.styles import Alignment, Font

    cell = sheet.cell(row, number)
    if isinstance(value, str | Withheld):
        cell.value = written(value, kind)
        cell.data_type = "s"  # a name that begins like a formula is a name
    else:
        cell.value = value
        cell.number_format = _FORMATS.get(kind, "General")
    if bold:
        cell.font = Font(bold=True)
    if isinstance(value, Withheld):
        cell.alignment = Alignment(horizontal="right")
    if value is not None and not isinstance(value, str | Withheld | int | float | date):
        raise TypeError(f"{type(value)} is no value of a table")


def _chart(sheet: Any, table: Table) -> None:
    """The column that the table marks as its `charted` one, as bars."""
    from openpyxl.chart import BarChart, Reference

    if table.charted is None:
        return
    last = min(len(table.rows), _CHARTED) + 1
    names = next(n for n, column in enumerate(table.columns, start=1) if column.wide)
    chart = BarChart()
    chart.type, chart.style, chart.legend = "bar", 10, None
    chart.title = table.columns[table.charted].title
    chart.height, chart.width = 4 + 0.5 * last, 20
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.number_format = _FORMATS.get(table.columns[table.charted].kind, "General")
    chart.add_data(Reference(sheet, min_col=table.charted + 1, min_row=1, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=names, min_row=2, max_row=last))
    sheet.add_chart(chart, f"A{len(table.rows) + 5}")


_CHARTED: Final = 40
