"""Two who write at once, one of them by SQL: who waits for whom, and what each then sees. None dies of a deadlock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pandas as pd
import pytest
from shapely import box
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gis.access.audit import Action, note
from gis.access.scope import ALL
from gis.cells import changesets, history
from gis.cells.changesets import Editor
from gis.cells.editing.operations import Create, SetAttributes
from gis.cells.editing.replay import digest
from gis.cells.load import load_divisions
from gis.disputes import snap_points
from gis.households.check import check
from gis.households.load import load_dwellings
from gis.households.visits import record_visits
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, sqlstate
from tests.conftest import Filled
from tests.gis.cells.test_changesets import AREA, EDITOR, cut, edit, take_back
from tests.gis.cells.test_changesets import place as point
from tests.gis.cells.test_direct_edits import DRAW, SHAPE, move_border, place, signed_in
from tests.gis.world import COUNTY, SETTINGS, SOUTH, STEP, TODAY, VILLAGE, WEST, build, cell_code, divisions, visit

T = TypeVar("T")
DOOR = "INSERT INTO everycell.doorplate (county, code, geom) VALUES (990101, :code, ST_Point(:x, :y, 4490))"
MOVE = "UPDATE everycell.doorplate SET geom = ST_Point(:x, :y, 4490) WHERE code = :code"
RENAME = "UPDATE everycell.cell SET name = :name WHERE code = :code"


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("cells_interleavings_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 6, 2: 6, 5: 3})
    with store.begin() as conn:  # a month of visits is there: nothing has to wait for its table
        assert record_visits(conn, [visit("990101-D005-0002-00")], SETTINGS).accepted == 1


@pytest.fixture
def li(county: Store, cluster: Cluster) -> Iterator[Store]:
    yield from signed_in(county, cluster, "li", "990101")


@pytest.fixture
def zhao(county: Store, cluster: Cluster) -> Iterator[Store]:
    yield from signed_in(county, cluster, "zhao", "990101")


@contextmanager
def meanwhile(store: Store, work: Callable[[], T]) -> Iterator[Future[T]]:
    """Something in another thread that has begun, and waits for a lock, when the block begins."""
    pool = ThreadPoolExecutor(1)
    begun = pool.submit(work)
    until = time.monotonic() + 60
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    try:
        while not begun.done():
            with store.engine.connect() as conn:
                if conn.execute(asked).scalar_one():
                    break
            assert time.monotonic() < until, "it neither waits nor ends"
            time.sleep(0.01)
        assert not begun.done(), "it did not wait"
        yield begun
        pool.shutdown()
    finally:
        pool.shutdown(wait=False)  # after a failure it may wait for what the caller has yet to roll back


def door(code: str, number: int, east: float, north: float = 0.5) -> dict[str, Any]:
    x, y = point(number, east, north)
    return {"code": f"990101-{code}", "x": x, "y": y}


def cell_of(store: Store, code: str) -> str:
    with store.read() as conn:
        found = conn.execute(text("SELECT cell FROM everycell.doorplate WHERE code = :c"), {"c": f"990101-{code}"})
        return str(found.scalar_one())


def whole(store: Store) -> None:
    with store.read() as conn:
        assert list(check(conn, SETTINGS)) == []
        for revision, grid in history.replay(conn, COUNTY):
            assert digest(grid) == digest(history.grid_of(conn, AREA, revision)), revision
        assert digest(history.replayed(conn, COUNTY)) == digest(history.grid_of(conn, AREA))


# ---- a publisher and others


def test_a_door_is_deleted_while_a_publisher_waits_for_it(county: Store) -> None:
    with county.begin() as conn:
        conn.execute(text(DOOR), [door("a", 1, 0.8), door("b", 1, 0.85), door("c", 1, 0.9)])
    with county.engine.connect() as conn:
        conn.execute(text("DELETE FROM everycell.doorplate WHERE code = '990101-a'"))
        with meanwhile(county, lambda: edit(county, cut(1, 0.6))) as publishing:
            conn.commit()
        publishing.result()
    assert {cell_of(county, code) for code in "bc"} == {cell_code(7)}
    whole(county)


def test_a_door_is_moved_by_sql_while_its_cell_is_cut(county: Store, li: Store) -> None:
    with county.begin() as conn:
        conn.execute(text(DOOR), door("a", 1, 0.8))

    def move() -> None:
        with li.begin() as conn:
            conn.execute(text(MOVE), door("a", 1, 0.9))

    with county.begin(ALL.settings()) as conn:
        conn.execute(text("SELECT everycell.lock_codes(990101), everycell.lock_grid(990101)"))
        with meanwhile(county, move) as moving:
            changesets.edit_now(conn, EDITOR, area=AREA, title="试", ops=[cut(1, 0.6)], today=TODAY)
            conn.commit()
            moving.result()
    assert cell_of(county, "a") == cell_code(7)
    whole(county)


def test_a_cell_is_cut_in_qgis_while_another_is_put(county: Store, li: Store) -> None:
    """QGIS asks for a code late, when it writes the second half; the service before all else."""
    with li.begin() as conn:
        conn.execute(text(SHAPE), place(cell_code(1), 0, 0.5))
        with meanwhile(county, lambda: edit(county, SetAttributes(cell_code(6), "别处"))) as putting:
            half = place(cell_code(1), 0.5, 1) | {"village": VILLAGE, "name": "东半"}
            assert conn.execute(text(DRAW), half).scalar_one() == cell_code(7)
            conn.commit()
            putting.result()
    whole(county)


def test_two_save_the_same_cell_in_qgis_at_once(county: Store, li: Store, zhao: Store) -> None:
    """Each with a neighbour of it. The second is told what it has come to, not that it was chosen as a victim."""

    def other() -> None:
        with zhao.begin() as conn:
            conn.execute(text(SHAPE), place(cell_code(2), 1, 2.1))
            conn.execute(text(SHAPE), place(cell_code(3), 2.1, 3))

    with li.begin() as conn:
        conn.execute(text(SHAPE), place(cell_code(1), 0, 0.9))
        with meanwhile(county, other) as saving:
            conn.execute(text(SHAPE), place(cell_code(2), 0.9, 2))
            conn.commit()
            with pytest.raises(DBAPIError, match=r"GAP: .* between cells .*002 and .*001") as caught:
                saving.result()
    assert sqlstate(caught.value) == "EC001"
    whole(county)


def test_two_save_neighbours_in_qgis_at_once(county: Store, li: Store, zhao: Store) -> None:
    def other() -> None:
        with zhao.begin() as conn:
            conn.execute(text(RENAME), {"code": cell_code(2), "name": "西"})
            conn.execute(text(RENAME), {"code": cell_code(1), "name": "东"})

    with li.begin() as conn:
        conn.execute(text(SHAPE), place(cell_code(1), 0, 0.9))
        with meanwhile(county, other) as saving:
            conn.execute(text(SHAPE), place(cell_code(2), 0.9, 2))
            conn.commit()
            saving.result()
    with county.read() as conn:
        cells = history.grid_of(conn, AREA).cells
    assert (cells[cell_code(1)].name, cells[cell_code(2)].name) == ("东", "西")
    assert cells[cell_code(1)].polygon.bounds[2] == pytest.approx(WEST + 0.9 * STEP)
    whole(county)


def test_an_import_of_divisions_waits_for_a_publisher(county: Store) -> None:
    """Both write the same rows, from the outside in and from the inside out."""
    frame = divisions()
    frame["name"] += "新"

    def imported() -> int:
        with county.begin() as conn:
            return load_divisions(conn, COUNTY, frame, today=TODAY, cut=False).updated

    with county.begin(ALL.settings()) as conn:
        beyond = Create(box(*point(3, 1, 0), *point(3, 2, 1)), VILLAGE, None, "东")
        changesets.edit_now(conn, EDITOR, area=AREA, title="试", ops=[beyond], today=TODAY)
        with meanwhile(county, imported) as importing:
            waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            assert conn.execute(waits).scalar_one() == 1
            conn.commit()
            assert importing.result() == 3
    whole(county)


def test_an_import_waits_for_who_places_doors(county: Store) -> None:
    doors = pd.DataFrame(
        [(1, "990101-n", "柳林村1号", WEST + 0.5 * STEP, SOUTH + 0.5 * STEP)],
        columns=["row", "code", "address", "lon", "lat"],
    )
    homes = pd.DataFrame([(1, "990101-n-1", "990101-n", "1")], columns=["row", "code", "doorplate_code", "unit"])

    def imported() -> int:
        with county.begin() as conn:
            return load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=TODAY).inserted

    with county.begin() as conn:
        conn.execute(text(DOOR), door("a", 2, 0.8))
        with meanwhile(county, imported) as importing:
            conn.execute(text(DOOR), door("b", 1, 0.8))
            conn.commit()
            assert importing.result() == 1
    whole(county)


def test_a_visit_of_a_household_that_moves_at_this_moment(county: Store) -> None:
    """The visit waits for the door that the household leaves, and counts behind the one it goes to."""
    with county.begin(ALL.settings()) as conn:
        there = conn.execute(text("SELECT id FROM everycell.doorplate WHERE code = '990101-D002-0000'")).scalar_one()
        conn.execute(
            text("SELECT everycell.write_household(990101, :code, :door, '9', 'active', 90, CAST(:day AS date))"),
            {"code": "990101-D001-0000-00", "door": there, "day": TODAY - timedelta(days=200)},
        )
        batch = [visit("990101-D001-0000-00"), visit("990101-D001-0001-00")]
        with meanwhile(county, lambda: county.retrying(lambda c: record_visits(c, batch, SETTINGS))) as recording:
            conn.commit()
            assert recording.result().accepted == 2
    with county.read() as conn:
        moved = conn.execute(
            text("SELECT cell, last_reached_on FROM everycell.household WHERE code = '990101-D001-0000-00'")
        )
        assert tuple(moved.one()) == (cell_code(2), TODAY)
    whole(county)


def test_a_visit_of_a_household_that_ends_at_this_moment(county: Store) -> None:
    """It is refused alone, and the others of its batch are recorded."""
    with county.begin(ALL.settings()) as conn:
        conn.execute(text("SELECT everycell.remove_household(990101, '990101-D001-0000-00')"))
        batch = [visit("990101-D001-0000-00"), visit("990101-D001-0001-00")]
        with meanwhile(county, lambda: county.retrying(lambda c: record_visits(c, batch, SETTINGS))) as recording:
            conn.commit()
            found = recording.result()
    assert (found.accepted, [(one.index, one.code) for one in found.refused]) == (1, [(0, "unknown-household")])
    whole(county)


@pytest.mark.parametrize(
    ("gone", "again"),
    [
        ("DELETE FROM everycell.doorplate WHERE code = '990101-a'", DOOR),
        ("UPDATE everycell.doorplate SET code = '990101-b' WHERE code = '990101-a'", DOOR),
        (
            "DELETE FROM everycell.doorplate WHERE code = '990101-a'",
            "UPDATE everycell.doorplate SET code = :code WHERE code = '990101-D001-0000'",
        ),
    ],
)
def test_a_code_that_ends_at_this_moment_is_not_used_again(county: Store, gone: str, again: str) -> None:
    with county.begin() as conn:
        conn.execute(text(DOOR), door("a", 1, 0.8))

    def other() -> None:
        with county.begin() as conn:
            conn.execute(text(again), door("a", 2, 0.8))

    with county.engine.connect() as conn:
        conn.execute(text(gone))
        with meanwhile(county, other) as adding:
            conn.commit()
            with pytest.raises(DBAPIError, match="990101-a was used before") as caught:
                adding.result()
    assert sqlstate(caught.value) == "EC002"
    whole(county)


# ---- what a transaction sees


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_who_would_not_see_what_it_has_waited_for_writes_nothing(county: Store, level: str) -> None:
    """A door that is placed by the cells of a snapshot would stand in a cell that is no more."""
    for statement, values in ((MOVE, door("D001-0000", 1, 0.8)), (RENAME, {"code": cell_code(3), "name": "x"})):
        with county.engine.connect().execution_options(isolation_level=level) as conn:
            conn.execute(text("SELECT count(*) FROM everycell.cell"))
            edit(county, cut(1, 0.6) if statement is MOVE else cut(2, 0.6))
            with pytest.raises(DBAPIError, match=f"isolation level {level.lower()}"):
                conn.execute(text(statement), values)
    whole(county)


# ---- one transaction that does several things


def names(store: Store) -> list[tuple[str, str]]:
    with store.read(ALL.settings()) as conn:
        found = changesets.listed(conn, [COUNTY])
    return [(one.title, one.area) for one in sorted(found, key=lambda one: one.revision or 0)]


def test_direct_edits_before_and_after_publishing_are_change_sets_of_their_own(county: Store) -> None:
    with county.begin(ALL.settings()) as conn:
        conn.execute(text(RENAME), {"code": cell_code(2), "name": "先"})
        made = changesets.edit_now(conn, EDITOR, area=AREA, title="试", ops=[cut(1, 0.6)], today=TODAY)
        conn.execute(text(RENAME), {"code": cell_code(1), "name": "后"})
        conn.execute(text(RENAME), {"code": cell_code(1), "name": "后来"})
    direct = ("direct edit by everycell", VILLAGE)
    assert names(county)[1:] == [direct, ("试", AREA), direct]
    whole(county)
    with county.read(ALL.settings()) as conn:
        last = max(changesets.listed(conn, [COUNTY]), key=lambda one: one.revision or 0)
        assert len(history.effect_of(conn, COUNTY, made.revision or 0)) == 3, "with the neighbour that got a node"
        last_one = changesets.get(conn, [COUNTY], last.id)
    take_back(county, last_one)
    take_back(county, made)
    whole(county)


def test_a_step_that_was_rolled_back_leaves_nothing(county: Store, li: Store) -> None:
    for editor in (county, li):
        with editor.begin() as conn:
            step = conn.begin_nested()
            conn.execute(text(SHAPE), place(cell_code(1), 0, 0.4))  # a gap
            step.rollback()
            conn.execute(text(RENAME), {"code": cell_code(3), "name": f"{editor is li}"})
            step = conn.begin_nested()
            conn.execute(text(SHAPE), place(cell_code(1), 0, 0.9))
            conn.execute(text(SHAPE), place(cell_code(2), 0.9, 2))
            conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            step.rollback()
            conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            conn.execute(text("SET CONSTRAINTS ALL DEFERRED"))
            conn.execute(text(RENAME), {"code": cell_code(4), "name": f"{editor is li}"})
        with county.read() as conn:
            revision = history.revision_of(conn, COUNTY)
            effect = history.effect_of(conn, COUNTY, revision)
        assert set(effect) == {cell_code(3), cell_code(4)}
    assert names(county)[1:] == [("direct edit by everycell", VILLAGE), ("direct edit by li", VILLAGE)]
    whole(county)


def test_a_gap_after_a_step_that_was_rolled_back_is_found(county: Store, li: Store) -> None:
    def work(conn: Connection) -> None:
        conn.execute(text(SHAPE), place(cell_code(1), 0, 0.9))
        step = conn.begin_nested()
        conn.execute(text(SHAPE), place(cell_code(2), 0.9, 2))
        conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        step.rollback()

    for editor in (county, li):
        with pytest.raises(DBAPIError, match="GAP"), editor.begin() as conn:
            work(conn)
    whole(county)


def test_a_cell_that_never_lived_is_no_change(county: Store) -> None:
    """Written by SQL as one that is retired already."""
    with county.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO everycell.cell (county, code, village, name, geom, valid_from, retired_on)"
                " SELECT county, :new, village, name, geom, valid_from, valid_from FROM everycell.cell"
                " WHERE code = :code"
            ),
            {"code": cell_code(1), "new": cell_code(40)},
        )
    assert names(county) == [("import", AREA)]
    whole(county)


def test_numbers_of_transactions_that_begin_anew_are_no_trap(county: Store) -> None:
    """After a restore into a new cluster a transaction may have the number of one that is long over."""
    with county.begin() as conn:
        conn.execute(text(RENAME), {"code": cell_code(1), "name": "旧"})
    with county.begin() as conn:
        conn.execute(
            text(
                "UPDATE everycell.changeset SET xact = pg_current_xact_id()::text::bigint, created_by = 'long-ago'"
                " WHERE revision = 2"
            )
        )
        conn.execute(text("SELECT set_config('everycell.changeset_990101', id::text, true) FROM everycell.changeset"))
        conn.execute(text(RENAME), {"code": cell_code(1), "name": "新"})
    with county.read(ALL.settings()) as conn:
        found = {one.revision: one.created_by for one in changesets.listed(conn, [COUNTY])}
    assert found == {1: "import", 2: "long-ago", 3: "role:everycell"}
    whole(county)


def test_publishing_taking_back_and_a_direct_edit_in_one_transaction(county: Store) -> None:
    """A draft, a publication and its undo in one transaction: each is a change set, nothing is left over."""
    with county.begin(ALL.settings()) as conn:
        made = changesets.edit_now(conn, EDITOR, area=AREA, title="试", ops=[cut(1, 0.6)], today=TODAY)
        changesets.undo(conn, Editor("wang", ALL.settings()), made, today=TODAY)
        conn.execute(text(RENAME), {"code": cell_code(1), "name": "后"})
    assert [title for title, _ in names(county)][1:] == ["试", "撤销：试", "direct edit by everycell"]
    whole(county)


# ---- counts of cases and an edit


def test_cases_are_counted_while_a_border_is_moved_by_sql(store: Store, cluster: Cluster) -> None:
    """Who counts holds the snap points and then notes it; who edits by SQL needs both when it is committed."""
    with store.begin(ALL.settings()) as conn:
        build(conn, {1: 12, 2: 12})
        assert snap_points.refresh(conn, COUNTY, None, datetime.now(UTC)) == 2
    for li in signed_in(store, cluster, "li", "990101"):
        with store.engine.connect() as conn:
            conn.execute(text("SELECT everycell.hold_cases(:county)"), {"county": COUNTY})
            with meanwhile(store, lambda li=li: move_border(li, 0.95)) as saved:
                note(conn, who="test", source="test", action=Action.dispute_publish, area="", detail={})
                conn.commit()
            saved.result()
    whole(store)
