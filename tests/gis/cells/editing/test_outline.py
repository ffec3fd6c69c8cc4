"""Nodes on the county's outline: its area stays to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Polygon, box

from gis.cells.editing.outline import with_chains, with_twins
from gis.cells.places import Places, on_grid

STEPS = st.integers(-2_000_000, 2_000_000)


def signed_area(chain: np.ndarray) -> int:  # type: ignore[type-arg]
    """Twice the area between a chain and the edge from its start to its end, in grid steps: exact."""
    steps = np.rint(chain * 1e8).astype(object)
    x, y = (steps - steps[0]).T
    return sum(int(a * d - b * c) for a, b, c, d in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True))


@given(STEPS, STEPS, st.lists(st.floats(0.01, 0.99), min_size=1, max_size=3, unique=True))
def test_twins_take_away_what_nodes_beside_the_edge_add(east: int, north: int, parts: list[float]) -> None:
    start = np.array([104.0, 34.5])
    end = on_grid(start + np.array([east, north]) * 1e-8)
    if np.hypot(east, north) < 1000:
        return
    inner = on_grid(np.array([start + part * (end - start) for part in sorted(parts)]))
    chain = np.concatenate([[start], inner, [end]])
    found = with_twins(chain)
    assert signed_area(found) == 0
    assert (on_grid(found) == found).all()
    assert {tuple(node) for node in chain} <= {tuple(node) for node in found}
    assert len(found) <= 2 + 2 * len(inner)
    assert LineString(found).is_simple
    assert shapely.hausdorff_distance(LineString(found), LineString([start, end])) < 1e-8


def test_nodes_that_lie_on_the_edge_need_no_twins() -> None:
    chain = np.array([[104.0, 34.5], [104.001, 34.5], [104.004, 34.5]])
    assert with_twins(chain) is chain


def test_chains_take_the_place_of_edges_in_shells_and_holes_of_all_parts() -> None:
    first = Polygon(box(0, 0, 4, 4).exterior, [box(1, 1, 2, 2).exterior])
    outline = MultiPolygon([first, box(10, 0, 12, 2)])
    south = np.array([[0, 0], [1, 0], [3, 0], [4, 0]], dtype=float)
    hole = np.array([[1, 2], [1, 1.5], [1, 1]], dtype=float)
    second = np.array([[12, 2], [11, 2], [10, 2]], dtype=float)
    found = with_chains(outline, [(south, True), (hole, True), (second, True)])
    assert found.equals(outline)
    assert shapely.get_num_coordinates(found) == shapely.get_num_coordinates(outline) + 4
    nodes = set(map(tuple, shapely.get_coordinates(found).tolist()))
    assert {(1, 0), (3, 0), (1, 1.5), (11, 2)} <= nodes


def test_chains_elsewhere_leave_the_outline_alone() -> None:
    outline = MultiPolygon([box(0, 0, 4, 4)])
    inside = np.array([[1, 1], [2, 1], [3, 1]], dtype=float)
    assert with_chains(outline, [(inside, False)]) is outline


@pytest.mark.parametrize("lon", [-73.9, 104.0, 179.99])
def test_places_are_equal_where_coordinates_are_on_the_grid(lon: float) -> None:
    xy = on_grid(np.random.default_rng(3).uniform((lon, 34.0), (lon + 0.01, 34.01), (500, 2)))
    noise = xy + np.random.default_rng(4).uniform(-0.4e-8, 0.4e-8, xy.shape)
    places = Places(np.concatenate([xy, noise]))
    assert len(places) == 500
    assert (places.of(xy) == places.of(noise)).all()
    assert (places.coordinates[places.of(noise)] == xy).all()
    places.keep_exact(noise)
    assert (places.coordinates[places.of(xy)] == noise).all()
