"""Where the rows of a file lie: from geometries, text or two columns to stored degrees, by CRS and datum.

Everything here works on whole columns. A row whose place cannot be used is rejected with its reason; a file whose
coordinates are not what they should be (swapped, metres, an unknown CRS) is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gis.crs import STORED, Datum, Pair, in_gcj_area, parse_crs, to_stored, to_wgs84
from gis.errors import BadInput, WrongPlace
from gis.exchange.rejects import Rejects
from gis.exchange.shapes import Geometries, point_of_each, refuse_crossing, shapes_of, sound_polygons
from gis.exchange.table import Table
from gis.exchange.values import numbers
from gis.sentence import Sentence

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Reading:
    """How the coordinates of a file are to be read: a CRS (None: what the file says) and a datum."""

    crs: str | None = None
    datum: Datum = Datum.wgs84


@dataclass(frozen=True)
class Placed:
    """The places of all rows; rejected rows have NaN or None.

    `given` are degrees as the file has them, before GCJ-02 or BD-09 is undone: the datum guard tries others on them.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    given: Pair
    shapes: Geometries | None
    understood: str


def points(table: Table, columns: Mapping[str, str], reading: Reading, rejects: Rejects) -> Placed:
    """One point a row: of the file's geometries, of a column of text (WKT, "lng,lat"), or of the columns lon and lat.

    A polygon (a building) stands for a point inside it.
    """
    if table.geometry is None and "geometry" not in columns:
        x, y, crs = *_from_columns(table, columns, rejects), None
    else:
        shapes = shapes_of(table, columns, rejects)
        x, y = point_of_each(shapes, rejects)
        crs = table.crs if table.geometry is not None else None
    transform = _Transform.of(table, reading, crs, x, y)
    given, stored = transform.degrees(x, y)
    outside = ~_on_earth(*stored)
    rejects.add(outside, _column(columns), Sentence("the coordinates lie outside the world"))
    for values in stored:
        values[~rejects.good] = np.nan
    return Placed(*stored, given, None, transform.understood)


def polygons(table: Table, columns: Mapping[str, str], reading: Reading, rejects: Rejects, *, parts: bool) -> Placed:
    """One valid polygon (with `parts`: or multipolygon) a row; lon and lat are of a point inside it.

    Nothing is repaired: a polygon that crosses itself, has no area, too many vertices or several parts is rejected
    with the reason, and where it is.
    """
    if table.geometry is None and "geometry" not in columns:
        raise BadInput(
            "{file}: has no polygons: neither geometries nor a column such as wkt or 边界坐标 (name it"
            " with --map geometry=COLUMN)",
            file=table.path.name,
            field="geometry",
        )
    shapes = shapes_of(table, columns, rejects)
    shapes = sound_polygons(shapes, rejects, parts=parts)
    good = rejects.good
    xy = shapely.get_coordinates(shapes[good])
    crs = table.crs if table.geometry is not None else None
    transform = _Transform.of(table, reading, crs, xy[:, 0], xy[:, 1])
    given = shapely.transform(shapes, lambda each: np.column_stack(transform.geographic(each[:, 0], each[:, 1])))
    stored = shapely.transform(given, lambda each: np.column_stack(to_wgs84(reading.datum, each[:, 0], each[:, 1])))
    refuse_crossing(stored, rejects)
    stored[~rejects.good] = None
    inside = shapely.point_on_surface(stored)
    there = shapely.point_on_surface(given)
    return Placed(
        shapely.get_x(inside),
        shapely.get_y(inside),
        (shapely.get_x(there), shapely.get_y(there)),
        stored,
        transform.understood,
    )


def _column(columns: Mapping[str, str]) -> str:
    if "lon" in columns and "lat" in columns:
        return f"{columns['lon']}, {columns['lat']}"
    return columns.get("geometry", "geometry")


