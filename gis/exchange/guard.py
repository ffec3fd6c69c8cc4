"""The datum guard on each kind of frame: what is compared with what. The comparisons themselves are in `datum.py`."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection

from gis.cells.load import polygons_of
from gis.crs import Datum, Pair
from gis.exchange import datum, reference
from gis.exchange.headers import Kind
from gis.exchange.places import Placed
from gis.sentence import Sentence
from gis.storage.report import Reject

_SAMPLE = 5_000


def check_shapes(
    conn: Connection, kind: Kind, county: int, frame: gpd.GeoDataFrame, given: Pair, declared: Datum, file: str
) -> None:
    """Compare divisions with the stored ones, cells with the villages and cells of the county.

    `given` are points inside the shapes, row by row, as the file has them. Raises WrongPlace.
    """
    divisions = reference.divisions(conn, county)
    shapes = dict(zip(frame["code"].tolist(), frame.geometry.tolist(), strict=True))
    points = dict(zip(frame["code"].tolist(), zip(given[0].tolist(), given[1].tolist(), strict=True), strict=True))
    if divisions:
        inside = shapely.point_on_surface(frame.geometry.to_numpy())
        everything = shapely.union_all(list(divisions.values()))
        lon, lat = shapely.get_x(inside), shapely.get_y(inside)
        datum.refuse_elsewhere(lon, lat, everything, file, f"{county:06}")
    if kind == Kind.cells:
        cells = polygons_of(conn, county)
        villages, of_village = _villages(shapes, points)
        datum.refuse_offset(datum.offset_of_shapes(villages, of_village, declared, divisions), file)
        datum.refuse_offset(datum.offset_of_shapes(shapes, points, declared, cells), file)
    else:
        datum.refuse_offset(datum.offset_of_shapes(shapes, points, declared, divisions), file)


def _villages(
    shapes: dict[str, Any], points: dict[str, tuple[float, float]]
) -> tuple[dict[str, Any], dict[str, tuple[float, float]]]:
    """The union of the cells of each village, and a point of one of them."""
    groups: dict[str, list[Any]] = {}
    for code, shape in shapes.items():
        groups.setdefault(code[:12], []).append(shape)
    united = {village: shapely.union_all(parts) for village, parts in groups.items()}
    return united, {code[:12]: point for code, point in points.items()}


def check_points(
    conn: Connection, county: int, codes: pd.Series[Any] | None, placed: Placed, good: Any, declared: Datum, file: str
) -> None:
    """Compare points with the borders they belong into: the village that a row's code names, else the county.

    `codes` are the codes of the rows, `good` the rows to look at. Raises WrongPlace.
    """
    outline = reference.outline(conn, county)
    if outline is None:
        return
    datum.refuse_elsewhere(placed.lon[good], placed.lat[good], outline, file, f"{county:06}")
    villages = {code: shape for code, shape in reference.divisions(conn, county).items() if len(code) == 12}
    areas = np.array([outline, *villages.values()], dtype=object)
    area = _named_village(codes, list(villages), len(placed.lon))[good]
    given = (placed.given[0][good], placed.given[1][good])
    datum.refuse_offset(datum.offset_within(given, declared, areas, area), file)


def _named_village(codes: pd.Series[Any] | None, villages: list[str], size: int) -> NDArray[np.int64]:
    """For each row the number (from 1) of the village its code begins with, 0 where it names none."""
    if codes is None:
        return np.zeros(size, dtype=np.int64)
    number = {code: at for at, code in enumerate(villages, start=1)}
    return np.asarray(codes.str[:12].map(number).fillna(0), dtype=np.int64)


def check_doorplates(
    known: pd.DataFrame, doorplates: pd.DataFrame, rows: NDArray[np.int64], given: Pair, declared: Datum, file: str
) -> None:
    """Compare doorplates with the stored ones of the same code (which, made from an address, is the same address).

    `rows` and `given` are the row numbers and coordinates of the file. Raises WrongPlace.
    """
    both = doorplates[["code", "row"]].merge(known[["code", "lon", "lat"]], on="code")
    at = np.searchsorted(rows, both["row"].to_numpy(dtype=np.int64))
    there = (given[0][at], given[1][at])
    stored = (both["lon"].to_numpy(dtype=np.float64), both["lat"].to_numpy(dtype=np.float64))
    datum.refuse_offset(datum.offset_of_points(there, declared, stored), file)


def moved_doorplates(known: pd.DataFrame, doorplates: pd.DataFrame, same_m: float) -> dict[str, Sentence]:
    """Doorplates whose code was made from their address and is stored more than `same_m` away, with the reason.

    Two villages may both have a 一组1号: importing the second must not carry the doors of the first away.
    """
    both = doorplates[doorplates["made"]].merge(known[["code", "lon", "lat"]], on="code", suffixes=("", "_known"))
    metres = datum.metres_between(
        both["lon"].to_numpy(np.float64),
        both["lat"].to_numpy(np.float64),
        both["lon_known"].to_numpy(np.float64),
        both["lat_known"].to_numpy(np.float64),
    )
    off = metres > same_m
    return {
        code: Sentence(
            "the same address is stored {metres:,.0f} m away; complete the address, or give a doorplate_code",
            metres=there,
        )
        for code, there in zip(both.loc[off, "code"].tolist(), metres[off].tolist(), strict=True)
    }


def reject_moved(moved: dict[str, Sentence], households: pd.DataFrame) -> tuple[pd.DataFrame, list[Reject]]:
    """The households that stay, and a reject for each that stands behind a moved doorplate."""
    gone = households["doorplate_code"].isin(list(moved))
    rejects = [
        Reject(row, "address", moved[code])
        for row, code in zip(households.loc[gone, "row"].tolist(), households.loc[gone, "doorplate_code"], strict=True)
    ]
    return households[~gone], rejects
