"""Writing streets: the quiet background of the maps."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection, text

from gis.storage.bulk import stage
from gis.storage.queries import query
from gis.storage.report import LoadReport

STREET: Final = {"id": "bigint", "class": "smallint", "name": "text", "wkt": "text"}


def load_streets(conn: Connection, county: int, frame: gpd.GeoDataFrame) -> LoadReport:
    """Write streets (frame "streets" of docs/architecture.md), insert or update by id; an empty frame does nothing.

    Streets are what the file says they are: those of the county that it does not hold are removed.
    """
    if frame.empty:
        return LoadReport("street")
    staged = pd.DataFrame(
        {
            "id": frame["id"],
            "class": frame["class"],
            "name": frame["name"],
            "wkt": shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=8),
        }
    )
    stage(conn, "staged_street", STREET, staged)
    removed = conn.execute(
        text(
            "DELETE FROM everycell.street t WHERE county = :county"
            " AND NOT EXISTS (SELECT FROM staged_street s WHERE s.id = t.id)"
        ),
        {"county": county},
    ).rowcount
    outcomes = conn.execute(query("streets/upsert_streets"), {"county": county}).scalars().all()
    if removed or outcomes:
        conn.execute(
            text("UPDATE everycell.county_outline SET revision = revision + 1 WHERE county = :county"),
            {"county": county},
        )
    conn.execute(text("DROP TABLE staged_street"))
    inserted = sum(outcomes)
    return LoadReport("street", inserted, len(outcomes) - inserted, len(frame) - len(outcomes))
