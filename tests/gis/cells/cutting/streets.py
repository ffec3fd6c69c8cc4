"""A small invented village for the tests of cutting: crooked streets, and doors beside, on and away from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon

from gis.cells.cutting.lines import Doors, Lines
from gis.cells.topology import GRID

WEST, SOUTH = 104.0, 34.5
SIDE = 0.012  # degrees: about 1.1 km


@dataclass(frozen=True)
class Place:
    area: Polygon
    lines: Lines
    doors: Doors


def outline(side: float = SIDE) -> Polygon:
    """A hexagon, with nodes on the grid."""
    corners = [(0.1, 0), (1, 0.05), (0.95, 0.6), (0.9, 1), (0.2, 0.95), (0, 0.4)]
    shape = Polygon([(WEST + x * side, SOUTH + y * side) for x, y in corners])
    return shapely.set_precision(shape, GRID)


def place(seed: int, *, rows: int = 5, columns: int = 5, doors: int = 150, heaviest: int = 12) -> Place:
    """Streets in a crooked net with dead ends; doors, of which every tenth stands on a street or at another's place."""
    draw = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(-0.1, 1.1, columns + 2), np.linspace(-0.1, 1.1, rows + 2))
    xy = np.stack([x, y], axis=-1) + draw.normal(0, 0.02, (rows + 2, columns + 2, 2))
    nodes = np.array([WEST, SOUTH]) + xy * SIDE
    lines = [LineString(row) for row in nodes[1:-1]] if rows else []
    lines += [LineString(column) for column in nodes.transpose(1, 0, 2)[1:-1]] if columns else []
    lines = [
        line if draw.random() < 0.7 else LineString(line.coords[: max(2, len(line.coords) - 2)]) for line in lines
    ]  # dead ends
    area = outline()
    points = _inside(area, draw, doors)
    for index in range(0, doors, 10):
        if lines and index % 20:
            line = lines[index % len(lines)]
            there = shapely.line_interpolate_point(line, draw.random(), normalized=True)
            points[index] = (there.x, there.y) if shapely.contains_properly(area, there) else points[index]
        elif index:
            points[index] = points[index - 1]
    households = draw.integers(0, heaviest + 1, doors).astype(np.int64)
    return Place(area, Lines.of(lines), Doors(points, households))


def _inside(area: Polygon, draw: np.random.Generator, number: int) -> np.ndarray:
    found: list[tuple[float, float]] = []
    while len(found) < number:
        at = draw.uniform((WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE))
        if shapely.contains_properly(area, shapely.Point(at)):
            found.append((float(at[0]), float(at[1])))
    return np.array(found).reshape(-1, 2)
