"""Administrative areas of OpenStreetMap as county, towns, villages and first cells. Pure.

A boundary belongs to the area that holds most of it. The cells come from one arrangement of all village boundaries, so
they tile; where OSM's villages overlap or leave a sliver between them, that is settled and told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely
from shapely import MultiPolygon, Polygon

from gis.cells.topology import GRID, Coverage, Fault, arrange, as_multipolygon, united
from gis.codes import Level
from gis.errors import BadInput, BrokenCoverage
from gis.sentence import Sentence
from gis.storage.report import Reject
from gis.words import word

DEFAULT_COUNTY: Final = "990001"  # where the caller gives no code; no province has the number 99
SLIVER_M: Final = 2.0
_ROUNDS: Final = 4
_LEAST_PART: Final = 1e-10  # square degrees, about a square metre


@dataclass(frozen=True, slots=True)
class Boundary:
    """An administrative area: OSM relation (or closed way), name, polygons in degrees."""

    source: str
    osm_id: int
    name: str
    geometry: MultiPolygon


@dataclass(slots=True)
class Divided:
    """Frames "divisions" and "cells" of docs/architecture.md; areas left out; and what was settled at the borders."""

    divisions: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    left_out: list[Reject] = field(default_factory=list)
    settled: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """A division with the code it gets."""

    code: str
    boundary: Boundary


def divide(areas: Mapping[Level, Sequence[Boundary]], county_code: str | None, county_name: str | None) -> Divided:
    """The county, its towns and villages, and one cell for each part of a village.

    Codes are numbered by OSM id. Raises BadInput where there is not exactly one county to choose, or no village in it;
    BrokenCoverage where the villages cannot be made to tile.
    """
    county = _Place(county_code or DEFAULT_COUNTY, _choose_county(areas.get(Level.county, ()), county_name))
    left_out: list[Reject] = []
    town_areas = areas.get(Level.town, ()) or [county.boundary]
    towns = _number([county], town_areas, Level.county, left_out)
    villages = _number(towns, areas.get(Level.village, ()), Level.town, left_out)
    if not villages:
        raise BadInput(
            "--levels: the extract has no complete village inside {name}; look at the admin_level of its villages",
            name=county.boundary.name,
            field="--levels",
        )
    cells, settled = _cells(villages)
    return Divided(_division_frame(county, towns, villages, cells), _cell_frame(villages, cells), left_out, settled)


def _choose_county(found: Sequence[Boundary], name: str | None) -> Boundary:
    wanted = [area for area in found if name is None or name in (area.name, area.source)]
    if len(wanted) == 1:
        return wanted[0]
    names = "、".join(sorted(area.name for area in found)) or Sentence("none")
    number = Sentence("{number} called {name}", number=len(wanted), name=name) if name else len(wanted)
    raise BadInput(
        "--levels: the extract must hold one whole county and holds {number} (complete"
        " areas of that level: {names}); cut it to one county",
        number=number,
        names=names,
        field="--levels",
    )


def _number(parents: Sequence[_Place], areas: Sequence[Boundary], above: Level, left_out: list[Reject]) -> list[_Place]:
    """Each area under the parent that holds most of it, numbered by OSM id; what has none is told in `left_out`."""
    shapes = [parent.boundary.geometry for parent in parents]
    tree = shapely.STRtree(shapes)
    used = dict.fromkeys(range(len(parents)), 0)
    found: list[_Place] = []
    for area in sorted(areas, key=lambda area: area.osm_id):
        share = {
            int(index): float(shapely.area(shapely.intersection(shapes[index], area.geometry)))
            for index in tree.query(area.geometry, predicate="intersects")
        }
        best = max(share, key=lambda index: share[index], default=None)
        if best is None or share[best] < 0.5 * float(shapely.area(area.geometry)):
            left_out.append(
                Reject(
                    area.osm_id,
                    _kind(area.source),
                    Sentence("{area} lies in no {above} of the county", area=area.name, above=word(above)),
                )
            )
            continue
        used[best] += 1
        if used[best] > 999:
            raise BadInput(
                "--levels: {name} has more than 999 parts", name=parents[best].boundary.name, field="--levels"
            )
        found.append(_Place(f"{parents[best].code}{used[best]:03d}", area))
    return found


def _kind(source: str) -> str:
    """ "osm:relation/12" → "relation"."""
    return source.removeprefix("osm:").partition("/")[0]


def _cells(villages: Sequence[_Place]) -> tuple[dict[str, Polygon], list[Fault]]:
    """Cells by code, tiling, and what had to be settled: slivers healed, overlaps given to the older village."""
    parts = _numbered_parts({place.code: place.boundary.geometry for place in villages})
    settled: list[Fault] = []
    for _ in range(_ROUNDS):
        tiled: Coverage = arrange(parts, sliver_m=SLIVER_M, enclaves=True)
        if not tiled.faults:
            return tiled.cells, settled + tiled.healed
        settled += tiled.faults
        parts = _numbered_parts(_without_overlaps(parts, tiled.faults))
    raise BrokenCoverage(
        "the villages of the extract cannot be made to tile; mend their boundaries",
        pieces=[fault.geojson() for fault in tiled.faults],
    )


def _numbered_parts(shapes: Mapping[str, shapely.Geometry]) -> dict[str, Polygon]:
    """The parts of every village, the largest first, under the village's code and three digits."""
    parts: dict[str, Polygon] = {}
    for code, shape in shapes.items():
        rounded = shapely.set_precision(shape, GRID)
        pieces = [piece for piece in shapely.get_parts(rounded) if shapely.area(piece) > _LEAST_PART]
        pieces.sort(key=lambda piece: (-shapely.area(piece), *piece.bounds))
        if len(pieces) > 999:
            raise BadInput("village {code} has more than 999 parts", code=code, field="file")
        parts.update({f"{code}{number:03d}": piece for number, piece in enumerate(pieces, start=1)})
    return parts


