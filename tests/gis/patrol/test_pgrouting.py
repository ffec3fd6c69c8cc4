"""Times on foot and by car are those of pgRouting, which knows nothing of this code, where it is installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg2
import pytest
from psycopg2.extras import execute_values

from gis.patrol.network import Mode, Network
from gis.patrol.routing import graph_of, travel_between
from gis.storage.cluster import Cluster
from tests.conftest import copied
from tests.gis.patrol.test_routing import random_network

MATRIX = """
    SELECT start_vid, end_vid, agg_cost FROM pgr_withPointsCostMatrix(
        'SELECT id, source, target, cost, reverse_cost FROM edges', 'SELECT pid, edge_id, fraction FROM points',
        (SELECT array_agg(-pid) FROM points), directed => true, driving_side => 'b')
"""


@pytest.fixture(scope="module")
def routing(cluster: Cluster) -> Iterator[Any]:
    """A cursor on a database with pgRouting."""
    with copied(cluster) as name:
        url = cluster.admin_url.replace("postgresql+psycopg2://", "postgresql://")
        connection = psycopg2.connect(url, dbname=name)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'pgrouting'")
                if cursor.fetchone() == (0,):
                    pytest.skip("pgRouting is not installed here")
                cursor.execute("CREATE EXTENSION pgrouting")
                cursor.execute(
                    "CREATE TEMP TABLE edges (id int, source int, target int, cost float8, reverse_cost float8);"
                    "CREATE TEMP TABLE points (pid int, edge_id int, fraction float8)"
                )
                yield cursor
        finally:
            connection.close()


def matrix(cursor: Any, network: Network, mode: Mode, edge: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Seconds between n places on edges, shape (n, n), by pgRouting; inf where there is no way."""
    tail, head = (ends[0::2].tolist() for ends in (network.tail, network.head))
    cost = np.where(np.isfinite(network.seconds[mode]), network.seconds[mode], -1.0).reshape(-1, 2).tolist()
    cursor.execute("TRUNCATE edges, points")
    edges = [(i, *ends, *costs) for i, (*ends, costs) in enumerate(zip(tail, head, cost, strict=True))]
    points = [(i + 1, on, t) for i, (on, t) in enumerate(zip(edge.tolist(), share.tolist(), strict=True))]
    execute_values(cursor, "INSERT INTO edges VALUES %s", edges)
    execute_values(cursor, "INSERT INTO points VALUES %s", points)
    found = np.full((len(edge), len(edge)), np.inf)
    np.fill_diagonal(found, 0.0)
    cursor.execute(MATRIX)
    for start, end, seconds in cursor:
        found[-start - 1, -end - 1] = seconds
    return found


@pytest.mark.parametrize("mode", Mode)
def test_times_are_those_of_pgrouting(routing: Any, mode: Mode) -> None:
    """Without forbidden turns, which pgRouting would want otherwise."""
    for seed in range(3):
        network = dataclasses.replace(random_network(seed), version=f"pgr{seed}", forbidden_turns=())
        rng = np.random.default_rng(seed)
        lon, lat = 104 + rng.random(40) / 100, 34 + rng.random(40) / 100
        snapped = graph_of(network, mode).streets.snap(lon, lat)
        within = np.flatnonzero((snapped.share > 0) & (snapped.share < 1))[:20]  # pgRouting takes no ends for points
        travel = travel_between(network, mode, lon[within], lat[within])
        assert len(within) > 8
        assert travel.astray == (None,) * len(within)
        wanted = matrix(routing, network, mode, snapped.edge[within], snapped.share[within])
        np.testing.assert_allclose(travel.seconds, wanted, rtol=0, atol=1e-6)
