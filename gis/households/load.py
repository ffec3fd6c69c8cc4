"""Writing doorplates and households: set-wise, in the caller's transaction, with the figures counted at the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from gis.cells.editing.grid import codes_at
from gis.cells.load import polygons_of
from gis.errors import BadInput
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.bulk import joined_already, stage
from gis.storage.queries import query
from gis.storage.report import LoadReport, Reject

DOORPLATE: Final = {
    "position": "integer",
    "code": "text",
    "address": "text",
    "lon": "float8",
    "lat": "float8",
    "cell": "text",
    "source": "text",
}
HOUSEHOLD: Final = {
    "id": "uuid",
    "code": "text",
    "doorplate_code": "text",
    "unit": "text",
    "status": "text",
    "interval_days": "smallint",
    "registered_on": "date",
    "reached_before": "date",
    "contact_before": "date",
}
# What ck_household_days allows: the histogram of a cell has an element for each day from its first to its last.
FIRST_DAY: Final = date(1990, 1, 1)
LAST_DAY: Final = date(2099, 12, 31)
_DAYS: Final = ("registered_on", "reached_before", "contact_before")
# The temporary tables of one load: gone at its end, so that a transaction can hold several.
_SCRATCH: Final = (
    "staged_doorplate",
    "staged_household",
    "changed_doorplate",
    "changed_household",
    "joined_doorplate",
    "new_doorplate_cell",
)


def load_dwellings(
    conn: Connection,
    county: int,
    doorplates: pd.DataFrame,
    households: pd.DataFrame,
    settings: Settings,
    *,
    today: date,
    on_progress: Callable[[int], None] | None = None,
) -> LoadReport:
    """Write doorplates and households (the frames of `gis.households.dwellings`), insert or update by code.

    A doorplate that stands in no cell is rejected with its households, each by its row; so are households with a day
    before FIRST_DAY or after LAST_DAY, and doorplates with no other household. What the frames leave empty keeps its
    stored value; a new household is active, registered today, with the interval of the settings. Writing the same
    frames again changes nothing. `on_progress` is told the rows staged since the last call; the report counts
    households. Raises BadInput where the county has no cell. Visits wait until the transaction ends.
    """
    _lock(conn, county)
    cells = polygons_of(conn, county)
    if not cells:
        raise BadInput(
            "county {county:06} has no cell yet: import its cells or divisions first", county=county, field="county"
        )
    number = len(households)
    doorplates, households, rejects = _within_days(doorplates, households)
    doorplates, households, rejects = _without_retired(conn, county, doorplates, households, rejects)
    placed = doorplates.assign(cell=cells_of_points(cells, doorplates["lon"], doorplates["lat"]))
    lost = set(placed.loc[placed["cell"].isna(), "code"])
    rejected = households[households["doorplate_code"].isin(lost)]
    rejects += [
        Reject(int(row), "lon, lat", Sentence("stands in no cell of county {county:06}", county=county))
        for row in rejected["row"].tolist()
    ]
    _stage(conn, placed[placed["cell"].notna()], households.drop(rejected.index), on_progress)
    inserted, updated = _merge(conn, county, settings, today)
    return LoadReport("household", inserted, updated, number - len(rejects) - inserted - updated, rejects)


def _within_days(doorplates: pd.DataFrame, households: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[Reject]]:
    """The frames without the households that have a day out of range, and without the doorplates of those only."""
    rejects: dict[int, Reject] = {}
    for name in _DAYS:
        if name not in households:
            continue
        days = pd.to_datetime(households[name])
        outside = households.loc[(days < pd.Timestamp(FIRST_DAY)) | (days > pd.Timestamp(LAST_DAY)), "row"]
        reason = Sentence("lies before {first} or after {last}", first=FIRST_DAY, last=LAST_DAY)
        rejects |= {row: Reject(row, name, reason) for row in outside.tolist() if row not in rejects}
    return *_without(doorplates, households, households["row"].isin(list(rejects))), list(rejects.values())


def _without(
    doorplates: pd.DataFrame, households: pd.DataFrame, bad: pd.Series[bool]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frames without some households, and without the doorplates of those only."""
    if not bad.any():
        return doorplates, households
    emptied = set(households.loc[bad, "doorplate_code"]) - set(households.loc[~bad, "doorplate_code"])
    return doorplates[~doorplates["code"].isin(emptied)], households[~bad]


def _without_retired(
    conn: Connection, county: int, doorplates: pd.DataFrame, households: pd.DataFrame, rejects: list[Reject]
) -> tuple[pd.DataFrame, pd.DataFrame, list[Reject]]:
    """The frames without households whose code, or whose doorplate's code, has ended: it is never used again."""
    ended = retired_codes(conn, county, "household"), retired_codes(conn, county, "doorplate")
    found = list(rejects)
    for column, codes in zip(("code", "doorplate_code"), ended, strict=True):
        bad = households[column].isin(codes)
        rows = households.loc[bad, "row"].tolist()
        found += [Reject(int(row), column, Sentence("was used before: a code is never used again")) for row in rows]
        doorplates, households = _without(doorplates, households, bad)
    return doorplates, households, found


