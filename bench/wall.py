"""From the door to the wall: how long after a visit is sent does every open wall show it, and what does that cost?

`./run bench wall [--households N] [--quick] [--fresh]`. A generated county in a cluster of its own, served by one
process. 50 walls listen to `GET /events`; 8 clients record visits one by one, each in cells of its own, so that each
visit is known by the figure that it makes. All of them run on this machine beside the service.

- visit_to_wall_*_s: from the moment a visit is sent to the moment its figure is read, over all visits and walls;
  stalled_*: the same while one more client has stopped to read, until that is reset (stalled_reset: 1, after
  stalled_reset_s)
- post_p50_s: until the visit itself is answered; visits_per_s: how many were sent
- server_mb, server_mb_walls, server_mb_after: memory of the service before any wall, with the walls, at the end
- server_cpu, database_cpu: processors in use while visits are sent (1 is one core)
- missed, doubled: figures that a wall was not told of, events that it was told of twice: must be 0
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import text

from bench._ground import COUNTY, ensure_county, finish, options, own_store, say
from bench.http import token_of, visit_of
from gis.households.coverage import today_in
from gis.storage.cluster import Cluster
from gis.storage.engine import Store

WALLS, CLIENTS = 50, 8
PAUSE_S = 0.25  # of a client between two visits, in the middle
STALLED_S = 300.0  # at most until the one that has stopped is reset


def main() -> None:
    chosen = options(__doc__ or "", households=1_000_000, quick=60_000)
    seconds = 8.0 if chosen.quick else 30.0
    with own_store(f"http-{chosen.households}", fresh=chosen.fresh) as (store, home):
        ensure_county(store, chosen.households, 1.0)
        places, token = places_of(store), token_of(store)
        with serving(home) as (base, pid):
            figures = asyncio.run(
                measure(base, pid, home, token, places, seconds, today_in(store.settings).isoformat())
            )
    finish("wall", figures)


def places_of(store: Store) -> list[tuple[str, list[str]]]:
    """Cells with households that nobody was at today: (cell, households), in no order."""
    with store.read() as conn:
        rows = conn.execute(
            text(
                "SELECT cell, array_agg(code) AS codes FROM everycell.household"
                " WHERE county = :county AND status = 'active' AND coalesce(last_reached_on, '2000-01-01') < :today"
                " GROUP BY cell HAVING count(*) > 20"
            ),
            {"county": COUNTY, "today": today_in(store.settings)},
        ).all()
    places = [(row.cell, list(row.codes)) for row in rows]
    random.Random(7).shuffle(places)
    return places


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, int]]:
    """`everycell serve` as it is, in a process of its own: its address and number."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
        "EVERYCELL_HOME": str(home)
    }
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdout is not None
    try:
        base = next(line.split()[1] for line in child.stdout if line.startswith("ready "))
        yield base, child.pid
    finally:
        child.terminate()
        child.wait()


@dataclass
class Wall:
    """What one wall has been told: the latest figure of each cell, with the time, and the ids of the events."""

    seen: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    last: int = 0
    doubled: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, base: str, token: str, since: str) -> None:
        host, port = base.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=2**24)
        writer.write(asking(host, token, since))
        kind = ""
        try:
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    kind = line[7:].strip().decode()
                elif line.startswith(b"id: "):
                    id = int(line[4:])
                    self.doubled += id <= self.last
                    self.last = max(id, self.last)
                elif line.startswith(b"data: "):
                    if kind == "hello":
                        self.ready.set()
                    elif kind == "coverage":
                        now = time.perf_counter()
                        for code, _known, reached, *_ in json.loads(line[6:])["cells"]:
                            self.seen.setdefault(code, []).append((reached, now))
        finally:
            writer.close()

    def when(self, cell: str, reached: int) -> float | None:
        """When a figure was reached."""
        return next((at for figure, at in self.seen.get(cell, ()) if figure >= reached), None)


def asking(host: str, token: str, since: str) -> bytes:
    head = f"GET /events?since={since} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
    return head.encode()


@dataclass
class Sent:
    """A visit: its cell, how many of it are reached with it, when it was sent and when that was answered."""

    cell: str
    reached: int
    at: float
    answered_at: float


