"""Sentences for people: written in English, and remembering what it takes to say them in another language.

Whoever finds something wrong does not know who will read it. A `Sentence` is the English text, like any other, and
keeps its template and values; whoever tells it (api/problems.py, api/cli) looks the template up in a catalogue and
fills the values in again (maps/text.py). Values may be sentences themselves. What is cut out of a sentence, or put
together of several by other means than these, is plain text again and stays English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final, Self

_PLACE: Final = re.compile(r"\\\{(\w+)\\\}")


class Sentence(str):
    """A text made of a `template` (the message of the catalogue) and `values` for its places.

    Braces are places only where there are values, as in `logging`: `Sentence("a list, such as {}")` is just that.
    """

    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, /, **values: object) -> Self:
        made = super().__new__(cls, _filled(template, values))
        made.template, made.values = template, values
        return made

    def filled(self, **values: object) -> Sentence:
        """The sentence of the same template with these values."""
        return Sentence(self.template, **values)

    def said(self, translate: Callable[[str], str]) -> str:
        """The text with its template, and those of the sentences within, as `translate` gives them."""
        return _filled(translate(self.template), {name: _said(value, translate) for name, value in self.values.items()})


def _said(value: object, translate: Callable[[str], str]) -> object:
    return value.said(translate) if isinstance(value, Sentence) else value


def _filled(template: str, values: Mapping[str, object]) -> str:
    return template.format(**values) if values else template


def recognized(text: str, known: Iterable[Sentence]) -> Sentence | None:
    """The sentence that a finished text of somebody else's is (a database's, a library's), None where it is none of the
    `known` templates."""
    for each in known:
        found = _pattern(each.template).fullmatch(text)
        if found is not None:
            return each.filled(**found.groupdict())
    return None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.*?)", re.escape(template)), re.DOTALL)


# How parts become one; Chinese has other signs.
SEMICOLON: Final = Sentence("{first}; {second}")
AND: Final = Sentence("{first} and {second}")
OR: Final = Sentence("{first} or {second}")
NOR: Final = Sentence("{first} nor {second}")
_NOTHING: Final = ""
COMMA: Final = Sentence("{first}, {second}")


def joined(parts: Iterable[str], how: Sentence = SEMICOLON) -> Sentence:
    """Several sentences, or parts of one, as one; empty for none."""
    whole: Sentence | None = None
    for each in parts:
        part = each if isinstance(each, Sentence) else Sentence(each)
        whole = part if whole is None else how.filled(first=whole, second=part)
    return Sentence(_NOTHING) if whole is None else whole
