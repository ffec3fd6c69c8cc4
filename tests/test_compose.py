"""docker-compose.yml against the schema of the Compose specification, and against what we promise about it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text())["services"])


def schema_errors(path: Path) -> str:
    """What the schema of the Compose specification (in the package check-jsonschema) finds; empty where all is well."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


def test_it_follows_the_compose_specification() -> None:
    assert schema_errors(COMPOSE) == ""


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
    assert secrets
    assert all(re.fullmatch(r"\$\{EVERYCELL_DB_PASSWORD:\?.+\}", secret) for secret in secrets)
    assert not re.search(r"://[^/@\s]+:[^/@\s]+@", COMPOSE.read_text())


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
    for name in ("migrate", "service"):
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
    assert services["service"]["image"] == services["migrate"]["image"]
