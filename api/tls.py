"""The certificate that the service shows, where it speaks https itself instead of a proxy in front of it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from gis.errors import BadInput
from gis.reasons import reason_of


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the certificate with those that lead to its authority, and its key."""

    chain: Path
    key: Path

    def options(self) -> dict[str, Any]:
        """What uvicorn is told of it."""
        return {"ssl_certfile": str(self.chain), "ssl_keyfile": str(self.key)}


def certificate_of(chain: Path | None, key: Path | None) -> Certificate | None:
    """The certificate of `--certificate` and `--key`; None where neither is given.

    Raises BadInput where one is missing, cannot be read, is no PEM, needs a password, or they do not belong together.
    """
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        wanted = "--certificate" if chain is None else "--key"
        raise BadInput("{field}: is missing; https needs a certificate and its key", field=wanted)
    for option, file in (("--certificate", chain), ("--key", key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise BadInput(
                "{field}: {file} cannot be read: {reason}", file=file, reason=reason_of(error), field=option
            ) from None
    _try(chain, key)
    return Certificate(chain, key)


def own_client() -> ssl.SSLContext:
    """For asking this very process whether it is ready: whoever issued its certificate, and for which name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _try(chain: Path, key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, password=_no_password(key))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise BadInput("--key: {key} is not the key of {chain}", key=key, chain=chain, field="--key") from None
        raise BadInput(
            "--certificate: {chain} and {key} are no certificate and key in PEM",
            chain=chain,
            key=key,
            field="--certificate",
        ) from None


def _no_password(key: Path) -> Any:
    """Instead of asking on the terminal: nobody may be there when the service starts."""

    def refuse() -> NoReturn:
        raise BadInput("--key: {key} is locked by a password; give a key without one", key=key, field="--key")

    return refuse
