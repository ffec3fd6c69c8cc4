"""Names of streets along their lines, each once, where nothing else stands. Pure; units of the drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import atan2, cos, degrees, radians, sin
from typing import Any, Final

import numpy as np
import shapely

from maps.patrol_sheet.marks import Room, Xy
from maps.report.svg import measure

_SIZE: Final = 9.0
_ROOM: Final = 6.0
_CLEAR: Final = 11.0  # around the marks of stops

Placed = tuple[str, Xy, float]


def names_along(lines: Any, names: Sequence[str], avoid: Sequence[Xy], size: tuple[float, float]) -> Iterator[Placed]:
    """Each name, its middle and its turn in degrees (never upside down), on a long and nearly straight piece of its
    street that is free. A street too short for its name, or all covered, has none. `lines` has one entry for each of
    `names`."""
    room = Room(*size, _ROOM)
    for at in avoid:
        room.take(at, _CLEAR)
    by_name: dict[str, list[Any]] = defaultdict(list)
    for line, name in zip(lines, names, strict=True):
        if name and not line.is_empty:
            by_name[name].append(line)
    longest = sorted(by_name.items(), key=lambda item: -sum(line.length for line in item[1]))
    for name, own in longest:
        placed = _placed(name, own, room)
        if placed is not None:
            yield placed


def _placed(name: str, lines: Sequence[Any], room: Room) -> Placed | None:
    long = measure(name, _SIZE)
    for piece in _pieces(lines, long):
        (x0, y0), (x1, y1) = piece[0], piece[-1]
        turn = degrees(atan2(y1 - y0, x1 - x0))
        turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
        middle = (float(x0 + x1) / 2, float(y0 + y1) / 2)
        spots = _spots(middle, turn, long)
        if room.free(np.array(spots), _ROOM).all():
            for spot in spots:
                room.take(spot, _ROOM)
            return name, middle, turn
    return None


def _spots(middle: Xy, turn: float, long: float) -> list[Xy]:
    """Circles that cover a text."""
    steps = np.linspace(-long / 2, long / 2, max(2, int(long / 8)))
    return [(middle[0] + cos(radians(turn)) * s, middle[1] + sin(radians(turn)) * s) for s in steps]


def _pieces(lines: Sequence[Any], long: float) -> Iterator[Any]:
    """Stretches as long as the text, nearly straight ones only, those in the middle of the longest line first."""
    merged = shapely.line_merge(shapely.union_all(list(lines)))
    for line in sorted(shapely.get_parts(merged), key=lambda one: -one.length):
        if line.length < long * 1.15:
            return
        for share in (0.5, 0.3, 0.7, 0.15, 0.85):
            centre = max(long / 2, min(line.length - long / 2, share * line.length))
            points = shapely.get_coordinates(
                shapely.line_interpolate_point(line, centre + np.linspace(-0.5, 0.5, 5) * long)
            )
            straight = float(np.hypot(*(points[-1] - points[0])))
            if straight > 0.93 * long:
                yield points
