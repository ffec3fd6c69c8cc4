"""Is the database as it must be? What migrations cannot hold on to: declarations that a restore forgets, rights that
somebody changed by hand, settings of the server. Each finding says what is wrong and the statement that mends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from gis.sentence import Sentence
from gis.storage import doctor_editors, roles
from gis.storage.findings import Finding as Finding
from gis.storage.migrate import current, head
from gis.storage.queries import query
from gis.storage.roles import APP_ROLE

# What the service's role may do: SELECT on these, EXECUTE on those (by name), and nothing else. A migration that grants
# more changes these lists with it.
SEEN: Final = frozenset(
    {
        "access_state",
        "alarm",
        "alarm_look",
        "alembic_version",
        "case_figure",
        "case_overdue_figure",
        "case_overdue_release",
        "case_release",
        "case_standing_figure",
        "cell",
        "cell_history",
        "cell_lineage",
        "cell_revision",
        "changeset",
        "changeset_op",
        "county_outline",
        "coverage_histogram",
        "dispute",
        "dispute_event",
        "division",
        "doorplate",
        "household",
        "patrol_plan",
        "patrol_route",
        "patrol_stop",
        "patrol_tick",
        "revisit",
        "road_arc",
        "road_network",
        "road_node",
        "road_turn",
        "round_result",
        "site",
        "snap_point",
        "street",
        "team",
        "visit_round",
    }
)
# What each policy says: a row is seen where its code lies within an area of the right, or (meets) has one in it.
_COUNTY: Final = "lpad((county)::text, 6, '0'::text)"
POLICIES: Final = MappingProxyType(
    {
        "alarm": ("within", "figures", "area"),
        "alarm_look": ("meets", "figures", _COUNTY),
        "case_figure": ("within", "figures", "area"),
        "case_overdue_figure": ("within", "figures", "area"),
        "case_overdue_release": ("meets", "figures", _COUNTY),
        "case_release": ("meets", "figures", _COUNTY),
        "case_standing_figure": ("within", "figures", "area"),
        "cell": ("within", "figures", "code"),
        "cell_history": ("within", "figures", "code"),
        "cell_lineage": ("within", "figures", "area"),
        "cell_revision": ("within", "figures", "cell"),
        "changeset": ("within", "grid", "area"),
        "changeset_op": ("within", "grid", "area"),
        "county_outline": ("meets", "figures", _COUNTY),
        "coverage_histogram": ("within", "figures", "cell"),
        "dispute": ("within", "cases", "area"),
        "dispute_event": ("within", "cases", "area"),
        "division": ("within", "figures", "code"),
        "doorplate": ("within", "doors", "cell"),
        "household": ("within", "doors", "cell"),
        "patrol_plan": ("within", "patrols", "area"),
        "patrol_route": ("within", "patrols", "area"),
        "patrol_stop": ("within", "patrols", "area"),
        "patrol_tick": ("within", "patrols", "area"),
        "revisit": ("within", "cases", "area"),
        "road_arc": ("meets", "figures", _COUNTY),
        "road_network": ("meets", "figures", _COUNTY),
        "road_node": ("meets", "figures", _COUNTY),
        "road_turn": ("meets", "figures", _COUNTY),
        "round_result": ("within", "figures", "cell"),
        "site": ("within", "doors", "cell"),
        "snap_point": ("within", "cases", "cell"),
        "street": ("meets", "figures", _COUNTY),
        "team": ("within", "patrols", "area"),
        "visit_round": ("meets", "figures", "area"),
    }
)
UNDER_POLICY: Final = frozenset(POLICIES)


def condition(function: str, right: str, code: str) -> str:
    """What a policy says, as PostgreSQL prints it: the body of `within` or `meets` for a right and a column."""

    def told(suffix: str) -> str:
        return f"current_setting('everycell.{right}{suffix}'::text, true)"

    parts = [f"({told('')} = ',,'::text)"]
    for digits in (6, 12, 9):
        parts.append(f"""(strpos({told(f"_{digits}")}, ((','::text || "left"({code}, {digits})) || ','::text)) > 0)""")
    parts.append(f"(strpos({told('_15')}, ((','::text || {code}) || ','::text)) > 0)")
    if function == "meets":
        parts += [f"(strpos({told(f'_{digits}')}, (','::text || {code})) > 0)" for digits in (9, 12, 15)]
    return f"({' OR '.join(parts)})"


CALLED: Final = frozenset(
    {
        "account_of_subject",
        "acknowledge_alarms",
        "add_doorplate",
        "add_household",
        "add_operations",
        "add_site",
        "begin_alarm_look",
        "begin_retention",
        "caller_of_session",
        "caller_of_token",
        "cancel_plan",
        "change_dispute",
        "change_plan",
        "check_site",
        "claim_plan",
        "close_session",
        "compare_plan",
        "count_failure",
        "count_retention",
        "coverage",
        "database_identity",
        "drop_operations",
        "drop_plan",
        "drop_team",
        "drop_visit_months",
        "event_standing",
        "events_after",
        "fail_plan",
        "finish_plan",
        "finish_retention",
        "forget_failures",
        "grid_revision",
        "hear_plan",
        "hold_cases",
        "hold_doorplate",
        "hold_household",
        "hold_site",
        "leave_plan",
        "lock_codes",
        "lock_grid",
        "locked_until",
        "make_snap_points",
        "meets",
        "note",
        "number_events",
        "open_changeset",
        "open_plan",
        "open_session",
        "password_of",
        "patrol_link_of",
        "patrols_of_day",
        "plan_again",
        "plans_touched",
        "publish_case_figures",
        "publish_case_standing",
        "publish_changeset",
        "publish_overdue_cases",
        "put_alarms",
        "put_patrol_link",
        "put_team",
        "record_revisit",
        "record_visits_within",
        "register_disputes",
        "remove_doorplate",
        "remove_household",
        "remove_site",
        "renew_password_hash",
        "retention_counties",
        "retention_finished_at",
        "retire_disputes",
        "retire_drafts",
        "retire_news",
        "retire_plans",
        "retire_sessions",
        "retire_throttles",
        "retire_visit_ids",
        "retire_visits",
        "set_changeset_state",
        "show_patrol_stops",
        "settle_visit_ids",
        "shelve_alarms",
        "sites_due",
        "snap_at",
        "tick_stop",
        "undo_plan",
        "visits_due",
        "visits_gone_before",
        "visits_of_day",
        "webhook_done",
        "webhook_failed",
        "webhook_sends",
        "webhooks_due",
        "within",
        "write_doorplate",
        "write_household",
        "write_site",
    }
)


def examine(owner: Connection, service: Connection) -> list[Finding]:
    """Look at everything, as the owner (or a superuser) and as the service's role. Nothing is changed."""
    return [finding for look in _LOOKS for finding in look(owner)] + list(_plan(owner, service))


