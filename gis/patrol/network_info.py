"""What is told of the network of streets of a county, without reading it: nothing heavy is loaded for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from gis.storage.queries import query


@dataclass(frozen=True)
class NetworkInfo:
    """What is told of a stored network. `counts`: nodes, edges, metres, turns that are closed to cars; for each mode
    nodes and arcs of its largest connected part, and how many smaller parts there are (`dropped`, with `dropped_m`
    metres of street): no place is taken to those. `read`: what the reader of a file counted."""

    version: str
    source: str
    data_on: date | None
    imported_at: datetime
    counts: dict[str, Any]


def network_info(conn: Connection, county: int) -> NetworkInfo | None:
    """What is told of the network of a county; None where it has none (or the caller sees none)."""
    row = conn.execute(query("patrol/road_networks"), {"county": county}).mappings().one_or_none()
    return NetworkInfo(**row) if row is not None else None
