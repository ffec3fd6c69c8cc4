"""Cells drawn anew all at once: what becomes of codes, neighbours and lineage, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import Polygon

from gis.cells.cutting.cut import cut
from gis.cells.cutting.lines import Doors, Lines
from gis.cells.cutting.partition import Range
from gis.cells.cutting.rebalance import rebalance
from gis.cells.editing.edit import apply
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import Piece, Recut, Split
from gis.cells.topology import united
from gis.errors import BadInput
from tests.examples import examples
from tests.gis.cells.editing.grids import (
    EAST_VILLAGE,
    WEST_VILLAGE,
    code_at,
    done,
    no_code,
    place,
    refused,
    shape,
    tilted,
    voronoi,
)

A, B, C = code_at(0, 0), code_at(1, 0), code_at(0, 1)
LEFT = shape((0, 0), (0.7, 0), (0.6, 1), (0, 1))
RIGHT = shape((0.7, 0), (2, 0), (2, 1), (0.6, 1))


def alike(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    """The same but for nodes that were rounded to the grid."""
    return shapely.area(shapely.symmetric_difference(one, other)) < 1e-8 * shapely.length(one)


def test_two_cells_become_two_others_and_one_goes_on() -> None:
    grid = tilted()
    after, change = done(grid, Recut((A, B), (Piece(LEFT, A), Piece(RIGHT, name="东片"))))
    new = f"{WEST_VILLAGE}007"
    assert alike(after.cells[A].polygon, LEFT)
    assert after.cells[A].name == grid.cells[A].name
    assert (after.cells[new].name, after.cells[new].kind, after.cells[new].village) == ("东片", "general", WEST_VILLAGE)
    assert change.retired == (B,)
    assert set(change.lineage) == {(B, new), (A, new)}
    assert change.operation == Recut((A, B), (Piece(LEFT, A), Piece(RIGHT, new, "东片")))


def test_the_same_pieces_change_nothing() -> None:
    grid = tilted()
    _, change = done(grid, Recut((A, B), (Piece(grid.cells[A].polygon, A), Piece(grid.cells[B].polygon, B))))
    assert (change.written, change.retired, change.lineage) == ({}, (), ())


def test_a_name_alone() -> None:
    grid = tilted()
    _, change = done(grid, Recut((A,), (Piece(grid.cells[A].polygon, A, "北街"),)))
    assert change.written.keys() == {A}
    assert change.written[A].name == "北街"


def test_one_cell_for_several() -> None:
    grid = tilted()
    whole = united([grid.cells[code].polygon for code in (A, B, C)])
    after, change = done(grid, Recut((A, B, C), (Piece(whole, C),)))
    assert alike(after.cells[C].polygon, whole)
    assert set(change.lineage) == {(A, C), (B, C)}


def test_what_does_not_tile_the_land_is_refused_with_the_piece() -> None:
    grid = tilted()
    gap = refused(grid, Recut((A, B), (Piece(LEFT, A), Piece(shape((0.9, 0), (2, 0), (2, 1), (0.8, 1))))))
    assert (gap.code, gap.reason) == ("GAP", "left-over")
    assert alike(gap.piece, shape((0.7, 0), (0.9, 0), (0.8, 1), (0.6, 1)))
    twice = refused(grid, Recut((A, B), (Piece(LEFT, A), Piece(shape((0.5, 0), (2, 0), (2, 1), (0.5, 1))))))
    assert (twice.code, twice.reason) == ("OVERLAP", "pieces-overlap")
    beyond = refused(grid, Recut((A,), (Piece(shape((0, 0), (1, 0), (1, 1), (0.5, 1.3), (0, 1)), A),)))
    assert (beyond.code, beyond.reason) == ("OVERLAP", "pieces-beyond")
    outside = refused(grid, Recut((A,), (Piece(shape((0, -0.2), (1, 0), (1, 1), (0, 1)), A),)))
    assert (outside.code, outside.reason) == ("OUTSIDE_COUNTY", "outside")
    strange = refused(grid, Recut((A, code_at(2, 0)), (Piece(LEFT, A), Piece(RIGHT))))
    assert strange.code == "OTHER_VILLAGE"
    with pytest.raises(Refused, match="UNKNOWN_CELL"):
        apply(grid, Recut((A, f"{WEST_VILLAGE}099"), (Piece(LEFT, A),)), no_code)
    assert refused(grid, Recut((A, B), (Piece(LEFT, A), Piece(RIGHT, C)))).code == "CODE_TAKEN"
    bow = Polygon([place(0, 0), place(1, 1), place(1, 0), place(0, 1)])
    assert refused(grid, Recut((A,), (Piece(bow, A),))).code == "SELF_INTERSECTION"


def test_a_code_of_another_village_is_named() -> None:
    with pytest.raises(BadInput, match="no code of a cell of village"):
        done(tilted(), Recut((A, B), (Piece(LEFT, A), Piece(RIGHT, f"{EAST_VILLAGE}099"))))


@pytest.mark.parametrize(
    "members",
    [
        ((), (Piece(LEFT),)),
        ((A, A), (Piece(LEFT),)),
        ((A,), ()),
        ((A,), (Piece(LEFT, A), Piece(RIGHT, A))),
    ],
)
def test_members_that_contradict_each_other(members: tuple[tuple[str, ...], tuple[Piece, ...]]) -> None:
    with pytest.raises(BadInput):
        Recut(*members)


@given(st.integers(0, 40), st.integers(1, 4), st.booleans())
@example(22, 1, True)  # snap rounding puts nodes of the outline on the next grid point
@settings(max_examples=examples(6), deadline=None)
def test_a_cut_of_a_village_can_be_done(seed: int, number: int, streets: bool) -> None:
    """Irregular villages with slanting outlines, cut and then balanced: the grid is sound, neighbours get the nodes."""
    grid = voronoi(seed, 25)
    draw = np.random.default_rng(seed)
    village = grid.codes[draw.integers(len(grid.codes))][:12]
    own = {code: cell.polygon for code, cell in grid.cells.items() if cell.village == village}
    parts = shapely.get_parts(united(own.values())).tolist()
    west, south, east, north = shapely.total_bounds(parts)
    points = draw.uniform((west, south), (east, north), (200, 2))
    lonlat = points[shapely.intersects(shapely.union_all(parts), shapely.points(points))]
    doors = Doors(lonlat, np.ones(len(lonlat), np.int64))
    ways = draw.uniform((west, south), (east, north), (12, 4, 2))
    lines = Lines.of([shapely.LineString(way) for way in ways] if streets else [])
    least = max(1, len(lonlat) // (number + 1))
    wanted = Range(least, 2 * least)
    found = cut(village, parts, lines, doors, wanted, used=own.keys(), seed=seed)
    after, change = done(grid, Recut(tuple(own), tuple(Piece(cell.polygon, cell.code) for cell in found.cells)))
    assert {code for code in after.cells if code.startswith(village)} == {cell.code for cell in found.cells}
    assert set(change.retired) == own.keys()
    less = Range(max(1, wanted.least // 2), max(1, wanted.most // 2))
    cells = {cell.code: after.cells[cell.code].polygon for cell in found.cells}
    better = rebalance(village, cells, lines, doors, less, used=[*own, *cells], seed=seed)
    if better.written:
        codes = tuple(sorted({cell.code for cell in better.written} & cells.keys() | set(better.retired)))
        _, change = done(after, Recut(codes, tuple(Piece(cell.polygon, cell.code) for cell in better.written)))
        assert set(change.lineage) == set(better.lineage)
        assert change.retired == better.retired


def test_a_recut_can_be_edited_on() -> None:
    grid = tilted()
    after, change = done(grid, Recut((A, B), (Piece(LEFT, A), Piece(RIGHT))))
    new = next(code for code in after.cells if code not in grid.cells)
    done(after, Split(new, shapely.LineString([place(1.3, -0.5), place(1.3, 1.5)])))
    assert change.outline is not None  # the border begins on the county's outline
