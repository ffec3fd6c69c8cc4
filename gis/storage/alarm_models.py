"""The tables of alarms. See `gis.storage.models`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Integer, PrimaryKeyConstraint, Table, Text

from gis.storage.models import _Code, _one_of, _required, metadata

# The words of `gis.alarms` and `gis.access.scope`; a test holds them and the database together.
_KINDS = ("cases", "patrols", "behind", "overdue", "sites", "silent")
_CHANGES = ("raised", "returned", "cleared", "acknowledged", "shelved", "unshelved")
_ROLES = ("wall", "operator", "patrol_leader", "editor", "admin")
_AREA = "\"left\"(area, 6) = lpad(county::text, 6, '0') AND length(area) IN (6, 9, 12)"
_INSTANT = DateTime(timezone=True)

alarm = Table(
    "alarm",
    metadata,
    _required("county", Integer),
    _required("kind", Text),
    _required("area", _Code),
    _required("number", Integer),
    Column("over_since", _INSTANT),
    Column("under_since", _INSTANT),
    Column("raised_at", _INSTANT),
    Column("cleared_at", _INSTANT),
    _required("times", Integer),
    Column("acknowledged_at", _INSTANT),
    Column("acknowledged_by", Text),
    Column("shelved_until", _INSTANT),
    Column("shelved_by", Text),
    Column("patrol_on", Date),
    PrimaryKeyConstraint("county", "kind", "area", name="pk_alarm"),
    _one_of("alarm", "kind", *_KINDS),
    CheckConstraint(_AREA, name="ck_alarm_area"),
    CheckConstraint("times >= 0", name="ck_alarm_times"),
    CheckConstraint("cleared_at IS NULL OR raised_at IS NOT NULL", name="ck_alarm_cleared_at"),
    CheckConstraint("num_nulls(acknowledged_at, acknowledged_by) IN (0, 2)", name="ck_alarm_acknowledged"),
    _one_of("alarm", "acknowledged_by", *_ROLES),
    CheckConstraint("num_nulls(shelved_until, shelved_by) IN (0, 2)", name="ck_alarm_shelved"),
    _one_of("alarm", "shelved_by", *_ROLES),
)

alarm_event = Table(
    "alarm_event",
    metadata,
    _required("county", Integer),
    _required("kind", Text),
    _required("area", _Code),
    _required("at", _INSTANT),
    _required("change", Text),
    _required("number", Integer),
    Column("role", Text),
    Column("until", _INSTANT),
    PrimaryKeyConstraint("county", "kind", "area", "at", "change", name="pk_alarm_event"),
    _one_of("alarm_event", "kind", *_KINDS),
    CheckConstraint(_AREA, name="ck_alarm_event_area"),
    _one_of("alarm_event", "change", *_CHANGES),
    _one_of("alarm_event", "role", *_ROLES),
)

alarm_look = Table(
    "alarm_look",
    metadata,
    _required("county", Integer),
    _required("looked_at", _INSTANT),
    PrimaryKeyConstraint("county", name="pk_alarm_look"),
)
