"""Change sets on a small county: drafts, publishing, history, lineage, undo; nothing of it ever breaks a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import shapely
from shapely import LineString, Polygon, box
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gis.access.scope import ALL, Grant, Role, Scope
from gis.cells import changesets, history
from gis.cells.changesets import ChangeSet, Editor, Status, Worked
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import (
    Create,
    Merge,
    MoveNode,
    MoveToVillage,
    Operation,
    Renumber,
    Reshape,
    Retire,
    SetAttributes,
    Split,
)
from gis.cells.editing.replay import digest
from gis.cells.load import load_cells
from gis.errors import BadInput, Conflict, NotFound, PersonalData, Stale
from gis.households.check import check
from gis.storage.engine import Store, as_service
from tests.conftest import Filled
from tests.gis import world
from tests.gis.world import COUNTY, OWN, SETTINGS, SIBLING, SOUTH, STEP, TODAY, VILLAGE, WEST, build, cell_code

EDITOR = Editor("li", ALL.settings())
AREA = "990101"


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    """Six cells, numbered from the south-west: 1 2 3, above them 4 5 6; 24 and 18 households in the first two."""
    with filled.copy("cells_changesets_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 12, 2: 9, 5: 4}, units=2)


def place(number: int, east: float, north: float) -> tuple[float, float]:
    """A point in the square of a cell, by its share from the west and the south."""
    x, y = WEST + ((number - 1) % 3 + east) * STEP, SOUTH + ((number - 1) // 3 + north) * STEP
    return round(x, 8), round(y, 8)


def cut(number: int, share: float = 0.5, code: str | None = None) -> Split:
    """A cell cut from south to north."""
    return Split(cell_code(number), LineString([place(number, share, -0.1), place(number, share, 1.1)]), code)


def level(number: int, share: float = 0.5) -> Split:
    """A cell cut from west to east."""
    return Split(cell_code(number), LineString([place(number, -0.1, share), place(number, 1.1, share)]))


def edit(store: Store, *ops: Operation, area: str = AREA, today: date = TODAY) -> ChangeSet:
    with store.begin(ALL.settings()) as conn:
        return changesets.edit_now(conn, EDITOR, area=area, title="试", ops=ops, today=today)


def draft(store: Store, *ops: Operation, area: str = AREA) -> ChangeSet:
    with store.begin(ALL.settings()) as conn:
        made = changesets.open_draft(conn, EDITOR, area=area, title="试")
        return changesets.add_operations(conn, EDITOR, made, ops).changeset if ops else made


def add(store: Store, made: ChangeSet, *ops: Operation) -> Worked:
    with store.begin(ALL.settings()) as conn:
        return changesets.add_operations(conn, EDITOR, again(conn, made), ops)


def again(conn: Any, made: ChangeSet) -> ChangeSet:
    return changesets.get(conn, [COUNTY], made.id)


def publish(store: Store, made: ChangeSet, today: date = TODAY, valid_from: date | None = None) -> ChangeSet:
    with store.begin(ALL.settings()) as conn:
        return changesets.publish(conn, EDITOR, again(conn, made), today=today, valid_from=valid_from)


def take_back(store: Store, made: ChangeSet, today: date = TODAY) -> ChangeSet:
    with store.begin(ALL.settings()) as conn:
        return changesets.undo(conn, EDITOR, again(conn, made), today=today)


def clean(store: Store) -> bool:
    with store.read() as conn:
        found = list(check(conn, SETTINGS))
    assert found == []
    return True


def live(store: Store) -> str:
    with store.read() as conn:
        return digest(history.grid_of(conn, AREA))


def replayed(store: Store) -> str:
    with store.read() as conn:
        return digest(history.replayed(conn, COUNTY))


def polygon(store: Store, code: str) -> Polygon:
    with store.read() as conn:
        return history.grid_of(conn, AREA).cells[code].polygon


def homes(store: Store) -> dict[str, int]:
    """Households by cell, as the doors say."""
    with store.read() as conn:
        rows = conn.execute(
            text("SELECT cell, sum(households)::integer FROM everycell.doorplate GROUP BY 1 ORDER BY 1")
        )
        return {code: day for code, day in rows}  # noqa: C416


# ---- publishing


def test_a_split_keeps_the_larger_part_under_the_code_and_moves_doors(county: Store) -> None:
    made = edit(county, cut(1, 0.15))
    assert (made.status, made.revision, made.valid_from) == (Status.published, 2, TODAY)
    assert made.ops[0]["code"] == cell_code(7)
    found = homes(county)
    assert (found[cell_code(1)], found[cell_code(7)]) == (10, 14)
    with county.read() as conn:
        line = history.lineage(conn, cell_code(7))
        versions = history.versions(conn, cell_code(1))
    assert (line.parents, line.live, line.successors) == ([cell_code(1)], True, [cell_code(7)])
    assert [(v.version, v.valid_from, v.valid_to) for v in versions] == [(1, TODAY, TODAY), (2, TODAY, None)]
    assert versions[1].changeset == made.id
    assert clean(county)


def test_a_door_on_the_line_goes_to_the_lower_code(county: Store) -> None:
    x, y = place(2, 0.5, 0.25)
    with county.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO everycell.doorplate (county, code, geom)"
                " VALUES (990101, '990101-line', ST_SetSRID(ST_MakePoint(:x, :y), 4490))"
            ),
            {"x": x, "y": y},
        )
    for op in (cut(2, 0.5), Merge((cell_code(2), cell_code(7)), cell_code(7)), cut(7 - 5, 0.5)):
        if isinstance(op, Split) and op.cell not in live_codes(county):
            continue
        edit(county, op)
        with county.read() as conn:
            cell = conn.execute(text("SELECT cell FROM everycell.doorplate WHERE code = '990101-line'")).scalar_one()
        assert cell == min(code for code in live_codes(county) if polygon(county, code).intersects(shapely.Point(x, y)))
        assert clean(county)


def live_codes(store: Store) -> list[str]:
    with store.read() as conn:
        return list(history.grid_of(conn, AREA).cells)


OPERATIONS: dict[str, Callable[[], list[Operation]]] = {
    "split": lambda: [cut(1)],
    "split at the border of the county": lambda: [cut(1), level(4), cut(6, 0.3)],
    "merge": lambda: [Merge((cell_code(1), cell_code(2)), cell_code(2))],
    "reshape": lambda: [Reshape(cell_code(1), box(*place(1, 0, 0), *place(1, 1.3, 1)))],
    "move a node of four cells": lambda: [MoveNode(place(1, 1, 1), place(1, 1.2, 1.1))],
    "retire": lambda: [Retire(cell_code(1), cell_code(4))],
    "a hole": lambda: [Create(box(*place(2, 0.2, 0.2), *place(2, 0.6, 0.7)), VILLAGE, None, "学校", "dedicated")],
    "renumber": lambda: [Renumber(cell_code(5), cell_code(50))],
    "attributes": lambda: [SetAttributes(cell_code(1), "新名", "dedicated")],
    "the county grows": lambda: [Create(box(*place(3, 1, 0), *place(3, 2, 1)), VILLAGE, None, "东")],
    "the county shrinks": lambda: [Retire(cell_code(3), None)],
    "several": lambda: [
        cut(1),
        Merge((cell_code(2), cell_code(3)), cell_code(2)),
        MoveNode(place(4, 1, 0), place(4, 0.9, 0.1)),
    ],
    "made and gone again": lambda: [cut(1), Merge((cell_code(1), cell_code(7)), cell_code(1))],
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_published_replayed_and_taken_back(county: Store, name: str) -> None:
    before, doors = live(county), homes(county)
    made = edit(county, *OPERATIONS[name]())
    assert clean(county)
    after = live(county)
    assert replayed(county) == after
    back = take_back(county, made)
    assert clean(county)
    assert (live(county), homes(county)) == (before, doors)
    assert replayed(county) == before
    take_back(county, back)
    assert clean(county)
    assert live(county) == after == replayed(county)


def test_a_move_to_another_village_and_back(store: Store) -> None:
    with store.begin() as conn:
        world.build_region(conn, [OWN, SIBLING])
    before = live(store)
    made = edit(store, MoveToVillage(OWN.cells[1], SIBLING.code))
    new = made.ops[0]["code"]
    assert new == f"{SIBLING.code}003"
    assert clean(store)
    with store.read() as conn:
        line = history.lineage(conn, OWN.cells[1])
        rows = conn.execute(text("SELECT code, ST_Area(geom) FROM everycell.division"))
        shapes = {code: size for code, size in rows}  # noqa: C416 - rows, not pairs
    assert (line.live, line.children, line.successors) == (False, [new], [new])
    assert shapes[SIBLING.code] == pytest.approx(3 * shapes[OWN.code])
    take_back(store, made)
    assert clean(store)
    assert live(store) == before


def test_a_village_that_gives_its_last_cell_away_keeps_its_name(store: Store) -> None:
    with store.begin() as conn:
        world.build_region(conn, [OWN, SIBLING])
    before = live(store)
    moves = [MoveToVillage(code, SIBLING.code) for code in OWN.cells]
    made = edit(store, *moves)
    assert clean(store)
    assert live(store) == replayed(store)
    take_back(store, made)
    assert clean(store)
    assert live(store) == before


def test_visits_stay_with_their_household_and_closed_rounds_with_their_grid(store: Store) -> None:
    with store.begin() as conn:
        world.build_region(conn, [OWN])
        frozen = conn.execute(text("SELECT * FROM everycell.round_result ORDER BY cell")).all()
    made = edit(store, Merge((OWN.cells[0], OWN.cells[1]), OWN.cells[1]), SetAttributes(OWN.cells[1], "合并后"))
    with store.read() as conn:
        assert conn.execute(text("SELECT * FROM everycell.round_result ORDER BY cell")).all() == frozen
        assert [row.version for row in frozen] == [1, 1]
    assert clean(store)
    take_back(store, made)
    assert clean(store)


def test_what_is_known_to_be_empty_stays_so_as_long_as_all_of_its_land_was(county: Store) -> None:
    with county.begin() as conn:
        confirm = text("UPDATE everycell.cell SET confirmed_empty_on = CAST(:day AS date) WHERE code = :code")
        for number, day in ((3, "2026-10-01"), (6, "2026-09-01")):
            conn.execute(confirm, {"code": cell_code(number), "day": day})
    edit(county, cut(6))
    assert confirmed(county) == {cell_code(3): "2026-10-01", cell_code(6): "2026-09-01", cell_code(7): "2026-09-01"}
    edit(county, Merge((cell_code(6), cell_code(7)), cell_code(6)), Retire(cell_code(3), cell_code(6)))
    assert confirmed(county) == {cell_code(6): "2026-09-01"}
    edit(county, Reshape(cell_code(6), box(*place(2, 0.9, 0), *place(6, 1, 1))))
    assert confirmed(county) == {}


def confirmed(store: Store) -> dict[str, str]:
    with store.read() as conn:
        rows = conn.execute(
            text(
                "SELECT code, confirmed_empty_on::text FROM everycell.cell"
                " WHERE confirmed_empty_on IS NOT NULL AND retired_on IS NULL"
            )
        )
        return {code: day for code, day in rows}  # noqa: C416


# ---- drafts


def test_a_draft_changes_nothing_until_it_is_published(county: Store) -> None:
    before = live(county)
    made = draft(county, cut(1))
    worked = add(county, made, cut(2))
    assert [op["code"] for op in worked.changeset.ops] == [cell_code(7), cell_code(8)]
    assert live(county) == before
    with county.begin(ALL.settings()) as conn:
        less = changesets.drop_operations(conn, again(conn, made), 2)
        assert len(less.ops) == 1
    assert publish(county, made).revision == 2
    assert clean(county)
    with pytest.raises(Conflict, match="is published"):
        publish(county, made)
    with pytest.raises(Conflict, match="is published"):
        add(county, made, cut(3))
    with pytest.raises(Conflict, match="is published"), county.begin(ALL.settings()) as conn:
        changesets.abandon(conn, again(conn, made))


def test_a_refused_operation_leaves_the_draft_as_it_was(county: Store) -> None:
    made = draft(county, cut(1))
    with pytest.raises(Refused) as caught:
        add(county, made, cut(2), Merge((cell_code(1), cell_code(6)), cell_code(1)))
    assert {issue.code for issue in caught.value.issues} == {"NOT_ADJACENT"}
    with county.read() as conn:
        assert len(again(conn, made).ops) == 1


def test_drafts_do_not_get_the_same_codes(county: Store) -> None:
    one, other = draft(county, cut(1)), draft(county, cut(5))
    codes = [made.ops[0]["code"] for made in (one, other)]
    assert codes == [cell_code(7), cell_code(8)]
    publish(county, other)
    publish(county, one)
    assert clean(county)
    edit(county, Retire(cell_code(7), cell_code(1)))
    assert edit(county, cut(3)).ops[0]["code"] == cell_code(9), "a code is never used again"
    for code in (cell_code(7), cell_code(8)):
        with pytest.raises(Refused, match="CODE_TAKEN"):
            edit(county, cut(1, code=code))


def test_the_last_codes_of_a_village(county: Store) -> None:
    assert edit(county, cut(1, code=cell_code(998))).ops[0]["code"] == cell_code(998)
    assert edit(county, cut(2)).ops[0]["code"] == cell_code(999)
    assert edit(county, cut(3)).ops[0]["code"] == cell_code(7)


def test_an_empty_draft_is_not_published(county: Store) -> None:
    with pytest.raises(Conflict, match="empty"):
        publish(county, draft(county))


@pytest.mark.parametrize(
    ("title", "error"),
    [
        ("", BadInput),
        (" ", BadInput),
        ("x" * 101, BadInput),
        ("a\nb", BadInput),
        ("电话 13800138000", PersonalData),
        ("11010519491231002X 的网格", PersonalData),
        ("li@example.org", PersonalData),
        ("工单 20261122123456", PersonalData),
    ],
)
def test_titles_and_names_are_no_place_for_persons(county: Store, title: str, error: type[Exception]) -> None:
    with pytest.raises(error), county.begin(ALL.settings()) as conn:
        changesets.open_draft(conn, EDITOR, area=AREA, title=title)
    if title.strip():
        with pytest.raises(error):
            edit(county, SetAttributes(cell_code(1), title))


@pytest.mark.parametrize(
    "title", ["南湖片区 2026 年调整", "990101100201 拆分", "网格 990101100201003", "12 月 1 日新路"]
)
def test_titles_of_places_pass(county: Store, title: str) -> None:
    with county.begin(ALL.settings()) as conn:
        assert changesets.open_draft(conn, EDITOR, area=AREA, title=title).title == title


def test_unknown_areas_villages_and_change_sets(county: Store) -> None:
    with pytest.raises(NotFound, match="no cell in 990101100299"):
        draft(county, area="990101100299")
    with pytest.raises(NotFound, match="no village"):
        edit(county, MoveToVillage(cell_code(1), "990101100299"))
    with pytest.raises(BadInput, match="lies outside"):
        edit(county, MoveToVillage(cell_code(1), "990102100201"))
    with pytest.raises(NotFound), county.read() as conn:
        changesets.get(conn, [COUNTY], UUID(int=0))
    with pytest.raises(NotFound), county.read() as conn:
        history.lineage(conn, cell_code(99))


def test_doors_never_lose_their_cell(county: Store) -> None:
    with pytest.raises(Refused, match="ORPHAN_HOUSEHOLD") as caught:
        edit(county, Retire(cell_code(1), None))
    (issue,) = caught.value.issues
    assert (issue.values["number"], issue.piece.geom_type) == ("12", "MultiPoint")
    assert clean(county)


# ---- what others do meanwhile


def test_a_change_elsewhere_is_no_obstacle(county: Store) -> None:
    mine = draft(county, cut(1))
    edit(county, cut(6), SetAttributes(cell_code(3), "别处"))
    done = publish(county, mine)
    assert done.revision == 3
    assert clean(county)
    assert live(county) == replayed(county)


def test_a_node_on_a_common_border_is_no_obstacle(county: Store) -> None:
    """Both cut to the border between their cells, each from its own side: each puts a node into the other's cell."""
    mine = draft(county, level(1, 0.4))
    edit(county, level(2, 0.6))
    publish(county, mine)
    assert clean(county)
    assert live(county) == replayed(county)


