"""The tables of everycell (schema `everycell`), as SQLAlchemy Core with GeoAlchemy2.

Rules that every table keeps (a test reads the catalogue): `county` is the first column of every primary, unique and
foreign key of county data; every constraint has a name; codes are text; ids are uuid or bigint. Shared tables (only
`division`) have no county column and nothing points from them to county data.

Migrations do not import this module: they are history. A test holds the migrated schema against it.
"""

from __future__ import annotations

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "everycell"
SRID = 4490

metadata = MetaData(schema=SCHEMA)

# Codes are compared byte by byte: half the time of a locale's rules, and a prefix of digits is a range of the index.
_Code = Text(collation="C")

# The words of `gis.sites.categories`, as for the other closed lists; a test holds the two against the database.
_SITE_CATEGORIES = (
    "kindergarten", "school", "college", "hospital", "clinic", "pharmacy", "elderly_care", "government_service",
    "village_office", "fire_station", "library", "museum", "sports", "park", "market", "supermarket", "shop",
    "restaurant", "hotel", "entertainment", "bank", "post_office", "parcel_station", "bus_station", "railway_station",
    "gas_station", "fuel_storage", "fireworks_store", "farm_supplies", "warehouse", "factory", "workshop",
    "construction_site", "quarry", "substation", "waterworks", "sewage_works", "reservoir", "waste_station", "parking",
)  # fmt: skip


def _geometry(kind: str) -> Geometry:
    """A geometry column of the stored SRID; its index is declared apart, with a name of our own."""
    return Geometry(kind, srid=SRID, spatial_index=False)


def _geometry_index(table: str) -> Index:
    return Index(f"ix_{table}_geom", "geom", postgresql_using="gist")


def _one_of(table: str, column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"ck_{table}_{column}")


def _code_check(table: str) -> CheckConstraint:
    return CheckConstraint("\"left\"(code, 6) = lpad(county::text, 6, '0')", name=f"ck_{table}_code")


def _required(name: str, kind: Any, *args: Any, **kw: Any) -> Column[Any]:
    return Column(name, kind, *args, nullable=False, **kw)


division = Table(
    "division",
    metadata,
    _required("code", _Code),
    _required("level", Text),
    _required("name", Text),
    Column("parent", _Code),
    Column("source", Text),
    _required("geom", _geometry("MULTIPOLYGON")),
    PrimaryKeyConstraint("code", name="pk_division"),
    ForeignKeyConstraint(["parent"], ["everycell.division.code"], name="fk_division_parent"),
    _one_of("division", "level", "county", "town", "village"),
    CheckConstraint(
        "length(code) = CASE level WHEN 'county' THEN 6 WHEN 'town' THEN 9 ELSE 12 END", name="ck_division_code"
    ),
    _geometry_index("division"),
)

county_outline = Table(
    "county_outline",
    metadata,
    _required("county", Integer, autoincrement=False),
    _required("geom", _geometry("MULTIPOLYGON")),
    _required("revision", BigInteger, server_default=text("1")),
    PrimaryKeyConstraint("county", name="pk_county_outline"),
)

cell = Table(
    "cell",
    metadata,
    _required("county", Integer),
    _required("code", _Code),
    _required("village", _Code),
    _required("kind", Text, server_default=text("'general'")),
    _required("name", Text),
    _required("geom", _geometry("POLYGON")),
    _required("version", Integer, server_default=text("1")),
    _required("valid_from", Date),
    Column("retired_on", Date),
    Column("confirmed_empty_on", Date),
    Column("source", Text),
    _required("touched", BigInteger, server_default=text("0")),
    PrimaryKeyConstraint("county", "code", name="pk_cell"),
    _one_of("cell", "kind", "general", "dedicated"),
    _code_check("cell"),
    CheckConstraint('length(code) = 15 AND "left"(code, 12) = village', name="ck_cell_village"),
    _geometry_index("cell"),
)

cell_revision = Table(
    "cell_revision",
    metadata,
    _required("county", Integer),
    _required("cell", _Code),
    _required("revision", BigInteger, server_default=text("1")),
    PrimaryKeyConstraint("county", "cell", name="pk_cell_revision"),
    ForeignKeyConstraint(
        ["county", "cell"], ["everycell.cell.county", "everycell.cell.code"], name="fk_cell_revision_cell"
    ),
    postgresql_with={"fillfactor": 50},
)

# `cell` has no foreign key: it is set from the place by trigger, and cells are retired, never deleted. The key would
# cost a tenth of an import and catch nothing.
doorplate = Table(
    "doorplate",
    metadata,
    _required("county", Integer),
    _required("id", BigInteger, autoincrement=False),
    _required("code", _Code),
    Column("address", Text),
    _required("geom", _geometry("POINT")),
    _required("cell", _Code),
    _required("households", Integer, server_default=text("0")),
    _required("never", Integer, server_default=text("0")),
    Column("oldest_on", Date),
    Column("due_on", Date),
    Column("source", Text),
    PrimaryKeyConstraint("county", "id", name="pk_doorplate"),
    UniqueConstraint("county", "code", name="uq_doorplate_code"),
    _code_check("doorplate"),
    Index("ix_doorplate_cell", "county", "cell"),
    _geometry_index("doorplate"),
    postgresql_with={"fillfactor": 85},
)

