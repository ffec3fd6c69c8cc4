"""The page of patrols as text, and codes that phones read."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gis.access.scope import Right
from gis.patrol.network import Mode
from gis.patrol.plan import WhyNot
from gis.patrol.request import Aim, Because, Kind
from gis.patrol.tiers import Minutes, Skill
from maps.page import BaseMap
from maps.patrol import PatrolPage, lists, patrol_page
from maps.qr import qr_code
from maps.text import Lang
from tests.maps import fake
from tests.maps.reading import NONCE, assert_golden, data_of, normal
from tests.maps.test_page import OWN_ADDRESS, Tags


def page(**changes: Any) -> str:
    """The page of the made-up county."""
    values: dict[str, Any] = {"nonce": NONCE, "today": fake.TODAY, "bounds": fake.BOUNDS, "who": "zhang"}
    return patrol_page(PatrolPage(**{**values, **changes}))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("patrol_zh", {}),
        ("patrol_en", {"lang": "en"}),
        ("patrol_empty", {"bounds": None}),
        ("patrol_barred", {"rights": frozenset({Right.figures})}),
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


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_entry_of_the_closed_lists_has_its_name(lang: Lang) -> None:
    found = lists(lang)
    kinds = {"kind": Kind, "because": Because, "why_not": WhyNot, "mode": Mode, "aim": Aim, "skill": Skill}
    assert {name: [code for code, _ in entries] for name, entries in found.items()} == {
        name: [entry.value for entry in kind] for name, kind in kinds.items()
    }
    assert all(name for entries in found.values() for _, name in entries)


def test_configuration_reaches_the_page() -> None:
    html = page(
        base="/grid",
        areas={Right.patrols: ("621102001",)},
        base_map=BaseMap("/t/{z}/{x}/{y}.png", "<b>county"),
        credits=("© <script>alert(1)</script>",),
        csrf="token",
    )
    config = data_of(html, "config")
    assert (config["api"], config["who"], config["csrf"]) == ("/grid", "zhang", "token")
    assert config["rights"][Right.patrols] == ["621102001"]
    assert config["minutes"]["household"] == Minutes().household
    assert config["credits"] == ["© &lt;script&gt;alert(1)&lt;/script&gt;"]
    assert 'src="/grid/static/patrol.js?v=' in html
    assert 'href="/grid/maps/coverage"' in html


def test_whoever_may_see_no_patrol_gets_no_list() -> None:
    for rights in (frozenset({Right.figures}), frozenset({Right.patrols}), frozenset[Right]()):
        html = page(rights=rights)
        assert "<h2>本账号不能查看巡逻" in html
        assert 'id="go"' not in html
        assert data_of(html, "config")["bounds"] is None


def test_a_code_for_phones_is_what_a_reader_would_draw() -> None:
    code = qr_code("https://grid.example/p/0123456789abcdefghijklmnopqrstuvwxyz")
    dark = [[False] * code.side for _ in range(code.side)]
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", code.path)
    for x, y, width, back in runs:
        assert width == back
        for module in range(int(x), int(x) + int(width)):
            dark[int(y)][module] = True
    finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    for left, top in ((0, 0), (code.side - 7, 0), (0, code.side - 7)):
        corner = ["".join(str(int(one)) for one in row[left : left + 7]) for row in dark[top : top + 7]]
        assert corner == finder
    assert "".join(f"M{x} {y}h{w}v1h-{w}z" for x, y, w, _ in runs) == code.path
