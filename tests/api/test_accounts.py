"""Signing in and out with a password: cookies, refusals, and what the answers do not tell."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie

import pytest
from pwdlib import PasswordHash

from api import accounts
from api.forms import keeps_no_cookie, local_path
from gis.access import audit
from gis.access.accounts import add_account, add_grant, disable
from gis.access.scope import EVERYWHERE, Grant, Role
from gis.access.sessions import csrf_token
from gis.access.throttle import BY_LOGIN, BY_SOURCE
from gis.errors import BadInput
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service
from tests.api.signing import PASSWORD, Browser, field_told, signing
from tests.gis.access.conftest import quick as quick

COOKIE = accounts.COOKIE


@pytest.fixture
def browser(store: Store, cluster: Cluster, quick: PasswordHash) -> Iterator[Browser]:
    """Somebody's browser, on a service with two accounts: `chen` may see figures in a county, `new` nothing."""
    with as_service(store) as app, signing(app) as address, Browser(address) as made:
        with store.begin() as conn:
            add_account(conn, "chen", PASSWORD)
            add_grant(conn, "chen", Grant(Role.wall, "110101"))
            add_account(conn, "new", PASSWORD)
        yield made


def noted(store: Store) -> list[tuple[str, str, dict[str, object]]]:
    with store.read() as conn:
        return [(entry.who, entry.action, entry.detail) for entry in audit.export(conn)]


def test_the_cookie_is_for_this_host_alone_and_out_of_the_reach_of_scripts(browser: Browser) -> None:
    answer = browser.sign_in()
    assert answer.status_code == 303
    [line] = answer.headers.get_list("set-cookie")
    morsel = SimpleCookie(line)[COOKIE]
    assert (morsel["secure"], morsel["httponly"], morsel["path"], morsel["domain"]) == (True, True, "/", "")
    assert morsel["samesite"] == "lax"
    assert int(morsel["max-age"]) == 12 * 3600
    assert answer.headers["cache-control"] == "no-store"


def test_who_one_is(browser: Browser) -> None:
    browser.sign_in()
    told = browser.get("/me", Accept="application/json").json()
    assert told.pop("expires_at") > "2026"
    assert told == {
        "name": "chen",
        "who": "account:chen",
        "rights": {"figures": ["110101"]},
        "csrf": csrf_token(browser.cookies[COOKIE]),
    }


def test_everywhere_is_the_prefix_of_every_code(browser: Browser, store: Store) -> None:
    with store.begin() as conn:
        add_grant(conn, "new", Grant(Role.admin, EVERYWHERE))
    browser.sign_in("new")
    rights = browser.get("/me", Accept="application/json").json()["rights"]
    everything = ("figures", "doors", "visits", "grid", "places", "cases", "patrols", "mediation")
    assert rights == {right: [""] for right in everything}


def test_nobody_is_nobody(browser: Browser) -> None:
    answer = browser.get("/me", Accept="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")
    browser.cookies[COOKIE] = "x" * 43
    assert browser.get("/me", Accept="application/json").status_code == 401


def test_a_wrong_password_an_unknown_and_a_disabled_account_are_told_alike(browser: Browser, store: Store) -> None:
    with store.begin() as conn:
        disable(conn, "new")
    answers = [browser.sign_in("chen", "wrong password"), browser.sign_in("new"), browser.sign_in("nobody")]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert not any(answer.headers.get_list("set-cookie") for answer in answers)
    [told] = {re.sub(r'nonce="[^"]+"', "", answer.text) for answer in answers}
    assert "用户名或密码不正确。" in told
    assert browser.sign_in("chen", "wrong", lang="en").text.count("The sign-in name or the password is wrong.") == 1


def test_what_was_typed_does_not_come_back(browser: Browser) -> None:
    answer = browser.sign_in('"><script>alert(1)</script>', "<b>secret</b>", next='/x"><script>')
    assert answer.status_code == 401
    assert "<script>" not in answer.text
    assert "secret" not in answer.text
    assert "alert(1)" not in answer.text


