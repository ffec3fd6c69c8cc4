"""Passwords: kept as argon2 hashes, checked, made up, and refused where they are too easy to guess.

A password is read in Unicode's compatibility form (NFKC): what a Chinese input method types as full-width letters is
the same password as on another keyboard.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from itertools import pairwise
from typing import Final

from pwdlib import PasswordHash

from gis.errors import BadInput
from gis.sentence import Sentence

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 200  # more is no password, and would only cost the hashing time
_MIN_DIFFERENT: Final = 5
_LONGEST_UNIT: Final = 4  # "abcabcabcabc" is "abc", written often

# What people write digits behind where ten characters are asked for (nothing: a telephone number), and walks over the
# keyboard. A list of millions would not help much more: after a few wrong passwords an account is locked for a while.
_COMMON: Final = re.compile(
    r"(a{0,2}|abcd?|admin(istrator)?|asdf(ghjkl)?|changeme|everycell|iloveyou|letmein|pass(word)?|passw0rd|qwer(ty(uiop)?)?"
    r"|root|test|user|wangge|welcome|woaini|zxcvbnm)\d*"
    r"|1q2w3e4r5t(6y)?|1qaz2wsx3edc|1qazxsw23edc|q1w2e3r4t5|qazwsxedc(rfv)?"
)

# Without letters and digits that look alike on paper: some 4.9 bits a character.
_READABLE: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 5  # 20 characters: 99 bits

_hasher = PasswordHash.recommended()


def hash_password(password: str) -> str:
    """The argon2 hash to keep of a password. Takes as long as `verify`, on purpose some 50 ms and 64 MB."""
    return _hasher.hash(_bytes(password))


def verify(password: str, kept: str) -> tuple[bool, str | None]:
    """Whether a password is the one of a hash; and a new hash to keep, where it is and the library has got stronger."""
    return _hasher.verify_and_update(_bytes(password), kept)


def check_strength(password: str, login: str) -> None:
    """Refuse a password that is easy to guess. Raises BadInput naming `password`, and never repeating it."""
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < MIN_LENGTH:
        raise _too_weak(
            Sentence("has {number} characters; it needs {min_length} or more", number=len(plain), min_length=MIN_LENGTH)
        )
    if len(plain) > MAX_LENGTH:
        raise _too_weak(
            Sentence("has {number} characters; {max_length} are the most", number=len(plain), max_length=MAX_LENGTH)
        )
    lower = plain.casefold()
    if login.casefold() in (lower, lower[::-1], _unit(lower)):
        raise _too_weak(Sentence("is the sign-in name"))
    if lower.rstrip("0123456789") == login.casefold():
        raise _too_weak(Sentence("is the sign-in name with digits behind it"))
    if len(set(lower)) < _MIN_DIFFERENT or len(_unit(lower)) <= _LONGEST_UNIT:
        raise _too_weak(Sentence("is a few characters, repeated"))
    if _is_sequence(lower) or _COMMON.fullmatch(lower):
        raise _too_weak(Sentence("is one of those that are tried first"))


def generate() -> str:
    """A new password of 99 bits that can be read out and typed: `k7mqd-3wxyz-abcde-fgh2j`."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _bytes(password: str) -> bytes:
    # "surrogatepass": half a character, as a client can send it, makes a wrong password and not an error.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _too_weak(why: Sentence) -> BadInput:
    return BadInput("password: it {why}", why=why, field="password")


def _unit(text: str) -> str:
    """The shortest text that gives `text` when it is written again and again; the last time may be cut short."""
    return next(text[:n] for n in range(1, len(text) + 1) if (text[:n] * (len(text) // n + 1)).startswith(text))


def _is_sequence(text: str) -> bool:
    """Whether it counts up or down all the way: 1234567890, zyxwvutsrq."""
    steps = {(ord(b) - ord(a)) % 10 if (a + b).isdigit() else ord(b) - ord(a) for a, b in pairwise(text)}
    return len(steps) == 1
