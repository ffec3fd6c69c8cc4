"""Which part of a route goes on which map, so that each can be read. Pure; metres in, ranges of stops out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]  # shape (n, 2): metres east, north
Box = tuple[float, float, float, float]  # west, south, east, north in metres

SCALES: Final = (2_000, 2_500, 3_000, 4_000, 5_000, 6_000, 7_500, 10_000, 12_500, 15_000, 20_000, 25_000)
_COARSER: Final = (30_000, 40_000, 50_000, 75_000, 100_000, 150_000, 200_000, 300_000, 500_000, 1_000_000)
_MARGIN_MM: Final = 9.0  # room for the marks of stops at the edge
_CLOSE_MM: Final = 1.6  # stops closer than this on paper are not told apart
_CROWDED: Final = 0.4  # share of such stops from which a map is drawn at a larger scale in parts
_CLOSEST: Final = 2_500  # a map that is larger than this is never called crowded


@dataclass(frozen=True, slots=True)
class Paper:
    """Room for a map: millimetres wide, and from `lowest` to `highest` high."""

    width: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class View:
    """A map's frame: its middle in metres, the scale 1:`scale`, its size in mm."""

    x: float
    y: float
    scale: int
    width: float
    height: float

    @property
    def box(self) -> Box:
        """What it shows, in metres."""
        wide, tall = (side / 2000 * self.scale for side in (self.width, self.height))
        return self.x - wide, self.y - tall, self.x + wide, self.y + tall


def view(box: Box, paper: Paper) -> View:
    """The largest of our scales at which a box fits, no higher than it needs to be."""
    west, south, east, north = box
    wide, tall = (side * 1000 for side in (east - west, north - south))
    free = paper.width - 2 * _MARGIN_MM, paper.highest - 2 * _MARGIN_MM
    all_scales = (*SCALES, *_COARSER)
    scale = next((s for s in all_scales if wide / s <= free[0] and tall / s <= free[1]), None)
    if scale is None:
        scale = int(max(wide / free[0], tall / free[1])) + 1
    height = min(paper.highest, max(paper.lowest, tall / scale + 2 * _MARGIN_MM))
    return View((west + east) / 2, (south + north) / 2, scale, paper.width, height)


def parts(stops: Points, legs: Sequence[Points], paper: Paper, worst: int) -> list[range]:
    """Stops (n, 2) of a route in as few runs as can be read: each fits on `paper` at 1:`worst` or larger, and not many
    of its stops lie on one another. `legs` (n of them at least) lead to each stop. Split where the way is longest.

    No stop: no part. A stop alone is a part, whatever it takes.
    """
    if not len(stops):
        return []
    whole = range(len(stops))

    def split(run: range) -> list[range]:
        if len(run) == 1 or _readable(stops, legs, run, paper, worst):
            return [run]
        longest = max(
            run[1:], key=lambda n: (float(np.hypot(*(stops[n] - stops[n - 1]))), -abs(n - run[len(run) // 2]))
        )
        return split(range(run.start, longest)) + split(range(longest, run.stop))

    found: list[range] = []
    for run in split(whole):
        joined = range(found[-1].start, run.stop) if found else run
        if found and _readable(stops, legs, joined, paper, worst):
            found[-1] = joined
        else:
            found.append(run)
    return found


def box_of(stops: Points, legs: Sequence[Points], run: range) -> Box:
    """The box around a run of stops and the ways between them, in metres."""
    every = np.concatenate([stops[run.start : run.stop], *(legs[n] for n in run[1:])])
    (west, south), (east, north) = every.min(axis=0), every.max(axis=0)
    return float(west), float(south), float(east), float(north)


def _readable(stops: Points, legs: Sequence[Points], run: range, paper: Paper, worst: int) -> bool:
    scale = view(box_of(stops, legs, run), paper).scale
    if scale > worst:
        return False
    return scale <= _CLOSEST or _close(stops[run.start : run.stop], scale) <= _CROWDED


def _close(stops: Points, scale: int) -> float:
    """The share of stops that lie closer to another than can be told apart on paper."""
    if len(stops) < 2:
        return 0.0
    apart = np.hypot(*(stops[:, None] - stops[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    return float(np.mean(apart.min(axis=1) * 1000 / scale < _CLOSE_MM))
