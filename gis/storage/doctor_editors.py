"""What `everycell doctor` looks at for GIS staff on the database itself: the role everycell_editor and its members."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, text

from gis.sentence import Sentence
from gis.storage import notary, roles
from gis.storage.findings import Finding
from gis.storage.roles import EDITOR_ROLE

# What the role may do with tables (UPDATE is given for columns), and which functions it may call. Nothing else.
TABLES: Final = MappingProxyType(
    {
        "cell": frozenset({"SELECT", "INSERT", "DELETE"}),
        "division": frozenset({"SELECT"}),
        "doorplate": frozenset({"SELECT", "INSERT"}),
        "household": frozenset({"SELECT", "INSERT"}),
        "site": frozenset({"SELECT", "INSERT"}),
        "street": frozenset({"SELECT"}),
    }
)
UPDATED: Final = MappingProxyType(
    {
        "cell": frozenset({"name", "kind", "geom", "retired_on"}),
        "doorplate": frozenset({"code", "address", "geom"}),
        "household": frozenset({"code", "doorplate", "unit", "status", "interval_days"}),
        "site": frozenset({"name", "category", "address", "geom", "check_interval_days"}),
    }
)
CALLED: Final = frozenset({"edit_areas", "edit_counties", "edits_directly", "read_areas", "writing"})


def _inside(code: str, areas: str = "edit_areas()") -> str:
    cuts = ", ".join(f'"left"({code}, {digits})' for digits in (6, 9, 12))
    return f"(ARRAY[''::text, {cuts}, {code}] && ( SELECT {areas} AS {areas.partition('(')[0]}))"


def _noted(table: str) -> tuple[str, str, str]:
    """Of doors: who reads them is noted in the audit."""
    return "*", _inside("cell", f"read_areas('{table}'::text)"), _inside("cell")


_AROUND: Final = "(ARRAY[''::text, lpad((county)::text, 6, '0'::text)] && ( SELECT edit_counties() AS edit_counties))"
# What each policy says, as PostgreSQL prints it: (command, condition, condition of new rows).
POLICIES: Final = MappingProxyType(
    {
        "cell": ("*", _inside("code"), _inside("code")),
        "division": ("r", _inside("code"), ""),
        "doorplate": _noted("doorplate"),
        "household": _noted("household"),
        "site": _noted("site"),
        "street": ("r", _AROUND, ""),
    }
)


def examine(conn: Connection) -> Iterator[Finding]:
    """Look at everything about the role. Nothing is changed."""
    if conn.execute(text(roles.EDITORS_EXIST)).scalar() is None:
        yield Finding("editors", False, Sentence("{role} is missing", role=EDITOR_ROLE), roles.CREATE_EDITORS)
        return
    wrong = [*_powers(conn), *_policies(conn), *_rights(conn), *_columns(conn), *_functions(conn), *_public(conn)]
    wrong += notary.trouble(conn)
    yield from wrong
    if not wrong:
        yield Finding(
            "editors",
            True,
            Sentence(
                "{role} reads {read} tables and edits {edited}",
                role=EDITOR_ROLE,
                read=len(TABLES),
                edited=len(UPDATED),
            ),
        )
        yield Finding("notary", True, Sentence("what GIS staff read of doors by SQL is noted in the audit"))


def _powers(conn: Connection) -> Iterator[Finding]:
    """Neither the role nor who is in it has powers of its own, owns anything, or is in another role."""
    rows = conn.execute(
        text(
            "SELECT rolname AS name, quote_ident(rolname) AS quoted,"
            " rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
            " OR (rolname = :role AND rolcanlogin) AS mighty,"
            " ARRAY(SELECT quote_ident(pg_get_userbyid(roleid)) FROM pg_auth_members"
            " WHERE member = r.oid AND pg_get_userbyid(roleid) <> :role) AS others,"
            " starts_with(rolname, 'qgis_') AS ours FROM pg_roles r"
            " WHERE rolname = :role OR EXISTS (SELECT FROM pg_auth_members"
            " WHERE member = r.oid AND pg_get_userbyid(roleid) = :role) ORDER BY 1"
        ),
        {"role": EDITOR_ROLE},
    ).all()
    for row in rows:
        if row.name != EDITOR_ROLE and not row.ours:
            told = Sentence(
                "{name} is in {role}, and what it writes is not looked at: its name is not qgis_...",
                name=row.name,
                role=EDITOR_ROLE,
            )
            yield Finding("editors", False, told, f"REVOKE {EDITOR_ROLE} FROM {row.quoted}")
            continue
        if row.mighty:
            sign_in = " NOLOGIN" if row.name == EDITOR_ROLE else ""
            powers = f"NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION{sign_in}"
            yield Finding(
                "editors",
                False,
                Sentence("{row} has powers of its own", row=row.name),
                f"ALTER ROLE {row.quoted} {powers}",
            )
        for other in row.others:
            yield Finding(
                "editors",
                False,
                Sentence("{row} is a member of {other}", row=row.name, other=other),
                f"REVOKE {other} FROM {row.quoted}",
            )


def _policies(conn: Connection) -> Iterator[Finding]:
    rows = conn.execute(
        text(
            "SELECT c.relname AS name, array_remove(array_agg(p.polname::text), NULL) AS policies,"
            " array_remove(array_agg(concat_ws(' ', p.polname, p.polcmd, p.polpermissive,"
            " pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))), '') AS found"
            " FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid"
            " AND p.polroles = ARRAY[(SELECT oid FROM pg_roles WHERE rolname = :role)]"
            " WHERE c.relnamespace = 'everycell'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " GROUP BY 1 ORDER BY 1"
        ),
        {"role": EDITOR_ROLE},
    ).all()
    for row in rows:
        command, condition, of_new = POLICIES.get(row.name, ("", "", ""))
        told = [f"{row.name}_edited {command} t {condition} {of_new}".rstrip()]
        if row.found == (told if command else []):
            continue
        table = f"everycell.{row.name}"
        remedies = [f'DROP POLICY "{policy}" ON {table}' for policy in row.policies]
        if command:
            new = f" WITH CHECK {of_new}" if of_new else ""
            kind = "ALL" if command == "*" else "SELECT"
            remedies.append(
                f"CREATE POLICY {row.name}_edited ON {table} FOR {kind} TO {EDITOR_ROLE} USING {condition}{new}"
            )
        remedy = f"SET search_path = everycell, public; {'; '.join(remedies)}"
        yield Finding(
            "editors",
            False,
            Sentence("{row}: not the policy it should have for {role}", row=row.name, role=EDITOR_ROLE),
            remedy,
        )


def _rights(conn: Connection) -> Iterator[Finding]:
    rows = conn.execute(
        text(
            "SELECT c.relname AS name, k AS kind FROM pg_class c,"
            " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS k"
            " WHERE c.relnamespace = 'everycell'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')"
            " AND has_table_privilege(:role, c.oid, k)"
        ),
        {"role": EDITOR_ROLE},
    ).all()
    yield from _differences(
        {(row.name, row.kind) for row in rows}, {(name, kind) for name, kinds in TABLES.items() for kind in kinds}
    )


def _columns(conn: Connection) -> Iterator[Finding]:
    rows = conn.execute(
        text(
            "SELECT c.relname AS name, k.kind || ' (' || quote_ident(a.attname) || ')' AS kind"
            " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid,"
            " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS k (kind)"
            " WHERE c.relnamespace = 'everycell'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0"
            " AND NOT a.attisdropped AND has_column_privilege(:role, c.oid, a.attnum, k.kind)"
            " AND NOT has_table_privilege(:role, c.oid, k.kind)"
        ),
        {"role": EDITOR_ROLE},
    ).all()
    yield from _differences(
        {(row.name, row.kind) for row in rows},
        {(name, f"UPDATE ({column})") for name, columns in UPDATED.items() for column in columns},
    )


def _differences(held: set[tuple[str, str]], wanted: set[tuple[str, str]]) -> Iterator[Finding]:
    for name, kind in sorted(held - wanted):
        remedy = f"REVOKE {kind} ON everycell.{name} FROM {EDITOR_ROLE}, PUBLIC"
        yield Finding(
            "editors",
            False,
            Sentence("{role} may {kind} {name}", role=EDITOR_ROLE, kind=kind, name=name),
            remedy,
        )
    for name, kind in sorted(wanted - held):
        yield Finding(
            "editors",
            False,
            Sentence("{role} may not {kind} {name}", role=EDITOR_ROLE, kind=kind, name=name),
            f"GRANT {kind} ON everycell.{name} TO {EDITOR_ROLE}",
        )


def _functions(conn: Connection) -> Iterator[Finding]:
    rows = conn.execute(
        text(
            "SELECT format('everycell.%I(%s)', proname, pg_get_function_identity_arguments(oid)) AS function,"
            " proname AS name, has_function_privilege(:role, oid, 'EXECUTE') AS called"
            " FROM pg_proc WHERE pronamespace = 'everycell'::regnamespace ORDER BY 1"
        ),
        {"role": EDITOR_ROLE},
    ).all()
    for row in rows:
        if row.called and row.name not in CALLED:
            remedy = f"REVOKE EXECUTE ON FUNCTION {row.function} FROM {EDITOR_ROLE}, PUBLIC"
            yield Finding(
                "editors",
                False,
                Sentence("{role} may call {function}", role=EDITOR_ROLE, function=row.function),
                remedy,
            )
        if not row.called and row.name in CALLED:
            remedy = f"GRANT EXECUTE ON FUNCTION {row.function} TO {EDITOR_ROLE}"
            yield Finding(
                "editors",
                False,
                Sentence("{role} may not call {function}", role=EDITOR_ROLE, function=row.function),
                remedy,
            )


def _public(conn: Connection) -> Iterator[Finding]:
    """Who may make functions where ours look for those of PostGIS could put others in their place."""
    for schema in ("public", "everycell"):
        told = text("SELECT has_schema_privilege(:role, :schema, 'CREATE')")
        if conn.execute(told, {"role": EDITOR_ROLE, "schema": schema}).scalar():
            remedy = f"REVOKE CREATE ON SCHEMA {schema} FROM {EDITOR_ROLE}, PUBLIC"
            yield Finding(
                "editors",
                False,
                Sentence("{role} may make things in the schema {schema}", role=EDITOR_ROLE, schema=schema),
                remedy,
            )
