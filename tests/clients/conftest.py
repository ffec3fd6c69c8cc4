"""Clients of others judge the service. It runs in a process of its own: GDAL holds Python's lock while it waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gis.storage.cluster import Cluster
from tests.api.conftest import database, fill
from tests.api.test_serving import started


@pytest.fixture(scope="module")
def address(cluster: Cluster) -> Iterator[str]:
    """Where the small county of tests/api is served."""
    with database(cluster, "clients") as store:
        fill(store)
        with started(store) as (_, ready):
            yield ready
