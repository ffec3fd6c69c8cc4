"""Figures and lists as rows: the shapes of JSON and CSV that HTTP and the command line share."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from gis.exchange.formulas import harmless
from gis.households.coverage import AreaCoverage, CoverageTable
from gis.households.rounds import Round
from gis.households.unvisited import UnvisitedHousehold

COVERAGE: Final = (
    "code",
    "name",
    "level",
    "known",
    "reached",
    "tried",
    "never",
    "overdue",
    "coverage",
    "oldest_on",
    "empty",
)
UNVISITED: Final = (
    "code",
    "unit",
    "address",
    "doorplate",
    "cell",
    "lon",
    "lat",
    "registered_on",
    "last_reached_on",
    "last_contact_on",
    "due_on",
)
BOM: Final = "\ufeff"  # without it Excel reads UTF-8 as the system's own encoding and garbles every address
_ROWS_A_PIECE: Final = 500


def coverage_row(area: AreaCoverage) -> dict[str, Any]:
    """One area of `GET /coverage`."""
    row = {name: getattr(area, name) for name in COVERAGE}
    row["level"] = area.level.value
    row["oldest_on"] = area.oldest_on and area.oldest_on.isoformat()
    return row


def coverage_document(table: CoverageTable) -> dict[str, Any]:
    """The shape of `GET /coverage`."""
    return {
        "as_of": table.as_of.isoformat(),
        "since": table.since.isoformat(),
        "areas": [coverage_row(area) for area in table.areas],
        "total": coverage_row(table.total),
    }


def unvisited_row(household: UnvisitedHousehold) -> dict[str, Any]:
    """One household that waits; days as text."""
    values = {name: getattr(household, name) for name in UNVISITED}
    return values | {name: day and day.isoformat() for name, day in values.items() if name.endswith("_on")}


def round_row(found: Round) -> dict[str, Any]:
    """One round of `GET /rounds`."""
    return {
        "code": found.code,
        "area": found.area,
        "name": found.name,
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat(),
        "target": found.target,
        "closed_at": found.closed_at.isoformat() if found.closed_at else None,
    }


def csv_pieces(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """A CSV file for spreadsheets (UTF-8 with BOM, lines end in CRLF), piece by piece."""
    waiting = iter(rows)
    buffer = io.StringIO()
    buffer.write(BOM)
    writer = csv.DictWriter(buffer, columns)
    writer.writeheader()
    while piece := list(islice(waiting, _ROWS_A_PIECE)):
        writer.writerows({name: harmless(value) for name, value in row.items()} for row in piece)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode()
