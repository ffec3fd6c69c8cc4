"""everycell alarms: what is listed, acknowledged and put aside in a shell."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from api.cli import app as command
from gis.settings import settings
from gis.storage.engine import Store
from tests.gis import world
from tests.gis.alarms.places import add_alarm
from tests.gis.world import OWN, SIBLING


@pytest.fixture
def region(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two villages of a town, each with an alarm, and the command line pointed at them."""
    with store.begin() as conn:
        world.build_region(conn)
        for village in (OWN, SIBLING):
            add_alarm(conn, village)
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    yield
    settings.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["alarms", *arguments], env={"LANG": "en_GB.UTF-8"})


def test_alarms_in_a_shell(region: None) -> None:
    assert run("acknowledge", f"behind-{OWN.code}").exit_code == 0
    listed = json.loads(run("--format", "json").output)
    assert {line["area"]: line["unacknowledged"] for line in listed["alarms"]} == {OWN.code: 0, SIBLING.code: 1}
    assert run("shelve", f"behind-{OWN.town}", "--minutes", "5").exit_code == 0
    listed = json.loads(run("--format", "json").output)
    assert (listed["alarms"], len(listed["shelved"])) == ([], 2)
    assert "2" in run("shelve", f"behind-{OWN.town}", "--minutes", "0").stderr
    assert len(json.loads(run("--format", "json").output)["alarms"]) == 2
