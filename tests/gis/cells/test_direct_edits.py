"""Direct edits, by SQL as QGIS writes it, signed in as GIS staff: what is taken, refused, recorded and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import shapely
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gis.access import accounts, qgis
from gis.access.audit import latest
from gis.access.scope import ALL, Grant, Role
from gis.cells import changesets
from gis.cells.changesets import ChangeSet, Editor, Status
from gis.cells.editing.operations import Split
from gis.errors import Conflict, NotFound
from gis.households.check import check
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, make_engine, sqlstate
from tests.conftest import Filled
from tests.gis import world
from tests.gis.world import OWN, SETTINGS, SIBLING, SOUTH, STEP, TODAY, WEST, build, build_region, cell_code

DENIED: Final = "42501"
SHAPE: Final = "UPDATE everycell.cell SET geom = ST_SetSRID(ST_MakeEnvelope(:w, :s, :e, :n), 4490) WHERE code = :code"
DRAW: Final = (
    "INSERT INTO everycell.cell (county, code, village, kind, name, geom, valid_from) VALUES (990101, :code, :village,"
    " 'general', :name, ST_SetSRID(ST_MakeEnvelope(:w, :s, :e, :n), 4490), NULL) RETURNING code"
)


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("cells_direct_edits_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 6, 2: 6})


@pytest.fixture
def li(county: Store, cluster: Cluster) -> Iterator[Store]:
    """The editor of the county, signed in to the database."""
    yield from signed_in(county, cluster, "li", "990101")


def signed_in(store: Store, cluster: Cluster, login: str, area: str | None) -> Iterator[Store]:
    with store.begin() as conn:
        accounts.add_account(conn, login)
        if area is not None:
            accounts.add_grant(conn, login, Grant(Role.editor, area))
    superuser = make_engine(store.engine.url.set(username="postgres").render_as_string(), store.settings)
    with superuser.begin() as conn:
        qgis.add_user(conn, login, None, "Asia/Shanghai")
    engine = make_engine(store.engine.url.set(username=f"qgis_{login}").render_as_string(), store.settings)
    yield Store(engine, store.settings)
    engine.dispose()
    with superuser.begin() as conn:
        qgis.remove_user(conn, login)
    superuser.dispose()


def place(code: str, west: float, east: float, south: float = 0, north: float = 1) -> dict[str, Any]:
    """A rectangle, in cells from the county's south-western corner."""
    return {"code": code, "w": WEST + west * STEP, "e": WEST + east * STEP} | {
        "s": SOUTH + south * STEP,
        "n": SOUTH + north * STEP,
    }


def move_border(editor: Store, to: float) -> None:
    """The border between the first two cells, in both, as QGIS saves it with topological editing."""
    with editor.begin() as conn:
        conn.execute(text(SHAPE), place(cell_code(1), 0, to))
        conn.execute(text(SHAPE), place(cell_code(2), to, 2))


def refusal(editor: Store, statement: str, values: dict[str, Any] | None = None) -> str:
    """The message with which a statement, or its commit, is refused."""
    return refused(editor, (statement, values or {}))


def refused(editor: Store, *statements: tuple[str, dict[str, Any]]) -> str:
    """The same, of several statements in one transaction."""

    def work(conn: Connection) -> None:
        for statement, values in statements:
            conn.execute(text(statement), values)

    with pytest.raises(DBAPIError) as caught:
        editor.retrying(work)
    return str(caught.value.orig)


def last_set(store: Store) -> ChangeSet:
    with store.read(ALL.settings()) as conn:
        found = changesets.listed(conn, [990101], status=Status.published)
        last = max(found, key=lambda one: one.revision or 0)
        return changesets.get(conn, [990101], last.id)


def number_of_sets(store: Store) -> int:
    with store.read() as conn:
        return int(conn.execute(text("SELECT count(*) FROM everycell.changeset")).scalar_one())


