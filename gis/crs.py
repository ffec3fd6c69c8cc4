"""Coordinate reference systems: what is stored, what is measured in, and the two scrambled datums of Chinese web maps.

**The identity, stated once.** Coordinates are stored as EPSG:4490 (CGCS2000) and read as WGS 84. The two frames differ
by centimetres (plate motion since 2000 aside), far below the error of any doorplate, and no transformation is applied
between them anywhere in everycell.

**GCJ-02 and BD-09** are not datums but deliberate distortions of WGS 84 of 100–700 m (BD-09: up to 1.5 km). Their
forward formulas are known; they are inverted here by fixed-point iteration to well below a millimetre. Outside the
rectangle in which the distortion is defined (72.004–137.8347° E, 0.8293–55.8271° N) both are the identity.

All functions on coordinates take and return float64 arrays of degrees of any shape; NaN stays NaN, empty stays empty.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from gis.errors import WrongPlace

Degrees = NDArray[np.float64]
Pair = tuple[Degrees, Degrees]

STORED_SRID: Final = 4490
STORED: Final = CRS.from_epsg(STORED_SRID)

# The rectangle of the published GCJ-02 formulas; it is far wider than China.
GCJ_WEST, GCJ_EAST, GCJ_SOUTH, GCJ_NORTH = 72.004, 137.8347, 0.8293, 55.8271

_KRASSOVSKY_A: Final = 6378245.0
_KRASSOVSKY_E2: Final = 0.00669342162296594323
_BD_WAVE: Final = np.pi * 3000.0 / 180.0
_BD_LON, _BD_LAT = 0.0065, 0.006
_TOLERANCE_DEG: Final = 1e-11  # a micrometre
_MAX_ROUNDS: Final = 60

# Datums whose place on the earth is not public: PROJ has no general transformation and falls back to "no shift".
_REFUSED: Final = ("xian 1980", "xian_1980", "beijing 1954", "beijing_1954", "new beijing", "new_beijing")
_IDENTITY: Final = (
    "china 2000",
    "china_2000",
    "cgcs2000",
    "cgcs_2000",
    "world geodetic system 1984",
    "wgs_1984",
    "wgs 84",
)


class Datum(StrEnum):
    """What the degrees of a file mean."""

    wgs84 = "wgs84"
    cgcs2000 = "cgcs2000"
    gcj02 = "gcj02"
    bd09 = "bd09"


def metric_crs(lon: float) -> CRS:
    """The CRS in which lengths and areas around this longitude are measured: 3° transverse Mercator, metres, x east.

    Within 73.5–136.5° E that is the CGCS2000 Gauss–Krüger zone without zone prefix (EPSG:4534 for 75° E … EPSG:4554 for
    135° E). Elsewhere it is the same projection on the nearest multiple of 3° with the same ellipsoid, which no
    authority has numbered. Scale is 1 on the central meridian and at most 1.00035 at a zone's edge. Raises WrongPlace
    for a longitude that is none.
    """
    if not -180 <= lon <= 180:
        raise WrongPlace("{lon} is no longitude in degrees", lon=lon, field="lon")
    meridian = round(lon / 3) * 3
    if 75 <= meridian <= 135:
        return CRS.from_epsg(4534 + (meridian - 75) // 3)
    return CRS.from_proj4(
        f"+proj=tmerc +lat_0=0 +lon_0={meridian} +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs +type=crs"
    )


def to_metric(lon: float) -> Transformer:
    """From stored degrees (lon, lat) to metres (x east, y north) around `lon`. No datum shift: see the identity."""
    crs = metric_crs(lon)
    geographic = crs.geodetic_crs
    assert geographic is not None  # noqa: S101 - every transverse Mercator has one
    return Transformer.from_crs(geographic, crs, always_xy=True)


def parse_crs(text: str, *, field: str = "--crs") -> CRS:
    """A CRS from "EPSG:4543", a PROJ string or WKT. Raises WrongPlace naming `field`."""
    try:
        return CRS.from_user_input(text)
    except CRSError:
        raise WrongPlace(
            "{field}: {text!r} is no coordinate reference system; give e.g. EPSG:4490", text=text, field=field
        ) from None


def to_stored(crs: CRS, *, field: str = "--crs") -> Transformer | None:
    """The transformation from `crs` (x or longitude first) to stored degrees; None where there is nothing to do.

    Raises WrongPlace for Xian 1980 and Beijing 1954 without parameters, and for every other CRS for which PROJ knows no
    transformation: it would shift by zero without a word.
    """
    geographic = crs.source_crs.geodetic_crs if crs.is_bound and crs.source_crs else crs.geodetic_crs
    if geographic is None:
        raise WrongPlace(
            "{field}: {crs} is a local system without a place on the earth; give --crs", crs=crs.name, field=field
        )
    datum = geographic.datum.name if geographic.datum else geographic.name
    if not crs.is_bound:
        _refuse_secret(datum, crs.name, field)
        if any(known in datum.lower() for known in _IDENTITY):
            return None if crs.is_geographic else Transformer.from_crs(crs, geographic, always_xy=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a finer grid file exists and is not installed: a metre at most
        found = TransformerGroup(crs, CRS.from_epsg(4326), always_xy=True, allow_ballpark=False)
    if not found.transformers:
        raise WrongPlace(
            "{field}: no transformation is known from {crs} to WGS 84; convert the file to CGCS2000 (EPSG:4490) first",
            crs=crs.name,
            field=field,
        )
    return found.transformers[0]


def _refuse_secret(datum: str, name: str, field: str) -> None:
    if any(secret in f"{datum} {name}".lower() for secret in _REFUSED):
        raise WrongPlace(
            "{field}: {name} needs the seven parameters of your county, without which it would land"
            " 50–150 m beside its place; convert the file to CGCS2000 (EPSG:4490), or give --crs as a"
            " PROJ string with +towgs84=…",
            name=name,
            field=field,
        )


def in_gcj_area(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Where the distortion of GCJ-02 is defined; False for NaN."""
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    inside: NDArray[np.bool_] = (x >= GCJ_WEST) & (x <= GCJ_EAST) & (y >= GCJ_SOUTH) & (y <= GCJ_NORTH)
    return inside


