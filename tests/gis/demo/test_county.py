"""The generated county: it tiles, it is what was asked for, the same for the same seed, and it knows no person."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from gis.demo.county import COUNTY_CODE, DemoCounty, generate
from gis.errors import BadInput
from gis.households.visits import Outcome, Purpose
from gis.sites.categories import Category

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def county() -> DemoCounty:
    return generate(seed=7, households=60_000, today=TODAY)


@pytest.fixture(scope="module")
def small() -> DemoCounty:
    return generate(seed=3, households=4_000, today=TODAY, visits_per_household=5.0)


def cells(county: DemoCounty) -> np.ndarray:
    return np.asarray(county.cells.geometry.array)


def test_counts_are_those_of_a_real_county(county: DemoCounty) -> None:
    levels = county.divisions["level"].value_counts()
    assert levels.to_dict() == {"county": 1, "town": 3, "village": 23}
    assert len(county.cells) == 250
    assert (county.cells["code"].str[:9] == COUNTY_CODE + "001").sum() == 81
    assert len(county.dwellings) == 60_000
    assert 36_000 <= county.dwellings["doorplate_code"].nunique() <= 44_000
    assert len(county.sites) > 150
    assert set(county.streets["class"]) == {1, 2, 3, 4}


def test_cells_tile_exactly_on_the_grid(county: DemoCounty) -> None:
    polygons = cells(county)
    assert shapely.coverage_is_valid(polygons)
    assert shapely.is_valid(polygons).all()
    assert (np.round(shapely.get_coordinates(polygons), 8) == shapely.get_coordinates(polygons)).all()
    whole = shapely.coverage_union_all(polygons)
    assert whole.geom_type == "Polygon"
    assert shapely.get_num_interior_rings(whole) == 0


def test_villages_and_towns_are_unions_of_their_cells_in_one_piece(county: DemoCounty) -> None:
    for code, shape in zip(county.divisions["code"], county.divisions.geometry, strict=True):
        assert shape.geom_type == "Polygon"
        own = cells(county)[county.cells["code"].str.startswith(code)]
        assert shape.equals(shapely.coverage_union_all(own))


def test_codes_nest_and_are_used_once(county: DemoCounty) -> None:
    codes = set(county.divisions["code"])
    assert set(county.cells["village"]) == {code for code in codes if len(code) == 12}
    assert county.cells["code"].is_unique
    assert county.dwellings["code"].is_unique
    assert county.dwellings["code"].str.startswith(COUNTY_CODE).all()
    assert county.sites["code"].is_unique


def test_every_door_stands_in_a_cell_and_has_an_address_of_its_own(county: DemoCounty) -> None:
    doors = county.dwellings.drop_duplicates("doorplate_code")
    points = shapely.points(doors["lon"], doors["lat"])
    assert len(np.unique(shapely.STRtree(cells(county)).query(points, predicate="within")[0])) == len(doors)
    assert doors["address"].is_unique
    assert not county.dwellings.duplicated(["doorplate_code", "unit"]).any()


def test_houses_keep_apart_from_each_other(county: DemoCounty) -> None:
    doors = county.dwellings.drop_duplicates("doorplate_code")
    metres = shapely.points(doors["lon"] * 111_320 * np.cos(np.radians(34.5)), doors["lat"] * 110_940)
    one, two = shapely.STRtree(metres).query(metres, predicate="dwithin", distance=7.0)
    assert (one == two).all()


def test_town_cells_are_small_and_hill_cells_are_large(county: DemoCounty) -> None:
    per_cell = pd.Series(county.habits.cell_of).value_counts()
    area = pd.Series(shapely.area(cells(county)))
    dense = per_cell[per_cell > 400].index
    assert area[dense].median() < area.median() / 3
    assert 2 <= (per_cell.reindex(county.cells.index, fill_value=0) == 0).sum() <= 4
    assert county.cells["confirmed_empty_on"].notna().sum() == 1


def test_visits_are_uneven_recent_and_from_the_closed_lists(county: DemoCounty) -> None:
    visits = pd.concat(list(county.visits()))
    assert visits["id"].is_unique
    assert set(visits["outcome"]) == set(Outcome)
    assert set(visits["purpose"]) == set(Purpose)
    assert visits["team"].str.fullmatch(r"T\d\d").all()
    assert (visits["outcome"] == "reached").mean() == pytest.approx(0.75, abs=0.03)
    local = visits["visited_at"].dt.tz_convert("Asia/Shanghai")
    assert local.max().date() < TODAY
    assert local.dt.hour.between(9, 20).all()
    assert (TODAY - local.min().date()).days <= 366
    covered = _covered(county, visits)
    assert (covered > 0.9).sum() >= 5
    assert (covered < 0.1).sum() >= 20


def _covered(county: DemoCounty, visits: pd.DataFrame) -> pd.Series:
    """Share of each inhabited cell's households reached since the round began."""
    since = pd.Timestamp(county.round.first_on, tz="Asia/Shanghai")
    reached = set(visits.loc[(visits["outcome"] == "reached") & (visits["visited_at"] >= since), "household"])
    return county.dwellings["code"].isin(reached).groupby(county.habits.cell_of).mean()


