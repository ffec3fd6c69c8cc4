"""Row policies and rights, asked in plain SQL as the role that the service works as: default deny, then only inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from shapely import LineString
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from gis.access.scope import ALL, Grant, Right, Role, Scope
from gis.alarms.watch import look
from gis.cells import changesets
from gis.cells.changesets import Editor
from gis.cells.editing.operations import Split
from gis.disputes.overdue import publish_overdue
from gis.disputes.publication import publish_due
from gis.households.figures import Figures
from gis.storage.cluster import Cluster
from gis.storage.doctor import SEEN, UNDER_POLICY
from gis.storage.engine import Store, Told, as_service, sqlstate
from tests.api.conftest import database
from tests.gis import world
from tests.gis.disputes.places import NOW, add_cases
from tests.gis.patrol.places import add_plan
from tests.gis.world import AFAR, OWN, REGION, SIBLING, TODAY, Village

DENIED: Final = "42501"
WRITES: Final = {
    "INSERT": "INSERT INTO everycell.{0} DEFAULT VALUES",
    "UPDATE": "UPDATE everycell.{0} SET {1} = {1}",
    "DELETE": "DELETE FROM everycell.{0}",
    "TRUNCATE": "TRUNCATE everycell.{0}",
    "SELECT FOR UPDATE": "SELECT 1 FROM everycell.{0} FOR UPDATE",
}
# What the role may call: everything else of the schema is closed to it. A migration that grants more changes this list.
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
# The area a row is of, as the owner reads it.
AREA_OF: Final = {
    "alarm": "area",
    "alarm_look": "lpad(county::text, 6, '0')",
    "case_overdue_figure": "area",
    "case_overdue_release": "lpad(county::text, 6, '0')",
    "case_figure": "area",
    "case_release": "lpad(county::text, 6, '0')",
    "cell": "code",
    "cell_history": "code",
    "cell_lineage": "area",
    "cell_revision": "cell",
    "changeset": "area",
    "changeset_op": "area",
    "county_outline": "lpad(county::text, 6, '0')",
    "coverage_histogram": "cell",
    "dispute": "area",
    "dispute_event": "area",
    "division": "code",
    "doorplate": "cell",
    "household": "(SELECT d.cell FROM everycell.doorplate d WHERE d.county = t.county AND d.id = t.doorplate)",
    "patrol_plan": "area",
    "patrol_route": "area",
    "patrol_stop": "area",
    "patrol_tick": "area",
    "revisit": "area",
    "road_arc": "lpad(county::text, 6, '0')",
    "road_network": "lpad(county::text, 6, '0')",
    "road_node": "lpad(county::text, 6, '0')",
    "road_turn": "lpad(county::text, 6, '0')",
    "round_result": "cell",
    "site": "cell",
    "snap_point": "cell",
    "street": "lpad(county::text, 6, '0')",
    "team": "area",
    "visit_round": "area",
}
BY_DOORS: Final = frozenset({"doorplate", "household", "site"})
BY_GRID: Final = frozenset({"changeset", "changeset_op"})
BY_CASES: Final = frozenset({"dispute", "dispute_event", "revisit", "snap_point"})
BY_PATROLS: Final = frozenset({"team", "patrol_plan", "patrol_route", "patrol_stop", "patrol_tick"})
UNSEEN: Final = {
    Role.wall: BY_DOORS | BY_GRID | BY_CASES | BY_PATROLS,
    Role.operator: BY_GRID,
    Role.patrol_leader: BY_GRID,
    Role.editor: BY_CASES | BY_PATROLS,
    Role.admin: frozenset[str](),
}
SPANNING: Final = frozenset(
    {
        "alarm_look",
        "case_overdue_release",
        "case_release",
        "county_outline",
        "road_arc",
        "road_network",
        "road_node",
        "road_turn",
        "street",
        "visit_round",
    }
)  # seen also where they span one's area


@pytest.fixture(scope="module")
def region(cluster: Cluster) -> Iterator[Store]:
    with database(cluster, "policies") as store:
        with store.begin() as conn:
            world.build_region(conn)
        for village in REGION:
            split_a_cell(store, village)
            with store.begin(ALL.settings()) as conn:
                add_cases(conn, village)
                add_plan(conn, village)
        publish_due(store, TODAY)  # what is over of the year in which the cases came
        publish_overdue(store, TODAY)
        figures = Figures()
        for county in {village.county for village in REGION}:
            look(store, county, NOW, lambda conn, here, since, today: figures.county(conn, here, None, since, today))
        yield store


def split_a_cell(store: Store, village: Village) -> None:
    """The second cell of a village is cut in two, by a change set of the village."""
    west, south, east, north = village.shape(slice(1, 2)).bounds
    middle = round((west + east) / 2, 8)
    cut = Split(village.cells[1], LineString([(middle, south - 0.001), (middle, north + 0.001)]))
    editor = Editor("li", ALL.settings())
    with store.begin(ALL.settings()) as conn:
        changesets.edit_now(conn, editor, area=village.code, title=village.sign, ops=[cut], today=TODAY)


@pytest.fixture(scope="module")
def app(region: Store) -> Iterator[Store]:
    with as_service(region) as service:
        yield service


def relations(conn: Connection, kinds: str = "rpvm") -> list[str]:
    """Every table and view of the schema, the monthly parts of visits among them."""
    found = conn.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'everycell'::regnamespace"
            " AND relkind = ANY (string_to_array(:kinds, NULL)) ORDER BY relname"
        ),
        {"kinds": kinds},
    )
    return list(found.scalars())


def count(conn: Connection, table: str) -> int:
    return int(conn.execute(text(f"SELECT count(*) FROM everycell.{table}")).scalar_one())


def keys(conn: Connection, table: str) -> set[str]:
    """The rows of a table, as texts."""
    return set(conn.execute(text(f"SELECT t::text FROM everycell.{table} t")).scalars())


def inside(conn: Connection, table: str, areas: tuple[str, ...]) -> set[str]:
    """The rows that lie in some areas, as the owner reckons it, without a policy's function."""
    rows = conn.execute(text(f"SELECT t::text AS row, {AREA_OF[table]} AS area FROM everycell.{table} t")).all()
    spans = table in SPANNING
    return {
        row.row
        for row in rows
        if any(row.area.startswith(area) or (spans and area.startswith(row.area)) for area in areas)
    }


