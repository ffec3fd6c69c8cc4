"""Cases in the database: coming in, changing, being read; as the owner and as the service's role."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from gis.access.scope import Grant, Role, Scope
from gis.codes import Level
from gis.disputes import cases, revisits
from gis.disputes.cases import Change, Wanted, parse_case, parse_change
from gis.disputes.categories import Category, Closing, Extension
from gis.disputes.revisits import Done, RevisitOutcome
from gis.disputes.workflow import DUE, LADDER, OPEN, REVISIT_DAYS, State, next_states, revisits_on, said_with
from gis.errors import BadInput, Conflict, EverycellError, NotFound
from gis.storage.engine import Store, as_service
from gis.storage.queries import query
from tests.examples import examples
from tests.gis.disputes.places import (
    NOW,
    THROUGH,
    TOLD,
    as_admin,
    as_role,
    become,
    build,
    case_in,
    new_case,
    register,
    snaps,
)
from tests.gis.world import COUNTY, SETTINGS, VILLAGE, cell_code

HERE = [COUNTY]


def change(conn: Connection, dispute: UUID, wanted: Change, at: Any = NOW) -> tuple[cases.Case, bool]:
    return cases.change(conn, HERE, dispute, wanted, role_of=as_admin, settings=SETTINGS, at=at)


# ---- coming in


def test_a_case_is_kept_at_a_snap_point(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        snap = snaps(conn)[0]
        (made,) = register(conn, new_case(snap.id))
        case = cases.get(conn, HERE, made)
        assert (case.area, case.state, case.level, case.version) == (cell_code(1), State.registered, Level.cell, 1)
        assert (case.lon, case.lat) == (snap.lon, snap.lat)
        assert (case.due_at, case.ended_at, case.overdue(NOW)) == (None, None, False)
        (event,) = cases.events(conn, case)
        assert (event.seq, event.at, event.role, event.change) == (1, NOW, Role.admin, "registered")


def test_the_same_again_is_repeated_and_other_content_refused(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        first, second = snaps(conn)[:2]
        new = new_case(first.id)
        register(conn, new)
        batch = [
            new,
            replace(new, category=Category.debt),
            replace(new, snap=second.id),
            new_case(uuid4()),
            other := new_case(second.id),
            other,
            replace(other, level=Level.town),
        ]
        done = cases.register(conn, batch, counties=HERE, role_of=as_admin, settings=SETTINGS, at=NOW)
        assert (done.accepted, done.repeated) == (1, 2)
        assert [(r.index, r.code) for r in done.refused] == [
            (1, "conflict"),
            (2, "conflict"),
            (3, "unknown-snap"),
            (6, "conflict"),
        ]
        again = cases.register(
            conn,
            [replace(new, snap=second.id)],
            counties=HERE,
            role_of=as_admin,
            settings=SETTINGS,
            at=NOW,
            placed=False,
        )
        assert again.repeated == 1, "an import does not know where its case went"
        assert cases.register(conn, [], counties=HERE, role_of=as_admin, settings=SETTINGS, at=NOW).accepted == 0


def test_a_repeated_case_may_have_changed_meanwhile(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        new = new_case(snaps(conn)[0].id)
        register(conn, new)
        case = become(conn, new.id, State.accepted)
        change(conn, new.id, Change(uuid4(), case.version, level=Level.village))
        assert cases.register(conn, [new], counties=HERE, role_of=as_admin, settings=SETTINGS, at=NOW).repeated == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("id", each) for each in ("", "x", None, 5)),
        *(("snap", each) for each in ("", "x", None, [104.0, 34.5])),
        *(("category", each) for each in ("张三", "", None, "NEIGHBOURS", "crime")),
        *(("channel", each) for each in ("walk-in", None)),
        *(("level", each) for each in ("家", "province", 3)),
        *(("reported_at", each) for each in ("", "2026-11-19", "2026-11-19T00:00:00", "2027-01-01T00:00:00Z", None)),
        ("reported_at", "2024-11-19T00:00:00+08:00"),
        *((name, "x") for name in ("lon", "lat", "place", "text", "name", "parties", "cell")),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(field: str, value: object) -> None:
    good = {
        "id": str(uuid4()),
        "snap": str(uuid4()),
        "category": "neighbours",
        "channel": "patrol",
        "reported_at": "2026-11-19T08:00:00+08:00",
    }
    assert parse_case(good, SETTINGS, NOW).level is Level.cell
    with pytest.raises(BadInput, match=f"^{field}: ") as caught:
        parse_case(good | {field: value}, SETTINGS, NOW)
    assert caught.value.field == field
    assert "张三" not in caught.value.message


# ---- changing


def test_from_registration_to_the_last_revisit(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        made = case_in(conn)
        case = become(conn, made, State.accepted)
        assert case.due_at == NOW + timedelta(days=30)
        later = NOW + timedelta(days=10)
        case, _ = change(conn, made, Change(uuid4(), case.version, extension=Extension.survey), later)
        assert (case.due_at, case.extensions) == (NOW + timedelta(days=60), 1)
        case, _ = change(conn, made, Change(uuid4(), case.version, level=Level.village), later)
        assert (case.level, case.due_at) == (Level.village, NOW + timedelta(days=60))
        case = become(conn, made, *THROUGH[1:], at=later)
        assert (case.state, case.ended_at) == (State.closed, later)
        due = revisits.of_case(conn, COUNTY, made)
        assert [(each.due_on - later.date()).days for each in due] == list(REVISIT_DAYS)
        assert {each.area for each in due} == {cell_code(1)}
        told = [(e.change, e.state, e.level, e.code) for e in cases.events(conn, case)]
        assert told == [
            ("registered", State.registered, Level.cell, None),
            ("state", State.accepted, Level.cell, None),
            ("extension", State.accepted, Level.cell, "survey"),
            ("level", State.accepted, Level.village, None),
            ("state", State.in_mediation, Level.village, None),
            ("state", State.agreed_written, Level.village, None),
            ("state", State.performed, Level.village, None),
            ("state", State.closed, Level.village, next(iter(Closing)).value),
        ]


def test_a_case_that_is_opened_again_is_not_visited_until_it_is_closed_again(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        made = case_in(conn)
        become(conn, made, *THROUGH)
        done = Done(RevisitOutcome.broken, NOW)
        assert revisits.record(conn, HERE, made, 1, done, role_of=as_admin)[0].outcome is RevisitOutcome.broken
        at = NOW + timedelta(days=8)
        case = become(conn, made, State.reopened, at=at)
        assert (case.ended_at, case.due_at) == (None, at + timedelta(days=30))
        assert [each.seq for each in revisits.of_case(conn, COUNTY, made)] == [1], "the one that was done"
        become(conn, made, State.in_mediation, State.not_agreed, State.closed, at=at)
        assert [each.seq for each in revisits.of_case(conn, COUNTY, made)] == [1, 2, 3, 4]


@pytest.mark.parametrize("said", [code.value for code in Closing])
def test_with_whatever_a_case_is_closed_its_place_is_visited_again(store: Store, said: str) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        dispute = case_in(conn)
        case = become(conn, dispute, *THROUGH[:2], State.not_agreed)
        case, _ = change(conn, dispute, Change(uuid4(), case.version, state=State.closed, code=said), NOW)
        waiting = revisits.of_case(conn, COUNTY, dispute)
    assert [(one.seq, one.due_on) for one in waiting] == list(enumerate(revisits_on(NOW.date()), start=1))


def test_the_same_change_again_is_no_second_one(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        made = case_in(conn)
        accept = Change(uuid4(), 1, state=State.accepted)
        assert change(conn, made, accept)[1] is False
        case, repeated = change(conn, made, accept)
        assert (repeated, case.version) == (True, 2)
        become(conn, made, State.in_mediation)
        assert change(conn, made, accept)[1] is True, "however the case has gone on"
        for other in (replace(accept, state=State.not_accepted, code="duplicate"), replace(accept, version=3)):
            with pytest.raises(Conflict, match="other content"):
                change(conn, made, other)


def test_a_change_of_what_has_changed_since_is_refused(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        made = case_in(conn)
        become(conn, made, State.accepted)
        with pytest.raises(Conflict, match="version 2, not 1") as caught:
            change(conn, made, Change(uuid4(), 1, state=State.not_accepted, code="duplicate"))
        assert caught.value.field == "version"


def test_of_two_changes_at_once_one_is_refused(store: Store) -> None:
    """Both have read version 1; the database holds the second against what the first has left."""
    with store.begin(TOLD) as conn:
        build(conn)
        made = case_in(conn)
    values = {"county": COUNTY, "dispute": str(made), "version": 1, "level": "cell", "due_at": NOW, "extensions": 0}
    values |= {"ended_at": None, "at": NOW, "role": "admin", "revisits": "{}"}
    values |= {"change": "state", "state": "accepted", "code": None}
    with store.begin(TOLD) as conn:
        assert conn.execute(query("disputes/change"), values | {"id": str(uuid4())}).scalar() is True
    with store.begin(TOLD) as conn, pytest.raises(DBAPIError, match="version 2, not 1"):
        conn.execute(query("disputes/change"), values | {"id": str(uuid4())})


@pytest.mark.parametrize(
    ("field", "item"),
    [
        ("change", []),
        ("id", {"version": 1, "state": "accepted"}),
        ("version", {"id": str(uuid4()), "state": "accepted"}),
        ("version", {"id": str(uuid4()), "version": True, "state": "accepted"}),
        ("version", {"id": str(uuid4()), "version": 0, "state": "accepted"}),
        ("state", {"id": str(uuid4()), "version": 1}),
        ("state", {"id": str(uuid4()), "version": 1, "state": "accepted", "level": "town"}),
        ("state", {"id": str(uuid4()), "version": 1, "state": "张三"}),
        ("code", {"id": str(uuid4()), "version": 1, "state": "closed", "code": "张三"}),
        ("code", {"id": str(uuid4()), "version": 1, "level": "town", "code": "court"}),
        ("extension", {"id": str(uuid4()), "version": 1, "extension": "Li Si"}),
        ("text", {"id": str(uuid4()), "version": 1, "state": "accepted", "text": "x"}),
    ],
)
def test_a_change_that_cannot_be_read(field: str, item: object) -> None:
    with pytest.raises(BadInput, match=f"^({field}: |a change)") as caught:
        parse_change(item)
    assert caught.value.field == field
    assert "张三" not in caught.value.message
    assert "Li Si" not in caught.value.message


def test_what_happened_stays(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        case_in(conn)
    for statement in (
        "UPDATE everycell.dispute_event SET at = now()",
        "UPDATE everycell.dispute_event SET area = '990101100201002', role = 'operator'",
        "DELETE FROM everycell.dispute_event",
    ):
        with pytest.raises(DBAPIError, match="not changed afterwards"), store.begin() as conn:
            conn.execute(text(statement))


def test_changes_are_told_to_live_screens_without_a_place(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        made = case_in(conn)
        become(conn, made, State.accepted)
        rows = conn.execute(text("SELECT payload FROM everycell.outbox WHERE kind = 'disputes'")).scalars().all()
        assert rows == [{"disputes": [str(made)]}] * 2


STEP = st.sampled_from(["state", "level", "extension", "state", "wait"])


@given(data=st.data())
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_of_changes_keeps_the_rules(store: Store, data: st.DataObject) -> None:
    """A model beside the database: what is refused changes nothing, all else leaves an event with what it came to."""
    with store.begin(TOLD) as conn:
        if conn.execute(text("SELECT count(*) FROM everycell.cell")).scalar() == 0:
            build(conn)
        case = cases.get(conn, HERE, case_in(conn))
        at, made, extended, started, closings = NOW, 1, 0, None, 0
        for _ in range(data.draw(st.integers(1, 14))):
            step = data.draw(STEP)
            if step == "wait":
                at += timedelta(days=data.draw(st.integers(1, 40)))
                continue
            before, wanted = case, _any_change(data, case.version, step, case.state)
            with conn.begin_nested() as attempt:
                try:
                    case, repeated = change(conn, case.id, wanted, at)
                except EverycellError:
                    attempt.rollback()
            if case is before:
                assert cases.get(conn, HERE, case.id) == before
                continue
            made += 1
            assert (repeated, case.version) == (False, made)
            if wanted.state is not None:
                assert wanted.state in next_states(before.state)
                started = at if wanted.state in (State.accepted, State.reopened) else started
                closings += wanted.state is State.closed
            if wanted.level is not None:
                assert abs(LADDER.index(case.level) - LADDER.index(before.level)) == 1
            extended += wanted.extension is not None
            assert (case.state in OPEN) == (case.ended_at is None)
            assert case.overdue(at) == (case.state in DUE and case.due_at is not None and at >= case.due_at)
            event = cases.events(conn, case)[-1]
            assert (event.seq, event.at, event.state, event.level) == (case.version, at, case.state, case.level)
            assert event.due_at == case.due_at
        listed = cases.events(conn, case)
        assert [e.seq for e in listed] == list(range(1, case.version + 1))
        assert case.extensions == extended <= 1
        if started is not None:
            runs = {timedelta(days=30), timedelta(days=60)} if extended else {timedelta(days=30)}
            assert case.due_at is not None
            assert case.due_at - started in runs
        waiting = revisits.of_case(conn, COUNTY, case.id)
        assert len(waiting) == (3 if case.state is State.closed else 0)
        assert closings == 0 or case.version >= 4


def _any_change(data: st.DataObject, version: int, step: str, state: State) -> Change:
    """Mostly one that is allowed, sometimes one that is not."""
    if step == "level":
        return Change(uuid4(), version, level=data.draw(st.sampled_from(LADDER)))
    if step == "extension":
        return Change(uuid4(), version, extension=data.draw(st.sampled_from(["survey", "season", "whim"])))
    to = data.draw(st.sampled_from([*next_states(state), *next_states(state), *State]))
    kind = said_with(to)
    codes = [None] if kind is None else [*kind, *kind, *kind, None]
    code = data.draw(st.sampled_from(codes))
    return Change(uuid4(), version, state=to, code=None if code is None else str(code))


# ---- reading


def test_the_longest_overdue_comes_first_page_by_page(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        snap = snaps(conn)[0].id
        ids = [register(conn, new_case(snap, reported_at=NOW - timedelta(days=n)))[0] for n in range(1, 9)]
        for n, made in enumerate(ids[:4]):
            become(conn, made, State.accepted, at=NOW - timedelta(days=40 - n))
        become(conn, ids[4], *THROUGH)
        wanted = [ids[0], ids[1], ids[2], ids[3], ids[7], ids[6], ids[5], ids[4]]
        seen, after = [], None
        while True:
            page, after = cases.listed(conn, HERE, Wanted(), now=NOW, limit=3, after=after)
            seen += [one.id for one in page]
            if after is None:
                break
        assert seen == wanted
        for filtered, expected in [
            (Wanted(overdue=True), wanted[:4]),
            (Wanted(states=OPEN), wanted[:7]),
            (Wanted(states={State.closed}), wanted[7:]),
            (Wanted(category=Category.land), []),
            (Wanted(level=Level.town), []),
            (Wanted(area=cell_code(1)), wanted),
            (Wanted(area=cell_code(2)), []),
            (Wanted(area=VILLAGE), wanted),
        ]:
            found, _ = cases.listed(conn, HERE, filtered, now=NOW, limit=100)
            assert [one.id for one in found] == expected, filtered


# One case in a hundred is open; a date a quarter of an hour.
MANY = """
INSERT INTO everycell.dispute (county, id, cell, snap, category, channel, state, level, version, reported_at,
                               registered_at, due_at, extensions, ended_at, counted_on)
