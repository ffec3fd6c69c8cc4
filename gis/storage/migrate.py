"""Bring the schema up to date: Alembic migrations, under a lock, refusing a database that is ahead of this program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from gis.errors import SchemaTooNew, StorageError
from gis.storage import notary, roles
from gis.storage.models import SCHEMA

_LOCK = 7461093  # any constant: the advisory lock that migrating processes share


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def head() -> str:
    """The newest revision this program knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise StorageError("this installation has no migrations: install everycell again")
    return revision


def current(connection: Connection) -> str | None:
    """The revision of the database, None for an empty one."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision()


def upgrade(engine: Engine) -> bool:
    """Migrate to `head()` in one transaction; True when there was something to do.

    Several processes may call it at once: one works, the others wait and find it done. Raises SchemaTooNew where the
    database has a revision that this program does not know, StorageError where PostGIS is not installed in it.
    """
    with engine.begin() as connection:
        if current(connection) == head():
            return False
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _prepare(connection)
        revision = current(connection)
        if revision == head():
            return False
        _refuse_unknown(revision)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def _prepare(connection: Connection) -> None:
    if connection.execute(text("SELECT to_regproc('postgis_full_version')")).scalar() is None:
        available = connection.execute(
            text("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'")
        ).scalar_one()
        if not available:
            raise StorageError("PostGIS is not installed on this PostgreSQL server", field="DATABASE_URL")
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public"))
    roles.prepare(connection)
    for exists, create in roles.ROLES:
        if connection.execute(text(exists)).scalar() is None:
            raise StorageError(
                "a role is missing: as a superuser run {statement}", statement=create, field="DATABASE_URL"
            )
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    notary.prepare(connection)


def _refuse_unknown(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaTooNew(
            "the database has schema revision {revision}, which this everycell does not know: install"
            " the version that made it, or a newer one",
            revision=revision,
        )