def test_the_same_cell_changed_by_two_is_stale_and_shows_both(county: Store) -> None:
    mine = draft(county, cut(1))
    base = polygon(county, cell_code(1))
    edit(county, level(1, 0.3))
    theirs = polygon(county, cell_code(1))
    before = live(county)
    with pytest.raises(Stale) as caught:
        publish(county, mine)
    (conflict,) = caught.value.conflicts
    assert conflict["cell"] == cell_code(1)
    shapes = {name: shapely.geometry.shape(conflict[name]) for name in ("base", "mine", "theirs")}
    assert shapes["base"].equals(base)
    assert shapes["theirs"].equals(theirs)
    assert shapes["mine"].area == pytest.approx(base.area / 2)
    assert live(county) == before
    assert clean(county)
    worked = add(county, mine, cut(3))
    assert worked.stale == (cell_code(1),), "the draft goes on, on its base"
    with county.begin(ALL.settings()) as conn:
        changesets.drop_operations(conn, again(conn, mine), 1)
    add(county, mine, cut(5))
    assert publish(county, mine).status is Status.published, "an empty draft stands on the grid as it is"
    assert clean(county)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (Merge((cell_code(1), cell_code(2)), cell_code(1)), Merge((cell_code(2), cell_code(3)), cell_code(3))),
        (SetAttributes(cell_code(1), "我"), SetAttributes(cell_code(1), "他")),
        (MoveNode(place(1, 1, 1), place(1, 1.1, 1.1)), MoveNode(place(1, 1, 1), place(1, 0.9, 1.1))),
        (MoveNode(place(1, 1, 1), place(1, 1.1, 1.1)), cut(5)),
        (Retire(cell_code(1), cell_code(4)), cut(4)),
        (cut(1), Retire(cell_code(1), cell_code(4))),
        (Renumber(cell_code(1), cell_code(77)), SetAttributes(cell_code(1), "他")),
        (Reshape(cell_code(1), box(*place(1, 0, 0), *place(1, 1.3, 1))), level(2)),
    ],
)
def test_what_cannot_be_brought_together_is_never_half_done(county: Store, mine: Operation, theirs: Operation) -> None:
    made = draft(county, mine)
    edit(county, theirs)
    before = live(county)
    with pytest.raises(Stale):
        publish(county, made)
    assert live(county) == before == replayed(county)
    assert clean(county)


