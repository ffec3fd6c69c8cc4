"""The board of the wall: what it costs when a visit has come in, and why visits have no index by day.

`./run bench board [--households N] [--quick] [--fresh]`. A generated county with a visit a household in the year, and a
day of them today (2.7 % of the households), in a cluster of its own; asked as the role that owns nothing.

- first_ms: the first board of a worker: it reads the histogram, and all visits of today
- visit_ms: the next one after a visit (median): one cell is read again; of it `today_ms` for the visits of today alone
- day_ms: all visits of today, which a worker reads once a day; day_with_index_ms: the same with an index by day
- append_ms: 1,000 visits recorded; append_with_index_ms: the same with that index
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text

from bench._ground import COUNTY, ensure_county, finish, options, own_store, say
from gis.access.scope import ALL
from gis.board.content import Board
from gis.board.gather import Question, gather
from gis.board.today import DayVisits
from gis.households.coverage import today_in
from gis.households.figures import Figures
from gis.households.visits import Outcome, Purpose, Visit, record_visits
from gis.storage.engine import Store, as_service
from gis.storage.queries import query

BATCH = 1_000


def main() -> None:
    chosen = options(__doc__ or "", households=1_000_000, quick=60_000)
    repeats = 5 if chosen.quick else 15
    with own_store(f"board-{chosen.households}", fresh=chosen.fresh) as (store, _):
        ensure_county(store, chosen.households, 1.0)
        homes = codes(store)
        fill_today(store, homes, round(0.027 * chosen.households))
        with as_service(store) as service:
            figures = asked(store, service, homes, repeats)
        figures |= appended(store, homes, repeats)
    finish("board", figures)


def codes(store: Store) -> list[str]:
    with store.read() as conn:
        found = conn.execute(text("SELECT code FROM everycell.household WHERE status = 'active' ORDER BY code"))
        return list(found.scalars())


def visits(homes: list[str], number: int) -> list[Visit]:
    at = datetime.now(UTC) - timedelta(seconds=1)
    outcomes = (Outcome.reached, Outcome.reached, Outcome.no_answer)
    return [
        Visit(uuid4(), home, at, outcomes[n % 3], "T01", Purpose.routine)
        for n, home in enumerate(random.sample(homes, number))
    ]


def fill_today(store: Store, homes: list[str], wanted: int) -> None:
    with store.read() as conn:
        there = conn.execute(
            text("SELECT count(*) FROM everycell.visit WHERE county = :county AND visited_on = :day"),
            {"county": COUNTY, "day": today_in(store.settings)},
        ).scalar_one()
    for _ in range(0, wanted - there, BATCH):
        with store.begin() as conn:
            record_visits(conn, visits(homes, BATCH), store.settings)
    with store.begin() as conn:
        conn.execute(text("ANALYZE everycell.visit"))
    say(f"{max(wanted, there):,} visits today")


def asked(store: Store, service: Store, homes: list[str], repeats: int) -> dict[str, float]:
    figures, today, other = Figures(), DayVisits(store.settings.timezone), DayVisits(store.settings.timezone)
    day = today_in(store.settings)

    def board() -> Board:
        with service.read(ALL.settings()) as conn:
            return gather(
                conn,
                Question(None, None, ("",), [COUNTY], datetime.now(store.settings.zone)),
                lambda since: {COUNTY: figures.county(conn, COUNTY, time.monotonic(), since, day, by_day=True)},
                lambda parts: [today.county(conn, COUNTY, parts[COUNTY].revisions, day)],
                store.settings,
            )

    def visits_alone() -> float:
        with service.read(ALL.settings()) as conn:
            revisions = figures.county(conn, COUNTY, time.monotonic(), day, day).revisions
            return spent(lambda: other.county(conn, COUNTY, revisions, day))

    first = spent(board)
    visits_alone()
    after, alone = [], []
    for _ in range(repeats):
        with store.begin() as conn:
            record_visits(conn, visits(homes, 1), store.settings)
        after.append(spent(board))
        alone.append(visits_alone())
    with service.read(ALL.settings()) as conn:
        whole = [spent(lambda: read_day(store, conn)) for _ in range(repeats)]
    with with_index(store), service.read(ALL.settings()) as conn:
        bare = [spent(lambda: read_day(store, conn)) for _ in range(repeats)]
    ways = {"visit_ms": after, "today_ms": alone, "day_ms": whole, "day_with_index_ms": bare}
    return {"first_ms": 1000 * first} | {name: 1000 * statistics.median(seconds) for name, seconds in ways.items()}


def read_day(store: Store, conn: Connection) -> None:
    values: dict[str, Any] = {"county": COUNTY, "day": today_in(store.settings), "zone": store.settings.timezone}
    conn.execute(query("board/visits_of_day"), {**values, "cells": None}).all()


def appended(store: Store, homes: list[str], repeats: int) -> dict[str, float]:
    def append() -> None:
        with store.begin() as conn:
            assert record_visits(conn, batch, store.settings).accepted == BATCH

    found: dict[str, list[float]] = {"append_ms": [], "append_with_index_ms": []}
    for _ in range(repeats):
        batch = visits(homes, BATCH)
        found["append_ms"].append(spent(append))
        with with_index(store):
            batch = visits(homes, BATCH)
            found["append_with_index_ms"].append(spent(append))
    return {name: 1000 * statistics.median(seconds) for name, seconds in found.items()}


@contextmanager
def with_index(store: Store) -> Iterator[None]:
    """For a while the database has an index of visits by day."""
    with store.begin() as conn:
        conn.execute(text("CREATE INDEX ix_visit_on ON everycell.visit (county, visited_on)"))
    yield
    with store.begin() as conn:
        conn.execute(text("DROP INDEX everycell.ix_visit_on"))


def spent(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
