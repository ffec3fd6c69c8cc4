"""OWSLib finds its way from the landing page to an item."""

from __future__ import annotations

import pytest

features = pytest.importorskip("owslib.ogcapi.features")


def test_it_walks_through(address: str) -> None:
    service = features.Features(address)
    assert {"divisions", "cells", "doorplates", "households", "sites"} <= set(service.feature_collections())
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in service.conformance()["conformsTo"]
    assert service.collection("cells")["extent"]["spatial"]["bbox"][0] == pytest.approx([104.0, 34.5, 104.03, 34.52])
    page = service.collection_items("cells", limit=2, bbox=[104.0, 34.5, 104.005, 34.505])
    assert [feature["id"] for feature in page["features"]] == ["990101100201001"]
    assert service.collection_item("cells", "990101100201002")["properties"]["name"] == "网格2"
    assert "paths" in service.api()
