"""Signing in over HTTP: the service on a real database, and a client that keeps cookies as a browser does."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any

import httpx
import uvicorn

from api.app import create_app
from api.server import address_of, listen
from gis.storage.engine import Store

HTML = {"Accept": "text/html,application/xhtml+xml"}
PASSWORD = "correct horse battery"


def field_told(answer: httpx.Response) -> str:
    """The field that the page of a problem names."""
    found = re.search(r"<details.*?<p>([^:：<]+)[:：]", answer.text, re.DOTALL)
    assert found, answer.text
    return found[1]


@contextmanager
def signing(store: Store) -> Iterator[str]:
    """The address of the service on a store of its own role."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(create_app(store), log_level="critical", lifespan="on", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield address_of(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class Browser:
    """Keeps cookies and follows nothing by itself. Python's own cookie jar would send no Secure cookie to 127.0.0.1."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies: dict[str, str] = {}
        self.client = httpx.Client(base_url=address, timeout=30)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._ask("GET", path, headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        return self._ask("POST", path, headers, data=fields)

    def sign_in(self, login: str = "chen", password: str = PASSWORD, **fields: str) -> httpx.Response:
        return self.post("/login", {"login": login, "password": password, **fields})

    def _ask(self, method: str, path: str, headers: dict[str, str], **kw: Any) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**HTML, **({"Cookie": cookie} if cookie else {}), **named}
        answer = self.client.request(method, path, headers=sent, **kw)
        self.client.cookies.clear()
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
        return answer
