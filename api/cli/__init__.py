"""The command line: `everycell …`. One module a noun; errors are one sentence on stderr and exit code 2."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Final

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.main import get_group

from api.cli.spoken import Context, complaining, headings, spoken
from api.cli.words import LANG, _, say
from gis.errors import EverycellError, Interrupted

# Command -> module with a Typer called `app`. Imported when the command is called: reading files and drawing maps need
# libraries that take a second to load, and `everycell check` needs neither.
MODULES: Final = {
    "demo": "api.cli.demo",
    "serve": "api.cli.serving",
    "import": "api.cli.importing",
    "coverage": "api.cli.coverage",
    "unvisited": "api.cli.coverage",
    "check": "api.cli.coverage",
    "board": "api.cli.board",
    "alarms": "api.cli.alarms",
    "round": "api.cli.rounds",
    "changeset": "api.cli.changesets",
    "cells": "api.cli.cells",
    "dispute": "api.cli.disputes",
    "patrol": "api.cli.patrol",
    "map": "api.cli.maps",
    "report": "api.cli.report",
    "user": "api.cli.accounts",
    "grant": "api.cli.accounts",
    "token": "api.cli.tokens",
    "webhook": "api.cli.webhooks",
    "qgis-project": "api.cli.qgis",
    "qgis-user": "api.cli.qgis_users",
    "audit": "api.cli.audit",
    "retention": "api.cli.retention",
    "migrate": "api.cli.store",
    "doctor": "api.cli.doctor",
}


class _Commands(TyperGroup):
    """Finds a command in its module: a module of that one noun is a group, the others hold single commands."""

    context_class = Context

    def list_commands(self, ctx: Any) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in MODULES:
            return None
        group = get_group(import_module(MODULES[cmd_name]).app)
        command = group.commands.get(cmd_name, group)
        command.name = cmd_name
        return spoken(command)

    def make_context(self, *args: Any, **more: Any) -> Any:
        with complaining():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        with complaining():
            return super().invoke(ctx)


app = typer.Typer(
    name="everycell",
    cls=_Commands,
    help=_("Grid mapping: has every cell, and every household in it, been visited, and which have not?"),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _everycell() -> None:
    """Makes the group: its commands are found by name."""


def main() -> None:
    """The entry point of the `everycell` command."""
    headings()
    try:
        app(standalone_mode=True)
    except EverycellError as error:
        Console(stderr=True, highlight=False).print(f"everycell: {_told(error)}", markup=False, soft_wrap=True)
        sys.exit(130 if isinstance(error, Interrupted) else 2)
    except KeyboardInterrupt:
        print(_("everycell: interrupted; nothing was half written"), file=sys.stderr)  # noqa: T201
        sys.exit(130)


def _told(error: EverycellError) -> str:
    from gis.cells.editing.issues import Refused  # loads Shapely, which few commands need

    return error.told(LANG) if isinstance(error, Refused) else say(error.message)
