"""The datum guard: is the file where the county is, or 100–700 m beside it?

AMap and Tencent give GCJ-02, Baidu BD-09, and neither says so. Such coordinates are plausible everywhere, so the guard
compares them with what is stored, and reads the file as if it were in each of the other datums:

- *shapes with known codes* (a cell file against the villages of the county, a second file of divisions): do they have
  the shape that is stored, but all moved the same way?
- *points with known codes or addresses* (doorplates that are stored already): do they all stand off by the same vector?
- *points within known borders* (the village that the row's code names, else the county): does another datum bring rows
  inside that lie outside, and hardly any the other way round?

What it cannot see: the first file of a county (nothing to compare with), points far from every border that match no
stored doorplate, a few rows (fewer than 8 near a border), and offsets below 20 m. An offset that no datum explains is
reported from 50 m, for matching shapes and doorplates only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import Datum, Pair, to_wgs84
from gis.errors import WrongPlace
from gis.sentence import Sentence

Floats = NDArray[np.float64]
Geometries = NDArray[np.object_]

_NAMES: Final = {
    Datum.gcj02: Sentence("GCJ-02 (AMap, Tencent)"),
    Datum.bd09: Sentence("BD-09 (Baidu)"),
    Datum.wgs84: Sentence("WGS 84 or CGCS2000"),
}
_HINTS: Final = {
    Datum.gcj02: ("gcj", "高德", "火星", "amap", "腾讯"),
    Datum.bd09: ("bd09", "bd-09", "bd_09", "百度", "baidu"),
}
# GCJ-02 moves most places 100–700 m, but some only 40 m.
_LEAST_M, _MOST_M = 20.0, 1_700.0
_LEAST_UNEXPLAINED_M: Final = 50.0
_LEAST_GAIN: Final = 8
_GAIN_TO_LOSS: Final = 8
_FAR_M: Final = 5_000.0
_SAMPLE: Final = 200_000
_METRES_PER_DEG: Final = 111_320.0
_COMPASS: Final = (
    Sentence("east"),
    Sentence("north-east"),
    Sentence("north"),
    Sentence("north-west"),
    Sentence("west"),
    Sentence("south-west"),
    Sentence("south"),
    Sentence("south-east"),
)


@dataclass(frozen=True)
class Offset:
    """A suspicion: the file sits so many metres beside its place, as it would if it were in `datum` (None: unknown)."""

    east_m: float
    north_m: float
    datum: Datum | None
    evidence: Sentence

    def sentence(self, file: str) -> Sentence:
        """The suspicion in words, with the option that answers it."""
        metres = float(np.hypot(self.east_m, self.north_m))
        towards = _COMPASS[round(np.degrees(np.arctan2(self.north_m, self.east_m)) / 45) % 8]
        start = Sentence(
            "{file}: sits {metres:,.0f} m to the {towards} of its place ({evidence})",
            file=file,
            metres=metres,
            towards=towards,
            evidence=self.evidence,
        )
        if self.datum is None:
            return Sentence(
                "{start}, all of it in the same direction, and neither GCJ-02 nor BD-09 explains it: look"
                " at the CRS, or import it as it is with --accept-offset",
                start=start,
            )
        return Sentence(
            "{start}: the coordinates look like {name}; import with --datum {datum}, or as they are"
            " with --accept-offset",
            start=start,
            name=_NAMES[self.datum],
            datum=self.datum,
        )


def refuse_offset(offset: Offset | None, file: str) -> None:
    """Raise WrongPlace for a suspicion."""
    if offset is not None:
        raise WrongPlace(offset.sentence(file), field="--datum")


def hinted(headings: list[str]) -> Datum | None:
    """The datum that the headings of coordinate columns name, as in 经度(GCJ02) or 高德经度."""
    for datum, words in _HINTS.items():
        if any(word in heading.lower() for heading in headings for word in words):
            return datum
    return None


def others(declared: Datum) -> list[Datum]:
    """The datums a file may be in if it is not in the declared one."""
    plain = Datum.wgs84 if declared is Datum.cgcs2000 else declared
    return [datum for datum in (Datum.wgs84, Datum.gcj02, Datum.bd09) if datum is not plain]


def _metres(lon: Floats, lat: Floats, from_lon: Floats, from_lat: Floats) -> tuple[Floats, Floats]:
    east = (lon - from_lon) * np.cos(np.radians(from_lat)) * _METRES_PER_DEG
    return np.asarray(east), np.asarray((lat - from_lat) * _METRES_PER_DEG)


def metres_between(lon: Floats, lat: Floats, other_lon: Floats, other_lat: Floats) -> Floats:
    """Distances, good to a percent within a county."""
    return np.asarray(np.hypot(*_metres(lon, lat, other_lon, other_lat)), dtype=np.float64)


# --- the same things, stored and in the file -------------------------------------------------------------------------


def offset_of_points(given: Pair, declared: Datum, known: Pair, *, least: int = 3) -> Offset | None:
    """Points of the file (degrees as given) against the places where the same things are stored.

    None for fewer than `least` points, or where they stand off in different directions.
    """
    if len(known[0]) < least:
        return None
    east, north = _metres(*to_wgs84(declared, *given), *known)
    off = _constant(east, north)
    if off is None:
        return None
    number = len(known[0])
    evidence = (
        Sentence("1 doorplate is stored elsewhere")
        if number == 1
        else Sentence("{number:,} doorplates are stored elsewhere", number=number)
    )
    return _worth_telling(Offset(*off, _explaining(given, declared, known, off), evidence))


def _worth_telling(offset: Offset) -> Offset | None:
    far = float(np.hypot(offset.east_m, offset.north_m)) >= _LEAST_UNEXPLAINED_M
    return offset if far or offset.datum is not None else None


def _constant(east: Floats, north: Floats) -> tuple[float, float] | None:
    """The median vector, if it is 20–1,700 m long and most vectors are like it."""
    x, y = float(np.median(east)), float(np.median(north))
    length = float(np.hypot(x, y))
    spread = float(np.median(np.hypot(east - x, north - y)))
    return (x, y) if _LEAST_M <= length <= _MOST_M and spread <= max(5.0, 0.2 * length) else None


def _explaining(given: Pair, declared: Datum, known: Pair, off: tuple[float, float]) -> Datum | None:
    """The other datum under which the offset all but vanishes."""
    left = {}
    for datum in others(declared):
        east, north = _metres(*to_wgs84(datum, *given), *known)
        left[datum] = float(np.hypot(np.median(east), np.median(north)))
    best = min(left, key=lambda datum: left[datum])
    return best if left[best] < 0.3 * float(np.hypot(*off)) else None


def offset_of_shapes(
    shapes: Mapping[str, Any], given: Mapping[str, tuple[float, float]], declared: Datum, known: Mapping[str, Any]
) -> Offset | None:
    """Polygons by code (`shapes` in stored degrees) against the stored ones with the same code.

    `given` is, for each code, some point of the shape as the file has it. Offsets count only where the shapes are
    alike: moved back, they cover the stored ones to 95 %.
    """
    codes = sorted(code for code in shapes if code in known)
    if not codes:
        return None
    mine, stored = (np.array([each[code] for code in codes], dtype=object) for each in (shapes, known))
    east, north = _metres(*_centres(mine), *_centres(stored))
    off = _constant(east, north)
    if off is None or not _alike(mine, stored, off):
        return None
    evidence = (
        Sentence("1 shape is stored elsewhere")
        if len(codes) == 1
        else Sentence("{number:,} shapes are stored elsewhere", number=len(codes))
    )
    return _worth_telling(Offset(*off, _explaining_shapes([given[code] for code in codes], declared, off), evidence))


def _centres(shapes: Geometries) -> Pair:
    centres = shapely.centroid(shapes)
    return shapely.get_x(centres), shapely.get_y(centres)


def _alike(mine: Geometries, stored: Geometries, off: tuple[float, float]) -> bool:
    lat = float(np.median(shapely.get_y(shapely.centroid(stored))))
    back = np.array([off[0] / (_METRES_PER_DEG * np.cos(np.radians(lat))), off[1] / _METRES_PER_DEG])
    moved = shapely.transform(mine, lambda xy: xy - back)
    common = shapely.area(shapely.intersection(moved, stored)).sum()
    return bool(common > 0.95 * max(shapely.area(moved).sum(), shapely.area(stored).sum()))


def _explaining_shapes(given: Sequence[tuple[float, float]], declared: Datum, off: tuple[float, float]) -> Datum | None:
    """As for points, with one point of each shape: the distortion hardly changes within one."""
    lon, lat = np.array(given, dtype=np.float64).T
    x, y = to_wgs84(declared, lon, lat)
    true = (x - off[0] / (_METRES_PER_DEG * np.cos(np.radians(y))), y - off[1] / _METRES_PER_DEG)
    return _explaining((lon, lat), declared, true, off)


# --- points within borders -------------------------------------------------------------------------------------------


def offset_within(given: Pair, declared: Datum, areas: Geometries, area: NDArray[np.int64]) -> Offset | None:
    """Points (degrees as given) that belong inside `areas[area[i]]`: does another datum bring them in?

    None where fewer than 8 more rows lie inside then, or where more than one in eight of those leaves in exchange.
    """
    step = max(1, len(area) // _SAMPLE)
    x, y, area = given[0][::step], given[1][::step], area[::step]
    there = to_wgs84(declared, x, y)
    inside = _inside(there, areas, area)
    best: Offset | None = None
    most = _LEAST_GAIN - 1
    for datum in others(declared):
        other = to_wgs84(datum, x, y)
        east, north = _metres(*there, *other)
        if float(np.hypot(np.median(east), np.median(north))) < _LEAST_M:
            continue
        then = _inside(other, areas, area)
        gain, loss = int((then & ~inside).sum()), int((inside & ~then).sum())
        if gain - loss > most and gain >= _GAIN_TO_LOSS * loss:
            most = gain - loss
            evidence = Sentence(
                "{gain:,} of {rows:,} rows lie outside of their area and would lie inside", gain=gain, rows=len(area)
            )
            best = Offset(float(np.median(east)), float(np.median(north)), datum, evidence)
    return best


def _inside(points: Pair, areas: Geometries, area: NDArray[np.int64]) -> NDArray[np.bool_]:
    found = np.zeros(len(area), dtype=bool)
    for number in np.unique(area):
        at = np.flatnonzero(area == number)
        shapely.prepare(areas[number])
        found[at] = shapely.contains_xy(areas[number], points[0][at], points[1][at])
    return found


def refuse_elsewhere(lon: Floats, lat: Floats, outline: Any, file: str, county: str) -> None:
    """Raise WrongPlace if hardly a row lies in the county or near it (or only with longitude and latitude swapped)."""
    step = max(1, len(lon) // 1000)
    x, y = lon[::step], lat[::step]
    if not len(x):
        return
    near = shapely.box(*shapely.bounds(outline)).buffer(_FAR_M / _METRES_PER_DEG)
    if shapely.contains_xy(near, x, y).mean() > 0.05:
        return
    if shapely.contains_xy(near, y, x).mean() > 0.5:
        raise WrongPlace(
            "{file}: longitude and latitude are swapped: the rows lie in county {county} only the"
            " other way round; swap them with --map lon=COLUMN --map lat=COLUMN, or write the file in"
            " the order longitude, latitude",
            file=file,
            county=county,
            field="--map",
        )
    raise WrongPlace(
        "{file}: the rows lie around {x:.3f}, {y:.3f}, far from county {county}; look at --crs and --county",
        file=file,
        x=np.median(x),
        y=np.median(y),
        county=county,
        field="--crs",
    )


def refuse_arctic(lon: Floats, lat: Floats, file: str) -> None:
    """Raise WrongPlace for a file of western China with swapped axes: 44° E, 88° N is ice, 88° E, 44° N is Xinjiang."""
    there = np.isfinite(lon) & np.isfinite(lat)
    if there.any() and (lat[there] > 73).all() and ((lon[there] > 3) & (lon[there] < 54)).all():
        raise WrongPlace(
            "{file}: longitude and latitude seem to be swapped (around {lon:.3f}, {lat:.3f}); write"
            " the file in the order longitude, latitude",
            file=file,
            lon=np.median(lon[there]),
            lat=np.median(lat[there]),
            field="--map",
        )
