"""Real events in a real city: 4,907 complaints about animals in New York, as cases on its census tracts, from the files
to heat and hot spots.

There are no dwellings in the files: every cell gets some blocks, of which nothing is read but that they are there.
"""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image
from sqlalchemy import Connection, text

from api.heat_documents import heat_document, spots_document
from gis.access.scope import ALL
from gis.disputes.heat import Floats
from gis.disputes.judged import judge
from gis.disputes.kept import Kept
from gis.disputes.painting import colours_of, rgb, sampled, tile
from gis.disputes.periods import Period, Span
from gis.disputes.publication import publish_due
from gis.disputes.questions import Mode, Question
from gis.disputes.surfaces import Heat, draw
from gis.errors import Unclean
from gis.exchange.headers import Kind
from gis.households.coverage import today_in
from gis.households.load import load_dwellings
from gis.settings import Settings
from gis.storage.engine import Store
from tests.gis.exchange import tracts
from tests.gis.exchange.conftest import run

pytestmark = [pytest.mark.data, pytest.mark.slow]

COUNTY: Final = int(tracts.COUNTY)
KINDS: Final = {
    "Dead Animal": "environment",
    "Animal in a Park": "environment",
    "Unsanitary Animal Pvt Property": "property_management",
    "Animal-Abuse": "neighbours",
}
BLOCKS: Final = 3


def import_cells(store: Store, path: Path) -> None:
    """The tracts, cleaned: what is proposed is agreed to."""
    with pytest.raises(Unclean) as caught:
        run(store, Kind.cells, path, clean=True, parts=True)
    agreed = frozenset(proposal.digest for proposal in caught.value.proposals)
    done = run(store, Kind.cells, path, clean=True, parts=True, agreed=agreed)
    assert {report.table: report.inserted for report in done.reports}["cell"] == 2305


def add_blocks(conn: Connection, settings: Settings, today: date) -> None:
    rng = np.random.default_rng(311)
    rows = conn.execute(text("SELECT code, ST_AsBinary(geom) AS wkb FROM everycell.cell ORDER BY code")).all()
    doors: list[tuple[object, ...]] = []
    homes: list[tuple[object, ...]] = []
    for row in rows:
        shape = shapely.from_wkb(bytes(row.wkb))
        for lon, lat in _inside(shape, rng):
            code = f"{COUNTY}-B{len(doors):05}"
            doors.append((len(doors) + 1, code, f"{len(doors)}号", lon, lat))
            homes += [(len(homes) + k + 1, f"{code}-{k}", code, f"{k}室") for k in range(int(rng.integers(8, 20)))]
    columns = ["row", "code", "address", "lon", "lat"]
    frames = (
        pd.DataFrame(doors, columns=columns),
        pd.DataFrame(homes, columns=["row", "code", "doorplate_code", "unit"]),
    )
    load_dwellings(conn, COUNTY, *frames, settings, today=today)


def _inside(shape: Any, rng: np.random.Generator) -> Floats:
    west, south, east, north = shape.bounds
    while True:
        at = rng.uniform((west, south), (east, north), (400, 2))
        found = at[shapely.contains_xy(shape, at[:, 0], at[:, 1])]
        if len(found) >= BLOCKS:
            return np.round(found[:BLOCKS], 7)


def ledger(source: Path, target: Path, quarter: Period) -> Path:
    """The complaints as a ledger of cases, all moved to a quarter that is over and not yet forgotten."""
    read = pd.read_csv(source)
    moved = pd.to_datetime(read["created"]) + (pd.Timestamp(quarter.first) - pd.Timestamp("2025-01-01"))
    frame = pd.DataFrame(
        {
            "案件编号": read["id"],
            "类别": read["type"].map(KINDS).fillna("other"),
            "登记日期": moved.dt.strftime("%Y-%m-%d %H:%M"),
            "经度": read["lon"],
            "纬度": read["lat"],
        }
    )
    frame.to_csv(target, index=False)
    return target


def painted(heat: Heat, path: Path) -> Any:
    """The tiles of zoom 11 over the city, put together."""
    rows = [
        np.concatenate([_tile(heat, 11, row, column) for column in range(602, 606)], axis=1) for row in range(767, 772)
    ]
    seen = np.concatenate(rows)
    Image.fromarray(seen).save(path)
    return seen


def _tile(heat: Heat, z: int, row: int, column: int) -> Any:
    colours = [rgb(colour) for colour in colours_of(heat.bounds)]
    png = tile(heat.sheets, (z, row, column), heat.bounds, colours)
    return np.array(Image.open(io.BytesIO(png)).convert("RGBA"))


def test_from_the_files_to_the_map(store: Store, shared_data: Path, tmp_path: Path) -> None:
    layout = {"dispute_periods": "month,month,quarter,quarter"}
    store = Store(store.engine, store.settings.model_copy(update=layout))
    today = today_in(store.settings)
    quarter = Period(date(today.year - 1, 10, 1), Span.quarter)
    import_cells(store, tracts.coded(shared_data / "nyc_tracts_2010.geojson", tmp_path / "tracts.geojson"))
    with store.begin(ALL.settings()) as conn:
        add_blocks(conn, store.settings, today)
    path = ledger(shared_data / "nyc311_animal_complaints_2025q1.csv", tmp_path / "台账.csv", quarter)
    done = run(store, Kind.disputes, path)
    assert done.reports[0].inserted == 4902
    assert {reject.reason for reject in done.rejects} == {"lies in no cell of the county"}, "five on the water"
    publish_due(store, today)
    kept = Kept(10**9)
    with store.read(ALL.settings()) as conn:
        for mode in Mode:
            asked = Question(quarter, None, mode, None, None, None, ("",))
            heat = draw(conn, kept, [COUNTY], asked, settings=store.settings, today=today)
            assert heat.cases == pytest.approx(4902)
            seen = painted(heat, tmp_path / f"{mode}.png")
            assert 0.02 < (seen[:, :, 3] > 0).mean() < 0.4, "the city, and not the water"
            (sheet,) = heat.sheets
            harbour = sheet.to_metric(np.array([-74.05]), np.array([40.65]))
            assert np.isnan(sampled(sheet.surface, sheet.raster, *harbour)).all()
            document = heat_document(heat)
            assert [feature["properties"]["class"] for feature in document["features"]] == [0, 1, 2, 3, 4]
        judged = judge(conn, kept, [COUNTY], quarter, None, ("",), settings=store.settings, today=today)
    told = spots_document(judged, None)
    assert 10 < told["counts"]["hot"] < 100
    assert told["counts"]["too_few"] > 1000, "two cases a cell are too few to say"
    hot = [f["properties"] for f in told["features"] if f["properties"]["verdict"] == "hot"]
    assert all(spot["number"] is not None and spot["ratio"] > 1.5 and spot["q"] <= 0.05 for spot in hot)
