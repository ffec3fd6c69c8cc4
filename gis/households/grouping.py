"""Which rows of a file of dwellings share a doorplate. Pure, on arrays of row numbers; -1 is "no label" throughout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

POINT_DEG: Final = 1e-7
_METRES_PER_DEG: Final = 111_320.0


@dataclass(frozen=True)
class Far:
    """Rows that stand `metres` from the `main` row of those with the same `what` (doorplate_code or address)."""

    what: str
    rows: Ints
    main: Ints
    metres: Floats


@dataclass(frozen=True)
class Points:
    """Points in units of 1e-7 degrees (about a centimetre); `label` numbers the different ones."""

    x: Ints
    y: Ints
    label: Ints

    @classmethod
    def of(cls, lon: Floats, lat: Floats) -> Points:
        x, y = np.rint(lon / POINT_DEG).astype(np.int64), np.rint(lat / POINT_DEG).astype(np.int64)
        return cls(x, y, pd.factorize(x * 4_000_000_000 + y)[0].astype(np.int64))

    def metres(self, one: Ints, other: Ints) -> Floats:
        """Distances between rows, good to a percent within a county."""
        north = (self.y[one] - self.y[other]) * POINT_DEG
        east = (self.x[one] - self.x[other]) * POINT_DEG * np.cos(np.radians(self.y[one] * POINT_DEG))
        return np.asarray(np.hypot(north, east) * _METRES_PER_DEG, dtype=np.float64)


def group_rows(given: Ints, address: Ints, points: Points, same_m: float) -> tuple[Ints, list[Far]]:
    """The group of every row, numbered from 0, and the rows that are in none (-1) because they are too far off.

    `given` labels the doorplate codes of the file, `address` its addresses. Rows with a code go by it; a row without
    one joins the code of its address, or of its point, if there is only one; what is left hangs together by address or
    point.
    """
    found = _Grouping(given.copy(), points, same_m)
    found.refuse(given, main_rows(given, points), "doorplate_code")
    # A doorplate with a code stands where its own rows are; those that join it have no say in that.
    anchors = main_rows(np.where(found.out, -1, given), points)
    for key in (address, points.label):
        _follow(found.group, key, found.out)
        found.refuse(np.where(given < 0, found.group, -1), anchors, "address")
    left = np.where(found.group < 0, address, -1)
    found.refuse(left, main_rows(np.where(found.out, -1, left), points), "address")
    rest = np.flatnonzero((found.group < 0) & ~found.out)
    joined = np.full(len(given), -1, dtype=np.int64)
    joined[rest] = components(address[rest], points.label[rest])
    found.refuse(joined, main_rows(joined, points), "address")
    group = np.where(joined >= 0, joined + len(anchors), found.group)
    return packed(np.where(found.out, -1, group)), found.far


class _Grouping:
    """Groups while they are made; `out` marks rows that are in none because they are too far off."""

    def __init__(self, group: Ints, points: Points, same_m: float) -> None:
        self.group, self.points, self.same_m = group, points, same_m
        self.out: Mask = np.zeros(len(group), dtype=bool)
        self.far: list[Far] = []

    def refuse(self, labels: Ints, main: Ints, what: str) -> None:
        """Put out the rows that stand far from the `main` row of their label."""
        index = np.flatnonzero((labels >= 0) & ~self.out)
        centre = main[labels[index]]
        metres = self.points.metres(index, centre)
        off = metres > self.same_m
        if off.any():
            self.far.append(Far(what, index[off], centre[off], metres[off]))
            self.out[index[off]] = True


def _follow(group: Ints, key: Ints, out: Mask) -> None:
    """Rows without a group join the one of the rows with the same key, where there is exactly one."""
    coded = (group >= 0) & (key >= 0) & ~out
    pairs = pd.DataFrame({"key": key[coded], "group": group[coded]}).drop_duplicates()
    pairs = pairs.drop_duplicates("key", keep=False)
    free = np.flatnonzero((group < 0) & (key >= 0) & ~out)
    if len(pairs) and free.size:
        group[free] = pd.Series(key[free]).map(pairs.set_index("key")["group"]).fillna(-1).to_numpy(dtype=np.int64)


def main_rows(group: Ints, points: Points) -> Ints:
    """For every group a row at the point where most of its rows stand; the south-western one of several."""
    index = np.flatnonzero(group >= 0)
    main = np.full(int(group.max(initial=-1)) + 1, -1, dtype=np.int64)
    pair = group[index] * (int(points.label.max(initial=0)) + 1) + points.label[index]
    _, first, count = np.unique(pair, return_index=True, return_counts=True)
    first = index[first]
    worst_first = np.lexsort((-points.y[first], -points.x[first], count))
    main[group[first[worst_first]]] = first[worst_first]  # the best is written last and stays
    return main


def packed(labels: Ints) -> Ints:
    """Labels renumbered 0, 1, … in order of appearance; -1 stays."""
    renumbered = np.full(len(labels), -1, dtype=np.int64)
    renumbered[labels >= 0] = pd.factorize(labels[labels >= 0])[0]
    return renumbered


def components(one: Ints, other: Ints) -> Ints:
    """Which rows hang together through equal labels in `one` or `other`, numbered from 0.

    Every round gives a row the smallest row number within reach and then jumps to that row's own, so that a chain of n
    links takes about log2(n) rounds.
    """
    keys = (packed(one), packed(other))
    label = np.arange(len(one), dtype=np.int64)
    while True:
        before = label.copy()
        for key in keys:
            has = key >= 0
            least = np.full(int(key.max(initial=-1)) + 1, len(label), dtype=np.int64)
            np.minimum.at(least, key[has], label[has])
            label[has] = least[key[has]]
        label = label[label]
        if (label == before).all():
            return packed(label)
