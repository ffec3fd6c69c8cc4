"""Bearer tokens: made once, kept as digests, ended by their day or by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gis.access.scope import Grant, Right, Role
from gis.access.sessions import Caller, caller_of_token
from gis.access.tokens import list_tokens, new_token, revoke, token_of
from gis.errors import BadInput, NotFound
from gis.storage.engine import Store

WALL = Grant(Role.wall, "990101001")


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def caller(app: Store, secret: str) -> Caller | None:
    with app.begin() as conn:
        return caller_of_token(conn, secret)


def test_a_token_gives_its_role_in_its_area(store: Store, app: Store) -> None:
    until = in_days(365)
    with store.begin() as conn:
        secret = new_token(conn, "town-wall", WALL, until)
        number = token_of(conn, secret).id
    assert re.fullmatch(r"ec_[A-Za-z0-9_-]{43}", secret)
    found = caller(app, secret)
    assert found is not None
    assert (found.who, found.name, found.kind, found.expires_at) == (
        f"token:{number} town-wall",
        "town-wall",
        "token",
        until,
    )
    assert found.scope.where(Right.figures) == ("990101001",)
    assert not found.scope.allows(Right.doors)


def test_nothing_of_the_secret_is_kept(store: Store, app: Store) -> None:
    with store.begin() as conn:
        secret = new_token(conn, "town-wall", WALL, in_days(1))
        assert secret[3:] not in repr(list_tokens(conn))
        kept = conn.execute(text("SELECT t::text, encode(hash, 'escape') FROM everycell.token t")).one()
    assert secret[3:] not in "".join(kept)


def test_each_is_another(store: Store, app: Store) -> None:
    with store.begin() as conn:
        secrets = [new_token(conn, "qgis", WALL, in_days(1)) for _ in range(3)]
        assert [token.label for token in list_tokens(conn)] == ["qgis"] * 3
        assert [token.id for token in list_tokens(conn)] == [token_of(conn, one).id for one in reversed(secrets)]
        with pytest.raises(NotFound):
            token_of(conn, "ec_" + "x" * 43)


def test_last_use_is_written_down(store: Store, app: Store) -> None:
    with store.begin() as conn:
        secret = new_token(conn, "qgis", WALL, in_days(1))
        assert token_of(conn, secret).last_used_at is None
    assert caller(app, secret) is not None
    with store.begin() as conn:
        first = token_of(conn, secret).last_used_at
    assert first is not None
    assert caller(app, secret) is not None
    with store.begin() as conn:
        assert token_of(conn, secret).last_used_at == first


def test_a_revoked_one_is_nobody(store: Store, app: Store) -> None:
    with store.begin() as conn:
        secret, other = (new_token(conn, "qgis", WALL, in_days(1)) for _ in range(2))
        number = token_of(conn, secret).id
    with store.begin() as conn:
        ended = revoke(conn, number)
    assert ended.revoked_at is not None
    assert caller(app, secret) is None
    assert caller(app, other) is not None
    with store.begin() as conn:
        assert revoke(conn, number) == ended
        with pytest.raises(NotFound, match="there is no token 12345"):
            revoke(conn, 12345)


def test_one_that_is_over_is_nobody(store: Store, app: Store) -> None:
    with store.begin() as conn:
        secret = new_token(conn, "qgis", WALL, in_days(1))
        conn.execute(text("UPDATE everycell.token SET expires_at = clock_timestamp() - interval '1 second'"))
    assert caller(app, secret) is None


def test_an_end_in_the_past_or_a_strange_label_is_refused(store: Store, app: Store) -> None:
    with store.begin() as conn:
        with pytest.raises(BadInput, match="has passed") as refused:
            new_token(conn, "qgis", WALL, in_days(-0.001))
        assert refused.value.field == "expires_at"
        for label in ("", "-x", "墙", "a b", "x" * 41, "x\n", "<b>"):
            with pytest.raises(BadInput, match="label"):
                new_token(conn, label, WALL, in_days(1))


def test_what_is_no_token_is_nobody(store: Store, app: Store) -> None:
    with store.begin() as conn:
        new_token(conn, "qgis", WALL, in_days(1))
    long = "x" * 100_000
    for secret in ("", "ec_", "ec_" + "x" * 43, "x" * 43, "ec_" + long, "ec_\0", "ec_\ud800", "ec_' OR true --"):
        assert caller(app, secret) is None
