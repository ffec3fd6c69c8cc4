"""The messages that the code has, found by Babel as `pybabel extract` finds them, and held against the catalogues.

`./run words` brings the catalogues into line with the code: what is new is added without a translation, what is gone
is taken out. The tests say what is then left to translate.
"""

from __future__ import annotations

import re
import sys
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, Final, get_args

from babel.messages.extract import extract_from_file
from babel.messages.pofile import normalize, read_po
from typer.main import get_group

from api.cli import MODULES
from gis import errors
from maps.text import Domain, catalogue

ROOT: Final = Path(__file__).parents[1]
_SHELL: Final = ROOT / "api" / "cli"
_METHODS: Final = {".py": "python", ".html": "jinja2"}
# Babel's extractor loses its place in `${t("… {n}", { n: 1 })}`.
_CALL: Final = re.compile(r"""\b[tN]\(\s*(?:"([^"]+)"|'([^']+)')""")


def error_names() -> set[str]:
    """The names of all errors that are raised with a template."""
    found: set[type[errors.EverycellError]] = {errors.EverycellError}
    for known in range(100):
        found |= {sub for kind in found for sub in kind.__subclasses__()}
        if len(found) == known:
            break
    return {kind.__name__ for kind in found}


# Function -> which of its arguments is the message (None: the first).
_PAGES: Final = dict.fromkeys(("_", "t", "N"))
_SENTENCES: Final = dict.fromkeys(("Sentence", *sorted(error_names()))) | {"Problem": (3,), "Trouble": (2,)}


@dataclass(frozen=True)
class Found:
    """A message, and where it is first: file and line."""

    message: str
    place: str


def _files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (*_METHODS, ".js") and "vendor" not in file.parts and "migrations" not in file.parts:
                yield file


def _messages(files: Iterator[Path], keywords: Mapping[str, Any]) -> Iterator[Found]:
    for file in files:
        place = file.relative_to(ROOT)
        if file.suffix == ".js":
            text = file.read_text("utf-8")
            for call in _CALL.finditer(text):
                yield Found(call[1] or call[2], f"{place}:{text.count(chr(10), 0, call.start()) + 1}")
            continue
        options = {"encoding": "utf-8", "silent": "true"}
        for line, message, _, _ in extract_from_file(
            _METHODS[file.suffix], file, keywords=dict(keywords), options=options
        ):
            if message:
                yield Found(str(message), f"{place}:{line}")


def _helps() -> Iterator[Found]:
    """The help texts of all commands as Typer has them, which are looked up when a command is fetched."""
    for name, module in sorted(MODULES.items()):
        yield from _help(get_group(import_module(module).app), f"everycell {name}")


def _help(command: Any, place: str) -> Iterator[Found]:
    for each in (command, *command.params):
        if getattr(each, "help", None):
            yield Found(each.help, place)
    for name, inner in getattr(command, "commands", {}).items():
        yield from _help(inner, f"{place} {name}")


def extracted(domain: Domain) -> dict[str, str]:
    """Message -> where it is first, of one catalogue."""
    wanted: dict[Domain, Callable[[], Iterator[Found]]] = {
        "everycell": lambda: _messages((f for f in _files("maps", "api") if _SHELL not in f.parents), _PAGES),
        "errors": lambda: _messages((f for f in _files("gis", "maps", "api") if f.suffix == ".py"), _SENTENCES),
        "shell": lambda: chain(_messages(_files("api/cli"), {"_": None}), _helps()),
    }
    found: dict[str, str] = {}
    for each in wanted[domain]():
        found.setdefault(each.message, each.place)
    return found


def main() -> int:
    """Bring all catalogues into line with the code; exit status 1 where something is left to translate."""
    missing = 0
    for domain in get_args(Domain):
        path, places = catalogue(domain), extracted(domain)
        with path.open("rb") as file:
            known = {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}
        words = {message: text for message, text in known.items() if message in places}
        order = list(words)
        for message in sorted(set(places) - set(words), key=str.casefold):
            insort(order, message, key=str.casefold)  # among its neighbours: two branches seldom write at one place
        for message in order:
            if not words.get(message):
                missing += 1
                print(f"{path.name}: to be translated: {message!r} ({places[message]})")
        path.write_text(_HEAD + "".join(_entry(message, words.get(message, "")) for message in order), "utf-8")
    return 1 if missing else 0


_HEAD: Final = """msgid ""
msgstr ""
"Project-Id-Version: everycell\\n"
"Language: zh_CN\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""


def _entry(message: str, text: str) -> str:
    return f"\nmsgid {normalize(message, width=0)}\nmsgstr {normalize(text, width=0)}\n"


if __name__ == "__main__":
    sys.exit(main())
