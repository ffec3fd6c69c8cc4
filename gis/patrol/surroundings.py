"""What lies around a route: streets to draw it on, and the names of the area it is in.

Whoever calls has told the transaction a scope: names and streets need its right `figures`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from sqlalchemy import Connection

from gis.codes import county_of
from gis.storage.queries import query

_AROUND: Final = 0.01  # degrees, a kilometre or so: main streets
_NEAR: Final = 0.006  # all others
_SIMPLER: Final = 0.00001  # a metre: of a route, to ask what is near it

Place = tuple[float, float]  # lon, lat in degrees


@dataclass(frozen=True, slots=True)
class NearStreet:
    """A street: class 1 (main) to 4 (path), its name ('' without one), a LineString in degrees (EPSG:4490)."""

    street_class: int
    name: str
    line: Any


def streets_near(conn: Connection, county: int, lines: Iterable[Sequence[Place]]) -> list[NearStreet]:
    """Streets around a route of some lines, each of one place at least; none for no line."""
    route = [np.array(line if len(line) > 1 else [line[0], line[0]], float) for line in lines if len(line)]
    if not route:
        return []
    whole = shapely.simplify(shapely.MultiLineString(route), _SIMPLER)
    values = {"county": county, "line": shapely.to_wkt(whole), "around": _AROUND, "near": _NEAR}
    rows = conn.execute(query("patrol/streets_near"), values)
    return [NearStreet(row[0], row.name, shapely.from_wkb(bytes(row.geom))) for row in rows]


def area_name(conn: Connection, area: str) -> str:
    """The names of an area and those around it, as far as they may be seen; its code where there is none."""
    values = {"area": area, "county": county_of(area, field="area")}
    return " ".join(conn.scalars(query("patrol/area_names"), values)) or area
