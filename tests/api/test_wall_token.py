"""A wall opened by its token: what becomes of it in a browser, and what opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from uuid import uuid4

import pytest

from api.callers import COOKIE
from gis.access import audit, tokens
from gis.access.scope import Grant, Role
from tests.api.conftest import Served, token_of
from tests.api.signing import Browser

WALL_COOKIE = "everycell-wall"


@pytest.fixture
def screen(own: Served) -> Iterator[Browser]:
    """The browser of a screen on the wall."""
    with Browser(own.address) as made:
        yield made


def test_the_token_becomes_a_cookie_and_leaves_the_address(own: Served, screen: Browser) -> None:
    token = token_of(own.store, ("wall", "990101"))
    answer = screen.get(f"/wall?token={token}&scenes=coverage,never&dwell_s=30&lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/wall?scenes=coverage,never&dwell_s=30&lang=en")
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
    [line] = answer.headers.get_list("set-cookie")
    morsel = SimpleCookie(line)[WALL_COOKIE]  # over plain http: browsers would keep no __Host- one
    assert (morsel["httponly"], morsel["samesite"], morsel["domain"]) == (True, "lax", "")
    assert 86_000 < int(morsel["max-age"]) <= 86_400, "as long as the token"

    page = screen.get(answer.headers["location"])
    assert page.status_code == 200
    assert '"kiosk":true' in page.text
    assert token not in page.text
    assert screen.get("/coverage", Accept="application/json").status_code == 200
    assert screen.get("/me", Accept="application/json").json()["rights"] == {"figures": ["990101"]}
    assert screen.get("/households/unvisited", Accept="application/json").status_code == 403
    with own.store.read() as conn:
        [entry] = [one for one in audit.export(conn) if one.action == "sign_in"]
    assert entry.detail == {"by": "token"}
    assert entry.who.startswith("token:")
    assert token not in str(entry)


def test_over_https_it_is_for_this_host_alone(own: Served, screen: Browser) -> None:
    forwarded = {"X-Forwarded-Proto": "https"}  # as a proxy on this machine tells it
    token = token_of(own.store, ("wall", "all"))
    answer = screen.get(f"/wall?token={token}", **forwarded)
    [line] = answer.headers.get_list("set-cookie")
    morsel = SimpleCookie(line)[f"__Host-{WALL_COOKIE}"]
    assert (morsel["secure"], morsel["httponly"], morsel["path"]) == (True, True, "/")
    assert screen.get("/wall", **forwarded).status_code == 200
    assert screen.get("/wall").status_code == 303, (
        "a cookie without protection is not taken over https, nor this one here"
    )


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_only_tokens_of_walls_are_taken_from_an_address(own: Served, screen: Browser, role: str) -> None:
    token = token_of(own.store, (role, "all"))
    answer = screen.get(f"/wall?token={token}")
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, True)
    assert screen.cookies == {}
    assert "不是大屏" in answer.text
    screen.cookies[WALL_COOKIE] = token
    assert screen.get("/coverage", Accept="application/json").status_code == 401
    assert screen.get(f"/coverage?token={token}", Accept="application/json").status_code == 401, "of no other address"


def test_a_token_that_is_none_or_over_says_so_on_a_page(own: Served, screen: Browser) -> None:
    with own.store.begin() as conn:
        secret = tokens.new_token(conn, "w", Grant(Role.wall, ""), datetime.now(UTC) + timedelta(days=1))
        number = tokens.list_tokens(conn)[0].id
    assert screen.get(f"/wall?token={secret}").status_code == 303
    with own.store.begin() as conn:
        tokens.revoke(conn, number)
    own.service.mirror.refresh()
    for path in ("/wall", f"/wall?token={secret}&lang=en", "/wall?token=", "/wall?token=ec_x", "/wall?token=%00"):
        answer = screen.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"].startswith("text/html")
        assert ("This wall cannot be opened" if "lang=en" in path else "大屏无法打开") in answer.text
        assert secret not in answer.text
        assert screen.cookies == {}
        screen.cookies[WALL_COOKIE] = secret
    assert screen.get("/wall?token=ec_x", Accept="application/json").headers["content-type"].endswith("problem+json")


def test_a_wall_changes_nothing_and_shows_what_a_wall_may(own: Served, screen: Browser) -> None:
    """The browser's sign-in ends: a screen that an administrator set up does not go on showing what they may see."""
    session = token_of(own.store, ("admin", "all"), ("operator", "990101"))
    screen.cookies[COOKIE] = session
    assert screen.get("/households/unvisited", Accept="application/json").status_code == 200
    screen.get(f"/wall?token={token_of(own.store, ('wall', 'all'))}")
    assert set(screen.cookies) == {WALL_COOKIE}
    assert screen.get("/households/unvisited", Accept="application/json").status_code == 403
    visit = {"id": str(uuid4()), "household": "x", "visited_at": "2026-11-01T00:00:00Z", "outcome": "reached"}
    refused = screen.client.post(
        "/visits", json=[visit], headers={"Cookie": f"{WALL_COOKIE}={screen.cookies[WALL_COOKIE]}"}
    )
    assert refused.status_code == 403
    screen.cookies[COOKIE] = session
    assert screen.get("/me", Accept="application/json").status_code == 401, "that session is over"
