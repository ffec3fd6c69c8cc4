"""An OpenStreetMap extract (.osm, .osm.gz, .osm.pbf) as frames: usable without any other file.

Administrative areas become county, towns, villages and first cells; buildings that may be lived in become doorplates
with the households behind them; roads become the quiet background and facilities key sites. What the lists in
`gis.exchange.osm_tags` decide is decided there. The file is streamed twice; what is kept are points, lines and the
boundaries. Nothing of it is dropped without being counted or named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from gis.cells.topology import Fault
from gis.codes import Level
from gis.errors import BadInput
from gis.exchange.osm_divisions import Boundary, Divided, divide
from gis.exchange.osm_tags import (
    SITE_KEYS,
    address_of,
    flats_of,
    is_dwelling,
    name_of,
    site_category,
    site_name,
    street_class,
)
from gis.sentence import Sentence
from gis.sites.categories import CATEGORIES, Category
from gis.storage.report import Reject

_AREA_KEYS: Final = tuple(dict.fromkeys(("boundary", "building", *SITE_KEYS)))
_KEYS: Final = tuple(dict.fromkeys(("addr:housenumber", "addr:full", "highway", *_AREA_KEYS)))
_TOLD_EVERY: Final = 20_000
_CRS: Final = "EPSG:4490"


@dataclass(frozen=True, slots=True)
class OsmExtract:
    """Frames of docs/architecture.md, and an account of the rest.

    `outside` names everything that was not used and would have been expected to be: buildings in no cell, boundaries
    that are incomplete or lie in no parent, broken outlines (`row` is the OSM id, `column` its kind). `settled` are the
    slivers and overlaps between villages that were healed. `counts` tells how many buildings were read and what became
    of them: buildings = doorplates + not_dwellings + outside + broken.
    """

    divisions: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    dwellings: pd.DataFrame
    sites: pd.DataFrame
    streets: gpd.GeoDataFrame
    outside: list[Reject]
    settled: list[Fault]
    counts: dict[str, int]


def read_osm(
    path: Path,
    levels: Mapping[Level, int] | Mapping[str, int],
    county_code: str | None = None,
    on_progress: Callable[[int], None] | None = None,
    *,
    county_name: str | None = None,
) -> OsmExtract:
    """Read an extract. `levels` gives the admin_level of county and village, and of town where there are towns.

    The county gets `county_code` (default 990001); with several whole counties in the file, `county_name` (its name or
    "osm:relation/ID") says which. `on_progress` is told the objects read since the last call. Coordinates are degrees,
    WGS 84 read as EPSG:4490. Raises BadInput where the file is no extract or holds no whole county with villages,
    BrokenCoverage where its villages cannot be made to tile.
    """
    if county_code is not None and (len(county_code) != 6 or not county_code.isdecimal()):
        raise BadInput("{field}: {code!r} is not the 6 digits of a county", code=county_code, field="--county")
    wanted = {int(number): Level(level) for level, number in levels.items()}
    found = _Reader(wanted, on_progress or (lambda _count: None))
    try:
        found.read(path)
    except (RuntimeError, OSError) as error:
        raise BadInput(
            "{file}: cannot be read as an OpenStreetMap extract ({reason})", file=path.name, reason=error, field="file"
        ) from error
    divided = divide(found.boundaries, county_code, county_name)
    return _assembled(found, divided)


@dataclass(slots=True)
class _Building:
    """A building that may be lived in, or a node that stands for one."""

    kind: str
    osm_id: int
    point: shapely.Point
    address: str | None
    flats: int | None


@dataclass(slots=True)
class _Site:
    kind: str
    osm_id: int
    name: str
    category: Category
    shape: shapely.Geometry
    address: str | None


@dataclass(slots=True)
class _Street:
    osm_id: int
    kind: int
    name: str | None
    line: shapely.LineString


@dataclass(slots=True)
class _AddressNodes:
    """Nodes with an address, looked up by building."""

    points: list[shapely.Point] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    _tree: shapely.STRtree | None = None

    def add(self, point: shapely.Point, text: str) -> None:
        self.points.append(point)
        self.texts.append(text)

    def inside(self, shape: shapely.Geometry) -> str | None:
        """The first address in or on the outline of a building."""
        if self._tree is None:
            self._tree = shapely.STRtree(self.points)
        hits = sorted(int(index) for index in self._tree.query(shape, predicate="intersects"))
        self.used.update(hits)
        return self.texts[hits[0]] if hits else None


class _Reader:
    """Collects what is needed from the file, in two passes."""

    def __init__(self, levels: Mapping[int, Level], on_progress: Callable[[int], None]) -> None:
        self.levels = levels
        self.on_progress = on_progress
        self.boundaries: dict[Level, list[Boundary]] = {level: [] for level in levels.values()}
        self.buildings: list[_Building] = []
        self.sites: list[_Site] = []
        self.streets: list[_Street] = []
        self.left_out: list[Reject] = []
        self.counts: Counter[str] = Counter()
        self.addresses = _AddressNodes()
        self._wkb = osmium.geom.WKBFactory()
        # Outlines that were announced by a way or relation and have not come as an area yet.
        self._expected: dict[tuple[str, int], str] = {}

    def read(self, path: Path) -> None:
        self._announced(path)
        processor = osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter(*_AREA_KEYS))
        items: Iterable[Any] = processor.with_filter(osmium.filter.KeyFilter(*_KEYS))
        for number, item in enumerate(items, start=1):
            if item.is_node():
                self._node(item)
            elif item.is_way():
                self._way(item)
            elif item.is_area():
                self._area(item)
            if number % _TOLD_EVERY == 0:
                self.on_progress(_TOLD_EVERY)
        self._missing()

    def _announced(self, path: Path) -> None:
        """Relations that should become areas: boundaries of the wanted levels, and buildings."""
        processor = osmium.FileProcessor(str(path), osmium.osm.RELATION)
        for item in processor.with_filter(osmium.filter.KeyFilter("boundary", "building")):
            tags = dict(item.tags)
            if self._level(tags) is not None and tags.get("type") in ("boundary", "multipolygon"):
                self._expected["relation", item.id] = f"boundary {name_of(tags) or ''}".strip()
            elif "building" in tags and tags.get("type") == "multipolygon":
                self._expected["relation", item.id] = "building"

    def _level(self, tags: Mapping[str, str]) -> Level | None:
        number = tags.get("admin_level", "")
        if tags.get("boundary") != "administrative" or not number.isdecimal():
            return None
        return self.levels.get(int(number))

    def _node(self, node: Any) -> None:
        tags = dict(node.tags)
        point = shapely.Point(node.location.lon, node.location.lat)
        if "building" in tags:
            self._building("node", node.id, tags, point)
        elif (address := address_of(tags)) is not None:
            self.addresses.add(point, address)
        self._site("node", node.id, tags, point)

    def _way(self, way: Any) -> None:
        tags = dict(way.tags)
        if (kind := street_class(tags)) is not None:
            self._street(way, kind, tags)
        if "building" in tags:
            self._expected["way", way.id] = "building"

    def _street(self, way: Any, kind: int, tags: Mapping[str, str]) -> None:
        try:
            line = cast(shapely.LineString, shapely.from_wkb(bytes.fromhex(self._wkb.create_linestring(way))))
        except (osmium.InvalidLocationError, RuntimeError) as error:
            self.counts["streets_broken"] += 1
            self.left_out.append(Reject(way.id, "way", Sentence("street without a line: {reason}", reason=error)))
            return
        self.streets.append(_Street(way.id, kind, name_of(tags), line))

    def _area(self, area: Any) -> None:
        tags = dict(area.tags)
        kind = "way" if area.from_way() else "relation"
        level = self._level(tags)
        if level is None and "building" not in tags and site_category(tags) is None:
            return
        shape = cast(shapely.MultiPolygon, shapely.from_wkb(bytes.fromhex(self._wkb.create_multipolygon(area))))
        self._expected.pop((kind, area.orig_id()), None)
        if level is not None:
            # A closed way without a name is a stretch of border (the ring of an exclave), no area of its own.
            name = name_of(tags) or (f"{kind} {area.orig_id()}" if kind == "relation" else None)
            if name is not None:
                self.boundaries[level].append(Boundary(f"osm:{kind}/{area.orig_id()}", area.orig_id(), name, shape))
        if "building" in tags:
            self._building(kind, area.orig_id(), tags, shape)
        self._site(kind, area.orig_id(), tags, shape)

    def _building(self, kind: str, osm_id: int, tags: Mapping[str, str], shape: shapely.Geometry) -> None:
        self.counts["buildings"] += 1
        if not is_dwelling(tags):
            self.counts["not_dwellings"] += 1
            return
        address = address_of(tags) or (self.addresses.inside(shape) if kind != "node" else None)
        self.buildings.append(_Building(kind, osm_id, shapely.point_on_surface(shape), address, flats_of(tags)))

    def _site(self, kind: str, osm_id: int, tags: Mapping[str, str], shape: shapely.Geometry) -> None:
        category = site_category(tags)
        if category is not None:
            self.sites.append(_Site(kind, osm_id, site_name(tags, category), category, shape, address_of(tags)))

    def _missing(self) -> None:
        """Outlines that never came: members outside the extract, or rings that do not close."""
        for (kind, osm_id), what in sorted(self._expected.items()):
            if what == "building":
                self.counts["buildings"] += 1
                self.counts["broken"] += 1
            reason = Sentence("{kind}: its outline is not complete in this extract", kind=what)
            self.left_out.append(Reject(osm_id, kind, reason))


def _assembled(found: _Reader, divided: Divided) -> OsmExtract:
    tree = shapely.STRtree(divided.cells.geometry.to_numpy())
    county = str(divided.divisions["code"].iloc[0])
    placed, outside = _placed(found.buildings, tree)
    sites = _sites(found.sites, tree, county)
    streets = _streets(found.streets, divided.divisions.geometry.iloc[0])
    counts = {
        "buildings": found.counts["buildings"],
        "doorplates": len(placed),
        "not_dwellings": found.counts["not_dwellings"],
        "outside": len(outside),
        "broken": found.counts["broken"],
        "unclear_flats": sum(building.flats is None for building in placed),
        "address_nodes_without_building": len(found.addresses.points) - len(found.addresses.used),
        "sites": len(sites),
        "sites_outside_or_repeated": len(found.sites) - len(sites),
        "streets": len(streets),
        "streets_outside": len(found.streets) - len(streets),
        "streets_broken": found.counts["streets_broken"],
    }
    return OsmExtract(
        divisions=divided.divisions,
        cells=divided.cells,
        dwellings=_dwellings(placed, county),
        sites=sites,
        streets=streets,
        outside=[*found.left_out, *divided.left_out, *outside],
        settled=divided.settled,
        counts=counts,
    )


def _placed(buildings: list[_Building], tree: shapely.STRtree) -> tuple[list[_Building], list[Reject]]:
    """The buildings that stand in a cell, and the others as rejects."""
    points = np.array([building.point for building in buildings], dtype=object)
    inside = np.zeros(len(buildings), dtype=np.bool_)
    if len(buildings):
        inside[tree.query(points, predicate="intersects")[0]] = True
    placed = [building for building, good in zip(buildings, inside, strict=True) if good]
    outside = [
        Reject(
            b.osm_id,
            b.kind,
            Sentence("building at {x:.7f} {y:.7f} stands in no village of the county", x=b.point.x, y=b.point.y),
        )
        for b, good in zip(buildings, inside, strict=True)
        if not good
    ]
    return placed, outside


def _code(county: str, kind: str, osm_id: int) -> str:
    """ "990001", "way", 12 → "990001-W12": the same in every extract."""
    return f"{county}-{kind[0].upper()}{osm_id}"


def _dwellings(buildings: list[_Building], county: str) -> pd.DataFrame:
    """The frame "dwellings": one row a household; units are numbered where a building has several flats."""
    rows = [row for building in buildings for row in _households(building, county)]
    columns = ["row", "lon", "lat", "doorplate_code", "address", "code", "unit", "source"]
    return pd.DataFrame(rows, columns=columns)


def _households(building: _Building, county: str) -> Iterator[tuple[Any, ...]]:
    door = _code(county, building.kind, building.osm_id)
    source = f"osm:{building.kind}/{building.osm_id}"
    flats = building.flats or 1
    for number in range(1, flats + 1):
        unit = str(number) if flats > 1 else None
        point = building.point
        yield building.osm_id, point.x, point.y, door, building.address, f"{door}-{number}", unit, source


def _sites(found: list[_Site], tree: shapely.STRtree, county: str) -> pd.DataFrame:
    """The frame "sites": those in the county; of one inside another of its category and name only the outer."""
    points = np.array([shapely.point_on_surface(site.shape) for site in found], dtype=object)
    inside = set(tree.query(points, predicate="intersects")[0].tolist()) if found else set()
    repeated = _repeated(found)
    rows = [
        (
            site.osm_id,
            _code(county, site.kind, site.osm_id).replace("-", "-S", 1),
            site.name,
            site.category.value,
            points[index].x,
            points[index].y,
            site.address,
            CATEGORIES[site.category].check_interval_days,
            f"osm:{site.kind}/{site.osm_id}",
        )
        for index, site in enumerate(found)
        if index in inside and index not in repeated
    ]
    columns = ["row", "code", "name", "category", "lon", "lat", "address", "check_interval_days", "source"]
    return pd.DataFrame(rows, columns=columns)


def _repeated(found: list[_Site]) -> set[int]:
    """Sites that lie in a larger one of the same category: the entrance of a school, a building on its grounds."""
    if not found:
        return set()
    shapes = np.array([site.shape for site in found], dtype=object)
    inner, outer = shapely.STRtree(shapes).query(shapes, predicate="within")
    area = shapely.area(shapes)
    return {
        int(i)
        for i, o in zip(inner, outer, strict=True)
        if i != o and found[i].category is found[o].category and (area[i], i) < (area[o], o) and area[o] > 0
    }


def _streets(found: list[_Street], county: shapely.Geometry) -> gpd.GeoDataFrame:
    """The frame "streets": those that touch the county."""
    shapely.prepare(county)
    kept = [street for street in found if shapely.intersects(county, street.line)]
    frame = pd.DataFrame(
        {
            "id": pd.Series([street.osm_id for street in kept], dtype=np.int64),
            "class": pd.Series([street.kind for street in kept], dtype=np.int64),
            "name": pd.Series([street.name for street in kept], dtype=object),
        }
    )
    return gpd.GeoDataFrame(frame, geometry=[street.line for street in kept], crs=_CRS)
