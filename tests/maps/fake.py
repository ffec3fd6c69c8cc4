"""A small made-up county for page tests: 2 towns, 4 villages, 6 x 4 cells, doors on rows, and the figures that fit."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from gis.codes import Level
from gis.households.coverage import AreaCoverage
from gis.households.unvisited import UnvisitedHousehold
from maps.households import CoverageFile

TODAY = date(2026, 11, 22)
SINCE = date(2026, 8, 24)
WEST, SOUTH, SIDE = 104.6, 35.5, 0.008
COLUMNS, ROWS = 6, 4
BOUNDS = (WEST, SOUTH, WEST + COLUMNS * SIDE, SOUTH + ROWS * SIDE)

Json = dict[str, Any]


def _square(west: float, south: float, width: float, height: float) -> Json:
    ring = [[west, south], [west + width, south], [west + width, south + height], [west, south + height], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _feature(geometry: Json, **properties: Any) -> Json:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(features: list[Json]) -> Json:
    """Features as a FeatureCollection."""
    return {"type": "FeatureCollection", "features": features}


def code_at(column: int, row: int) -> str:
    """The cell's code: the west half is town 001, the south half village 001 of its town."""
    town, village = 1 + column // 3, 1 + row // 2
    return f"621102{town:03}{village:03}{1 + column % 3 + 3 * (row % 2):03}"


@dataclass
class County:
    """What the tests show: GeoJSON of cells, divisions and sites, households by door, figures by cell."""

    cells: Json
    divisions: Json
    sites: Json
    households: list[UnvisitedHousehold]
    figures: list[AreaCoverage] = field(default_factory=list)

    def waiting(self) -> list[UnvisitedHousehold]:
        return [one for one in self.households if one.last_reached_on is None or one.last_reached_on < SINCE]


def county(seed: int = 7, note: str = "") -> County:
    """The county; `note` is put into every name and address (for escaping tests)."""
    draw = random.Random(seed)
    grid = [(column, row) for row in range(ROWS) for column in range(COLUMNS)]
    cells = [
        _feature(
            _square(WEST + c * SIDE, SOUTH + r * SIDE, SIDE, SIDE), code=code_at(c, r), name=f"第{c + 1}网格{note}"
        )
        for c, r in grid
    ]
    households = [one for c, r in grid for one in _cell_households(draw, c, r, note)]
    made = County(collection(cells), _divisions(note), _sites(note), households)
    made.figures = [figures_of(code_at(c, r), households, confirmed=c == 5) for c, r in grid if (c, r) != (0, 0)]
    return made


def _cell_households(draw: random.Random, column: int, row: int, note: str) -> list[UnvisitedHousehold]:
    if (column, row) in {(0, 0), (5, 3), (4, 3)}:
        return []
    share = {(1, 1): 1.0, (2, 2): 0.0}.get((column, row), draw.random())
    found = []
    for number in range(30):
        lon = WEST + (column + 0.1 + 0.8 * (number % 10) / 9) * SIDE
        lat = SOUTH + (row + 0.25 + 0.25 * (number // 10)) * SIDE
        door = 621102 * 10**9 + (row * COLUMNS + column) * 100 + number
        for unit in range(12 if number == 7 else 1):
            found.append(
                _household(draw, code_at(column, row), door, unit, (lon, lat), share, f"{note}永安路{number + 1}号")
            )
    return found


def _household(
    draw: random.Random, cell: str, door: int, unit: int, at: tuple[float, float], share: float, address: str
) -> UnvisitedHousehold:
    registered = date(2025, 6, 1)
    reached = TODAY - timedelta(days=draw.randrange(0, 90)) if draw.random() < share else None
    if reached is None and draw.random() < 0.6:
        reached = TODAY - timedelta(days=draw.randrange(91, 400))
    return UnvisitedHousehold(
        code=f"621102-{door % 10**9:06}-{unit:02}",
        unit=f"{unit + 1}01" if unit or (door % 100) == 7 else None,
        doorplate=door,
        address=address,
        cell=cell,
        lon=at[0],
        lat=at[1],
        registered_on=registered,
        last_reached_on=reached,
        last_contact_on=TODAY if draw.random() < 0.1 else reached,
        due_on=(reached or registered) + timedelta(days=90),
    )


def figures_of(
    code: str, households: list[UnvisitedHousehold], *, confirmed: bool, since: date = SINCE
) -> AreaCoverage:
    """The figures of one cell since a day; nobody but the reached has been contacted for it."""
    here = [one for one in households if one.cell == code]
    days = [one.last_reached_on for one in here if one.last_reached_on]
    return AreaCoverage(
        code=code,
        name="",
        level=Level.cell,
        known=len(here),
        reached=sum(day >= since for day in days),
        tried=sum(one.last_contact_on is not None and one.last_contact_on >= since for one in here)
        - sum(day >= since for day in days),
        never=len(here) - len(days),
        overdue=sum(one.due_on < TODAY for one in here),
        oldest_on=min(days, default=None),
        empty=None if here else ("confirmed" if confirmed else "unchecked"),
    )


def _divisions(note: str) -> Json:
    width, height = COLUMNS * SIDE, ROWS * SIDE
    found = [_feature(_square(WEST, SOUTH, width, height), code="621102", name=f"示范县{note}", level="county")]
    for town, name in ((1, "城关镇"), (2, "青岚乡")):
        west = WEST + (town - 1) * width / 2
        found.append(
            _feature(_square(west, SOUTH, width / 2, height), code=f"621102{town:03}", name=name, level="town")
        )
        for village, label in ((1, "南川村"), (2, "北坡村")):
            south = SOUTH + (village - 1) * height / 2
            code = f"621102{town:03}{village:03}"
            found.append(_feature(_square(west, south, width / 2, height / 2), code=code, name=label, level="village"))
    return collection(found)


def _sites(note: str) -> Json:
    rows = (
        ("school", "实验小学", 30, "2026-11-10"),
        ("gas_station", "城北加油站", 30, "2026-08-01"),
        ("market", "市场", 30, None),
    )
    return collection(
        [
            _feature(
                {"type": "Point", "coordinates": [WEST + (1.5 + index) * SIDE, SOUTH + 1.5 * SIDE]},
                code=f"621102-S{index}",
                name=name + note,
                category=category,
                address=note or "人民路1号",
                check_interval_days=interval,
                last_checked_on=checked,
            )
            for index, (category, name, interval, checked) in enumerate(rows)
        ]
    )


def coverage_file_content(note: str = "", **changes: Any) -> CoverageFile:
    """The county as the content of a standalone page."""
    made = county(note=note)
    values: dict[str, Any] = {
        "as_of": TODAY,
        "since": SINCE,
        "bounds": BOUNDS,
        "cells": made.cells,
        "divisions": made.divisions,
        "sites": made.sites,
        "figures": made.figures,
        "waiting": made.waiting(),
    }
    return CoverageFile(**{**values, **changes})
