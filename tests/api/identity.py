"""A small OpenID Connect provider on this machine: it signs everybody in who comes, and lies where a test wants it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "everycell-test", "the client's secret: with + and %"


@cache
def key(name: str) -> RSAKey:
    """A key pair of this name."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@dataclass
class Identity:
    """What the provider says. `claims` are put over the usual ones (None takes one away); `sign` makes the token."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    published: list[str] = field(default_factory=lambda: ["first"])
    sign: Callable[[dict[str, Any]], str] = lambda claims: signed(claims)
    denies: bool = False
    down: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        known = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
        }
        if self.userinfo is not None:
            known["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return known | self.metadata

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "openid profile")
        back = {"state": asked["state"], "session_state": "nobody foresaw this", "iss": self.issuer}
        if self.denies:
            return f"{asked['redirect_uri']}?{urlencode(back | {'error': 'access_denied'})}"
        code = token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode(back | {'code': code})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The answer to a code: it is worth something once, and to whoever began."""
        began = self.codes.pop(form.get("code", ""), None)
        client = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":", 1)
        if "client_secret_post" in self.metadata.get("token_endpoint_auth_methods_supported", ()):
            client = [form.get("client_id", ""), form.get("client_secret", "")]
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if [unquote(part) if authorization else part for part in client] != [CLIENT, SECRET]:
            return 401, {"error": "invalid_client"}
        if began is None or began["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != began["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        usual = usual_claims(self.issuer, began["nonce"]) | self.claims
        claims = {name: value for name, value in usual.items() if value is not None}
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.sign(claims)}


def usual_claims(issuer: str, nonce: str) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": issuer,
        "sub": "subject-1",
        "aud": CLIENT,
        "iat": now,
        "exp": now + 300,
        "nonce": nonce,
        "preferred_username": "Li.Wei",
        "groups": ["grid-editors", "everybody"],
    }


def signed(claims: dict[str, Any], by: str = "first", kid: str | None = None, alg: str = "RS256") -> str:
    """A token by the key of a name, which it may call otherwise."""
    return jwt.encode({"alg": alg, "kid": kid or by}, claims, key(by), algorithms=[alg])


def unsigned(claims: dict[str, Any], alg: str = "none") -> str:
    """A token of the algorithm `none`, or that is still to be signed."""
    return ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": alg, "kid": "first"}, claims)) + "."


def hashed(claims: dict[str, Any], secret: bytes) -> str:
    """A token by HS256 with any secret, also one that libraries would refuse to sign with."""
    text = unsigned(claims, "HS256")
    return text + _base64(hmac.new(secret, text[:-1].encode(), hashlib.sha256).digest())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@contextmanager
def identity() -> Iterator[Identity]:
    """A provider that is running."""
    made = Identity()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            made.asked.append(parts.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if made.down:
                self.answer(500, {"error": "down"})
            elif parts.path == "/.well-known/openid-configuration":
                self.answer(200, made.discovery())
            elif parts.path == "/keys":
                self.answer(200, {"keys": [key(name).as_dict(private=False) for name in made.published]})
            elif parts.path == "/userinfo" and self.headers["Authorization"] == "Bearer access":
                self.answer(200, made.userinfo or {})
            elif parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", made.authorize(query))
                self.end_headers()
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            made.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, members = (500, {}) if made.down else made.token(form, self.headers.get("Authorization", ""))
            self.answer(status, members)

        def answer(self, status: int, members: dict[str, Any]) -> None:
            body = json.dumps(members).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
