"""An order cut into parts: none a remnant."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gis.patrol.network import Floats
from gis.patrol.sweeping.parts import even, filled


def sums(things: list[float]) -> Floats:
    """The seconds of parts where nothing lies between the things."""
    after = np.concatenate([[0.0], np.cumsum(things)])
    return after[1:] - after[:-1, np.newaxis]


def lengths(long: Floats, parts: list[tuple[int, int]]) -> list[float]:
    return [float(long[i, j - 1]) for i, j in parts]


def test_what_fills_the_limit_leaves_a_remnant_and_even_does_not() -> None:
    long = sums([10.0] * 10)
    assert lengths(long, filled(long, 30)) == [30, 30, 30, 10]
    assert sorted(lengths(long, even(long, 4))) == [20, 20, 30, 30]
    assert lengths(long, even(long, 1)) == [100]
    assert lengths(sums([5.0]), even(sums([5.0]), 3)) == [5]


@pytest.mark.parametrize("seed", range(8))
def test_no_other_cut_is_more_even(seed: int) -> None:
    """Against every cut there is: the longest first, then the sum of squares."""
    rng = np.random.default_rng(seed)
    things = rng.integers(1, 40, 9).astype(float)
    long = sums(list(things)) + rng.integers(0, 30, (9, 1)) + rng.integers(0, 30, 9)  # the ways there and back
    found = even(long, 4)
    assert [i for i, _ in found[1:]] == [j for _, j in found[:-1]]
    assert (found[0][0], found[-1][1]) == (0, 9)
    number = len(found)
    cuts = ([0, *inner, 9] for inner in itertools.combinations(range(1, 9), number - 1))
    told = [lengths(long, list(itertools.pairwise(cut))) for cut in cuts]
    longest = min(max(one) for one in told)
    least = min(sum(x * x for x in one) for one in told if max(one) == longest)
    assert sum(x * x for x in lengths(long, found)) == pytest.approx(least)
    assert max(lengths(long, found)) == longest
