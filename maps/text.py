"""The words of the pages: English in the code, Chinese in the catalogue, Chinese shown first."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from babel.messages.pofile import read_po

Lang = Literal["zh", "en"]

CATALOGUES: Final = Path(__file__).parent / "i18n"
_HTML_LANG: Final[dict[Lang, str]] = {"zh": "zh-CN", "en": "en"}


def language(asked: str | None) -> Lang:
    """The language of a page for what was asked for (`?lang=`); Chinese unless English is named."""
    return "en" if (asked or "").lower().startswith("en") else "zh"


def html_lang(lang: Lang) -> str:
    """The value of the page's lang attribute."""
    return _HTML_LANG[lang]


@lru_cache(maxsize=4)
def messages(lang: Lang) -> dict[str, str]:
    """Message -> translation. Empty for English: there the message is the text."""
    if lang == "en":
        return {}
    with (CATALOGUES / "zh_CN" / "LC_MESSAGES" / "everycell.po").open("rb") as file:
        catalogue = read_po(file, locale="zh_CN", abort_invalid=True)
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id and entry.string}


def translator(lang: Lang) -> Callable[[str], str]:
    """The function `_` of a page. A message without a translation stays English, and a test finds it."""
    words = messages(lang)
    return lambda message: words.get(message, message)
