"""One PostgreSQL server in one folder: made, started, asked and stopped, under a lock that the caller holds.

`folder/data` is the cluster, `folder/log` its logs. A cluster is made as `folder/data.new` and renamed when it is
complete, so a `data` folder is never half a cluster.
"""

from __future__ import annotations

import contextlib
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import psycopg2
from psycopg2 import sql

from gis.errors import StorageError
from gis.reasons import reason_of
from gis.sentence import Sentence
from gis.storage import notary, roles
from gis.storage import postgres_processes as processes
from gis.storage.postgres_binaries import find_binaries
from gis.storage.postgres_settings import PORT, configuration
from gis.storage.postgres_user import PostgresUser

_START_S: Final = 600  # recovery after a crash may read 2 GB of log
_STOP_S: Final = 300
_SOCKET_S: Final = 10.0
_POLL_S: Final = 0.05
_LOCK: Final = "SELECT pg_advisory_lock(7461094)"
_Ask = Callable[..., list[tuple[Any, ...]]]
_INCLUDE: Final = "\ninclude = 'everycell.conf'\ninclude_if_exists = 'local.conf'\n"


class PostgresServer:
    """The server of `folder`; `socket_folder(folder, uid)` says where its socket lies."""

    def __init__(self, folder: Path, socket_folder: Callable[[Path, int], Path]) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._socket_folder = socket_folder

    @property
    def sockets(self) -> Path:
        """The folder of its socket."""
        return self._socket_folder(self._folder, PostgresUser.for_folder(self._data).uid)

    def pid(self) -> int | None:
        """The process id of the running server, None where none runs."""
        return processes.postmaster_of(self._data)

    def ensure_running(self, lock: int) -> None:
        """Attach to the running server; start it where none runs; make the cluster where there is none.

        `lock` is the descriptor of the caller's lock. initdb inherits it: where we are killed, the lock is held until
        initdb has ended too, and nobody clears away what it still writes.
        """
        if self.pid() is not None and self._answers():
            return
        user = PostgresUser.for_folder(self._data)
        with self._reported():
            self._folder.mkdir(mode=0o711, exist_ok=True)
            self._log.mkdir(mode=0o700, exist_ok=True)
            user.own(self._folder, self._log)
            if not self._data.is_dir() or not any(self._data.iterdir()):
                self._make(user, lock)
            self._clear_remains()
            self._start(user)

    def is_ending(self) -> bool:
        """Whether the running server was told to end. After SIGTERM it waits for those who are connected, and takes in
        nobody else."""
        return self.pid() is not None and processes.status_of(self._data) == "stopping"

    def revive(self) -> None:
        """Start the server that its users found gone, or that waits for them to go. A cluster is never made: where its
        folder is gone, StorageError says so."""
        if self.is_ending():
            self.stop()
        with self._reported():
            self._clear_remains()
            self._start(PostgresUser.for_folder(self._data))

    def stop(self) -> None:
        """Stop the server, where one runs, after a checkpoint. Raises StorageError where it does not end."""
        if self.pid() is None:
            return
        user, binaries = PostgresUser.for_folder(self._data), find_binaries(self._major())
        with user.view_of(self._folder) as (seen, descriptors):
            command = [binaries.program("pg_ctl"), "stop", "-w", "-m", "fast", "-t", str(_STOP_S), "-D", f"{seen}/data"]
            user.run(command, binaries.environment(), pass_fds=descriptors)
        if self.pid() is not None:
            raise StorageError(
                "PostgreSQL in {folder} did not stop within {waited_s} s{words}",
                folder=self._folder,
                waited_s=_STOP_S,
                words=self._last_words(),
            )
        shutil.rmtree(self.sockets, ignore_errors=True)  # empty: the server removed its socket

    def ensure_database(self, name: str) -> None:
        """The role and database `name` with PostGIS, the roles of the service and of GIS staff, and the notary.

        The database is made last: where it exists, all else does, except for what later versions added. The locks wait
        for servers that still work on it for a command that was killed.
        """
        with self._connected("postgres") as ask:
            ask(_LOCK)
            for exists, create in roles.ROLES:
                if not ask(exists):
                    ask(create)
            if not ask("SELECT 1 FROM pg_database WHERE datname = %s", name):
                self._make_database(ask, name)
            if int(ask("SHOW server_version_num")[0][0]) >= roles.TRUST_JOINS_FROM:
                ask(sql.SQL(roles.TRUST_JOINS).format(sql.Identifier(name)))
        with self._connected(name) as ask:
            for (statement,) in ask(roles.LEAKING):
                ask(statement)
            # Without dblink all else works; GIS staff get no sign-in, and the doctor says why.
            if not ask(notary.READY) and ask(notary.AVAILABLE):
                ask(notary.SETUP)

    def _make_database(self, ask: _Ask, name: str) -> None:
        if not ask("SELECT 1 FROM pg_roles WHERE rolname = %s", name):
            # Not a superuser: a mistake in our SQL must not be able to read the machine's files or run programs.
            ask(sql.SQL("CREATE ROLE {} LOGIN CREATEDB IN ROLE pg_monitor").format(sql.Identifier(name)))
        with self._connected("template1") as ask_template:
            ask_template(_LOCK)
            ask_template("CREATE EXTENSION IF NOT EXISTS postgis")
            for (statement,) in ask_template(roles.LEAKING):
                ask_template(statement)
        ask(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(name)))

    # ---- making

    def _make(self, user: PostgresUser, lock: int) -> None:
        """Make the cluster beside its place and move it there when it is complete."""
        binaries = find_binaries()
        new = self._folder / "data.new"
        if new.exists():
            shutil.rmtree(new)  # an initdb that was interrupted
        with user.view_of(self._folder) as (seen, descriptors):
            command = [binaries.program("initdb"), "-D", f"{seen}/data.new", "-U", "postgres", "-E", "UTF8"]
            command += ["--data-checksums", "--auth-local=trust", "--auth-host=reject", *_locale()]
            answer = user.run(command, binaries.environment(), pass_fds=(*descriptors, lock))
        if answer.returncode != 0:
            raise StorageError(
                "the database in {folder} cannot be made: {reason}",
                folder=self._folder,
                reason=_last_line(answer.stderr),
            )
        with (new / "postgresql.conf").open("a") as file:
            file.write(_INCLUDE)
        if self._data.is_dir():
            self._data.rmdir()
        new.rename(self._data)

    # ---- starting

    def _start(self, user: PostgresUser) -> None:
        binaries = find_binaries(self._major())
        if self._data.stat().st_uid == 0:
            user.own_tree(self._data)  # restored or copied by root, who cannot run it
        sockets = self._make_socket_folder(user)
        first_log = self._log / "start.log"
        first_log.unlink(missing_ok=True)
        with user.view_of(self._folder) as (seen, descriptors):
            self._configure(user, sockets, f"{seen}/log")
            command = [binaries.program("pg_ctl"), "start", "-w", "-s", "-t", str(_START_S)]
            command += ["-D", f"{seen}/data", "-l", f"{seen}/log/start.log"]
            answer = user.run(command, binaries.environment(), pass_fds=descriptors)
        if answer.returncode != 0 and not (self.pid() is not None and self._answers()):  # a killed command was quicker
            words = self._last_words() or f": {_last_line(answer.stderr)}"
            raise StorageError("PostgreSQL in {folder} does not start{words}", folder=self._folder, words=words)

    def _configure(self, user: PostgresUser, sockets: Path, logs: str) -> None:
        """Write our settings at every start: a moved data folder and a newer everycell take effect by themselves."""
        new = self._data / "everycell.conf.new"
        new.unlink(missing_ok=True)
        new.write_text(configuration(str(sockets), logs))
        user.own(new)
        new.replace(self._data / "everycell.conf")

    def _make_socket_folder(self, user: PostgresUser) -> Path:
        """An empty folder that is ours alone: /tmp is everybody's, somebody else may have put one there."""
        folder = self.sockets
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            user.own(folder)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != user.uid:
            raise StorageError(
                "{folder}, where the database's socket belongs, is another user's: remove it", folder=folder
            )
        folder.chmod(0o700)
        for remains in folder.iterdir():
            remains.unlink()
        return folder

    def _major(self) -> int:
        """The version that made the cluster."""
        try:
            text = (self._data / "PG_VERSION").read_text().strip()
            whole = (self._data / "global" / "pg_control").is_file()
        except FileNotFoundError:
            text, whole = "", False
        if not whole or not text.isdigit():
            raise StorageError(
                "{folder} is not a complete PostgreSQL cluster: restore it from a backup, or move it away"
                " to begin with an empty one",
                folder=self._data,
            )
        return int(text)

    # ---- remains of a crash

    def _clear_remains(self) -> None:
        """Make way after a crash: servers without a master, a server of a deleted folder, a lock file of a lost one."""
        left = processes.end(processes.servers_on(self._data), patience_s=5.0)
        ghost = processes.lock_file_pid(self.sockets / f".s.PGSQL.{PORT}.lock")
        if ghost is not None and processes.serves_deleted_folder(ghost):
            left += processes.end([ghost], patience_s=0.0)
        left += [pid for pid in [self.pid()] if pid is not None]
        if left:
            raise StorageError(
                "an old PostgreSQL of {folder} does not end: end process {pid} by hand",
                folder=self._folder,
                pid=left[0],
            )
        lock = self._data / "postmaster.pid"
        pid = processes.lock_file_pid(lock)
        if pid is not None and processes.exists(pid):
            # The number is another program's now, or of a server that ended and that nobody has collected (a container
            # without an init). PostgreSQL would take either for its predecessor and refuse to start.
            lock.unlink()

    def _answers(self) -> bool:
        """Wait until the running server accepts us. False: it will not, because it ends or has lost its socket."""
        without_socket = time.monotonic() + _SOCKET_S
        deadline = time.monotonic() + _START_S
        while self.pid() is not None:
            try:
                self._connect("postgres").close()
            except psycopg2.OperationalError as error:
                words = _last_line(str(error))
            else:
                return True
            if "too many clients" in words or "connection slots" in words:
                return True
            if "starting up" not in words and "recovery" not in words and time.monotonic() > without_socket:
                self._give_up_on(words)
                return False
            if time.monotonic() > deadline:
                raise StorageError("PostgreSQL in {folder} is still recovering: try again later", folder=self._folder)
            time.sleep(_POLL_S)
        return False

    def _give_up_on(self, words: str) -> None:
        """Stop a running server that nobody can reach (its socket was deleted, or it was told to end and others stay
        connected), so that it can be started again."""
        if not self.is_ending() and (self.sockets / f".s.PGSQL.{PORT}").is_socket():
            raise StorageError("PostgreSQL in {folder} runs, but refuses us: {words}", folder=self._folder, words=words)
        self.stop()

    # ---- asking

    def _connect(self, database: str) -> Any:
        return psycopg2.connect(host=str(self.sockets), port=PORT, user="postgres", dbname=database, connect_timeout=10)

    @contextlib.contextmanager
    def _connected(self, database: str) -> Iterator[_Ask]:
        try:
            with contextlib.closing(self._connect(database)) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    yield lambda statement, *values: _fetch(cursor, statement, values)
        except psycopg2.Error as error:
            raise StorageError(
                "the database in {folder} refuses: {reason}", folder=self._folder, reason=_last_line(str(error))
            ) from error

    # ---- telling

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        """Trouble with files becomes one sentence that names the file."""
        try:
            yield
        except OSError as error:
            what = error.filename or self._folder
            raise StorageError(
                "the database cannot be kept in {folder}: {what}: {reason}",
                folder=self._folder,
                what=what,
                reason=reason_of(error),
            ) from error

    def _last_words(self) -> str:
        """The gravest of the last lines PostgreSQL logged, and where the rest is."""
        logs = sorted(self._log.glob("*.log"), key=lambda path: path.stat().st_mtime)
        lines = [line for path in logs[-2:] for line in path.read_text(errors="replace").splitlines()[-20:]]
        grave = [line for line in lines if "FATAL:" in line or "PANIC:" in line] or lines
        if not grave:
            return ""
        return Sentence(": {line} (more in {folder})", line=grave[-1].strip(), folder=self._log)


def _fetch(cursor: Any, statement: Any, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    cursor.execute(statement, values or None)
    return list(cursor.fetchall()) if cursor.description else []


def _locale() -> list[str]:
    """Code-point order everywhere, which no upgrade of the system's library can change under an index."""
    if sys.platform == "darwin":
        return ["--lc-collate=C", "--lc-ctype=UTF-8", "--lc-messages=C"]
    return ["--locale=C.UTF-8", "--lc-messages=C"]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if "error:" in line or "FATAL:" in line]
    return (told or lines or ["no reason given"])[-1]