def lineage(store: Store) -> set[tuple[str, str]]:
    with store.read() as conn:
        found = conn.execute(text("SELECT parent, child FROM everycell.cell_lineage"))
        return {(row.parent[-3:], row.child[-3:]) for row in found}


def live(store: Store) -> dict[str, shapely.Geometry]:
    with store.read() as conn:
        found = conn.execute(
            text("SELECT code, ST_AsBinary(geom) AS wkb FROM everycell.cell WHERE retired_on IS NULL ORDER BY code")
        )
        return {row.code: shapely.normalize(shapely.from_wkb(bytes(row.wkb))) for row in found}


def take_back(store: Store, made: ChangeSet) -> None:
    with store.begin(ALL.settings()) as conn:
        changesets.undo(conn, Editor("wang", ALL.settings()), made, today=TODAY)


def clean(store: Store) -> bool:
    with store.read() as conn:
        return list(check(conn, SETTINGS)) == []


# ---- cells


def test_a_border_moved_in_both_cells_is_a_change_set_of_its_own(county: Store, li: Store) -> None:
    before, sets = live(county), number_of_sets(county)
    move_border(li, 0.1005)
    made = last_set(county)
    assert (made.title, made.created_by, made.area) == ("direct edit by li", "li", world.VILLAGE)
    assert number_of_sets(county) == sets + 1
    with county.read() as conn:
        doors = conn.execute(text("SELECT cell, count(*) FROM everycell.doorplate GROUP BY 1")).all()
        versions = conn.execute(
            text("SELECT code, version FROM everycell.cell_history WHERE changeset = :id ORDER BY 1"), {"id": made.id}
        )
        assert [tuple(row) for row in versions] == [(cell_code(1), 2), (cell_code(2), 2)]
    assert {row[0]: row[1] for row in doors} == {cell_code(1): 1, cell_code(2): 11}
    assert clean(county)
    take_back(county, made)
    assert live(county) == before
    assert clean(county)


def test_of_several_steps_of_a_transaction_the_last_is_kept(county: Store, li: Store) -> None:
    before = live(county)
    with li.begin() as conn:
        for to in (0.9, 0.7, 0.5):
            conn.execute(text(SHAPE), place(cell_code(1), 0, to))
            conn.execute(text(SHAPE), place(cell_code(2), to, 2))
    with county.read() as conn:
        versions = conn.execute(
            text("SELECT version FROM everycell.cell_history WHERE changeset = :id"), {"id": last_set(county).id}
        ).scalars()
        assert list(versions) == [4, 4]
    take_back(county, last_set(county))
    assert live(county) == before


@pytest.mark.parametrize(
    ("east", "told"),
    [
        (1.2, r"OVERLAP: cells 990101100201001 and 990101100201002 overlap by \d+\.\d\d square metres"),
        (0.8, r"GAP: \d+\.\d\d square metres between cells 990101100201001 and 990101100201002 belong to no cell$"),
    ],
)
def test_one_neighbour_only_is_refused_and_both_are_named(county: Store, li: Store, east: float, told: str) -> None:
    before, sets = live(county), number_of_sets(county)
    message = refusal(li, SHAPE, place(cell_code(1), 0, east))
    assert message.isascii()
    assert re.search(told, message.splitlines()[0]), message
    assert live(county) == before
    assert number_of_sets(county) == sets


def test_the_size_of_a_gap_is_that_of_the_land(county: Store, li: Store) -> None:
    message = refusal(li, SHAPE, place(cell_code(1), 0, 1 - 1e-4))
    told = float(message.split()[1])
    wide, high = 1e-4 * STEP * 111_320 * 0.824, STEP * 110_950
    assert told == pytest.approx(wide * high, rel=0.01)


def test_gaps_in_several_places_are_counted(county: Store, li: Store) -> None:
    both = (SHAPE, place(cell_code(1), 0, 0.9)), (SHAPE, place(cell_code(6), 2.2, 3, 1, 2))
    message = refused(li, *both).splitlines()[0]
    assert message.startswith("GAP: ")
    assert "between cells 990101100201006 and 990101100201005 belong to no cell; 2 pieces in all, " in message


