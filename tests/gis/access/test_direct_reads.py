"""Reads of doors by SQL, signed in as GIS staff: each leaves an entry in the audit, or shows nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text

from gis.access import accounts, qgis
from gis.access.audit import Entry, latest, verify
from gis.access.scope import Grant, Role
from gis.errors import StorageError
from gis.storage import notary
from gis.storage.engine import Store, make_engine
from tests.conftest import Filled
from tests.gis.world import build

DOORS = "SELECT address FROM everycell.doorplate"
Cursor = Any


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("access_direct_reads_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 6, 2: 6})


@pytest.fixture
def superuser(county: Store) -> Iterator[Store]:
    engine = make_engine(county.engine.url.set(username="postgres").render_as_string(), county.settings)
    yield Store(engine, county.settings)
    engine.dispose()


@pytest.fixture
def li(county: Store, superuser: Store) -> Iterator[Callable[[], Any]]:
    """Connects to the database as the editor of the county."""
    with county.begin() as conn:
        accounts.add_account(conn, "li")
        accounts.add_grant(conn, "li", Grant(Role.editor, "990101"))
    with superuser.begin() as conn:
        qgis.add_user(conn, "li", None, "Asia/Shanghai")
    yield lambda: psycopg2.connect(
        county.engine.url.set(username="qgis_li", drivername="postgresql").render_as_string(hide_password=False)
    )
    with superuser.begin() as conn:
        qgis.remove_user(conn, "li")


def reads(store: Store) -> list[Entry]:
    with store.read() as conn:
        return [entry for entry in latest(conn, 50) if entry.action == "direct_read"]


def relations(store: Store) -> list[str]:
    return [entry.detail["relation"] for entry in reads(store)]


def in_a_transaction(
    *statements: str, begin: str = "BEGIN READ ONLY", end: str = "ROLLBACK"
) -> Callable[[Cursor], None]:
    def work(cursor: Cursor) -> None:
        for statement in (begin, *statements):
            cursor.execute(statement)
        assert cursor.fetchall()
        cursor.execute(end)

    return work


def copied(cursor: Cursor) -> None:
    class Sink:
        def write(self, row: bytes) -> None:
            assert row

    cursor.copy_expert(f"COPY ({DOORS}) TO STDOUT", Sink())


WAYS = {
    "as QGIS does": in_a_transaction(
        f"DECLARE qgis_1 BINARY CURSOR FOR {DOORS} WHERE geom && ST_MakeEnvelope(104, 34, 105, 35, 4490)",
        "FETCH FORWARD 2 FROM qgis_1",
        begin="BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ",
    ),
    "rolled back": in_a_transaction(DOORS),
    "counted": in_a_transaction("SELECT count(*) FROM everycell.doorplate"),
    "explained": in_a_transaction(f"EXPLAIN ANALYZE {DOORS}"),
    "prepared": in_a_transaction(f"PREPARE one AS {DOORS}", "SET plan_cache_mode = force_generic_plan", "EXECUTE one"),
    "through a view": in_a_transaction(f"CREATE TEMP VIEW mine AS {DOORS}", "SELECT * FROM mine", begin="BEGIN"),
    "copied": copied,
    "by the index alone": in_a_transaction(
        "SET enable_seqscan = off", "SELECT code FROM everycell.doorplate WHERE county = 990101 AND code > '0'"
    ),
    "by a function": in_a_transaction(
        f"CREATE FUNCTION pg_temp.mine() RETURNS SETOF text LANGUAGE sql AS '{DOORS}'",
        "SELECT pg_temp.mine()",
        begin="BEGIN",
    ),
    "by workers": in_a_transaction(
        "SET force_parallel_mode = on",
        "SET parallel_setup_cost = 0",
        "SET parallel_tuple_cost = 0",
        "SET min_parallel_table_scan_size = 0",
        DOORS,
    ),
    "as the role of all": in_a_transaction("SET ROLE everycell_editor", DOORS),
    "with settings": in_a_transaction(
        "SET everycell.doors = ',,'",
        "SET everycell.mode = 'batch'",
        "SET timezone = 'Asia/Kathmandu'",
        "SET standard_conforming_strings = off",
        "SET row_security = on",
        "SET search_path = pg_temp, public, everycell",
        "CREATE TEMP TABLE direct_read (who text, source text, relation text, area text, hour bigint)",
        DOORS,
        begin="BEGIN",
    ),
    "in a sub-SELECT": in_a_transaction(f"SELECT 1 WHERE EXISTS ({DOORS})"),
    "by a failed statement": lambda cursor: _fail(cursor, f"SELECT 1 / length(substr(address, 1, 0)) FROM ({DOORS}) d"),
    "changed": in_a_transaction(
        "UPDATE everycell.doorplate SET address = address RETURNING address", begin="BEGIN", end="ROLLBACK"
    ),
}


def _fail(cursor: Cursor, statement: str) -> None:
    with pytest.raises(psycopg2.errors.DivisionByZero):
        cursor.execute(statement)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_read_doors_is_noted(county: Store, li: Callable[[], Any], way: str) -> None:
    with closing(li()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        WAYS[way](cursor)
    (entry,) = reads(county)
    assert (entry.who, entry.source, entry.area) == ("account:li", "socket", "990101")
    assert entry.detail == {"relation": "doorplate"}
    with county.read() as conn:
        assert verify(conn) == []


def test_each_table_is_noted_once_an_hour(county: Store, li: Callable[[], Any]) -> None:
    joined = "SELECT d.code FROM everycell.doorplate d JOIN everycell.household h ON h.doorplate = d.id"
    with closing(li()) as connection, connection.cursor() as cursor:
        for statement in (DOORS, joined, DOORS, joined, "SELECT code FROM everycell.household"):
            cursor.execute(statement)
        connection.commit()
        assert sorted(relations(county)) == ["doorplate", "household"]
        with county.begin() as conn:  # an hour later
            conn.execute(text("UPDATE everycell.direct_read SET hour = hour - 1"))
        cursor.execute(DOORS)
        assert relations(county).count("doorplate") == 2
    with county.read() as conn:
        kept = conn.execute(text("SELECT count(*) FROM everycell.direct_read")).scalar_one()
    assert kept == 1, "what is noted of hours that are over stands in the audit only"


def test_another_grant_is_noted_anew(county: Store, li: Callable[[], Any]) -> None:
    with closing(li()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(DOORS)
        with county.begin() as conn:
            accounts.add_grant(conn, "li", Grant(Role.editor, "990102"))
        cursor.execute(DOORS)
        with county.begin() as conn:
            accounts.add_grant(conn, "li", Grant(Role.admin, ""))
        cursor.execute(DOORS)
    assert [entry.area for entry in reads(county)] == ["990101", "990101,990102", ""]


def test_reading_cells_planning_and_seeing_nothing_are_not_noted(county: Store, li: Callable[[], Any]) -> None:
    with closing(li()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT name FROM everycell.cell")
        cursor.execute("SELECT name FROM everycell.division")
        cursor.execute(f"EXPLAIN {DOORS}")
        cursor.execute(f"{DOORS} WHERE county = 990101 AND id = -1")
        with county.begin() as conn:
            accounts.remove_grant(conn, "li", Grant(Role.editor, "990101"))
        cursor.execute(DOORS)
        assert cursor.fetchall() == []
    assert reads(county) == []


def test_the_owner_and_the_service_are_not_asked(county: Store) -> None:
    with county.read() as conn:
        assert conn.execute(text(DOORS)).all()
        plan = "\n".join(conn.execute(text(f"EXPLAIN {DOORS}")).scalars())
    assert "InitPlan" not in plan
    assert reads(county) == []


OPEN = [
    "SELECT everycell_notary.say('SELECT 1')",
    "SELECT * FROM everycell_notary.dblink('dbname=postgres', 'SELECT 1') AS t (a integer)",
    "SELECT everycell.note_direct_read('account:li', 'socket', 'doorplate', '')",
    "SELECT everycell.have_noted('account:li', 'socket', 'doorplate', '')",
    "INSERT INTO everycell.direct_read VALUES ('account:li', 'socket', 'doorplate', '990101', 0)",
    "SELECT * FROM everycell.direct_read",
    "SELECT everycell.read_areas('somebody')",
    "SELECT everycell.read_areas(NULL)",
    "SET ROLE everycell_notary",
]


@pytest.mark.parametrize("statement", OPEN)
def test_nobody_forges_what_is_noted(county: Store, li: Callable[[], Any], statement: str) -> None:
    with closing(li()) as connection, connection.cursor() as cursor, pytest.raises(psycopg2.Error) as caught:
        cursor.execute(statement)
    assert caught.value.pgcode in ("42501", "EC003")
    assert reads(county) == []


BREAKS = {
    "DROP FUNCTION everycell_notary.say": "does not exist",
    "DROP EXTENSION dblink": "everycell_notary.say",
    "REVOKE ALL ON FUNCTION everycell_notary.say FROM everycell": "permission denied",
    "REVOKE EXECUTE ON FUNCTION everycell.note_direct_read FROM everycell_notary": "permission denied",
    "CREATE SERVER everycell_notary FOREIGN DATA WRAPPER dblink_fdw OPTIONS (host '/nowhere')": "connection",
}


@pytest.mark.parametrize("damage", BREAKS)
def test_what_cannot_be_noted_is_not_shown(county: Store, superuser: Store, li: Callable[[], Any], damage: str) -> None:
    with superuser.begin() as conn:
        conn.exec_driver_sql(damage)
    with closing(li()) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.Error) as caught:
            cursor.execute(DOORS)
        assert "cannot be noted in the audit, so nothing is shown" in str(caught.value)
        assert "everycell doctor" in str(caught.value)
        connection.rollback()
        cursor.execute("SELECT count(*) FROM everycell.cell")
        assert cursor.fetchone() == (6,)
    with superuser.begin() as conn, pytest.raises(StorageError, match="nobody gets a sign-in"):
        qgis.set_password(conn, "li", "a-long-password-for-li")
    with county.begin() as conn:
        assert [finding for finding in notary.trouble(conn) if not finding.ok]
    assert reads(county) == []


def test_a_reader_that_holds_the_audit_itself_is_told_at_once(county: Store, li: Callable[[], Any]) -> None:
    """Its own edit is noted before it reads: the notary would wait for the reader, who waits for the notary."""
    with closing(li()) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE everycell.doorplate SET address = '1 号'")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(DOORS)  # noted with the UPDATE, in this hour
        begun = time.monotonic()
        with pytest.raises(psycopg2.Error, match="commit, and read then"):
            cursor.execute("SELECT unit FROM everycell.household")
        assert time.monotonic() - begun < 2
        connection.rollback()
    assert relations(county) == ["doorplate"]


def test_who_waits_too_long_for_the_audit_is_told_to_try_again(
    county: Store, superuser: Store, li: Callable[[], Any]
) -> None:
    with superuser.begin() as conn:
        conn.exec_driver_sql("ALTER FUNCTION everycell.note_direct_read SET lock_timeout = '200ms'")
    with county.begin() as conn, closing(li()) as connection, connection.cursor() as cursor:
        conn.execute(text("SELECT everycell.note('service', 'local', 'check', '', '{}')"))
        with pytest.raises(psycopg2.Error, match="try again"):
            cursor.execute(DOORS)
    assert reads(county) == []


def test_many_at_once_are_one_entry(county: Store, li: Callable[[], Any]) -> None:
    """The layers of a map are read by several connections at the same moment."""
    start, failed = threading.Barrier(6), []

    def read() -> None:
        try:
            with closing(li()) as connection, connection.cursor() as cursor:
                start.wait()
                cursor.execute(DOORS)
                assert cursor.fetchall()
        except Exception as error:  # noqa: BLE001 - told by the test itself
            failed.append(error)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert relations(county) == ["doorplate"]


def test_a_connection_of_the_name_of_ours_is_not_taken_for_it(
    county: Store, superuser: Store, li: Callable[[], Any]
) -> None:
    """An administrator has dblink for everybody, in public: what a client opens there gets none of what is noted."""
    with superuser.begin() as conn:
        conn.exec_driver_sql("ALTER EXTENSION dblink SET SCHEMA public")
        sockets = conn.exec_driver_sql("SHOW unix_socket_directories").scalar_one()
        conn.exec_driver_sql("GRANT EXECUTE ON FUNCTION dblink_connect_u(text, text) TO PUBLIC")
    with closing(li()) as connection, connection.cursor() as cursor:
        for name in ("application_name='notary ", f"host='{sockets}'", ""):
            cursor.execute("SELECT dblink_connect_u(%s, %s)", (name, f"host={sockets} user=qgis_li dbname=postgres"))
        cursor.execute(DOORS)
    assert relations(county) == ["doorplate"]


def test_an_owner_that_is_no_superuser_sees_what_is_wrong(county: Store, superuser: Store) -> None:
    with county.begin() as conn:
        assert list(notary.trouble(conn)) == []
    with superuser.begin() as conn:
        conn.exec_driver_sql("DROP SCHEMA everycell_notary CASCADE")
    with county.begin() as conn:
        (missing,) = notary.trouble(conn)
    assert "missing" in missing.told
    with superuser.begin() as conn:
        conn.exec_driver_sql(missing.remedy.replace("%", "%%"))
    with county.begin() as conn:
        assert list(notary.trouble(conn)) == []


def test_a_disabled_account_sees_nothing(county: Store, li: Callable[[], Any]) -> None:
    with county.begin() as conn:
        accounts.disable(conn, "li")
    with closing(li()) as connection, connection.cursor() as cursor:
        cursor.execute(DOORS)
        assert cursor.fetchall() == []
    assert reads(county) == []
