"""Alembic's entry: runs on the connection that gis.storage.migrate hands over, inside its transaction."""

from alembic import context

from gis.storage import (  # noqa: F401 - same metadata
    access_models,
    alarm_models,
    changeset_models,
    dispute_models,
    patrol_models,
    road_models,
)
from gis.storage.models import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()
