"""Signing in and who is asking: passwords, sessions, and what a flood of wrong passwords comes to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text

from gis.access import passwords, sessions, throttle
from gis.access.accounts import add_account, add_grant, disable
from gis.access.scope import NOTHING, Grant, Right, Role
from gis.access.sessions import NOBODY, caller_of_session, check_password, csrf_token, digest, open_session, sign_out
from gis.access.tokens import new_token
from gis.errors import NotSignedIn, TooManyTries
from gis.storage.engine import Store

PASSWORD, WRONG, HERE = "correct horse", "wrong horse", "192.0.2.7"
IDLE = timedelta(minutes=30)


@pytest.fixture
def lin(store: Store, app: Store, quick: PasswordHash) -> Store:
    """The service's store, with the account `lin`, an operator of one county."""
    with store.begin() as conn:
        add_account(conn, "lin", PASSWORD)
        add_grant(conn, "lin", Grant(Role.operator, "990101"))
    return app


def begin(app: Store, login: str = "lin") -> str:
    account = check_password(app, login, PASSWORD, HERE)
    with app.begin() as conn:
        return open_session(conn, account, 12)


def caller(app: Store, secret: str) -> sessions.Caller | None:
    with app.begin() as conn:
        return caller_of_session(conn, secret, IDLE)


def refusal(app: Store, login: str = "lin", password: str = WRONG, source: str = HERE) -> Exception:
    with pytest.raises((NotSignedIn, TooManyTries)) as refused:
        check_password(app, login, password, source)
    return refused.value


def move(store: Store, seconds: float) -> None:
    """As if so much time had gone by."""
    with store.begin() as conn:
        conn.execute(
            text(
                "UPDATE everycell.login_throttle SET last_failed_at = last_failed_at - make_interval(secs => :s),"
                " locked_until = locked_until - make_interval(secs => :s)"
            ),
            {"s": seconds},
        )
        conn.execute(
            text(
                "UPDATE everycell.session SET created_at = created_at - make_interval(secs => :s),"
                " last_used_at = last_used_at - make_interval(secs => :s),"
                " expires_at = expires_at - make_interval(secs => :s)"
            ),
            {"s": seconds},
        )


# ---- sessions


def test_a_session_is_its_account_with_its_rights(lin: Store) -> None:
    before = datetime.now(UTC)
    found = caller(lin, begin(lin))
    assert found is not None
    assert (found.who, found.name, found.kind) == ("account:lin", "lin", "session")
    assert found.scope.where(Right.visits) == ("990101",)
    assert found.expires_at is not None
    assert timedelta(hours=11, minutes=59) < found.expires_at - before < timedelta(hours=12, minutes=1)


def test_an_account_without_grants_is_signed_in_and_may_nothing(store: Store, lin: Store) -> None:
    with store.begin() as conn:
        add_account(conn, "mei", PASSWORD)
    found = caller(lin, begin(lin, "mei"))
    assert found is not None
    assert not any(found.scope.allows(right) for right in Right)


def test_nobody_may_nothing() -> None:
    assert (NOBODY.who, NOBODY.scope, NOBODY.expires_at) == ("nobody", NOTHING, None)


def test_sessions_end_by_themselves_and_by_hand(store: Store, lin: Store) -> None:
    secret, other = begin(lin), begin(lin)
    assert secret != other
    with lin.begin() as conn:
        sign_out(conn, secret)
        sign_out(conn, secret)
    assert caller(lin, secret) is None
    assert caller(lin, other) is not None
    move(store, 29 * 60)
    assert caller(lin, other) is not None, "still used often enough"
    move(store, 29 * 60)
    assert caller(lin, other) is not None, "its last use was written down"
    move(store, 31 * 60)
    assert caller(lin, other) is None, "idle for too long"


def test_a_session_that_is_used_all_day_ends_all_the_same(store: Store, lin: Store) -> None:
    secret = begin(lin)
    for _ in range(35):
        move(store, 20 * 60)
        assert caller(lin, secret) is not None
    move(store, 20 * 60 + 1)
    assert caller(lin, secret) is None


def test_only_digests_are_kept(store: Store, lin: Store) -> None:
    secret = begin(lin)
    refusal(lin, login="perhaps my password")
    with store.begin() as conn:
        kept = conn.execute(
            text("SELECT string_agg(s::text || encode(hash, 'escape'), '') FROM everycell.session s")
        ).scalar_one()
        counted = conn.execute(text("SELECT string_agg(encode(key, 'escape'), '') FROM everycell.login_throttle"))
        assert secret not in kept
        assert digest(secret).hex() in kept
        assert "perhaps" not in counted.scalar_one()


