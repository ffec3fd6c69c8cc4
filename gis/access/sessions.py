"""Who is asking: passwords checked, browser sessions and bearer tokens resolved; as the role of the service.

The service cannot read accounts, sessions and tokens; it calls the functions of migration 0003. Of the secret of a
session or token the database knows the SHA-256 only. That is enough without salt or argon2: it is 256 random bits.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gis.access import throttle
from gis.access.passwords import hash_password, verify
from gis.access.scope import NOTHING, RIGHTS, Grant, Right, Role, Scope
from gis.errors import NotSignedIn
from gis.storage.engine import Store, sqlstate

TOKEN_PREFIX: Final = "ec_"  # noqa: S105 - by which scanners of source code find a token that was left there
_SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(r"(ec_)?[A-Za-z0-9_-]{43}", re.ASCII)
# A sign-in name; not one that reads like the code of a door or round, an id, or a telephone or identity number: it
# is shown, and stands in the audit.
LOGIN: Final = re.compile(
    r"(?![0-9]{6}-|[0-9]{11}|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$)[a-z0-9][a-z0-9._@-]{0,63}", re.ASCII
)
_NO_ACCOUNT: Final = "EC002"


class Kind(StrEnum):
    """How a caller showed who it is."""

    nobody = "nobody"
    session = "session"
    token = "token"  # noqa: S105 - a word
    wall = "wall"  # a token that a wall keeps in a cookie, and that opens it in an address


@dataclass(frozen=True)
class Caller:
    """Who is asking. `who` is what the audit says: "account:LOGIN", "token:ID LABEL" or "nobody"; `name` is what pages
    show: the login or the token's label, empty for nobody. After `expires_at` it is nobody (None: never). `scope` is
    what the `grants` come to together."""

    who: str
    name: str
    scope: Scope
    kind: Kind
    expires_at: datetime | None
    grants: tuple[Grant, ...] = ()

    def role(self, right: Right, area: str) -> Role | None:
        """As which role they use a right in an area: of those that have it there, the one with the fewest rights."""
        roles = {grant.role for grant in self.grants if right in RIGHTS[grant.role] and area.startswith(grant.area)}
        return min(roles, key=lambda role: (len(RIGHTS[role]), role), default=None)


NOBODY: Final = Caller("nobody", "", NOTHING, Kind.nobody, None)


def login_of(typed: str) -> str:
    """The sign-in name that somebody means: no spaces around it, no capitals (telephones begin words with them)."""
    return typed.strip().lower()


def new_secret() -> str:
    """256 random bits as 43 characters that need no quoting in a cookie, a header or a shell."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest(secret: str) -> bytes:
    """What is kept of a secret: its SHA-256 (32 bytes)."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def csrf_token(secret: str) -> str:
    """What a page shows with an unsafe request to prove that it may read this session: 64 hexadecimal digits.

    It is made of the session's secret, so that there is nothing to keep, and tells nothing about it.
    """
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"everycell csrf", sha256).hexdigest()


def caller_of_token(conn: Connection, secret: str) -> Caller | None:
    """The caller of a bearer token; None where there is none, or it was revoked or is over.

    Writes down when it was used last, so the transaction may not be read-only.
    """
    if not (secret.startswith(TOKEN_PREFIX) and _SECRET.fullmatch(secret)):
        return None
    row = conn.execute(text("SELECT * FROM everycell.caller_of_token(:hash)"), {"hash": digest(secret)}).one_or_none()
    if row is None:
        return None
    grants = _grants([row])
    return Caller(f"token:{row.id} {row.label}", row.label, Scope.of(grants), Kind.token, row.expires_at, grants)


def caller_of_wall(conn: Connection, secret: str) -> Caller | None:
    """The caller of a token that stands in a cookie or an address: as `caller_of_token`, but of the role wall only,
    which may change nothing and sees aggregates."""
    caller = caller_of_token(conn, secret)
    if caller is None or any(grant.role is not Role.wall for grant in caller.grants):
        return None
    return replace(caller, kind=Kind.wall)


def caller_of_session(conn: Connection, secret: str, idle: timedelta) -> Caller | None:
    """The caller of a browser session; None where there is none, it is over, was not used for `idle`, or its account
    is disabled.

    Writes down when it was used last (once in five minutes), so the transaction may not be read-only.
    """
    if not _SECRET.fullmatch(secret):
        return None
    rows = conn.execute(
        text("SELECT * FROM everycell.caller_of_session(:hash, :idle)"), {"hash": digest(secret), "idle": idle}
    ).all()
    if not rows:
        return None
    login, grants = rows[0].login, _grants(rows)
    return Caller(f"account:{login}", login, Scope.of(grants), Kind.session, rows[0].expires_at, grants)


def check_password(store: Store, login: str, password: str, source: str) -> UUID:
    """The account of a sign-in name and its password, tried from an address.

    Takes the store and makes its own short transactions: a wrong password is counted although the sign-in fails, and no
    connection is held while argon2 works. The caller shall have none open either. It says and does the same for a name
    that is not there, an account that is disabled and a wrong password, and takes the same time.

    Raises NotSignedIn for these, TooManyTries (with how long to wait, and without a look at the password) where the
    name or the address is locked, or too many sign in at once.
    """
    name = login_of(login)
    keys = throttle.key_of_login(name), throttle.key_of_source(source)
    with throttle.turn(keys[1]):
        with store.begin() as conn:
            throttle.refuse_locked(conn, *keys)
            found = _password_of(conn, name)
        if found is None:
            hash_password(password)  # takes as long as verifying one
            right, renewed = False, None
        else:
            right, renewed = verify(password, found.password_hash)
        with store.begin() as conn:
            if found is not None and right:
                throttle.forget_failures(conn, keys[0])
                _renew(conn, found, renewed)
                account: UUID = found.account
                return account
            throttle.count_failure(conn, keys[0], throttle.BY_LOGIN)
            throttle.count_failure(conn, keys[1], throttle.BY_SOURCE)
    raise NotSignedIn("the sign-in name or the password is wrong", field="password")


def open_session(conn: Connection, account: UUID, hours: float) -> str:
    """Begin a session of an account for so many hours and return its secret, which is for the cookie alone.

    Raises NotSignedIn where the account was disabled meanwhile; the transaction is lost then.
    """
    secret = new_secret()
    values = {"account": account, "hash": digest(secret), "until": datetime.now(UTC) + timedelta(hours=hours)}
    try:
        conn.execute(text("SELECT everycell.open_session(:account, :hash, :until)"), values)
    except DBAPIError as error:
        if sqlstate(error) != _NO_ACCOUNT:
            raise
        raise NotSignedIn("the account is disabled") from None
    return secret


def sign_out(conn: Connection, secret: str) -> None:
    """End a session, whether there is one or not."""
    conn.execute(text("SELECT everycell.close_session(:hash)"), {"hash": digest(secret)})


def _password_of(conn: Connection, login: str) -> Any:
    """Account and hash; None where no such account has a password. PostgreSQL is not asked for what it cannot hold."""
    if not LOGIN.fullmatch(login):
        return None
    return conn.execute(text("SELECT * FROM everycell.password_of(:login)"), {"login": login}).one_or_none()


def _renew(conn: Connection, found: Any, renewed: str | None) -> None:
    if renewed is not None:
        conn.execute(
            text("SELECT everycell.renew_password_hash(:account, :was, :now)"),
            {"account": found.account, "was": found.password_hash, "now": renewed},
        )


def _grants(rows: Iterable[Any]) -> tuple[Grant, ...]:
    return tuple(Grant(Role(row.role), row.area) for row in rows if row.role is not None)
