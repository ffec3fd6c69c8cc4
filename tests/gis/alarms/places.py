"""Alarms for tests of who sees what: one that is up in a village, without a look at any figures."""

from __future__ import annotations

from sqlalchemy import Connection, text

from tests.gis.world import Village


def add_alarm(conn: Connection, village: Village, kind: str = "behind", number: int = 12) -> str:
    """The id of its line."""
    values = {"county": village.county, "kind": kind, "area": village.code, "number": number}
    conn.execute(
        text(
            "INSERT INTO everycell.alarm (county, kind, area, number, over_since, raised_at, times)"
            " VALUES (:county, :kind, :area, :number, now(), now(), 0)"
        ),
        values,
    )
    return f"{kind}-{village.code}"