def test_a_gap_at_the_edge_names_the_one_beside_it(county: Store, li: Store) -> None:
    message = refusal(li, SHAPE, place(cell_code(1), 0.1, 1))
    assert "square metres beside cell 990101100201001 belong to no cell" in message


def test_a_split_as_qgis_saves_it(county: Store, li: Store) -> None:
    """The old cell keeps one part; the new one is a copy with the same code, and is given the next one."""
    before = live(county)
    with li.begin() as conn:
        conn.execute(text(SHAPE), place(cell_code(1), 0, 0.5))
        half = place(cell_code(1), 0.5, 1) | {"village": world.VILLAGE, "name": "网格1"}
        assert conn.execute(text(DRAW), half).scalar_one() == cell_code(7)
    assert lineage(county) == {("001", "007")}
    assert clean(county)
    take_back(county, last_set(county))
    assert live(county) == before
    assert lineage(county) == {("001", "007"), ("007", "001")}
    assert clean(county)


def test_a_merge_as_qgis_saves_it(county: Store, li: Store) -> None:
    """One cell gets all the land, the other is deleted: it is retired, and its doors go along."""
    before = live(county)
    with li.begin() as conn:
        conn.execute(text(SHAPE), place(cell_code(2), 0, 2))
        conn.execute(text("DELETE FROM everycell.cell WHERE code = :code"), {"code": cell_code(1)})
    assert set(before) - set(live(county)) == {cell_code(1)}
    assert lineage(county) == {("001", "002")}
    with county.read() as conn:
        assert conn.execute(text("SELECT DISTINCT cell FROM everycell.doorplate")).scalars().all() == [cell_code(2)]
    assert clean(county)
    take_back(county, last_set(county))
    assert live(county) == before


def test_a_deleted_cell_without_heir_is_a_gap(county: Store, li: Store) -> None:
    assert "GAP: " in refusal(li, "DELETE FROM everycell.cell WHERE code = :code", {"code": cell_code(1)})
    assert len(live(county)) == 6


def test_codes_that_drafts_keep_are_not_given(county: Store, li: Store) -> None:
    cut = shapely.LineString([(WEST + 0.5 * STEP, SOUTH - 0.001), (WEST + 0.5 * STEP, SOUTH + STEP + 0.001)])
    everything = ALL.settings()
    with county.begin(everything) as conn:
        draft = changesets.open_draft(conn, Editor("wang", everything), area=world.VILLAGE, title="拆分")
        changesets.add_operations(conn, Editor("wang", everything), draft, [Split(cell_code(1), cut)])
    with li.begin() as conn:
        conn.execute(text(SHAPE), place(cell_code(2), 1, 1.5))
        half = place("", 1.5, 2) | {"village": None, "name": None}
        assert conn.execute(text(DRAW), half).scalar_one() == cell_code(8)


def test_by_psql_as_the_owner_it_is_recorded_too(county: Store) -> None:
    move_border(county, 0.5)
    assert last_set(county).title == "direct edit by everycell"


def test_the_audit_knows_who_and_how_much(county: Store, li: Store) -> None:
    move_border(li, 0.5)
    with county.read() as conn:
        entry = latest(conn, 1)[0]
        left = conn.execute(text("SELECT count(*) FROM everycell.direct_edit")).scalar_one()
    assert (entry.who, entry.source, entry.action, entry.area, entry.detail, left) == (
        ("account:li", "socket", "direct_edit", "990101", {"cell": 2}, 0)
    )


# ---- a client of SQL may set and send what it likes


