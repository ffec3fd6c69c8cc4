"""Running the service: a socket, uvicorn, and an end that is clean.

`run_server` serves an open store from this process; `run_workers` starts several processes that each open the store of
the environment's settings.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, Final
from urllib.request import urlopen

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from api.app import create_app
from api.slow_clients import PatientProtocol
from api.tls import Certificate, own_client
from gis.errors import BadInput, StorageError
from gis.reasons import reason_of
from gis.settings import settings
from gis.storage.engine import Store, open_service

_PORTS: Final = 100  # how many ports after the wanted one are tried
_GRACE_S: Final = 5
_AFTER_FAILURE_S: Final = 2.0


class _Server(uvicorn.Server):
    """Tells when it answers, and ends on SIGTERM and Ctrl-C without passing the signal on: the caller goes on."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.handle_exit(number, frame)


def run_server(
    store: Store,
    host: str,
    port: int,
    *,
    on_ready: Callable[[str], None],
    next_free: bool = False,
    certificate: Certificate | None = None,
) -> None:
    """Serve a store of the service's role until SIGTERM or Ctrl-C, then return. `on_ready` gets the address once it
    answers.

    With a certificate it speaks https only. With `next_free` a port that is taken is passed over. Raises BadInput where
    it cannot listen.
    """
    listener = listen(host, port, next_free=next_free)
    try:
        address = address_of(listener, certificate)
        config = uvicorn.Config(create_app(store), **_options(certificate))
        server = _Server(config, lambda: on_ready(address))
        server.run([listener])
    finally:
        listener.close()


def listen(host: str, port: int, *, next_free: bool = False) -> socket.socket:
    """A listening socket. Raises BadInput naming --port or --host where there is none to be had."""
    last = min(port + (_PORTS if next_free and port else 0), 65535)
    for candidate in range(port, last + 1):
        try:
            return _bound(host, candidate)
        except OSError as error:
            reason = reason_of(error)
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise BadInput(
                    "--host: {host!r} is no address of this machine: {reason}", host=host, reason=reason, field="--host"
                ) from None
    raise BadInput(
        "--port: cannot listen on {host} port {port}: {reason}", host=host, port=port, reason=reason, field="--port"
    )


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it. Without it the end of an answer waits for the client's delayed ACK: 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket, certificate: Certificate | None = None) -> str:
    """The address a browser on this machine opens."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"{'https' if certificate else 'http'}://{shown}:{port}"


_OPTIONS: Final[dict[str, Any]] = {
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": _GRACE_S,
    # A worker that does not answer its supervisor for so long is replaced; on a busy machine its start takes a while.
    "timeout_worker_healthcheck": 60,
    "lifespan": "on",
    "http": PatientProtocol,
}


def _options(certificate: Certificate | None) -> dict[str, Any]:
    return _OPTIONS | certificate.options() if certificate else _OPTIONS


def run_workers(
    host: str, port: int, workers: int, *, on_ready: Callable[[str], None], certificate: Certificate | None = None
) -> None:
    """Serve the store of the environment from several processes until SIGTERM or Ctrl-C, then return.

    The caller has opened (and migrated) that store and keeps it open. A worker that dies is replaced. What one worker
    has written the others hear of by NOTIFY, some milliseconds later.
    """
    listener = listen(host, port)
    try:
        address = address_of(listener, certificate)
        config = uvicorn.Config("api.server:worker_app", factory=True, workers=workers, **_options(certificate))
        supervisor = _Supervisor(config, [listener])
        waiting = threading.Thread(target=_tell_when_ready, args=(supervisor, address, on_ready), daemon=True)
        waiting.start()
        supervisor.run()
        waiting.join()
        if supervisor.failed:
            raise StorageError("the service does not start: what its process said stands above")
    finally:
        listener.close()


class _Supervisor(Multiprocess):
    """Ends where a worker cannot start, as uvicorn's does, until the service has answered once. After that it is no
    fault of the program but something that passes, such as a lost database: the worker is replaced, and all others go
    on."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.answered = self.failed = False

    def keep_subprocess_alive(self) -> None:
        for place, worker in enumerate(self.processes):
            if self.should_exit.is_set() or worker.is_alive(self.config.timeout_worker_healthcheck):
                continue
            worker.kill()
            worker.join()
            if worker.exitcode == STARTUP_FAILURE:
                if not self.answered:
                    self.failed = True
                    self.should_exit.set()
                    return
                self.should_exit.wait(_AFTER_FAILURE_S)
            self.processes[place] = Process(self.config, self.sockets)
            self.processes[place].start()


def _tell_when_ready(supervisor: _Supervisor, address: str, on_ready: Callable[[str], None]) -> None:
    context = own_client() if address.startswith("https:") else None
    while not supervisor.should_exit.wait(0.1):
        try:
            with urlopen(f"{address}/readyz", timeout=5, context=context) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    supervisor.answered = True
                    on_ready(address)
                    return
        except OSError:
            continue


def worker_app() -> FastAPI:
    """The application of one worker process. It opens the store of the environment, and closes it at its end. It ends
    with its supervisor, also where that was killed: nobody else would end it, and it would keep the port."""
    supervisor = parent_process()
    if supervisor is not None:
        threading.Thread(target=_end_after, args=(supervisor,), daemon=True).start()
    opened = ExitStack()
    store = opened.enter_context(open_service(settings()))
    return create_app(store, on_close=opened.close)


def _end_after(supervisor: BaseProcess) -> None:
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)
