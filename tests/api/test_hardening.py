"""What holds for every answer and every request: headers, limits of size and time, nothing of the inside told.

The limits are tried on a small application of its own, served for real, with limits that a test can wait for.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import httpx
import pytest
import uvicorn
from fastapi import Body, Request
from fastapi.routing import APIRoute
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api import changesets, households, problems
from api.features import edit_routes
from api.hardening import HardenedApp, Hardening, Limits, with_defaults
from api.problems import PROBLEMS
from api.server import address_of, listen
from api.slow_clients import PatientProtocol
from api.streams import streamed

LIMITS = Limits(
    address_bytes=500,
    header_bytes=2_000,
    headers=30,
    body_bytes=2_000,
    bodies={"/large": 2**20},
    body_s=0.5,
    body_bytes_per_s=1_000,
    answer_s=1.5,
    stalled_s=0.5,
)
_PIECE = b"x" * 2**18


class Trial(HardenedApp):
    """An application with a route for each thing that can go wrong."""

    limits = LIMITS

    def __init__(self) -> None:
        super().__init__()
        self.gone_on = threading.Event()
        self.released = threading.Event()
        self.ended = threading.Event()
        problems.install(self)
        self.add_api_route("/read", self.read, methods=["POST"])
        self.add_api_route("/large", self.read, methods=["POST"])
        self.add_api_route("/parsed", self.parsed, methods=["POST"])
        self.add_api_route("/own", self.own)
        self.add_api_route("/fails", self.fails)
        self.add_api_route("/breaks", self.breaks)
        self.add_api_route("/slow", self.slow)
        self.add_api_route("/endless", self.endless)

    async def read(self, request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def parsed(self, value: Annotated[list[int], Body()]) -> Response:
        return PlainTextResponse(str(sum(value)))

    async def own(self, request: Request) -> Response:
        status = int(request.query_params.get("status", "200"))
        headers = {"Content-Security-Policy": "default-src 'self'", "Cache-Control": "public"}
        return Response(b"" if status == 304 else b"{}", status, headers)

    async def fails(self) -> Response:
        raise KeyError("a secret of the inside")

    async def breaks(self) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"begun"
            raise KeyError("a secret of the inside")

        return StreamingResponse(pieces())

    def slow(self) -> Response:
        self.gone_on.wait(20)
        self.ended.set()
        return PlainTextResponse("late")

    async def endless(self) -> Response:
        def pieces() -> Generator[bytes]:
            try:
                while True:
                    yield _PIECE
            finally:
                self.ended.set()

        return streamed(pieces(), "text/plain", {})


@contextmanager
def running(app: Trial, **options: Any) -> Iterator[httpx.Client]:
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=5, **options))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        with httpx.Client(base_url=address_of(listener), timeout=20) as client:
            yield client
    finally:
        app.gone_on.set()
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with running(Trial()) as found:
        yield found


def told(answer: httpx.Response, slug: str) -> dict[str, Any]:
    """The problem of an answer, which must be of this kind and carry the headers."""
    assert answer.status_code == PROBLEMS[slug].status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    members: dict[str, Any] = answer.json()
    assert members["type"] == f"urn:everycell:problem:{slug}"
    return members


def test_answers_get_the_headers_they_lack(client: httpx.Client) -> None:
    headers = client.post("/read", content=b"abc").headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "cross-origin-opener-policy" not in headers  # a browser takes it over https only
    assert "strict-transport-security" not in headers


def test_what_an_answer_brings_itself_is_left(client: httpx.Client) -> None:
    headers = client.get("/own").headers
    assert headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert headers.get_list("cache-control") == ["public"]
    assert headers["x-content-type-options"] == "nosniff"


def test_a_304_changes_no_headers_of_the_copy(client: httpx.Client) -> None:
    assert "permissions-policy" not in client.get("/own?status=304").headers


def test_only_https_is_told_to_stay_https() -> None:
    names = [name for name, _ in with_defaults(200, [], https=True)]
    assert {b"strict-transport-security", b"cross-origin-opener-policy"} <= set(names)
    assert b"strict-transport-security" not in [name for name, _ in with_defaults(200, [], https=False)]


def test_an_address_too_long_is_414(client: httpx.Client) -> None:
    assert client.get("/own?status=" + "0" * (500 - len("/ownstatus=") - 3) + "200").status_code == 200
    assert told(client.get("/own?q=" + "x" * 500), "address-too-long")["field"] == "address"
    told(client.get("/" + "x" * 500), "address-too-long")


def test_headers_too_large_are_431(client: httpx.Client) -> None:
    told(client.get("/own", headers={"X-Long": "x" * 2_000}), "headers-too-large")
    told(client.get("/own", headers={f"X-{n}": "1" for n in range(30)}), "headers-too-large")


@pytest.mark.parametrize("path", ["/read", "/parsed", "/nowhere"])
def test_a_body_announced_too_large_is_413(client: httpx.Client, path: str) -> None:
    members = told(client.post(path, content=b"1" * 2_001), "too-large")
    assert members["detail"] == "body: is larger than 1 kB; send it in parts"
    assert client.post("/read", content=b"1" * 2_000).text == "2000"


@pytest.mark.parametrize("path", ["/read", "/parsed"])
def test_a_body_that_turns_out_too_large_is_413(client: httpx.Client, path: str) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"1" * 500 for _ in range(5))

    told(client.post(path, content=pieces()), "too-large")


def test_a_path_may_take_larger_bodies(client: httpx.Client) -> None:
    assert client.post("/large", content=b"1" * 2**20).text == str(2**20)
    assert told(client.post("/large", content=b"1" * (2**20 + 1)), "too-large")["detail"].startswith(
        "body: is larger than 1 MB"
    )


def dripped(client: httpx.Client, path: str, pieces: int, size: int, pause_s: float, *more: str) -> tuple[str, float]:
    """What a client is told, and after how long, that announces 2,000 bytes and sends them in pieces."""
    address = (client.base_url.host, client.base_url.port or 80)
    begun = time.monotonic()
    with socket.create_connection(address, timeout=20) as connection:
        announced = ("Host: x", "Content-Type: application/json", "Content-Length: 2000", *more)
        head = "\r\n".join((f"POST {path} HTTP/1.1", *announced, "", ""))
        connection.sendall(head.encode())
        connection.settimeout(pause_s)
        received = b""
        for _ in range(pieces):
            connection.sendall(b"1" * size)
            try:
                received = connection.recv(65_536)
                break
            except TimeoutError:
                continue
        connection.settimeout(20)
        with suppress(ConnectionResetError):  # a piece that came when it was closed already
            while more := connection.recv(65_536):
                received += more
        return received.decode(), time.monotonic() - begun


@pytest.mark.parametrize("path", ["/read", "/parsed"])
def test_a_body_that_drips_is_408_and_the_connection_is_closed(client: httpx.Client, path: str) -> None:
    answer, took = dripped(client, path, 200, 10, 0.05)
    assert answer.startswith("HTTP/1.1 408 ")
    assert "urn:everycell:problem:too-slow" in answer
    assert "connection: close" in answer
    assert took < 3


def test_a_slow_body_that_comes_fast_enough_is_taken(client: httpx.Client) -> None:
    answer, took = dripped(client, "/read", 4, 500, 0.2, "Connection: close")
    assert answer.startswith("HTTP/1.1 200 ")
    assert answer.endswith("2000")
    assert took > LIMITS.body_s


def test_an_answer_that_does_not_begin_in_time_is_503() -> None:
    app = Trial()
    with running(app) as client:
        begun = time.monotonic()
        answer = client.get("/slow")
        assert 1 < time.monotonic() - begun < 10
        assert told(answer, "busy")["detail"] == "the answer took longer than 1.5 s: ask for less, or again later"
        assert answer.headers["retry-after"]
        assert not app.ended.is_set()
        app.gone_on.set()
        assert app.ended.wait(5)
        assert client.get("/own").status_code == 200  # the connection can still be used


def test_a_client_that_does_not_read_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    app = Trial()
    with running(app) as client, caplog.at_level(logging.WARNING, "api.hardening"):
        with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=20) as connection:
            connection.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            assert app.ended.wait(10)
        assert client.get("/own").status_code == 200
    assert "GET /endless: the client read nothing for 0.5 s" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_client_that_reads_is_not(client: httpx.Client) -> None:
    begun, read = time.monotonic(), 0
    with client.stream("GET", "/endless") as answer:
        for piece in answer.iter_raw():
            read += len(piece)
            if time.monotonic() - begun > 3 * LIMITS.stalled_s:
                break
    assert read > len(_PIECE)


def test_an_unforeseen_error_tells_nothing(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/fails")
    assert told(answer, "internal")["reference"] in caplog.text
    assert "secret" not in answer.text
    assert "KeyError" not in answer.text


def test_an_error_of_the_outermost_application_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Trial):
        def build_middleware_stack(self) -> ASGIApp:
            async def broken(scope: Scope, receive: Receive, send: Send) -> None:
                raise ZeroDivisionError("a secret of the inside")

            return Hardening(broken, LIMITS)

    with running(Broken(), lifespan="off") as client:
        answer = client.get("/own")
        assert told(answer, "internal")["reference"] in caplog.text
        assert "secret" not in answer.text


def test_an_answer_that_breaks_is_not_taken_for_whole(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/breaks")


def test_limits_name_routes_that_are_there() -> None:
    posted = {
        route.path
        for part in (households, changesets, edit_routes)
        for route in part.router.routes
        if isinstance(route, APIRoute) and "POST" in route.methods
    }
    for path in Limits().bodies:
        assert any(route.startswith(path.removesuffix("*")) for route in posted), path


class Impatient(PatientProtocol):
    head_s = 0.5


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"", False),
        (b"GET /own HTTP/1.1\r\nHost: x\r\nX-Slow: ", False),
        (b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n", True),
    ],
)
def test_a_client_that_sends_no_whole_request_is_let_go(sent: bytes, answered: bool) -> None:
    with running(Trial(), http=Impatient) as client:
        begun = time.monotonic()
        with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=20) as connection:
            connection.sendall(sent)
            connection.settimeout(0.1)
            received = read_while(connection, b"x")
        assert Impatient.head_s <= time.monotonic() - begun < 5
        assert received.startswith(b"HTTP/1.1 404 ") if answered else received == b""
        assert client.get("/own").status_code == 200


def read_while(connection: socket.socket, drip: bytes) -> bytes:
    """What a client receives until the server closes the connection, who sends another byte ten times a second."""
    received = b""
    while True:
        try:
            more = connection.recv(65_536)
            if not more:
                return received
            received += more
        except TimeoutError:
            try:
                connection.sendall(drip)
            except OSError:
                return received
        except ConnectionResetError:
            return received


def test_a_client_that_is_only_slow_to_ask_again_is_not() -> None:
    with running(Trial(), http=Impatient) as patient:
        for _ in range(3):
            assert patient.get("/own").status_code == 200
            assert patient.post("/read", content=b"1" * 2_000).text == "2000"
        answer, took = dripped(patient, "/read", 4, 500, 0.2, "Connection: close")
        assert answer.endswith("2000")
        assert took > Impatient.head_s
