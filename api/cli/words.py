"""The language of the command line, chosen once when the process begins.

EVERYCELL_LANG decides, else the locale (LC_ALL, LC_MESSAGES, LANG): Chinese where it begins with zh. A shell that names
no language, or C or POSIX, gets English, because it promises neither the encoding nor the font that Chinese needs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from maps.text import Lang, of_locale, teller, translator

_NAMES: Final = ("EVERYCELL_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def chosen(environ: Mapping[str, str]) -> Lang:
    """The language for an environment: what the first of the variables that is set names."""
    return of_locale(next(filter(None, map(environ.get, _NAMES)), "C"))


LANG: Final = chosen(os.environ)
translate: Final = translator(LANG, "shell")
# What gis says: errors, notes of an import, steps.
say: Final = teller(LANG)


def _(message: str, /, **values: object) -> str:
    """A message of the command line with its values filled in; of these, sentences are said too."""
    said = {name: say(value) if isinstance(value, str) else value for name, value in values.items()}
    text = translate(message)
    return text.format(**said) if said else text