def test_the_round_is_open(county: DemoCounty) -> None:
    assert county.round.first_on < TODAY < county.round.last_on
    assert county.round.area == COUNTY_CODE
    assert 0 < county.round.target <= 100


def test_same_seed_same_county(small: DemoCounty) -> None:
    again = generate(seed=3, households=4_000, today=TODAY, visits_per_household=5.0)
    pd.testing.assert_frame_equal(again.dwellings, small.dwellings)
    assert again.cells.geometry.equals(small.cells.geometry)
    other = generate(seed=4, households=4_000, today=TODAY)
    assert not other.dwellings["lon"].equals(small.dwellings["lon"])


def test_visits_do_not_depend_on_the_chunks_they_come_in(small: DemoCounty) -> None:
    whole = pd.concat(list(small.visits(chunk=10**9)), ignore_index=True)
    pieces = list(small.visits(chunk=3_000))
    assert len(pieces) > 1
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), whole)
    assert len(whole) == pytest.approx(5.0 * 4_000, rel=0.05)
    assert whole["row"].tolist() == list(range(1, len(whole) + 1))


@pytest.mark.parametrize(
    ("seed", "households", "visits"),
    [(1, 2_000, 0.5), (2, 2_500, 1.0), (3, 4_000, 2.4), (4, 2_000, 12.0), (5, 9_000, 50.0)],
)
def test_the_average_counts_those_nobody_visits(seed: int, households: int, visits: float) -> None:
    county = generate(seed=seed, households=households, today=TODAY, visits_per_household=visits)
    made = pd.concat(list(county.visits()))
    assert len(made) == pytest.approx(visits * households, rel=0.05)
    per_cell = made["household"].value_counts().reindex(county.dwellings["code"], fill_value=0).to_numpy()
    mean = pd.Series(per_cell).groupby(county.habits.cell_of).mean()
    assert (mean == 0).sum() >= 2
    assert mean.max() > 1.3 * mean[mean > 0].min()


@pytest.mark.parametrize("seed", range(4))
def test_small_counties_tile_whatever_the_seed(seed: int) -> None:
    county = generate(seed=seed, households=2_500, today=TODAY)
    assert shapely.coverage_is_valid(cells(county))
    assert len(county.dwellings) == 2_500


def test_sites_are_facilities_of_the_closed_list(county: DemoCounty) -> None:
    assert set(county.sites["category"]) <= set(Category)
    assert county.sites["last_checked_on"].isna().any()
    points = shapely.points(county.sites["lon"], county.sites["lat"])
    assert shapely.intersects(shapely.coverage_union_all(cells(county)), points).all()


def test_frames_have_no_column_for_a_person(county: DemoCounty) -> None:
    assert set(county.dwellings.columns) == {
        "row",
        "lon",
        "lat",
        "doorplate_code",
        "address",
        "code",
        "unit",
        "status",
        "registered_on",
        "reached_before",
    }


def test_a_county_of_too_few_households_is_refused() -> None:
    with pytest.raises(BadInput, match="at least 2,000"):
        generate(households=1_999)
    assert len(generate(households=2_000, today=TODAY).dwellings) == 2_000