household = Table(
    "household",
    metadata,
    _required("county", Integer),
    _required("id", Uuid, server_default=text("gen_random_uuid()")),
    _required("code", _Code),
    _required("doorplate", BigInteger),
    Column("unit", Text),
    _required("status", Text, server_default=text("'active'")),
    _required("interval_days", SmallInteger),
    _required("registered_on", Date),
    Column("reached_before", Date),
    Column("contact_before", Date),
    Column("last_reached_on", Date),
    Column("last_contact_on", Date),
    # Never reached: due one interval after it was registered.
    Column("due_on", Date, Computed("COALESCE(last_reached_on, registered_on) + interval_days", persisted=True)),
    # Its doorplate's: a row policy looks at its own row only.
    _required("cell", _Code),
    PrimaryKeyConstraint("county", "id", name="pk_household"),
    UniqueConstraint("county", "code", name="uq_household_code"),
    ForeignKeyConstraint(
        ["county", "doorplate"], ["everycell.doorplate.county", "everycell.doorplate.id"], name="fk_household_doorplate"
    ),
    _one_of("household", "status", "active", "exempt"),
    _code_check("household"),
    CheckConstraint("interval_days BETWEEN 1 AND 3650", name="ck_household_interval_days"),
    # A household that was reached was contacted: tried = contacted since - reached since needs it.
    CheckConstraint(
        "last_reached_on IS NULL OR last_contact_on >= last_reached_on AND last_contact_on IS NOT NULL",
        name="ck_household_contact",
    ),
    # The arrays of the histogram reach from the first to the last day of a cell: a day of 1900 would make them endless.
    CheckConstraint(
        "LEAST(registered_on, last_reached_on, last_contact_on) >= '1990-01-01'"
        " AND GREATEST(registered_on, last_reached_on, last_contact_on) < '2100-01-01'",
        name="ck_household_days",
    ),
    Index("ix_household_doorplate", "county", "doorplate"),
    # The dates stay out of every index, so that a visit updates the row in place (HOT).
    postgresql_with={"fillfactor": 80},
)

visit = Table(
    "visit",
    metadata,
    _required("county", Integer),
    _required("id", Uuid),
    _required("visited_on", Date),
    _required("household", Uuid),
    _required("visited_at", DateTime(timezone=True)),
    _required("outcome", Text),
    _required("team", Text),
    _required("purpose", Text),
    PrimaryKeyConstraint("county", "id", "visited_on", name="pk_visit"),
    ForeignKeyConstraint(
        ["county", "household"], ["everycell.household.county", "everycell.household.id"], name="fk_visit_household"
    ),
    _one_of("visit", "outcome", "reached", "no_answer"),
    _one_of("visit", "purpose", "routine", "safety", "publicity", "address_check"),
    CheckConstraint("team ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'", name="ck_visit_team"),
    Index("ix_visit_household", "county", "household"),
    postgresql_partition_by="RANGE (visited_on)",
)


def _visit_ids(table: str) -> Table:
    return Table(
        table,
        metadata,
        _required("county", Integer),
        _required("id", Uuid),
        _required("visited_on", Date),
        PrimaryKeyConstraint("county", "id", name=f"pk_{table}"),
    )


# Every id that a visit ever had: a deleted visit does not come back when a telephone sends it again. New ones are in a
# table that stays small, and move once a day (everycell.settle_visit_ids).
visit_id = _visit_ids("visit_id")
recent_visit_id = _visit_ids("recent_visit_id")

visit_round = Table(
    "visit_round",
    metadata,
    _required("county", Integer),
    _required("code", _Code),
    _required("area", _Code),
    _required("name", Text),
    _required("first_on", Date),
    _required("last_on", Date),
    Column("target", SmallInteger),
    Column("closed_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county", "code", name="pk_visit_round"),
    _code_check("visit_round"),
    CheckConstraint("first_on <= last_on", name="ck_visit_round_days"),
    CheckConstraint("target BETWEEN 1 AND 100", name="ck_visit_round_target"),
)

