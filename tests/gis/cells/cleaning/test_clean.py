"""Cleaning a coverage: what comes out tiles, nothing is lost without a word, and the sums agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from gis.cells.cleaning.clean import WIDTH_M, Cleaned, clean, is_settled_by
from gis.cells.cleaning.faces import in_metres
from gis.cells.topology import arrange, united
from tests.examples import examples
from tests.gis.cells.cleaning.unclean import METRES_A_DEGREE, drawn_twice, simplified, usable, winding

M = 1 / METRES_A_DEGREE  # a metre to the north, in degrees
X, Y = 104.0, 34.0
MX = M / np.cos(np.radians(Y))  # a metre to the east


def metric(cells: Mapping[str, Polygon]) -> dict[str, Polygon]:
    """The cells in metres of one plane, in which borders stay straight."""
    scale = np.array([1 / MX, 1 / M])
    return {code: shapely.transform(shape, lambda lonlat: lonlat * scale) for code, shape in cells.items()}


def area(shape: shapely.Geometry) -> float:
    """In m²."""
    parts = shapely.get_parts(shape)
    return float(sum(shapely.area(in_metres(parts[~shapely.is_empty(parts)]))))


def beyond(one: Polygon, other: Polygon) -> float:
    """The area (m²) of one polygon outside another. Without a grid GEOS snaps long slivers away: 2 % of them."""
    return area(shapely.difference(one, other, grid_size=1e-10))


def block(x: float, y: float, wide: float = 100, high: float = 100) -> Polygon:
    """A rectangle given in metres from the corner X, Y."""
    corners = (X + x * MX, Y + y * M, X + (x + wide) * MX, Y + (y + high) * M)
    return box(*(round(value, 8) for value in corners))


def tiles(cells: Iterable[Polygon]) -> bool:
    shapes = list(cells)
    return bool(shapely.is_valid(shapes).all()) and shapely.coverage_is_valid(shapes)


def kinds(cleaned: Cleaned) -> list[str]:
    return [piece.fault.kind for piece in cleaned.pieces]


def neighbours(cells: Mapping[str, Polygon]) -> set[tuple[str, str]]:
    """Pairs that have a border of more than a metre in common."""
    flat = metric(cells)
    return {
        (one, other)
        for one, other in combinations(sorted(flat), 2)
        if flat[one].intersects(flat[other]) and flat[one].boundary.intersection(flat[other].boundary).length > 1
    }


# --- any coverage that was simplified cell by cell --------------------------------------------------------------------


@given(st.integers(0, 100_000), st.integers(2, 30), st.floats(5e-6, 3e-5))
@settings(max_examples=examples(60))
def test_simplified_cells_tile_again(seed: int, number: int, tolerance: float) -> None:
    """Two borders that moved by the tolerance each: no gap and no overlap is wider than twice that."""
    exact = winding(seed, number)
    rough = simplified(exact, tolerance)
    assume(usable(exact) and usable(rough))
    cleaned = clean(rough, width_m=2.2 * tolerance / MX + 0.5)
    assert cleaned.left == []
    assert cleaned.holes == []
    assert set(cleaned.cells) == set(cleaned.changes) == set(rough)
    assert tiles(cleaned.cells.values())
    assert arrange(cleaned.cells).faults == []
    _sums_agree(rough, cleaned)
    _nothing_but_the_pieces_changed(rough, cleaned)


def _sums_agree(before: Mapping[str, Polygon], cleaned: Cleaned) -> None:
    """By the figures, and by laying the cells of before and after over each other; nodes are rounded to 1 mm."""
    for code, change in cleaned.changes.items():
        millimetres = 0.001 * metric(cleaned.cells)[code].length
        gained, lost = beyond(cleaned.cells[code], before[code]), beyond(before[code], cleaned.cells[code])
        assert change.after_m2 - change.before_m2 == pytest.approx(change.gained_m2 - change.lost_m2, abs=1e-6)
        assert change.before_m2 == pytest.approx(area(before[code]), abs=millimetres)
        assert change.after_m2 == pytest.approx(area(cleaned.cells[code]), abs=millimetres)
        assert change.gained_m2 == pytest.approx(gained, abs=millimetres)
        assert change.lost_m2 == pytest.approx(lost, abs=millimetres)
    filled = sum(piece.fault.area_m2 for piece in cleaned.pieces + cleaned.slivers if piece.fault.kind == "GAP")
    total = sum(change.after_m2 for change in cleaned.changes.values())
    assert total == pytest.approx(area(shapely.union_all(list(cleaned.cells.values()))), rel=1e-6)
    assert total == pytest.approx(area(shapely.union_all(list(before.values()))) + filled, rel=1e-5)


def _nothing_but_the_pieces_changed(before: Mapping[str, Polygon], cleaned: Cleaned) -> None:
    """Apart from the rounding of nodes to the grid, which bends a border by a millimetre or two."""
    pieces = shapely.union_all([piece.fault.piece for piece in cleaned.pieces + cleaned.slivers])
    for code, shape in cleaned.cells.items():
        other = shapely.symmetric_difference(shape, before[code]).difference(pieces)
        assert other.buffer(-1.5e-8).is_empty


@given(st.integers(0, 100_000), st.integers(4, 25))
@settings(max_examples=examples(25))
def test_no_cell_gets_a_neighbour_that_was_far(seed: int, number: int) -> None:
    """A gap along many cells is not given away as one piece."""
    exact = winding(seed, number)
    rough = simplified(exact, 2e-5)
    assume(usable(exact) and usable(rough))
    cleaned = clean(rough)
    flat = metric(rough)
    for one, other in neighbours(cleaned.cells):
        assert flat[one].distance(flat[other]) < WIDTH_M


@given(st.integers(0, 100_000), st.integers(2, 20), st.randoms(use_true_random=False))
@settings(max_examples=examples(15))
def test_the_order_of_the_cells_does_not_matter(seed: int, number: int, random: object) -> None:
    rough = simplified(winding(seed, number), 2e-5)
    assume(usable(rough))
    codes = list(rough)
    random.shuffle(codes)  # type: ignore[attr-defined]
    assert clean({code: rough[code] for code in codes}).digest() == clean(rough).digest()


@given(st.integers(0, 100_000), st.integers(2, 20))
@settings(max_examples=examples(15))
def test_what_was_cleaned_is_clean(seed: int, number: int) -> None:
    rough = simplified(winding(seed, number), 2e-5)
    assume(usable(rough))
    once = clean(rough)
    twice = clean(once.cells, outline=united(once.cells.values()))
    assert (twice.told, twice.slivers) == ([], [])
    assert twice.digest() == once.digest()


@given(st.integers(0, 100_000))
@example(113)  # the rounding of a node on the outline pinches a millimetre off a cell
@example(3650)  # and here it parts one at a neck
@settings(max_examples=examples(25))
def test_cells_beside_stored_ones(seed: int) -> None:
    """Half of the cells are stored, and then the other half comes."""
    rough = drawn_twice(seed)
    assume(usable(rough))
    codes = sorted(rough)
    first, second = codes[: len(codes) // 2], codes[len(codes) // 2 :]
    stored = clean({code: rough[code] for code in first}, width_m=12).cells
    cleaned = clean({code: rough[code] for code in second}, fixed=stored, width_m=12)
    assert cleaned.left == []
    _sums_of_areas_agree(cleaned)
    tiled = arrange({**stored, **cleaned.cells}, enclaves=True)
    assert tiled.faults == []
    assert tiles(tiled.cells.values())
    assert all(shapely.hausdorff_distance(tiled.cells[code], stored[code]) < 3e-8 for code in first)


def _sums_of_areas_agree(cleaned: Cleaned) -> None:
    for code, change in cleaned.changes.items():
        assert change.after_m2 - change.before_m2 == pytest.approx(change.gained_m2 - change.lost_m2, abs=1e-6)
        millimetres = 0.001 * metric(cleaned.cells)[code].length
        assert change.after_m2 == pytest.approx(area(cleaned.cells[code]), abs=millimetres)


@given(st.integers(0, 100_000))
@settings(max_examples=examples(15))
def test_the_same_cells_again_are_settled_by_the_stored_ones(seed: int) -> None:
    rough = drawn_twice(seed)
    assume(usable(rough))
    once = clean(rough, width_m=12)
    again = clean(rough, outline=united(once.cells.values()), width_m=12)
    assert is_settled_by(again, rough, once.cells)
    other = dict(once.cells)
    code = next(iter(other))
    other[code] = shapely.difference(other[code], shapely.centroid(other[code]).buffer(1e-5))
    assert not is_settled_by(again, rough, other)
    assert not is_settled_by(again, rough, {})


# --- the rules, one by one --------------------------------------------------------------------------------------------


def test_no_cells() -> None:
    assert clean({}) == Cleaned({})


def test_a_coverage_stays_as_it_is() -> None:
    cells = {"a": block(0, 0), "b": block(100, 0)}
    cleaned = clean(cells)
    assert (cleaned.told, cleaned.slivers) == ([], [])
    assert all(change.gained_m2 == change.lost_m2 == 0 for change in cleaned.changes.values())


def test_an_overlap_goes_where_its_border_is_longest() -> None:
    """Given to b, what is left of the border is the straight line; given to a, it would be the three short sides."""
    cells = {"a": united([block(0, 0), block(100, 10, 3, 80)]), "b": block(100, 0)}
    (piece,) = clean(cells).pieces  # type: ignore[arg-type]
    assert piece.fault.kind == "OVERLAP"
    assert piece.fault.cells == ("a", "b")
    assert [code for code, _ in piece.given] == ["b"]
    assert piece.width_m == pytest.approx(3, abs=0.05)
    assert piece.fault.area_m2 == pytest.approx(240, rel=0.01)


def test_a_wide_overlap_is_left_to_a_person() -> None:
    cells = {"a": block(0, 0), "b": block(90, 0)}
    cleaned = clean(cells)
    (piece,) = cleaned.left
    assert (piece.fault.kind, piece.fault.cells, piece.given) == ("OVERLAP", ("a", "b"), ())
    assert piece.width_m == pytest.approx(10, abs=0.5)
    assert cleaned.pieces == []
    assert clean(cells, width_m=11).left == []


def test_a_cell_inside_another_is_not_lost() -> None:
    cells = {"a": block(0, 0), "b": block(50, 50, 3, 3)}
    (piece,) = clean(cells).left
    assert piece.fault.cells in (("a", "b"), ("b", "a"))


def test_a_gap_goes_to_the_longest_border_and_a_hole_stays() -> None:
    ring = {
        "s": block(0, 0, 300, 100),
        "w": block(0, 100, 100, 100),
        "e": block(200, 100, 100, 100),
        "n": block(0, 200, 300, 100),
    }
    (hole,) = clean(ring).holes
    assert (hole.fault.kind, hole.given) == ("GAP", ())
    assert hole.width_m == pytest.approx(100, rel=0.02)
    filled = {**ring, "m": block(100, 100, 100, 97)}
    (piece,) = clean(filled).pieces
    assert piece.given[0][0] in ("m", "n")
    assert piece.fault.area_m2 == pytest.approx(300, rel=0.01)
    assert tiles(clean(filled).cells.values())


def test_a_gap_along_several_cells_is_cut_where_they_meet() -> None:
    """Two rows of cells with a lane of 2 m between them, closed at both ends."""
    cells = {f"s{at}": block(100 * at, 0) for at in range(4)} | {
        f"n{at}": block(100 * at, 102, 100, 100 + at) for at in range(4)
    }
    cells |= {"w": block(-50, 0, 50, 202), "e": block(400, 0, 50, 202)}
    cleaned = clean(cells)
    (piece,) = cleaned.pieces
    assert len(piece.given) == 4
    assert all(area == pytest.approx(200, rel=0.01) for _, area in piece.given)
    assert neighbours(cleaned.cells) == {
        ("n0", "s0"), ("n1", "s1"), ("n2", "s2"), ("n3", "s3"),
        ("s0", "s1"), ("s1", "s2"), ("s2", "s3"), ("n0", "n1"), ("n1", "n2"), ("n2", "n3"),
        ("s0", "w"), ("n0", "w"), ("e", "s3"), ("e", "n3"),
    }  # fmt: skip


def test_a_slit_that_is_open_at_its_end_is_a_gap() -> None:
    cells = {
        "a": block(0, 0),
        "b": Polygon([*[(X + x * MX, Y + y * M) for x, y in ((100, 0), (102, 100), (200, 100), (200, 0))]]),
    }
    assert arrange(cells).faults == []  # nobody sees it
    cleaned = clean(cells)
    (piece,) = cleaned.pieces
    assert piece.fault.area_m2 == pytest.approx(100, rel=0.02)
    assert cleaned.cells["a"].boundary.intersection(cleaned.cells["b"].boundary).length > 99 * M
    assert shapely.coverage_is_valid(list(metric(cleaned.cells).values()), gap_width=WIDTH_M)


def test_a_corner_between_two_cells_is_no_slit() -> None:
    corner = Polygon([(X + x * MX, Y + y * M) for x, y in ((100, 0), (200, 100), (200, 0))])
    cells = {"a": block(0, 0), "b": corner}
    assert clean(cells).pieces == []


def test_a_channel_is_water() -> None:
    """Open at both ends and 8 m wide; one of 3 m is a gap."""
    wide = {"a": block(0, 0), "b": block(108, 0)}
    assert clean(wide).pieces == []
    narrow = clean({"a": block(0, 0), "b": block(103, 0)})
    assert kinds(narrow) == ["GAP"]


def test_what_an_overlap_cuts_off_goes_to_a_neighbour() -> None:
    """b crosses a strip of a; the end of the strip, 3 m wide, hangs on nothing."""
    strip = united([block(0, 0), block(100, 48, 40, 3)])
    cells = {"a": strip, "b": block(120, 0, 4, 100), "c": block(124, 0, 60, 48)}
    cleaned = clean(cells)  # type: ignore[arg-type]
    assert cleaned.left == []
    cut = next(piece for piece in cleaned.pieces if piece.fault.kind == "MULTIPART")
    assert cut.fault.cells == ("a",)
    assert [code for code, _ in cut.given] == ["c"]
    assert isinstance(cleaned.cells["a"], Polygon)


def test_half_a_cell_is_not_given_away() -> None:
    """The same, but the narrow cell is the one that falls apart."""
    strip = united([block(0, 0), block(100, 48, 40, 5)])
    cells = {"a": strip, "b": block(120, 0, 4, 100), "c": block(124, 0, 60, 48)}
    (piece,) = clean(cells).left  # type: ignore[arg-type]
    assert (piece.fault.kind, piece.fault.cells) == ("MULTIPART", ("b",))


def test_stored_cells_stay_as_they_are() -> None:
    fixed = {"f": block(-100, 0)}
    overlapping, apart = {"a": block(-2, 0, 100, 100)}, {"a": block(2, 0, 98, 100), "b": block(2, 100, 98, 10)}
    taken = clean(overlapping, fixed=fixed)
    assert taken.pieces[0].given == (("f", pytest.approx(200, rel=0.01)),)
    assert taken.changes.keys() == taken.cells.keys() == {"a"}
    assert taken.changes["a"].lost_m2 == pytest.approx(200, rel=0.01)
    given = clean(apart, fixed=fixed)
    assert {code for code, _ in given.pieces[0].given} == {"a"}
    assert tiles([*given.cells.values(), *arrange({**fixed, **given.cells}).cells.values()][2:])


def test_cells_fill_the_outline_they_had() -> None:
    outline = block(0, 0, 200, 100)
    cells = {"a": block(-1, 0, 101, 100), "b": block(100, 0, 98, 100)}
    cleaned = clean(cells, outline=outline)
    assert sorted(kinds(cleaned)) == ["GAP", "OUTSIDE_COUNTY"]
    assert united(cleaned.cells.values()).symmetric_difference(outline).area < 1e-12
    assert cleaned.changes["a"].lost_m2 == pytest.approx(100, rel=0.01)
    short = clean({"a": block(0, 0), "b": block(100, 0, 80, 100)}, outline=outline)
    assert [(piece.fault.kind, piece.given) for piece in short.left] == [("GAP", ())]
    beyond = clean({"a": block(-30, 0, 130, 100), "b": block(100, 0)}, outline=outline)
    assert [piece.fault.kind for piece in beyond.left] == ["OUTSIDE_COUNTY"]


def test_a_hole_of_the_stored_county_is_none_of_our_business() -> None:
    fixed = {"f": block(0, 0, 100, 100).difference(block(49, 49, 2, 2))}
    cleaned = clean({"a": block(100, 0)}, fixed=fixed)  # type: ignore[arg-type]
    assert (cleaned.told, cleaned.slivers) == ([], [])


def test_figures_of_a_change() -> None:
    cleaned = clean({"a": block(0, 0), "b": block(98, 0)})
    loser = max(cleaned.changes.values(), key=lambda change: change.lost_m2)
    assert loser.share == pytest.approx(0.02, rel=0.01)
