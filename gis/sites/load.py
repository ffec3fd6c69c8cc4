"""Writing key sites: insert or update by code; a site stands in the cell where it is."""

from __future__ import annotations

from typing import Final

import pandas as pd
from sqlalchemy import Connection, text

from gis.cells.load import polygons_of
from gis.errors import BadInput
from gis.households.load import cells_of_points, retired_codes
from gis.sentence import Sentence
from gis.sites.categories import CATEGORIES, Category
from gis.storage.bulk import stage
from gis.storage.queries import query
from gis.storage.report import LoadReport, Reject

SITE: Final = {
    "code": "text",
    "name": "text",
    "category": "text",
    "address": "text",
    "lon": "float8",
    "lat": "float8",
    "check_interval_days": "smallint",
    "last_checked_on": "date",
    "source": "text",
}


def load_sites(conn: Connection, county: int, frame: pd.DataFrame) -> LoadReport:
    """Write key sites (frame "sites" of docs/architecture.md, with `code`).

    A site in no cell is rejected by its row. The last check only moves forward; an empty check interval is that of the
    category. Raises BadInput where the county has no cell. Writing the same frame again changes nothing.
    """
    cells = polygons_of(conn, county)
    if not cells:
        raise BadInput(
            "county {county:06} has no cell yet: import its cells or divisions first", county=county, field="county"
        )
    ended = frame["code"].isin(retired_codes(conn, county, "site"))
    inside = cells_of_points(cells, frame["lon"], frame["lat"]).notna()
    rejects = [
        Reject(int(row), "code", Sentence("was used before: a code is never used again"))
        for row in frame.loc[ended, "row"].tolist()
    ]
    rejects += [
        Reject(int(row), "lon, lat", Sentence("stands in no cell of county {county:06}", county=county))
        for row in frame.loc[~inside & ~ended, "row"].tolist()
    ]
    kept = frame[inside & ~ended].reindex(columns=list(SITE))
    usual = kept["category"].map(lambda category: CATEGORIES[Category(category)].check_interval_days)
    kept = kept.assign(check_interval_days=kept["check_interval_days"].fillna(usual).astype("Int64"))
    stage(conn, "staged_site", SITE, kept)
    outcomes = conn.execute(query("sites/upsert_sites"), {"county": county}).scalars().all()
    conn.execute(text("DROP TABLE staged_site"))
    inserted = sum(outcomes)
    return LoadReport("site", inserted, len(outcomes) - inserted, len(kept) - len(outcomes), rejects)
