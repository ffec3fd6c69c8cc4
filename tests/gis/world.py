"""A small county for tests: a grid of square cells, with doorplates and households where a test wants them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
from shapely import box
from sqlalchemy import Connection

from gis.cells.load import load_cells, load_divisions
from gis.households.load import load_dwellings
from gis.households.visits import Outcome, Purpose, Visit
from gis.settings import Settings

COUNTY = 990101
VILLAGE = "990101100201"
TODAY = date(2026, 11, 20)
ZONE = ZoneInfo("Asia/Shanghai")
SETTINGS = Settings(home=".everycell-test")
WEST, SOUTH, STEP = 104.0, 34.5, 0.01


def cell_code(number: int, village: str = VILLAGE) -> str:
    return f"{village}{number:03}"


def grid(columns: int = 3, rows: int = 2, village: str = VILLAGE) -> gpd.GeoDataFrame:
    """Square cells numbered from 1, row by row, from the south-west."""
    cells = []
    for number in range(columns * rows):
        x, y = WEST + number % columns * STEP, SOUTH + number // columns * STEP
        shape = box(round(x, 8), round(y, 8), round(x + STEP, 8), round(y + STEP, 8))
        cells.append((number + 1, cell_code(number + 1, village), village, f"网格{number + 1}", "general", shape))
    return gpd.GeoDataFrame(cells, columns=["row", "code", "village", "name", "kind", "geometry"], crs=4490)


def divisions() -> gpd.GeoDataFrame:
    whole = box(WEST, SOUTH, round(WEST + 3 * STEP, 8), round(SOUTH + 2 * STEP, 8))
    rows = [
        (1, "990101", "示范县", "county", whole),
        (2, "990101100", "城关镇", "town", whole),
        (3, VILLAGE, "柳林村", "village", whole),
    ]
    return gpd.GeoDataFrame(rows, columns=["row", "code", "name", "level", "geometry"], crs=4490)


def dwellings(per_cell: dict[int, int], units: int = 1, columns: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Frames of doorplates and households: `per_cell` doorplates in each cell, `units` households behind each."""
    doors, homes = [], []
    for number, count in per_cell.items():
        x, y = WEST + (number - 1) % columns * STEP, SOUTH + (number - 1) // columns * STEP
        for k in range(count):
            code = f"990101-D{number:03}-{k:04}"
            lon, lat = x + STEP * (0.1 + 0.8 * (k % 97) / 97), y + STEP * (0.1 + 0.8 * (k % 89) / 89)
            doors.append((len(doors) + 1, code, f"柳林村{number}组{k + 1}号", lon, lat))
            for u in range(units):
                homes.append((len(homes) + 1, f"{code}-{u:02}", code, f"{u + 1}室"))
    return (
        pd.DataFrame(doors, columns=["row", "code", "address", "lon", "lat"]),
        pd.DataFrame(homes, columns=["row", "code", "doorplate_code", "unit"]),
    )


def build(conn: Connection, per_cell: dict[int, int] | None = None, units: int = 1, columns: int = 3) -> None:
    """Divisions, six cells and dwellings, registered 200 days before TODAY."""
    load_divisions(conn, COUNTY, divisions(), today=TODAY, cut=False)
    load_cells(conn, COUNTY, grid(columns), today=TODAY)
    if per_cell:
        doors, homes = dwellings(per_cell, units, columns)
        homes = homes.assign(registered_on=TODAY - timedelta(days=200))
        load_dwellings(conn, COUNTY, doors, homes, SETTINGS, today=TODAY)


def visit(
    household: str, days_ago: int = 0, outcome: str = "reached", *, hour: int = 10, id: UUID | None = None
) -> Visit:
    at = datetime(TODAY.year, TODAY.month, TODAY.day, hour, tzinfo=ZONE) - timedelta(days=days_ago)
    return Visit(id or uuid4(), household, at, Outcome(outcome), "T01", Purpose.routine)