SELECT d.county, gen_random_uuid(), d.cell, d.snap, d.category, d.channel,
       CASE WHEN n % 100 = 0 THEN 'accepted' ELSE 'closed' END, d.level, d.version, d.reported_at, d.registered_at,
       CAST(:now AS timestamptz) - make_interval(mins => 15 * (n - 500)), 0,
       CASE WHEN n % 100 > 0 THEN d.registered_at END, d.counted_on
FROM everycell.dispute d, generate_series(1, 20000) n
"""


def test_lists_of_open_cases_go_by_the_index_of_their_dates(store: Store) -> None:
    """Of what is kept for two years after it has ended, hardly anything is open."""
    with store.begin(TOLD) as conn:
        build(conn)
        case_in(conn)
        conn.execute(text("SET LOCAL session_replication_role = replica"))
        conn.execute(text(MANY), {"now": NOW})
    with store.begin() as conn:
        conn.execute(text("ANALYZE everycell.dispute"))
    for wanted, index in (
        (Wanted(overdue=True), True),
        (Wanted(states=OPEN, area=VILLAGE), True),
        (Wanted(states={State.accepted}), True),
        (Wanted(states={State.accepted, State.closed}), False),
    ):
        plans = plans_of(store, wanted)
        assert ("ix_dispute_due" in plans) == index, plans


def plans_of(store: Store, wanted: Wanted) -> str:
    """How the database goes about the first page of a list, for a reader of the whole county."""
    asked = []
    with as_service(store) as service, service.read(Scope.of([Grant(Role.operator, "990101")]).settings()) as conn:
        event.listen(conn, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
        assert cases.listed(conn, HERE, wanted, now=NOW, limit=20)[0]
        cursor = conn.connection.cursor()
        cursor.execute(f"EXPLAIN {asked[0][0]}", asked[0][1])
        return "\n".join(row[0] for row in cursor.fetchall())


def test_a_family_dispute_is_told_down_to_its_village_only(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        made = case_in(conn, category=Category.family)
        case = become(conn, made, *THROUGH)
        assert (case.area, case.lon, case.lat) == (VILLAGE, None, None)
        due, _ = revisits.due(conn, HERE, until=NOW.date() + timedelta(days=100), limit=10)
        assert {(each.area, each.lon, each.lat) for each in due} == {(VILLAGE, None, None)}
        assert cases.listed(conn, HERE, Wanted(area=cell_code(1)), now=NOW, limit=10)[0] == []
        assert len(cases.listed(conn, HERE, Wanted(area=VILLAGE), now=NOW, limit=10)[0]) == 1
    with as_service(store) as app:
        for area, number in ((cell_code(1), 0), (VILLAGE, 1)):
            scope = Scope.of([Grant(Role.operator, area)]).settings()
            with app.read(scope) as conn:
                for table in ("dispute", "dispute_event", "revisit"):
                    found = conn.execute(text(f"SELECT count(DISTINCT area) FROM everycell.{table}")).scalar()
                    assert found == number, (table, area)


def test_the_service_reaches_no_farther_than_its_caller(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        one, two = case_in(conn, 1), case_in(conn, 2)
        far = snaps(conn, 2)[0].id
    operator = Scope.of([Grant(Role.operator, cell_code(1))]).settings()
    leader = Scope.of([Grant(Role.patrol_leader, VILLAGE)]).settings()
    with as_service(store) as app:
        as_operator = as_role(Role.operator, cell_code(1))
        with app.begin(operator) as conn:
            done = cases.register(conn, [new_case(far)], counties=HERE, role_of=as_operator, settings=SETTINGS, at=NOW)
            assert [r.code for r in done.refused] == ["unknown-snap"]
            with pytest.raises(NotFound):
                cases.get(conn, HERE, two)
        with app.begin(operator) as conn:
            accept = Change(uuid4(), 1, state=State.accepted)
            case, _ = cases.change(conn, HERE, one, accept, role_of=as_operator, settings=SETTINGS, at=NOW)
            assert cases.events(conn, case)[-1].role is Role.operator
        wanted = Change(uuid4(), 2, state=State.in_mediation)
        with app.begin(leader) as conn, pytest.raises(NotFound):
            cases.change(conn, HERE, one, wanted, role_of=as_role(Role.patrol_leader), settings=SETTINGS, at=NOW)
        with app.begin(leader) as conn, pytest.raises(DBAPIError, match="there is no case"):
            # The database does not believe the program either.
            cases.change(conn, HERE, one, wanted, role_of=as_admin, settings=SETTINGS, at=NOW)
