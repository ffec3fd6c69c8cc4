"""docker-compose.yml against the schema of the Compose specification, and against what we promise about it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
import yaml
from psycopg2 import errors
from sqlalchemy import make_url

from gis.access.retention import run as run_retention
from gis.households.coverage import today_in
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import open_service
from tests.api.signing import Browser

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ROOT / "docker-compose.yml"
TLS = ROOT / "docker-compose.tls.yml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text())["services"])


def schema_errors(path: Path) -> str:
    """What the schema of the Compose specification (in the package check-jsonschema) finds; empty where all is well."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


@pytest.mark.parametrize("path", [COMPOSE, TLS], ids=lambda path: path.name)
def test_it_follows_the_compose_specification(path: Path) -> None:
    assert schema_errors(path) == ""


def test_the_schema_would_find_a_mistake(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchecks:"))
    assert "healthchecks" in schema_errors(wrong)


def test_ports_are_open_on_this_machine_only(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["service"]
    assert all(str(port).startswith("127.0.0.1:") for port in services["service"]["ports"])
    assert services["postgis"]["networks"] == ["inside"]


def test_there_is_no_password_in_it(services: dict[str, Any]) -> None:
    secrets = {
        value
        for service in services.values()
        for name, value in service.get("environment", {}).items()
        if "PASSWORD" in name
    }
    assert len(secrets) == 2
    assert all(re.fullmatch(r"\$\{EVERYCELL_(DB|SERVICE)_PASSWORD:\?.+\}", secret) for secret in secrets)
    assert not re.search(r"://[^/@\s]+:[^/@\s]+@", COMPOSE.read_text())


def test_what_answers_the_network_knows_nothing_of_the_owner(services: dict[str, Any]) -> None:
    told = services["service"]["environment"]
    assert "DATABASE_URL" not in told
    assert not any("EVERYCELL_DB_PASSWORD" in value for value in told.values())
    for name in ("migrate", "everycell"):
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgresql://everycell@")
        assert services[name]["networks"] == ["inside"]
    assert services["everycell"]["profiles"] == ["commands"]  # started by hand only


def test_over_https_it_is_the_same_command(services: dict[str, Any]) -> None:
    over = yaml.safe_load(TLS.read_text())["services"]["service"]
    plain = services["service"]["command"]
    assert over["command"][: len(plain)] == plain
    assert {"--certificate", "--key"} <= set(over["command"])
    compile(over["healthcheck"]["test"][-1], "healthcheck", "exec")


def test_the_database_image_is_pinned_and_its_data_is_kept(services: dict[str, Any]) -> None:
    image = services["postgis"]["image"]
    major = re.fullmatch(r"postgis/postgis:(\d{2})-(\d)\.(\d)", image)
    assert major, image
    assert int(major[1]) >= 13
    assert services["postgis"]["volumes"] == ["database:/var/lib/postgresql/data"]
    assert "--data-checksums" in services["postgis"]["environment"]["POSTGRES_INITDB_ARGS"]


def test_they_start_in_order_and_tell_how_they_are(services: dict[str, Any]) -> None:
    assert services["migrate"]["depends_on"] == {"postgis": {"condition": "service_healthy"}}
    assert services["service"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert "pg_isready" in services["postgis"]["healthcheck"]["test"]
    assert any("/readyz" in word for word in services["service"]["healthcheck"]["test"])


def test_ours_run_without_privileges(services: dict[str, Any]) -> None:
    for name in ("migrate", "everycell", "service"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    assert re.search(r"^USER everycell$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_the_image_is_made_of_what_exists(services: dict[str, Any]) -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert {"pyproject.toml", "requirements.lock", "package-lock.json", "gis", "maps", "api"} <= names
    assert all((ROOT / name).exists() for name in names)
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert all(f"!{name}" in ignored for name in names)
    assert services["service"]["image"] == services["migrate"]["image"] == services["everycell"]["image"]


# ---- the same commands with the same environment, without containers

SECRETS = {"EVERYCELL_DB_PASSWORD": "of-the-owner", "EVERYCELL_SERVICE_PASSWORD": "of-the-service"}


@dataclass(frozen=True)
class Deployed:
    """A PostgreSQL that asks for passwords, with the roles that the image makes; `services` as compose starts them."""

    services: dict[str, Any]
    cluster: Cluster

    def environment(self, name: str, **dot_env: str) -> dict[str, str]:
        """What compose tells a service: the file .env filled in, the host replaced by this cluster's socket."""
        socket = make_url(self.cluster.url).query
        told = {"PATH": sys.exec_prefix + "/bin:/usr/bin:/bin", "EVERYCELL_HOME": str(self.cluster.home / name)}
        told_by = {"EVERYCELL_LANG": "en", **dot_env}
        for key, value in self.services[name]["environment"].items():
            filled = re.sub(r"\$\{(\w+):\?[^}]*\}", lambda match: SECRETS[match[1]], value)
            filled = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda match: told_by.get(match[1], match[2]), filled)
            told[key] = filled.replace(
                "@postgis:5432/everycell", f"@/everycell?host={socket['host']}&port={socket['port']}"
            )
        return told

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A command to its end, in the environment of a service."""
        command = [sys.executable, "-m", "api.cli", *words]
        return subprocess.run(
            command, env=self.environment(name), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )


@contextmanager
def _superuser(cluster: Cluster) -> Iterator[Any]:
    connection = psycopg2.connect(make_url(cluster.admin_url).set(drivername="postgresql").render_as_string(False))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@pytest.fixture(scope="module")
def deployed(services: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with Cluster(tmp_path_factory.mktemp("deployed")) as cluster:
        access = cluster.home / "postgres" / "data" / "pg_hba.conf"
        access.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        with _superuser(cluster) as cursor:  # as the image makes them: the owner a superuser, no other role
            cursor.execute("ALTER ROLE everycell SUPERUSER PASSWORD %s", [SECRETS["EVERYCELL_DB_PASSWORD"]])
            cursor.execute("DROP ROLE everycell_app")
            cursor.execute("SELECT pg_reload_conf()")
        yield Deployed(services, cluster)


@pytest.fixture(scope="module")
def password(deployed: Deployed) -> str:
    """The administrator's password, as the log of `migrate` has it."""
    migrated = deployed.run("migrate", *deployed.services["migrate"]["command"][1:])
    assert migrated.returncode == 0, migrated.stderr
    told = re.search(r"^administrator admin, password (\S+) \(shown this once\)$", migrated.stdout, re.MULTILINE)
    assert told, migrated.stdout
    return told[1]


@contextmanager
def served(deployed: Deployed, **dot_env: str) -> Iterator[str]:
    """The address of the service, on a port of this machine instead of every one of the container."""
    words = deployed.services["service"]["command"][1:]
    words = [{"0.0.0.0": "127.0.0.1", "8000": "0"}.get(word, word) for word in words]
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", *words],
        env=deployed.environment("service", **dot_env),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready "), process.communicate()[1]
        yield line.split()[1]
    finally:
        process.terminate()
        process.communicate()


def test_the_service_serves_with_its_own_password_alone(deployed: Deployed, password: str) -> None:
    with served(deployed) as address:
        assert httpx.get(f"{address}/readyz").json()["listening"] is True
        assert httpx.get(f"{address}/coverage").status_code == 401
        with Browser(address) as admin:
            assert admin.sign_in("admin", password).status_code == 303
            assert admin.get("/coverage", Accept="application/json").json()["areas"] == []


@pytest.mark.parametrize(
    ("proxy", "believed"), [pytest.param("127.0.0.1", True, marks=pytest.mark.slow), ("192.0.2.1", False)]
)
def test_the_service_believes_only_the_proxy_that_is_named(
    deployed: Deployed, password: str, proxy: str, believed: bool
) -> None:
    with served(deployed, EVERYCELL_PROXY=proxy) as address:
        answer = httpx.get(f"{address}/healthz", headers={"X-Forwarded-Proto": "https"})
    assert ("strict-transport-security" in answer.headers) is believed


@pytest.mark.parametrize("table", ["account", "token", "session", "login_throttle", "audit", "visit", "outbox"])
def test_the_service_cannot_read(deployed: Deployed, password: str, table: str) -> None:
    with _asking(deployed) as cursor, pytest.raises(errors.InsufficientPrivilege):
        cursor.execute(f"SELECT * FROM everycell.{table}")


@pytest.mark.parametrize("statement", ["SET ROLE everycell", "CREATE TABLE everycell.mine ()"])
def test_the_service_cannot_become_more(deployed: Deployed, password: str, statement: str) -> None:
    with _asking(deployed) as cursor, pytest.raises(errors.InsufficientPrivilege):
        cursor.execute(statement)


@contextmanager
def _asking(deployed: Deployed) -> Iterator[Any]:
    told = deployed.environment("service")
    connection = psycopg2.connect(told["EVERYCELL_SERVICE_DATABASE_URL"], password=told["PGPASSWORD"])
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def test_the_service_runs_retention(deployed: Deployed, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = deployed.environment("service")
    monkeypatch.setenv("PGPASSWORD", told["PGPASSWORD"])
    settings = Settings(
        home=Path(told["EVERYCELL_HOME"]),
        database_url=None,
        service_database_url=told["EVERYCELL_SERVICE_DATABASE_URL"],
    )
    with open_service(settings) as store:
        assert run_retention(store, today_in(settings)).finished


def test_commands_need_the_owner(deployed: Deployed, password: str) -> None:
    refused = deployed.run("service", "user", "list")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("everycell: DATABASE_URL: is not set")
    listed = deployed.run("everycell", "user", "list")
    assert "admin everywhere" in listed.stdout, listed.stderr


def test_a_second_start_tells_no_password(deployed: Deployed, password: str) -> None:
    again = deployed.run("migrate", "migrate")
    assert again.returncode == 0
    assert "was up to date" in again.stdout
    assert "administrator" not in again.stdout
    assert "everycell user passwd admin" in again.stderr


def test_a_restored_database_is_made_fast_again(deployed: Deployed, password: str) -> None:
    with _superuser(deployed.cluster) as cursor:
        cursor.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF")  # as a restore leaves it
        assert deployed.run("migrate", "migrate").returncode == 0
        cursor.execute("SELECT proleakproof FROM pg_proc WHERE proname = 'geometry_overlaps'")
        assert cursor.fetchall() == [(True,)]
