"""The log of events: what the outbox holds, in the order in which it was committed. See docs/decisions/0024-events.md.

A position is a whole number that is never given twice (the microseconds of its pass, below 2**53); an event with a
higher one was committed later, or in the same moment. What a snapshot shows is complete up to its last position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from gis.storage.queries import query


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was committed. `areas` are codes (of cells for `coverage` and `sites`); `payload` holds ids and
    revisions, nothing else."""

    position: int
    county: int
    kind: str
    areas: tuple[str, ...]
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the log stands: its `last` position, the `oldest` that is kept, the one that was the last some time
    `before`, and whether the position that was asked for is one of it: whoever has followed up to there can go on."""

    last: int
    oldest: int
    before: int
    known: bool


def number(conn: Connection, pause_s: float, today: date) -> float:
    """Give positions to what was committed since the last time; in a transaction of its own, which may write.

    Returns 0.0 where that was done now. Else others are at it, or did it less than `pause_s` ago: then for how many
    seconds not; come again.
    """
    return float(conn.execute(query("events/number"), {"pause_s": pause_s, "today": today}).scalar_one())


def standing(conn: Connection, position: int | None = None, *, ago_s: float = 0.0) -> Standing:
    """Where the log stands. `before` is the position of `ago_s` seconds ago, or the oldest; `known` is False where no
    position is asked for."""
    row = conn.execute(query("events/standing"), {"position": position, "ago_s": ago_s}).one()
    return Standing(row.last, row.oldest, row.before, bool(row.known))


def after(conn: Connection, position: int, most: int) -> list[Event]:
    """The events after a position, at most so many, in order. `conn` must have been told of everything (`ALL`)."""
    rows = conn.execute(query("events/after"), {"position": position, "most": most})
    return [Event(row.position, row.county, row.kind, tuple(row.areas), row.payload) for row in rows]
