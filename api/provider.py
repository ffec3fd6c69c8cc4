"""An OpenID Connect provider as it is met over HTTP: what it publishes, and the exchange of a code for verified claims.

Authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, section 3.1). What must be remembered
between the two halves of a sign-in is sealed (A256GCM) into a cookie of the browser that began it, for ten minutes: so
any worker can finish it, nobody can finish somebody else's, and nothing has to be stored and tidied up. That an answer
is used once is the provider's part: a code is worth nothing the second time.

A provider behind a certificate of one's own authority: REQUESTS_CA_BUNDLE names the file with that authority.
"""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwe, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, OctKey
from joserfc.jws import JWSRegistry
from requests import RequestException

from api.problems import Trouble
from api.published import Published
from gis.access.claims import ClaimMapping
from gis.errors import BadInput, NotSignedIn

# Signatures by a pair of keys only: with the others whoever knows the client's secret, or nothing, could sign.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_KEY_TYPES: Final = ("RSA", "EC", "OKP")
_SKEW_S: Final = 120  # by how much the clocks of the two may differ
_TIMEOUT_S: Final = 10
_BEGUN_S: Final = 600
_WANTED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that was begun: what its second half must match, and where the browser goes on to."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    onward: str
    lang: str
    until: float


class Provider:
    """A provider by its issuer. Threads may share it; what it publishes is fetched when it is first needed."""

    def __init__(
        self, issuer: str, client_id: str, secret: str, scopes: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._secret = secret
        self._scopes = scopes
        self._clock = clock
        self._key = OctKey.import_key(sha256(f"everycell oidc {client_id} {secret}".encode()).digest())
        self._metadata = Published(clock, self._fetch_metadata)
        self._keys = Published(clock, self._fetch_keys)

    def begin(self, redirect_uri: str, onward: str, lang: str) -> tuple[str, str]:
        """Where to send the browser, and the value of the cookie to send along. Raises Trouble without an answer."""
        until = self._clock() + _BEGUN_S
        begun = Begun(token_urlsafe(32), token_urlsafe(32), token_urlsafe(48), redirect_uri, onward, lang, until)
        with self._session(redirect_uri) as session:
            address, _ = session.create_authorization_url(
                self._metadata.now()["authorization_endpoint"],
                state=begun.state,
                nonce=begun.nonce,
                code_verifier=begun.verifier,
            )
        sealed = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, json.dumps(asdict(begun)), self._key)
        return str(address), sealed

    def begun(self, cookie: str | None, state: str | None) -> Begun:
        """The sign-in that a cookie and the state of an answer belong to. Raises BadInput where they fit none."""
        begun = self._opened(cookie or "")
        if begun is None or begun.until < self._clock() or not _same(begun.state, state or ""):
            raise BadInput("state: this sign-in was not begun in this browser, or too long ago", field="state")
        return begun

    def claims(self, begun: Begun, code: str, mapping: ClaimMapping) -> Mapping[str, Any]:
        """The verified claims of whoever signed in; where the mapped one is not among them, with those of `userinfo`.

        Raises NotSignedIn where the provider refuses the code or its token does not hold, Trouble without an answer.
        """
        with self._session(begun.redirect_uri) as session:
            token = self._exchanged(session, begun, code)
            claims = self._verified(token, begun.nonce)
            if mapping.held(claims) or "userinfo_endpoint" not in self._metadata.now():
                return claims
            return {**self._userinfo(session, claims["sub"]), **claims}

    def _opened(self, cookie: str) -> Begun | None:
        try:
            return Begun(**json.loads(jwe.decrypt_compact(cookie, self._key, ["dir", "A256GCM"]).plaintext or b""))
        except (JoseError, ValueError):
            return None

    def _session(self, redirect_uri: str) -> Any:
        methods = self._metadata.now().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return OAuth2Session(
            self._client_id,
            self._secret,
            "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post",
            scope=self._scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            default_timeout=_TIMEOUT_S,
        )

    def _exchanged(self, session: Any, begun: Begun, code: str) -> Mapping[str, Any]:
        try:
            token: Mapping[str, Any] = session.fetch_token(
                self._metadata.now()["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=begun.verifier,
                allow_redirects=False,
            )
        except OAuthError as error:
            raise _not_vouched(f"refuses the code: {error.error!r}") from None
        except (RequestException, ValueError) as error:
            raise self._no_answer(error) from error
        return token

    def _verified(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of an id_token that holds: signature, issuer, audience, times, nonce, hash of the access token."""
        wanted = {"iss": self.issuer, "aud": self._client_id}
        options = {name: {"essential": True, "value": value} for name, value in wanted.items()}
        params = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
        try:
            signed = self._decoded(str(token.get("id_token", "")))
            claims = CodeIDToken(signed.claims, signed.header, options, params)
            claims.validate(now=int(self._clock()), leeway=_SKEW_S)
        except (JoseError, ValueError) as error:
            raise _not_vouched(f"sent a token that does not hold: {type(error).__name__} {error}") from None
        return dict(claims)

    def _decoded(self, text: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)
        try:
            return jwt.decode(text, self._keys.now(), registry=registry)
        except InvalidKeyIdError:  # it signs with new keys
            return jwt.decode(text, self._keys.anew(), registry=registry)

    def _userinfo(self, session: Any, subject: object) -> dict[str, Any]:
        try:
            answer = session.get(self._metadata.now()["userinfo_endpoint"], allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (RequestException, OAuthError, ValueError) as error:
            raise self._no_answer(error) from error
        if not isinstance(found, dict) or found.get("sub") != subject:
            raise _not_vouched("sent what it knows of somebody else")
        return found

    def _fetch_metadata(self) -> dict[str, Any]:
        found = self._fetched(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise self._no_answer(f"it calls itself {str(found.get('issuer'))[:200]!r}")
        plain = urlsplit(self.issuer).scheme == "http"
        for name in _WANTED:
            if not str(found.get(name, "")).startswith(("https://", "http://") if plain else "https://"):
                raise self._no_answer(f"it names no {name} that can be used")
        return found

    def _fetch_keys(self) -> KeySet:
        found = self._fetched(self._metadata.now()["jwks_uri"]).get("keys")
        listed = found if isinstance(found, list) else []
        try:
            return KeySet.import_key_set({"keys": [key for key in listed if key.get("kty") in _KEY_TYPES]})
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise self._no_answer(error) from error

    def _fetched(self, address: str) -> dict[str, Any]:
        try:
            with OAuth2Session(default_timeout=_TIMEOUT_S) as session:
                answer = session.get(address, withhold_token=True)
                answer.raise_for_status()
                found = answer.json()
        except (RequestException, ValueError) as error:
            raise self._no_answer(error) from error
        if not isinstance(found, dict):
            raise self._no_answer(f"{address} is no JSON object")
        return found

    def _no_answer(self, why: object) -> Trouble:
        _log.warning("the sign-in service %s is of no use: %s", self.issuer, why)
        return Trouble(
            "busy", "the sign-in service {issuer} does not answer as it should: try again soon", issuer=self.issuer
        )


@lru_cache(maxsize=4)
def provider_of(issuer: str, client_id: str, secret: str, scopes: str) -> Provider:
    """The provider of some settings: one for the process, so that what it publishes is fetched once."""
    return Provider(issuer, client_id, secret, scopes)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogatepass"))


def _not_vouched(why: str) -> NotSignedIn:
    _log.warning("the sign-in service %s", why)
    return NotSignedIn("the sign-in service does not confirm who this is: begin again")