def test_no_setting_switches_the_checks_off(county: Store, li: Store) -> None:
    """What the triggers remember in settings, as a client could forge it."""
    forged = (
        "SELECT set_config('everycell.tiled_990101', pg_current_xact_id()::text || ' ' || statement, true),"
        " set_config('everycell.reunited', statement, true)"
        " FROM current_setting('everycell.cell_statement') AS statement"
    )
    assert "GAP" in refused(li, (SHAPE, place(cell_code(1), 0, 0.5)), (forged, {}))
    with li.begin() as conn:
        for name, value in (("mode", "batch"), ("writer", "import"), ("today", "1999-01-01")):
            conn.execute(text("SELECT set_config(:name, :value, true)"), {"name": f"everycell.{name}", "value": value})
        conn.execute(text(SHAPE), place(cell_code(1), 0, 0.1005))
        conn.execute(text(SHAPE), place(cell_code(2), 0.1005, 2))
        conn.execute(text("SELECT set_config('everycell.mode', 'batch', true)"))
        conn.execute(text("UPDATE everycell.household SET status = 'exempt' WHERE code = '990101-D001-0001-00'"))
    made = last_set(county)
    assert (made.created_by, made.title) == ("li", "direct edit by li")
    assert made.valid_from is not None
    assert made.valid_from.year > 2000
    assert clean(county)


def test_an_early_check_does_not_excuse_what_follows(county: Store, li: Store) -> None:
    message = refused(
        li,
        (SHAPE, place(cell_code(1), 0, 0.5)),
        (SHAPE, place(cell_code(2), 0.5, 2)),
        ("SET CONSTRAINTS ALL IMMEDIATE", {}),
        ("SET CONSTRAINTS ALL DEFERRED", {}),
        (SHAPE, place(cell_code(1), 0, 0.6)),
    )
    assert "OVERLAP" in message
    assert clean(county)


def test_no_order_of_checks_switches_one_off(county: Store, li: Store) -> None:
    """Who may say when a constraint is checked could have one trigger look before another one makes it look."""
    with county.read() as conn:
        deferred = conn.execute(
            text(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = 'everycell.cell'::regclass AND tgdeferrable"
                " AND NOT tgisinternal ORDER BY 1"
            )
        )
        triggers = [f"everycell.{name}" for name in deferred.scalars()]
    forged = (
        "SELECT set_config('everycell.tiled_990101', pg_current_xact_id()::text || ' ' || statement, true),"
        " set_config('everycell.traced_990101', pg_current_xact_id()::text || ' ' || statement, true)"
        " FROM current_setting('everycell.cell_statement') AS statement"
    )
    for trigger in triggers:
        early = (f"SET CONSTRAINTS {trigger} IMMEDIATE", {})
        assert "GAP" in refused(li, (SHAPE, place(cell_code(1), 0, 0.5)), early, (forged, {}))
        with li.begin() as conn:
            conn.execute(
                text("UPDATE everycell.cell SET name = :name WHERE code = :c"), {"name": trigger, "c": cell_code(1)}
            )
            conn.execute(text(f"SET CONSTRAINTS {trigger} IMMEDIATE"))
            conn.execute(text(forged))
        assert (last_set(county).title, last_set(county).area) == ("direct edit by li", world.VILLAGE)
        with county.read() as conn:
            assert latest(conn, 1)[0].detail == {"cell": 1}
            assert conn.execute(text("SELECT count(*) FROM everycell.direct_edit")).scalar_one() == 0
    assert number_of_sets(county) == 1 + len(triggers)
    assert clean(county)


