"""The tables of patrols: teams, plans with routes and stops, ticks, links of phones. See `gis.storage.models`."""

from __future__ import annotations

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gis.storage.models import _Code, _geometry, _one_of, _required, metadata

# The words of `gis.patrol`; a test holds them and the database together.
_MODES = ("foot", "car")
_WHY_NOT = ("too_far", "no_way", "skills", "window", "shift", "full", "displaced", "capacity", "balance", "removed")
_TEAM_FORM = "team ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'"
_STOP_FORM = "~ '^[DSRP][0-9a-f]{1,20}$'"
_SKILLS = "skills <@ ARRAY['mediation', 'safety']"
_SHIFT = "0 <= shift_from AND shift_from < shift_to AND shift_to <= 172800"
_AREA = "\"left\"(area, 6) = lpad(county::text, 6, '0')"


def _point(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Geometry("POINT", srid=4490, spatial_index=False), nullable=nullable)


def _instant(name: str) -> Column[Any]:
    return _required(name, DateTime(timezone=True))


def _spec() -> list[Column[Any]]:
    """How a team works: the columns that a team and a route of it share."""
    return [
        _required("mode", Text),
        _point("station"),
        _point("ending", nullable=True),
        _required("open_end", Boolean),
        _required("shift_from", Integer),
        _required("shift_to", Integer),
        _required("breaks", JSONB),
        _required("skills", ARRAY(Text)),
    ]


def _to_plan(table: str) -> ForeignKeyConstraint:
    there = ["everycell.patrol_plan.county", "everycell.patrol_plan.id"]
    return ForeignKeyConstraint(["county", "plan"], there, name=f"fk_{table}_plan", ondelete="CASCADE")


team = Table(
    "team",
    metadata,
    _required("county", Integer),
    _required("area", _Code),
    _required("code", _Code),
    *_spec(),
    PrimaryKeyConstraint("county", "area", "code", name="pk_team"),
    CheckConstraint(_AREA, name="ck_team_area"),
    CheckConstraint("code ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'", name="ck_team_code"),
    _one_of("team", "mode", *_MODES),
    CheckConstraint(_SHIFT, name="ck_team_shift"),
    CheckConstraint(_SKILLS, name="ck_team_skills"),
)

patrol_plan = Table(
    "patrol_plan",
    metadata,
    _required("county", Integer),
    _required("id", Uuid),
    _required("area", _Code),
    _required("patrol_on", Date),
    _required("status", Text),
    _required("version", Integer, server_default=text("1")),
    _required("aim", Text),
    _required("seed", Integer),
    _required("limit_s", REAL),
    _required("asked", JSONB),
    _instant("created_at"),
    _required("created_by", _Code),
    _instant("changed_at"),
    Column("solver", Text),
    Column("cpu_s", REAL),
    _required("straight", Boolean, server_default=text("false")),
    Column("network", Text),
    Column("network_source", Text),
    Column("network_on", Date),
    Column("compared", JSONB),
    Column("begun_at", DateTime(timezone=True)),
    Column("heard_at", DateTime(timezone=True)),
    Column("worker", Uuid),
    _required("attempts", SmallInteger, server_default=text("0")),
    _required("share", REAL, server_default=text("0")),
    Column("step", Text),
    Column("from_s", Integer),
    Column("fault", Text),
    Column("fault_told", Text),
    PrimaryKeyConstraint("county", "id", name="pk_patrol_plan"),
    CheckConstraint(_AREA, name="ck_patrol_plan_area"),
    _one_of("patrol_plan", "status", "planning", "planned", "failed", "cancelled"),
    _one_of("patrol_plan", "aim", "shortest", "equal"),
    CheckConstraint("created_by ~ '^[A-Za-z0-9][A-Za-z0-9._@:-]{0,79}$'", name="ck_patrol_plan_created_by"),
    CheckConstraint("solver ~ '^[A-Za-z0-9 .,:;/()+_-]{1,80}$'", name="ck_patrol_plan_solver"),
    CheckConstraint("network ~ '^[A-Za-z0-9 .:_-]{1,80}$'", name="ck_patrol_plan_network"),
    _one_of("patrol_plan", "step", "waiting", "streets", "times", "routes", "check"),
    CheckConstraint(
        "(fault IS NOT NULL) = (status = 'failed')"
        " AND fault IN ('time', 'ended', 'unchecked', 'unusable', 'unexpected')",
        name="ck_patrol_plan_fault",
    ),
    CheckConstraint("version > 0", name="ck_patrol_plan_version"),
    Index("ix_patrol_plan_on", "county", "patrol_on"),
    Index("ix_patrol_plan_planning", "county", "created_at", postgresql_where=text("status = 'planning'")),
)

