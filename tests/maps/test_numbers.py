"""Shares in words: cut off, never rounded up."""

from __future__ import annotations

import pytest

from maps.numbers import percent


@pytest.mark.parametrize(
    ("share", "digits", "written"),
    [
        (None, 1, "—"),
        (0, 1, "0.0 %"),
        (1, 1, "100.0 %"),
        (5577 / 17433, 1, "31.9 %"),
        (0.9999, 1, "99.9 %"),
        (0.0004, 1, "<0.1 %"),
        (0.29, 0, "29 %"),
        (0.999, 0, "99 %"),
        (0.004, 0, "<1 %"),
        (1, 0, "100 %"),
    ],
)
def test_shares(share: float | None, digits: int, written: str) -> None:
    assert percent(share, digits) == written


def test_no_share_of_a_hundred_is_lost_in_the_division() -> None:
    assert [percent(n / 100, 0) for n in range(1, 101)] == [f"{n} %" for n in range(1, 101)]
    assert [percent(n / 1000) for n in range(1001)] == [f"{n / 10:.1f} %" for n in range(1001)]