def test_an_undo_after_others_have_worked_beside_it(county: Store) -> None:
    """A later cut has put a node on the border of what is taken back: it stays, and the cells still fit."""
    made = edit(county, cut(1, 0.3))
    edit(county, level(2, 0.6))
    take_back(county, made)
    assert clean(county)
    assert live(county) == replayed(county)
    assert polygon(county, cell_code(1)).equals(box(*place(1, 0, 0), *place(1, 1, 1)))


def test_an_undo_of_what_others_have_changed_is_stale(county: Store) -> None:
    made = edit(county, cut(1))
    edit(county, level(1))
    before = live(county)
    with pytest.raises(Stale) as caught:
        take_back(county, made)
    assert [conflict["cell"] for conflict in caught.value.conflicts] == [cell_code(1)]
    assert live(county) == before
    with pytest.raises(Conflict, match="nothing to take back"):
        take_back(county, draft(county, cut(3)))


# ---- a part of the county


def test_a_change_set_of_a_village_stays_in_it(store: Store) -> None:
    """Its cut ends at the next village's border: that gets the node and keeps its land."""
    with store.begin() as conn:
        world.build_region(conn, [OWN, SIBLING])
    neighbour = polygon(store, SIBLING.cells[0])
    east = WEST + 2 * STEP
    slanting = LineString(
        [(east - 1.2 * STEP, SOUTH + 0.31234567 * STEP), (east + 0.1 * STEP, SOUTH + 0.7654321 * STEP)]
    )
    scope = Scope.of([Grant(Role.editor, OWN.code)]).settings()
    with store.begin(scope) as conn:
        made = changesets.edit_now(
            conn, Editor("li", scope), area=OWN.code, title="村", ops=[Split(OWN.cells[1], slanting)], today=TODAY
        )
    after = polygon(store, SIBLING.cells[0])
    assert len(after.exterior.coords) > len(neighbour.exterior.coords)
    assert after.area == pytest.approx(neighbour.area, abs=1e-18)
    assert clean(store)
    assert live(store) == replayed(store)
    with store.begin(scope) as conn:
        changesets.undo(conn, Editor("li", scope), changesets.get(conn, [COUNTY], made.id), today=TODAY)
    assert polygon(store, SIBLING.cells[0]) == neighbour
    assert clean(store)