def _gcj_shift(lon: Degrees, lat: Degrees) -> Pair:
    """GCJ-02 minus WGS 84 in degrees, without the rectangle. The published formula, term by term."""
    x, y = lon - 105.0, lat - 35.0
    common = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    north += (common + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    east += (common + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    w2 = 1.0 - _KRASSOVSKY_E2 * np.sin(phi) ** 2
    meridian_radius = _KRASSOVSKY_A * (1.0 - _KRASSOVSKY_E2) / (w2 * np.sqrt(w2))
    parallel_radius = _KRASSOVSKY_A / np.sqrt(w2) * np.cos(phi)
    return np.degrees(east / parallel_radius), np.degrees(north / meridian_radius)


def _bd_from_gcj(lon: Degrees, lat: Degrees) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_WAVE)
    return radius * np.cos(angle) + _BD_LON, radius * np.sin(angle) + _BD_LAT


def _gcj_everywhere(lon: Degrees, lat: Degrees) -> Pair:
    east, north = _gcj_shift(lon, lat)
    return lon + east, lat + north


def _bd_everywhere(lon: Degrees, lat: Degrees) -> Pair:
    return _bd_from_gcj(*_gcj_everywhere(lon, lat))


_FORWARD: Final[dict[Datum, Callable[[Degrees, Degrees], Pair]]] = {
    Datum.gcj02: _gcj_everywhere,
    Datum.bd09: _bd_everywhere,
}


def from_wgs84(datum: Datum, lon: ArrayLike, lat: ArrayLike) -> Pair:
    """WGS 84 degrees as `datum` would write them; the identity outside the rectangle."""
    x, y = _degrees(lon, lat)
    forward = _FORWARD.get(datum)
    inside = in_gcj_area(x, y)
    if forward is not None and inside.any():
        x[inside], y[inside] = forward(x[inside], y[inside])
    return x, y


def to_wgs84(datum: Datum, lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Degrees written in `datum` as WGS 84, exact to a micrometre; the identity outside the rectangle.

    The distortion changes by less than 2 % of the way moved, so p ← p − (forward(p) − q) gains nearly two digits a
    round. It is iterated without the rectangle (at whose edge the published formula jumps) and a place that comes out
    beyond the rectangle is given back as it was.
    """
    x, y = _degrees(lon, lat)
    forward = _FORWARD.get(datum)
    near = (x > GCJ_WEST - 0.1) & (x < GCJ_EAST + 0.1) & (y > GCJ_SOUTH - 0.1) & (y < GCJ_NORTH + 0.1)
    if forward is None or not near.any():
        return x, y
    undone = _invert(forward, x[near], y[near])
    inside = in_gcj_area(*undone)
    x[near] = np.where(inside, undone[0], x[near])
    y[near] = np.where(inside, undone[1], y[near])
    return x, y


def _invert(forward: Callable[[Degrees, Degrees], Pair], lon: Degrees, lat: Degrees) -> Pair:
    x, y = lon.copy(), lat.copy()
    for _ in range(_MAX_ROUNDS):
        there_x, there_y = forward(x, y)
        off_x, off_y = there_x - lon, there_y - lat
        x -= off_x
        y -= off_y
        if max(np.abs(off_x).max(), np.abs(off_y).max()) < _TOLERANCE_DEG:
            break
    return x, y


def _degrees(lon: ArrayLike, lat: ArrayLike) -> Pair:
    return np.array(lon, np.float64, copy=True), np.array(lat, np.float64, copy=True)
