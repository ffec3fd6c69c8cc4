"""What is believed of an OpenID Connect provider, and what is not. No database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from api.problems import Trouble
from api.provider import Begun, Provider
from gis.access.claims import ClaimMapping
from gis.errors import BadInput, NotSignedIn
from tests.api.identity import CLIENT, SECRET, Identity, hashed, identity, key, signed, unsigned

BACK = "http://127.0.0.1:1/login/oidc/callback"
MAPPING = ClaimMapping(claim="groups", values={"grid-editors": (("editor", "110101"),)})


class Clock:
    """The service's clock; the provider's is the machine's."""

    ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@pytest.fixture
def idp() -> Iterator[Identity]:
    with identity() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(idp: Identity, clock: Clock) -> Provider:
    return Provider(idp.issuer, CLIENT, SECRET, "openid profile", clock=clock)


def through(provider: Provider) -> tuple[str, dict[str, str]]:
    """A browser goes to the provider and comes back: the cookie, and what the provider sends."""
    address, cookie = provider.begin(BACK, "/x", "zh")
    back = httpx.get(address).headers["location"]
    assert back.startswith(f"{BACK}?")
    return cookie, {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}


def claims_of(provider: Provider) -> Any:
    cookie, given = through(provider)
    return provider.claims(provider.begun(cookie, given["state"]), given["code"], MAPPING)


def test_whoever_the_provider_vouches_for(provider: Provider, idp: Identity) -> None:
    found = claims_of(provider)
    assert (found["sub"], found["groups"]) == ("subject-1", ["grid-editors", "everybody"])
    claims_of(provider)
    assert idp.asked.count("/.well-known/openid-configuration") == 1, "what it publishes is kept"
    assert idp.asked.count("/keys") == 1


def test_what_is_remembered_fits_a_cookie_and_shows_nothing(provider: Provider) -> None:
    address, cookie = provider.begin(BACK, "/" + "x" * 2000, "zh")
    assert len(cookie) < 3900
    begun = provider.begun(cookie, parse_qs(urlsplit(address).query)["state"][0])
    assert begun.onward == "/" + "x" * 2000
    assert begun.verifier not in cookie
    assert begun.verifier not in address


FORGERIES: dict[str, Callable[[dict[str, Any]], str]] = {
    "another key under the published name": lambda claims: signed(claims, by="forger", kid="first"),
    "a key that is not published": lambda claims: signed(claims, by="forger"),
    "not signed": unsigned,
    "signed with the client's secret": lambda claims: hashed(claims, SECRET.encode()),
    "signed with what is published": lambda claims: hashed(claims, key("first").as_pem(private=False)),
    "signature cut off": lambda claims: signed(claims).rpartition(".")[0] + ".",
    "claims exchanged": lambda claims: ".".join(
        [signed(claims).split(".")[0], signed({**claims, "sub": "admin"}).split(".")[1], signed(claims).split(".")[2]]
    ),
    "no token": lambda claims: "",
    "no object": lambda claims: "e30.W10.x",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token(provider: Provider, idp: Identity, forgery: str) -> None:
    idp.sign = FORGERIES[forgery]
    with pytest.raises(NotSignedIn):
        claims_of(provider)
    idp.sign = signed
    assert claims_of(provider)["sub"] == "subject-1"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"aud": "another-client", "azp": CLIENT},
        {"aud": ["another-client"], "azp": CLIENT},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"aud": None},
        {"iss": "https://evil.test"},
        {"iss": None},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": int(time.time()) - 1000},
        {"exp": None},
        {"exp": "never"},
        {"iat": int(time.time()) + 1000},
        {"nbf": int(time.time()) + 1000},
        {"sub": None},
        {"at_hash": "x" * 22},
    ],
    ids=lambda claims: "-".join(claims),  # instants in a name would differ from process to process
)
def test_a_token_that_is_not_for_this_sign_in(provider: Provider, idp: Identity, claims: dict[str, Any]) -> None:
    idp.claims = claims
    with pytest.raises(NotSignedIn):
        claims_of(provider)
    idp.claims = {}
    assert claims_of(provider)["sub"] == "subject-1"


def test_clocks_may_differ_by_two_minutes(provider: Provider, clock: Clock) -> None:
    for clock.ahead_s in (-100, 300 + 100):  # a token holds for 300 s
        assert claims_of(provider)["sub"] == "subject-1"
    for clock.ahead_s in (-150, 300 + 150):
        with pytest.raises(NotSignedIn):
            claims_of(provider)


