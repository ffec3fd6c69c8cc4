"""Published figures of disputes in memory, for the made-up county: the HTTP contract of `/disputes/periods`, `counts`,
`heat`, its tiles and `hotspots`. A number is drawn from its area, period and category, so tests can foretell it; what
is below five is withheld."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from gis.disputes.categories import TABLED
from gis.disputes.painting import painted, tile_lonlat
from gis.disputes.periods import Span, period_of
from tests.maps import fake

Json = dict[str, Any]
LAYOUT = {"county": "month", "town": "quarter", "village": "year", "cell": "year"}
DIGITS = {"county": 6, "town": 9, "village": 12, "cell": 15}
COLOURS = ((254, 227, 191), (253, 195, 141), (252, 166, 111), (236, 95, 65), (187, 26, 18))
BOUNDS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)
SHARE = {"county": 1.0, "town": 0.8, "village": 1.6, "cell": 0.35}  # how many cases a category has in a period, tens
WITHHELD_VILLAGE = "621102002002"
ZERO_VILLAGE = "621102002001"
HOT, FADING, FEW = fake.code_at(1, 1), fake.code_at(2, 2), fake.code_at(4, 2)
WORDS = {"zh": "登记的纠纷多于按户数可以解释的", "en": "More recorded disputes than the number of households explains"}


def _released() -> list[Json]:
    months = [f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13)][:22]
    quarters = [f"{year}Q{part}" for year in (2025, 2026) for part in range(1, 5)][:7]
    found = [("county", one) for one in months] + [("town", one) for one in quarters]
    found += [(level, year) for level in ("village", "cell") for year in ("2025",)]
    return [_release(level, period) for level, period in found]


def _release(level: str, period: str) -> Json:
    day = period_of(period).last + timedelta(days=1)
    return {
        "period": period,
        "level": level,
        "grid_on": f"{day - timedelta(days=1)}",
        "published_at": f"{day}T02:00:00+08:00",
    }


@dataclass
class FakeFigures:
    """What has been published. Tests may change `releases` (empty: nothing yet), and make heat fail with `broken`."""

    names: dict[str, str]
    releases: list[Json] = field(default_factory=_released)
    broken: bool = False

    def row(self, code: str, level: str, period: str) -> Json:
        """The published numbers of an area."""
        parts = {category.value: self._number(code, level, period, category.value) for category in TABLED}
        known = [number for number in parts.values() if number is not None]
        total: int | None = sum(known) + 3 * (len(known) < len(parts))
        if code == WITHHELD_VILLAGE or 0 < (total or 0) < 5:
            total = None
        if code == WITHHELD_VILLAGE:
            parts = dict.fromkeys(parts)
        family = None if level == "cell" else self._number(code, level, period, "family")
        found = {
            "code": code,
            "name": self.names.get(code, ""),
            "level": level,
            "households": 40 * len(self._cells(code)),
        }
        return {**found, "total": total, "categories": parts, "family": family}

    def _cells(self, code: str) -> list[str]:
        return [cell for cell in self.names if len(cell) == DIGITS["cell"] and cell.startswith(code)]

    def _number(self, code: str, level: str, period: str, category: str) -> int | None:
        if code == ZERO_VILLAGE:
            return 0
        number = int(random.Random(f"{code}/{period}/{category}").expovariate(1 / (10 * SHARE[level])))
        return number if number == 0 or number >= 5 else None

    def codes(self, level: str) -> Iterator[str]:
        """The areas of a published table; the first cell is in none."""
        return (code for code in sorted(self.names) if len(code) == DIGITS[level] and code != fake.code_at(0, 0))

    def release(self, level: str, period: str) -> Json | None:
        return next((one for one in self.releases if (one["level"], one["period"]) == (level, period)), None)


def _refused(status: int, detail: str) -> Response:
    return JSONResponse({"status": status, "detail": detail}, status, media_type="application/problem+json")


def figure_routes(app: FastAPI, figures: FakeFigures, cells: list[Json]) -> None:
    """The routes, over the cells (GeoJSON features) of the county."""

    @app.get("/disputes/periods")
    def periods() -> Json:
        return {"today": f"{fake.TODAY}", "layout": LAYOUT, "periods": figures.releases}

    @app.get("/disputes/counts")
    def counts(level: str, period: str, area: str = "") -> Any:
        release = figures.release(level, period)
        if release is None:
            return _refused(404, f"period: {period} is not published")
        rows = [figures.row(code, level, period) for code in figures.codes(level) if code.startswith(area)]
        return {
            **release,
            "as_of": f"{fake.TODAY}",
            "areas": rows,
            "total": {"total": None, "categories": {}, "family": None},
        }

    @app.get("/disputes/heat")
    def heat(period: str = "2026-10", mode: str = "density", category: str = "", half_life: str = "90") -> Any:
        if figures.broken:
            return _refused(503, "the database does not answer")
        listed = [
            _class(low, high, colour)
            for low, high, colour in zip(BOUNDS, (*BOUNDS[1:], None), ("", *COLOURS), strict=True)
        ]
        unit = {"density": {"zh": "件/km²", "en": "per km²"}, "rate": {"zh": "件/百户", "en": "per 100 households"}}[
            mode
        ]
        told = {"period": period, "mode": mode, "unit": unit, "classes": listed[1:], "bandwidth_m": 400, "peak": 5.1}
        base = {
            "cases": 31.5,
            "grid_on": "2026-10-31",
            "base": "2025",
            "half_life": None if half_life == "none" else 90,
        }
        return {**fake.collection([_band(number) for number in range(1, 6)]), **told, **base}

    @app.get("/disputes/heat/tiles/{z}/{x}/{y}.png")
    def tile(z: int, x: int, y: int, period: str, mode: str = "density", category: str = "") -> Response:
        return Response(_tile(z, x, y, period, mode), media_type="image/png")

    @app.get("/disputes/hotspots")
    def hotspots(period: str, category: str = "") -> Any:
        if figures.release("cell", period) is None:
            return _refused(404, "period: figures of cells are published by year")
        features = [{**cell, "properties": _verdict(figures, cell["properties"], period)} for cell in cells]
        return {
            **fake.collection(features),
            "period": period,
            "before": "2024",
            "level": "cell",
            "grid_on": "2025-12-31",
            "words": WORDS,
            "counts": {},
        }


def _class(low: float, high: float | None, colour: Any) -> Json:
    return {"low": low, "high": high, "colour": f"#{bytes(colour).hex()}" if colour else None}


@lru_cache(maxsize=2000)
def _tile(z: int, x: int, y: int, period: str, mode: str) -> bytes:
    lon, lat = tile_lonlat(z, y, x)
    values = _surface(lon, lat, period) * (0.6 if mode == "rate" else 1)
    return painted(values, (*BOUNDS, np.inf), COLOURS)


def _surface(lon: Any, lat: Any, period: str) -> Any:
    """Two hills that wander over the months; nothing outside of the county."""
    west, south, east, north = fake.BOUNDS
    month = date.fromisoformat(f"{period}-01").month if period_of(period).span is Span.month else 6
    x, y = (lon - west) / (east - west), (lat - south) / (north - south)
    hills = 5 * np.exp(-(((x - 0.25 - month / 40) ** 2 + (y - 0.4) ** 2) / 0.02)) + 2 * np.exp(
        -(((x - 0.8) ** 2 + (y - 0.75) ** 2) / 0.05)
    )
    return np.where((x < 0) | (x > 1) | (y < 0) | (y > 1), np.nan, hills)


def _band(number: int) -> Json:
    """A square around the middle of the county, the smaller the higher the class."""
    west, south, east, north = fake.BOUNDS
    x, y, half = (west + east) / 2, (south + north) / 2, (6 - number) * fake.SIDE / 3
    ring = [
        [x - half, y - half],
        [x + half, y - half],
        [x + half, y + half],
        [x - half, y + half],
        [x - half, y - half],
    ]
    high = BOUNDS[number + 1] if number + 1 < len(BOUNDS) else None
    properties = {"class": number, "low": BOUNDS[number], "high": high}
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": properties}


def _verdict(figures: FakeFigures, properties: Json, period: str) -> Json:
    code = properties["code"]
    draw = random.Random(code)
    verdict, change = {HOT: ("hot", "new"), FADING: ("as_expected", "fading")}.get(code, ("as_expected", None))
    if code[:12] == WITHHELD_VILLAGE:
        verdict = "too_few"
    if code in (fake.code_at(5, 3), fake.code_at(0, 0)):
        verdict = "none"
    rate = None if verdict == "none" else round(draw.uniform(0.2, 6), 2)
    number = None if verdict in ("too_few", "none") else figures.row(code, "cell", period)["total"]
    told = {
        "verdict": verdict,
        "change": change,
        "number": number,
        "expected": 9.1,
        "ratio": 2.54 if verdict == "hot" else 1.1,
    }
    rates = {
        "q": 0.01,
        "gi": None if rate is None else round(draw.gauss(0, 1.5), 2),
        "rate": rate,
        "rate_smoothed": rate,
    }
    return {**properties, **told, **rates, "households": 40}
