"""The service over HTTP: kept answers with and without the raw layer, answers made anew, visits.

`./run bench http [--households N] [--quick] [--fresh]`. A generated county in a cluster of its own, served by one
process as the role that owns nothing; four connections, signed in by a token, ask as fast as they are answered.

- kept_per_s, unchanged_per_s: a doorplate tile from memory, and 304 for it; `_routed`: the same without the raw layer
- *_ms: the median time of an answer that is made anew (a visit in its cell makes it stale before each question): the
  doorplate tile with the most doors, the cells of the whole county, a page of 1,000 households, every cell as
  GeoJSON, coverage of every cell, a search by address, one visit recorded
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import uvicorn
from sqlalchemy import text

from api.app import create_app
from api.server import listen
from api.shortcut import Shortcut
from api.slow_clients import PatientProtocol
from bench._ground import COUNTY, ensure_county, finish, options, own_store, say
from gis.access.scope import EVERYWHERE, Grant, Role
from gis.access.tokens import new_token
from gis.households.coverage import today_in
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, open_service

CONNECTIONS = 4
GZIP = "Accept-Encoding: gzip\r\n"


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], routed=sys.argv[3] == "routed")
        return
    chosen = options(__doc__ or "", households=1_000_000, quick=60_000)
    seconds, repeats = (0.5, 7) if chosen.quick else (1.0, 15)
    with own_store(f"http-{chosen.households}", fresh=chosen.fresh) as (store, home):
        ensure_county(store, chosen.households, 1.0)
        path, households, address = places(store)
        signed = {"Authorization": f"Bearer {token_of(store)}"}
        with serving(home, routed=False) as whole, serving(home, routed=True) as routed:
            figures = kept({"": whole, "_routed": routed}, path, signed, seconds, repeats)
            figures |= made_anew(whole, signed, path, households, address, repeats)
    for what in ("kept", "unchanged"):
        figures[f"{what}_vs_routed"] = figures[f"{what}_per_s"] / figures[f"{what}_per_s_routed"]
    finish("http", figures)


def serve(url: str, *, routed: bool) -> None:
    """The child: one process that serves a store, `routed` without the raw layer in front of the routes."""
    with open_service(Settings(database_url=None, service_database_url=url)) as store:
        app = create_app(store)
        if routed:
            app.user_middleware[:] = [layer for layer in app.user_middleware if cast(object, layer.cls) is not Shortcut]
        listener = listen("127.0.0.1", 0)
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app, log_level="warning", access_log=False, http=PatientProtocol)
        uvicorn.Server(config).run([listener])


def token_of(store: Store) -> str:
    """A token that may do everything everywhere, for the time of the benchmark."""
    with store.begin() as conn:
        grant = Grant(Role.admin, EVERYWHERE)
        return new_token(conn, "bench", grant, datetime.now(UTC) + timedelta(days=1))


@contextmanager
def serving(home: Path, *, routed: bool) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.http", "--serve", Cluster(home).app_url, "routed" if routed else "whole"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment())
    assert child.stdout is not None
    try:
        base = child.stdout.readline().strip()
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if httpx.get(f"{base}/readyz", timeout=60).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield base
    finally:
        child.terminate()
        child.wait()


def _environment() -> dict[str, str]:
    """Of the child: the store is the benchmark's own, whatever DATABASE_URL says."""
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}


def places(store: Store) -> tuple[str, list[str], str]:
    """The path of the zoom-15 tile with the most doors, households in it that nobody was at today, and an address."""
    with store.read() as conn:
        rows = conn.execute(
            text(
                "WITH d AS (SELECT id, address, floor((ST_X(geom) + 180) / 360 * 32768)::int AS x,"
                " floor((0.5 - asinh(tand(ST_Y(geom))) / (2 * pi())) * 32768)::int AS y"
                " FROM everycell.doorplate WHERE county = :county AND households > 0),"
                " busiest AS (SELECT x, y FROM d GROUP BY x, y ORDER BY count(*) DESC LIMIT 1)"
                " SELECT d.x, d.y, h.code, d.address FROM busiest JOIN d USING (x, y)"
                " JOIN everycell.household h ON h.county = :county AND h.doorplate = d.id"
                " WHERE h.last_contact_on IS NULL OR h.last_contact_on < :today ORDER BY h.code LIMIT 500"
            ),
            {"county": COUNTY, "today": today_in(store.settings)},
        ).all()
    path = f"/collections/doorplates/tiles/WebMercatorQuad/15/{rows[0].y}/{rows[0].x}?since=2026-01-01"
    return path, [row.code for row in rows], rows[0].address


