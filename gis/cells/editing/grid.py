"""The grid in memory, without storage: the live cells of a county, or of the neighbourhood of an edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import Polygon

from gis.cells.measure import Measure

Kind = Literal["general", "dedicated"]
KINDS: Final[tuple[Kind, ...]] = ("general", "dedicated")


@dataclass(frozen=True, slots=True)
class Cell:
    """A live cell. `polygon` is EPSG:4490 on the grid of 1e-8°, and valid; `code` begins with `village`."""

    code: str
    village: str
    name: str
    kind: Kind
    polygon: Polygon


class Grid:
    """An immutable set of live cells that share their nodes, and the county's outline (EPSG:4490).

    It may hold a part of the county only: then all cells that meet the box of `operations.needed_box` must be in it.
    `outline` is the whole county's; its edges are the outer edges of its cells (it is their union).
    """

    def __init__(self, cells: Iterable[Cell], outline: shapely.Geometry) -> None:
        listed = sorted(cells, key=lambda cell: cell.code)
        self.cells: Mapping[str, Cell] = MappingProxyType({cell.code: cell for cell in listed})
        self.outline = outline

    def with_(
        self, written: Iterable[Cell] = (), retired: Iterable[str] = (), outline: shapely.Geometry | None = None
    ) -> Grid:
        """This grid with some cells written (new or changed) and others gone; `outline` None keeps the outline."""
        cells = {**self.cells, **{cell.code: cell for cell in written}}
        for code in retired:
            cells.pop(code, None)
        return Grid(cells.values(), self.outline if outline is None else outline)

    def near(self, geometry: shapely.Geometry, distance: float = 0.0) -> list[str]:
        """The codes of the cells within `distance` (degrees) of a geometry, ascending; none for an empty one."""
        return [self.codes[i] for i in sorted(self._tree.query(geometry, predicate="dwithin", distance=distance))]

    def cells_at(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[Any]:
        """The code of the cell of each point (degrees), None where there is none; on a shared border the lowest."""
        return codes_at({code: cell.polygon for code, cell in self.cells.items()}, lon, lat, tree=self._tree)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes of all cells, ascending."""
        return tuple(self.cells)

    @cached_property
    def measure(self) -> Measure:
        """Metres, in the county's metric zone."""
        return Measure.around(self.outline)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(np.array([cell.polygon for cell in self.cells.values()], dtype=object))


def codes_at(
    cells: Mapping[str, Polygon], lon: ArrayLike, lat: ArrayLike, *, tree: shapely.STRtree | None = None
) -> NDArray[Any]:
    """The code of the cell of each point (degrees), None where there is none; on a shared border the lowest code.

    The same rule as everycell.cell_at() in the database, for many points at once. `tree`, if given, holds the polygons
    in the order of their codes.
    """
    codes = sorted(cells)
    if tree is None:
        tree = shapely.STRtree(np.array([cells[code] for code in codes], dtype=object))
    places = np.column_stack([np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)])
    points = shapely.points(places)
    found = np.empty(len(places), dtype=object)
    which, hits = tree.query(points, predicate="intersects")
    lowest = np.full(len(places), len(codes))
    np.minimum.at(lowest, which, hits)
    inside = lowest < len(codes)
    found[inside] = np.array(codes, dtype=object)[lowest[inside]]
    return found
