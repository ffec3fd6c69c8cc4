"""Real or chance: where more disputes were recorded than the number of households explains. Pure.

Each cell is judged with its neighbours. Expected are the cases that they would have if every household of the county
had as many (indirect standardisation); the question is how often chance alone brings as many as were recorded, or more.
Chance is Poisson, or, where cells scatter more than Poisson does, the sum of their negative binomial counts
(`gis.disputes.tails`). As every cell is asked, the answers are held to a false discovery rate of 5 % (Benjamini and
Hochberg, 1995).

Hot never says "dangerous": it says "more recorded disputes than the number of households explains". And where so little
is expected that a threefold rate would hardly be noticed, the answer is "too few to say", not "nothing there".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from gis.disputes.rates import with_itself
from gis.disputes.tails import at_least
from gis.disputes.verdicts import Course, Verdict

Floats = NDArray[np.float64]

FALSE_DISCOVERIES: Final = 0.05
NOTICED_RATE: Final = 3.0  # times the county's rate
NOTICED_CHANCE: Final = 0.5
MIN_CASES: Final = 5  # fewer are never called hot
# Overdispersion is taken as real where chance alone would bring it as rarely as this.
_OVERDISPERSED: Final = 0.01
_TRIMMED: Final = 0.005  # of the cells at either end: a hot block is no scatter of all cells
_MOST_DISPERSED: Final = 10.0  # the α of cells half of which have hardly any


@dataclass(frozen=True, slots=True)
class HotSpots:
    """Judgements of cells (n,): verdicts, cases recorded and expected with the neighbours, their ratio, p-values and
    those after correction (NaN where nothing is said), and the scatter beyond Poisson (0: none) of single cells."""

    verdicts: NDArray[np.str_]
    observed: Floats
    expected: Floats
    p: Floats
    q: Floats
    dispersion: float

    @property
    def ratio(self) -> Floats:
        """Recorded ÷ expected; NaN where nothing is expected."""
        nothing = np.full(len(self.observed), np.nan)
        found: Floats = np.divide(self.observed, self.expected, out=nothing, where=self.expected > 0)
        return found


def hot_spots(cases: Floats, households: Floats, links: sp.csr_array) -> HotSpots:
    """Judges cells by cases (n,), households (n,) and their neighbours (`gis.disputes.rates.neighbours`).

    Cases may be what a reader of the published tables expects (`disclosure.expected`), and then need not be whole; they
    are rounded down by the neighbourhood, which calls nothing hot by rounding. Cells without households are not judged,
    and their cases do not count. No cells or no cases: nothing is hot.
    """
    lived_in = households > 0
    cases = np.where(lived_in, cases, 0.0)
    total = households.sum()
    single = households * (cases.sum() / total if total else 0.0)
    around = with_itself(links)
    observed, expected = np.floor(around @ cases + 1e-9), around @ single
    dispersion = scatter(cases[lived_in], single[lived_in])
    variance = expected + dispersion * (around @ single**2)
    if dispersion:
        by_chance = at_least(observed, around, single, dispersion)
    else:
        by_chance = _at_least(observed, expected, expected)
    p = np.where(lived_in & (expected > 0), by_chance, np.nan)
    q = np.full(len(p), np.nan)
    judged = ~np.isnan(p)
    if judged.any():
        q[judged] = stats.false_discovery_control(p[judged])
    # Where nothing at all was recorded, there is not more than its households explain, whatever is next to it.
    hot = judged & (q <= FALSE_DISCOVERIES) & (observed >= MIN_CASES) & (cases > 0)
    too_few = judged & ~hot & ~noticeable(expected, variance)
    verdicts = np.select(
        [~judged, hot, too_few], [Verdict.no_households, Verdict.hot, Verdict.too_few], Verdict.as_expected
    )
    return HotSpots(np.where(lived_in & ~judged, Verdict.too_few, verdicts), observed, expected, p, q, dispersion)


def scatter(cases: Floats, expected: Floats) -> float:
    """By how much cells (n,) scatter beyond Poisson: the α of variance = e + α e²; 0 where chance explains it.

    By the squared residuals of the middle 99 % of the cells, so that a hot block that is looked for does not hide
    itself: the α whose negative binomial counts, with these means and cut alike, have as large ones. Deterministic: the
    counts are quantiles, not draws.
    """
    used = expected > 0
    cases, expected = cases[used], expected[used]
    if len(cases) < 20:
        return 0.0
    found = _trimmed_squares(cases, expected).mean()
    by_chance = _squares_by_chance(expected, 0.0)
    deviation = by_chance.std() / np.sqrt(len(by_chance))
    if found <= by_chance.mean() + stats.norm.isf(_OVERDISPERSED) * deviation:
        return 0.0

    def short_of_it(dispersion: float) -> float:
        return float(found - _squares_by_chance(expected, dispersion).mean())

    if short_of_it(_MOST_DISPERSED) >= 0:
        return _MOST_DISPERSED
    return float(brentq(short_of_it, 0.0, _MOST_DISPERSED, xtol=1e-3))


def _trimmed_squares(cases: Floats, expected: Floats) -> Floats:
    residual = (cases - expected) / np.sqrt(expected)
    low, high = np.quantile(residual, [_TRIMMED, 1 - _TRIMMED])
    squares: Floats = residual[(residual >= low) & (residual <= high)] ** 2
    return squares


def _squares_by_chance(expected: Floats, dispersion: float) -> Floats:
    """The same of counts with these means that scatter by chance and by `dispersion` (0: Poisson)."""
    ranks = (np.random.default_rng(0).permutation(len(expected)) + 0.5) / len(expected)
    if dispersion == 0:
        return _trimmed_squares(stats.poisson.ppf(ranks, expected), expected)
    shape = _negative_binomial(expected, expected + dispersion * expected**2)
    return _trimmed_squares(stats.nbinom.ppf(ranks, *shape), expected)


def noticeable(expected: Floats, variance: Floats) -> NDArray[np.bool_]:
    """Where a threefold rate would more likely than not be noticed (at 5 %, of one cell alone)."""
    critical = _critical(expected, variance)
    grown = expected * NOTICED_RATE
    chance = _at_least(critical, grown, grown + (variance - expected) * NOTICED_RATE**2)
    found: NDArray[np.bool_] = (expected > 0) & (chance >= NOTICED_CHANCE)
    return found


def _critical(expected: Floats, variance: Floats) -> Floats:
    """The smallest count that chance reaches in at most 5 of 100 cases."""
    counts: Floats = stats.poisson.isf(FALSE_DISCOVERIES, expected) + 1
    wide = variance > expected * (1 + 1e-9)
    counts[wide] = stats.nbinom.isf(FALSE_DISCOVERIES, *_negative_binomial(expected[wide], variance[wide])) + 1
    return np.maximum(counts, float(MIN_CASES))


def _at_least(counts: Floats, expected: Floats, variance: Floats) -> Floats:
    """The chance of `counts` or more: Poisson, or negative binomial of this mean and variance where it is greater."""
    found: Floats = stats.poisson.sf(counts - 1, np.maximum(expected, 1e-300))
    wide = variance > expected * (1 + 1e-9)
    found[wide] = stats.nbinom.sf(counts[wide] - 1, *_negative_binomial(expected[wide], variance[wide]))
    return found


def _negative_binomial(expected: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """SciPy's size and share of this mean and variance; the variance is greater than the mean."""
    return expected**2 / (variance - expected), expected / variance


def courses(before: NDArray[np.str_], now: NDArray[np.str_]) -> NDArray[np.str_]:
    """What became of hot spots between the verdicts of two periods (n,): new, lasting, fading or none.

    Fading is only what was hot and is now as expected: "too few to say" says nothing.
    """
    was, is_ = before == Verdict.hot, now == Verdict.hot
    gone = was & (now == Verdict.as_expected)
    return np.select([is_ & ~was, is_ & was, gone], [Course.new, Course.lasting, Course.fading], Course.none)
