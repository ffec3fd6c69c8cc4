"""Accounts and their grants: what an administrator does in a shell, as the owner of the database.

An account is a sign-in name of staff and what it may do where; the service knows nothing else of them. A change holds
at once, for what is signed in too: the tables' triggers tell all workers to forget what they knew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from gis.access import throttle
from gis.access.passwords import check_strength, generate, hash_password
from gis.access.scope import EVERYWHERE, Grant, Role
from gis.access.sessions import LOGIN
from gis.errors import BadInput, Conflict, NotFound
from gis.sentence import Sentence
from gis.storage.queries import query

FIRST_LOGIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `issuer` is the identity provider that vouches for it, None where it has a password of its own.
    `password_set_at` is None where it has none, `disabled_at` while it may sign in. `grants` are sorted."""

    id: UUID
    login: str
    issuer: str | None
    created_at: datetime
    password_set_at: datetime | None
    disabled_at: datetime | None
    grants: tuple[Grant, ...]


def add_account(conn: Connection, login: str, password: str | None = None) -> Account:
    """Make an account without grants; without a password nobody can sign in as it yet.

    Raises BadInput for a sign-in name with other signs than a-z, 0-9 and . _ @ -, that reads like somebody's number
    or a code, and for a password that is easy to guess; Conflict where there is an account of this name.
    """
    if not LOGIN.fullmatch(login):
        raise BadInput(
            "login: {login!r} is no sign-in name; it has 1 to 64 of a-z, 0-9 and . _ @ -, a letter or"
            " digit first, and is no telephone or identity number, code or id",
            login=login,
            field="login",
        )
    hashed = _hashed(login, password)
    made = conn.execute(
        text(
            "INSERT INTO everycell.account (login, password_hash, created_at, password_set_at) VALUES"
            " (:login, :hash, clock_timestamp(), CASE WHEN CAST(:hash AS text) IS NOT NULL THEN clock_timestamp() END)"
            " ON CONFLICT (login) DO NOTHING"
        ),
        {"login": login, "hash": hashed},
    )
    if not made.rowcount:
        raise Conflict("login: there is an account {login} already", login=login, field="login")
    return get_account(conn, login)


def set_password(conn: Connection, login: str, password: str) -> None:
    """Give an account a new password: its sessions end, and wrong passwords are counted anew.

    Raises NotFound for an unknown account, Conflict for one of an identity provider, BadInput for a password that is
    easy to guess.
    """
    account = _own_account(conn, login, Sentence("its password"))
    hashed = _hashed(login, password)
    throttle.forget_failures(conn, throttle.key_of_login(login))
    conn.execute(
        text(
            "UPDATE everycell.account SET password_hash = :hash, password_set_at = clock_timestamp()"
            " WHERE id = :account"
        ),
        {"account": account.id, "hash": hashed},
    )
    _end_sessions(conn, account)


def disable(conn: Connection, login: str) -> None:
    """Let nobody sign in as an account any more, and end its sessions. It keeps its grants. Raises NotFound."""
    account = get_account(conn, login, lock=True)
    conn.execute(
        text("UPDATE everycell.account SET disabled_at = coalesce(disabled_at, clock_timestamp()) WHERE id = :account"),
        {"account": account.id},
    )
    _end_sessions(conn, account)


def enable(conn: Connection, login: str) -> None:
    """Let an account sign in again, with the password and the grants that it had. Raises NotFound."""
    account = get_account(conn, login, lock=True)
    conn.execute(text("UPDATE everycell.account SET disabled_at = NULL WHERE id = :account"), {"account": account.id})


def list_accounts(conn: Connection) -> list[Account]:
    """All accounts, by sign-in name."""
    return _accounts(conn, None)


def get_account(conn: Connection, login: str, *, lock: bool = False) -> Account:
    """One account; `lock` keeps others from changing it until the transaction ends. Raises NotFound."""
    if lock:
        conn.execute(text("SELECT FROM everycell.account WHERE login = :login FOR UPDATE"), {"login": login})
    found = _accounts(conn, login)
    if not found:
        raise NotFound("login: there is no account {login}", login=login, field="login")
    return found[0]


def add_grant(conn: Connection, login: str, grant: Grant) -> bool:
    """Give an account a role on an area. False where it had it already.

    Raises NotFound for an unknown account, Conflict for one whose grants come from an identity provider.
    """
    account = _own_account(conn, login, Sentence("its grants"))
    added = conn.execute(
        text(
            "INSERT INTO everycell.area_grant (account, role, area) VALUES (:account, :role, :area)"
            " ON CONFLICT DO NOTHING"
        ),
        {"account": account.id, "role": grant.role, "area": grant.area},
    )
    return bool(added.rowcount)


def remove_grant(conn: Connection, login: str, grant: Grant) -> None:
    """Take exactly this grant from an account; a role on a larger area stays.

    Raises NotFound where the account is unknown or has no such grant, Conflict where its grants come from an identity
    provider.
    """
    account = _own_account(conn, login, Sentence("its grants"))
    taken = conn.execute(
        text("DELETE FROM everycell.area_grant WHERE account = :account AND role = :role AND area = :area"),
        {"account": account.id, "role": grant.role, "area": grant.area},
    )
    if not taken.rowcount:
        raise NotFound(
            "area: {login} is not {role} in {area}",
            login=login,
            role=grant.role,
            area=grant.area or Sentence("all"),
            field="area",
        )


def is_area(conn: Connection, area: str) -> bool:
    """Whether there is a county, town, village or cell with this code (EVERYWHERE always is)."""
    if area == EVERYWHERE:
        return True
    found = conn.execute(query("access/is_area"), {"area": area, "county": int(area[:6])}).scalar()
    return bool(found)


def first_administrator(conn: Connection) -> tuple[str, str] | None:
    """Where there is no account at all: make `admin`, who may everything everywhere; returns sign-in name and password.

    None where there is one, be it disabled. Of two services that start at once, one makes it.
    """
    conn.execute(text("LOCK TABLE everycell.account IN SHARE ROW EXCLUSIVE MODE"))
    if conn.execute(text("SELECT EXISTS (SELECT FROM everycell.account)")).scalar():
        return None
    password = generate()
    add_account(conn, FIRST_LOGIN, password)
    add_grant(conn, FIRST_LOGIN, Grant(Role.admin, EVERYWHERE))
    return FIRST_LOGIN, password


def _accounts(conn: Connection, login: str | None) -> list[Account]:
    rows = conn.execute(query("access/accounts"), {"login": login})
    return [_account(row) for row in rows]


def _account(row: Any) -> Account:
    grants = (Grant(Role(role), area) for role, area in zip(row.roles, row.areas, strict=True))
    return Account(
        row.id, row.login, row.issuer, row.created_at, row.password_set_at, row.disabled_at, tuple(sorted(grants))
    )


def _own_account(conn: Connection, login: str, what: Sentence) -> Account:
    """The account, locked, where what is to be changed is kept here and not by an identity provider."""
    account = get_account(conn, login, lock=True)
    if account.issuer is not None:
        raise Conflict(
            "login: {login} signs in at {issuer}, which keeps {what}",
            login=login,
            issuer=account.issuer,
            what=what,
            field="login",
        )
    return account


def _hashed(login: str, password: str | None) -> str | None:
    if password is None:
        return None
    check_strength(password, login)
    return hash_password(password)


def _end_sessions(conn: Connection, account: Account) -> None:
    conn.execute(text("DELETE FROM everycell.session WHERE account = :account"), {"account": account.id})