@pytest.mark.parametrize("login", ["CHEN", " chen "])
def test_names_as_telephones_write_them(browser: Browser, login: str) -> None:
    assert browser.sign_in(login).status_code == 303


@pytest.mark.parametrize("login", ["chen\x00", "陈", "a" * 5000, "' OR 1=1 --", "chen'", "\ud800"])
def test_names_that_none_can_be_are_wrong_and_nothing_worse(browser: Browser, login: str) -> None:
    if "\ud800" in login:  # half a character has no UTF-8: a client can only send it escaped
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        answer = browser._ask("POST", "/login", kind, content=b"login=%ED%A0%80&password=x")
        assert (answer.status_code, field_told(answer)) == (400, "body")
    else:
        assert browser.sign_in(login).status_code == 401


def test_after_too_many_tries_the_page_says_how_long_to_wait(browser: Browser) -> None:
    for _ in range(BY_LOGIN.free):
        assert browser.sign_in(password="wrong password").status_code == 401
    answer = browser.sign_in()
    assert answer.status_code == 429, "the right password does not help now"
    wait = int(answer.headers["retry-after"])
    assert 0 < wait <= BY_LOGIN.first_s
    assert f"请在 {wait} 秒后重试" in answer.text
    program = browser.post("/login", {"login": "chen", "password": PASSWORD}, Accept="*/*")
    assert (program.status_code, program.json()["code"]) == (429, "too-many-tries")
    assert 0 < int(program.headers["retry-after"]) <= wait
    assert browser.sign_in("new").status_code == 403, "others are not locked out"


def test_signing_in_again_ends_the_session_before(browser: Browser) -> None:
    browser.sign_in()
    before = browser.cookies[COOKIE]
    browser.sign_in()
    assert browser.cookies[COOKIE] != before
    assert browser.get("/me", Accept="application/json", Cookie=f"{COOKIE}={before}").status_code == 401
    assert browser.get("/me", Accept="application/json").status_code == 200


def test_an_account_without_rights_is_told_so(browser: Browser) -> None:
    answer = browser.sign_in("new")
    assert answer.status_code == 403
    assert "尚未被授予任何权限" in answer.text
    assert browser.get("/me", Accept="application/json").json()["rights"] == {}
    csrf = browser.get("/me", Accept="application/json").json()["csrf"]
    assert f'value="{csrf}"' in answer.text, "and can sign out from there"
    assert browser.get("/login").status_code == 403
    for path, words in (("/", "尚未被授予任何权限"), ("/maps/coverage?lang=en", "has not been given any rights yet")):
        page = browser.get(path)
        assert (page.status_code, words in page.text, csrf in page.text) == (403, True, True)
    assert browser.get("/coverage", Accept="application/json").json()["code"] == "not-allowed"


# ---- signing out


