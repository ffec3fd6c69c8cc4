"""Vector tiles, read by GDAL."""

from __future__ import annotations

import gzip
import math
from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

from api.features.tiles import Tile
from tests.api.conftest import TILES, Served, run, tile_of, tile_path
from tests.gis import world

CENTRE = (104.015, 34.51)
DAY_ZERO = date(2020, 1, 1)


def decoded(body: bytes, folder: Path, layer: str, zoom: int, column: int, row: int) -> gpd.GeoDataFrame:
    """A layer of a tile, in degrees."""
    file = folder / "tile.pbf"
    file.write_bytes(body)
    frame = pyogrio.read_dataframe(file, layer=layer, Z=str(zoom), X=str(column), Y=str(row))
    return frame.set_crs(3857, allow_override=True).to_crs(4326)


def tile_at(
    served: Served, collection: str, zoom: int, lon: float, lat: float, folder: Path, layer: str, **params: str
):  # type: ignore[no-untyped-def]
    answer = served.get(tile_path(collection, zoom, lon, lat), params=params)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    return decoded(answer.content, folder, layer, zoom, *tile_of(lon, lat, zoom))


def test_cells_carry_their_figures(served: Served, tmp_path: Path) -> None:
    frame = tile_at(served, "cells", 12, *CENTRE, tmp_path, "cells").set_index("code")
    assert sorted(frame.columns) == sorted(
        ["mvt_id", "name", "known", "reached", "tried", "never", "overdue", "empty", "geometry"]
    )
    figures = {area["code"]: area for area in served.json("/coverage?level=cell")["areas"]}
    assert set(frame.index) == set(figures)
    for code, row in frame.iterrows():
        assert row.mvt_id == int(code)
        assert (row.known, row.reached, row.tried, row.never, row.overdue) == tuple(
            figures[code][name] for name in ("known", "reached", "tried", "never", "overdue")
        )
    assert frame.loc["990101100201006", "empty"] == 2
    assert (frame.loc[frame.known > 0, "empty"] == 0).all()


def test_cells_of_one_cut_off(served: Served, tmp_path: Path) -> None:
    frame = tile_at(served, "cells", 12, *CENTRE, tmp_path, "cells", since="2000-01-01").set_index("code")
    assert frame.loc["990101100201001", "reached"] == 2


def test_below_zoom_14_the_doorplate_tile_holds_cells(served: Served, tmp_path: Path) -> None:
    frame = tile_at(served, "doorplates", 13, *CENTRE, tmp_path, "cells")
    assert set(frame.code) <= {world.cell_code(n) for n in range(1, 7)}
    assert len(frame)


def test_every_doorplate_is_in_the_tiles_exactly_once(served: Served, tmp_path: Path) -> None:
    since = served.today - timedelta(days=90)
    doors = {d["id"]: d for d in served.json("/collections/doorplates/items?limit=1000")["features"]}
    seen: dict[int, dict[str, float]] = {}
    zoom = 16
    west, north = tile_of(104.0, 34.52, zoom)
    east, south = tile_of(104.03, 34.5, zoom)
    for column in range(west, east + 1):
        for row in range(north, south + 1):
            answer = served.get(f"/collections/doorplates{TILES}/{zoom}/{row}/{column}?since={since}")
            if answer.status_code == 204:
                continue
            frame = decoded(answer.content, tmp_path, "doorplates", zoom, column, row)
            for one in frame.itertuples():
                if tile_of(one.geometry.x, one.geometry.y, zoom) == (column, row):  # the buffer belongs to others
                    assert one.mvt_id not in seen
                    seen[one.mvt_id] = one._asdict()
                    place = doors[one.mvt_id]["geometry"]["coordinates"]
                    assert (one.geometry.x, one.geometry.y) == pytest.approx(place, abs=3e-6)
    assert set(seen) == set(doors)
    for id_, shown in seen.items():
        stored = doors[id_]["properties"]
        assert (shown["n"], shown["never"]) == (stored["households"], stored["never"])
        assert shown["due"] == (date.fromisoformat(stored["due_on"]) - DAY_ZERO).days
        oldest = shown.get("oldest", math.nan)  # absent from a tile where nobody was reached
        assert math.isnan(oldest) == (stored["oldest_on"] is None)
        if stored["oldest_on"] is not None:
            assert oldest == (date.fromisoformat(stored["oldest_on"]) - DAY_ZERO).days


