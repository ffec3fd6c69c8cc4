"""Writing doorplates and households: set-wise, in the caller's transaction, with the figures counted at the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from gis.cells.load import polygons_of
from gis.errors import BadInput
from gis.settings import Settings
from gis.storage.bulk import stage
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
    "code": "text",
    "doorplate_code": "text",
    "unit": "text",
    "status": "text",
    "interval_days": "smallint",
    "registered_on": "date",
    "reached_before": "date",
    "contact_before": "date",
}
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

    A doorplate that stands in no cell is rejected with its households, each by its row. What the frames leave empty
    keeps its stored value; a new household is active, registered today, with the interval of the settings. Writing the
    same frames again changes nothing. `on_progress` is told the rows staged since the last call; the report counts
    households. Raises BadInput where the county has no cell. Visits wait until the transaction ends.
    """
    cells = polygons_of(conn, county)
    if not cells:
        raise BadInput(f"county {county:06} has no cell yet: import its cells or divisions first", field="county")
    _lock(conn, county)
    placed = doorplates.assign(cell=cells_of_points(cells, doorplates["lon"], doorplates["lat"]))
    lost = set(placed.loc[placed["cell"].isna(), "code"])
    rejected = households[households["doorplate_code"].isin(lost)]
    rejects = [
        Reject(int(row), "lon, lat", f"stands in no cell of county {county:06}") for row in rejected["row"].tolist()
    ]
    _stage(conn, placed[placed["cell"].notna()], households.drop(rejected.index), on_progress)
    inserted, updated = _merge(conn, county, settings, today)
    written = len(households) - len(rejected)
    return LoadReport("household", inserted, updated, written - inserted - updated, rejects)


def cells_of_points(cells: dict[str, shapely.Polygon], lon: pd.Series, lat: pd.Series) -> pd.Series:
    """The cell of each point (degrees), NA where there is none; on a shared border the lowest code.

    The same rule as everycell.cell_at() in the database, for many points at once.
    """
    codes = np.array(sorted(cells), dtype=object)
    shapes = np.array([cells[code] for code in codes], dtype=object)
    tree = shapely.STRtree(shapes)
    found = pd.Series(pd.NA, index=lon.index, dtype=object)
    points, hits = tree.query(shapely.points(lon.to_numpy(float), lat.to_numpy(float)), predicate="intersects")
    first = pd.Series(hits).groupby(points).min()
    found.iloc[first.index.to_numpy()] = codes[first.to_numpy()]
    return found


def _lock(conn: Connection, county: int) -> None:
    """Keep cells from being cut and visits from being counted until the transaction ends.

    In the order of record_visits(): revisions first, so that a batch of visits waits and does not deadlock.
    """
    # Sorts in memory; statistics by a small sample, autovacuum takes its time for a better one later.
    conn.execute(
        text("SELECT set_config('work_mem', '256MB', true), set_config('default_statistics_target', '10', true)")
    )
    conn.execute(text("LOCK TABLE everycell.cell IN SHARE MODE"))
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
    ordered = _near_each_other(doorplates)
    ordered = ordered.assign(position=np.arange(len(ordered)))
    for table, columns, frame, progress in (
        ("staged_doorplate", DOORPLATE, ordered, None),
        ("staged_household", HOUSEHOLD, households, on_progress),
    ):
        stage(conn, table, columns, frame.reindex(columns=list(columns)), progress)


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
    inserted = conn.execute(query("households/insert_households"), values).rowcount
    updated = conn.execute(query("households/update_households"), values).rowcount
    conn.execute(query("households/refresh_touched_doorplates"), values)
    if inserted:  # the recount, and visits that follow at once, are planned before autovacuum has looked
        conn.execute(text("ANALYZE everycell.doorplate, everycell.household"))
    conn.execute(query("households/recount_touched_cells"), values)
    if inserted:
        conn.execute(text("ANALYZE everycell.coverage_day"))
    conn.execute(text(f"DROP TABLE {', '.join(_SCRATCH)}"))
    conn.execute(text("SELECT set_config('everycell.mode', '', true)"))
    return inserted, updated