def test_signing_out_needs_the_token_of_the_session(browser: Browser) -> None:
    browser.sign_in()
    secret = browser.cookies[COOKIE]
    for fields in ({}, {"csrf": ""}, {"csrf": csrf_token("another")}, {"csrf": "密码"}):
        answer = browser.post("/logout", fields)
        assert (answer.status_code, field_told(answer)) == (403, "csrf")
    assert browser.get("/me", Accept="application/json").status_code == 200
    answer = browser.post("/logout", {"csrf": csrf_token(secret)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert COOKIE not in browser.cookies
    assert browser.get("/me", Accept="application/json", Cookie=f"{COOKIE}={secret}").status_code == 401, (
        "on the server too"
    )


def test_the_token_may_come_in_a_header(browser: Browser) -> None:
    browser.sign_in()
    token = browser.get("/me", Accept="application/json").json()["csrf"]
    assert browser.post("/logout", {"lang": "en"}, X_CSRF_Token=token).headers["location"] == "/login?lang=en"
    assert browser.get("/me", Accept="application/json").status_code == 401


def test_signing_out_twice_is_no_error(browser: Browser) -> None:
    assert browser.post("/logout", {}).status_code == 303


def test_the_page_knows_who_is_signed_in(browser: Browser) -> None:
    assert 'id="login"' in browser.get("/login").text
    browser.sign_in()
    page = browser.get("/login?next=/maps/coverage").text
    assert 'id="name">chen<' in page
    assert 'href="/maps/coverage"' in page
    assert 'id="login"' not in page


# ---- other sites


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Origin": "HERE"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "HERE.evil.test"},
        {"Origin": "HERE:99"},
    ],
)
def test_a_form_of_another_site_is_refused(browser: Browser, headers: dict[str, str], store: Store) -> None:
    sent = {name: value.replace("HERE", browser.address) for name, value in headers.items()}
    answer = browser.post("/login", {"login": "chen", "password": PASSWORD}, **sent)
    assert (answer.status_code, "403 not-allowed" in answer.text) == (403, True)
    assert answer.headers.get_list("set-cookie") == []
    assert browser.post("/logout", {}, **sent).status_code == 403
    assert noted(store) == []