@pytest.mark.parametrize(
    ("op", "code"),
    [
        (Reshape(OWN.cells[1], box(WEST + STEP, SOUTH, WEST + 2.3 * STEP, SOUTH + STEP)), "OUTSIDE_AREA"),
        (Reshape(OWN.cells[0], box(WEST - 0.3 * STEP, SOUTH, WEST + STEP, SOUTH + STEP)), "OUTSIDE_AREA"),
        (Merge((OWN.cells[1], SIBLING.cells[0]), OWN.cells[1]), "UNKNOWN_CELL"),
        (Retire(OWN.cells[1], SIBLING.cells[0]), "UNKNOWN_CELL"),
        (Retire(OWN.cells[0], None), "OUTSIDE_AREA"),
        (SetAttributes(SIBLING.cells[0], "x"), "UNKNOWN_CELL"),
        (MoveNode((WEST + 2 * STEP, SOUTH), (WEST + 2.2 * STEP, SOUTH)), "OUTSIDE_AREA"),
        (Create(box(WEST - STEP, SOUTH, WEST, SOUTH + STEP), OWN.code), "OUTSIDE_AREA"),
    ],
)
def test_a_change_set_of_a_village_reaches_no_farther(store: Store, op: Operation, code: str) -> None:
    with store.begin() as conn:
        world.build_region(conn, [OWN, SIBLING])
    before = live(store)
    with pytest.raises(Refused) as caught:
        edit(store, op, area=OWN.code)
    assert code in {issue.code for issue in caught.value.issues}
    named = {cell for issue in caught.value.issues for cell in issue.cells}
    assert not any(cell.startswith(SIBLING.code) for cell in named) or code == "UNKNOWN_CELL"
    assert live(store) == before


