"""The notary: how reading by SQL leaves an entry in the audit. See `notary.sql` beside this file, docs/decisions/0013.

A statement that reads doors as GIS staff is refused where the notary cannot write. So the private cluster sets it up at
every start; on a server of somebody else's an administrator runs `SETUP`, and `trouble` tells what is left to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gis.errors import StorageError
from gis.sentence import Sentence
from gis.storage.findings import Finding
from gis.storage.roles import APP_ROLE, CREATE_NOTARY, EDITOR_ROLE, NOTARY_ROLE

_SQL: Final = Path(__file__).with_name("notary.sql").read_text(encoding="utf-8")
_MARK: Final = f"everycell {hashlib.sha256(_SQL.encode()).hexdigest()[:16]}"
# For a superuser, in the database; harmless to repeat. The comment says which version of the function stands there.
SETUP: Final = f"{_SQL}COMMENT ON FUNCTION everycell_notary.say(text) IS '{_MARK}';\n"
# By the catalogue: who may not use the schema could not name the function.
_SAY: Final = (
    "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'everycell_notary' AND p.proname = 'say'"
    " AND p.prosecdef AND pg_get_function_identity_arguments(p.oid) = 'p_statement text'"
)
# Whether it is there as this version has it; and whether this server has what it needs (Debian: postgresql-NN, Red Hat:
# postgresql-contrib).
READY: Final = (
    f"SELECT 1 FROM {_SAY} WHERE obj_description(p.oid, 'pg_proc') = '{_MARK}'"  # noqa: S608 - words of ours
    " AND EXISTS (SELECT FROM pg_extension WHERE extname = 'dblink')"
)
AVAILABLE: Final = "SELECT 1 FROM pg_available_extensions WHERE name = 'dblink'"
_MAY: Final = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"

_LOCK: Final = 7461096  # any constant: who tries the notary holds it, and so the notary cannot take it
_HOLD: Final = f"SELECT pg_advisory_xact_lock_shared({_LOCK})"
_TRY: Final = (
    f"SELECT (NOT pg_try_advisory_xact_lock({_LOCK})"
    " AND has_function_privilege('everycell.note_direct_read(text, text, text, text)', 'EXECUTE')"
    f" AND session_user = '{NOTARY_ROLE}')::text"
)
_DOCUMENT: Final = Sentence("see docs/qgis.md: how the notary signs in to the database")


def prepare(conn: Connection) -> None:
    """Set it up where it is missing and this connection's role may. Else that is left to an administrator."""
    lacks = conn.execute(text(READY)).scalar() is None and conn.execute(text(AVAILABLE)).scalar() is not None
    if lacks and conn.execute(text(_MAY)).scalar_one():
        conn.exec_driver_sql(SETUP.replace("%", "%%"))


def refuse_unready(conn: Connection) -> None:
    """Raise StorageError where reads by GIS staff cannot be noted in the audit, and say who is to mend that."""
    for finding in trouble(conn):
        raise StorageError(
            "reads of doors by GIS staff cannot be noted in the audit, so nobody gets a sign-in"
            " ({told}): everycell doctor prints what a superuser has to run",
            told=finding.told,
            field="DATABASE_URL",
        )


def trouble(conn: Connection) -> Iterator[Finding]:
    """What keeps the notary from writing, or lets others use it; nothing where all is well. Nothing is changed.

    As the owner of the tables, or a superuser. It tries the second connection, which must reach this very database.
    """
    wrong = [*_role(conn), *_function(conn), *_rights(conn)]
    yield from wrong or _answer(conn)


