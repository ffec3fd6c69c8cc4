"""The private PostGIS cluster in the data folder: made at first use, started, shared and stopped by the commands.

    with Cluster(Path(".everycell")) as cluster:
        engine = create_engine(cluster.url)

Every process that uses the cluster holds a shared lock on `postgres.users`; the last one to leave stops PostgreSQL. All
steps that start or stop it happen under the exclusive lock `postgres.start`. Both locks are the kernel's: a killed
process holds none, and a server it left behind is attached to by the next command.

Layout of the data folder: `postgres/data`, `postgres/log`, `postgres.users`, `postgres.start`. The socket lies in
/tmp/everycell-UID-HASH (mode 0700), because a socket's path may have 107 bytes only. Nothing listens on TCP.

Run `python -m gis.storage.cluster --home DIR status|stop` to look at or stop a cluster by hand.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sqlalchemy.engine import URL

from gis.errors import StorageError
from gis.reasons import reason_of
from gis.storage.postgres_binaries import PostgresBinaries, find_binaries
from gis.storage.postgres_server import PostgresServer
from gis.storage.postgres_settings import PORT
from gis.storage.roles import APP_ROLE

DATABASE: Final = "everycell"
_START_LOCK_PATIENCE_S: Final = 600.0
_POLL_S: Final = 0.05


class Cluster:
    """The private cluster of the data folder `home`, which is made where it does not exist.

    One object is one user of the cluster. `start()` and `close()` belong together; as a context manager it does both.
    Not for several threads at once: start it before they do.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self._users: int | None = None
        self._server = PostgresServer(self.home / "postgres", _socket_folder)

    @staticmethod
    def find_binaries(major: int | None = None) -> PostgresBinaries:
        """The programs it would run; raises StorageError with a sentence that says what to install."""
        return find_binaries(major)

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database `everycell` as its owner `everycell`, who may create databases.

        PostGIS is in template1: every database made here has it.
        """
        return self._url("everycell", DATABASE)

    @property
    def app_url(self) -> str:
        """SQLAlchemy URL of the database `everycell` as the role that the service works as: it owns nothing."""
        return self._url(APP_ROLE, DATABASE)

    @property
    def admin_url(self) -> str:
        """SQLAlchemy URL of the database `everycell` as the superuser `postgres`."""
        return self._url("postgres", DATABASE)

    def _url(self, user: str, database: str) -> str:
        query = {"host": str(self._server.sockets), "port": str(PORT)}
        url = URL.create("postgresql+psycopg2", username=user, database=database, query=query)
        return url.render_as_string(hide_password=False)

    def start(self) -> str:
        """Attach to the running cluster, or start it, or make it; returns `url`. Raises StorageError."""
        if self._users is not None:
            return self.url
        self._make_home()
        with self._alone() as lock:
            users = self._open_lock("postgres.users")
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                self._server.ensure_running(lock)
                self._server.ensure_database(DATABASE)
            except BaseException:
                self._leave(users)
                raise
            self._users = users
        return self.url

    def close(self) -> None:
        """Leave the cluster, and stop PostgreSQL where nobody else uses it. Does nothing when called again."""
        if self._users is None:
            return
        users, self._users = self._users, None
        with self._alone():
            self._leave(users)

    def is_ending(self) -> bool:
        """Whether the running PostgreSQL was told to end, and waits for those who are connected."""
        return self._server.is_ending()

    def revive(self) -> bool:
        """Start PostgreSQL again under those who use the cluster, where it has died or waits for them to go; never make
        it. False where it runs, or another process starts or stops it at this moment. Raises StorageError."""
        lock = self._open_lock("postgres.start")
        try:
            if not _try_lock(lock) or (self.pid() is not None and not self.is_ending()):
                return False
            self._server.revive()
            return True
        finally:
            os.close(lock)

    def stop(self) -> bool:
        """Stop PostgreSQL unless another process uses it; returns whether it is stopped now."""
        if not self.home.is_dir():
            return True
        with self._alone():
            self._leave(self._open_lock("postgres.users"))
        return self._server.pid() is None

    def pid(self) -> int | None:
        """The process id of the running PostgreSQL, None where none runs."""
        return self._server.pid()

    def _leave(self, users: int) -> None:
        """Give up our place among the users; the last one stops the server. Called under the start lock."""
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            self._server.stop()
        finally:
            os.close(users)

    def _make_home(self) -> None:
        try:
            # Others may pass through it (the user who runs PostgreSQL for root must) and see nothing of it.
            self.home.mkdir(mode=0o711, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                "the data folder {home} cannot be made: {reason}", home=self.home, reason=reason_of(error)
            ) from error

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Hold the lock under which a cluster is made, started and stopped; yields its descriptor."""
        descriptor = self._open_lock("postgres.start")
        try:
            deadline = time.monotonic() + _START_LOCK_PATIENCE_S
            while not _try_lock(descriptor):
                if time.monotonic() > deadline:
                    raise StorageError(
                        "another everycell has been starting or stopping the database in {home} for"
                        " {waited_s:.0f} s: end that process and try again",
                        home=self.home,
                        waited_s=_START_LOCK_PATIENCE_S,
                    )
                time.sleep(_POLL_S)
            yield descriptor
        finally:
            os.close(descriptor)

    def _open_lock(self, name: str) -> int:
        path = self.home / name
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            if os.geteuid() == 0:  # root must not lock out the one whose folder it is
                owner = self.home.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        except OSError as error:
            raise StorageError(
                "the data folder {home} cannot be written: {reason}", home=self.home, reason=reason_of(error)
            ) from error
        return descriptor

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _socket_folder(folder: Path, uid: int) -> Path:
    """Where the socket of the cluster in `folder` lies: short, and the same for every process."""
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]
    return Path(f"/tmp/everycell-{uid}-{digest}")  # noqa: S108 - mode 0700, and its owner is checked before use


def main(arguments: list[str] | None = None) -> int:
    """Command line: look at or stop the cluster of a data folder. Exit status 1: not running, or still in use."""
    parser = argparse.ArgumentParser(prog="python -m gis.storage.cluster", description=main.__doc__)
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("EVERYCELL_HOME", ".everycell")))
    parser.add_argument("command", choices=["status", "stop"])
    options = parser.parse_args(arguments)
    cluster = Cluster(options.home)
    try:
        if options.command == "stop":
            stopped = cluster.stop()
            sys.stdout.write("stopped\n" if stopped else "in use by another process: not stopped\n")
            return 0 if stopped else 1
        pid = cluster.pid()
    except StorageError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write("not running\n" if pid is None else f"running, process {pid}, {cluster.admin_url}\n")
    return 1 if pid is None else 0


if __name__ == "__main__":
    sys.exit(main())
