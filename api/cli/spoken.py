"""Commands as the shell's language has them: help texts, and what Typer itself says.

Help texts stand in the code as Typer wants them, in English; they are looked up when a command is fetched, all in one
place. In English nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import typer
from pydantic import ValidationError
from typer import rich_utils
from typer.exceptions import TyperException

from api.cli.folding import Text
from api.cli.words import LANG, _, say, translate
from gis.invalid import invalid
from gis.sentence import Sentence, recognized

_WRONG: Final = (
    Sentence("Missing command."),
    Sentence("Missing option {name}."),
    Sentence("Missing argument {name}."),
    Sentence("No such command {name}. Did you mean {names}?"),
    Sentence("No such command {name}."),
    Sentence("No such option: {name} (Possible options: {names})"),
    Sentence("No such option: {name}"),
    Sentence("Option {name} requires an argument."),
    Sentence("Option {name} does not take a value."),
    Sentence("Got unexpected extra argument(s) ({arguments})"),
)


_Base: Any = typer.Context.formatter_class


class _Formatter(_Base):  # type: ignore[misc]
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or _("Usage: "))


class Context(typer.Context):
    """The context of every command: its usage and its option --help in the shell's language."""

    formatter_class = _Formatter

    def __init__(self, command: Any, *args: Any, **more: Any) -> None:
        super().__init__(command, *args, **more)
        option = command.get_help_option(self)
        if option is not None:
            option.help = _("Show this message and exit.")


def spoken(command: Any) -> Any:
    """A command with its help, and that of its parameters and of the commands in it, in the shell's language."""
    command.context_class = Context
    command.help = translate(command.help or "")
    for parameter in command.params:
        parameter.help = translate(getattr(parameter, "help", None) or "") or None
    for each in getattr(command, "commands", {}).values():
        spoken(each)
    return command


def headings() -> None:
    """The headings and marks of Typer's help, and texts that fold."""
    vars(rich_utils)["Text"] = Text
    rich_utils.ARGUMENTS_PANEL_TITLE = _("Arguments")
    rich_utils.OPTIONS_PANEL_TITLE = _("Options")
    rich_utils.COMMANDS_PANEL_TITLE = _("Commands")
    rich_utils.ERRORS_PANEL_TITLE = _("Error")
    rich_utils.ABORTED_TEXT = _("Aborted.")
    rich_utils.DEFAULT_STRING = _("[default: {}]")
    rich_utils.REQUIRED_LONG_STRING = _("[required]")
    rich_utils.RICH_HELP = _("Try [blue]'{command_path} {help_option}'[/] for help.")


@contextmanager
def complaining() -> Iterator[None]:
    """What Typer says of a wrong call, in the shell's language."""
    try:
        yield
    except TyperException as error:
        context: Any = getattr(error, "ctx", None)
        told = None if LANG == "en" or context is None else _told(error)
        if told is None:
            raise
        context.fail(say(told))


def _told(error: TyperException) -> Sentence | None:
    parameter, cause = getattr(error, "param", None), error.__cause__
    if parameter is None or not isinstance(cause, ValidationError):
        return recognized(error.format_message(), _WRONG)
    wrong = invalid(cause.errors()[0])
    if parameter.type_descriptor.is_choice:
        wrong = Sentence("must be one of {words}", words=", ".join(map(str, parameter.type_descriptor.choices)))
    return Sentence("{field}: {wrong}", field=parameter.get_error_hint().strip("'"), wrong=wrong)
