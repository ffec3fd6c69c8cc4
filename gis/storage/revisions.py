"""What an answer touches, and a short token that changes whenever something it touches has changed.

Every cell has a revision, raised in the transaction that changes its shape, its households or their dates. A tile, a
page of items or a table of figures stays valid while the revisions of the cells it touches are what they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.codes import DIGITS, Level

Box = tuple[float, float, float, float]


class Part(NamedTuple):
    """A round or division: the area it is of, a digest, and whether those who see a part of the area see it too."""

    code: str
    spans: bool
    digest: bytes


Parts = tuple[Part, ...]

_CELL_DIGITS: Final = DIGITS[Level.cell]
EVERYWHERE: Final = ("",)  # the areas of a caller who may see everything


@dataclass(frozen=True, slots=True)
class Touch:
    """What an answer depends on.

    `boxes` are (west, south, east, north) in degrees, None: everywhere; `area` is a code (county to cell), None: all.
    `within` are the areas that the caller may see, none inside another: what changes elsewhere shows in no token.
    `county` adds what is not of single cells: divisions, rounds, published tables of cases and the county's streets.
    `today` adds the day, `quarter` the quarter of an hour. Without `households` only the shapes and names of the cells
    count, and no visit does. `patrols` adds the plans of these days and their ticks.
    """

    boxes: tuple[Box, ...] | None = None
    area: str | None = None
    within: tuple[str, ...] = EVERYWHERE
    cells: bool = True
    county: bool = False
    today: bool = False
    households: bool = True
    patrols: bool = False
    quarter: bool = False


@dataclass(frozen=True, eq=False)
class CountyState:
    """The revisions of one county as of one moment. `codes` (sorted), `revisions`, `versions`: (n,) int64; `bounds`:
    (n, 4) float64, west, south, east, north.

    `stamp` is everything that can change in the county in one tuple; `whole` is a digest of what no area owns and
    everybody in the county sees, the streets; `parts` are its rounds and divisions, `plans` its patrols of these days.
    """

    county: int
    stamp: tuple[object, ...]
    whole: bytes
    parts: Parts
    codes: NDArray[np.int64]
    revisions: NDArray[np.int64]
    versions: NDArray[np.int64]
    bounds: NDArray[np.float64]
    plans: Parts = ()

    @property
    def extent(self) -> Box | None:
        """The box around all cells, None where there are none."""
        return self.extent_within(EVERYWHERE)

    @cached_property
    def extents(self) -> dict[tuple[str, ...], Box | None]:
        """What `extent_within` has found; as many as there are different areas of callers."""
        return {}

    def extent_within(self, within: tuple[str, ...]) -> Box | None:
        """The box around the cells of some areas, None where there are none."""
        if within not in self.extents:
            self.extents[within] = self._extent_within(within)
        return self.extents[within]

    def _extent_within(self, within: tuple[str, ...]) -> Box | None:
        boxes = [self.bounds[part] for part in self._parts_of(None, within)]
        inside = np.concatenate(boxes) if boxes else self.bounds[:0]
        if not len(inside):
            return None
        low, high = inside.min(axis=0), inside.max(axis=0)
        return float(low[0]), float(low[1]), float(high[2]), float(high[3])

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The boxes of the cells, searchable. Built at the first question."""
        return shapely.STRtree([shapely.box(*box) for box in self.bounds.tolist()])

    def same_shapes(self, codes: NDArray[np.int64], versions: NDArray[np.int64]) -> bool:
        """Whether the cells and their shapes are still these, so that the tree may be kept."""
        return np.array_equal(self.codes, codes) and np.array_equal(self.versions, versions)

    def with_revisions(
        self,
        stamp: tuple[object, ...],
        whole: bytes,
        parts: Parts,
        revisions: NDArray[np.int64],
        plans: Parts,
    ) -> CountyState:
        """The same cells at a later moment; the search tree is kept."""
        later = CountyState(self.county, stamp, whole, parts, self.codes, revisions, self.versions, self.bounds, plans)
        later.__dict__.update({name: self.__dict__[name] for name in ("tree", "extents") if name in self.__dict__})
        return later

    def meets(self, touch: Touch) -> bool:
        """Whether anything of this county can be in an answer."""
        if touch.area is not None and int(touch.area[:6]) != self.county:
            return False
        if not any(not area or int(area[:6]) == self.county for area in touch.within):
            return False
        if touch.boxes is None:
            return True
        # How far the county reaches beyond the caller's areas is told by its streets alone.
        extent = self.extent_within(touch.within if touch.cells else EVERYWHERE)
        return extent is not None and any(_overlap(extent, box) for box in touch.boxes)

    def touched(self, touch: Touch) -> slice | NDArray[np.int64]:
        """Positions of the cells that an answer touches, in the order of their codes."""
        inside = self._parts_of(touch.area, touch.within)
        if touch.boxes is None or self._within(touch.boxes):
            return inside[0] if len(inside) == 1 else _positions(inside)
        found = [self.tree.query(shapely.box(*box)) for box in touch.boxes]
        positions: NDArray[np.int64] = np.unique(np.concatenate(found)) if len(found) > 1 else np.sort(found[0])
        if len(inside) != 1:
            return np.intersect1d(positions, _positions(inside), assume_unique=True)
        within: NDArray[np.int64] = positions[(positions >= inside[0].start) & (positions < inside[0].stop)]
        return within

    @staticmethod
    def related(parts: Parts, within: tuple[str, ...]) -> Iterator[bytes]:
        """The digests of what is seen by those who may see some areas."""
        for code, spans, digest in parts:
            if any(code.startswith(area) or (spans and area.startswith(code)) for area in within):
                yield digest

    def _parts_of(self, area: str | None, within: tuple[str, ...]) -> list[slice]:
        """Where the cells lie that are in `area` and in one of the areas of `within`."""
        if area is None:
            return [_codes_below(self.codes, one) for one in within]
        if any(area.startswith(one) for one in within):
            return [_codes_below(self.codes, area)]
        return [_codes_below(self.codes, one) for one in within if one.startswith(area)]

    def _within(self, boxes: Sequence[Box]) -> bool:
        extent = self.extent
        return extent is not None and any(
            b[0] <= extent[0] and b[1] <= extent[1] and b[2] >= extent[2] and b[3] >= extent[3] for b in boxes
        )


