"""A PostgreSQL that dies under a service is started again, not too often, and never where it is somebody else's."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from gis.settings import Settings
from gis.storage import keeper as keeper_module
from gis.storage import postgres_processes as processes
from gis.storage.cluster import Cluster
from gis.storage.keeper import Keeper, kept_running
from tests.gis.storage.test_cluster import (  # noqa: F401 - fixtures
    ask,
    made_before,
    new_cluster,
    old_cluster,
    running,
)


class Clock:
    """The keeper's clock, turned by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(keeper_module, "time", made)
    return made


@pytest.fixture
def used(old_cluster: type[Cluster]) -> Cluster:  # noqa: F811
    """A running cluster with a row in it."""
    cluster = old_cluster()  # type: ignore[call-arg]
    cluster.start()
    ask(cluster.url, "CREATE TABLE kept AS SELECT 42 AS value")
    return cluster


@contextmanager
def connected(cluster: Cluster) -> Iterator[psycopg2.extensions.connection]:
    """Somebody who stays connected."""
    connection = psycopg2.connect(cluster.url.replace("+psycopg2", ""))
    yield connection
    connection.close()


def kill(cluster: Cluster, number: signal.Signals = signal.SIGKILL) -> int:
    """Send the postmaster a signal; its process id. Returns when it is gone, or was told to go and waits."""
    pid = running(cluster)
    os.kill(pid, number)
    ended = threading.Event()
    while processes.is_alive(pid) and not cluster.is_ending():
        ended.wait(0.01)
    return pid


def test_it_is_started_again_and_holds_what_was_committed(used: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper(Cluster(used.home))
    keeper.look()
    assert caplog.records == []
    old = kill(used)
    keeper.look()
    assert running(used) != old
    assert ask(used.url, "SELECT value FROM kept") == 42
    [told] = caplog.records
    assert (told.levelno, "was started again" in told.message) == (logging.WARNING, True)


def test_one_that_was_told_to_end_is_given_time_for_it(used: Cluster, clock: Clock) -> None:
    """Whoever ends a service and its PostgreSQL shall not see it start; one that others stay in does not end."""
    keeper = Keeper(Cluster(used.home), patience_s=10)
    with connected(used):
        old = kill(used, signal.SIGTERM)
        keeper.look()
        clock.now += 9
        keeper.look()
        assert running(used) == old
        clock.now += 1
        keeper.look()
    assert running(used) != old
    assert ask(used.url, "SELECT value FROM kept") == 42


def test_one_that_has_ended_when_it_was_told_to_is_started_at_once(used: Cluster) -> None:
    keeper = Keeper(Cluster(used.home))
    old = kill(used, signal.SIGTERM)
    assert processes.wait_until_gone([old], 30) == []
    keeper.look()
    assert ask(used.url, "SELECT value FROM kept") == 42


def test_one_that_dies_again_and_again_is_started_less_and_less_often(used: Cluster, clock: Clock) -> None:
    keeper = Keeper(Cluster(used.home))
    waited = []
    for _ in range(5):
        kill(used)
        begun = clock.now
        while used.pid() is None:
            keeper.look()
            clock.now += 0.5
        waited.append(clock.now - begun - 0.5)
    assert waited == [0, 0.5, 1.5, 3.5, 7.5], "the clock goes on by half a second at each look"
    clock.now += 601
    keeper.look()
    kill(used)
    keeper.look()
    assert used.pid() is not None, "what has run for long is started at once"


def test_one_that_cannot_run_is_tried_once_a_minute(
    used: Cluster, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = Keeper(Cluster(used.home))
    control = used.home / "postgres" / "data" / "global" / "pg_control"
    kill(used)
    used.close()
    kept = control.rename(control.with_name("kept"))
    for _ in range(1200):  # ten minutes
        keeper.look()
        clock.now += 0.5
    assert 14 <= len(caplog.records) <= 16, "0, 1, 3, 7, 15, 31, 63 s and then every minute"
    assert "is not a complete PostgreSQL cluster" in caplog.records[-1].message
    assert "next try in 60 s" in caplog.records[-1].message
    kept.rename(control)
    clock.now += 60
    keeper.look()
    assert ask(used.url, "SELECT value FROM kept") == 42


def test_a_data_folder_that_is_gone_is_not_made_anew(used: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    """An empty database in the place of one that somebody has moved away would be worse than none."""
    keeper = Keeper(Cluster(used.home))
    kill(used)
    used.close()
    shutil.move(used.home / "postgres" / "data", used.home / "postgres" / "moved")
    keeper.look()
    assert not (used.home / "postgres" / "data").exists()
    assert "is not a complete PostgreSQL cluster" in caplog.text


def test_it_keeps_out_of_the_way_of_whoever_starts_or_stops_it(used: Cluster) -> None:
    kill(used)
    with used._alone():
        Keeper(Cluster(used.home)).look()
        assert used.pid() is None
    Keeper(Cluster(used.home)).look()
    assert used.pid() is not None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_thread_looks_as_long_as_the_service_runs(
    used: Cluster, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    started = threading.Event()
    revive = Cluster.revive

    def told(cluster: Cluster) -> bool:
        done = revive(cluster)
        started.set()
        return done

    monkeypatch.setattr(Cluster, "revive", told)
    with kept_running(Settings(home=used.home)):
        old = kill(used, number)
        assert started.wait(30)
        assert running(used) != old
        assert ask(used.url, "SELECT value FROM kept") == 42


def test_the_database_of_somebody_else_is_left_alone(used: Cluster) -> None:
    """As a URL in the settings says, whoever runs it."""
    with kept_running(Settings(home=used.home, database_url=used.url)):
        assert "everycell-keeper" not in {thread.name for thread in threading.enumerate()}
    with kept_running(Settings(home=used.home)):
        assert "everycell-keeper" in {thread.name for thread in threading.enumerate()}
    assert "everycell-keeper" not in {thread.name for thread in threading.enumerate()}
