"""Two editors in the same second, on cells that lie side by side; people at the doors meanwhile; somebody in QGIS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
import shapely
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gis.access.scope import ALL
from gis.cells import changesets, history
from gis.cells.changesets import ChangeSet, Editor
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Refused
from gis.cells.editing.replay import digest
from gis.cells.reversal import undone_by_others
from gis.errors import BadInput, Conflict, Stale
from gis.households.check import check
from gis.households.visits import record_visits
from gis.storage.engine import Store, sqlstate
from tests.conftest import Filled
from tests.gis.cells.editing.editing import some_edit
from tests.gis.world import COUNTY, SETTINGS, TODAY, build, visit

AREA = "990101"
RUNS = 40


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("cells_concurrent_edits_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build(conn, dict.fromkeys(range(1, 7), 20), units=2)


def grid_of(store: Store) -> Grid:
    with store.read() as conn:
        return history.grid_of(conn, AREA)


def at_once(*works: Callable[[], ChangeSet | None]) -> list[ChangeSet | None]:
    """Run them in threads that start together."""
    barrier = threading.Barrier(len(works))

    def started(work: Callable[[], ChangeSet | None]) -> ChangeSet | None:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [each.result() for each in [pool.submit(started, work) for work in works]]


def drafted(store: Store, editor: Editor, grid: Grid, codes: list[str], dice: Random) -> ChangeSet | None:
    """A draft with an edit of one of these cells; None where the edit was refused."""
    with store.begin(ALL.settings()) as conn:
        made = changesets.open_draft(conn, editor, area=AREA, title="试")
    try:
        return store.retrying(
            lambda conn: changesets.add_operations(conn, editor, made, [some_edit(grid, dice, codes)]).changeset,
            ALL.settings(),
        )
    except (Refused, BadInput):
        return None


def published(store: Store, editor: Editor, draft: ChangeSet | None) -> ChangeSet | None:
    """The published change set; None where there was nothing to publish, or another was faster."""
    if draft is None:
        return None
    try:
        return store.retrying(lambda conn: changesets.publish(conn, editor, draft, today=TODAY), ALL.settings())
    except (Stale, Refused):
        return None


def run(store: Store, dice: Random) -> int:
    """Two editors draft on a cell and its neighbours, then publish in the same moment. How many went through."""
    grid = grid_of(store)
    one = dice.choice(list(grid.cells))
    near = grid.near(grid.cells[one].polygon)
    editors = [Editor(name, ALL.settings()) for name in ("li", "wang")]
    drafts = [drafted(store, editor, grid, near, dice) for editor in editors]
    done = at_once(*(lambda e=e, d=d: published(store, e, d) for e, d in zip(editors, drafts, strict=True)))  # type: ignore[misc]
    after = grid_of(store)
    shapes = [cell.polygon for cell in after.cells.values()]
    assert shapely.coverage_is_valid(shapes)
    assert all(shapely.is_valid(shapes))
    with store.read() as conn:
        assert [changed for made in done if made for changed in lost(conn, after, made)] == []
    return sum(made is not None for made in done)


def lost(conn: Connection, grid: Grid, made: ChangeSet) -> set[str]:
    """Cells that are not as an acknowledged change set made them: the other one of the moment may not touch them."""
    assert made.revision is not None
    return undone_by_others(grid, history.effect_of(conn, COUNTY, made.revision))


def whole(store: Store) -> None:
    with store.read() as conn:
        assert list(check(conn, SETTINGS)) == []
        assert digest(history.replayed(conn, COUNTY)) == digest(history.grid_of(conn, AREA))


def test_two_editors_in_the_same_second(county: Store) -> None:
    dice = Random(1)
    done = [run(county, dice) for _ in range(RUNS)]
    # Which cells meet is chance, and follows from who was faster before: too few of one kind in one of twenty tests.
    while min(done.count(1), done.count(2)) <= RUNS / 10 and len(done) < 4 * RUNS:
        done.append(run(county, dice))
    whole(county)
    assert done.count(2) > RUNS / 10, "both, where they do not touch the same cells"
    assert done.count(1) > RUNS / 10, "one of them, where they do"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_times(county: Store, seed: int) -> None:
    """In ten counties of their own: a village has 999 codes."""
    dice = Random(seed + 100)
    for _ in range(10):
        assert sum(run(county, dice) for _ in range(10)) > 0
        whole(county)


def test_the_same_draft_published_twice_at_once(county: Store) -> None:
    editor = Editor("li", ALL.settings())
    draft = None
    while draft is None:
        draft = drafted(county, editor, grid_of(county), [], Random(5))

    def publish() -> ChangeSet | None:
        try:
            return published(county, editor, draft)
        except Conflict:
            return None

    done = at_once(*[publish] * 4)
    assert sum(made is not None for made in done) == 1
    whole(county)


def test_an_operation_added_while_it_is_published_is_in_it_or_refused(county: Store) -> None:
    editor, dice = Editor("li", ALL.settings()), Random(3)
    for _ in range(10):
        grid = grid_of(county)
        draft = drafted(county, editor, grid, [], dice)
        if draft is None:
            continue

        def add(draft: ChangeSet = draft, grid: Grid = grid) -> ChangeSet | None:
            try:
                op = some_edit(grid, dice)
                work = changesets.add_operations
                return county.retrying(lambda c: work(c, editor, draft, [op]).changeset, ALL.settings())
            except (Refused, BadInput, Conflict):
                return None
            except DBAPIError as error:
                if sqlstate(error) != "EC002":
                    raise
                return None

        at_once(add, lambda draft=draft: published(county, editor, draft))  # type: ignore[misc]
    whole(county)


def rename(store: Store, code: str, name: str) -> None:
    """By SQL; not where another has retired the cell since it was chosen."""
    statement = text("UPDATE everycell.cell SET name = :name WHERE county = 990101 AND code = :code")
    try:
        store.retrying(lambda conn: conn.execute(statement, {"name": name, "code": code}))
    except DBAPIError as error:
        if "is retired" not in str(error):
            raise


def test_visits_doors_and_direct_edits_meanwhile(county: Store) -> None:
    """The grid is edited while visits come in, doors are moved by hand, and somebody renames cells in QGIS."""
    stop = threading.Event()
    dice = Random(11)

    def visits() -> None:
        random = Random(12)
        while not stop.is_set():
            batch = [
                visit(f"990101-D{random.randint(1, 6):03}-{random.randrange(20):04}-0{random.randrange(2)}", days_ago=d)
                for d in random.sample(range(300), 20)
            ]
            county.retrying(lambda conn: record_visits(conn, batch, SETTINGS))  # noqa: B023

    def doors() -> None:
        random = Random(13)
        move = text(
            "UPDATE everycell.doorplate SET geom = ST_SetSRID(ST_MakePoint(:x, :y), 4490)"
            " WHERE county = 990101 AND code = :c"
        )
        while not stop.is_set():
            values = {"x": 104 + random.random() * 0.0299, "y": 34.5 + random.random() * 0.0199}
            values |= {"c": f"990101-D{random.randint(1, 6):03}-{random.randrange(20):04}"}  # type: ignore[dict-item]
            county.retrying(lambda conn: conn.execute(move, values))  # noqa: B023

    def names() -> None:
        random = Random(14)
        while not stop.is_set():
            rename(county, random.choice(list(grid_of(county).cells)), f"n{random.random()}")

    with ThreadPoolExecutor(3) as pool:
        others = [pool.submit(work) for work in (visits, doors, names)]
        try:
            editor, made = Editor("li", ALL.settings()), 0
            while made < 12 and not any(other.done() for other in others):
                made += published(county, editor, drafted(county, editor, grid_of(county), [], dice)) is not None
        finally:
            stop.set()
        for other in others:
            other.result()
    whole(county)
