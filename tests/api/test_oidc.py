"""Signing in with an organization's account, from the button to the session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import ValidationError

from api import accounts, oidc
from api.provider import provider_of
from gis.access import audit
from gis.access.accounts import add_account, disable, enable, get_account
from gis.access.claims import ClaimMapping
from gis.access.scope import Grant, Role
from gis.access.subjects import name_of
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service
from tests.api.identity import CLIENT, SECRET, Identity, identity
from tests.api.signing import Browser, field_told, signing

COOKIE = accounts.COOKIE
MAPPING = {
    "claim": "groups",
    "values": {
        "grid-editors": [["editor", "110101"], ["wall", "110101"]],
        "county-wall": [["wall", "all"]],
    },
}


@pytest.fixture
def idp() -> Iterator[Identity]:
    with identity() as running:
        yield running


@pytest.fixture
def browser(store: Store, cluster: Cluster, idp: Identity) -> Iterator[Browser]:
    """Somebody's browser, on a service that trusts the provider."""
    provider_of.cache_clear()
    config = Settings(
        home=cluster.home,
        oidc_issuer=idp.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,  # type: ignore[arg-type]
        oidc_mapping=MAPPING,  # type: ignore[arg-type]
    )
    with (
        as_service(store) as app,
        signing(Store(app.engine, config)) as address,
        Browser(address) as made,
    ):
        yield made


def to_the_provider_and_back(browser: Browser, query: str = "") -> str:
    """Presses the button; the path that the provider sends the browser back to."""
    answer = browser.get(f"/login/oidc{query}")
    assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")
    back = urlsplit(httpx.get(answer.headers["location"]).headers["location"])
    assert f"{back.scheme}://{back.netloc}" == browser.address
    return f"{back.path}?{back.query}"


def signed_in(browser: Browser) -> httpx.Response:
    return browser.get(to_the_provider_and_back(browser))


def noted(store: Store) -> list[tuple[str, str, dict[str, object]]]:
    with store.read() as conn:
        return [(entry.who, entry.action, entry.detail) for entry in audit.export(conn)]


