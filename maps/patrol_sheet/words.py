"""What a sheet says: reasons, kinds and the facts of a route in a language. Pure."""

from __future__ import annotations

from typing import Final

from maps.patrol_sheet.rows import SheetRoute, SheetStop
from maps.text import Lang, translator

KINDS: Final = ("doorplate", "site", "revisit", "place")


def reason(stop: SheetStop, lang: Lang) -> str:
    """Why a stop is in the plan."""
    _ = translator(lang)
    because, days = stop.reason.get("because"), stop.reason.get("days")
    with_days = {
        "overdue": _("{days} days overdue"),
        "check_due": _("Check due for {days} days"),
        "revisit_due": _("Revisit due for {days} days"),
    }
    plain = {
        "overdue": _("Due today"),
        "check_due": _("Check due"),
        "revisit_due": _("Revisit due"),
        "never_reached": _("Never reached"),
        "missed": _("Missed last time"),
        "picked": _("Chosen by the leader"),
    }
    if because in with_days and days:
        return with_days[because].format(days=f"{days:,}")
    return plain.get(because or "", "")


def kind(name: str, lang: Lang) -> str:
    """What is done at a stop, for the legend."""
    _ = translator(lang)
    names = {
        "doorplate": _("Doors to visit"),
        "site": _("Key site to check"),
        "revisit": _("Place to revisit"),
        "place": _("Chosen place"),
    }
    return names[name]


def where(stop: SheetStop, lang: Lang) -> str:
    """Address or name; of a place that has none, its coordinates."""
    if stop.where:
        return f"{stop.where} · {stop.name}" if stop.name and stop.name != stop.where else stop.where
    return f"{kind(stop.kind, lang)} ({stop.lat:.5f}, {stop.lon:.5f})"


def hours(route: SheetRoute, lang: Lang) -> str:
    """How long a route takes, as hours and minutes."""
    _ = translator(lang)
    minutes = _minutes(route.end_at) - _minutes(route.begin_at)
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)


def _minutes(time: str) -> int:
    if not time:
        return 0
    hour, minute = time.split(":")[:2]
    return 60 * int(hour) + int(minute)


def mode(route: SheetRoute, lang: Lang) -> str:
    """How the team gets about."""
    _ = translator(lang)
    return _("By car") if route.mode == "car" else _("On foot")
