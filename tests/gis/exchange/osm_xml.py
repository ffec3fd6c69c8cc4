"""A hand-made extract: one county of two towns and four villages, each a square of 0.01°, one with an exclave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree as ET

LEVELS = {"county": 6, "town": 8, "village": 10}


class OsmXml:
    """Builds an .osm document. Corner nodes are shared by position, as they are in OSM."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[float, float], int] = {}
        self._tagged: list[tuple[int, float, float, Mapping[str, str]]] = []
        self._ways: list[tuple[int, list[int], Mapping[str, str]]] = []
        self._relations: list[tuple[int, list[tuple[int, str]], Mapping[str, str]]] = []
        self._next = 1

    def _id(self) -> int:
        self._next += 1
        return self._next

    def corner(self, lon: float, lat: float) -> int:
        return self._nodes.setdefault((round(lon, 7), round(lat, 7)), len(self._nodes) + 100_000)

    def node(self, lon: float, lat: float, **tags: str) -> int:
        self._tagged.append((self._id(), lon, lat, _colons(tags)))
        return self._next

    def way(self, points: Iterable[tuple[float, float]], **tags: str) -> int:
        self._ways.append((self._id(), [self.corner(*point) for point in points], _colons(tags)))
        return self._next

    def square(self, lon: float, lat: float, size: float, **tags: str) -> int:
        east, north = lon + size, lat + size
        return self.way([(lon, lat), (east, lat), (east, north), (lon, north), (lon, lat)], **tags)

    def relation(self, outer: Iterable[int], **tags: str) -> int:
        self._relations.append((self._id(), [(way, "outer") for way in outer], _colons(tags)))
        return self._next

    def boundary(self, level: int, name: str, outer: Iterable[int]) -> int:
        return self.relation(outer, type="boundary", boundary="administrative", admin_level=str(level), name=name)

    def text(self) -> str:
        root = ET.Element("osm", version="0.6")
        for (lon, lat), osm_id in sorted(self._nodes.items(), key=lambda item: item[1]):
            ET.SubElement(root, "node", id=str(osm_id), lon=f"{lon:.7f}", lat=f"{lat:.7f}", version="1")
        for osm_id, lon, lat, tags in self._tagged:
            _tags(ET.SubElement(root, "node", id=str(osm_id), lon=f"{lon:.7f}", lat=f"{lat:.7f}", version="1"), tags)
        for osm_id, nodes, tags in self._ways:
            way = ET.SubElement(root, "way", id=str(osm_id), version="1")
            for node in nodes:
                ET.SubElement(way, "nd", ref=str(node))
            _tags(way, tags)
        for osm_id, members, tags in self._relations:
            relation = ET.SubElement(root, "relation", id=str(osm_id), version="1")
            for ref, role in members:
                ET.SubElement(relation, "member", type="way", ref=str(ref), role=role)
            _tags(relation, tags)
        return ET.tostring(root, encoding="unicode")


def _tags(element: ET.Element, tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        ET.SubElement(element, "tag", k=key, v=value)


def _colons(tags: Mapping[str, str]) -> dict[str, str]:
    """addr__street=… → addr:street=…"""
    return {key.replace("__", ":"): value for key, value in tags.items()}


def county() -> OsmXml:
    """County 城北县: town 东镇 with villages 甲村 and 乙村 in the south, town 西镇 with 丙村 and 丁村 in the north.

    Villages are squares of 0.01° from (104.00, 34.00); an exclave of 丁村 lies inside 甲村, of 0.002°.
    """
    osm = OsmXml()
    x, y, d = 104.0, 34.0, 0.01
    exclave = osm.square(x + 0.004, y + 0.004, 0.002, boundary="administrative", admin_level="10")
    places = {"甲村": (x, y), "乙村": (x + d, y), "丙村": (x, y + d), "丁村": (x + d, y + d)}
    rings = {name: osm.square(*corner, d) for name, corner in places.items()}
    south = osm.way([(x, y), (x + d, y), (x + 2 * d, y), (x + 2 * d, y + d), (x + d, y + d), (x, y + d), (x, y)])
    north_y = y + d
    north = osm.way(
        [
            (x, north_y),
            (x + d, north_y),
            (x + 2 * d, north_y),
            (x + 2 * d, north_y + d),
            (x + d, north_y + d),
            (x, north_y + d),
            (x, north_y),
        ]
    )
    osm.boundary(6, "城北县", [osm.square(x, y, 2 * d)])
    osm.boundary(8, "东镇", [south])
    osm.boundary(8, "西镇", [north])
    osm.boundary(10, "甲村", [rings["甲村"], exclave])
    osm.boundary(10, "乙村", [rings["乙村"]])
    osm.boundary(10, "丙村", [rings["丙村"]])
    osm.boundary(10, "丁村", [rings["丁村"], exclave])
    return osm
