"""Accounts: made, given passwords and grants, disabled; the first administrator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from gis.access import accounts
from gis.access.accounts import add_account, add_grant, first_administrator, get_account, remove_grant
from gis.access.scope import EVERYWHERE, Grant, Right, Role
from gis.access.sessions import caller_of_session, check_password, open_session
from gis.errors import BadInput, Conflict, EverycellError, NotFound, NotSignedIn
from gis.storage.engine import Store
from tests.gis.world import VILLAGE, build, cell_code

pytestmark = pytest.mark.usefixtures("quick")

PASSWORD = "correct horse"
IDLE = timedelta(hours=1)
NUMBERS = ("990101-d001-0000-00", "0f8fad5b-d9cd-469f-a165-70867728950e", "13800138000", "13800138000@example.org")
EDITOR = Grant(Role.editor, "990101")


def revision(store: Store) -> int:
    """What the workers watch to forget what they know of callers."""
    with store.read() as conn:
        return int(conn.execute(text("SELECT revision FROM everycell.access_state")).scalar_one())


def sign_in(app: Store, login: str = "lin", password: str = PASSWORD) -> str:
    account = check_password(app, login, password, "127.0.0.1")
    with app.begin() as conn:
        return open_session(conn, account, 12)


def signed_in(app: Store, secret: str) -> bool:
    with app.begin() as conn:
        return caller_of_session(conn, secret, IDLE) is not None


def test_an_account_as_it_was_made(store: Store, app: Store) -> None:
    with store.begin() as conn:
        made = add_account(conn, "lin", PASSWORD)
        assert made == get_account(conn, "lin")
        assert (made.login, made.issuer, made.grants, made.disabled_at) == ("lin", None, (), None)
        assert made.password_set_at is not None
        for login in ("990101", "team-7", "a1b2c3d4"):
            assert add_account(conn, login).grants == ()
            conn.execute(text("DELETE FROM everycell.account WHERE login = :login"), {"login": login})
        assert add_account(conn, "anna@example.org").password_set_at is None
        assert [a.login for a in accounts.list_accounts(conn)] == ["anna@example.org", "lin"]
        stored = conn.execute(text("SELECT a::text FROM everycell.account a WHERE login = 'lin'")).scalar_one()
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


def test_other_names_are_refused(store: Store, app: Store) -> None:
    with store.begin() as conn:
        for login in ("", "Lin", "-lin", "林", "a b", "a" * 65, "lin\n", "lin\0", "a'; DROP", *NUMBERS):
            with pytest.raises(BadInput, match="sign-in name") as refused:
                add_account(conn, login, PASSWORD)
            assert refused.value.field == "login"


def test_weak_passwords_and_second_accounts_are_refused(store: Store, app: Store) -> None:
    with store.begin() as conn:
        with pytest.raises(BadInput, match="password"):
            add_account(conn, "lin", "short")
        add_account(conn, "lin", PASSWORD)
        with pytest.raises(Conflict, match="already"):
            add_account(conn, "lin", PASSWORD)
        with pytest.raises(BadInput, match="password"):
            accounts.set_password(conn, "lin", "short")


def test_a_new_password_ends_sessions_and_the_lock(store: Store, app: Store) -> None:
    with store.begin() as conn:
        add_account(conn, "lin", PASSWORD)
    secret = sign_in(app)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            check_password(app, "lin", "wrong horse", "127.0.0.1")
    before = revision(store)
    with store.begin() as conn:
        accounts.set_password(conn, "lin", "another horse")
    assert revision(store) > before
    assert not signed_in(app, secret)
    assert signed_in(app, sign_in(app, password="another horse"))
    with pytest.raises(NotSignedIn):
        sign_in(app)


def test_a_disabled_account_is_out_at_once_and_in_again_when_enabled(store: Store, app: Store) -> None:
    with store.begin() as conn:
        add_account(conn, "lin", PASSWORD)
        add_account(conn, "mei", PASSWORD)
        add_grant(conn, "lin", EDITOR)
    secret, other = sign_in(app), sign_in(app, "mei")
    before = revision(store)
    with store.begin() as conn:
        accounts.disable(conn, "lin")
        since = get_account(conn, "lin").disabled_at
        accounts.disable(conn, "lin")
        assert get_account(conn, "lin").disabled_at == since is not None
    assert revision(store) > before
    assert not signed_in(app, secret)
    assert signed_in(app, other)
    with pytest.raises(NotSignedIn):
        sign_in(app)
    with store.begin() as conn:
        accounts.enable(conn, "lin")
        assert get_account(conn, "lin").grants == (EDITOR,)
    assert signed_in(app, sign_in(app))
    assert not signed_in(app, secret)


def test_grants_come_and_go(store: Store, app: Store) -> None:
    with store.begin() as conn:
        add_account(conn, "lin", PASSWORD)
        assert add_grant(conn, "lin", EDITOR)
        assert not add_grant(conn, "lin", EDITOR)
        assert add_grant(conn, "lin", Grant(Role.wall, EVERYWHERE))
        assert get_account(conn, "lin").grants == (EDITOR, Grant(Role.wall, EVERYWHERE))
    secret = sign_in(app)
    with app.begin() as conn:
        caller = caller_of_session(conn, secret, IDLE)
    assert caller is not None
    assert caller.scope.where(Right.figures) == (EVERYWHERE,)
    assert caller.scope.where(Right.doors) == ("990101",)
    before = revision(store)
    with store.begin() as conn:
        remove_grant(conn, "lin", EDITOR)
        assert get_account(conn, "lin").grants == (Grant(Role.wall, EVERYWHERE),)
        with pytest.raises(NotFound, match="lin is not editor in 990101"):
            remove_grant(conn, "lin", EDITOR)
    assert revision(store) > before
    with app.begin() as conn:
        after = caller_of_session(conn, secret, IDLE)
    assert after is not None
    assert not after.scope.allows(Right.doors)


def test_an_unknown_account(store: Store, app: Store) -> None:
    attempts: list[tuple[Any, ...]] = [
        (accounts.set_password, PASSWORD),
        (accounts.disable,),
        (accounts.enable,),
        (add_grant, EDITOR),
        (remove_grant, EDITOR),
    ]
    for attempt, *more in attempts:
        with store.begin() as conn, pytest.raises(NotFound, match="there is no account nobody"):
            attempt(conn, "nobody", *more)


def test_what_an_identity_provider_keeps_is_not_changed_here(store: Store, app: Store) -> None:
    with app.begin() as conn:
        conn.execute(
            text(
                "SELECT everycell.account_of_subject('https://id.example', 's1', 'lin',"
                " ARRAY['editor'], ARRAY['990101'])"
            )
        )
    with store.begin() as conn:
        assert get_account(conn, "lin").grants == (EDITOR,)
        for attempt, value in ((accounts.set_password, PASSWORD), (add_grant, EDITOR), (remove_grant, EDITOR)):
            with pytest.raises(Conflict, match=r"https://id\.example"):
                attempt(conn, "lin", value)  # type: ignore[operator]
        accounts.disable(conn, "lin")
    with pytest.raises(EverycellError):
        sign_in(app)


def test_which_codes_are_areas(store: Store, app: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 1})
        for area in (EVERYWHERE, "990101", VILLAGE[:9], VILLAGE, cell_code(1)):
            assert accounts.is_area(conn, area)
        for area in ("990102", "990101999", cell_code(999)):
            assert not accounts.is_area(conn, area)


def test_the_first_administrator_is_made_once(store: Store, app: Store) -> None:
    def start(_: int) -> tuple[str, str] | None:
        with store.begin() as conn:
            return first_administrator(conn)

    with ThreadPoolExecutor(4) as pool:
        made = [one for one in pool.map(start, range(4)) if one is not None]
    assert len(made) == 1
    login, password = made[0]
    secret = sign_in(app, login, password)
    with app.begin() as conn:
        caller = caller_of_session(conn, secret, IDLE)
    assert caller is not None
    assert all(caller.scope.allows(right, "990101") for right in Right)
    with store.begin() as conn:
        accounts.disable(conn, login)
        assert first_administrator(conn) is None


def test_the_service_cannot_touch_the_tables(store: Store, app: Store) -> None:
    for table in ("account", "area_grant", "token", "session", "login_throttle"):
        for statement in (f"SELECT FROM everycell.{table}", f"DELETE FROM everycell.{table}"):
            with pytest.raises(Exception, match="permission denied"), app.begin() as conn:
                conn.execute(text(statement))
