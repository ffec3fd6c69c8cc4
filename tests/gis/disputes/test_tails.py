"""The chance of a neighbourhood's cases where cells scatter: that of the sum, and not of one negative binomial."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import stats

from gis.disputes.hotspots import hot_spots
from gis.disputes.tails import at_least
from gis.disputes.verdicts import Verdict
from tests.gis.disputes.test_hotspots import square

Floats = NDArray[np.float64]


def exactly(means: Floats, dispersion: float, size: int = 1 << 16) -> Floats:
    """The chance of 0 or more, 1 or more, …: from the generating function of the sum, at the roots of unity."""
    z = np.exp(2j * np.pi * np.arange(size) / size)
    of_sum = np.prod([(1 - dispersion * mean * (z - 1)) ** (-1 / dispersion) for mean in means], axis=0)
    found: Floats = (np.fft.fft(of_sum).real / size)[::-1].cumsum()[::-1]
    return found


@pytest.mark.parametrize("scale", [0.05, 1.0, 20.0])
@pytest.mark.parametrize(("dispersion", "near"), [(0.05, 0.02), (0.5, 0.02), (3.0, 0.1)])
def test_it_is_the_exact_chance_far_into_the_tail(scale: float, dispersion: float, near: float) -> None:
    means = scale * np.random.default_rng(0).lognormal(0.0, 1.0, 9)
    exact = exactly(means, dispersion)
    counts = np.unique([np.searchsorted(-exact, -tail) for tail in (0.999, 0.7, 0.5, 0.3, 0.05, 1e-3, 1e-5, 1e-7)])
    counts = counts[counts > 0]
    around = sp.csr_array(np.ones((len(counts), 9)))
    assert at_least(counts.astype(float), around, means, dispersion) == pytest.approx(exact[counts], rel=near)


def test_one_negative_binomial_would_take_chance_for_a_pattern() -> None:
    means = 20 * np.random.default_rng(0).lognormal(0.0, 1.0, 9)
    around = sp.csr_array(np.ones((1, 9)))
    variance = means.sum() + 0.5 * (means**2).sum()
    count = np.array([float(np.searchsorted(-exactly(means, 0.5), -1e-5))])
    alone = stats.nbinom.sf(count - 1, means.sum() ** 2 / (variance - means.sum()), means.sum() / variance)
    assert at_least(count, around, means, 0.5) > 3 * alone


def test_where_nothing_is_expected_or_counted() -> None:
    around = sp.csr_array(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))
    found = at_least(np.array([0.0, 4.0, 3.0]), around, np.array([2.0, 1.0, 0.0]), 0.5)
    assert found[:2].tolist() == [1, 1]
    assert 0.2 < found[2] < 0.4
    assert at_least(np.zeros(0), sp.csr_array((0, 0)), np.zeros(0), 0.5).tolist() == []


def test_hardly_any_scatter_is_poisson() -> None:
    counts = np.array([1.0, 10.0, 17.0, 18.0, 19.0, 40.0])
    found = at_least(counts, sp.csr_array(np.ones((6, 9))), np.full(9, 2.0), 1e-9)
    assert found == pytest.approx(stats.poisson.sf(counts - 1, 18.0), rel=1e-4)
    more = at_least(np.arange(60.0), sp.csr_array(np.ones((60, 9))), np.full(9, 2.0), 0.5)
    assert (np.diff(more) < 0).all(), "over the mean as well"


def test_maps_that_only_scatter_have_a_hot_cell_as_rarely_as_is_said() -> None:
    links, households = square(20)
    rng = np.random.default_rng(20261130)
    maps = [rng.poisson(0.3 * households * rng.gamma(2.0, 0.5, 400)).astype(float) for _ in range(100)]
    hot = [(hot_spots(cases, households, links).verdicts == Verdict.hot).any() for cases in maps]
    assert np.mean(hot) <= 0.08
