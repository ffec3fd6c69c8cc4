"""Passing over the look-up of foreign keys: only where allowed, only inside, and the transaction goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from gis.storage.bulk import array, joined_already
from gis.storage.engine import Store, as_service
from tests.gis import world

ORPHAN = text(
    "INSERT INTO everycell.household (county, code, doorplate, cell, interval_days, registered_on)"
    " VALUES (990101, '990101-X', 1, '990101100201001', 90, '2026-01-01')"
)


def role_of_session(conn: Connection) -> str:
    return str(conn.scalar(text("SELECT current_setting('session_replication_role')")))


def test_keys_are_passed_over_inside_and_looked_up_again_after(store: Store) -> None:
    with store.begin() as conn:
        world.build(conn, {1: 1})
        if conn.scalar(text("SELECT current_setting('server_version_num')::integer")) < 150_000:
            pytest.skip("before PostgreSQL 15 only a superuser may pass over them")
        with joined_already(conn):
            assert role_of_session(conn) == "replica"
        assert role_of_session(conn) == "origin"
        conn.execute(text("SET LOCAL everycell.mode = 'batch'"))  # so that it is the key that refuses
        with pytest.raises(IntegrityError, match="fk_household_doorplate"):
            conn.execute(ORPHAN)
        conn.rollback()


def test_a_role_that_may_not_goes_on_with_the_look_up(store: Store) -> None:
    with as_service(store) as service, service.begin() as conn:
        with joined_already(conn):
            assert role_of_session(conn) == "origin"
        assert conn.scalar(text("SELECT current_user")) == "everycell_app"


def test_an_array_is_what_was_put_in(store: Store) -> None:
    texts = ["", "a", 'a "quoted" one', "back\\slash", "{,}", "NULL", "柳林村"]
    with store.read() as conn:
        assert conn.scalar(text("SELECT CAST(:texts AS text[])"), {"texts": array(texts)}) == texts
        assert conn.scalar(text("SELECT CAST(:texts AS text[])"), {"texts": array([])}) == []
