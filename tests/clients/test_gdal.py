"""GDAL's OGC API Features driver reads every collection, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import geopandas as gpd
import httpx
import pyogrio
import pytest

from tests.api.test_features import NUMBERS
from tests.clients.conftest import Offered


@pytest.fixture
def address(offered: Offered) -> Iterator[str]:
    """The service's address; GDAL signs in with the token, as docs/access.md says."""
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": offered.token})
    yield offered.address
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": None, "GDAL_HTTP_BEARER": None})


def test_without_a_token_it_is_refused(offered: Offered) -> None:
    with pytest.raises(pyogrio.errors.DataSourceError):
        pyogrio.read_dataframe(f"OAPIF:{offered.address}", layer="doorplates")


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


def test_geojson_by_address(offered: Offered) -> None:
    def read(path: str) -> gpd.GeoDataFrame:
        return gpd.read_file(BytesIO(httpx.get(offered.address + path, headers=offered.headers).content))

    frame = read("/collections/cells/items?limit=100")
    assert len(frame) == 6
    areas = read("/coverage?level=cell&f=geojson")
    assert areas["known"].sum() == 42
    waiting = read("/households/unvisited?since=2100-01-01")
    assert len(waiting) == 42


def test_it_only_reads(address: str) -> None:
    """GDAL's driver does not write, so that editing is judged by OWSLib."""
    drivers = pyogrio.list_drivers()
    assert drivers["OAPIF"] == "r"