def test_the_role_it_is_in_is_no_way_round(county: Store, li: Store) -> None:
    """SET ROLE: the rights are the same, and so is what is looked at, recorded and counted."""
    put_on = ("SET ROLE everycell_editor", {})
    settings = (
        "SELECT set_config('everycell.mode', 'batch', true), set_config('everycell.writer', 'import', true)",
        {},
    )
    there = {"x": WEST + 1.5 * STEP, "y": SOUTH + 0.5 * STEP}
    number = ("UPDATE everycell.cell SET name = '13812345678' WHERE code = :c", {"c": cell_code(1)})
    assert "looks personal" in refused(li, put_on, settings, number)
    with li.begin() as conn:
        for statement, values in (
            put_on,
            settings,
            ("UPDATE everycell.cell SET name = '新名' WHERE code = :c", {"c": cell_code(1)}),
            ("SELECT set_config('everycell.mode', 'batch', true)", {}),
            ("UPDATE everycell.doorplate SET geom = ST_Point(:x, :y, 4490) WHERE code = '990101-D001-0000'", there),
        ):
            conn.execute(text(statement), values)
    assert last_set(county).created_by == "li"
    with county.read() as conn:
        moved = conn.execute(text("SELECT cell FROM everycell.doorplate WHERE code = '990101-D001-0000'"))
        assert moved.scalar_one() == cell_code(2)
        assert latest(conn, 1)[0].detail == {"cell": 1, "doorplate": 1}
    assert clean(county)


def test_a_cell_of_a_village_that_is_none_is_refused(county: Store, li: Store) -> None:
    """Its land would be in no village, no town and so in no sum."""
    half = place("990101100999001", 0.5, 1) | {"village": "990101100999", "name": "x"}
    assert "no village 990101100999" in refused(li, (SHAPE, place(cell_code(1), 0, 0.5)), (DRAW, half))
    assert clean(county)


def test_nothing_else_is_open(county: Store, li: Store) -> None:
    """Tables but six, columns that are reckoned, functions, and deleting what is no cell."""
    with county.read() as conn:
        tables = conn.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'everycell'::regnamespace"
                " AND relkind IN ('r','p','v')"
            )
        ).scalars()
        hidden = set(tables) - {"cell", "division", "doorplate", "household", "site", "street"}
    assert {"visit", "account", "token", "audit", "changeset", "outbox", "area_grant", "direct_edit"} <= hidden
    statements = [f"SELECT FROM everycell.{table}" for table in sorted(hidden)]
    statements += [f"DELETE FROM everycell.{table}" for table in ("doorplate", "household", "site", "division")]
    statements += [
        "UPDATE everycell.cell SET confirmed_empty_on = current_date",
        "UPDATE everycell.cell SET code = code",
        "UPDATE everycell.doorplate SET never = 0",
        "UPDATE everycell.doorplate SET cell = cell",
        "UPDATE everycell.household SET last_reached_on = current_date",
        "UPDATE everycell.household SET reached_before = current_date",
        "UPDATE everycell.site SET last_checked_on = current_date",
        "UPDATE everycell.division SET name = name",
        "INSERT INTO everycell.street (county, id, class) VALUES (990101, 99, 1)",
        "SELECT everycell.note('account:li', 'x', 'check', '', '{}')",
        "SELECT everycell.raise_revision(990101, '{}')",
        "TRUNCATE everycell.site",
        "CREATE TABLE everycell.mine (a integer)",
        "SET ROLE everycell",
        "SET ROLE everycell_notary",
        "SET SESSION AUTHORIZATION everycell",
    ]
    open_ = []
    for statement in statements:
        try:
            with li.begin() as conn:
                conn.execute(text(statement))
            open_.append(statement)
        except DBAPIError as error:
            if sqlstate(error) != DENIED:
                open_.append(f"{statement}: {error.orig}")
    assert open_ == []


def test_who_takes_on_the_role_of_all_editors_is_believed_no_more(county: Store, li: Store) -> None:
    """SET ROLE to everycell_editor is open to its members; the triggers must know that it is still one of them."""
    forged = [("SET LOCAL ROLE everycell_editor", {}), ("SET LOCAL everycell.mode = 'batch'", {})]
    personal = "UPDATE everycell.doorplate SET address = '13812345678' WHERE code = '990101-D001-0000'"
    assert "looks personal" in refused(li, *forged, (personal, {}))
    assert "OVERLAP" in refused(li, *forged, (SHAPE, place(cell_code(1), 0, 1.2)))
    with li.begin() as conn:
        for statement, _ in forged:
            conn.execute(text(statement))
        conn.execute(text("UPDATE everycell.doorplate SET address = '柳林村 1 号' WHERE code = '990101-D001-0000'"))
    with county.read() as conn:
        assert [entry.action for entry in latest(conn, 2)] == ["direct_read", "direct_edit"]
    assert clean(county)