def _without_overlaps(parts: Mapping[str, Polygon], faults: Sequence[Fault]) -> dict[str, shapely.Geometry]:
    """Villages again, where each overlap is left to the first of the cells that claim it."""
    taken: dict[str, list[shapely.Geometry]] = {}
    for fault in faults:
        for code in sorted(fault.cells)[1:] if fault.kind == "OVERLAP" else ():
            taken.setdefault(code, []).append(fault.piece)
    villages: dict[str, list[shapely.Geometry]] = {}
    for code, part in parts.items():
        rest = shapely.difference(part, shapely.union_all(taken[code]), grid_size=GRID) if code in taken else part
        villages.setdefault(code[:12], []).append(rest)
    return {code: shapely.union_all(pieces) for code, pieces in villages.items()}


def _division_frame(
    county: _Place, towns: Sequence[_Place], villages: Sequence[_Place], cells: Mapping[str, Polygon]
) -> gpd.GeoDataFrame:
    """Towns without a village are left out: nothing in them could be visited."""
    used = {code[: len(code) - 3] for code in cells}
    used |= {code[:9] for code in used}
    places = [
        (place, level)
        for level, group in ((Level.county, [county]), (Level.town, towns), (Level.village, villages))
        for place in group
        if level is Level.county or place.code in used
    ]
    shapes = [as_multipolygon(united(s for c, s in cells.items() if c.startswith(p.code))) for p, _ in places]
    frame = pd.DataFrame(
        {
            "row": [place.boundary.osm_id for place, _ in places],
            "code": [place.code for place, _ in places],
            "name": [place.boundary.name for place, _ in places],
            "level": [level.value for _, level in places],
            "source": [_source(place, level, county) for place, level in places],
        }
    )
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4490")


def _source(place: _Place, level: Level, county: _Place) -> str:
    """The OSM object; the one town of a county without towns is marked as such, for it is the same object."""
    made_up = level is Level.town and place.boundary is county.boundary
    return f"{place.boundary.source}#town" if made_up else place.boundary.source


def _cell_frame(villages: Sequence[_Place], cells: Mapping[str, Polygon]) -> gpd.GeoDataFrame:
    by_code = {place.code: place.boundary for place in villages}
    several = {code[:12] for code in cells if code.endswith("002")}
    rows = [
        (
            by_code[code[:12]].osm_id,
            code,
            code[:12],
            by_code[code[:12]].name + (f" {int(code[12:])}" if code[:12] in several else ""),
            "general",
            f"{by_code[code[:12]].source}#{int(code[12:])}",
            shape,
        )
        for code, shape in cells.items()
    ]
    columns = ["row", "code", "village", "name", "kind", "source", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs="EPSG:4490")