def retired_codes(conn: Connection, county: int, kind: str) -> list[str]:
    """The codes of a county's doorplates, households or sites (`kind`) that have ended."""
    statement = text("SELECT code FROM everycell.retired_code WHERE county = :county AND kind = :kind")
    return list(conn.execute(statement, {"county": county, "kind": kind}).scalars())


def cells_of_points(cells: dict[str, shapely.Polygon], lon: pd.Series, lat: pd.Series) -> pd.Series:
    """The cell of each point (degrees), NA where there is none; on a shared border the lowest code."""
    found = pd.Series(codes_at(cells, lon.to_numpy(float), lat.to_numpy(float)), index=lon.index, dtype=object)
    found[found.isna()] = pd.NA
    return found


def _lock(conn: Connection, county: int) -> None:
    """Keep cells from being cut, doors from being placed and visits from being counted until the transaction ends.

    In the order of locks of everybody else: the grid, then revisions, so that a batch of visits waits and does not
    deadlock. Doors are not locked one by one: who places some waits for the grid.
    """
    # Sorts in memory; statistics by a small sample, autovacuum takes its time for a better one later.
    conn.execute(
        text("SELECT set_config('work_mem', '256MB', true), set_config('default_statistics_target', '10', true)")
    )
    conn.execute(text("SELECT everycell.lock_grid(:county)"), {"county": county})
    conn.execute(
        text("SELECT FROM everycell.cell_revision WHERE county = :county ORDER BY cell FOR NO KEY UPDATE"),
        {"county": county},
    )
    conn.execute(text("LOCK TABLE everycell.household, everycell.doorplate IN SHARE ROW EXCLUSIVE MODE"))


def _stage(
    conn: Connection,
    doorplates: pd.DataFrame,
    households: pd.DataFrame,
    on_progress: Callable[[int], None] | None,
) -> None:
    doors = _near_each_other(doorplates)
    doors = doors.assign(position=np.arange(len(doors)))
    homes = households.iloc[np.argsort(households["doorplate_code"].map(_positions(doors)).to_numpy(), kind="stable")]
    for table, columns, frame, progress in (
        ("staged_doorplate", DOORPLATE, doors, None),
        ("staged_household", HOUSEHOLD, homes.assign(id=new_ids(len(homes))), on_progress),
    ):
        stage(conn, table, columns, frame.reindex(columns=list(columns)), progress)


def _positions(doors: pd.DataFrame) -> pd.Series[int]:
    return pd.Series(doors["position"].to_numpy(), index=doors["code"].to_numpy(dtype=object))


def new_ids(number: int) -> list[str]:
    """Random UUIDs (version 4) in ascending order: rows that come so fill the pages of their index in turn."""
    raw = np.frombuffer(os.urandom(16 * number), np.uint8).reshape(number, 16).copy()
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    high, low = raw.view(">u8").T
    text = raw[np.lexsort((low, high))].tobytes().hex()
    return [text[at : at + 32] for at in range(0, len(text), 32)]


def _near_each_other(doorplates: pd.DataFrame) -> pd.DataFrame:
    """In the order of a space-filling curve: neighbours on the map become neighbours on disk and in the index."""
    if doorplates.empty:
        return doorplates
    x = pd.to_numeric(doorplates["lon"]).to_numpy()
    y = pd.to_numeric(doorplates["lat"]).to_numpy()
    key = _interleave(_scaled(x)) | (_interleave(_scaled(y)) << np.uint64(1))
    return doorplates.iloc[np.argsort(key, kind="stable")]


def _scaled(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    low, high = float(values.min()), float(values.max())
    return ((values - low) / ((high - low) or 1.0) * 65535).astype(np.uint64, copy=False)


def _interleave(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread 16 bits to every second bit (Morton order)."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | (values << np.uint64(shift))) & np.uint64(mask)
    return values


def _merge(conn: Connection, county: int, settings: Settings, today: date) -> tuple[int, int]:
    """Staged rows into the tables, then the figures; the numbers of households inserted and updated."""
    conn.execute(text("SELECT set_config('everycell.mode', 'batch', true)"))
    values = {"county": county, "today": today, "interval_days": settings.interval_days}
    conn.execute(query("households/changed_doorplates"), values)
    conn.execute(query("households/update_doorplates"), values)
    conn.execute(query("households/joined_doorplates"), values)
    conn.execute(query("households/new_doorplate_cells"), values)
    conn.execute(query("households/insert_doorplates"), values)
    conn.execute(query("households/changed_households"), values)
    with joined_already(conn):
        inserted = conn.execute(query("households/insert_households"), values).rowcount
    updated = conn.execute(query("households/update_households"), values).rowcount
    conn.execute(query("households/refresh_touched_doorplates"), values)
    if inserted:  # the recount, and visits that follow at once, are planned before autovacuum has looked
        conn.execute(text("ANALYZE everycell.doorplate, everycell.household"))
    conn.execute(query("households/recount_touched_cells"), values)
    if inserted:
        conn.execute(text("ANALYZE everycell.coverage_histogram"))
    conn.execute(text(f"DROP TABLE {', '.join(_SCRATCH)}"))
    conn.execute(text("SELECT set_config('everycell.mode', '', true)"))
    return inserted, updated
