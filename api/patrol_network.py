"""The network of streets on which patrols are planned."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.deps import Reading, Serving
from api.params import Area
from gis.access.scope import Right
from gis.codes import county_of
from gis.errors import BadInput, NotFound
from gis.patrol.network_info import network_info

router = APIRouter()


@router.get("/patrol/network", summary="The streets on which patrols are planned: their source, day and numbers")
def patrol_network(serving: Serving, conn: Reading, area: Area = None) -> dict[str, Any]:
    county = _county(serving, area)
    info = network_info(conn, county)
    if info is None:
        raise NotFound("county {county:06} has no streets yet: everycell import roads FILE.osm.pbf", county=county)
    return {
        "version": info.version,
        "source": info.source,
        "data_on": info.data_on,
        "imported_at": info.imported_at,
        **info.counts,
    }


def _county(serving: Serving, area: str | None) -> int:
    """The county of an area, or the only one that the caller has anything of."""
    here = serving.inside(Right.figures, area)
    if here is not None:
        return county_of(here)
    counties = serving.counties(serving.touch(Right.figures))
    if len(counties) != 1:
        raise BadInput("area: say which county", field="area")
    return counties[0]