def _schema(conn: Connection) -> Iterator[Finding]:
    revision = current(conn)
    yield Finding(
        "schema",
        revision == head(),
        Sentence("revision {revision}", revision=revision),
        "" if revision == head() else "everycell migrate",
    )


def _role(conn: Connection) -> Iterator[Finding]:
    found = conn.execute(
        text(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty,"
            " (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid)"
            " + (SELECT count(*) FROM pg_proc p WHERE p.proowner = r.oid)"
            " + (SELECT count(*) FROM pg_namespace n WHERE n.nspowner = r.oid) AS owned"
            " FROM pg_roles r WHERE rolname = :role"
        ),
        {"role": APP_ROLE},
    ).one_or_none()
    if found is None:
        yield Finding("role", False, Sentence("{role} is missing", role=APP_ROLE), roles.CREATE_ROLE)
        return
    weak = f"ALTER ROLE {APP_ROLE} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"
    yield Finding(
        "role",
        not found.mighty,
        Sentence("{role} has no powers of its own", role=APP_ROLE),
        weak if found.mighty else "",
    )
    gift = f"REASSIGN OWNED BY {APP_ROLE} TO CURRENT_USER"
    yield Finding(
        "role",
        not found.owned,
        Sentence("{role} owns {owned} things", role=APP_ROLE, owned=found.owned),
        gift if found.owned else "",
    )


def _operator(conn: Connection) -> Iterator[Finding]:
    statements = conn.execute(text(roles.LEAKING)).scalars().all()
    told = Sentence("&& is declared LEAKPROOF, so that tiles use the spatial index under row policies")
    yield Finding("operator", not statements, told, "; ".join(statements))


def _memberships(conn: Connection) -> Iterator[Finding]:
    """The role is no member of another, whose rights it would have or could take on."""
    found = conn.execute(
        text(
            "SELECT quote_ident(pg_get_userbyid(roleid)) FROM pg_auth_members"
            " WHERE pg_get_userbyid(member) = :role ORDER BY 1"
        ),
        {"role": APP_ROLE},
    )
    for name in found.scalars():
        yield Finding(
            "role",
            False,
            Sentence("{role} is a member of {name}", role=APP_ROLE, name=name),
            f"REVOKE {name} FROM {APP_ROLE}",
        )