@pytest.mark.parametrize("headers", [{"Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "none"}, {"Origin": "HERE"}])
def test_the_own_form_is_taken(browser: Browser, headers: dict[str, str]) -> None:
    sent = {name: value.replace("HERE", browser.address) for name, value in headers.items()}
    assert browser.post("/login", {"login": "chen", "password": PASSWORD}, **sent).status_code == 303


# ---- where to go on

ELSEWHERE = [
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/%5Cevil.test",
    "%2F%2Fevil.test",
    "/%2Fevil.test",
    "/%252Fevil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "\t//evil.test",
    " //evil.test",
    "https://evil.test",
    "https:evil.test",
    "http:///evil.test",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "evil.test",
    "/x\r\nSet-Cookie: a=b",
    "/路",
    "/" + "x" * 3000,
]


@pytest.mark.parametrize("path", ELSEWHERE)
def test_it_goes_nowhere_else(path: str) -> None:
    with pytest.raises(BadInput, match="next: must be a path of this service"):
        local_path(path, "/")


def test_a_bad_way_on_signs_nobody_in(browser: Browser, store: Store) -> None:
    for answer in (browser.sign_in(next="//evil.test"), browser.get("/login?next=//evil.test")):
        assert (answer.status_code, field_told(answer)) == (400, "next")
        assert "evil.test" not in answer.text.partition("<main")[2], "nor does the page lead there"
        assert answer.headers.get_list("set-cookie") == []
    assert noted(store) == []


@pytest.mark.parametrize(
    "path", ["/maps/coverage?lang=en&since=2026-11-01", "/collections/cells/items?bbox=1,2,3,4", "/"]
)
def test_it_goes_on_to_where_one_wanted(browser: Browser, path: str) -> None:
    assert browser.sign_in(next=path).headers["location"] == path


def test_without_a_way_on_it_is_the_first_page(browser: Browser) -> None:
    assert browser.sign_in().headers["location"] == "/"


# ---- the form


def test_two_languages(browser: Browser) -> None:
    chinese, english = browser.get("/login").text, browser.get("/login?lang=en").text
    assert '<html lang="zh-CN">' in chinese
    assert "用户名" in chinese
    assert '<html lang="en">' in english
    assert "Sign-in name" in english
    assert ("网格地图服务" in chinese, "Grid mapping service" in english, "网格" in english) == (True, True, False)
    assert field_told(browser.get("/login?lang=fr")) == "lang"


def test_what_is_no_form(browser: Browser) -> None:
    for content, kind, status, field in [
        (b"{}", "application/json", 415, "Content-Type"),
        (b"login=a&login=b&password=c", "application/x-www-form-urlencoded", 400, "login"),
        (b"login=a", "application/x-www-form-urlencoded", 400, "password"),
        (b"password=a&login=", "application/x-www-form-urlencoded", 400, "login"),
        (b"login=%FF&password=a", "application/x-www-form-urlencoded", 400, "body"),
        ("login=陈&password=a".encode(), "application/x-www-form-urlencoded", 400, "body"),
        (b"&".join(b"a%d=1" % n for n in range(50)), "application/x-www-form-urlencoded", 400, "body"),
        (b"login=a&password=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413, "body"),
    ]:
        answer = browser._ask("POST", "/login", {"Content_Type": kind}, content=content)
        assert (answer.status_code, field_told(answer)) == (status, field), content[:40]


def test_a_page_that_will_not_keep_the_cookie_says_so(browser: Browser) -> None:
    assert 'id="insecure"' not in browser.get("/login").text
    foreign = browser.get("/login", Host="192.168.1.20:8000")
    assert 'id="insecure"' in foreign.text
    assert "https" in foreign.text
    assert 'id="insecure"' not in browser.get("/login", Host="192.168.1.20:8000", Sec_Fetch_Site="none").text


@pytest.mark.parametrize(
    ("scheme", "host", "lost"),
    [
        ("http", b"127.0.0.1:8000", False),
        ("http", b"localhost", False),
        ("http", b"[::1]:8000", False),
        ("http", b"grid.county.example", True),
        ("http", b"10.0.0.7", True),
        ("http", b"localhost.evil.test", True),
        ("http", b"[broken", True),
        ("https", b"10.0.0.7", False),
    ],
)
def test_where_browsers_keep_the_cookie(scheme: str, host: bytes, lost: bool) -> None:
    assert keeps_no_cookie({"scheme": scheme, "headers": [(b"host", host)]}) is lost


# ---- the audit


def test_what_is_noted(browser: Browser, store: Store) -> None:
    browser.sign_in(password="wrong password")
    browser.sign_in("wrong password typed as a name")
    browser.sign_in()
    browser.post("/logout", {"csrf": csrf_token(browser.cookies[COOKIE])})
    assert noted(store) == [
        ("nobody", "sign_in_refused", {"by": "password"}),
        ("nobody", "sign_in_refused", {"by": "password"}),
        ("account:chen", "sign_in", {"by": "password"}),
        ("account:chen", "sign_out", {}),
    ]


# ---- a flood


@pytest.mark.slow
def test_ten_thousand_wrong_passwords(store: Store, cluster: Cluster) -> None:
    """With argon2 as it is: nearly all are turned away without a look at the password, and others hardly notice."""
    with as_service(store) as app, signing(app) as address, Browser(address) as chen:
        with store.begin() as conn:
            add_account(conn, "chen", PASSWORD)
            add_grant(conn, "chen", Grant(Role.wall, "110101"))
        assert chen.sign_in().status_code == 303
        over = threading.Event()
        waits: list[float] = []

        def keep_asking() -> None:
            while not over.is_set():
                begun = time.perf_counter()
                assert chen.get("/me", Accept="application/json").status_code == 200
                waits.append(time.perf_counter() - begun)

        def attack(number: int) -> list[int]:
            with Browser(address) as attacker:
                return [attacker.sign_in(f"login{number}-{n % 40}", "wrong password").status_code for n in range(1000)]

        with ThreadPoolExecutor(11) as pool:
            asking = pool.submit(keep_asking)
            statuses = Counter(status for one in pool.map(attack, range(10)) for status in one)
            over.set()
            asking.result()
    assert set(statuses) == {401, 429}
    assert statuses.total() == 10_000
    tried = statuses[401]
    assert BY_SOURCE.free <= tried < BY_SOURCE.free + 30, "the address is locked, whichever names it tries"
    assert len(noted(store)) == 1 + tried
    waits.sort()
    assert waits[len(waits) * 99 // 100] < 1.0, f"of {len(waits)} others, the median waited {waits[len(waits) // 2]} s"
