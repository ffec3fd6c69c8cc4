"""The editor's page as text."""

from __future__ import annotations

from typing import Any

import pytest

from gis.access.scope import Right
from maps.cells import EditPage, edit_page
from maps.page import BaseMap
from tests.maps import fake
from tests.maps.reading import NONCE, assert_golden, data_of, normal
from tests.maps.test_page import OWN_ADDRESS, Tags


def page(**changes: Any) -> str:
    """The editor of the made-up county."""
    values: dict[str, Any] = {"nonce": NONCE, "today": fake.TODAY, "bounds": fake.BOUNDS, "who": "zhang"}
    return edit_page(EditPage(**{**values, **changes}))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("edit_zh", {}),
        ("edit_en", {"lang": "en"}),
        ("edit_empty", {"bounds": None}),
        ("edit_barred", {"rights": frozenset(Right) - {Right.grid}}),
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


@pytest.mark.parametrize(
    ("rights", "tools"),
    [
        ({Right.figures, Right.doors, Right.grid}, True),
        ({Right.figures, Right.grid}, True),
        ({Right.figures, Right.doors, Right.visits}, False),
        ({Right.grid}, False),
        (set(), False),
    ],
)
def test_tools_are_only_for_whoever_may_edit(rights: set[str], tools: bool) -> None:
    html = page(rights=frozenset(rights))
    assert ('id="tools"' in html) == tools
    assert ("<h2>本账号不能编辑网格" in html) == (not tools)
    assert (data_of(html, "config")["bounds"] is not None) == tools


def test_configuration_reaches_the_page() -> None:
    html = page(
        base="/grid",
        areas={Right.grid: ("621102001",)},
        base_map=BaseMap("/t/{z}/{x}/{y}.png", "<b>county"),
        credits=("© <script>alert(1)</script>",),
        csrf="token",
    )
    config = data_of(html, "config")
    assert (config["api"], config["who"], config["csrf"]) == ("/grid", "zhang", "token")
    assert config["rights"][Right.grid] == ["621102001"]
    assert config["attribution"] is True
    assert config["credits"] == ["© &lt;script&gt;alert(1)&lt;/script&gt;"]
    assert 'src="/grid/static/edit.js?v=' in html
    assert 'href="/grid/maps/coverage"' in html


def test_coverage_is_linked_where_it_may_be_seen() -> None:
    assert 'href="/maps/coverage?lang=en"' in page(lang="en")
    assert "/maps/coverage" not in page(rights=frozenset({Right.grid}))
