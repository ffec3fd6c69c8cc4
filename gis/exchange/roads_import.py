"""The streets of an OpenStreetMap extract into the database, as the network of a county."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import shapely
from sqlalchemy import Connection, text

from gis.crs import to_metric
from gis.errors import BadInput, NotFound, WrongPlace
from gis.exchange.importer import Progress
from gis.exchange.osm_roads import Roads, read_roads
from gis.patrol.network import Floats
from gis.patrol.roads import counted, store_network
from gis.sentence import Sentence
from gis.storage.report import Reject

# Streets so far outside of a county are taken along: the way from one village to the next may lead over them.
MARGIN_M: Final = 3_000.0
_OUTLINES: Final = text("SELECT county, ST_AsBinary(geom) AS outline FROM everycell.county_outline ORDER BY county")


class NoStreets(BadInput):
    """A file that holds no streets, or none of the county."""


@dataclass(frozen=True)
class RoadsSummary:
    """What became of a file: `changed` is False where the county has the same network already. `counts` is what the
    network holds (`gis.patrol.roads.counted`), `read` what was met in the file."""

    county: str
    version: str
    changed: bool
    data_on: date | None
    counts: dict[str, Any]
    read: dict[str, int]
    left_out: list[Reject]


def import_roads(
    conn: Connection,
    path: Path,
    progress: Progress | None = None,
    *,
    county_code: str | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> RoadsSummary:
    """Make the streets of an extract the network of a county, those up to 3 km outside of it included; the caller owns
    the transaction.

    `county_code` is needed where the database holds several counties. Raises BadInput where the file is no extract,
    NoStreets where it has none, NotFound for an unknown county, WrongPlace where no street of the file lies in the
    county.
    """
    told = progress or (lambda _stage, _done, _total: None)
    county, outline = _outline(conn, county_code)
    done = 0

    def reading(objects: int) -> None:
        nonlocal done
        done += objects
        told(Sentence("reading streets"), done, 0)

    told(Sentence("reading streets"), 0, 0)
    roads = read_roads(path, around(outline), reading)
    _refuse_elsewhere(path, roads, county, outline)
    told(Sentence("writing streets"), 0, 0)
    savepoint = conn.begin_nested() if dry_run else None
    changed = store_network(
        conn,
        county,
        roads.network,
        source=f"osm:{path.name}",
        data_on=roads.data_on,
        now=now or datetime.now(UTC),
        read=roads.counts,
    )
    if savepoint is not None:
        savepoint.rollback()
    told(Sentence("done"), 0, 0)
    return RoadsSummary(
        f"{county:06}",
        roads.network.version,
        changed,
        roads.data_on,
        counted(roads.network),
        roads.counts,
        roads.left_out,
    )


def _outline(conn: Connection, county_code: str | None) -> tuple[int, shapely.Geometry]:
    """The county that is meant, and what its cells tile."""
    outlines = {row.county: row.outline for row in conn.execute(_OUTLINES)}
    if county_code is None and len(outlines) == 1:
        county = next(iter(outlines))
    elif county_code is None:
        if not outlines:
            raise BadInput("there is no county yet: import its cells first", field="--county")
        known = ", ".join(f"{county:06}" for county in outlines)
        raise BadInput(
            "--county: say whose streets these are; the database holds {known}", known=known, field="--county"
        )
    elif len(county_code) != 6 or not county_code.isdecimal():
        raise BadInput("{field}: {code!r} is not the 6 digits of a county", code=county_code, field="--county")
    elif int(county_code) not in outlines:
        raise NotFound(
            "--county: there is no county {county}; import its cells first",
            county=county_code,
            field="--county",
        )
    else:
        county = int(county_code)
    return county, shapely.from_wkb(bytes(outlines[county]))


def around(outline: shapely.Geometry) -> shapely.Geometry:
    """An outline (degrees) with the margin around it."""
    transformer = to_metric(float(shapely.get_x(shapely.centroid(outline))))

    def turned(backward: bool) -> Any:
        direction = "INVERSE" if backward else "FORWARD"

        def project(xy: Floats) -> Floats:
            return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1], direction=direction))

        return project

    wide = shapely.buffer(shapely.transform(outline, turned(False)), MARGIN_M)
    return cast(shapely.Geometry, shapely.transform(wide, turned(True)))


def _refuse_elsewhere(path: Path, roads: Roads, county: int, outline: shapely.Geometry) -> None:
    if roads.bounds is None:
        raise NoStreets("{file}: holds no streets", file=path.name, field="file")
    shapely.prepare(outline)
    if not shapely.intersects(outline, roads.network.line).any():
        raise WrongPlace(
            "{file}: none of its streets lies in county {county:06}; the file reaches over {box}, the"
            " county over {other}",
            file=path.name,
            county=county,
            box=_box(roads.bounds),
            other=_box(tuple(shapely.bounds(outline))),
            field="file",
        )


def _box(bounds: tuple[float, ...]) -> str:
    west, south, east, north = bounds
    return f"{west:.4f}–{east:.4f} east, {south:.4f}–{north:.4f} north"