def told(*grants: tuple[Role, str]) -> Told:
    return Scope.of(Grant(role, area) for role, area in grants).settings()


def refused(app: Store, statement: str, scope: Told | None = None) -> str | None:
    """The SQLSTATE with which a statement of the role ends; None where it went through."""
    try:
        with app.begin(scope) as conn:
            conn.execute(text(statement))
    except DBAPIError as error:
        return sqlstate(error)
    return None


def test_the_tables_of_the_policies_are_these(region: Store) -> None:
    with region.read() as conn:
        ours = "polroles = ARRAY['everycell_app'::regrole::oid]"
        found = conn.execute(text(f"SELECT polrelid::regclass::text FROM pg_policy WHERE {ours}")).scalars().all()
        policies = sorted(name.removeprefix("everycell.") for name in found)
        assert all(count(conn, table) > 0 for table in AREA_OF), "each has rows, or the tests below show nothing"
    assert policies == sorted(AREA_OF) == sorted(UNDER_POLICY)


def test_without_a_scope_there_is_nothing(app: Store) -> None:
    with app.read() as conn:
        assert {table: count(conn, table) for table in UNDER_POLICY} == dict.fromkeys(UNDER_POLICY, 0)


def test_the_service_itself_sees_everything(region: Store, app: Store) -> None:
    with region.read() as owner, app.read(ALL.settings()) as conn:
        assert {table: keys(conn, table) for table in UNDER_POLICY} == {t: keys(owner, t) for t in UNDER_POLICY}


@pytest.mark.parametrize(
    "areas",
    [
        (OWN.cells[0],),
        (OWN.code,),
        (OWN.town,),
        ("990101",),
        ("990102",),
        (OWN.code, AFAR.cells[1]),
        (OWN.cells[0], SIBLING.cells[1], "990101101"),
        ("990109",),
    ],
)
@pytest.mark.parametrize("role", UNSEEN)
def test_a_scope_shows_what_lies_inside_and_nothing_else(
    region: Store, app: Store, role: Role, areas: tuple[str, ...]
) -> None:
    with region.read() as owner, app.read(told(*((role, area) for area in areas))) as conn:
        for table in AREA_OF:
            wanted = set() if table in UNSEEN[role] else inside(owner, table, areas)
            assert keys(conn, table) == wanted, table


def test_rights_hold_each_where_it_was_given(region: Store, app: Store) -> None:
    scope = told((Role.wall, "990101"), (Role.editor, SIBLING.code))
    with region.read() as owner, app.read(scope) as conn:
        assert keys(conn, "cell") == inside(owner, "cell", ("990101",))
        assert keys(conn, "household") == inside(owner, "household", (SIBLING.code,))


