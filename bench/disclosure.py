"""What is left to see when no count of 1-4 can be worked out, and how long the tables take.

    ./run bench disclosure [--quick]

For counties of 3,000, 10,000 and 100,000 cases a year on 2,500 cells (289 villages, 25 towns; every household has a
chance that varies by cell, gamma, α = 1/3) and some layouts (months of a period of county, towns, villages, cells): of
the totals and of the counts by category that are K or more, how many are shown. `year_by_month_s`: all tables of 12
months with 100,000 cases, 13 categories and families apart; `LEVEL_ppp_total_N` and `…_part_N`: the shares.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bench._cells import SIDE, County
from bench._ground import finish
from gis.disputes.disclosure import Table, publish_below, publish_top
from gis.disputes.merging import K

Ints = NDArray[np.int64]
CASES_A_YEAR = (3_000, 10_000, 100_000)
LAYOUTS = ((1, 3, 12, 12), (1, 1, 3, 12), (1, 1, 1, 1))
LEVELS = ("county", "towns", "villages", "cells")
CATEGORIES = np.array([30, 14, 10, 10, 8, 7, 5, 5, 4, 3, 2, 1, 1]) / 100
FAMILIES = np.array([0.1])


def cases(county: County, number: int, categories: NDArray[np.float64], rng: np.random.Generator) -> Ints:
    """Cases (cells, categories, months)."""
    chance = county.households * rng.gamma(3.0, 1 / 3, SIDE * SIDE)
    mean = chance / chance.sum() * (number / 12)
    return rng.poisson(mean[:, None, None] * categories[None, :, None] * np.ones(12))


def publish(county: County, counts: Ints, layout: Sequence[int]) -> list[list[tuple[Table, Ints]]]:
    """For each level the tables of a year and their counts."""
    found: list[list[tuple[Table, Ints]]] = []
    for at, months in enumerate(layout):
        level: list[tuple[Table, Ints]] = []
        for period in range(12 // months):
            cells = counts[:, :, period * months : (period + 1) * months].sum(axis=2)
            if at == 0:
                whole = cells.sum(axis=0)
                level.append((publish_top(whole, int(county.households.sum())), whole[None, :]))
            else:
                below, homes, parent = county.levels(cells)[at - 1]
                parts = months // layout[at - 1]
                above = [table for table, _ in found[-1][period * parts : (period + 1) * parts]]
                level.append((publish_below(below, homes, parent, above), below))
        found.append(level)
    return found


def shares(level: Sequence[tuple[Table, Ints]]) -> tuple[float, float]:
    """Of totals and of counts by category of K or more, the shares that are shown."""
    totals = [((table.totals >= K).sum(), (counts.sum(axis=1) >= K).sum()) for table, counts in level]
    parts = [((table.parts >= K).sum(), (counts >= K).sum()) for table, counts in level]
    return tuple(shown / max(there, 1) for shown, there in (np.sum(totals, axis=0), np.sum(parts, axis=0)))  # type: ignore[return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the smallest county only")
    chosen = parser.parse_args()
    rng = np.random.default_rng(20261129)
    county, figures = County(rng), dict[str, float]()
    print("| cases a year | months | towns | villages | cells |")
    for number in CASES_A_YEAR[:1] if chosen.quick else CASES_A_YEAR:
        counts, families = (cases(county, number, part, rng) for part in (CATEGORIES, FAMILIES))
        for layout in LAYOUTS:
            begun = time.perf_counter()
            levels = publish(county, counts, layout)
            publish(county, families, layout[:3])
            if layout == LAYOUTS[-1]:
                figures["year_by_month_s"] = time.perf_counter() - begun
            figures |= _told(number, layout, levels)
    finish("disclosure", figures)


def _told(number: int, layout: Sequence[int], levels: list[list[tuple[Table, Ints]]]) -> Mapping[str, float]:
    found = [shares(level) for level in levels[1:]]
    columns = " | ".join(f"{total:.0%}, {part:.0%}" for total, part in found)
    print(f"| {number:,} | {', '.join(map(str, layout))} | {columns} |".replace("%", " %"))
    name = "".join(map(str, layout))
    return {
        f"{level}_{name}_{kind}_{number}": share
        for level, pair in zip(LEVELS[1:], found, strict=True)
        for kind, share in zip(("total", "part"), pair, strict=True)
    }


if __name__ == "__main__":
    main()
