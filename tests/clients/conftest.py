"""Clients of others judge the service. It runs in a process of its own: GDAL holds Python's lock while it waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from gis.storage.cluster import Cluster
from tests.api.conftest import database, fill, token_of
from tests.api.test_serving import started


@dataclass(frozen=True)
class Offered:
    """Where the small county of tests/api is served, and a token for it."""

    address: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="package")
def offered(cluster: Cluster) -> Iterator[Offered]:
    """The service, for clients of others."""
    with database(cluster, "clients") as store:
        fill(store)
        secret = token_of(store, ("operator", "all"))
        with started(store) as (_, ready):
            yield Offered(ready, secret)
