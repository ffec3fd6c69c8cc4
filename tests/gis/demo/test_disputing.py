"""The cases of the generated county: the same for the same seed, and each goes a way that the workflow allows."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from gis.codes import Level
from gis.demo.disputing import HOUSEHOLDS_A_CASE, disputes
from gis.disputes.categories import Category
from gis.disputes.workflow import OPEN, State, check_change, check_level

TODAY, ZONE = date(2026, 11, 20), ZoneInfo("Asia/Shanghai")


def made(seed: int = 7, number: int = 40_000) -> list[object]:
    rng = np.random.default_rng(1)
    lon, lat = 104 + rng.random(number) * 0.2, 34.5 + rng.random(number) * 0.2
    return list(disputes(lon, lat, TODAY, ZONE, seed))


def test_the_same_for_the_same_seed() -> None:
    assert made() == made()
    assert made() != made(8)
    days = (TODAY - date(TODAY.year - 1, 1, 1)).days
    assert len(made()) == 40_000 * days // (HOUSEHOLDS_A_CASE * 365)


def test_every_case_goes_an_allowed_way_and_ends_before_today() -> None:
    states = set()
    rng = np.random.default_rng(1)
    for case in disputes(104 + rng.random(90_000), 34.5 + rng.random(90_000), TODAY, ZONE, 7):
        state, level, at = State.registered, Level.cell, case.reported_at
        for step in case.steps:
            assert at < step.at
            assert step.at.astimezone(ZONE).date() <= TODAY
            at = step.at
            if step.state is not None:
                check_change(state, step.state, code=step.code)
                state = step.state
            if step.level is not None:
                check_level(state, level, step.level)
                level = step.level
        states.add(state)
        assert case.category in Category
    assert len(states) >= 7
    assert states & OPEN