# ---- areas


def seen(conn: Connection) -> dict[str, set[str]]:
    """Villages of which each table shows something."""
    codes = {"cell": "code", "doorplate": "cell", "household": "cell", "site": "cell"}
    return {
        table: set(conn.execute(text(f'SELECT DISTINCT "left"({code}, 12) FROM everycell.{table}')).scalars())
        for table, code in codes.items()
    }


NOTHING: Final[dict[str, set[str]]] = {"cell": set(), "doorplate": set(), "household": set(), "site": set()}


@pytest.fixture
def region(filled: Filled) -> Iterator[Store]:
    with filled.copy("cells_direct_edits_region", fill_region) as (store, _):
        yield store


def fill_region(store: Store) -> None:
    with store.begin() as conn:
        build_region(conn)


def test_an_editor_sees_and_writes_inside_its_area_and_loses_it_at_once(region: Store, cluster: Cluster) -> None:
    editors = signed_in(region, cluster, "zhou", OWN.code)
    zhou = next(editors)
    with zhou.read() as conn:
        assert seen(conn) == {table: {OWN.code} for table in NOTHING}
        assert conn.execute(text("SELECT code FROM everycell.division")).scalars().all() == [OWN.code]
        assert conn.execute(text("SELECT DISTINCT county FROM everycell.street")).scalars().all() == [990101]
    update = text("UPDATE everycell.cell SET name = '新名' WHERE code = :code")
    with zhou.begin() as conn:
        assert conn.execute(update, {"code": SIBLING.cells[0]}).rowcount == 0
        assert conn.execute(update, {"code": OWN.cells[0]}).rowcount == 1
    abroad = {"lon": SIBLING.centre[0], "lat": SIBLING.centre[1]}
    moved = "UPDATE everycell.doorplate SET geom = ST_Point(:lon, :lat, 4490) WHERE cell = '" + OWN.cells[0] + "'"
    assert "row-level security" in refusal(zhou, moved, abroad)
    drawn = (
        "INSERT INTO everycell.site (county, code, name, category, geom, cell, check_interval_days) VALUES"
        " (990101, '990101-X1', '新超市', 'shop', ST_Point(:lon, :lat, 4490), '', 30)"
    )
    assert "row-level security" in refusal(zhou, drawn, abroad)
    with region.begin() as conn:
        accounts.disable(conn, "zhou")
    with zhou.read() as conn:
        assert seen(conn) == NOTHING
    with region.begin() as conn:
        accounts.enable(conn, "zhou")
        accounts.remove_grant(conn, "zhou", Grant(Role.editor, OWN.code))
        accounts.add_grant(conn, "zhou", Grant(Role.operator, OWN.code))
    with zhou.read() as conn:
        assert seen(conn) == NOTHING
    assert next(editors, None) is None


def test_a_sign_in_without_an_account_sees_nothing(region: Store, cluster: Cluster) -> None:
    editors = signed_in(region, cluster, "sun", None)
    sun = next(editors)
    with sun.read() as conn:
        assert seen(conn) == NOTHING
        assert conn.execute(text("SELECT count(*) FROM everycell.division")).scalar() == 0
    assert next(editors, None) is None


# ---- doors, dwellings, sites


def test_a_door_that_is_moved_takes_its_dwellings_along(county: Store, li: Store) -> None:
    with li.begin() as conn:
        conn.execute(
            text("UPDATE everycell.doorplate SET geom = ST_Point(:x, :y, 4490) WHERE code = '990101-D001-0000'"),
            {"x": WEST + 1.5 * STEP, "y": SOUTH + 0.5 * STEP},
        )
    with county.read() as conn:
        cells = conn.execute(
            text(
                "SELECT d.cell, h.cell FROM everycell.doorplate d JOIN everycell.household h"
                " ON h.county = d.county AND h.doorplate = d.id WHERE d.code = '990101-D001-0000'"
            )
        ).one()
        assert tuple(cells) == (cell_code(2), cell_code(2))
        assert latest(conn, 1)[0].detail == {"doorplate": 1}
    assert clean(county)


