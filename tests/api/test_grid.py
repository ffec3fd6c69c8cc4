"""GET /grid: what every map draws is what the collections tell."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import shapely
from pyogrio import read_dataframe

from tests.api.conftest import Served, run
from tests.api.test_freshness import etag, visit_now


@pytest.mark.parametrize("collection", ["cells", "divisions"])
def test_it_has_the_shapes_and_names_of_the_collections(served: Served, tmp_path: Path, collection: str) -> None:
    file = tmp_path / "grid.topojson"
    file.write_bytes(served.get("/grid").content)
    drawn = read_dataframe(file, layer=collection)
    stored = served.json(f"/collections/{collection}/items?limit=1000")["features"]
    assert list(drawn.code) == [one["id"] for one in stored]
    for name in ("name", "level") if collection == "divisions" else ("name",):
        assert list(drawn[name]) == [one["properties"][name] for one in stored]
    for shape, one in zip(drawn.geometry, stored, strict=True):
        assert shapely.hausdorff_distance(shape, shapely.geometry.shape(one["geometry"])) < 1e-6


def test_every_border_is_there_once(served: Served) -> None:
    """A side of two cells, of two villages, of two towns: in one arc only."""
    arcs = served.json("/grid")["arcs"]
    sides = []
    for (x, y), *steps in arcs:
        for dx, dy in steps:
            sides.append(frozenset([(x, y), (x + dx, y + dy)]))
            x, y = x + dx, y + dy
    assert len(sides) == len(set(sides))


def test_it_is_packed_and_holds_while_only_visits_come(own: Served) -> None:
    plain = own.get("/grid", headers={"Accept-Encoding": "identity"})
    with own.client.stream("GET", "/grid", headers={"Accept-Encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())) == plain.content
    before = etag(own, "/grid")
    assert visit_now(own, "990101-D001-0003-00").json()["accepted"] == 1
    assert etag(own, "/grid") == before
    run(own.store, "UPDATE everycell.cell SET name = '新名' WHERE code = '990101100201001'")
    own.service.mirror.refresh()
    assert etag(own, "/grid") != before
    names = {one["properties"]["name"] for one in own.json("/grid")["objects"]["cells"]["geometries"]}
    assert "新名" in names
