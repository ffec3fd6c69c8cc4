"""The page of the wall as text."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest

from gis.access.scope import RIGHTS, Right, Role
from maps.assets import MODULES, file_of
from maps.wall import Scene, WallOptions, WallPage, wall_page
from tests.maps import fake
from tests.maps.reading import NONCE, assert_golden, data_of, normal
from tests.maps.test_page import Tags

KIOSK = {"options": WallOptions(kiosk=True, scenes=(Scene.never,), dwell_s=10), "rights": RIGHTS[Role.wall]}


def page(**changes: Any) -> str:
    """The wall of the made-up county."""
    values: dict[str, Any] = {"nonce": NONCE, "today": fake.TODAY, "bounds": fake.BOUNDS, "who": "zhang", "csrf": "c"}
    return wall_page(WallPage(**{**values, **changes}))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("wall_zh", {}),
        ("wall_en", {"lang": "en", "theme": "light", **KIOSK}),
        ("wall_empty", {"bounds": None}),
        ("wall_barred", {"rights": frozenset(Right) - {Right.figures}}),
    ],
)
def test_page_is_the_golden_one(name: str, changes: dict[str, Any]) -> None:
    assert_golden(name, normal(page(**changes)))


def test_nothing_foreign_and_everything_with_a_nonce() -> None:
    for name, attributes in Tags(page()).tags:
        assert not [one for one in attributes if one.startswith("on") or one == "style"]
        for address in (attributes.get("src"), attributes.get("href")):
            assert not address or re.match(
                r"(/static/|/maps/coverage|/about/data$|/(\?f=html)?$|data:|\?lang=|#panel$|#welcome$)", address
            )
        if name in ("script", "style", "link"):
            assert attributes["nonce"] == NONCE


def test_what_the_address_asked_for_reaches_the_page() -> None:
    html = page(base="/grid", theme="light", zone="Asia/Urumqi", **KIOSK)
    config = data_of(html, "config")
    assert (config["theme"], config["zone"], config["wall"]["scenes"]) == ("light", "Asia/Urumqi", ["never"])
    assert config["live_worker"].startswith("/grid/static/live-worker.js?v=")
    assert 'data-theme="light"' in html
    for part in ('id="doors"', 'id="account"', "zhang</span>"):
        assert part in page()
        assert part not in html, "a screen where nobody sits has no account and no doors"


def test_what_it_loads_besides_the_county_stays_small() -> None:
    """1.5 MB is what a wall may load without tiles. Of a million households the borders take 625 kB, heat 250, figures
    60 (bench/wall_page.py): the page, which goes out as it is, and its files, packed, must leave them room to grow."""
    html = page()
    files = {*re.findall(r'"/static/([^"?]+)', html), *MODULES.values()}
    assert len(files) > 50
    sent = len(html.encode()) + sum(len(gzip.compress(file_of(path).read_bytes())) for path in files)
    assert sent < 260_000