def _policies(conn: Connection) -> Iterator[Finding]:
    """Every table that the role may read has its policy switched on, the one that it should have and no other."""
    rows = conn.execute(
        text(
            "SELECT c.relname AS name, c.relrowsecurity AS enabled,"
            " array_remove(array_agg(p.polname::text), NULL) AS policies,"
            " array_remove(array_agg(concat_ws(' ', p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[]::text,"
            " pg_get_expr(p.polqual, p.polrelid))), '') AS found"
            " FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polroles <> ARRAY[("
            " SELECT oid FROM pg_roles WHERE rolname = :others)]"
            " WHERE c.relnamespace = 'everycell'::regnamespace AND c.relname = ANY (:names) GROUP BY 1, 2 ORDER BY 1"
        ),
        {"names": sorted(UNDER_POLICY), "others": roles.EDITOR_ROLE},
    ).all()
    for row in rows:
        table = f"everycell.{row.name}"
        function, right, code = POLICIES[row.name]
        wanted = condition(function, right, code)
        says = row.found == [f"{row.name}_seen r t {{{APP_ROLE}}} {wanted}"]
        remedies = [] if row.enabled else [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"]
        if not says:
            remedies += [f'DROP POLICY "{policy}" ON {table}' for policy in row.policies]
            remedies.append(f"CREATE POLICY {row.name}_seen ON {table} FOR SELECT TO {APP_ROLE} USING {wanted}")
        told = Sentence("{table}: on") if row.enabled else Sentence("{table}: off")
        how = Sentence("as it should be")
        if not says:
            how = Sentence("{number} policies, not the one it should have", number=len(row.policies))
        found = Sentence("{policies}, {how}", policies=told.filled(table=row.name), how=how)
        yield Finding("policy", not remedies, found, "; ".join(remedies))


def _rights(conn: Connection) -> Iterator[Finding]:
    """The rights of the role on tables are those of SEEN, by whatever way it got them."""
    rows = conn.execute(
        text(
            "SELECT c.relname AS name, k AS kind FROM pg_class c,"
            " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS k"
            " WHERE c.relnamespace = 'everycell'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')"
            " AND has_table_privilege(:role, c.oid, k) ORDER BY 1, 2"
        ),
        {"role": APP_ROLE},
    ).all()
    held = {(row.name, row.kind) for row in rows}
    wanted = {(name, "SELECT") for name in SEEN}
    for name, kind in sorted(held - wanted):
        remedy = f"REVOKE {kind} ON everycell.{name} FROM {APP_ROLE}, PUBLIC"
        yield Finding("right", False, Sentence("{role} may {kind} {name}", role=APP_ROLE, kind=kind, name=name), remedy)
    for name, kind in sorted(wanted - held):
        remedy = f"GRANT {kind} ON everycell.{name} TO {APP_ROLE}"
        yield Finding(
            "right",
            False,
            Sentence("{role} may not {kind} {name}", role=APP_ROLE, kind=kind, name=name),
            remedy,
        )
    yield Finding(
        "right",
        held == wanted,
        Sentence("{role} may read {number} tables and write none", role=APP_ROLE, number=len(SEEN)),
    )


def _columns(conn: Connection) -> Iterator[Finding]:
    """Rights on single columns and on sequences, which no right on a table shows."""
    rows = conn.execute(
        text(
            "SELECT c.relname AS name, k.kind, quote_ident(a.attname) AS attribute"
            " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid,"
            " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS k (kind)"
            " WHERE c.relnamespace = 'everycell'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0"
            " AND NOT a.attisdropped AND a.attacl IS NOT NULL AND has_column_privilege(:role, c.oid, a.attnum, k.kind)"
            " AND NOT has_table_privilege(:role, c.oid, k.kind)"
            " UNION ALL SELECT relname, 'ALL', NULL FROM pg_class WHERE relnamespace = 'everycell'::regnamespace AND"
            " CASE relkind WHEN 'S' THEN has_sequence_privilege(:role, oid, 'USAGE,SELECT,UPDATE') END ORDER BY 1, 2, 3"
        ),
        {"role": APP_ROLE},
    ).all()
    for row in rows:
        what = Sentence("the sequence {name}", name=row.name)
        if row.attribute is not None:
            what = Sentence("the column {column} of {name}", column=row.attribute, name=row.name)
        on = f"SEQUENCE everycell.{row.name}" if row.attribute is None else f"everycell.{row.name}"
        kind = row.kind if row.attribute is None else f"{row.kind} ({row.attribute})"
        remedy = f"REVOKE {kind} ON {on} FROM {APP_ROLE}, PUBLIC"
        yield Finding(
            "right",
            False,
            Sentence("{role} may {kind} {name}", role=APP_ROLE, kind=row.kind, name=what),
            remedy,
        )


def _functions(conn: Connection) -> Iterator[Finding]:
    """The role may call what CALLED says, and every function belongs to whoever the tables belong to."""
    rows = conn.execute(
        text(
            "SELECT format('everycell.%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) AS function,"
            " p.proname AS name, quote_ident(o.rolname) AS owner,"
            " has_function_privilege(:role, p.oid, 'EXECUTE') AS called, o.oid <> c.relowner AS strange,"
            " quote_ident(pg_get_userbyid(c.relowner)) AS rightful"
            " FROM pg_proc p JOIN pg_roles o ON o.oid = p.proowner"
            " JOIN pg_class c ON c.oid = 'everycell.household'::regclass"
            " WHERE p.pronamespace = 'everycell'::regnamespace ORDER BY 1"
        ),
        {"role": APP_ROLE},
    ).all()
    wrong = 0
    for row in rows:
        if row.called != (row.name in CALLED):
            wrong += 1
            verb, by = ("REVOKE", f"FROM {APP_ROLE}, PUBLIC") if row.called else ("GRANT", "")
            told = Sentence("{role} may call {function}") if row.called else Sentence("{role} may not call {function}")
            remedy = f"{verb} EXECUTE ON FUNCTION {row.function} {by or f'TO {APP_ROLE}'}"
            yield Finding(
                "function",
                False,
                told.filled(role=APP_ROLE, function=row.function),
                remedy,
            )
        if row.strange:
            wrong += 1
            remedy = f"ALTER FUNCTION {row.function} OWNER TO {row.rightful}"
            yield Finding(
                "function",
                False,
                Sentence("{function} belongs to {owner}", function=row.function, owner=row.owner),
                remedy,
            )
    for name in sorted(CALLED - {row.name for row in rows}):
        wrong += 1
        yield Finding(
            "function",
            False,
            Sentence("{name} is missing", name=name),
            Sentence("restore the database, or make it anew"),
        )
    yield Finding(
        "function",
        not wrong,
        Sentence(
            "{role} may call {number} functions of {all}",
            role=APP_ROLE,
            number=len(CALLED),
            all=len(rows),
        ),
    )


def _plan(owner: Connection, service: Connection) -> Iterator[Finding]:
    """The proof of it all: as the role, a tile of doorplates is read by the spatial index."""
    told = Sentence("a scoped tile uses the spatial index")
    place = owner.execute(
        text("SELECT county, ST_X(geom) AS x, ST_Y(geom) AS y FROM everycell.doorplate LIMIT 1")
    ).first()
    if place is None:
        yield Finding("plan", True, Sentence("{finding}: there is no doorplate yet to try it on", finding=told))
        return
    values = {"counties": [place.county], "since": "2026-01-01", "z": 18, "x": 1, "y": 1, "buffer": 64}
    values |= {"west": place.x, "south": place.y, "east": place.x + 0.0001, "north": place.y + 0.0001}
    service.execute(text("SET LOCAL enable_seqscan = off"))  # a county of ten doors would be read whole
    statement = text(f"EXPLAIN {query('households/door_tile').text}")
    try:
        plan = "\n".join(service.execute(statement, values).scalars())
    except ProgrammingError:  # it may not read what it should: the findings above say so
        plan = ""
    ok = "ix_doorplate_geom" in plan
    yield Finding("plan", ok, told, "" if ok else Sentence("see the findings above; else ANALYZE everycell.doorplate"))


def _durable(conn: Connection) -> Iterator[Finding]:
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        value = conn.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one()
        ok = value == "on"
        remedy = (
            "" if ok else "initdb --data-checksums" if name == "data_checksums" else f"ALTER SYSTEM SET {name} = on"
        )
        yield Finding("durable", ok, Sentence("{name} = {value}", name=name, value=value), "" if ok else remedy)


_LOOKS: Final[tuple[Callable[[Connection], Iterator[Finding]], ...]] = (
    _schema,
    _role,
    _memberships,
    _operator,
    _policies,
    _rights,
    _columns,
    _functions,
    doctor_editors.examine,
    _durable,
)
