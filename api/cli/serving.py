"""everycell serve: the service over HTTP, until it is told to stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import err, opened
from api.cli.words import _
from gis.access import accounts
from gis.access.audit import Action, note_shell
from gis.settings import settings
from gis.storage.engine import Store, as_service, open_service
from gis.storage.keeper import kept_running

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="address to listen on; 0.0.0.0 for every one of this machine")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on; 0 for any free one")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="processes that answer")] = 1,
    certificate: Annotated[
        Path | None,
        typer.Option(help="speak https: PEM file of the certificate, with those that lead to its authority"),
    ] = None,
    key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's key, without a password")] = None,
) -> None:
    """Serve the API and the pages. Prints "ready ADDRESS" once it answers; ends on SIGTERM and Ctrl-C.

    Browsers keep the cookie of a sign-in only over https or on this very machine: for others give --certificate and
    --key, or let a proxy in front speak https.
    """
    from api.server import run_server, run_workers  # here: the other commands need no web server
    from api.tls import certificate_of

    shown = certificate_of(certificate, key)
    with served() as store:
        if workers == 1:
            run_server(store, host, port, on_ready=announce, certificate=shown)
        else:
            run_workers(host, port, workers, on_ready=announce, certificate=shown)
    err.print(_("everycell: stopped"))


@contextmanager
def served() -> Iterator[Store]:
    """The store as the service's role, its schema up to date, and with somebody who can sign in.

    Where only the service's own address of the database is known, `everycell migrate` has seen to both.
    """
    if settings().service_database_url is not None and settings().database_url is None:
        with open_service(settings()) as service:
            yield service
        return
    with opened() as owner:
        welcome(owner)
        with kept_running(settings()), as_service(owner) as service:
            yield service


def welcome(owner: Store) -> None:
    """Make the first administrator, where there is no account yet, and tell its password: this once. Later starts tell
    how to give it another one."""
    with owner.begin() as conn:
        made = accounts.first_administrator(conn)
        if made is not None:
            note_shell(conn, Action.account_add, detail={"login": made[0]})
        logins = [account.login for account in accounts.list_accounts(conn)]
    if made is not None:
        print(  # noqa: T201
            _("administrator {login}, password {password} (shown this once)", login=made[0], password=made[1]),
            flush=True,
        )
        return
    login = accounts.FIRST_LOGIN if accounts.FIRST_LOGIN in logins else "LOGIN"
    err.print(_("password forgotten? everycell user passwd {login} gives another one", login=login), soft_wrap=True)


def announce(address: str) -> None:
    """Tell, on a line of its own, that the service answers."""
    print(f"ready {address}", flush=True)  # noqa: T201 - scripts wait for this line
