"""A page runs alone: no foreign address, no inline handler, nothing unescaped."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import folium
import pytest
from markupsafe import Markup

import maps
from gis.errors import NotFound
from maps.page import BaseMap, Frame, GridMap, script_json

NONCE = "bm9uY2Vub25jZW5vbmNl"
# Where a page of ours may lead.
OWN_ADDRESS = re.compile(
    r"(#(panel|main)$|\?lang=|/(static|maps|disputes|households|report|about|wall)\b|/($|\?)|data:)"
)
HOSTILE = "</script><img src=x onerror=alert(1)>'\"`${alert(1)}\u2028&<!--"


class Tags(HTMLParser):
    """The start tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def grid_map(frame: Frame | None = None, **changes: Any) -> GridMap:
    """A small page."""
    values: dict[str, Any] = {
        "styles": ("page.css",),
        "scripts": ("page.js",),
        "chrome": Markup("<main>chrome {{ 7 * 7 }}</main>"),
        "data": {"config": {"name": HOSTILE}},
        "start": "everycell.start",
    }
    return GridMap(frame or Frame("Title <b>", NONCE), **{**values, **changes})


@pytest.mark.parametrize("standalone", [False, True])
def test_nothing_foreign_and_everything_with_a_nonce(standalone: bool) -> None:
    tags = Tags(grid_map(Frame("页", NONCE, standalone=standalone)).page()).tags
    for name, attributes in tags:
        assert not [one for one in attributes if one.startswith("on") or one == "style"]
        for address in (attributes.get("src"), attributes.get("href")):
            assert not address or re.match(r"(/static/|data:)", address)
        if name in ("script", "style", "link"):
            assert attributes["nonce"] == NONCE
    loaded = [attributes for name, attributes in tags if name == "script" and attributes.get("src")]
    assert bool(loaded) is not standalone


def test_title_and_data_cannot_break_out() -> None:
    page = grid_map().page()
    assert "<title>Title &lt;b&gt;</title>" in page
    assert "<img" not in page
    data = re.search(r'<script id="config"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert data
    assert json.loads(data[1])["name"] == HOSTILE


def test_markup_over_the_map_is_no_template() -> None:
    assert "chrome {{ 7 * 7 }}" in grid_map().page()


def test_page_is_the_same_each_time() -> None:
    made = grid_map()
    assert made.page() == made.page()


def test_script_json_has_no_angle_bracket() -> None:
    text = script_json({"x": HOSTILE})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"x": HOSTILE}


def test_base_map_is_a_folium_layer_with_an_escaped_attribution() -> None:
    base = BaseMap("https://map.lan/{z}/{x}/{y}.png", "© <script>alert(1)</script>")
    page = grid_map(base_map=base).page()
    assert "L.tileLayer" in page
    assert "https://map.lan/{z}/{x}/{y}.png" in page
    assert "<script>alert" not in page
    assert "\\u0026lt;script" in page


def test_folium_element_with_an_unknown_asset_is_refused() -> None:
    class Plugin(folium.elements.JSCSSMixin):
        default_js = [("plugin", "https://cdn.example/plugin.js")]  # noqa: RUF012 - as the base class has it

    made = grid_map()
    made.add_child(Plugin())
    with pytest.raises(NotFound, match=r"plugin\.js"):
        made.page()


def test_our_scripts_write_text_and_never_markup() -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://")
    for file in (Path(maps.__file__).parent / "static").glob("*.*js"):
        script = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")  # a name that nobody asks for
        assert not forbidden.search(script), file.name