def token(states: Sequence[CountyState], touch: Touch, now: datetime) -> bytes:
    """16 bytes that are the same while nothing that `touch` names has changed. `now` is on the county's clock."""
    digest = blake2b(digest_size=16)
    for state in states:
        if not state.meets(touch):
            continue
        digest.update(b"county %d" % state.county)
        if touch.county:
            digest.update(state.whole)
            for part in state.related(state.parts, touch.within):
                digest.update(part)
        if touch.patrols:
            for plan in state.related(state.plans, touch.within):
                digest.update(plan)
        if touch.cells:
            at = state.touched(touch)
            digest.update(state.codes[at].tobytes())
            digest.update((state.revisions if touch.households else state.versions)[at].tobytes())
    if touch.today:
        digest.update(now.date().isoformat().encode())
    if touch.quarter:
        digest.update(b"%d:%d" % (now.hour, now.minute // 15))
    return digest.digest()


def _codes_below(codes: NDArray[np.int64], area: str) -> slice:
    """Where the cells of an area lie in the sorted codes; the empty text is everywhere."""
    if not area:
        return slice(0, len(codes))
    scale = 10 ** (_CELL_DIGITS - len(area))
    low, high = np.searchsorted(codes, [int(area) * scale, (int(area) + 1) * scale])
    return slice(int(low), int(high))


def _positions(parts: Sequence[slice]) -> NDArray[np.int64]:
    """The positions of several parts, in order."""
    listed = [np.arange(part.start, part.stop, dtype=np.int64) for part in parts]
    return np.concatenate(listed) if listed else np.zeros(0, np.int64)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]