def _from_columns(table: Table, columns: Mapping[str, str], rejects: Rejects) -> Pair:
    for name in ("lon", "lat"):
        if name not in columns:
            raise BadInput(
                "{file}: no column means {field} (columns: {columns}); say which with --map {field}=COLUMN",
                file=table.path.name,
                columns=", ".join(map(str, table.data.columns)),
                field=name,
            )
    found = []
    for name in ("lon", "lat"):
        values, bad = numbers(table.data[columns[name]])
        rejects.add(bad, columns[name], Sentence("is no number (decimal degrees)"))
        rejects.add(np.isnan(values), columns[name], Sentence("is empty"))
        found.append(values)
    return found[0], found[1]


@dataclass(frozen=True)
class _Transform:
    """From the file's coordinates to degrees."""

    reading: Reading
    project: Any  # pyproj's Transformer, None for degrees
    understood: str

    @classmethod
    def of(cls, table: Table, reading: Reading, crs: CRS | None, x: Any, y: Any) -> _Transform:
        said = parse_crs(reading.crs) if reading.crs else crs
        if said is None and table.format.startswith("Shapefile"):
            raise WrongPlace(
                "{file}: has no .prj file, so its CRS is unknown; say it with --crs, e.g. EPSG:4490",
                file=table.path.name,
                field="--crs",
            )
        if said is None or said.is_geographic:
            _refuse_not_degrees(table.path.name, x, y)
        project = to_stored(said, field="--crs" if reading.crs else table.path.name) if said is not None else None
        name = (said or STORED).name + ("" if said is not None else " (assumed: the file does not say)")
        made = cls(reading, project, f"{name}, datum {reading.datum}")
        made._refuse_outside_china(table.path.name, x, y)
        return made

    def geographic(self, x: Any, y: Any) -> Pair:
        """Degrees of the file's own datum."""
        if self.project is None:
            return np.asarray(x, np.float64), np.asarray(y, np.float64)
        lon, lat = self.project.transform(x, y)
        return np.asarray(lon, np.float64), np.asarray(lat, np.float64)

    def degrees(self, x: Any, y: Any) -> tuple[Pair, Pair]:
        """Degrees as given and as stored."""
        given = self.geographic(x, y)
        return given, to_wgs84(self.reading.datum, *given)

    def _refuse_outside_china(self, file: str, x: Any, y: Any) -> None:
        if self.reading.datum in (Datum.wgs84, Datum.cgcs2000):
            return
        lon, lat = self.geographic(x, y)
        there = np.isfinite(lon) & np.isfinite(lat)
        if there.any() and not in_gcj_area(lon[there], lat[there]).any():
            raise WrongPlace(
                "{file}: --datum {datum} is only defined in China, and no row lies there",
                file=file,
                datum=self.reading.datum,
                field="--datum",
            )


def _on_earth(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Mask:
    on: Mask = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    return on


def _refuse_not_degrees(file: str, x: Any, y: Any) -> None:
    """Refuse a file most of whose "degrees" are metres, or have latitude and longitude in each other's place."""
    xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
    there = np.isfinite(xs) & np.isfinite(ys)
    wrong = there & ~_on_earth(xs, ys)
    if 2 * wrong.sum() <= there.sum():
        return
    lon, lat = float(np.median(xs[wrong])), float(np.median(ys[wrong]))
    if abs(lon) <= 90 and abs(lat) <= 180:
        raise WrongPlace(
            "{file}: longitude and latitude are swapped: the latitudes are around {lat:.3f}; swap"
            " them with --map lon=COLUMN --map lat=COLUMN, or write the file in the order longitude,"
            " latitude",
            file=file,
            lat=lat,
            field="--map",
        )
    raise WrongPlace(
        "{file}: the coordinates (around {lon:.0f}, {lat:.0f}) are no degrees; say what they are with --crs{hint}",
        file=file,
        lon=lon,
        lat=lat,
        hint=_hint(lon, lat),
        field="--crs",
    )


def _hint(x: float, y: float) -> Sentence:
    """Which Gauss–Krüger zone it may be: eastings of 8 digits begin with it."""
    for east in (x, y):
        if 25_000_000 <= east < 46_000_000:
            return Sentence(", perhaps EPSG:{code}", code=4513 + int(east // 1_000_000) - 25)
    return Sentence(", e.g. EPSG:4543")
