"""Whatever the streets and doors: cells tile, hang together, keep every door whole, and add up; the same every time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from gis.cells.cutting.blocks import make_blocks
from gis.cells.cutting.cut import Cut, cut
from gis.cells.cutting.lines import CLEARANCE_M, Doors, Lines
from gis.cells.cutting.partition import Range
from gis.cells.measure import Measure
from gis.cells.numbering import free_codes, reading_order
from gis.cells.topology import arrange, united
from gis.errors import BadInput
from tests.examples import examples
from tests.gis.cells.cutting.streets import SIDE, SOUTH, WEST, Place, outline, place

VILLAGE = "990101100201"
EAST = np.array([0.03, 0.0])
places = st.builds(
    place,
    st.integers(0, 10_000),
    rows=st.integers(0, 6),
    columns=st.integers(0, 6),
    doors=st.integers(0, 120),
    heaviest=st.sampled_from([1, 5, 20]),
)
ranges = st.tuples(st.integers(30, 200), st.integers(0, 150)).map(lambda two: Range(two[0], two[0] + two[1]))


def cut_place(there: Place, wanted: Range, seed: int = 0) -> Cut:
    return cut(VILLAGE, [there.area], there.lines, there.doors, wanted, seed=seed)


def assert_whole(found: Cut, there: Place) -> None:
    """The cells tile the place, each in one piece, and every door is well inside one."""
    shapes = np.array([cell.polygon for cell in found.cells], dtype=object)
    assert shapely.is_valid(shapes).all()
    assert all(isinstance(shape, Polygon) for shape in shapes)
    assert shapely.coverage_is_valid(shapes)
    # A border that ends on the outline puts a node there, rounded to 1e-8°.
    assert shapely.area(shapely.symmetric_difference(united(shapes), there.area)) < 1e-8 * there.area.length
    points = shapely.points(there.doors.lonlat)
    holds = np.array([shapely.contains_properly(shape, points) for shape in shapes]).reshape(len(shapes), -1)
    assert (holds.sum(axis=0) == 1).all()
    assert [int(row.sum()) for row in holds] == [cell.doorplates for cell in found.cells]
    assert [int(there.doors.households[row].sum()) for row in holds] == [cell.households for cell in found.cells]
    assert sum(cell.households for cell in found.cells) == there.doors.households.sum()


@given(places, ranges)
@settings(max_examples=examples(20), deadline=None)
def test_cells_are_whole(there: Place, wanted: Range) -> None:
    found = cut_place(there, wanted)
    assert_whole(found, there)
    for cell in found.cells:
        assert (cell.why is None) == (wanted.off(cell.households) == 0)
    assert [cell.code for cell in found.cells] == [f"{VILLAGE}{n + 1:03}" for n in range(len(found.cells))]


@given(places, ranges)
@settings(max_examples=6, deadline=None)
def test_no_border_passes_a_door(there: Place, wanted: Range) -> None:
    """Also where streets run right over doors: every border keeps its distance."""
    found = cut_place(there, wanted)
    measure = Measure.around(there.area)
    flat = measure.flat(np.array([cell.polygon for cell in found.cells], dtype=object))
    rim = shapely.boundary(united(flat))
    inner = shapely.difference(shapely.union_all(shapely.boundary(flat)), shapely.buffer(rim, 0.01))
    near = shapely.distance(shapely.points(measure.metres(there.doors.lonlat)), inner) if len(there.doors) else []
    # an octagon is nearer than its corners are; a border that is not there is at no distance (NaN)
    assert not (np.asarray(near) < CLEARANCE_M * 0.9).any()


@given(places, ranges, st.integers(0, 3))
@settings(max_examples=4, deadline=None)
def test_the_same_again(there: Place, wanted: Range, seed: int) -> None:
    assert cut_place(there, wanted, seed) == cut_place(there, wanted, seed)


@given(st.integers(0, 10_000))
@settings(max_examples=5, deadline=None)
def test_in_range_where_there_are_blocks_enough(seed: int) -> None:
    """Small doors on a net of streets: every cell is in the range, and its borders are streets."""
    there = place(seed, rows=9, columns=9, doors=400, heaviest=3)
    found = cut_place(there, Range(100, 170))
    assert all(cell.why is None for cell in found.cells)
    assert found.along_m >= 0.8 * found.border_m > 0


def test_the_neighbour_gets_the_nodes_where_borders_end() -> None:
    there = place(3, doors=300)
    west, south, east, north = there.area.bounds
    around = shapely.difference(box(west - 0.01, south - 0.01, east + 0.01, north + 0.01), there.area)
    found = cut_place(there, Range(200, 400))
    cells = {cell.code: cell.polygon for cell in found.cells}
    tiled = arrange({**cells, "around": around})
    assert tiled.faults == []
    assert shapely.coverage_is_valid(list(tiled.cells.values()))
    assert all(tiled.cells[code].equals(shape) for code, shape in cells.items())
    kept = {(round(x, 8), round(y, 8)) for x, y in there.area.exterior.coords}
    assert kept <= {(round(x, 8), round(y, 8)) for x, y in united(cells.values()).exterior.coords}


def test_a_border_follows_the_street_and_steps_around_the_door_on_it() -> None:
    """Two rows of houses, one of them on the middle of the street between them."""
    street = shapely.LineString([(WEST, SOUTH + SIDE / 2), (WEST + SIDE, SOUTH + SIDE / 2)])
    area = box(WEST, SOUTH, WEST + SIDE, round(SOUTH + SIDE, 8))
    x = np.linspace(WEST + 0.001, WEST + SIDE - 0.001, 10)
    lonlat = np.concatenate([np.column_stack([x, np.full(10, SOUTH + SIDE * side)]) for side in (0.3, 0.7)])
    lonlat = np.concatenate([lonlat, [[WEST + SIDE / 2, SOUTH + SIDE / 2]]])
    there = Place(area, Lines.of([street]), Doors(lonlat, np.ones(21, np.int64)))
    found = cut_place(there, Range(10, 11))
    assert_whole(found, there)
    assert sorted(cell.households for cell in found.cells) == [10, 11]
    assert found.along_m == pytest.approx(found.border_m)
    border = shapely.intersection(found.cells[0].polygon, found.cells[1].polygon)
    assert shapely.hausdorff_distance(border, street) < 2.2e-5  # degrees, two metres


def test_without_streets_borders_run_half_way_between_doors() -> None:
    there = place(1, rows=0, columns=0, doors=200, heaviest=1)
    total = int(there.doors.households.sum())
    found = cut_place(there, Range(total // 4, total // 3))
    assert_whole(found, there)
    assert all(cell.why is None for cell in found.cells)
    assert found.along_m == 0


def test_doors_in_rank_and_file() -> None:
    """Doors on a regular grid have no clean Voronoi diagram: any number of them is as far from a corner as others."""
    x, y = np.meshgrid(WEST + 0.001 + np.arange(9) * 0.001, SOUTH + 0.002 + np.arange(7) * 0.001)
    area = box(WEST, SOUTH, round(WEST + SIDE, 8), round(SOUTH + SIDE, 8))
    there = Place(area, Lines.of([]), Doors(np.column_stack([x.ravel(), y.ravel()]), np.ones(63, np.int64)))
    found = cut_place(there, Range(9, 12))
    assert_whole(found, there)
    assert all(cell.why is None for cell in found.cells)


def test_why_a_cell_is_out_of_the_range() -> None:
    there = place(2, doors=100, heaviest=3)
    total = int(there.doors.households.sum())
    few = cut_place(there, Range(total + 1, 2 * total)).cells
    assert [(cell.households, cell.why and cell.why.reason) for cell in few] == [(total, "FEW")]
    assert few[0].why is not None
    assert f"only {total} households" in few[0].why.sentence()
    between = cut_place(there, Range(total - 10, total - 5)).cells
    assert {cell.why and cell.why.reason for cell in between} == {"NUMBER"}
    tower = there.doors.households.copy()
    tower[0] = 500
    flats = cut_place(dataclasses.replace(there, doors=Doors(there.doors.lonlat, tower)), Range(40, 80)).cells
    assert [cell.why.reason for cell in flats if cell.why] == ["DOOR"]
    assert max(cell.households for cell in flats) < 600


def test_parts_of_a_village_are_cut_apart() -> None:
    """An exclave with few doors is a cell; the doors of one part never count for another."""
    there = place(4, doors=200, heaviest=3)
    away = shapely.set_precision(shapely.transform(outline(), lambda xy: xy + EAST), 1e-8)
    doors = Doors(
        np.concatenate([there.doors.lonlat, there.doors.lonlat[:5] + EAST]),
        np.concatenate([there.doors.households, np.full(5, 2)]),
    )
    told: list[int] = []
    found = cut(VILLAGE, [there.area, away], there.lines, doors, Range(60, 120), on_progress=told.append)
    assert (sum(told), told[-1]) == (205, 5)
    exclave = [cell for cell in found.cells if cell.polygon.bounds[0] > WEST + 0.02]
    assert [(cell.households, cell.why and cell.why.reason) for cell in exclave] == [(10, "FEW")]
    assert all(cell.why is None for cell in found.cells if cell not in exclave)


def test_nothing_to_cut() -> None:
    nobody = Doors(np.empty((0, 2)), np.empty(0, np.int64))
    assert cut(VILLAGE, [], Lines.of([]), nobody, Range(1, 2)).cells == ()
    (cell,) = cut(VILLAGE, [outline()], Lines.of([]), nobody, Range(1, 2)).cells
    assert (cell.doorplates, cell.households, cell.why and cell.why.reason) == (0, 0, "FEW")
    assert cell.polygon.equals(outline())


@given(places, st.integers(1, 60))
@settings(max_examples=examples(20), deadline=None)
def test_blocks(there: Place, most: int) -> None:
    """Blocks tile, hold every door once, and are no heavier than asked where doors at one place are not."""
    blocks = make_blocks([there.area], there.lines, there.doors, most=most)
    assert shapely.coverage_is_valid(blocks.faces)
    assert sorted(np.unique(blocks.block)) == list(range(len(blocks)))
    assert (np.bincount(blocks.door_block, there.doors.households, len(blocks)) == blocks.households).all()
    assert (blocks.length_m > 0).all()
    assert (blocks.along_m <= blocks.length_m + 1e-6).all()
    spots, spot = np.unique(there.doors.lonlat, axis=0, return_inverse=True)
    heaviest = np.bincount(spot.reshape(-1), there.doors.households, len(spots)).max(initial=0)
    beside = shapely.distance(shapely.points(there.doors.lonlat), shapely.union_all(there.lines.shapes)) > 3e-5
    joined = int(there.doors.households[~beside].sum())  # doors on a street join a block beside it
    assert blocks.households.max() <= max(most, heaviest) + joined


def test_codes_read_like_a_page() -> None:
    cells = [box(104 + x, 34 - y, 105 + x, 35 - y) for x in range(3) for y in range(2)]
    assert [(cells[i].bounds[0], cells[i].bounds[1]) for i in reading_order(cells)] == [
        (104, 34), (105, 34), (106, 34), (104, 33), (105, 33), (106, 33)
    ]  # fmt: skip
    assert reading_order([]) == []


def test_codes_are_never_used_again() -> None:
    free = free_codes(VILLAGE, [f"{VILLAGE}001", f"{VILLAGE}997", "990101100202999"])
    assert [next(free)[12:] for _ in range(3)] == ["998", "999", "002"]
    with pytest.raises(BadInput, match="has used all its codes"):
        next(free_codes(VILLAGE, [f"{VILLAGE}{n:03}" for n in range(1, 1000)]))
