"""OWSLib finds its way from the landing page to an item."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import shapely
from shapely import Polygon, box

from gis.households.check import check
from gis.storage.engine import Store
from tests.api.conftest import fill, serving, token_of
from tests.clients.conftest import Offered
from tests.gis.world import SOUTH, STEP, VILLAGE, WEST, cell_code

features = pytest.importorskip("owslib.ogcapi.features")


@pytest.fixture
def editor(store: Store) -> Iterator[Any]:
    """OWSLib, signed in as GIS staff; a recount finds no difference afterwards."""
    fill(store)
    with serving(store) as served:
        token = token_of(store, ("editor", "all"))
        service = features.Features(served.address, headers={"Authorization": f"Bearer {token}"})
        # OWSLib shares one dictionary of headers between all services of a process.
        service.headers = dict(service.headers)
        yield service
    with store.read() as conn:
        assert list(check(conn, store.settings)) == []


def test_it_walks_through(offered: Offered) -> None:
    service = features.Features(offered.address, headers=offered.headers)
    assert {"divisions", "cells", "doorplates", "households", "sites"} <= set(service.feature_collections())
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in service.conformance()["conformsTo"]
    assert service.collection("cells")["extent"]["spatial"]["bbox"][0] == pytest.approx([104.0, 34.5, 104.03, 34.52])
    page = service.collection_items("cells", limit=2, bbox=[104.0, 34.5, 104.005, 34.505])
    assert [feature["id"] for feature in page["features"]] == ["990101100201001"]
    assert service.collection_item("cells", "990101100201002")["properties"]["name"] == "网格2"
    assert "paths" in service.api()


def at(column: float, row: float) -> tuple[float, float]:
    return round(WEST + column * STEP, 8), round(SOUTH + row * STEP, 8)


def area(west: float, south: float, east: float, north: float) -> Polygon:
    return box(*at(west, south), *at(east, north))


def redrawn(editor: Any, number: int, polygon: shapely.Geometry) -> str:
    """A cell as OWSLib has read it, with another polygon, as it is sent back."""
    feature = editor.collection_item("cells", cell_code(number))
    return json.dumps({**feature, "geometry": shapely.geometry.mapping(polygon)})


def shape(editor: Any, number: int) -> Polygon:
    found: Polygon = shapely.geometry.shape(editor.collection_item("cells", cell_code(number))["geometry"])
    return found


def test_a_put_reshapes_a_cell(editor: Any) -> None:
    """By properties.version alone: the client sends back what it has read, without a header of its own."""
    assert editor.collection_item_update("cells", cell_code(1), redrawn(editor, 1, area(0, 0, 1.3, 1)))
    assert shapely.equals(shape(editor, 1), area(0, 0, 1.3, 1))
    assert shapely.equals(shape(editor, 2), area(1.3, 0, 2, 1))
    assert editor.response_headers["ETag"]
    assert shapely.coverage_is_valid([shape(editor, n) for n in range(1, 7)])


REFUSED: dict[str, tuple[shapely.Geometry, str]] = {
    "overlap: a neighbour would vanish": (area(0, 0, 2, 1), "OVERLAP"),
    "sliver": (box(*at(0, 0), at(0, 0)[0] + 3e-7, at(0, 1)[1]), "SLIVER"),
    "crossing the county's border": (area(-0.5, 0, 1, 1), "OUTSIDE_COUNTY"),
    "gap: a hole that nobody has": (Polygon(area(0, 0, 1, 1).exterior, [area(0.4, 0.4, 0.6, 0.6).exterior]), "GAP"),
    "several parts": (shapely.MultiPolygon([area(0, 0, 0.4, 1), area(0.6, 0, 1, 1)]), "MULTIPART"),
    "self-intersection": (Polygon([at(0, 0), at(1, 1), at(1, 0), at(0, 1)]), "SELF_INTERSECTION"),
    "invalid ring": (Polygon([at(0, 0), at(0, 0), at(0, 0), at(0, 0)]), "INVALID_RING"),
    "elsewhere": (area(2, 1, 3, 2), "NOT_ADJACENT"),
}


def test_what_cannot_be_is_refused_with_the_piece(editor: Any) -> None:
    before = editor.collection_items("cells")
    for case, (polygon, code) in REFUSED.items():
        with pytest.raises(RuntimeError) as caught:
            editor.collection_item_update("cells", cell_code(1), redrawn(editor, 1, polygon))
        told = json.loads(str(caught.value))
        found = [issue["properties"]["code"] for issue in told["issues"]["features"]]
        assert (told["status"], code in found) == (422, True), case
    assert editor.collection_items("cells") == before


def test_what_the_coverage_takes_over(editor: Any) -> None:
    """Overlap, T-junction and a shared corner by one PUT each: the neighbours follow."""
    bent = Polygon([at(0, 0), at(1, 0), at(1.1, 0.5), at(1.2, 1.2), at(0, 1)])
    assert editor.collection_item_update("cells", cell_code(1), redrawn(editor, 1, bent))
    assert at(1.1, 0.5) in set(shape(editor, 2).exterior.coords)
    shapes = [shape(editor, n) for n in range(1, 7)]
    assert shapely.coverage_is_valid(shapes)
    assert sum(s.area for s in shapes) == pytest.approx(area(0, 0, 3, 2).area, abs=1e-15)


def test_a_stale_put_is_refused(editor: Any) -> None:
    stale = redrawn(editor, 1, area(0, 0, 1.3, 1))
    assert editor.collection_item_update("cells", cell_code(1), redrawn(editor, 1, area(0, 0, 1.2, 1)))
    with pytest.raises(RuntimeError, match="precondition-failed"):
        editor.collection_item_update("cells", cell_code(1), stale)
    assert shapely.equals(shape(editor, 1), area(0, 0, 1.2, 1))


def test_a_cell_comes_and_goes(editor: Any) -> None:
    """The hole, and a merge: a dedicated cell is cut out, and given back to the cell around it."""
    polygon, named = shapely.geometry.mapping(area(0.4, 0.4, 0.6, 0.6)), {"village": VILLAGE, "kind": "dedicated"}
    created = json.dumps({"type": "Feature", "geometry": polygon, "properties": named})
    editor.headers["Content-Type"] = "application/geo+json"
    assert editor.collection_item_create("cells", created)
    assert editor.response_headers["Location"].endswith(cell_code(7))
    assert len(shape(editor, 1).interiors) == 1
    editor.collection_item("cells", cell_code(7))
    with pytest.raises(RuntimeError, match="precondition-required"):
        editor.collection_item_delete("cells", cell_code(7))
    editor.headers["If-Match"] = editor.response_headers["ETag"]
    assert editor.collection_item_delete("cells", cell_code(7))
    assert shapely.equals(shape(editor, 1), area(0, 0, 1, 1))


def test_a_household_moves(editor: Any) -> None:
    home = editor.collection_item("households", "990101-D001-0000-00")
    home["geometry"]["coordinates"] = list(at(2.5, 1.5))
    assert editor.collection_item_update("households", home["id"], json.dumps(home))
    assert editor.collection_item("households", home["id"])["properties"]["cell"] == cell_code(6)
