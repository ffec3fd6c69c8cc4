"""The log of events holds what was committed, once, in the order of the commits, however long a transaction takes."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from gis.access.scope import ALL
from gis.events.log import Event, after, number, standing
from gis.storage.engine import Store, as_service
from tests.gis import world

TODAY = world.TODAY
VILLAGES = [f"990101100{n:03}" for n in range(201, 206)]
PLAN = text(
    "SELECT everycell.emit(990101, 'patrols', jsonb_build_object('plans', jsonb_build_array(CAST(:id AS text)),"
    " 'areas', jsonb_build_array(CAST(:area AS text))))"
)


@pytest.fixture
def app(store: Store) -> Iterator[Store]:
    with as_service(store) as service:
        yield service


def tell(conn: Connection, chance: random.Random) -> str:
    """News of a plan that does not exist: its id is what is looked for in the log."""
    id = str(uuid4())
    conn.execute(PLAN, {"id": id, "area": chance.choice(VILLAGES)})
    return id


def one_pass(app: Store, today: date = TODAY) -> float:
    with app.begin() as conn:
        return number(conn, 0.0, today)


def read(app: Store, position: int, most: int = 1_000) -> list[Event]:
    with app.read(ALL.settings()) as conn:
        return after(conn, position, most)


def ids(events: list[Event]) -> list[str]:
    return [id for event in events if event.kind == "patrols" for id in event.payload["plans"]]


def begin(app: Store) -> int:
    with app.read() as conn:
        return standing(conn).last


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_doubled_or_out_of_order(store: Store, app: Store, seed: int) -> None:
    """Writers whose transactions begin and end in any order, one of them open all the time; passes whenever; readers
    that stop anywhere and follow on from there."""
    chance = random.Random(seed)
    start = seen = begin(app)
    committed: list[set[str]] = [set()]  # before each pass
    found: list[str] = []
    with ExitStack() as stack:
        long = stack.enter_context(store.engine.connect())
        late = {tell(long, chance) for _ in range(3)}
        open_: dict[Connection, set[str]] = {}
        for _ in range(150):
            step = chance.random()
            if step < 0.35:
                again = len(open_) > 7 or (open_ and chance.random() < 0.5)
                conn = chance.choice([*open_]) if again else store.engine.connect()
                stack.callback(conn.close)
                open_.setdefault(conn, set()).add(tell(conn, chance))
            elif step < 0.6 and open_:
                conn = chance.choice([*open_])
                if chance.random() < 0.8:
                    conn.commit()
                    committed[-1] |= open_[conn]
                else:
                    conn.rollback()
                conn.close()
                del open_[conn]
            elif step < 0.8:
                assert one_pass(app) == 0
                committed.append(set())
            else:
                news = read(app, seen, chance.choice([1, 2, 1_000]))
                found += ids(news)
                seen = news[-1].position if news else seen
        assert one_pass(app) == 0
        assert set(ids(read(app, start))) == set().union(*committed), "all but what is still open, at once"
        long.commit()
        committed += [late]
        assert one_pass(app) == 0
    found += ids(read(app, seen))
    assert len(found) == len(set(found))
    assert set(found) == set().union(*committed)
    place = {id: n for n, ids_ in enumerate(committed) for id in ids_}
    assert [place[id] for id in found] == sorted(place[id] for id in found), "in the order of the commits"
    # From any position of it the rest follows, the same for everybody.
    whole = read(app, start)
    for event in chance.sample(whole, 5):
        with app.read() as conn:
            assert standing(conn, event.position).known
        assert read(app, event.position) == [each for each in whole if each.position > event.position]


def test_writers_and_workers_at_the_same_time(store: Store, app: Store) -> None:
    start, told, over = begin(app), [], threading.Event()
    numbered = [0, 0]

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(40):
            with store.begin() as conn:
                mine = [tell(conn, chance) for _ in range(chance.randrange(1, 4))]
                conn.execute(text("SELECT pg_sleep(:s)"), {"s": chance.choice([0, 0, 0.01])})
            told.extend(mine)

    def work(which: int) -> None:
        while not over.is_set():
            numbered[which] += one_pass(app) == 0

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    workers = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    found: list[str] = []
    seen = start
    for thread in [*writers, *workers]:
        thread.start()
    while any(thread.is_alive() for thread in writers):
        news = read(app, seen, 7)
        found += ids(news)
        seen = news[-1].position if news else seen
    for thread in writers:
        thread.join()
    over.set()
    for thread in workers:
        thread.join()
    assert one_pass(app) == 0
    found += ids(read(app, seen))
    assert sorted(found) == sorted(told)
    assert min(numbered) > 0


def test_a_burst_is_one_event_of_each_kind(store: Store, app: Store) -> None:
    """And what a kind is joined with is of its county, and, for ids, of its area."""
    start = begin(app)
    with store.begin() as conn:
        for cells in (["990101100201002"], ["990101100201001", "990101100201002"]):
            emit(conn, 990101, "coverage", {"cells": cells})
        emit(conn, 990102, "cells", {"cells": ["990102100201001"]})
        chance = random.Random(0)
        plans = {tell(conn, chance) for _ in range(20)}
        emit(conn, 990101, "alarms", {"areas": ["990101100"]})
    assert one_pass(app) == 0
    news = read(app, start)
    assert [(e.county, e.kind, e.areas) for e in news if e.kind in ("coverage", "alarms")] == [
        (990101, "coverage", ("990101100201001", "990101100201002")),
        (990102, "coverage", ("990102100201001",)),
        (990101, "alarms", ("990101100",)),
    ]
    boards = {event.county: set(event.areas) for event in news[-2:] if event.kind == "board"}
    of_plans = {event.areas[0] for event in news if event.kind == "patrols"}
    assert boards == {990101: {"990101100201"} | of_plans, 990102: {"990102100201"}}
    assert set(ids(news)) == plans
    assert len(of_plans) == sum(event.kind == "patrols" for event in news)


def emit(conn: Connection, county: int, kind: str, payload: Any) -> None:
    from psycopg2.extras import Json

    statement = text("SELECT everycell.emit(:county, :kind, CAST(:payload AS jsonb))")
    conn.execute(statement, {"county": county, "kind": kind, "payload": Json(payload)})


def test_passes_are_spaced(store: Store, app: Store) -> None:
    with store.begin() as conn:
        tell(conn, random.Random(0))
    assert one_pass(app) == 0
    with app.begin() as conn:
        ago = number(conn, 60.0, TODAY)
    assert 0 < ago < 60
    with store.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(7461101)"))
        assert one_pass(app) > 0, "another one is at it"


def test_every_cell_is_told_of_on_a_new_day(store: Store, app: Store) -> None:
    with store.begin() as conn:
        world.build(conn, {1: 1})
    assert one_pass(app) == 0
    start = begin(app)
    assert one_pass(app) == 0
    assert read(app, start) == []
    one_pass(app, TODAY + timedelta(days=1))
    assert [(event.kind, len(event.areas)) for event in read(app, start)] == [("coverage", 6), ("board", 1)]


def test_what_is_seven_days_old_goes_and_nobody_follows_on_from_it(store: Store, app: Store) -> None:
    first = begin(app)
    old = {write_one(store) for _ in range(2)}
    assert one_pass(app) == 0
    middle = read(app, first)[0].position
    unnumbered = write_one(store)
    with store.begin() as conn:
        conn.execute(text("UPDATE everycell.outbox SET at = at - interval '8 days'"))
        conn.execute(text("UPDATE everycell.event SET at = at - interval '8 days'"))
        conn.execute(text("SELECT everycell.tidy(990101)"))
    assert read(app, 0) == []
    with app.read() as conn:
        last = standing(conn).last
        assert standing(conn, last).known, "whoever has heard everything has missed nothing"
        assert not standing(conn, first).known
        assert middle == last or not standing(conn, middle).known
    assert one_pass(app) == 0
    assert ids(read(app, last)) == [unnumbered], "what nobody was told of yet is kept"
    assert unnumbered not in old


def write_one(store: Store) -> str:
    with store.begin() as conn:
        return tell(conn, random.Random(0))


def test_a_restored_database_begins_anew(store: Store, app: Store) -> None:
    """Its numbers of transactions are another server's: nobody can follow on, and no position comes again."""
    write_one(store)
    assert one_pass(app) == 0
    before = begin(app)
    with store.begin() as conn:
        conn.execute(text("UPDATE everycell.event_state SET server = 'another', snapshot = '999999999:999999999:'"))
    write_one(store)
    assert one_pass(app) == 0
    with app.read() as conn:
        here = standing(conn, before)
    assert not here.known
    assert before < here.oldest <= here.last
    later = write_one(store)
    assert one_pass(app) == 0
    assert ids(read(app, here.last)) == [later]


def test_only_the_service_itself_reads_the_log(store: Store, app: Store) -> None:
    write_one(store)
    assert one_pass(app) == 0
    with app.read() as conn:
        assert after(conn, 0, 10) == []
