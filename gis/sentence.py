"""Sentences for people: written in English, and remembering what it takes to say them in another language.

Whoever finds something wrong does not know who will read it. A `Sentence` is the English text, like any other, and
keeps its template and values; whoever tells it (api/problems.py, api/cli) looks the template up in a catalogue and fills
the values in again (maps/text.py). Values may be sentences themselves. What is cut out of a sentence, or put together of
several by other means than these, is plain text again and stays English.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self


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

    def said(self, translate: Callable[[str], str]) -> str:
        """The text with its template, and those of the sentences within, as `translate` gives them."""
        return _filled(translate(self.template), {name: _said(value, translate) for name, value in self.values.items()})


def joined(sentences: Iterable[str]) -> Sentence:
    """Several sentences as one, with semicolons between; empty for none."""
    whole = Sentence("")
    for each in sentences:
        one = each if isinstance(each, Sentence) else Sentence("{text}", text=each)
        whole = Sentence("{first}; {second}", first=whole, second=one) if whole else one
    return whole


def _said(value: object, translate: Callable[[str], str]) -> object:
    return value.said(translate) if isinstance(value, Sentence) else value


def _filled(template: str, values: Mapping[str, object]) -> str:
    return template.format(**values) if values else template
