"""The page of a coverage that is to be cleaned, as text."""

from __future__ import annotations

import re

import pytest

from maps.cleaning import CleaningFile, cleaning_file
from maps.text import Lang
from tests.maps.fake import code_at, collection
from tests.maps.reading import data_of

SIDE = 0.01


def square(x: float, y: float, side: float = SIDE) -> dict[str, object]:
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def cell(at: int, name: str, gained: float, lost: float) -> dict[str, object]:
    properties = {
        "code": code_at(at, 0),
        "name": name,
        "before_m2": 1_000_000.0,
        "after_m2": 1_000_000.0 + gained - lost,
        "gained_m2": gained,
        "lost_m2": lost,
    }
    return {"type": "Feature", "geometry": square(104 + at * SIDE, 35), "properties": properties}


def piece(kind: str, fate: str, at: int, area: float, given: dict[str, float]) -> dict[str, object]:
    properties = {
        "kind": kind,
        "cells": [code_at(at, 0), code_at(at + 1, 0)],
        "area_m2": area,
        "width_m": 1.25,
        "fate": fate,
        "given": given,
    }
    return {"type": "Feature", "geometry": square(104 + at * SIDE, 35, 0.0001 * area), "properties": properties}


def content(*, lang: Lang = "zh", note: str = "") -> CleaningFile:
    """Five cells: one gains, one loses, one does both; a piece of each kind and fate."""
    cells = [
        cell(0, f"东坡{note}", 1_500.0, 0),
        cell(1, "", 0, 25_000.0),
        cell(2, "南坡", 40.0, 40.0),
        cell(3, "北坡", 0, 0),
        cell(4, "西坡", 2.0, 0),
    ]
    pieces = [
        piece("GAP", "settled", 0, 1_500.0 / 1_000, {code_at(0, 0): 1.0, code_at(1, 0): 0.5}),
        piece("OVERLAP", "settled", 1, 2.5, {code_at(1, 0): 2.5}),
        piece("GAP", "hole", 2, 3.0, {}),
        piece("OVERLAP", "left", 2, 4.0, {}),
        piece("OUTSIDE_COUNTY", "settled", 3, 0.5, {}),
        piece("GAP", "sliver", 3, 0.1, {code_at(3, 0): 0.1}),
    ]
    return CleaningFile(collection(cells), collection(pieces), 5.0, lang)  # type: ignore[arg-type]


def test_page_carries_everything_and_asks_nobody() -> None:
    html = cleaning_file(content())
    assert "connect-src 'none'" in html
    assert "src=" not in re.sub(r"<script.*?</script>|<style.*?</style>", "", html, flags=re.DOTALL)
    data = data_of(html, "data")
    assert (len(data["cells"]["features"]), len(data["pieces"]["features"])) == (5, 6)
    assert data_of(html, "config") == {"width_m": 5.0}


@pytest.mark.parametrize(("lang", "title"), [("zh", "网格之间的缝隙与重叠"), ("en", "Gaps and overlaps between cells")])
def test_both_languages(lang: Lang, title: str) -> None:
    html = cleaning_file(content(lang=lang))
    assert f"<title>{title}</title>" in html
    assert f"<h1>{title}</h1>" in html


def test_hostile_names_stay_data() -> None:
    html = cleaning_file(content(note="</script><script>alert(1)</script>"))
    assert "<script>alert(1)" not in html
    assert data_of(html, "data")["cells"]["features"][0]["properties"]["name"].endswith("alert(1)</script>")
