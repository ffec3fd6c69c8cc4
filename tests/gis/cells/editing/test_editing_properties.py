"""Whatever is published and taken back, in whatever order: every figure is what a recount gives; history repeats."""

from __future__ import annotations

from random import Random

import pytest
import shapely
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from gis.access.scope import ALL
from gis.cells import changesets, history
from gis.cells.changesets import Editor
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Refused
from gis.cells.editing.replay import digest
from gis.errors import BadInput, Stale
from gis.households.check import check
from gis.households.visits import record_visits
from gis.storage.engine import Store
from tests.examples import examples
from tests.gis.cells.editing.editing import some_edit
from tests.gis.world import COUNTY, SETTINGS, TODAY, build, visit

EDITOR = Editor("li", ALL.settings())
AREA = "990101"


@pytest.fixture
def county(store: Store) -> Store:
    """Six cells; doors all over the county, of which the first were visited."""
    with store.begin() as conn:
        build(conn, dict.fromkeys(range(1, 7), 97))
        seen = [visit(f"990101-D{n:03}-{k:04}-00", days_ago=k) for n in range(1, 7) for k in range(0, 60, 3)]
        assert record_visits(conn, seen, SETTINGS).accepted == len(seen)
    return store


@given(seed=st.integers(0, 2**32), steps=st.integers(3, 10))
@hypothesis_settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_histories(county: Store, seed: int, steps: int) -> None:
    dice = Random(seed)
    with county.engine.connect() as conn:
        for name, value in ALL.settings().items():
            conn.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
        doors = all_doors(conn)
        for _ in range(steps):
            step(conn, dice)
            assert list(check(conn, SETTINGS)) == []
            assert_tiled(grid := history.grid_of(conn, AREA))
            assert all_doors(conn) == {code: (*door[:2], at(grid, *door[:2])) for code, door in doors.items()}
        assert digest(history.replayed(conn, COUNTY)) == digest(history.grid_of(conn, AREA))
        conn.rollback()


def step(conn: Connection, dice: Random) -> None:
    """Publish some operations, or take something back; what is refused leaves nothing behind."""
    published = changesets.listed(conn, [COUNTY], status=changesets.Status.published)
    before = digest(history.grid_of(conn, AREA))
    savepoint = conn.begin_nested()
    try:
        if len(published) > 1 and dice.random() < 0.3:
            chosen = changesets.get(conn, [COUNTY], dice.choice(published).id)
            changesets.undo(conn, EDITOR, chosen, today=TODAY)
        else:
            draft = changesets.open_draft(conn, EDITOR, area=AREA, title="试")
            for _ in range(dice.randint(1, 3)):
                op = some_edit(history.grid_of(conn, AREA), dice)
                draft = changesets.add_operations(conn, EDITOR, draft, [op]).changeset
            changesets.publish(conn, EDITOR, draft, today=TODAY)
        savepoint.commit()
    except (Refused, Stale, BadInput):
        savepoint.rollback()
        assert digest(history.grid_of(conn, AREA)) == before


def all_doors(conn: Connection) -> dict[str, tuple[float, float, str]]:
    rows = conn.execute(text("SELECT code, ST_X(geom), ST_Y(geom), cell FROM everycell.doorplate"))
    return {code: (x, y, cell) for code, x, y, cell in rows}


def at(grid: Grid, x: float, y: float) -> str:
    """Where a door stands, reckoned without an index or a tree."""
    point = shapely.Point(x, y)
    return min(code for code, cell in grid.cells.items() if cell.polygon.intersects(point))


def assert_tiled(grid: Grid) -> None:
    shapes = [cell.polygon for cell in grid.cells.values()]
    assert all(shapely.is_valid(shapes))
    assert shapely.coverage_is_valid(shapes)
    assert sum(shape.area for shape in shapes) == pytest.approx(grid.outline.area, abs=1e-12)
