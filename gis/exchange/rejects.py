"""Rows that were not taken: collected while a file is validated, written beside it as CSV.

The CSV says row, column and reason, and never a value of the row: a rejects file may be mailed around.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gis.exchange.formulas import harmless
from gis.sentence import Sentence
from gis.storage.report import Reject


class Rejects:
    """Collects rejects of a table of `len(rows)` rows and keeps which rows are still good (`good`, a mask).

    A row is rejected once, for the first reason found.
    """

    def __init__(self, rows: NDArray[np.int64]) -> None:
        self.rows = rows
        self.good = np.ones(len(rows), dtype=bool)
        self.found: list[Reject] = []

    def add(self, bad: NDArray[np.bool_], column: str | None, reason: Sentence) -> None:
        """Reject the rows of the mask `bad` that are still good, all for the same reason."""
        new = bad & self.good
        self.good &= ~bad
        self.found.extend(Reject(int(row), column, reason) for row in self.rows[new])

    def add_each(self, bad: NDArray[np.bool_], column: str | None, reasons: Iterable[Sentence]) -> None:
        """The same with a reason for every True of `bad`, in order."""
        for index, reason in zip(np.flatnonzero(bad), reasons, strict=True):
            if self.good[index]:
                self.good[index] = False
                self.found.append(Reject(int(self.rows[index]), column, reason))


def write_rejects(path: Path, rejects: Iterable[Reject], say: Callable[[str], str] = str) -> None:
    """Write row, column, reason, sorted by row; UTF-8 with a mark, so that a spreadsheet shows Chinese rightly. `say`
    says a sentence in the reader's language."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(say, (Sentence("row"), Sentence("column"), Sentence("reason"))))
        for reject in sorted(rejects, key=lambda each: (each.row, each.column or "")):
            writer.writerow([reject.row, harmless(reject.column or ""), harmless(say(reject.reason))])
