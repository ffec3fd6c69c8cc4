"""The messages that the code has, found by Babel as `pybabel extract` finds them, and held against the catalogues.

`./run words` brings the catalogues into line with the code: what is new is added without a translation, what is gone
is taken out. The tests say what is then left to translate.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

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


def extracted(domain: Domain) -> dict[str, str]:
    """Message -> where it is first, of one catalogue."""
    wanted: dict[Domain, Callable[[], Iterator[Found]]] = {
        "everycell": lambda: _messages((f for f in _files("maps", "api") if _SHELL not in f.parents), _PAGES),
        "errors": lambda: _messages((f for f in _files("gis", "maps", "api") if f.suffix == ".py"), _SENTENCES),
        "shell": lambda: _messages(_files("api/cli"), {"_": None}),
    }
    found: dict[str, str] = {}
    for each in wanted[domain]():
        found.setdefault(each.message, each.place)
    return found


def main() -> int:
    """Bring all catalogues into line with the code; exit status 1 where something is left to translate."""
    missing = 0
    for domain in ("everycell", "errors", "shell"):
        path = catalogue(domain)
        with path.open("rb") as file:
            before = read_po(file, locale="zh_CN")
        after = Catalog(locale="zh_CN", fuzzy=False)
        for message, place in sorted(extracted(domain).items()):
            known = before.get(message)
            after.add(message, known.string if known is not None else "")
            if known is None or not known.string:
                missing += 1
                print(f"{path.name}: to be translated: {message!r} ({place})")
        with path.open("wb") as file:
            _write(file, after)
    return 1 if missing else 0


def _write(file: Any, catalog: Catalog) -> None:
    write_po(file, catalog, width=0, omit_header=False, sort_output=True)


if __name__ == "__main__":
    sys.exit(main())
