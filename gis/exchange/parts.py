"""Cells that come in several parts: each part becomes a cell of its own."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, text

from gis.errors import BadInput
from gis.storage.frames import rows

_LAST: Final = 999


def split_parts(conn: Connection, county: int, cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Frame "cells" with one polygon a row. The largest part keeps code and name of its cell.

    The others are called "NAME 2", "NAME 3", … by size, and get the lowest code of the village that was never used.
    Their `source` says which part of which cell they are, so that the same file gives them the same codes again. Raises
    BadInput where a village has no code left.
    """
    parts = [_largest_first(shape) for shape in cells.geometry]
    codes = _Codes(conn, county, cells)
    more = [
        _further(row, number, part, codes)
        for row, of_cell in zip(rows(cells), parts, strict=True)
        for number, part in enumerate(of_cell[1:], start=2)
    ]
    whole = cells.assign(geometry=np.array([of_cell[0] for of_cell in parts], dtype=object))
    if more:
        further = gpd.GeoDataFrame(more, columns=whole.columns, geometry="geometry", crs=cells.crs)
        whole = gpd.GeoDataFrame(pd.concat([whole, further], ignore_index=True))
    return whole


def _largest_first(shape: shapely.Geometry) -> list[shapely.Geometry]:
    return sorted(shapely.get_parts(shape), key=lambda part: (-part.area, part.bounds))


def _further(row: Any, number: int, part: shapely.Geometry, codes: _Codes) -> dict[str, Any]:
    source = f"part:{row.code}:{number}"
    own = {"code": codes.of(row.village, source), "name": f"{row.name} {number}", "source": source, "geometry": part}
    return {**row._asdict(), **own}


class _Codes:
    """Codes for parts: those they have already, or new ones."""

    def __init__(self, conn: Connection, county: int, cells: gpd.GeoDataFrame) -> None:
        found = conn.execute(
            text(
                "SELECT code, source, retired_on FROM everycell.cell"
                " WHERE county = :county AND village = ANY (:villages)"
            ),
            {"county": county, "villages": sorted(set(cells["village"]))},
        ).all()
        given = set(cells["code"])
        live = [row for row in found if row.source is not None and row.retired_on is None and row.code not in given]
        self.used = given | {row.code for row in found}
        self.stored: dict[str, str] = {row.source: row.code for row in live}

    def of(self, village: str, source: str) -> str:
        """The code of a part."""
        if source in self.stored:
            return self.stored[source]
        for number in range(1, _LAST + 1):
            code = f"{village}{number:03}"
            if code not in self.used:
                self.used.add(code)
                return code
        raise BadInput(
            "code: village {village} has no code left for the parts of its cells", village=village, field="code"
        )