def test_wait_counts_households_not_reached_since(served: Served, tmp_path: Path) -> None:
    """The first door: one household reached 1 day before TODAY of the made-up county, the other 100 days before."""
    door = served.json("/collections/doorplates/items?limit=1")["features"][0]
    lon, lat = door["geometry"]["coordinates"]
    for days, wait in ((0, 2), (5, 1), (50, 1), (150, 0)):
        since = world.TODAY - timedelta(days=days)
        frame = tile_at(served, "doorplates", 15, lon, lat, tmp_path, "doorplates", since=str(since))
        assert frame.set_index("mvt_id").loc[door["id"], "wait"] == wait, days


def test_wait_agrees_with_a_count_for_every_door(served: Served, tmp_path: Path) -> None:
    homes = served.json("/collections/households/items?limit=1000")["features"]
    for since in ("2000-01-01", str(world.TODAY - timedelta(days=60)), "2100-01-01"):
        waiting: dict[int, int] = {}
        for home in homes:
            last = home["properties"]["last_reached_on"]
            waiting[home["properties"]["doorplate"]] = waiting.get(home["properties"]["doorplate"], 0) + (
                last is None or last < since
            )
        frame = tile_at(served, "doorplates", 14, *CENTRE, tmp_path, "doorplates", since=since)
        for one in frame.itertuples():
            assert one.wait == waiting[one.mvt_id]


def test_streets_thin_out(served: Served, tmp_path: Path) -> None:
    near = tile_at(served, "streets", 14, 104.005, 34.505, tmp_path, "streets")
    assert sorted(near["class"]) == [1, 4]
    assert list(near.loc[near["class"] == 1, "name"]) == ["人民路"]
    far = tile_at(served, "streets", 11, 104.005, 34.505, tmp_path, "streets")
    assert list(far["class"]) == [1]


def test_an_empty_tile_is_204_with_an_etag(served: Served) -> None:
    answer = served.get(tile_path("doorplates", 14, 0, 0))
    assert (answer.status_code, answer.content) == (204, b"")
    again = served.get(tile_path("doorplates", 14, 0, 0), headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("cells/tiles/WebMercatorQuad/23/0/0", 404, "tileMatrix"),
        ("cells/tiles/WebMercatorQuad/2/4/0", 404, "tileRow"),
        ("cells/tiles/WebMercatorQuad/2/0/4", 404, "tileCol"),
        ("cells/tiles/WebMercatorQuad/2/-1/0", 400, "tileRow"),
        ("cells/tiles/WebMercatorQuad/x/0/0", 400, "tileMatrix"),
        ("cells/tiles/WebMercatorQuad/1.5/0/0", 400, "tileMatrix"),
        ("cells/tiles/WebMercatorQuad/99999999999999999999/0/0", 400, "tileMatrix"),
        ("cells/tiles/WorldCRS84Quad/2/0/0", 404, "tileMatrixSetId"),
        ("sites/tiles/WebMercatorQuad/2/0/0", 404, "collection"),
        ("nothing/tiles/WebMercatorQuad/2/0/0", 404, "collection"),
        ("streets/tiles/WebMercatorQuad/2/0/0?since=2026-01-01", 400, "since"),
        ("doorplates/tiles/WebMercatorQuad/2/0/0?since=20260101", 400, "since"),
        ("doorplates/tiles/WebMercatorQuad/2/0/0?f=png", 400, "f"),
    ],
)
def test_tiles_that_are_none(served: Served, path: str, status: int, field: str) -> None:
    answer = served.get(f"/collections/{path}")
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_gzip_only_for_those_who_take_it(own: Served) -> None:
    path = tile_path("doorplates", 14, *CENTRE)
    run(own.store, "UPDATE everycell.doorplate SET address = address || '!'")
    plain = own.get(path, headers={"Accept-Encoding": "identity"})
    packed = own.client.build_request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = own.client.send(packed, stream=True)
    raw = b"".join(answer.iter_raw())
    assert "content-encoding" not in plain.headers
    if answer.headers.get("content-encoding") == "gzip":
        assert gzip.decompress(raw) == plain.content
    assert "Accept-Encoding" in plain.headers["vary"]


def test_the_box_of_a_tile() -> None:
    west, south, east, north = Tile(14, 12927, 6508).box
    assert tile_of((west + east) / 2, (south + north) / 2, 14) == (12927, 6508)
    assert (east - west) == pytest.approx(360 / 2**14 * (1 + 2 * 64 / 4096))
    assert Tile(0, 0, 0).box[0] == -180
