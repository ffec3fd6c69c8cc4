"""The private cluster, with real servers: made, shared, stopped, killed, and found again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from gis.errors import StorageError
from gis.storage import cluster as cluster_module
from gis.storage import notary
from gis.storage import postgres_processes as processes
from gis.storage.cluster import Cluster
from gis.storage.postgres_user import PostgresUser

# A user process: it says READY and the server's id, and stays until its standard input is closed.
USER = """
import signal, sys
from pathlib import Path
from gis.storage.cluster import Cluster
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background inherits "ignore"
with Cluster(Path(sys.argv[1])) as cluster:
    try:
        print("READY", cluster.pid(), flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        print("INTERRUPTED", cluster.pid(), flush=True)
"""


def ask(url: str, statement: str) -> Any:
    """The first value a statement returns, None where it returns no rows; committed."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        return result.scalar() if result.returns_rows else None


@pytest.fixture(scope="module")
def made_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a cluster that was made, and is not running: making one takes some seconds, a copy none."""
    home = tmp_path_factory.mktemp("before") / "home"
    with Cluster(home):
        return home


@pytest.fixture
def old_cluster(made_before: Path, tmp_path: Path, new_cluster: Callable[..., Cluster]) -> Callable[..., Cluster]:
    """As `new_cluster`, and where they lie a cluster was made before."""
    subprocess.run(["cp", "-a", made_before, tmp_path / "home"], check=True)
    return new_cluster


@pytest.fixture
def new_cluster(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Gives clusters (not started); all are closed and stopped afterwards, whatever the test did to them."""
    made: list[Cluster] = []

    def make(home: Path | None = None) -> Cluster:
        made.append(Cluster(home or tmp_path / "home"))
        return made[-1]

    yield make
    for cluster in made:
        cluster.close()
    for cluster in made:
        assert cluster.stop()


@contextmanager
def user_process(home: Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the cluster of `home`; ends when its standard input is closed."""
    command = [sys.executable, "-c", USER, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options) as process:
        yield process


def server_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words[0] == "READY"
    return int(words[1])


def running(cluster: Cluster) -> int:
    pid = cluster.pid()
    assert pid is not None
    return pid


def test_first_start_makes_a_database_and_close_leaves_nothing_running(
    new_cluster: Callable[..., Cluster],
) -> None:
    cluster = new_cluster()
    with cluster as started:
        assert started is cluster
        assert "3." in ask(cluster.url, "SELECT postgis_version()")
        assert ask(cluster.url, "SELECT lower('ÄÖ') || (SELECT '网' ~ '\\w')::text") == "äötrue"
        sockets = Path(ask(cluster.url, "SHOW unix_socket_directories"))
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert cluster.pid() is None
    assert not sockets.exists()


def test_nothing_listens_on_tcp_and_nothing_acknowledged_can_be_lost(old_cluster: Callable[..., Cluster]) -> None:
    cluster = old_cluster()
    cluster.start()
    expected = {"listen_addresses": "", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    expected |= {"data_checksums": "on", "server_encoding": "UTF8", "TimeZone": "UTC", "jit": "off"}
    assert {name: ask(cluster.url, f'SHOW "{name}"') for name in expected} == expected
    assert not tcp_sockets_of(running(cluster))


def tcp_sockets_of(pid: int) -> set[str]:
    """Inodes of listening TCP sockets among the open files of a process."""
    links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    tables = [Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    listening = {line.split()[9] for table in tables for line in table if line.split()[3] == "0A"}
    return {link for link in links if link.removeprefix("socket:[").rstrip("]") in listening}


def test_our_role_owns_the_database_and_is_no_superuser(old_cluster: Callable[..., Cluster]) -> None:
    cluster = old_cluster()
    cluster.start()
    assert ask(cluster.url, "SELECT current_user || ' ' || usesuper FROM pg_user WHERE usename = current_user") == (
        "everycell false"
    )
    engine = create_engine(cluster.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE another"))
    assert ask(cluster.url.replace("/everycell?", "/another?"), "SELECT ST_SRID(ST_Point(0, 0, 4490))") == 4490
    assert ask(cluster.admin_url, "SELECT usesuper FROM pg_user WHERE usename = current_user") is True


def test_a_start_brings_what_an_older_version_has_not_made(old_cluster: Callable[..., Cluster]) -> None:
    """The notary, without which GIS staff may read no doors; a look at what is there costs a start one statement."""
    cluster = old_cluster()
    cluster.start()
    assert ask(cluster.admin_url, notary.READY) == 1
    assert ask(cluster.admin_url, "SELECT everycell_notary.say('SELECT session_user::text')") == "everycell_notary"
    ask(cluster.admin_url, "DROP SCHEMA everycell_notary CASCADE")
    ask(cluster.admin_url, "DROP ROLE everycell_notary")
    old_cluster().start()
    assert ask(cluster.admin_url, notary.READY) == 1
    assert ask(cluster.url, "SELECT everycell_notary.say('SELECT current_database()::text')") == "everycell"


def test_a_second_user_attaches_and_the_last_one_stops_it(old_cluster: Callable[..., Cluster]) -> None:
    first, second = old_cluster(), old_cluster()
    url = first.start()
    pid = running(first)
    assert first.start() == url  # a second start of the same user changes nothing
    assert second.start() == url
    assert second.pid() == pid
    first.close()
    first.close()
    assert ask(second.url, "SELECT 1") == 1
    second.close()
    assert second.pid() is None


def test_the_database_survives_a_stop(old_cluster: Callable[..., Cluster]) -> None:
    with old_cluster() as cluster:
        ask(cluster.url, "CREATE TABLE kept AS SELECT 42 AS value")
    with old_cluster() as again:
        assert ask(again.url, "SELECT value FROM kept") == 42


def test_processes_that_start_at_the_same_moment_share_one_server(
    new_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with user_process(home) as a, user_process(home) as b, user_process(home) as c:
        servers = {server_of(process) for process in (a, b, c)}
        assert servers == {running(new_cluster())}
        a.communicate("")
        assert a.returncode == 0
        assert new_cluster().pid() in servers
    assert (b.returncode, c.returncode) == (0, 0)
    assert new_cluster().pid() is None


def test_committed_rows_survive_kill_9_of_postgresql(old_cluster: Callable[..., Cluster]) -> None:
    cluster = old_cluster()
    cluster.start()
    ask(cluster.url, "CREATE TABLE kept AS SELECT 42 AS value")
    old = running(cluster)
    with psycopg2.connect(cluster.url.replace("+psycopg2", "")) as busy:  # its server process outlives the postmaster
        os.kill(old, signal.SIGKILL)
        assert processes.wait_until_gone([old], 10) == []
        with Cluster(cluster.home) as again:
            assert running(again) != old
            assert ask(again.url, "SELECT value FROM kept") == 42
            ask(again.url, "INSERT INTO kept VALUES (43)")
    busy.close()


def test_a_server_left_by_a_killed_user_is_attached_to(old_cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    with user_process(tmp_path / "home") as killed:
        pid = server_of(killed)
        killed.kill()
    with old_cluster(tmp_path / "home") as next_one:
        assert next_one.pid() == pid
    assert next_one.pid() is None


def test_ctrl_c_in_the_terminal_does_not_reach_postgresql(old_cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    with user_process(tmp_path / "home", start_new_session=True) as process:
        pid = server_of(process)
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate()
        assert out.split() == ["INTERRUPTED", str(pid)]  # the server was still there to finish the work with
    assert process.returncode == 0
    assert old_cluster().pid() is None


def test_an_interrupted_initdb_is_done_again(new_cluster: Callable[..., Cluster]) -> None:
    cluster = new_cluster()
    half = cluster.home / "postgres" / "data.new"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("15\n")
    cluster.start()
    assert ask(cluster.url, "SELECT 1") == 1
    assert not half.exists()


def test_an_interrupted_making_of_the_database_is_completed(old_cluster: Callable[..., Cluster]) -> None:
    with old_cluster() as cluster:
        ask(cluster.admin_url.replace("/everycell?", "/template1?"), "DROP EXTENSION postgis")
        engine = create_engine(
            cluster.admin_url.replace("/everycell?", "/postgres?"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(text("DROP DATABASE everycell"))
    with old_cluster() as again:
        assert "3." in ask(again.url, "SELECT postgis_version()")


def test_home_may_have_a_long_and_odd_name(new_cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    with new_cluster(tmp_path / ("x" * 200) / "示范县 o'brien 100%" / "home") as cluster:
        assert ask(cluster.url, "SELECT 1") == 1


def test_a_home_that_only_root_may_enter_works_and_stays_closed(
    new_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with new_cluster(closed / "home") as cluster:
        assert ask(cluster.url, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700
    assert closed.stat().st_uid == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a process to another user")
def test_a_stale_lock_file_that_names_a_living_process_is_not_believed(old_cluster: Callable[..., Cluster]) -> None:
    with old_cluster() as cluster:
        lock = cluster.home / "postgres" / "data" / "postmaster.pid"
        text_of_lock = lock.read_text()
    user = PostgresUser.for_folder(lock.parent)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=user.uid, group=user.gid, extra_groups=[]) as other:
        lock.write_text("\n".join([str(other.pid), *text_of_lock.split("\n")[1:]]))
        user.own(lock)
        assert cluster.pid() is None
        with old_cluster() as again:
            assert ask(again.url, "SELECT 1") == 1
        assert other.poll() is None  # and nothing was done to it
        other.communicate()


def remove_under_its_server(folder: Path) -> None:
    """As `rm -rf`, again and again: the server that lives in it may make a file in a folder that was just emptied."""
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
    raise AssertionError(f"{folder} cannot be removed")


def test_a_data_folder_deleted_under_its_server_is_made_anew(
    old_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    with user_process(tmp_path / "home") as process:
        ghost = server_of(process)
        remove_under_its_server(tmp_path / "home")
        cluster = old_cluster(tmp_path / "home")
        cluster.start()
        assert running(cluster) != ghost
        assert not processes.is_alive(ghost)
        assert ask(cluster.url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'everycell'") == 0
        process.communicate()


def test_a_server_whose_socket_was_cleaned_away_is_started_again(
    old_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gis.storage.postgres_server._SOCKET_S", 0.1)
    cluster = old_cluster()
    cluster.start()
    old = running(cluster)
    shutil.rmtree(ask(cluster.url, "SHOW unix_socket_directories"))
    with Cluster(cluster.home) as again:
        assert running(again) != old
        assert ask(again.url, "SELECT 1") == 1


def test_a_cluster_of_another_major_version_is_refused(old_cluster: Callable[..., Cluster]) -> None:
    with old_cluster() as cluster:
        pass
    version = cluster.home / "postgres" / "data" / "PG_VERSION"
    real = version.read_text()
    version.write_text("12\n")
    with pytest.raises(StorageError, match=r"made by PostgreSQL 12, and this machine has PostGIS for .* only: install"):
        cluster.start()
    version.write_text(real)


def test_a_damaged_cluster_is_not_replaced_by_an_empty_one(old_cluster: Callable[..., Cluster]) -> None:
    with old_cluster() as cluster:
        pass
    (cluster.home / "postgres" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(StorageError, match="not a complete PostgreSQL cluster: restore it from a backup"):
        cluster.start()


def test_a_home_that_cannot_be_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"the data folder .*file/home cannot be made: Not a directory"):
        Cluster(tmp_path / "file" / "home").start()


def test_a_server_that_does_not_start_says_why(old_cluster: Callable[..., Cluster]) -> None:
    with old_cluster() as cluster:
        pass
    local = cluster.home / "postgres" / "data" / "local.conf"
    local.write_text("work_mem = 'a lot'\n")
    PostgresUser.for_folder(local.parent).own(local)
    with pytest.raises(StorageError, match=r"does not start: .*FATAL.*local\.conf.*\(more in "):
        cluster.start()
    local.write_text("work_mem = '17MB'\n")
    with cluster:
        assert ask(cluster.url, "SHOW work_mem") == "17MB"  # the administrator's own settings win


def test_the_log_keeps_nothing_of_a_refused_statement(old_cluster: Callable[..., Cluster]) -> None:
    with old_cluster() as cluster:
        ask(cluster.url, "CREATE TABLE t AS SELECT '13800138000' x UNION ALL SELECT '13800138000'")
        with pytest.raises(IntegrityError, match="could not create unique index"):
            ask(cluster.url, "CREATE UNIQUE INDEX ON t (x)")
        logs = "".join(path.read_text() for path in (cluster.home / "postgres" / "log").glob("*.log"))
    assert "could not create unique index" in logs
    assert "13800138000" not in logs


def test_a_socket_folder_of_somebody_else_is_not_used(
    old_cluster: Callable[..., Cluster], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "planted"
    planted.symlink_to(tmp_path)
    monkeypatch.setattr(cluster_module, "_socket_folder", lambda folder, uid: planted)
    with pytest.raises(StorageError, match="planted, where the database's socket belongs, is another user's"):
        old_cluster().start()


def test_status_and_stop_on_the_command_line(
    old_cluster: Callable[..., Cluster], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "home")]
    assert cluster_module.main([*home, "status"]) == 1
    assert cluster_module.main([*home, "stop"]) == 0
    with old_cluster():
        assert cluster_module.main([*home, "status"]) == 0
        assert cluster_module.main([*home, "stop"]) == 1
    words = capsys.readouterr().out
    assert "not running\nstopped\nrunning, process " in words
    assert words.endswith("in use by another process: not stopped\n")


@pytest.mark.slow
def test_any_moment_may_be_the_last_of_a_command_or_of_postgresql(
    new_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    """kill -9 of a command while it makes, starts or uses the cluster, and of any of its servers; then all is well."""
    dice = random.Random(20261123)
    home = tmp_path / "home"
    for round_ in range(30):
        if round_ % 5 == 0:
            shutil.rmtree(home, ignore_errors=True)  # a server may still run on it
        with user_process(home) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=dice.uniform(0.0, 2.5))
            servers = [pid for name in ("data", "data.new") for pid in processes.servers_on(home / "postgres" / name)]
            for victim in dice.sample(servers, k=min(len(servers), dice.randrange(3))):
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
            process.kill()
        with Cluster(home) as survivor:
            ask(survivor.url, "CREATE TABLE IF NOT EXISTS kept (round int)")
            ask(survivor.url, f"INSERT INTO kept VALUES ({round_})")
            assert ask(survivor.url, "SELECT count(*) FROM kept") == round_ % 5 + 1
    assert new_cluster().stop()
