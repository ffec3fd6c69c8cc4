"""A fresh database as the service's role (`app`; `store` is its owner's), and argon2 that is quick."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from gis.access import passwords
from gis.storage.engine import Store, as_service


@pytest.fixture
def app(store: Store) -> Iterator[Store]:
    """The database of `store`, as the service's role."""
    with as_service(store) as service:
        yield service


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> PasswordHash:
    """Argon2 with hardly any work: it is the same code, and a test may sign in a hundred times."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    monkeypatch.setattr(passwords, "_hasher", hasher)
    return hasher
