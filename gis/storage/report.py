"""What a loader did: the figures of an import and the rows it could not take."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reject:
    """A row that was not taken. `row` is its number in the source (1 = first data row); no value of it is kept."""

    row: int
    column: str | None
    reason: str


@dataclass(frozen=True)
class LoadReport:
    """How many rows a loader wrote to `table`, and which it refused."""

    table: str
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)
