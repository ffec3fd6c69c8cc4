"""Tables for people as files: a spreadsheet, or CSV that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
from typing import Final

from api.tables import BOM
from gis.disputes.ledger import Ledger
from gis.exchange.formulas import harmless

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTHS: Final = (18, 22)  # of codes and names; in characters
_OTHER_WIDTH: Final = 11


def ledger_csv(found: Ledger) -> bytes:
    """Headings, rows, and what has to be said as the last line; UTF-8 with BOM, lines end in CRLF."""
    buffer = io.StringIO()
    buffer.write(BOM)
    writer = csv.writer(buffer)
    for row in (found.headings, *found.rows, (found.note,)):
        writer.writerow([harmless(value) for value in row])
    return buffer.getvalue().encode()


def ledger_xlsx(found: Ledger) -> bytes:
    """The same as a workbook with its title: numbers are numbers, texts are never formulas."""
    from openpyxl import Workbook  # takes a quarter of a second to load, and few workers ever need it
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = found.title[:31]
    for values in ((found.title,), found.headings, *found.rows, (found.note,)):
        sheet.append([harmless(value) for value in values])
    sheet["A1"].font = Font(bold=True, size=14)
    for cell in sheet[2]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for row in sheet.iter_rows(min_row=3, max_row=sheet.max_row - 1, min_col=3):
        for cell in row:
            cell.alignment = Alignment(horizontal="right")
    for number in range(1, len(found.headings) + 1):
        width = _WIDTHS[number - 1] if number <= len(_WIDTHS) else _OTHER_WIDTH
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "C3"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
