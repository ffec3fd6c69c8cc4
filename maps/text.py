"""Words for people: English in the code, Chinese in the catalogues of maps/i18n, Chinese shown first.

Three catalogues: `everycell` has the words of pages, reports and files, `errors` the sentences of gis and the titles of
problems, `shell` what the command line says.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from gis.sentence import Sentence

Lang = Literal["zh", "en"]
Domain = Literal["everycell", "errors", "shell"]

CATALOGUES: Final = Path(__file__).parent / "i18n"
_HTML_LANG: Final[dict[Lang, str]] = {"zh": "zh-CN", "en": "en"}


def language(asked: str | None) -> Lang:
    """The language of a page for what was asked for (`?lang=`); Chinese unless English is named."""
    return "en" if (asked or "").lower().startswith("en") else "zh"


def of_locale(name: str) -> Lang:
    """The language of a locale (zh_CN.UTF-8, en, C): Chinese where it begins with zh, else English."""
    return "zh" if name.lower().startswith("zh") else "en"


def installed() -> Lang:
    """The language of whoever names none over HTTP: that of EVERYCELL_LANG, Chinese where it is not set."""
    return of_locale(os.environ.get("EVERYCELL_LANG") or "zh")


def html_lang(lang: Lang) -> str:
    """The value of the page's lang attribute, and of Content-Language."""
    return _HTML_LANG[lang]


def catalogue(domain: Domain) -> Path:
    """The file of a catalogue."""
    return CATALOGUES / "zh_CN" / "LC_MESSAGES" / f"{domain}.po"


@lru_cache(maxsize=8)
def messages(lang: Lang, domain: Domain = "everycell") -> dict[str, str]:
    """Message -> translation. Empty for English: there the message is the text."""
    if lang == "en":
        return {}
    from babel.messages.pofile import read_po  # English needs no catalogue

    with catalogue(domain).open("rb") as file:
        found = read_po(file, locale="zh_CN", abort_invalid=True)
    return {str(entry.id): str(entry.string) for entry in found if entry.id and entry.string}


def translator(lang: Lang, domain: Domain = "everycell") -> Callable[[str], str]:
    """The function `_` of a page. A message without a translation stays English, and a test finds it."""
    words = messages(lang, domain)
    return lambda message: words.get(message, message)


def teller(lang: Lang) -> Callable[[str], str]:
    """The function that says what gis says. A text that is no `Sentence` stays as it is."""
    if lang == "en":
        return str
    translate = translator(lang, "errors")
    return lambda text: text.said(translate) if isinstance(text, Sentence) else text