def test_the_scope_of_the_editor_is_back_after_a_refusal(store: Store) -> None:
    """Working out looks at the whole county; what comes after it in the transaction does not."""
    with store.begin() as conn:
        world.build_region(conn, [OWN, SIBLING])
    scope = Scope.of([Grant(Role.editor, OWN.code)]).settings()
    with as_service(store) as service, service.begin(scope) as conn:
        editor = Editor("li", scope)
        made = changesets.open_draft(conn, editor, area=OWN.code, title="村")
        for op in (SetAttributes(SIBLING.cells[0], "x"), SetAttributes(OWN.cells[0], "x")):
            with suppress(Refused):
                changesets.work_out(conn, editor, made, [op])
            assert set(conn.execute(text("SELECT village FROM everycell.cell")).scalars()) == {OWN.code}


# ---- whoever else writes cells


def test_an_import_and_a_direct_edit_are_change_sets_too(county: Store) -> None:
    grid = world.grid()
    grid.loc[0, "name"] = "改名"
    with county.begin() as conn:
        load_cells(conn, COUNTY, world.grid(), today=TODAY)  # nothing new, no change set
        load_cells(conn, COUNTY, grid, today=TODAY)
    with county.begin() as conn:
        conn.execute(text("UPDATE everycell.cell SET name = 'x' WHERE code = :c"), {"c": cell_code(2)})
        conn.execute(text("UPDATE everycell.cell SET kind = 'dedicated' WHERE code = :c"), {"c": cell_code(3)})
    with county.read(ALL.settings()) as conn:
        found = changesets.listed(conn, [COUNTY])
        direct = changesets.get(conn, [COUNTY], found[0].id)
    assert [(one.title, one.created_by, one.revision) for one in found] == [
        ("direct edit by everycell", "role:everycell", 3),
        ("import", "import", 2),
        ("import", "import", 1),
    ]
    assert clean(county)
    assert live(county) == replayed(county)
    take_back(county, direct)
    assert clean(county)
    with county.read() as conn:
        assert history.grid_of(conn, AREA).cells[cell_code(2)].name == "网格2"


