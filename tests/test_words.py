"""Every word for people is Chinese or English as asked for: the catalogues have exactly what the code says,
translations fill the same places, nothing goes round them, and the font of the reports has every sign."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import get_args

import pytest
from fontTools.ttLib import TTCollection

from api.cli.words import chosen
from api.language import accepted, language_of
from gis.cells.editing.sentences import FIXES, REASONS
from gis.errors import BadInput
from gis.sentence import Sentence, joined
from gis.storage.refusals import SENTENCES, refusal
from gis.words import word
from maps.report.fonts import font_folder
from maps.text import Domain, html_lang, language, messages, teller, translator
from tests.words import ROOT, calls, error_names, extracted, message_of

DOMAINS = get_args(Domain)
_PLACE = re.compile(r"\{\w*(?:![rsa])?(?::[^}]*)?\}")
_NAME = re.compile(r"\{(\w+)(?=[!:}])")
_MARKUP = re.compile(r"\[(?:blue|/)\]")
# Translations without a Chinese sign: nothing but places, signs and names.
_BARE = {"{text}", "{text} {advice}", "{name} = {value}", "{step} {done:,}", "{step} {done:,} of {total:,}"}
_NAMES = {"disable allow prefer require verify-ca verify-full"}


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_catalogue_has_exactly_what_is_said(domain: Domain) -> None:
    """Left over or without a translation? `./run words` brings the file into line."""
    assert set(messages("zh", domain)) == set(extracted(domain))


@pytest.mark.parametrize("domain", DOMAINS)
def test_translations_are_chinese_and_fill_the_same_places(domain: Domain) -> None:
    for message, words in messages("zh", domain).items():
        assert set(_PLACE.findall(message)) == set(_PLACE.findall(words)), message
        if domain == "shell":
            assert _MARKUP.findall(message) == _MARKUP.findall(words), message
        if domain != "everycell" and re.search(r"[a-z]{2,} [a-z]{2,}", _PLACE.sub("", message)):
            assert re.search(r"[\u4e00-\u9fff]", words) or message in _BARE | _NAMES, message


def test_every_sign_is_in_the_font_of_the_reports() -> None:
    """The same font is Debian's for the browser, so no page shows tofu either."""
    [file] = sorted(font_folder().glob("*Sans*Regular*.ttc"))[:1]
    with TTCollection(file) as fonts:
        known = set(fonts.fonts[0].getBestCmap())
    said = "".join(words for domain in DOMAINS for words in messages("zh", domain).values())
    said += "".join(zh for table in (REASONS, FIXES) for _, zh in table.values())
    pages = [
        file for kind in ("static/*.js", "static/*.css", "templates/*.html") for file in (ROOT / "maps").glob(kind)
    ]
    assert pages
    said += "".join(file.read_text("utf-8") for file in pages)
    assert {sign for sign in said if ord(sign) not in known and sign != "\n"} == set()


# ---- nothing goes round the catalogues

_SAYING = {"print", "status", "update", "add_task", "add_column", "Table", "confirm", "prompt", "cell"}
_FOR_PROGRAMS = {"ready ", "everycell: "}  # what scripts wait for, and who speaks
_NOT_SAID = {"box", "justify", "overflow", "end", "style", "title_justify"}


# What errors carry beside the values of their templates.
_BESIDE = {
    "BrokenCoverage": {"pieces"},
    "Unclean": {"pieces", "proposals", "notes"},
    "TooManyTries": {"retry_after_s"},
    "Stale": {"conflicts"},
    "Trouble": {"more", "headers"},
}


def test_errors_and_sentences_are_templates() -> None:
    """An f-string has no message that a catalogue could hold. What is handed on is a sentence already."""
    wrong = []
    for name, call, path, line in calls():
        if name in error_names() - {"Refused"} | {"Sentence"} and path not in ("gis/sentence.py", "gis/errors.py"):
            message = message_of(name, call)
            handed_on = isinstance(message, ast.Name | ast.Attribute | ast.Call) and "str(" not in ast.unparse(message)
            if not isinstance(message, ast.Constant) and not handed_on:
                wrong.append(f"{path}:{line}: {ast.unparse(call)}")
    assert wrong == []


def test_templates_get_the_values_of_their_places() -> None:
    """A place without a value would fail when something is wrong already; a value without a place is one not told."""
    wrong = []
    for name, call, path, line in calls():
        shell = name == "_" and path.startswith("api/cli/")
        given = {keyword.arg for keyword in call.keywords} - _BESIDE.get(name, set())
        template = message_of(name, call)
        if not (shell or name in error_names() | {"Sentence"}) or not isinstance(template, ast.Constant):
            continue
        places = set(_NAME.findall(template.value))
        later = not given and name in ("Sentence", "_")  # a template whose values come later
        if not later and None not in given and (places ^ given) - {"field"} | (places - given):
            wrong.append(f"{path}:{line}: {sorted(places ^ given)} of {template.value!r}")
    assert wrong == []


