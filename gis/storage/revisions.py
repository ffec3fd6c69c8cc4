"""What an answer touches, and a short token that changes whenever something it touches has changed.

Every cell has a revision, raised in the transaction that changes its shape, its households or their dates. A tile, a
page of items or a table of figures stays valid while the revisions of the cells it touches are what they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.codes import DIGITS, Level

Box = tuple[float, float, float, float]

_CELL_DIGITS: Final = DIGITS[Level.cell]


@dataclass(frozen=True, slots=True)
class Touch:
    """What an answer depends on.

    `boxes` are (west, south, east, north) in degrees, None: everywhere; `area` is a code (county to cell), None: all.
    `county` adds what belongs to a county as a whole: its outline, divisions, rounds and streets. `today` adds the day.
    """

    boxes: tuple[Box, ...] | None = None
    area: str | None = None
    cells: bool = True
    county: bool = False
    today: bool = False


@dataclass(frozen=True, eq=False)
class CountyState:
    """The revisions of one county as of one moment. `codes` (sorted), `revisions`, `versions`: (n,) int64; `bounds`:
    (n, 4) float64, west, south, east, north.

    `stamp` is everything that can change in the county in one tuple; `whole` the part that no single cell owns.
    """

    county: int
    stamp: tuple[object, ...]
    whole: bytes
    codes: NDArray[np.int64]
    revisions: NDArray[np.int64]
    versions: NDArray[np.int64]
    bounds: NDArray[np.float64]

    @cached_property
    def extent(self) -> Box | None:
        """The box around all cells, None where there are none."""
        if not len(self.codes):
            return None
        low, high = self.bounds.min(axis=0), self.bounds.max(axis=0)
        return float(low[0]), float(low[1]), float(high[2]), float(high[3])

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The boxes of the cells, searchable. Built at the first question."""
        return shapely.STRtree([shapely.box(*box) for box in self.bounds.tolist()])

    def same_shapes(self, codes: NDArray[np.int64], versions: NDArray[np.int64]) -> bool:
        """Whether the cells and their shapes are still these, so that the tree may be kept."""
        return np.array_equal(self.codes, codes) and np.array_equal(self.versions, versions)

    def with_revisions(self, stamp: tuple[object, ...], whole: bytes, revisions: NDArray[np.int64]) -> CountyState:
        """The same cells at a later moment; the search tree is kept."""
        later = CountyState(self.county, stamp, whole, self.codes, revisions, self.versions, self.bounds)
        later.__dict__.update({name: self.__dict__[name] for name in ("tree", "extent") if name in self.__dict__})
        return later

    def meets(self, touch: Touch) -> bool:
        """Whether anything of this county can be in an answer."""
        if touch.area is not None and int(touch.area[:6]) != self.county:
            return False
        return touch.boxes is None or (
            self.extent is not None and any(_overlap(self.extent, box) for box in touch.boxes)
        )

    def touched(self, touch: Touch) -> slice | NDArray[np.int64]:
        """Positions of the cells that an answer touches, in the order of their codes."""
        inside = _codes_below(self.codes, touch.area)
        if touch.boxes is None or self._within(touch.boxes):
            return inside
        found = [self.tree.query(shapely.box(*box)) for box in touch.boxes]
        positions: NDArray[np.int64] = np.unique(np.concatenate(found)) if len(found) > 1 else np.sort(found[0])
        within: NDArray[np.int64] = positions[(positions >= inside.start) & (positions < inside.stop)]
        return within

    def _within(self, boxes: Sequence[Box]) -> bool:
        extent = self.extent
        return extent is not None and any(
            b[0] <= extent[0] and b[1] <= extent[1] and b[2] >= extent[2] and b[3] >= extent[3] for b in boxes
        )


def token(states: Sequence[CountyState], touch: Touch, day: str) -> bytes:
    """16 bytes that are the same for as long as nothing that `touch` names has changed. `day` is today."""
    digest = blake2b(digest_size=16)
    for state in states:
        if not state.meets(touch):
            continue
        digest.update(b"county %d" % state.county)
        if touch.county:
            digest.update(state.whole)
        if touch.cells:
            at = state.touched(touch)
            digest.update(state.codes[at].tobytes())
            digest.update(state.revisions[at].tobytes())
    if touch.today:
        digest.update(day.encode())
    return digest.digest()


def _codes_below(codes: NDArray[np.int64], area: str | None) -> slice:
    """Where the cells of an area lie in the sorted codes."""
    if area is None:
        return slice(0, len(codes))
    scale = 10 ** (_CELL_DIGITS - len(area))
    low, high = np.searchsorted(codes, [int(area) * scale, (int(area) + 1) * scale])
    return slice(int(low), int(high))


def _overlap(a: Box, b: Box) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]
