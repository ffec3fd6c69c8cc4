"""Cells that become one, that end, that get another code or name."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.cells.editing.edit import apply
from gis.cells.editing.issues import Refused
from gis.cells.editing.moves import orphans
from gis.cells.editing.operations import Merge, MoveToVillage, Renumber, Retire, SetAttributes
from gis.errors import BadInput
from tests.gis.cells.editing.grids import (
    EAST_VILLAGE,
    WEST_VILLAGE,
    assert_told,
    code_at,
    done,
    labels,
    no_code,
    place,
    refused,
    tilted,
)


def test_merge_keeps_one_code_and_tells_the_lineage() -> None:
    grid = tilted()
    keep, other, third = code_at(0, 0), code_at(1, 0), code_at(1, 1)
    after, change = done(grid, Merge((other, keep, third), keep))
    assert change.written.keys() == {keep}
    assert change.retired == (other, third)
    assert change.lineage == ((other, keep), (third, keep))
    assert len(after.cells) == len(grid.cells) - 2


def test_merge_of_cells_that_do_not_lie_side_by_side_is_refused() -> None:
    a, b, c = code_at(0, 0), code_at(0, 1), code_at(0, 2)
    issue = refused(tilted(), Merge((a, c), a))
    assert (issue.code, issue.cells) == ("NOT_ADJACENT", (c,))
    assert issue.piece.equals(tilted().cells[c].polygon)  # type: ignore[attr-defined]
    assert [fix.operations for fix in issue.fixes] == [(Merge((a, c, b), a),)]


def test_merge_of_cells_that_touch_in_a_point_is_refused() -> None:
    issue = refused(tilted(), Merge((code_at(0, 0), code_at(0, 1), code_at(1, 2)), code_at(0, 0)))
    assert (issue.code, labels(issue)) == ("NOT_ADJACENT", ["only-connected", "with-between"])


def test_merge_across_villages_is_refused() -> None:
    west, own, east = code_at(1, 0), code_at(0, 0), code_at(2, 0)
    issue = refused(tilted(), Merge((west, east), west))
    assert (issue.code, issue.cells, labels(issue)) == ("OTHER_VILLAGE", (east,), ["move-first"])
    assert labels(refused(tilted(), Merge((west, own, east), west))) == ["same-village", "move-first"]


@pytest.mark.parametrize(("cells", "keep"), [(("1",), "1"), (("1", "1"), "1"), (("1", "2"), "3")])
def test_a_merge_of_one_cell_or_without_the_kept_one_is_no_operation(cells: tuple[str, ...], keep: str) -> None:
    with pytest.raises(BadInput):
        Merge(cells, keep)


def test_retire_to_a_neighbour() -> None:
    _, change = done(tilted(), Retire(code_at(0, 0), code_at(0, 1)))
    assert (change.retired, change.lineage) == ((code_at(0, 0),), ((code_at(0, 0), code_at(0, 1)),))
    assert change.written.keys() == {code_at(0, 1)}
    assert change.outline is None
    apart = refused(tilted(), Retire(code_at(0, 0), code_at(1, 1)))
    assert (apart.code, labels(apart)) == ("NOT_ADJACENT", ["to-neighbour"])
    stranger = refused(tilted(), Retire(code_at(1, 0), code_at(2, 0)))
    assert (stranger.code, labels(stranger)) == ("OTHER_VILLAGE", ["to-neighbour", "move-first"])


def test_retire_out_of_the_county_takes_its_land_from_the_outline() -> None:
    grid = tilted()
    after, change = done(grid, Retire(code_at(0, 0)))
    assert (change.written, change.retired, change.lineage) == ({}, (code_at(0, 0),), ())
    lost = shapely.area(grid.outline) - shapely.area(after.outline)
    assert lost == pytest.approx(grid.cells[code_at(0, 0)].polygon.area, abs=1e-15)


def test_retire_inside_the_county_would_leave_a_gap_and_is_refused() -> None:
    grid = tilted()
    issue = refused(grid, Retire(code_at(1, 1)))
    assert (issue.code, issue.reason, labels(issue)) == ("GAP", "hole-in-county", ["to-neighbour"])
    assert issue.piece.equals(grid.cells[code_at(1, 1)].polygon)  # type: ignore[attr-defined]


def test_retire_with_doors_in_it_orphans_them() -> None:
    grid = tilted()
    after, _ = done(grid, Retire(code_at(0, 0)))
    lon, lat = np.array([place(0.5, 0.5), place(0.2, 0.2), place(2.5, 2.5), place(50, 50)]).T
    issue = orphans(grid, after, lon, lat)
    assert issue is not None
    assert (issue.code, issue.cells, issue.values) == ("ORPHAN_HOUSEHOLD", (code_at(0, 0),), {"number": "2"})
    assert labels(issue) == ["to-neighbour"]
    assert shapely.get_num_geometries(issue.piece) == 2
    assert_told(issue)


def test_attributes_leave_the_polygon_alone() -> None:
    grid = tilted()
    _, change = done(grid, SetAttributes(code_at(0, 0), name="新名", kind="dedicated"))
    cell = change.written[code_at(0, 0)]
    assert (cell.name, cell.kind) == ("新名", "dedicated")
    assert cell.polygon is grid.cells[code_at(0, 0)].polygon
    assert change.lineage == ()


def test_moving_to_another_village_gives_a_new_code_with_lineage() -> None:
    grid = tilted()
    _, change = done(grid, MoveToVillage(code_at(1, 0), EAST_VILLAGE))
    (code,) = change.written
    assert code.startswith(EAST_VILLAGE)
    assert (change.retired, change.lineage, change.warnings) == ((code_at(1, 0),), ((code_at(1, 0), code),), ())
    assert change.written[code].polygon is grid.cells[code_at(1, 0)].polygon
    _, far = done(grid, MoveToVillage(code_at(0, 0), EAST_VILLAGE))
    assert [warning.reason for warning in far.warnings] == ["far-from-village"]


@pytest.mark.parametrize("village", [WEST_VILLAGE, "990102100201"])
def test_moving_to_its_own_village_or_another_county_is_no_operation(village: str) -> None:
    with pytest.raises(BadInput, match="village"):
        apply(tilted(), MoveToVillage(code_at(0, 0), village), no_code)


def test_renumbering_has_lineage_and_a_code_of_the_village() -> None:
    grid = tilted()
    old, code = code_at(0, 0), f"{WEST_VILLAGE}077"
    _, change = done(grid, Renumber(old, code))
    assert (change.written.keys(), change.retired, change.lineage) == ({code}, (old,), ((old, code),))
    taken = refused(grid, Renumber(old, code_at(1, 0)))
    assert (taken.code, labels(taken)) == ("CODE_TAKEN", ["next-code"])
    with pytest.raises(BadInput, match="no code of a cell of village"):
        apply(grid, Renumber(old, f"{EAST_VILLAGE}077"), no_code)


def test_unknown_cells_are_named() -> None:
    unknown = f"{WEST_VILLAGE}999"
    with pytest.raises(Refused, match=f"UNKNOWN_CELL: there is no live cell {unknown}") as caught:
        apply(tilted(), Merge((unknown, code_at(0, 0)), code_at(0, 0)), no_code)
    assert caught.value.issues[0].geojson()["geometry"] is None