patrol_route = Table(
    "patrol_route",
    metadata,
    _required("county", Integer),
    _required("plan", Uuid),
    _required("team", _Code),
    _required("area", _Code),
    _required("seq", SmallInteger),
    *_spec(),
    *(Column(name, Integer) for name in ("begin_s", "end_s", "travel_s", "service_s", "waiting_s")),
    Column("metres", Double),
    Column("pauses", JSONB),
    Column("legs", JSONB),
    Column("geom", _geometry("LINESTRING")),
    PrimaryKeyConstraint("county", "plan", "team", name="pk_patrol_route"),
    _to_plan("patrol_route"),
    CheckConstraint(_TEAM_FORM, name="ck_patrol_route_team"),
    _one_of("patrol_route", "mode", *_MODES),
    CheckConstraint(_SHIFT, name="ck_patrol_route_shift"),
    CheckConstraint(_SKILLS, name="ck_patrol_route_skills"),
)

patrol_stop = Table(
    "patrol_stop",
    metadata,
    _required("county", Integer),
    _required("plan", Uuid),
    _required("key", _Code),
    _required("area", _Code),
    _required("kind", Text),
    Column("doorplate", BigInteger),
    Column("site", _Code),
    Column("dispute", Uuid),
    Column("revisit", Integer),
    Column("cell", _Code),
    _required("geom", _geometry("POINT")),
    _required("tier", SmallInteger),
    _required("weight", SmallInteger),
    _required("service_s", Integer),
    _required("because", Text),
    Column("days", Integer),
    Column("households", Integer),
    Column("units", ARRAY(_Code)),
    _required("windows", JSONB),
    _required("skills", ARRAY(Text)),
    Column("team", _Code),
    Column("seq", SmallInteger),
    Column("arrive_s", Integer),
    Column("begin_s", Integer),
    Column("leave_s", Integer),
    _required("pinned", Boolean),
    _required("removed", Boolean),
    Column("why", Text),
    Column("why_s", Integer),
    Column("why_m", REAL),
    PrimaryKeyConstraint("county", "plan", "key", name="pk_patrol_stop"),
    _to_plan("patrol_stop"),
    CheckConstraint(f"key {_STOP_FORM}", name="ck_patrol_stop_key"),
    CheckConstraint(
        "kind = 'doorplate' AND num_nulls(doorplate, site, dispute, revisit) = 3 AND doorplate IS NOT NULL"
        " OR kind = 'site' AND num_nulls(doorplate, site, dispute, revisit) = 3 AND site IS NOT NULL"
        " OR kind = 'revisit' AND num_nulls(doorplate, site, dispute, revisit) = 2 AND num_nulls(dispute, revisit) = 0"
        " OR kind = 'place' AND num_nulls(doorplate, site, dispute, revisit) = 4",
        name="ck_patrol_stop_kind",
    ),
    CheckConstraint("tier BETWEEN 1 AND 4", name="ck_patrol_stop_tier"),
    CheckConstraint("weight BETWEEN 1 AND 100", name="ck_patrol_stop_weight"),
    _one_of("patrol_stop", "because", "picked", "missed", "never_reached", "overdue", "check_due", "revisit_due"),
    CheckConstraint(_SKILLS, name="ck_patrol_stop_skills"),
    CheckConstraint(_TEAM_FORM, name="ck_patrol_stop_team"),
    CheckConstraint("NOT removed OR seq IS NULL", name="ck_patrol_stop_removed"),
    _one_of("patrol_stop", "why", *_WHY_NOT),
    Index("ix_patrol_stop_cell", "county", "cell"),
)

# A plan as it was before each change: what is taken back.
patrol_version = Table(
    "patrol_version",
    metadata,
    _required("county", Integer),
    _required("plan", Uuid),
    _required("version", Integer),
    _required("area", _Code),
    _required("content", JSONB),
    PrimaryKeyConstraint("county", "plan", "version", name="pk_patrol_version"),
    _to_plan("patrol_version"),
)

patrol_tick = Table(
    "patrol_tick",
    metadata,
    _required("county", Integer),
    _required("id", Uuid),
    _required("plan", Uuid),
    _required("stop", _Code),
    _required("area", _Code),
    _required("team", _Code),
    _required("outcome", Text),
    _instant("ticked_at"),
    _required("units", ARRAY(_Code)),
    _required("num_units", Integer),
    _required("content", LargeBinary),
    PrimaryKeyConstraint("county", "id", name="pk_patrol_tick"),
    _to_plan("patrol_tick"),
    CheckConstraint(f"stop {_STOP_FORM}", name="ck_patrol_tick_stop"),
    CheckConstraint(_TEAM_FORM, name="ck_patrol_tick_team"),
    _one_of("patrol_tick", "outcome", "reached", "no_answer", "skipped"),
    Index("ix_patrol_tick_plan", "county", "plan", "stop"),
)

# Of a link's secret the digest only.
patrol_link = Table(
    "patrol_link",
    metadata,
    _required("county", Integer),
    _required("plan", Uuid),
    _required("team", _Code),
    _required("hash", LargeBinary),
    _instant("created_at"),
    _instant("expires_at"),
    _required("shown", ARRAY(_Code), server_default=text("'{}'")),
    PrimaryKeyConstraint("county", "plan", "team", name="pk_patrol_link"),
    _to_plan("patrol_link"),
    CheckConstraint(_TEAM_FORM, name="ck_patrol_link_team"),
    CheckConstraint("octet_length(hash) = 32", name="ck_patrol_link_hash"),
    Index("ix_patrol_link_hash", "hash"),
)
