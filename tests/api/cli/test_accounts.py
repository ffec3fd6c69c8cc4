"""everycell user, grant, token: what an administrator sees in a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from typer.testing import CliRunner, Result

from api.cli import accounts as commands
from api.cli import app
from gis.access import audit
from gis.access.accounts import get_account
from gis.access.scope import Grant, Role
from gis.access.sessions import caller_of_token, check_password
from gis.access.tokens import list_tokens
from gis.errors import BadInput, Conflict, EverycellError, NotFound, NotSignedIn
from gis.settings import settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service
from tests.gis.access.conftest import quick as quick
from tests.gis.world import build

pytestmark = pytest.mark.usefixtures("quick")

PASSWORD = "correct horse"


@pytest.fixture
def service(store: Store, cluster: Cluster, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store as the service sees it, and the command line pointed at it."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    with as_service(store) as running:
        yield running
    settings.cache_clear()


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


def done(*arguments: str, typed: str = "") -> str:
    result = run(*arguments, typed=typed)
    assert result.exit_code == 0, result.output
    return result.stdout


def noted(store: Store) -> list[tuple[str, str, dict[str, object]]]:
    with store.read() as conn:
        entries = list(audit.export(conn))
    assert {entry.source for entry in entries} <= {"shell"}
    assert all(entry.who.startswith("shell:") for entry in entries)
    return [(entry.action, entry.area, entry.detail) for entry in entries]


def test_an_account_with_a_password_that_is_made_up(store: Store, service: Store) -> None:
    said = done("user", "add", "lin", "--role", "editor", "--area", "990101")
    assert "lin is added: editor in 990101" in said
    password = said.split()[-1]
    assert check_password(service, "lin", password, "127.0.0.1")
    with store.read() as conn:
        assert get_account(conn, "lin").grants == (Grant(Role.editor, "990101"),)
    assert noted(store) == [
        ("account_add", "", {"login": "lin"}),
        ("grant_add", "990101", {"login": "lin", "role": "editor"}),
    ]
    listed = done("user", "list")
    assert "editor in 990101" in listed
    assert "with a password" in listed
    assert password not in listed


def test_a_password_from_standard_input_is_not_printed(service: Store) -> None:
    for line, password in (
        (PASSWORD + "\r\n", PASSWORD),
        ("网格员的长长的密码箱\n", "网格员的长长的密码箱"),
        ("no end of line", "no end of line"),
    ):
        result = run("user", "add", f"lin{len(line)}", "--password-stdin", typed=line)
        assert result.exit_code == 0, result.exception
        assert password not in result.output
        assert check_password(service, f"lin{len(line)}", password, "127.0.0.1")


@pytest.mark.parametrize(
    ("typed", "why"),
    [(b"", "nothing came"), (b"\n", "nothing came"), (b"\xff" * 12, "not UTF-8"), (b"short", "10 or more")],
)
def test_what_cannot_be_a_password_is_refused(typed: bytes, why: str, service: Store) -> None:
    refused = CliRunner().invoke(app, ["user", "add", "lin", "--password-stdin"], input=typed)
    assert isinstance(refused.exception, BadInput)
    assert why in refused.exception.message
    assert "lin" not in done("user", "list").replace("login", "").split()


def test_on_a_terminal_it_is_asked_for_twice(service: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[str] = []
    monkeypatch.setattr(commands, "_prompt", lambda question: answers.pop(0))
    monkeypatch.setattr(commands.sys, "stdin", Terminal())
    answers[:] = [PASSWORD, PASSWORD]
    commands.add("lin")
    answers[:] = ["another horse", "another hose"]
    with pytest.raises(BadInput, match="not the same"):
        commands.passwd("lin")
    assert check_password(service, "lin", PASSWORD, "127.0.0.1")
    answers[:] = [""]
    commands.passwd("lin")
    with pytest.raises(NotSignedIn):
        check_password(service, "lin", PASSWORD, "127.0.0.1")


class Terminal:
    def isatty(self) -> bool:
        return True


def test_a_new_password_disable_and_enable(store: Store, service: Store) -> None:
    done("user", "add", "lin", "--password-stdin", typed=PASSWORD)
    password = done("user", "passwd", "lin").split()[-1]
    with pytest.raises(NotSignedIn):
        check_password(service, "lin", PASSWORD, "127.0.0.1")
    assert "lin is disabled" in done("user", "disable", "lin")
    assert "disabled" in done("user", "list")
    with pytest.raises(NotSignedIn):
        check_password(service, "lin", password, "127.0.0.1")
    assert "may sign in again" in done("user", "enable", "lin")
    assert check_password(service, "lin", password, "127.0.0.1")
    assert [action for action, _, _ in noted(store)] == [
        "account_add",
        "account_password",
        "account_disable",
        "account_enable",
    ]
    assert password not in str(noted(store))


def test_grants(store: Store, service: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 1})
    done("user", "add", "lin", "--password-stdin", typed=PASSWORD)
    assert "nothing" in done("user", "list")
    known = run("grant", "add", "lin", "--role", "wall", "--area", "990101")
    assert "lin is now wall in 990101" in known.stdout
    assert known.stderr == ""
    assert "already" in done("grant", "add", "lin", "--role", "wall", "--area", "990101")
    assert "wall everywhere" in done("grant", "add", "lin", "--role", "wall", "--area", "all")
    assert "no area 110101" in run("grant", "add", "lin", "--role", "wall", "--area", "110101").stderr
    assert "no longer wall in 990101" in done("grant", "remove", "lin", "--role", "wall", "--area", "990101")
    with store.read() as conn:
        assert get_account(conn, "lin").grants == (Grant(Role.wall, ""), Grant(Role.wall, "110101"))
    assert [(action, area) for action, area, _ in noted(store)[1:]] == [
        ("grant_add", "990101"),
        ("grant_add", ""),
        ("grant_add", "110101"),
        ("grant_remove", "990101"),
    ]


def test_a_token_is_the_last_word(store: Store, service: Store) -> None:
    said = done("token", "add", "qgis-1", "--role", "operator", "--area", "990101", "--days", "30")
    secret = said.split()[-1]
    assert re.fullmatch(r"ec_[A-Za-z0-9_-]{43}", secret)
    with service.begin() as conn:
        caller = caller_of_token(conn, secret)
    assert caller is not None
    assert caller.expires_at is not None
    assert abs(caller.expires_at - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=5)
    with store.read() as conn:
        number = list_tokens(conn)[0].id
    listed = done("token", "list")
    assert "valid" in listed
    assert "operator in 990101" in listed
    assert secret not in listed
    assert f"token {number} qgis-1 is revoked" in done("token", "revoke", str(number))
    assert "revoked" in done("token", "list")
    with service.begin() as conn:
        assert caller_of_token(conn, secret) is None
    added, revoked = noted(store)
    assert added[:2] == ("token_add", "990101")
    assert revoked == ("token_revoke", "990101", {"token": number})
    assert secret[3:] not in str(added)


def test_nothing_yet_says_how_to_begin(service: Store) -> None:
    assert "everycell user add" in done("user", "list")
    assert "everycell token add" in done("token", "list")


MISTAKES: Final[list[tuple[tuple[str, ...], type[EverycellError], str]]] = [
    (("user", "add", "Lin"), BadInput, "sign-in name"),
    (("user", "add", "lin", "--role", "wall"), BadInput, "go together"),
    (("user", "add", "lin", "--area", "all"), BadInput, "go together"),
    (("user", "add", "lin", "--role", "wall", "--area", "12"), BadInput, "area"),
    (("user", "add", "twice"), Conflict, "already"),
    (("user", "passwd", "nobody"), NotFound, "no account nobody"),
    (("user", "disable", "nobody"), NotFound, "no account nobody"),
    (("user", "enable", "nobody"), NotFound, "no account nobody"),
    (("grant", "add", "nobody", "--role", "wall", "--area", "all"), NotFound, "no account nobody"),
    (("grant", "remove", "twice", "--role", "wall", "--area", "all"), NotFound, "is not wall in all"),
    (("token", "add", "a b", "--role", "wall", "--area", "all"), BadInput, "label"),
    (("token", "revoke", "77"), NotFound, "no token 77"),
]


def test_mistakes_are_one_sentence_and_leave_no_note(store: Store, service: Store) -> None:
    done("user", "add", "twice")
    for words, error, why in MISTAKES:
        failed = run(*words)
        assert isinstance(failed.exception, error), words
        assert why in failed.exception.message
    assert noted(store) == [("account_add", "", {"login": "twice"})]
