"""Lines that borders of cells may follow beside the stored streets: rivers and railways, out of a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from gis.crs import to_stored
from gis.errors import BadInput
from gis.exchange.readers import read_table

_OSM: Final = (".osm", ".osm.gz", ".osm.pbf")
# What is a border on the ground; a tunnel or a pipe is none.
_KINDS: Final = {
    "waterway": frozenset(["river", "stream", "canal"]),
    "railway": frozenset(["rail", "light_rail", "narrow_gauge", "tram", "preserved"]),
}


def read_lines(path: Path) -> NDArray[Any]:
    """The LineStrings of a file, in degrees (EPSG:4490); empty where it has none.

    Of an OpenStreetMap extract those are its rivers, streams, canals and railways above ground; of a GeoPackage,
    Shapefile or GeoJSON all lines. Raises BadInput naming the file where it cannot be read, WrongPlace for a CRS that
    cannot be transformed.
    """
    if path.name.lower().endswith(_OSM):
        return _of_osm(path)
    table = read_table(path)
    if table.geometry is None:
        raise BadInput("{field}: holds no geometries", field=path.name)
    shapes = np.array([shape for shape in table.geometry if shape is not None], dtype=object)
    transformer = None if table.crs is None else to_stored(table.crs, field=path.name)
    if transformer is not None:
        shapes = shapely.transform(shapes, lambda xy: np.column_stack(transformer.transform(*xy.T)))
    return _lines_of(shapes)


def _of_osm(path: Path) -> NDArray[Any]:
    if not path.is_file():
        raise BadInput("{field}: there is no such file", field=path.name)
    factory = osmium.geom.WKBFactory()
    found: list[Any] = []
    try:
        processor = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        ways: Iterable[Any] = processor.with_filter(osmium.filter.KeyFilter(*_KINDS))
        for way in ways:
            if way.is_way() and _is_border(dict(way.tags)):
                found.append(shapely.from_wkb(bytes.fromhex(factory.create_linestring(way))))
    except (osmium.InvalidLocationError, RuntimeError, OSError) as error:
        raise BadInput(
            "{file}: cannot be read as an OpenStreetMap extract ({reason})",
            file=path.name,
            reason=error,
            field=path.name,
        ) from error
    return np.array(found, dtype=object)


def _is_border(tags: dict[str, str]) -> bool:
    if tags.get("tunnel", "no") != "no" or tags.get("layer", "0").startswith("-"):
        return False
    return any(tags.get(key) in values for key, values in _KINDS.items())


def _lines_of(shapes: NDArray[Any]) -> NDArray[Any]:
    """The LineStrings among the parts of geometries of any kind."""
    parts = shapely.get_parts(shapely.force_2d(shapes))
    lines: NDArray[Any] = parts[(shapely.get_type_id(parts) == 1) & ~shapely.is_empty(parts)]
    return lines
