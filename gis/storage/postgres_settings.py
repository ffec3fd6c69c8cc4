"""The settings of the private PostgreSQL, as the text of its configuration file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

PORT: Final = 5432  # only a part of the socket's name: nothing listens on TCP
_MB: Final = 1024 * 1024
_GB: Final = 1024 * _MB

_TEMPLATE: Final = """\
# Written by everycell at every start. Your own settings belong into local.conf beside this file.
listen_addresses = ''
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100

# Nothing that was acknowledged is lost.
fsync = on
full_page_writes = on
synchronous_commit = on
max_wal_size = 2GB
checkpoint_timeout = 15min

shared_buffers = {shared_buffers}MB
effective_cache_size = {effective_cache_size}MB
maintenance_work_mem = {maintenance_work_mem}MB
work_mem = 16MB
dynamic_shared_memory_type = {dynamic_shared_memory_type}
random_page_cost = 1.1
jit = off

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'

logging_collector = on
log_directory = '{logs}'
log_filename = 'postgresql-%a.log'
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
log_line_prefix = '%m [%p] '
log_lock_waits = on
# A refused statement can carry what a file should never have contained: its text, its parameters and the row it
# failed on stay out of the log.
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length_on_error = 0
"""


def configuration(sockets: str, logs: str) -> str:
    """The configuration file: folders of the socket and the logs as the server sees them, memory by the machine's."""
    memory = _physical_memory()
    return _TEMPLATE.format(
        port=PORT,
        sockets=_quoted(sockets),
        logs=_quoted(logs),
        shared_buffers=_between(memory // 8, 64 * _MB, 4 * _GB) // _MB,
        effective_cache_size=_between(memory // 2, 256 * _MB, 64 * _GB) // _MB,
        maintenance_work_mem=_between(memory // 32, 64 * _MB, 512 * _MB) // _MB,
        dynamic_shared_memory_type=_dynamic_shared_memory(),
    )


def _quoted(value: str) -> str:
    return value.replace("'", "''")


def _between(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def _physical_memory() -> int:
    """Bytes of memory this process may use: the machine's, or its control group's where that is less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        if limit.is_file() and (text := limit.read_text().strip()).isdigit():
            memory = min(memory, int(text))
    return memory


def _dynamic_shared_memory() -> str:
    """`posix`, except where /dev/shm is closed or as small as a container's 64 MB, too small for a parallel join."""
    if not Path("/proc").is_dir():
        return "posix"  # macOS, which has no such folder
    shared = Path("/dev/shm")  # noqa: S108 - only measured
    if not shared.is_dir() or not shared.stat().st_mode & 0o002:
        return "mmap"
    status = os.statvfs(shared)
    return "posix" if status.f_blocks * status.f_frsize >= 512 * _MB else "mmap"
