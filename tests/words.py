"""The messages that the code has, held against the catalogues: what is marked in Python, JavaScript and templates, and
the help texts of all commands.

`./run words` brings the catalogues into line with the code: what is new is added without a translation, what is gone
is taken out. The tests say what is then left to translate.
"""

from __future__ import annotations

import ast
import re
import sys
from bisect import insort
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, get_args

from babel.messages.pofile import normalize, read_po
from jinja2 import Environment
from typer.main import get_group

from api.cli import MODULES
from maps.text import Domain, catalogue

ROOT: Final = Path(__file__).parents[1]
_SHELL: Final = "api/cli/"
_JS: Final = re.compile(r"""\b[tN]\(\s*(?:"([^"]+)"|'([^']+)')""")
_HEAD: Final = """msgid ""
msgstr ""
"Project-Id-Version: everycell\\n"
"Language: zh_CN\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""

Places = dict[str, str]  # message -> file and line where it is first


@cache
def nodes() -> list[tuple[ast.Call | ast.ClassDef, str]]:
    """Every call and every class of the packages, and its file."""
    files = [file for folder in ("gis", "maps", "api") for file in sorted((ROOT / folder).rglob("*.py"))]
    return [
        (node, str(file.relative_to(ROOT)))
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call | ast.ClassDef)
    ]


@cache
def calls() -> list[tuple[str, ast.Call, str, int]]:
    """Every call: the name of what is called (without what stands before a dot), the call, its file and line."""
    found = [(node, path) for node, path in nodes() if isinstance(node, ast.Call)]
    return [(_called(node.func), node, path, node.lineno) for node, path in found]


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@cache
def error_names() -> frozenset[str]:
    """The names of all errors that are raised with a template: EverycellError and what is derived from it."""
    classes = [node for node, _ in nodes() if isinstance(node, ast.ClassDef)]
    found = {"EverycellError"}
    while more := {each.name for each in classes if found & set(map(_called, each.bases))} - found:
        found |= more
    return frozenset(found)


def message_of(name: str, call: ast.Call) -> ast.expr | None:
    """The argument of an error or a sentence that is its template."""
    at = {"Trouble": 1, "Problem": 2}.get(name, 0)
    return call.args[at] if len(call.args) > at else None


def extracted(domain: Domain) -> Places:
    """The messages of one catalogue."""
    if domain == "errors":
        names = error_names() | {"Sentence", "Problem"}
        return _first((name, call, path, line) for name, call, path, line in calls() if name in names)
    own = domain == "shell"
    found = _first(each for each in calls() if each[0] in ("_", "N") and each[2].startswith(_SHELL) is own)
    return {**(_helps() if own else {**_templates(), **_scripts()}), **found}


def _first(marked: Iterator[tuple[str, ast.Call, str, int]]) -> Places:
    found: Places = {}
    for name, call, path, line in marked:
        message = message_of(name, call)
        if isinstance(message, ast.Constant) and isinstance(message.value, str) and message.value:
            found.setdefault(message.value, f"{path}:{line}")
    return found


def _templates() -> Places:
    extract = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).extract_translations
    files = [file for folder in ("maps", "api") for file in sorted((ROOT / folder / "templates").glob("*.html"))]
    return {str(said): f"{file.name}:{line}" for file in files for line, _, said in extract(file.read_text("utf-8"))}


def _scripts() -> Places:
    files = sorted((ROOT / "maps" / "static").glob("*.js"))
    return {said[1] or said[2]: file.name for file in files for said in _JS.finditer(file.read_text("utf-8"))}


def _helps() -> Places:
    """The help texts of all commands as Typer has them, which are looked up when a command is fetched."""
    found: Places = {}
    for name, module in MODULES.items():
        group = get_group(import_module(module).app)
        found |= _help(group.commands.get(name, group), f"everycell {name}")
    return found


def _help(command: Any, place: str) -> Places:
    found = {each.help: place for each in (command, *command.params) if getattr(each, "help", None)}
    for name, inner in getattr(command, "commands", {}).items():
        found |= _help(inner, f"{place} {name}")
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
                sys.stdout.write(f"{path.name}: to be translated: {message!r} ({places[message]})\n")
        path.write_text(_HEAD + "".join(_entry(message, words.get(message, "")) for message in order), "utf-8")
    return 1 if missing else 0


def _entry(message: str, text: str) -> str:
    return f"\nmsgid {normalize(message, width=0)}\nmsgstr {normalize(text, width=0)}\n"


if __name__ == "__main__":
    sys.exit(main())
