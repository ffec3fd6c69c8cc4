"""A sheet for each team put into words and pictures: what the template sets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from maps.patrol_sheet import words
from maps.patrol_sheet.drawing import MARK, Ground, ground, overview, route_map, shape_of
from maps.patrol_sheet.parts import Paper, box_of, parts, view
from maps.patrol_sheet.rows import Json, SheetRoute, SheetStop, Streets, routes_of
from maps.qr import qr_code
from maps.report.svg import drawing
from maps.text import Lang, translator

_WIDTH_MM: Final = 186.0
_ALONE: Final = Paper(_WIDTH_MM, 90, 178)
_PART: Final = Paper(_WIDTH_MM, 80, 128)  # two on a page
_MARGIN: Final = 2  # of white around a code: so is the paper around that
_WORST: Final = {"foot": 15_000, "car": 25_000}


@dataclass(frozen=True)
class About:
    """What a sheet tells besides its plan: the name of the area, when it is printed (by the county's clock), the
    address of the plan's page, and the addresses of phones by team, where the leader has made them."""

    area: str
    printed_at: datetime
    plan_url: str = ""
    phones: Mapping[str, str] = field(default_factory=dict)


def document(
    plan: Json, about: About, streets: Streets | None = None, *, team: str | None = None, lang: Lang = "zh"
) -> dict[str, Any]:
    """What `sheet.typ` reads. `plan` is as `GET /patrol/plans/{id}` answers it.

    A plan without a route gives one page that says so. Raises as `routes_of`.
    """
    _ = translator(lang)
    routes = routes_of(plan, team)
    sheets = [_sheet(route, plan, about, streets or Streets(), lang) for route in routes]
    return {
        "lang": lang,
        "title": f"{_('Patrol')} {plan['on']} {about.area}",
        "none": _("This plan has no route."),
        "sheets": sheets,
    }


def _sheet(route: SheetRoute, plan: Json, about: About, streets: Streets, lang: Lang) -> dict[str, Any]:
    _ = translator(lang)
    runs, maps = _maps(route, streets, lang) if route.stops else ([], [])
    return {
        "team": route.team,
        "heading": _("Patrol {team}").format(team=route.team),
        "day": str(plan["on"]),
        "area": about.area,
        "facts": _facts(route, lang),
        "notes": _notes(route, plan, lang),
        "running": f"{_('Patrol')} {route.team} · {plan['on']} · {about.area}",
        "printed": _("Printed {when}").format(when=f"{about.printed_at:%Y-%m-%d %H:%M}"),
        "codes": _codes(route.team, about, lang),
        "legend": _legend(route, lang),
        "maps": maps,
        "columns": [_("No."), _("Time"), _("Address"), _("To visit"), _("Why")],
        "boxes": [_("Met"), _("No one"), _("Skipped")],
        "groups": _groups(route, runs, lang),
        "units": _("Tick each unit where somebody was met.") if any(stop.units for stop in route.stops) else "",
        "nothing": _("This team has no stop."),
    }


def _facts(route: SheetRoute, lang: Lang) -> list[tuple[str, str]]:
    _ = translator(lang)
    doors = sum(stop.households or 0 for stop in route.stops)
    return [
        (_("Shift"), "–".join(route.shift)),
        (_("Route"), f"{route.begin_at}–{route.end_at}" if route.begin_at else "—"),
        (_("Takes"), words.hours(route, lang)),
        (words.mode(route, lang), f"{route.metres / 1000:.1f} km"),
        (_("Stops"), f"{len(route.stops):,}"),
        (_("Households"), f"{doors:,}"),
    ]


def _notes(route: SheetRoute, plan: Json, lang: Lang) -> list[str]:
    _ = translator(lang)
    found = []
    if plan.get("straight"):
        found.append(_("No streets were known: the way is drawn as straight lines, and its times are estimates."))
    for pause in route.pauses:
        times = {"from": pause.get("begin_at", ""), "to": pause.get("end_at", ""), "number": pause.get("after", 0)}
        found.append(_("Break {from}–{to} after stop {number}.").format(**times))
    return found


def _codes(team: str, about: About, lang: Lang) -> list[dict[str, str]]:
    _ = translator(lang)
    told = [(about.phones.get(team, ""), _("Scan to tick")), (about.plan_url, _("Plan"))]
    return [{"svg": qr_code(url).svg(_MARGIN), "word": word} for url, word in told if url]


def _legend(route: SheetRoute, lang: Lang) -> list[dict[str, str]]:
    present = {stop.kind for stop in route.stops}
    side = 2.8 * MARK
    return [
        {"svg": drawing([shape_of(kind)(side / 2, side / 2)], side, "", side), "word": words.kind(kind, lang)}
        for kind in words.KINDS
        if kind in present
    ]


# ---- maps


def _maps(route: SheetRoute, streets: Streets, lang: Lang) -> tuple[list[range], list[dict[str, Any]]]:
    _ = translator(lang)
    on = ground(route, streets)
    worst = _WORST.get(route.mode, 15_000)
    everything = range(len(route.stops))
    [*runs] = parts(on.stops, on.legs, _ALONE, worst)
    if len(runs) == 1:
        # With the way from and to the station, if it can still be read so.
        frame = view(_whole(on), _ALONE)
        if frame.scale > min(worst, 2 * view(box_of(on.stops, on.legs, everything), _ALONE).scale):
            frame = view(box_of(on.stops, on.legs, everything), _ALONE)
        return runs, [_picture(route_map(on, frame, everything, _("Map of the route")), frame.height, "")]
    runs = parts(on.stops, on.legs, _PART, worst)
    boxes = [box_of(on.stops, on.legs, run) for run in runs]
    names = [_("Map {number}").format(number=number) for number in range(1, len(runs) + 1)]
    whole = view(_whole(on), _ALONE)
    found = [
        _picture(overview(on, whole, list(zip(names, boxes, strict=True)), _("Overview")), whole.height, _("Overview"))
    ]
    for name, run, box in zip(names, runs, boxes, strict=True):
        frame = view(box, _PART)
        told = _("{map}: stops {first} to {last}") if len(run) > 1 else _("{map}: stop {first}")
        title = told.format(map=name, first=run[0] + 1, last=run[-1] + 1)
        found.append(_picture(route_map(on, frame, run, title), frame.height, title))
    return runs, found


def _whole(on: Ground) -> tuple[float, float, float, float]:
    west, south, east, north = box_of(on.stops, on.legs, range(len(on.stops)))
    for leg in (on.legs[0], on.legs[-1] if len(on.legs) > len(on.stops) and on.end else on.legs[0]):
        (w, s), (e, n) = leg.min(axis=0), leg.max(axis=0)
        west, south, east, north = min(west, w), min(south, s), max(east, e), max(north, n)
    return float(west), float(south), float(east), float(north)


def _picture(svg: str, height: float, title: str) -> dict[str, Any]:
    return {"svg": svg, "title": title, "height_mm": round(height, 2), "width_mm": _WIDTH_MM}


# ---- the table


def _groups(route: SheetRoute, runs: Sequence[range], lang: Lang) -> list[dict[str, Any]]:
    """The rows, in groups where there are several maps."""
    _ = translator(lang)
    rows = [_row(stop, lang) for stop in route.stops]
    if len(runs) < 2:
        return [{"title": "", "rows": rows}]
    return [
        {"title": _("Map {number}").format(number=number), "rows": rows[run.start : run.stop]}
        for number, run in enumerate(runs, start=1)
    ]


def _row(stop: SheetStop, lang: Lang) -> dict[str, Any]:
    return {
        "number": str(stop.number),
        "time": stop.arrive_at,
        "windows": [f"{first}–{last}" for first, last in stop.windows],
        "where": words.where(stop, lang),
        "units": list(stop.units),
        "households": "" if stop.households is None else str(stop.households),
        "reason": words.reason(stop, lang),
    }
