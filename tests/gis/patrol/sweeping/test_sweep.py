"""Sweeps: shortest where that can be proved, complete always, split by shift."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gis.errors import BadInput
from gis.patrol.network import Mode
from gis.patrol.sweeping import mixed
from gis.patrol.sweeping import sweep as sweeping
from gis.patrol.sweeping.chains import chained
from gis.patrol.sweeping.check import faults
from gis.patrol.sweeping.request import Sweep
from gis.patrol.sweeping.sweep import sweep
from tests.gis.patrol.sweeping.towns import lattice, random_town, shortest, town


@pytest.mark.parametrize("one_way", [0, 4])
def test_no_walk_is_shorter_tried_in_every_order(one_way: int) -> None:
    """Required streets in several pieces, parallel streets and loops, with and without a start, one-way streets."""
    several = 0
    for seed in range(24):
        network = random_town(seed, one_way=one_way)
        rng = np.random.default_rng(1000 + seed)
        required = np.sort(rng.choice(len(network.length_m), int(rng.integers(1, 7)), replace=False))
        start = None if seed % 2 else int(rng.integers(len(network.lon)))
        found = sweep(network, Mode.car, required, start)
        assert faults(network, Mode.car, required, start, None, found) == [], seed
        best = shortest(network, Mode.car, required, start)
        assert found.walk_m == pytest.approx(best, abs=1e-6), seed
        assert found.bound_m <= best + 1e-6
        several += len(found.walks[0].arcs) > len(required)
    assert several > 12


def test_streets_of_a_town_are_the_chinese_postman() -> None:
    """A grid of 4 × 4: 24 streets, 8 odd crossings at the border that are joined by 4 streets."""
    network = lattice(4, 4)
    found = sweep(network, Mode.foot, np.arange(24))
    assert found.walk_m == pytest.approx(2800)
    assert found.bound_m == pytest.approx(2800)
    assert found.walks[0].seconds == pytest.approx(2800 / 1.25)
    slow = sweep(network, Mode.foot, np.arange(24), speed_mps=0.5)
    assert slow.walks[0].seconds == pytest.approx(2400 / 0.5 + 400 / 1.25)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_walk_over_many_parts_is_as_long_as_the_bound_that_is_proved_for_it(seed: int) -> None:
    """A fifth of 420 streets, in some 40 pieces: the walk is made, the bound is reckoned, and they meet."""
    network = lattice(15, 15)
    rng = np.random.default_rng(seed)
    network = dataclasses.replace(network, length_m=rng.integers(40, 160, len(network.length_m)).astype(float))
    required = np.sort(rng.choice(len(network.length_m), len(network.length_m) // 5, replace=False))
    found = sweep(network, Mode.foot, required)
    assert found.bound_m <= found.walk_m * (1 + 1e-9)
    assert found.walk_m <= found.bound_m * 1.0001


def test_a_loop_takes_no_way_from_its_crossing() -> None:
    ways = chained(np.array([0, 0]), np.array([0, 1]), np.array([10.0, 50.0]), np.array([0, 1]), {0, 1})
    assert (ways.u.tolist(), ways.v.tolist(), ways.members) == ([0], [1], ((1,),))


@pytest.mark.parametrize("start", [None, 0])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_shift_splits_it_into_walks_that_are_none_longer(mode: Mode, start: int | None) -> None:
    network = lattice(6, 6, one_way=[20, 30, 35] if mode is Mode.car else [])
    required = np.arange(len(network.length_m))
    whole = sweep(network, mode, required, start)
    shift_s = whole.walks[0].seconds / 3
    found = sweep(network, mode, required, start, shift_s=shift_s)
    assert faults(network, mode, required, start, shift_s, found) == []
    assert 4 <= len(found.walks) <= 6
    assert found.walk_m < whole.walk_m * 1.7
    assert len(sweep(network, mode, required, start, shift_s=whole.walks[0].seconds).walks) == 1


def test_one_way_streets_are_swept_without_any_time_to_search(monkeypatch: pytest.MonkeyPatch) -> None:
    network = lattice(6, 6, one_way=[20, 30, 35, 41])
    required = np.array([0, 1, 20, 30, 33, 41, 58])
    best = sweep(network, Mode.car, required, 35)
    monkeypatch.setattr(mixed, "LIMIT_S", 0.0)
    found = sweep(network, Mode.car, required, 35)
    assert faults(network, Mode.car, required, 35, None, found) == []
    assert best.walk_m <= found.walk_m < 2 * best.walk_m


def test_what_no_shift_reaches_is_told() -> None:
    """A street 5 km away is too far for a shift of an hour on foot from the station; the others are walked."""
    network = town([(0, 0), (100, 0), (5000, 0), (5100, 0)], [(0, 1, 100), (1, 2, 4900), (2, 3, 100)])
    found = sweep(network, Mode.foot, np.array([0, 2]), 0, shift_s=3600)
    assert found.too_long.tolist() == [2]
    assert found.walk_m == 200
    assert found.street_m == 200
    assert sweep(network, Mode.foot, np.array([2]), 0, shift_s=3600).walks == ()


def test_nothing_asked_is_no_walk_and_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = lattice(3, 3)
    assert sweep(network, Mode.foot, np.zeros(0, np.int64)).walks == ()
    monkeypatch.setattr(sweeping, "MOST_EDGES", 5)
    with pytest.raises(BadInput, match="6 pieces of street, a sweep takes 5"):
        sweep(network, Mode.foot, np.arange(6))


def test_the_check_sees_what_is_wrong() -> None:
    network, required = lattice(3, 3), np.arange(12)
    found = sweep(network, Mode.foot, required, 0)
    [walk] = found.walks

    def told(**changed: object) -> str:
        return "; ".join(faults(network, Mode.foot, required, 0, None, with_walk(found, **changed)))

    def with_walk(sweep: Sweep, **changed: object) -> Sweep:
        return dataclasses.replace(sweep, walks=(dataclasses.replace(walk, **changed),))

    assert "does not begin where" in told(arcs=walk.arcs[[1, 0, *range(2, len(walk.arcs))]])
    assert "is in no walk" in told(fresh=np.zeros_like(walk.fresh))
    assert "swept twice" in told(fresh=np.ones_like(walk.fresh))
    assert "m long" in told(metres=1.0)
    assert "s at least" in told(seconds=1.0)
    assert "longer than the shift" in "".join(faults(network, Mode.foot, required, 0, 10.0, found))
    assert "not at 5" in "".join(faults(network, Mode.foot, required, 5, None, found))
