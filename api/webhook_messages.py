"""One message to a webhook: signed as Standard Webhooks has it, sent to an address that was looked at first.

A name is resolved anew for each message, and the connection goes to the very address that was checked: a name that
changes its mind in between leads nowhere else. No redirect is followed, no proxy asked, and of the answer only the
status counts.
"""

from __future__ import annotations

import hmac
import json
import logging
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from gis.errors import BadInput
from gis.reasons import reason_of
from gis.sentence import Sentence, recognized

CONTENT_TYPE: Final = "application/json"
_CONNECT_S: Final = 5.0
_WHOLE_S: Final = 15.0  # connecting, sending, and the head of the answer together
_LONGEST_PAUSE_S: Final = 3600.0
_GONE: Final = 410

_log = logging.getLogger(__name__)

_STATUS: Final = Sentence("status {number}")
_TIMEOUT: Final = Sentence("timeout")
_NOT_TRUSTED: Final = Sentence("no trusted connection: {reason}")
_NO_ANSWER: Final = Sentence("no answer: {reason}")
_NO_NAME: Final = Sentence("a part of the name is empty or longer than 63 characters")
_OUTCOMES: Final = (_STATUS, _TIMEOUT, _NOT_TRUSTED, _NO_ANSWER)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a message fared: `word` is a status ("status 503") or what went wrong ("timeout", "no answer: …"). `wait_s`:
    how long the other side asks to wait, 0 where it does not."""

    delivered: bool
    word: Sentence
    gone: bool = False
    wait_s: float = 0.0


def told(word: str) -> Sentence:
    """The word of an outcome that was kept as text, as a sentence again."""
    found = recognized(word, _OUTCOMES)
    if found is None:
        return Sentence(word)
    return found.filled(**{name: Sentence(value) for name, value in found.values.items()})


def check_url(url: str) -> SplitResult:
    """An address to send to. Raises BadInput where it is none, where it is not https (http: on this machine and on
    private networks alone), or where its name leads to an address that no webhook has."""
    try:
        parts = urlsplit(url)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        raise BadInput("url: is no address", field="url") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or not port_is_right:
        raise BadInput("url: must be an http or https address, such as https://host/path", field="url")
    if parts.username is not None or parts.fragment or not url.isprintable() or " " in url or len(url) > 2_000:
        raise BadInput("url: must be without a name, a password, spaces and a fragment", field="url")
    try:
        resolve(parts)
    except (OSError, UnicodeError) as error:
        raise BadInput(
            "url: {host} cannot be found: {reason}",
            host=parts.hostname,
            reason=_NO_NAME if isinstance(error, UnicodeError) else reason_of(error),
            field="url",
        ) from None
    return parts


def resolve(parts: SplitResult) -> tuple[str, int]:
    """The first address that a name leads to, and the port. Raises OSError where there is none, UnicodeError where a
    part of the name is empty or too long to be asked for, BadInput where any of them is not to be sent to."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        _refuse(address, encrypted=parts.scheme == "https")
    return str(addresses[0]), port


def _refuse(address: IPv4Address | IPv6Address, *, encrypted: bool) -> None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        raise BadInput("url: {address} is an address that no webhook has", address=address, field="url")
    if not encrypted and not address.is_private:
        raise BadInput(
            "url: {address} is not on a private network: give an https address", address=address, field="url"
        )


def signature(secret: bytes, message_id: str, sent_at: int, body: bytes) -> str:
    """The signature of Standard Webhooks, version 1: HMAC-SHA256 over id, time (seconds since 1970) and body."""
    signed = hmac.new(secret, f"{message_id}.{sent_at}.".encode() + body, sha256).digest()
    return f"v1,{b64encode(signed).decode()}"


def post(url: str, secret: bytes, message_id: str, content: Mapping[str, Any], sent_at: int) -> Outcome:
    """Send a message and wait for the answer, 15 s at most. Never raises for what the other side does, or for how it
    is called."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "content-type": CONTENT_TYPE,
        "user-agent": "everycell",
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": signature(secret, message_id, sent_at, body),
    }
    try:
        parts = check_url(url)
        return _send(parts, body, headers)
    except BadInput as error:
        return Outcome(False, error.message)
    except TimeoutError:
        return Outcome(False, _TIMEOUT)
    except ssl.SSLError as error:
        return Outcome(False, _NOT_TRUSTED.filled(reason=error.reason or "refused"))
    except OSError as error:
        return Outcome(False, _NO_ANSWER.filled(reason=reason_of(error)))
    except HTTPException as error:
        return Outcome(False, _NO_ANSWER.filled(reason=type(error).__name__))
    except Exception as error:  # noqa: BLE001 - a message without an outcome would be under way until a restart
        _log.exception("a webhook could not be sent to")
        return Outcome(False, _NO_ANSWER.filled(reason=type(error).__name__))


def _send(parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> Outcome:
    host, encrypted = parts.hostname or "", parts.scheme == "https"
    address, port = resolve(parts)
    connection = (HTTPSConnection if encrypted else HTTPConnection)(host, port)
    connected = socket.create_connection((address, port), timeout=_CONNECT_S)
    if encrypted:
        context = ssl.create_default_context()
        connected = context.wrap_socket(connected, server_hostname=host, do_handshake_on_connect=False)
    # One who sends a byte now and then would keep this thread for ever: all waits together have an end.
    enough = threading.Timer(_WHOLE_S, _cut, (connected,))
    enough.daemon = True
    enough.start()
    try:
        connected.settimeout(_WHOLE_S)
        if isinstance(connected, ssl.SSLSocket):
            connected.do_handshake()
        connection.sock = connected
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, dict(headers)
        )
        answer = connection.getresponse()
        wait = answer.getheader("retry-after") or ""
        wait_s = min(float(wait), _LONGEST_PAUSE_S) if wait.isascii() and wait.isdigit() else 0.0
        return Outcome(200 <= answer.status < 300, _STATUS.filled(number=answer.status), answer.status == _GONE, wait_s)
    finally:
        enough.cancel()
        connected.close()


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):  # it is over already
        connected.shutdown(socket.SHUT_RDWR)
