"""A county whose every name, address, unit and code is hostile, brought in as its own staff would: by files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from shapely import LineString, box
from sqlalchemy import Connection

from gis.exchange.headers import Kind
from gis.exchange.importer import Options, Summary, import_file
from gis.households.coverage import today_in
from gis.households.rounds import open_round
from gis.settings import Settings
from gis.sites.categories import CATEGORIES
from gis.storage.engine import Store
from gis.streets.load import load_streets
from tests.corpora.markup import FORMULAS, MARKUP, TERMINAL

COUNTY: Final = "990101"
VILLAGE: Final = "990101100201"
EMPTY_VILLAGE: Final = "990101100202"
WEST, SOUTH, STEP, COLUMNS = 104.0, 34.5, 0.005, 10
NAMES: Final = [*MARKUP, *FORMULAS, *TERMINAL]
COUNTY_NAME, TOWN_NAME, VILLAGE_NAME, ROUND_NAME = MARKUP[2], MARKUP[13], MARKUP[16], MARKUP[7]


def stored(text: str) -> str:
    """A text as an import keeps it: blanks of any kind as one, none at the ends."""
    return " ".join(text.split())


def code_of(kind: str, text: str) -> str:
    """A code that holds a text, as far as codes may: without blanks."""
    return f"{COUNTY}-{kind}{''.join(text.split())}"


def cell_of(number: int) -> str:
    return f"{VILLAGE}{number + 1:03}"


def place_of(number: int) -> tuple[float, float]:
    """The middle of a cell."""
    column, row = number % COLUMNS, number // COLUMNS
    return round(WEST + (column + 0.5) * STEP, 8), round(SOUTH + (row + 0.5) * STEP, 8)


def _square(number: int) -> Any:
    lon, lat = place_of(number)
    west, south = round(lon - STEP / 2, 8), round(lat - STEP / 2, 8)
    return box(west, south, round(west + STEP, 8), round(south + STEP, 8))


def _collection(path: Path, rows: Sequence[tuple[dict[str, Any], Any]]) -> Path:
    features = [{"type": "Feature", "properties": p, "geometry": g.__geo_interface__} for p, g in rows]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def bring_in(store: Store, folder: Path) -> dict[Kind, Summary]:
    """The whole county in an empty database; what each import says."""
    with store.begin() as conn:
        found = {kind: _import(conn, kind, path, store.settings) for kind, path in _files(folder).items()}
        today = today_in(store.settings)
        open_round(conn, area=COUNTY, first_on=today, last_on=today + timedelta(days=30), name=ROUND_NAME)
        lines = [(n + 1, 1 + n % 4, name, LineString([place_of(n), place_of(n + 1)])) for n, name in enumerate(NAMES)]
        load_streets(conn, int(COUNTY), gpd.GeoDataFrame(lines, columns=["id", "class", "name", "geometry"], crs=4490))
    return found


def _import(conn: Connection, kind: Kind, path: Path, settings: Settings) -> Summary:
    return import_file(conn, kind, path, settings, Options(county=COUNTY if kind is Kind.visits else None))


def _files(folder: Path) -> dict[Kind, Path]:
    number = -(-len(NAMES) // COLUMNS) * COLUMNS  # whole rows: the county is a rectangle
    names = [NAMES[n % len(NAMES)] for n in range(number)]
    whole = box(WEST, SOUTH, round(WEST + COLUMNS * STEP, 8), round(SOUTH + number // COLUMNS * STEP, 8))
    areas = {COUNTY: COUNTY_NAME, COUNTY + "100": TOWN_NAME, VILLAGE: VILLAGE_NAME}
    categories = [category.value for category in CATEGORIES]
    return {
        Kind.cells: _collection(
            folder / "cells.geojson",
            [({"code": cell_of(n), "name": name}, _square(n)) for n, name in enumerate(names)],
        ),
        Kind.divisions: _collection(
            folder / "divisions.geojson",
            [({"code": code, "name": name, "source": f"osm:{name}"}, whole) for code, name in areas.items()],
        ),
        Kind.households: _households(folder / "households.csv"),
        Kind.sites: _collection(
            folder / "sites.geojson",
            [
                (
                    {
                        "code": code_of("S", name),
                        "name": name,
                        "address": name,
                        "category": categories[n % len(categories)],
                    },
                    _square(n).centroid,
                )
                for n, name in enumerate(NAMES)
            ],
        ),
        Kind.visits: _visits(folder / "visits.csv"),
    }


def _households(path: Path) -> Path:
    rows = [
        (code_of("H", name), code_of("D", name), name, name, *place_of(number)) for number, name in enumerate(NAMES)
    ]
    columns = ["code", "doorplate_code", "address", "unit", "lon", "lat"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def _visits(path: Path) -> Path:
    """One good visit, and one by a team of each hostile name."""
    yesterday = (pd.Timestamp.now("Asia/Shanghai") - pd.Timedelta(days=1)).strftime("%Y-%m-%d 10:00")
    rows = [(code_of("H", NAMES[0]), yesterday, "reached", team) for team in ("A1", *NAMES)]
    pd.DataFrame(rows, columns=["household", "visited_at", "outcome", "team"]).to_csv(path, index=False)
    return path