ODD: Final = [
    *("", ",", "%", "_", ",%,", "*", "all", "0", ",0,", ", ,"),
    *("99010110020", ",99010110020,", "9901011002011", ",9901011002010,", OWN.code, f",{OWN.code}", f"{OWN.code},"),
    *("990101'", ",990101'--,", ",' OR true --,", ",990101\\,", ",{990101},", ",\u066999010,", ",９９０１０１,"),
]


@pytest.mark.parametrize("setting", ODD)
def test_an_odd_setting_shows_nothing_inside(app: Store, setting: str) -> None:
    """Rows of areas are compared as wholes between commas: half a code, a pattern or a quote matches none.

    What spans an area is matched by its beginning: a town's round, a county's streets. A made-up code below a town
    therefore sees the rounds of that town, as one that is real does, and nothing else.
    """
    scope = {f"everycell.{right}{level}": setting for right in Right for level in ("", "_6", "_9", "_12", "_15")}
    with app.read(scope) as conn:
        seen = {table for table in UNDER_POLICY - SPANNING if count(conn, table)}
        assert seen == set()
        rounds = set(conn.execute(text("SELECT area FROM everycell.visit_round")).scalars())
        assert all(f",{area}" in setting for area in rounds)


def test_the_settings_of_other_rights_do_not_help(app: Store) -> None:
    with app.read({"everycell.visits": ",,", "everycell.mode": "batch"}) as conn:
        assert all(count(conn, table) == 0 for table in UNDER_POLICY)


def test_a_scope_ends_with_its_transaction(app: Store) -> None:
    for left in ("commit", "rollback"):
        backends = set()
        with app.engine.connect() as conn:
            for scope in (ALL.settings(), None):
                if scope:
                    names = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in scope.items())
                    conn.execute(text(f"SELECT {names}"))
                backends.add(conn.execute(text("SELECT pg_backend_pid()")).scalar_one())
                assert (count(conn, "cell") > 0) is bool(scope), left
                getattr(conn, left)()
        assert len(backends) == 1, "the very same connection"


def test_pooled_connections_come_back_without_a_scope(app: Store) -> None:
    first = set()
    for _ in range(6):
        with app.read(ALL.settings()) as conn:
            assert count(conn, "household") > 0
            first.add(conn.execute(text("SELECT pg_backend_pid()")).scalar_one())
        with app.begin() as conn:
            assert count(conn, "household") == 0
            assert conn.execute(text("SELECT pg_backend_pid()")).scalar_one() in first


def test_tables_that_are_not_seen_are_refused(region: Store, app: Store) -> None:
    with region.read() as conn:
        hidden = set(relations(conn)) - SEEN
    assert {
        "account",
        "token",
        "session",
        "audit",
        "visit",
        "visit_id",
        "recent_visit_id",
        "outbox",
        "area_grant",
    } <= hidden
    assert any(table.startswith("visit_2") for table in hidden), "the months of visits too"
    told_all = ALL.settings()
    open_ = {table for table in hidden if refused(app, f"SELECT 1 FROM everycell.{table}", told_all) != DENIED}
    assert open_ == set()


@pytest.mark.parametrize("kind", WRITES)
def test_nothing_is_written_by_hand(region: Store, app: Store, kind: str) -> None:
    with region.read() as conn:
        found = conn.execute(
            text(
                "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                " WHERE c.relnamespace = 'everycell'::regnamespace AND a.attnum IN (1, 2) AND a.attidentity = ''"
            )
        )
        first = {row.relname: row.attname for row in found}
        tables = relations(conn, "rp")
    states = {table: refused(app, WRITES[kind].format(table, f'"{first[table]}"'), ALL.settings()) for table in tables}
    assert {table: state for table, state in states.items() if state != DENIED} == {}


def test_columns_and_sequences_are_closed_too(region: Store) -> None:
    """Rights may be given for a column, or for a sequence: no list of tables shows them."""
    with region.read() as conn:
        columns = conn.execute(
            text(
                "SELECT c.relname, k FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS k"
                " WHERE c.relnamespace = 'everycell'::regnamespace AND c.relkind IN ('r', 'p', 'v')"
                " AND has_any_column_privilege('everycell_app', c.oid, k)"
            )
        )
        assert set(map(tuple, columns)) == {(table, "SELECT") for table in SEEN}
        sequences = conn.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'everycell'::regnamespace AND"
                " CASE relkind WHEN 'S' THEN has_sequence_privilege('everycell_app', oid, 'USAGE,SELECT,UPDATE') END"
            )
        ).scalars()
        assert list(sequences) == []


