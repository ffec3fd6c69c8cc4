"""Sign-ins of GIS staff to the database itself, for QGIS: one PostgreSQL role an account, a member of everycell_editor.

The role is `qgis_` and the account's sign-in name. What it may edit where is not kept with the role: the grants of the
account tell (editor, admin), and a disabled account sees nothing, at once. See docs/decisions/0013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from gis.access.accounts import get_account
from gis.errors import BadInput, Conflict, NotFound
from gis.storage.notary import refuse_unready
from gis.storage.roles import EDITOR_ROLE

PREFIX: Final = "qgis_"
_LONGEST: Final = 63 - len(PREFIX)  # bytes of a name in PostgreSQL
_MADE: Final = "SELECT 1 FROM pg_roles WHERE rolname = :name"


@dataclass(frozen=True, slots=True)
class QgisUser:
    """A sign-in to the database. `areas` are those it may edit: '' is everywhere, none is nowhere."""

    login: str
    role: str
    areas: tuple[str, ...]


def role_of(login: str) -> str:
    """The PostgreSQL role of an account. Raises BadInput where its name is too long for one."""
    if len(login) > _LONGEST:
        raise BadInput(
            "login: {login} has more than the {most} characters that PostgreSQL takes",
            login=login,
            most=_LONGEST,
            field="login",
        )
    return PREFIX + login


def add_user(conn: Connection, login: str, password: str | None, zone: str) -> None:
    """Let an account sign in to the database, with a new password (None: only through a socket that asks for none).

    `zone` is in which its days are counted. Needs CREATEROLE. Raises NotFound for an unknown account, Conflict where
    it has a role already, StorageError where what it reads of doors could not be noted in the audit.
    """
    get_account(conn, login)
    refuse_unready(conn)
    name = role_of(login)
    if conn.execute(text(_MADE), {"name": name}).scalar() is not None:
        raise Conflict("login: {login} has the role {name} already", login=login, name=name, field="login")
    _run(conn, "CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS CONNECTION LIMIT 10", name)
    _run(conn, f"GRANT {EDITOR_ROLE} TO %I", name)
    _run(conn, "ALTER ROLE %I SET timezone = %L", name, zone)
    # What others wait for must end: a statement, and an edit that was begun and left.
    _run(conn, "ALTER ROLE %I SET statement_timeout = '2min'", name)
    _run(conn, "ALTER ROLE %I SET idle_in_transaction_session_timeout = '30min'", name)
    if password is not None:
        set_password(conn, login, password)


def set_password(conn: Connection, login: str, password: str) -> None:
    """Give the role of an account a new password. Raises NotFound where it has no role, StorageError as `add_user`."""
    _require(conn, login)
    refuse_unready(conn)
    _run(conn, "ALTER ROLE %I PASSWORD %L", role_of(login), password)


def remove_user(conn: Connection, login: str) -> None:
    """Take the role of an account away and end its connections. Raises NotFound where it has none."""
    name = _require(conn, login)
    _run(conn, "ALTER ROLE %I NOLOGIN", name)
    conn.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :name"), {"name": name})
    _run(conn, "DROP ROLE %I", name)


def list_users(conn: Connection) -> list[QgisUser]:
    """All sign-ins to the database, by name."""
    rows = conn.execute(
        text(
            "SELECT substr(r.rolname, 6) AS login, r.rolname AS role,"
            " array_remove(array_agg(DISTINCT g.area ORDER BY g.area), NULL) AS areas FROM pg_roles r"
            " LEFT JOIN everycell.account a ON a.login = substr(r.rolname, 6) AND a.disabled_at IS NULL"
            " LEFT JOIN everycell.area_grant g ON g.account = a.id AND g.role IN ('editor', 'admin')"
            " WHERE starts_with(r.rolname, :prefix) AND r.rolcanlogin GROUP BY r.rolname ORDER BY r.rolname"
        ),
        {"prefix": PREFIX},
    )
    return [QgisUser(row.login, row.role, tuple(row.areas)) for row in rows]


def _require(conn: Connection, login: str) -> str:
    name = role_of(login)
    if conn.execute(text(_MADE), {"name": name}).scalar() is None:
        raise NotFound("login: {login} has no sign-in to the database", login=login, field="login")
    return name


def _run(conn: Connection, statement: str, *words: str) -> None:
    """A statement whose names (%I) and values (%L) PostgreSQL itself quotes."""
    listed = {f"word_{n}": word for n, word in enumerate(words)}
    names = ", ".join(f"CAST(:{name} AS text)" for name in listed)
    quoted = conn.execute(text(f"SELECT format(:statement, {names})"), {"statement": statement, **listed}).scalar_one()
    conn.exec_driver_sql(quoted.replace("%", "%%"))
