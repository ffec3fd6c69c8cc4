"""The page of heat as text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gis.access.scope import Right
from gis.disputes.categories import TABLED
from maps.heat import HeatPage, heat_page
from maps.page import BaseMap
from tests.maps import fake
from tests.maps.reading import NONCE, assert_golden, data_of, normal
from tests.maps.test_page import OWN_ADDRESS, Tags


def page(**changes: Any) -> str:
    """The page of the made-up county."""
    values: dict[str, Any] = {"nonce": NONCE, "today": fake.TODAY, "bounds": fake.BOUNDS, "who": "zhang"}
    return heat_page(HeatPage(**{**values, **changes}))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("heat_zh", {}),
        ("heat_en", {"lang": "en", "rights": frozenset({Right.figures})}),
        ("heat_empty", {"bounds": None}),
        ("heat_barred", {"rights": frozenset(Right) - {Right.figures}}),
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


def test_configuration_reaches_the_page() -> None:
    html = page(
        base="/grid", base_map=BaseMap("/t/{z}/{x}/{y}.png", "county"), credits=["<b>测绘局</b>"], who="<i>x</i>"
    )
    config = data_of(html, "config")
    assert (config["api"], config["attribution"]) == ("/grid", True)
    assert config["credits"] == ["&lt;b&gt;测绘局&lt;/b&gt;"]
    assert [one["code"] for one in config["case_categories"]] == [category.value for category in TABLED]
    assert config["family"] == {"code": "family", "name": "婚姻家庭纠纷"}
    assert 'src="/grid/static/heat.js?v=' in html
    assert 'href="/grid/maps/coverage"' in html
    assert "<i>x</i>" not in html


def test_it_carries_no_number_and_nothing_for_whoever_may_see_none() -> None:
    barred = page(rights=frozenset({Right.doors, Right.cases}))
    assert data_of(barred, "config")["bounds"] is None
    for part in ('id="panel"', 'id="controls"', 'id="search"'):
        assert part in page()
        assert part not in barred
    assert set(re.findall(r'<script[^>]* id="(\w+)"', page())) == {"config", "messages"}
