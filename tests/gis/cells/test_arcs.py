"""Every border once: what comes out of the document is what went in, and nothing is in it twice."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyogrio import read_dataframe
from shapely import MultiPolygon, Polygon, box

from gis.cells.arcs import Arcs, arcs_of
from gis.cells.shapes import PER_DEGREE, Shape, topology
from tests.examples import examples
from tests.gis.cells.cleaning.unclean import winding


def walked(arcs: Arcs, ring: list[int]) -> list[tuple[int, int]]:
    """The places of a ring, in steps of the grid."""
    places: list[tuple[int, int]] = []
    for number in ring:
        line = arcs.lines[number] if number >= 0 else arcs.lines[~number][::-1]
        assert not places or tuple(line[0]) == places[-1], "an arc begins where the one before it ends"
        places += [tuple(place) for place in line.tolist()][1 if places else 0 :]
    return places


def drawn(arcs: Arcs) -> list[Polygon]:
    """The polygons again, in degrees."""
    found = [[np.array(walked(arcs, ring)) / PER_DEGREE for ring in rings] for rings in arcs.rings]
    return [Polygon(outer, holes) for outer, *holes in found]


def on_grid(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.rint(xy * PER_DEGREE) / PER_DEGREE


def edges(arcs: Arcs) -> list[frozenset[tuple[int, int]]]:
    """All edges of all arcs."""
    lines = [list(map(tuple, line.tolist())) for line in arcs.lines]
    return [frozenset(edge) for line in lines for edge in pairwise(line)]


@given(st.integers(0, 10_000), st.integers(3, 40), st.booleans())
@settings(max_examples=examples(40), deadline=None)
def test_a_coverage_comes_back_and_no_edge_twice(seed: int, number: int, mirrored: bool) -> None:
    cells = list(winding(seed, number).values())
    towns = [shapely.coverage_union_all(cells[: len(cells) // 2]), shapely.coverage_union_all(cells[len(cells) // 2 :])]
    given = shapely.get_parts([*cells, *towns])
    if mirrored:  # some rings run the other way round
        given[::2] = shapely.reverse(given[::2])
    arcs = arcs_of(given, PER_DEGREE)
    rounded = shapely.transform(given, on_grid)
    assert all(shapely.equals_exact(shapely.normalize(drawn(arcs)), shapely.normalize(rounded), 1e-9))
    found = edges(arcs)
    assert len(found) == len(set(found))
    assert shapely.coverage_is_valid(drawn(arcs)[: len(cells)])


def test_islands_and_places_where_corners_touch() -> None:
    island = box(104.2, 34.2, 104.4, 34.4)
    sea = Polygon(box(104, 34, 105, 35).exterior, [island.exterior.coords])
    turned = Polygon([*island.exterior.coords[2:], *island.exterior.coords[1:3]])
    touching = box(105, 35, 106, 36)
    arcs = arcs_of([sea, turned, touching], PER_DEGREE)
    assert [shapely.normalize(one) for one in drawn(arcs)] == [
        shapely.normalize(one) for one in (sea, island, touching)
    ]
    assert len(arcs.lines) == 3, "the island's shore is there once, whoever begins it where"
    assert arcs.rings[1][0][0] in (arcs.rings[0][1][0], ~arcs.rings[0][1][0])


def test_nothing_and_next_to_nothing() -> None:
    assert arcs_of([], PER_DEGREE) == Arcs([], [])
    assert topology({"cells": [], "divisions": []})["arcs"] == []
    speck, grain = box(104, 34, 104 + 1e-7, 34 + 1e-7), box(0, 0, 1, 1)
    arcs = arcs_of([speck, grain], PER_DEGREE)
    assert walked(arcs, arcs.rings[0][0]) == [(104_000_000, 34_000_000)] * 2
    assert shapely.normalize(drawn(Arcs(arcs.lines, arcs.rings[1:]))) == [shapely.normalize(grain)]


def test_gdal_reads_it(tmp_path: Path) -> None:
    """GDAL has a reader of TopoJSON that knows nothing of ours."""
    cells = winding(5, 30)
    parts = list(cells.values())
    divided = MultiPolygon([parts[0], box(104.1, 34.1, 104.2, 34.2)])
    objects = {
        "cells": [Shape(shape, {"code": code, "name": f"网格 {code}"}) for code, shape in cells.items()],
        "divisions": [
            Shape(shapely.coverage_union_all(parts), {"code": "1", "name": "县", "level": "county"}),
            Shape(divided, {"code": "2", "name": "乡", "level": "town"}),
        ],
    }
    file = tmp_path / "grid.topojson"
    file.write_text(json.dumps(topology(objects)))
    for layer, shapes in objects.items():
        read = read_dataframe(file, layer=layer)
        assert list(read.code) == [one.properties["code"] for one in shapes]
        assert list(read.name) == [one.properties["name"] for one in shapes]
        far = [
            shapely.hausdorff_distance(*pair) for pair in zip(read.geometry, (s.geometry for s in shapes), strict=True)
        ]
        assert max(far) < 1 / PER_DEGREE, "0.11 m"


def test_a_place_of_a_border_costs_a_few_bytes() -> None:
    """A county of a million households has 2,500 cells, and a page with all its shapes stays below 1.5 MB."""
    cells = list(winding(3, 40).values())
    towns = [shapely.coverage_union_all(cells[at::4]) for at in range(4)]
    shapes = [Shape(shape, {"code": f"9901010010010{at:02}", "name": ""}) for at, shape in enumerate([*cells, *towns])]
    sent = gzip.compress(json.dumps(topology({"cells": shapes}), separators=(",", ":")).encode(), 4)
    places = len(np.unique(shapely.get_coordinates(cells), axis=0))
    assert len(sent) / places < 6, "as GeoJSON, page by page, it was 15"