def kept(bases: dict[str, str], path: str, signed: dict[str, str], seconds: float, repeats: int) -> dict[str, float]:
    """Answers a second from memory, and 304; of each service in turn, the medians."""
    say(f"{path}: {len(httpx.get(bases[''] + path, headers=signed).raise_for_status().content):,} bytes")
    asking = "".join(f"{name}: {value}\r\n" for name, value in signed.items()) + GZIP
    found: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, base in bases.items():
            etag = httpx.get(base + path, headers=signed).headers["etag"]
            conditional = f"{asking}If-None-Match: {etag}\r\n"
            for what, headers, status in (("kept", asking, 200), ("unchanged", conditional, 304)):
                rate = asyncio.run(hammer(base, path, headers, status, seconds))
                found.setdefault(f"{what}_per_s{name}", []).append(rate)
    return {name: statistics.median(rates) for name, rates in found.items()}


async def hammer(base: str, path: str, headers: str, status: int, seconds: float) -> float:
    """Answers a second over a few connections, each asking again as soon as it is answered. All have this status."""
    host, port = base.removeprefix("http://").split(":")
    wanted = b"HTTP/1.1 %d" % status
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{headers}\r\n".encode()
    until = time.perf_counter() + seconds

    async def ask() -> int:
        reader, writer = await asyncio.open_connection(host, int(port))
        answered = 0
        while time.perf_counter() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(wanted), head
            length = next(
                (line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), b"0"
            )
            if status != 304:
                await reader.readexactly(int(length))
            answered += 1
        writer.close()
        return answered

    return sum(await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))) / seconds


def made_anew(
    base: str, signed: dict[str, str], path: str, households: list[str], address: str, repeats: int
) -> dict[str, float]:
    """Milliseconds of answers that a visit has just made stale."""
    with httpx.Client(base_url=base, headers=signed, timeout=60) as client:

        def visit() -> httpx.Response:
            return client.post("/visits", json=[visit_of(households.pop())])

        asked: dict[str, Any] = {
            "door_tile_ms": lambda: client.get(path),
            "cells_tile_ms": lambda: client.get(cells_tile(path)),
            "households_1000_ms": lambda: client.get(f"/collections/households/items?limit=1000&area={COUNTY:06}"),
            "all_cells_geojson_ms": lambda: client.get("/collections/cells/items?limit=10000"),
            "coverage_cells_ms": lambda: client.get("/coverage?level=cell&since=2026-08-01"),
            "search_address_ms": lambda: client.get("/search", params={"q": address}),
        }
        client.get("/coverage?level=cell")
        found: dict[str, list[float]] = {name: [] for name in (*asked, "visit_ms")}
        for round_ in range(repeats + 1):
            for name, ask in asked.items():
                recorded = timed(visit)
                taken = timed(ask)
                if round_:
                    found["visit_ms"].append(recorded)
                    found[name].append(taken)
    return {name: statistics.median(times) for name, times in found.items()}


def timed(ask: Any) -> float:
    begun = time.perf_counter()
    answer: httpx.Response = ask()
    taken = (time.perf_counter() - begun) * 1_000
    assert answer.status_code == 200, answer.text
    return taken


def cells_tile(path: str) -> str:
    """The zoom-10 tile of cells around a zoom-15 tile."""
    row, column = path.partition("?")[0].rsplit("/", 2)[1:]
    return f"/collections/cells/tiles/WebMercatorQuad/10/{int(row) // 32}/{int(column) // 32}"


def visit_of(household: str) -> dict[str, str]:
    return {
        "id": str(uuid4()),
        "household": household,
        "visited_at": datetime.now(UTC).isoformat(),
        "outcome": "reached",
        "team": "T01",
        "purpose": "routine",
    }


if __name__ == "__main__":
    main()
