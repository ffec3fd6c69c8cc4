"""everycell qgis-user add|passwd|remove|list: who may sign in to the database itself, with QGIS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from api.cli.accounts import Login, PasswordStdin, ask_password, print_made_up
from api.cli.folding import Table
from api.cli.output import opened, out
from api.cli.words import _
from gis.access import qgis
from gis.access.audit import Action, note_shell
from gis.access.passwords import check_strength
from gis.errors import StorageError
from gis.settings import settings
from gis.storage.engine import as_administrator, sqlstate

app = typer.Typer(help="Who may sign in to the database with QGIS: add, passwd, remove, list.", no_args_is_help=True)

Open = Annotated[
    bool, typer.Option("--no-password", help="for the socket of the private database, which asks for none")
]
_DENIED = "42501"


@app.command()
def add(login: Login, no_password: Open = False, password_stdin: PasswordStdin = False) -> None:
    """Let an account sign in to the database as qgis_LOGIN. It sees and edits what the account's grants as editor (or
    admin) allow, and nothing where it is disabled. The password is another one than the account's."""
    password, made_up = (None, False) if no_password else ask_password(login, password_stdin)
    if password is not None:
        check_strength(password, login)
    with _administering() as conn:
        qgis.add_user(conn, login, password, settings().timezone)
        note_shell(conn, Action.qgis_user_add, detail={"login": login})
    out.print(_("{login} may sign in to the database as {role}", login=login, role=qgis.role_of(login)))
    if password is not None:
        print_made_up(login, password, made_up)


@app.command()
def passwd(login: Login, password_stdin: PasswordStdin = False) -> None:
    """Give the sign-in of an account to the database a new password."""
    password, made_up = ask_password(login, password_stdin)
    check_strength(password, login)
    with _administering() as conn:
        qgis.set_password(conn, login, password)
        note_shell(conn, Action.account_password, detail={"login": qgis.role_of(login)})
    out.print(_("{role} has a new password", role=qgis.role_of(login)))
    print_made_up(login, password, made_up)


@app.command()
def remove(login: Login) -> None:
    """Let an account sign in to the database no more, and end its connections. The account stays."""
    with _administering() as conn:
        qgis.remove_user(conn, login)
        note_shell(conn, Action.qgis_user_remove, detail={"login": login})
    out.print(_("{login} may sign in to the database no more", login=login))


@app.command("list")
def list_() -> None:
    """All sign-ins to the database, and where they may edit."""
    with opened() as store, store.read() as conn:
        found = qgis.list_users(conn)
    table = Table()
    for column in (_("login"), _("signs in as"), _("edits")):
        table.add_column(column)
    for user in found:
        areas = ", ".join(area or _("everywhere") for area in user.areas) or _("nothing")
        table.add_row(user.login, user.role, areas)
    out.print(table if found else _("nobody yet: everycell qgis-user add LOGIN"))


@contextmanager
def _administering() -> Iterator[Connection]:
    """A transaction that may make roles."""
    try:
        with opened() as store, as_administrator(store) as conn:
            yield conn
    except DBAPIError as error:
        if sqlstate(error) != _DENIED:
            raise
        raise StorageError(
            "the owner of the database may not make roles: as a superuser run ALTER ROLE ... CREATEROLE, and grant it"
            " everycell_editor WITH ADMIN OPTION",
            field="DATABASE_URL",
        ) from error