async def measure(
    base: str, pid: int, home: Path, token: str, places: list[tuple[str, list[str]]], seconds: float, today: str
) -> dict[str, float]:
    signed = {"Authorization": f"Bearer {token}"}
    figures = {"server_mb": resident_mb(pid)}
    before = (await ask(base, signed, f"/coverage?level=cell&since={today}"))["areas"]
    reached = {area["code"]: area["reached"] for area in before}
    walls = [Wall() for _ in range(WALLS)]
    listening = [asyncio.create_task(wall.listen(base, token, today)) for wall in walls]
    await asyncio.gather(*(wall.ready.wait() for wall in walls))
    figures["server_mb_walls"] = resident_mb(pid)
    say(f"{WALLS} walls, {CLIENTS} clients, {seconds:g} s")
    clock, used, database = time.perf_counter(), cpu_s([pid]), cpu_s(backends(home))
    sent = await posting(base, signed, places[: len(places) // 2], reached, seconds)
    took = time.perf_counter() - clock
    figures["server_cpu"] = (cpu_s([pid]) - used) / took
    figures["database_cpu"] = (cpu_s(backends(home)) - database) / took
    figures["visits_per_s"] = len(sent) / took
    figures["post_p50_s"] = statistics.median(visit.answered_at - visit.at for visit in sent)
    figures |= await shown(walls, sent, "visit_to_wall")
    say("one more client, which does not read")
    stalled = stall(base, token, today)
    begun, more = time.perf_counter(), []
    while time.perf_counter() - begun < STALLED_S and not is_closed(stalled):
        more += await posting(base, signed, places[len(places) // 2 :], reached, 3.0)
    figures["stalled_reset"] = float(is_closed(stalled))
    figures["stalled_reset_s"] = time.perf_counter() - begun
    stalled.close()
    figures |= await shown(walls, more, "stalled_visit_to_wall")
    figures["server_mb_after"] = resident_mb(pid)
    figures["doubled"] = sum(wall.doubled for wall in walls)
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    figures["missed"] = figures.pop("visit_to_wall_missed") + figures.pop("stalled_visit_to_wall_missed")
    return figures


async def ask(base: str, signed: dict[str, str], path: str) -> dict[str, list[dict[str, object]]]:
    async with httpx.AsyncClient(base_url=base, headers=signed, timeout=60) as client:
        return dict((await client.get(path)).raise_for_status().json())


async def posting(
    base: str, signed: dict[str, str], places: list[tuple[str, list[str]]], reached: dict[str, int], seconds: float
) -> list[Sent]:
    """Visits by all clients for some seconds. `reached` is carried on."""
    until = time.perf_counter() + seconds

    async def client(number: int) -> list[Sent]:
        chance, mine, sent = random.Random(number), places[number::CLIENTS], []
        async with httpx.AsyncClient(base_url=base, headers=signed, timeout=60) as http:
            while time.perf_counter() < until:
                cell, households = chance.choice(mine)
                if not households:
                    continue
                at = time.perf_counter()
                answer = await http.post("/visits", json=[visit_of(households.pop())])
                assert answer.json()["accepted"] == 1, answer.text
                reached[cell] += 1
                sent.append(Sent(cell, reached[cell], at, time.perf_counter()))
                await asyncio.sleep(chance.uniform(0, 2 * PAUSE_S))
        return sent

    return [visit for listed in await asyncio.gather(*map(client, range(CLIENTS))) for visit in listed]


async def shown(walls: list[Wall], sent: list[Sent], what: str) -> dict[str, float]:
    """How long it took, once all has arrived (5 s after the last visit what is missing is missed)."""
    until = time.perf_counter() + 5
    while time.perf_counter() < until and any(
        w.when(s.cell, s.reached) is None for s in sent[-CLIENTS:] for w in walls
    ):
        await asyncio.sleep(0.05)
    times = [(wall.when(visit.cell, visit.reached), visit.at) for visit in sent for wall in walls]
    taken = sorted(at - begun for at, begun in times if at is not None)
    return {
        f"{what}_p50_s": statistics.median(taken),
        f"{what}_p99_s": taken[int(len(taken) * 0.99)],
        f"{what}_missed": float(sum(at is None for at, _ in times)),
    }


def stall(base: str, token: str, since: str) -> socket.socket:
    """A client that asks and never reads."""
    host, port = base.removeprefix("http://").split(":")
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect((host, int(port)))
    made.sendall(asking(host, token, since))
    return made


def is_closed(connected: socket.socket) -> bool:
    """Whether the other side has closed it: then nothing but an end, or a reset, is to be read after what was sent."""
    info = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return info[0] != 1  # 1 is ESTABLISHED


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(float(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def cpu_s(pids: list[int]) -> float:
    """Seconds of the processor that processes have used."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def backends(home: Path) -> list[int]:
    """The processes of PostgreSQL."""
    server = Cluster(home).pid()
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(server)], capture_output=True, text=True, check=True
    ).stdout
    return [*map(int, listed.split())]


if __name__ == "__main__":
    main()