def test_a_client_cannot_pass_its_edit_off_as_another_change_set(county: Store) -> None:
    made = edit(county, cut(1))
    with county.begin() as conn:
        conn.execute(text("SELECT set_config('everycell.changeset_990101', :id, true)"), {"id": str(made.id)})
        conn.execute(text("UPDATE everycell.cell SET name = 'x' WHERE code = :c"), {"c": cell_code(2)})
    with county.read() as conn:
        assert history.versions(conn, cell_code(2))[-1].changeset != made.id
    assert clean(county)


def test_the_grid_of_any_revision_can_be_read_again(county: Store) -> None:
    digests = [live(county)]
    for number, op in enumerate((cut(1), Merge((cell_code(2), cell_code(3)), cell_code(2)), level(5), cut(6)), start=1):
        edit(county, op, today=TODAY + timedelta(days=number))
        digests.append(live(county))
    with county.read() as conn:
        assert [digest(history.grid_of(conn, AREA, revision)) for revision in range(1, 6)] == digests
        assert history.revision_of(conn, COUNTY) == 5
        ((retired_on),) = conn.execute(
            text("SELECT retired_on FROM everycell.cell WHERE code = :c"), {"c": cell_code(3)}
        )
        assert retired_on == (TODAY + timedelta(days=2),)
        line = history.lineage(conn, cell_code(3))
    assert (line.live, line.successors) == (False, [cell_code(2)])


