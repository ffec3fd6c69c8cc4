"""Heat and hot spots: how fast, how often chance is called real, how often what is real is found.

    ./run bench heat [--quick] [--maps N]

On 2,500 cells with uneven households. `null_false_share`: of maps in which every household has the same chance, those
with any hot cell; `gi_star_false`: the same for Gi* on rates with the same correction, which is why Gi* is only a
colour; `scattered_false`: of maps whose cells scatter beyond Poisson (gamma, α = 1/2). `block_found_share`: of maps
with a block of 3 × 3 cells at three times the rate, those in which at least half of the block's cells are hot;
`scattered_found`: of maps with a block that scatter beyond Poisson; `…_published`: from what is published of a year.
`kde_s`: 200,000 cases on 512 × 512; `kde_vs_kdepy`: processor time of KDEpy's FFTKDE ÷ ours, in one run (both use one
thread); `…_error_of_peak`: against the direct sum at 60 pixels.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping

import numpy as np
from KDEpy import FFTKDE
from numpy.typing import NDArray
from scipy import stats

from bench._cells import SIDE, County
from bench._ground import finish, interleaved, medians, say
from gis.disputes.heat import density, raster_over
from gis.disputes.hotspots import FALSE_DISCOVERIES, hot_spots
from gis.disputes.rates import gi_star, shrunk
from gis.disputes.verdicts import Verdict

Floats = NDArray[np.float64]
BANDWIDTH_M = 400.0
CASES_A_YEAR = (3_000, 10_000, 100_000)


def judged(county: County, cases: int, maps: int, rng: np.random.Generator) -> Mapping[str, float]:
    """Shares of maps, with and without a block, that are judged hot."""
    found: dict[str, list[bool]] = {}
    for _ in range(maps):
        mean = county.mean(cases)
        null = rng.poisson(mean)
        block = county.block(rng)
        mean[block] *= 3
        raised = rng.poisson(mean)
        for name, read in (("", np.asarray), ("_published", county.read)):
            found.setdefault(f"null_false{name}", []).append(bool(_hot(county, read(null)).any()))
            found.setdefault(f"block_found{name}", []).append(bool(_hot(county, read(raised))[block].mean() >= 0.5))
        uneven = rng.gamma(2.0, 0.5, SIDE * SIDE)
        wide, both = (rng.poisson(one * uneven) for one in (county.mean(cases), mean))
        found.setdefault("scattered_false", []).append(bool(_hot(county, wide).any()))
        found.setdefault("scattered_found", []).append(bool(_hot(county, both)[block].mean() >= 0.5))
        z = gi_star(shrunk(null.astype(float), county.households) * 100, county.links)
        corrected = stats.false_discovery_control(stats.norm.sf(z))
        found.setdefault("gi_star_false", []).append(bool((corrected <= FALSE_DISCOVERIES).any()))
    return {name: float(np.mean(values)) for name, values in found.items()}


def _hot(county: County, counts: Floats) -> NDArray[np.bool_]:
    return hot_spots(counts.astype(np.float64), county.households, county.links).verdicts == Verdict.hot


def kernel_density(repeats: int, rng: np.random.Generator) -> Mapping[str, float]:
    """200,000 cases on 512 × 512, ours and KDEpy's FFT in turns, and how far both are from the direct sum."""
    centres = rng.uniform(5_000, 45_000, (300, 2))
    at = np.clip(centres[rng.integers(0, 300, 200_000)] + rng.normal(0, 800, (200_000, 2)), 100, 49_900)
    raster = raster_over((0.0, 0.0, 50_000.0, 50_000.0), 512)
    x, y = at[:, 0].copy(), at[:, 1].copy()
    # In bandwidths: in metres KDEpy would cut its kernel off, whose values are smaller than it takes for zero.
    scaled = at / BANDWIDTH_M
    grid = np.stack(np.meshgrid(raster.x, raster.y, indexing="ij"), axis=-1).reshape(-1, 2) / BANDWIDTH_M

    def ours() -> Floats:
        return density(x, y, raster, BANDWIDTH_M)

    def kdepy() -> Floats:
        found = FFTKDE(kernel="gaussian", bw=1.0).fit(scaled).evaluate(grid)
        return found.reshape(raster.columns, raster.rows).T * (len(x) * 1e6 / BANDWIDTH_M**2)

    figures = {}
    for name, surface in (("kde", ours()), ("kdepy", kdepy())):
        figures[f"{name}_error_of_peak"] = max(
            abs(surface[row, column] - _direct(x, y, raster.x[column], raster.y[row])) / surface.max()
            for row, column in rng.integers(0, 512, (60, 2))
        )
    wall = medians(interleaved({"ours": ours, "kdepy": kdepy}, repeats))
    turns = [(_cpu(ours), _cpu(kdepy)) for _ in range(2 * repeats)]
    ratio = float(np.median([theirs / own for own, theirs in turns]))
    return figures | {"kde_s": wall["ours"], "kde_cpu_s": min(turns)[0], "kde_vs_kdepy": ratio}


def _direct(x: Floats, y: Floats, at_x: float, at_y: float) -> float:
    kernels = np.exp(-0.5 * ((x - at_x) ** 2 + (y - at_y) ** 2) / BANDWIDTH_M**2)
    return float(kernels.sum() / (2 * np.pi * BANDWIDTH_M**2) * 1e6)


def _cpu(way: Callable[[], object]) -> float:
    begun = time.process_time()
    way()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--maps", type=int, help="default 200; with --quick 20")
    parser.add_argument("--cases", type=int, nargs="+", default=CASES_A_YEAR, help="a year; default %(default)s")
    parser.add_argument("--quick", action="store_true", help="fewer maps and repeats")
    chosen = parser.parse_args()
    maps, repeats = chosen.maps or (20 if chosen.quick else 200), 3 if chosen.quick else 7
    rng = np.random.default_rng(20261129)
    county = County(rng)
    figures = dict(kernel_density(repeats, rng))
    for cases in chosen.cases:
        shares = judged(county, cases, maps, rng)
        say(f"{cases:,} cases: {shares}")
        figures |= {f"{name}_{cases}": share for name, share in shares.items()}
    figures["null_false_share"] = max(figures[f"null_false_{cases}"] for cases in chosen.cases)
    # Of the county in the middle: with 3,000 cases a year on 2,500 cells most blocks have too few.
    figures["block_found_share"] = figures[f"block_found_{sorted(chosen.cases)[len(chosen.cases) // 2]}"]
    finish("heat", figures)


if __name__ == "__main__":
    main()
