"""Accounts of those whom an identity provider vouches for: made at the first sign-in, with what their claims give."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from gis.access.claims import ClaimMapping
from gis.access.sessions import LOGIN, login_of
from gis.errors import NotAllowed

_NAME: Final = "preferred_username"
_LONGEST_SUBJECT: Final = 255  # OpenID Connect Core 1.0, section 2


def account_of_subject(conn: Connection, issuer: str, claims: Mapping[str, Any], mapping: ClaimMapping) -> UUID:
    """The account of the subject (`sub`) of verified claims, which from now on has exactly the grants they give.

    Raises NotAllowed where the account was disabled here, or another account has its sign-in name.
    """
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or "\x00" in subject:
        raise NotAllowed("the identity provider sent no usable subject", field="sub")
    grants = mapping.grants(claims)
    values = {
        "issuer": issuer,
        "subject": subject,
        "login": name_of(claims, issuer, subject),
        "roles": [grant.role.value for grant in grants],
        "areas": [grant.area for grant in grants],
    }
    found: UUID | None = conn.execute(
        text(
            "SELECT everycell.account_of_subject("
            ":issuer, :subject, :login, CAST(:roles AS text[]), CAST(:areas AS text[]))"
        ),
        values,
    ).scalar()
    if found is None:
        raise NotAllowed("the account is disabled here, or its sign-in name belongs to another one")
    return found


def name_of(claims: Mapping[str, Any], issuer: str, subject: str) -> str:
    """The sign-in name of an account that is made for this subject: what the provider prefers, where it can be one.

    A name in Chinese cannot. It then is a digest of issuer and subject: unique, always the same, and nobody's name.
    """
    wanted = claims.get(_NAME)
    if isinstance(wanted, str) and LOGIN.fullmatch(login_of(wanted)):
        return login_of(wanted)
    return f"oidc-{sha256(f'{issuer} {subject}'.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
