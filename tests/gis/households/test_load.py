"""Writing dwellings: insert, update by code, the same file twice, and figures that follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gis.errors import BadInput
from gis.households.check import check
from gis.households.load import load_dwellings, new_ids
from gis.households.visits import record_visits
from gis.storage.engine import Store
from gis.storage.report import LoadReport
from tests.conftest import Filled
from tests.gis.world import COUNTY, SETTINGS, STEP, TODAY, build, cell_code, dwellings, visit


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("households_load_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 3, 2: 3}, units=2)


def load(store: Store, doors: pd.DataFrame, homes: pd.DataFrame, days_later: int = 0) -> LoadReport:
    with store.begin() as conn:
        return load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=TODAY + timedelta(days=days_later))


def clean(store: Store) -> bool:
    with store.read() as conn:
        return list(check(conn, SETTINGS)) == []


def snapshot(store: Store) -> list[object]:
    with store.read() as conn:
        tables = ("doorplate", "household", "coverage_histogram", "cell_revision")
        return [conn.execute(text(f"SELECT t::text FROM everycell.{t} t ORDER BY 1")).scalars().all() for t in tables]


def test_the_same_frames_again_change_nothing(county: Store) -> None:
    with county.begin() as conn:
        record_visits(conn, [visit("990101-D001-0000-00", 3)], SETTINGS)
    before = snapshot(county)
    report = load(county, *dwellings({1: 3, 2: 3}, units=2), days_later=5)
    assert (report.inserted, report.updated, report.unchanged) == (0, 0, 12)
    assert snapshot(county) == before


def test_what_changed_is_updated_and_counted(county: Store) -> None:
    with county.begin() as conn:
        record_visits(conn, [visit("990101-D001-0000-00", 3), visit("990101-D001-0001-00", 4)], SETTINGS)
    doors, homes = dwellings({1: 4, 2: 3}, units=2)
    doors.loc[doors["code"] == "990101-D001-0001", "lon"] += STEP  # into cell 2
    homes["status"] = None
    homes.loc[homes["code"] == "990101-D001-0000-00", "status"] = "exempt"
    homes["reached_before"] = None
    homes.loc[homes["code"] == "990101-D002-0001-00", "reached_before"] = TODAY - timedelta(days=300)
    homes.loc[homes["code"] == "990101-D001-0001-00", "reached_before"] = TODAY - timedelta(days=300)
    homes.loc[homes["code"] == "990101-D002-0000-01", "doorplate_code"] = "990101-D001-0003"
    report = load(county, doors, homes)
    assert (report.inserted, report.updated, report.unchanged) == (2, 4, 8)
    assert clean(county)
    with county.read() as conn:
        moved = conn.execute(text("SELECT cell FROM everycell.doorplate WHERE code = '990101-D001-0001'")).scalar()
        kept = conn.execute(
            text("SELECT last_reached_on FROM everycell.household WHERE code = '990101-D001-0001-00'")
        ).scalar()
        joined = conn.execute(
            text("SELECT households FROM everycell.doorplate WHERE code = '990101-D001-0003'")
        ).scalar()
    assert (moved, kept, joined) == (cell_code(2), TODAY - timedelta(days=4), 3)


def test_what_stands_outside_is_rejected_by_row(county: Store) -> None:
    doors, homes = dwellings({1: 3, 2: 4}, units=2)
    doors.loc[doors["code"] == "990101-D002-0003", "lat"] += 1
    report = load(county, doors, homes)
    assert [reject.row for reject in report.rejects] == [13, 14]
    assert "no cell of county 990101" in report.rejects[0].reason
    assert report.unchanged == 12
    assert clean(county)


def test_no_cells_no_dwellings(store: Store) -> None:
    with pytest.raises(BadInput, match="import its cells"):
        load(store, *dwellings({1: 1}))


def test_empty_frames(county: Store) -> None:
    doors, homes = dwellings({})
    assert load(county, doors, homes).inserted == 0
    assert clean(county)


def test_two_loads_in_one_transaction(county: Store) -> None:
    with county.begin() as conn:
        for count in (4, 5):
            doors, homes = dwellings({3: count})
            load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=TODAY)
    assert clean(county)


def test_progress_counts_every_row(county: Store) -> None:
    seen: list[int] = []
    doors, homes = dwellings({3: 10}, units=3)
    with county.begin() as conn:
        load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=TODAY, on_progress=seen.append)
    assert sum(seen) == 30


def test_new_ids_are_random_uuids_in_order() -> None:
    ids = new_ids(500)
    assert ids == sorted(set(ids))
    assert {(UUID(one).version, UUID(one).variant) for one in ids} == {(4, "specified in RFC 4122")}
    assert not set(ids) & set(new_ids(500))
    assert new_ids(0) == []


def test_households_of_a_door_lie_side_by_side_in_the_order_of_their_ids(store: Store) -> None:
    doors, homes = dwellings({1: 40}, units=3)
    with store.begin() as conn:
        build(conn)
        load_dwellings(conn, COUNTY, doors, homes.sample(frac=1, random_state=1), SETTINGS, today=TODAY)
        rows = conn.execute(text("SELECT id, doorplate FROM everycell.household ORDER BY ctid")).all()
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert [row.doorplate for row in rows] == sorted(row.doorplate for row in rows)


def test_codes_that_have_ended_are_not_used_again(store: Store) -> None:
    """Of households, and of doorplates with all behind them; whoever deleted them."""
    doors, homes = dwellings({1: 3}, units=2)
    with store.begin() as conn:
        build(conn, {1: 3}, units=2)
        conn.execute(text("DELETE FROM everycell.household WHERE code LIKE '990101-D001-0000-%'"))
        conn.execute(text("DELETE FROM everycell.doorplate WHERE code = '990101-D001-0000'"))
        conn.execute(text("DELETE FROM everycell.household WHERE code = '990101-D001-0001-01'"))
    with store.begin() as conn:
        report = load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=TODAY)
    assert [(reject.row, reject.column) for reject in report.rejects] == [(1, "code"), (2, "code"), (4, "code")]
    assert report.inserted == 0
    with store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM everycell.household")).scalar_one() == 3
    assert clean(store)
    with pytest.raises(DBAPIError, match="never used again"), store.begin() as conn:
        conn.execute(text("UPDATE everycell.doorplate SET code = '990101-D001-0000' WHERE code = '990101-D001-0002'"))
