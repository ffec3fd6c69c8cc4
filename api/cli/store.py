"""everycell migrate: bring the schema up to date and stop (docker-compose runs it once before the service)."""

from __future__ import annotations

import typer

from api.cli.output import out
from gis.settings import settings
from gis.storage.engine import open_store
from gis.storage.migrate import head, upgrade

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the schema up to date. Harmless to repeat; other processes may be running."""
    with open_store(settings(), migrate=False) as store:
        done = upgrade(store.engine)
    out.print(f"schema revision {head()}: {'migrated' if done else 'was up to date'}")
