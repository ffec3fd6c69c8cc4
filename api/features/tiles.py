"""Vector tiles of WebMercatorQuad: layers and attributes as docs/architecture.md says.

What is drawn is what is stored, or a stated aggregate: doorplates one by one from zoom 14, below it the cells with
their figures. A tile reaches a little over its edge, so that symbols and borders are not cut there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from api.answers import Body
from gis.errors import BadInput, NotFound
from gis.households.figures import CountyFigures
from gis.storage.binary import fetch_bytes
from gis.storage.queries import query
from gis.storage.revisions import Box

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
MAX_ZOOM: Final = 22
DOORS_FROM: Final = 14
EXTENT: Final = 4096
BUFFER: Final = 64


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of the matrix set: zoom, column from the west, row from the north."""

    z: int
    x: int
    y: int

    @property
    def box(self) -> Box:
        """West, south, east, north in degrees, with the buffer."""
        side = 2**self.z
        over = BUFFER / EXTENT
        return (
            max(-180.0, (self.x - over) / side * 360 - 180),
            _latitude((self.y + 1 + over) / side),
            min(180.0, (self.x + 1 + over) / side * 360 - 180),
            _latitude((self.y - over) / side),
        )

    def values(self) -> dict[str, Any]:
        """The parameters that every tile statement takes."""
        west, south, east, north = self.box
        place = {"west": west, "south": south, "east": east, "north": north}
        return {**place, "z": self.z, "x": self.x, "y": self.y, "buffer": BUFFER}


def _latitude(share: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * share))))


def tile_of(
    matrix: str, row: str, column: str, names: tuple[str, str, str] = ("tileMatrix", "tileRow", "tileCol")
) -> Tile:
    """The tile of a path, whose parameters have these names. Raises BadInput for what is no number, NotFound for a tile
    outside the matrix set."""
    numbers = []
    for name, text in zip(names, (matrix, row, column), strict=True):
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise BadInput("{field}: {text!r} is no whole number", text=text, field=name)
        numbers.append(int(text))
    z, y, x = numbers
    if z > MAX_ZOOM:
        raise NotFound("{field}: {z} is deeper than the last one, {most}", z=z, most=MAX_ZOOM, field=names[0])
    for name, number in zip(names[1:], (y, x), strict=True):
        if number >= 2**z:
            raise NotFound(
                "{field}: {number} lies outside matrix {z}, which ends at {last}",
                number=number,
                z=z,
                last=2**z - 1,
                field=name,
            )
    return Tile(z, x, y)


def doors(conn: Connection, tile: Tile, counties: list[int], since: date) -> Body:
    """The layer `doorplates`."""
    values = {**tile.values(), "counties": counties, "since": since}
    return Body(fetch_bytes(conn, query("households/door_tile"), values), MEDIA_TYPE)


def cells(conn: Connection, tile: Tile, figures: Mapping[int, CountyFigures], touched: Mapping[int, list[int]]) -> Body:
    """The layer `cells`, with the figures of the cells that the tile touches (codes by county)."""
    columns: dict[str, list[Any]] = {name: [] for name in ("figure_counties", "codes", *_FIGURES)}
    for county, part in figures.items():
        codes = np.array([int(code) for code in part.codes], np.int64)
        at = np.flatnonzero(np.isin(codes, touched[county]))
        columns["figure_counties"] += [county] * len(at)
        columns["codes"] += [part.codes[position] for position in at]
        for name in _FIGURES:
            columns[name] += getattr(part.cells, name)[at].tolist()
    values = {**tile.values(), **columns, "counties": list(figures)}
    return Body(fetch_bytes(conn, query("cells/tile"), values), MEDIA_TYPE)


_FIGURES: Final = ("known", "reached", "tried", "never", "overdue")


def streets(conn: Connection, tile: Tile, counties: list[int]) -> Body:
    """The layer `streets`: farther out only the greater ones."""
    max_class = next(greatest for zoom, greatest in _CLASSES if tile.z >= zoom)
    values = {**tile.values(), "counties": counties, "max_class": max_class}
    return Body(fetch_bytes(conn, query("streets/tile"), values), MEDIA_TYPE)


# From this zoom on, streets up to this class (1 main … 4 path).
_CLASSES: Final = ((14, 4), (13, 3), (11, 2), (0, 1))
