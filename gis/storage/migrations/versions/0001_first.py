"""The first schema: the grid, its doorplates and households, visits, rounds and the figures of coverage."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CODE = sa.Text(collation="C")
_SQL = Path(__file__).parent.parent / "sql"

_CATEGORIES = [
    "kindergarten",
    "school",
    "college",
    "hospital",
    "clinic",
    "pharmacy",
    "elderly_care",
    "government_service",
    "village_office",
    "fire_station",
    "library",
    "museum",
    "sports",
    "park",
    "market",
    "supermarket",
    "shop",
    "restaurant",
    "hotel",
    "entertainment",
    "bank",
    "post_office",
    "parcel_station",
    "bus_station",
    "railway_station",
    "gas_station",
    "fuel_storage",
    "fireworks_store",
    "farm_supplies",
    "warehouse",
    "factory",
    "workshop",
    "construction_site",
    "quarry",
    "substation",
    "waterworks",
    "sewage_works",
    "reservoir",
    "waste_station",
    "parking",
]


def _listed(values: list[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _geometry(kind: str) -> Geometry:
    return Geometry(kind, srid=4490, spatial_index=False)


def upgrade() -> None:
    _tables()
    for part in ("cells", "households", "visits", "coverage"):
        op.get_bind().exec_driver_sql((_SQL / f"0001_{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))


def _tables() -> None:
    op.create_table(
        "cell",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("code", _CODE, nullable=False),
        sa.Column("village", _CODE, nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'general'"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("geom", _geometry("POLYGON"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("confirmed_empty_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("touched", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("kind IN ('general', 'dedicated')", name="ck_cell_kind"),
        sa.CheckConstraint("\"left\"(code, 6) = lpad(county::text, 6, '0')", name="ck_cell_code"),
        sa.CheckConstraint('length(code) = 15 AND "left"(code, 12) = village', name="ck_cell_village"),
        sa.PrimaryKeyConstraint("county", "code", name="pk_cell"),
        schema="everycell",
    )
    op.create_index("ix_cell_geom", "cell", ["geom"], unique=False, schema="everycell", postgresql_using="gist")
    op.create_table(
        "county_outline",
        sa.Column("county", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("geom", _geometry("MULTIPOLYGON"), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("county", name="pk_county_outline"),
        schema="everycell",
    )
    op.create_table(
        "coverage_day",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("kind", _CODE, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cell", _CODE, nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('reached', 'contact', 'due')", name="ck_coverage_day_kind"),
        sa.CheckConstraint("households >= 0", name="ck_coverage_day_households"),
        sa.PrimaryKeyConstraint("county", "cell", "kind", "day", name="pk_coverage_day"),
        schema="everycell",
        postgresql_with={"fillfactor": 80},
    )
    op.create_table(
        "division",
        sa.Column("code", _CODE, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", _CODE, nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("geom", _geometry("MULTIPOLYGON"), nullable=False),
        sa.CheckConstraint(
            "length(code) = CASE level WHEN 'county' THEN 6 WHEN 'town' THEN 9 ELSE 12 END", name="ck_division_code"
        ),
        sa.CheckConstraint("level IN ('county', 'town', 'village')", name="ck_division_level"),
        sa.ForeignKeyConstraint(["parent"], ["everycell.division.code"], name="fk_division_parent"),
        sa.PrimaryKeyConstraint("code", name="pk_division"),
        schema="everycell",
    )
    op.create_index("ix_division_geom", "division", ["geom"], unique=False, schema="everycell", postgresql_using="gist")
    op.create_table(
        "outbox",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("xact", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("county", "id", name="pk_outbox"),
        schema="everycell",
    )
    op.create_table(
        "street",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("class", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("geom", _geometry("LINESTRING"), nullable=False),
        sa.CheckConstraint("class BETWEEN 1 AND 4", name="ck_street_class"),
        sa.PrimaryKeyConstraint("county", "id", name="pk_street"),
        schema="everycell",
    )
    op.create_index("ix_street_geom", "street", ["geom"], unique=False, schema="everycell", postgresql_using="gist")
    op.create_table(
        "visit_id",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("county", "id", name="pk_visit_id"),
        schema="everycell",
    )
    op.create_table(
        "visit_round",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("code", _CODE, nullable=False),
        sa.Column("area", _CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("target", sa.SmallInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("\"left\"(code, 6) = lpad(county::text, 6, '0')", name="ck_visit_round_code"),
        sa.CheckConstraint("first_on <= last_on", name="ck_visit_round_days"),
        sa.CheckConstraint("target BETWEEN 1 AND 100", name="ck_visit_round_target"),
        sa.PrimaryKeyConstraint("county", "code", name="pk_visit_round"),
        schema="everycell",
    )
    op.create_table(
        "cell_revision",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("cell", _CODE, nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["county", "cell"], ["everycell.cell.county", "everycell.cell.code"], name="fk_cell_revision_cell"
        ),
        sa.PrimaryKeyConstraint("county", "cell", name="pk_cell_revision"),
        schema="everycell",
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "doorplate",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", _CODE, nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("geom", _geometry("POINT"), nullable=False),
        sa.Column("cell", _CODE, nullable=False),
        sa.Column("households", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("never", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("oldest_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.CheckConstraint("\"left\"(code, 6) = lpad(county::text, 6, '0')", name="ck_doorplate_code"),
        sa.PrimaryKeyConstraint("county", "id", name="pk_doorplate"),
        sa.UniqueConstraint("county", "code", name="uq_doorplate_code"),
        schema="everycell",
        postgresql_with={"fillfactor": 85},
    )
    op.create_index("ix_doorplate_cell", "doorplate", ["county", "cell"], unique=False, schema="everycell")
    op.create_index(
        "ix_doorplate_geom", "doorplate", ["geom"], unique=False, schema="everycell", postgresql_using="gist"
    )
    op.create_table(
        "round_result",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("round", _CODE, nullable=False),
        sa.Column("cell", _CODE, nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("never", sa.Integer(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("oldest_on", sa.Date(), nullable=True),
        sa.Column("confirmed_empty", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county", "round"],
            ["everycell.visit_round.county", "everycell.visit_round.code"],
            name="fk_round_result_round",
        ),
        sa.PrimaryKeyConstraint("county", "round", "cell", name="pk_round_result"),
        schema="everycell",
    )
    op.create_table(
        "site",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("code", _CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("geom", _geometry("POINT"), nullable=False),
        sa.Column("cell", _CODE, nullable=False),
        sa.Column("check_interval_days", sa.SmallInteger(), nullable=False),
        sa.Column("last_checked_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.CheckConstraint(f"category IN ({_listed(_CATEGORIES)})", name="ck_site_category"),
        sa.CheckConstraint("\"left\"(code, 6) = lpad(county::text, 6, '0')", name="ck_site_code"),
        sa.CheckConstraint("check_interval_days BETWEEN 1 AND 3650", name="ck_site_check_interval_days"),
        sa.ForeignKeyConstraint(
            ["county", "cell"], ["everycell.cell.county", "everycell.cell.code"], name="fk_site_cell"
        ),
        sa.PrimaryKeyConstraint("county", "code", name="pk_site"),
        schema="everycell",
    )
    op.create_index("ix_site_geom", "site", ["geom"], unique=False, schema="everycell", postgresql_using="gist")
    op.create_table(
        "household",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", _CODE, nullable=False),
        sa.Column("doorplate", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("interval_days", sa.SmallInteger(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("reached_before", sa.Date(), nullable=True),
        sa.Column("contact_before", sa.Date(), nullable=True),
        sa.Column("last_reached_on", sa.Date(), nullable=True),
        sa.Column("last_contact_on", sa.Date(), nullable=True),
        sa.Column(
            "due_on",
            sa.Date(),
            sa.Computed("COALESCE(last_reached_on, registered_on) + interval_days", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("status IN ('active', 'exempt')", name="ck_household_status"),
        sa.CheckConstraint("\"left\"(code, 6) = lpad(county::text, 6, '0')", name="ck_household_code"),
        sa.CheckConstraint("interval_days BETWEEN 1 AND 3650", name="ck_household_interval_days"),
        sa.CheckConstraint(
            "last_reached_on IS NULL OR last_contact_on >= last_reached_on AND last_contact_on IS NOT NULL",
            name="ck_household_contact",
        ),
        sa.ForeignKeyConstraint(
            ["county", "doorplate"],
            ["everycell.doorplate.county", "everycell.doorplate.id"],
            name="fk_household_doorplate",
        ),
        sa.PrimaryKeyConstraint("county", "id", name="pk_household"),
        sa.UniqueConstraint("county", "code", name="uq_household_code"),
        schema="everycell",
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_household_doorplate", "household", ["county", "doorplate"], unique=False, schema="everycell")
    op.create_table(
        "visit",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("household", sa.Uuid(), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('reached', 'no_answer')", name="ck_visit_outcome"),
        sa.CheckConstraint("purpose IN ('routine', 'safety', 'publicity', 'address_check')", name="ck_visit_purpose"),
        sa.CheckConstraint("team ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'", name="ck_visit_team"),
        sa.ForeignKeyConstraint(
            ["county", "household"], ["everycell.household.county", "everycell.household.id"], name="fk_visit_household"
        ),
        sa.PrimaryKeyConstraint("county", "id", "visited_on", name="pk_visit"),
        schema="everycell",
        postgresql_partition_by="RANGE (visited_on)",
    )
    op.create_index("ix_visit_household", "visit", ["county", "household"], unique=False, schema="everycell")
