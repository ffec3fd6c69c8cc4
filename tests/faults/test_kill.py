"""kill -9 of an import at random moments, and of PostgreSQL under visits: what was acknowledged is there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gis.errors import StorageError
from gis.households.check import check
from gis.households.visits import record_visits
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, open_store
from tests.gis.world import SETTINGS, build, dwellings, visit

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A data folder of its own, with the small county in it: this PostgreSQL is going to be killed."""
    with open_store(Settings(home=tmp_path / "home")) as store, store.begin() as conn:
        build(conn, {1: 3, 2: 3, 3: 3}, units=2)
    yield tmp_path / "home"
    with Cluster(tmp_path / "home"):
        pass  # start and stop: no server is left behind


def clean(store: Store) -> bool:
    with store.read() as conn:
        return list(check(conn, SETTINGS)) == []


def households(store: Store) -> int:
    with store.read() as conn:
        return int(conn.execute(text("SELECT count(*) FROM everycell.household")).scalar_one())


def csv_of_dwellings(path: Path, per_cell: int, serial: int) -> int:
    doors, homes = dwellings({1: per_cell, 2: per_cell, 3: per_cell}, units=2)
    frame = homes.merge(doors, left_on="doorplate_code", right_on="code", suffixes=("", "_door"))
    pd.DataFrame(
        {
            "户号": frame["code"] + f"-{serial}",
            "门牌编码": frame["doorplate_code"] + f"-{serial}",
            "门牌地址": frame["address"] + f"之{serial}",
            "室号": frame["unit"],
            "经度": frame["lon"] + serial * 1e-5,
            "纬度": frame["lat"],
        }
    ).to_csv(path, index=False)
    return len(frame)


def test_import_killed_at_random_moments(home: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "EVERYCELL_HOME": str(home)}
    chance = random.Random(20261120)
    killed = 0

    def start(file: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "api.cli", "import", "households", str(file)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    with open_store(Settings(home=home)) as store:
        file = tmp_path / "households.csv"
        total = csv_of_dwellings(file, 8_000, 0)
        started = time.monotonic()
        assert start(file).wait() == 0
        whole = time.monotonic() - started
        assert households(store) == 18 + total
        for serial in range(1, 9):
            csv_of_dwellings(file, 8_000, serial)
            before = households(store)
            process = start(file)
            try:
                process.wait(whole * chance.uniform(0.3, 0.95))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
            assert households(store) in (before, before + total)
            assert clean(store)
        before = households(store)
        csv_of_dwellings(file, 8_000, 9)
        assert start(file).wait() == 0
        assert households(store) == before + total
    assert killed >= 3


def kill_postgres(home: Path) -> None:
    """As the kernel would: the whole group of PostgreSQL's processes at once."""
    pid = Cluster(home).pid()
    assert pid is not None
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True).stdout
    for one in [pid, *map(int, listed.split())]:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            continue  # a backend that ended by itself in the meantime


def test_postgres_killed_under_visits(home: Path) -> None:
    codes = [f"990101-D00{c}-000{k}-0{u}" for c in (1, 2, 3) for k in range(3) for u in (0, 1)]
    acknowledged: list[str] = []
    for cycle in range(4):
        enough = threading.Event()
        with open_store(Settings(home=home)) as store:

            def send(seed: int, store: Store = store, enough: threading.Event = enough) -> None:
                chance = random.Random(seed)
                number = 0
                while True:
                    batch = [
                        visit(chance.choice(codes), chance.randrange(60), hour=chance.randrange(9)) for _ in range(9)
                    ]
                    try:
                        store.retrying(lambda conn, batch=batch: record_visits(conn, batch, SETTINGS))  # type: ignore[misc]
                    except (DBAPIError, StorageError):
                        return  # PostgreSQL is gone: nothing of this batch was acknowledged
                    acknowledged.extend(str(sent.id) for sent in batch)
                    number += 1
                    if number == 5:
                        enough.set()

            threads = [threading.Thread(target=send, args=(cycle * 10 + n,)) for n in range(3)]
            for thread in threads:
                thread.start()
            assert enough.wait(60)
            kill_postgres(home)
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive()
        with open_store(Settings(home=home)) as store:
            with store.read() as conn:
                stored = set(conn.execute(text("SELECT id::text FROM everycell.visit")).scalars())
            assert set(acknowledged) <= stored
            assert clean(store)
    assert len(acknowledged) >= 4 * 45
