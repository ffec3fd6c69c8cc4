"""everycell demo as a person starts it: made once, served, ended by a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import text

from gis.storage.engine import Store
from tests.gis.exchange.osm_xml import county

SMALL = ("--households", "2000", "--port", "0")
TOLD = (
    "示范县 is there already, with 2,000 households instead of 60,000; for another one give another data folder"
    " (EVERYCELL_HOME)"
)
AGAIN = "password forgotten? everycell user passwd admin gives another one"


def command(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_words(arguments), env=_env(env), capture_output=True, text=True, timeout=300, check=False)


@contextmanager
def serving(*arguments: str, env: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running demonstration and its address, taken from its `ready` line."""
    process = subprocess.Popen(
        _words(arguments), env=_env(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if line.startswith("administrator "):  # told at the first start
            line = process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), process.communicate()[1]
        yield process, line.split()[1]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _words(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "api.cli", "demo", *arguments]


def _env(env: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **env}


@pytest.fixture
def env(store: Store, tmp_path: Path) -> dict[str, str]:
    config = store.settings
    return {
        "DATABASE_URL": config.database_url or "",
        "EVERYCELL_SERVICE_DATABASE_URL": config.service_database_url or "",
        "EVERYCELL_HOME": str(tmp_path / "home"),
    }


def stored(store: Store) -> list[tuple[str, str]]:
    with store.read() as conn:
        rows = conn.execute(text("SELECT code, name FROM everycell.division WHERE level = 'county' ORDER BY code"))
        return [(row.code, row.name) for row in rows]


def test_made_once_served_and_ended_by_signals(env: dict[str, str]) -> None:
    with serving(*SMALL, env=env) as (first, address):
        made = subprocess.run(
            [sys.executable, "-m", "api.cli", "token", "add", "test", "--role", "admin", "--area", "all"],
            env=_env(env),
            capture_output=True,
            text=True,
            check=True,
        )
        signed = {"Authorization": f"Bearer {made.stdout.split()[-1]}"}
        with urlopen(Request(f"{address}/coverage?level=cell", headers=signed)) as answer:
            areas = json.load(answer)["areas"]
        assert len(areas) == 20
        assert {area["empty"] for area in areas} >= {"confirmed", "unchecked"}
        with urlopen(Request(f"{address}/maps/coverage", headers=signed)) as page:
            assert "示范县" in page.read().decode()
        # A second start makes nothing and passes over the port that is taken.
        with serving("--port", address.rsplit(":", 1)[1], env=env) as (second, other):
            assert other != address
            second.send_signal(signal.SIGINT)
            assert second.wait(120) == 0
            assert second.stderr is not None
            assert second.stderr.read().splitlines() == [TOLD, AGAIN, "everycell: stopped"]
        first.send_signal(signal.SIGTERM)
        assert first.wait(120) == 0


@pytest.mark.slow
def test_an_extract_instead_and_no_mixing(env: dict[str, str], store: Store, tmp_path: Path) -> None:
    osm = county()
    osm.square(104.001, 34.001, 0.0002, building="house")
    path = tmp_path / "county.osm"
    path.write_text(osm.text(), encoding="utf-8")
    levels = ("--levels", "county=6,town=8,village=10")
    made = command("--data", str(path), *levels, "--no-serve", env=env)
    assert made.returncode == 0, made.stderr
    assert stored(store) == [("990001", "城北县")]
    refused = command(*SMALL, "--no-serve", env=env)
    assert refused.returncode == 2
    assert "holds 城北县 (990001) already" in refused.stderr.replace("\n", " ")
    assert stored(store) == [("990001", "城北县")]
    assert command(*SMALL, "--no-serve", "--add", env=env).returncode == 0
    assert stored(store) == [("990001", "城北县"), ("990101", "示范县")]


def test_stopped_while_making_leaves_nothing(env: dict[str, str], store: Store) -> None:
    process = subprocess.Popen(
        _words(("--households", "60000", "--no-serve")), env=_env(env), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 130
    assert "nothing was written" in process.stderr.read()
    process.stderr.close()
    assert stored(store) == []


@pytest.mark.slow
def test_in_an_empty_data_folder_postgresql_is_started_and_stopped(tmp_path: Path) -> None:
    env = {"EVERYCELL_HOME": str(tmp_path / "home"), "DATABASE_URL": ""}
    env = {name: value for name, value in env.items() if value}
    with serving(*SMALL, env=env) as (process, address):
        with urlopen(f"{address}/readyz") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    status = subprocess.run(
        [sys.executable, "-m", "gis.storage.cluster", "--home", str(tmp_path / "home"), "status"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "not running" in status.stdout + status.stderr
