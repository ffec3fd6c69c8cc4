"""The migrated schema: equal to the models, fit to be distributed by county, every named statement plannable."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from gis.errors import SchemaTooNew
from gis.households.load import DOORPLATE, HOUSEHOLD
from gis.sites.load import SITE
from gis.storage import (  # noqa: F401 - same metadata
    access_models,
    alarm_models,
    changeset_models,
    dispute_models,
    patrol_models,
    road_models,
)
from gis.storage.engine import Store, make_engine
from gis.storage.migrate import current, head, upgrade
from gis.storage.models import SCHEMA, metadata
from gis.storage.queries import names, query
from gis.streets.load import STREET

SHARED = {
    "division",
    "alembic_version",
    "account",
    "area_grant",
    "token",
    "session",
    "login_throttle",
    "access_state",
    "event_state",
    "webhook",
    "audit",
    "direct_read",
    "retention_run",
}


def ours(name: str | None, kind: str, parents: Any) -> bool:
    """Compare our schema only, and not the partitions of `visit`, which are made on demand."""
    if kind == "schema":
        return name == SCHEMA
    return not (kind == "table" and re.fullmatch(r"visit_\d{4}_\d{2}", name or ""))


def test_migrations_equal_the_models(database_url: str) -> None:
    options = {
        "include_schemas": True,
        "include_name": ours,
        "compare_type": True,
        "compare_server_default": True,
        "version_table_schema": SCHEMA,
    }
    # With our search_path the schema would be the default one, and tables in it would have no schema name.
    engine = create_engine(database_url, connect_args={"options": "-c search_path=public"})
    with engine.begin() as conn:
        context = MigrationContext.configure(conn, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_check_constraints_equal_the_models(store: Store) -> None:
    """Alembic does not compare them: their names and tables, at least, must agree."""
    with store.read() as conn:
        stored = conn.execute(
            text(
                "SELECT r.relname || '.' || c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid"
                " WHERE c.contype = 'c' AND r.relnamespace = 'everycell'::regnamespace AND NOT r.relispartition"
            )
        ).scalars()
    declared = {
        f"{table.name}.{constraint.name}"
        for table in metadata.tables.values()
        for constraint in table.constraints
        if str(constraint.name).startswith("ck_")
    }
    assert set(stored) == declared


def test_county_leads_every_key_of_county_data(store: Store) -> None:
    with store.read() as conn:
        rows = conn.execute(
            text(
                "SELECT r.relname, c.conname, c.contype, f.relname AS target,"
                " (SELECT attname FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = c.conkey[1]) AS first,"
                " (SELECT attname FROM pg_attribute WHERE attrelid = c.confrelid AND attnum = c.confkey[1]) AS there"
                " FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid"
                " LEFT JOIN pg_class f ON f.oid = c.confrelid"
                " WHERE c.contype IN ('p', 'u', 'f') AND r.relnamespace = 'everycell'::regnamespace"
            )
        ).all()
    keys = {(row.relname, row.contype) for row in rows}
    county_tables = {table.name for table in metadata.tables.values()} - SHARED
    assert {(name, "p") for name in county_tables} <= keys
    for row in rows:
        if row.relname in SHARED:
            assert row.target in (None, *SHARED), f"{row.conname} points from shared to county data"
            continue
        assert row.first == "county", f"{row.relname}.{row.conname} does not begin with county"
        if row.contype == "f":
            assert row.there == "county", row.conname


def test_every_constraint_has_a_name_of_ours(store: Store) -> None:
    with store.read() as conn:
        found = conn.execute(
            text(
                "SELECT c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid"
                " WHERE r.relnamespace = 'everycell'::regnamespace AND r.relname <> 'alembic_version'"
                " AND NOT r.relispartition AND c.contype <> 't'"
            )
        ).scalars()
        assert [name for name in found if not re.match(r"(pk|uq|fk|ck)_", name)] == []


def test_no_trigger_reads_a_transition_table(store: Store) -> None:
    with store.read() as conn:
        found = conn.execute(
            text(
                "SELECT tgname FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid"
                " WHERE r.relnamespace = 'everycell'::regnamespace"
                " AND (t.tgoldtable IS NOT NULL OR t.tgnewtable IS NOT NULL)"
            )
        ).scalars()
        assert list(found) == []


def test_policies_read_no_table(store: Store) -> None:
    """Row-level policies use columns and settings only: no sub-SELECT, which Citus cannot push down. Those of GIS
    staff, who could set any setting, ask once a statement for the areas of the account (docs/decisions/0013)."""
    with store.read() as conn:
        found = conn.execute(
            text("SELECT policyname, qual, with_check FROM pg_policies WHERE schemaname = 'everycell'")
        ).all()
    call = r"edit_(?:areas|counties)\(\)|read_areas\('[a-z]+'::text\)"
    asks = re.compile(rf"\( SELECT (?:everycell\.)?(?:{call}) AS (?:edit|read)_(?:areas|counties)\)")
    told = {p.policyname: f"{p.qual} {p.with_check}" for p in found}
    shown = {name: asks.sub("", words) if name.endswith("_edited") else words for name, words in told.items()}
    assert [name for name, words in shown.items() if "SELECT" in words.upper()] == []


def test_county_is_never_updated(store: Store) -> None:
    with store.read() as conn:
        sources = conn.execute(
            text("SELECT prosrc FROM pg_proc WHERE pronamespace = 'everycell'::regnamespace")
        ).scalars()
        statements = " ".join(sources) + " ".join(query(name).text for name in names())
    assert not re.search(r"SET\s+county\s*=", statements)


STAGED = {"staged_doorplate": DOORPLATE, "staged_household": HOUSEHOLD, "staged_site": SITE, "staged_street": STREET}
# Statements of a load that make the scratch tables of the others, in its order.
SCRATCH = ("changed_doorplates", "joined_doorplates", "new_doorplate_cells", "changed_households")


def test_every_named_statement_can_be_planned(store: Store) -> None:
    """Parameters are NULL here: what the planner checks is names, types and syntax."""
    first = [f"households/{name}" for name in SCRATCH]
    with store.begin() as conn:
        for table, columns in STAGED.items():
            definition = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            conn.execute(text(f"CREATE TEMPORARY TABLE {table} ({definition})"))
        for name in [*first, *(n for n in names() if n not in first)]:
            explained = text("EXPLAIN " + query(name).text)
            nothing = dict.fromkeys(explained.compile().params)
            conn.execute(explained, nothing)
            if name in first:
                conn.execute(query(name), nothing)


def test_upgrade_by_several_processes_at_once(database_url: str, store: Store) -> None:
    with store.begin() as conn:
        conn.execute(text("DROP SCHEMA everycell CASCADE"))
    done: list[bool] = []
    engines = [make_engine(database_url, store.settings) for _ in range(4)]
    threads = [threading.Thread(target=lambda e=e: done.append(upgrade(e))) for e in engines]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.dispose()
    assert sorted(done) == [False, False, False, True]
    with store.read() as conn:
        assert current(conn) == head()


def test_a_newer_schema_is_refused(store: Store) -> None:
    with store.begin() as conn:
        conn.execute(text("UPDATE everycell.alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="9999"):
        upgrade(store.engine)
