"""What became of the rows of a load."""

from __future__ import annotations

from dataclasses import dataclass, field

from gis.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not written: its number in the source (1 = first data row), the column, the reason."""

    row: int
    column: str | None
    reason: Sentence


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Counts of one load into `table`; `rejects` are the rows it refused."""

    table: str
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)

    def plus(self, other: LoadReport) -> LoadReport:
        """The sum of two loads into the same table."""
        return LoadReport(
            self.table,
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.rejects + other.rejects,
        )
