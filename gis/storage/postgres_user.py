"""Who runs PostgreSQL: we ourselves, or, where we are root (which it refuses), an unprivileged user."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gis.errors import StorageError
from gis.reasons import reason_of
from gis.sentence import Sentence

_CANDIDATES = ("postgres", "everycell", "nobody")


@dataclass(frozen=True)
class PostgresUser:
    """The user that owns the cluster's files and runs its programs."""

    uid: int
    gid: int

    @classmethod
    def for_folder(cls, data: Path) -> PostgresUser:
        """The user for the data folder `data`: its owner where it exists, else ourselves or, for root, `postgres`.

        Raises StorageError where the folder is another user's and we are not root.
        """
        if os.geteuid() != 0:
            owner = data.stat().st_uid if data.is_dir() else os.geteuid()
            if owner != os.geteuid():
                raise StorageError(
                    "{folder} belongs to {user}: run everycell as {user} or as root", folder=data, user=_name(owner)
                )
            return cls(os.geteuid(), os.getegid())
        if data.is_dir() and (status := data.stat()).st_uid != 0:
            return cls(status.st_uid, status.st_gid)
        return cls._unprivileged()

    @classmethod
    def _unprivileged(cls) -> PostgresUser:
        for name in _CANDIDATES:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise StorageError(
            "PostgreSQL refuses to run as root and there is no user postgres: add one with `useradd -r postgres`"
        )

    @property
    def is_other(self) -> bool:
        """Whether its programs run as somebody else than we do."""
        return self.uid != os.geteuid()

    def own(self, *paths: Path) -> None:
        """Give the paths (not what they link to) to the user; nothing to do where we are the user."""
        if self.is_other:
            for path in paths:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, folder: Path) -> None:
        """Give the folder and all beneath it to the user."""
        self.own(folder, *folder.rglob("*"))

    def run(
        self, command: Sequence[str], env: Mapping[str, str], *, pass_fds: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the user, in a session of its own so that Ctrl-C in the terminal does not reach it."""
        try:
            return subprocess.run(
                list(command),
                env=dict(env),
                cwd="/",  # ours may be closed to the user
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                start_new_session=True,
                pass_fds=tuple(pass_fds),
                umask=0o077,
                user=self.uid if self.is_other else None,
                group=self.gid if self.is_other else None,
                extra_groups=[] if self.is_other else None,
            )
        except OSError as error:
            who = Sentence(" as user {user}", user=_name(self.uid)) if self.is_other else ""
            raise StorageError(
                "{command} cannot be run{who}: {reason}", command=command[0], who=who, reason=reason_of(error)
            ) from error

    @contextmanager
    def view_of(self, folder: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The path under which the user reaches `folder`, and the file descriptors its programs must inherit for it.

        That is the path itself, except beneath a folder that only root may enter (/root): there the programs inherit
        the opened folder and reach it as /proc/self/fd/N, so that nothing of root's has to be opened to others.
        """
        if not self.is_other or self.run(["test", "-x", str(folder)], os.environ).returncode == 0:
            yield str(folder), ()
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            seen = f"/proc/self/fd/{descriptor}"
            answer = self.run(["test", "-w", seen], os.environ, pass_fds=(descriptor,))
            if answer.returncode != 0:
                raise StorageError(
                    "user {user}, who runs PostgreSQL because root may not, cannot enter {folder}: set"
                    " EVERYCELL_HOME to a folder that is open to it, such as /var/lib/everycell",
                    user=_name(self.uid),
                    folder=folder,
                )
            yield seen, (descriptor,)
        finally:
            os.close(descriptor)


def _name(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name!r}"
    except KeyError:
        return f"number {uid}"
