"""The coverage page and its standalone form as text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gis.access.scope import Right
from maps.households import CoveragePage, coverage_file, coverage_page, purposes
from maps.page import BaseMap
from maps.text import Lang
from tests.maps import fake
from tests.maps.reading import NONCE, assert_golden, data_of, normal


def page(**changes: Any) -> str:
    """The live page of the made-up county."""
    values: dict[str, Any] = {"nonce": NONCE, "today": fake.TODAY, "bounds": fake.BOUNDS}
    return coverage_page(CoveragePage(**{**values, **changes}))


@pytest.mark.parametrize(
    ("name", "changes"),
    [("coverage_zh", {}), ("coverage_en", {"lang": "en"}), ("coverage_empty", {"bounds": None})],
)
def test_page_is_the_golden_one(name: str, changes: dict[str, Any]) -> None:
    assert_golden(name, normal(page(**changes)))


def test_configuration_reaches_the_page() -> None:
    html = page(base="/grid", cutoffs=(7, 14), due_soon_days=5, base_map=BaseMap("/t/{z}/{x}/{y}.png", "county"))
    config = data_of(html, "config")
    assert config["api"] == "/grid"
    assert config["cutoffs"] == [7, 14]
    assert config["due_soon_days"] == 5
    assert config["today"] == "2026-11-22"
    assert config["attribution"] is True
    assert 'src="/grid/static/households.js?v=' in html


def test_everything_is_allowed_and_nobody_named_unless_told() -> None:
    config = data_of(page(), "config")
    assert config["rights"] == {right.value: [""] for right in Right}
    assert (config["who"], config["csrf"]) == ("", "")
    assert 'id="account"' not in page()


def test_whoever_looks_is_told_to_the_page_and_can_sign_out() -> None:
    html = page(
        base="/grid",
        rights=frozenset({Right.doors, Right.figures}),
        areas={Right.doors: ("621102001", "621102002003")},
        who='<b>"大屏"',
        csrf="token",
        lang="en",
    )
    config = data_of(html, "config")
    assert config["rights"] == {"doors": ["621102001", "621102002003"], "figures": [""]}
    assert (config["who"], config["csrf"]) == ('<b>"大屏"', "token")
    form = re.search(r"<form method=\"post\".*?</form>", html, re.DOTALL)
    assert form
    assert re.findall(r'(?:action|name|value)="([^"]*)"', form[0]) == ["/grid/logout", "csrf", "token", "lang", "en"]
    assert "&lt;b&gt;&#34;大屏&#34;</p>" in html


@pytest.mark.parametrize(
    ("rights", "parts"),
    [
        (frozenset(Right), {"list", "record"}),
        (frozenset({Right.figures, Right.doors}), {"list"}),
        (frozenset({Right.figures, Right.visits}), {"doors-hidden"}),
        (frozenset({Right.figures}), {"doors-hidden"}),
        (frozenset({Right.doors, Right.visits}), set()),
        (frozenset(), set()),
    ],
)
def test_page_has_only_what_may_be_used(rights: frozenset[Right], parts: set[str]) -> None:
    html = page(rights=rights)
    assert {name for name in ("list", "record", "doors-hidden") if f'id="{name}"' in html} == parts
    assert ("<h2>本账号在这里没有可看的内容" in html) == (Right.figures not in rights)
    assert (data_of(html, "config")["bounds"] is None) == (Right.figures not in rights)


def test_standalone_page_has_no_account_and_takes_no_visits() -> None:
    html = coverage_file(fake.coverage_file_content())
    body = re.sub(r"<script.*?</script>|<style.*?</style>", "", html, flags=re.DOTALL)
    assert 'id="list"' in body
    for part in ("account", "logout", "csrf", 'id="record"'):
        assert part not in body
    assert data_of(html, "config")["rights"] == {"doors": [""], "figures": [""]}
    assert not {"who", "csrf"} & data_of(html, "config").keys()


def test_empty_database_says_how_to_import() -> None:
    html = page(bounds=None)
    assert "尚未导入数据" in html
    assert "everycell import cells" in html
    assert 'id="panel"' not in html


def test_standalone_page_carries_its_data_and_a_policy() -> None:
    html = coverage_file(fake.coverage_file_content())
    assert "connect-src 'none'" in html
    assert "src=" not in re.sub(r"<script.*?</script>|<style.*?</style>", "", html, flags=re.DOTALL)
    data = data_of(html, "data")
    waiting = [row for door in data["doors"] for row in door["waiting"]]
    assert len(waiting) == len(fake.county().waiting())
    assert len(data["coverage"]["areas"]) == len(fake.county().figures)


def test_standalone_pages_of_one_county_differ_only_in_their_nonce() -> None:
    pages = [coverage_file(fake.coverage_file_content()) for _ in range(2)]
    nonces = [re.search(r"'nonce-([^']+)'", one) for one in pages]
    assert nonces[0]
    assert nonces[1]
    assert nonces[0][1] != nonces[1][1]
    assert pages[0].replace(nonces[0][1], "") == pages[1].replace(nonces[1][1], "")


def test_hostile_names_stay_data() -> None:
    html = coverage_file(fake.coverage_file_content(note="</script><script>alert(1)</script>"))
    assert "<script>alert(1)" not in html
    assert "</script><script>alert(1)</script>" in data_of(html, "data")["cells"]["features"][0]["properties"]["name"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_purposes_are_the_closed_list(lang: Lang) -> None:
    names = dict(purposes(lang))
    assert list(names) == ["routine", "safety", "publicity", "address_check"]
    assert names["routine"] == {"zh": "日常走访", "en": "Routine visit"}[lang]
