"""Rates of cells and how far they differ from their neighbours': Empirical Bayes and Gi*. Pure.

The formulas are spdep's `EBest`, `EBlocal` and `localG`; the tests hold them against values of R and against PySAL's
esda. esda itself is not used in the service: it loads 140 MB and takes 4 s, for what is written here in a few lines.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def neighbours(count: int, pairs: Ints) -> sp.csr_array:
    """Pairs (m, 2) of cells with a common border as a symmetric 0/1 matrix (count, count) without its diagonal.

    Each pair may be there in one direction or in both.
    """
    if not len(pairs):
        return sp.csr_array((count, count), dtype=np.float64)
    one, other = pairs[pairs[:, 0] != pairs[:, 1]].T
    links = sp.coo_array((np.ones(2 * len(one)), (np.r_[one, other], np.r_[other, one])), shape=(count, count)).tocsr()
    links.data[:] = 1.0
    return links


def with_itself(links: sp.csr_array) -> sp.csr_array:
    """The neighbourhood of each cell: its neighbours and itself."""
    return sp.csr_array(links + sp.eye_array(links.shape[0], format="csr"))


def crude(cases: Floats, households: Floats) -> Floats:
    """Cases per household (n,); NaN where there is no household: such a cell has no rate."""
    rates: Floats = np.divide(cases, households, out=np.full(len(cases), np.nan), where=households > 0)
    return rates


def shrunk(cases: Floats, households: Floats) -> Floats:
    """Rates (n,) drawn to the common rate, the more the fewer households a cell has; NaN without households.

    Global Empirical Bayes by the method of moments (Marshall, Mapping disease and mortality rates, 1991).
    """
    lived_in = households > 0
    found = np.full(len(cases), np.nan)
    rates, homes = crude(cases, households)[lived_in], households[lived_in]
    if not len(rates):
        return found
    mean = cases[lived_in].sum() / homes.sum()
    spread = (homes * (rates - mean) ** 2).sum() / homes.sum()
    found[lived_in] = _draw(rates, homes, mean, max(spread - mean / homes.mean(), 0.0))
    return found


def shrunk_locally(cases: Floats, households: Floats, links: sp.csr_array) -> Floats:
    """Rates (n,) drawn to the rate of the cell and its neighbours; NaN without households (Marshall, 1991, p. 286)."""
    lived_in = households > 0
    around = with_itself(links) @ sp.diags_array(lived_in.astype(np.float64))
    homes = around @ households
    mean = np.divide(around @ cases, homes, out=np.zeros(len(cases)), where=homes > 0)
    rates = np.where(lived_in, crude(cases, households), 0.0)
    # Each neighbour's rate is held against the mean around that neighbour, as spdep has it after Marshall; GeoDa and
    # esda hold it against the mean around the cell.
    squares = around @ (households * (rates - mean) ** 2)
    spread = np.divide(squares, homes, out=np.zeros_like(mean), where=homes > 0)
    number = around.sum(axis=1)
    excess = np.maximum(spread - np.divide(mean * number, homes, out=np.zeros_like(mean), where=homes > 0), 0.0)
    return np.where(lived_in, _draw(rates, np.where(lived_in, households, 1.0), mean, excess), np.nan)


def _draw(rates: Floats, homes: Floats, mean: Floats | float, excess: Floats | float) -> Floats:
    noise = np.asarray(mean / homes)
    weight = np.divide(excess, excess + noise, out=np.zeros_like(rates), where=excess + noise > 0)
    drawn: Floats = mean + weight * (rates - mean)
    return drawn


def gi_star(values: Floats, links: sp.csr_array) -> Floats:
    """Gi* as a z-value (n,), with binary weights (Ord and Getis, Local spatial autocorrelation statistics, 1995).

    For a colour, not for a judgement: with uneven households it calls chance a hot spot far too often
    (`gis.disputes.hotspots`). Zeros where all values are the same.
    """
    around = with_itself(links)
    count, number = len(values), around.sum(axis=1)
    variance = values.var()
    if count < 2 or variance == 0:
        return np.zeros(count)
    scale = np.sqrt(variance * np.maximum(count * number - number**2, 0) / (count - 1))
    z: Floats = np.divide(around @ values - values.mean() * number, scale, out=np.zeros(count), where=scale > 0)
    return z
