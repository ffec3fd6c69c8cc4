"""The tables of access: accounts, grants, tokens, sessions, audit, and what retention leaves. See `gis.storage.models`.

Shared tables have no county: accounts belong to none, and an audit entry may be about several.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gis.storage.models import _Code, _one_of, _required, metadata

_ROLES = ("wall", "operator", "patrol_leader", "editor", "admin")
_AREA = "area ~ '^([0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})?$'"

# A sign-in name is a name for the account, chosen by the administrator; the service knows nothing else of its staff.
account = Table(
    "account",
    metadata,
    _required("id", Uuid, server_default=text("gen_random_uuid()")),
    _required("login", _Code),
    Column("password_hash", Text),
    Column("issuer", Text),
    Column("subject", Text),
    _required("created_at", DateTime(timezone=True)),
    Column("password_set_at", DateTime(timezone=True)),
    Column("disabled_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("id", name="pk_account"),
    UniqueConstraint("login", name="uq_account_login"),
    UniqueConstraint("issuer", "subject", name="uq_account_subject"),
    CheckConstraint("login ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'", name="ck_account_login"),
)

area_grant = Table(
    "area_grant",
    metadata,
    _required("account", Uuid),
    _required("role", Text),
    _required("area", _Code),
    PrimaryKeyConstraint("account", "role", "area", name="pk_area_grant"),
    ForeignKeyConstraint(["account"], ["everycell.account.id"], name="fk_area_grant_account"),
    _one_of("area_grant", "role", *_ROLES),
    CheckConstraint(_AREA, name="ck_area_grant_area"),
)

# Of a token and of a session only the SHA-256 is kept: who reads the table cannot sign in with it.
token = Table(
    "token",
    metadata,
    _required("id", BigInteger, Identity(always=True)),
    _required("hash", LargeBinary),
    _required("label", Text),
    _required("role", Text),
    _required("area", _Code),
    _required("created_at", DateTime(timezone=True)),
    _required("expires_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("id", name="pk_token"),
    UniqueConstraint("hash", name="uq_token_hash"),
    _one_of("token", "role", *_ROLES),
    CheckConstraint(_AREA, name="ck_token_area"),
    CheckConstraint("label ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'", name="ck_token_label"),
)

session = Table(
    "session",
    metadata,
    _required("hash", LargeBinary),
    _required("account", Uuid),
    _required("created_at", DateTime(timezone=True)),
    _required("last_used_at", DateTime(timezone=True)),
    _required("expires_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("hash", name="pk_session"),
    ForeignKeyConstraint(["account"], ["everycell.account.id"], name="fk_session_account"),
)

# Wrong passwords, by sign-in name and by address of the client (as digests: a mistyped name may be a password).
login_throttle = Table(
    "login_throttle",
    metadata,
    _required("key", LargeBinary),
    _required("failures", Integer),
    _required("last_failed_at", DateTime(timezone=True)),
    Column("locked_until", DateTime(timezone=True)),
    PrimaryKeyConstraint("key", name="pk_login_throttle"),
)

# One row: its revision is raised with every change of accounts, grants and tokens, and with every session that ends.
access_state = Table(
    "access_state",
    metadata,
    _required("single", Boolean, server_default=text("true")),
    _required("revision", BigInteger, server_default=text("1")),
    PrimaryKeyConstraint("single", name="pk_access_state"),
    CheckConstraint("single", name="ck_access_state_single"),
)

# Append-only. `hash` chains an entry to the one before it, the first of a day to the last of the day before.
audit = Table(
    "audit",
    metadata,
    _required("day", Date),
    _required("seq", Integer, autoincrement=False),
    _required("at", DateTime(timezone=True)),
    _required("who", Text),
    _required("source", Text),
    _required("action", Text),
    _required("area", Text),
    _required("detail", JSONB),
    _required("hash", LargeBinary),
    PrimaryKeyConstraint("day", "seq", name="pk_audit"),
    CheckConstraint("seq > 0", name="ck_audit_seq"),
)

# Reads by SQL that the audit has of this hour (`hour`: since 1970). Written by the notary alone.
direct_read = Table(
    "direct_read",
    metadata,
    _required("who", _Code),
    _required("source", _Code),
    _required("relation", _Code),
    _required("area", _Code),
    _required("hour", BigInteger, autoincrement=False),
    PrimaryKeyConstraint("who", "source", "relation", "area", "hour", name="pk_direct_read"),
)

# What is left of visits that were kept their time: how many there were, by the cell their household then stood in.
visit_count = Table(
    "visit_count",
    metadata,
    _required("county", Integer),
    _required("cell", _Code),
    _required("month", Date),
    _required("outcome", Text),
    _required("visits", Integer),
    PrimaryKeyConstraint("county", "cell", "month", "outcome", name="pk_visit_count"),
    _one_of("visit_count", "outcome", "reached", "no_answer"),
    CheckConstraint("visits > 0", name="ck_visit_count_visits"),
    CheckConstraint("date_trunc('month', month) = month", name="ck_visit_count_month"),
)

# Other systems that are sent events. The secret is kept as it is: messages are signed with it.
webhook = Table(
    "webhook",
    metadata,
    _required("id", BigInteger, Identity(always=True)),
    _required("label", Text),
    _required("url", Text),
    _required("secret", LargeBinary),
    _required("area", _Code),
    _required("kinds", ARRAY(_Code)),
    _required("created_at", DateTime(timezone=True)),
    _required("position", BigInteger),
    Column("sending_to", BigInteger),
    _required("attempts", Integer, server_default=text("0")),
    _required("next_at", DateTime(timezone=True)),
    Column("outcome", Text),
    Column("delivered_at", DateTime(timezone=True)),
    Column("failing_since", DateTime(timezone=True)),
    Column("dead_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("id", name="pk_webhook"),
    CheckConstraint(_AREA, name="ck_webhook_area"),
    CheckConstraint("label ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'", name="ck_webhook_label"),
    CheckConstraint("length(secret) >= 24", name="ck_webhook_secret"),
)

retention_run = Table(
    "retention_run",
    metadata,
    _required("ran_at", DateTime(timezone=True)),
    _required("removed", JSONB),
    PrimaryKeyConstraint("ran_at", name="pk_retention_run"),
)
