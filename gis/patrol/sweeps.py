"""Sweeps of areas and drawn polygons on the streets of a county."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from sqlalchemy import Connection

from gis.errors import BadInput, NotFound
from gis.patrol.network import Network
from gis.patrol.roads import live_network
from gis.patrol.sweeping.area import Area, ground_of
from gis.patrol.sweeping.asked import AskedSweep
from gis.patrol.sweeping.request import Gap, Ground, Sweep, Unswept
from gis.patrol.sweeping.sweep import sweep
from gis.storage.queries import query


@dataclass(frozen=True)
class FoundSweep:
    """A sweep, the ground it is made on, the streets' version, and all that is left out."""

    asked: AskedSweep
    version: str
    ground: Ground
    sweep: Sweep
    left_out: tuple[Gap, ...]

    @property
    def ratio(self) -> float | None:
        """Metres walked for a metre of street; None where there is none."""
        swept_m = self.sweep.street_m - sum(gap.metres for gap in self.left_out if gap.why is Unswept.shift)
        return self.sweep.walk_m / swept_m if swept_m > 0 else None


@dataclass(frozen=True)
class Streets:
    """What a sweep is made on, read from the database."""

    network: Network
    area: Area


def read_streets(conn: Connection, asked: AskedSweep, counties: Sequence[int]) -> Streets:
    """The streets of the county, and the area as a shape.

    Raises NotFound for an area that the reader does not see, and where the county has no streets; BadInput for a
    polygon where there is not one county.
    """
    if asked.area is not None:
        counties = [county for county in counties if county == int(asked.area[:6])]
    if len(counties) != 1:
        if asked.area is not None:
            raise NotFound("area: there is no {area}", area=asked.area, field="area")
        raise BadInput(
            "polygon: there are {number} counties; give an area instead", number=len(counties), field="polygon"
        )
    shape = asked.polygon if asked.polygon is not None else _outline(conn, counties[0], asked.area or "")
    network = live_network(conn, counties[0])
    if network is None:
        raise NotFound("area: its county has no streets yet; they come with `everycell import roads`", field="area")
    return Streets(network, shape)


def _outline(conn: Connection, county: int, area: str) -> Area:
    found = conn.execute(query("cells/outlines"), {"codes": [area], "counties": [county]}).first()
    if found is None or found.outline is None:
        raise NotFound("area: there is no {area}", area=area, field="area")
    made = shapely.from_geojson(found.outline)
    if not isinstance(made, shapely.Polygon | shapely.MultiPolygon):
        raise NotFound("area: {area} has no land", area=area, field="area")
    return made


def find_sweep(asked: AskedSweep, streets: Streets) -> FoundSweep:
    """The sweep that is asked for. Raises BadInput for too many streets, and a start too far from any."""
    ground = ground_of(streets.network, asked.mode, streets.area, asked.start)
    made = sweep(
        ground.network, asked.mode, ground.required, ground.start, shift_s=asked.shift_s, speed_mps=asked.speed_mps
    )
    too_long_m = float(ground.network.length_m[made.too_long].sum())
    more = (Gap(Unswept.shift, too_long_m),) if too_long_m else ()
    return FoundSweep(asked, streets.network.version, ground, made, (*ground.left_out, *more))
