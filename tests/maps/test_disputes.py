"""The case desk as text."""

from __future__ import annotations

from typing import Any

import pytest

from gis.access.scope import Right, Role
from gis.disputes.categories import NAMES, Category
from gis.disputes.workflow import State, next_states, said_with
from maps.disputes import DisputesPage, disputes_page, lists
from maps.page import BaseMap
from maps.text import Lang
from tests.maps import fake
from tests.maps.reading import NONCE, assert_golden, data_of, normal
from tests.maps.test_page import OWN_ADDRESS, Tags


def page(**changes: Any) -> str:
    """The desk of the made-up county."""
    values: dict[str, Any] = {"nonce": NONCE, "today": fake.TODAY, "bounds": fake.BOUNDS, "who": "zhang"}
    return disputes_page(DisputesPage(**{**values, **changes}))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("disputes_zh", {}),
        ("disputes_en", {"lang": "en"}),
        ("disputes_empty", {"bounds": None}),
        ("disputes_barred", {"rights": frozenset({Right.figures})}),
    ],
)
def test_page_is_the_golden_one(name: str, changes: dict[str, Any]) -> None:
    assert_golden(name, normal(page(**changes)))


def test_nothing_foreign_and_everything_with_a_nonce() -> None:
    for name, attributes in Tags(page()).tags:
        assert not [one for one in attributes if one.startswith("on") or one == "style"]
        for address in (attributes.get("src"), attributes.get("href")):
            assert not address or OWN_ADDRESS.match(address)
        if name in ("script", "style", "link"):
            assert attributes["nonce"] == NONCE


def test_a_form_has_no_field_for_words() -> None:
    """Nobody can write about people where nothing can be written: places, dates and closed lists are all there is."""
    typed = [attributes for name, attributes in Tags(page()).tags if name in ("input", "textarea")]
    assert [one.get("type") for one in typed] == ["search", "checkbox"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_entry_of_the_closed_lists_has_its_name(lang: Lang) -> None:
    found = lists(lang)
    assert found["category"] == [(one.value, getattr(NAMES[one], lang)) for one in Category]
    assert [code for code, _ in found["role"]] == list(Role)
    for state in State:
        kind = said_with(state)
        assert [code for code, _ in found.get(state.value, [])] == ([] if kind is None else list(kind))
    assert all(name for entries in found.values() for _, name in entries)


def test_configuration_reaches_the_page() -> None:
    html = page(
        base="/grid",
        areas={Right.cases: ("621102001",)},
        base_map=BaseMap("/t/{z}/{x}/{y}.png", "<b>county"),
        credits=("© <script>alert(1)</script>",),
        csrf="token",
        extension_days=15,
    )
    config = data_of(html, "config")
    assert (config["api"], config["who"], config["csrf"], config["extension_days"]) == ("/grid", "zhang", "token", 15)
    assert config["rights"][Right.cases] == ["621102001"]
    assert config["next"] == {state: list(next_states(state)) for state in State}
    assert config["credits"] == ["© &lt;script&gt;alert(1)&lt;/script&gt;"]
    assert 'src="/grid/static/disputes.js?v=' in html
    assert 'href="/grid/maps/coverage"' in html


def test_whoever_may_see_no_case_gets_no_desk() -> None:
    for rights in (frozenset({Right.figures}), frozenset({Right.cases}), frozenset[Right]()):
        html = page(rights=rights)
        assert "<h2>本账号不能查看案件" in html
        assert 'id="list"' not in html
        assert data_of(html, "config")["bounds"] is None
