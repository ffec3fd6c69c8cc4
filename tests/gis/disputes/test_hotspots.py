"""Rates and Gi* are R's and PySAL's; hot is what chance does not explain."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from esda.getisord import G_Local
from esda.smoothing import Empirical_Bayes
from libpysal.weights import WSP
from numpy.typing import NDArray
from scipy import stats

from gis.disputes.hotspots import courses, hot_spots, noticeable, scatter
from gis.disputes.rates import crude, gi_star, neighbours, shrunk, shrunk_locally, with_itself
from gis.disputes.verdicts import Course, Verdict

Floats = NDArray[np.float64]


def table(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def within(x: Floats, y: Floats, distance: float) -> sp.csr_array:
    near = np.hypot(x[:, None] - x, y[:, None] - y) <= distance + 1e-9
    return neighbours(len(x), np.argwhere(np.triu(near, 1)))


@pytest.mark.data
def test_gi_star_is_that_of_spdep(shared_data: Path) -> None:
    found = table(shared_data / "ref" / "getisord_localG.csv")
    x, y, values, wanted = (found[name].astype(float) for name in ("x", "y", "val", "GiStar"))
    assert np.allclose(gi_star(values, within(x, y, 30.0)), wanted, atol=1e-10)
    at = np.flatnonzero((x == 210) & (y == 210))
    for distance, z in ((30, 1.450780), (60, 1.900559), (90, 2.096939), (120, 1.981907), (150, 1.306698)):
        assert gi_star(values, within(x, y, distance))[at] == pytest.approx(z, abs=1e-6)


@pytest.mark.data
def test_empirical_bayes_is_that_of_spdep(shared_data: Path) -> None:
    found = table(shared_data / "ref" / "nc_sids_eb.csv")
    births, deaths = found["BIR74"].astype(float), found["SID74"].astype(float)
    pairs = table(shared_data / "ref" / "nc_sids_queen_pairs.csv")
    links = neighbours(len(births), np.column_stack([pairs["i"].astype(int), pairs["j"].astype(int)]) - 1)
    rates = shrunk(deaths, births)
    assert np.allclose(crude(deaths, births), found["raw"].astype(float), rtol=1e-12)
    assert np.allclose(rates, found["eb_global"].astype(float), rtol=1e-12)
    assert np.allclose(shrunk_locally(deaths, births, links), found["eb_local_queen"].astype(float), rtol=1e-10)
    assert np.allclose(gi_star(rates, links), found["gistar_queen_on_eb"].astype(float), atol=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_both_are_those_of_esda() -> None:
    links, households = square(12)
    cases = np.random.default_rng(1).poisson(0.05 * households).astype(float)
    weights = WSP(sp.csr_matrix(links)).to_W(silence_warnings=True)
    esda = G_Local(cases, weights, transform="B", permutations=0, star=True)
    assert np.allclose(gi_star(cases, links), esda.Zs, atol=1e-10)
    assert np.allclose(shrunk(cases, households), Empirical_Bayes(cases, households).r.ravel(), rtol=1e-12)


def square(side: int, seed: int = 0) -> tuple[sp.csr_array, Floats]:
    """A square of cells, neighbours by edge or corner, with uneven households."""
    at = np.arange(side * side).reshape(side, side)
    pairs = [(at[:, :-1], at[:, 1:]), (at[:-1], at[1:]), (at[:-1, :-1], at[1:, 1:]), (at[1:, :-1], at[:-1, 1:])]
    flat = np.concatenate([np.column_stack([one.ravel(), other.ravel()]) for one, other in pairs])
    households = np.random.default_rng(seed).lognormal(5.0, 1.0, side * side).round()
    return neighbours(side * side, flat), households


def test_neighbours_are_mutual_whichever_way_they_are_told() -> None:
    links = neighbours(4, np.array([[0, 1], [1, 0], [2, 1], [3, 3]]))
    assert links.toarray().tolist() == [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert with_itself(links).diagonal().tolist() == [1, 1, 1, 1]
    assert neighbours(2, np.zeros((0, 2), np.int64)).nnz == 0


def test_without_households_there_is_no_rate() -> None:
    cases, households = np.array([3.0, 2.0, 8.0]), np.array([0.0, 100.0, 100.0])
    links = neighbours(3, np.array([[0, 1], [1, 2]]))
    for rates in (crude(cases, households), shrunk(cases, households), shrunk_locally(cases, households, links)):
        assert np.isnan(rates).tolist() == [True, False, False]
    assert np.isnan(shrunk(np.array([1.0]), np.array([0.0]))).all()
    assert 0.02 <= shrunk(cases, households)[1] <= 0.05 <= shrunk(cases, households)[2] <= 0.08


def test_gi_star_of_what_is_all_the_same() -> None:
    links, _ = square(4)
    assert (gi_star(np.full(16, 3.0), links) == 0).all()
    assert gi_star(np.array([1.0]), neighbours(1, np.zeros((0, 2), np.int64))).tolist() == [0.0]
    everybody = neighbours(3, np.array([[0, 1], [1, 2], [0, 2]]))
    assert (gi_star(np.array([1.0, 2.0, 3.0]), everybody) == 0).all()


def test_a_block_of_three_times_is_found_and_called_new_then_lasting_then_fading() -> None:
    links, households = square(20)
    at = np.arange(400).reshape(20, 20)[8:11, 8:11].ravel()
    rng = np.random.default_rng(5)
    mean = 0.05 * households
    raised = mean.copy()
    raised[at] *= 3
    calm, one, two = (hot_spots(rng.poisson(m).astype(float), households, links) for m in (mean, raised, raised))
    assert not (calm.verdicts == Verdict.hot).any()
    assert (one.verdicts[at] == Verdict.hot).mean() >= 0.5
    assert courses(calm.verdicts, one.verdicts)[at[4]] == Course.new
    assert courses(one.verdicts, two.verdicts)[at[4]] == Course.lasting
    assert courses(two.verdicts, calm.verdicts)[at[4]] == Course.fading
    assert (courses(calm.verdicts, calm.verdicts) == Course.none).all()
    assert one.ratio[at[4]] > 2


def test_recorded_and_expected_are_those_of_the_neighbourhood() -> None:
    links = neighbours(3, np.array([[0, 1]]))
    found = hot_spots(np.array([2.0, 4.0, 6.0]), np.array([10.0, 20.0, 30.0]), links)
    assert found.observed.tolist() == [6, 6, 6]
    assert found.expected == pytest.approx([6, 6, 6])
    assert found.p == pytest.approx(stats.poisson.sf(5, 6))
    assert found.dispersion == 0


def test_too_few_to_say_is_an_answer_of_its_own() -> None:
    links, households = square(10)
    cases = np.zeros(100)
    cases[:6] = 1
    found = hot_spots(cases, households, links)
    assert set(found.verdicts) == {Verdict.too_few}
    many = hot_spots(np.round(households / 10), households, links)
    assert set(many.verdicts) == {Verdict.as_expected}
    assert (hot_spots(np.zeros(100), households, links).verdicts == Verdict.too_few).all()


def test_four_cases_are_never_hot() -> None:
    links = neighbours(60, np.zeros((0, 2), np.int64))
    cases, households = np.zeros(60), np.full(60, 1000.0)
    households[0], cases[0] = 1.0, 4.0
    cases[1:] = 1.0
    assert hot_spots(cases, households, links).verdicts[0] != Verdict.hot
    cases[0] = 5.0
    assert hot_spots(cases, households, links).verdicts[0] == Verdict.hot


def test_a_cell_without_households_is_not_judged_and_does_not_count() -> None:
    links = neighbours(3, np.array([[0, 1], [1, 2]]))
    found = hot_spots(np.array([500.0, 5.0, 5.0]), np.array([0.0, 50.0, 50.0]), links)
    assert found.verdicts[0] == Verdict.no_households
    assert np.isnan(found.p[0])
    assert found.observed[1] == 10
    nobody = hot_spots(np.array([1.0]), np.array([0.0]), neighbours(1, np.zeros((0, 2), np.int64)))
    assert nobody.verdicts.tolist() == [Verdict.no_households]
    assert np.isnan(nobody.ratio).all()


def test_scatter_is_none_by_chance_and_about_what_it_is() -> None:
    rng = np.random.default_rng(3)
    mean = rng.lognormal(2.0, 0.8, 2500)
    by_chance = [scatter(rng.poisson(mean).astype(float), mean) for _ in range(20)]
    assert sum(value > 0 for value in by_chance) <= 2
    wide = [scatter(rng.poisson(4 * mean * rng.gamma(2.0, 0.5, 2500)).astype(float), 4 * mean) for _ in range(5)]
    assert np.median(wide) == pytest.approx(0.5, rel=0.1)
    assert scatter(np.r_[np.zeros(400), np.full(20, 900.0)], np.full(420, 5.0)) == 10.0, "the most that is looked for"
    assert scatter(np.ones(5), np.ones(5)) == 0


def test_what_would_be_noticed() -> None:
    assert noticeable(np.array([0.0, 0.5, 2.0, 50.0]), np.array([0.0, 0.5, 2.0, 50.0])).tolist() == [
        False,
        False,
        True,
        True,
    ]


def test_where_nothing_was_recorded_is_never_hot() -> None:
    links, _ = square(12)
    households = np.full(144, 200.0)
    cases = np.full(144, 8.0)
    middle = 5 * 12 + 5
    cases[[middle - 1, middle + 1, middle - 12, middle + 12]] = 60.0
    assert hot_spots(cases, households, links).verdicts[middle] == Verdict.hot
    cases[middle] = 0.0
    assert hot_spots(cases, households, links).verdicts[middle] == Verdict.as_expected
