"""What is stored of a county that a new file can be compared with. Read in the import's own transaction."""

from __future__ import annotations

from typing import Any

import pandas as pd
import shapely
from sqlalchemy import Connection, text


def counties(conn: Connection) -> list[str]:
    """The six digits of every county that has a division or a cell."""
    found = conn.execute(
        text(
            'SELECT DISTINCT "left"(code, 6) FROM everycell.division'
            " UNION SELECT lpad(county::text, 6, '0') FROM everycell.county_outline ORDER BY 1"
        )
    )
    return [str(code) for code in found.scalars()]


def outline(conn: Connection, county: int) -> Any:
    """The area that the live cells of a county tile, None where there are none."""
    wkb = conn.execute(
        text("SELECT ST_AsBinary(geom) FROM everycell.county_outline WHERE county = :county"), {"county": county}
    ).scalar()
    return None if wkb is None else shapely.from_wkb(bytes(wkb))


def divisions(conn: Connection, county: int) -> dict[str, Any]:
    """The shapes of the divisions of a county, by code."""
    found = conn.execute(
        text("SELECT code, ST_AsBinary(geom) FROM everycell.division WHERE starts_with(code, :county)"),
        {"county": f"{county:06}"},
    )
    return {code: shapely.from_wkb(bytes(wkb)) for code, wkb in found}


def doorplates(conn: Connection, county: int, codes: pd.Series[Any]) -> pd.DataFrame:
    """Stored doorplates with one of the codes: code, lon, lat."""
    found = conn.execute(
        text(
            "SELECT code, ST_X(geom), ST_Y(geom) FROM everycell.doorplate"
            " WHERE county = :county AND code = ANY (:codes)"
        ),
        {"county": county, "codes": codes.tolist()},
    )
    return pd.DataFrame([tuple(row) for row in found], columns=["code", "lon", "lat"])