def test_from_the_button_to_the_session(browser: Browser, store: Store) -> None:
    page = browser.get("/login?next=/maps/coverage").text
    [button] = re.findall(r'id="oidc" href="([^"]+)"', page)
    assert button == "/login/oidc?next=/maps/coverage&amp;lang=zh"
    answer = browser.get(to_the_provider_and_back(browser, "?next=/maps/coverage&lang=en"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/maps/coverage")
    assert set(browser.cookies) == {COOKIE}, "what was remembered on the way is forgotten"
    told = browser.get("/me", Accept="application/json").json()
    rights = {right: ["110101"] for right in ("figures", "doors", "grid", "places")}
    assert (told["who"], told["rights"]) == ("account:li.wei", rights)
    assert noted(store) == [("account:li.wei", "sign_in", {"by": "oidc"})]
    with store.read() as conn:
        assert get_account(conn, "li.wei").grants == (Grant(Role.editor, "110101"), Grant(Role.wall, "110101"))


def test_what_is_remembered_on_the_way_is_out_of_reach(browser: Browser) -> None:
    [line] = browser.get("/login/oidc").headers.get_list("set-cookie")
    morsel = SimpleCookie(line)[oidc.COOKIE]
    assert (morsel["secure"], morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, True, "lax", "/")
    assert morsel["max-age"] == "600"


def test_grants_follow_the_claims(browser: Browser, idp: Identity) -> None:
    signed_in(browser)
    idp.claims = {"groups": "county-wall", "preferred_username": "renamed"}
    signed_in(browser)
    told = browser.get("/me", Accept="application/json").json()
    assert (told["who"], told["rights"]) == ("account:li.wei", {"figures": [""]}), "the account stays the same"


def test_without_a_group_that_gives_anything(browser: Browser, idp: Identity) -> None:
    idp.claims = {"groups": ["everybody"]}
    answer = signed_in(browser)
    assert answer.status_code == 403
    assert "尚未被授予任何权限" in answer.text
    assert browser.get("/me", Accept="application/json").json()["rights"] == {}


def test_a_name_in_chinese_is_not_taken(browser: Browser, idp: Identity) -> None:
    idp.claims = {"preferred_username": "李伟"}
    signed_in(browser)
    who = browser.get("/me", Accept="application/json").json()["who"]
    assert re.fullmatch(r"account:oidc-[0-9a-f]{16}", who)
    assert who == f"account:{name_of({}, idp.issuer, 'subject-1')}"


def test_an_account_that_was_disabled_here(browser: Browser, store: Store) -> None:
    signed_in(browser)
    with store.begin() as conn:
        disable(conn, "li.wei")
    answer = signed_in(browser)
    assert (answer.status_code, COOKIE in browser.cookies) == (403, True), "the old cookie is worth nothing"
    assert "该账号不能在此登录" in answer.text
    assert browser.get("/me", Accept="application/json").status_code == 401
    assert noted(store)[-1] == ("nobody", "sign_in_refused", {"by": "oidc"})
    with store.begin() as conn:
        enable(conn, "li.wei")
    assert signed_in(browser).status_code == 303


def test_nobody_takes_over_an_account_of_the_same_name(browser: Browser, store: Store, idp: Identity) -> None:
    with store.begin() as conn:
        add_account(conn, "admin", "correct horse battery")
    idp.claims = {"preferred_username": "admin"}
    assert signed_in(browser).status_code == 403
    assert browser.get("/me", Accept="application/json").status_code == 401
    signed = signed_in(browser)
    idp.claims = {"sub": "subject-2", "preferred_username": "li.wei"}
    assert (signed.status_code, signed_in(browser).status_code) == (403, 303)
    idp.claims = {"sub": "subject-3", "preferred_username": "li.wei"}
    assert signed_in(browser).status_code == 403


def test_the_answer_belongs_to_the_browser_that_began(browser: Browser) -> None:
    back = to_the_provider_and_back(browser)
    with Browser(browser.address) as other:
        answer = other.get(back)
        assert (answer.status_code, other.cookies) == (400, {})
        assert "不是在本浏览器发起的" in answer.text
        to_the_provider_and_back(other)
        assert (other.get(back).status_code, COOKIE in other.cookies) == (400, False)


def test_an_answer_counts_once(browser: Browser) -> None:
    back = to_the_provider_and_back(browser)
    kept = dict(browser.cookies)
    assert browser.get(back).status_code == 303
    with Browser(browser.address) as again:
        assert again.get(back).status_code == 400
        again.cookies = kept  # even with what the first browser remembered
        assert (again.get(back).status_code, again.cookies) == (401, {})


def test_an_answer_of_another_provider(browser: Browser) -> None:
    back = to_the_provider_and_back(browser)
    assert browser.get(re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.test", back)).status_code == 401
    assert COOKIE not in browser.cookies


def test_a_token_that_does_not_hold(browser: Browser, idp: Identity, store: Store) -> None:
    idp.claims = {"aud": "another"}
    answer = signed_in(browser)
    assert (answer.status_code, browser.cookies) == (401, {})
    assert "未能确认您的身份" in answer.text
    assert "aud" not in answer.text
    with store.read() as conn:
        assert list(audit.export(conn)) == []


def test_somebody_who_changes_their_mind(browser: Browser, idp: Identity) -> None:
    idp.denies = True
    answer = browser.get(to_the_provider_and_back(browser, "?lang=en&next=/maps/coverage"))
    assert answer.status_code == 401
    assert "did not confirm who you are" in answer.text
    assert 'name="next" value="/maps/coverage"' in answer.text
    assert browser.cookies == {}


def test_a_provider_that_is_down(browser: Browser, idp: Identity) -> None:
    idp.down = True
    answer = browser.get("/login/oidc?lang=en")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "does not answer" in answer.text
    assert browser.get("/login/oidc", Accept="*/*").json()["status"] == 503
    assert 'id="login"' in answer.text, "whoever has a password signs in all the same"


def test_where_to_go_on_is_checked_before_the_journey(browser: Browser, idp: Identity) -> None:
    answer = browser.get("/login/oidc?next=//evil.test")
    assert (answer.status_code, field_told(answer), idp.asked) == (400, "next", [])


def test_a_service_without_a_provider(store: Store, cluster: Cluster) -> None:
    with as_service(store) as app, signing(app) as address, Browser(address) as browser:
        assert 'id="oidc"' not in browser.get("/login").text
        for path in ("/login/oidc", "/login/oidc/callback?code=x&state=y"):
            assert browser.get(path).status_code == 404


# ---- settings

WHOLE: dict[str, Any] = {
    "oidc_issuer": "https://id.county.example",
    "oidc_client_id": "everycell",
    "oidc_client_secret": "s3cret",
    "oidc_mapping": MAPPING,
}


@pytest.mark.parametrize("missing", WHOLE)
def test_half_a_provider_is_refused(missing: str) -> None:
    given = {name: value for name, value in WHOLE.items() if name != missing}
    with pytest.raises(ValidationError, match=f"EVERYCELL_{missing.upper()}: sign-in by") as told:
        Settings(**given)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("oidc_issuer", "http://id.county.example", "must be an https address"),
        ("oidc_issuer", "id.county.example", "must be an https address"),
        ("oidc_mapping", {"claim": "groups", "values": {"g": [["king", "all"]]}}, "'g': role: there is no 'king'"),
        ("oidc_mapping", {"claim": "groups", "values": {"g": [["wall", "11"]]}}, "'g': area: '11' is no area code"),
        ("oidc_mapping", {"claim": "groups", "values": {}, "more": 1}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_make_no_sense(name: str, value: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why) as told:
        Settings(**{**WHOLE, name: value})
    assert "s3cret" not in str(told.value)


def test_the_mapping_is_json_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WHOLE.items():
        monkeypatch.setenv(
            f"EVERYCELL_{name.upper()}", value if isinstance(value, str) else '{"claim": "r", "values": {}}'
        )
    assert Settings().oidc_mapping == ClaimMapping(claim="r", values={})
    assert "s3cret" not in repr(Settings())


@pytest.mark.parametrize(
    ("claim", "claims", "held"),
    [
        ("groups", {"groups": ["a", "b", 1, None]}, ["a", "b"]),
        ("groups", {"groups": "a"}, ["a"]),
        ("groups", {"groups": {"a": 1}}, []),
        ("groups", {}, []),
        ("realm.roles", {"realm": {"roles": ["a"]}}, ["a"]),
        ("realm.roles", {"realm": ["roles"]}, []),
        ("https://id.example/groups", {"https://id.example/groups": ["a"]}, ["a"]),
    ],
)
def test_where_claims_stand(claim: str, claims: dict[str, Any], held: list[str]) -> None:
    assert ClaimMapping(claim=claim, values={}).held(claims) == held
