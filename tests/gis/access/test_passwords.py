"""Passwords: hashed, verified in every way of typing them, refused where they are easy, made up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pwdlib import PasswordHash

from gis.access import passwords
from gis.access.passwords import check_strength, generate, hash_password, verify
from gis.errors import BadInput


def test_production_uses_the_defaults_of_the_library() -> None:
    kept = hash_password("correct horse")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert verify("correct horse", kept) == (True, None)
    assert verify("correct horses", kept) == (False, None)


def test_a_hash_is_salted(quick: PasswordHash) -> None:
    assert hash_password("correct horse") != hash_password("correct horse")


def test_full_width_letters_are_the_same_password(quick: PasswordHash) -> None:
    kept = hash_password("Grid-2026 网格员")
    assert verify("Ｇｒｉｄ－２０２６　网格员", kept)[0]
    assert not verify("grid-2026 网格员", kept)[0]


@pytest.mark.parametrize("odd", ["", "\0", "\ud800", "a" * 100_000, "correct horse\0"])
def test_whatever_is_typed_is_merely_wrong(odd: str, quick: PasswordHash) -> None:
    assert verify(odd, hash_password("correct horse")) == (False, None)


def test_an_old_hash_is_renewed_when_the_password_is_right(
    quick: PasswordHash, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = hash_password("correct horse")
    monkeypatch.setattr(passwords, "_hasher", PasswordHash.recommended())
    assert verify("wrong horse", weak) == (False, None)
    right, renewed = verify("correct horse", weak)
    assert right
    assert renewed is not None
    assert verify("correct horse", renewed) == (True, None)


@pytest.mark.parametrize(
    ("weak", "why"),
    [
        ("", "10 or more"),
        ("Aa1!Bb2?C", "10 or more"),
        ("x7" * 101, "200 are the most"),
        ("wang.qiang", "sign-in name"),
        ("WANG.QIANG", "sign-in name"),
        ("gnaiq.gnaw", "sign-in name"),
        ("wang.qiangwang.qiang", "sign-in name"),
        ("Wang.Qiang2026", "sign-in name with digits"),
        ("aaaaaaaaaaaa", "repeated"),
        ("abababababab", "repeated"),
        ("gridgridgridgrid", "repeated"),
        ("网格网格网格网格网格", "repeated"),
        ("1234567890", "first"),
        ("0987654321", "first"),
        ("1234567890123", "first"),
        ("abcdefghijkl", "first"),
        ("Password2026", "first"),
        ("woaini1314520", "first"),
        ("13800138000", "repeated"),
        ("13912345678", "first"),
        ("ｐａｓｓｗｏｒｄ１２３４", "first"),
    ],
)
def test_what_is_easy_to_guess_is_refused_and_not_repeated(weak: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        check_strength(weak, "wang.qiang")
    assert refused.value.field == "password"
    assert not weak or weak not in refused.value.message


@pytest.mark.parametrize(
    "fine", ["correct horse", "春天来了，小河边的柳树绿了", "mei-mei-da-shu-7", "k3J!w0pQ_z", "a7f03b91xc"]
)
def test_what_is_not_is_taken(fine: str) -> None:
    check_strength(fine, "wang.qiang")


@settings(max_examples=200)
@given(st.text(max_size=60), st.from_regex(r"[a-z0-9][a-z0-9._@-]{0,20}", fullmatch=True))
def test_strength_answers_for_any_text(password: str, login: str) -> None:
    try:
        check_strength(password, login)
    except BadInput:
        return
    assert len(set(password)) >= 5
    assert password != login


def test_generated_ones_are_strong_different_and_readable() -> None:
    made = {generate() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        check_strength(password, "admin")
        assert not set(password) & set("0O1lIi o")
    letters = {sign for password in made for sign in password} - {"-"}
    assert 20 * math.log2(len(letters)) >= 80
