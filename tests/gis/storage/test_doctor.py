"""everycell doctor: all is well on a fresh database; whatever was changed by hand or lost by a restore is named, and
the statement that is named mends it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import psycopg2
import pytest
from typer.testing import CliRunner, Result

from api.cli import app as command
from gis.settings import settings
from gis.storage.cluster import Cluster
from gis.storage.doctor import Finding, examine
from gis.storage.engine import Store, as_service
from tests.api.conftest import database
from tests.gis import world

pytestmark = pytest.mark.usefixtures("durable")


@pytest.fixture
def filled(store: Store) -> Store:
    with store.begin() as conn:
        world.build(conn, {1: 3})
    return store


def as_superuser(store: Store, *statements: str) -> None:
    """Run statements as `postgres`, in the database of the store, as a hand would."""
    url = store.engine.url.set(username="postgres", drivername="postgresql")
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def wrong(store: Store) -> list[Finding]:
    with as_service(store) as service, store.begin() as owner, service.begin() as seen:
        return [finding for finding in examine(owner, seen) if not finding.ok]


def doctor(store: Store, monkeypatch: pytest.MonkeyPatch) -> Result:
    """The command itself."""
    monkeypatch.setenv("DATABASE_URL", store.settings.database_url or "")
    monkeypatch.setenv("EVERYCELL_SERVICE_DATABASE_URL", store.settings.service_database_url or "")
    settings.cache_clear()
    try:
        return CliRunner().invoke(command, ["doctor"])
    finally:
        settings.cache_clear()


def test_a_fresh_database_is_as_it_must_be(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong(store) == []
    told = doctor(store, monkeypatch)
    assert (told.exit_code, told.output.splitlines()[-1]) == (0, "all is well")


def test_so_is_one_with_a_county(filled: Store) -> None:
    assert wrong(filled) == []


OVERLAPS = "FUNCTION geometry_overlaps(geometry, geometry)"
DAMAGES = {
    f"ALTER {OVERLAPS} NOT LEAKPROOF": "operator",
    "DROP POLICY doorplate_seen ON everycell.doorplate": "doorplate: on, 0 policies",
    "ALTER POLICY site_seen ON everycell.site USING (true)": "site: on, 1 policies, not the one it should have",
    "CREATE POLICY more ON everycell.cell FOR SELECT USING (true)": "cell: on, 2 policies",
    "ALTER POLICY cell_seen ON everycell.cell TO PUBLIC": "cell: on, 1 policies",
    "ALTER TABLE everycell.household DISABLE ROW LEVEL SECURITY": "household: off",
    "GRANT INSERT ON everycell.cell TO everycell_app": "may INSERT cell",
    "GRANT SELECT ON everycell.account TO PUBLIC": "may SELECT account",
    "GRANT SELECT (password_hash) ON everycell.account TO everycell_app": "the column password_hash of account",
    "GRANT USAGE ON SEQUENCE everycell.doorplate_serial TO everycell_app": "the sequence doorplate_serial",
    "REVOKE SELECT ON everycell.doorplate FROM everycell_app": "may not SELECT doorplate",
    "GRANT EXECUTE ON FUNCTION everycell.record_visits TO everycell_app": "may call everycell.record_visits(",
    "GRANT EXECUTE ON FUNCTION everycell.tidy TO PUBLIC": "may call everycell.tidy(",
    "REVOKE EXECUTE ON FUNCTION everycell.note FROM everycell_app": "may not call everycell.note(",
    "ALTER FUNCTION everycell.note OWNER TO postgres": "belongs to postgres",
    "ALTER FUNCTION everycell.password_of OWNER TO everycell_app": "belongs to everycell_app",
    "ALTER TABLE everycell.outbox OWNER TO everycell_app": "everycell_app owns ",
    "GRANT SELECT ON everycell.visit TO everycell_editor": "everycell_editor may SELECT visit",
    "GRANT DELETE ON everycell.site TO everycell_editor": "everycell_editor may DELETE site",
    "GRANT UPDATE (never) ON everycell.doorplate TO everycell_editor": "may UPDATE (never) doorplate",
    "REVOKE UPDATE (geom) ON everycell.cell FROM everycell_editor": "may not UPDATE (geom) cell",
    "GRANT EXECUTE ON FUNCTION everycell.note TO everycell_editor": "everycell_editor may call everycell.note(",
    "REVOKE EXECUTE ON FUNCTION everycell.edit_areas FROM everycell_editor": "may not call everycell.edit_areas(",
    "ALTER POLICY cell_edited ON everycell.cell USING (true)": "cell: not the policy it should have for everycell_ed",
    "DROP POLICY household_edited ON everycell.household": "household: not the policy it should have for everycell_ed",
    "CREATE POLICY more ON everycell.site TO everycell_editor USING (true)": "site: not the policy it should have for",
    "GRANT CREATE ON SCHEMA public TO everycell_editor": "may make things in the schema public",
    "ALTER POLICY site_edited ON everycell.site USING (cell = ANY (everycell.edit_areas()))": "site: not the policy it",
    "DROP FUNCTION everycell_notary.say": "everycell_notary.say is missing, or another version's",
    "DROP EXTENSION dblink": "everycell_notary.say is missing, or another version's",
    "REVOKE USAGE ON SCHEMA everycell_notary FROM everycell": "whoever owns the tables may not call",
    "GRANT USAGE ON SCHEMA everycell_notary TO everycell_editor": "everycell_editor may call everycell_notary.say",
    "REVOKE EXECUTE ON FUNCTION everycell.note_direct_read FROM everycell_notary": "that role has lost its right",
    "GRANT SELECT ON everycell.site TO everycell_notary": "everycell_notary has rights on everycell.site",
}
# Roles belong to the whole cluster: these are taken back whatever happens.
POWERS = {
    "ALTER ROLE everycell_app BYPASSRLS": "has no powers of its own",
    "ALTER ROLE everycell_app CREATEROLE": "has no powers of its own",
    "GRANT pg_read_all_data TO everycell_app": "a member of pg_read_all_data",
    "ALTER ROLE everycell_editor LOGIN CREATEDB": "everycell_editor has powers of its own",
    "GRANT pg_read_all_settings TO everycell_editor": "everycell_editor is a member of pg_read_all_settings",
    "ALTER ROLE everycell_notary NOLOGIN": "everycell_notary may not sign in",
    "GRANT everycell_editor TO everycell_notary": "everycell_notary is a member of everycell_editor",
}


@pytest.fixture
def role_as_before(store: Store) -> Iterator[None]:
    yield
    back = "ALTER ROLE everycell_app NOBYPASSRLS NOCREATEROLE"
    as_superuser(store, back, "REVOKE pg_read_all_data FROM everycell_app")
    as_superuser(store, "ALTER ROLE everycell_editor NOLOGIN NOCREATEDB")
    as_superuser(store, "REVOKE pg_read_all_settings FROM everycell_editor")
    as_superuser(store, "ALTER ROLE everycell_notary LOGIN", "REVOKE everycell_editor FROM everycell_notary")


@pytest.mark.usefixtures("role_as_before")
@pytest.mark.parametrize("damage", [*DAMAGES, *POWERS])
def test_what_was_changed_by_hand_is_named_and_its_remedy_mends_it(filled: Store, damage: str) -> None:
    as_superuser(filled, damage)
    found = wrong(filled)
    word = (DAMAGES | POWERS)[damage]
    assert any(word in f"{finding.subject}: {finding.told}" for finding in found), found
    assert all(finding.remedy for finding in found if finding.subject not in ("plan", "right", "function"))
    mend(filled, found)
    if again := wrong(filled):  # whoever owned a function, and owns it no more, has no other right to it
        mend(filled, again)
    assert wrong(filled) == []


def mend(store: Store, found: list[Finding]) -> None:
    """Run the statements that the findings name."""
    url = store.engine.url
    remedies = [f.remedy for f in found if f.remedy and not f.remedy.startswith("see ")]
    assert remedies
    as_superuser(store, *(remedy.replace("CURRENT_USER", str(url.username)) for remedy in remedies))


def test_the_command_says_so_and_ends_with_1(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    as_superuser(filled, f"ALTER {OVERLAPS} NOT LEAKPROOF", "DROP POLICY site_seen ON everycell.site")
    told = doctor(filled, monkeypatch)
    assert told.exit_code == 1
    assert "ALTER FUNCTION geometry_overlaps(geometry,geometry) LEAKPROOF" in told.output
    assert "CREATE POLICY site_seen ON everycell.site" in told.output
    assert told.output.splitlines()[-1].endswith("findings are wrong")


def test_a_restored_database_forgets_the_operator_and_nothing_else(cluster: Cluster, filled: Store) -> None:
    """pg_dump and pg_restore into a new database, as a superuser does it."""
    with database(cluster, "restored") as empty:
        as_superuser(empty, "DROP SCHEMA everycell, everycell_notary CASCADE", "DROP EXTENSION postgis CASCADE")
        dump, restore = (
            store.engine.url.set(username="postgres", drivername="postgresql").render_as_string(hide_password=False)
            for store in (filled, empty)
        )
        dumped = subprocess.run(["pg_dump", "-Fc", "-d", dump], check=True, capture_output=True).stdout
        subprocess.run(["pg_restore", "--exit-on-error", "-d", restore], input=dumped, check=True, capture_output=True)
        found = wrong(empty)
        assert {finding.subject for finding in found} == {"operator", "plan"}
        mend(empty, found)
        assert wrong(empty) == []