def test_a_code_counts_once(provider: Provider) -> None:
    cookie, given = through(provider)
    begun = provider.begun(cookie, given["state"])
    provider.claims(begun, given["code"], MAPPING)
    with pytest.raises(NotSignedIn):
        provider.claims(begun, given["code"], MAPPING)


def test_a_code_counts_only_with_what_began_it(provider: Provider) -> None:
    (mine, _), (_, theirs) = through(provider), through(provider)
    with pytest.raises(BadInput, match="state: this sign-in was not begun in this browser"):
        provider.begun(mine, theirs["state"])
    cookie, given = through(provider)
    honest = provider.begun(cookie, given["state"])
    stolen = Begun(honest.state, honest.nonce, "another verifier", BACK, "/", "zh", honest.until)
    with pytest.raises(NotSignedIn):
        provider.claims(stolen, given["code"], MAPPING)


def test_a_cookie_that_is_not_ours(provider: Provider, idp: Identity, clock: Clock) -> None:
    cookie, given = through(provider)
    other, _ = Provider(idp.issuer, CLIENT, "another secret", "openid").begin(BACK, "/", "zh")
    middle = len(cookie) // 2
    changed = cookie[:middle] + ("A" if cookie[middle] != "A" else "B") + cookie[middle + 1 :]
    for bad in (None, "", "x", "a.b.c.d.e", "..", other, changed, cookie[:-4], "\ud800"):
        with pytest.raises(BadInput):
            provider.begun(bad, given["state"])
    for state in (None, "", given["state"] + "x", "\ud800"):
        with pytest.raises(BadInput):
            provider.begun(cookie, state)
    clock.ahead_s = 590
    assert provider.begun(cookie, given["state"]).onward == "/x"
    clock.ahead_s = 610
    with pytest.raises(BadInput):
        provider.begun(cookie, given["state"])


def test_new_keys_are_fetched_when_a_token_names_one(provider: Provider, idp: Identity, clock: Clock) -> None:
    claims_of(provider)
    idp.published, idp.sign = ["first", "second"], lambda claims: signed(claims, by="second")
    clock.ahead_s = 10
    assert claims_of(provider)["sub"] == "subject-1"
    assert idp.asked.count("/keys") == 2
    idp.sign = lambda claims: signed(claims, by="third")
    for _ in range(3):
        with pytest.raises(NotSignedIn):
            claims_of(provider)
    assert idp.asked.count("/keys") == 2, "a stream of unknown names does not become one of requests"


def test_groups_that_only_userinfo_has(provider: Provider, idp: Identity) -> None:
    idp.claims, idp.userinfo = {"groups": None}, {"sub": "subject-1", "groups": ["grid-editors"], "aud": "evil"}
    found = claims_of(provider)
    assert (found["groups"], found["aud"]) == (["grid-editors"], CLIENT), "the token's own claims stay"
    idp.userinfo = {"sub": "somebody else", "groups": ["grid-editors"]}
    with pytest.raises(NotSignedIn):
        claims_of(provider)


def test_a_provider_that_is_down(provider: Provider, idp: Identity, clock: Clock) -> None:
    idp.down = True
    for _ in range(3):
        with pytest.raises(Trouble, match="does not answer as it should"):
            provider.begin(BACK, "/", "zh")
    assert idp.asked == ["/.well-known/openid-configuration"], "it is left alone for some seconds"
    idp.down, clock.ahead_s = False, 6
    cookie, given = through(provider)
    idp.down = True
    with pytest.raises(Trouble):
        provider.claims(provider.begun(cookie, given["state"]), given["code"], MAPPING)


def test_nobody_is_there() -> None:
    with pytest.raises(Trouble, match="does not answer"):
        Provider("http://127.0.0.1:1", CLIENT, SECRET, "openid").begin(BACK, "/", "zh")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.test"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
    ids=str,
)
def test_a_provider_that_publishes_nonsense(provider: Provider, idp: Identity, metadata: dict[str, Any]) -> None:
    idp.metadata = metadata
    with pytest.raises(Trouble):
        provider.begin(BACK, "/", "zh")


def test_a_secret_in_the_form_where_the_provider_wants_it_there(provider: Provider, idp: Identity) -> None:
    idp.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert claims_of(provider)["sub"] == "subject-1"