def _role(conn: Connection) -> Iterator[Finding]:
    found = conn.execute(
        text(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty,"
            " rolcanlogin AS enters, ARRAY(SELECT quote_ident(pg_get_userbyid(roleid)) FROM pg_auth_members"
            " WHERE member = r.oid) AS others,"
            " ARRAY(SELECT format('everycell.%I', c.relname) FROM pg_class c"
            " WHERE c.relnamespace = 'everycell'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')"
            " AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')) AS tables"
            " FROM pg_roles r WHERE rolname = :role"
        ),
        {"role": NOTARY_ROLE},
    ).one_or_none()
    if found is None:
        yield Finding("notary", False, Sentence("{role} is missing", role=NOTARY_ROLE), CREATE_NOTARY)
        return
    if found.mighty or not found.enters:
        powers = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"
        told = Sentence("{role} has powers of its own") if found.mighty else Sentence("{role} may not sign in")
        yield Finding(
            "notary",
            False,
            told.filled(role=NOTARY_ROLE),
            f"ALTER ROLE {NOTARY_ROLE} {powers}",
        )
    for other in found.others:
        yield Finding(
            "notary",
            False,
            Sentence("{role} is a member of {other}", role=NOTARY_ROLE, other=other),
            f"REVOKE {other} FROM {NOTARY_ROLE}",
        )
    for table in found.tables:
        remedy = f"REVOKE ALL ON {table} FROM {NOTARY_ROLE}, PUBLIC"
        yield Finding(
            "notary",
            False,
            Sentence("{role} has rights on {table}", role=NOTARY_ROLE, table=table),
            remedy,
        )


def _function(conn: Connection) -> Iterator[Finding]:
    """The function is there, in the version that this program knows, and the owner of the tables may call it."""
    if conn.execute(text(READY)).scalar() is None:
        lacks = conn.execute(text(AVAILABLE)).scalar() is None
        more = Sentence("; this server lacks dblink, which comes with its contrib package") if lacks else ""
        yield Finding(
            "notary", False, Sentence("everycell_notary.say is missing, or another version's{more}", more=more), SETUP
        )
        return
    called = conn.execute(
        text(
            "SELECT has_schema_privilege(c.relowner, n.oid, 'USAGE')"  # noqa: S608 - words of ours
            " AND has_function_privilege(c.relowner, p.oid, 'EXECUTE')"
            f" FROM pg_class c, {_SAY} WHERE c.oid = 'everycell.household'::regclass"
        )
    ).scalar_one()
    if not called:
        yield Finding("notary", False, Sentence("whoever owns the tables may not call everycell_notary.say"), SETUP)


def _rights(conn: Connection) -> Iterator[Finding]:
    """Nobody else may call it, the roles of the service, of GIS staff and its own included."""
    rows = conn.execute(
        text(
            f"SELECT r.rolname FROM pg_roles r, {_SAY} WHERE r.rolname = ANY (:roles)"  # noqa: S608
            " AND (has_schema_privilege(r.oid, n.oid, 'USAGE, CREATE')"
            " OR has_function_privilege(r.oid, p.oid, 'EXECUTE'))"
            " ORDER BY 1"
        ),
        {"roles": [APP_ROLE, EDITOR_ROLE, NOTARY_ROLE]},
    )
    for role in rows.scalars():
        remedy = f"REVOKE ALL ON SCHEMA everycell_notary FROM {role}, PUBLIC;"
        remedy += f" REVOKE ALL ON FUNCTION everycell_notary.say(text) FROM {role}, PUBLIC"
        yield Finding("notary", False, Sentence("{role} may call everycell_notary.say", role=role), remedy)


def _answer(conn: Connection) -> Iterator[Finding]:
    """What it answers when it is tried."""
    conn.execute(text(_HOLD))
    try:
        with conn.begin_nested():
            answer = conn.execute(text("SELECT everycell_notary.say(:statement)"), {"statement": _TRY}).scalar_one()
    except DBAPIError as error:
        said = str(error.orig).strip().replace("\n", " ")
        yield Finding("notary", False, Sentence("the second connection is refused: {said}", said=said), _DOCUMENT)
        return
    if answer != "true":
        told = Sentence(
            "the second connection is not to this database as {role}, or that role has lost its right", role=NOTARY_ROLE
        )
        grant = f"GRANT EXECUTE ON FUNCTION everycell.note_direct_read(text, text, text, text) TO {NOTARY_ROLE}"
        yield Finding("notary", False, told, f"GRANT USAGE ON SCHEMA everycell TO {NOTARY_ROLE}; {grant}")
