"""Two clients put neighbouring cells in the same moment, others move doors: every answer is done or says why not, and
the cells tile the county all the time."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import httpx
import pytest
import shapely

from gis.cells import history
from gis.cells.editing.grid import Grid
from gis.cells.editing.operations import Reshape
from gis.cells.editing.replay import digest
from gis.households.check import check
from gis.storage.engine import Store
from tests.api.conftest import Served
from tests.gis.cells.editing.editing import some_edit
from tests.gis.world import COUNTY, SOUTH, STEP, WEST

ITEMS = "/collections/cells/items"
AREA = f"{COUNTY}"


def grid_of(store: Store) -> Grid:
    with store.read() as conn:
        return history.grid_of(conn, AREA)


def wanted(grid: Grid, code: str, dice: Random) -> dict[str, Any]:
    """Another shape for a cell, as somebody might draw it."""
    for _ in range(100):
        op = some_edit(grid, dice, [code])
        if isinstance(op, Reshape):
            return dict(shapely.geometry.mapping(op.polygon))
    return dict(shapely.geometry.mapping(grid.cells[code].polygon))


def put(client: httpx.Client, code: str, geometry: dict[str, Any], start: threading.Barrier) -> int:
    """Read the cell, wait for the other one, and put it with the ETag that was read."""
    found = client.get(f"{ITEMS}/{code}")
    assert found.status_code == 200, found.text
    start.wait(30)
    body = found.json() | {"geometry": geometry}
    answer = client.put(f"{ITEMS}/{code}", json=body, headers={"If-Match": found.headers["etag"]})
    assert answer.status_code in (200, 412, 422), answer.text
    return answer.status_code


def move_doors(client: httpx.Client, stop: threading.Event, dice: Random) -> int:
    """Move doors about until told to stop; how many moves went through."""
    ids = [one["id"] for one in client.get("/collections/doorplates/items?limit=1000").json()["features"]]
    moved = 0
    while not stop.is_set():
        lon, lat = WEST + dice.random() * 3 * STEP, SOUTH + dice.random() * 2 * STEP
        part = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [round(lon, 7), round(lat, 7)]}}
        answer = client.patch(f"/collections/doorplates/items/{dice.choice(ids)}", json=part, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        moved += 1
    return moved


def race(own: Served, rounds: int, seed: int) -> Counter[int]:
    """How the PUTs of two clients ended, each time on a cell and one beside it, while a third moves doors."""
    dice, statuses, stop = Random(seed), Counter[int](), threading.Event()
    clients = [own.client_of("editor", "all") for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        doors = pool.submit(move_doors, clients[2], stop, Random(seed + 1))
        try:
            for _ in range(rounds):
                grid = grid_of(own.store)
                one = dice.choice(list(grid.cells))
                other = dice.choice([code for code in grid.near(grid.cells[one].polygon) if code != one])
                start = threading.Barrier(2)
                both = [
                    pool.submit(put, client, code, wanted(grid, code, dice), start)
                    for client, code in zip(clients[:2], (one, other), strict=True)
                ]
                statuses.update(each.result() for each in both)
                shapes = [cell.polygon for cell in grid_of(own.store).cells.values()]
                assert shapely.coverage_is_valid(shapes)
                assert all(shapely.is_valid(shapes))
        finally:
            stop.set()
        assert doors.result() > rounds
    return statuses


def whole(own: Served) -> None:
    with own.store.read() as conn:
        assert list(check(conn, own.store.settings)) == []
        assert digest(history.replayed(conn, COUNTY)) == digest(history.grid_of(conn, AREA))


def test_neighbours_put_in_the_same_moment(own: Served) -> None:
    statuses = race(own, 12, seed=3)
    assert statuses[200] >= 8, statuses
    whole(own)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [50, 51])
def test_hundreds_of_neighbours_put_in_the_same_moment(own: Served, seed: int) -> None:
    statuses = race(own, 150, seed)
    assert statuses[200] >= 100, statuses
    assert statuses[412] >= 10, "the other one's cell was changed by the first"
    whole(own)
