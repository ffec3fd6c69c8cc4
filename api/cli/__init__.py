"""The command line: `everycell …`. One module a noun; errors are one sentence on stderr and exit code 2."""

from __future__ import annotations

import sys
from importlib import import_module

import typer
from rich.console import Console

from gis.errors import EverycellError, Interrupted

app = typer.Typer(
    name="everycell",
    help="Grid mapping: has every cell, and every household in it, been visited, and which have not?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

# name of the sub-command (None: its commands stand at the top level) -> module with a Typer called `app`
_MODULES: dict[str, str | None] = {
    "api.cli.importing": "import",
    "api.cli.coverage": None,
    "api.cli.rounds": "round",
    "api.cli.store": None,
    "api.cli.serving": None,
    "api.cli.demo": None,
    "api.cli.maps": "map",
}

for _module, _name in _MODULES.items():
    app.add_typer(import_module(_module).app, name=_name)


def main() -> None:
    """The entry point of the `everycell` command."""
    try:
        app(standalone_mode=True)
    except EverycellError as error:
        Console(stderr=True, highlight=False).print(f"everycell: {error.message}", markup=False, soft_wrap=True)
        sys.exit(130 if isinstance(error, Interrupted) else 2)
    except KeyboardInterrupt:
        print("everycell: interrupted; nothing was half written", file=sys.stderr)  # noqa: T201
        sys.exit(130)