round_result = Table(
    "round_result",
    metadata,
    _required("county", Integer),
    _required("round", _Code),
    _required("cell", _Code),
    _required("known", Integer),
    _required("reached", Integer),
    _required("tried", Integer),
    _required("never", Integer),
    _required("overdue", Integer),
    Column("oldest_on", Date),
    _required("confirmed_empty", Boolean),
    # Of the cell that was counted: its shape and name may change later, the result of the round does not.
    _required("version", Integer),
    PrimaryKeyConstraint("county", "round", "cell", name="pk_round_result"),
    ForeignKeyConstraint(
        ["county", "round"],
        ["everycell.visit_round.county", "everycell.visit_round.code"],
        name="fk_round_result_round",
    ),
    ForeignKeyConstraint(
        ["county", "cell", "version"],
        ["everycell.cell_history.county", "everycell.cell_history.code", "everycell.cell_history.version"],
        name="fk_round_result_version",
    ),
)

# One row a cell. The subscript of `reached`, `contact` and `due` is a day's number (days since 2000-01-01), the element
# the households that were last reached, last contacted, or are due on it. The view `coverage_day` shows them as rows.
coverage_histogram = Table(
    "coverage_histogram",
    metadata,
    _required("county", Integer),
    _required("cell", _Code),
    *(_required(name, Integer, server_default=text("0")) for name in ("known", "never_reached", "never_contacted")),
    *(_required(name, ARRAY(Integer), server_default=text("'{}'")) for name in ("reached", "contact", "due")),
    PrimaryKeyConstraint("county", "cell", name="pk_coverage_histogram"),
    # A histogram that would go below zero has been miscounted: the transaction fails instead.
    CheckConstraint(
        "0 <= never_contacted AND never_contacted <= never_reached AND never_reached <= known",
        name="ck_coverage_histogram_never",
    ),
    CheckConstraint("0 <= ALL (reached) AND 0 <= ALL (contact) AND 0 <= ALL (due)", name="ck_coverage_histogram_days"),
    # The first day of the array is the day of the household that has waited longest.
    CheckConstraint("reached[array_lower(reached, 1)] > 0", name="ck_coverage_histogram_oldest"),
    ForeignKeyConstraint(
        ["county", "cell"], ["everycell.cell.county", "everycell.cell.code"], name="fk_coverage_histogram_cell"
    ),
    postgresql_with={"fillfactor": 50},
)

site = Table(
    "site",
    metadata,
    _required("county", Integer),
    _required("code", _Code),
    _required("name", Text),
    _required("category", Text),
    Column("address", Text),
    _required("geom", _geometry("POINT")),
    _required("cell", _Code),
    _required("check_interval_days", SmallInteger),
    Column("last_checked_on", Date),
    Column("source", Text),
    PrimaryKeyConstraint("county", "code", name="pk_site"),
    ForeignKeyConstraint(["county", "cell"], ["everycell.cell.county", "everycell.cell.code"], name="fk_site_cell"),
    _code_check("site"),
    _one_of("site", "category", *_SITE_CATEGORIES),
    CheckConstraint("check_interval_days BETWEEN 1 AND 3650", name="ck_site_check_interval_days"),
    _geometry_index("site"),
)

# Codes of places that are gone: none is used again, for anything.
retired_code = Table(
    "retired_code",
    metadata,
    _required("county", Integer),
    _required("kind", Text),
    _required("code", _Code),
    _required("retired_on", Date),
    PrimaryKeyConstraint("county", "kind", "code", name="pk_retired_code"),
    _one_of("retired_code", "kind", "doorplate", "household", "site"),
    _code_check("retired_code"),
)

street = Table(
    "street",
    metadata,
    _required("county", Integer),
    _required("id", BigInteger, autoincrement=False),
    _required("class", SmallInteger),
    Column("name", Text),
    _required("geom", _geometry("LINESTRING")),
    PrimaryKeyConstraint("county", "id", name="pk_street"),
    CheckConstraint("class BETWEEN 1 AND 4", name="ck_street_class"),
    _geometry_index("street"),
)

outbox = Table(
    "outbox",
    metadata,
    _required("county", Integer),
    _required("id", BigInteger, Identity(always=True)),
    _required("kind", Text),
    _required("payload", JSONB),
    _required("xact", BigInteger),
    _required("at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county", "id", name="pk_outbox"),
    Index("ix_outbox_xact", "xact"),
)

# The outbox in the order of its commits, what belongs together as one: see gis/storage/migrations/sql/0013_events.sql.
event = Table(
    "event",
    metadata,
    _required("county", Integer),
    _required("position", BigInteger, autoincrement=False),
    _required("kind", Text),
    _required("areas", ARRAY(_Code)),
    _required("payload", JSONB),
    _required("at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county", "position", name="pk_event"),
    Index("ix_event_position", "position"),
)

# One row: the last position, and the snapshot of the pass that gave it.
event_state = Table(
    "event_state",
    metadata,
    _required("single", Boolean, server_default=text("true")),
    _required("position", BigInteger),
    _required("snapshot", Text),
    _required("server", Text),
    _required("numbered_at", DateTime(timezone=True)),
    Column("day", Date),
    PrimaryKeyConstraint("single", name="pk_event_state"),
    CheckConstraint("single", name="ck_event_state_single"),
)