def test_the_command_line_says_nothing_past_its_catalogue() -> None:
    wrong = []
    for name, call, path, line in calls():
        if name in _SAYING and path.startswith("api/cli/"):
            said = [*call.args, *(each.value for each in call.keywords if each.arg not in _NOT_SAID)]
            wrong += [f"{path}:{line}: {text}" for part in said for text in _loose(part)]
    assert wrong == []


def _loose(node: ast.AST) -> Iterator[str]:
    """Words in a text that `_()` has not seen. Calls are looked at by themselves."""
    if isinstance(node, ast.Call | ast.Subscript | ast.Compare):
        return
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        if re.search(r"[A-Za-z]{2}", text) and text not in _FOR_PROGRAMS:
            yield text
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and re.search(r"[A-Za-z]{2}", node.value):
            yield node.value
        return
    for child in ast.iter_child_nodes(node):
        yield from _loose(child)


def test_the_list_of_refusals_is_that_of_the_database() -> None:
    """Every message that the database raises with a code of ours has its sentence, and no sentence is of none."""
    raised = set()
    for file in sorted((ROOT / "gis/storage/migrations/sql").glob("*.sql")):
        for found in re.finditer(r"RAISE EXCEPTION\s+((?:'(?:[^']|'')*'\s*)+)([^;]*);", file.read_text("utf-8")):
            text = "".join(part[1:-1].replace("''", "'") for part in re.findall(r"'(?:[^']|'')*'", found[1]))
            if re.search(r"ERRCODE = 'EC00\d'", found[2]) or "ERRCODE" not in found[2]:
                raised.add(text)
            raised |= set(re.findall(r"HINT = '([^']*)'", found[2]))
    assert {_PLACE.sub("%", each) for each in SENTENCES} == raised


# ---- the mechanism


def test_a_sentence_is_said_with_its_values_and_the_sentences_within() -> None:
    error = BadInput("{field}: {value!r} is no code of a {level}", value="1\x1b", level=word("village"), field="area")
    assert str(error) == error.message == r"area: '1\x1b' is no code of a village"
    say = teller("zh")
    assert say(error.message) == r"area：'1\x1b' 不是村（社区）编码"
    assert say(error.about("to").message) == r"to：'1\x1b' 不是村（社区）编码"
    assert say(copy(error.message)) == say(pickle.loads(pickle.dumps(error.message))) == say(error.message)
    assert say(joined([Sentence("is empty"), Sentence("row {row} has the same code", row=7)])) == (
        "为空；与第 7 行编码相同"
    )
    assert say("{not a template}") == "{not a template}" == BadInput("{not a template}", field="x").message
    assert joined([]) == ""


def test_a_text_of_the_database_finds_its_sentence() -> None:
    said = teller("zh")(refusal("version: the plan has changed since: it has version 3, not 2; read it again"))
    assert said == "version：计划已有改动，现版本为 3，不是 2；请重新读取"
    assert teller("zh")(refusal("something {else}")) == "something {else}"


@pytest.mark.parametrize(("asked", "lang"), [(None, "zh"), ("", "zh"), ("zh-CN", "zh"), ("EN-us", "en"), ("fr", "zh")])
def test_pages_are_chinese_unless_english_is_asked_for(asked: str | None, lang: str) -> None:
    assert language(asked) == lang


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", None),
        ("*", None),
        ("fr, de;q=0.9", None),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB, zh;q=0.5", "en"),
        ("zh;q=0.2, en;q=0.7", "en"),
        ("fr, en;q=0", None),
        ("EN ; q = 1.000", "en"),
        ("en;q=2, zh", "zh"),
        ("\x00;;,=", None),
    ],
)
def test_what_an_accept_language_prefers(header: str, lang: str | None) -> None:
    assert accepted(header) == lang


def test_lang_goes_before_the_header_and_the_header_before_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(query: bytes, header: bytes) -> str:
        return language_of({"type": "http", "query_string": query, "headers": [(b"accept-language", header)]})

    assert of(b"lang=zh", b"en") == "zh"
    assert of(b"lang=fr", b"zh") == "zh"
    assert of(b"", b"fr") == "en"  # as these tests are set up
    monkeypatch.delenv("EVERYCELL_LANG")
    assert of(b"", b"fr") == "zh"


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "", "EVERYCELL_LANG": "zh"}, "zh"),
    ],
)
def test_the_language_of_a_shell(environ: dict[str, str], lang: str) -> None:
    assert chosen(environ) == lang


def test_english_is_its_own_text() -> None:
    assert messages("en") == {}
    assert translator("en")("Overdue") == "Overdue"
    assert translator("zh")("Overdue") == "超期"
    assert html_lang("zh") == "zh-CN"


def test_no_catalogue_names_a_machine_or_a_tool() -> None:
    for file in Path(ROOT / "maps/i18n").rglob("*.po"):
        assert "Babel" not in file.read_text("utf-8")
