"""Rows of a file become doorplates and households: who shares a door, which codes they get, what is refused."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.households.dwellings import Dwellings, made_codes, split_dwellings
from gis.households.grouping import components
from tests.examples import examples

COUNTY = 621126


def split(*rows: dict[str, Any]) -> Dwellings:
    frame = pd.DataFrame([{"lon": 104.0, "lat": 34.5, "row": at, **row} for at, row in enumerate(rows, start=1)])
    return split_dwellings(frame, COUNTY)


def doors_of(found: Dwellings) -> dict[int, str]:
    """Row of each household → address of its doorplate (or its code)."""
    name = found.doorplates.set_index("code")["address"].fillna("")
    return {
        row: name[code] for row, code in zip(found.households["row"], found.households["doorplate_code"], strict=True)
    }


def partition(found: Dwellings) -> set[frozenset[int]]:
    return {frozenset(rows) for rows in found.households.groupby("doorplate_code")["row"].agg(list)}


def reasons(found: Dwellings) -> list[tuple[int, str | None, str]]:
    return [(each.row, each.column, each.reason) for each in found.rejects]


def test_one_address_is_one_doorplate() -> None:
    found = split(
        {"address": "东街1号"}, {"address": "东街1号", "lon": 104.0005}, {"address": "东街2号", "lon": 104.01}
    )
    assert partition(found) == {frozenset({1, 2}), frozenset({3})}
    assert found.rejects == []


def test_one_point_is_one_doorplate() -> None:
    found = split({"address": None}, {"address": None, "lat": 34.50000003}, {"address": None, "lat": 34.5001})
    assert partition(found) == {frozenset({1, 2}), frozenset({3})}


def test_a_given_code_goes_before_address_and_point() -> None:
    found = split(
        {"doorplate_code": "D1", "address": "东街1号"},
        {"doorplate_code": "D2", "address": "东街1号"},
        {"doorplate_code": None, "address": "西街1号", "lon": 104.1},
    )
    assert len(partition(found)) == 3
    assert set(found.doorplates["code"][:2]) == {"621126-D1", "621126-D2"}
    assert found.doorplates["made"].tolist() == [False, False, True]


def test_rows_without_a_code_join_the_one_of_their_address_or_point() -> None:
    found = split(
        {"doorplate_code": "D1", "address": "东街1号"},
        {"doorplate_code": None, "address": "东街1号", "lon": 104.0001},
        {"doorplate_code": None, "address": None, "lon": 104.0},
    )
    assert partition(found) == {frozenset({1, 2, 3})}


def test_units_written_into_addresses() -> None:
    """A block whose rows differ in the unit at the end of the address."""
    found = split(*({"address": f"幸福路3号1单元{unit}"} for unit in (101, 102, 201)))
    assert found.doorplates["address"].tolist() == ["幸福路3号1单元"]
    assert found.households["unit"].tolist() == ["101", "102", "201"]


def test_different_addresses_at_one_point_become_units() -> None:
    """Farms that a geocoder put into the middle of their village."""
    found = split({"address": "张家庄2号"}, {"address": "李家沟1号"})
    assert found.doorplates["address"].tolist() == ["张家庄2号"]
    assert found.households["unit"].isna().tolist() == [True, False]
    assert found.households["unit"][1] == "李家沟1号"


def test_the_same_address_far_away_is_refused() -> None:
    found = split({"address": "一组1号"}, {"address": "一组1号"}, {"address": "一组1号", "lon": 104.01})
    assert reasons(found) == [(3, "address", "row 1 has the same address, 917 m away")]
    assert partition(found) == {frozenset({1, 2})}


def test_the_same_doorplate_code_far_away_is_refused() -> None:
    found = split(
        {"doorplate_code": "D"}, {"doorplate_code": "D", "lat": 34.51}, {"doorplate_code": "D", "lat": 34.5001}
    )
    assert [row for row, _, _ in reasons(found)] == [2]
    assert reasons(found)[0][1:] == ("doorplate_code", "row 1 has the same doorplate code, 1,113 m away")


def test_a_chain_of_addresses_and_points_ends_at_200_metres() -> None:
    """Each row shares an address or a point with the next; the whole would be 300 m long."""
    links = [{"address": f"{at // 2}号", "lon": 104.0 + (at + 1) // 2 * 0.0005} for at in range(12)]
    found = split(*links)
    assert found.rejects
    lon = found.households.merge(found.doorplates, left_on="doorplate_code", right_on="code")
    assert len(lon) + len(found.rejects) == 12


def test_repeated_codes_and_units() -> None:
    found = split(
        {"code": "A", "unit": "101"},
        {"code": "A", "unit": "102", "lon": 104.1},
        {"code": None, "unit": "103"},
        {"code": None, "unit": "103"},
        {"code": None, "unit": None},
        {"code": None, "unit": None},
    )
    assert reasons(found) == [
        (2, "code", "row 1 has the same code"),
        (4, "unit", "row 3 is the same unit of the same doorplate"),
    ]
    assert found.households["row"].tolist() == [1, 3, 5, 6]
    assert found.households["code"].is_unique


def test_codes_get_their_county() -> None:
    found = split({"code": "A", "doorplate_code": "621126-D"}, {"code": "621126000001", "lon": 104.1})
    assert found.households["code"].tolist() == ["621126-A", "621126000001"]
    assert found.doorplates["code"][0] == "621126-D"


def test_made_codes_are_what_they_were() -> None:
    """Codes are stored: the way they are made must never change."""
    assert made_codes("621126", "doorplate", ["东街1号"]).tolist() == [
        split({"address": "东街1号"}).doorplates["code"][0]
    ]
    assert made_codes("621126", "household", ["x"]).tolist() == ["621126-xa7r6b4z00vj"]


def test_nothing_in_nothing_out() -> None:
    frame = pd.DataFrame({"row": [1], "lon": [104.0], "lat": [34.5]}).iloc[:0]
    found = split_dwellings(frame, COUNTY)
    assert len(found.doorplates) == len(found.households) == len(found.rejects) == 0


def test_what_the_file_does_not_say_stays_null() -> None:
    found = split({"address": "东街1号"})
    assert found.households[["status", "interval_days", "registered_on", "reached_before"]].isna().all(axis=None)


rows_of_files = st.lists(
    st.fixed_dictionaries(
        {
            "lon": st.sampled_from([104.0, 104.0004, 104.0008, 104.01]),
            "lat": st.sampled_from([34.5, 34.5004]),
            "address": st.sampled_from([None, "东街1号", "东街2号", "一组1号1室", "一组1号2室"]),
            "unit": st.sampled_from([None, "101", "102"]),
            "code": st.sampled_from([None, None, "A", "B"]),
            "doorplate_code": st.sampled_from([None, None, None, "D1", "D2"]),
        }
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=examples(200), deadline=None)
@given(rows=rows_of_files, seed=st.integers(0, 2**16))
def test_every_row_is_a_household_or_a_reject_and_order_does_not_matter(rows: list[dict[str, Any]], seed: int) -> None:
    frame = pd.DataFrame(rows).assign(row=np.arange(1, len(rows) + 1))
    found = split_dwellings(frame, COUNTY)
    assert sorted([*found.households["row"], *(each.row for each in found.rejects)]) == list(range(1, len(rows) + 1))
    assert found.households["code"].is_unique
    assert found.doorplates["code"].is_unique
    assert set(found.households["doorplate_code"]) == set(found.doorplates["code"])
    if not found.rejects:
        shuffled = split_dwellings(frame.sample(frac=1, random_state=seed), COUNTY)
        assert set(shuffled.households["code"]) == set(found.households["code"])
        assert sorted(shuffled.doorplates["code"]) == sorted(found.doorplates["code"])


def test_components_follow_long_chains() -> None:
    number = 10_000
    one, other = np.arange(number) // 2, (np.arange(number) + 1) // 2
    order = np.random.default_rng(5).permutation(number)
    assert components(one[order], other[order]).max() == 0
    assert components(np.arange(5), np.full(5, -1)).tolist() == [0, 1, 2, 3, 4]


def test_a_hundred_thousand_rows_take_no_time() -> None:
    number = 100_000
    at = np.arange(number)
    door = at // 25
    frame = pd.DataFrame(
        {
            "row": at + 1,
            "lon": 104 + door % 1000 / 1000,
            "lat": 34.5 + door // 1000 / 1000,
            "address": "示范村" + pd.Series(door).astype(str) + "号",
            "unit": pd.Series(at % 25).astype(str) + "室",
        }
    )
    started = time.process_time()
    found = split_dwellings(frame, COUNTY)
    assert time.process_time() - started < 5
    assert (len(found.doorplates), len(found.households), len(found.rejects)) == (4_000, number, 0)
