"""An order cut into parts, as even as can be. Pure.

`long` has the seconds of every part there could be: shape (n, n), of the things i … j (both of them) at [i, j]; what
lies below the diagonal is not looked at.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gis.patrol.network import Floats, Ints

Part = tuple[int, int]  # from one place in the order up to before another

_HALVINGS: Final = 18


def filled(long: Floats, limit_s: float) -> list[Part]:
    """Parts in order, each as long as the limit allows and of one thing at least."""
    parts, i = [], 0
    while i < len(long):
        j = i + 1
        while j < len(long) and long[i, j] <= limit_s:
            j += 1
        parts.append((i, j))
        i = j
    return parts


def even(long: Floats, number: int) -> list[Part]:
    """At most so many parts: the longest as short as can be, and then the sum of their squares the least, so that none
    is a remnant."""
    best = _shortest(long, number)
    return _squares(long, len(best), _longest(long, best))


def _longest(long: Floats, parts: list[Part]) -> float:
    return max(float(long[i, j - 1]) for i, j in parts)


def _shortest(long: Floats, number: int) -> list[Part]:
    """At most so many parts, the longest as short as can be, by halving."""
    best = [(0, len(long))]
    low, high = 0.0, _longest(long, best)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        parts = filled(long, middle)
        if len(parts) <= number and _longest(long, parts) <= middle:
            best, high = parts, middle
        else:
            low = middle
    return best


def _squares(long: Floats, number: int, most_s: float) -> list[Part]:
    """Just so many parts, none longer than `most_s` (there must be such), with the least sum of squares.

    The least for the first j things in k parts is that for the first i in k - 1 parts and one part more, for the best
    i; all j at once, for each size of the last part.
    """
    sizes = [np.diagonal(long, d) for d in range(len(long))]
    fits = [size for size in range(1, len(long) + 1) if (sizes[size - 1] <= most_s).any()]
    cost = {size: np.where(sizes[size - 1] <= most_s, sizes[size - 1] ** 2, np.inf) for size in fits}
    least = np.full(len(long) + 1, np.inf)
    least[0] = 0.0
    last: list[Ints] = []  # of each number of parts and things: how many are in the last part
    for _ in range(number):
        grown, took = np.full_like(least, np.inf), np.zeros(len(least), np.int64)
        for size in fits:
            tried = least[:-size] + cost[size]
            better = tried < grown[size:]
            grown[size:][better] = tried[better]
            took[size:][better] = size
        least = grown
        last.append(took)
    parts, end = [], len(long)
    for took in reversed(last):
        parts.append((end - int(took[end]), end))
        end = parts[-1][0]
    return parts[::-1]
