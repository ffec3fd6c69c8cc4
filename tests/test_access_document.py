"""docs/access.md says what the code does: roles, settings, commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli import app
from gis.access.scope import RIGHTS, Right, Role
from gis.access.throttle import BY_LOGIN, BY_SOURCE
from gis.settings import Settings

DOCUMENT = (Path(__file__).resolve().parents[1] / "docs" / "access.md").read_text("utf-8")


def rows(first: str) -> list[list[str]]:
    """The rows of the table whose heading begins with this word."""
    table = DOCUMENT.split(f"\n| {first} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in table]


def test_roles_have_the_rights_that_are_written() -> None:
    written = {name: [*cells] for name, _, *cells in rows("role")}
    assert list(written) == list(Role)
    for role in Role:
        assert written[role] == ["yes" if right in RIGHTS[role] else "–" for right in Right], role


def test_every_right_is_explained() -> None:
    assert [name for name, _ in rows("right")] == list(Right)


def test_settings_are_there() -> None:
    named = set(re.findall(r"EVERYCELL_([A-Z_]+)", DOCUMENT))
    assert len(named) >= 8
    assert {name.lower() for name in named} <= set(Settings.model_fields)
    for name, default in re.findall(r"`EVERYCELL_([A-Z_]+)`\s+\(([0-9]+)", DOCUMENT):
        assert Settings.model_fields[name.lower()].default == int(default), name


def test_the_number_of_free_tries() -> None:
    words = {5: "five", 20: "twenty"}
    assert f"After {words[BY_LOGIN.free]} wrong ones for\nan account, or {words[BY_SOURCE.free]} from one" in DOCUMENT


COMMANDS = sorted({line.strip() for line in re.findall(r"\./run ([a-z][^#`\n]*)", DOCUMENT)})


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_and_their_options_are_there(line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = line.split()
    while words and hasattr(command, "get_command"):
        command = command.get_command(None, words.pop(0))
        assert command is not None, f"there is no everycell {line}"
    assert not hasattr(command, "get_command"), f"everycell {line} is no whole command"
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if re.match(r"--?[a-z]", word)} <= options
