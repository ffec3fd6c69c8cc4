"""everycell user add|passwd|disable|enable|list, everycell grant add|remove."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer
from sqlalchemy import Connection

from api.cli.folding import Table
from api.cli.output import err, opened, out
from api.cli.words import _, say
from gis.access import accounts
from gis.access.accounts import Account
from gis.access.audit import Action, note_shell
from gis.access.passwords import MAX_LENGTH, generate
from gis.access.scope import Grant, Role, area_of
from gis.errors import BadInput
from gis.settings import settings
from gis.words import word

app = typer.Typer()
user = typer.Typer(help="Accounts: add, passwd, disable, enable, list.", no_args_is_help=True)
grant = typer.Typer(help="What accounts may do where: add, remove.", no_args_is_help=True)
app.add_typer(user, name="user")
app.add_typer(grant, name="grant")

_MOST_BYTES: Final = 4 * MAX_LENGTH + 2

Login = Annotated[str, typer.Argument(help="sign-in name: a-z, 0-9 and . _ @ -")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="read the password from standard input")]
AREA_HELP: Final = "code of a county, town, village or cell, or: all"


@user.command()
def add(
    login: Login,
    role: Annotated[Role | None, typer.Option(help="what it may do")] = None,
    area: Annotated[str | None, typer.Option(help="where: " + AREA_HELP)] = None,
    password_stdin: PasswordStdin = False,
) -> None:
    """Add an account. A password is asked for; where there is nobody to ask, one is made up and printed this once."""
    if (role is None) != (area is None):
        raise BadInput("--role and --area go together: give both or none", field="--role" if role is None else "--area")
    given = Grant(role, area_of(area)) if role is not None and area is not None else None
    password, made_up = ask_password(login, password_stdin)
    with opened() as store, store.begin() as conn:
        accounts.add_account(conn, login, password)
        if given is not None:
            accounts.add_grant(conn, login, given)
            warn_unknown(conn, given.area)
        note_shell(conn, Action.account_add, detail={"login": login})
        if given is not None:
            note_shell(conn, Action.grant_add, given.area, {"login": login, "role": given.role})
    out.print(
        _("{login} is added: {grant}", login=login, grant=shown(given))
        if given
        else _("{login} is added; everycell grant add says what it may do", login=login)
    )
    print_made_up(login, password, made_up)


@user.command()
def passwd(login: Login, password_stdin: PasswordStdin = False) -> None:
    """Give an account a new password, and end its sessions and its lock. Asked for or made up as with add."""
    password, made_up = ask_password(login, password_stdin)
    with opened() as store, store.begin() as conn:
        accounts.set_password(conn, login, password)
        note_shell(conn, Action.account_password, detail={"login": login})
    out.print(_("{login} has a new password, and is signed out everywhere", login=login))
    print_made_up(login, password, made_up)


@user.command()
def disable(login: Login) -> None:
    """Let nobody sign in as this account any more, and sign it out everywhere. Its grants are kept."""
    with opened() as store, store.begin() as conn:
        accounts.disable(conn, login)
        note_shell(conn, Action.account_disable, detail={"login": login})
    out.print(_("{login} is disabled, and signed out everywhere", login=login))


@user.command()
def enable(login: Login) -> None:
    """Let a disabled account sign in again, with the password and the grants that it had."""
    with opened() as store, store.begin() as conn:
        accounts.enable(conn, login)
        note_shell(conn, Action.account_enable, detail={"login": login})
    out.print(_("{login} may sign in again", login=login))


@user.command("list")
def list_() -> None:
    """All accounts, how they sign in and what they may do."""
    with opened() as store, store.read() as conn:
        found = accounts.list_accounts(conn)
    table = Table()
    for column in (_("login"), _("signs in"), _("may do"), _("since")):
        table.add_column(column)
    for account in found:
        since = account.created_at.astimezone(settings().zone)
        grants = "\n".join(shown(one) for one in account.grants) or _("nothing")
        table.add_row(account.login, _how(account), grants, f"{since:%Y-%m-%d}")
    out.print(table if found else _("no accounts yet: everycell user add LOGIN --role ROLE --area AREA"))


@grant.command("add")
def add_grant(
    login: Login,
    role: Annotated[Role, typer.Option(help="what it may do")],
    area: Annotated[str, typer.Option(help="where: " + AREA_HELP)],
) -> None:
    """Give an account a role on an area. It may have several."""
    given = Grant(role, area_of(area))
    with opened() as store, store.begin() as conn:
        new = accounts.add_grant(conn, login, given)
        warn_unknown(conn, given.area)
        if new:
            note_shell(conn, Action.grant_add, given.area, {"login": login, "role": given.role})
    told = _("{login} is now {grant}") if new else _("{login} is already {grant}")
    out.print(told.format(login=login, grant=shown(given)))


@grant.command("remove")
def remove_grant(
    login: Login,
    role: Annotated[Role, typer.Option(help="which role")],
    area: Annotated[str, typer.Option(help="where: " + AREA_HELP)],
) -> None:
    """Take a role on exactly this area from an account."""
    taken = Grant(role, area_of(area))
    with opened() as store, store.begin() as conn:
        accounts.remove_grant(conn, login, taken)
        note_shell(conn, Action.grant_remove, taken.area, {"login": login, "role": taken.role})
    out.print(_("{login} is no longer {grant}", login=login, grant=shown(taken)))


def shown(given: Grant) -> str:
    """A grant as people say it: `editor in 110101`, `admin everywhere`."""
    told = _("{role} in {area}") if given.area else _("{role} everywhere")
    return told.format(role=say(word(given.role)), area=given.area)


def warn_unknown(conn: Connection, area: str) -> None:
    """Say on stderr where an area is not there: it may come with an import, or is a slip."""
    if not accounts.is_area(conn, area):
        err.print(_("note: there is no area {area} in this database yet", area=area), soft_wrap=True)


def _how(account: Account) -> str:
    if account.disabled_at is not None:
        return _("disabled {day:%Y-%m-%d}", day=account.disabled_at.astimezone(settings().zone))
    if account.issuer is not None:
        return _("at {issuer}", issuer=account.issuer)
    return _("with a password") if account.password_set_at else _("not yet: no password")


def ask_password(login: str, from_stdin: bool) -> tuple[str, bool]:
    """The password to set, and whether it was made up here, so that it must be shown."""
    if from_stdin:
        return _from_stdin(), False
    typed = _prompt(_("Password of {login} (Enter: one is made up)", login=login)) if sys.stdin.isatty() else ""
    if not typed:
        return generate(), True
    if _prompt(_("The same again")) != typed:
        raise BadInput("password: the two are not the same", field="password")
    return typed, False


def _prompt(question: str) -> str:
    return str(typer.prompt(question, default="", show_default=False, hide_input=True, err=True))


def _from_stdin() -> str:
    line = typer.get_binary_stream("stdin").readline(_MOST_BYTES).rstrip(b"\r\n")
    if not line:
        raise BadInput("--password-stdin: nothing came from standard input", field="--password-stdin")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("--password-stdin: what came is not UTF-8", field="--password-stdin") from None


def print_made_up(login: str, password: str, made_up: bool) -> None:
    """Show a password that was made up here, this once."""
    if made_up:
        out.print(
            _("the password of {login}, shown only now: {password}", login=login, password=password),
            markup=False,
            soft_wrap=True,
        )
