"""Cells as shapes in metres, and the places in a county at which dwellings are known.

The places are the snap points that there were when the last table was published, not those of the moment: new ones may
be made when a case is registered, and a surface that changed with it would tell that one was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from sqlalchemy import Connection

from gis.crs import to_metric
from gis.disputes.ground import Places
from gis.disputes.heat import Floats
from gis.storage.queries import query


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Cells (n,): codes, names and polygons in degrees, in the order of the codes, and the way to metres around
    them."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    polygons: NDArray[Any]
    project: Transformer

    @property
    def metric(self) -> NDArray[Any]:
        """The polygons in metres."""
        moved: NDArray[Any] = shapely.transform(self.polygons, self._metres)
        return moved

    def _metres(self, xy: Floats) -> Floats:
        return np.column_stack(self.project.transform(xy[:, 0], xy[:, 1]))

    def to_metric(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Degrees as metres."""
        x, y = self.project.transform(lon, lat)
        return x, y

    def to_lonlat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Metres as degrees."""
        lon, lat = self.project.transform(x, y, direction="INVERSE")
        return lon, lat


def shapes_of(conn: Connection, county: int, codes: Sequence[str]) -> Shapes:
    """Live cells by their codes. No codes: no shapes."""
    rows = conn.execute(query("disputes/shapes"), {"county": county, "codes": list(codes)}).all()
    polygons = np.array(shapely.from_wkb([bytes(row.wkb) for row in rows]), dtype=object)
    west, _, east, _ = shapely.total_bounds(polygons).tolist() if len(rows) else (0.0, 0.0, 0.0, 0.0)
    return Shapes(
        tuple(row.code for row in rows), tuple(row.name for row in rows), polygons, to_metric((west + east) / 2)
    )


def places_at(conn: Connection, county: int, at: datetime, shapes: Shapes) -> Places:
    """The snap points that a county had at an instant, in the metres of `shapes`, with the dwellings they stood for."""
    rows = conn.execute(query("disputes/snaps_at"), {"county": county, "at": at}).all()
    lon, lat, dwellings = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 3).T
    return Places(*shapes.to_metric(lon, lat), dwellings)
