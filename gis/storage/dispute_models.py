"""The tables of cases and of the places that stand for where they lie. See `gis.storage.models`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from gis.storage.models import _Code, _geometry, _geometry_index, _one_of, _required, metadata

# The words of `gis.disputes.categories` and `gis.disputes.workflow`; a test holds them and the database together.
_CATEGORIES = (
    "neighbours", "housing", "land", "debt", "labour", "damages", "property_management", "traffic", "consumer",
    "relocation", "environment", "village_affairs", "other", "family",
)  # fmt: skip
_STATES = (
    "registered", "accepted", "not_accepted", "in_mediation", "agreed_oral", "agreed_written", "not_agreed", "referred",
    "performed", "closed", "reopened",
)  # fmt: skip
_LEVELS = ("cell", "village", "town", "county")
_ROLES = ("wall", "operator", "patrol_leader", "editor", "admin")
# Which code is said with which change: CHECK (CASE … END) of `dispute_event`.
_CODES = """coalesce(
        CASE WHEN change = 'extension' THEN code IN ('survey', 'papers', 'departments', 'season', 'agreed')
             WHEN change = 'state' AND state = 'not_accepted' THEN code IN (
                 'no_dispute', 'duplicate', 'elsewhere', 'other_authority', 'in_court', 'withdrawn')
             WHEN change = 'state' AND state = 'referred' THEN code IN (
                 'county_mediation', 'legal_aid', 'court', 'labour_arbitration', 'land_arbitration', 'police',
                 'housing_authority', 'natural_resources', 'market_regulation', 'ecology', 'transport')
             WHEN change = 'state' AND state = 'closed' THEN code IN (
                 'performed', 'taken_over', 'withdrawn', 'unsettled')
             ELSE code IS NULL END, false)"""


def _instant(name: str) -> Column[Any]:
    return _required(name, DateTime(timezone=True))


def _to_dispute(table: str) -> ForeignKeyConstraint:
    there = ["everycell.dispute.county", "everycell.dispute.id"]
    return ForeignKeyConstraint(["county", "dispute"], there, name=f"fk_{table}_dispute")


# A snap point that has ended stays as long as a case waits at it; a live one stands for eight dwellings at least.
snap_point = Table(
    "snap_point",
    metadata,
    _required("county", Integer),
    _required("id", Uuid, server_default=text("gen_random_uuid()")),
    _required("cell", _Code),
    _required("geom", _geometry("POINT")),
    _required("dwellings", Integer),
    _required("dwellings_made", Integer),
    _instant("made_at"),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county", "id", name="pk_snap_point"),
    ForeignKeyConstraint(
        ["county", "cell"], ["everycell.cell.county", "everycell.cell.code"], name="fk_snap_point_cell"
    ),
    CheckConstraint("ended_at IS NOT NULL OR dwellings >= 8", name="ck_snap_point_dwellings"),
    Index("ix_snap_point_cell", "county", "cell", postgresql_where=text("ended_at IS NULL")),
    _geometry_index("snap_point"),
)

dispute = Table(
    "dispute",
    metadata,
    _required("county", Integer),
    _required("id", Uuid),
    _required("cell", _Code),
    _required("snap", Uuid),
    # What is told of where it lies: row policies go by it.
    _required(
        "area",
        _Code,
        Computed("CASE WHEN category = 'family' THEN \"left\"(cell, 12) ELSE cell END", persisted=True),
    ),
    _required("category", Text),
    _required("channel", Text),
    _required("state", Text),
    _required("level", Text),
    _required("version", Integer, server_default=text("1")),
    _instant("reported_at"),
    _instant("registered_at"),
    Column("due_at", DateTime(timezone=True)),
    _required("extensions", SmallInteger, server_default=text("0")),
    Column("ended_at", DateTime(timezone=True)),
    _required("counted_on", Date),
    PrimaryKeyConstraint("county", "id", name="pk_dispute"),
    ForeignKeyConstraint(["county", "cell"], ["everycell.cell.county", "everycell.cell.code"], name="fk_dispute_cell"),
    ForeignKeyConstraint(
        ["county", "snap"], ["everycell.snap_point.county", "everycell.snap_point.id"], name="fk_dispute_snap"
    ),
    _one_of("dispute", "category", *_CATEGORIES),
    _one_of("dispute", "channel", "patrol", "reported", "referred"),
    _one_of("dispute", "state", *_STATES),
    _one_of("dispute", "level", *_LEVELS),
    CheckConstraint("extensions BETWEEN 0 AND 1", name="ck_dispute_extensions"),
    CheckConstraint("due_at IS NOT NULL OR state IN ('registered', 'not_accepted')", name="ck_dispute_due_at"),
    CheckConstraint("(ended_at IS NOT NULL) = (state IN ('not_accepted', 'closed'))", name="ck_dispute_ended_at"),
    CheckConstraint("extract(day FROM counted_on) = 1", name="ck_dispute_counted_on"),
    Index("ix_dispute_area", "county", "area"),
    Index("ix_dispute_counted", "county", "counted_on"),
    Index("ix_dispute_due", "county", "due_at", postgresql_where=text("ended_at IS NULL")),
    Index("ix_dispute_snap", "county", "snap"),
)

dispute_event = Table(
    "dispute_event",
    metadata,
    _required("county", Integer),
    _required("dispute", Uuid),
    _required("seq", Integer),
    _required("id", Uuid),
    _required("area", _Code),
    _instant("at"),
    _required("role", Text),
    _required("change", Text),
    _required("state", Text),
    _required("level", Text),
    Column("due_at", DateTime(timezone=True)),
    Column("code", Text),
    PrimaryKeyConstraint("county", "dispute", "seq", name="pk_dispute_event"),
    UniqueConstraint("county", "id", name="uq_dispute_event_id"),
    _to_dispute("dispute_event"),
    CheckConstraint("seq > 0", name="ck_dispute_event_seq"),
    _one_of("dispute_event", "role", *_ROLES),
    _one_of("dispute_event", "change", "registered", "state", "level", "extension"),
    _one_of("dispute_event", "state", *_STATES),
    _one_of("dispute_event", "level", *_LEVELS),
    CheckConstraint(_CODES, name="ck_dispute_event_code"),
)

revisit = Table(
    "revisit",
    metadata,
    _required("county", Integer),
    _required("dispute", Uuid),
    _required("seq", Integer),
    _required("area", _Code),
    _required("due_on", Date),
    Column("done_at", DateTime(timezone=True)),
    Column("outcome", Text),
    Column("role", Text),
    PrimaryKeyConstraint("county", "dispute", "seq", name="pk_revisit"),
    _to_dispute("revisit"),
    CheckConstraint("seq > 0", name="ck_revisit_seq"),
    _one_of("revisit", "outcome", "holds", "broken", "no_answer"),
    _one_of("revisit", "role", *_ROLES),
    CheckConstraint("num_nulls(done_at, outcome, role) IN (0, 3)", name="ck_revisit_done"),
    Index("ix_revisit_due", "county", "due_on", postgresql_where=text("done_at IS NULL")),
)

# Counts of cases: what was published, once for each period. A number that is withheld is NULL.
case_release = Table(
    "case_release",
    metadata,
    _required("county", Integer),
    _required("level", Text),
    _required("first_on", Date),
    _required("span", SmallInteger),
    _required("family", Boolean),
    _required("grid_on", Date),
    _instant("published_at"),
    PrimaryKeyConstraint("county", "level", "first_on", "span", "family", name="pk_case_release"),
    _one_of("case_release", "level", *_LEVELS),
    CheckConstraint("NOT family OR level <> 'cell'", name="ck_case_release_family"),
    CheckConstraint(
        "span IN (1, 3, 12) AND extract(day FROM first_on) = 1"
        " AND (extract(month FROM first_on)::integer - 1) % span = 0",
        name="ck_case_release_span",
    ),
)

case_figure = Table(
    "case_figure",
    metadata,
    _required("county", Integer),
    _required("level", Text),
    _required("first_on", Date),
    _required("span", SmallInteger),
    _required("family", Boolean),
    _required("area", _Code),
    _required("category", Text),
    Column("number", Integer),
    _required("households", Integer),
    PrimaryKeyConstraint("county", "level", "first_on", "span", "family", "area", "category", name="pk_case_figure"),
    ForeignKeyConstraint(
        ["county", "level", "first_on", "span", "family"],
        [f"everycell.case_release.{name}" for name in ("county", "level", "first_on", "span", "family")],
        name="fk_case_figure_release",
    ),
    _one_of("case_figure", "level", *_LEVELS),
    CheckConstraint(
        "\"left\"(area, 6) = lpad(county::text, 6, '0') AND length(area) ="
        " CASE level WHEN 'county' THEN 6 WHEN 'town' THEN 9 WHEN 'village' THEN 12 ELSE 15 END",
        name="ck_case_figure_area",
    ),
    _one_of("case_figure", "category", "", *(category for category in _CATEGORIES if category != "family")),
    CheckConstraint("NOT family OR category = ''", name="ck_case_figure_family"),
    CheckConstraint("number = 0 OR number >= 5 AND households >= 10", name="ck_case_figure_number"),
)

# Cases past their date at the end of a month: published in the same way.
case_overdue_release = Table(
    "case_overdue_release",
    metadata,
    _required("county", Integer),
    _required("month", Date),
    _required("grid_on", Date),
    _instant("published_at"),
    PrimaryKeyConstraint("county", "month", name="pk_case_overdue_release"),
    CheckConstraint("extract(day FROM month) = 1", name="ck_case_overdue_release_month"),
)

case_overdue_figure = Table(
    "case_overdue_figure",
    metadata,
    _required("county", Integer),
    _required("month", Date),
    _required("area", _Code),
    Column("number", Integer),
    _required("households", Integer),
    PrimaryKeyConstraint("county", "month", "area", name="pk_case_overdue_figure"),
    ForeignKeyConstraint(
        ["county", "month"],
        ["everycell.case_overdue_release.county", "everycell.case_overdue_release.month"],
        name="fk_case_overdue_figure_release",
    ),
    CheckConstraint(
        "\"left\"(area, 6) = lpad(county::text, 6, '0') AND length(area) IN (6, 9, 12)",
        name="ck_case_overdue_figure_area",
    ),
    CheckConstraint("number = 0 OR number >= 5 AND households >= 10", name="ck_case_overdue_figure_number"),
)

# How the cases of a county stood then, with it.
case_standing_figure = Table(
    "case_standing_figure",
    metadata,
    _required("county", Integer),
    _required("month", Date),
    _required("area", _Code),
    _required("part", Text),
    Column("number", Integer),
    _required("households", Integer),
    PrimaryKeyConstraint("county", "month", "area", "part", name="pk_case_standing_figure"),
    ForeignKeyConstraint(
        ["county", "month"],
        ["everycell.case_overdue_release.county", "everycell.case_overdue_release.month"],
        name="fk_case_standing_figure_release",
    ),
    CheckConstraint("area = lpad(county::text, 6, '0')", name="ck_case_standing_figure_area"),
    _one_of(
        "case_standing_figure",
        "part",
        *(f"stage_{stage}" for stage in ("under_way", "closed", "agreed", "registered", "referred", "not_accepted")),
        *(f"revisit_{outcome}" for outcome in ("all", "holds", "broken", "no_answer", "waiting")),
    ),
    CheckConstraint("number = 0 OR number >= 5 AND households >= 10", name="ck_case_standing_figure_number"),
)
