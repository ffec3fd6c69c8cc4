"""The tables of change sets and of the history of cells. See `gis.storage.models`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gis.storage.models import _Code, _geometry, _geometry_index, _one_of, _required, metadata

_CHANGESET = ["everycell.changeset.county", "everycell.changeset.id"]
_CELL = ["everycell.cell.county", "everycell.cell.code"]

# `base` is the revision of the county's grid that a draft stands on, `revision` the one that it made when it was
# published. `xact` is the transaction that published it: the cells that this transaction writes are its doing.
changeset = Table(
    "changeset",
    metadata,
    _required("county", Integer),
    _required("id", Uuid, server_default=text("gen_random_uuid()")),
    _required("area", _Code),
    _required("title", Text),
    _required("status", Text, server_default=text("'draft'")),
    _required("base", BigInteger),
    Column("revision", BigInteger),
    _required("created_at", DateTime(timezone=True)),
    _required("created_by", _Code),
    _required("changed_at", DateTime(timezone=True)),
    Column("published_at", DateTime(timezone=True)),
    Column("valid_from", Date),
    Column("undoes", Uuid),
    Column("xact", BigInteger),
    PrimaryKeyConstraint("county", "id", name="pk_changeset"),
    UniqueConstraint("county", "revision", name="uq_changeset_revision"),
    ForeignKeyConstraint(["county", "undoes"], _CHANGESET, name="fk_changeset_undoes"),
    CheckConstraint(
        "area ~ '^([0-9]{6}|[0-9]{9}|[0-9]{12})$' AND \"left\"(area, 6) = lpad(county::text, 6, '0')",
        name="ck_changeset_area",
    ),
    CheckConstraint("length(title) BETWEEN 1 AND 100", name="ck_changeset_title_length"),
    _one_of("changeset", "status", "draft", "scheduled", "published", "abandoned"),
    CheckConstraint("created_by ~ '^[A-Za-z0-9][A-Za-z0-9._@:-]{0,79}$'", name="ck_changeset_created_by"),
    CheckConstraint(
        "CASE status WHEN 'published' THEN revision > 0 AND num_nulls(published_at, valid_from, xact) = 0"
        " WHEN 'scheduled' THEN revision IS NULL AND valid_from IS NOT NULL"
        " ELSE revision IS NULL AND num_nonnulls(published_at, valid_from) = 0 END",
        name="ck_changeset_published",
    ),
)

# `area` is its change set's: a row policy looks at its own row only.
changeset_op = Table(
    "changeset_op",
    metadata,
    _required("county", Integer),
    _required("changeset", Uuid),
    _required("seq", Integer),
    _required("area", _Code),
    _required("op", JSONB),
    PrimaryKeyConstraint("county", "changeset", "seq", name="pk_changeset_op"),
    ForeignKeyConstraint(["county", "changeset"], _CHANGESET, name="fk_changeset_op_changeset"),
    CheckConstraint("seq > 0", name="ck_changeset_op_seq"),
)

# A version was live from the grid's revision `begun` until before `ended`, and counts from `valid_from` until before
# `valid_to`; both are open where it is live.
cell_history = Table(
    "cell_history",
    metadata,
    _required("county", Integer),
    _required("code", _Code),
    _required("version", Integer),
    _required("valid_from", Date),
    Column("valid_to", Date),
    _required("village", _Code),
    _required("kind", Text),
    _required("name", Text),
    _required("geom", _geometry("POLYGON")),
    _required("changeset", Uuid),
    _required("begun", BigInteger),
    Column("ended", BigInteger),
    PrimaryKeyConstraint("county", "code", "version", name="pk_cell_history"),
    ForeignKeyConstraint(["county", "code"], _CELL, name="fk_cell_history_cell"),
    ForeignKeyConstraint(["county", "changeset"], _CHANGESET, name="fk_cell_history_changeset"),
    _one_of("cell_history", "kind", "general", "dedicated"),
    CheckConstraint("valid_to >= valid_from", name="ck_cell_history_valid_to"),
    CheckConstraint("ended >= begun AND (ended IS NULL) = (valid_to IS NULL)", name="ck_cell_history_ended"),
    Index("ix_cell_history_begun", "county", "begun"),
    Index("ix_cell_history_ended", "county", "ended"),
    _geometry_index("cell_history"),
)

# `area` is the smallest division in which both lie: whoever sees it may see both.
cell_lineage = Table(
    "cell_lineage",
    metadata,
    _required("county", Integer),
    _required("parent", _Code),
    _required("child", _Code),
    _required("changeset", Uuid),
    _required("valid_from", Date),
    _required(
        "area",
        _Code,
        Computed(
            'CASE WHEN "left"(parent, 12) = "left"(child, 12) THEN "left"(parent, 12)'
            ' WHEN "left"(parent, 9) = "left"(child, 9) THEN "left"(parent, 9) ELSE "left"(parent, 6) END',
            persisted=True,
        ),
    ),
    PrimaryKeyConstraint("county", "parent", "child", "changeset", name="pk_cell_lineage"),
    ForeignKeyConstraint(["county", "parent"], _CELL, name="fk_cell_lineage_parent"),
    ForeignKeyConstraint(["county", "child"], _CELL, name="fk_cell_lineage_child"),
    ForeignKeyConstraint(["county", "changeset"], _CHANGESET, name="fk_cell_lineage_changeset"),
    CheckConstraint("parent <> child", name="ck_cell_lineage_other"),
    Index("ix_cell_lineage_child", "county", "child"),
)

# Rows that transactions under way have written by direct edits; none outlives its transaction.
direct_edit = Table(
    "direct_edit",
    metadata,
    _required("county", Integer),
    _required("xact", BigInteger),
    _required("relation", _Code),
    _required("num_rows", Integer),
    _required("done", Text),
    PrimaryKeyConstraint("county", "xact", "relation", name="pk_direct_edit"),
    _one_of("direct_edit", "done", "written", "checked"),
)
