"""Where numbers stand on a map so that none covers another: beside their stops where it is crowded. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Final

import numpy as np
import numpy.typing as npt

Xy = tuple[float, float]
Points = npt.NDArray[np.float64]  # shape (n, 2)

_TURNS: Final = 16
_RINGS: Final = 14


def _around() -> Points:
    """Places around a mark of radius 1, the nearest first, from its upper right on."""
    ring, turn = (each.ravel() for each in np.meshgrid(np.arange(_RINGS), np.arange(_TURNS), indexing="ij"))
    angle = 2 * pi * (turn + 0.5 * (ring % 2)) / _TURNS - pi / 4
    found: Points = np.column_stack([np.cos(angle), np.sin(angle)]) * (1.5 + 0.55 * ring)[:, None]
    return found


_AROUND: Final = _around()


class Room:
    """What is taken on a map of a size, as circles in its units; nothing goes nearer to its edge than `edge`."""

    def __init__(self, width: float, height: float, edge: float) -> None:
        self._low, self._high = np.array([edge, edge]), np.array([width - edge, height - edge])
        self._taken: list[tuple[float, float, float]] = []

    def take(self, at: Xy, radius: float) -> None:
        self._taken.append((*at, radius))

    def free(self, at: Points, radius: float) -> npt.NDArray[np.bool_]:
        """At which places (n, 2) a circle fits."""
        inside = ((at >= self._low) & (at <= self._high)).all(axis=1)
        held = np.asarray(self._taken).reshape(-1, 3)
        apart = np.hypot(*(at[:, None] - held[None, :, :2]).transpose(2, 0, 1))
        found: npt.NDArray[np.bool_] = inside & (apart >= held[:, 2] + radius).all(axis=1)
        return found


def place(stops: Sequence[Xy], radius: float, room: Room) -> list[Xy]:
    """A place for the mark of each stop: on it, else on the nearest ring around it where there is room.

    Where there is none within reach it lies on its stop, over others: nothing is left out.
    """
    at = np.array(stops, float).reshape(-1, 2)
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    # Whoever has room to stand on its own stop does; only then are others moved.
    stays = (apart >= 2.2 * radius).all(axis=1) & room.free(at, radius)
    for stop in at[stays]:
        room.take(_xy(stop), radius)
    for stop in at:
        room.take(_xy(stop), radius * 0.3)  # the dots that moved marks lead to stay free
    for number in np.flatnonzero(~stays):
        there = at[number] + radius * _AROUND
        free = np.flatnonzero(room.free(there, radius))
        at[number] = there[free[0]] if len(free) else at[number]
        room.take(_xy(at[number]), radius)
    return [_xy(one) for one in at]


def _xy(at: Points) -> Xy:
    return float(at[0]), float(at[1])
