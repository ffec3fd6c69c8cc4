"""everycell patrol: a plan made, shown, exported and reported in a shell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from gis.errors import BadInput
from gis.settings import settings
from gis.storage.engine import Store
from tests.gis import world


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_plan_in_a_shell(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with store.begin() as conn:
        world.build(conn, {1: 3})
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    settings.cache_clear()
    teams = tmp_path / "teams.csv"
    teams.write_text("code,mode,lon,lat,shift\nB2,car,104.015,34.505,09:00-13:00\n", encoding="utf-8")
    given = ("--area", world.VILLAGE, "--team", "A1,foot,104.005,34.505,09:00-13:00", "--teams", teams)
    made = run("patrol", "plan", *given, "--limit", "0.5")
    assert made.exit_code == 0, made.output
    found = re.search(r"plan ([0-9a-f-]{36})", made.output)
    assert found
    assert "straight lines" in made.output
    id = found[1]
    assert id in run("patrol", "list").output
    assert '"status": "planned"' in run("patrol", "show", id, "--json").output
    for form in ("gpx", "geojson", "csv"):
        assert run("patrol", "export", id, "-o", tmp_path / f"plan.{form}").exit_code == 0
        assert (tmp_path / f"plan.{form}").stat().st_size > 100
    assert "A1" in run("patrol", "report", id).output
    wrong = run("patrol", "plan", "--area", world.VILLAGE, "--team", "A1,foot,somewhere")
    assert isinstance(wrong.exception, BadInput)
    assert "--team" in wrong.exception.message
    assert run("patrol", "cancel", id).output.strip() == "cancelled"
    settings.cache_clear()
