"""A village to be cut or balanced: its cells, doors and streets. Pure.

Only general cells are cut: a dedicated one (a factory, a school) stays, and the village is what lies around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import shapely
from shapely import Polygon

from gis.cells.cutting.lines import Doors, Lines
from gis.cells.topology import united


@dataclass(frozen=True, slots=True)
class Village:
    """A village's general cells by code (EPSG:4490), the doors in them, the streets that meet it.

    `names` are those of all its cells by code, dedicated ones too; `used` are all codes that its cells ever had, and
    that drafts keep.
    """

    code: str
    name: str
    cells: Mapping[str, Polygon]
    names: Mapping[str, str]
    doors: Doors
    streets: Lines
    used: frozenset[str]

    def parts(self) -> list[Polygon]:
        """The contiguous parts of what is to be cut, the largest first."""
        found: list[Polygon] = shapely.get_parts(united(self.cells.values())).tolist()
        return sorted(found, key=lambda part: (-part.area, *part.bounds))
