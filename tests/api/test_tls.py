"""Serving over https, and files that are no certificate."""

from __future__ import annotations

import signal
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.request import urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from api.tls import certificate_of
from gis.errors import BadInput
from gis.storage.engine import Store
from tests.api.test_serving import started


def write(folder: Path, name: str, encryption: KeySerializationEncryption | None = None) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    pair = ec.generate_private_key(ec.SECP256R1())
    issued = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(issued)
        .issuer_name(issued)
        .public_key(pair.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(pair, SHA256())
    )
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))
    return chain, key


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_it_speaks_https(store: Store, tmp_path: Path, workers: str) -> None:
    chain, key = write(tmp_path, "service")
    arguments = ("--certificate", str(chain), "--key", str(key), "--workers", workers)
    with started(store, *arguments, scheme="https") as (process, address):
        with urlopen(f"{address}/readyz", context=ssl.create_default_context(cafile=chain)) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, "Traceback" in err) == (0, False)


def test_neither_is_plain_http() -> None:
    assert certificate_of(None, None) is None


def test_what_is_no_certificate(tmp_path: Path) -> None:
    chain, key = write(tmp_path, "one")
    other_chain, _ = write(tmp_path, "two")
    _, locked = write(tmp_path, "three", BestAvailableEncryption(b"password"))
    text = tmp_path / "text"
    text.write_text("no PEM")
    for given, told in [
        ((chain, None), "--key: is missing"),
        ((None, key), "--certificate: is missing"),
        ((tmp_path / "none", key), "--certificate: .* cannot be read: No such file"),
        ((chain, tmp_path), "--key: .* cannot be read: Is a directory"),
        ((text, key), "--certificate: .* are no certificate and key in PEM"),
        ((chain, text), "--certificate: .* are no certificate and key in PEM"),
        ((other_chain, key), "--key: .*one.key is not the key of .*two.pem"),
        ((chain, locked), "--key: .* is locked by a password"),
    ]:
        with pytest.raises(BadInput, match=told):
            certificate_of(*given)