def test_the_functions_that_may_be_called_are_these(region: Store) -> None:
    with region.read() as conn:
        found = conn.execute(
            text(
                "SELECT proname FROM pg_proc WHERE pronamespace = 'everycell'::regnamespace"
                " AND has_function_privilege('everycell_app', oid, 'EXECUTE')"
            )
        ).scalars()
        assert sorted(found) == sorted(CALLED), "each name once: no second one with other arguments"


def test_functions_with_their_owners_rights_pin_their_names(region: Store) -> None:
    """SECURITY DEFINER without a search_path would run what its caller puts in front."""
    with region.read() as conn:
        found = conn.execute(
            text(
                "SELECT proname, pg_get_userbyid(proowner) AS owner, array_to_string(proconfig, ' ') AS config"
                " FROM pg_proc WHERE pronamespace = 'everycell'::regnamespace AND prosecdef"
            )
        ).all()
    assert len(found) > 15
    assert [f.proname for f in found if "pg_temp" not in (f.config or "") or f.owner != "everycell"] == []


def test_visits_are_recorded_within_the_scope_only(app: Store) -> None:
    arrays = (
        "ARRAY[gen_random_uuid()], ARRAY['{0}'], ARRAY[DATE '2026-11-20'], ARRAY[now()], ARRAY['reached'],"
        " ARRAY['A1'], ARRAY['routine']"
    )
    unscoped = f"SELECT everycell.record_visits(990101, {arrays.format(OWN.household())})"
    assert refused(app, unscoped, ALL.settings()) == DENIED
    within = f"SELECT status FROM everycell.record_visits_within(990101, {arrays})"
    for scope, household, states in (
        (None, OWN.household(), ["unknown"]),
        (told((Role.operator, SIBLING.code)), OWN.household(), ["unknown"]),
        (told((Role.editor, OWN.code)), OWN.household(), ["unknown"]),
        (told((Role.operator, OWN.code)), OWN.household(), []),
    ):
        with app.begin(scope) as conn:
            assert conn.execute(text(within.format(household))).scalars().all() == states


GRID_CALLS: Final = {
    "open_changeset(990101, :area, 't', 'li', NULL)": "42501",
    "add_operations(990101, :id, 1, 1, '[{}]')": "EC004",
    "drop_operations(990101, :id, 1)": "EC004",
    "set_changeset_state(990101, :id, 'abandoned', NULL)": "EC004",
    "publish_changeset(990101, :id, 1, 1, '2026-11-20', '{}', '{}', '{}', '{}', '{}', '{}', '{}', NULL)": "EC004",
}


@pytest.mark.parametrize("call", GRID_CALLS)
def test_change_sets_are_written_within_the_scope_only(region: Store, app: Store, call: str) -> None:
    """By whoever may edit the grid of all of their area; for others they are not there."""
    with region.read() as conn:
        found = text("SELECT id FROM everycell.changeset WHERE area = :area ORDER BY revision LIMIT 1")
        id = conn.execute(found, {"area": OWN.code}).scalar_one()
    statement = f"SELECT everycell.{call}".replace(":id", f"'{id}'").replace(":area", f"'{OWN.code}'")
    for scope in (
        None,
        told((Role.editor, SIBLING.code)),
        told((Role.operator, OWN.code)),
        told((Role.editor, OWN.cells[0])),
    ):
        assert refused(app, statement, scope) == GRID_CALLS[call], scope
    assert refused(app, statement, told((Role.editor, OWN.code))) != GRID_CALLS[call]


def test_a_change_set_writes_nothing_beyond_its_area(region: Store, app: Store) -> None:
    """Whatever the service were to ask: cells of others, their codes, their land, the county's outline."""
    scope = told((Role.editor, OWN.code))
    with region.read() as conn:
        revision = conn.execute(text("SELECT everycell.grid_revision(990101)")).scalar_one()
        theirs, own = (
            conn.execute(text("SELECT geom::text FROM everycell.cell WHERE code = :code"), {"code": code}).scalar_one()
            for code in (SIBLING.cells[0], OWN.cells[0])
        )
    asked = {
        "their name": (SIBLING.cells[0], "x", theirs, "{}", "NULL"),
        "their land": (SIBLING.cells[0], f"{SIBLING.sign}村", own, "{}", "NULL"),
        "a cell of theirs": ("990101100202009", "x", theirs, "{}", "NULL"),
        "an end of theirs": (OWN.cells[0], "x", own, f"{{{SIBLING.cells[0]}}}", "NULL"),
        "the outline": (OWN.cells[0], "x", own, "{}", f"ST_AsBinary(ST_Multi('{own}'::geometry))"),
    }
    publish = (
        "SELECT everycell.publish_changeset(990101, :id, :revision, 0, '2026-11-20', ARRAY[:code], ARRAY['general'],"
        " ARRAY[:name], ARRAY[ST_AsBinary(CAST(:shape AS geometry))], :retired, '{}', '{}', "
    )
    for what, (code, name, shape, retired, outline) in asked.items():
        values = {"revision": revision, "code": code, "name": name, "shape": shape, "retired": retired}
        with app.begin(scope) as conn:
            opened = text("SELECT everycell.open_changeset(990101, :area, 't', 'li', NULL)")
            values["id"] = conn.execute(opened, {"area": OWN.code}).scalar_one()
            with pytest.raises(DBAPIError) as caught, conn.begin_nested():
                conn.execute(text(f"{publish}{outline})"), values)
            assert sqlstate(caught.value) == DENIED, what


