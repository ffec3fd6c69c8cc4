"""One box finds everything by code, name or address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Served, run


def found(served: Served, q: str, **more: Any) -> list[tuple[str, str]]:
    features = served.json("/search", params={"q": q, **more})["features"]
    return [(f["properties"]["kind"], f["properties"]["code"]) for f in features]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("990101", ("county", "990101")),
        ("城关", ("town", "990101100")),
        ("柳林村", ("village", "990101100201")),
        ("网格3", ("cell", "990101100201003")),
        ("网格３", ("cell", "990101100201003")),
        ("990101100201004", ("cell", "990101100201004")),
        ("小学", ("site", "990101-S1")),
        ("990101-S2", ("site", "990101-S2")),
        ("村1组7号", ("doorplate", "990101-D001-0006")),
        ("1组 7号", ("doorplate", "990101-D001-0006")),
        ("  7号   1组 ", ("doorplate", "990101-D001-0006")),
        ("990101-D002-0001", ("doorplate", "990101-D002-0001")),
        ("D002-0001", ("doorplate", "990101-D002-0001")),
        ("990101-D002-0001-01", ("household", "990101-D002-0001-01")),
    ],
)
def test_first_hit(served: Served, q: str, expected: tuple[str, str]) -> None:
    assert found(served, q)[0] == expected


def test_nothing_is_found_twice(served: Served) -> None:
    hits = found(served, "9", limit=100)
    assert len(hits) == len(set(hits)) >= 10


def test_limit(served: Served) -> None:
    assert len(found(served, "柳林", limit=3)) == 3
    assert len(found(served, "柳林", limit=100)) == 23


def test_letters_in_any_case(own: Served) -> None:
    run(own.store, "UPDATE everycell.doorplate SET address = 'A栋12号' WHERE code = '990101-D001-0000'")
    assert found(own, "a栋12")[0] == found(own, "A栋12")[0] == ("doorplate", "990101-D001-0000")


def test_features_can_be_zoomed_to(served: Served) -> None:
    cell, *_ = served.json("/search", params={"q": "网格1"})["features"]
    assert cell["bbox"] == pytest.approx([104.0, 34.5, 104.01, 34.51])
    assert cell["geometry"]["type"] == "Polygon"
    door = served.json("/search", params={"q": "D001-0000"})["features"][0]
    assert door["geometry"]["type"] == "Point"
    assert door["properties"]["address"] == door["properties"]["name"] == "柳林村1组1号"
    assert door["id"] == door["properties"]["id"]
