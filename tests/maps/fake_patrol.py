"""A made-up plan as `GET /patrol/plans/{id}` answers it, on the streets of a made-up town."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import shapely

from maps.patrol_sheet.rows import Streets

WEST, SOUTH = 104.62, 35.52
DX, DY = 0.0011, 0.0009  # of a block: about 100 m each
COLUMNS, ROWS = 9, 8
PLAN = "6f1c1d4e-5a51-4a4e-9b55-1f3c5e7a9d01"
_STREETS = ("永安路", "交通巷", "建设街", "西环路", "南关街", "解放路", "文昌巷", "民主街", "滨河路")
Json = dict[str, Any]


def _at(column: float, row: float) -> tuple[float, float]:
    return round(WEST + column * DX, 7), round(SOUTH + row * DY, 7)


def streets() -> Streets:
    """A grid of streets with names, and some paths."""
    lines, classes, names = [], [], []
    for column in range(COLUMNS):
        lines.append(shapely.LineString([_at(column + 0.04 * (row % 2), row) for row in range(ROWS)]))
        classes.append(1 if column == 4 else 3)
        names.append(_STREETS[column % 9])
    for row in range(ROWS):
        lines.append(shapely.LineString([_at(column, row) for column in range(COLUMNS)]))
        classes.append(2 if row == 3 else 3)
        names.append(f"{_STREETS[(row + 4) % 9]}{'东西'[row % 2]}段")
    lines += [shapely.LineString([_at(c + 0.1, r + 0.5), _at(c + 0.9, r + 0.5)]) for c in range(8) for r in range(7)]
    return Streets(lines, classes + [4] * 56, names + [""] * 56)


def plan(
    teams: Sequence[str] = ("A1", "B2"), stops: int = 14, note: str = "", spread: float = 1.0, seed: int = 3
) -> Json:
    """A plan of some stops for each team; `note` is put into every address and name, `spread` widens the town."""
    draw = random.Random(seed)
    station = {"lon": _at(4, 0)[0], "lat": _at(4, 0)[1]}
    every: list[Json] = []
    listed = []
    for team in teams:
        own = list(_stops(draw, team, stops, note, spread))
        every += own
        listed.append(_team(team, station, own))
    return {
        "id": PLAN, "area": "621102001", "on": "2026-11-30", "status": "planned", "version": 3, "straight": False,
        "teams": listed, "stops": every,
    }  # fmt: skip


def _stops(draw: random.Random, team: str, number: int, note: str, spread: float) -> Iterator[Json]:
    places = [(draw.randrange(COLUMNS - 1) + draw.random(), draw.randrange(ROWS)) for _ in range(number)]
    places.sort(key=lambda at: (at[1] // 2, at[0] if at[1] // 2 % 2 else -at[0]))  # to and fro, as one would walk
    for n, (column, row) in enumerate(places):
        lon, lat = _at(spread * column, spread * row)
        kind = "site" if n % 9 == 4 else "revisit" if n % 11 == 6 else "place" if n == 9 else "doorplate"
        units = [
            {"code": f"621102-{team}-{n}-{u}", "unit": f"{1 + u // 4}单元{1 + u % 4}01"}
            for u in range(1 if n % 3 else 9)
        ]
        because = {"site": "check_due", "revisit": "revisit_due", "place": "picked"}.get(kind) or (
            "never_reached" if n % 4 == 1 else "overdue"
        )
        yield {
            "key": f"D{team}{n}", "kind": kind, "lon": lon, "lat": lat, "tier": 1 + n % 3, "minutes": 4, "points": 10,
            "address": f"{_STREETS[n % 9]}{10 + n}号{note}" if kind == "doorplate" else None,
            "name": f"实验小学{note}" if kind == "site" else None, "category": "school" if kind == "site" else None,
            "households": len(units) if kind == "doorplate" else None, "units": units if kind == "doorplate" else [],
            "reason": {"because": because, "days": 47 + n, "households": len(units)},
            "windows": [["09:00", "10:30"]] if n == 2 else [], "team": team, "position": n + 1,
            "arrive_at": f"{9 + n // 6:02}:{n % 6}5", "leave_at": "", "done": None,
        }  # fmt: skip


def _team(code: str, station: Json, own: Sequence[Json]) -> Json:
    places = [(station["lon"], station["lat"]), *((s["lon"], s["lat"]) for s in own), (station["lon"], station["lat"])]
    legs = [
        {"line": {"type": "LineString", "coordinates": [a, (b[0], a[1]), b]}, "seconds": 300, "metres": 220}
        for a, b in pairwise(places)
    ]
    route = {
        "metres": 220 * len(legs), "begin_at": "09:00", "end_at": "12:47", "legs": legs,
        "pauses": [{"after": 5, "begin_at": "11:00", "end_at": "11:20"}], "stops": [stop["key"] for stop in own],
    }  # fmt: skip
    return {
        "code": code, "mode": "foot", "station": station, "end": None, "open_end": False, "shift": ["09:00", "13:00"],
        "route": route,
    }  # fmt: skip
