"""The first page, as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib.metadata import version
from typing import Any

import pytest

from gis.access.scope import RIGHTS, Right, Role
from gis.codes import Level
from gis.disputes.figures import AreaFigures
from gis.disputes.periods import Period, Span
from gis.home import Published
from maps.home import home_page
from tests.maps.fake_home import home, page
from tests.maps.reading import assert_golden, normal
from tests.maps.test_page import OWN_ADDRESS, Tags


@pytest.mark.parametrize(
    ("name", "changes"),
    [("home_zh", {}), ("home_en", {"lang": "en"}), ("home_empty", {"home": None, "bounds": None})],
)
def test_page_is_the_golden_one(name: str, changes: dict[str, Any]) -> None:
    made = normal(home_page(page(**changes))).replace(version("everycell"), "VERSION")
    assert_golden(name, made)


def test_names_are_text_and_links_are_our_own() -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    for name, attributes in Tags(home_page(page(home=home(note=hostile)))).tags:
        assert name != "img"
        assert not [one for one in attributes if one.startswith("on") or one == "style"]
        for address in (attributes.get("src"), attributes.get("href")):
            assert not address or OWN_ADDRESS.match(address)


def test_whoever_sees_no_case_is_told_what_was_published() -> None:
    month = Period(date(2026, 10, 1), Span.month)
    told = [AreaFigures(code, "", Level.county, 900, total, {}, None) for code, total in (("621102", None), ("1", 0))]
    seen = replace(home(), overdue=None, patrols=None, published=tuple(Published(one, month) for one in told))
    html = home_page(page(home=seen, rights=RIGHTS[Role.wall]))
    assert "示范县 2026-10 登记" in html
    assert "&lt;5*</dd>" in html, "withheld"
    assert "<dd>0</dd>" in html, "nothing is not withheld"
    for word in ("/disputes", "/maps/patrol", "超期最久", "unvisited"):
        assert word not in html


def test_a_share_is_whole_only_where_nothing_is_left() -> None:
    assert "100 %" not in home_page(page(rights=frozenset(Right)))
