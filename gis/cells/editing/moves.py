"""Which cell a point belongs to before and after a change. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely import MultiPoint

from gis.cells.editing.edit import with_fixes_that_work
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Issue
from gis.cells.editing.merge import to_neighbours


@dataclass(frozen=True, slots=True)
class Moves:
    """The cell of each point before and after: arrays of codes, None where there is none."""

    before: NDArray[Any]
    after: NDArray[Any]

    def counts(self, weights: ArrayLike = 1) -> dict[tuple[str | None, str | None], int]:
        """How many points (or what they weigh: households of doorplates) are in which cell before and after."""
        found: Counter[tuple[str | None, str | None]] = Counter()
        each = np.broadcast_to(np.asarray(weights), self.before.shape)
        for before, after, weight in zip(self.before, self.after, each.tolist(), strict=True):
            found[before, after] += weight
        return dict(sorted(found.items(), key=lambda item: (item[0][0] or "", item[0][1] or "")))


def moves(before: Grid, after: Grid, lon: ArrayLike, lat: ArrayLike) -> Moves:
    """The cells of points (degrees) before and after; on a shared border the lowest code, as ever.

    Only points in cells that a change writes or retires can move: the others need not be given.
    """
    return Moves(before.cells_at(lon, lat), after.cells_at(lon, lat))


def orphans(before: Grid, after: Grid, lon: ArrayLike, lat: ArrayLike) -> Issue | None:
    """An issue where points (doorplates) that are in a cell would be in none, None where all stay in one.

    Where a cell has left the county, its retirement to a neighbour is proposed instead.
    """
    found = moves(before, after, lon, lat)
    lost = np.flatnonzero((found.before != None) & (found.after == None))  # noqa: E711 - arrays of objects
    if not len(lost):
        return None
    piece = MultiPoint(np.column_stack([np.asarray(lon, float)[lost], np.asarray(lat, float)[lost]]))
    cells = tuple(sorted(set(found.before[lost])))
    ended = [before.cells[code] for code in cells if code not in after.cells]
    fixes = tuple(to_neighbours(before, ended[0])) if len(ended) == len(cells) == 1 else ()
    issue = Issue("ORPHAN_HOUSEHOLD", "orphans", cells, piece, values={"number": str(len(lost))}, fixes=fixes)
    return with_fixes_that_work(before, issue)
