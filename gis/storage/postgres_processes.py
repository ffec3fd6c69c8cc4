"""Which processes run on a PostgreSQL data folder, found by what they are and not by a number in a file.

A process id in postmaster.pid proves nothing: after a crash or in a container the same number soon belongs to somebody
else. A server process is one whose program is `postgres` and whose working directory *is* the data folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_POLL_S: Final = 0.05
_STATUS_LINE: Final = 7  # of postmaster.pid, counted from 0


def lock_file_pid(path: Path) -> int | None:
    """The process id in the first line of a PostgreSQL lock file; None where there is no such file or number."""
    try:
        first = path.read_text(errors="replace").split("\n", 1)[0].strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return int(first) if first.isdigit() and int(first) > 0 else None


def exists(pid: int) -> bool:
    """Whether any process has this id, also one that has ended and was not yet collected by its parent (a zombie)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs."""
    return exists(pid) and not _is_zombie(pid)


def postmaster_of(data: Path) -> int | None:
    """The id of the server that runs on the data folder, None where none does."""
    pid = lock_file_pid(data / "postmaster.pid")
    return pid if pid is not None and _runs_on(pid, data) else None


def status_of(data: Path) -> str:
    """What the server on the data folder says of itself: starting, ready, stopping. "" where there is none."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""


def servers_on(data: Path) -> list[int]:
    """Every server process on the data folder, also those that outlived their postmaster. Empty without /proc."""
    if not _PROC.is_dir():
        return []
    pids = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
    return sorted(pid for pid in pids if _runs_on(pid, data))


def serves_deleted_folder(pid: int) -> bool:
    """Whether this is a server whose data folder somebody deleted under it."""
    try:
        return _is_postgres(pid) and str((_PROC / str(pid) / "cwd").readlink()).endswith(" (deleted)")
    except OSError:
        return False


def wait_until_gone(pids: Iterable[int], seconds: float) -> list[int]:
    """Wait until the processes have ended; returns those that have not after `seconds`."""
    deadline = time.monotonic() + seconds
    left = [pid for pid in pids if is_alive(pid)]
    while left and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        left = [pid for pid in left if is_alive(pid)]
    return left


def end(pids: Iterable[int], *, patience_s: float) -> list[int]:
    """End server processes: wait, then ask (SIGQUIT), then force (SIGKILL). Returns those that are still there.

    Committed data is safe in each case: the next start recovers from the write-ahead log.
    """
    left = wait_until_gone(pids, patience_s)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for pid in left:
            _send(pid, number)
        left = wait_until_gone(left, 5.0)
    return left


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended by itself in the meantime, which is what we want


def _runs_on(pid: int, data: Path) -> bool:
    if not _PROC.is_dir():
        return is_alive(pid) and _is_postgres(pid)
    try:
        cwd = (_PROC / str(pid) / "cwd").stat()
        folder = data.stat()
    except OSError:
        return False  # gone, a zombie, or another user's: then it is not ours
    return (cwd.st_dev, cwd.st_ino) == (folder.st_dev, folder.st_ino) and _is_postgres(pid)


def _is_postgres(pid: int) -> bool:
    if not _PROC.is_dir():
        answer = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return Path(answer.stdout.strip()).name.startswith("postgres")
    try:
        return (_PROC / str(pid) / "exe").readlink().name.startswith("postgres")
    except OSError:
        return False


def _is_zombie(pid: int) -> bool:
    try:
        state = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[:1] == ["Z"]
