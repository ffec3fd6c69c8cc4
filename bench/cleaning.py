"""Three ways to make cells tile that do not: everycell's own, and `coverage_clean` of GEOS with two of its rules.

    ./run bench cleaning [FILE]

FILE is any file of polygons that GDAL reads, by default the real tracts of ../shared/data; parts of polygons are taken
for cells of their own. Tells the processor time it takes, how much cells gain and lose, how many fall into parts, and
what becomes of the neighbourhood: pairs of cells that were more than 20 m apart and have a common border afterwards,
and pairs that ran along each other for more than 40 m and have none.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gis.cells.cleaning.clean import WIDTH_M, clean

TRACTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "nyc_tracts_2010.geojson"
METRES_A_DEGREE = 111_195.0
Shapes = NDArray[Any]


def own(cells: Shapes, scale: NDArray[np.float64]) -> Shapes:
    """gis.cells.cleaning.clean; it wants degrees."""
    degrees = shapely.transform(cells, lambda xy: xy / scale)
    found = clean({f"{at:06}": shape for at, shape in enumerate(degrees)}).cells
    tiled = np.array([found.get(f"{at:06}", shapely.Polygon()) for at in range(len(cells))], dtype=object)
    return shapely.transform(tiled, lambda lonlat: lonlat * scale)


def geos(strategy: str) -> Callable[[Shapes, NDArray[np.float64]], Shapes]:
    """coverage_clean with a rule for overlaps."""
    return lambda cells, _: shapely.coverage_clean(cells, gap_width=WIDTH_M, merge_strategy=strategy)


def beyond(one: Shapes, other: Shapes) -> NDArray[np.float64]:
    """The area of each shape outside its partner (on a grid: without one GEOS snaps slivers away)."""
    return shapely.area(shapely.difference(one, other, grid_size=1e-5))


def borders(cells: Shapes) -> set[tuple[int, int]]:
    """Pairs of cells with more than a metre of common border."""
    one, other = shapely.STRtree(cells).query(cells, predicate="intersects")
    one, other = one[one < other], other[one < other]
    common = shapely.length(shapely.intersection(shapely.boundary(cells[one]), shapely.boundary(cells[other])))
    return set(zip(one[common > 1].tolist(), other[common > 1].tolist(), strict=True))


def along(cells: Shapes) -> set[tuple[int, int]]:
    """Pairs of cells that run along each other, at most WIDTH_M apart, for more than 40 m."""
    one, other = shapely.STRtree(cells).query(cells, predicate="dwithin", distance=WIDTH_M)
    one, other = one[one < other], other[one < other]
    near = shapely.length(shapely.intersection(shapely.boundary(cells[one]), shapely.buffer(cells[other], WIDTH_M)))
    return set(zip(one[near > 40].tolist(), other[near > 40].tolist(), strict=True))


def measured(before: Shapes, after: Shapes, seconds: float) -> dict[str, float]:
    """What became of the cells."""
    gained, lost = beyond(after, before), beyond(before, after)
    pairs = borders(after)
    apart = [shapely.distance(before[one], before[other]) for one, other in pairs]
    narrow = shapely.coverage_invalid_edges(after, gap_width=1.0)
    return {
        "seconds": round(seconds, 2),
        "valid": bool(shapely.is_valid(after).all() and shapely.coverage_is_valid(after)),
        "in_parts": int((shapely.get_num_geometries(after) != 1).sum()),
        "gained_m2": round(float(gained.sum())),
        "lost_m2": round(float(lost.sum())),
        "most_gained_m2": round(float(gained.max())),
        "most_lost_m2": round(float(lost.max())),
        "slits_m": round(float(shapely.length(narrow).sum())),
        "neighbours_from_afar": int(sum(distance > 20 for distance in apart)),
        "neighbours_parted": len(along(before) - pairs),
        "perimeter": round(float(shapely.length(after).sum() / shapely.length(before).sum()), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=TRACTS)
    parser.add_argument("--quick", action="store_true", help="only 300 cells")
    chosen = parser.parse_args()
    shapes = gpd.read_file(chosen.file).to_crs(4326).geometry.explode().to_numpy()
    shapes = shapes[:300] if chosen.quick else shapes
    _, south, _, north = shapely.total_bounds(shapes)
    scale = METRES_A_DEGREE * np.array([np.cos(np.radians((south + north) / 2)), 1.0])
    cells = shapely.transform(shapes, lambda lonlat: lonlat * scale)
    ways = {"everycell": own, "geos_longest_border": geos("longest_border"), "geos_min_index": geos("min_index")}
    found: dict[str, Any] = {}
    for name, way in ways.items():
        begun = time.process_time()
        after = way(cells, scale)
        found[name] = measured(cells, after, time.process_time() - begun)
        print(f"{name}: {found[name]}", file=sys.stderr)
    print(json.dumps({"bench": "cleaning", "cells": len(cells), **found}))


if __name__ == "__main__":
    main()