def test_what_is_no_session_is_nobody(lin: Store) -> None:
    begin(lin)
    for secret in ("", "x", "x" * 43, "x" * 100_000, "\0", "\ud800", "' OR true --"):
        assert caller(lin, secret) is None


def test_a_token_is_no_session_and_a_session_no_token(store: Store, lin: Store) -> None:
    with store.begin() as conn:
        token = new_token(conn, "qgis", Grant(Role.wall, ""), datetime.now(UTC) + timedelta(days=1))
    assert caller(lin, token) is None
    with lin.begin() as conn:
        assert sessions.caller_of_token(conn, begin(lin)) is None


def test_no_session_for_an_account_that_was_disabled_meanwhile(store: Store, lin: Store) -> None:
    account = check_password(lin, "lin", PASSWORD, HERE)
    with store.begin() as conn:
        disable(conn, "lin")
    with pytest.raises(NotSignedIn, match="disabled"), lin.begin() as conn:
        open_session(conn, account, 12)


def test_csrf_tokens_belong_to_one_session_and_do_not_tell_it() -> None:
    one, other = sessions.new_secret(), sessions.new_secret()
    assert csrf_token(one) == csrf_token(one) != csrf_token(other)
    assert csrf_token(one) != digest(one).hex()


# ---- passwords


def test_names_are_taken_as_telephones_write_them(lin: Store) -> None:
    assert check_password(lin, " Lin ", PASSWORD, HERE) == check_password(lin, "lin", PASSWORD, HERE)


def test_unknown_disabled_passwordless_and_wrong_sound_alike(store: Store, lin: Store) -> None:
    with store.begin() as conn:
        add_account(conn, "gone", PASSWORD)
        add_account(conn, "never")
        disable(conn, "gone")
    answers = {
        str(refusal(lin, *attempt))
        for attempt in (("lin", WRONG), ("gone", PASSWORD), ("never", ""), ("nobody", WRONG), ("\0' OR", WRONG))
    }
    assert answers == {"the sign-in name or the password is wrong"}


