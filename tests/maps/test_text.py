"""Every word of the pages has a Chinese one, with the same places to fill, and no catalogue entry is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import api
import maps
from maps.text import html_lang, language, messages, translator

_CALL = re.compile(r"""\b(?:t|N|_)\(\s*(?:"([^"]+)"|'([^']+)')""")
_PLACE = re.compile(r"\{\w+\}")


def _used() -> set[str]:
    roots = [Path(package.__file__ or "").parent for package in (maps, api)]
    files = [
        file for root in roots for kind in ("static/*.js", "templates/*.html", "**/*.py") for file in root.glob(kind)
    ]
    return {found[1] or found[2] for file in files for found in _CALL.finditer(file.read_text("utf-8"))}


def test_catalogue_has_exactly_what_is_used() -> None:
    assert set(messages("zh")) == _used()


def test_translations_fill_the_same_places() -> None:
    for message, words in messages("zh").items():
        assert sorted(_PLACE.findall(message)) == sorted(_PLACE.findall(words)), message


@pytest.mark.parametrize(("asked", "lang"), [(None, "zh"), ("", "zh"), ("zh-CN", "zh"), ("EN-us", "en"), ("fr", "zh")])
def test_chinese_unless_english_is_asked_for(asked: str | None, lang: str) -> None:
    assert language(asked) == lang


def test_english_is_its_own_text() -> None:
    assert messages("en") == {}
    assert translator("en")("Overdue") == "Overdue"
    assert translator("zh")("Overdue") == "超期"
    assert html_lang("zh") == "zh-CN"
