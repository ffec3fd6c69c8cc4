"""Which stops come first: the rule, and times of day."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from gis.errors import BadInput
from gis.patrol import clock
from gis.patrol.request import Because, Kind
from gis.patrol.tiers import Minutes, points_of, tier_of


@pytest.mark.parametrize(
    ("kind", "because", "days", "tier"),
    [
        (Kind.doorplate, Because.missed, 1, 1),
        (Kind.doorplate, Because.overdue, 60, 2),
        (Kind.doorplate, Because.overdue, 59, 3),
        (Kind.doorplate, Because.never_reached, None, 3),
        (Kind.site, Because.check_due, None, 2),
        (Kind.site, Because.check_due, 29, 2),
        (Kind.site, Because.check_due, 30, 1),
        (Kind.revisit, Because.revisit_due, 0, 2),
        (Kind.revisit, Because.revisit_due, 179, 1),
        (Kind.revisit, Because.revisit_due, 180, 3),
        (Kind.revisit, Because.missed, 180, 1),
        (Kind.site, Because.check_due, 400, 1),
        (Kind.place, Because.missed, None, 1),
    ],
)
def test_tiers(kind: Kind, because: Because, days: int | None, tier: int) -> None:
    assert tier_of(kind, because, days) == tier


def test_who_waits_longer_never_weighs_less() -> None:
    weights = [points_of(days, 2) for days in (None, 0, 1, 30, 90, 180, 1000)]
    assert weights == sorted(weights)
    assert weights[0] == 24
    assert weights[-1] == 84
    assert points_of(1000, 500) == 100


def test_minutes_of_a_building_grow_with_its_households() -> None:
    assert Minutes().seconds(Kind.doorplate, 4) == 60 * (2 + 4 * 3)
    assert Minutes(site=7.5).seconds(Kind.site) == 450


def test_times_of_day() -> None:
    assert clock.seconds_of("26:30", "at") == 95_400
    assert clock.written(95_459) == "26:30"
    assert clock.window_of(["22:00", "02:00"], "shift") == (79_200, 93_600)
    zone = ZoneInfo("Asia/Shanghai")
    assert clock.seconds_into(date(2026, 11, 30), datetime(2026, 12, 1, 2, 30, tzinfo=zone), zone) == 95_400
    for wrong in ("9:00", "24:60", "48:01", None, 9):
        with pytest.raises(BadInput, match="at"):
            clock.seconds_of(wrong, "at")
    for wrong_window in (["09:00"], ["09:00", "09:00"], ["30:00", "29:00"]):
        with pytest.raises(BadInput, match="shift"):
            clock.window_of(wrong_window, "shift")
