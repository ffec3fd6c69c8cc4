"""Sweeps over HTTP, on a real database with streets."""

from __future__ import annotations

from datetime import UTC, date, datetime

import gpxpy
import numpy as np
import pytest

from gis.patrol.roads import store_network
from gis.patrol.ways import assemble
from tests.api.conftest import Served
from tests.gis.patrol.sweeping.towns import lattice

VILLAGE = "990101100201"


def with_streets(served: Served) -> None:
    grid = lattice(4, 4)
    num = len(grid.line)
    network = assemble(
        lon=grid.lon,
        lat=grid.lat,
        line=grid.line,
        length_m=grid.length_m,
        way=grid.way,
        name=grid.name,
        street_class=grid.street_class,
        ends=np.stack([grid.tail[:num], grid.head[:num]], axis=1),
        seconds={mode: found.reshape(2, num).T.ravel() for mode, found in grid.seconds.items()},
        forbidden_turns=[],
    )
    with served.store.begin() as conn:
        store_network(
            conn, 990101, network, source="a grid", data_on=date(2026, 1, 1), now=datetime(2026, 1, 2, tzinfo=UTC)
        )


def test_a_sweep_is_asked_for(own: Served) -> None:
    ask = own.client.post
    missing = ask("/patrol/sweeps", json={"area": VILLAGE})
    assert missing.status_code == 404
    assert "import roads" in missing.json()["detail"]
    with_streets(own)

    ring = [[103.999, 34.499], [104.0105, 34.499], [104.0105, 34.51], [103.999, 34.51], [103.999, 34.499]]
    body = {"polygon": {"type": "Polygon", "coordinates": [ring]}, "mode": "foot", "start": {"lon": 104.0, "lat": 34.5}}
    answer = ask("/patrol/sweeps", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["streets"] == 24
    assert found["street_m"] == 2400
    assert found["walk_m"] == 2800 == found["bound_m"]
    assert found["ratio"] == pytest.approx(2800 / 2400, abs=1e-4)
    assert found["left_out"] == []
    [route] = found["routes"]
    assert route["line"]["coordinates"][0] == route["line"]["coordinates"][-1] == [104.0, 34.5]

    split = ask("/patrol/sweeps", json={**body, "shift_minutes": 20}).json()
    assert len(split["routes"]) > 1
    assert all(route["seconds"] <= 1200 for route in split["routes"])
    track = gpxpy.parse(ask("/patrol/sweeps?f=gpx", json={**body, "shift_minutes": 20}).text)
    assert [len(t.segments[0].points) > 1 for t in track.tracks] == [True] * len(split["routes"])
    lines = ask("/patrol/sweeps?f=geojson", json=body).json()
    assert lines["features"][0]["properties"]["metres"] == 2800

    assert ask("/patrol/sweeps", json={"area": VILLAGE}).json()["street_m"] > 0
    assert ask("/patrol/sweeps", json={"area": "990101100999"}).status_code == 404
    refused = ask("/patrol/sweeps", json={**body, "start": {"lon": 105, "lat": 34.5}})
    assert refused.status_code in (400, 422)
    assert refused.json()["field"] == "start"
    assert own.client.post("/patrol/sweeps", json=body, headers={"Authorization": ""}).status_code in (401, 403)