def test_a_history_that_was_tampered_with_is_found(county: Store) -> None:
    edit(county, cut(1))
    for damage in (
        "UPDATE everycell.cell_history SET name = 'x' WHERE ended IS NULL AND code = :c",
        "UPDATE everycell.cell_history SET ended = 9, valid_to = valid_from WHERE ended IS NULL AND code = :c",
        "UPDATE everycell.cell_history SET ended = NULL, valid_to = NULL WHERE version = 1 AND code = :c",
    ):
        with county.engine.connect() as conn:
            assert conn.execute(text(damage), {"c": cell_code(1)}).rowcount == 1
            assert "history" in {difference.figure for difference in check(conn, SETTINGS)}
            conn.rollback()
    assert clean(county)


def test_what_the_database_refuses_is_not_published(county: Store) -> None:
    """Whatever the program has worked out: the trigger looks at the cells themselves."""
    made = draft(county, cut(1))
    shape = shapely.to_wkb(box(*place(1, 0, 0), *place(1, 1.2, 1)))
    with pytest.raises(DBAPIError, match="OVERLAP"), county.begin(ALL.settings()) as conn:
        conn.execute(
            text(
                "SELECT everycell.publish_changeset(990101, :id, 1, 1, '2026-11-20', ARRAY[:code], ARRAY['general'],"
                " ARRAY['x'], ARRAY[CAST(:shape AS bytea)], '{}', '{}', '{}', NULL)"
            ),
            {"id": made.id, "code": cell_code(1), "shape": shape},
        )
    assert clean(county)
