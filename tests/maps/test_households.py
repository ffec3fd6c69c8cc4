"""The coverage page and its standalone form as text."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from maps.households import CoveragePage, coverage_file, coverage_page, purposes
from maps.page import BaseMap
from maps.text import Lang
from tests.maps import fake

GOLDEN = Path(__file__).parent / "golden"
NONCE = "bm9uY2Vub25jZW5vbmNl"


def page(**changes: Any) -> str:
    """The live page of the made-up county."""
    values: dict[str, Any] = {"nonce": NONCE, "today": fake.TODAY, "bounds": fake.BOUNDS}
    return coverage_page(CoveragePage(**{**values, **changes}))


def _normal(html: str) -> str:
    """Without content hashes and without the words, which have a test of their own."""
    html = re.sub(r"\?v=[0-9a-f]{12}", "?v=HASH", html)
    return re.sub(r'(<script id="messages"[^>]*>).*?(</script>)', r"\1{}\2", html, flags=re.DOTALL)


def data_of(html: str, name: str) -> Any:
    """A JSON value that a page carries."""
    found = re.search(rf'<script id="{name}"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize(
    ("name", "changes"),
    [("coverage_zh", {}), ("coverage_en", {"lang": "en"}), ("coverage_empty", {"bounds": None})],
)
def test_page_is_the_golden_one(name: str, changes: dict[str, Any]) -> None:
    made = _normal(page(**changes))
    golden = GOLDEN / f"{name}.html"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(made, "utf-8")
    assert made == golden.read_text("utf-8")


def test_configuration_reaches_the_page() -> None:
    html = page(base="/grid", cutoffs=(7, 14), due_soon_days=5, base_map=BaseMap("/t/{z}/{x}/{y}.png", "county"))
    config = data_of(html, "config")
    assert config["api"] == "/grid"
    assert config["cutoffs"] == [7, 14]
    assert config["due_soon_days"] == 5
    assert config["today"] == "2026-11-22"
    assert config["attribution"] is True
    assert 'src="/grid/static/households.js?v=' in html


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
