"""A small county and the attack on its published tables: bounds on any count by linear programs over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from gis.disputes.disclosure import Table, publish_below, publish_top

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Weights = NDArray[Any]
Key = tuple[int, int, int, int]
Number = tuple[Key, Mask, int]
MONTHS = 3


@dataclass(frozen=True)
class County:
    """Cases (cells, categories, months), households of cells, and the parents of cells, villages and towns."""

    cases: Ints
    households: Ints
    parents: tuple[Ints, Ints, Ints]
    spans: tuple[int, int, int, int]  # months of a period: county, towns, villages, cells

    @property
    def above_cells(self) -> tuple[Ints, Ints, Ints, Ints]:
        """For each level from the county down: the area in which each cell lies."""
        village = self.parents[0]
        town = self.parents[1][village]
        return np.zeros_like(village), town, village, np.arange(len(village))


def county(seed: int, *, rate: float, columns: int, spans: tuple[int, int, int, int]) -> County:
    """A random county with uneven cells, villages and categories."""
    rng = np.random.default_rng(seed)
    towns = int(rng.integers(1, 4))
    villages = np.repeat(np.arange(towns), rng.integers(1, 4, towns))
    cells = np.repeat(np.arange(len(villages)), rng.integers(1, 6, len(villages)))
    households = rng.choice([0, 4, 12, 60, 300], len(cells), p=[0.05, 0.1, 0.15, 0.3, 0.4])
    weight = rng.gamma(0.7, 1.0, len(cells))[:, None, None] * rng.gamma(0.7, 1.0, columns)[None, :, None]
    cases = rng.poisson(rate * weight * np.ones(MONTHS))
    return County(cases, households.astype(np.int64), (cells, villages, np.zeros(towns, np.int64)), spans)


def publish(of: County) -> list[dict[int, Table]]:
    """The tables of each level from the county down, by the number of their period."""
    levels: list[dict[int, Table]] = []
    for level, cells in enumerate(of.above_cells):
        span, found = of.spans[level], {}
        areas = int(cells.max()) + 1
        homes = np.bincount(cells, of.households, minlength=areas).astype(np.int64)
        for period in range(MONTHS // span):
            counts = summed(of.cases[:, :, period * span : (period + 1) * span].sum(axis=2), cells)
            if level == 0:
                found[period] = publish_top(counts[0], int(homes[0]))
            else:
                parts = span // of.spans[level - 1]
                above = [levels[-1][period * parts + part] for part in range(parts)]
                found[period] = publish_below(counts, homes, of.parents[3 - level], above)
        levels.append(found)
    return levels


def summed(cases: Ints, cells: Ints) -> Ints:
    """Cases (cells, k) by area."""
    found = np.zeros((int(cells.max()) + 1, cases.shape[1]), np.int64)
    np.add.at(found, cells, cases)
    return found


def numbers(of: County, levels: list[dict[int, Table]]) -> Iterator[Number]:
    """Every number of the tables: (level, area, category or -1, period), the cases that it counts, and it, or -1."""
    for level, tables in enumerate(levels):
        for period, table in tables.items():
            months = np.arange(MONTHS) // of.spans[level] == period
            for area in range(len(table.totals)):
                inside = (of.above_cells[level] == area)[:, None, None] & months
                columns = np.arange(table.parts.shape[1])
                for category in (-1, *columns.tolist()):
                    chosen = (columns == category) | (category < 0)
                    number = table.totals[area] if category < 0 else table.parts[area, category]
                    yield (level, area, category, period), inside & chosen[:, None], int(number)


def loose_ends(of: County, levels: list[dict[int, Table]]) -> Mapping[Key, tuple[float, int, float]]:
    """The withheld counts that can be bounded tighter than 1-4: (least, true, most). None is what we want.

    The attacker knows every number that is shown, that counts are not negative, and that a withheld total is not 0
    where totals beside it are shown (a 0 would be).
    """
    listed = list(numbers(of, levels))
    program = _program(of, levels, listed)
    homes = [np.bincount(cells, of.households) for cells in of.above_cells]
    found = {}
    for key, mask, number in listed:
        truth = int(of.cases[mask].sum())
        if number >= 0:
            assert number == truth, "a number that is shown is the true one"
        elif 1 <= truth <= 4 or (truth and homes[key[0]][key[1]] < 10):
            least, most = (_extreme(mask, program, sign) for sign in (1, -1))
            if least > 1 + 1e-6 or most < 4 - 1e-6:
                found[key] = (least, truth, most)
    return found


class Bounds:
    """What somebody knows of counts (size,) who was told the sums `known` over parts of them (masks, or weights), that
    the sums over `least` are not 0, and that of the pairs `within` the first sum is no greater than the second: the
    least and the most that any other sum can be."""

    def __init__(
        self,
        size: int,
        known: Sequence[tuple[Weights, int]],
        least: Sequence[Mask],
        within: Sequence[tuple[Weights, Weights]] = (),
    ) -> None:
        rows = sp.csr_array(np.array([mask for mask, _ in known], float).reshape(len(known), size))
        self._program: dict[str, Any] = {"A_eq": rows, "b_eq": [number for _, number in known], "method": "highs"}
        above = [-mask.astype(float) for mask in least] + [
            part.astype(float) - whole.astype(float) for part, whole in within
        ]
        if above:
            most = np.r_[-np.ones(len(least)), np.zeros(len(within))]
            self._program |= {"A_ub": sp.csr_array(np.array(above)), "b_ub": most}
        self._program["bounds"] = (0, sum(number for _, number in known) + 1000)

    def of(self, mask: Mask) -> tuple[float, float]:
        return _extreme(mask, self._program, 1), _extreme(mask, self._program, -1)


def _program(of: County, levels: list[dict[int, Table]], listed: list[Number]) -> dict[str, Any]:
    """What the attacker knows, as the arguments of linprog."""
    equal = [(mask, number) for _, mask, number in listed if number >= 0]
    least = [
        mask
        for (level, area, category, period), mask, number in listed
        if number < 0 and category < 0 and level and _beside(of, level, area, levels[level][period])
    ]
    # Nothing can be greater than this: a bound for what is not bounded at all.
    most = sum(number for _, number in equal) + 1000
    known = {"A_eq": _rows(of, [mask for mask, _ in equal]), "b_eq": [number for _, number in equal]}
    if least:
        known |= {"A_ub": -_rows(of, least), "b_ub": -np.ones(len(least))}
    return known | {"bounds": (0, most), "method": "highs"}


def _beside(of: County, level: int, area: int, table: Table) -> bool:
    parent = of.parents[3 - level]
    return bool((table.totals[parent == parent[area]] >= 0).any())


def _rows(of: County, masks: list[Mask]) -> sp.csr_array:
    return sp.csr_array(np.array([mask.ravel() for mask in masks], float).reshape(len(masks), of.cases.size))


def _extreme(mask: Mask, program: dict[str, Any], sign: int) -> float:
    solved = linprog(sign * mask.ravel().astype(float), **program)
    assert solved.status == 0, solved.message
    return float(sign * solved.fun)
