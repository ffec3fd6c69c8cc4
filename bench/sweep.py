"""Sweeps of cells and villages: metres walked for a metre of street, beside what no walk can be shorter than.

`./run bench sweep [--osm FILE] [--quick]`. Without a database; nothing is written. On the real streets of an extract
(default: Liechtenstein's of ../shared/data) its villages, and cells of 150 to 250 households cut out of them; and cells
of the generated county on its streets. Each is swept on foot without a start, and villages in shifts of four hours from
their middle too; some cells by car. Every sweep passes the independent check. A bound is what no closed walk over these
streets can be shorter than: dead ends are walked twice by anybody. `over_bound_*` compares with it, `over_145` counts
areas above 1.45, `over_145_needless` those of them whose bound is not.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from bench._ground import finish, say
from bench.cut import EXTRACT, SMALLER, extract_of
from gis.cells.cutting.proposals import Ask, propose
from gis.cells.topology import united
from gis.demo.county import generate
from gis.exchange.osm_roads import read_roads
from gis.patrol.network import Mode, Network
from gis.patrol.sweeping.area import Area, ground_of
from gis.patrol.sweeping.check import faults
from gis.patrol.sweeping.sweep import MOST_EDGES, sweep
from gis.patrol.ways import lengths

SHIFT_S: Final = 4 * 3600.0
TARGET: Final = 1.45
WALK_MPS: Final = 1.25


def real_areas(path: Path) -> tuple[Network, dict[str, Area], dict[str, Area]]:
    """The streets of an extract, its villages, and cells cut out of them."""
    villages, cells = {}, {}
    for village in extract_of(path):
        villages[village.code] = united(village.cells.values())
        cells |= {cell.code: cell.polygon for cell in propose(village, Ask("cut", SMALLER)).cells}
    return read_roads(path).network, villages, cells


def network_of(streets: gpd.GeoDataFrame) -> Network:
    """The generated streets, which meet where they cross, as a network for walkers."""
    line = shapely.get_parts(shapely.union_all(streets.geometry.to_numpy()))
    ends = np.stack([shapely.get_coordinates(shapely.get_point(line, k)) for k in (0, -1)], axis=1).reshape(-1, 2)
    places, at = np.unique(np.round(ends, 8), axis=0, return_inverse=True)
    u, v, num = at[0::2], at[1::2], len(line)
    metres, edge = lengths(line), np.arange(num)
    return Network(
        "generated", places[:, 0], places[:, 1], line, metres, np.zeros(num, np.int64), np.full(num, "", object),
        np.ones(num, np.int64), np.concatenate([u, v]), np.concatenate([v, u]), np.tile(edge, 2),
        np.repeat([True, False], num), {mode: np.tile(metres / WALK_MPS, 2) for mode in Mode},
    )  # fmt: skip


def measured(name: str, network: Network, areas: Mapping[str, Area], mode: Mode, shift_s: float | None = None) -> dict:
    """Figures of the areas that have streets: ratios, seconds, faults (none)."""
    ratio, bound, seconds, edges, walks, spread, wrong = [], [], [], [], [], [], 0
    for code, area in areas.items():
        begun = time.process_time()
        start = None if shift_s is None else (area.centroid.x, area.centroid.y)
        ground = ground_of(network, mode, area, start)
        if not 0 < len(ground.required) <= MOST_EDGES:
            say(f"{name} {code}: {len(ground.required)} streets, passed over")
            continue
        found = sweep(ground.network, mode, ground.required, ground.start, shift_s=shift_s)
        seconds.append(time.process_time() - begun)
        wrong += len(faults(ground.network, mode, ground.required, ground.start, shift_s, found))
        ratio.append(found.walk_m / found.street_m)
        bound.append(found.bound_m / found.street_m)
        edges.append(len(ground.required))
        walks.append(len(found.walks))
        times = [walk.seconds for walk in found.walks]
        spread.append((max(times) - min(times)) / np.mean(times) if times else 0.0)
        say(f"{name} {code}: {edges[-1]} streets, {ratio[-1]:.3f} (bound {bound[-1]:.3f}), {seconds[-1]:.2f} s")
    many, least = np.array(ratio), np.array(bound)
    figures = {
        "areas": len(many), "streets_most": max(edges, default=0), "seconds_worst": max(seconds, default=0.0),
        "seconds_mean": float(np.mean(seconds)), "ratio_worst": float(many.max()), "ratio_mean": float(many.mean()),
        "faults": wrong,
    }  # fmt: skip
    if shift_s is None:
        figures |= {
            "bound_worst": float(least.max()), "over_bound_worst": float((many / least).max()),
            "over_bound_mean": float((many / least).mean()), "over_145": int((many > TARGET).sum()),
            "over_145_needless": int(((many > TARGET) & (least <= TARGET)).sum()),
        }  # fmt: skip
    else:
        figures |= {"walks": sum(walks), "spread_mean": float(np.mean(spread))}
    return {f"{name}_{what}": figure for what, figure in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--osm", type=Path, default=EXTRACT, help="an extract with admin levels 2, 6 and 8")
    parser.add_argument("--quick", action="store_true", help="fewer areas")
    chosen = parser.parse_args()
    most = 12 if chosen.quick else 80
    county = generate(households=20_000, visits_per_household=0.0)
    cells = dict(zip(county.cells["code"], county.cells.geometry, strict=True))
    figures = measured("generated_cells", network_of(county.streets), dict(list(cells.items())[:most]), Mode.foot)
    if chosen.osm.exists():
        network, villages, cells = real_areas(chosen.osm)
        some = dict(list(cells.items())[:: max(1, len(cells) // most)])
        figures |= measured("cells", network, some, Mode.foot)
        figures |= measured("cells_by_car", network, dict(list(some.items())[::4]), Mode.car)
        few = dict(list(villages.items())[: 3 if chosen.quick else None])
        figures |= measured("villages", network, few, Mode.foot)
        figures |= measured("villages_in_shifts", network, few, Mode.foot, SHIFT_S)
    finish("sweep", figures)


if __name__ == "__main__":
    main()
