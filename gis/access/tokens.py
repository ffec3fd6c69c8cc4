"""Bearer tokens for machines: QGIS, wall screens, scripts. Made and revoked in a shell, as the owner of the database.

A token has one role on one area and a last day. It is shown once; of it only the SHA-256 is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from gis.access.scope import Grant, Role
from gis.access.sessions import TOKEN_PREFIX, digest, new_secret
from gis.errors import BadInput, NotFound

_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_COLUMNS: Final = "id, label, role, area, created_at, expires_at, last_used_at, revoked_at"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its secret. `last_used_at` (to five minutes) is None before the first use."""

    id: int
    label: str
    grant: Grant
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def new_token(conn: Connection, label: str, grant: Grant, expires_at: datetime) -> str:
    """Make a token and return its secret, `ec_` and 256 random bits: nobody can get it out again.

    Raises BadInput for a label with other signs than letters, digits and . _ -, or an end (an aware instant) that has
    passed.
    """
    if not _LABEL.fullmatch(label):
        raise BadInput(
            "label: {label!r} is no label; it has 1 to 40 letters, digits and . _ -, a letter or digit first",
            label=label,
            field="label",
        )
    if expires_at <= datetime.now(UTC):
        raise BadInput("expires_at: {expires_at:%Y-%m-%d %H:%M} has passed", expires_at=expires_at, field="expires_at")
    secret = TOKEN_PREFIX + new_secret()
    conn.execute(
        text(
            "INSERT INTO everycell.token (hash, label, role, area, created_at, expires_at)"
            " VALUES (:hash, :label, :role, :area, clock_timestamp(), :expires_at)"
        ),
        {
            "hash": digest(secret),
            "label": label,
            "role": grant.role,
            "area": grant.area,
            "expires_at": expires_at,
        },
    )
    return secret


def revoke(conn: Connection, number: int) -> Token:
    """End a token for good; one that was revoked stays so since then. Raises NotFound for an unknown number."""
    row = conn.execute(
        text(
            "UPDATE everycell.token SET revoked_at = coalesce(revoked_at, clock_timestamp())"  # noqa: S608
            f" WHERE id = :id RETURNING {_COLUMNS}"
        ),
        {"id": number},
    ).one_or_none()
    if row is None:
        raise NotFound("token: there is no token {number}", number=number, field="token")
    return _token(row)


def list_tokens(conn: Connection) -> list[Token]:
    """All tokens, the newest first."""
    return [_token(row) for row in conn.execute(text(f"SELECT {_COLUMNS} FROM everycell.token ORDER BY id DESC"))]  # noqa: S608


def token_of(conn: Connection, secret: str) -> Token:
    """Which token a secret is, valid or not: for one that was just made, or found where it should not lie.

    Raises NotFound.
    """
    row = conn.execute(
        text(f"SELECT {_COLUMNS} FROM everycell.token WHERE hash = :hash"),  # noqa: S608
        {"hash": digest(secret)},
    ).one_or_none()
    if row is None:
        raise NotFound("token: there is no token of this secret", field="token")
    return _token(row)


def _token(row: Any) -> Token:
    return Token(
        row.id,
        row.label,
        Grant(Role(row.role), row.area),
        row.created_at,
        row.expires_at,
        row.last_used_at,
        row.revoked_at,
    )
