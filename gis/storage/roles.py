"""The roles of the service and of GIS staff, and what makes row policies cheap. See docs/decisions/0007 and 0013.

`everycell_app` owns nothing and is under the row policies. So is `everycell_editor`, of which every sign-in of GIS
staff to the database (QGIS, psql) is a member. `everycell_notary` may do one thing: note that they have read doors.

A policy must not let an operator see rows before it has judged them, unless the operator is known to tell nobody of its
arguments (LEAKPROOF). PostGIS's `&&` is not declared so, although it compares two boxes and can do nothing else;
undeclared, a tile could not use the spatial index. Only a superuser may declare it, each restore of a database forgets
it, and so it is looked after at every start.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

APP_ROLE: Final = "everycell_app"
EDITOR_ROLE: Final = "everycell_editor"
NOTARY_ROLE: Final = "everycell_notary"

ROLE_EXISTS: Final = "SELECT 1 FROM pg_roles WHERE rolname = 'everycell_app'"
CREATE_ROLE: Final = f"CREATE ROLE {APP_ROLE} LOGIN"
EDITORS_EXIST: Final = "SELECT 1 FROM pg_roles WHERE rolname = 'everycell_editor'"
CREATE_EDITORS: Final = f"CREATE ROLE {EDITOR_ROLE} NOLOGIN"
NOTARY_EXISTS: Final = "SELECT 1 FROM pg_roles WHERE rolname = 'everycell_notary'"
CREATE_NOTARY: Final = f"CREATE ROLE {NOTARY_ROLE} LOGIN"
# What tells whether a role is there, and what makes it.
ROLES: Final = ((ROLE_EXISTS, CREATE_ROLE), (EDITORS_EXIST, CREATE_EDITORS), (NOTARY_EXISTS, CREATE_NOTARY))
# The schema is told by the function itself: an administrator may have installed PostGIS elsewhere.
LEAKING: Final = (
    "SELECT format('ALTER FUNCTION %s LEAKPROOF', p.oid::regprocedure) FROM pg_proc p"
    " JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid"
    " WHERE e.extname = 'postgis' AND p.proname = 'geometry_overlaps' AND NOT p.proleakproof"
)

# For a superuser, PostgreSQL 15 or newer; {} is the owner. See `gis.storage.bulk.joined_already`.
TRUST_JOINS: Final = "GRANT SET ON PARAMETER session_replication_role TO {}"
TRUST_JOINS_FROM: Final = 150_000

_ROLE: Final = {"role": APP_ROLE}


def prepare(conn: Connection) -> None:
    """Make the roles and declare the operator, where they are missing and this connection's role may.

    What it may not is left to `everycell doctor`, which prints the statements for a superuser.
    """
    powers = conn.execute(text("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")).one()
    for exists, create in ROLES:
        if conn.execute(text(exists)).scalar() is None and (powers.rolsuper or powers.rolcreaterole):
            conn.execute(text(create))
    member = conn.execute(text("SELECT pg_has_role(:role, 'MEMBER') WHERE EXISTS (" + ROLE_EXISTS + ")"), _ROLE)
    if powers.rolcreaterole and member.scalar() is False:
        conn.execute(text(f"GRANT {APP_ROLE} TO CURRENT_USER"))  # an owner that is to take on the role
    if powers.rolsuper:
        for statement in conn.execute(text(LEAKING)).scalars().all():
            conn.execute(text(statement))


def set_password(conn: Connection, password: str) -> None:
    """Let the role sign in with a password. Needs CREATEROLE."""
    quoted = conn.execute(
        text("SELECT format('ALTER ROLE everycell_app LOGIN PASSWORD %L', CAST(:password AS text))"),
        {"password": password},
    ).scalar_one()
    conn.exec_driver_sql(quoted.replace("%", "%%"))
