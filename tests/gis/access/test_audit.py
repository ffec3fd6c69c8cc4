"""The audit: a chain that shows what was done to it, also by somebody who may do everything in the database."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gis.access import audit
from gis.access.audit import Action, Break
from gis.errors import BadInput
from gis.storage.engine import Store

pytestmark = pytest.mark.usefixtures("app")

# An entry that fits the chain, put in at any day and number: what note() does, without its clock.
APPEND = text(
    "INSERT INTO everycell.audit (day, seq, at, who, source, action, area, detail, hash)"
    " SELECT :day, :seq, :at, 'shell:test', 'shell', 'check', '', '{}', everycell.audit_hash(coalesce("
    " (SELECT hash FROM everycell.audit WHERE (day, seq) < (:day, :seq) ORDER BY day DESC, seq DESC LIMIT 1), ''),"
    " :day, :seq, :at, 'shell:test', 'shell', 'check', '', '{}')"
)
DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 5)]


@pytest.fixture
def chain(app: Store, store: Store) -> Store:
    """Three days of four entries each, and triggers that stand aside for who repairs or forges by hand."""
    with store.begin() as conn:
        for day in DAYS:
            for seq in range(1, 5):
                at = datetime(day.year, day.month, day.day, 8, seq, tzinfo=UTC)
                conn.execute(APPEND, {"day": day, "seq": seq, "at": at})
    assert broken(store) == []
    with store.begin() as conn:
        conn.execute(text("ALTER TABLE everycell.audit DISABLE TRIGGER ALL"))
    return store


def broken(store: Store, day: date | None = None) -> list[Break]:
    with store.read() as conn:
        return audit.verify(conn, day)


def forge(store: Store, statement: str, **values: Any) -> None:
    with store.begin() as conn:
        conn.execute(text(statement), values)


def noted(store: Store) -> list[audit.Entry]:
    with store.read() as conn:
        return list(audit.export(conn))


def test_entries_are_numbered_by_day_and_chained(app: Store, store: Store) -> None:
    with app.begin() as conn:
        audit.note(conn, who="account:li", source="10.0.0.7", action=Action.sign_in)
    with app.begin() as conn:
        audit.note(
            conn,
            who="token:3 wall",
            source="10.0.0.8",
            action=Action.read_doors,
            area="990101,990102100",
            detail={"rows": 12, "format": "csv", "areas": ["990101", "990102100"]},
        )
    with store.begin() as conn:
        audit.note_shell(conn, Action.check)
    first, second, third = noted(store)
    assert [e.day for e in (second, third)] == sorted(e.day for e in (second, third))
    assert (first.who, first.source, first.action, first.area, first.detail) == (
        "account:li",
        "10.0.0.7",
        "sign_in",
        "",
        {},
    )
    assert second.detail == {"rows": 12, "format": "csv", "areas": ["990101", "990102100"]}
    assert third.who.startswith("shell:")
    assert broken(store) == []


def test_the_chain_recomputed_without_the_database(chain: Store) -> None:
    with chain.begin() as conn:
        audit.note(conn, who="account:王", source="::1", action=Action.export, detail={"rows": 3, "a": "b", "of": None})
    before = b""
    for e in noted(chain):
        said = [e.day.isoformat(), e.seq, e.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")]
        said += [e.who, e.source, e.action, e.area]
        # PostgreSQL keeps the keys of a jsonb object by length, then by bytes.
        detail = {key: e.detail[key] for key in sorted(e.detail, key=lambda k: (len(k), k))}
        before = hashlib.sha256(before + json.dumps([*said, detail], ensure_ascii=False).encode()).digest()
        assert e.hash == before.hex(), f"{e.day} {e.seq}"


@pytest.mark.parametrize("column", ["at", "who", "source", "action", "area", "detail"])
def test_a_changed_entry(chain: Store, column: str) -> None:
    other = {
        "at": "at + interval '1 second'",
        "who": "'account:other'",
        "source": "'10.9.9.9'",
        "action": "'export'",
        "area": "'990101'",
        "detail": "'{\"rows\": 1}'",
    }[column]
    forge(chain, f"UPDATE everycell.audit SET {column} = {other} WHERE day = :day AND seq = 2", day=DAYS[1])
    assert [(b.day, b.seq) for b in broken(chain)] == [(DAYS[1], 2)]
    assert "changed" in broken(chain)[0].why
    assert broken(chain, DAYS[0]) == []
    assert [(b.day, b.seq) for b in broken(chain, DAYS[1])] == [(DAYS[1], 2)]


def test_a_changed_entry_with_a_hash_that_fits_it_breaks_the_next(chain: Store) -> None:
    forge(
        chain,
        "UPDATE everycell.audit a SET who = 'nobody', hash = everycell.audit_hash((SELECT hash FROM everycell.audit b"
        " WHERE b.day = a.day AND b.seq = a.seq - 1), day, seq, at, 'nobody', source, action, area, detail)"
        " WHERE day = :day AND seq = 4",
        day=DAYS[1],
    )
    assert [(b.day, b.seq) for b in broken(chain)] == [(DAYS[2], 1)]
    assert broken(chain, DAYS[1]) == []
    assert [(b.day, b.seq) for b in broken(chain, DAYS[2])] == [(DAYS[2], 1)]


def test_a_removed_entry(chain: Store) -> None:
    forge(chain, "DELETE FROM everycell.audit WHERE day = :day AND seq = 2", day=DAYS[1])
    assert [(b.day, b.seq, "missing" in b.why) for b in broken(chain)] == [(DAYS[1], 3, True)]


def test_a_removed_day_and_a_removed_beginning(chain: Store) -> None:
    forge(chain, "DELETE FROM everycell.audit WHERE day = :day", day=DAYS[1])
    assert [(b.day, b.seq) for b in broken(chain)] == [(DAYS[2], 1)]
    forge(chain, "DELETE FROM everycell.audit WHERE day = :day AND seq < 3", day=DAYS[0])
    assert [(b.day, b.seq) for b in broken(chain)] == [(DAYS[0], 3), (DAYS[2], 1)]


def test_the_last_entries_of_a_day_cut_off(chain: Store) -> None:
    forge(chain, "DELETE FROM everycell.audit WHERE day = :day AND seq > 2", day=DAYS[1])
    assert [(b.day, b.seq) for b in broken(chain)] == [(DAYS[2], 1)]


def test_an_inserted_entry(chain: Store) -> None:
    """At the end of a day there is a number for it; the next day tells."""
    at = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
    with chain.begin() as conn:
        conn.execute(APPEND, {"day": DAYS[1], "seq": 5, "at": at})
    assert [(b.day, b.seq) for b in broken(chain)] == [(DAYS[2], 1)]


def test_entries_in_another_order(chain: Store) -> None:
    forge(chain, "UPDATE everycell.audit SET seq = -seq + 105 WHERE day = :day AND seq IN (2, 3)", day=DAYS[1])
    forge(chain, "UPDATE everycell.audit SET seq = seq - 100 WHERE seq > 100")
    assert [(b.day, b.seq) for b in broken(chain)] == [(DAYS[1], n) for n in (2, 3, 4)]


def test_a_time_that_goes_back(chain: Store) -> None:
    with chain.begin() as conn:
        conn.execute(APPEND, {"day": DAYS[2], "seq": 5, "at": datetime(2026, 3, 5, 7, tzinfo=UTC)})
        conn.execute(APPEND, {"day": DAYS[2], "seq": 6, "at": datetime(2026, 3, 9, 7, tzinfo=UTC)})
    assert [(b.seq, "time" in b.why) for b in broken(chain)] == [(5, True), (6, True)]


def test_a_cut_off_end_shows_by_a_hash_written_down(chain: Store) -> None:
    with chain.read() as conn:
        last = audit.latest(conn, 1)[0]
        assert audit.find(conn, last.hash) == last
    forge(chain, "DELETE FROM everycell.audit WHERE day = :day AND seq = 4", day=DAYS[2])
    assert broken(chain) == []
    with chain.read() as conn:
        assert audit.find(conn, last.hash) is None
        with pytest.raises(BadInput, match="64 hexadecimal"):
            audit.find(conn, "abc")


def test_note_goes_on_after_a_clock_that_was_set_back(store: Store) -> None:
    ahead = datetime.now(UTC) + timedelta(days=2)
    with store.begin() as conn:
        conn.execute(APPEND, {"day": ahead.date(), "seq": 1, "at": ahead})
        audit.note_shell(conn, Action.check)
    assert [(e.day, e.seq) for e in noted(store)] == [(ahead.date(), 1), (ahead.date(), 2)]
    assert broken(store) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE everycell.audit SET who = 'nobody'",
        "DELETE FROM everycell.audit",
        "TRUNCATE everycell.audit",
    ],
)
def test_nobody_changes_an_entry(store: Store, app: Store, statement: str) -> None:
    with store.begin() as conn:
        audit.note_shell(conn, Action.check)
    with pytest.raises(DBAPIError, match="append-only"):
        forge(store, statement)
    with pytest.raises(DBAPIError, match="permission denied"):
        forge(app, statement)
    assert len(noted(store)) == 1


def test_the_service_cannot_read_the_audit(app: Store) -> None:
    for statement in (
        "SELECT * FROM everycell.audit",
        "SELECT everycell.audit_hash(''::bytea,'2026-01-01',1,now(),'','','','','{}')",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            forge(app, statement.replace(":", "\\:"))


def test_entries_of_several_at_once_form_one_chain(app: Store, store: Store) -> None:
    def many(number: int) -> None:
        for _ in range(10):
            with app.begin() as conn:
                audit.note(conn, who=f"account:{number}", source="10.0.0.1", action=Action.record_visits)

    threads = [threading.Thread(target=many, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(noted(store)) == 40
    assert broken(store) == []


@pytest.mark.parametrize(
    "told",
    [
        {"address": "柳林村1组3号"},
        {"why": "two words"},
        {"household": "990101-D001-0000-00"},
        {"visit": "0b2ff0c4-54a5-4d8c-8a14-2dc0e2b5e1aa"},
        {"visit": "0b2ff0c454a54d8c8a142dc0e2b5e1aa"},
        {"codes": ["990101", "990101-D001"]},
    ],
)
def test_what_is_no_count_or_area_is_not_noted(store: Store, told: dict[str, Any]) -> None:
    with store.begin() as conn:
        with pytest.raises(ValueError, match="tells nothing of a door"):
            audit.note_shell(conn, Action.export, detail=told)
        with pytest.raises(ValueError, match="no list of areas"):
            audit.note_shell(conn, Action.export, area="990101-D001")
    assert noted(store) == []


def test_days_of_an_export(chain: Store) -> None:
    with chain.read() as conn:
        assert [e.day for e in audit.export(conn, DAYS[1], DAYS[1])] == [DAYS[1]] * 4
        assert len(list(audit.export(conn, first=DAYS[1]))) == 8
        assert len(list(audit.export(conn, last=DAYS[0]))) == 4
        assert [e.seq for e in audit.latest(conn, 2)] == [3, 4]
