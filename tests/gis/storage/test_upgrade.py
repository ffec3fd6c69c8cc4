"""A database of an earlier version, brought up to date with what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

import gis.storage.migrate
from gis.households.check import check
from gis.storage.engine import Store
from gis.storage.migrate import current, head, upgrade
from tests.gis.world import SETTINGS

MIGRATIONS = Path(gis.storage.migrate.__file__).parent / "migrations"
CELLS = """
    INSERT INTO everycell.county_outline (county, geom)
    VALUES (990101, ST_Multi(ST_MakeEnvelope(104, 34.5, 104.03, 34.51, 4490)));
    INSERT INTO everycell.cell (county, code, village, name, geom, valid_from)
    SELECT 990101, '99010110020100' || n, '990101100201', n::text,
           ST_MakeEnvelope(103.99 + n * 0.01, 34.5, 104 + n * 0.01, 34.51, 4490), '2026-01-01'
    FROM generate_series(1, 3) n
"""
DWELLINGS = """
    INSERT INTO everycell.doorplate (county, code, geom)
    SELECT 990101, '990101-D' || n, ST_SetSRID(ST_MakePoint(104.0001 + n * 0.0018, 34.505), 4490)
    FROM generate_series(0, 9) n;
    INSERT INTO everycell.household
        (county, code, doorplate, unit, status, interval_days, registered_on, reached_before)
    SELECT 990101, d.code || '-' || u, d.id, u::text, CASE WHEN u = 3 THEN 'exempt' ELSE 'active' END, 90,
           date '2025-03-01' + u, CASE WHEN u = 2 THEN date '2025-06-01' END
    FROM everycell.doorplate d CROSS JOIN generate_series(1, 4) u
"""
VISITS = """
    SELECT everycell.record_visits(
        990101, array_agg(gen_random_uuid()), array_agg(code), array_agg(day), array_agg(day + timetz '03:00+00'),
        array_agg(CASE WHEN n % 3 = 0 THEN 'no_answer' ELSE 'reached' END), array_agg(text 'T01'),
        array_agg(text 'routine'))
    FROM (SELECT code, n, date '2026-08-01' + (n * 7 % 80)::integer AS day
          FROM (SELECT code, row_number() OVER (ORDER BY code) AS n FROM everycell.household) h WHERE n % 2 = 0) v
"""
FIGURES = "SELECT * FROM everycell.coverage(ARRAY[990101], '', 15, CAST(:since AS date), '2026-11-20')"


@pytest.fixture
def first_schema(store: Store) -> Store:
    """A database at revision 0001 with three cells, forty households and twenty visits."""
    with store.begin() as conn:
        conn.execute(text("DROP SCHEMA everycell CASCADE; CREATE SCHEMA everycell"))
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = conn
        command.upgrade(config, "0001")
    with store.begin() as conn:
        for statement in (CELLS, DWELLINGS, VISITS):
            conn.execute(text(statement))
    return store


def figures(conn: Connection) -> list[list[tuple[object, ...]]]:
    days = ("2024-01-01", "2026-08-20", "2026-09-30", "2026-11-20")
    return [[tuple(row) for row in conn.execute(text(FIGURES), {"since": day})] for day in days]


def test_the_histogram_is_packed_with_every_figure_as_before(first_schema: Store) -> None:
    with first_schema.read() as conn:
        assert current(conn) == "0001"
        before = figures(conn)
    assert upgrade(first_schema.engine)
    with first_schema.read() as conn:
        assert current(conn) == head()
        assert figures(conn) == before
        assert before[0][0][2:5] == (18, 10, 2)
        assert list(check(conn, SETTINGS)) == []
    with first_schema.begin() as conn:
        conn.execute(text("UPDATE everycell.household SET interval_days = 30"))
        assert list(check(conn, SETTINGS)) == []


def test_a_day_that_no_array_reaches_is_named(first_schema: Store) -> None:
    with first_schema.begin() as conn:
        conn.execute(text("UPDATE everycell.household SET registered_on = '1900-01-01' WHERE code = '990101-D4-1'"))
    with pytest.raises(ValueError, match=r"household 990101-D4-1: registered_on"):
        upgrade(first_schema.engine)
    with first_schema.read() as conn:
        assert current(conn) == "0001"


def test_what_is_there_begins_the_history(first_schema: Store) -> None:
    """Live cells and retired ones; doors on a border go to the cell with the lower code, as ever since."""
    with first_schema.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO everycell.doorplate (county, code, geom)"
                " VALUES (990101, '990101-border', ST_SetSRID(ST_MakePoint(104.01, 34.505), 4490));"
                "SET LOCAL everycell.mode = 'batch';"
                "UPDATE everycell.doorplate SET cell = '990101100201002' WHERE code = '990101-border'"
            )
        )
        conn.execute(
            text(
                "UPDATE everycell.cell SET retired_on = '2026-05-01' WHERE code = '990101100201003';"
                "UPDATE everycell.cell SET geom = ST_MakeEnvelope(104.01, 34.5, 104.03, 34.51, 4490)"
                " WHERE code = '990101100201002'"
            )
        )
    assert upgrade(first_schema.engine)
    with first_schema.read() as conn:
        rows = conn.execute(
            text("SELECT code, version, valid_to::text, begun, ended FROM everycell.cell_history ORDER BY code")
        ).all()
        assert [tuple(row) for row in rows] == [
            ("990101100201001", 1, None, 1, None),
            ("990101100201002", 2, None, 1, None),
            ("990101100201003", 1, "2026-05-01", 1, 1),
        ]
        found = conn.execute(text("SELECT area, status, revision, created_by FROM everycell.changeset")).all()
        assert [tuple(row) for row in found] == [("990101", "published", 1, "migration")]
        door = conn.execute(text("SELECT cell FROM everycell.doorplate WHERE code = '990101-border'")).scalar()
        assert door == "990101100201001"
        assert list(check(conn, SETTINGS)) == []
