"""Replaying all change sets from nothing gives the live grid, whoever made them and in whatever mixture: drafts, SQL as
the owner and as GIS staff, imports, what was scheduled, and what took any of these back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import Connection, text

from gis.access.scope import ALL
from gis.cells import changesets, history
from gis.cells.changesets import Editor, Status
from gis.cells.drafting import net, part_of
from gis.cells.editing.edit import apply, changed
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import Operation
from gis.cells.editing.replay import digest
from gis.cells.load import load_cells
from gis.cells.naming import Codes
from gis.cells.scheduled import publish_due
from gis.errors import BadInput, Stale
from gis.households.check import check
from gis.storage.cluster import Cluster
from gis.storage.engine import Store
from tests.conftest import Filled
from tests.gis.cells.editing.editing import some_edit
from tests.gis.cells.test_direct_edits import signed_in
from tests.gis.world import COUNTY, COUSIN, OWN, SETTINGS, SIBLING, TODAY, build, build_region

AREA = "990101"
AREAS = (AREA, AREA, OWN.town, OWN.code, SIBLING.code)
EDITOR = Editor("wang", ALL.settings())


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    """Three villages of two towns, with doors, sites, visits and a closed round in each."""
    with filled.copy("cells_replay_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build_region(conn, [OWN, SIBLING, COUSIN])


@pytest.fixture
def li(county: Store, cluster: Cluster) -> Iterator[Store]:
    yield from signed_in(county, cluster, "li", AREA)


class Mixture:
    """Random steps on a county, each by another way in. A step that the grid does not allow is left out."""

    def __init__(self, store: Store, editor: Store, seed: int) -> None:
        self.store, self.editor, self.dice = store, editor, Random(seed)
        self.today = TODAY
        self.done: Counter[str] = Counter()

    def steps(self, number: int) -> None:
        ways: list[Callable[[], None]] = [
            self.published, self.drafted, self.by_sql, self.in_qgis, self.imported, self.scheduled, self.taken_back,
            self.mixed,
        ]  # fmt: skip
        for _ in range(number):
            way = self.dice.choice(ways)
            self.today += timedelta(days=self.dice.randrange(2))
            try:
                way()
            except (Refused, BadInput, Stale):
                self.done["left out"] += 1
            else:
                self.done[way.__name__] += 1

    def grid(self) -> Grid:
        with self.store.read() as conn:
            return history.grid_of(conn, AREA)

    def edited(self, grid: Grid, conn: Connection, times: int) -> Grid:
        """The grid after some edits that leave the county its land."""
        codes = Codes(conn, COUNTY)
        for _ in range(times):
            grid = changed(grid, apply(grid, self.edit(grid), codes.next))
        return grid

    def edit(self, grid: Grid) -> Operation:
        """One that can be done."""
        while True:
            op = some_edit(grid, self.dice)
            try:
                apply(grid, op, lambda village: f"{village}999")
            except (Refused, BadInput):
                continue
            return op

    # ---- ways in

    def published(self) -> None:
        area = self.dice.choice(AREAS)
        op = self.edit(part_of(self.grid(), area))
        with self.store.begin(ALL.settings()) as conn:
            changesets.edit_now(conn, EDITOR, area=area, title="试", ops=[op], today=self.today)

    def drafted(self) -> None:
        """A draft that others overtake."""
        area = self.dice.choice(AREAS)
        with self.store.begin(ALL.settings()) as conn:
            draft = changesets.open_draft(conn, EDITOR, area=area, title="草")
            for _ in range(2):
                op = self.edit(part_of(changesets.work_out(conn, EDITOR, draft).after, area))
                draft = changesets.add_operations(conn, EDITOR, draft, [op]).changeset
        self.dice.choice([self.published, self.by_sql, self.in_qgis])()
        with self.store.begin(ALL.settings()) as conn:
            changesets.publish(conn, EDITOR, draft, today=self.today)

    def by_sql(self) -> None:
        with self.store.begin() as conn:
            conn.execute(text("SELECT set_config('everycell.today', :day, true)"), {"day": self.today.isoformat()})
            self.written(conn, self.grid())

    def in_qgis(self) -> None:
        grid = self.grid()
        with self.store.begin() as conn:  # the editor may not look for codes
            wanted = self.edited(grid, conn, 2)
        with self.editor.begin() as conn:
            self.saved(conn, grid, wanted, delete=True)

    def written(self, conn: Connection, grid: Grid) -> None:
        """By way of a step that is rolled back, and of one that others never see."""
        step = conn.begin_nested()
        self.saved(conn, grid, self.edited(grid, conn, 1))
        step.rollback()
        halfway = self.edited(grid, conn, 1)
        self.saved(conn, grid, halfway)
        if self.dice.random() < 0.5:
            conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            conn.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        self.saved(conn, halfway, self.edited(halfway, conn, 1))

    def saved(self, conn: Connection, before: Grid, after: Grid, *, delete: bool = False) -> None:
        """The cells that differ, one statement each, in any order."""
        between = net(before, after)
        work: list[tuple[str, Cell | None]] = [*between.written.items(), *((code, None) for code in between.retired)]
        self.dice.shuffle(work)
        for code, cell in work:
            conn.execute(text(_statement(before, cell, delete)), _values(code, cell, self.today.isoformat()))

    def imported(self) -> None:
        """A file of all cells, as somebody else has drawn them."""
        with self.store.begin() as conn:
            wanted = self.edited(self.grid(), conn, 2)
            rows = [
                (n, c.code, c.village, c.name, c.kind, c.polygon) for n, c in enumerate(wanted.cells.values(), start=1)
            ]
            frame = gpd.GeoDataFrame(rows, columns=["row", "code", "village", "name", "kind", "geometry"], crs=4490)
            load_cells(conn, COUNTY, frame, today=self.today, enclaves=True)

    def scheduled(self) -> None:
        op = self.edit(self.grid())
        with self.store.begin(ALL.settings()) as conn:
            draft = changesets.open_draft(conn, EDITOR, area=AREA, title="预定")
            draft = changesets.add_operations(conn, EDITOR, draft, [op]).changeset
            changesets.publish(conn, EDITOR, draft, today=self.today, valid_from=self.today + timedelta(days=1))
        self.dice.choice([self.published, self.by_sql, self.in_qgis])()
        self.today += timedelta(days=1)
        publish_due(self.store, self.today)

    def taken_back(self) -> None:
        with self.store.read(ALL.settings()) as conn:
            found = sorted(
                (one for one in changesets.listed(conn, [COUNTY], status=Status.published) if (one.revision or 0) > 1),
                key=lambda one: one.revision or 0,
            )
        if not found:
            return
        chosen = found[-1] if self.dice.random() < 0.6 else self.dice.choice(found)
        with self.store.begin(ALL.settings()) as conn:
            changesets.undo(conn, EDITOR, changesets.get(conn, [COUNTY], chosen.id), today=self.today)

    def mixed(self) -> None:
        """All in one transaction."""
        with self.store.begin(ALL.settings()) as conn:
            conn.execute(text("SELECT everycell.lock_codes(:county), everycell.lock_grid(:county)"), {"county": COUNTY})
            self.written(conn, self.grid())
            op = self.edit(history.grid_of(conn, AREA))
            made = changesets.edit_now(conn, EDITOR, area=AREA, title="试", ops=[op], today=self.today)
            self.written(conn, history.grid_of(conn, AREA))
            if self.dice.random() < 0.5:
                changesets.undo(conn, EDITOR, made, today=self.today)


def _statement(before: Grid, cell: Cell | None, delete: bool) -> str:
    if cell is None and delete:
        return "DELETE FROM everycell.cell WHERE county = :county AND code = :code"
    if cell is None:
        return "UPDATE everycell.cell SET retired_on = :today WHERE county = :county AND code = :code"
    if cell.code in before.cells:
        return (
            "UPDATE everycell.cell SET name = :name, kind = :kind, geom = ST_GeomFromWKB(:wkb, 4490)"
            " WHERE county = :county AND code = :code"
        )
    return (
        "INSERT INTO everycell.cell (county, code, village, kind, name, geom, valid_from)"
        " VALUES (:county, :code, :village, :kind, :name, ST_GeomFromWKB(:wkb, 4490), :today)"
    )


def _values(code: str, cell: Cell | None, today: str) -> dict[str, object]:
    values: dict[str, object] = {"county": COUNTY, "code": code, "today": today}
    if cell is not None:
        values |= {"village": cell.village, "kind": cell.kind, "name": cell.name, "wkb": shapely.to_wkb(cell.polygon)}
    return values


def whole(store: Store) -> int:
    """Every revision comes of the replay as the history has it, the last one as the cells are. How many there are."""
    with store.read() as conn:
        revisions = 0
        for revision, grid in history.replay(conn, COUNTY):
            assert digest(grid) == digest(history.grid_of(conn, AREA, revision)), f"revision {revision}"
            revisions += 1
        rows = conn.execute(
            text(
                "SELECT code, village, name, kind, ST_AsBinary(geom) AS wkb FROM everycell.cell"
                " WHERE retired_on IS NULL"
            )
        )
        live = Grid([_cell(row) for row in rows], shapely.MultiPolygon())
        assert digest(history.replayed(conn, COUNTY)) == digest(live)
        assert list(check(conn, SETTINGS)) == []
    return revisions


def _cell(row: object) -> Cell:
    code, village, name, kind, wkb = row  # type: ignore[misc]
    shape = shapely.from_wkb(bytes(wkb))
    assert isinstance(shape, shapely.Polygon)
    return Cell(code, village, name, kind, shape)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_any_mixture_replays_to_the_live_grid(county: Store, li: Store, seed: int) -> None:
    mixture = Mixture(county, li, seed)
    mixture.steps(24)
    assert whole(county) > 12, mixture.done


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_any_long_mixture_replays_to_the_live_grid(county: Store, li: Store, seed: int) -> None:
    mixture = Mixture(county, li, seed)
    for _ in range(4):
        mixture.steps(20)
        whole(county)
    assert set(mixture.done) >= {"published", "by_sql", "in_qgis", "imported", "taken_back", "mixed"}, mixture.done


def test_the_first_import_is_taken_back_and_done_again(store: Store) -> None:
    """Of a county without doors: nothing is left, not even an outline; and all of it comes back."""
    with store.begin() as conn:
        build(conn)
        before = digest(history.grid_of(conn, AREA))
    for left in (0, 6):
        with store.begin(ALL.settings()) as conn:
            last = max(changesets.listed(conn, [COUNTY]), key=lambda one: one.revision or 0)
            changesets.undo(conn, EDITOR, changesets.get(conn, [COUNTY], last.id), today=TODAY)
        with store.read() as conn:
            assert len(history.grid_of(conn, AREA).cells) == left
        whole(store)
    with store.read() as conn:
        assert digest(history.grid_of(conn, AREA)) == before
