"""Codes of new cells: the village's and three digits, as one reads a page, and none that was ever used. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import numpy as np
import shapely
from shapely import Polygon

from gis.cells.measure import Measure
from gis.errors import BadInput

_LAST: Final = 999


def reading_order(cells: Sequence[Polygon]) -> list[int]:
    """The indexes of polygons (EPSG:4490) from west to east in rows from north to south.

    A row is a band of equal height; there are as many as cells of even size and shape would need. No cells, no indexes.
    """
    if not cells:
        return []
    measure = Measure.around(cells)
    flat = measure.flat(np.array(cells, dtype=object))
    west, south, east, north = shapely.total_bounds(flat)
    width, height = max(east - west, 1e-9), max(north - south, 1e-9)
    rows = max(1, round(math.sqrt(len(cells) * height / width)))
    middle = shapely.get_coordinates(shapely.point_on_surface(flat))
    row = np.minimum(rows - 1, np.floor((north - middle[:, 1]) / height * rows)).astype(int)
    order: list[int] = np.lexsort((-middle[:, 1], middle[:, 0], row)).tolist()
    return order


def free_codes(village: str, used: Collection[str]) -> Iterator[str]:
    """Codes of the village that were never used: from behind the last one that was, then any that was skipped.

    Raises BadInput when there is none left.
    """
    taken = {int(code[12:]) for code in used if code.startswith(village)}
    last = max(taken, default=0)
    for number in [*range(last + 1, _LAST + 1), *range(1, last)]:
        if number not in taken:
            yield f"{village}{number:03}"
    raise BadInput("village: {village} has used all its codes", village=village, field="village")
