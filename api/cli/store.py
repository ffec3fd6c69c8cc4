"""everycell migrate: bring the schema up to date and stop (docker-compose runs it once before the service)."""

from __future__ import annotations

import typer

from api.cli.output import out
from api.cli.serving import welcome
from api.cli.words import _
from gis.settings import settings
from gis.storage.engine import Store, open_store
from gis.storage.migrate import head, upgrade
from gis.storage.roles import prepare, set_password

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the schema up to date. Harmless to repeat; other processes may be running."""
    with open_store(settings(), migrate=False) as store:
        done = upgrade(store.engine)
        with store.begin() as conn:
            prepare(conn)  # a database that was restored has the newest schema, but not what roles.py looks after
        _sign_in_of_service(store)
        welcome(store)
    told = _("schema revision {revision}: migrated") if done else _("schema revision {revision}: was up to date")
    out.print(told.format(revision=head()))


def _sign_in_of_service(store: Store) -> None:
    """Give the service's role the password of the settings, so that `serve` needs no other sign-in to the database."""
    password = settings().service_password
    if password is not None:
        with store.begin() as conn:
            set_password(conn, password.get_secret_value())
