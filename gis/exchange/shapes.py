"""Geometries of a file, parsed and sound: nothing is repaired, what cannot be used is rejected with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.crs import Pair
from gis.exchange.rejects import Rejects
from gis.exchange.table import Table
from gis.exchange.values import missing, texts
from gis.sentence import Sentence

Geometries = NDArray[np.object_]
Mask = NDArray[np.bool_]

MAX_VERTICES: Final = 100_000
_POINT, _POLYGON, _MULTIPOINT, _MULTIPOLYGON = 0, 3, 4, 6
_DECIMAL: Final = r"-?[0-9]+(?:[.][0-9]+)?"
_PAIR: Final = rf"{_DECIMAL} ?[,: ] ?{_DECIMAL}"
_PAIRS: Final = re.compile(rf"{_PAIR}(?: ?[;,|] ?{_PAIR})*[;|]?")
_NUMBER: Final = re.compile(_DECIMAL)
_WORDS: Final = {
    "Self-intersection": Sentence("the border crosses itself"),
    "Ring Self-intersection": Sentence("the border touches itself"),
}


def only(shapes: Geometries, good: Mask) -> Geometries:
    """The geometries of the good rows, None elsewhere."""
    kept = shapes.copy()
    kept[~good] = None
    return kept


def shapes_of(table: Table, columns: Mapping[str, str], rejects: Rejects) -> Geometries:
    if table.geometry is not None:
        shapes, column = table.geometry, "geometry"
        rejects.add(shapely.is_missing(shapes), column, Sentence("the geometry is missing or cannot be read"))
    else:
        column = columns["geometry"]
        given = texts(table.data[column])
        shapes = _parsed(given)
        rejects.add(missing(given), column, Sentence("is empty"))
        rejects.add(
            shapely.is_missing(shapes), column, Sentence('is neither WKT nor a list of coordinates "lng,lat;lng,lat"')
        )
    rejects.add(shapely.is_empty(shapes) & rejects.good, column, Sentence("the geometry is empty"))
    too_many = shapely.get_num_coordinates(shapes) > MAX_VERTICES
    counts = shapely.get_num_coordinates(shapes[too_many]).tolist()
    rejects.add_each(
        too_many,
        column,
        (
            Sentence("has {count:,} vertices, more than {max_vertices:,}", count=count, max_vertices=MAX_VERTICES)
            for count in counts
        ),
    )
    rejects.add(_not_finite(shapes), column, Sentence("has coordinates that are no numbers (NaN or infinite)"))
    return only(shapes, rejects.good)


def _parsed(given: pd.Series[Any]) -> Geometries:
    values = given.to_numpy(dtype=object)
    shapes = np.full(len(values), None, dtype=object)
    for at in np.flatnonzero(given.notna()).tolist():
        text = values[at]
        if _PAIRS.fullmatch(text):
            shapes[at] = _from_pairs(text)
    left = np.flatnonzero(given.notna() & shapely.is_missing(shapes))
    wkb = np.array([_is_hex(values[at]) for at in left.tolist()], dtype=bool)
    with np.errstate(invalid="ignore"):
        shapes[left[wkb]] = shapely.from_wkb(values[left[wkb]], on_invalid="ignore")
        shapes[left[~wkb]] = shapely.from_wkt(values[left[~wkb]], on_invalid="ignore")
    flat: Geometries = shapely.force_2d(shapes)
    return flat


def _is_hex(text: str) -> bool:
    return text.startswith(("00", "01")) and len(text) > 20 and re.fullmatch(r"[0-9A-Fa-f]+", text) is not None


def _from_pairs(text: str) -> Any:
    """What AMap users have: "lng,lat;lng,lat" or "lng:lat,lng:lat", rings apart by "|". One pair is a point."""
    rings = []
    for part in text.strip(" ;|").split("|"):
        xy = np.array(_NUMBER.findall(part), dtype=np.float64).reshape(-1, 2)
        if len(xy) == 1:
            return shapely.Point(xy[0])
        if len(xy) < 3:
            return None
        rings.append(shapely.Polygon(xy))
    return rings[0] if len(rings) == 1 else shapely.MultiPolygon(rings)


def _not_finite(shapes: Geometries) -> Mask:
    xy, index = shapely.get_coordinates(shapes, return_index=True)
    bad = np.zeros(len(shapes), dtype=bool)
    bad[index[~np.isfinite(xy).all(axis=1)]] = True
    return bad


def point_of_each(shapes: Geometries, rejects: Rejects) -> Pair:
    kinds = shapely.get_type_id(shapes)
    single = np.isin(kinds, (_MULTIPOINT, _MULTIPOLYGON)) & (shapely.get_num_geometries(shapes) == 1)
    shapes = np.where(single, shapely.get_geometry(shapes, 0), shapes)
    kinds = shapely.get_type_id(shapes)
    rejects.add(
        ~np.isin(kinds, (_POINT, _POLYGON)), "geometry", Sentence("is no point (nor the outline of one building)")
    )
    shapes = only(shapes, rejects.good)
    inside = np.where(kinds == _POLYGON, shapely.point_on_surface(shapes), shapes)
    return shapely.get_x(inside), shapely.get_y(inside)


def sound_polygons(shapes: Geometries, rejects: Rejects, *, parts: bool) -> Geometries:
    """Polygons that can be used as they are; the others are rejected and None."""
    kinds = shapely.get_type_id(shapes)
    several = shapely.get_num_geometries(shapes) > 1
    if not parts:
        counts = shapely.get_num_geometries(shapes[several]).tolist()
        reasons = (
            Sentence("has {number} parts; a cell has one (--parts makes a cell of each)", number=count)
            for count in counts
        )
        rejects.add_each(several, "geometry", reasons)
        shapes = np.where(kinds == _MULTIPOLYGON, shapely.get_geometry(shapes, 0), shapes)
        kinds = shapely.get_type_id(shapes)
    rejects.add(~np.isin(kinds, (_POLYGON, _MULTIPOLYGON)), "geometry", Sentence("is no polygon"))
    refuse_crossing(only(shapes, rejects.good), rejects)
    rejects.add(shapely.area(shapes) == 0, "geometry", Sentence("has no area"))
    return only(shapes, rejects.good)


def refuse_crossing(shapes: Geometries, rejects: Rejects) -> None:
    bad = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    reasons = shapely.is_valid_reason(shapes[bad]).tolist()
    rejects.add_each(bad, "geometry", (_in_words(reason) for reason in reasons))


def _in_words(reason: str) -> Sentence:
    """GEOS says "Self-intersection[104.05 35.05]"."""
    what, _, where = reason.rstrip("]").partition("[")
    told = _WORDS.get(what) or Sentence("the border is not valid ({reason})", reason=what)
    return (
        Sentence("{wrong} at {place}; repair it first", wrong=told, place=where.replace(" ", ", ")) if where else told
    )
