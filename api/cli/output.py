"""What the commands share: the open store, dates and figures as people write them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gis.errors import BadInput
from gis.reasons import reason_of
from gis.settings import settings
from gis.storage.engine import Store, open_store
from maps.text import Lang

# Into a file or pipe a table takes the room it needs; on a terminal, the terminal's.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, highlight=False)


class Form(StrEnum):
    """The form of a command's answer."""

    table = "table"
    csv = "csv"
    json = "json"


@contextmanager
def opened() -> Iterator[Store]:
    """The store of this data folder, started if need be."""
    with open_store(settings()) as store:
        yield store


def day(text: str | None, field: str) -> date | None:
    """A day written 2026-11-22. Raises BadInput naming `field`."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("{field}: {text!r} is no day; write it like 2026-11-22", text=text, field=field) from None


def minute(instant: datetime) -> str:
    """An instant where the county is: 2026-11-22 14:05."""
    return f"{instant.astimezone(settings().zone):%Y-%m-%d %H:%M}"


def lang_of(text: str) -> Lang:
    """The language of a file to write. Raises BadInput naming --lang for one that is not spoken."""
    if text not in ("zh", "en"):
        raise BadInput("{field}: {lang!r} is none of zh, en", lang=text, field="--lang")
    return "en" if text == "en" else "zh"


def cell(text: str) -> Text:
    """A text out of the data, for a table or a message: no markup, and nothing that a terminal obeys."""
    return Text("".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text))


def write(path: Path, content: bytes, field: str = "--output") -> None:
    """Write a file whole: one that was there stays as it is until then. Raises BadInput naming `field`."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise unwritable(path, error, field) from error


def unwritable(path: Path, error: OSError, field: str = "--output") -> BadInput:
    """What to raise where a file cannot be written."""
    return BadInput("{field}: {path} cannot be written: {reason}", path=path, reason=reason_of(error), field=field)
