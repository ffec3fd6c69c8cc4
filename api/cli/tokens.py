"""everycell token add|revoke|list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from api.cli.accounts import AREA_HELP, shown, warn_unknown
from api.cli.folding import Table
from api.cli.output import opened, out
from api.cli.words import _
from gis.access import tokens
from gis.access.audit import Action, note_shell
from gis.access.scope import Grant, Role, area_of
from gis.access.tokens import Token
from gis.settings import settings

app = typer.Typer(help="Tokens for QGIS, wall screens and scripts: add, revoke, list.", no_args_is_help=True)


@app.command()
def add(
    label: Annotated[str, typer.Argument(help="what it is for, like wall-2 or qgis: letters, digits and . _ -")],
    role: Annotated[Role, typer.Option(help="what it may do")],
    area: Annotated[str, typer.Option(help="where: " + AREA_HELP)],
    days: Annotated[int, typer.Option(min=1, max=1827, help="for how many days; five years are the most")] = 365,
) -> None:
    """Make a token. It is the last word on standard output, and cannot be shown again."""
    given = Grant(role, area_of(area))
    with opened() as store, store.begin() as conn:
        secret = tokens.new_token(conn, label, given, datetime.now(UTC) + timedelta(days=days))
        made = tokens.token_of(conn, secret)
        warn_unknown(conn, given.area)
        note_shell(
            conn, Action.token_add, given.area, {"token": made.id, "role": given.role, "until": _day(made.expires_at)}
        )
    out.print(
        _(
            "token {id} {label}: {grant}, until {day}; it is shown only now:",
            id=made.id,
            label=label,
            grant=shown(given),
            day=_day(made.expires_at),
        )
    )
    out.print(secret, markup=False, soft_wrap=True)


@app.command()
def revoke(number: Annotated[int, typer.Argument(metavar="ID", help="its number in everycell token list")]) -> None:
    """End a token at once and for good."""
    with opened() as store, store.begin() as conn:
        ended = tokens.revoke(conn, number)
        note_shell(conn, Action.token_revoke, ended.grant.area, {"token": number})
    out.print(_("token {id} {label} is revoked", id=number, label=ended.label))


@app.command("list")
def list_() -> None:
    """All tokens, the newest first; never the tokens themselves."""
    with opened() as store, store.read() as conn:
        found = tokens.list_tokens(conn)
    table = Table()
    for column in (_("id"), _("label"), _("may do"), _("last used"), _("until"), _("state")):
        table.add_column(column)
    for token in found:
        used = _("not used yet") if token.last_used_at is None else _day(token.last_used_at)
        table.add_row(str(token.id), token.label, shown(token.grant), used, _day(token.expires_at), _state(token))
    out.print(table if found else _("no tokens yet: everycell token add LABEL --role ROLE --area AREA"))


def _state(token: Token) -> str:
    if token.revoked_at is not None:
        return _("revoked {day}", day=_day(token.revoked_at))
    return _("valid") if token.expires_at > datetime.now(UTC) else _("over")


def _day(instant: datetime) -> str:
    return f"{instant.astimezone(settings().zone):%Y-%m-%d}"
