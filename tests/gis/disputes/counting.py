"""A county whose cases are counted: three towns of two villages of three cells each, and the cases of a year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box, union_all
from sqlalchemy import Connection

from gis.cells.load import load_cells, load_divisions
from gis.disputes.categories import Category
from gis.disputes.snap_points import refresh, snaps_of_cell
from gis.households.load import load_dwellings
from gis.storage.engine import Store
from tests.gis.disputes.places import TOLD, new_case, register
from tests.gis.world import SETTINGS, SOUTH, STEP, WEST, cell_code

COUNTY: Final = 990101
TOWNS: Final = ("990101100", "990101101", "990101102")
VILLAGES: Final = tuple(f"{town}{number}" for town in TOWNS for number in ("201", "202"))
CELLS: Final = tuple(cell_code(number, village) for village in VILLAGES for number in range(1, 4))
KINDS: Final = (Category.neighbours, Category.land, Category.debt, Category.other, Category.family)
BUILT: Final = date(2024, 12, 1)
# The last cell has too few households for any figure.
HOUSEHOLDS: Final = {cell: 9 if cell == CELLS[-1] else 14 + 2 * n for n, cell in enumerate(CELLS)}


def build(conn: Connection) -> None:
    """The county, as the owner who has told a scope: a row of villages, their cells beside each other."""
    shapes = {
        cell: box(round(WEST + n * STEP, 8), SOUTH, round(WEST + (n + 1) * STEP, 8), round(SOUTH + STEP, 8))
        for n, cell in enumerate(CELLS)
    }
    rows = [
        (n, code, f"区{code[6:]}", level, union_all([shape for cell, shape in shapes.items() if cell.startswith(code)]))
        for n, (code, level) in enumerate(
            [("990101", "county"), *((t, "town") for t in TOWNS), *((v, "village") for v in VILLAGES)], start=1
        )
    ]
    columns = ["row", "code", "name", "level", "geometry"]
    load_divisions(conn, COUNTY, gpd.GeoDataFrame(rows, columns=columns, crs=4490), today=BUILT, cut=False)
    cells = [(n, c, c[:12], f"格{n}", "general", shape) for n, (c, shape) in enumerate(shapes.items(), start=1)]
    columns = ["row", "code", "village", "name", "kind", "geometry"]
    load_cells(conn, COUNTY, gpd.GeoDataFrame(cells, columns=columns, crs=4490), today=BUILT)
    doors, homes = [], []
    for n, (cell, number) in enumerate(HOUSEHOLDS.items()):
        for k in range(number):
            code = f"990101-{n:02}-{k:03}"
            lon, lat = WEST + (n + 0.1 + 0.8 * (k % 13) / 13) * STEP, SOUTH + STEP * (0.1 + 0.8 * (k % 11) / 11)
            doors.append((len(doors) + 1, code, f"{cell[-3:]}号", lon, lat))
            homes.append((len(homes) + 1, f"{code}-1", code, "1室"))
    load_dwellings(
        conn,
        COUNTY,
        pd.DataFrame(doors, columns=["row", "code", "address", "lon", "lat"]),
        pd.DataFrame(homes, columns=["row", "code", "doorplate_code", "unit"]),
        SETTINGS,
        today=BUILT,
    )
    refresh(conn, COUNTY, None, datetime(2024, 12, 1, tzinfo=UTC))


def add(
    conn: Connection, month: date, numbers: Mapping[tuple[str, Category], int], *, at: datetime | None = None
) -> list[UUID]:
    """Cases reported in a month, registered the day after or `at` some time: how many in which cell, of which kind."""
    snaps = {cell: snaps_of_cell(conn, COUNTY, cell)[0].id for cell in {cell for cell, _ in numbers}}
    reported = datetime(month.year, month.month, 10, 4, tzinfo=UTC)
    new = [
        new_case(snaps[cell], category, reported_at=reported)
        for (cell, category), number in numbers.items()
        for _ in range(number)
    ]
    return list(register(conn, *new, at=at or reported + timedelta(days=1)))


def some_cases(seed: int, rate: float = 1.0) -> dict[tuple[str, Category], int]:
    """Cases of a month: few in most cells, many in some, family disputes among them."""
    rng = np.random.default_rng(seed)
    found = {}
    for n, cell in enumerate(CELLS):
        for weight, kind in zip((1.4, 0.6, 0.3, 0.15, 0.2), KINDS, strict=True):
            number = int(rng.poisson(rate * weight * (3.0 if n % 3 == 0 else 0.7)))
            if number:
                found[cell, kind] = number
    return found


def fill(store: Store) -> None:
    """The county with the cases of 2025, of which nothing is published yet."""
    with store.begin(TOLD) as conn:
        build(conn)
        for month in range(1, 13):
            add(conn, date(2025, month, 1), some_cases(month))