def test_the_owners_functions_are_closed(app: Store) -> None:
    for call in ("raise_revision(990101, ARRAY['x'])", "emit(990101, 'cells', '{}')", "tidy(990101)"):
        assert refused(app, f"SELECT everycell.{call}", ALL.settings()) == DENIED, call


def test_the_role_cannot_become_more(cluster: Cluster, region: Store) -> None:
    """The service's own sign-in: nothing to go back to, nobody else to be, nothing to make."""
    engine = create_engine(cluster.app_url.replace("/everycell?", "/policies?"))
    alone = Store(engine, region.settings)
    try:
        for reset in ("RESET ROLE", "RESET ALL", "DISCARD ALL", "SET SESSION AUTHORIZATION DEFAULT"):
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.execute(text(reset))
                who = conn.execute(text("SELECT current_user, session_user")).one()
                assert tuple(who) == ("everycell_app", "everycell_app"), reset
                assert count(conn, "cell") == 0
        for more in (
            "SET ROLE everycell",
            "SET ROLE postgres",
            "SET ROLE pg_read_all_data",
            "SET SESSION AUTHORIZATION postgres",
            "ALTER TABLE everycell.cell DISABLE ROW LEVEL SECURITY",
            "ALTER ROLE everycell_app BYPASSRLS",
            "CREATE POLICY more ON everycell.cell USING (true)",
            "CREATE TABLE everycell.mine ()",
            "CREATE TABLE public.mine ()",
            "CREATE SCHEMA mine",
            "CREATE FUNCTION public.strpos(text, text) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "COPY everycell.cell TO PROGRAM 'cat'",
            "SELECT pg_read_file('PG_VERSION')",
            "SELECT * FROM pg_authid",
        ):
            assert refused(alone, more, ALL.settings()) == DENIED, more
        with alone.read(told((Role.operator, OWN.code))) as conn:
            conn.execute(text("SET LOCAL row_security = off"))
            with pytest.raises(DBAPIError):  # it does not show all rows, it refuses
                count(conn, "cell")
    finally:
        engine.dispose()


def test_an_operator_that_tells_does_not_see_foreign_rows(app: Store) -> None:
    """A predicate of the caller's own runs after the policy: an error in it names no row that is not seen."""
    with app.read(told((Role.operator, OWN.code))) as conn:
        seen = conn.execute(text("SELECT count(*) FROM everycell.site WHERE code || name <> ''")).scalar_one()
        assert seen == 1
    for sign in (SIBLING.sign, AFAR.sign):
        probe = f"SELECT 1 FROM everycell.site WHERE 1 / (CASE WHEN name LIKE '%{sign}%' THEN 0 ELSE 1 END) = 1"
        assert refused(app, probe, told((Role.operator, OWN.code))) is None
    own = f"SELECT 1 FROM everycell.site WHERE 1 / (CASE WHEN name LIKE '%{OWN.sign}%' THEN 0 ELSE 1 END) = 1"
    assert refused(app, own, told((Role.operator, OWN.code))) == "22012", "of its own row it does"


def test_every_village_is_someones(region: Store) -> None:
    """The four villages of the region together are all of it: no row is outside every area."""
    with region.read() as conn:
        # Imports are of a county, and so are counts of cases of a month.
        for table in (
            AREA_OF.keys()
            - SPANNING
            - {"division", "county_outline", "changeset", "case_figure", "case_overdue_figure"}
        ):
            parts = [inside(conn, table, (v.code,)) for v in REGION]
            assert sum(map(len, parts)) == count(conn, table) > 0, table