def test_they_take_the_same_work(lin: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One run of argon2 with the same parameters each, whoever it is."""
    runs: list[tuple[int, int, int]] = []

    class Counting(Argon2Hasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            return self._kept(super().hash(password, salt=salt))

        def verify(self, password: str | bytes, hash: str | bytes) -> bool:
            self._kept(str(hash))
            return super().verify(password, hash)

        def _kept(self, hash: str) -> str:
            memory, time, threads = (int(part[2:]) for part in hash.split("$")[3].split(","))
            runs.append((memory, time, threads))
            return hash

    monkeypatch.setattr(passwords, "_hasher", PasswordHash((Counting(time_cost=1, memory_cost=8, parallelism=1),)))
    refusal(lin, "lin")
    refusal(lin, "nobody")
    refusal(lin, "\0 no name at all")
    assert runs == [(8, 1, 1)] * 3


def test_a_weak_old_hash_is_renewed_at_sign_in(store: Store, lin: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def kept() -> str:
        with store.read() as conn:
            return str(conn.execute(text("SELECT password_hash FROM everycell.account")).scalar_one())

    before = kept()
    monkeypatch.setattr(passwords, "_hasher", PasswordHash((Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1),)))
    refusal(lin)
    assert kept() == before
    check_password(lin, "lin", PASSWORD, HERE)
    assert "m=16,t=2,p=1" in kept()
    check_password(lin, "lin", PASSWORD, HERE)


# ---- floods


@pytest.mark.parametrize("login", ["lin", "nobody"])
def test_a_name_is_locked_after_five_for_twice_as_long_each_time(login: str, store: Store, lin: Store) -> None:
    for number in range(5):
        assert isinstance(refusal(lin, login, source=f"192.0.2.{number}"), NotSignedIn)
    for wait in (30, 60, 120, 240, 480, 900, 900):
        locked = refusal(lin, login, PASSWORD, source="198.51.100.1")
        assert isinstance(locked, TooManyTries)
        assert wait - 10 < locked.retry_after_s <= wait
        assert f"{locked.retry_after_s} seconds" in locked.message
        move(store, wait + 1)
        assert isinstance(refusal(lin, login, source="203.0.113.9"), NotSignedIn)


def test_a_right_password_and_a_quiet_day_begin_anew(store: Store, lin: Store) -> None:
    for _ in range(2):
        for _ in range(4):
            assert isinstance(refusal(lin), NotSignedIn)
        check_password(lin, "lin", PASSWORD, HERE)
    for _ in range(4):
        refusal(lin)
    move(store, 86_401)
    for _ in range(4):
        assert isinstance(refusal(lin), NotSignedIn)


def test_an_address_is_locked_after_twenty_over_all_names(store: Store, lin: Store) -> None:
    for number in range(throttle.BY_SOURCE.free):
        assert isinstance(refusal(lin, f"name{number}"), NotSignedIn)
    assert isinstance(refusal(lin, "lin", PASSWORD), TooManyTries)
    check_password(lin, "lin", PASSWORD, "198.51.100.1")
    assert isinstance(refusal(lin, "lin", PASSWORD), TooManyTries), "one's own account does not unlock it"
    move(store, throttle.BY_SOURCE.first_s + 1)
    check_password(lin, "lin", PASSWORD, HERE)


def test_addresses_of_one_client_are_one() -> None:
    key = throttle.key_of_source
    assert key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::9") != key("2001:db8:1:3::1")
    assert key("::ffff:192.0.2.7") == key("192.0.2.7") != key("192.0.2.8")
    assert key("testclient") != key("") != throttle.key_of_login("")


def test_a_locked_name_costs_no_argon2(lin: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        refusal(lin)

    def work(*_: str) -> None:
        raise AssertionError("argon2 was run")

    monkeypatch.setattr(sessions, "verify", work)
    monkeypatch.setattr(sessions, "hash_password", work)
    assert isinstance(refusal(lin, password=PASSWORD), TooManyTries)


def test_a_flood_is_counted_without_a_gap_and_never_takes_more_than_its_threads(
    store: Store, lin: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = _watch(monkeypatch)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: refusal(lin, source=f"10.0.{n // 250}.{n % 250}"), range(1000)))
    wrong = sum(isinstance(answer, NotSignedIn) for answer in answers)
    # The fifth locks; one more may be on its way through at that moment.
    assert 5 <= wrong <= 5 + throttle.AT_ONCE - 1
    assert sum(isinstance(answer, TooManyTries) for answer in answers) == 1000 - wrong
    assert 1 <= max(at_once) <= throttle.AT_ONCE
    with store.read() as conn:
        counted = conn.execute(
            text("SELECT failures FROM everycell.login_throttle WHERE key = :key"),
            {"key": throttle.key_of_login("lin")},
        ).scalar_one()
    assert counted == wrong


def _watch(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many checks ran at once, each time one began."""
    lock, running, seen = threading.Lock(), [0], [0]

    def watched(work: Callable[..., object]) -> Callable[..., object]:
        def checked(*values: str) -> object:
            with lock:
                running[0] += 1
                seen.append(running[0])
            try:
                return work(*values)
            finally:
                with lock:
                    running[0] -= 1

        return checked

    monkeypatch.setattr(sessions, "verify", watched(sessions.verify))
    return seen


def test_who_would_wait_too_long_is_told_so_and_leaves_no_trace(lin: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_PATIENCE_S", 0.01)
    with throttle.turn(b"1"), throttle.turn(b"2"):
        busy = refusal(lin, password=PASSWORD)
        assert isinstance(busy, TooManyTries)
        assert busy.retry_after_s == 3
    check_password(lin, "lin", PASSWORD, HERE)
    assert not throttle._inside


def test_one_address_leaves_room_for_the_others(lin: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_checking", threading.BoundedSemaphore(100))
    flood = throttle.key_of_source("203.0.113.1")
    with ExitStack() as inside:
        for _ in range(throttle.OF_ONE_SOURCE):
            inside.enter_context(throttle.turn(flood))
        assert isinstance(refusal(lin, password=PASSWORD, source="203.0.113.1"), TooManyTries)
        check_password(lin, "lin", PASSWORD, HERE)
        for number in range(throttle.INSIDE - throttle.OF_ONE_SOURCE):
            inside.enter_context(throttle.turn(bytes([number])))
        assert isinstance(refusal(lin, password=PASSWORD), TooManyTries)
    check_password(lin, "lin", PASSWORD, "203.0.113.1")
    assert not throttle._inside
