"""One arrangement: whatever is thrown in, what comes out shares its nodes, or says what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from gis.cells.topology import AREA_TOLERANCE, arrange, coverage_faults, outline_faults, united
from tests.examples import examples


def squares(columns: int = 3, rows: int = 3, step: float = 0.01) -> dict[str, Polygon]:
    return {
        f"{y * columns + x:03}": box(104 + x * step, 34 + y * step, 104 + (x + 1) * step, 34 + (y + 1) * step)
        for y in range(rows)
        for x in range(columns)
    }


def voronoi(seed: int, number: int) -> dict[str, Polygon]:
    """An irregular coverage: Voronoi cells cut to a square."""
    points = np.random.default_rng(seed).uniform((104, 34), (104.05, 34.05), (number, 2))
    frame = box(104, 34, 104.05, 34.05)
    parts = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=frame))
    cut = shapely.intersection(parts, frame)
    return {f"{i:03}": part for i, part in enumerate(cut) if isinstance(part, Polygon)}


def test_no_cells() -> None:
    assert arrange({}).cells == {}
    assert coverage_faults({}) == []
    assert united([]).is_empty


@given(st.integers(0, 10_000), st.integers(3, 40))
@settings(max_examples=examples(40), deadline=None)
def test_rounding_keeps_a_coverage(seed: int, number: int) -> None:
    """Coordinates rounded on their own (six decimals, 0.1 m) come out as a valid coverage of the same area."""
    exact = voronoi(seed, number)
    rounded = {code: shapely.set_precision(shape, 1e-6, mode="pointwise") for code, shape in exact.items()}
    if not all(shape.is_valid and shape.area > 1e-9 for shape in rounded.values()):
        return
    tiled = arrange(rounded)
    assert tiled.faults == []
    assert set(tiled.cells) == set(exact)
    shapes = list(tiled.cells.values())
    assert shapely.coverage_is_valid(shapes)
    assert abs(sum(s.area for s in shapes) - united(shapes).area) < AREA_TOLERANCE
    assert coverage_faults(tiled.cells) == []


def test_arranging_twice_changes_nothing() -> None:
    once = arrange(voronoi(1, 30)).cells
    twice = arrange(once).cells
    assert all(shapely.equals_exact(once[c].normalize(), twice[c].normalize()) for c in once)


def test_a_node_on_a_neighbours_edge_is_shared() -> None:
    one = Polygon([(0, 0), (1, 0), (1, 1), (0, 1)])
    other = Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1.0000000004, 0.5)])
    tiled = arrange({"a": one, "b": other})
    assert tiled.faults == []
    assert shapely.coverage_is_valid(list(tiled.cells.values()))


def test_overlap_is_a_fault_with_its_piece() -> None:
    cells = squares()
    cells["000"] = box(104, 34, 104.012, 34.01)
    (fault,) = arrange(cells).faults
    assert (fault.kind, fault.cells) == ("OVERLAP", ("000", "001"))
    assert fault.area_m2 == pytest.approx(0.002 * 0.01 * 111_195 * 92_000, rel=0.02)
    assert "OVERLAP: cells 000 and 001 overlap by" in fault.sentence()
    assert fault.geojson()["properties"]["cells"] == ["000", "001"]


def test_hole_is_a_gap_and_an_enclave_only_on_request() -> None:
    cells = squares()
    del cells["004"]
    (fault,) = arrange(cells).faults
    assert fault.kind == "GAP"
    assert len(fault.cells) == 4
    assert arrange(cells, enclaves=True).faults == []


def test_a_sliver_is_healed_and_told() -> None:
    cells = squares()
    cells["000"] = box(104, 34, 104.0099997, 34.01)  # 0.3 µ° short: 3 cm
    cells["003"] = box(104, 34.01, 104.0100002, 34.02)  # 2 cm over
    tiled = arrange(cells)
    assert tiled.faults == []
    assert {piece.kind for piece in tiled.healed} == {"GAP", "OVERLAP"} or {p.kind for p in tiled.healed} == {"OVERLAP"}
    assert shapely.coverage_is_valid(list(tiled.cells.values()))
    assert arrange(cells, sliver_m=0.001).faults != []


def test_a_cell_cut_in_two_by_its_neighbour_is_a_fault() -> None:
    cells = {"a": box(0, 0, 1, 1), "b": Polygon([(0.4, 0), (0.6, 0), (0.6, 1), (0.4, 1)])}
    assert {fault.kind for fault in arrange(cells).faults} == {"OVERLAP"}


def test_outline() -> None:
    cells = squares()
    outline = united(cells.values())
    assert outline_faults(cells, outline) == []
    del cells["000"]
    cells["008"] = box(104.02, 34.02, 104.035, 34.03)
    kinds = {fault.kind for fault in outline_faults(cells, outline)}
    assert kinds == {"GAP", "OUTSIDE_COUNTY"}
