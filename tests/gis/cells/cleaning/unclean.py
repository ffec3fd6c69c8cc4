"""Coverages that are not clean, as they come: every border simplified twice, once for each of its cells."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon, box

SIDE: Final = 0.03
WEST, SOUTH = 104.0, 34.0
METRES_A_DEGREE: Final = 111_195.0


def winding(seed: int, number: int) -> dict[str, Polygon]:
    """A clean coverage: Voronoi cells of a square of some 3 km, whose borders wind."""
    random = np.random.default_rng(seed)
    points = random.uniform((WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE), (number, 2))
    frame = box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)
    parts = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=frame))
    cells = shapely.intersection(parts, frame)
    cells = cells[shapely.area(cells) > 1e-6]  # some 100 m across
    noded = shapely.get_parts(shapely.polygonize([shapely.union_all(shapely.boundary(cells), grid_size=1e-8)]))
    fine = shapely.segmentize(noded, 2e-4)
    wave = random.uniform(20_000, 40_000, 2)

    def wind(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = xy.T
        return np.column_stack([x + 4e-5 * np.sin(wave[0] * y), y + 4e-5 * np.sin(wave[1] * x)]).round(8)

    return {f"{at:03}": shape for at, shape in enumerate(shapely.transform(fine, wind), start=1)}


def simplified(cells: dict[str, Polygon], tolerance: float) -> dict[str, Polygon]:
    """Each cell simplified by itself, from a starting point of its own; coordinates of 6 decimals."""
    turned = {code: turn(shape, int(code)) for code, shape in cells.items()}
    rough = {code: shapely.simplify(shape, tolerance) for code, shape in turned.items()}
    return {code: shapely.set_precision(shape, 1e-6, mode="pointwise") for code, shape in rough.items()}


def drawn_twice(seed: int) -> dict[str, Polygon]:
    """Some 3 to 24 cells, each drawn by another hand: simplified by up to 3 m, and every vertex up to 2 m beside."""
    random = np.random.default_rng(seed)
    exact = winding(seed, int(random.integers(3, 25)))
    cells = {}
    for code, shape in exact.items():
        rough = shapely.simplify(shape, random.uniform(0, 3e-5))
        xy = shapely.get_coordinates(rough.exterior)[:-1]
        shaken = Polygon(xy + random.uniform(-1.5e-5, 1.5e-5, xy.shape))
        cells[code] = shapely.set_precision(shaken, 1e-6, mode="pointwise")
    return cells


def turn(shape: Polygon, by: int) -> Polygon:
    """The same polygon with another first vertex."""
    xy = shapely.get_coordinates(shape.exterior)[:-1]
    return Polygon(np.roll(xy, by * 7, axis=0))


def usable(cells: dict[str, Polygon]) -> bool:
    """Whether the importer would take each of the polygons."""
    return all(shape.is_valid and isinstance(shape, Polygon) and not shape.is_empty for shape in cells.values())