def test_new_doors_and_dwellings_are_placed_counted_and_dated_by_the_database(county: Store, li: Store) -> None:
    with li.begin() as conn:
        door = conn.execute(
            text(
                "INSERT INTO everycell.doorplate (county, id, code, address, geom, cell, households, never) VALUES"
                " (990101, 0, '990101-N1', '柳林村新1号', ST_Point(:x, :y, 4490), 'x', 99, 99) RETURNING id"
            ),
            {"x": WEST + 2.5 * STEP, "y": SOUTH + 0.5 * STEP},
        ).scalar_one()
        conn.execute(
            text(
                "INSERT INTO everycell.household (county, code, doorplate, unit, status, interval_days, registered_on,"
                " reached_before, cell) VALUES (990101, '990101-N1-1', :door, '101', 'active', 90, '1999-01-01',"
                " '2026-01-01', 'x')"
            ),
            {"door": door},
        )
    with county.read() as conn:
        row = conn.execute(
            text("SELECT cell, households, never FROM everycell.doorplate WHERE code = '990101-N1'")
        ).one()
        home = conn.execute(
            text(
                "SELECT cell, registered_on > '2020-01-01', last_reached_on FROM everycell.household"
                " WHERE code = '990101-N1-1'"
            )
        ).one()
    assert tuple(row) == (cell_code(3), 1, 1)
    assert tuple(home) == (cell_code(3), True, None)
    assert clean(county)


PHONES: Final = ("13812345678", "138 1234 5678", "138-1234-5678", "１３８１２３４５６７８")
PERSONAL: Final = (*PHONES, "11010519491231002X", "a\nb")


@pytest.mark.parametrize("column", ["cell.name", "doorplate.address", "household.unit", "site.name"])
def test_what_looks_personal_is_refused(county: Store, li: Store, column: str) -> None:
    if column == "site.name":
        with county.begin() as conn:
            conn.execute(
                text(
                    "INSERT INTO everycell.site (county, code, name, category, geom, check_interval_days) VALUES"
                    " (990101, '990101-S1', '小学', 'school', ST_Point(:x, :y, 4490), 30)"
                ),
                {"x": WEST + 0.5 * STEP, "y": SOUTH + 0.5 * STEP},
            )
    table, name = column.split(".")
    for value in PERSONAL:
        message = refusal(li, f"UPDATE everycell.{table} SET {name} = :value", {"value": f"柳林村 {value}"})
        assert message.startswith(f"{column}: "), value
        assert value not in message


# ---- sign-ins


def test_a_sign_in_is_made_once_and_goes(county: Store, cluster: Cluster) -> None:
    superuser = make_engine(county.engine.url.set(username="postgres").render_as_string(), county.settings)
    with county.begin() as conn:
        accounts.add_account(conn, "wu")
        accounts.add_grant(conn, "wu", Grant(Role.editor, world.VILLAGE))
    with superuser.begin() as conn:
        with pytest.raises(NotFound, match="nobody"):
            qgis.add_user(conn, "nobody", None, "UTC")
        qgis.add_user(conn, "wu", "a'quote % and more", "Asia/Shanghai")
        with pytest.raises(Conflict, match="already"):
            qgis.add_user(conn, "wu", None, "UTC")
        assert qgis.list_users(conn) == [qgis.QgisUser("wu", "qgis_wu", (world.VILLAGE,))]
        qgis.remove_user(conn, "wu")
        assert qgis.list_users(conn) == []
        with pytest.raises(NotFound, match="no sign-in"):
            qgis.remove_user(conn, "wu")
    superuser.dispose()
