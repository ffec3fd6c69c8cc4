"""A network between a browser and the service that a test can cut: what is sent then arrives when it is mended."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Passes bytes on, from its `port` to another one of this machine, as long as it is whole."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._whole = threading.Event()
        self._whole.set()
        self._over = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listener]
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing arrives, and nobody is told: as when a cable is drawn."""
        self._whole.clear()

    def mend(self) -> None:
        """All goes on, with what was sent meanwhile."""
        self._whole.set()

    def close(self) -> None:
        """End all connections."""
        self._over = True
        self._whole.set()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while not self._over:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            self._whole.wait()
            try:
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                client.close()  # nobody listens there
                continue
            self._sockets += [client, server]
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, giver: socket.socket, taker: socket.socket) -> None:
        with suppress(OSError):
            while piece := giver.recv(65_536):
                self._whole.wait()
                taker.sendall(piece)
        for each in (giver, taker):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def network(address: str) -> Iterator[tuple[Proxy, str]]:
    """A network to the service at `address`, and the address at which a browser finds it."""
    made = Proxy(int(address.rpartition(":")[2]))
    yield made, f"http://127.0.0.1:{made.port}"
    made.close()
