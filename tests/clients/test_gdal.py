"""GDAL's OGC API Features driver reads every collection, page by page."""

from __future__ import annotations

import geopandas as gpd
import pyogrio
import pytest

from tests.api.test_features import NUMBERS


@pytest.mark.parametrize("name", list(NUMBERS))
def test_it_reads_a_collection_in_pages(address: str, name: str) -> None:
    frame = pyogrio.read_dataframe(f"OAPIF:{address}", layer=name, PAGE_SIZE="2")
    assert len(frame) == NUMBERS[name]
    assert frame.crs.to_authority()[1] in ("4326", "CRS84")
    assert frame.geometry.notna().all()
    assert frame.geometry.is_valid.all()
    west, south, east, north = frame.total_bounds
    assert 104.0 <= west <= east <= 104.03 + 1e-9, "longitude comes first"
    assert 34.5 <= south <= north <= 34.52 + 1e-9


def test_it_lists_the_collections(address: str) -> None:
    layers = [str(name) for name, _ in pyogrio.list_layers(f"OAPIF:{address}")]
    assert set(NUMBERS) <= set(layers)


def test_it_filters_by_a_box(address: str) -> None:
    frame = pyogrio.read_dataframe(f"OAPIF:{address}", layer="doorplates", bbox=(104.0, 34.5, 104.01, 34.51))
    assert len(frame) == 7


def test_types(address: str) -> None:
    frame = pyogrio.read_dataframe(f"OAPIF:{address}", layer="cells")
    assert frame["version"].dtype.kind == "i"
    assert frame["code"].iloc[0] == "990101100201001"


def test_geojson_by_address(address: str) -> None:
    frame = gpd.read_file(f"{address}/collections/cells/items?limit=100")
    assert len(frame) == 6
    areas = gpd.read_file(f"{address}/coverage?level=cell&f=geojson")
    assert areas["known"].sum() == 42
    waiting = gpd.read_file(f"{address}/households/unvisited?since=2100-01-01")
    assert len(waiting) == 42
