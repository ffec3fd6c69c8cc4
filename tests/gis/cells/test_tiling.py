"""Live cells tile the county, for every client: what QGIS or psql may do, and what the database refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gis.households.check import check
from gis.storage.engine import Store
from tests.conftest import Filled
from tests.gis.world import SETTINGS, SOUTH, STEP, TODAY, WEST, build, cell_code

MOVE_BORDER = "UPDATE everycell.cell SET geom = ST_SetSRID(ST_MakeEnvelope(:w, :s, :e, :n), 4490) WHERE code = :code"


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("cells_tiling_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 6, 2: 6})


def envelope(code: str, west: float, east: float) -> dict[str, object]:
    return {"code": code, "w": WEST + west * STEP, "e": WEST + east * STEP, "s": SOUTH, "n": SOUTH + STEP}


def clean(store: Store) -> bool:
    with store.read() as conn:
        return list(check(conn, SETTINGS)) == []


def test_a_border_moved_in_both_cells_is_kept_and_doorplates_follow(county: Store) -> None:
    with county.begin() as conn:
        before = conn.execute(text("SELECT count(*) FROM everycell.doorplate WHERE cell = :c"), {"c": cell_code(1)})
        assert before.scalar() == 6
        conn.execute(text(MOVE_BORDER), envelope(cell_code(1), 0, 0.1005))
        conn.execute(text(MOVE_BORDER), envelope(cell_code(2), 0.1005, 2))
    with county.read() as conn:
        after = conn.execute(text("SELECT cell, count(*) FROM everycell.doorplate GROUP BY 1")).all()
        version = conn.execute(text("SELECT version FROM everycell.cell WHERE code = :c"), {"c": cell_code(1)}).scalar()
    assert dict(after) == {cell_code(1): 1, cell_code(2): 11}  # type: ignore[arg-type]
    assert version == 2
    assert clean(county)


@pytest.mark.parametrize(
    ("code", "west", "east", "word"),
    [
        (cell_code(1), 0, 1.2, "OVERLAP: cells"),
        (cell_code(1), 0, 0.8, "GAP"),
        (cell_code(1), -0.5, 1, "OUTSIDE_COUNTY"),
    ],
)
def test_a_border_moved_in_one_cell_is_refused(county: Store, code: str, west: float, east: float, word: str) -> None:
    with pytest.raises(DBAPIError, match=word) as caught, county.begin() as conn:
        conn.execute(text(MOVE_BORDER), envelope(code, west, east))
    detail = caught.value.orig.diag.message_detail  # type: ignore[union-attr]
    piece = shapely.from_geojson(json.dumps(json.loads(detail)))
    assert piece.area > 0
    assert clean(county)


def test_an_overlap_of_less_than_a_square_metre_is_named(county: Store) -> None:
    sliver = 0.8 / (111_000 * 111_000 * 0.82 * STEP * STEP)  # 0.8 m² of a cell's area
    with pytest.raises(DBAPIError, match=r"overlap by 0\.\d+ square metres"), county.begin() as conn:
        conn.execute(text(MOVE_BORDER), envelope(cell_code(1), 0, 1 + sliver))


def test_rounding_of_doubles_is_no_overlap(county: Store) -> None:
    with county.begin() as conn:
        conn.execute(text(MOVE_BORDER), envelope(cell_code(1), 0, 1 + 1e-10))
    assert clean(county)


def test_a_bow_tie_is_refused(county: Store) -> None:
    with pytest.raises(DBAPIError, match="SELF_INTERSECTION"), county.begin() as conn:
        conn.execute(
            text(
                "UPDATE everycell.cell SET geom = ST_GeomFromText("
                "'POLYGON((104 34.5, 104.01 34.51, 104.01 34.5, 104 34.51, 104 34.5))', 4490) WHERE code = :c"
            ),
            {"c": cell_code(1)},
        )


def test_checked_again_after_an_early_check(county: Store) -> None:
    """SET CONSTRAINTS IMMEDIATE checks in the middle; what is written after it is checked too."""
    with county.engine.connect() as conn:
        conn.execute(text(MOVE_BORDER), envelope(cell_code(1), 0, 0.5))
        conn.execute(text(MOVE_BORDER), envelope(cell_code(2), 0.5, 2))
        conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        conn.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        conn.execute(text(MOVE_BORDER), envelope(cell_code(1), 0, 0.6))
        with pytest.raises(DBAPIError, match="OVERLAP"):
            conn.commit()


def test_a_cell_is_retired_not_deleted(county: Store) -> None:
    with pytest.raises(DBAPIError, match="retired_on"), county.begin() as conn:
        conn.execute(text("DELETE FROM everycell.cell WHERE code = :c"), {"c": cell_code(6)})
    with pytest.raises(DBAPIError, match="GAP"), county.begin() as conn:
        conn.execute(text("UPDATE everycell.cell SET retired_on = current_date WHERE code = :c"), {"c": cell_code(6)})
    with county.begin() as conn:  # its land to a neighbour, its households too
        conn.execute(text("UPDATE everycell.cell SET retired_on = :d WHERE code = :c"), {"c": cell_code(1), "d": TODAY})
        conn.execute(text(MOVE_BORDER), envelope(cell_code(2), 0, 2))
    with county.read() as conn:
        assert conn.execute(text("SELECT DISTINCT cell FROM everycell.doorplate")).scalars().all() == [cell_code(2)]
    assert clean(county)


def test_a_retired_cell_is_not_changed(county: Store) -> None:
    """Nobody would see it: whoever renames a cell that another retires in the same second is told."""
    with county.begin() as conn:
        conn.execute(
            text("UPDATE everycell.cell SET retired_on = :day WHERE code = :code"), {"day": TODAY, "code": cell_code(1)}
        )
        conn.execute(text(MOVE_BORDER), envelope(cell_code(2), 0, 2))
    with pytest.raises(DBAPIError, match=f"cell {cell_code(1)} is retired"), county.begin() as conn:
        conn.execute(text("UPDATE everycell.cell SET name = 'x' WHERE code = :code"), {"code": cell_code(1)})
    with county.read() as conn:
        assert conn.execute(text("SELECT max(revision) FROM everycell.changeset")).scalar() == 2
    assert clean(county)


def test_a_code_is_never_changed(county: Store) -> None:
    with pytest.raises(DBAPIError, match="never changed"), county.begin() as conn:
        conn.execute(text("UPDATE everycell.cell SET code = '990101100201009' WHERE code = :c"), {"c": cell_code(6)})


def test_a_point_on_a_shared_border_is_in_exactly_one_cell(county: Store) -> None:
    with county.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO everycell.doorplate (county, code, geom)"
                " VALUES (990101, '990101-border', ST_SetSRID(ST_MakePoint(:x, :y), 4490))"
            ),
            {"x": round(WEST + STEP, 8), "y": SOUTH + STEP / 2},
        )
        cell = conn.execute(text("SELECT cell FROM everycell.doorplate WHERE code = '990101-border'")).scalar()
    assert cell == cell_code(1)
    assert clean(county)


def test_check_finds_what_was_broken_behind_the_back_of_the_triggers(county: Store) -> None:
    assert clean(county)
    damages = {
        "histogram": "UPDATE everycell.coverage_histogram SET due[array_upper(due, 1)] = 8 WHERE due <> '{}'",
        "doorplate": "UPDATE everycell.doorplate SET never = never + 1 WHERE code = '990101-D001-0000'",
        "household": "UPDATE everycell.household SET last_contact_on = DATE '2026-01-01'"
        " WHERE code = '990101-D001-0001-00'",
        "division": "UPDATE everycell.division SET geom = ST_Translate(geom, 0.001, 0) WHERE level = 'village'",
    }
    for kind, damage in damages.items():
        with county.engine.connect() as conn:
            conn.execute(text("SET everycell.mode = 'batch'"))
            assert conn.execute(text(damage)).rowcount >= 1
            assert kind in {d.kind for d in check(conn, SETTINGS)}
            conn.rollback()
    assert clean(county)
